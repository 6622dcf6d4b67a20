"""Bagged trees: a forest is the mean of its trees, so a few trees on a few halves tell what whole forests would say."""

from dataclasses import dataclass
from typing import Any, Protocol, runtime_checkable

import numpy as np
import numpy.typing as npt


@dataclass(frozen=True, eq=False, kw_only=True)
class Grown:
    """What T trees, grown on some rows of a table, say about all n rows of it.

    Attributes
    ----------
    votes
        Shape (T, n): the probability that each tree gives to the true class of each row.
    drawn
        Shape (T, n): how often each row was drawn into the tree's own sample; 0 where the tree never saw it.
    leaves
        Shape (T, n): the leaf in which each row ends, or None where the members of the bag are no trees.
    """

    votes: npt.NDArray[np.float32]
    drawn: npt.NDArray[np.uint8]
    leaves: npt.NDArray[np.int32] | None


@runtime_checkable
class Forest(Protocol):
    """A recipe whose model answers with the mean of independently trained trees, or of other bagged models."""

    @property
    def trees(self) -> int:
        """How many trees the model has."""

    def grow(self, table: Any, rows: npt.NDArray[np.intp], trees: int, seed: int) -> Grown:
        """Grow ``trees`` trees on these rows of a table, each as one of the model's would be grown.

        Raises
        ------
        RecipeError
            If these rows cannot be trained on.
        """
