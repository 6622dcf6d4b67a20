"""R+ tree: pack rows into boxes that do not overlap, each cut chosen so that the boxes on its sides are small.

After anonymization as spatial indexing (Iwuchukwu and Naughton, VLDB 2007): the leaves of an R+ tree (Sellis,
Roussopoulos and Faloutsos, VLDB 1987) that hold at least k rows are classes. The paper fills its tree through buffers
on disk and splits leaves that are full; here all rows are at hand, and the tree is loaded from the top. Of all allowed
cuts of all columns, the one is made that leaves the least sum of perimeters of the tight boxes around its sides, each
side scaled to the range of its column and counted once per row, which is the normalized certainty penalty. Leaves may
lie at any depth. Equal rows are never parted; without ties a leaf holds k to 2 k - 1 rows. Without hierarchies,
categories follow the order of their codes.

Each of the q columns is weighed for cuts in each of the q: time grows with q² n per level.

>>> import numpy as np
>>> ages = Axis(places=np.array([30.0, 31.0, 33.0, 60.0, 61.0]), ordered=True)
>>> codes = np.array([[0], [1], [2], [3], [4]])
>>> r_plus_tree(codes, [ages], k=2).route(codes)
array([0, 0, 0, 1, 1])
"""

from collections.abc import Sequence

import numpy as np

from reticent.coding.codes import Axis, Floats, Ints
from reticent.defenses.data.anonymize.levels import Level, grow_by
from reticent.defenses.data.anonymize.partition import Partition


def r_plus_tree(codes: Ints, axes: Sequence[Axis], k: int, weights: Floats | None = None) -> Partition:
    """Return classes of at least ``k`` rows, or one class of all where they are fewer than 2 k.

    Parameters
    ----------
    codes : ndarray of shape (n, q)
        Codes from 0, one column per axis.
    axes : sequence of q Axis
        What the codes mean.
    k : int
        Rows on each side of every cut.
    weights : ndarray of shape (n,), optional
        How many rows each row stands for, whole numbers; one by default.
    """
    return grow_by(_smallest_boxes, codes, axes, k, weights)


def _smallest_boxes(level: Level, j: int, left: Floats, right: Floats) -> tuple[Floats, Floats]:
    cells, n = level.cells[j], len(level.node)
    order = np.argsort(cells.of, kind="stable")
    last = np.cumsum(np.bincount(cells.of)) - 1  # of each cell, in this order
    behind = n - 1 - np.minimum(last + 1, n - 1)  # the first row after it, counted from the end
    # One behind the last cell of a node lies the next node: such a cut is not allowed, whatever it would cost.
    cost = sum(
        left * _growing_width(axis, level, c, order, last) + right * _growing_width(axis, level, c, order[::-1], behind)
        for c, axis in enumerate(level.axes)
    )
    return -np.asarray(cost), np.zeros(len(last))


def _growing_width(axis: Axis, level: Level, c: int, order: Ints, at: Ints) -> Floats:
    """Return the width in column ``c`` of all rows of a node from its first in ``order`` to that in place ``at``."""
    cells, node, n = level.cells[c], level.node[order], len(order)
    lap = np.cumsum(np.diff(node, prepend=node[0]) != 0)  # nodes in the order in which they come, from 0
    if axis.ordered or axis.tree is not None:
        code, span = level.codes[order, c], len(axis.places)
        # Each lap begins above all that the lap before it has reached, so that its maxima start anew.
        high = (np.maximum.accumulate(lap * span + code) - lap * span)[at]
        low = (span - 1 - (np.maximum.accumulate(lap * span + (span - 1 - code)) - lap * span))[at]
        return axis.width(low, high, np.where(high > low, 2, 1))
    of = cells.of[order]
    met = np.empty(len(cells.node), np.intp)
    met[of[::-1]] = np.arange(n)[::-1]  # where each cell is first met: numpy keeps the last write
    fresh = met[of] == np.arange(n)
    count = np.cumsum(fresh)
    before = (count - fresh)[np.searchsorted(lap, np.arange(lap[-1] + 1))]
    return axis.width(at, at, (count - before[lap])[at])
