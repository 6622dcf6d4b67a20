"""The variance of a column between bounds, where the number of rows is nobody's to know.

With u the share of the way between the bounds, asked for are the sums of (1 - u)^2, 2 u (1 - u) and u^2, Bernstein's
polynomials. A row adds exactly 1 to the three together, so they cost one epsilon, and they hold the count, the mean and
the mean square: three questions for the price of one.

>>> said = variance([20.0, 40.0] * 5_000, epsilon=1.0, bounds=(0.0, 100.0))
>>> abs(said.value - 100.0) < 20, said.event.parts
(True, (PureDP(epsilon=1.0),))
"""

import numpy as np
import numpy.typing as npt

from reticent.accounting.events import PureDP
from reticent.mechanisms.exact import Ints, laplace
from reticent.mechanisms.mean import UNIT, bounds_for, clamped_share, declared_ends
from reticent.mechanisms.release import Release, event, finite, numbers


def variance(
    values: npt.ArrayLike,
    *,
    epsilon: float,
    bounds: tuple[float, float] | None = None,
    limits: tuple[float, float] | None = None,
) -> Release:
    """Return the variance of ``values`` clamped to the bounds, as ``numpy.var`` defines it.

    Its root is the standard deviation, at no further cost. Noise comes from the generator of the operating system and
    cannot be seeded.

    Parameters
    ----------
    values
        Numbers, shape (n,); what lies outside the bounds counts as lying at them.
    epsilon
        What it may cost, for a row that is added or removed.
    bounds
        The lowest and highest value, known without looking at the data.
    limits
        In place of bounds, wide limits that hold any value: a fifth of epsilon then buys bounds within them.

    Raises
    ------
    ParameterError, TableError
        For a wrong argument, or a missing value; nothing was then asked.
    """
    epsilon, declared = finite(epsilon=epsilon), declared_ends(bounds, limits)
    column = numbers(values)
    (low, high), paid = bounds_for(column, declared, epsilon=epsilon, buy=bounds is None)
    left = epsilon - sum(part.epsilon for part in paid)
    exact = thirds(clamped_share(column, low, high)).sum(axis=0)
    noisy, _ = laplace(exact, sensitivity=UNIT, epsilon=left)
    return Release(
        what="variance",
        value=(high - low) ** 2 * _spread(noisy),
        event=event("variance", *paid, PureDP(left)),
        bounds=(low, high),
    )


def thirds(share: npt.NDArray[np.float64]) -> Ints:
    """Return (1 - u)^2, 2 u (1 - u) and u^2 in units, shape (n, 3); every row adds up to ``UNIT``."""
    outer = np.floor(np.stack([(1.0 - share) ** 2, share**2], axis=1) * UNIT).astype(np.int64)
    return np.stack([outer[:, 0], UNIT - outer.sum(axis=1), outer[:, 1]], axis=1)


def _spread(sums: Ints) -> float:
    """Return the variance of u from its three sums, 0 to a quarter; 0 where noise has left nothing of them."""
    total = float(sums.sum())
    if total <= 0:
        return 0.0
    center, square = (sums[1] / 2 + sums[2]) / total, sums[2] / total
    return float(np.clip(square - center**2, 0.0, 0.25))
