"""Read single columns out of a table of any kind, and give values back in the table's own kind.

Missing values are told apart from values, numbers and dates keep their own type, all else becomes objects; nothing is
imputed or converted on the way back.

>>> import pandas as pd
>>> table = open_frame(pd.DataFrame({"age": [60.0, None, 30.0, 60.0]}))
>>> ages = read(table, positions(table, ["age"])[0])
>>> ages.null.tolist(), ages.found[0].tolist(), ages.found[1].tolist()
([False, True, False, False], [60.0, 30.0], [0, -1, 1, 0])
"""

from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, TypeAlias

import narwhals as nw
import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa

from reticent.coding.codes import Bools, Ints
from reticent.errors import ParameterError, TableError

Table: TypeAlias = nw.DataFrame[Any] | npt.NDArray[Any]
Source: TypeAlias = "nw.DataFrame[Any] | npt.NDArray[Any] | Counted"


@dataclass(frozen=True, kw_only=True, eq=False)
class Column:
    """One column as arrays; :func:`read` makes it.

    Parameters
    ----------
    name : str, or int for an array
        What the table calls it.
    different : ndarray of shape (m,)
        The values that occur, in no certain order: numbers and dates in their own type, anything else as objects.
    of : ndarray of shape (n,)
        Which of them each row holds; -1 where it is missing or not a number.
    nan : ndarray of shape (n,)
        Where a number is "not a number", which polars and Arrow tell apart from a missing one.
    null : ndarray of shape (n,)
        Where the value is missing.
    order : tuple, optional
        All values in their order, for ordered categories.
    spans : ndarray of shape (2, m), optional
        Where numbers were cut into ranges, of which ``different`` holds one value each: the first and the last value
        of each range.
    """

    name: Hashable
    different: npt.NDArray[Any]
    of: Ints
    nan: Bools
    null: Bools
    order: tuple[Any, ...] | None = None
    spans: npt.NDArray[Any] | None = None

    @property
    def is_number(self) -> bool:
        """Whether the values have an order of their own, and distances."""
        return self.different.dtype.kind in "iufmM"

    @property
    def found(self) -> tuple[npt.NDArray[Any], Ints]:
        """The different values, and which of them each row holds, -1 for none; (m,), (n,)."""
        return self.different, self.of


class Counted(Protocol):
    """The distinct rows of a table that is elsewhere, and how many rows each stands for."""

    @property
    def counts(self) -> Ints:
        """How many rows each stands for, shape (t,)."""

    def __len__(self) -> int: ...
    def column(self, j: int) -> Column:
        """Return the column at position ``j`` of that table, a value for each distinct row."""

    def take(self, j: int, rows: Ints) -> Any:
        """Return the values of some distinct rows in the column at position ``j``, as a native series."""


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


def read(table: Source, j: int) -> Column:
    """Return the column at position ``j``, of n rows (of the distinct ones, where these were counted).

    Raises
    ------
    TableError
        If it holds values that cannot be told apart, such as lists.
    """
    if not isinstance(table, nw.DataFrame | np.ndarray):
        return table.column(j)
    if isinstance(table, np.ndarray):
        values = table[:, j]
        return _column(j, values, pd.isna(values) if values.dtype.kind in "OmM" else np.zeros(len(values), bool))
    series = table[:, j]
    kind = series.dtype
    if isinstance(kind, nw.Categorical | nw.Enum | nw.String) and (words := _words(series)) is not None:
        return words
    null = series.is_null().to_numpy().astype(bool)
    if isinstance(kind, nw.Categorical | nw.Enum):
        return _column(series.name, series.to_numpy().astype(object), null, order=_order(series))
    if kind.is_integer():
        series = series.fill_null(0)  # as floats, large neighbors would become equal
    return _column(series.name, series.to_numpy(), null)


def _order(series: "nw.Series[Any]") -> tuple[Any, ...] | None:
    return tuple(series.dtype.categories) if isinstance(series.dtype, nw.Enum) else None


