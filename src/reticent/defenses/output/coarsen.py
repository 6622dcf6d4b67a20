"""Coarsen: say less about how sure the model is.

Scores are rounded, put into bands, cut to the best class, or withheld; the predicted label never changes. The attacker
who reads confidence loses it; the one who reads labels does not, so a coarser answer is judged by label attacks too,
and it is no defense at all against somebody who holds the parameters (limits of withholding confidence: Choquette-Choo
et al. 2021, arXiv:2007.14321).

>>> import numpy as np
>>> Coarsening("bands")(np.array([[0.86, 0.14], [0.45, 0.55]])).round(2).tolist()
[[0.9, 0.1], [0.4, 0.6]]
"""

from dataclasses import dataclass
from typing import Any, ClassVar, Self

import numpy as np
import numpy.typing as npt
from sklearn.base import BaseEstimator, ClassifierMixin, clone

from reticent import _validate
from reticent.backends.sklearn import SklearnModel
from reticent.defenses.defense import admit, statement
from reticent.target.access import Access
from reticent.target.recipe import OutputModel, OutputRecipe
from reticent.target.target import Target

Array = npt.NDArray[Any]

POLICIES = ("rounded", "bands", "top-1", "label")
_BANDS = ((0.6, 0.6), (0.8, 0.7), (1.01, 0.9))  # best class below this share -> said to be this sure


@dataclass(frozen=True)
class Coarsening:
    """A pure function on probabilities of shape (..., n, C); the best class stays the best."""

    policy: str

    def __post_init__(self) -> None:
        _validate.one_of(POLICIES, policy=self.policy)

    @property
    def name(self) -> str:
        return self.policy

    def __call__(self, scores: Array) -> Array:
        best = scores.argmax(axis=-1)[..., None] == np.arange(scores.shape[-1])
        others = max(scores.shape[-1] - 1, 1)
        if self.policy == "label":
            return np.asarray(best, dtype=scores.dtype)
        if self.policy == "rounded":
            # First to six digits: 0.35 must fall on the same side in single and in double precision, else a model's
            # own answers would not look like those of its shadow models.
            scores = np.round(scores.astype(np.float64), 6)
            # A hundredth more for the best class keeps it ahead where rounding makes a tie.
            rounded = np.round(scores, 1) + 0.01 * best
            return np.asarray(rounded / rounded.sum(axis=-1, keepdims=True))
        top = scores.max(axis=-1, keepdims=True)
        if self.policy == "bands":
            top = np.round(top.astype(np.float64), 6)
            top = np.select([top < edge for edge, _ in _BANDS], [np.full_like(top, said) for _, said in _BANDS])
            top = np.maximum(top, 1 / scores.shape[-1] + 1e-6)
        return np.asarray(np.where(best, top, np.minimum((1 - top) / others, top)))  # a tie must not round upwards


class Coarsened(ClassifierMixin, BaseEstimator):  # type: ignore[misc]
    """A classifier that gives another one's answers coarsened: what a user saves, loads and calls.

    Parameters
    ----------
    estimator
        The classifier that answers.
    policy
        ``"rounded"`` (to a tenth), ``"bands"`` (unsure, likely, nearly sure), ``"top-1"`` (the best class alone) or
        ``"label"`` (no confidence at all).
    """

    def __init__(self, estimator: Any, policy: str = "label") -> None:
        self.estimator = estimator
        self.policy = policy

    def fit(self, X: Any, y: Any) -> Self:
        """Fit a clone of the estimator."""
        self.estimator_ = clone(self.estimator).fit(X, y)
        return self

    @classmethod
    def around(cls, fitted: Any, policy: str) -> Self:
        """Return a coarsened view of an estimator that is fitted already."""
        made = cls(clone(fitted), policy)
        made.estimator_ = fitted
        return made

    @property
    def classes_(self) -> Array:
        """The labels, shape (C,)."""
        return np.asarray(self.estimator_.classes_)

    @property
    def feature_names_in_(self) -> Array:
        """The columns that the estimator was fitted on, where it remembers them."""
        return np.asarray(self.estimator_.feature_names_in_)

    def predict_proba(self, X: Any) -> Array:
        """Return coarsened probabilities, shape (n, C)."""
        return Coarsening(self.policy)(SklearnModel(self.estimator_).scores(X))

    def predict(self, X: Any) -> Array:
        """Return labels, shape (n,)."""
        return np.asarray(self.estimator_.predict(X))


@dataclass(frozen=True)
class _Wrap:
    policy: str

    def __call__(self, native: Any) -> Any:
        if hasattr(native, "get_params"):
            return Coarsened.around(native, self.policy)
        return _CoarsenedFunction(native, Coarsening(self.policy))


@dataclass(frozen=True)
class _CoarsenedFunction:
    answer: Any
    coarsening: Coarsening

    def predict_proba(self, x: Any) -> Array:
        ask = self.answer.predict_proba if hasattr(self.answer, "predict_proba") else self.answer
        return self.coarsening(np.asarray(ask(x)))


@dataclass(frozen=True, kw_only=True)
class Coarsen:
    """Answer through one of the ``POLICIES``."""

    policy: str

    name: ClassVar[str] = "coarsen"
    moment: ClassVar[str] = "output"
    queries: ClassVar[str] = "raw"

    def __post_init__(self) -> None:
        _validate.one_of(POLICIES, policy=self.policy)

    @property
    def title(self) -> str:
        return {
            "rounded": "scores rounded to 0.1",
            "bands": "scores in three bands",
            "top-1": "best class only",
            "label": "label only",
        }[self.policy]

    def obstacle(self, target: Target) -> str | None:
        if Access.GRADIENTS in target.access:
            return "who holds the parameters or is given gradients computes the scores himself"
        if Access.SCORES not in target.access:
            return "it already gives labels alone"
        if self.policy == "top-1" and len(target.model.classes) == 2:
            return "with two classes the best one tells the other"
        return None

    def apply(self, target: Target, seed: int = 0) -> Target:
        """Wrap the model; nothing is trained again."""
        admit(self, target)
        coarsening, wrap = Coarsening(self.policy), _Wrap(self.policy)
        model = OutputModel(target.model, wrap(target.model.native), coarsening)
        recipe = None if target.recipe is None else OutputRecipe(target.recipe, coarsening, target.access, wrap)
        access = Access.EXPLANATIONS if Access.EXPLANATIONS in target.access else Access.LABELS
        access = access if self.policy == "label" else target.access
        return target.protected(model, recipe, statement(self, {"policy": self.policy}, claim=None), access=access)


def coarsenings(target: Target) -> list[Coarsen]:
    """Return every policy that changes what this target's attacker reads."""
    return [one for one in (Coarsen(policy=policy) for policy in POLICIES) if one.obstacle(target) is None]
