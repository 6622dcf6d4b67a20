"""Rows that nobody handed in: near a person, or on the way from one person to another, in the caller's kind of table.

Numbers move in units of their column's spread, stay inside the range that the pool shows, and stay whole where the
column is whole. Whatever is no number (words, dates, yes or no, any column of two values) is switched to a value that
the column holds elsewhere, as often as it holds it; that a value is missing is one such value. A missing number stays
missing under noise.

>>> import numpy as np
>>> from reticent.target.table import ArrayTable
>>> pool = Pool.read(ArrayTable(np.array([[1.0, 0.5], [2.0, 0.5], [4.0, 0.5]]), np.zeros(3)), ("x0", "x1"))
>>> pool.between(pool.encode(np.array([0])), pool.encode(np.array([2])), 0.6).tolist()  # whole, constant
[[3.0, 0.5]]
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Self

import narwhals as nw
import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.spatial.distance import cdist

from reticent.target.table import Table, digests

Array = npt.NDArray[np.float64]
Index = npt.NDArray[np.intp]
Mask = npt.NDArray[np.bool_]

_CELLS = 2**19  # of one call of a model: 4 MiB as numbers, which a cache holds
_SAMPLE = 20_000  # rows that tell a column's spread


@dataclass(frozen=True, eq=False)
class Pool:
    """All rows of a table as d columns of numbers, which are made rows of the caller's kind again when asked about.

    Attributes
    ----------
    features
        The rows as a model is given them: a frame, or an array of shape (n, ...).
    names
        Of the columns of a frame; empty for an array.
    spread, low, high, whole
        Shape (d,): standard deviation of the column's middle, least and greatest value, whether all are whole.
    switched
        Shape (d,): the columns that are switched, not moved.
    kinds
        Column -> (code of each row, a row that has each code), for columns that hold no numbers.
    """

    features: Any
    names: tuple[str, ...]
    spread: Array
    low: Array
    high: Array
    whole: Mask
    switched: Mask
    kinds: dict[int, tuple[npt.NDArray[np.int32], Index]]

    @classmethod
    def read(cls, table: Table, names: Sequence[str]) -> Self:
        """Learn what values each feature takes from all rows, members and others alike."""
        features = table.features(names)
        is_array = isinstance(features, np.ndarray)
        d = features.reshape(len(features), -1).shape[1] if is_array else len(names)
        spread, low, high = np.zeros((3, d))
        whole, switched = np.zeros((2, d), bool)
        kinds: dict[int, tuple[npt.NDArray[np.int32], Index]] = {}
        pool = cls(features, () if is_array else tuple(names), spread, low, high, whole, switched, kinds)
        for j in range(d):
            column = pool._column(j)
            if (number := _as_number(column)) is None:
                switched[j], kinds[j] = True, _coded(column)
                continue
            known = number[~np.isnan(number)]
            if not len(known):
                continue  # all missing, and so they stay
            low[j], high[j] = known.min(), known.max()
            switched[j] = low[j] < high[j] and bool(((known == low[j]) | (known == high[j])).all())
            whole[j] = bool((known == np.rint(known)).all())
            spread[j] = _spread(known[:: max(1, len(known) // _SAMPLE)])
        return pool

    def __len__(self) -> int:
        return len(self.features)

    @property
    def rows_at_once(self) -> int:
        """How many rows to ask about in one call of a model, so that memory stays bounded."""
        return max(1, _CELLS // max(len(self.spread), 1))

    def encode(self, rows: Index) -> Array:
        """Return these rows as numbers, shape (m, d): categories as codes, missing numbers as NaN."""
        values = np.empty((len(rows), len(self.spread)))
        if not self.names and self.features.dtype.kind in "iuf":
            values[:] = self.features[rows].reshape(values.shape)
            return values
        for j in range(len(self.spread)):
            number = self.kinds[j][0][rows] if j in self.kinds else _as_number(self._column(j, rows))
            values[:, j] = np.nan if number is None else number
        return values

    def decode(self, values: Array) -> Any:
        """Return rows of the caller's kind, as a model is given them, from numbers of shape (m, d)."""
        if not self.names:
            return self._decoded_array(values)
        frame = nw.from_native(self.features, eager_only=True)
        made = []
        for j, name in enumerate(self.names):
            if j in self.kinds:  # taken from rows that have it, so that its type stays whatever it is
                made.append(frame[name][self.kinds[j][1][values[:, j].astype(np.intp)]])
            else:
                made.append(_like(frame[name], values[:, j]))
        if isinstance(self.features, pd.DataFrame):
            arrays = {name: series.to_native().array for name, series in zip(self.names, made, strict=True)}
            return pd.DataFrame(arrays, copy=False)
        return nw.from_dict(dict(zip(self.names, made, strict=True))).to_native()

    def noisy(self, values: Array, strength: float, rng: np.random.Generator) -> Array:
        """Return a noisy copy of rows, shape (m, d).

        Numbers get normal noise with ``strength`` spreads as its standard deviation; each category is taken with
        probability 1 - exp(-strength) from another row, the same one for all categories.
        """
        noisy, moved = values.copy(), ~self.switched
        noise = rng.standard_normal((len(values), int(moved.sum())), dtype=np.float32)
        shaken = values[:, moved] + strength * self.spread[moved] * noise
        shaken = np.where(self.whole[moved], np.rint(shaken), shaken)
        noisy[:, moved] = np.clip(shaken, self.low[moved], self.high[moved])
        if self.switched.any():
            anew = rng.random(values.shape, dtype=np.float32) < -np.expm1(-strength)
            np.copyto(noisy, self.encode(rng.integers(len(self), size=len(values))), where=anew & self.switched)
        return noisy

    def between(self, start: Array, end: Array, share: Array | float, order: npt.NDArray[Any] | float = 0.5) -> Array:
        """Return the rows at ``share`` (m, 1) of the way from ``start`` to ``end``, both of shape (m, d).

        Numbers move evenly; a category is switched where ``share`` has passed its place in ``order``, numbers in (0, 1)
        of shape (m, d). So is a number that is missing at one end.
        """
        moved = np.where(np.equal(share, 1), end, start + share * (end - start))  # exact at both ends
        even = ~self.switched & ~np.isnan(moved)
        moved = np.where(self.whole, np.rint(moved), moved)
        return np.where(even, moved, np.where(share > order, end, start))

    def distance(self, start: Array, end: Array) -> Array:
        """Return how far rows lie apart, shape (m,): Euclidean in spreads; a switched value counts as one spread."""
        apart = np.where(self.switched, end != start, (end - start) / np.where(self.spread > 0, self.spread, 1))
        apart = np.where(np.isnan(start) & np.isnan(end), 0, np.where(np.isnan(apart), 1, apart))
        return np.asarray(np.sqrt((apart**2).sum(axis=1)))

    def distances(self, some: Array, others: Array) -> Array:
        """Return how far each of m rows lies from each of c others, shape (m, c), as :meth:`distance` does.

        But for numbers that are missing: they are taken for the column's least, which is good enough for a ranking.
        """
        scale = np.where(self.spread > 0, self.spread, 1)
        first, second = (np.nan_to_num((rows - self.low) / scale) for rows in (some, others))
        apart = np.zeros((len(some), len(others)))
        if self.switched.any():
            switched = cdist(first[:, self.switched], second[:, self.switched], "hamming")
            apart += switched * self.switched.sum()
        if not self.switched.all():
            apart += cdist(first[:, ~self.switched], second[:, ~self.switched], "sqeuclidean")
        return np.asarray(np.sqrt(apart))

    def _column(self, j: int, rows: Index | slice = slice(None)) -> Any:
        if self.names:
            return nw.from_native(self.features, eager_only=True)[self.names[j]][rows]
        return self.features.reshape(len(self.features), -1)[rows, j]

    def _decoded_array(self, values: Array) -> npt.NDArray[Any]:
        flat = self.features.reshape(len(self.features), -1)
        made = values.astype(flat.dtype)
        for j, (_, first) in self.kinds.items():
            made[:, j] = flat[first, j][values[:, j].astype(np.intp)]
        return made.reshape(len(values), *self.features.shape[1:])


