"""A table of people in the caller's own form: a frame (pandas, polars) or a pair of arrays (X, y).

Attacks and defenses ask for rows, features, labels and columns here and never learn which kind it is. What a model or
a recipe is given is always of the kind that came in; an Arrow table becomes a pandas frame at the door, since no model
takes one.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Protocol, Self

import narwhals as nw
import numpy as np
import numpy.typing as npt
import pandas as pd

from reticent import _validate
from reticent.errors import TableError

Index = npt.NDArray[np.intp]
Array = npt.NDArray[Any]


class Table(Protocol):
    """Rows of people with their labels."""

    @property
    def native(self) -> Any:
        """What a recipe is given: the frame with its label column, or the pair (X, y)."""

    @property
    def columns(self) -> tuple[str, ...]:
        """Names of all columns, the label among them."""

    def __len__(self) -> int: ...
    def labels(self) -> Array:
        """Return the label of each row, shape (n,)."""

    def features(self, names: Sequence[str]) -> Any:
        """Return what a model is given: the named columns in this order, in the caller's kind."""

    def column(self, name: str) -> Array:
        """Return one column as an array, shape (n,)."""

    def take(self, rows: Index) -> Self:
        """Return a table of these rows, in this order."""

    def join(self, other: Self) -> Self:
        """Return a table with the rows of ``other`` below these."""

    def with_features(self, features: Any, names: Sequence[str]) -> Self:
        """Return a table in which the named columns hold ``features``, all else as it was."""


@dataclass(frozen=True, eq=False)
class FrameTable:
    """A pandas or polars frame that holds the label as a column."""

    native: Any
    label: str

    @property
    def _frame(self) -> nw.DataFrame[Any]:
        return nw.from_native(self.native, eager_only=True)

    @property
    def columns(self) -> tuple[str, ...]:
        return tuple(self._frame.columns)

    def __len__(self) -> int:
        return len(self._frame)

    def labels(self) -> Array:
        return self.column(self.label)

    def features(self, names: Sequence[str]) -> Any:
        return self._frame.select(list(names)).to_native()

    def column(self, name: str) -> Array:
        return self._frame[name].to_numpy()

    def take(self, rows: Index) -> Self:
        return replace(self, native=self._frame[rows].to_native())

    def join(self, other: Self) -> Self:
        try:
            joined = nw.concat([self._frame, other._frame.select(self.columns)], how="vertical").to_native()
        except Exception as error:  # each engine has its own
            raise TableError(
                f"expected members and non-members to have the same columns and types, but they cannot be put "
                f"together: {error}. Read both tables the same way"
            ) from error
        return replace(self, native=joined.reset_index(drop=True) if isinstance(joined, pd.DataFrame) else joined)

    def with_features(self, features: Any, names: Sequence[str]) -> Self:
        changed = nw.from_native(features, eager_only=True)
        frame = self._frame.with_columns(*(changed[name].alias(name) for name in names))
        return replace(self, native=frame.select(self.columns).to_native())


@dataclass(frozen=True, eq=False)
class ArrayTable:
    """A pair of arrays: X of shape (n, ...) and the labels y of shape (n,)."""

    x: Array
    y: Array
    label: str = "y"

    @property
    def native(self) -> tuple[Array, Array]:
        return self.x, self.y

    @property
    def columns(self) -> tuple[str, ...]:
        return (*(f"x{i}" for i in range(self._flat.shape[1])), self.label)

    @property
    def _flat(self) -> Array:
        return self.x.reshape(len(self.x), -1)

    def __len__(self) -> int:
        return len(self.x)

    def labels(self) -> Array:
        return self.y

    def features(self, names: Sequence[str]) -> Any:
        return self.x

    def column(self, name: str) -> Array:
        return self.y if name == self.label else self._flat[:, self.columns.index(name)]

    def take(self, rows: Index) -> Self:
        return replace(self, x=self.x[rows], y=self.y[rows])

    def join(self, other: Self) -> Self:
        if self.x.shape[1:] != other.x.shape[1:]:
            raise TableError(f"expected rows of shape {self.x.shape[1:]} in both tables, got {other.x.shape[1:]}")
        return replace(self, x=np.concatenate([self.x, other.x]), y=np.concatenate([self.y, other.y]))

    def with_features(self, features: Any, names: Sequence[str]) -> Self:
        return replace(self, x=np.asarray(features).reshape(self.x.shape))


