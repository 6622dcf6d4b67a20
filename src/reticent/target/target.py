"""The Target: a model, its people, what an attacker is given, and how to train another one."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from reticent.errors import RecipeError, TableError
from reticent.target.access import Access
from reticent.target.model import Model, Recipe, Scores
from reticent.target.population import Half, Population
from reticent.target.schema import Schema
from reticent.target.table import Table

DIFFERENTIAL_PRIVACY = "differential privacy"  # the kind of a claim, in the dict of a defense


@dataclass(frozen=True, eq=False, kw_only=True)
class Target:
    """What is audited, protected and attested.

    Attributes
    ----------
    model
        What the attacker meets; ``model.native`` is the caller's own object.
    access
        What the attacker is given: the threat model.
    population
        Members and non-members, n rows in all.
    schema
        The role of each column.
    features
        The columns that the model is given, in order.
    recipe
        How to train another model on other rows; None for a bought model.
    defenses
        What was done to it, in plain dicts, the first defense first: each with name, parameters and claim.
    releases
        The ledger: what differential privacy was spent on these members, this model among it, each an event as
        :mod:`reticent.accounting` writes it. Whatever is spent on them later adds to it.
    name
        What the report calls it.
    """

    model: Model
    access: Access
    population: Population
    schema: Schema
    features: tuple[str, ...]
    recipe: Recipe | None
    defenses: tuple[dict[str, Any], ...] = ()
    releases: tuple[dict[str, Any], ...] = ()
    name: str = "model"

    @cached_property
    def truth(self) -> npt.NDArray[np.intp]:
        """The true class of each row as a position in ``model.classes``, shape (n,)."""
        return class_positions(self.population.table.labels(), self.model.classes)

    @cached_property
    def scores(self) -> Scores:
        """What the attacker reads off each row, shape (n, C): probabilities, or the label as 0 and 1."""
        return self.answers(self.model)

    @cached_property
    def labels(self) -> npt.NDArray[np.intp]:
        """The predicted class of each row as a position in ``model.classes``, shape (n,)."""
        return self.model.labels(self.population.table.features(self.features))

    def answers(self, model: Model) -> Scores:
        """Return what an attacker with this access reads off ``model`` for each row, shape (n, C)."""
        x = self.population.table.features(self.features)
        if Access.SCORES in self.access and model.has_scores:
            return model.scores(x)
        return np.eye(len(model.classes))[model.labels(x)]

    def accuracy(self, half: Half = Half.ALL, *, members: bool = False) -> npt.NDArray[np.bool_]:
        """Return which non-members (or members) of a half are classified correctly, one boolean a row."""
        rows = self.population.mask(half) & (self.population.is_member == members)
        right: npt.NDArray[np.bool_] = self.labels[rows] == self.truth[rows]
        return right

    def train(self, rows: npt.NDArray[np.intp], seed: int) -> Model:
        """Train another model on these rows of the population, by the recipe."""
        if self.recipe is None:
            raise RecipeError(
                f"the target {self.name!r} cannot be trained again: it has no recipe. "
                f"Pass recipe=, a function (rows, seed) -> fitted model"
            )
        table: Table = self.population.table.take(rows)
        return self.recipe(table, seed)

    def protected(self, model: Model, recipe: Recipe | None, defense: dict[str, Any], **changes: Any) -> "Target":
        """Return the target that a defense made of this one: same people, another model and recipe."""
        return replace(self, model=model, recipe=recipe, defenses=(*self.defenses, defense), **changes)

    def to_dict(self) -> dict[str, Any]:
        """Return what the report says about the target."""
        people = self.population
        return {
            "name": self.name,
            "model": dict(self.model.describe()),
            "access": self.access.words,
            "classes": [str(label) for label in self.model.classes],
            "members": int(people.is_member.sum()),
            "nonmembers": int((~people.is_member).sum()),
            "sealed_members": int((people.is_member & people.sealed).sum()),
            "sealed_nonmembers": int((~people.is_member & people.sealed).sum()),
            "units": int(people.unit.max()) + 1,
            "shared_rows": people.shared_rows,
            "features": list(self.features),
            "schema": self.schema.to_dict(),
            "has_recipe": self.recipe is not None,
            "defenses": list(self.defenses),
            "releases": list(self.releases),
        }


def privacy_of(defenses: Sequence[Mapping[str, Any]]) -> Mapping[str, Any] | None:
    """Return what differential privacy claims of a model with these defenses, or None where it claims nothing.

    What comes after it may change the model's answers, but must not have read the members once more.
    """
    for one in reversed(defenses):
        claim: Mapping[str, Any] = one["claim"] or {}
        if claim.get("kind") == DIFFERENTIAL_PRIVACY:
            return claim
        if one["moment"] != "output":
            return None
    return None


def class_positions(labels: npt.NDArray[Any], classes: npt.NDArray[Any]) -> npt.NDArray[np.intp]:
    """Return the position of each label in ``classes``, shape (n,).

    Raises
    ------
    TableError
        If a label is not among the classes.
    """
    positions = {label: i for i, label in enumerate(classes.tolist())}
    try:
        return np.array([positions[label] for label in labels.tolist()], dtype=np.intp)
    except KeyError as error:
        raise TableError(
            f"expected labels among the model's classes {list(positions)}, found {error.args[0]!r}. "
            f"Use the labels that the model was trained on"
        ) from None
