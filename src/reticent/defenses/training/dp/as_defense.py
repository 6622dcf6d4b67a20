"""A private classifier as a defense: the model gives way to one that was trained with differential privacy.

Nothing of the old model is kept. The new one learns from the members' columns by what the schema declares of them, and
its noise comes from the operating system: whoever applies the defense twice gets two models. The recipe draws its noise
from seeds instead, so that the shadow models of an audit are the same in each run; nobody is given those, and their
events say that they prove nothing.
"""

from collections.abc import Iterator, Sequence
from typing import Any, ClassVar

import numpy as np
from sklearn.base import clone

from reticent.accounting.events import Event, Gaussian
from reticent.accounting.gaussian import mu_of
from reticent.backends.sklearn import CloneRecipe, SklearnModel
from reticent.defenses.defense import admit, statement
from reticent.mechanisms.promise import promise, spent_by
from reticent.mechanisms.rehearsed import Rehearsed
from reticent.target.table import ArrayTable
from reticent.target.target import Target


class AsDefense:
    """What a private classifier says and does as a :class:`~reticent.defenses.defense.Defense`.

    What the schema declares of the columns is what the estimator is told, but for what it was told itself; where it
    names groups, the promise is for each group's rows together. The labels are those that the target's model can give:
    whoever asks it learns them anyway.
    """

    epsilon: float
    delta: float
    bounds: Any
    domains: Any
    missing: Any
    edges: Any
    classes: Any
    person: Any
    random_state: Any

    name: ClassVar[str] = "dp"
    moment: ClassVar[str] = "training"
    queries: ClassVar[str] = "raw"

    @property
    def title(self) -> str:
        """What a picture calls it.

        >>> from reticent.defenses import DPClassifier
        >>> DPClassifier(epsilon=0.5).title
        'epsilon = 0.5'
        """
        return f"epsilon = {self.epsilon:g}"

    def obstacle(self, target: Target) -> str | None:
        """Return why this defense can do nothing for this target, or None."""
        return next(self._obstacles(target), None)

    def _obstacles(self, target: Target) -> Iterator[str]:
        if self.random_state is not None:
            yield "noise from a seed proves nothing; leave random_state out"
        if target.defenses:
            yield "it trains another model on the members as they are, so no other defense can come before it"
        members = target.population.members
        if float(self.delta) * len(members) >= 1:
            yield (
                f"delta {self.delta:g} is at least one in {len(members):,} members, so that to publish one of them as "
                f"they are would keep to it; ask for less, such as {0.1 / len(members):.1g}"
            )
        if isinstance(members, ArrayTable) and members.x.ndim != 2:
            yield f"it needs a table of columns, and the rows have shape {members.x.shape[1:]}"
        if words := undeclared(target, self.domains or {}):
            named = ", ".join(words[:3]) + (f" and {len(words) - 3} more" if len(words) > 3 else "")
            yield (
                f"which values {named} may hold is not declared, and to read it from the members would tell of them; "
                f"say it by describe(domains={{{words[0]!r}: [...]}}), or on the command line by --codebook"
            )

    def apply(self, target: Target, seed: int = 0) -> Target:
        """Train a private model on the target's members, with noise of the operating system, whatever the seed."""
        admit(self, target)
        told, members = self._told(target), target.population.members
        columns = target.features if told.person is None else (*target.features, told.person)
        fitted = clone(told).fit(members.features(columns), members.labels())
        recipe = Rehearsed(CloneRecipe(clone(told).set_params(budget=None), columns))  # a rehearsal is not paid for
        parameters = {"epsilon": float(self.epsilon), "delta": float(self.delta)}
        claim = promise(fitted.event_, float(self.delta), self._covered(fitted), trained_here=True)
        return target.protected(
            SklearnModel(fitted),
            recipe,
            statement(self, parameters, claim),
            releases=(*target.releases, *spent_by(fitted)),
        )

    def spends(self, target: Target) -> Event:
        """Return what the training will cost, which its parameters say before anybody's row is read."""
        whole = (Gaussian(1 / mu_of(float(self.epsilon), float(self.delta))),)
        return Event(f"training with {self.title}", whole, adjacency=self._told(target)._adjacency)

    def _covered(self, fitted: Any) -> list[dict[str, Any]]:
        """Return what the budget went to; labels that the old model gave away were declared by nobody."""
        rows: list[dict[str, Any]] = fitted.spending_.to_dict()
        if self.classes is not None:
            return rows
        said = "classes: those of the model that was handed in, taken as public"
        return [{**row, "what": row["what"].replace("classes: declared", said)} for row in rows]

    def _told(self, target: Target) -> Any:
        """Return an unfitted copy that knows the codebook and the labels."""
        schema = target.schema
        names = _names(target)
        known = {
            "bounds": self.bounds or {names[name]: pair for name, pair in schema.bounds.items() if name in names},
            "domains": self.domains or {names[name]: held for name, held in schema.domains.items() if name in names},
            "missing": self.missing or [names[name] for name in schema.missing if name in names],
            "person": schema.groups if self.person is None else self.person,
            "classes": target.model.classes.tolist() if self.classes is None else self.classes,
        }
        return clone(self).set_params(**known)


def _names(target: Target) -> dict[str, Any]:
    """Return by what the estimator knows a column: by its name, or by its place in an array."""
    array = isinstance(target.population.members, ArrayTable)
    return {name: place if array else name for place, name in enumerate(target.features)}


def undeclared(target: Target, domains: Any = ()) -> Sequence[str]:
    """Return the columns whose values are no numbers and are not declared; only their types are looked at."""
    table = target.population.members
    if isinstance(table, ArrayTable):
        kinds = dict.fromkeys(target.features, table.x.dtype.kind in "biuf")
    else:
        rows = table.take(np.arange(0))
        kinds = {name: rows.column(name).dtype.kind in "biuf" for name in target.features}
    known = {*target.schema.domains, *domains}
    return [name for name, numeric in kinds.items() if not numeric and name not in known]
