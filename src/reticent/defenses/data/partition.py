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

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

Ints = npt.NDArray[np.intp]
Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]

# Gains per row closer than this are equal, and the first column and cut wins: rounding, and with it the order of the
# rows, must not decide.
_EQUAL = 1e-10


@dataclass(frozen=True, kw_only=True, eq=False)
class Axis:
    """What the codes of one column mean.

    Parameters
    ----------
    places : ndarray of shape (n_codes,)
        The finite number behind each code of an ordered column, ascending; NaN, at the end, for the codes that have no
        place (missing). All NaN for a categorical column, where only the number of codes counts.
    ordered : bool
        Whether the codes follow an order, so that a cut is a threshold.
    """

    places: Floats
    ordered: bool

    @cached_property
    def n_placed(self) -> int:
        """How many codes have a place in the order: those from 0 to ``n_placed - 1``."""
        return int(np.isfinite(self.places).sum()) if self.ordered else 0

    @cached_property
    def scaled(self) -> Floats:
        """The places on [0, 1]; halved first, since the widest range of floats is not itself a float."""
        placed = self.places[: self.n_placed] / 2
        span = placed[-1] - placed[0] if len(placed) else 0.0
        scaled = np.full(len(self.places), np.nan)
        scaled[: len(placed)] = (placed - placed[0]) / span if span > 0 else 0.0
        return scaled


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
        node = np.zeros(len(codes), np.intp)
        moving = np.arange(len(codes) if self.column[0] >= 0 else 0)
        n_placed = np.array([axis.n_placed for axis in self.axes])
        span = max(len(axis.places) for axis in self.axes)
        while len(moving):
            at = node[moving]
            column = self.column[at]
            code = codes[moving, column]
            left = np.where((code >= 0) & (code < n_placed[column]), code <= self.up_to[at], self.left_is_heavier[at])
            if len(self.listed):
                spot = np.minimum(np.searchsorted(self.listed, at * span + code), len(self.listed) - 1)
                met = (code >= 0) & (self.listed[spot] == at * span + code)
                left = np.where(met, self.listed_left[spot], left)
            node[moving] = np.where(left, self.left[at], self.right[at])
            moving = moving[self.column[node[moving]] >= 0]
        return self.class_of[node]


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
    rows = _gather(codes, axes, labels, weights, people)
    if not rows.labels.shape[1]:
        detail = 1.0  # alone, the penalty needs no scale
    column, left, right, up_to = np.full((4, 2 * len(rows.weight)), -1)
    left_is_heavier = np.zeros(len(column), bool)
    listed: list[Ints] = [np.empty(0, np.intp)]
    listed_left: list[Bools] = [np.empty(0, bool)]
    first, n_nodes = 0, 1
    while True:  # one round per level; its nodes are numbered from `first` to `n_nodes - 1`
        # Rows here are distinct and a cut never parts one, so k people per side need at least this much.
        hopeful = _add(rows.node, rows.weight if people is None else None, n_nodes - first) >= 2 * k
        ids = first + np.flatnonzero(hopeful)
        if not len(ids):
            break
        rows = rows.take(hopeful[rows.node], (np.cumsum(hopeful) - 1)[rows.node])
        cuts = _best_cuts(rows, axes, len(ids), k=k, detail=detail)
        parted = cuts.column >= 0
        column[ids], up_to[ids] = cuts.column, cuts.up_to
        left[ids[parted]] = n_nodes + 2 * np.arange(parted.sum())
        right[ids[parted]] = left[ids[parted]] + 1
        left_is_heavier[ids] = _add(rows.node, np.where(cuts.left, rows.weight, -rows.weight), len(ids)) >= 0
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


def distinct(codes: Ints, sizes: Sequence[int]) -> tuple[Ints, Ints]:
    """Return the first row of each distinct tuple and the tuple of each row, shape (n, q) -> (t,), (n,)."""
    key, bound = np.zeros(len(codes), np.intp), 1
    for column, size in zip(codes.T, sizes, strict=True):
        if bound * size > 2**62:  # the packed key would overflow: count anew from what really occurs
            present, key = np.unique(key, return_inverse=True)
            bound = len(present)
        key, bound = key * size + column, bound * size
    _, first, inverse = np.unique(key, return_index=True, return_inverse=True)
    return first, inverse


def representatives(codes: Ints, classes: Ints, axes: Sequence[Axis]) -> Ints:
    """Return one code per class and column: the lower median where there is an order, else the most frequent code.

    In an ordered column a missing value represents a class of which more than half is missing.
    Shapes (n, q), (n,) -> (n_classes, q).
    """
    n_classes = int(classes.max()) + 1
    chosen = np.empty((n_classes, len(axes)), np.intp)
    for j, axis in enumerate(axes):
        cells = _cells(classes, codes[:, j], len(axis.places), n_classes)
        count, placed = _add(cells.of), cells.code < axis.n_placed
        # Of several writes to one place numpy keeps the last: here the highest count and, of those, the lowest code.
        order = np.lexsort((-cells.code, count, cells.node))
        order = order[~placed[order]]
        chosen[cells.node[order], j] = cells.code[order]
        n_placed = _add(cells.node, count * placed, n_classes)
        half = 2 * cells.running(count * placed) >= n_placed[cells.node]
        order = np.flatnonzero(placed & half & (2 * n_placed >= _add(classes))[cells.node])[::-1]
        chosen[cells.node[order], j] = cells.code[order]
    return chosen


