"""An anonymizer as a defense: train on a table in which each combination of quasi-identifiers belongs to k people.

The training table is anonymized, guided by what a model trained on it says, and the model is trained again on the
result; queries come raw. The recipe of the protected target does both, so that the shadow models of its audit were
trained through it, too. What is proven is k on these columns of the training table, counted after the fact; what that
does for membership is measured by the audit (Goldsteen et al. 2021, arXiv:2007.13086).
"""

from collections.abc import Callable, Hashable, Iterator, Sequence
from dataclasses import dataclass
from numbers import Integral, Real
from typing import Any, ClassVar, Self

import numpy as np
import numpy.typing as npt
from sklearn.base import BaseEstimator, ClassifierMixin, clone
from sklearn.utils.metaestimators import available_if

from reticent.backends.sklearn import SklearnModel
from reticent.coding.classes import smallest_class
from reticent.defenses.data.anonymize import admission
from reticent.defenses.defense import admit, statement
from reticent.target.model import Model, Recipe
from reticent.target.recipe import Changed, TableRecipe
from reticent.target.table import ArrayTable, Table
from reticent.target.target import Target


class AsDefense(BaseEstimator):  # type: ignore[misc]
    """What an anonymizer says and does as a :class:`~reticent.defenses.defense.Defense`.

    Roles that are not set are those of the target's schema: its quasi-identifiers, its groups as persons and, where l,
    t or alpha is asked for, its sensitive columns.
    """

    k: int
    quasi_identifiers: Sequence[Hashable] | None
    sensitive: Sequence[Hashable]
    person: Any
    presence: tuple[float, float] | None
    model: Any
    technique: str
    release: str

    name: ClassVar[str] = "k-anonymize"
    moment: ClassVar[str] = "data"
    queries: ClassVar[str] = "raw"

    @property
    def title(self) -> str:
        """What a picture calls it.

        >>> from reticent.defenses import Anonymizer
        >>> Anonymizer(k=10, l=2).title, Anonymizer(k=10, technique="mondrian").title
        ('k = 10, l = 2 on quasi-identifiers', 'k = 10 on quasi-identifiers, by mondrian')
        """
        asked = ", ".join(f"{name} = {value}" for name, value in self._asked.items())
        by = "" if self.technique == "guided" else f", by {self.technique}"
        return f"{asked} on quasi-identifiers{by}"

    @property
    def _asked(self) -> dict[str, Any]:
        """The guarantees that are asked for, by name."""
        every = {name: getattr(self, name) for name in ("k", "l", "t", "alpha")}
        return {name: value for name, value in every.items() if value is not None}

    def obstacle(self, target: Target) -> str | None:
        """Return why this defense can do nothing for this target, or None."""
        return next(self._obstacles(target), None)

    def _obstacles(self, target: Target) -> Iterator[str]:
        k = admission.check_k(self.k)
        if target.recipe is None:
            yield "it must be trained again, and the target has no recipe"
        columns = self._columns(target)
        if not columns:
            yield "no quasi-identifier is among the model's columns; name them in describe(quasi_identifiers=...)"
        if _people(target) < 2 * k:
            yield f"fewer than {2 * k} members, counted by {target.schema.groups or 'rows'}"
        if self.release == "ranges":
            yield "a model cannot learn from words; use release='representative'"
        known = (*target.schema.columns,)
        if lost := [name for name in (*(self.quasi_identifiers or ()), *self.sensitive) if name not in known]:
            yield f"the table has no columns {lost}; it has {list(known)}"
        if self.presence is not None:
            yield "presence needs a population, which no target has; use the transformer"

    def apply(self, target: Target, seed: int = 0) -> Target:
        """Anonymize the members' table and train the target's recipe on it."""
        admit(self, target)
        assert target.recipe is not None  # admitted
        columns = self._columns(target)
        asked = self._asked
        secret = tuple(self.sensitive) or (target.schema.sensitive if len(asked) > 1 else ())
        change = Anonymization(
            anonymizer=clone(self),
            recipe=target.recipe if self.model is None and self.technique == "guided" else None,
            quasi_identifiers=columns,
            features=target.features,
            person=target.schema.groups if self.person is None else self.person,
            sensitive=tuple(str(name) for name in secret if name not in columns),
        )
        members = target.population.members
        keys = change.places(members, columns)
        recipe = TableRecipe(target.recipe, change, _Wrap(change.alone(members)))
        released = change(members, seed)
        owner = None if change.person is None else change.places(members, [change.person])[0]
        smallest = smallest_class(change.seen(released.table), keys, owner)
        counted = "rows" if change.person is None else f"different values of {change.person}"
        wanted = ", ".join(f"{name} = {value}" for name, value in asked.items())
        on = f" for {', '.join(change.sensitive)}" if len(asked) > 1 else ""
        claim = {
            "kind": "k-anonymity",
            **{name: _as_plain(value) for name, value in asked.items()},
            "columns": list(columns),
            "sensitive": list(change.sensitive),
            "smallest_class": smallest,
            "statement": f"{wanted} on {', '.join(columns)}{on}; the smallest class has {smallest} {counted}",
        }
        every = {name: _as_plain(value) for name, value in self.get_params(deep=False).items()}
        parameters = {**every, "quasi_identifiers": list(columns)}
        return target.protected(recipe.trained_on(released, seed), recipe, statement(self, parameters, claim))

    def _columns(self, target: Target) -> tuple[str, ...]:
        named = target.schema.quasi_identifiers if self.quasi_identifiers is None else self.quasi_identifiers
        return tuple(str(name) for name in named if name in target.features)


def _as_plain(value: Any) -> Any:
    """Return a parameter as JSON takes it; what has no such form in words."""
    if value is None or isinstance(value, bool | int | float | str):
        return value
    if isinstance(value, Integral | Real):
        return int(value) if isinstance(value, Integral) else float(value)
    return f"{value}"[:200]


