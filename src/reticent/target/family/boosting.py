"""Boosted trees: each leaf is a sum over its rows, so what one row adds to it can be taken away without training."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol, runtime_checkable

import numpy as np
import numpy.typing as npt


@dataclass(frozen=True, kw_only=True)
class LeafRule:
    """How a library makes the value of a leaf of its rows' gradients G and curvatures H (sums, weighted).

    The value is ``-rate * shrunk(G) / (H + l2)``, where ``shrunk`` moves G towards zero by ``l1``, and what ``rate``
    multiplies is cut at ``max_step``; 0 means that nothing is cut. Gradients are those of the log loss; ``curvature``
    is the library's factor on p (1 - p). ``lone`` says whether a tree that found no split has a value at all.
    """

    rate: float
    l2: float = 0.0
    l1: float = 0.0
    max_step: float = 0.0
    curvature: float = 1.0
    lone: bool = False


@dataclass(frozen=True, eq=False, kw_only=True)
class Boosted:
    """A fitted model taken apart, for all n rows of a table; K = 1 for two classes, else the number of classes.

    Attributes
    ----------
    leaves
        Shape (rounds, K, n): which leaf of each tree a row falls into, small integers.
    extra_l2
        Shape (rounds, K, leaves): what is added to the rule's L2 in a leaf, or None where nothing is.
    start
        Shape (K,): the raw score before the first round.
    truth
        Shape (n,): the true class of each row as a position among the model's own classes.
    learned
        Shape (n,): whether the model learned from the row.
    weight
        Shape (n,): what a row counts for where it is learned from.
    rule
        From sums to leaf values.
    raw
        Gives the real raw scores of some rows: (m,) positions -> (m, K), to check the arithmetic by.
    """

    leaves: npt.NDArray[Any]
    extra_l2: npt.NDArray[np.float64] | None
    start: npt.NDArray[np.float64]
    truth: npt.NDArray[np.intp]
    learned: npt.NDArray[np.bool_]
    weight: npt.NDArray[np.float64]
    rule: LeafRule
    raw: Callable[[npt.NDArray[np.intp]], npt.NDArray[np.float64]]


@runtime_checkable
class Boosting(Protocol):
    """A recipe whose model is a sum of boosted trees that can be taken apart."""

    def fit(self, table: Any, rows: npt.NDArray[np.intp], seed: int) -> Boosted:
        """Train on these rows of a table, as the recipe does, and take the model apart for all rows of the table.

        Raises
        ------
        AccessError
            If a model of these rows cannot be taken apart.
        """
