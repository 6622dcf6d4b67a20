"""Two worlds, told apart: lower bounds on privacy loss from how often an attacker is right.

A mechanism is run many times on a table and many times on its neighbor; a rule that was fixed before says of each run
in which world it was. A claim of (epsilon, delta) allows no rule whose true and false alarms satisfy
``tpr > exp(epsilon) fpr + delta`` (Kairouz, Oh and Viswanath 2015, arXiv:1311.0776), nor one with
``Phi^-1(tpr) - Phi^-1(fpr) > mu`` if the mechanism is said to be mu-Gaussian private (Dong, Roth and Su 2019,
arXiv:1905.02383). Shares are replaced by their exact binomial bounds, each at half of the error allowed.

Many canaries in one run of a Gaussian mechanism tell more: there the scores themselves are normal, and their
standardized difference has a noncentral t distribution (:func:`mu_of_scores`).

>>> print(round(epsilon_of_errors(950, 1000, 300, 1000, delta=1e-5), 2), round(mu_of_errors(950, 1000, 300, 1000), 2))
2.33 1.95
"""

import math

import numpy as np
import numpy.typing as npt
from scipy import special, stats

from reticent import _validate
from reticent.errors import ParameterError
from reticent.stats.estimate import Estimate, untestable
from reticent.stats.rates import clopper_pearson

_FEWEST = 100  # canaries for the closed form of the noncentral t distribution


def epsilon_of_errors(hits: int, members: int, alarms: int, others: int, *, delta: float, level: float = 0.95) -> float:
    """Return the largest epsilon that these counts rule out; 0 for none.

    Parameters
    ----------
    hits, members
        Runs with the person in which the rule said so, of all runs with.
    alarms, others
        Runs without the person in which the rule said "with", of all runs without.
    delta
        Of the claim.
    """
    tpr, fpr = _bounds(hits, members, alarms, others, level)
    if not 0 <= delta < 1:
        raise ParameterError(f"expected 0 <= delta < 1, got delta={delta}")
    with_person = math.log((tpr - delta) / fpr) if tpr > delta and fpr > 0 else 0.0
    without = math.log((1 - fpr - delta) / (1 - tpr)) if 1 - fpr > delta and tpr < 1 else 0.0
    return max(0.0, with_person, without)


def mu_of_errors(hits: int, members: int, alarms: int, others: int, *, level: float = 0.95) -> float:
    """Return the largest mu of a Gaussian trade-off that these counts rule out; 0 for none."""
    tpr, fpr = _bounds(hits, members, alarms, others, level)
    return max(0.0, float(special.ndtri(tpr) - special.ndtri(fpr)))


def _bounds(hits: int, members: int, alarms: int, others: int, level: float) -> tuple[float, float]:
    """Return a lower bound of the true and an upper one of the false alarms that hold together."""
    _validate.probability(level=level)
    if not (0 <= hits <= members and 0 <= alarms <= others and members and others):
        raise ParameterError(
            f"expected 0 <= hits <= members and 0 <= alarms <= others, got {hits} of {members}, {alarms} of {others}"
        )
    # One end of each two-sided interval: each errs with a half of 1 - level.
    return clopper_pearson(hits, members, level=level)[0], clopper_pearson(alarms, others, level=level)[1]


def most_shown(members: int, others: int, *, delta: float, level: float = 0.95) -> float:
    """Return the epsilon that so many runs rule out where the rule is never wrong: no attack could show more."""
    return epsilon_of_errors(members, members, 0, others, delta=delta, level=level)


def mu_of_scores(scores: npt.NDArray[np.float64], included: npt.NDArray[np.bool_], *, level: float = 0.95) -> Estimate:
    """Return mu of a Gaussian mechanism from one run: m canaries, each on a coordinate of its own, in by a fair coin.

    The scores are normal with one unknown variance, and their mean is higher by mu standard deviations where the canary
    is in. The lower bound inverts the noncentral t distribution by the normal approximation of Johnson and Welch: from
    a hundred canaries on, it errs with a chance within a twentieth of 1 - level. It is true of Gaussian noise alone.

    Parameters
    ----------
    scores, included
        What the run says of each canary, and its coin, both of shape (m,).

    Raises
    ------
    ParameterError
        If shapes differ.
    """
    _validate.probability(level=level)
    scores, included = np.asarray(scores, np.float64), np.asarray(included, bool)
    if scores.shape != included.shape or scores.ndim != 1:
        raise ParameterError(f"expected one coin a canary, got shapes {scores.shape} and {included.shape}")
    m, inside = len(scores), int(included.sum())
    if m < _FEWEST or not 2 <= inside <= m - 2:
        return untestable(f"cannot be tested with {m} canaries, {inside} of them in", level=level, n=m, high=math.inf)
    freedom = m - 2
    ins, outs = scores[included], scores[~included]
    pooled = math.sqrt(float(ins.var() * len(ins) + outs.var() * len(outs)) / freedom)
    gap = float(ins.mean() - outs.mean())
    if pooled == 0:
        value = math.inf if gap > 0 else 0.0
        return Estimate(value=value, low=value, high=math.inf, level=level, method="one run, normal scores", n=m)
    width = math.sqrt(1 / inside + 1 / (m - inside))
    t = gap / pooled / width
    center, spread = t * (1 - 1 / (4 * freedom)), math.sqrt(1 + t * t / (2 * freedom))
    z = float(stats.norm.ppf(level))
    low = max(0.0, (center - z * spread) * width)
    return Estimate(
        value=max(0.0, center * width),
        low=low,
        high=math.inf,
        level=level,
        method="one run, normal scores",
        n=m,
    )
