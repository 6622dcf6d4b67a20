"""RMIA, the relative attack: is this model surer of the row than models usually are, more so than of other rows?

The attacker sees scores (or labels alone), knows how the model was trained and has people of the same population.
Success means that the ratio p(truth | this model) / p(truth | models like it) is higher for members than for most of
the population (Zarifzadeh et al. 2024, arXiv:2312.03262). A mean needs few shadow models where a variance needs many.

The paper compares each row x with each row z of the population and scores the share of z with
ratio(x) >= gamma * ratio(z). That share is a rank, so it takes one sort, and no table of all pairs is ever made; and
it rises with ratio(x) whatever gamma is, so the ranking is that of the ratio itself: BASE (Lassila et al. 2025), which
is RMIA in another form. A gamma above 1 only makes ties of neighboring ranks, hence the 1 here.

Three things are chosen on shadow models, each round of them attacked with the others: how much to smooth (a true zero
stays a number, a ratio of two zeros says nothing), which mean is usual, and whether the log ratio is divided by the
row's own spread over shadow models, shrunk to the pool's (the variance of BaVarIA, Braennvall 2026, arXiv:2603.11799;
not at all, and the arithmetic mean, is the paper's RMIA). Pooled over both sides and centered between them, the spread
serves from 8 models on, where one normal or Student density a side does not.

>>> import numpy as np
>>> ratios = np.log([0.5, 1.0, 2.0, 4.0])
>>> rmia_scores(ratios, ratios, gamma=1).tolist(), rmia_scores(ratios, ratios, gamma=3).tolist()
([0.25, 0.5, 0.75, 1.0], [0.0, 0.0, 0.25, 0.5])
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass
from itertools import product
from typing import Any, ClassVar, TypeVar

import numpy as np
import numpy.typing as npt

from reticent import _validate
from reticent.attacks.attack import admit
from reticent.attacks.membership.blind import baseline
from reticent.attacks.practice import control, mean_auc, mean_power, moments, moments_of_others, rounds_of
from reticent.attacks.result import Finding, Replicas
from reticent.attacks.shadow import Shadows, shadows
from reticent.attacks.signals import confidence
from reticent.attacks.workbench import Workbench
from reticent.target.access import Access
from reticent.target.target import Target

Array = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]
Rounds = npt.NDArray[np.intp]
S = TypeVar("S")

_TRIALS = (1.0, 10.0, 100.0, 1e5)
_PRIORS = (4.0, 16.0, 64.0, float("inf"))
_AS = (0.0, 0.2, 0.4, 0.6, 0.8, 1.0)
_FLOOR = 1e-6  # variance of a log probability that never moved


def rmia_scores(ratios: Array, population: Array, *, gamma: float) -> Array:
    """Return the share of the population whose ratio, ``gamma`` times over, a row's ratio reaches, shape (n,).

    Parameters
    ----------
    ratios
        Log of how much surer the model is of each row than models usually are, shape (n,).
    population
        The same of rows z of the population, shape (m,); those of ``ratios`` may be among them.
    gamma
        How much more of a sign a row has to be than z.
    """
    return np.searchsorted(np.sort(population + np.log(gamma)), ratios, side="right") / len(population)


def usual_offline(outside: Array, *, a: float) -> Array:
    """Return p(truth) over models of both kinds, guessed from those without the row: ((1 + a) outside + 1 - a) / 2.

    With a = 1 a row is taken for one that no model remembers, with a = 0 for one that each knows by heart; any shape.
    """
    return ((1 + a) * outside + 1 - a) / 2


def log_ratio(shares: Array, usual: Array, *, trials: float) -> Array:
    """Return the log of how much surer the model is than usual, both read as shares of ``trials``, any shape."""
    return np.asarray(np.log(shares * trials + 0.5) - np.log(usual * trials + 0.5))


def spread(inside: tuple[Array, Array, Array], outside: tuple[Array, Array, Array], *, prior: float) -> Array:
    """Return each row's standard deviation over models of its own side, any shape; 1 for an infinite ``prior``.

    Parameters
    ----------
    inside, outside
        (how many, mean, sum of squared deviations) over models with the row and without it.
    prior
        How many models the pool's common variance counts for, beside a row's own.
    """
    freedom, squares = inside[0] + outside[0] - 2, inside[2] + outside[2]
    if np.isinf(prior):
        return np.ones_like(squares)
    common = squares.sum() / np.maximum(freedom.sum(), 1)
    return np.asarray(np.sqrt((squares + prior * common) / (freedom + prior) + _FLOOR))


@dataclass(frozen=True, kw_only=True)
class Setting:
    """How a row is compared: smoothed by ``trials``, its spread shrunk by ``prior``, with which ``mean`` of models."""

    trials: float
    prior: float
    mean: str  # "arithmetic" or "geometric"

    def log_usual(self, shares: tuple[Array, Array], logs: tuple[Array, Array]) -> Array:
        """Return the log of what is usual from the means of shares and of their logs, with the row and without."""
        if self.mean == "geometric":
            return np.asarray(sum(logs) / 2)
        return np.asarray(np.log(sum(shares) / 2 * self.trials + 0.5))


@dataclass(frozen=True, kw_only=True)
class Rmia:
    """RMIA online, with few ``shadows`` shadow models and comparisons at ``gamma``."""

    shadows: int = 8
    gamma: float = 1.0

    name: ClassVar[str] = "rmia"
    title: ClassVar[str] = "RMIA (relative to few shadow models)"
    needs: ClassVar[Access] = Access.LABELS
    needs_recipe: ClassVar[bool] = True
    needs_family: ClassVar[type[Any] | None] = None

    def __post_init__(self) -> None:
        _validate.at_least(8, shadows=self.shadows)
        _validate.at_least(1, gamma=self.gamma)

    def run(self, target: Target, seed: int = 0, bench: Workbench | None = None) -> Finding:
        """Train shadow models, choose on them how to compare, and compare the target with them."""
        admit(self, target)
        bench = bench or Workbench()
        trained = shadows(target, self.shadows, seed, bench, fewest=2)
        shares = confidence(trained.scores, target.truth)
        setting, left_out = best_setting(shares, trained.membership, rounds_of(target, self.shadows))
        own = relative(confidence(target.scores, target.truth), shares, trained.membership, setting)
        chosen = {**asdict(setting), "prior": setting.prior if np.isfinite(setting.prior) else None}
        return _finding(
            self, target, seed=seed, bench=bench, trained=trained, own=own, left_out=left_out, chosen=chosen
        )


@dataclass(frozen=True, kw_only=True)
class RmiaOffline:
    """RMIA offline: of ``shadows`` shadow models, each row is compared with those alone that did not learn from it."""

    shadows: int = 8
    gamma: float = 1.0

    name: ClassVar[str] = "rmia-offline"
    title: ClassVar[str] = "RMIA offline (models without the row)"
    needs: ClassVar[Access] = Access.LABELS
    needs_recipe: ClassVar[bool] = True
    needs_family: ClassVar[type[Any] | None] = None

    def __post_init__(self) -> None:
        _validate.at_least(8, shadows=self.shadows)
        _validate.at_least(1, gamma=self.gamma)

    def run(self, target: Target, seed: int = 0, bench: Workbench | None = None) -> Finding:
        """Train shadow models, choose ``a`` on them, and compare the target with what they would say on average."""
        admit(self, target)
        bench = bench or Workbench()
        trained = shadows(target, self.shadows, seed, bench, fewest=2)
        shares = confidence(trained.scores, target.truth)
        (trials, a), left_out = best_a(shares, trained.membership, rounds_of(target, self.shadows))
        usual = usual_offline(moments(shares, ~trained.membership)[1], a=a)
        own = log_ratio(confidence(target.scores, target.truth), usual, trials=trials)
        chosen = {"trials": trials, "a": a}
        return _finding(
            self, target, seed=seed, bench=bench, trained=trained, own=own, left_out=left_out, chosen=chosen
        )


def _finding(
    attack: Rmia | RmiaOffline,
    target: Target,
    *,
    seed: int,
    bench: Workbench,
    trained: Shadows,
    own: Array,
    left_out: Array,
    chosen: Mapping[str, float | str | None],
) -> Finding:
    """Return what the target's log ratios, shape (n,), and the shadows', shape (S, n), say."""
    people = target.population
    ranks = np.array([rmia_scores(row, row, gamma=attack.gamma) for row in (own, *left_out)])
    inside, outside = trained.counts
    return Finding(
        name=attack.name,
        title=attack.title,
        needs=attack.needs,
        scores=ranks[0],
        is_member=people.is_member,
        sealed=people.sealed,
        baseline=baseline(target, seed, bench),
        null=control(left_out, people.is_member),
        facts={
            "shadow models with each row": f"{inside.min()} to {inside.max()}",
            "shadow models without each row": f"{outside.min()} to {outside.max()}",
            "AUC on shadow models": mean_auc(left_out, trained.membership),
        },
        replicas=Replicas(ranks, np.vstack([people.is_member, trained.membership]), people.unit),
        parameters={**asdict(attack), **chosen, "scores": Access.SCORES in target.access},
        seed=seed,
    )


def relative(own: Array, shares: Array, membership: Mask, setting: Setting) -> Array:
    """Return a model's log ratio to the shadow models, over the row's spread, shape (n,).

    Parameters
    ----------
    own
        The model's probability of the truth of each row, shape (n,).
    shares, membership
        The shadows' probabilities, and whether each learned from each row, shapes (S, n).
    """
    logs = np.log(shares * setting.trials + 0.5)
    inside, outside = moments(logs, membership), moments(logs, ~membership)
    means = moments(shares, membership)[1], moments(shares, ~membership)[1]
    usual = setting.log_usual(means, (inside[1], outside[1]))
    return np.asarray((np.log(own * setting.trials + 0.5) - usual) / spread(inside, outside, prior=setting.prior))


def best_setting(shares: Array, membership: Mask, rounds: Rounds) -> tuple[Setting, Array]:
    """Return the setting that finds most of the shadows' own members, and the shadows' log ratios, shape (S, n).

    From the shadows' probabilities, memberships, shapes (S, n), and rounds, shape (S,).
    """
    return _strongest(_settings(shares, membership, rounds), membership)


def best_a(shares: Array, membership: Mask, rounds: Rounds) -> tuple[tuple[float, float], Array]:
    """Return (trials, a) that find most of the shadows' own members, and the shadows' log ratios, shape (S, n)."""
    outside = moments_of_others(shares, ~membership, rounds)[1]
    settings = (
        ((trials, a), log_ratio(shares, usual_offline(outside, a=a), trials=trials)) for trials in _TRIALS for a in _AS
    )
    return _strongest(settings, membership)


def _settings(shares: Array, membership: Mask, rounds: Rounds) -> Iterator[tuple[Setting, Array]]:
    means = moments_of_others(shares, membership, rounds)[1], moments_of_others(shares, ~membership, rounds)[1]
    for trials in _TRIALS:
        logs = np.log(shares * trials + 0.5)
        inside, outside = (moments_of_others(logs, side, rounds) for side in (membership, ~membership))
        for mean, prior in product(("arithmetic", "geometric"), _PRIORS):
            setting = Setting(trials=trials, prior=prior, mean=mean)
            usual = setting.log_usual(means, (inside[1], outside[1]))
            yield setting, np.asarray((logs - usual) / spread(inside, outside, prior=prior))


def _strongest(settings: Iterable[tuple[S, Array]], membership: Mask) -> tuple[S, Array]:
    best: tuple[tuple[float, float], tuple[S, Array]] | None = None
    for setting in settings:
        found = mean_power(setting[1], membership)
        if best is None or found > best[0]:
            best = (found, setting)
    assert best is not None  # there is at least one setting
    return best[1]
