"""The different values of one column of a lazy table: asked of its engine, and taken together where they are too many.

Numbers with more than some thousand different values are cut into ranges of about as many rows each. What stands for
a range is its median, a value that occurs. Where there are more values than fit into memory, the engine cuts them into
a million cells first, finer where more of the first rows lie, and ranges are made of these.

>>> import polars as pl
>>> people = open_lazy(pl.LazyFrame({"income": [1.5, 2.5, 2.5, 90.0, None]}))
>>> incomes = Dictionary.of(people, "income")
>>> sorted(incomes.counts.tolist()), incomes.cut(2).column.spans.tolist()
([1, 1, 1, 2], [[1.5, 2.5], [1.5, 90.0]])
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import narwhals as nw
import numpy as np
import numpy.typing as npt

from reticent.coding.codebook import Codebook
from reticent.coding.codes import Ints
from reticent.coding.columns import Column, read
from reticent.coding.lookup import Lazy, asking, header, open_lazy
from reticent.errors import TableError

__all__ = ["MOST", "Dictionary", "open_lazy"]

MOST = 8_000_000  # different values, or distinct rows, that are brought into memory
_CELLS = 2**20
_LOOKED_AT = 10_000  # rows


@dataclass(frozen=True, kw_only=True, eq=False)
class Dictionary:
    """The different values of one column.

    Parameters
    ----------
    column : Column
        One row for each; missing, and not a number, among them.
    values : narwhals Series of length m
        The same values in the table's own kind.
    counts : ndarray of shape (m,)
        How many rows hold each.
    found : narwhals DataFrame
        All that the table holds, in a column "value": what ``asked`` gives.
    code : ndarray of shape (n_found,)
        The row in ``column`` of each of them; several are taken together where numbers were cut into ranges.
    asked : expression
        What is looked up in the table.
    n_numbers : int
        How many different numbers or dates the table holds (in cells, these); 0 for words.
    low : ndarray of shape (m,), optional
        The first value of what each row of ``column`` stands for, where that is a cell.
    """

    column: Column
    values: "nw.Series[Any]"
    counts: Ints
    found: "nw.DataFrame[Any]"
    code: Ints
    asked: "nw.Expr"
    n_numbers: int
    low: npt.NDArray[Any] | None = None

    @property
    def size(self) -> int:
        """How many codes there are."""
        return len(self.counts)

    @classmethod
    def of(cls, frame: Lazy, name: str, head: "nw.DataFrame[Any] | None" = None, most: int = MOST) -> "Dictionary":
        """Ask the engine for the different values of a column.

        Parameters
        ----------
        head : narwhals DataFrame, optional
            The table without its rows, where it is known.
        most : int
            How many of them are read; of more numbers, cells.

        Raises
        ------
        TableError
            For more than ``most`` other values, or values that cannot be told apart.
        """
        head = header(frame) if head is None else head
        kind = frame.collect_schema()[name]
        asked = nw.col(name).cast(nw.String) if isinstance(kind, nw.Categorical | nw.Enum) else nw.col(name)
        with asking(frame, f"group by column {name!r}"):
            grouped = frame.select(value=asked).group_by("value").agg(nw.len().alias("rows"))
            found = grouped.head(most + 1).collect()
        low = None
        if len(found) > most:
            if not kind.is_numeric():
                raise TableError(
                    f"expected at most {most:,} different values in column {name!r}, got more; leave it out, or make "
                    "it coarser on the engine first"
                )
            asked = _cell(frame, name)
            with asking(frame, f"cut column {name!r} into cells"):
                cells = frame.select(nw.col(name), value=asked).group_by("value")
                extremes = [nw.col(name).max().alias("last"), nw.col(name).min().alias("first")]
                found = cells.agg(nw.len().alias("rows"), *extremes).collect()
            low = found["first"].to_numpy()
        held = found.select(nw.col("value" if low is None else "last").alias(name))
        column = read(held, 0)
        values = held[:, 0]
        if isinstance(kind, nw.Categorical | nw.Enum):
            values = _typed(values, head[name])
        alike = np.where(column.null, -1, np.where(column.nan, -2, column.of))
        _, first, code = np.unique(alike, return_index=True, return_inverse=True)  # 0.0 and -0.0 are one value
        rows = found["rows"].to_numpy().astype(float)
        return cls(
            column=Column(
                name=name,
                different=column.different,
                of=column.of[first],
                nan=column.nan[first],
                null=column.null[first],
                order=tuple(kind.categories) if isinstance(kind, nw.Enum) else column.order,
            ),
            values=values[first],
            counts=np.bincount(code, weights=rows).astype(np.intp),
            found=found.select("value"),
            code=code,
            asked=asked,
            n_numbers=len(column.different) if column.is_number else 0,
            low=None if low is None else low[first],
        )

    def cut(self, n_ranges: int) -> "Dictionary":
        """Return numbers cut into at most so many ranges of about as many rows each."""
        placed = np.flatnonzero(self.column.of >= 0)
        value = self.column.different[self.column.of[placed]]
        order = np.argsort(value, kind="stable")
        unit, value = placed[order], value[order]
        low = value if self.low is None else self.low[unit].astype(value.dtype)
        running = np.cumsum(self.counts[unit])
        middle = running - self.counts[unit] / 2
        group = np.unique((middle * n_ranges / running[-1]).astype(np.intp), return_inverse=True)[1]
        begin = np.flatnonzero(np.diff(group, prepend=-1))
        end = np.append(begin[1:], len(group)) - 1
        before = running[begin] - self.counts[unit[begin]]
        median = np.searchsorted(running, (before + running[end]) / 2)
        rest = np.flatnonzero(self.column.of < 0)
        rows, n = np.concatenate([unit[median], rest]), len(begin)
        code = np.empty(self.size, np.intp)
        code[unit], code[rest] = group, n + np.arange(len(rest))
        column = Column(
            name=self.column.name,
            different=value[median],
            of=np.concatenate([np.arange(n), np.full(len(rest), -1)]),
            nan=self.column.nan[rows],
            null=self.column.null[rows],
            spans=np.stack([low[begin], value[end]]),
        )
        return self._regrouped(column, rows, code)

    def like(self, book: Codebook) -> "Dictionary":
        """Return values taken together that a fitted column does not tell apart."""
        code, beyond = book.encode(self.column), book.beyond(self.column)
        alike = np.where(beyond, -2 - code, np.where(self.column.of < 0, code + len(book.known) + 2, code))
        _, first, of = np.unique(alike, return_index=True, return_inverse=True)
        held = self.column
        column = Column(
            name=held.name, different=held.different, of=held.of[first], nan=held.nan[first], null=held.null[first]
        )
        return self._regrouped(column, first, of)

    def _regrouped(self, column: Column, rows: Ints, code: Ints) -> "Dictionary":
        return Dictionary(
            column=column,
            values=self.values[rows],
            counts=np.bincount(code, weights=self.counts).astype(np.intp),
            found=self.found,
            code=code[self.code],
            asked=self.asked,
            n_numbers=self.n_numbers,
        )


def _cell(frame: Lazy, name: str) -> "nw.Expr":
    """Return the cell of each number: the same for equal ones, rising with them, finest about the first rows."""
    number = nw.col(name).cast(nw.Float64)
    with asking(frame, f"find the range of column {name!r}"):
        finite = frame.select(value=number).filter(nw.col("value").is_finite())
        ends = finite.select(nw.col("value").min().alias("low"), nw.col("value").max().alias("high")).collect()
        some = finite.head(_LOOKED_AT).collect()["value"].to_numpy()
    low, high = float(ends["low"][0]), float(ends["high"][0])
    lower, middle, upper = np.quantile(some, [0.25, 0.5, 0.75])
    width = float(upper - lower) / 100 or (high - low) / 1e6
    span = np.log1p(abs(high - middle) / width) + np.log1p(abs(low - middle) / width)
    far = ((number - float(middle)).abs() / width + 1).log() * float(_CELLS / span)
    cell = nw.when(number >= float(middle)).then(far).otherwise(-far).floor()
    return nw.when(number.is_finite()).then(cell).otherwise(number)


def _typed(values: "nw.Series[Any]", model: "nw.Series[Any]") -> "nw.Series[Any]":
    """Return words as categories, of the very type of another series."""
    if not values.implementation.is_pandas():
        return values.cast(model.dtype)
    kind: Any = model.to_native().dtype
    words: Sequence[Any] = values.to_list()
    known = set(kind.categories)
    kind = kind if all(word in known for word in words if word is not None) else "category"
    return nw.from_native(values.to_native().astype(kind), series_only=True)
