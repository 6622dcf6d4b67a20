"""Cut a table of codes into classes of at least k people: the pure array code below :class:`Anonymizer`.

The attacker knows some columns of a person and looks for the person's row. The partition is grown from the top, one
cut at a time, until no cut leaves k people on both sides; the cut taken is the one that best keeps what a model knows
(soft labels) and, by a small share, the detail of the values. After LeFevre, DeWitt and Ramakrishnan 2006 (Mondrian,
doi:10.1109/ICDE.2006.101) and Goldsteen et al. 2021 (arXiv:2007.13086).

>>> import numpy as np
>>> ages = Axis(places=np.array([30.0, 31.0, 60.0, 61.0]), ordered=True)
>>> partition = grow(np.array([[0], [1], [2], [3]]), [ages], k=2).partition
>>> partition.route(np.array([[0], [1], [2], [3]]))
array([0, 0, 1, 1])
>>> partition.n_classes
2
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from reticent.coding.codes import Axis, Bools, Floats, Ints, add, distinct
from reticent.defenses.data.anonymize.guarantees import Rules
from reticent.defenses.data.anonymize.kernel import grow_tree, number_leaves, walk_tree
from reticent.defenses.data.anonymize.sums import CATEGORICAL, ORDERED, TREE, Rows, Wishes

_MANY_ROWS = 200_000  # distinct ones


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
    heavier : ndarray of shape (n_nodes,)
        Whether the left side is the heavier one, which takes what the node has never met.
    listed_from, listed_to : ndarray of shape (n_nodes,)
        Where the codes without a place that the node has met stand in ``listed_code``, ascending.
    listed_code, listed_left : ndarray of shape (n_listed,)
        These codes, and whether they go left.
    class_of : ndarray of shape (n_nodes,)
        The number of the class at a leaf, counted from 0 from left to right; -1 at a cut.
    suppressed : bool
        Whether the last class holds suppressed rows, which may come from several leaves.
    """

    axes: tuple[Axis, ...]
    column: Ints
    left: Ints
    right: Ints
    up_to: Ints
    heavier: Bools
    listed_from: Ints
    listed_to: Ints
    listed_code: Ints
    listed_left: Bools
    class_of: Ints
    suppressed: bool = False

    @property
    def n_classes(self) -> int:
        """The number of classes."""
        return int(self.class_of.max()) + 1

    def route(self, codes: Ints) -> Ints:
        """Return the class of each row of ``codes``, shape (n, q) -> (n,); a code of -1 was never seen."""
        flat = Flat.of(self.axes)
        at = walk_tree(
            np.require(codes, np.int64, ["C", "W"]),  # of one kind, or all would be compiled once more
            *(self.column, self.left, self.right, self.up_to, self.heavier),
            *(self.listed_from, self.listed_to, self.listed_code, self.listed_left),
            *(flat.placed, flat.kind),
        )
        return np.asarray(self.class_of[at], np.intp)


class Growth(NamedTuple):
    """A grown partition and the distinct rows that it was grown on."""

    partition: Partition
    rows: Ints  # codes, shape (t, q); the same codes may stand here twice, for two people
    counts: Ints  # how many rows of the table each stands for, shape (t,)
    classes: Ints  # where each ended, shape (t,)
    of: Ints  # which of them each row of the table is, shape (n,)


class Flat(NamedTuple):
    """The axes of a table as plain arrays, one after the other: what compiled loops take."""

    offset: Ints  # (q + 1,): where the codes of each column begin
    placed: Ints  # (q,): how many of them have a place, in the order or in the tree
    kind: Ints  # (q,)
    scaled: Floats  # (total,)
    tree: Ints  # (levels, total)
    share: Floats  # (levels, total)

    @classmethod
    def of(cls, axes: Sequence[Axis]) -> "Flat":
        """Lay out the axes; a tree of few levels repeats its top one."""
        sizes = [len(axis.places) for axis in axes]
        offset = np.concatenate([[0], np.cumsum(sizes)])
        levels = max([0 if axis.tree is None else len(axis.tree) for axis in axes], default=0)
        tree, share = np.zeros((levels, offset[-1]), np.int64), np.ones((levels, offset[-1]))
        for axis, start in zip(axes, offset, strict=False):
            if axis.tree is not None:
                stop = start + axis.tree.shape[1]
                fill = np.minimum(np.arange(levels), len(axis.tree) - 1)
                tree[:, start:stop], share[:, start:stop] = axis.tree[fill], axis.shares[fill]
        return cls(
            offset=offset,
            placed=np.array([axis.n_placed if axis.tree is None else axis.tree.shape[1] for axis in axes], np.int64),
            kind=np.array([ORDERED if axis.ordered else CATEGORICAL if axis.tree is None else TREE for axis in axes]),
            scaled=np.concatenate([axis.scaled for axis in axes]),
            tree=tree,
            share=share,
        )