def _people(target: Target) -> int:
    if target.schema.groups is None:
        return int(target.population.is_member.sum())
    return len(np.unique(target.population.members.column(target.schema.groups).astype(str)))


@dataclass(frozen=True, kw_only=True)
class Anonymization:
    """The change of a training table: a pure function of table and seed."""

    anonymizer: Any
    recipe: Recipe | None  # trains the model that guides; None where something else does
    quasi_identifiers: tuple[str, ...]
    features: tuple[str, ...]
    person: str | None  # whose rows these are: k counts people, or households, not rows
    sensitive: tuple[str, ...]

    @property
    def name(self) -> str:
        guided = "by itself" if self.recipe is None else "by the recipe"
        how = sorted(self.anonymizer.get_params(deep=False).items())
        return f"{how} on {','.join(self.quasi_identifiers)} for {self.person}, {self.sensitive}, guided {guided}"

    def seen(self, table: Table) -> Any:
        """Return what the anonymizer is given: the model's columns, whose rows they are, and what is sensitive."""
        beside = [name for name in (self.person, *self.sensitive) if name is not None and name not in self.features]
        return table.features((*self.features, *beside))

    def places(self, table: Table, names: Sequence[str]) -> list[Any]:
        """Return what that table calls columns: names in a frame, positions in an array."""
        if isinstance(table, ArrayTable):
            return [table.columns.index(name) for name in names]
        return list(names)

    def _hierarchies(self, table: Table) -> dict[Any, Any] | None:
        """Return the hierarchies of the quasi-identifiers, by what that table calls these."""
        given = self.anonymizer.hierarchies or {}
        named = {self.places(table, [name])[0]: given[name] for name in self.quasi_identifiers if name in given}
        return named or None

    def alone(self, table: Table) -> Any:
        """Return the anonymizer for whoever has the model's columns only: no persons, and secrets only among them."""
        known = [name for name in self.sensitive if name in self.features]
        bare = clone(self.anonymizer).set_params(
            quasi_identifiers=self.places(table, self.quasi_identifiers),
            person=None,
            sensitive=self.places(table, known),
            hierarchies=self._hierarchies(table),
        )
        return bare if known else bare.set_params(l=None, t=None, alpha=None)

    def __call__(self, table: Table, seed: int) -> Changed:
        follow: Any = table.labels()
        if self.recipe is not None:
            follow = _said(self.recipe(table, seed), table.features(self.features))
        anonymizer = clone(self.anonymizer).set_params(
            quasi_identifiers=self.places(table, self.quasi_identifiers),
            person=None if self.person is None else self.places(table, [self.person])[0],
            sensitive=self.places(table, self.sensitive),
            hierarchies=self._hierarchies(table),
            random_state=seed,
        )
        changed = table.with_features(anonymizer.fit_transform(self.seen(table), follow), self.quasi_identifiers)
        return Changed(changed, anonymizer.place)


def _said(model: Model, x: Any) -> npt.NDArray[np.float64]:
    """Return what a model says of each row, shape (n, C): its scores, or its label as the surest of them."""
    return model.scores(x) if model.has_scores else np.eye(len(model.classes))[model.labels(x)]


@dataclass(frozen=True)
class _Wrap:
    anonymizer: Any

    def __call__(self, native: Any) -> Any:
        if not hasattr(native, "get_params"):
            return native
        made = AnonymizedTraining(clone(native), self.anonymizer)
        made.estimator_ = native
        return made


def _can(method: str) -> Callable[[Any], bool]:
    return lambda model: hasattr(getattr(model, "estimator_", model.estimator), method)


class AnonymizedTraining(ClassifierMixin, BaseEstimator):  # type: ignore[misc]
    """A classifier trained on an anonymized table: what a user saves, loads, calls, and trains again.

    Parameters
    ----------
    estimator
        The classifier to train.
    anonymizer
        The anonymizer of the table that it learns from, its quasi-identifiers named as in that table.
    """

    def __init__(self, estimator: Any, anonymizer: Any) -> None:
        self.estimator = estimator
        self.anonymizer = anonymizer

    def fit(self, X: Any, y: Any) -> Self:
        """Anonymize the table, guided by what the estimator says of it, and fit the estimator to the result."""
        anonymizer, follow = clone(self.anonymizer), y
        if anonymizer.technique == "guided" and anonymizer.model is None:
            follow = _said(SklearnModel(clone(self.estimator).fit(X, y)), X)
        self.estimator_ = clone(self.estimator).fit(anonymizer.fit_transform(X, follow), y)
        return self

    @property
    def classes_(self) -> npt.NDArray[Any]:
        """The labels, shape (C,)."""
        return np.asarray(self.estimator_.classes_)

    @property
    def feature_names_in_(self) -> npt.NDArray[Any]:
        """The columns that the estimator was fitted on, where it remembers them."""
        return np.asarray(self.estimator_.feature_names_in_)

    @available_if(_can("predict_proba"))  # type: ignore[untyped-decorator]
    def predict_proba(self, X: Any) -> npt.NDArray[Any]:
        """Return probabilities for raw rows, shape (n, C)."""
        return np.asarray(self.estimator_.predict_proba(X))

    @available_if(_can("decision_function"))  # type: ignore[untyped-decorator]
    def decision_function(self, X: Any) -> npt.NDArray[Any]:
        """Return margins for raw rows, shape (n,) or (n, C)."""
        return np.asarray(self.estimator_.decision_function(X))

    def predict(self, X: Any) -> npt.NDArray[Any]:
        """Return labels for raw rows, shape (n,)."""
        return np.asarray(self.estimator_.predict(X))
