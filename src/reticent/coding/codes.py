"""Count with codes: columns in which each value is a whole number from 0, and the cells that they form with nodes.

What partitions, risks and suggestions have in common: the meaning of a code, the distinct rows, the codes that occur in
each node, and the people there. None of it knows a table.

>>> import numpy as np
>>> ages = Axis(places=np.array([30.0, 31.0, 60.0, 70.0]), ordered=True)
>>> ages.width(np.array([0, 0, 2]), np.array([0, 2, 3]), np.array([1, 3, 2])).tolist()
[0.0, 0.75, 0.25]
>>> first, of = distinct(np.array([[2, 0], [1, 1], [2, 0]]), [3, 2])
>>> first.tolist(), of.tolist()
([1, 0], [1, 0, 1])
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt
import pandas as pd

Ints = npt.NDArray[np.intp]
Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]


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
    tree : ndarray of shape (n_levels, n_in_tree), optional
        A hierarchy over the first ``n_in_tree`` codes of a column without order: their groups, from the finest level to
        the one that holds all. Codes of one group stand side by side.
    """

    places: Floats
    ordered: bool
    tree: Ints | None = None

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

    @cached_property
    def shares(self) -> Floats:
        """How much of the tree the group of each code holds, per level, shape (n_levels, n_in_tree)."""
        if self.tree is None:
            return np.empty((0, 0))
        return np.stack([np.bincount(level)[level] / len(level) for level in self.tree])

    def width(self, first: Ints, last: Ints, count: Ints) -> Floats:
        """Return the share of the column that groups of codes span: 0 for one code, 1 where some are missing.

        Each group, of shape (n_groups,), is given by its first and last code, and by the count of its codes, which is
        all that matters where there is no order.
        """
        if self.ordered:
            reach = np.abs(self.scaled[last] - self.scaled[first])
            return np.where(count > 1, np.where(np.isnan(reach), 1.0, reach), 0.0)
        if self.tree is not None:
            wide, size = np.ones(len(first)), self.tree.shape[1]
            low, high = np.minimum(first, size - 1), np.minimum(last, size - 1)
            for level, share in zip(self.tree[::-1], self.shares[::-1], strict=True):  # the finest that holds both wins
                wide = np.where((level[low] == level[high]) & (last < size), share[low], wide)
            return np.where(count > 1, wide, 0.0)
        return np.where(count > 1, count / len(self.places), 0.0)


@dataclass(frozen=True, kw_only=True, eq=False)
class Cells:
    """The codes of one column that occur in each node, ascending by node, then code: one cell per (node, code).

    Parameters
    ----------
    node, code : ndarray of shape (n_cells,)
        What the cell is.
    of : ndarray of shape (n,)
        The cell of each row.
    start, stop : ndarray of shape (n_nodes,)
        The cells of each node are those from ``start`` to ``stop - 1``.
    """

    node: Ints
    code: Ints
    of: Ints
    start: Ints
    stop: Ints

    @classmethod
    def find(cls, node: Ints, code: Ints, n_nodes: int, n_codes: int) -> "Cells":
        """Return the cells of rows with these nodes and codes, both counted from 0, of shape (n,)."""
        present, of = compact(node * n_codes + code, n_nodes * n_codes)
        owner = present // n_codes
        edges = np.searchsorted(owner, np.arange(n_nodes + 1))
        return cls(node=owner, code=present % n_codes, of=of, start=edges[:-1], stop=edges[1:])

    def running(self, amount: Floats) -> Floats:
        """Return sums from the first cell of each node up to each cell, shape (n_cells, ...)."""
        sums = np.cumsum(amount, axis=0)
        before = np.concatenate([np.zeros_like(sums[:1]), sums])[self.start]
        return np.asarray(sums - before[self.node])


def add(group: Ints, amount: Floats | None = None, n_groups: int = 0) -> Floats:
    """Add up by group; count where no amount is given. Shape (n,) or (n, C) -> (n_groups,) or (n_groups, C).

    Without ``n_groups``, and beyond it, there are as many groups as occur.
    """
    if amount is None:
        return np.bincount(group, minlength=n_groups).astype(float)
    if amount.ndim == 1:
        return np.asarray(np.bincount(group, weights=amount, minlength=n_groups), dtype=float)
    sums = np.empty((max(n_groups, int(group.max(initial=-1)) + 1), amount.shape[1]))
    for c in range(amount.shape[1]):
        sums[:, c] = add(group, amount[:, c], n_groups)
    return sums


def compact(key: Ints, bound: int) -> tuple[Ints, Ints]:
    """Return the keys that occur, ascending, and the place of each key among them; shape (n,) -> (n_present,), (n,).

    As ``np.unique``, but faster where all keys lie from 0 to ``bound - 1`` and the bound is not far above n.
    """
    if bound > 8 * len(key) + 65536:
        present, place = np.unique(key, return_inverse=True)
        return present, place
    occurs = np.zeros(bound, bool)
    occurs[key] = True
    return np.flatnonzero(occurs), (np.cumsum(occurs) - 1)[key]


def distinct(codes: Ints, sizes: Sequence[int]) -> tuple[Ints, Ints]:
    """Return the first row of each distinct tuple and the tuple of each row, shape (n, q) -> (t,), (n,).

    Tuples are numbered in ascending order. ``sizes`` says how many codes each of the q columns may hold.
    """
    key, bound = np.zeros(len(codes), np.intp), 1
    for column, size in zip(codes.T, sizes, strict=True):
        if bound * size > 2**62:  # the packed key would overflow: count anew from what really occurs
            present, key = np.unique(key, return_inverse=True)
            bound = len(present)
        key, bound = key * size + column, bound * size
    of, present = pd.factorize(key)  # hashing is faster than sorting where rows repeat; only what is present is sorted
    order = np.argsort(present)
    rank = np.empty_like(order)
    rank[order] = np.arange(len(order))
    first = np.empty_like(order)
    first[of[::-1]] = np.arange(len(of))[::-1]  # of several writes to one place numpy keeps the last
    return first[order], rank[of]


def count_people(classes: Ints, people: Ints | None = None, counts: Ints | None = None) -> Ints:
    """Return how many different people each class holds, shape (n,) -> (n_classes,); each row is one by default.

    ``people`` says whose row it is, counted from 0, shape (n,); without it ``counts`` says for how many each row
    stands, shape (n,).
    """
    if people is None:
        return np.asarray(add(classes, None if counts is None else counts.astype(float)), np.intp)
    first, _ = distinct(np.column_stack([classes, people]), [int(classes.max()) + 1, int(people.max()) + 1])
    return np.bincount(classes[first])
