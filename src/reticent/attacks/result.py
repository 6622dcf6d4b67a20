"""A Finding: the frozen result of one attack. Numbers are methods that give an Estimate."""

import platform
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from importlib.metadata import version
from typing import Any, Self

import numpy as np
import numpy.typing as npt

from reticent.stats import roc
from reticent.stats.estimate import Estimate
from reticent.stats.several import rate_of_each, tpr_over_models
from reticent.target.access import Access
from reticent.target.population import Half
from reticent.views import draw

Scores = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]

FPRS = (0.01, 0.001)
_CURVE_POINTS = 200


@dataclass(frozen=True, eq=False)
class Risk:
    """Risk of each row, shape (n,) each: how often this person would be recognized, with an interval."""

    value: Scores
    low: Scores
    high: Scores
    meaning: str
    confidence_in: Scores
    confidence_out: Scores


@dataclass(frozen=True, eq=False)
class Replicas:
    """The same attack on T models of the same recipe, this one first: shapes (T, n), (T, n) and (n,)."""

    scores: Scores
    membership: Mask
    unit: npt.NDArray[np.intp]


@dataclass(frozen=True, eq=False, kw_only=True)
class Finding:
    """What one attack found.

    Attributes
    ----------
    name, title
        Of the attack.
    scores
        Shape (n,): higher means more like a member, over the rows of the population.
    is_member, sealed
        Shape (n,): the truth, and the half that chose nothing.
    baseline
        Shape (n,): scores of an attacker without the model, for the same rows.
    null
        Area under the ROC curve of the same attack on models that did not learn from the members: 0.5 if the attack
        reads nothing but the model's memory. None where the attack trains no models of its own.
    facts
        What else the attack learned: name -> Estimate, number or text.
    risk
        Risk per row, where the attack can tell.
    replicas
        The attack on more models of the same recipe, where it has trained some.
    against_model
        Whether the attack looks at the model at all.
    """

    name: str
    title: str
    needs: Access
    scores: Scores
    is_member: Mask
    sealed: Mask
    baseline: Scores | None
    null: Estimate | None = None
    facts: Mapping[str, Estimate | float | str] = field(default_factory=dict)
    risk: Risk | None = None
    replicas: Replicas | None = None
    parameters: Mapping[str, Any] = field(default_factory=dict)
    seed: int = 0
    against_model: bool = True
    half: Half = Half.ALL
    _memo: dict[Any, Estimate] = field(default_factory=dict, init=False, repr=False)  # of what takes long

    def on(self, half: Half) -> Self:
        """Return the same finding read on one half of the rows."""
        return replace(self, half=half)

    @property
    def rows(self) -> Mask:
        """Which rows the numbers speak of, shape (n,)."""
        return {Half.ALL: np.ones(len(self.scores), bool), Half.OPEN: ~self.sealed, Half.SEALED: self.sealed}[self.half]

    def _sides(self, scores: Scores, rows: Mask) -> tuple[Scores, Scores]:
        return scores[rows & self.is_member], scores[rows & ~self.is_member]

    def auc(self, *, level: float = 0.95) -> Estimate:
        """Return the area under the ROC curve: 0.5 is a guess."""
        return roc.auc(*self._sides(self.scores, self.rows), level=level)

    def tpr_at(self, fpr: float, *, level: float = 0.95) -> Estimate:
        """Return the share of members recognized while a share ``fpr`` of non-members is wrongly named."""
        return roc.tpr_at(*self._sides(self.scores, self.rows), fpr=fpr, level=level)

    def tpr_over_models(self, fpr: float, *, level: float = 0.95) -> Estimate | None:
        """Return the same rate as a mean over all models of the recipe that were attacked, or None where it was one.

        What one model's few thousand people leave to luck, many models average away; see :mod:`reticent.stats.several`.
        """
        if self.replicas is None:
            return None
        if (known := self._memo.get((fpr, level))) is not None:
            return known
        rows, seen = self.rows, self.replicas
        scores, membership, unit = seen.scores[:, rows], seen.membership[:, rows], seen.unit[rows]
        self._memo[fpr, level] = tpr_over_models(scores, membership, unit, fpr=fpr, level=level)
        return self._memo[fpr, level]

    def spread_over_models(self, fpr: float) -> tuple[float, float, float] | None:
        """Return the smallest, the median and the largest rate of single models, or None where one was attacked."""
        if self.replicas is None:
            return None
        each = rate_of_each(self.replicas.scores[:, self.rows], self.replicas.membership[:, self.rows], fpr=fpr)
        return float(each.min()), float(np.median(each)), float(each.max())

    def epsilon_lower_bound(self, delta: float = 0.0, *, level: float = 0.95) -> Estimate:
        """Return a lower bound on the epsilon of the training: threshold from the open half, rates from the sealed."""
        return roc.epsilon_lower_bound(
            *self._sides(self.scores, self.sealed),
            chosen_on=self._sides(self.scores, ~self.sealed),
            delta=delta,
            level=level,
        )

    def baseline_auc(self, *, level: float = 0.95) -> Estimate | None:
        """Return the area under the ROC curve of an attacker without the model."""
        return None if self.baseline is None else roc.auc(*self._sides(self.baseline, self.rows), level=level)

    def reading(self) -> Mapping[str, Estimate | float | str]:
        """Return the side results for the rows that the finding speaks of."""
        return self.facts

    def by_group(self) -> Mapping[str, Estimate]:
        """Return side results by groups of people, which are for internal eyes."""
        return {}

    def control_auc(self, *, level: float = 0.999) -> Estimate:
        """Return the area under the ROC curve where there is nothing to find: 0.5 within its interval.

        From models that did not learn from the members where the attack has trained some; else from the non-members
        alone, the sealed half of them taken for members.
        """
        if self.null is not None:
            return self.null
        strangers = ~self.is_member
        return roc.auc(self.scores[strangers & self.sealed], self.scores[strangers & ~self.sealed], level=level)

    def curve(self) -> tuple[Scores, Scores]:
        """Return (fpr, tpr) of the ROC curve at a few hundred rates, dense at the left edge, shapes (p,)."""
        fpr, tpr = roc.curve(*self._sides(self.scores, self.rows))
        # Even in the logarithm, since the left edge is where people are harmed; rates that reports state are exact.
        lowest = 1 / max(int((self.rows & ~self.is_member).sum()), 2)
        grid = np.unique(np.concatenate([[0.0], np.geomspace(lowest, 1, _CURVE_POINTS), FPRS]))
        edge = np.append(fpr[1:] > fpr[:-1], True)  # where the curve rises straight up, its upper end
        return grid, np.interp(grid, fpr[edge], tpr[edge])

    def plot(self, ax: Any = None) -> Any:
        """Draw the ROC curve on log-log axes with matplotlib; return the axes."""
        fpr, tpr = self.curve()
        return draw.roc({self.title: (fpr.tolist(), tpr.tolist())}, ax=ax)

    def to_dict(self, fprs: Sequence[float] = FPRS) -> dict[str, Any]:
        """Return plain values: everything that is no row's own, with rates at ``fprs``."""
        fpr, tpr = self.curve()
        return {
            "name": self.name,
            "title": self.title,
            "needs": self.needs.words,
            "against_model": self.against_model,
            "auc": self.auc().to_dict(),
            "tpr": [{"fpr": f, "estimate": self.tpr_at(f).to_dict()} for f in fprs],
            "over_models": None
            if self.replicas is None
            else [
                {"fpr": f, "estimate": found.to_dict(), "spread": list(self.spread_over_models(f) or ())}
                for f in fprs
                if (found := self.tpr_over_models(f)) is not None
            ],
            "epsilon": self.epsilon_lower_bound().to_dict(),
            "baseline_auc": None if (baseline := self.baseline_auc()) is None else baseline.to_dict(),
            "control_auc": self.control_auc().to_dict(),
            "control": "models of other people" if self.null is not None else "non-members taken for members",
            "facts": {k: v.to_dict() if isinstance(v, Estimate) else v for k, v in self.reading().items()},
            "by_group": {group: found.to_dict() for group, found in self.by_group().items()},
            "curve": {"fpr": np.round(fpr, 6).tolist(), "tpr": np.round(tpr, 6).tolist()},
            "parameters": {k: list(v) if isinstance(v, tuple) else v for k, v in self.parameters.items()},
            "seed": self.seed,
        }

    def __str__(self) -> str:
        return "\n".join(
            [
                f"{self.title}: AUC {self.auc()}",
                *(f"  recognized at {100 * f:g} % false alarms: {self.tpr_at(f)}" for f in FPRS),
            ]
        )


def versions() -> dict[str, str]:
    """Return the versions that the numbers depend on."""
    packages = ("reticent", "numpy", "scipy", "scikit-learn", "pandas")
    return {"python": platform.python_version(), **{name: version(name) for name in packages}}
