"""What is released for a class: one value per column, a real combination, or what it spans; and what that loses.

>>> import numpy as np
>>> ages = Axis(places=np.array([30.0, 31.0, 60.0]), ordered=True)
>>> codes, classes = np.array([[0], [1], [1], [2]]), np.array([0, 0, 0, 1])
>>> representatives(codes, classes, [ages]).tolist(), medoids(codes, classes, [ages]).tolist()
([[1], [2]], [[1], [2]])
>>> towns, codes = Axis(places=np.full(2, np.nan), ordered=False), np.tile([[0], [0], [1]], (30, 1))
>>> np.bincount(carried(codes, np.repeat(np.arange(30), 3), [towns])[:, 0]).tolist()  # a third is of the second town
[20, 10]
>>> codes = np.array([[0], [1], [1], [2]])
>>> loss(codes, classes, [ages])
0.025
"""

from collections.abc import Callable, Sequence

import numpy as np

from reticent.coding.codes import Axis, Cells, Floats, Ints, add
from reticent.defenses.data.anonymize.kernel import carry

_MANY = 10  # classes for each category, so that shares can be kept


def representatives(codes: Ints, classes: Ints, axes: Sequence[Axis], counts: Ints | None = None) -> Ints:
    """Return one code per class and column: the lower median where there is an order, else the most frequent code.

    In an ordered column a missing value represents a class of which more than half is missing.

    Parameters
    ----------
    codes : ndarray of shape (n, q)
    classes : ndarray of shape (n,)
        The class of each row, all from 0 to n_classes - 1.
    axes : sequence of q Axis
    counts : ndarray of shape (n,), optional
        How many rows each row stands for; one by default.

    Returns
    -------
    ndarray of shape (n_classes, q)
    """
    n_classes = int(classes.max()) + 1
    weight = np.ones(len(codes)) if counts is None else counts.astype(float)
    chosen = np.empty((n_classes, len(axes)), np.intp)
    for j, axis in enumerate(axes):
        cells = Cells.find(classes, codes[:, j], n_classes, len(axis.places))
        count, placed = add(cells.of, weight), cells.code < axis.n_placed
        # Of several writes to one place numpy keeps the last: here the highest count and, of those, the lowest code.
        order = np.lexsort((-cells.code, count, cells.node))
        order = order[~placed[order]]
        chosen[cells.node[order], j] = cells.code[order]
        n_placed = add(cells.node, count * placed, n_classes)
        half = 2 * cells.running(count * placed) >= n_placed[cells.node]
        order = np.flatnonzero(placed & half & (2 * n_placed >= add(classes, weight))[cells.node])[::-1]
        chosen[cells.node[order], j] = cells.code[order]
    return chosen


def carried(codes: Ints, classes: Ints, axes: Sequence[Axis], counts: Ints | None = None) -> Ints:
    """Return representatives whose categories have about the shares that they have in the table.

    Where every class released its most frequent category, rare ones would vanish from the table, and a model trained on
    it would not know them. So what a class could not release is carried to the next, and of its categories each class
    releases the one that is most overdue. Neighboring numbers should stand for classes that are alike. Shapes as in
    :func:`representatives`; numbers, dates and ordered categories are represented as there, and so are columns of
    nearly as many categories as there are classes: one class alone would then stand for all people of a rare one.
    """
    n_classes = int(classes.max()) + 1
    plain = [j for j, axis in enumerate(axes) if axis.ordered or n_classes < _MANY * len(axis.places)]
    weight = np.ones(len(codes)) if counts is None else counts.astype(float)
    chosen = np.empty((n_classes, len(axes)), np.intp)
    chosen[:, plain] = representatives(codes[:, plain], classes, [axes[j] for j in plain], counts)
    for j, axis in enumerate(axes):
        if j not in plain:
            cells = Cells.find(classes, codes[:, j], n_classes, len(axis.places))
            held = add(cells.of, weight)
            chosen[:, j] = carry(cells.start, cells.stop, cells.code, held, np.zeros(len(axis.places)))
    return chosen


def medoids(codes: Ints, classes: Ints, axes: Sequence[Axis], counts: Ints | None = None) -> Ints:
    """Return the combination of each class that lies nearest to its representative: one that a person really has.

    Shapes as in :func:`representatives`. Near is what differs in few columns, and there by little.
    """
    middle = representatives(codes, classes, axes, counts)[classes]
    apart = np.zeros(len(codes))
    for j, axis in enumerate(axes):
        differ = codes[:, j] != middle[:, j]
        reach = np.abs(axis.scaled[codes[:, j]] - axis.scaled[middle[:, j]]) if axis.ordered else np.ones(len(codes))
        apart += np.where(differ, np.where(np.isnan(reach), 1.0, reach), 0.0)
    # The last write wins: the nearest and, of those, the one with the lowest codes, whatever the order of the rows.
    order = np.lexsort((*codes.T[::-1], np.round(apart, 12)))[::-1]
    chosen = np.empty((int(classes.max()) + 1, codes.shape[1]), np.intp)
    chosen[classes[order]] = codes[order]
    return chosen


def representing(technique: str) -> Callable[..., Ints]:
    """Return how classes of a technique are represented: those of a tree of ours, whose neighbors are alike, carry."""
    return carried if technique == "guided" else representatives


def widths(codes: Ints, classes: Ints, axis: Axis) -> Floats:
    """Return the share of one column, with codes of shape (n,), that each class spans, shape (n_classes,)."""
    cells = Cells.find(classes, codes, int(classes.max()) + 1, len(axis.places))
    return axis.width(cells.code[cells.start], cells.code[cells.stop - 1], cells.stop - cells.start)


def loss(codes: Ints, classes: Ints, axes: Sequence[Axis], counts: Ints | None = None) -> float:
    """Return the normalized certainty penalty, 0 to 1: the mean width of a row's class over all rows and columns."""
    people = add(classes, None if counts is None else counts.astype(float))
    total = sum(float(people @ widths(codes[:, j], classes, axis)) for j, axis in enumerate(axes))
    return total / (float(people.sum()) * len(axes))
