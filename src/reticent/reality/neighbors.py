"""Tables and their neighbors: one person more or less, with the values that promises break at.

>>> import numpy as np, pandas as pd
>>> frame = pd.DataFrame({"age": [30.0, 61.0], "town": ["Bonn", "Ulm"]})
>>> pool = pools(frame, {"age": [0, 120]})
>>> len(pool["age"]), pool["town"]
(16, ('Bonn', 'Ulm', '', 'never seen', None))
>>> x, y = joined((frame, np.array([0, 1])), Person(row={"age": 1e300, "town": None}, label=1, copies=2, at=0))
>>> x["age"].tolist(), y.tolist()
([1e+300, 1e+300, 30.0, 61.0], [1, 1, 0, 1])
"""

from collections.abc import Hashable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from reticent.reality.sensitivity import Pair

_NUMBERS = (0.0, -0.0, 1.0, -1.0, 1e6, -1e6, 1e300, -1e300, 5e-324, float("nan"), float("inf"), -float("inf"))
_WORDS = ("", "never seen", None)
_MOST = 12  # values of a column that are kept: the rarest and the commonest

Row = dict[Hashable, Any]


@dataclass(frozen=True, kw_only=True)
class Person:
    """Who is added: ``copies`` equal rows with one label, put in before row ``at`` (from the end where negative)."""

    row: Row
    label: Any
    copies: int = 1
    at: int = -1

    def __str__(self) -> str:
        cells = ", ".join(f"{name}={value!r}" for name, value in self.row.items())
        return f"{self.copies} x ({cells}; label {self.label!r})"


def named(x: Any) -> pd.DataFrame:
    """Return rows as a frame whose columns have names; an array's are its numbers."""
    return x if isinstance(x, pd.DataFrame) else pd.DataFrame(np.asarray(x))


def pools(x: Any, known: Mapping[Any, Iterable[Any]] | None = None) -> dict[Hashable, tuple[Any, ...]]:
    """Return, for each column, values to try: its own, those ``known`` of it, and those at which arithmetic breaks."""
    found: dict[Hashable, tuple[Any, ...]] = {}
    for name, column in named(x).items():
        own = list((known or {}).get(name, ()))
        if isinstance(column.dtype, pd.CategoricalDtype):
            values = [*own, *column.cat.categories[:_MOST], None]
        elif pd.api.types.is_bool_dtype(column):
            values = [True, False]
        elif pd.api.types.is_integer_dtype(column):
            limits = np.iinfo(column.to_numpy().dtype)
            values = [*own, column.min(), column.max(), 0, 1, limits.min, limits.max]
        elif pd.api.types.is_float_dtype(column):
            values = [*own, column.min(), column.max(), *_NUMBERS]
        else:
            common = column.dropna().value_counts().index.tolist()
            values = [*own, *common[: _MOST // 2], *common[-_MOST // 2 :], *_WORDS]
        found[name] = _once(values)
    return found


def _once(values: Iterable[Any]) -> tuple[Any, ...]:
    seen: dict[str, Any] = {}
    for value in values:
        plain = value.item() if isinstance(value, np.generic) else value
        seen.setdefault(repr(plain), plain)
    return tuple(seen.values())


def joined(table: Pair, person: Person) -> Pair:
    """Return the table with this person's rows in it, of the same types."""
    x, y = table
    frame, labels = named(x), np.asarray(y)
    at = person.at if person.at >= 0 else len(frame) + 1 + person.at
    new = pd.DataFrame([person.row] * person.copies, columns=frame.columns)
    new = new.astype(frame.dtypes.to_dict())
    both = pd.concat([frame.iloc[:at], new, frame.iloc[at:]], ignore_index=True).astype(frame.dtypes.to_dict())
    added = np.array([person.label] * person.copies, dtype=labels.dtype)
    return _as_came(x, both), np.concatenate([labels[:at], added, labels[at:]])


def without(table: Pair, rows: npt.ArrayLike) -> Pair:
    """Return the table without these rows (n booleans)."""
    x, y = table
    keep = ~np.asarray(rows, bool)
    return _as_came(x, named(x)[keep].reset_index(drop=True)), np.asarray(y)[keep]


def row_of(table: Pair, index: int) -> Person:
    """Return a copy of one row of the table, to be added again."""
    x, y = table
    frame = named(x)
    return Person(row={name: frame[name].iloc[index] for name in frame.columns}, label=np.asarray(y)[index], at=index)


def _as_came(x: Any, frame: pd.DataFrame) -> Any:
    return frame if isinstance(x, pd.DataFrame) else frame.to_numpy(np.asarray(x).dtype)