def loss(codes: Ints, classes: Ints, axes: Sequence[Axis]) -> float:
    """Return the normalized certainty penalty, 0 to 1: the mean width of a row's class over all rows and columns."""
    total, n_classes = 0.0, int(classes.max()) + 1
    for j, axis in enumerate(axes):
        cells = _cells(classes, codes[:, j], len(axis.places), n_classes)
        lowest, highest = cells.code[cells.start], cells.code[cells.stop - 1]
        total += float(_add(classes) @ _width(axis, lowest, highest, cells.stop - cells.start))
    return total / codes.size


@dataclass(frozen=True, kw_only=True, eq=False)
class _Rows:
    """Distinct rows (of one person) in the nodes of one level, which are numbered from 0."""

    codes: Ints
    labels: Floats
    weight: Floats
    people: Ints | None
    node: Ints

    def take(self, keep: Bools, node: Ints) -> "_Rows":
        """Keep some rows, under the new numbers of their nodes."""
        return _Rows(
            codes=self.codes[keep],
            labels=self.labels[keep],
            weight=self.weight[keep],
            people=None if self.people is None else self.people[keep],
            node=node[keep],
        )


@dataclass(frozen=True, kw_only=True, eq=False)
class _Cells:
    """The codes of one column that occur in each node, ascending by node, then code; ``of`` is the cell of each row."""

    node: Ints
    code: Ints
    of: Ints
    start: Ints
    stop: Ints

    def running(self, amount: Floats) -> Floats:
        """Return sums from the first cell of each node up to each cell, shape (n_cells, ...)."""
        sums = np.cumsum(amount, axis=0)
        before = np.concatenate([np.zeros_like(sums[:1]), sums])[self.start]
        return np.asarray(sums - before[self.node])


@dataclass(frozen=True, kw_only=True, eq=False)
class _Cuts:
    """The best cut of each node, as in :class:`Partition`; ``left`` says the side of each row."""

    column: Ints
    up_to: Ints
    left: Bools
    listed_node: Ints
    listed_code: Ints
    listed_left: Bools


