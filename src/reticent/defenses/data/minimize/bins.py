"""Columns of codes as few bins, one after the other: what a search for cuts adds up.

>>> ages = Axis(places=np.array([20.0, 30.0, 60.0, 90.0, np.nan]), ordered=True)
>>> bins = Bins.find(np.array([[0], [1], [2], [3]]), [ages])
>>> bins.stop.round(2).tolist(), bins.kind.tolist()
([0.07, 0.36, 0.79, 1.0, 0.0], [0, 0, 0, 0, 1])
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from reticent.coding.codes import Axis, Bools, Floats, Ints
from reticent.defenses.data.minimize.cells import edges

PLACED, ASIDE, CATEGORY = range(3)  # a range of an order; a code of an ordered column that has no place; a category
_FINEST = 32


@dataclass(frozen=True, kw_only=True, eq=False)
class Bins:
    """Where an order has many codes, neighbors are taken together.

    Parameters
    ----------
    of : list of q ndarrays of shape (n_codes,)
        The bin of each code, among those of all columns.
    column : ndarray of shape (n_bins,)
        Whose bin it is.
    last : ndarray of shape (n_bins,)
        The last code in it.
    start, stop : ndarray of shape (n_bins,)
        Where a bin that has a place begins and ends on [0, 1].
    kind : ndarray of shape (n_bins,)
    """

    of: list[Ints]
    column: Ints
    last: Ints
    start: Floats
    stop: Floats
    kind: Ints

    @classmethod
    def find(cls, codes: Ints, axes: Sequence[Axis]) -> "Bins":
        """Put about as many of the rows, shape (n, q), into each bin, and about as many of the values."""
        of, parts, at = [], [], 0
        for f, axis in enumerate(axes):
            placed, free = axis.n_placed, len(axis.places) - axis.n_placed
            ends = _ends(np.bincount(codes[:, f], minlength=placed)[:placed])
            begin = np.concatenate([[0], ends + 1]).astype(np.intp)
            border, aside = edges(axis), np.arange(placed, placed + free)
            n_ranges = len(ends)
            of.append(at + np.concatenate([np.searchsorted(ends, np.arange(placed)), n_ranges + np.arange(free)]))
            parts.append(
                (
                    np.full(n_ranges + free, f),
                    np.concatenate([ends, aside]),
                    np.concatenate([border[begin[:-1]], np.zeros(free)]),
                    np.concatenate([border[begin[1:]], np.zeros(free)]),
                    np.repeat([PLACED, ASIDE if axis.ordered else CATEGORY], [n_ranges, free]),
                )
            )
            at += n_ranges + free
        column, last, start, stop, kind = (np.concatenate(part) for part in zip(*parts, strict=True))
        return cls(of=of, column=column, last=last.astype(np.intp), start=start, stop=stop, kind=kind)

    @cached_property
    def offset(self) -> Ints:
        """Where the bins of each column begin, shape (q + 1,)."""
        return np.searchsorted(self.column, np.arange(len(self.of) + 1))

    @cached_property
    def turned(self) -> Ints:
        """The bins of ordered columns in which something is missing, with what is missing before the rest."""
        some = np.unique(self.column[self.kind == ASIDE])
        mine = np.flatnonzero(np.isin(self.column, some))
        return mine[np.lexsort((mine, self.kind[mine] == PLACED, self.column[mine]))]

    def open(self, held: Bools) -> tuple[Floats, Floats, Floats]:
        """Return where what is held of each column begins and ends, and how much of it is open, q each."""
        first = self.offset[:-1]
        here = held & (self.kind == PLACED)
        low = np.minimum.reduceat(np.where(here, self.start, 1.0), first)
        high = np.maximum.reduceat(np.where(here, self.stop, 0.0), first)
        count, size = np.add.reduceat(held.astype(float), first), np.diff(self.offset)
        wide = np.where(self.kind[first] == CATEGORY, np.where(count > 1, count / size, 0.0), np.maximum(high - low, 0))
        return low, high, np.where(count == size, 1.0, wide)


def _ends(count: Ints) -> Ints:
    """Return the last code of each bin, where each of the codes, in their order, has so many rows; shape (n_codes,)."""
    n_codes = len(count)
    if n_codes <= 2 * _FINEST:
        return np.arange(n_codes)
    by_rows = np.floor(_FINEST * (np.cumsum(count) - count / 2) / max(1, count.sum()))
    by_values = np.floor(np.arange(n_codes) * _FINEST / n_codes)
    return np.flatnonzero(np.append((np.diff(by_rows) > 0) | (np.diff(by_values) > 0), True))
