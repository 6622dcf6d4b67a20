"""Hilbert curve: lay all rows on one line that keeps neighbors together, then cut the line where least is lost.

Ghinita, Karras, Kalnis and Mamoulis, "Fast data anonymization with low information loss", VLDB 2007. The columns, each
scaled to [0, 1], span a cube, and a Hilbert curve through it gives each row its place on a line (Skilling 2004, in
numpy for all rows at once). Dynamic programming then parts the line into runs of at least k rows such that the sum of
their normalized certainty penalties is the least that this order allows. Runs that could be parted again never win, so
that without ties each holds k to 2 k - 1 rows. Equal rows stay together. Categories follow the order of their codes,
and what is missing stands half a cube away from all numbers.

>>> import numpy as np
>>> ages = Axis(places=np.array([30.0, 31.0, 33.0, 60.0, 61.0]), ordered=True)
>>> codes = np.array([[0], [1], [2], [3], [4]])
>>> hilbert(codes, [ages], k=2).route(codes)
array([0, 0, 0, 1, 1])
>>> curve_index(np.array([[0, 0], [0, 1], [1, 1], [1, 0]]), bits=1).argsort()
array([0, 1, 2, 3])
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from reticent.coding.codes import Axis, Floats, Ints, add, distinct

BITS = 10
_CELLS = 2**19  # how many (start, length) pairs are weighed at a time: what fits into the processor's cache


@dataclass(frozen=True, kw_only=True, eq=False)
class Curve:
    """Runs of a Hilbert curve.

    Parameters
    ----------
    axes : tuple of q Axis
        The columns, in the order of the codes.
    common : ndarray of shape (q,)
        The most frequent code of each column, in whose place a code stands that was never seen.
    firsts : ndarray of bytes of shape (n_classes,)
        The place on the curve at which each class begins, ascending.
    """

    axes: tuple[Axis, ...]
    common: Ints
    firsts: npt.NDArray[Any]

    @property
    def n_classes(self) -> int:
        """The number of runs."""
        return len(self.firsts)

    def route(self, codes: Ints) -> Ints:
        """Return the class of each row of ``codes``, shape (n, q) -> (n,); a code of -1 was never seen."""
        codes = np.where(codes < 0, self.common, codes)
        first, of = distinct(codes, [len(axis.places) for axis in self.axes])
        run = np.searchsorted(self.firsts, _places(codes[first], self.axes), side="right") - 1
        return np.maximum(run, 0)[of]


def hilbert(codes: Ints, axes: Sequence[Axis], k: int, weights: Floats | None = None) -> Curve:
    """Return classes of at least ``k`` rows, or one class of all where they are fewer than 2 k.

    Time grows with n k q: each of the n places may begin a run of k lengths.

    Parameters
    ----------
    codes : ndarray of shape (n, q)
        Codes from 0, one column per axis.
    axes : sequence of q Axis
        What the codes mean.
    k : int
        Rows in each class.
    weights : ndarray of shape (n,), optional
        How many rows each row stands for, whole numbers; one by default.
    """
    first, of = distinct(codes, [len(axis.places) for axis in axes])
    codes, weight = codes[first], add(of, weights)
    places = _places(codes, axes)
    order = np.argsort(places)
    return Curve(
        axes=tuple(axes),
        common=np.array([int(add(part, weight).argmax()) for part in codes.T]),
        firsts=places[order][_best_runs(codes[order], axes, weight[order], k)],
    )


def curve_index(cells: Ints, bits: int) -> npt.NDArray[Any]:
    """Return the places of cells on a Hilbert curve as bytes that sort, shape (n, q) -> (n,).

    Each coordinate is a whole number below ``2**bits``. The algorithm is Skilling's, "Programming the Hilbert curve",
    AIP Conference Proceedings 707, 2004.
    """
    x = np.array(cells.T, dtype=np.int64)
    for bit in range(bits - 1, 0, -1):  # undo the excess turns
        for i in range(len(x)):
            turned = x[i] >> bit & 1 == 1
            swap = np.where(turned, 0, (x[0] ^ x[i]) & (1 << bit) - 1)
            x[0] ^= np.where(turned, (1 << bit) - 1, swap)
            x[i] ^= swap
    for i in range(1, len(x)):  # Gray code
        x[i] ^= x[i - 1]
    flip = np.zeros_like(x[0])
    for bit in range(bits - 1, 0, -1):
        flip ^= np.where(x[-1] >> bit & 1 == 1, (1 << bit) - 1, 0)
    x ^= flip
    planes = [part >> bit & 1 for bit in range(bits - 1, -1, -1) for part in x]
    return _as_bytes(np.packbits(np.array(planes, dtype=np.uint8).T, axis=1))


def _places(codes: Ints, axes: Sequence[Axis]) -> npt.NDArray[Any]:
    """Return the place of each row on the curve, shape (n, q) -> (n,); rows of one cell follow their codes."""
    cells = np.empty(codes.shape, np.int64)
    for j, axis in enumerate(axes):
        n_codes = len(axis.places)
        scaled = axis.scaled if axis.ordered else np.arange(n_codes) / max(n_codes - 1, 1)
        if axis.ordered and axis.n_placed < n_codes:
            scaled = np.where(np.isnan(scaled), 1.0, scaled / 2)
        cells[:, j] = np.rint(scaled * (2**BITS - 1))[codes[:, j]]
    ties = np.ascontiguousarray(codes, dtype=">u4").view(np.uint8)
    along = curve_index(cells, BITS)
    return _as_bytes(np.column_stack([along.view(np.uint8).reshape(len(codes), along.itemsize), ties]))


def _as_bytes(rows: npt.NDArray[np.uint8]) -> npt.NDArray[Any]:
    return np.ascontiguousarray(rows).view(f"S{rows.shape[1]}")[:, 0]


def _best_runs(codes: Ints, axes: Sequence[Axis], weight: Floats, k: int) -> Ints:
    """Return where the runs begin whose penalties add up to the least, ascending; rows are in the order of the line.

    Behind the k rows that a run must have, it may hold fewer than k more: with more it could be parted, and no box of a
    part is wider than that of the whole.
    """
    n, before = len(codes), np.concatenate([[0.0], np.cumsum(weight)])
    nearest = np.searchsorted(before, before[:-1] + k)  # the first end at which a run holds k
    farthest = np.searchsorted(before, before[np.minimum(nearest, n)] + k) - 1  # the last before it holds k more
    best, begun = np.full(n + 1, np.inf), np.zeros(n + 1, np.intp)
    best[0], start = 0.0, 0
    while start < n and nearest[start] <= n:
        longest = int(farthest[start] - start)
        stop = min(start + max(1, _CELLS // longest), n)
        lengths = np.stack([nearest[start:stop], farthest[start:stop]]) - np.arange(start, stop)
        shortest = int(lengths[0].min())
        width = _widths(codes, axes, slice(start, stop), range(shortest, int(lengths[1].max()) + 1))
        for s in range(start, stop):
            if nearest[s] > n:
                break
            if not np.isfinite(best[s]):  # no runs of k rows end here
                continue
            ends = slice(nearest[s], farthest[s] + 1)
            own = width[s - start, nearest[s] - s - shortest : farthest[s] - s + 1 - shortest]
            reached = best[s] + (before[ends] - before[s]) * own
            better = reached < best[ends]
            best[ends][better], begun[ends][better] = reached[better], s
        start = stop
    runs = [0 if nearest[0] > n else int(begun[n])]
    while runs[-1]:
        runs.append(int(begun[runs[-1]]))
    return np.array(runs[::-1])


def _widths(codes: Ints, axes: Sequence[Axis], starts: slice, lengths: range) -> Floats:
    """Return the summed widths of all runs from these starts with these lengths, shape (n_starts, n_lengths).

    Those of runs beyond the end of the rows mean nothing.
    """
    at, cut = np.arange(starts.start, starts.stop), lengths.start - 1
    total = np.zeros((len(lengths), len(at)))
    window = np.minimum(np.arange(starts.start, starts.stop + lengths.stop - 2), len(codes) - 1)
    for axis, column in zip(axes, codes.astype(np.int32).T, strict=True):
        taken = column[window]
        if axis.ordered or axis.tree is not None:
            seen = np.lib.stride_tricks.sliding_window_view(taken, len(at))  # line i: what stands i behind each start
            low, high = (ends.accumulate(seen)[cut:].ravel() for ends in (np.minimum, np.maximum))
            total += axis.width(low, high, np.where(high > low, 2, 1)).reshape(total.shape)
        else:
            seen = np.lib.stride_tricks.sliding_window_view(_met_before(taken), len(at))
            count = np.cumsum(seen < at - starts.start, axis=0, dtype=np.int32)[cut:]
            total += axis.width(at, at, np.asarray(count, np.intp))
    return np.ascontiguousarray(total.T)


def _met_before(codes: Ints) -> Ints:
    """Return where each code was met last before, shape (n,); -1 where it was not."""
    order = np.argsort(codes, kind="stable")
    repeats = codes[order[1:]] == codes[order[:-1]]
    met = np.full(len(codes), -1)
    met[order[1:][repeats]] = order[:-1][repeats]
    return met
