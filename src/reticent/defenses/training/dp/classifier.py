"""A classifier whose epsilon covers all that touched people's rows.

>>> X = np.random.default_rng(0).uniform(size=(4000, 2))
>>> y = np.where(X[:, 0] > 0.5, "old", "young")
>>> model = DPClassifier(epsilon=1.0, bounds=(0, 1), classes=["old", "young"]).fit(X, y)
>>> model.score(X, y) > 0.9
True
"""

from collections.abc import Collection, Hashable, Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
from sklearn.base import ClassifierMixin

from reticent.accounting.budget import Budget
from reticent.coding.codes import Floats, Ints
from reticent.defenses.training.dp.as_defense import AsDefense
from reticent.defenses.training.dp.classes import class_codes, said_of_classes
from reticent.defenses.training.dp.coded import Coded
from reticent.defenses.training.dp.frame import PrivateEstimator
from reticent.defenses.training.dp.rule import learn
from reticent.mechanisms.curator import Curator


class DPClassifier(ClassifierMixin, AsDefense, PrivateEstimator):  # type: ignore[misc]
    """Learn classes with differential privacy.

    Parameters
    ----------
    epsilon, delta : float
        The promise: for any two tables that differ in one row (in one person, where ``person`` is named), the
        probability of anything that the fitted model could show differs by a factor of at most ``exp(epsilon)``, but
        for a probability of ``delta``.
    bounds : dict of column to (low, high), or one pair for all columns of numbers, optional
        Known ranges; values outside are moved to the nearer end. Costs nothing. Where there are none, ranges are bought
        with a part of the budget.
    domains : dict of column to list of values, optional
        The values that a column may hold; any other is coded as "other". Costs nothing. A column that holds no numbers
        needs one, but for booleans; a column of numbers that has one is taken as codes.
    edges : dict of column to list of numbers, optional
        Where the bins of a column of numbers end. Costs nothing. Where there are none, they are bought.
    missing : list of columns, or True for all
        Where values may be missing, which is then a category of its own. Elsewhere a missing value is refused. None in
        a domain says the same.
    classes : list of labels, optional
        The labels that there are. Where it is left out, those that occur in ``y`` are taken as public, and
        ``spending_`` says so.
    person : column name or position, optional
        The column that says whose row it is; it is no feature. The promise then holds for all rows of a person.
    rows_per_person : int
        How many rows of one person take part at most, chosen by coins; noise grows with it.
    budget : Budget, optional
        A ledger that one fit is charged to: hand on ``budget_``, which holds what is left. A search or a
        cross-validation fits many times, each time with the ledger as it was; what it costs is theirs together.
    random_state : int, optional
        A seed for the noise: such a fit promises nothing, warns, and says so in ``event_``.

    Attributes
    ----------
    classes_ : ndarray of shape (n_classes,)
        The labels.
    spending_ : Spending
        What each part of the budget went to, and what was known for nothing; print it to read it.
    event_ : Event
        What happened, for accountants.
    epsilon_, delta_ : float
        What the fit promises; an infinite epsilon, that is nothing, where the noise was drawn from a seed.
    method_ : str
        Which method learned, and why this one.
    budget_ : Budget
        The ledger with this fit in it.
    """

    classes_: npt.NDArray[Any]

    def __init__(
        self,
        epsilon: float = 1.0,
        delta: float = 1e-5,
        *,
        bounds: Mapping[Any, Any] | tuple[float, float] | None = None,
        domains: Mapping[Any, Iterable[Any]] | None = None,
        edges: Mapping[Any, Iterable[float]] | None = None,
        missing: Collection[Hashable] | bool = False,
        classes: Sequence[Any] | None = None,
        person: Hashable | None = None,
        rows_per_person: int = 1,
        budget: Budget | None = None,
        random_state: Any = None,
    ) -> None:
        super().__init__(
            epsilon,
            delta,
            bounds=bounds,
            domains=domains,
            edges=edges,
            missing=missing,
            person=person,
            rows_per_person=rows_per_person,
            budget=budget,
            random_state=random_state,
        )
        self.classes = classes

    def predict(self, X: Any) -> npt.NDArray[Any]:
        """Return the most likely label of each row, shape (n,)."""
        likeliest = np.argmax(self.predict_proba(X), axis=1)
        labels: npt.NDArray[Any] = self.classes_[likeliest]
        return labels

    def predict_proba(self, X: Any) -> Floats:
        """Return the probability of each label, shape (n, n_classes), in the order of ``classes_``."""
        return self._decide(X)

    def _target(self, y: npt.NDArray[Any]) -> Ints:
        self.classes_, codes = class_codes(y, self.classes, len(y))
        return codes

    def _learn(self, coded: Coded, target: Ints, curator: Curator) -> Any:
        return learn(coded, target, len(self.classes_), curator)

    def _stated(self) -> list[str]:
        return [said_of_classes(self.classes_, declared=self.classes is not None)]

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.classifier_tags.poor_score = True  # on the few rows of scikit-learn's checks noise may win
        return tags
