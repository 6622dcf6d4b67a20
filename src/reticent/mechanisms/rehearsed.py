"""A recipe for models with private noise, as an audit trains them: from seeds, as a rehearsal, and thrown away."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from reticent.mechanisms.rehearsal import rehearsal
from reticent.target.model import Model, Recipe
from reticent.target.table import Table


@dataclass(frozen=True, eq=False)
class Rehearsed:
    """Train by ``inner`` without a warning that noise from a seed proves nothing: nobody is given these models."""

    inner: Recipe

    def __call__(self, table: Table, seed: int) -> Model:
        with rehearsal():
            return self.inner(table, seed)

    @property
    def fingerprint(self) -> str | None:
        return self.inner.fingerprint

    @property
    def family(self) -> object | None:
        return self.inner.family

    def capacities(self) -> Sequence[Mapping[str, Any]]:
        return self.inner.capacities()

    def with_parameters(self, parameters: Mapping[str, Any]) -> "Rehearsed":
        return replace(self, inner=self.inner.with_parameters(parameters))
