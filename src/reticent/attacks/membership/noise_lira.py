"""LiRA on noise: LiRA with labels alone, which hear more once they are asked about rows nearby too.

The attacker sees labels, knows how the model was trained, and asks the target and shadow models with and without each
row the same noisy queries. Success means that the share of right labels around a row is likelier among shadows that
learned from it (Choquette-Choo et al. 2021, arXiv:2007.14321; read as in Carlini et al. 2022, arXiv:2112.03570). One
label is one bit, and the same on most models; the share of many is nearly as fine as a score.

The signal is the mean share of right labels over the row itself and its weakest noise. Few shadow models leave a row's
own ratio unsure, so what the surroundings say (:mod:`reticent.attacks.membership.noise`) is added as a second witness.
How many of the strengths, how much to smooth and to shrink, and the weight of the second witness are chosen on the
shadow models alone, each round of them attacked with the others.

>>> import numpy as np
>>> rng = np.random.default_rng(0)
>>> membership = rng.permuted(np.tile([[True], [False]], (8, 500)).reshape(8, 2, 500), axis=1).reshape(16, 500)
>>> signals = rng.normal(size=(16, 500)) + 2 * membership
>>> scores = scores_of_shadows(signals, membership, np.arange(16) // 2, prior=4)
>>> bool(scores[membership].mean() > 0 > scores[~membership].mean())
True
"""

from dataclasses import asdict, dataclass, replace
from itertools import product
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt

from reticent import _progress, _seeds, _validate
from reticent.attacks.attack import admit
from reticent.attacks.membership.blind import baseline
from reticent.attacks.membership.lira import lira_scores, scores_of_shadows
from reticent.attacks.membership.noise import check, noise_scores, shares_of_target, shares_right
from reticent.attacks.practice import Rounds, control, mean_auc, mean_power, rounds_of
from reticent.attacks.record_risk import MEANING, record_risk
from reticent.attacks.result import Finding, Replicas, Risk
from reticent.attacks.shadow import MIN_COUNT
from reticent.attacks.signals import smoothed_logit
from reticent.attacks.workbench import Workbench
from reticent.errors import ModelError, RecipeError
from reticent.stats.calibration import WITHIN
from reticent.target import splits
from reticent.target.access import Access
from reticent.target.target import Target

Array = npt.NDArray[np.float64]
Single = npt.NDArray[np.float32]
Mask = npt.NDArray[np.bool_]

_TRIALS = (3.0, 30.0)
_PRIORS = (4.0, 16.0)
_WEIGHTS = (0.0, 0.5, 2.0)
_CHOOSERS = 5_000  # rows on which settings are compared; more would not change the choice
_CONTROL_LEVEL = 0.999  # a control that cries wolf in one report of twenty would be read by nobody


def surprise(shares: Single, copies: int) -> Array:
    """Return the log of :func:`noise_scores`, zero for wrong labels: (..., 1 + L, n) -> (..., n)."""
    around = shares[..., 1:, :].mean(axis=-2, dtype=np.float64)
    return np.log(np.maximum(noise_scores(shares[..., 0, :], around, copies * (shares.shape[-2] - 1)), 1))


@dataclass(frozen=True, kw_only=True)
class Setting:
    """How shares of right labels are read: over the row and how many strengths, smoothed, shrunk and weighed how."""

    used: int
    trials: float
    prior: float
    weight: float

    def signal(self, shares: Single) -> Array:
        """Return the log-odds of a right label: (..., 1 + L, n) -> (..., n)."""
        return smoothed_logit(shares[..., : self.used, :].mean(axis=-2, dtype=np.float64), self.trials)


