"""What a one-shot question gives back: the noisy value, the event that it is charged as, the noise's interval.

>>> from reticent.accounting.events import PureDP
>>> said = Release(what="count", value=41.0, event=event("count", PureDP(1.0)), interval=(37.0, 45.0))
>>> said.value, str(said.event.adjacency), said.no_guarantee
(41.0, 'add or remove one row', None)
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from reticent.accounting.adjacency import ADD_REMOVE_ROW
from reticent.accounting.events import Event, Part
from reticent.errors import ParameterError, TableError

Value = float | tuple[float, ...]
LEVEL = 0.95


@dataclass(frozen=True, kw_only=True)
class Release:
    """A value that may be told, with what it cost.

    Parameters
    ----------
    what
        The question.
    value
        The noisy answer, a number or one for each bin or quantile.
    event
        What was done, for an accountant or a budget.
    interval
        Ends between which the exact answer lies with probability 95 % or more over the noise (not over people), of the
        shape of ``value``, after clamping to the bounds; None where no such interval is known.
    bounds
        Where values were clamped, declared or bought.
    edges
        The bins of a histogram.
    """

    what: str
    value: Value
    event: Event
    interval: tuple[Value, Value] | None = None
    bounds: tuple[float, float] | None = None
    edges: tuple[float, ...] | None = None

    def __post_init__(self) -> None:
        if self.interval is not None and np.any(np.asarray(self.interval[0]) > np.asarray(self.interval[1])):
            raise ParameterError(f"expected an interval (low, high) with low <= high, got {self.interval!r}")

    @property
    def no_guarantee(self) -> str | None:
        """Why the event's epsilon does not hold, or None."""
        return self.event.no_guarantee

    def to_dict(self) -> dict[str, Any]:
        """Return all of it as plain values."""
        return {
            "what": self.what,
            "value": self.value,
            "interval": self.interval,
            "level": LEVEL,
            "bounds": self.bounds,
            "edges": self.edges,
            "event": self.event.to_dict(),
        }


def event(what: str, *parts: Part) -> Event:
    """Return the event of one question; neighbors differ by one row that is there or not, as OpenDP counts."""
    return Event(what, parts, adjacency=ADD_REMOVE_ROW)


def numbers(values: npt.ArrayLike) -> npt.NDArray[np.float64]:
    """Return ``values`` (n,) as numbers, or say why they are none; how many are wrong is not said.

    Raises
    ------
    TableError
        If they are not one column of numbers, or if a value is missing.
    """
    try:
        column = np.asarray(values, np.float64)
    except (TypeError, ValueError) as error:
        raise TableError(f"expected numbers, got values of {np.asarray(values).dtype}; code them as numbers") from error
    if column.ndim != 1:
        raise TableError(f"expected one column, shape (n,), got shape {column.shape}; ask for each column on its own")
    if np.isnan(column).any():
        raise TableError("expected a number for every row, got NaN; leave out or fill rows with missing values first")
    return column


def pair(**argument: Any) -> tuple[float, float]:
    """Return declared ends, low < high, or say what is wrong with them."""
    [(name, given)] = argument.items()
    try:
        low, high = (float(end) for end in given)
    except (TypeError, ValueError) as error:
        raise ParameterError(
            f"expected {name}=(low, high), known without looking at the data; got {name}={given!r}"
        ) from error
    if not (np.isfinite([low, high, high - low]).all() and low < high):
        raise ParameterError(f"expected {name}=(low, high), both finite and low < high; got {name}={given!r}")
    return low, high


def finite(**argument: Any) -> float:
    """Return a number above zero that is not infinite."""
    [(name, given)] = argument.items()
    if isinstance(given, bool) or not isinstance(given, int | float | np.number) or not 0 < given < np.inf:
        raise ParameterError(f"expected {name} > 0 and finite, got {name}={given!r}")
    return float(given)


def ascending(name: str, given: Iterable[float], *, least: int) -> tuple[float, ...]:
    """Return declared numbers in ascending order, at least ``least`` of them."""
    try:
        cuts = tuple(float(cut) for cut in given)
    except (TypeError, ValueError) as error:
        raise ParameterError(f"expected {name} as numbers, got {given!r}") from error
    if len(cuts) < least or not np.isfinite(cuts).all() or not (np.diff(cuts) > 0).all():
        raise ParameterError(f"expected {name} as at least {least} ascending finite numbers, got {cuts}")
    return cuts
