"""Bagged trees: a forest is the mean of its trees, so a few trees on a few halves tell what whole forests would say."""

from typing import Any, Protocol, runtime_checkable

import numpy as np
import numpy.typing as npt


@runtime_checkable
class Forest(Protocol):
    """A recipe whose model answers with the mean of independently trained trees."""

    @property
    def trees(self) -> int:
        """How many trees the model has."""

    def grow(
        self, table: Any, rows: npt.NDArray[np.intp], classes: npt.NDArray[Any], trees: int, seed: int
    ) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.bool_]]:
        """Grow ``trees`` trees on these rows of a table, each as one of the model's would be grown.

        Returns the probability that each tree gives to the true class of every row of the table, and whether the row
        was in the tree's own sample: shapes (trees, n) and (trees, n).
        """
