"""Put the values of a table's columns into codes and back, for tables of any kind.

A :class:`Codebook` is fitted on one column: it knows which values occur, gives each a code from 0, and says what the
codes mean to a partition. New values find their code, or the nearest. Missing values are values of their own.

>>> import pandas as pd
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

from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import narwhals as nw
import numpy as np
import numpy.typing as npt
import pandas as pd

from reticent.defenses.data.codes import Axis, Bools, Floats, Ints
from reticent.errors import ParameterError, TableError

Table: TypeAlias = "nw.DataFrame[Any] | npt.NDArray[Any]"


@dataclass(frozen=True, kw_only=True, eq=False)
class Column:
    """One column as arrays; :func:`read` makes it.

    Parameters
    ----------
    name : str, or int for an array
        What the table calls it.
    values : ndarray of shape (n,)
        Numbers and dates in their own type, anything else as objects. What stands where ``null`` is has no meaning.
    null : ndarray of shape (n,)
        Where the value is missing.
    order : tuple, optional
        All values in their order, for ordered categories.
    """

    name: Hashable
    values: npt.NDArray[Any]
    null: Bools
    order: tuple[Any, ...] | None = None

    @property
    def is_number(self) -> bool:
        """Whether the values have an order of their own, and distances."""
        return self.values.dtype.kind in "iufmM"

    @property
    def nan(self) -> Bools:
        """Where a number is "not a number", which polars and Arrow tell apart from a missing one."""
        return ~self.null & np.isnan(self.values) if self.values.dtype.kind == "f" else np.zeros(len(self.null), bool)


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
    """

    name: Hashable
    known: npt.NDArray[Any]
    nan: bool
    null: bool
    axis: Axis

    @classmethod
    def of(cls, column: Column) -> "Codebook":
        """Fit to a column.

        Raises
        ------
        TableError
            If it holds values that cannot be told apart, such as lists.
        """
        nan = column.nan
        present = column.values[~column.null & ~nan]
        if column.is_number:
            known = np.unique(present)
            places = _as_float(known)
            finite = places[np.isfinite(places)]
            places = np.clip(places, finite.min(), finite.max()) if len(finite) else np.zeros(len(known))
        else:
            try:
                found = list(pd.unique(present))
            except TypeError as error:
                raise TableError(f"expected column {column.name!r} to hold plain values, got {error}") from error
            rank = {value: float(i) for i, value in enumerate(column.order or ())}
            found.sort(key=lambda value: (rank.get(value, 0.0), type(value).__name__, str(value)))
            known = np.empty(len(found), object)
            known[:] = found
            places = np.array([rank.get(value, np.nan) for value in found], float)
        has_nan, has_null = bool(nan.any()), bool(column.null.any())
        axis = Axis(
            places=np.concatenate([places, np.full(has_nan + has_null, np.nan)]),
            ordered=bool(column.is_number or column.order),
        )
        return cls(name=column.name, known=known, nan=has_nan, null=has_null, axis=axis)

    def encode(self, column: Column) -> Ints:
        """Return the code of each value, shape (n,); -1 for what was not fitted, the nearest known one for a number.

        Raises
        ------
        TableError
            If numbers were fitted and the column holds none, or dates against numbers.
        """
        codes = np.full(len(column.null), -1)
        nan = column.nan
        plain = ~column.null & ~nan
        values = column.values[plain]
        if self.known.dtype.kind == "O" or not len(self.known):
            codes[plain] = pd.Index(self.known, dtype=object).get_indexer(pd.Index(values.astype(object), dtype=object))
        elif len(values):
            values = self._alike(values)
            above = np.searchsorted(self.known, values).clip(0, len(self.known) - 1)
            below = (above - 1).clip(0)
            with np.errstate(over="ignore", invalid="ignore"):
                value, low, high = (_as_float(part) for part in (values, self.known[below], self.known[above]))
                nearer_below = value - low <= high - value
            codes[plain] = np.where(nearer_below & (self.known[above] != values), below, above)
        codes[nan] = len(self.known) if self.nan else -1
        codes[column.null] = len(self.known) + self.nan if self.null else -1
        return codes

    def outside(self, column: Column) -> int:
        """Count the numbers beyond the fitted range; the column is as for :meth:`encode`, and so are the errors."""
        if self.known.dtype.kind == "O" or not len(self.known):
            return 0
        values = self._alike(column.values[~column.null & ~column.nan])
        return int(((values < self.known[0]) | (values > self.known[-1])).sum())

    def _alike(self, values: npt.NDArray[Any]) -> npt.NDArray[Any]:
        """Return values of another table in the unit of the known ones; numbers do not become dates."""
        date = self.known.dtype.kind if self.known.dtype.kind in "mM" else ""
        if len(values) and (
            values.dtype.kind == "O" or date != (values.dtype.kind if values.dtype.kind in "mM" else "")
        ):
            raise TableError(
                f"expected column {self.name!r} to hold {self.known.dtype}, as in the fitted table; got "
                f"{values.dtype}; convert it first"
            )
        return values.astype(self.known.dtype) if date else values

    def describe(self, codes: Ints) -> str:
        """Return ascending codes in words; nothing where they are all that there is, or span it."""
        n_missing = len(self.axis.places) - len(self.known)
        values = self.known[codes[codes < len(self.known)]]
        whole = len(values) == len(self.known)
        if self.axis.ordered and len(values):
            whole = bool(values[0] == self.known[0] and values[-1] == self.known[-1])
            text = f"{values[0]}" if len(values) == 1 else f"{values[0]} to {values[-1]}"
        else:
            text = f"{values[0]}" if len(values) == 1 else f"in {{{', '.join(map(str, values))}}}"
        missing = int((codes >= len(self.known)).sum())
        if whole and missing == n_missing:
            return ""
        if missing:
            text = f"{text} or missing" if len(values) else "missing"
        return f"{self.name} {text}"


