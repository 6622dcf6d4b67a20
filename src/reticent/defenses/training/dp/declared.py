"""What is known of the columns without looking at anybody: bounds, domains and edges, as a codebook states them.

What is declared costs no privacy, since it would be the same for any table of this kind. It has to be true in that
sense: a range that was read off the table is not known without it. Only names and types are taken from the table.

>>> import pandas as pd
>>> from reticent.coding.columns import open_frame
>>> table = open_frame(pd.DataFrame({"age": [30, 61], "town": ["Bonn", "Ulm"], "smokes": [True, False]}))
>>> for column in declare(table, bounds={"age": (0, 120)}, domains={"town": ["Bonn", "Ulm"]}):
...     print(column.stated)
bounds of age: declared, 0 to 120
domain of town: declared, 2 values
domain of smokes: by its type, 2 values
"""

from collections.abc import Collection, Hashable, Iterable, Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, TypeAlias

import narwhals as nw
import numpy as np
import pandas as pd

from reticent import _validate
from reticent.coding.columns import Table
from reticent.errors import ParameterError, TableError

Pair: TypeAlias = tuple[float, float]


@dataclass(frozen=True, kw_only=True)
class Numbers:
    """A column of numbers: bounds and edges where they are declared, and whether values may be missing."""

    name: Hashable
    bounds: Pair | None
    edges: tuple[float, ...] | None
    missing: bool

    @property
    def stated(self) -> str | None:
        """What was declared, in words; None where nothing was."""
        said = [f"bounds of {self.name}: declared, {self.bounds[0]:g} to {self.bounds[1]:g}"] if self.bounds else []
        if self.edges is not None:
            said.append(f"edges of {self.name}: declared, {len(self.edges)}")
        if self.missing:
            said.append(f"missing values of {self.name}: declared")
        return "; ".join(said) or None


@dataclass(frozen=True, kw_only=True)
class Categories:
    """A column of values without distances: those of the domain, and whether others and missing ones may occur."""

    name: Hashable
    values: tuple[Any, ...]
    other: bool
    missing: bool

    @property
    def size(self) -> int:
        """How many codes there are."""
        return len(self.values) + self.other + self.missing

    @property
    def stated(self) -> str:
        """What was declared, in words."""
        how = "declared" if self.other else "by its type"
        missing = ", or missing" if self.missing else ""
        return f"domain of {self.name}: {how}, {len(self.values)} values{missing}"


Declared: TypeAlias = Numbers | Categories


def declare(
    table: Table,
    *,
    bounds: Mapping[Any, Any] | tuple[float, float] | None = None,
    domains: Mapping[Any, Iterable[Any]] | None = None,
    edges: Mapping[Any, Iterable[float]] | None = None,
    missing: Collection[Hashable] | bool = False,
) -> tuple[Declared, ...]:
    """Return what is known of each column, in the table's order; of the table only names and types are read.

    Parameters
    ----------
    bounds
        The lowest and highest number by column, or one pair for all columns of numbers.
    domains
        The values that a column may hold; None among them says that values may be missing.
    edges
        Where the bins of a column of numbers end.
    missing
        Columns in which values may be missing; True for all.

    Raises
    ------
    ParameterError
        For a column that is not there or was declared twice, a range that is empty, edges that do not ascend.
    TableError
        For a column that holds no numbers and has no domain.
    """
    kinds = _kinds(table)
    domains, edges = _by_column("domains", domains), _by_column("edges", edges)
    numeric = [name for name, kind in kinds.items() if kind in {"number", "object"} and name not in domains]
    ranges = _ranges(bounds, numeric)
    absent = _names("missing", missing, kinds)
    for argument, named in (("bounds", ranges), ("domains", domains), ("edges", edges)):
        _known(argument, named, kinds)
        if argument != "domains" and (strange := [name for name in named if name not in numeric]):
            raise ParameterError(
                f"expected {argument} of columns of numbers, got {argument} of {_validate.listed(_words(strange))}; "
                f"declare either {argument} or a domain"
            )
    if unknown := [name for name, kind in kinds.items() if kind == "word" and name not in domains]:
        raise TableError(
            f"expected numbers or a declared domain in column {_validate.listed([repr(name) for name in unknown])}: "
            "which words occur cannot be read off the table for nothing. Declare what each may hold: "
            f"domains={{{unknown[0]!r}: [...]}}; any other value is then coded as 'other'. Dates can be handed in "
            "as numbers, such as days"
        )
    return tuple(
        _numbers(name, ranges.get(name), edges.get(name), name in absent)
        if name in numeric
        else _categories(name, domains.get(name), name in absent)
        for name, kind in kinds.items()
    )