@dataclass(frozen=True, kw_only=True, eq=False)
class _People:
    """Counts of distinct people; ``pair`` is the (node, person) of each row, None where each row is a person."""

    weight: Floats
    pair: Ints | None
    total: Floats

    @classmethod
    def of(cls, rows: _Rows, n_nodes: int) -> "_People":
        if rows.people is None:
            return cls(weight=rows.weight, pair=None, total=_add(rows.node, rows.weight))
        n_people = int(rows.people.max()) + 1
        pairs, pair = _compact(rows.node * n_people + rows.people, n_nodes * n_people)
        return cls(weight=rows.weight, pair=pair, total=_add(pairs // n_people))

    def along(self, cells: _Cells, place: Ints) -> tuple[Floats, Floats]:
        """Count up to and beyond each cell, in the order that puts each cell at its ``place``."""
        total, n_cells = self.total[cells.node], len(cells.node)
        if self.pair is None:
            left = cells.running(_add(place[cells.of], self.weight, n_cells))
            return left, total - left
        first, last = self._ends(self.pair, place[cells.of])
        return cells.running(_add(first, None, n_cells)), total - cells.running(_add(last, None, n_cells))

    def alone(self, cells: _Cells) -> tuple[Floats, Floats]:
        """Count in each cell, and in the rest of its node."""
        total, n_cells = self.total[cells.node], len(cells.node)
        if self.pair is None:
            inside = _add(cells.of, self.weight)
            return inside, total - inside
        first, last = self._ends(self.pair, cells.of)
        inside = _add(np.unique(cells.of * len(first) + self.pair) // len(first))
        return inside, total - _add(first[first == last], None, n_cells)

    @staticmethod
    def _ends(pair: Ints, place: Ints) -> tuple[Ints, Ints]:
        """Return where each pair is met first and last."""
        first, last = np.full(int(pair.max()) + 1, len(place)), np.full(int(pair.max()) + 1, -1)
        np.minimum.at(first, pair, place)
        np.maximum.at(last, pair, place)
        return first, last


def _add(group: Ints, amount: Floats | None = None, n_groups: int = 0) -> Floats:
    """Add up by group; counts where no amount is given. Shape (n,) or (n, C) -> (n_groups,) or (n_groups, C)."""
    if amount is None:
        return np.bincount(group, minlength=n_groups).astype(float)
    if amount.ndim == 1:
        return np.asarray(np.bincount(group, weights=amount, minlength=n_groups), dtype=float)
    sums = np.empty((max(n_groups, int(group.max(initial=-1)) + 1), amount.shape[1]))
    for c in range(amount.shape[1]):
        sums[:, c] = _add(group, amount[:, c], n_groups)
    return sums


def _gather(
    codes: Ints, axes: Sequence[Axis], labels: Floats | None, weights: Floats | None, people: Ints | None
) -> _Rows:
    """Add up equal rows (of one person): the search costs time per distinct row only."""
    keys, sizes = codes, [len(axis.places) for axis in axes]
    if people is not None:
        keys, sizes = np.column_stack([codes, people]), [*sizes, int(people.max()) + 1]
    first, inverse = distinct(keys, sizes)
    weights = np.ones(len(codes)) if weights is None else weights
    labels = np.empty((len(codes), 0)) if labels is None else labels
    return _Rows(
        codes=codes[first],
        labels=_add(inverse, labels * weights[:, None]),
        weight=_add(inverse, weights),
        people=None if people is None else people[first],
        node=np.zeros(len(first), np.intp),
    )


def _compact(key: Ints, bound: int) -> tuple[Ints, Ints]:
    """Return the keys that occur, ascending, and the place of each key among them; as ``np.unique``, but faster."""
    if bound > 8 * len(key) + 65536:
        present, place = np.unique(key, return_inverse=True)
        return present, place
    occurs = np.zeros(bound, bool)
    occurs[key] = True
    return np.flatnonzero(occurs), (np.cumsum(occurs) - 1)[key]


def _cells(node: Ints, code: Ints, n_codes: int, n_nodes: int) -> _Cells:
    present, of = _compact(node * n_codes + code, n_nodes * n_codes)
    owner = present // n_codes
    edges = np.searchsorted(owner, np.arange(n_nodes + 1))
    return _Cells(node=owner, code=present % n_codes, of=of, start=edges[:-1], stop=edges[1:])


def _width(axis: Axis, first: Ints, last: Ints, count: Ints) -> Floats:
    """Return the share of the column that codes ``first`` to ``last`` span: 0 for one, 1 where some are missing."""
    if axis.ordered:
        reach = np.abs(axis.scaled[last] - axis.scaled[first])
        return np.where(count > 1, np.where(np.isnan(reach), 1.0, reach), 0.0)
    return np.where(count > 1, count / len(axis.places), 0.0)


def _best_cuts(rows: _Rows, axes: Sequence[Axis], n_nodes: int, *, k: int, detail: float) -> _Cuts:
    """Compare all cuts of all columns, for all nodes of the level at once."""
    gain, choice = np.full(n_nodes, -np.inf), np.full(n_nodes, -1)
    found: list[tuple[int, _Cells, Bools]] = []
    people = _People.of(rows, n_nodes)
    slack = _EQUAL * _add(rows.node, rows.weight)
    for j, axis in enumerate(axes):
        cells = _cells(rows.node, rows.codes[:, j], len(axis.places), n_nodes)
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
    return _Cuts(
        column=column, up_to=up_to, left=goes_left, listed_node=node, listed_code=code, listed_left=side.astype(bool)
    )


def _candidates(
    rows: _Rows, axis: Axis, cells: _Cells, people: _People, *, k: int, detail: float
) -> Iterator[tuple[Floats, Bools]]:
    """Yield, per family of cuts, the best gain of each node (-inf: none allowed) and whether each cell goes left."""
    here, node = np.arange(len(cells.node)), cells.node
    start, end = cells.start[node], cells.stop[node] - 1
    weight, labels = _add(cells.of, rows.weight), _add(cells.of, rows.labels)
    all_weight = np.add.reduceat(weight, cells.start)[node]
    all_labels = np.add.reduceat(labels, cells.start)[node]
    whole = _kept(all_weight, all_labels, _width(axis, cells.code[start], cells.code[end], end - start + 1), detail)

    def best(kept: Floats, people: tuple[Floats, Floats]) -> tuple[Floats, Ints]:
        gain = np.where((people[0] >= k) & (people[1] >= k), kept - whole, -np.inf)
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
        left_width = _width(axis, code[start], code, here - start + 1)
        right_width = _width(axis, code[after], code[end], end - here)
        kept = _kept(left_weight, left_labels, left_width, detail)
        kept += _kept(all_weight - left_weight, all_labels - left_labels, right_width, detail)
        reached, spot = best(kept, people.along(cells, place))
        yield reached, place <= spot
    if not axis.ordered:  # one against the rest: a heavy category by itself loses nothing at all
        kept = _kept(weight, labels, np.zeros(len(here)), detail)
        kept += _kept(all_weight - weight, all_labels - labels, _width(axis, here, here, end - start), detail)
        reached, spot = best(kept, people.alone(cells))
        yield reached, here == spot


def _kept(weight: Floats, labels: Floats, width: Floats, detail: float) -> Floats:
    """Return what one side keeps: its Gini impurity and the penalty for its width, both negated, plus its weight."""
    squares = np.einsum("ij,ij->i", labels, labels)
    return np.asarray(squares / np.maximum(weight, 1.0) - detail * weight * width)


def _orders(axis: Axis, cells: _Cells, weight: Floats, labels: Floats, center: Floats) -> Iterator[Ints]:
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
