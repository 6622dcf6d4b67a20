"""Find the best cut of every node of a level at once: the search below :func:`~reticent.defenses.data.anonymize.partition.grow`.

A cut parts the codes of one column in two. Ordered columns are cut at a threshold, with the codes that have no place on
either end; categories along the order in which the labels speak for them, or one against the rest. A cut is allowed
where at least k people stand on either side, and the one that keeps most wins.

>>> import numpy as np
>>> ages = Axis(places=np.array([30.0, 31.0, 60.0, 61.0]), ordered=True)
>>> rows = Rows.gather(np.array([[0], [1], [2], [3]]), [ages])
>>> cuts = best_cuts(rows, [ages], 1, k=2, detail=1.0)
>>> cuts.column.tolist(), cuts.up_to.tolist(), cuts.left.tolist()
([0], [1], [True, True, False, False])
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from reticent.coding.codes import Axis, Bools, Cells, Floats, Ints, People, add, distinct

# Gains per row closer than this are equal, and the first column and cut wins: rounding, and with it the order of the
# rows, must not decide.
_EQUAL = 1e-10


@dataclass(frozen=True, kw_only=True, eq=False)
class Rows:
    """Distinct rows (of one person) in the nodes of one level.

    Parameters
    ----------
    codes : ndarray of shape (n, q)
        Codes from 0, one column per axis.
    labels : ndarray of shape (n, C)
        Sums of the soft labels of the rows that each row stands for; C is 0 where there is no guidance.
    weight : ndarray of shape (n,)
        How many rows each row stands for.
    people : ndarray of shape (n,) or None
        Whose row it is, from 0; None where each is a person of its own.
    node : ndarray of shape (n,)
        Where the row is, numbered within the level from 0.
    """

    codes: Ints
    labels: Floats
    weight: Floats
    people: Ints | None
    node: Ints

    @classmethod
    def gather(
        cls,
        codes: Ints,
        axes: Sequence[Axis],
        labels: Floats | None = None,
        weights: Floats | None = None,
        people: Ints | None = None,
    ) -> "Rows":
        """Add up equal rows (of one person) and put all into node 0: the search costs time per distinct row only."""
        keys, sizes = codes, [len(axis.places) for axis in axes]
        if people is not None:
            keys, sizes = np.column_stack([codes, people]), [*sizes, int(people.max()) + 1]
        first, inverse = distinct(keys, sizes)
        weights = np.ones(len(codes)) if weights is None else weights
        labels = np.empty((len(codes), 0)) if labels is None else labels
        return cls(
            codes=codes[first],
            labels=add(inverse, labels * weights[:, None]),
            weight=add(inverse, weights),
            people=None if people is None else people[first],
            node=np.zeros(len(first), np.intp),
        )

    def take(self, keep: Bools, node: Ints) -> "Rows":
        """Keep some rows, under the new numbers of their nodes; both of shape (n,)."""
        if keep.all():
            return replace(self, node=node)
        return Rows(
            codes=self.codes[keep],
            labels=self.labels[keep],
            weight=self.weight[keep],
            people=None if self.people is None else self.people[keep],
            node=node[keep],
        )


@dataclass(frozen=True, kw_only=True, eq=False)
class Cuts:
    """The best cut of each node of a level.

    Parameters
    ----------
    column : ndarray of shape (n_nodes,)
        The column that is cut; -1 where no cut is allowed.
    up_to : ndarray of shape (n_nodes,)
        In an ordered column, codes up to this one go left.
    left : ndarray of shape (n,)
        Whether each row goes left.
    listed_node, listed_code, listed_left : ndarray of shape (n_listed,)
        The codes without a place that the nodes have met, and whether they go left.
    """

    column: Ints
    up_to: Ints
    left: Bools
    listed_node: Ints
    listed_code: Ints
    listed_left: Bools


def best_cuts(rows: Rows, axes: Sequence[Axis], n_nodes: int, *, k: int, detail: float) -> Cuts:
    """Compare all cuts of all columns, for all nodes of the level at once.

    Parameters
    ----------
    rows : Rows
        The rows; each of the ``n_nodes`` nodes holds at least one.
    axes : sequence of q Axis
        What the codes mean.
    n_nodes : int
        The nodes of the level, numbered from 0.
    k : int
        People on each side of every cut.
    detail : float
        Weight of the width of a side against Gini impurity, per row.
    """
    gain, choice = np.full(n_nodes, -np.inf), np.full(n_nodes, -1)
    found: list[tuple[int, Cells, Bools]] = []
    people = People.of(rows.node, n_nodes, rows.weight, rows.people)
    slack = _EQUAL * add(rows.node, rows.weight)
    for j, axis in enumerate(axes):
        cells = Cells.find(rows.node, rows.codes[:, j], n_nodes, len(axis.places))
        if len(cells.node) == n_nodes:
            continue  # constant everywhere
        for reached, left in _candidates(rows, axis, cells, people, k=k, detail=detail):
            better = reached > gain + slack
            gain[better], choice[better] = reached[better], len(found)
            found.append((j, cells, left))
    column, up_to = np.full((2, n_nodes), -1)
    goes_left = np.zeros(len(rows.node), bool)
    listed = [np.empty((0, 3), np.intp)]
    for number, (j, cells, left) in enumerate(found):
        mine = choice == number
        column[mine] = j
        moved = mine[rows.node]
        goes_left[moved] = left[cells.of[moved]]
        here, placed = mine[cells.node], cells.code < axes[j].n_placed
        # Halfway between the neighbors of the cut, for codes that other nodes hold but this one does not.
        low, high = here & placed & left, here & placed & ~left
        below, above = np.full(n_nodes, -1), np.full(n_nodes, 2 * axes[j].n_placed)
        np.maximum.at(below, cells.node[low], cells.code[low])
        np.minimum.at(above, cells.node[high], cells.code[high])
        up_to[mine] = np.where(below < 0, -1, (below + above) // 2)[mine]
        listed.append(np.column_stack([cells.node, cells.code, left])[here & ~placed])
    node, code, side = np.concatenate(listed).T
    return Cuts(
        column=column, up_to=up_to, left=goes_left, listed_node=node, listed_code=code, listed_left=side.astype(bool)
    )


def _candidates(
    rows: Rows, axis: Axis, cells: Cells, people: People, *, k: int, detail: float
) -> Iterator[tuple[Floats, Bools]]:
    """Yield, per family of cuts, the best gain of each node (-inf: none allowed) and whether each cell goes left."""
    here, node = np.arange(len(cells.node)), cells.node
    start, end = cells.start[node], cells.stop[node] - 1
    weight, labels = add(cells.of, rows.weight), add(cells.of, rows.labels)
    all_weight = np.add.reduceat(weight, cells.start)[node]
    all_labels = np.add.reduceat(labels, cells.start)[node]
    whole = _kept(all_weight, all_labels, axis.width(cells.code[start], cells.code[end], end - start + 1), detail)

    def best(kept: Floats, sides: tuple[Floats, Floats]) -> tuple[Floats, Ints]:
        gain = np.where((sides[0] >= k) & (sides[1] >= k), kept - whole, -np.inf)
        reached = np.maximum.reduceat(gain, cells.start)
        hits = np.flatnonzero(gain >= reached[node] - _EQUAL * all_weight)[::-1]
        spot = cells.start.copy()
        spot[node[hits]] = hits  # of equals the first, as numpy keeps the last write
        return reached, spot[node]

    for order in _orders(axis, cells, weight, labels, all_labels / all_weight[:, None]):
        place = np.empty_like(order)
        place[order] = here
        code, after = cells.code[order], np.minimum(here + 1, len(here) - 1)
        left_weight, left_labels = cells.running(weight[order]), cells.running(labels[order])
        left_width = axis.width(code[start], code, here - start + 1)
        right_width = axis.width(code[after], code[end], end - here)
        kept = _kept(left_weight, left_labels, left_width, detail)
        kept += _kept(all_weight - left_weight, all_labels - left_labels, right_width, detail)
        reached, spot = best(kept, people.along(cells, place))
        yield reached, place <= spot
    if not axis.ordered:  # one against the rest: a heavy category by itself loses nothing at all
        kept = _kept(weight, labels, np.zeros(len(here)), detail)
        kept += _kept(all_weight - weight, all_labels - labels, axis.width(here, here, end - start), detail)
        reached, spot = best(kept, people.alone(cells))
        yield reached, here == spot


def _kept(weight: Floats, labels: Floats, width: Floats, detail: float) -> Floats:
    """Return what one side keeps: its Gini impurity and the penalty for its width, both negated, plus its weight."""
    squares = np.einsum("ij,ij->i", labels, labels)
    return np.asarray(squares / np.maximum(weight, 1.0) - detail * weight * width)


def _orders(axis: Axis, cells: Cells, weight: Floats, labels: Floats, center: Floats) -> Iterator[Ints]:
    """Yield the orders along which a column is cut: by place, or by what the labels say of each category."""
    if axis.ordered or not labels.shape[1]:
        yield np.arange(len(cells.node))
        placed = cells.code < axis.n_placed
        if axis.ordered and not placed.all():  # what has no place stands behind all others above, before them here
            yield np.argsort(2 * cells.node + placed, kind="stable")
        return
    away = labels / weight[:, None] - center
    spread = np.add.reduceat(weight[:, None] * away**2, cells.start)
    widest = np.argmax(spread >= (1 - _EQUAL) * spread.max(axis=1, keepdims=True), axis=1)
    direction = np.eye(labels.shape[1])[widest]
    for _ in range(3 if labels.shape[1] > 2 else 0):  # power iteration; with two labels the axis is the direction
        along = np.einsum("ij,ij->i", away, direction[cells.node])
        direction = np.add.reduceat((weight * along)[:, None] * away, cells.start)
        direction /= np.maximum(np.linalg.norm(direction, axis=1, keepdims=True), np.finfo(float).tiny)
    along = np.einsum("ij,ij->i", away, direction[cells.node])
    yield np.lexsort((np.round(along, 12), cells.node))
