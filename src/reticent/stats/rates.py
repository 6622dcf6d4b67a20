"""Shares of rows with exact intervals, and differences of two shares on the same rows."""

import numpy as np
import numpy.typing as npt
from scipy import special, stats

from reticent.stats.estimate import Estimate


def clopper_pearson(successes: int, trials: int, *, level: float = 0.95) -> tuple[float, float]:
    """Return the exact two-sided interval of a binomial share (Clopper and Pearson 1934).

    >>> [round(bound, 4) for bound in clopper_pearson(0, 2995)]
    [0.0, 0.0012]
    """
    tail = (1 - level) / 2
    low = special.betaincinv(successes, trials - successes + 1, tail) if successes > 0 else 0.0
    high = special.betaincinv(successes + 1, trials - successes, 1 - tail) if successes < trials else 1.0
    return float(low), float(high)


def rate(hits: npt.ArrayLike, *, level: float = 0.95) -> Estimate:
    """Return the share of true values in ``hits`` (n booleans) with its exact interval."""
    hit = np.asarray(hits, dtype=bool)
    low, high = clopper_pearson(int(hit.sum()), hit.size, level=level)
    return Estimate(
        value=float(hit.mean()) if hit.size else float("nan"),
        low=low,
        high=high,
        level=level,
        method="Clopper-Pearson",
        n=hit.size,
        untested="" if hit.size else "no rows",
    )


def difference(first: npt.ArrayLike, second: npt.ArrayLike, *, level: float = 0.95) -> Estimate:
    """Return the difference of two independent shares (Newcombe 1998, method 10: from two Wilson intervals)."""
    a, b = np.asarray(first, dtype=bool), np.asarray(second, dtype=bool)
    value = float(a.mean() - b.mean())
    (a_low, a_high), (b_low, b_high) = _wilson(a, level), _wilson(b, level)
    low = value - np.hypot(a.mean() - a_low, b_high - b.mean())
    high = value + np.hypot(a_high - a.mean(), b.mean() - b_low)
    return Estimate(
        value=value, low=float(low), high=float(high), level=level, method="Newcombe", n=min(a.size, b.size)
    )


def paired_difference(first: npt.ArrayLike, second: npt.ArrayLike, *, level: float = 0.95) -> Estimate:
    """Return the mean of ``first - second`` over the same n rows, with a Student interval.

    Two pseudo-rows, one in favor of each side, keep the interval open where all rows agree (Agresti and Min 2005).
    """
    change = np.asarray(first, dtype=float) - np.asarray(second, dtype=float)
    n = change.size
    value = float(change.mean())
    padded = np.append(change, [1.0, -1.0])
    half = float(stats.t.ppf((1 + level) / 2, n + 1) * padded.std(ddof=1) / np.sqrt(n + 2))
    return Estimate(value=value, low=value - half, high=value + half, level=level, method="paired Student", n=n)


def _wilson(hit: npt.NDArray[np.bool_], level: float) -> tuple[float, float]:
    z, n, p = float(stats.norm.ppf((1 + level) / 2)), hit.size, float(hit.mean())
    center, half = p + z * z / (2 * n), z * np.sqrt(p * (1 - p) / n + z * z / (4 * n * n))
    return float((center - half) / (1 + z * z / n)), float((center + half) / (1 + z * z / n))
