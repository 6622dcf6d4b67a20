"""The mean of a column between bounds, where the number of rows is nobody's to know.

Between its bounds each value is a share u of the way, 0 to 1. Asked for are the sums of u and of 1 - u. A row adds
exactly 1 to the two together, so both cost one epsilon where a sum and a count would cost half each, and the mean is
the first over both. On a grid of whole numbers the two parts of a row add up to one unit without rounding.

>>> said = mean([20.0, 40.0] * 5_000, epsilon=1.0, bounds=(0.0, 100.0))
>>> abs(said.value - 30.0) < 0.5, said.event.parts
(True, (PureDP(epsilon=1.0),))
"""

import numpy as np
import numpy.typing as npt

from reticent.accounting.events import PureDP
from reticent.errors import ParameterError
from reticent.mechanisms.exact import Ints, laplace, laplace_reach
from reticent.mechanisms.quantile import inner
from reticent.mechanisms.release import LEVEL, Release, event, finite, numbers, pair

UNIT = 2**20  # the grid: one row adds so many units
BOUGHT = 0.2  # of epsilon, for bounds that are not declared


def mean(
    values: npt.ArrayLike,
    *,
    epsilon: float,
    bounds: tuple[float, float] | None = None,
    limits: tuple[float, float] | None = None,
) -> Release:
    """Return the mean of ``values`` clamped to the bounds.

    Noise comes from the generator of the operating system and cannot be seeded.

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
    exact = halves(clamped_share(column, low, high)).sum(axis=0)
    noisy, scale = laplace(exact, sensitivity=UNIT, epsilon=left)
    reach = laplace_reach(scale, (1 + LEVEL) / 2)  # for each of the two sums
    apart = np.array([-reach, reach])
    ends = _share(noisy + apart), _share(noisy - apart)
    return Release(
        what="mean",
        value=low + (high - low) * _share(noisy),
        event=event("mean", *paid, PureDP(left)),
        interval=(low + (high - low) * ends[0], low + (high - low) * ends[1]),
        bounds=(low, high),
    )


def halves(share: npt.NDArray[np.float64]) -> Ints:
    """Return u and 1 - u in units, shape (n, 2); every row adds up to ``UNIT``."""
    upper = np.floor(share * UNIT).astype(np.int64)
    return np.stack([upper, UNIT - upper], axis=1)


def clamped_share(column: npt.NDArray[np.float64], low: float, high: float) -> npt.NDArray[np.float64]:
    """Return how far each value lies on the way from ``low`` to ``high``, 0 to 1."""
    return np.asarray(np.clip((np.clip(column, low, high) - low) / (high - low), 0.0, 1.0), np.float64)


def declared_ends(bounds: tuple[float, float] | None, limits: tuple[float, float] | None) -> tuple[float, float]:
    """Return the bounds or the limits, whichever was declared; no data is looked at."""
    if (bounds is None) == (limits is None):
        raise ParameterError(
            f"expected either bounds=(low, high), known without the data, or limits=(low, high) to buy bounds within; "
            f"got bounds={bounds!r} and limits={limits!r}"
        )
    return pair(bounds=bounds) if limits is None else pair(limits=limits)


def bounds_for(
    column: npt.NDArray[np.float64], declared: tuple[float, float], *, epsilon: float, buy: bool
) -> tuple[tuple[float, float], list[PureDP]]:
    """Return the bounds to clamp to, and what they cost: nothing where they were declared."""
    if not buy:
        return declared, []
    said = inner(column, epsilon=BOUGHT * epsilon, limits=declared)
    assert isinstance(said.value, tuple)
    low, high = said.value
    return (low, high), [part for part in said.event.parts if isinstance(part, PureDP)]


def _share(sums: npt.NDArray[np.float64] | Ints) -> float:
    """Return the first sum as a share of both, 0 to 1; a half where noise has left nothing of them."""
    upper, lower = np.maximum(np.asarray(sums, np.float64), 0.0)
    return float(upper / (upper + lower)) if upper + lower > 0 else 0.5
