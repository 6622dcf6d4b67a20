"""A minimizer as a defense: the model stays as it was trained, but is never asked about a row as it is.

Each question is made as coarse as the answer allows before the model sees it, so that an attacker reads what the model
says of a cell of people, not of one person's row. The recipe of the protected target fits a minimizer to each model
anew, on the table that this model learned from, so that the shadow models of its audit answer in the same way. One
minimizer for all of them would not do: it was fitted with the target's own members, its cuts tell of them, and no
shadow's would. What is measured is that answers stay the same, on rows that chose nothing; what it does for membership
only the audit can say.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, ClassVar, Self

import numpy as np
import numpy.typing as npt
from sklearn.base import BaseEstimator, clone
from sklearn.utils import get_tags
from sklearn.utils.metaestimators import available_if

from reticent._seeds import generator
from reticent.backends.sklearn import SklearnModel
from reticent.coding.classes import open_table
from reticent.defenses.data.anonymize.guidance import is_amount
from reticent.defenses.data.minimize import keeping
from reticent.defenses.data.minimize.alike import units_of
from reticent.defenses.data.minimize.judged import most_that_can_be_shown
from reticent.defenses.defense import admit, statement
from reticent.stats.noninferiority import effective
from reticent.target.access import Access
from reticent.target.model import Model
from reticent.target.recipe import InputRecipe, MappedModel
from reticent.target.table import ArrayTable, Table
from reticent.target.target import Target

_FITTED = (
    "_books",
    "_cells",
    "_values",
    "_form",
    "needs_",
    "agreement_",
)  # what is more than arrays, words and numbers


class AsDefense(BaseEstimator):  # type: ignore[misc]
    """What a minimizer says and does as a :class:`~reticent.defenses.defense.Defense`.

    The model is the target's, and persons are the groups of its schema where no other column is named.
    """

    model: Any
    agreement: float
    tolerance: float | None
    person: Any

    name: ClassVar[str] = "minimize"
    moment: ClassVar[str] = "input"
    queries: ClassVar[str] = "mapped"

    @property
    def title(self) -> str:
        """What a picture calls it.

        >>> from reticent.defenses import Minimizer
        >>> Minimizer(agreement=0.95).title
        'minimized to 95 % agreement'
        """
        return f"minimized to {100 * self.agreement:.4g} % agreement"

    def obstacle(self, target: Target) -> str | None:
        """Return why this defense can do nothing for this target, or None."""
        return next(self._obstacles(target), None)

    def _obstacles(self, target: Target) -> Iterator[str]:
        if Access.GRADIENTS in target.access:
            yield "who holds the parameters or is given gradients asks the model about rows as they are"
        members = target.population.members
        if isinstance(members, ArrayTable) and members.x.ndim != 2:
            yield f"it needs a table of columns, and the rows have shape {members.x.shape[1:]}"
        people = _people(target, self._person(target))
        # An audit trains models on as many rows as there are members, or on half of all rows; half of those people
        # judge, and by chance a few less.
        least = min(1.0, len(target.population) / 2 / int(target.population.is_member.sum()))
        if (most := most_that_can_be_shown(0.45 * least * people)) < self.agreement:
            yield (
                f"the {least * people:,.0f} people of a table in its audit can show that {100 * most:.1f} % of answers "
                "stay the same, and no more"
            )

    def apply(self, target: Target, seed: int = 0) -> Target:
        """Fit a minimizer to the target's model on its members; nothing is trained again."""
        admit(self, target)
        change = Minimization(clone(self).set_params(model=None), target.features, self._person(target))
        model = change(target.model, target.population.members, seed)
        recipe = None if target.recipe is None else InputRecipe(target.recipe, change)
        fitted = model.place.minimizer  # type: ignore[attr-defined]
        parameters = {"agreement": float(self.agreement)}
        return target.protected(model, recipe, statement(self, parameters, _claim(fitted)))

    def __getstate__(self) -> dict[str, Any]:
        state: dict[str, Any] = super().__getstate__()
        return state | {name: keeping.kept(one) for name, one in state.items() if name in _FITTED}

    def __setstate__(self, state: dict[str, Any]) -> None:
        super().__setstate__(state | {name: keeping.given_back(one) for name, one in state.items() if name in _FITTED})

    def _person(self, target: Target) -> str | None:
        return target.schema.groups if self.person is None else str(self.person)


def _people(target: Target, person: str | None) -> float:
    """Return how many independent people the members are worth."""
    members = target.population.members
    if person is not None:
        return float(len(np.unique(members.column(person).astype(str))))
    opened = open_table(members.features(target.features))
    return effective(np.bincount(units_of(opened, generator(0, "minimize"))))


