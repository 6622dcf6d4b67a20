"""Grow a tree of allowed cuts level by level, by any rule that says which is best: below Mondrian and the R+ tree.

A cut sends the codes of one column up to some code left. It is allowed where at least k rows stand on either side, and
equal rows are never parted. Cutting ends where no cut is allowed.

>>> import numpy as np
>>> ages = Axis(places=np.array([30.0, 31.0, 60.0, 61.0, 80.0]), ordered=True)
>>> def least(level, j, left, right):
...     return -left, right  # the cut with the fewest rows to the left
>>> grow_by(least, np.array([[0], [1], [2], [3], [4]]), [ages], k=2).route(np.array([[0], [1], [2], [3], [4]]))
array([0, 0, 1, 1, 1])
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from reticent.coding.codes import Axis, Cells, Floats, Ints, add, distinct
from reticent.defenses.data.anonymize.partition import Partition


@dataclass(frozen=True, kw_only=True, eq=False)
class Level:
    """Distinct rows in the nodes of one level.

    Parameters
    ----------
    axes : tuple of q Axis
        What the codes mean.
    codes : ndarray of shape (n, q)
        Codes from 0, one column per axis.
    weight : ndarray of shape (n,)
        How many rows each row stands for.
    node : ndarray of shape (n,)
        Where the row is, numbered within the level from 0.
    cells : tuple of q Cells
        Per column the codes that occur in each node.
    """

    axes: tuple[Axis, ...]
    codes: Ints
    weight: Floats
    node: Ints
    cells: tuple[Cells, ...]

    @classmethod
    def of(cls, axes: Sequence[Axis], codes: Ints, weight: Floats, node: Ints, n_nodes: int) -> "Level":
        """Find the cells of rows in ``n_nodes`` nodes, none of them empty."""
        found = (Cells.find(node, part, n_nodes, len(axis.places)) for part, axis in zip(codes.T, axes, strict=True))
        return cls(axes=tuple(axes), codes=codes, weight=weight, node=node, cells=tuple(found))


#: ``rule(level, j, left, right)``: two merits of the cut behind each cell of column ``j``, of which the first decides
#: and then the second, higher is better; ``left`` and ``right`` are the rows on its sides. Each of shape (n_cells,).
Rule = Callable[[Level, int, Floats, Floats], tuple[Floats, Floats]]


def grow_by(rule: Rule, codes: Ints, axes: Sequence[Axis], k: int, weights: Floats | None = None) -> Partition:
    """Make the best allowed cut of every node, by the rule, until none is left; of equals the first column and code.

    Parameters
    ----------
    rule : callable
        See :data:`Rule`.
    codes : ndarray of shape (n, q)
        Codes from 0, one column per axis.
    axes : sequence of q Axis
        What the codes mean.
    k : int
        Rows on each side of every cut.
    weights : ndarray of shape (n,), optional
        How many rows each row stands for, whole numbers; one by default.
    """
    first, of = distinct(codes, [len(axis.places) for axis in axes])
    codes, weight, node = codes[first], add(of, weights), np.zeros(len(first), np.intp)
    column, left, right, up_to = np.full((4, 2 * len(codes)), -1)
    heavier, listed_from, listed_to = np.zeros(len(column), bool), *np.zeros((2, len(column)), np.intp)
    listed_code, listed_left, n_listed = [np.empty(0, np.intp)], [np.empty(0, bool)], 0
    start, n_nodes = 0, 1
    while True:  # one round per level; its nodes are numbered from `start` to `n_nodes - 1`
        hopeful = add(node, weight, n_nodes - start) >= 2 * k
        ids = start + np.flatnonzero(hopeful)
        if not len(ids):
            break
        keep, node = hopeful[node], (np.cumsum(hopeful) - 1)[node]
        codes, weight, node = codes[keep], weight[keep], node[keep]
        level = Level.of(axes, codes, weight, node, len(ids))
        best, spot = _best(rule, level, len(ids), k)
        column[ids] = best
        parted = best >= 0
        left[ids[parted]] = n_nodes + 2 * np.arange(parted.sum())
        right[ids[parted]] = left[ids[parted]] + 1
        goes_left = np.zeros(len(node), bool)
        for j in np.unique(best[parted]):
            cells, mine, n_placed = level.cells[j], best == j, axes[j].n_placed
            behind = np.arange(len(cells.node)) <= spot[cells.node]
            goes_left = np.where(mine[node], behind[cells.of], goes_left)
            # Halfway between the neighbors of the cut, for codes that other nodes hold but this one does not.
            low, high = cells.code[spot[mine]], cells.code[spot[mine] + 1]
            up_to[ids[mine]] = np.where(high < n_placed, (low + high) // 2, n_placed - 1)
            asked = mine[cells.node] & (cells.code >= n_placed)
            each = np.bincount(cells.node[asked], minlength=len(ids))[mine]
            listed_to[ids[mine]] = n_listed + np.cumsum(each)
            listed_from[ids[mine]] = listed_to[ids[mine]] - each
            listed_code.append(cells.code[asked])
            listed_left.append(behind[asked])
            n_listed += int(asked.sum())
        heavier[ids] = add(node, np.where(goes_left, weight, -weight), len(ids)) >= 0
        below, keep = np.where(goes_left, left[ids[node]], right[ids[node]]) - n_nodes, parted[node]
        codes, weight, node = codes[keep], weight[keep], below[keep]
        start, n_nodes = n_nodes, n_nodes + 2 * int(parted.sum())
    is_leaf = column[:n_nodes] < 0
    return Partition(
        axes=tuple(axes),
        column=column[:n_nodes],
        left=left[:n_nodes],
        right=right[:n_nodes],
        up_to=up_to[:n_nodes],
        heavier=heavier[:n_nodes],
        listed_from=listed_from[:n_nodes],
        listed_to=listed_to[:n_nodes],
        listed_code=np.concatenate(listed_code),
        listed_left=np.concatenate(listed_left),
        class_of=np.where(is_leaf, np.cumsum(is_leaf) - 1, -1),
    )


def _best(rule: Rule, level: Level, n_nodes: int, k: int) -> tuple[Ints, Ints]:
    """Return the column that each node cuts (-1: no cut is allowed) and the cell behind which it does."""
    column, spot = np.full((2, n_nodes), -1)
    reached = np.full((2, n_nodes), -np.inf)
    for j, cells in enumerate(level.cells):
        weight = add(cells.of, level.weight)
        left = cells.running(weight)
        right = np.add.reduceat(weight, cells.start)[cells.node] - left
        allowed = (left >= k) & (right >= k)
        if not allowed.any():
            continue
        first, second = rule(level, j, left, right)
        first = np.where(allowed, first, -np.inf)
        top = np.maximum.reduceat(first, cells.start)
        second = np.where(allowed & (first == top[cells.node]), second, -np.inf)
        runner = np.maximum.reduceat(second, cells.start)
        hits = np.flatnonzero(second == runner[cells.node])[::-1]
        cut = np.empty(n_nodes, np.intp)
        cut[cells.node[hits]] = hits  # of equals the first, as numpy keeps the last write
        better = (top > reached[0]) | ((top == reached[0]) & (runner > reached[1]))
        column[better], spot[better] = j, cut[better]
        reached[:, better] = top[better], runner[better]
    return column, spot
