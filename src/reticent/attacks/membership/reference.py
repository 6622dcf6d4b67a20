"""RMIA with reference models: what an attacker finds who can buy answers, and must guess how the model was trained.

The attacker sees scores (or labels alone) of a bought model without a recipe, has people of the same population, and
trains models of a kind of his own on halves of them. Success means that the model is surer of a row, against what
those reference models say of it, than of most rows (Zarifzadeh et al. 2024, arXiv:2312.03262, section 5).

Reference models of another kind find some rows hard that the model finds easy, and that hides members. How much is
seen by attacking the reference models themselves, where the recipe is known: the report shows both. Nothing that this
attack fails to find is shown to be safe, so it never meets a goal.

>>> import numpy as np
>>> rng = np.random.default_rng(0)
>>> membership = np.tile(np.arange(500) % 2 == [[0], [1]], (4, 1))
>>> shares = rng.beta(2 + 6 * membership, 2)
>>> scores = reference_scores(rng.beta(2 + 6 * membership[0], 2), shares, membership)
>>> bool(scores[membership[0]].mean() > scores[~membership[0]].mean() + 0.2)
True
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, ClassVar, Self

import narwhals as nw
import numpy as np
import numpy.typing as npt
import pandas as pd
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.pipeline import Pipeline, make_pipeline

from reticent import _validate
from reticent.attacks.attack import admit
from reticent.attacks.membership.blind import baseline
from reticent.attacks.membership.rmia import log_ratio, rmia_scores
from reticent.attacks.practice import control, mean_auc, moments, rounds_of
from reticent.attacks.result import Finding
from reticent.attacks.shadow import shadows
from reticent.attacks.signals import confidence
from reticent.attacks.workbench import Workbench
from reticent.backends.sklearn import CloneRecipe, SklearnModel
from reticent.stats.estimate import Estimate
from reticent.stats.several import tpr_over_models
from reticent.target.access import Access
from reticent.target.model import Recipe
from reticent.target.table import FrameTable, numbers
from reticent.target.target import Target

Array = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]

_TRIALS = 100.0  # finer than this, models of another kind differ by more than memory
_FPR = 0.01


def reference_scores(own: Array, shares: Array, membership: Mask) -> Array:
    """Return the share of the pool that the model is less sure of, against the reference models, shape (n,).

    Half of what is usual comes from reference models that learned from the row, half from those that did not: the
    paper's p(x). No row's own spread enters, which is that of another kind of model.

    Parameters
    ----------
    own
        The model's probability of the truth of each row, shape (n,).
    shares, membership
        The reference models' probabilities, and whether each learned from each row, shapes (S, n).
    """
    inside, outside = (moments(shares, side)[1] for side in (membership, ~membership))
    ratios = log_ratio(own, (inside + outside) / 2, trials=_TRIALS)
    return rmia_scores(ratios, ratios, gamma=1)


@dataclass(frozen=True, eq=False, kw_only=True)
class ReferenceFinding(Finding):
    """A finding that also tells what the attack achieves where the recipe is known: S reference models, (S, n)."""

    reference_scores: Array
    reference_membership: Mask
    unit: npt.NDArray[np.intp]

    def reading(self) -> Mapping[str, Estimate | float | str]:
        rows = self.rows
        scores, inside, unit = self.reference_scores[:, rows], self.reference_membership[:, rows], self.unit[rows]
        known, here = mean_auc(scores, inside), self.auc()
        return {
            **self.facts,
            "AUC on reference models": known,
            "recognized among reference models at 1 % false alarms": tpr_over_models(scores, inside, unit, fpr=_FPR),
            "recognized here at 1 % false alarms": self.tpr_at(_FPR),
            "how much weaker": (
                f"Among the reference models themselves, where the recipe is known, this attack reaches an AUC of "
                f"{known}; on this model, whose recipe it had to guess, {here}. Part of the difference is the wrong "
                f"guess, part may be the model itself: without the recipe nobody can tell. What was not found here is "
                f"not shown to be safe."
            ),
        }


@dataclass(frozen=True, kw_only=True)
class ReferenceModels:
    """RMIA with ``shadows`` models of a ``reference`` recipe: an unfitted estimator, a Recipe, or None for boosting.

    An estimator that is no pipeline is given numbers: categories as codes, missing as NaN.
    """

    shadows: int = 8
    reference: Any = None

    name: ClassVar[str] = "reference"
    title: ClassVar[str] = "RMIA with reference models (recipe unknown)"
    needs: ClassVar[Access] = Access.LABELS
    needs_recipe: ClassVar[bool] = False
    needs_family: ClassVar[type[Any] | None] = None

    def __post_init__(self) -> None:
        _validate.at_least(8, shadows=self.shadows)

    def run(self, target: Target, seed: int = 0, bench: Workbench | None = None) -> ReferenceFinding:
        """Train reference models, and read the target and each of them against the others."""
        admit(self, target)
        bench = bench or Workbench()
        people = target.population
        recipe = _recipe(self.reference, target.features)
        # The bought model is neither sent to workers nor asked once more.
        unasked = replace(target, model=SklearnModel(_Unasked(target.model.classes)), recipe=recipe)
        trained = shadows(unasked, self.shadows, seed, bench, fewest=2)
        shares, inside = confidence(trained.scores, target.truth), trained.membership
        rounds = rounds_of(target, self.shadows)
        left_out = np.empty_like(shares)
        for one, row in enumerate(shares):
            others = rounds != rounds[one]
            left_out[one] = reference_scores(row, shares[others], inside[others])
        return ReferenceFinding(
            name=self.name,
            title=self.title,
            needs=self.needs,
            scores=reference_scores(confidence(target.scores, target.truth), shares, inside),
            is_member=people.is_member,
            sealed=people.sealed,
            baseline=baseline(target, seed, bench),
            null=control(left_out, people.is_member),
            facts={"reference models": f"{self.shadows} of {_described(self.reference)}"},
            parameters={
                "shadows": self.shadows,
                "reference": None if self.reference is None else _described(self.reference),
                "trials": _TRIALS,
                "scores": Access.SCORES in target.access,
            },
            seed=seed,
            reference_scores=left_out,
            reference_membership=inside,
            unit=people.unit,
        )


class Codes(TransformerMixin, BaseEstimator):  # type: ignore[misc]  # scikit-learn has no types
    """Any table as numbers, shape (n, d): categories as their place among those of the training part, else NaN."""

    def fit(self, x: Any, y: Any = None) -> Self:
        """Learn the categories of each column."""
        self.categories_ = [_categories(column) for column in _columns(x)]
        return self

    def transform(self, x: Any) -> Array:
        """Return numbers, NaN where missing or never met."""
        columns = zip(_columns(x), self.categories_, strict=True)
        return np.column_stack([_coded(column, categories) for column, categories in columns])


def _columns(x: Any) -> Sequence["pd.Series[Any]"]:
    if isinstance(x, np.ndarray):
        return [pd.Series(column) for column in x.reshape(len(x), -1).T]
    frame = nw.from_native(x, eager_only=True)
    return [pd.Series(frame[name].to_numpy()) for name in frame.columns]


def _categories(column: "pd.Series[Any]") -> list[str] | None:
    plain = pd.api.types
    if any(kind(column) for kind in (plain.is_numeric_dtype, plain.is_bool_dtype, plain.is_datetime64_any_dtype)):
        return None
    return sorted(column.dropna().astype("string").unique())


def _coded(column: "pd.Series[Any]", categories: list[str] | None) -> Array:
    if categories is None:
        return numbers(FrameTable(pd.DataFrame({"": column}), ""), [""])[:, 0]
    codes = pd.Index(categories, dtype="string").get_indexer(pd.Index(column.astype("string")))
    return np.where(codes < 0, np.nan, codes)


def _recipe(reference: Any, features: tuple[str, ...]) -> Recipe:
    if reference is None:  # early stopping would want two of each class
        reference = HistGradientBoostingClassifier(early_stopping=False)
    if not hasattr(reference, "get_params"):
        recipe: Recipe = reference
        return recipe
    return CloneRecipe(reference if isinstance(reference, Pipeline) else make_pipeline(Codes(), reference), features)


def _described(reference: Any) -> str:
    return "histogram boosting" if reference is None else " ".join(repr(reference).split())


@dataclass(frozen=True, eq=False)
class _Unasked:
    """Stands for a model that has answered already."""

    classes_: npt.NDArray[Any]

    def predict_proba(self, x: Any) -> Array:
        """Return no answer, in the shape of one."""
        return np.full((len(x), len(self.classes_)), np.nan)

    def predict(self, x: Any) -> npt.NDArray[Any]:
        """Return the first label for each row, which nobody reads."""
        return np.repeat(self.classes_[:1], len(x))
