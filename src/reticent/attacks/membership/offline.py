"""LiRA offline: is the model surer of this row than models are that did not learn from it?

The attacker sees scores (or labels alone) and knows how the model was trained, but heard of this row too late to train
on it: each row is read with those models alone that never met it. Success means that the target's confidence lies far
out in their distribution, a z-score (Carlini et al. 2022, arXiv:2112.03570, section IV.C).

The audit takes each row's models from the shadow models of LiRA online, which cost nothing more where that has run.
They learned from other members, so the attacker has data that overlap with the target's; what is given up is only
what models say after they learned from the row. Such an attacker is the more likely one; the online one is the bound.

>>> import numpy as np
>>> rng = np.random.default_rng(0)
>>> membership = rng.random((16, 500)) < 0.5
>>> signals = rng.normal(size=(16, 500)) + 2 * membership
>>> scores = offline_scores(signals[0], moments(signals[1:], ~membership[1:]), prior=4)
>>> bool(scores[membership[0]].mean() > 1 > scores[~membership[0]].mean())
True
"""

from dataclasses import asdict, dataclass
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt

from reticent import _validate
from reticent.attacks.attack import admit
from reticent.attacks.membership.blind import baseline
from reticent.attacks.practice import (
    Moments,
    Rounds,
    control,
    mean_auc,
    mean_power,
    moments,
    moments_of_others,
    rounds_of,
)
from reticent.attacks.result import Finding, Replicas
from reticent.attacks.shadow import shadows
from reticent.attacks.signals import confidence, smoothed_logit
from reticent.attacks.workbench import Workbench
from reticent.target.access import Access
from reticent.target.target import Target

Array = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]

_TRIALS = (10.0, 30.0, 100.0, 1e3, 1e5)
_PRIORS = (4.0, 16.0, 64.0)
_FLOOR = 1e-6  # variance of a signal that never moved


def offline_scores(signals: Array, outside: Moments, *, prior: float) -> Array:
    """Return how many standard deviations a signal lies above models without the row, the shape of ``signals``.

    Parameters
    ----------
    signals
        Of one model or of several, shape (..., n).
    outside
        (how many, mean, sum of squared deviations) over models without the row, of a shape that goes with it.
    prior
        How many models the pool's common variance counts for, beside a row's own.
    """
    count, mean, squares = outside
    freedom = np.maximum(count - 1, 0)
    common = squares.sum() / np.maximum(freedom.sum(), 1)
    return np.asarray((signals - mean) / np.sqrt((squares + prior * common) / (freedom + prior) + _FLOOR))


@dataclass(frozen=True, kw_only=True)
class LiraOffline:
    """LiRA offline, with those of ``shadows`` shadow models that did not learn from the row."""

    shadows: int = 32

    name: ClassVar[str] = "lira-offline"
    title: ClassVar[str] = "LiRA offline (models without the row)"
    needs: ClassVar[Access] = Access.LABELS
    needs_recipe: ClassVar[bool] = True
    needs_family: ClassVar[type[Any] | None] = None

    def __post_init__(self) -> None:
        _validate.at_least(8, shadows=self.shadows)

    def run(self, target: Target, seed: int = 0, bench: Workbench | None = None) -> Finding:
        """Train shadow models, choose on them how to read a z-score, and read the target's."""
        admit(self, target)
        bench = bench or Workbench()
        people = target.population
        trained = shadows(target, self.shadows, seed, bench)
        shares = confidence(trained.scores, target.truth)
        trials, prior, left_out = _best_setting(shares, trained.membership, rounds_of(target, self.shadows))
        without = moments(smoothed_logit(shares, trials), ~trained.membership)
        own = smoothed_logit(confidence(target.scores, target.truth), trials)
        scores = offline_scores(own, without, prior=prior)
        outside = trained.counts[1]
        return Finding(
            name=self.name,
            title=self.title,
            needs=self.needs,
            scores=scores,
            is_member=people.is_member,
            sealed=people.sealed,
            baseline=baseline(target, seed, bench),
            null=control(left_out, people.is_member),
            facts={
                "shadow models without each row": f"{outside.min()} to {outside.max()}",
                "AUC on shadow models": mean_auc(left_out, trained.membership),
            },
            replicas=Replicas(
                np.vstack([scores, left_out]), np.vstack([people.is_member, trained.membership]), people.unit
            ),
            parameters={**asdict(self), "trials": trials, "prior": prior, "scores": Access.SCORES in target.access},
            seed=seed,
        )


def _best_setting(shares: Array, membership: Mask, rounds: Rounds) -> tuple[float, float, Array]:
    """Return (trials, prior, scores of shadows) of the setting that finds most of the shadows' own members."""
    best: tuple[tuple[float, float], float, float, Array] | None = None
    for trials in _TRIALS:
        signals = smoothed_logit(shares, trials)
        outside = moments_of_others(signals, ~membership, rounds)
        for prior in _PRIORS:
            scores = offline_scores(signals, outside, prior=prior)
            found = mean_power(scores, membership)
            if best is None or found > best[0]:
                best = (found, trials, prior, scores)
    assert best is not None  # there is at least one setting
    return best[1:]