def numbers(table: Table, names: Sequence[str]) -> npt.NDArray[np.float64]:
    """Return the named columns as numbers, shape (n, d): categories as codes, missing as NaN."""
    return np.column_stack([_as_numbers(pd.Series(table.column(name))) for name in names])


def digests(table: Table, names: Sequence[str]) -> npt.NDArray[np.uint64]:
    """Return one 64-bit hash per row over the named columns, shape (n,): equal rows have equal hashes."""
    plain = pd.DataFrame({name: table.column(name) for name in names})
    return np.asarray(pd.util.hash_pandas_object(plain, index=False), dtype=np.uint64)


def _as_numbers(column: "pd.Series[Any]") -> npt.NDArray[np.float64]:
    if pd.api.types.is_numeric_dtype(column) or pd.api.types.is_bool_dtype(column):
        return column.to_numpy(np.float64, na_value=np.nan)
    if pd.api.types.is_datetime64_any_dtype(column):
        return np.where(column.isna(), np.nan, column.astype("int64").to_numpy(np.float64))
    # Sorted, so that a code never tells in which of two joined tables a category came first.
    codes = pd.factorize(column.astype("string"), sort=True)[0].astype(np.float64)
    return np.where(codes < 0, np.nan, codes)


def read_table(data: Any, *, label: str, name: str) -> FrameTable | ArrayTable:
    """Take a table as the caller has it: a frame with a label column, or a pair (X, y).

    Raises
    ------
    TableError
        If it is neither, if X and y differ in length, or if the label column is missing.
    """
    if isinstance(data, tuple) and len(data) == 2:
        x, y = data
        if len(x) != len(y):
            raise TableError(f"expected {name} to hold as many labels as rows, got {len(x):,} rows, {len(y):,} labels")
        if np.ndim(y) != 1:
            raise TableError(f"expected one label a row in {name}, got labels of shape {np.shape(y)}. Pass y.ravel()")
        if isinstance(x, np.ndarray):
            return ArrayTable(x, np.asarray(y), label=label)
        frame = _frame(x, name)
        if label in frame.columns:
            raise TableError(f"expected {name} = (X, y) with X lacking the label {label!r}, but X has that column")
        series = nw.new_series(label, np.asarray(y), backend=nw.get_native_namespace(frame))
        data = frame.with_columns(series).to_native()
    if isinstance(data, np.ndarray):
        raise TableError(f"expected {name} as a frame with the label column {label!r}, or as a pair (X, y) of arrays")
    frame = _frame(data, name)
    if label not in frame.columns:
        raise TableError(
            f"expected a label column {label!r} in {name}; it has {_validate.listed(frame.columns, label)}. "
            f"Name the right column"
        )
    native = frame.to_native()
    return FrameTable(native.reset_index(drop=True) if isinstance(native, pd.DataFrame) else native, label)


def _frame(data: Any, name: str) -> nw.DataFrame[Any]:
    try:
        frame = nw.from_native(data, eager_only=True)
    except TypeError as error:
        raise TableError(
            f"expected {name} as a pandas, polars or Arrow table or a pair (X, y), got {type(data).__name__}"
        ) from error
    except nw.exceptions.DuplicateError as error:
        raise TableError(f"expected columns with different names in {name}: {error}. Rename them") from error
    return nw.from_native(frame.to_pandas(), eager_only=True) if frame.implementation.is_pyarrow() else frame
