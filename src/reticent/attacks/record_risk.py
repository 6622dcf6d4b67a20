"""Risk of each person, beyond the pool of this audit: shadow models tell it, twins of them correct it.

Shadow models learn from halves of one pool, so they agree with each other more than models of other people would, and
a risk that is read off them alone is too high (:mod:`reticent.stats.calibration`). How much depends on which part of
their spread comes from their rows; the rest, the luck of the training, is the same everywhere. A few halves trained
once more with other seeds (twins) tell the two apart, and training without luck is found out by the first of them.

>>> import numpy as np
>>> rng = np.random.default_rng(0)
>>> membership = rng.permuted(np.tile(np.arange(32) < 16, (500, 1)), axis=1).T
>>> signals = rng.normal(size=(32, 500)) + 3 * membership
>>> alone, corrected = (record_risk(signals, membership, pool=Pool(share=share))[0].mean() for share in (0, 0.5))
>>> round(float(alone), 2), round(float(corrected), 2)
(0.72, 0.42)
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from reticent import _seeds
from reticent.attacks.result import Risk
from reticent.attacks.shadow import Shadows, shadows
from reticent.attacks.signals import confidence
from reticent.attacks.workbench import Workbench
from reticent.stats.calibration import NO_PRIOR, WITHIN, Array, Mask, Pool, data_share, prior_of, risk, side, surprise
from reticent.stats.estimate import Estimate
from reticent.stats.rates import rate
from reticent.target.model import Model, Recipe
from reticent.target.target import Target

RISK_FPR = 0.01
MEANING = "share of models trained with this row that give it away at 1 % false alarms on this row"
_TWINS = 4
_OWN_SPREAD = 5  # models; from more on a row's own spread is better than one drawn to that of all rows


def record_risk(signals: Array, membership: Mask, *, pool: Pool, fpr: float = RISK_FPR) -> tuple[Array, Array, Array]:
    """Return how often each row would be recognized at ``fpr`` false alarms on that row, as (value, low, high).

    Parameters
    ----------
    signals, membership
        The shadows' signals, and whether each learned from each row, shapes (S, n).
    pool
        The pool that the shadows' rows were drawn from.
    """
    inside, outside = (side(signals, chosen, prior=prior_of(signals, chosen)) for chosen in (membership, ~membership))
    return risk(inside, outside, fpr=fpr, pool=pool)


def risk_of(
    target: Target,
    trained: Shadows,
    signal: Callable[[npt.NDArray[Any]], Array],
    *,
    seed: int,
    bench: Workbench,
) -> Risk:
    """Return the risk of each row of a target from its shadow models, corrected for their common pool.

    Parameters
    ----------
    signal
        From what an attacker reads off models, shape (..., n, C), to one number a row, shape (..., n).
    """
    membership, shares = trained.membership, confidence(trained.scores, target.truth)
    signals = signal(trained.scores)
    value, low, high = record_risk(
        signals, membership, pool=pool_of(target, signals, membership, signal, seed=seed, bench=bench)
    )
    means = [(np.where(chosen, shares, 0).sum(axis=0) / chosen.sum(axis=0)) for chosen in (membership, ~membership)]
    return Risk(value, low, high, MEANING, *means)


def recognized(
    own: Array, signals: Array, membership: Mask, is_member: Mask, *, fpr: float
) -> tuple[Estimate, Estimate]:
    """Return the share of members named at ``fpr`` false alarms on each row's own, and the share of others so named.

    A pooled threshold spends all its false alarms on the rows whose scores spread widest; here each row has its own
    threshold, so the second rate is ``fpr`` where the shadows' spread is the target's. The target's rows are a part of
    the shadows' pool, so no correction for the pool is due.

    Parameters
    ----------
    own
        The target's signal for each row, shape (n,).
    signals, membership
        The shadows' signals, and whether each learned from each row, shapes (S, n).
    """
    enough = (~membership).sum(axis=0).min() > _OWN_SPREAD
    prior = NO_PRIOR if enough else prior_of(signals, ~membership)
    named = surprise(own, side(signals, ~membership, prior=prior), pool=WITHIN) >= -np.log10(fpr)
    return rate(named[is_member]), rate(named[~is_member])


def pool_of(
    target: Target,
    signals: Array,
    membership: Mask,
    signal: Callable[[npt.NDArray[Any]], Array],
    *,
    seed: int,
    bench: Workbench,
) -> Pool:
    """Return the pool of these shadow models, with the share of their spread that comes from their rows.

    ``signals`` and ``membership`` are of shape (S, n), of the shadows of this target and seed in their order.
    """
    again = twins(target, seed, bench)
    count = len(again.scores)
    seen = signal(again.scores)
    share = float(membership.mean())
    if np.array_equal(seen, signals[:count]):  # no luck in this training
        return Pool(share=share, data=1.0, rows=len(target.population))
    outside = side(signals, ~membership, prior=NO_PRIOR)
    data = data_share(signals[:count], seen, ~membership[:count], outside)
    return Pool(share=share, data=data, rows=len(target.population))


def twins(target: Target, seed: int, bench: Workbench) -> Shadows:
    """Train the first shadow models once more with other seeds; a single one where that changes nothing."""
    assert target.recipe is not None  # shadows would have refused
    other = replace(target, recipe=_Again(target.recipe))
    one, known = shadows(other, 1, seed, bench, fewest=0), shadows(target, 1, seed, bench, fewest=0)
    return one if np.array_equal(one.scores, known.scores) else shadows(other, _TWINS, seed, bench, fewest=0)


@dataclass(frozen=True, eq=False)
class _Again:
    """The same recipe with other luck."""

    inner: Recipe

    def __call__(self, table: Any, seed: int) -> Model:
        return self.inner(table, _seeds.integer(seed, "again"))

    @property
    def fingerprint(self) -> str | None:
        return None if self.inner.fingerprint is None else f"{self.inner.fingerprint} again"

    @property
    def family(self) -> None:
        return None

    def capacities(self) -> Sequence[Mapping[str, Any]]:
        return self.inner.capacities()

    def with_parameters(self, parameters: Mapping[str, Any]) -> Recipe:
        return replace(self, inner=self.inner.with_parameters(parameters))
