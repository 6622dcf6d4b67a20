"""A table as numbers and codes, by what was declared of its columns and nothing else: the same code for any table.

Coding is a function of one row and the codebook. It therefore does not matter to privacy how many rows there are, which
values occur, or how large they are: a number outside its bounds is moved to the nearer bound, a value that is not in
the domain gets the code "other", and a missing value is refused unless it was declared that values may be missing.

>>> import pandas as pd
>>> from reticent.coding.columns import open_frame
>>> from reticent.defenses.training.dp.declared import declare
>>> table = open_frame(pd.DataFrame({"age": [30.0, 120.0], "town": ["Ulm", "Rome"]}))
>>> coded = code(table, declare(table, bounds={"age": (0, 90)}, domains={"town": ["Bonn", "Ulm"]}))
>>> [feature.name for feature in coded.features], coded.features[0].values.tolist(), coded.features[1].codes.tolist()
(['age', 'town'], [30.0, 90.0], [1, 2])
"""

from collections.abc import Hashable, Sequence
from dataclasses import dataclass, replace
from typing import Any, TypeAlias

import narwhals as nw
import numpy as np
import numpy.typing as npt
import pandas as pd

from reticent.coding.codes import Bools, Floats, Ints
from reticent.coding.columns import Table, read
from reticent.defenses.training.dp.declared import Categories, Declared, Numbers
from reticent.errors import TableError


@dataclass(frozen=True, kw_only=True, eq=False)
class Number:
    """A column of numbers.

    Parameters
    ----------
    values : ndarray of shape (n,)
        Finite numbers, inside the bounds where these are declared; 0 moved into the bounds where one is missing.
    missing : ndarray of shape (n,), optional
        Where a value is missing; None where it was not declared that any may be.
    bounds : pair of floats, optional
        Declared; None where they have to be bought.
    edges : ndarray of shape (m,), optional
        Declared edges between bins, ascending; None where they have to be bought.
    """

    name: Hashable
    values: Floats
    missing: Bools | None
    bounds: tuple[float, float] | None
    edges: Floats | None

    def take(self, rows: Ints | Bools) -> "Number":
        missing = None if self.missing is None else self.missing[rows]
        return replace(self, values=self.values[rows], missing=missing)


@dataclass(frozen=True, kw_only=True, eq=False)
class Category:
    """A column of codes, shape (n,), from 0 to ``size - 1``: the domain as declared, then "other", then "missing".

    There is no "other" for booleans, and no "missing" where it was not declared that values may be.
    """

    name: Hashable
    codes: Ints
    size: int

    def take(self, rows: Ints | Bools) -> "Category":
        return replace(self, codes=self.codes[rows])


Feature: TypeAlias = Number | Category


@dataclass(frozen=True, kw_only=True, eq=False)
class Coded:
    """A table of n rows: one feature for each column."""

    features: tuple[Feature, ...]
    n_rows: int

    def __len__(self) -> int:
        return self.n_rows

    def take(self, rows: Ints | Bools) -> "Coded":
        """Return some rows."""
        features = tuple(feature.take(rows) for feature in self.features)
        return Coded(features=features, n_rows=len(np.arange(self.n_rows)[rows]))


def code(table: Table, declared: Sequence[Declared]) -> Coded:
    """Return the table, whose columns are in the order of those declared, as numbers and codes.

    Raises
    ------
    TableError
        For a missing value where none was declared, an infinite one, and words where numbers belong; by column.
    """
    features = tuple(
        _number(table, j, column) if isinstance(column, Numbers) else _category(table, j, column)
        for j, column in enumerate(declared)
    )
    return Coded(features=features, n_rows=len(table))