def _words(series: "nw.Series[Any]") -> Column | None:
    """Let Arrow find the different words, which costs no Python object per row; None where these are no words."""
    try:
        arrow = series.to_arrow()
        if isinstance(arrow, pa.ChunkedArray):
            arrow = arrow.unify_dictionaries().combine_chunks()
        coded = arrow if pa.types.is_dictionary(arrow.type) else arrow.dictionary_encode()
    except (pa.ArrowInvalid, pa.ArrowTypeError, pa.ArrowNotImplementedError, TypeError):
        return None
    if not (pa.types.is_string(coded.type.value_type) or pa.types.is_large_string(coded.type.value_type)):
        return None
    null = coded.is_null().to_numpy(zero_copy_only=False)
    of = coded.indices.fill_null(0).to_numpy(zero_copy_only=False).astype(np.intp)
    if null.any():
        of[null] = -1
    words = coded.dictionary.to_numpy(zero_copy_only=False)
    different, alike = _occurring(of, len(words))
    return Column(
        name=series.name,
        different=words[different],
        of=alike,
        nan=np.zeros(len(null), bool),
        null=null,
        order=_order(series),
    )


def _occurring(of: Ints, size: int) -> tuple[Ints, Ints]:
    """Leave out what no row holds: which of ``size`` numbers occur, and the place of each row's among them, or -1."""
    occurs = np.bincount(of + 1, minlength=size + 1)[1:] > 0
    place = np.append(np.where(occurs, np.cumsum(occurs) - 1, -1), -1)
    return np.flatnonzero(occurs), place[of]


def _column(name: Hashable, values: npt.NDArray[Any], null: Bools, order: tuple[Any, ...] | None = None) -> Column:
    """Find the different values of an array, and numbers that stand among objects."""
    if values.dtype.kind == "O" and pd.api.types.infer_dtype(values[~null]) in {"integer", "floating"}:
        numbers = np.array(values[~null].tolist())
        if numbers.dtype.kind in "iuf":
            values = np.zeros(len(null), numbers.dtype)
            values[~null] = numbers
    values = values if values.dtype.kind in "iufmM" else values.astype(object)
    nan = ~null & np.isnan(values) if values.dtype.kind == "f" else np.zeros(len(null), bool)
    some = nan.any() or null.any()
    plain = ~null & ~nan if some else slice(None)
    held = values[plain]
    if values.dtype.kind in "iu" and len(held) and int(held.max()) - int(held.min()) < len(held) + 1024:
        wide = held if held.dtype.itemsize == 8 else held.astype(np.int64)  # a narrow type cannot hold the difference
        lowest = wide.min()
        different, place = _occurring((wide - lowest).astype(np.intp), int(wide.max()) - int(lowest) + 1)
        different = (different.astype(wide.dtype) + lowest).astype(values.dtype)
    elif values.dtype.kind in "iufmM" and (values.dtype.itemsize > 8 or not values.dtype.isnative):
        different, place = np.unique(held, return_inverse=True)  # pandas cannot hash these
    else:
        try:
            place, different = pd.factorize(held, use_na_sentinel=False)
        except TypeError as error:
            raise TableError(f"expected column {name!r} to hold plain values, got {error}") from error
    of = np.asarray(place, np.intp)
    if some:
        of = np.full(len(values), -1)
        of[plain] = place
    return Column(name=name, different=np.asarray(different), of=of, nan=nan, null=null, order=order)


def positions(table: Table, wanted: Sequence[Hashable] | None, but: Sequence[int] = ()) -> list[int]:
    """Return where columns are, each once: those wanted by name (by position in an array), or all ``but`` some.

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


def take(table: Source, j: int, rows: Ints) -> Any:
    """Return some rows of the column at position ``j``, in the table's own kind: values to be released later."""
    if not isinstance(table, nw.DataFrame | np.ndarray):
        return table.take(j, rows)
    return table[:, j][rows].to_native() if isinstance(table, nw.DataFrame) else table[rows, j]


def as_series(donor: Any, table: "nw.DataFrame[Any]", j: int) -> "nw.Series[Any]":
    """Return values that :func:`take` took from a table of any kind as column ``j`` of this table, in its kind."""
    name = table.columns[j]
    series = nw.from_native(donor, series_only=True, pass_through=True)
    if isinstance(series, nw.Series) and series.implementation == table.implementation:
        return series.alias(name)
    values = series.to_list() if isinstance(series, nw.Series) else donor.tolist()
    return nw.new_series(name, values, dtype=table.schema[name], backend=table.implementation)
