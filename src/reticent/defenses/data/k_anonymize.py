"""K-anonymize: train on a table in which each combination of quasi-identifiers belongs to at least k people.

The training table is generalized by the :class:`~reticent.defenses.data.anonymize.Anonymizer`, guided by the label, and
the model is trained again on it; queries come raw. What is proven is k on these columns of the training table, counted
after the fact; what that does for membership is measured by the audit (Goldsteen et al. 2021, arXiv:2007.13086).

>>> KAnonymize(k=10).title
'k = 10 on quasi-identifiers'
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar, Self

import numpy as np
import numpy.typing as npt
from sklearn.base import BaseEstimator, ClassifierMixin, clone
from sklearn.utils.metaestimators import available_if

from reticent import _validate
from reticent.coding.classes import smallest_class
from reticent.defenses.data.anonymize import Anonymizer
from reticent.defenses.defense import admit, statement
from reticent.target.recipe import TableRecipe
from reticent.target.table import ArrayTable, Table
from reticent.target.target import Target

CANDIDATES = (5, 20, 100)


@dataclass(frozen=True)
class Anonymization:
    """The change of a training table: a pure function of the table."""

    k: int
    quasi_identifiers: tuple[str, ...]
    features: tuple[str, ...]
    person: str | None  # whose rows these are: k counts people, or households, not rows

    @property
    def name(self) -> str:
        return f"k={self.k} on {','.join(self.quasi_identifiers)} by {self.person}"

    def seen(self, table: Table) -> Any:
        """Return what the anonymizer is given: the model's columns and whose rows they are."""
        return table.features(self.features if self.person is None else (*self.features, self.person))

    def owner(self, table: Table) -> str | int | None:
        """Return what that table calls the column of persons."""
        if self.person is None or not isinstance(table, ArrayTable):
            return self.person
        return table.columns.index(self.person)

    def keys(self, table: Table) -> list[str] | list[int]:
        """Return what a model's table calls the quasi-identifiers: names in a frame, positions in an array."""
        if isinstance(table, ArrayTable):
            return [table.columns.index(name) for name in self.quasi_identifiers]
        return list(self.quasi_identifiers)

    def __call__(self, table: Table, seed: int) -> Table:
        anonymizer = Anonymizer(k=self.k, quasi_identifiers=self.keys(table), person=self.owner(table))
        changed = anonymizer.fit_transform(self.seen(table), table.labels())
        return table.with_features(changed, self.quasi_identifiers)


def _can(method: str) -> Callable[[Any], bool]:
    return lambda model: hasattr(getattr(model, "estimator_", model.estimator), method)


class AnonymizedTraining(ClassifierMixin, BaseEstimator):  # type: ignore[misc]
    """A classifier trained on a k-anonymized table: what a user saves, loads, calls, and trains again.

    Parameters
    ----------
    estimator
        The classifier to train.
    k
        How many people share each combination of quasi-identifiers in the table that it learns from.
    quasi_identifiers
        Names of columns (of positions where it is fitted on an array).
    """

    def __init__(self, estimator: Any, k: int = 10, quasi_identifiers: Any = None) -> None:
        self.estimator = estimator
        self.k = k
        self.quasi_identifiers = quasi_identifiers

    def fit(self, X: Any, y: Any) -> Self:
        """Anonymize the table, guided by y, and fit a clone of the estimator on it."""
        anonymizer = Anonymizer(k=self.k, quasi_identifiers=self.quasi_identifiers)
        self.estimator_ = clone(self.estimator).fit(anonymizer.fit_transform(X, y), y)
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


@dataclass(frozen=True, kw_only=True)
class KAnonymize:
    """Anonymize the training table to ``k`` on the target's quasi-identifiers and train again."""

    k: int

    name: ClassVar[str] = "k-anonymize"
    moment: ClassVar[str] = "data"
    queries: ClassVar[str] = "raw"

    def __post_init__(self) -> None:
        _validate.at_least(2, k=self.k)

    @property
    def title(self) -> str:
        return f"k = {self.k} on quasi-identifiers"

    def obstacle(self, target: Target) -> str | None:
        if target.recipe is None:
            return "it must be trained again, and the target has no recipe"
        if not self._columns(target):
            return "no quasi-identifier is among the model's columns; name them in describe(quasi_identifiers=...)"
        if self._people(target) < 2 * self.k:
            return f"fewer than {2 * self.k} members, counted by {target.schema.groups or 'rows'}"
        return None

    def _people(self, target: Target) -> int:
        if target.schema.groups is None:
            return int(target.population.is_member.sum())
        return len(np.unique(target.population.members.column(target.schema.groups).astype(str)))

    def _columns(self, target: Target) -> tuple[str, ...]:
        return tuple(name for name in target.schema.quasi_identifiers if name in target.features)

    def apply(self, target: Target, seed: int = 0) -> Target:
        """Anonymize the members' table and train the target's recipe on it."""
        admit(self, target)
        assert target.recipe is not None  # admitted
        columns = self._columns(target)
        change = Anonymization(self.k, columns, target.features, target.schema.groups)
        members = target.population.members
        keys = change.keys(members)
        recipe = TableRecipe(target.recipe, change, _Wrap(self.k, tuple(keys)))
        released = change(members, seed)
        smallest = smallest_class(change.seen(released), keys, change.owner(released))
        counted = "rows" if change.person is None else f"different values of {change.person}"
        claim = {
            "kind": "k-anonymity",
            "k": self.k,
            "columns": list(columns),
            "smallest_class": smallest,
            "statement": f"k = {self.k} on {', '.join(columns)}; the smallest class has {smallest} {counted}",
        }
        parameters = {"k": self.k, "quasi_identifiers": list(columns)}
        return target.protected(recipe(members, seed), recipe, statement(self, parameters, claim))


@dataclass(frozen=True)
class _Wrap:
    k: int
    columns: tuple[str | int, ...]

    def __call__(self, native: Any) -> Any:
        if not hasattr(native, "get_params"):
            return native
        made = AnonymizedTraining(clone(native), self.k, list(self.columns))
        made.estimator_ = native
        return made


def anonymizations(target: Target) -> list[KAnonymize]:
    """Return a mild, a middle and a strong k, where the target has quasi-identifiers."""
    return [one for one in (KAnonymize(k=k) for k in CANDIDATES) if one.obstacle(target) is None]
