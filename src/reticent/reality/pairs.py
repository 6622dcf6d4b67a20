"""Neighbors that tell models apart: tiny and degenerate tables, and one extreme row.

A model of many ordinary people hides one more among them. What an attacker gets to choose is everything, so the tables
are the worst ones: a few equal rows, a crowd that agrees, the caller's own; and the row that is added lies at an end of
its columns or far beyond, with any of the labels.

>>> import numpy as np
>>> offered = pairs((np.array([[0.0], [1.0], [2.0], [3.0]]), np.array([0, 1, 0, 1])))
>>> len(offered), offered[0].name
(24, 'four rows, and one with all values low and label 0')
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from reticent import _seeds
from reticent.reality.neighbors import Person, Row, joined, named
from reticent.reality.sensitivity import Pair

_CROWD = 30
_TABLE = 200  # rows of the caller's table at most: larger ones hide a row better, and take longer
_FAR = 1e6


@dataclass(frozen=True, kw_only=True, eq=False)
class Candidate:
    """A table, and its neighbor that has one row more, or another one in its place."""

    name: str
    base: Pair
    neighbor: Pair
    probes: Any  # rows to ask models about, those of both tables' kinds among them


def pairs(table: Pair, *, replace: bool = False) -> list[Candidate]:
    """Return candidates made of the columns and labels of ``table`` (X, y).

    Parameters
    ----------
    replace
        Whether an ordinary row stands in the base where the neighbor has the extreme one, so that both tables have as
        many rows: for claims that take this number as known.
    """
    x, y = table[0], np.asarray(table[1])
    ordinary = Person(row=_middle(named(x)), label=_ends(y)[0])
    return [
        _candidate(
            f"{name}, and one with {kind} and label {label}",
            base,
            Person(row=row, label=label),
            table,
            ordinary if replace else None,
        )
        for name, base in _bases((x, y))
        for kind, row in _rows(named(x))
        for label in _ends(y)
    ]


def _candidate(name: str, base: Pair, person: Person, table: Pair, other: Person | None) -> Candidate:
    neighbor, base = joined(base, person), base if other is None else joined(base, other)
    frame = named(neighbor[0])
    probes = pd.concat([frame.iloc[-1:], frame.iloc[: min(4, len(frame))], named(table[0]).iloc[:6]], ignore_index=True)
    probes = probes.astype(frame.dtypes.to_dict())
    return Candidate(
        name=name,
        base=base,
        neighbor=neighbor,
        probes=probes if isinstance(base[0], pd.DataFrame) else probes.to_numpy(np.asarray(base[0]).dtype),
    )


def _ends(y: Any) -> list[Any]:
    labels = np.unique(y)
    return [labels[0], labels[-1]]  # of the row that is added


def _bases(table: Pair) -> Iterator[tuple[str, Pair]]:
    """Yield tables in which every label occurs."""
    x, y = table
    labels = np.unique(y)
    labels = labels if len(labels) <= 20 else np.array([labels[0], labels[-1]])  # amounts
    middle = _middle(named(x))
    yield "four rows", _copies(x, y, middle, np.repeat(labels, max(1, 4 // len(labels))).tolist())
    yield "a crowd that agrees", _copies(x, y, middle, [labels[0]] * _CROWD + labels[1:].tolist())
    chosen = np.sort(_seeds.generator(0, "rows of a claim").permutation(len(y))[:_TABLE])
    rows = named(x).iloc[chosen].reset_index(drop=True)
    yield "the table", ((rows if isinstance(x, pd.DataFrame) else rows.to_numpy(np.asarray(x).dtype)), y[chosen])


def _copies(x: Any, y: Any, row: Row, labels: list[Any]) -> Pair:
    frame = named(x)
    rows = pd.DataFrame([row] * len(labels), columns=frame.columns).astype(frame.dtypes.to_dict())
    kept = rows if isinstance(x, pd.DataFrame) else rows.to_numpy(np.asarray(x).dtype)
    return kept, np.array(labels, dtype=np.asarray(y).dtype)


def _middle(frame: pd.DataFrame) -> Row:
    return {name: _at(column, 0.5) for name, column in frame.items()}


def _rows(frame: pd.DataFrame) -> Iterator[tuple[str, Row]]:
    yield "all values low", {name: _at(column, 0.0) for name, column in frame.items()}
    yield "all values high", {name: _at(column, 1.0) for name, column in frame.items()}
    yield "values low and high in turn", {name: _at(frame[name], place % 2) for place, name in enumerate(frame.columns)}
    yield "values far beyond", {name: _at(column, 1.0, far=True) for name, column in frame.items()}


def _at(column: "pd.Series[Any]", place: float, *, far: bool = False) -> Any:
    """Return a value of the column at this place in its order; the rarest and the commonest where it has none."""
    present = column.dropna()
    if present.empty:
        return None
    kind = column.dtype
    if pd.api.types.is_numeric_dtype(kind) and not pd.api.types.is_bool_dtype(kind):
        value = present.quantile(place, interpolation="nearest")
        far = far and pd.api.types.is_float_dtype(kind)
        return float(_FAR * (abs(value) + 1)) if far else value
    counts = present.value_counts()
    return counts.index[min(len(counts) - 1, round((1 - place) * (len(counts) - 1)))]
