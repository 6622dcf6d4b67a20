"""How well scores tell members from non-members: the curve, its area, and its left edge, where people are harmed.

The true-positive rate at a small false-positive rate f is read at a threshold that is itself estimated from the
non-members. An interval that forgets this (Clopper-Pearson at the estimated threshold) covers about half of the time.
Here the threshold is an unknown: with n non-members, the number J of them above the true threshold is
Binomial(n, f), whatever the scores' distribution; given J, the number of members above it is known up to the gap
between two neighboring non-members. Mixing the members' Jeffreys distributions over J gives a confidence
distribution for the rate; its quantiles are the interval. ``tests/statistics`` measures the coverage.

>>> import numpy as np
>>> rng = np.random.default_rng(0)
>>> print(tpr_at(rng.normal(2, 1, 2000), rng.normal(0, 1, 2000), fpr=0.01))
0.334 (0.284 to 0.417)
>>> print(tpr_at(rng.normal(2, 1, 2000), rng.normal(0, 1, 2000), fpr=0.001))
cannot be tested with 2,000 non-members; a rate of 0.1 % needs 2,995
"""

import math

import numpy as np
import numpy.typing as npt
from scipy import special, stats

from reticent import _validate
from reticent.stats.estimate import Estimate, untestable
from reticent.stats.rates import clopper_pearson

Scores = npt.NDArray[np.float64]
Counts = tuple[Scores, int, Scores, int]  # hits, of how many, slips, of how many

_GAP_POINTS = 5  # quadrature over the gap between two non-members; more change the fourth digit of the interval
_QUANTILE_BISECTIONS = 40


def nonmembers_needed(fpr: float, *, level: float = 0.95) -> int:
    """Return how many non-members without a hit certify a false-positive rate below ``fpr``.

    >>> nonmembers_needed(0.001), nonmembers_needed(0.01)
    (2995, 299)
    """
    _validate.probability(fpr=fpr)
    return math.ceil(math.log(1 - level) / math.log1p(-fpr))


def tpr_at(members: Scores, nonmembers: Scores, *, fpr: float, level: float = 0.95) -> Estimate:
    """Return the share of members above the threshold that a share ``fpr`` of non-members exceeds.

    Parameters
    ----------
    members, nonmembers
        Scores, shapes (m,) and (n,); higher means more like a member. Among ties the attacker tosses a coin.
    fpr
        False-positive rate in (0, 1); the value is read at no more than ``floor(fpr * n)`` false positives.
    level
        Confidence level of the two-sided interval, which carries the threshold's own noise.
    """
    m, n = len(members), len(nonmembers)
    needed = nonmembers_needed(fpr, level=0.95)
    if n < needed or m == 0:
        reason = (
            f"cannot be tested with {n:,} non-members; a rate of {100 * fpr:g} % needs {needed:,}"
            if m
            else "cannot be tested without members"
        )
        return untestable(reason, level=level, n=n)
    others, hits = staircase(*_ranked(members, nonmembers))
    value = float(reached(others, hits, np.array([math.floor(fpr * n)]))[1][0] / m)
    low, high = _mixture_interval(others, hits, fpr, level)
    return Estimate(
        value=value, low=min(low, value), high=max(high, value), level=level, method="binomial mixture", n=n
    )


def _ranked(members: Scores, nonmembers: Scores) -> tuple[npt.NDArray[np.bool_], Scores]:
    scores = np.concatenate([members, nonmembers])
    order = np.argsort(-scores, kind="stable")
    return order < len(members), scores[order]


def staircase(is_member: npt.NDArray[np.bool_], scores: Scores) -> tuple[Scores, Scores]:
    """Return how many (non-members, members) lie at or above each distinct score, two arrays that rise from 0.

    Rows, shape (n,), come in the order of falling scores. Rows that tie move together: an attacker who has to choose
    among them can only toss a coin, and so walks straight from one corner to the next.
    """
    ends = np.flatnonzero(np.append(scores[1:] != scores[:-1], True))
    hits = np.cumsum(is_member)[ends]
    return np.append(0.0, ends + 1 - hits), np.append(0.0, hits)


def reached(others: Scores, hits: Scores, wanted: npt.NDArray[np.intp]) -> tuple[Scores, Scores]:
    """Return the fewest and the most members recognized with exactly ``wanted`` non-members above the threshold.

    The two differ where the staircase rises straight up: there no non-member lies between those members.
    """
    first = np.searchsorted(others, wanted, side="left")
    last = np.searchsorted(others, wanted, side="right") - 1
    before = np.maximum(first - 1, 0)
    run = np.maximum(others[first] - others[before], 1)
    between = hits[before] + (hits[first] - hits[before]) * (wanted - others[before]) / run
    exact = others[first] == wanted
    return np.where(exact, hits[first], between), np.where(exact, hits[last], between)


