"""A coded table as rows of numbers that no row can stretch: at most one long, on a grid.

Each column is a block. Where there are people enough, a column of numbers is cut into bins, and a bin is encoded like
its neighbors: the product of two bins' encodings falls with the number of bins between them, so that what is learned
of one is shared with the next (a Gaussian process with an exponential kernel, cut to its largest components). Noise
costs most where each bin stands for itself, and this is what bins as ones and zeros lack. Where there are too few
people for bins, a number is its place in its bounds. A category is a coordinate of its own; of very many, some share
one, by a rule that has not seen the rows.

>>> block = Bins(edges=np.arange(1.0, 9.0), missing=False, most=16)
>>> near, far = block.table[3] @ block.table[4], block.table[0] @ block.table[8]
>>> round(float(near), 2), round(float(far), 2)
(0.69, 0.05)
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

import numpy as np

from reticent.coding.codes import Bools, Floats, Ints
from reticent.defenses.training.dp.coded import Category, Coded, Feature, Number

GRID = 2.0**-14  # rows are multiples of it, so that sums of their products are exact in any order
_REACH = 0.3  # of the bins of a column: how far what is learned of one tells of another
_INTERCEPT = 0.3  # the length of the constant beside that of a column
_COORDINATES = 2048  # of all categories, and a quarter of it of all bins


@dataclass(frozen=True, kw_only=True, eq=False)
class Bins:
    """A column of numbers cut at ``edges``: ``table`` has a row for each bin, of length at most 1; missing is last."""

    edges: Floats
    missing: bool
    most: int
    table: Floats = field(init=False)

    def __post_init__(self) -> None:
        place = np.arange(len(self.edges) + 1.0)
        alike = np.exp(-np.abs(place[:, None] - place) / (_REACH * len(place)))
        sizes, directions = np.linalg.eigh(alike)
        table = (directions * np.sqrt(np.maximum(sizes, 0.0)))[:, ::-1][:, : self.most]
        if self.missing:
            table = np.pad(table, ((0, 1), (0, 1)))
            table[-1, -1] = 1.0
        object.__setattr__(self, "table", table)

    @property
    def width(self) -> int:
        return int(self.table.shape[1])

    def of(self, feature: Feature) -> Floats:
        """Return the rows of the block, shape (n, width)."""
        assert isinstance(feature, Number)
        bins: Ints = np.searchsorted(self.edges, feature.values, side="right")
        return np.asarray(self.table[_with_missing(bins, feature.missing, len(self.edges) + 1)])


@dataclass(frozen=True, kw_only=True)
class Place:
    """A column of numbers as places between -1 and 1 in its bounds, and a coordinate for missing ones."""

    low: float
    high: float
    missing: bool

    @property
    def width(self) -> int:
        return 1 + self.missing

    def of(self, feature: Feature) -> Floats:
        """Return the rows of the block, shape (n, width)."""
        assert isinstance(feature, Number)
        place = 2 * (np.clip(feature.values, self.low, self.high) - self.low) / (self.high - self.low) - 1
        if feature.missing is None:
            return place[:, None]
        return np.column_stack([np.where(feature.missing, 0.0, place), feature.missing])


@dataclass(frozen=True, kw_only=True)
class Ones:
    """A category as a one in a place of its own; where there are more categories than ``width``, they share places."""

    width: int

    def of(self, feature: Feature) -> Floats:
        """Return the rows of the block, shape (n, width)."""
        assert isinstance(feature, Category)
        return np.asarray(np.eye(self.width)[feature.codes % self.width])


Block: TypeAlias = Bins | Place | Ones


@dataclass(frozen=True, kw_only=True)
class Encoding:
    """One block for each column, and a constant of length ``constant`` beside columns of length 1."""

    blocks: tuple[Block, ...]
    constant: float

    @property
    def width(self) -> int:
        """How many coordinates a row has."""
        return sum(block.width for block in self.blocks) + (self.constant > 0)

    @property
    def fourth(self) -> float:
        """The largest sum of fourth powers of a row's coordinates: that of a block is at most its square length's."""
        return (len(self.blocks) + self.constant**4) / (len(self.blocks) + self.constant**2) ** 2

    def rows(self, coded: Coded) -> Floats:
        """Return rows of length at most 1, shape (n, width), multiples of ``GRID``."""
        parts = [block.of(feature) for block, feature in zip(self.blocks, coded.features, strict=True)]
        if self.constant:
            parts.append(np.full((len(coded), 1), self.constant))
        longest = np.sqrt(len(self.blocks) + self.constant**2) * (1 + 1e-9)
        return np.asarray(np.trunc(np.hstack(parts) / (longest * GRID)) * GRID)


def encoding_of(features: Sequence[Feature], ranges: Sequence[tuple[float, float] | Floats | None]) -> Encoding:
    """Return the encoding of columns, where each number has its bounds (for places) or its edges (for bins).

    Parameters
    ----------
    ranges
        By column: a pair of bounds, an array of edges, None for categories.
    """
    most = max(8, _COORDINATES // 4 // len(features))
    blocks = tuple(_block(feature, of, most) for feature, of in zip(features, ranges, strict=True))
    return Encoding(blocks=blocks, constant=_INTERCEPT if any(isinstance(block, Place) for block in blocks) else 0.0)


def _block(feature: Feature, of: "tuple[float, float] | Floats | None", most: int) -> Block:
    if isinstance(feature, Category):
        return Ones(width=min(feature.size, 4 * most))
    missing = feature.missing is not None
    if isinstance(of, tuple):
        return Place(low=of[0], high=of[1], missing=missing)
    assert of is not None  # a number has bounds or edges
    return Bins(edges=of, missing=missing, most=most)


def _with_missing(bins: Ints, missing: Bools | None, last: int) -> Ints:
    return bins if missing is None else np.where(missing, last, bins)
