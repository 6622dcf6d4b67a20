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
from functools import cached_property
from typing import Any, TypeAlias

import narwhals as nw
import numpy as np
import numpy.typing as npt
import pandas as pd

from reticent.coding.codes import Bools, Ints
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

    @cached_property
    def found(self) -> tuple[npt.NDArray[Any], Ints]:
        """The different values in no certain order, and which of them each row holds, -1 for none; (m,), (n,).

        Raises
        ------
        TableError
            If values cannot be told apart, such as lists.
        """
        plain = ~self.null & ~self.nan
        values, of = self.values[plain], np.full(len(plain), -1)
        if self.is_number and (values.dtype.itemsize > 8 or not values.dtype.isnative):  # pandas cannot hash these
            different, of[plain] = np.unique(values, return_inverse=True)
            return different, of
        try:
            of[plain], different = pd.factorize(values, use_na_sentinel=False)
        except TypeError as error:
            raise TableError(f"expected column {self.name!r} to hold plain values, got {error}") from error
        return different, of


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


def take(table: Table, j: int, rows: Ints) -> Any:
    """Return some rows of the column at position ``j``, in the table's own kind: values to be released later."""
    return table[:, j][rows].to_native() if isinstance(table, nw.DataFrame) else table[rows, j]


def as_series(donor: Any, table: "nw.DataFrame[Any]", j: int) -> "nw.Series[Any]":
    """Return values that :func:`take` took from a table of any kind as column ``j`` of this table, in its kind."""
    name = table.columns[j]
    series = nw.from_native(donor, series_only=True, pass_through=True)
    if isinstance(series, nw.Series) and series.implementation == table.implementation:
        return series.alias(name)
    values = series.to_list() if isinstance(series, nw.Series) else donor.tolist()
    return nw.new_series(name, values, dtype=table.schema[name], backend=table.implementation)