def _claim(fitted: Any) -> dict[str, Any]:
    """Return what was measured of a fitted minimizer, in plain values."""
    found, few = fitted.agreement_, fitted.n_independent_ < fitted.n_judged_
    copies = f" (many are equal: they count as {fitted.n_independent_:,.0f})" if few else ""
    return {
        "kind": "minimization",
        "agreement": found.to_dict(),
        "asked": float(fitted.agreement),
        "ncp": float(fitted.ncp_),
        "not_needed": [str(need.column) for need in fitted.needs_ if need.kind == "not needed"],
        "statement": (
            f"{100 * fitted.ncp_:.1f} % of the detail of a row is not asked for; {100 * found.value:.1f} % of answers "
            f"stay the same, at least {100 * found.low:.1f} % (one-sided, {100 * found.level:.0f} %), on "
            f"{fitted.n_judged_:,} of the members' rows that chose nothing{copies}"
        ),
    }


@dataclass(frozen=True)
class Placed:
    """What becomes of rows on their way to the model."""

    minimizer: Any

    def __call__(self, x: Any) -> Any:
        return self.minimizer.place(x)


@dataclass(frozen=True)
class Minimization:
    """The change of a model's questions: fits a minimizer to a model, on the table that it learned from."""

    minimizer: Any
    features: tuple[str, ...]
    person: str | None  # whose rows these are: what is judged belongs to other persons than what chose

    @property
    def name(self) -> str:
        how = sorted(self.minimizer.get_params(deep=False).items())
        return f"minimized by {how} on {','.join(self.features)} for {self.person}"

    def __call__(self, model: Model, table: Table, seed: int) -> MappedModel:
        person = None if isinstance(table, ArrayTable) else self.person
        beside = [] if person is None or person in self.features else [person]
        seen = table.features((*self.features, *beside))
        fitted = _fitted(clone(self.minimizer).set_params(person=person), Labels(model), seen, seed)
        return MappedModel(model, around(model.native, fitted), Placed(fitted))


@dataclass(frozen=True)
class Labels:
    """The labels that a model gives: all that a minimizer asks of it."""

    model: Model

    def __call__(self, x: Any) -> npt.NDArray[Any]:
        classes = self.model.classes
        names = (
            classes.astype(str) if is_amount(classes) else classes
        )  # a label is no amount, even if it looks like one
        return names[self.model.labels(x)]


def _fitted(minimizer: Any, model: Any, x: Any, seed: int) -> Any:
    """Return a copy of a minimizer that is fitted to a model, without that model."""
    return clone(minimizer).set_params(model=model, random_state=seed).fit(x).set_params(model=None)


def around(native: Any, minimizer: Any) -> Any:
    """Return a model of any framework behind a fitted minimizer: a drop-in, to be called as the model was."""
    if not hasattr(native, "get_params"):
        return MinimizedFunction(native, minimizer)
    made = MinimizedModel(clone(native), clone(minimizer))
    made.estimator_, made.minimizer_ = native, minimizer
    return made


@dataclass(frozen=True)
class MinimizedFunction:
    """A function, or an object with a method, that answers minimized questions."""

    answer: Any
    minimizer: Any

    def __call__(self, x: Any) -> Any:
        return self.answer(self.minimizer.place(x))

    def predict_proba(self, x: Any) -> npt.NDArray[Any]:
        ask = self.answer.predict_proba if hasattr(self.answer, "predict_proba") else self.answer
        return np.asarray(ask(self.minimizer.place(x)))


def _can(method: str) -> Callable[[Any], bool]:
    return lambda model: hasattr(getattr(model, "estimator_", model.estimator), method)


class MinimizedModel(BaseEstimator):  # type: ignore[misc]
    """A model that is asked minimized questions: what a user saves, loads, calls, and trains again.

    Parameters
    ----------
    estimator
        The classifier or regressor that answers.
    minimizer
        What its questions pass through; fitted to the estimator, on the same table, whenever that is fitted.
    """

    def __init__(self, estimator: Any, minimizer: Any) -> None:
        self.estimator = estimator
        self.minimizer = minimizer

    def fit(self, X: Any, y: Any) -> Self:
        """Fit the estimator, then a minimizer to what it says."""
        self.estimator_ = clone(self.estimator).fit(X, y)
        model = Labels(SklearnModel(self.estimator_)) if hasattr(self.estimator_, "classes_") else self.estimator_
        self.minimizer_ = _fitted(self.minimizer, model, X, self.minimizer.random_state)
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
        """Return probabilities for minimized rows, shape (n, C)."""
        return np.asarray(self.estimator_.predict_proba(self.minimizer_.place(X)))

    @available_if(_can("decision_function"))  # type: ignore[untyped-decorator]
    def decision_function(self, X: Any) -> npt.NDArray[Any]:
        """Return margins for minimized rows, shape (n,) or (n, C)."""
        return np.asarray(self.estimator_.decision_function(self.minimizer_.place(X)))

    def predict(self, X: Any) -> npt.NDArray[Any]:
        """Return the answers to minimized rows, shape (n,)."""
        return np.asarray(self.estimator_.predict(self.minimizer_.place(X)))

    def __sklearn_tags__(self) -> Any:
        return get_tags(self.estimator)  # a classifier, a regressor: whatever it is