def open_frame(table: Any) -> "nw.DataFrame[Any] | None":
    """Return a table as a narwhals frame, None where it is an array or something like it.

    Raises
    ------
    TableError
        For a table that is not in memory, or that names two columns alike.
    """
    try:
        frame = nw.from_native(table, pass_through=True)
        if isinstance(frame, nw.LazyFrame):
            raise TableError(f"expected a table in memory, got {type(table).__name__}; collect it first")
        return frame if isinstance(frame, nw.DataFrame) and frame.columns is not None else None
    except nw.exceptions.DuplicateError as error:
        raise TableError(f"expected columns of different names, got {error}") from error


def read(table: Table, j: int) -> Column:
    """Return the column at position ``j``, of n rows."""
    if not isinstance(table, nw.DataFrame):
        values = table[:, j]
        return _plain(j, values, pd.isna(values) if values.dtype.kind in "OmM" else np.zeros(len(values), bool))
    series = table[:, j]
    null = series.is_null().to_numpy().astype(bool)
    order = tuple(series.dtype.categories) if isinstance(series.dtype, nw.Enum) else None
    if isinstance(series.dtype, nw.Categorical | nw.Enum):
        return Column(name=series.name, values=series.to_numpy().astype(object), null=null, order=order)
    if series.dtype.is_integer():
        series = series.fill_null(0)  # as floats, large neighbors would become equal
    return _plain(series.name, series.to_numpy(), null)


def _plain(name: Hashable, values: npt.NDArray[Any], null: Bools) -> Column:
    """Find numbers that stand among objects; leave the rest as it is."""
    if values.dtype.kind == "O" and pd.api.types.infer_dtype(values[~null]) in {"integer", "floating"}:
        numbers = np.array(values[~null].tolist())
        if numbers.dtype.kind in "iuf":
            values = np.zeros(len(null), numbers.dtype)
            values[~null] = numbers
    return Column(name=name, values=values if values.dtype.kind in "iufmM" else values.astype(object), null=null)


def _as_float(values: npt.NDArray[Any]) -> Floats:
    return (values.astype("int64") if values.dtype.kind in "mM" else values).astype(float)


def positions(table: Table, wanted: Sequence[Hashable] | None, but: Sequence[int] = ()) -> list[int]:
    """Return the positions of columns, each once: those wanted by name (by position in an array), else all ``but`` some.

    Raises
    ------
    ParameterError
        For a column that the table does not have, or one name where a list belongs.
    """
    names: list[Hashable] = list(table.columns if isinstance(table, nw.DataFrame) else range(table.shape[1]))
    if wanted is None:
        return [j for j in range(len(names)) if j not in but]
    if isinstance(wanted, str):
        raise ParameterError(f"expected a list of columns, got the single name {wanted!r}; write [{wanted!r}]")
    absent = [name for name in wanted if name not in names]
    if absent:
        raise ParameterError(f"expected columns of the table, got {absent}; the table has {names}")
    return [names.index(name) for name in dict.fromkeys(wanted)]


def people_of(table: Table, j: int) -> Ints:
    """Return whose row it is by the column at position ``j``, counted from 0, shape (n,); missing is one person."""
    column = read(table, j)
    return np.unique(Codebook.of(column).encode(column), return_inverse=True)[1]


def take(table: Table, j: int, rows: Ints) -> Any:
    """Return some rows of the column at position ``j``, in the table's own kind: values to be released later."""
    return table[:, j][rows].to_native() if isinstance(table, nw.DataFrame) else table[rows, j]


def as_series(donor: Any, table: "nw.DataFrame[Any]", j: int) -> "nw.Series[Any]":
    """Return values that :func:`take` took from a table of any kind as a series of this table's kind, of column ``j``."""
    name = table.columns[j]
    series = nw.from_native(donor, series_only=True, pass_through=True)
    if isinstance(series, nw.Series) and series.implementation == table.implementation:
        return series.alias(name)
    values = series.to_list() if isinstance(series, nw.Series) else donor.tolist()
    return nw.new_series(name, values, dtype=table.schema[name], backend=table.implementation)
