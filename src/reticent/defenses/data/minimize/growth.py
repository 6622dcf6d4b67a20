"""Grow a tree that asks little: a cut is worth what it tells of the model's answers, less the detail that it takes.

The tree is one of :mod:`~reticent.defenses.data.anonymize.partition`, and rows find their way through it by the same
code. Only what a cut costs is counted the other way round. There a class is released as the values in it; here a person
is asked for a range, which is all that lies between the cuts above, whether somebody stands there or not. And where
there it is to be narrow, here it is to stay wide.

>>> from reticent.coding.codes import Axis
>>> ages = Axis(places=np.array([20.0, 30.0, 60.0, 90.0]), ordered=True)
>>> codes = np.array([[0], [1], [2], [3]])
>>> grow_frugal(codes, [ages], np.eye(2)[[0, 0, 0, 1]], price=0.1, k=1).route(codes).tolist()
[0, 0, 0, 1]
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from reticent.coding.codes import Axis, Bools, Floats, Ints
from reticent.defenses.data.anonymize.partition import Partition
from reticent.defenses.data.minimize.bins import ASIDE, CATEGORY, PLACED, Bins

_DEEPEST = 16
_SAME = 1e-9


def grow_frugal(codes: Ints, axes: Sequence[Axis], labels: Floats, *, price: float, k: int) -> Partition:
    """Cut as long as at least ``k`` rows stand on each side; where all answers are equal, no further.

    Parameters
    ----------
    codes : ndarray of shape (n, q)
    axes : sequence of q Axis
    labels : ndarray of shape (n, C)
        What is to be told apart.
    price : float
        What it is worth, per row and beside Gini impurity, that all columns are left open.
    """
    bins = Bins.find(codes, axes)
    flat = np.column_stack([of[code] for of, code in zip(bins.of, codes.T, strict=True)])
    amounts = np.column_stack([np.ones(len(labels)), labels])
    nodes: list[list[int]] = []
    listed: list[tuple[int, bool]] = []
    stack = [(np.arange(len(codes)), np.ones(len(bins.column), bool), 0, -1, 0)]
    while stack:
        rows, held, depth, above, side = stack.pop()
        node = len(nodes)
        nodes.append([-1, -1, -1, -1, 0, 0, 0])
        if above >= 0:
            nodes[above][side] = node
        if depth >= _DEEPEST or len(rows) < 2 * k:
            continue
        found = _best(bins, _add_up(flat[rows], amounts[rows], len(held)), held, price / len(axes), k)
        if found is None:
            continue
        f, left = found
        goes = left[flat[rows, f]]
        placed = np.flatnonzero(left & (bins.kind == PLACED))
        up_to = int(bins.last[placed[-1]]) if len(placed) else -1
        free = np.flatnonzero(held & (bins.column == f) & (bins.kind != PLACED))
        # What was never seen goes with most people; of categories to the side that is called "anything but" the other.
        is_category = bins.kind[free[:1]] == CATEGORY
        heavier = 2 * left[free].sum() >= len(free) if is_category.all() and len(free) else 2 * goes.sum() >= len(rows)
        nodes[node] = [f, -1, -1, up_to, int(heavier), len(listed), len(listed) + len(free)]
        listed += [(int(bins.last[b]), bool(left[b])) for b in free]
        here = bins.column == f
        stack.append((rows[~goes], held & ~(here & left), depth + 1, node, 2))
        stack.append((rows[goes], held & ~(here & ~left), depth + 1, node, 1))
    column, left_of, right_of, up_tos, heavier, first, stop = np.array(nodes, np.int64).T.copy()
    class_of = np.full(len(nodes), -1)
    class_of[column < 0] = np.arange((column < 0).sum())
    return Partition(
        axes=tuple(axes),
        column=column,
        left=left_of,
        right=right_of,
        up_to=up_tos,
        heavier=heavier.astype(bool),
        listed_from=first,
        listed_to=stop,
        listed_code=np.array([code for code, _ in listed], np.int64),
        listed_left=np.array([goes for _, goes in listed], bool),
        class_of=class_of,
    )


class _Sums(NamedTuple):
    """The rows of a node, added up: how many, then each label."""

    whole: Floats  # (1 + C,)
    squares: float  # of all labels: what is kept where each row stands alone
    by_bin: Floats  # (n_bins, 1 + C)


class _Widths(NamedTuple):
    """What a cut behind each bin of a sequence leaves open of the column, left and right, and what was open before."""

    left: Floats
    right: Floats
    before: Floats


def _add_up(keys: Ints, amounts: Floats, n_bins: int) -> _Sums:
    flat = keys.ravel()
    by_bin = np.empty((n_bins, amounts.shape[1]))
    for c in range(amounts.shape[1]):
        by_bin[:, c] = np.bincount(flat, weights=np.repeat(amounts[:, c], keys.shape[1]), minlength=n_bins)
    return _Sums(amounts.sum(axis=0), float((amounts[:, 1:] ** 2).sum()), by_bin)


def _best(bins: Bins, sums: _Sums, held: Bools, price: float, k: int) -> tuple[int, Bools] | None:
    """Return the column of the best cut and which bins go left, shape (n_bins,); None where none is allowed."""
    if sums.squares - _kept(sums.whole[None])[0] <= _SAME * sums.whole[0]:
        return None
    order = np.concatenate([_order(bins, sums), bins.turned])
    starts = _starts(bins, order)
    of = np.repeat(np.arange(len(starts)), np.diff(np.append(starts, len(order))))
    run = np.cumsum(sums.by_bin[order], axis=0)
    left = run - np.concatenate([np.zeros((1, run.shape[1])), run])[starts][of]
    score = _score(left, sums, _along(bins, order, starts[of], held), price, k)
    at = int(score.argmax())
    best, goes = score[at], order[starts[of[at]] : at + 1]
    if (bins.kind == CATEGORY).any():
        alone = _score(sums.by_bin, sums, _alone(bins, held), price, k)
        alone[(bins.kind != CATEGORY) | ~held] = -np.inf
        if alone.max() > best + _SAME * sums.whole[0]:
            best, goes = alone.max(), np.array([alone.argmax()])
    if best == -np.inf:
        return None
    is_left = np.zeros(len(held), bool)
    is_left[goes] = True
    return int(bins.column[goes[0]]), is_left


def _order(bins: Bins, sums: _Sums) -> Ints:
    """Return all bins by column: by place, what has none behind, and categories by the label that tells most."""
    if not (bins.kind == CATEGORY).any():
        return np.arange(len(bins.kind))
    mean = sums.by_bin[:, 1:] / np.maximum(sums.by_bin[:, :1], 1)
    apart = sums.by_bin[:, :1] * (mean - sums.whole[1:] / sums.whole[0]) ** 2
    label = np.add.reduceat(apart, bins.offset[:-1], axis=0).argmax(axis=1)[bins.column]
    place = np.where(bins.kind == CATEGORY, np.round(mean[np.arange(len(mean)), label], 12), 0.0)
    return np.lexsort((np.arange(len(mean)), place, bins.column))


def _starts(bins: Bins, order: Ints) -> Ints:
    """Return where the sequences of single columns begin."""
    new = np.append(True, np.diff(bins.column[order]) != 0)
    new[len(bins.kind) :] |= np.arange(len(order) - len(bins.kind)) == 0
    return np.flatnonzero(new)


def _along(bins: Bins, order: Ints, start: Ints, held: Bools) -> _Widths:
    """Return what cuts along sequences leave open; ``start`` says where the sequence of each bin begins."""
    low, high, before = (part[bins.column[order]] for part in bins.open(held))
    kind = bins.kind[order]
    # Behind all places stands what has none, or before them: then one side is that alone, the other all places.
    cut = np.where(kind == PLACED, bins.stop[order], np.where(bins.kind[order[start]] == ASIDE, low, high))
    cut = np.clip(cut, low, np.maximum(low, high))
    count = np.concatenate([[0], np.cumsum(held[order])])
    inside = count[1:] - count[start]
    total = np.add.reduceat(held.astype(int), bins.offset[:-1])[bins.column[order]]
    size = np.diff(bins.offset)[bins.column[order]]
    is_category = kind == CATEGORY
    return _Widths(
        np.where(is_category, _share(inside, size), cut - low),
        np.where(is_category, _share(total - inside, size), np.maximum(high - cut, 0)),
        before,
    )


def _alone(bins: Bins, held: Bools) -> _Widths:
    """Return what is left open where one category is told from all others."""
    others = np.add.reduceat(held.astype(int), bins.offset[:-1])[bins.column] - 1
    rest = _share(others, np.diff(bins.offset)[bins.column])
    return _Widths(np.zeros(len(held)), rest, bins.open(held)[2][bins.column])


def _share(count: Ints, size: Ints) -> Floats:
    return np.where(count > 1, count / size, 0.0)


def _score(left: Floats, sums: _Sums, wide: _Widths, price: float, k: int) -> Floats:
    """Return what each cut is worth, minus infinity where it is not allowed; shapes (m, 1 + C) -> (m,)."""
    up, n = left[:, 0], sums.whole[0]
    gain = _kept(left) + _kept(sums.whole - left) - _kept(sums.whole[None])
    gain += price * (up * wide.left + (n - up) * wide.right - n * wide.before)
    return np.where((up >= k) & (n - up >= k), gain, -np.inf)


def _kept(sums: Floats) -> Floats:
    """Return how sure the labels are: rows times the sum of squared means, shape (m, 1 + C) -> (m,)."""
    kept: Floats = (sums[:, 1:] ** 2).sum(axis=1) / np.maximum(sums[:, 0], 1)
    return kept
