"""LiRA, the likelihood ratio attack: for each person, is this model more like those that learned from them?

The attacker sees scores (or labels alone), knows how the model was trained and has people of the same population, so
trains shadow models with and without each row. Success means that the target's confidence in a row is likelier among
shadows that learned from it (Carlini et al. 2022, arXiv:2112.03570). Probabilities are smoothed and variances shrunk
to the pool's: with plain logits of saturated probabilities the tail of the ROC, where people are harmed, is noise.

How much to smooth and to shrink is chosen on the shadow models themselves, whose membership is known: each round of
them is attacked with the others. Neither the target nor any half of its people chooses anything.

>>> import numpy as np
>>> rng = np.random.default_rng(0)
>>> membership = rng.random((16, 500)) < 0.5
>>> signals = rng.normal(size=(16, 500)) + 2 * membership
>>> scores = lira_scores(signals[0], signals[1:], membership[1:], prior=4)
>>> bool(scores[membership[0]].mean() > 0 > scores[~membership[0]].mean())
True
"""

from dataclasses import asdict, dataclass
from itertools import product
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt

from reticent import _validate
from reticent.attacks.attack import admit
from reticent.attacks.membership.blind import baseline
from reticent.attacks.practice import Rounds, control, mean_auc, mean_power, moments, rounds_of
from reticent.attacks.record_risk import RISK_FPR, recognized, risk_of
from reticent.attacks.result import Finding, Replicas
from reticent.attacks.shadow import shadows
from reticent.attacks.signals import confidence, smoothed_logit
from reticent.attacks.workbench import Workbench
from reticent.target.access import Access
from reticent.target.target import Target

Array = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]

_TRIALS = (10.0, 30.0, 100.0, 1e3, 1e5)
_PRIORS = (4.0, 16.0)
_CHOOSERS = 50_000  # rows on which settings are compared; more would not change the choice
_FLOOR = 1e-6  # variance of a signal that never moved


def lira_scores(signal: Array, shadow_signals: Array, membership: Mask, *, prior: float) -> Array:
    """Return the log likelihood ratio of having been in training, the shape of ``signal``.

    Parameters
    ----------
    signal
        The signal of one model, or of several, for each row: shape (..., n).
    shadow_signals, membership
        The shadows' signals, and whether each learned from each row, shapes (S, n).
    prior
        How many shadows the pool's common variance counts for, beside a row's own.
    """
    return _log_density(signal, *moments(shadow_signals, membership), prior) - _log_density(
        signal, *moments(shadow_signals, ~membership), prior
    )


def scores_of_shadows(shadow_signals: Array, membership: Mask, rounds: Rounds, *, prior: float) -> Array:
    """Return the score of each shadow's rows when the shadows of other rounds attack it, shape (S, n).

    Shadows of one round share out the rows among them. Leaving out one alone would leave fewer models with a row where
    it had the row than where it had not: their mean would tell membership, above all where signals hardly differ.
    ``rounds``, of shape (S,), tells the round of each.
    """
    scores = np.empty_like(shadow_signals)
    for one in np.unique(rounds):
        here = rounds == one
        scores[here] = lira_scores(shadow_signals[here], shadow_signals[~here], membership[~here], prior=prior)
    return scores


def _log_density(signal: Array, count: Array, mean: Array, squares: Array, prior: float) -> Array:
    variance = _variance(count, squares, prior)
    return -((signal - mean) ** 2) / (2 * variance) - np.log(variance) / 2  # up to a constant that cancels


def _variance(count: Array, squares: Array, prior: float) -> Array:
    common = squares.sum() / np.maximum(count - 1, 0).sum()
    return np.asarray((squares + prior * common) / (np.maximum(count - 1, 0) + prior) + _FLOOR)


@dataclass(frozen=True, kw_only=True)
class Lira:
    """LiRA online, with ``shadows`` shadow models."""

    shadows: int = 32

    name: ClassVar[str] = "lira"
    title: ClassVar[str] = "LiRA (likelihood ratio, shadow models)"
    needs: ClassVar[Access] = Access.LABELS
    needs_recipe: ClassVar[bool] = True
    needs_family: ClassVar[type[Any] | None] = None

    def __post_init__(self) -> None:
        _validate.at_least(8, shadows=self.shadows)

    def run(self, target: Target, seed: int = 0, bench: Workbench | None = None) -> Finding:
        """Train shadow models, learn from them how to read the target, and read it."""
        admit(self, target)
        bench = bench or Workbench()
        people = target.population
        trained = shadows(target, self.shadows, seed, bench)
        shares = confidence(trained.scores, target.truth)
        rounds = rounds_of(target, self.shadows)
        trials, prior = best_setting(shares, trained.membership, rounds)
        signals = smoothed_logit(shares, trials)
        left_out = scores_of_shadows(signals, trained.membership, rounds, prior=prior)
        own = smoothed_logit(confidence(target.scores, target.truth), trials)
        scores = lira_scores(own, signals, trained.membership, prior=prior)
        each, alarms = recognized(own, signals, trained.membership, people.is_member, fpr=RISK_FPR)
        inside, outside = trained.counts
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
                "shadow models with each row": f"{inside.min()} to {inside.max()}",
                "shadow models without each row": f"{outside.min()} to {outside.max()}",
                "AUC on shadow models": mean_auc(left_out, trained.membership),
                "recognized at 1 % false alarms on each row": each,
                "non-members then wrongly named": alarms,
            },
            risk=risk_of(
                target,
                trained,
                lambda answers: smoothed_logit(confidence(answers, target.truth), trials),
                seed=seed,
                bench=bench,
            ),
            replicas=Replicas(
                np.vstack([scores, left_out]), np.vstack([people.is_member, trained.membership]), people.unit
            ),
            parameters={**asdict(self), "trials": trials, "prior": prior, "scores": Access.SCORES in target.access},
            seed=seed,
        )


def best_setting(shares: Array, membership: Mask, rounds: Rounds) -> tuple[float, float]:
    """Return (trials, prior), the smoothing and shrinking that find most of the shadows' own members."""
    step = -(-shares.shape[1] // _CHOOSERS)
    some, inside = shares[:, ::step], membership[:, ::step]
    best: tuple[tuple[float, float], float, float] | None = None
    for trials, prior in product(_TRIALS, _PRIORS):
        found = mean_power(scores_of_shadows(smoothed_logit(some, trials), inside, rounds, prior=prior), inside)
        if best is None or found > best[0]:
            best = (found, trials, prior)
    assert best is not None  # there is at least one setting
    return best[1:]
