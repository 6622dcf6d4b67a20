"""Count a table where it lies, and write into it there: what runs out of core, on DuckDB, Dask, Spark and polars.

A table that does not fit into memory is grouped on its engine: each combination of some columns that occurs, with how
many rows have it. These distinct rows come into memory, as codes; what was made of them goes back by a join. Values are
looked up column by column first, so that a row's combination is one whole number: that is what is grouped and joined
by, and nothing is lost where values are missing, or not a number, which no join would match.

>>> import polars as pl
>>> people = open_lazy(pl.LazyFrame({"age": [30, 31, 30, None], "town": ["A", "B", "A", "A"], "id": [1, 2, 3, 4]}))
>>> found = count(people, [0, 1])
>>> sorted(found.counts.tolist()), found.n_rows
([1, 1, 2], 4)
>>> blurred = nw.from_native(pl.DataFrame({"age": [30, 99]}))
>>> mapped(found, (found.counts == 1).astype(int), blurred).collect().sort("id")["age"].to_list()
[30, 99, 30, 99]
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import narwhals as nw
import numpy as np

from reticent.coding.codebook import Codebook
from reticent.coding.codes import Floats, Ints
from reticent.coding.columns import Column
from reticent.coding.dictionary import MOST, Dictionary
from reticent.coding.lookup import Lazy, asking, beside, header, in_parts, open_lazy
from reticent.errors import TableError

__all__ = ["Lazy", "Tuples", "count", "header", "mapped", "open_lazy", "rewritten"]

FEW = 4_096  # different numbers are told apart as they are
RANGES = (1_024, 256, 64, 16)  # into which more of them are cut
_WIDEST = 2**62  # of a packed key


@dataclass(frozen=True, kw_only=True, eq=False)
class Tuples:
    """The distinct rows of some columns of a lazy table; :func:`count` finds them.

    Parameters
    ----------
    frame : narwhals LazyFrame
        The table, with the keys below beside its columns.
    head : narwhals DataFrame
        The table without its keys and rows, in memory: its columns and their types.
    held : mapping
        Position of a column -> its different values.
    keys : ndarray of shape (n_keys, t)
        What tells the distinct rows apart: the codes of all columns, packed.
    counts : ndarray of shape (t,)
        How many rows each stands for.
    sums : ndarray of shape (t, S)
        The sums of what was asked for.
    """

    frame: Lazy
    head: "nw.DataFrame[Any]"
    held: Mapping[int, Dictionary]
    keys: Ints
    counts: Ints
    sums: Floats

    def __len__(self) -> int:
        return len(self.counts)

    @cached_property
    def n_rows(self) -> int:
        """How many rows the table has."""
        return int(self.counts.sum())

    @property
    def is_as_before(self) -> bool:
        """Whether each value occurred as often when the rows were counted as when its column was read."""
        weights = self.counts.astype(float)
        return all(
            np.array_equal(np.bincount(self._rows(j), weights=weights, minlength=one.size), one.counts)
            for j, one in self.held.items()
        )

    @property
    def ranges(self) -> dict[str, int]:
        """How many different numbers the columns held that were cut into ranges."""
        cut = [one for one in self.held.values() if one.column.spans is not None]
        return {str(one.column.name): one.n_numbers for one in cut}

    def column(self, j: int) -> Column:
        """Return the column at position ``j`` of the table, a value for each distinct row."""
        one, rows = self.held[j].column, self._rows(j)
        small = one.of.astype(np.min_scalar_type(-len(one.different) - 1))  # there are millions of rows and ten columns
        none = np.broadcast_to(np.False_, len(self))
        return Column(
            name=one.name,
            different=one.different,
            of=small[rows],
            nan=one.nan[rows] if one.nan.any() else none,
            null=one.null[rows] if one.null.any() else none,
            order=one.order,
            spans=one.spans,
        )

    def take(self, j: int, rows: Ints) -> Any:
        """Return the values of some distinct rows in the column at position ``j``, as a native series."""
        return self.held[j].values[self._rows(j)[rows]].to_native()

    def _rows(self, j: int) -> Ints:
        key, stride = next(
            (k, packed[j]) for k, packed in enumerate(_packs({i: d.size for i, d in self.held.items()})) if j in packed
        )
        return np.asarray(self.keys[key] // stride % self.held[j].size, np.intp)


def count(
    frame: Lazy,
    where: Sequence[int],
    sums: Sequence["nw.Expr"] = (),
    *,
    cut: Collection[int] = (),
    books: Mapping[int, Codebook] | None = None,
    head: "nw.DataFrame[Any] | None" = None,
    most: int = MOST,
) -> Tuples:
    """Return the distinct rows of the columns at these positions, each with how many rows have it.

    Parameters
    ----------
    sums : sequence of S expressions
        What is added up for each of them.
    cut : collection of int
        The columns that may be cut into ranges: numbers with more than 4,096 different values into 1,024; where there
        are still too many distinct rows all numbers, into as few ranges as it takes.
    books : mapping, optional
        Position of a column -> what was fitted to it elsewhere: only what that tells apart is told apart.
    head : narwhals DataFrame, optional
        The table without its rows, where it is known.
    most : int
        How many distinct rows there may be.

    Raises
    ------
    TableError
        For more of them than ``most``, or an engine that cannot do it.
    """
    head = header(frame) if head is None else head
    found = {j: Dictionary.of(frame, head.columns[j], head) for j in where}
    for j, book in (books or {}).items():
        found[j] = found[j].like(book)
    for n_ranges in RANGES:
        few = FEW if n_ranges == RANGES[0] else n_ranges
        held = {j: one.cut(n_ranges) if j in cut and one.n_numbers > few else one for j, one in found.items()}
        tuples = _grouped(frame, head, held, sums, most)
        if tuples is not None:
            return tuples
        if not any(j in cut and one.n_numbers > n_ranges for j, one in found.items()):
            break
    names = [head.columns[j] for j in where]
    raise TableError(
        f"expected at most {most:,} different combinations of the columns {names}, got more; "
        "leave columns out, or make them coarser on the engine first"
    )


def _grouped(
    frame: Lazy, head: "nw.DataFrame[Any]", held: Mapping[int, Dictionary], sums: Sequence["nw.Expr"], most: int
) -> Tuples | None:
    """Return the distinct rows of coded columns; None where there are more than ``most``."""
    names = head.columns
    keyed, keys = _keyed(frame, names, held)
    parts = {_apart(names, f"sum {s}"): one.cast(nw.Float64) for s, one in enumerate(sums)}
    with asking(frame, f"group by {len(held)} columns"):
        grouped = (
            keyed.select(*keys, **parts)
            .group_by(*keys)
            .agg(nw.len().alias("rows"), *(nw.col(one).sum() for one in parts))
            .head(most + 1)
            .collect()
        )
    if len(grouped) > most:
        return None
    changed = TableError(
        "expected a table that holds the same rows whenever it is read, as no random sample does and no file that "
        "still grows; write it to a file of its own first"
    )
    if any(grouped[key].is_null().any() for key in keys):
        raise changed
    tuples = Tuples(
        frame=keyed,
        head=head,
        held=held,
        keys=np.stack([grouped[key].to_numpy().astype(np.int64) for key in keys])
        if keys
        else np.zeros((1, len(grouped)), np.int64),
        counts=grouped["rows"].to_numpy().astype(np.intp),
        sums=np.stack([grouped[one].to_numpy().astype(float) for one in parts], axis=1)
        if parts
        else np.empty((len(grouped), 0)),
    )
    if not tuples.is_as_before:
        raise changed
    return tuples


def mapped(tuples: Tuples, of: Ints, released: "nw.DataFrame[Any]", *, like: bool = True) -> Any:
    """Return the table, on its engine, with some columns replaced; all else stays as it is.

    Rows that came into it after it was counted are left out: nobody looked at whom they would stand beside.

    Parameters
    ----------
    of : ndarray of shape (t,)
        What each distinct row gets: a row of ``released``.
    released : narwhals DataFrame of n_released rows
        The new values; its columns are those that are replaced.
    like : bool
        Whether they keep the types that they have in the table.
    """
    frame, names = tuples.frame, tuples.head.columns
    keys = [name for name in frame.collect_schema().names() if name not in names]
    which = _apart(names, "class")
    to = {key: tuples.keys[k] for k, key in enumerate(keys)} | {which: np.asarray(of, np.int64)}
    fresh = released.with_columns(_series(which, np.arange(len(released)), released))

    def join(part: Lazy, place: "nw.DataFrame[Any]", values: "nw.DataFrame[Any]") -> Lazy:
        placed = part.join(beside(part, place), on=keys, how="left").drop(*keys, *values.drop(which).columns)
        known = placed.filter(~nw.col(which).is_null())
        return known.join(beside(part, values, like=like), on=which, how="left").select(*names)

    with asking(frame, "join"):
        return in_parts(frame, join, _table(to), fresh).to_native()


def rewritten(frame: Lazy, columns: Sequence[str], rewrite: Callable[[Any], Any], most: int = MOST) -> Any:
    """Return the table, on its engine, with some columns rewritten: each row by itself, from these columns alone.

    Parameters
    ----------
    rewrite : callable
        Takes the distinct rows of these columns as a frame in memory, and returns one of as many rows; its columns
        replace those of the table.
    """
    names = frame.collect_schema().names()
    found = count(frame, [names.index(name) for name in columns], most=most)
    every = np.arange(len(found))
    held = {names[j]: nw.from_native(found.take(j, every), series_only=True) for j in found.held}
    return mapped(found, every, nw.from_native(rewrite(nw.from_dict(held).to_native()), eager_only=True))


def _keyed(frame: Lazy, names: Sequence[str], held: Mapping[int, Dictionary]) -> tuple[Lazy, list[str]]:
    """Return the table with the packed codes of its rows, and what these columns are called."""
    value, place = _apart(names, "value"), _apart(names, "code")
    packs = _packs({j: one.size for j, one in held.items()})
    keys = [_apart(names, f"key {k}") for k in range(len(packs))]

    def look_up(keyed: Lazy) -> Lazy:
        for key, packed in zip(keys, packs, strict=True):
            for i, (j, stride) in enumerate(packed.items()):
                coded, before = _coded(held[j], value, place) * stride, nw.lit(0) if i == 0 else nw.col(key)
                keyed = keyed.with_columns(held[j].asked.alias(value))
                keyed = keyed.join(beside(keyed, _lookup(held[j], value, place), like=True), on=value, how="left")
                keyed = keyed.with_columns((before + coded).cast(nw.Int64).alias(key)).drop(value, place)
        return keyed

    with asking(frame, "look up values"):
        return in_parts(frame, look_up), keys


def _coded(held: Dictionary, value: str, place: str) -> "nw.Expr":
    """Return the code of each row as an expression, where that of a plain value was looked up."""
    code = nw.col(place)
    if (
        held.column.nan.any()
    ):  # not by is_nan: where Parquet tells the largest value, DuckDB believes that there is none
        code = code.fill_null(int(held.column.nan.argmax()))
    if held.column.null.any():
        code = nw.when(nw.col(value).is_null()).then(nw.lit(int(held.column.null.argmax()))).otherwise(code)
    return code


def _lookup(held: Dictionary, value: str, place: str) -> "nw.DataFrame[Any]":
    """Return a table of the plain values and their codes."""
    plain = np.flatnonzero(~(held.column.nan | held.column.null)[held.code])
    found = held.found[plain]
    return found.rename({"value": value}).with_columns(_series(place, held.code[plain], found))


def _packs(sizes: Mapping[int, int]) -> list[dict[int, int]]:
    """Deal columns out to as few keys as hold their codes: column -> stride, for each key."""
    packs: list[dict[int, int]] = [{}]
    bound = 1
    for j, size in sizes.items():
        if bound * size > _WIDEST:
            packs.append({})
            bound = 1
        packs[-1][j] = bound
        bound *= max(1, size)
    return packs


def _apart(names: Sequence[str], name: str) -> str:
    """Return a name that no column has."""
    name = f"reticent {name}"
    while name.lower() in {one.lower() for one in names}:
        name += "_"
    return name


def _series(name: str, values: Ints, beside: "nw.DataFrame[Any]") -> "nw.Series[Any]":
    return nw.new_series(name, np.asarray(values, np.int64), dtype=nw.Int64, backend=beside.implementation)


def _table(columns: Mapping[str, Ints]) -> "nw.DataFrame[Any]":
    return nw.from_dict(dict(columns), backend="pyarrow")
