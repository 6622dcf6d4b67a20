"""Mondrian: halve the rows at the median of the widest column, as long as k rows stay on either side.

The classic multidimensional technique (LeFevre, DeWitt and Ramakrishnan, ICDE 2006), in its strict form: rows with
equal values are never parted. It does not know what the rows are for. Where the widest column allows no cut, the next
widest is tried; of equally wide ones, the one with the more even cut is taken. Ties may make a cut at the median itself
impossible; the cut is then the one that comes nearest to halves, so that a column is given up only where no cut of it
is allowed. Without hierarchies, categories follow the order of their codes, and their width is the share of them that
occurs.

>>> import numpy as np
>>> ages = Axis(places=np.array([30.0, 31.0, 60.0, 61.0]), ordered=True)
>>> towns = Axis(places=np.full(2, np.nan), ordered=False)
>>> codes = np.array([[0, 0], [1, 0], [2, 0], [3, 1]])
>>> mondrian(codes, [ages, towns], k=2).route(codes)
array([0, 0, 1, 1])
"""

from collections.abc import Sequence

import numpy as np

from reticent.coding.codes import Axis, Floats, Ints
from reticent.defenses.data.anonymize.levels import Level, grow_by
from reticent.defenses.data.anonymize.partition import Partition


def mondrian(codes: Ints, axes: Sequence[Axis], k: int, weights: Floats | None = None) -> Partition:
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
    return grow_by(_widest_then_most_even, codes, axes, k, weights)


def _widest_then_most_even(level: Level, j: int, left: Floats, right: Floats) -> tuple[Floats, Floats]:
    cells = level.cells[j]
    width = level.axes[j].width(cells.code[cells.start], cells.code[cells.stop - 1], cells.stop - cells.start)
    return width[cells.node], np.minimum(left, right)
