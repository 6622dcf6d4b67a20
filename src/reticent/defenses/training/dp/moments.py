"""Counts, means and variances of columns by group, from two questions.

A value c lies in -1 to 1. Asked for are sums of c and of b (c^2 - 3/4): centered so, a row at the middle of its bounds
is as long as one at their end, and the square costs little beside the value itself. With Gaussian noise b^2 = 2, and
one column adds at most sqrt(9/8) to a row's length; with Laplace noise b = 1 and it adds at most 5/4.
"""

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from reticent.coding.codes import Floats
from reticent.defenses.training.dp.columns import Desk

CENTER = 0.75
COUNTS = 0.1  # of what is left for moments, for the number of rows in each group


@dataclass(frozen=True, kw_only=True)
class Moments:
    """Noisy moments of values in -1 to 1: ``n`` of shape (g,), ``mean`` and ``variance`` of shape (g, d).

    ``mean_sd`` and ``variance_sd`` are the noise on them, where groups are large beside the noise.
    """

    n: Floats
    mean: Floats
    variance: Floats
    mean_sd: Floats
    variance_sd: Floats


def lengths(d: int) -> tuple[float, float]:
    """Return the most that a row of d columns adds: the sum of absolute values, and the Euclidean length."""
    return 1.25 * d, math.sqrt(1.125 * d)


def moments(values: Floats, groups: npt.NDArray[np.intp], n_groups: int, desk: Desk, *, share: float) -> Moments:
    """Return the moments of ``values`` (n, d), each -1 to 1, of each of the groups for this share of the budget."""
    d = values.shape[1]
    b = 1.0 if desk.pure else math.sqrt(2.0)
    length = lengths(d)[0 if desk.pure else 1]
    ones = np.ones((len(values), 1))
    counts = desk.sums("rows", ones, groups, n_groups, length=1.0, share=COUNTS * share)[:, 0]
    rows = np.concatenate([values, b * (values**2 - CENTER)], axis=1)
    sums = desk.sums("means and variances", rows, groups, n_groups, length=length, share=(1 - COUNTS) * share)
    sd = desk.curator.sd(length, (1 - COUNTS) * share)
    n = np.maximum(counts, 1.0)
    mean = np.clip(sums[:, :d] / n[:, None], -1.0, 1.0)
    square = np.clip(sums[:, d:] / n[:, None] / b + CENTER, 0.0, 1.0)
    mean_sd = np.repeat((sd / n)[:, None], d, axis=1)
    return Moments(
        n=n,
        mean=mean,
        variance=np.clip(square - mean**2, 0.0, 1.0),
        mean_sd=mean_sd,
        variance_sd=mean_sd * np.sqrt(b**-2 + 4.0 * mean**2),
    )


def told(way: Floats, noise: float) -> Floats:
    """Return as much of a way (d,) as noise of this expected squared length does not explain (James and Stein 1961).

    >>> told(np.array([3.0, 4.0]), 5.0).tolist(), told(np.array([0.3, 0.4]), 5.0).tolist()
    ([2.4000000000000004, 3.2], [0.0, 0.0])
    """
    length = float(way @ way)
    return np.asarray(way * (max(length - noise, 0.0) / max(length, np.finfo(float).tiny)), np.float64)