def grow(
    codes: Ints,
    axes: Sequence[Axis],
    k: int,
    *,
    labels: Floats | None = None,
    counts: Ints | None = None,
    weights: Floats | None = None,
    people: Ints | None = None,
    detail: float = 0.02,
    rules: Rules | None = None,
    others: Ints | None = None,
    price: float = np.inf,
    reach: int | None = None,
) -> Growth:
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
    counts : ndarray of shape (n,), optional
        How many rows each row stands for, whole numbers; one by default.
    weights : ndarray of shape (n,), optional
        What each row weighs in impurity and detail, but never in k; its count by default.
    people : ndarray of shape (n,), optional
        Who each row belongs to, from 0. By default each row is a person of its own.
    detail : float
        Weight of the normalized certainty penalty (NCP, a share of the column's range) against Gini impurity, per row.
    rules : Rules, optional
        What else each class has to satisfy.
    others : ndarray of shape (m, q), optional
        Codes of the population that the table comes from, where a rule asks for it.
    price : float
        Rows that stand in the way of a cut are suppressed where each of them saves more than this; infinite: none are.
    reach : int, optional
        Where at most this many times ``k`` people are left, cuts are followed to the end before one is taken: less
        detail is lost, in several times the time. By default 8 below k=50 and 16 from there, but 0, not at all, where
        there are more than 200,000 distinct rows. With a finite ``price`` always 0: what a suppressed row saves is
        measured on the cut at hand.
    """
    rules = Rules.none(len(codes)) if rules is None else rules
    counts = np.ones(len(codes), np.int64) if counts is None else counts
    weights = counts.astype(float) if weights is None else weights
    labels = np.empty((len(codes), 0)) if labels is None else labels
    detail = detail if labels.shape[1] else 1.0  # alone, the penalty needs no scale
    population = np.zeros(len(codes))
    n_rows = len(codes)
    secret = rules.codes if rules.codes.shape[1] else np.empty((n_rows, 0), np.intp)  # a rule need not look at any
    if others is not None:  # they count as nobody, and take their place in the classes
        n = len(others)
        codes, population = np.concatenate([codes, others]), np.repeat([0.0, 1.0], [len(codes), n])
        counts, weights = np.append(counts, np.zeros(n, np.int64)), np.append(weights, np.zeros(n))
        labels, secret = np.pad(labels, ((0, n), (0, 0))), np.pad(secret, ((0, n), (0, 0)))
        people = None if people is None else np.append(people, np.full(n, people.max() + 1))
    # Equal rows (of one person, with one secret) are added up: the search costs time per distinct row only.
    keys, sizes = [codes], [len(axis.places) for axis in axes]
    if people is not None:  # first, so that the rows of one person stand together
        keys, sizes = [people[:, None], codes], [int(people.max()) + 1, *sizes]
    if secret.shape[1]:
        keys, sizes = [*keys, secret], [*sizes, *([len(rules.base)] * secret.shape[1])]
    first, of = distinct(np.column_stack(keys), sizes)
    if _is_one_minus_other(labels):
        labels = np.sqrt(2) * labels[:, :1]  # says as much as both
    number, weighed = add(of, counts.astype(float)), add(of, labels * weights[:, None])
    outside = [] if others is None else [add(of, population)]
    rows = np.ascontiguousarray(codes[first], np.int64)
    if reach is None:
        reach = 0 if len(rows) > _MANY_ROWS else 8 if k < 50 else 16
    nodes, listed, at = grow_tree(
        Rows(
            codes=rows,
            amounts=np.ascontiguousarray(np.column_stack([number, add(of, weights), weighed, *outside])),
            person=np.empty(0, np.int64) if people is None else people[first].astype(np.int64),
            secret=np.ascontiguousarray(secret[first], np.int64),
            n_labels=labels.shape[1],
        ),
        Flat.of(axes),
        Wishes(k=float(k), detail=float(detail), price=float(price), rules=rules.table, base=rules.base),
        float(reach * k if price == np.inf else 0),
    )
    *parts, is_hidden = nodes.T.copy()
    is_leaf = (parts[0] < 0) & (is_hidden == 0)
    class_of = number_leaves(parts[1].copy(), parts[2].copy(), is_leaf)
    class_of[is_hidden == 1] = is_leaf.sum()
    column, left, right, up_to, heavier, listed_from, listed_to = parts
    partition = Partition(
        axes=tuple(axes),
        column=column,
        left=left,
        right=right,
        up_to=up_to,
        heavier=heavier.astype(bool),
        listed_from=listed_from,
        listed_to=listed_to,
        listed_code=listed[:, 0].copy(),
        listed_left=listed[:, 1].astype(bool),
        class_of=class_of,
        suppressed=bool(is_hidden.any()),
    )
    return Growth(partition, rows, number.astype(np.intp), class_of[at], of[:n_rows])


def _is_one_minus_other(labels: Floats) -> bool:
    return labels.shape[1] == 2 and bool((np.abs(labels.sum(axis=1) - 1) < 1e-9).all())
