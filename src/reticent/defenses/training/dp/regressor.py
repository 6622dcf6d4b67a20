"""A regressor whose epsilon covers all that touched people's rows.

The target is scaled into its bounds, and what is learned is the mean of that share given the features, by the method
that learns the probability of a class (fractional regression, Papke and Wooldridge 1996,
doi:10.1002/(SICI)1099-1255(199611)11:6<619::AID-JAE418>3.0.CO;2-1). An answer never leaves the bounds, and what one
row adds to a sum is bounded as it is for a class.

>>> X = np.random.default_rng(0).uniform(size=(4000, 2))
>>> model = DPRegressor(epsilon=1.0, bounds=(0, 1), target_bounds=(0, 100)).fit(X, 100 * X[:, 0])
>>> model.score(X, 100 * X[:, 0]) > 0.8
True
"""

from collections.abc import Collection, Hashable, Iterable, Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
from sklearn.base import RegressorMixin

from reticent.accounting.budget import Budget
from reticent.coding.codes import Floats
from reticent.defenses.training.dp.coded import Coded
from reticent.defenses.training.dp.declared import finite_pair
from reticent.defenses.training.dp.frame import PrivateEstimator
from reticent.defenses.training.dp.ranges import range_of
from reticent.defenses.training.dp.rule import learn
from reticent.errors import TableError
from reticent.mechanisms.curator import Curator

_FOR_THE_RANGE = 0.05  # of the budget, where the target's bounds are not declared


class DPRegressor(RegressorMixin, PrivateEstimator):  # type: ignore[misc]
    """Learn the mean of an amount with differential privacy.

    Parameters
    ----------
    epsilon, delta, bounds, domains, edges, missing, person, rows_per_person, budget, random_state
        As for :class:`DPClassifier`.
    target_bounds : (low, high), optional
        The known range of the target; amounts outside are moved to the nearer end, and no answer leaves it. Costs
        nothing. Where there is none, it is bought with a twentieth of the budget.

    Attributes
    ----------
    target_bounds_ : (low, high)
        The range that was declared or bought.
    spending_, event_, epsilon_, delta_, method_, budget_
        As for :class:`DPClassifier`.
    """

    target_bounds_: tuple[float, float]

    def __init__(
        self,
        epsilon: float = 1.0,
        delta: float = 1e-5,
        *,
        bounds: Mapping[Any, Any] | tuple[float, float] | None = None,
        domains: Mapping[Any, Iterable[Any]] | None = None,
        edges: Mapping[Any, Iterable[float]] | None = None,
        missing: Collection[Hashable] | bool = False,
        target_bounds: tuple[float, float] | None = None,
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
        self.target_bounds = target_bounds

    def predict(self, X: Any) -> Floats:
        """Return the expected amount of each row, shape (n,)."""
        shares = self._decide(X)[:, 1]
        low, high = self.target_bounds_
        return low + (high - low) * shares

    def _check_parameters(self) -> None:
        super()._check_parameters()
        if self.target_bounds is not None:
            finite_pair("target_bounds", self.target_bounds)

    def _target(self, y: npt.NDArray[Any]) -> Floats:
        try:
            amounts = y.astype(np.float64)
        except ValueError as error:
            raise TableError(f"expected a target of numbers: {error}") from error
        if not np.isfinite(amounts).all():
            raise TableError("expected finite targets: Input y contains infinity. Leave these rows out")
        return amounts

    def _learn(self, coded: Coded, target: Floats, curator: Curator) -> Any:
        if self.target_bounds is None:
            self.target_bounds_ = range_of("range of the target", target, curator, share=_FOR_THE_RANGE)
        else:
            self.target_bounds_ = finite_pair("target_bounds", self.target_bounds)
        low, high = self.target_bounds_
        return learn(coded, (np.clip(target, low, high) - low) / (high - low), 2, curator)

    def _stated(self) -> list[str]:
        if self.target_bounds is None:
            return []
        low, high = self.target_bounds_
        return [f"range of the target: declared, {low:g} to {high:g}"]

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.regressor_tags.poor_score = True  # on the few rows of scikit-learn's checks noise may win
        return tags
