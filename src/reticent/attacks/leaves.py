"""Who decides about whom in a forest: a tree that never saw a row answers with the members that share its leaf.

Half of what a forest says about a row that it never learned from depends on which of the row's neighbors it did learn
from. Trees grown on known halves tell who these neighbors are: drop each row down the trees that never saw it, and
weigh what it finds in its leaf by how likely each row found is to be a member of the model that is attacked.

>>> import numpy as np
>>> drawn = np.array([[0, 2, 1, 1]], dtype=np.uint8)
>>> tree = {"leaf": np.array([[0, 0, 0, 1]]), "drawn": drawn, "seen": drawn > 0}
>>> one = Leaves(**tree, truth=np.array([0, 0, 1, 1]), alone=np.ones(4, dtype=bool))
>>> agreeing, found = one.neighbors(np.array([[0.5, 1.0, 0.5, 0.5]]))  # the row drawn twice is surely a member
>>> float((agreeing[0, 0] / found[0, 0]).round(3))
0.8
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]

_UNDRAWN = 0.2  # of a row's voice where the tree did not draw it


@dataclass(frozen=True, eq=False, kw_only=True)
class Leaves:
    """Where each of n rows ends in each of T trees.

    Attributes
    ----------
    leaf
        Shape (T, n).
    drawn
        Shape (T, n): how often each row was drawn into the tree's own sample.
    seen
        Shape (T, n): whether the tree saw any row of the row's unit.
    truth
        Shape (n,): the true class of each row.
    alone
        Shape (n,): whether no other row is of the row's unit.
    """

    leaf: npt.NDArray[np.integer]
    drawn: npt.NDArray[np.uint8]
    seen: npt.NDArray[np.bool_]
    truth: npt.NDArray[np.intp]
    alone: npt.NDArray[np.bool_]

    def neighbors(self, weights: Array, trees: slice = slice(None)) -> tuple[Array, Array]:
        """Return the weight of each row's neighbors of its own class, and of all, summed over trees that never saw it.

        The rows of a leaf share one vote: a row counts as often as it was drawn, and a little where it was not, since
        it might have been. Each counts with its weight: (w, n) -> (w, n) and (w, n).
        """
        agreeing, found = np.zeros((2, *weights.shape))
        undrawn = _UNDRAWN * self.alone  # of two equal rows one must not vote for the other
        for leaf, drawn, seen in zip(self.leaf[trees], self.drawn[trees], self.seen[trees], strict=True):
            rows = np.flatnonzero(~seen)
            counts = np.where(drawn, drawn, undrawn)
            own = self._of_one_class(leaf)
            share = (1 / np.maximum(np.bincount(leaf, drawn), 1))[leaf[rows]]
            for weight, same, every in zip(weights, agreeing, found, strict=True):
                voice = counts * weight
                itself = voice[rows]
                same[rows] += (np.bincount(own, voice)[own[rows]] - itself) * share
                every[rows] += (np.bincount(leaf, voice)[leaf[rows]] - itself) * share
        return agreeing, found

    def _of_one_class(self, leaf: npt.NDArray[np.integer]) -> npt.NDArray[np.intp]:
        """Return a number for each row, the same for rows of one leaf and one class."""
        both = self.truth * (int(leaf.max()) + 1) + leaf
        return both if both.max() < 8 * len(leaf) else np.unique(both, return_inverse=True)[1]
