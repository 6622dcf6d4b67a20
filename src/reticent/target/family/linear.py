"""Penalized linear models: one row's effect and the spread over other rows follow from one fit, in closed form."""

from typing import Any, Protocol, runtime_checkable

import numpy as np
import numpy.typing as npt


@runtime_checkable
class Linear(Protocol):
    """A recipe whose model minimizes Σ c loss(row) + λ|w|²/2, the loss being the logarithmic one of its classes."""

    @property
    def penalty(self) -> float:
        """λ, the same for all weights."""

    @property
    def intercept(self) -> bool:
        """Whether a constant is added that is not penalized."""

    def columns(self, table: Any) -> npt.NDArray[Any]:
        """Return what the linear step is given for each row, shape (n, d), preparing steps fitted on this table."""

    def weights(self, labels: npt.NDArray[Any]) -> npt.NDArray[np.float64]:
        """Return c of each row, shape (n,), where these are the labels of the table that is learned from."""