def _mixture_interval(others: Scores, hits: Scores, fpr: float, level: float) -> tuple[float, float]:
    m, n = int(hits[-1]), int(others[-1])
    last = min(n, int(stats.binom.ppf(1 - 1e-9, n, fpr)) + 1)
    above = np.arange(last + 1)  # J: non-members above the true threshold
    weight = stats.binom.pmf(above, n, fpr)
    fewest, most = reached(others, hits, above)
    found = fewest + np.linspace(0, 1, _GAP_POINTS)[:, None] * (most - fewest)
    shares = weight / (weight.sum() * _GAP_POINTS)

    def distribution(x: float) -> float:
        return float((shares * special.betainc(found + 0.5, m - found + 0.5, x)).sum())

    def quantile(p: float) -> float:
        low, high = 0.0, 1.0
        for _ in range(_QUANTILE_BISECTIONS):
            middle = (low + high) / 2
            low, high = (middle, high) if distribution(middle) < p else (low, middle)
        return (low + high) / 2

    return quantile((1 - level) / 2), quantile((1 + level) / 2)


def auc(members: Scores, nonmembers: Scores, *, level: float = 0.95) -> Estimate:
    """Return the area under the ROC curve with DeLong's interval on the logit scale (DeLong et al. 1988).

    Scores of shapes (m,) and (n,); ties count one half. Perfect separation leaves no variance to estimate: there the
    open side of the interval is that of a share with no failure among ``min(m, n)``.
    """
    m, n = len(members), len(nonmembers)
    if min(m, n) < 2:
        return untestable("cannot be tested with fewer than two rows on a side", level=level, n=min(m, n))
    both = stats.rankdata(np.concatenate([members, nonmembers]))
    wins = (both[:m] - stats.rankdata(members)) / n  # share of non-members below each member
    losses = 1 - (both[m:] - stats.rankdata(nonmembers)) / m
    value = float(wins.mean())
    sigma = math.sqrt(wins.var(ddof=1) / m + losses.var(ddof=1) / n)
    if 0 < value < 1 and sigma > 0:
        half = float(stats.norm.ppf((1 + level) / 2)) * sigma / (value * (1 - value))
        low, high = (float(special.expit(special.logit(value) + side * half)) for side in (-1, 1))
    elif sigma == 0 and 0 < value < 1:  # every score the same: the attack says nothing, for certain
        low = high = value
    else:
        low, high = clopper_pearson(round(value * min(m, n)), min(m, n), level=level)
    return Estimate(value=value, low=low, high=high, level=level, method="DeLong, logit", n=min(m, n))


def curve(members: Scores, nonmembers: Scores) -> tuple[Scores, Scores]:
    """Return (fpr, tpr) at each distinct score, both rising from 0 to 1, shapes (p,)."""
    others, hits = staircase(*_ranked(members, nonmembers))
    return others / max(len(nonmembers), 1), hits / max(len(members), 1)


def epsilon_lower_bound(
    members: Scores, nonmembers: Scores, *, chosen_on: tuple[Scores, Scores], delta: float = 0.0, level: float = 0.95
) -> Estimate:
    """Return a lower bound on the epsilon of the training, from how well the scores tell members apart.

    Any (epsilon, delta)-private training obeys TPR <= exp(epsilon) FPR + delta at every threshold, in both directions
    (Kairouz et al. 2015). The threshold and the direction are chosen on ``chosen_on`` (members, nonmembers of other
    rows) and the rates are bounded here, so that the choice costs nothing.
    """
    threshold, flipped = _best_cut(*chosen_on, delta, level)
    cut = np.array([threshold])
    bound = float(_bounds(_above(members, nonmembers, cut, flipped), delta, level)[0])
    return Estimate(
        value=max(bound, 0.0),
        low=max(bound, 0.0),
        high=math.inf,
        level=level,
        method="split, Clopper-Pearson",
        n=min(len(members), len(nonmembers)),
    )


def _best_cut(members: Scores, nonmembers: Scores, delta: float, level: float) -> tuple[float, bool]:
    cuts = np.unique(np.quantile(np.concatenate([members, nonmembers]), np.linspace(0.005, 0.995, 199)))
    forward, backward = (_bounds(_above(members, nonmembers, cuts, flipped), delta, level) for flipped in (False, True))
    flipped = bool(backward.max() > forward.max())
    return float(cuts[np.argmax(backward if flipped else forward)]), flipped


def _above(members: Scores, nonmembers: Scores, cuts: Scores, flipped: bool) -> Counts:
    """Return (hits, trials, slips, trials) at each cut, of shape (c,): members above, or others below where flipped."""
    m, n = len(members), len(nonmembers)
    if flipped:
        below = np.searchsorted(np.sort(nonmembers), cuts, side="left")
        return below.astype(float), n, np.searchsorted(np.sort(members), cuts, side="left").astype(float), m
    above = m - np.searchsorted(np.sort(members), cuts, side="right")
    return above.astype(float), m, (n - np.searchsorted(np.sort(nonmembers), cuts, side="right")).astype(float), n


def _bounds(counts: Counts, delta: float, level: float) -> Scores:
    hits, hit_of, slips, slip_of = counts
    tail = (1 - level) / 2  # each of the two rates gets half of the error
    low = np.where(hits > 0, special.betaincinv(np.maximum(hits, 1), hit_of - hits + 1, tail), 0.0)
    high = np.where(slips < slip_of, special.betaincinv(slips + 1, np.maximum(slip_of - slips, 1), 1 - tail), 1.0)
    return np.asarray(np.log(np.maximum(low - delta, 1e-300) / high))
