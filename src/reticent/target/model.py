"""What an attack or a defense may ask of a model, whatever framework it comes from."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Protocol, runtime_checkable

import numpy as np
import numpy.typing as npt

Scores = npt.NDArray[np.float64]


@runtime_checkable
class Model(Protocol):
    """A classifier as the attacker meets it.

    ``classes`` has shape (C,) and gives the meaning of the columns of :meth:`scores`.
    """

    @property
    def native(self) -> Any:
        """The object of the framework: what a user saves, loads and calls."""

    @property
    def classes(self) -> npt.NDArray[Any]:
        """The labels, shape (C,), in the order of the columns of :meth:`scores`."""

    @property
    def features(self) -> tuple[str, ...] | None:
        """The columns that the model was fitted on, in order, where it remembers them."""

    @property
    def has_scores(self) -> bool:
        """Whether the model gives more than a label."""

    @property
    def unreadable(self) -> str | None:
        """Why the arrays inside cannot be walked, or None where they can: not seen is not absent."""

    def scores(self, x: Any) -> Scores:
        """Return the probability of each class, shape (n, C), rows adding up to one."""

    def labels(self, x: Any) -> npt.NDArray[np.intp]:
        """Return the predicted class of each row as a position in ``classes``, shape (n,)."""

    def arrays(self) -> Iterator[tuple[str, npt.NDArray[Any]]]:
        """Walk every numeric array inside the model, as (where it lies, array)."""

    def representations(self, x: Any) -> Iterator[tuple[str, npt.NDArray[Any]]]:
        """Push rows forward, as (step, rows after it), beginning with the rows themselves where they are numbers."""

    def describe(self) -> Mapping[str, Any]:
        """Return class and parameters in plain values, for the report."""


class Recipe(Protocol):
    """How to train another model of the same kind on other rows."""

    def __call__(self, table: Any, seed: int) -> Model:
        """Train on a :class:`~reticent.target.table.Table`."""

    @property
    def fingerprint(self) -> str | None:
        """The same text for the same recipe in another process, or None where that cannot be known."""

    @property
    def family(self) -> object | None:
        """What the kind of model offers beside training it whole (:mod:`reticent.target.family`), or None."""

    def capacities(self) -> Sequence[Mapping[str, Any]]:
        """Return settings that make the model smoother, mildest first; empty where none are known."""

    def with_parameters(self, parameters: Mapping[str, Any]) -> "Recipe":
        """Return the recipe with other parameters."""
