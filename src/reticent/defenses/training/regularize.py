"""Regularize: give the model less room to remember single people.

The same estimator is trained again with one capacity parameter changed: more rows a leaf, a stronger penalty, more
neighbors. It proves nothing about anybody, costs little, and often makes the model better on others; only the audit of
the result says whether it helped (overfitting as a cause of leaks: Yeom et al. 2018, arXiv:1709.01604).

>>> Regularize(parameters={"min_samples_leaf": 50}).title
'min_samples_leaf = 50'
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from reticent.defenses.defense import admit, statement
from reticent.target.target import Target


@dataclass(frozen=True, kw_only=True)
class Regularize:
    """Train again with these parameters of the estimator."""

    parameters: Mapping[str, Any]

    name: ClassVar[str] = "regularize"
    moment: ClassVar[str] = "training"
    queries: ClassVar[str] = "raw"

    @property
    def title(self) -> str:
        return ", ".join(f"{name.split('__')[-1]} = {value}" for name, value in self.parameters.items())

    def obstacle(self, target: Target) -> str | None:
        if target.recipe is None:
            return "it must be trained again, and the target has no recipe"
        if not target.recipe.capacities():
            return "its recipe has no capacity parameter that is known here"
        return None

    def apply(self, target: Target, seed: int = 0) -> Target:
        """Train the target's estimator again on its members."""
        admit(self, target)
        assert target.recipe is not None  # admitted
        recipe = target.recipe.with_parameters(self.parameters)
        model = recipe(target.population.table.take(np.flatnonzero(target.population.is_member)), seed)
        return target.protected(model, recipe, statement(self, dict(self.parameters), claim=None))


def regularizations(target: Target) -> list[Regularize]:
    """Return one candidate for each smoother setting of the estimator's own capacity parameters."""
    if target.recipe is None:
        return []
    return [Regularize(parameters=parameters) for parameters in target.recipe.capacities()]
