"""Cut a table of codes into classes of at least k people: the pure array code below :class:`Anonymizer`.

The attacker knows some columns of a person and looks for the person's row. The partition is grown from the top, one
cut at a time, until no cut leaves k people on both sides; the cut taken is the one that best keeps what a model knows
(soft labels) and, by a small share, the detail of the values. After LeFevre, DeWitt and Ramakrishnan 2006 (Mondrian,
doi:10.1109/ICDE.2006.101) and Goldsteen et al. 2021 (arXiv:2007.13086).

>>> import numpy as np
>>> ages = Axis(places=np.array([30.0, 31.0, 60.0, 61.0]), ordered=True)
>>> partition = grow(np.array([[0], [1], [2], [3]]), [ages], k=2)
>>> partition.route(np.array([[0], [1], [2], [3]]))
array([0, 0, 1, 1])
>>> partition.n_classes
2
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from reticent.coding.codes import Axis, Bools, Cells, Floats, Ints, add, distinct
from reticent.defenses.data.anonymize.cuts import Rows, best_cuts
from reticent.errors import TableError


@dataclass(frozen=True, kw_only=True, eq=False)
class Partition:
    """A binary tree over codes; one entry per node, the root first.

    Parameters
    ----------
    axes : tuple of Axis
        The columns, in the order of the codes.
    column : ndarray of shape (n_nodes,)
        The column that the node cuts; -1 at a leaf.
    left, right : ndarray of shape (n_nodes,)
        The nodes below; -1 at a leaf.
    up_to : ndarray of shape (n_nodes,)
        In an ordered column, codes up to this one go left.
    left_is_heavier : ndarray of shape (n_nodes,)
        The side that takes what the node has never met.
    listed : ndarray of shape (n_listed,)
        ``node * n_codes_max + code`` of each code without a place that the node has met, ascending.
    listed_left : ndarray of shape (n_listed,)
        Whether that code goes left.
    class_of : ndarray of shape (n_nodes,)
        The number of the class at a leaf, counted from 0; -1 at a cut.
    """

    axes: tuple[Axis, ...]
    column: Ints
    left: Ints
    right: Ints
    up_to: Ints
    left_is_heavier: Bools
    listed: Ints
    listed_left: Bools
    class_of: Ints

    @property
    def n_classes(self) -> int:
        """The number of leaves."""
        return int(self.class_of.max()) + 1

    def route(self, codes: Ints) -> Ints:
        """Return the class of each row of ``codes``, shape (n, q) -> (n,); a code of -1 was never seen."""
        # Only distinct rows walk; one more than the code, as those not seen are -1.
        first, of = distinct(codes + 1, [len(axis.places) + 1 for axis in self.axes])
        codes = codes[first]
        node = np.zeros(len(codes), np.intp)
        moving = np.arange(len(codes) if self.column[0] >= 0 else 0)
        n_placed = np.array([axis.n_placed for axis in self.axes])
        span = max(len(axis.places) for axis in self.axes)
        while len(moving):
            at = node[moving]
            column = self.column[at]
            code = codes[moving, column]
            placed = (code >= 0) & (code < n_placed[column])
            left = np.where(placed, code <= self.up_to[at], self.left_is_heavier[at])
            if len(self.listed):
                asked = np.flatnonzero((code >= 0) & ~placed)
                key = at[asked] * span + code[asked]
                spot = np.minimum(np.searchsorted(self.listed, key), len(self.listed) - 1)
                left[asked] = np.where(self.listed[spot] == key, self.listed_left[spot], left[asked])
            node[moving] = np.where(left, self.left[at], self.right[at])
            moving = moving[self.column[node[moving]] >= 0]
        return self.class_of[node][of]


def grow(
    codes: Ints,
    axes: Sequence[Axis],
    k: int,
    *,
    labels: Floats | None = None,
    weights: Floats | None = None,
    people: Ints | None = None,
    detail: float = 0.02,
) -> Partition:
    """Cut until no cut leaves at least ``k`` people on both sides; purity of the labels is no reason to stop.

    Parameters
    ----------
    codes : ndarray of shape (n, q)
        Codes from 0, one column per axis.
    axes : sequence of q Axis
        What the codes mean.
    k : int
        People on each side of every cut.
    labels : ndarray of shape (n, C), optional
        Soft labels: what is to stay predictable. Without them only the detail of the values counts.
    weights : ndarray of shape (n,), optional
        How many rows each row stands for, whole numbers; one by default.
    people : ndarray of shape (n,), optional
        Who each row belongs to, from 0. By default each row is a person of its own.
    detail : float
        Weight of the normalized certainty penalty (NCP, a share of the column's range) against Gini impurity, per row.
    """
    span = max(len(axis.places) for axis in axes)
    rows = Rows.gather(codes, axes, labels, weights, people)
    if not rows.labels.shape[1]:
        detail = 1.0  # alone, the penalty needs no scale
    column, left, right, up_to = np.full((4, 2 * len(rows.weight)), -1)
    left_is_heavier = np.zeros(len(column), bool)
    listed: list[Ints] = [np.empty(0, np.intp)]
    listed_left: list[Bools] = [np.empty(0, bool)]
    first, n_nodes = 0, 1
    while True:  # one round per level; its nodes are numbered from `first` to `n_nodes - 1`
        # Rows here are distinct and a cut never parts one, so k people per side need at least this much.
        hopeful = add(rows.node, rows.weight if people is None else None, n_nodes - first) >= 2 * k
        ids = first + np.flatnonzero(hopeful)
        if not len(ids):
            break
        rows = rows.take(hopeful[rows.node], (np.cumsum(hopeful) - 1)[rows.node])
        cuts = best_cuts(rows, axes, len(ids), k=k, detail=detail)
        parted = cuts.column >= 0
        column[ids], up_to[ids] = cuts.column, cuts.up_to
        left[ids[parted]] = n_nodes + 2 * np.arange(parted.sum())
        right[ids[parted]] = left[ids[parted]] + 1
        left_is_heavier[ids] = add(rows.node, np.where(cuts.left, rows.weight, -rows.weight), len(ids)) >= 0
        listed.append(ids[cuts.listed_node] * span + cuts.listed_code)
        listed_left.append(cuts.listed_left)
        below = np.where(cuts.left, left[ids[rows.node]], right[ids[rows.node]])
        rows = rows.take(parted[rows.node], below - n_nodes)
        first, n_nodes = n_nodes, n_nodes + 2 * int(parted.sum())
    keys = np.concatenate(listed)
    by_key = np.argsort(keys)
    is_leaf = column[:n_nodes] < 0
    return Partition(
        axes=tuple(axes),
        column=column[:n_nodes],
        left=left[:n_nodes],
        right=right[:n_nodes],
        up_to=up_to[:n_nodes],
        left_is_heavier=left_is_heavier[:n_nodes],
        listed=keys[by_key],
        listed_left=np.concatenate(listed_left)[by_key],
        class_of=np.where(is_leaf, np.cumsum(is_leaf) - 1, -1),
    )


def representatives(codes: Ints, classes: Ints, axes: Sequence[Axis]) -> Ints:
    """Return one code per class and column: the lower median where there is an order, else the most frequent code.

    In an ordered column a missing value represents a class of which more than half is missing.
    Shapes (n, q), (n,) -> (n_classes, q).
    """
    n_classes = int(classes.max()) + 1
    chosen = np.empty((n_classes, len(axes)), np.intp)
    for j, axis in enumerate(axes):
        cells = Cells.find(classes, codes[:, j], n_classes, len(axis.places))
        count, placed = add(cells.of), cells.code < axis.n_placed
        # Of several writes to one place numpy keeps the last: here the highest count and, of those, the lowest code.
        order = np.lexsort((-cells.code, count, cells.node))
        order = order[~placed[order]]
        chosen[cells.node[order], j] = cells.code[order]
        n_placed = add(cells.node, count * placed, n_classes)
        half = 2 * cells.running(count * placed) >= n_placed[cells.node]
        order = np.flatnonzero(placed & half & (2 * n_placed >= add(classes))[cells.node])[::-1]
        chosen[cells.node[order], j] = cells.code[order]
    return chosen


def loss(codes: Ints, classes: Ints, axes: Sequence[Axis]) -> float:
    """Return the normalized certainty penalty, 0 to 1: the mean width of a row's class over all rows and columns."""
    total, n_classes = 0.0, int(classes.max()) + 1
    for j, axis in enumerate(axes):
        cells = Cells.find(classes, codes[:, j], n_classes, len(axis.places))
        lowest, highest = cells.code[cells.start], cells.code[cells.stop - 1]
        total += float(add(classes) @ axis.width(lowest, highest, cells.stop - cells.start))
    return total / codes.size


def guidance(y: Any, n_rows: int) -> Floats | None:
    """Return what stays predictable as the soft labels of :func:`grow`, shape (n,) or (n, C) -> (n, C); None for None.

    Labels become one column each; amounts (fractions, or more than 50 different numbers) a single standardized column,
    as their variance is what counts; two dimensions are soft labels already, or one column of the above.

    Raises
    ------
    TableError
        For another number of rows, more dimensions, missing or infinite values.
    """
    if y is None:
        return None
    y = np.asarray(y)
    if y.ndim == 2 and y.shape[1] == 1:
        y = y[:, 0]
    if y.ndim not in {1, 2} or len(y) != n_rows:
        raise TableError(f"expected y of shape ({n_rows},) or ({n_rows}, C), one line per row of X; got {y.shape}")
    if y.dtype.kind == "f" and not np.isfinite(y).all():
        raise TableError("expected y without missing or infinite values; leave such rows out or give scores")
    if y.ndim == 2:
        return np.asarray(y, dtype=float)
    codes, found = pd.factorize(y, use_na_sentinel=False)
    if y.dtype.kind in "iuf" and (len(found) > 50 or (y != np.round(y)).any()):
        return np.asarray((y - y.mean()) / (y.std() or 1.0), dtype=float)[:, None]  # an amount, not a label
    return np.eye(len(found))[codes]