def first_alike(table: Table, names: Sequence[str]) -> Index:
    """Return the first row that equals each row in the named columns, shape (n,): one person is asked about once."""
    _, first, back = np.unique(digests(table, names), return_index=True, return_inverse=True)
    return np.asarray(first[back])


def _as_number(column: Any) -> Array | None:
    """Return a column as numbers, NaN where missing, or None where it holds something else."""
    if isinstance(column, nw.Series):
        if not column.dtype.is_numeric():
            return None
        native = column.to_native()
        if isinstance(native, pd.Series):
            return native.to_numpy(np.float64, na_value=np.nan)
        return np.asarray(column.cast(nw.Float64).to_numpy(), dtype=np.float64)
    if column.dtype.kind == "O":
        column = pd.Series(column).infer_objects().to_numpy()
    return column.astype(np.float64) if column.dtype.kind in "iuf" else None


def _coded(column: Any) -> tuple[npt.NDArray[np.int32], Index]:
    """Return the code of each row, shape (n,), and a row that has each code: missing is a code like any other."""
    values = column.to_numpy() if isinstance(column, nw.Series) else column
    codes = pd.factorize(values, use_na_sentinel=False)[0].astype(np.int32)
    return codes, np.unique(codes, return_index=True)[1]


def _spread(values: Array) -> float:
    low, high = np.quantile(values, [0.16, 0.84])  # one standard deviation each way, were the column normal
    return float((high - low) / 2 or values.std())  # of a column that is mostly one value, the rest has a say


def _like(column: Any, values: Array) -> Any:
    """Return numbers as a series of the kind and type of ``column``, missing where NaN."""
    native = column.to_native()
    if isinstance(native, pd.Series):
        return nw.from_native(pd.Series(values).astype(native.dtype), series_only=True)
    made = nw.new_series(column.name, values, backend=nw.get_native_namespace(column))
    return made.fill_nan(None).cast(column.dtype)
