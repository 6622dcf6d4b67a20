"""Recipes made of recipes: a defense wraps the recipe of the target that it protects.

Because the wrapped recipe trains *with* the defense, the shadow models of the next audit do too: the attack that
judges a fix is the adaptive one.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, NamedTuple, Protocol

import numpy as np
import numpy.typing as npt

from reticent.target.access import Access
from reticent.target.family.network import Network
from reticent.target.model import Model, Recipe, Scores
from reticent.target.table import Table
from reticent.target.target import Target


class Output(Protocol):
    """What a model says in place of its scores: a pure function on probabilities of shape (..., n, C)."""

    @property
    def name(self) -> str:
        """A short name, unique for its parameters."""

    def __call__(self, scores: npt.NDArray[Any]) -> npt.NDArray[Any]: ...


@dataclass(frozen=True, eq=False)
class WrappedModel:
    """A model whose ``native`` object is another one: what a user saves remembers how it was trained."""

    inner: Model
    native: Any

    @property
    def classes(self) -> npt.NDArray[Any]:
        return self.inner.classes

    @property
    def features(self) -> tuple[str, ...] | None:
        return self.inner.features

    @property
    def has_scores(self) -> bool:
        return self.inner.has_scores

    @property
    def unreadable(self) -> str | None:
        return self.inner.unreadable

    def scores(self, x: Any) -> Scores:
        return self.inner.scores(x)

    def labels(self, x: Any) -> npt.NDArray[np.intp]:
        return self.inner.labels(x)

    def arrays(self) -> Iterator[tuple[str, npt.NDArray[Any]]]:
        yield from self.inner.arrays()

    def representations(self, x: Any) -> Iterator[tuple[str, npt.NDArray[Any]]]:
        yield from self.inner.representations(x)

    def describe(self) -> Mapping[str, Any]:
        return self.inner.describe()


@dataclass(frozen=True, eq=False)
class OutputModel(WrappedModel):
    """A model whose answers pass through ``output`` before anyone sees them."""

    output: Output

    def scores(self, x: Any) -> Scores:
        return self.output(self.inner.scores(x))

    def describe(self) -> Mapping[str, Any]:
        return {**self.inner.describe(), "output": self.output.name}


@dataclass(frozen=True, eq=False)
class MappedModel(WrappedModel):
    """A model that never meets a row as it is: ``place`` changes each one first."""

    place: Callable[[Any], Any]

    def scores(self, x: Any) -> Scores:
        return self.inner.scores(self.place(x))

    def labels(self, x: Any) -> npt.NDArray[np.intp]:
        return self.inner.labels(self.place(x))


@dataclass(frozen=True, eq=False)
class OutputRecipe:
    """Train by ``inner``, answer through ``output``."""

    inner: Recipe
    output: Output
    access: Access  # what the target granted before its answers were made coarser
    wrap: Callable[[Any], Any]

    def __call__(self, table: Table, seed: int) -> Model:
        model = self.inner(table, seed)
        return OutputModel(model, self.wrap(model.native), self.output)

    def undefended(self, target: Target) -> Target:
        """Return the target whose shadow models give the answers that ``output`` makes coarser."""
        return replace(target, recipe=self.inner, access=self.access)

    @property
    def fingerprint(self) -> str | None:
        inner = self.inner.fingerprint
        return None if inner is None else f"{inner} through {self.output.name}"

    @property
    def family(self) -> object | None:
        if isinstance(self.inner, TableRecipe):
            return None  # it would be asked past the coarser answers
        return self.inner.family  # coarser answers still tell most of what the family's arithmetic expects

    def capacities(self) -> Sequence[Mapping[str, Any]]:
        return self.inner.capacities()

    def with_parameters(self, parameters: Mapping[str, Any]) -> Recipe:
        return replace(self, inner=self.inner.with_parameters(parameters))


class Changed(NamedTuple):
    """A changed table, and how any row would stand in it."""

    table: Table
    place: Callable[[Any], Any]  # what a model is given, as it would have been changed


class TableMap(Protocol):
    """A change of a whole training table, fitted on that table alone."""

    @property
    def name(self) -> str:
        """A short name, unique for its parameters."""

    def __call__(self, table: Table, seed: int) -> Changed: ...


@dataclass(frozen=True, eq=False)
class TableModel(WrappedModel):
    """A model that learned from a changed table; it is asked about rows as they are."""

    place: Callable[[Any], Any]


@dataclass(frozen=True, eq=False)
class TableRecipe:
    """Change the training table by ``change``, then train by ``inner``; queries come raw."""

    inner: Recipe
    change: TableMap
    wrap: Callable[[Any], Any]

    def __call__(self, table: Table, seed: int) -> Model:
        return self.trained_on(self.change(table, seed), seed)

    def trained_on(self, changed: Changed, seed: int) -> Model:
        """Train on a table that ``change`` has made already."""
        model = self.inner(changed.table, seed)
        return TableModel(model, self.wrap(model.native), changed.place)

    def asked_as_released(self, target: Target) -> Target:
        """Return the target whose models are asked about each row as their own table would release it."""
        as_released = _AsReleased()
        model = as_released(target.model, target.population.members, 0)
        return replace(target, model=model, recipe=InputRecipe(self, as_released))

    @property
    def fingerprint(self) -> str | None:
        inner = self.inner.fingerprint
        return None if inner is None else f"{inner} on {self.change.name}"

    @property
    def family(self) -> object | None:
        return self  # not the inner one's: a row in training is another one than the row that is asked about

    def capacities(self) -> Sequence[Mapping[str, Any]]:
        return self.inner.capacities()

    def with_parameters(self, parameters: Mapping[str, Any]) -> "TableRecipe":
        return replace(self, inner=self.inner.with_parameters(parameters))


@dataclass(frozen=True)
class _AsReleased:
    """Ask a model about each row as it would stand in the table that it learned from."""

    name: str = "as released"

    def __call__(self, model: Model, table: Table, seed: int) -> MappedModel:
        assert isinstance(model, TableModel)
        return MappedModel(model.inner, model.native, model.place)


class InputMap(Protocol):
    """How to change what a trained model is asked, by what is fitted to it on the table that it learned from."""

    @property
    def name(self) -> str:
        """A short name, unique for its parameters."""

    def __call__(self, model: Model, table: Table, seed: int) -> MappedModel: ...


@dataclass(frozen=True, eq=False)
class InputRecipe:
    """Train by ``inner``, and answer questions that ``change`` maps first, fitted anew to each model."""

    inner: Recipe
    change: InputMap

    def __call__(self, table: Table, seed: int) -> Model:
        return self.change(self.inner(table, seed), table, seed)

    @property
    def fingerprint(self) -> str | None:
        inner = self.inner.fingerprint
        return None if inner is None else f"{inner}, asked {self.change.name}"

    @property
    def family(self) -> object | None:
        """Networks are still trained together; all other arithmetic is about rows that no model is asked about."""
        inner = self.inner.family
        return _MappedNetworks(inner, self.change) if isinstance(inner, Network) else None

    def capacities(self) -> Sequence[Mapping[str, Any]]:
        return self.inner.capacities()

    def with_parameters(self, parameters: Mapping[str, Any]) -> "InputRecipe":
        return replace(self, inner=self.inner.with_parameters(parameters))


@dataclass(frozen=True, eq=False)
class _MappedNetworks:
    """Networks that are trained together, each with a map of its own."""

    inner: Network
    change: InputMap

    def obstacle(self, table: Table) -> str | None:
        return self.inner.obstacle(table)

    def chunk(self, table: Table) -> int:
        return self.inner.chunk(table)

    def train(self, table: Table, chosen: Sequence[npt.NDArray[np.intp]], seeds: Sequence[int]) -> list[Model]:
        models = self.inner.train(table, chosen, seeds)
        return [
            self.change(model, table.take(rows), seed) for model, rows, seed in zip(models, chosen, seeds, strict=True)
        ]
