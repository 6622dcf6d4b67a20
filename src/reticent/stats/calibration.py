"""One threshold for each record, at the stated false-positive rate *on that record*, also for people beyond the pool.

Shadow models tell how a model's signal on a record is spread when it did not learn from it. Three things make the usual
threshold (the normal quantile of that spread) name too many, and the risk read off it too high:

* Mean and spread are estimated from K shadows. A new signal lies around their mean as Student's t with the degrees of
  freedom that stand behind the spread, at ``variance * (1 + 1 / K)``.
* Shadows learn from random m of the n rows of one finite pool. To first order a signal is the mean of the influences of
  its m training rows plus the luck of the training itself. Drawn without replacement, such a mean has the variance
  ``(1 - m / n)`` of that of m *fresh* people: all halves of one pool share half of their rows on average, so they agree
  with each other more than models of other people do. Where a share d of the shadows' variance comes from the rows, a
  fresh model's variance is ``1 - d + d / (1 - m / n)`` times the shadows'. With halves and d = 1 it is twice as large.
* The pool is itself a sample: the shadows' mean is off by what n rows leave open, ``m / n`` of a fresh model's data
  variance. A fresh model lies around the *pool's* mean with ``1 - d + d (1 + m / n) / (1 - m / n)`` times the shadows'
  variance: three times with halves, which turns a nominal 1 % of false alarms into 9 %.

Luck of the training (seeds, bags, batches) is the same in a pool and beyond, so d has to be known: 1 where training is
deterministic, else from a few halves trained once more with other seeds (:func:`data_share`). A target whose own rows
are a random part of the pool is one more of its shadows: there only the first correction holds (``WITHIN``).
Bias found by Jälkö, Pradhan, Räisä and Honkela 2026 (arXiv:2605.25819); shrinkage of variances by Smyth 2004.

>>> import numpy as np
>>> outside = Side(mean=np.zeros(1), variance=np.ones(1), count=np.full(1, 16.0), freedom=np.full(1, 15.0))
>>> [float(thresholds(outside, fpr=0.01, pool=pool)[0].round(2)) for pool in (WITHIN, Pool(share=0.5))]
[2.68, 4.55]
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import optimize, special, stats

from reticent import _validate
from reticent.errors import ParameterError

Array = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]

FLOOR = 1e-6  # variance of a signal that never moved
_MOST_PRIOR = 1e4  # beyond, the rows' spreads are the same to all intents


@dataclass(frozen=True, eq=False, kw_only=True)
class Side:
    """What models with each row, or models without it, say of it: shapes (n,).

    Attributes
    ----------
    mean, variance
        Of one model's signal.
    count
        How many models stand behind the mean; infinite where it is computed.
    freedom
        How many degrees of freedom stand behind the variance.
    """

    mean: Array
    variance: Array
    count: Array
    freedom: Array


@dataclass(frozen=True, eq=False, kw_only=True)
class Pool:
    """Where shadow models got their rows from.

    Attributes
    ----------
    share
        Rows in each model's training as a share of the pool, in [0, 1); 0 for an endless pool.
    data
        Share of the shadows' variance that comes from which rows they got, in [0, 1]: a number or shape (n,).
    rows
        Rows of the pool: how far its own spread can be trusted.
    """

    share: float
    data: Array | float = 1.0
    rows: float = np.inf

    def __post_init__(self) -> None:
        if not 0 <= self.share < 1:
            raise ParameterError(f"expected 0 <= share < 1, got share={self.share!r}")
        if not np.all((np.asarray(self.data) >= 0) & (np.asarray(self.data) <= 1)):
            raise ParameterError("expected 0 <= data <= 1 in all rows: the part of a variance")

    @property
    def fresh(self) -> Array:
        """Variance of models trained on fresh people, in units of the shadows'."""
        return np.asarray(1 - self.data + self.data / (1 - self.share))

    @property
    def apart(self) -> Array:
        """Mean square of what lies between such a model and the pool's own mean, in units of the shadows' variance."""
        return np.asarray(1 - self.data + self.data * (1 + self.share) / (1 - self.share))

    def freedom(self, shadows: Array) -> Array:
        """Return the degrees of freedom that stand behind a fresh model's variance, given those of the shadows'."""
        beyond = np.asarray(self.data) ** 2 * (self.share > 0) / (self.rows - 1)
        unsure = 1 / shadows + beyond
        return np.asarray(np.divide(1, unsure, out=np.full(np.shape(unsure), np.inf), where=unsure > 0))


WITHIN = Pool(share=0.0)


@dataclass(frozen=True, kw_only=True)
class Prior:
    """What all rows say of the spread of one: a variance, and the degrees of freedom that it counts for."""

    variance: float
    freedom: float


NO_PRIOR = Prior(variance=1.0, freedom=0.0)