def finite_pair(argument: str, given: Any) -> Pair:
    """Return a lowest and a highest number, or say that ``given`` is none.

    >>> finite_pair("target_bounds", (0, 1))
    (0.0, 1.0)
    """
    try:
        low, high = (float(end) for end in given)
    except (TypeError, ValueError) as error:
        raise ParameterError(f"expected {argument} as a pair (low, high) of numbers, got {given!r}") from error
    if not (np.isfinite([low, high]).all() and low < high):
        raise ParameterError(f"expected {argument} = (low, high), both finite and low < high; got {given!r}")
    if not np.isfinite(4 * (high - low)):  # sums of such numbers overflow, and an overflow would tell of one row
        raise ParameterError(f"expected {argument} = (low, high) less than 1e307 apart; got {given!r}")
    return low, high


def _kinds(table: Table) -> dict[Hashable, str]:
    if isinstance(table, nw.DataFrame):
        return {name: _kind(dtype) for name, dtype in table.schema.items()}
    of = {"b": "flag", "i": "number", "u": "number", "f": "number", "O": "object"}.get(table.dtype.kind, "word")
    return dict.fromkeys(range(table.shape[1]), of)


def _kind(dtype: Any) -> str:
    return "flag" if dtype == nw.Boolean else "number" if dtype.is_numeric() else "word"


def _numbers(name: Hashable, bounds: Any, edges: Iterable[float] | None, missing: bool) -> Numbers:
    pair = None if bounds is None else finite_pair(f"bounds[{name!r}]", bounds)
    cuts = None
    if edges is not None:
        try:
            cuts = tuple(float(edge) for edge in edges)
        except (TypeError, ValueError) as error:
            raise ParameterError(f"expected edges[{name!r}] as numbers, got {edges!r}") from error
        if not cuts or not np.isfinite(cuts).all() or any(low >= high for low, high in pairwise(cuts)):
            raise ParameterError(f"expected edges[{name!r}] as ascending finite numbers, at least one; got {cuts}")
    return Numbers(name=name, bounds=pair, edges=cuts, missing=missing)


def _categories(name: Hashable, domain: Iterable[Any] | None, missing: bool) -> Categories:
    if domain is None:  # of a flag
        return Categories(name=name, values=(False, True), other=False, missing=missing)
    if isinstance(domain, str | bytes):
        raise ParameterError(f"expected domains[{name!r}] as a list of values, got the single value {domain!r}")
    listed = [value.item() if isinstance(value, np.generic) else value for value in domain]
    absent = [bool(np.all(pd.isna(value))) for value in listed]
    try:
        values = tuple(dict.fromkeys(value for value, none in zip(listed, absent, strict=True) if not none))
    except TypeError as error:
        raise ParameterError(f"expected plain values in domains[{name!r}]: {error}") from error
    if not values:
        raise ParameterError(f"expected at least one value in domains[{name!r}], got {listed}")
    return Categories(name=name, values=values, other=True, missing=missing or any(absent))


def _by_column(argument: str, given: Any) -> Mapping[Any, Any]:
    if given is None:
        return {}
    if not isinstance(given, Mapping):
        raise ParameterError(f"expected {argument} as a dict by column, got {type(given).__name__}")
    return given


def _ranges(bounds: Any, numeric: list[Hashable]) -> Mapping[Any, Any]:
    if bounds is None or isinstance(bounds, Mapping):
        return bounds or {}
    return dict.fromkeys(numeric, finite_pair("bounds", bounds))


def _names(argument: str, given: Collection[Hashable] | bool, kinds: Mapping[Hashable, str]) -> Collection[Hashable]:
    if isinstance(given, bool):
        return kinds.keys() if given else ()
    if isinstance(given, str) or not isinstance(given, Collection):
        raise ParameterError(f"expected {argument} as a list of columns or True, got {given!r}")
    _known(argument, given, kinds)
    return given


def _known(argument: str, named: Iterable[Hashable], kinds: Mapping[Hashable, str]) -> None:
    if strange := [name for name in named if name not in kinds]:
        raise ParameterError(
            f"expected {argument} of columns of the table, got {_validate.listed(_words(strange))}; it has "
            f"{_validate.listed(_words(kinds), str(strange[0]))}"
        )


def _words(names: Iterable[Hashable]) -> list[str]:
    return [str(name) for name in names]
