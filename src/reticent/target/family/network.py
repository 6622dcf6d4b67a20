"""Networks: many small models trained by one set of large products cost a fraction of as many training loops."""

from collections.abc import Sequence
from typing import Any, Protocol, runtime_checkable

import numpy as np
import numpy.typing as npt

from reticent.target.model import Model


@runtime_checkable
class Network(Protocol):
    """A recipe that trains many models together, each as it would have become alone."""

    def obstacle(self, table: Any) -> str | None:
        """Return why models of such rows have to be trained one after the other, or None."""

    def chunk(self, table: Any) -> int:
        """Return how many models are best trained together on such rows: at least 1, the same for the same recipe."""

    def train(self, table: Any, chosen: Sequence[npt.NDArray[np.intp]], seeds: Sequence[int]) -> list[Model]:
        """Train one model on each set of rows of a table, each with its own seed.

        A model is the one that the recipe gives for its rows and its seed, whatever others are trained beside it, up to
        the order of additions.
        """