def side(signals: Array, chosen: Mask, *, prior: Prior) -> Side:
    """Return one side's moments from S shadows' signals and whether each counts, shapes (S, n).

    Every row needs one that counts, and two without a prior.
    """
    count = chosen.sum(axis=0).astype(np.float64)
    mean = np.where(chosen, signals, 0).sum(axis=0) / count
    squares = np.where(chosen, (signals - mean) ** 2, 0).sum(axis=0)
    freedom = count - 1 + prior.freedom
    variance = (squares + prior.freedom * prior.variance) / freedom + FLOOR
    return Side(mean=mean, variance=np.asarray(variance), count=count, freedom=freedom)


def prior_of(signals: Array, chosen: Mask) -> Prior:
    """Return the prior that the rows' own variances speak for: strong where they differ by chance alone.

    From mean and spread of their logarithms (Smyth 2004, section 6.2), at shapes (S, n).
    """
    count = chosen.sum(axis=0)
    mean = np.where(chosen, signals, 0).sum(axis=0) / np.maximum(count, 1)
    freedom = count - 1
    told = freedom >= 1
    variance = (np.where(chosen, (signals - mean) ** 2, 0).sum(axis=0)[told]) / freedom[told] + FLOOR
    if len(variance) < 2:
        return Prior(variance=float(variance.mean()) if len(variance) else 1.0, freedom=1.0)
    centered = np.log(variance) - special.digamma(freedom[told] / 2) + np.log(freedom[told] / 2)
    beyond = float(centered.var(ddof=1) - special.polygamma(1, freedom[told] / 2).mean())
    half = _MOST_PRIOR / 2
    if beyond > float(special.polygamma(1, half)):
        half = float(np.exp(optimize.brentq(lambda x: special.polygamma(1, np.exp(x)) - beyond, *np.log([1e-3, half]))))
    common = np.exp(centered.mean() + special.digamma(half) - np.log(half))
    return Prior(variance=float(common), freedom=2 * half)


def data_share(first: Array, again: Array, chosen: Mask, around: Side) -> float:
    """Return which share of the shadows' variance comes from which rows they got, over all rows.

    Parameters
    ----------
    first, again, chosen
        Signals of T shadows, of the same T halves trained once more with other seeds, and whether each is of the side
        in question for each row, shapes (T, n).
    around
        All shadows' moments of that side.

    Raises
    ------
    ParameterError
        If no row has twins on this side.
    """
    count = chosen.sum(axis=0)
    told = count > 0
    if not told.any():
        raise ParameterError("expected twins on this side for some row; train more of them")
    luck = np.where(chosen, (first - again) ** 2, 0).sum(axis=0)[told] / (2 * count[told])
    # A ratio of sums: twins are among the shadows behind a row's variance, which would bend a mean of ratios.
    return float(np.clip(1 - luck.sum() / around.variance[told].sum(), 0, 1))


def thresholds(outside: Side, *, fpr: float, pool: Pool) -> Array:
    """Return for each row the signal that a share ``fpr`` of models that never met it exceed, shape (n,)."""
    _validate.probability(fpr=fpr)
    return np.asarray(outside.mean + stats.t.isf(fpr, pool.freedom(outside.freedom)) * _reach(outside, pool))


def surprise(signal: Array, outside: Side, *, pool: Pool) -> Array:
    """Return how unlikely a signal is for a model that never met the row: -log10 of the p-value, (..., n) -> (..., n).

    Scores that compare across rows: 2 is named at 1 % false alarms on each row, 3 at 0.1 %.
    """
    freedom = pool.freedom(outside.freedom)
    return np.asarray(-stats.t.logsf((signal - outside.mean) / _reach(outside, pool), freedom) / np.log(10))


def _reach(outside: Side, pool: Pool) -> Array:
    return np.asarray(np.sqrt(outside.variance * (pool.apart + 1 / outside.count)))


def risk(inside: Side, outside: Side, *, fpr: float, pool: Pool, level: float = 0.95) -> tuple[Array, Array, Array]:
    """Return how often models trained with each row give it away at ``fpr`` on that row, as (value, low, high).

    The models are those of fresh people beside this one, and the attacker is one who knows both means: the pool's own
    error moves both alike. The interval carries the noise of the means and of the spreads, and is never shorter than
    the number of shadows allows. Shapes (n,).
    """
    _validate.probability(fpr=fpr)
    z, quantile = float(stats.norm.isf(fpr)), float(stats.norm.ppf((1 + level) / 2))
    variance, stretch = inside.variance * pool.fresh, outside.variance / inside.variance
    distance = (inside.mean - outside.mean - z * np.sqrt(outside.variance * pool.fresh)) / np.sqrt(variance)
    means = (1 / inside.count + stretch / outside.count) / pool.fresh
    behind_out, behind_in = pool.freedom(outside.freedom), pool.freedom(inside.freedom)
    half = quantile * np.sqrt(means + stretch * z**2 / (2 * behind_out) + distance**2 / (2 * behind_in))
    # However far apart two curves lie: that n models agree says no more than n successes in n trials do.
    edge = ((1 - level) / 2) ** (1 / inside.count)
    value = stats.norm.cdf(distance)
    return (
        np.asarray(value + (0.5 - value) / (inside.count + 1)),
        np.minimum(stats.norm.cdf(distance - half), edge),
        np.maximum(stats.norm.cdf(distance + half), 1 - edge),
    )