def _number(table: Table, j: int, column: Numbers) -> Number:
    values, missing = _floats(table, j, column.name)
    some = bool(missing.any())
    if some and not column.missing:
        _refuse_missing(column.name, "numbers")
    if some:
        values = np.where(missing, 0.0, values)
    if not np.isfinite(values).all():
        raise TableError(
            f"expected finite numbers in column {column.name!r}: its input X contains infinity or a value too large "
            f"for dtype('float64'). Put the largest number in its place that makes sense"
        )
    if column.bounds is not None:
        values = np.clip(values, *column.bounds)
    edges = None if column.edges is None else np.array(column.edges)
    return Number(
        name=column.name,
        values=values,
        missing=missing if column.missing else None,
        bounds=column.bounds,
        edges=edges,
    )


def _category(table: Table, j: int, column: Categories) -> Category:
    _check_types(table, j, column)
    held = read(table, j)
    different = held.different.astype("M8[us]") if held.different.dtype.kind == "M" else held.different
    places = {value: place for place, value in enumerate(column.values)}
    other = len(places) if column.other else -1
    code_of = np.array([places.get(value, other) for value in different.tolist()] + [-1], np.intp)
    codes = code_of[held.of]
    absent = held.null | held.nan
    if absent.any():
        if not column.missing:
            _refuse_missing(column.name, "categories")
        codes = np.where(absent, column.size - 1, codes)
    if not column.other and (codes < 0).any():
        raise TableError(
            f"expected True and False in column {column.name!r}, as when it was fitted; found other values"
        )
    return Category(name=column.name, codes=codes, size=column.size)


def _check_types(table: Table, j: int, column: Categories) -> None:
    """Refuse a domain of another type than its column: one row's word may have made words of everybody's numbers."""
    if isinstance(table, nw.DataFrame):
        dtype = table[:, j].dtype
        words, numbers = dtype == nw.String, dtype.is_numeric() or dtype == nw.Boolean
    else:
        words, numbers = table.dtype.kind in "US", table.dtype.kind in "biuf"
    strange = [value for value in column.values if (words or numbers) and isinstance(value, str) != words]
    if strange:
        raise TableError(
            f"expected column {column.name!r} and its domain to be of one type, got {'words' if words else 'numbers'} "
            f"in the column and {strange[0]!r} in the domain; hand the column in as the domain has it"
        )


def _floats(table: Table, j: int, name: Hashable) -> tuple[Floats, Bools]:
    """Return the numbers of a column and where they are missing, (n,), (n,)."""
    if isinstance(table, nw.DataFrame):
        series = table[:, j]
        null = series.is_null().to_numpy().astype(bool)
        if not (series.dtype.is_numeric() or series.dtype == nw.Boolean):
            raise TableError(f"expected numbers in column {name!r}, as when it was fitted; got {series.dtype}")
        if null.any():
            series = series.fill_null(0)
        values: npt.NDArray[Any] = series.cast(nw.Float64).to_numpy()
    else:
        values = table[:, j]
        null = pd.isna(values) if values.dtype.kind == "O" else np.zeros(len(values), bool)
        if values.dtype.kind == "O":
            values = _numbers_among_objects(np.where(null, 0.0, values), name)
        elif values.dtype.kind not in "biuf":
            raise TableError(f"expected numbers in column {name!r}, as when it was fitted; got {values.dtype}")
    values = np.asarray(values, np.float64)
    return values, null | np.isnan(values)


def _numbers_among_objects(values: npt.NDArray[Any], name: Hashable) -> Floats:
    try:
        if any(isinstance(value, str) for value in values):  # "1" is a word, also where float() would read it
            raise ValueError("words")
        return values.astype(np.float64)
    except ValueError as error:  # Python's TypeError already says what came
        raise TableError(
            f"expected numbers in column {name!r}, which has no domain: {error}. Declare what it may hold: "
            f"domains={{{name!r}: [...]}}"
        ) from error


def _refuse_missing(name: Hashable, kind: str) -> None:
    also = f", or None in its domain: domains={{{name!r}: [..., None]}}" if kind == "categories" else ""
    raise TableError(
        f"expected no missing values in column {name!r}: Input X contains NaN or None. Fill them in, or declare that "
        f"they may be missing, which costs nothing: missing=[{name!r}]{also}"
    )
