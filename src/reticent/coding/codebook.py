"""Put the values of a column into codes, which a partition can count with, and say codes in words.

A :class:`Codebook` is fitted on one column: it knows which values occur, gives each a code from 0, and says what the
codes mean to a partition. New values find their code, or the nearest. Missing values are values of their own.

>>> import pandas as pd
>>> from reticent.coding.columns import open_frame
>>> table = open_frame(pd.DataFrame({"age": [60, 31, 30, 31]}))
>>> ages = Codebook.of(read(table, 0))
>>> ages.encode(read(table, 0)).tolist(), ages.axis.places.tolist()
([2, 1, 0, 1], [30.0, 31.0, 60.0])
>>> new = read(open_frame(pd.DataFrame({"age": [59, 75]})), 0)
>>> ages.encode(new).tolist(), ages.outside(new)
([2, 2], 1)
>>> ages.describe(ages.encode(read(table, 0))[2:])
'age 30 to 31'
"""

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from reticent.coding.codes import Axis, Bools, Floats, Ints
from reticent.coding.columns import Column, Source, read
from reticent.coding.hierarchy import Hierarchy
from reticent.errors import TableError


@dataclass(frozen=True, kw_only=True, eq=False)
class Codebook:
    """The values of one fitted column by code: those that occur, then not-a-number, then missing.

    Parameters
    ----------
    name : str, or int for an array
        The column.
    known : ndarray of shape (n_known,)
        The values that occur, by code: numbers and dates ascending, ordered categories in their order, others as words.
    nan, null : bool
        Whether "not a number" and missing values occur too; they have the codes after the known ones.
    axis : Axis
        What the codes mean to a partition.
    hierarchy : Hierarchy, optional
        The groups above the values, where the user has some.
    spans : ndarray of shape (2, n_known), optional
        The first and the last number of the range that each known one stands for, where numbers were cut into ranges.
    """

    name: Hashable
    known: npt.NDArray[Any]
    nan: bool
    null: bool
    axis: Axis
    hierarchy: Hierarchy | None = None
    spans: npt.NDArray[Any] | None = None

    @classmethod
    def of(cls, column: Column, above: Mapping[Hashable, Sequence[Hashable]] | None = None) -> "Codebook":
        """Fit to a column, whose values lie in the groups ``above`` them, as :meth:`Hierarchy.of` takes them.

        Raises
        ------
        TableError
            If it holds values that cannot be told apart, such as lists.
        """
        found, hierarchy, spans = column.different, None, None
        if above is not None:
            hierarchy = Hierarchy.of(column.name, above, found.tolist())
            known = np.empty(len(found), object)
            known[:] = hierarchy.values
            places = np.full(len(known), np.nan)
        elif column.is_number:
            known = np.sort(found) + 0.0 if found.dtype.kind == "f" else np.sort(found)  # minus zero is zero
            places = _as_float(known)
            finite = places[np.isfinite(places)]
            places = np.clip(places, finite.min(), finite.max()) if len(finite) else np.zeros(len(known))
            spans = None if column.spans is None else np.sort(column.spans, axis=1)  # ranges do not overlap
        else:
            rank = {value: float(i) for i, value in enumerate(column.order or ())}
            known = np.empty(len(found), object)
            known[:] = sorted(found, key=lambda value: (rank.get(value, 0.0), type(value).__name__, str(value)))
            places = np.array([rank.get(value, np.nan) for value in known], float)
        has_nan, has_null = bool(column.nan.any()), bool(column.null.any())
        axis = Axis(
            places=np.concatenate([places, np.full(has_nan + has_null, np.nan)]),
            ordered=hierarchy is None and bool(column.is_number or column.order),
            tree=None if hierarchy is None else hierarchy.tree,
        )
        return cls(
            name=column.name, known=known, nan=has_nan, null=has_null, axis=axis, hierarchy=hierarchy, spans=spans
        )

    def encode(self, column: Column) -> Ints:
        """Return the code of each value, shape (n,); -1 for what was not fitted, the nearest known one for a number.

        Raises
        ------
        TableError
            If numbers were fitted and the column holds none, or dates against numbers.
        """
        values, of = column.found
        codes = np.append(self._code(values), -1)[of]
        if column.nan.any():
            codes[column.nan] = len(self.known) if self.nan else -1
        if column.null.any():
            codes[column.null] = len(self.known) + self.nan if self.null else -1
        return codes

    def _code(self, values: npt.NDArray[Any]) -> Ints:
        if self.known.dtype.kind == "O" or not len(self.known) or not len(values):
            known = pd.Index(self.known, dtype=object)
            return np.asarray(known.get_indexer(pd.Index(values, dtype=object)), np.intp)
        values = self._alike(values)
        if self.spans is not None:
            return np.searchsorted(self.spans[1], values).clip(0, len(self.known) - 1)
        above = np.searchsorted(self.known, values).clip(0, len(self.known) - 1)
        below = (above - 1).clip(0)
        with np.errstate(over="ignore", invalid="ignore"):
            value, low, high = (_as_float(part) for part in (values, self.known[below], self.known[above]))
            nearer_below = value - low <= high - value
        return np.where(nearer_below & (self.known[above] != values), below, above)

    def outside(self, column: Column, counts: Ints | None = None) -> int:
        """Count the numbers beyond the fitted range; the column is as for :meth:`encode`, and so are the errors.

        ``counts`` says how many rows each value stands for, shape (n,); by default one.
        """
        beyond = self.beyond(column)
        return int(beyond.sum() if counts is None else counts[beyond].sum())

    def beyond(self, column: Column) -> Bools:
        """Return which values are numbers beyond the fitted range, shape (n,)."""
        values, of = column.found
        if self.known.dtype.kind == "O" or not len(self.known) or not len(values):
            return np.zeros(len(of), bool)
        values = self._alike(values)
        low, high = (self.known, self.known) if self.spans is None else self.spans
        return np.append((values < low[0]) | (values > high[-1]), False)[of]

    def _alike(self, values: npt.NDArray[Any]) -> npt.NDArray[Any]:
        """Return values of another table in the unit of the known ones; numbers do not become dates."""
        date = self.known.dtype.kind if self.known.dtype.kind in "mM" else ""
        if values.dtype.kind == "O" or date != (values.dtype.kind if values.dtype.kind in "mM" else ""):
            raise TableError(
                f"expected column {self.name!r} to hold {self.known.dtype}, as in the fitted table; got "
                f"{values.dtype}; convert it first"
            )
        return values.astype(self.known.dtype) if date else values

    def words(self, codes: Ints) -> str:
        """Return ascending codes in words; nothing where they are all that there is, or span it."""
        n_missing = len(self.axis.places) - len(self.known)
        values = self.known[codes[codes < len(self.known)]]
        whole = len(values) == len(self.known)
        if self.axis.ordered and len(values):
            whole = bool(values[0] == self.known[0] and values[-1] == self.known[-1])
            low, high = values[0], values[-1]
            if self.spans is not None:
                low, high = self.spans[0, codes[0]], self.spans[1, codes[len(values) - 1]]
            text = f"{low}" if low == high else f"{low} to {high}"
        elif self.hierarchy is not None and len(values):
            text = self.hierarchy.smallest(int(codes[0]), int(codes[len(values) - 1]))
            whole = text == self.hierarchy.labels[-1][0]
        else:
            text = f"{values[0]}" if len(values) == 1 else f"in {{{', '.join(map(str, values))}}}"
        missing = int((codes >= len(self.known)).sum())
        if whole and missing == n_missing:
            return ""
        if missing:
            text = f"{text} or missing" if len(values) else "missing"
        return text

    def describe(self, codes: Ints) -> str:
        """Return the column and :meth:`words` for it; nothing where they span it."""
        text = self.words(codes)
        return f"{self.name} {text}" if text else ""


def people_of(table: Source, j: int) -> Ints:
    """Return whose row it is by the column at position ``j``, counted from 0, shape (n,); missing is one person."""
    column = read(table, j)
    codes = np.where(column.nan | column.null, -1, Codebook.of(column).encode(column))
    return np.unique(codes, return_inverse=True)[1]


def _as_float(values: npt.NDArray[Any]) -> Floats:
    return (values.astype("int64") if values.dtype.kind in "mM" else values).astype(float)