@dataclass(frozen=True, kw_only=True)
class NoiseLira:
    """``shadows`` shadow models and the target are asked about ``copies`` of each row at each of the ``strengths``."""

    shadows: int = 16
    strengths: tuple[float, ...] = (0.025, 0.05, 0.1, 0.2, 0.4)
    copies: int = 12

    name: ClassVar[str] = "noise-lira"
    title: ClassVar[str] = "Noise with LiRA (labels only, shadow models)"
    needs: ClassVar[Access] = Access.LABELS
    needs_recipe: ClassVar[bool] = True
    needs_family: ClassVar[type[Any] | None] = None

    def __post_init__(self) -> None:
        _validate.at_least(8, shadows=self.shadows)
        check(self.strengths, self.copies)

    def run(self, target: Target, seed: int = 0, bench: Workbench | None = None) -> Finding:
        """Train shadow models, ask them and the target the same queries, and compare."""
        admit(self, target)
        bench = bench or Workbench()
        people = target.population
        own = shares_of_target(target, self.strengths, self.copies, seed)
        shares, membership, rounds = _shares_of_shadows(target, self, seed, bench)
        best = _best_setting(shares, membership, rounds, self.copies)
        signals, witness = best.signal(shares), best.weight * surprise(shares, self.copies)
        scores = lira_scores(best.signal(own), signals, membership, prior=best.prior)
        scores += best.weight * surprise(own, self.copies)
        left_out = scores_of_shadows(signals, membership, rounds, prior=best.prior) + witness
        risk, low, high = record_risk(signals, membership, pool=WITHIN)
        right = shares[:, : best.used].mean(axis=1)
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
                "queries per row": float(1 + self.copies * len(self.strengths)),
                "AUC on shadow models": mean_auc(left_out, membership),
            },
            risk=Risk(
                risk,
                low,
                high,
                MEANING,
                np.asarray(np.where(membership, right, 0).sum(axis=0) / membership.sum(axis=0)),
                np.asarray(np.where(membership, 0, right).sum(axis=0) / (~membership).sum(axis=0)),
            ),
            replicas=Replicas(np.vstack([scores, left_out]), np.vstack([people.is_member, membership]), people.unit),
            parameters={**asdict(self), **asdict(best)},
            seed=seed,
        )


def _shares_of_shadows(target: Target, attack: NoiseLira, seed: int, bench: Workbench) -> tuple[Single, Mask, Rounds]:
    """Return shares of right labels (S, 1 + L, n), who was in which shadow (S, n), and each shadow's round (S,)."""
    people = target.population
    size = int(people.is_member.sum())
    membership = splits.halves(people.unit, size, attack.shadows, seed)  # the same models as LiRA's
    rounds = rounds_of(target, attack.shadows)
    for number in np.unique(rounds):
        inside, others = membership[rounds != number].sum(axis=0), int((rounds != number).sum())
        if min(inside.min(initial=others), (others - inside).min(initial=others)) < MIN_COUNT - 1:
            raise RecipeError(
                f"expected every row in at least {MIN_COUNT} shadow models and out of as many, got fewer with "
                f"{attack.shadows} of them and {size:,} of {len(people):,} rows in each. Use more shadow models, or "
                f"hand in more non-members"
            )

    def train() -> Single:
        tasks = (
            (target, np.flatnonzero(rows), attack, _seeds.integer(seed, "shadow", index), seed)
            for index, rows in enumerate(membership)
        )
        asked = bench.spread(_train_and_ask, tasks)
        return np.stack(list(_progress.track(asked, total=len(membership), title="shadow models asked with noise")))

    recipe = target.recipe
    key = ("noise", attack, recipe and (recipe.fingerprint or recipe), seed, people)
    return bench.once(key, train), membership, rounds


def _train_and_ask(target: Target, rows: Rounds, attack: NoiseLira, training: int, asking: int) -> Single:
    model = target.train(rows, training)
    try:
        return shares_right(model, target, attack.strengths, attack.copies, asking)
    except ModelError as error:
        raise RecipeError(
            f"a model trained on other rows of these tables does not answer for all of them: {error}"
        ) from error


def _best_setting(shares: Single, membership: Mask, rounds: Rounds, copies: int) -> Setting:
    """Return the setting that finds most of the shadows' own members at 1 % false positives."""
    some = slice(None, None, max(1, membership.shape[1] // _CHOOSERS))
    shares, membership = shares[:, :, some], membership[:, some]
    witness = surprise(shares, copies)
    best: tuple[tuple[float, float], Setting] | None = None
    for used, trials, prior in product(range(1, shares.shape[1] + 1), _TRIALS, _PRIORS):
        plain = Setting(used=used, trials=trials, prior=prior, weight=0)
        ratio = scores_of_shadows(plain.signal(shares), membership, rounds, prior=prior)
        for weight in _WEIGHTS:
            power = mean_power(ratio + weight * witness, membership)
            if best is None or power > best[0]:
                best = power, replace(plain, weight=weight)
    assert best is not None  # there is at least one setting
    return best[1]
