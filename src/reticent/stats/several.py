"""One recipe, many models: what attackers achieve on average over models that were trained in the same way.

One model and a few thousand people leave a rate of 2 % uncertain by half of itself: which people happen to set the
threshold decides. Models of the same recipe, each with its own known members among the same people, average that
luck away. Two kinds of chance remain, and the interval carries both: which people these are (blocks of people left out
in turn, the delete-a-group jackknife of Kott 2001) and which models (their spread). Adding the two counts a part
twice, so the interval errs towards width; ``tests/statistics`` measures its coverage.
"""

import numpy as np
import numpy.typing as npt
from scipy import special, stats

from reticent.stats.estimate import Estimate, untestable
from reticent.stats.roc import nonmembers_needed, reached, staircase

Scores = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]

BLOCKS = 25


def tpr_over_models(
    scores: Scores, membership: Mask, unit: npt.NDArray[np.intp], *, fpr: float, level: float = 0.95
) -> Estimate:
    """Return the mean true-positive rate at ``fpr`` over T models of one recipe.

    Parameters
    ----------
    scores, membership
        Shape (T, n): the attack's score for each row on each model, and whether that model learned from the row.
    unit
        Shape (n,): rows of one unit are left out together.
    """
    models, n = scores.shape
    nonmembers = int((~membership).sum(axis=1).min())
    if nonmembers < (needed := nonmembers_needed(fpr)):
        return untestable(
            f"cannot be tested with {nonmembers:,} non-members; a rate of {100 * fpr:g} % needs {needed:,}",
            level=level,
            n=nonmembers,
        )
    each, without = rates_by_block(scores, membership, np.unique(unit, return_inverse=True)[1], fpr=fpr)
    left_out = without.mean(axis=0)
    value = float(each.mean())
    people = (BLOCKS - 1) / BLOCKS * float(((left_out - left_out.mean()) ** 2).sum())
    sigma = float(np.sqrt(people + each.var(ddof=1) / models))
    if not 0 < value < 1 or sigma == 0:
        members = int(membership.sum(axis=1).min())
        edge = float(1 - (1 - level) ** (1 / members))  # no success in so many trials of one model
        low, high = (value, min(1.0, value + edge)) if value < 0.5 else (max(0.0, value - edge), value)
    else:
        half = float(stats.t.ppf((1 + level) / 2, BLOCKS - 1)) * sigma / (value * (1 - value))
        low, high = (float(special.expit(special.logit(value) + side * half)) for side in (-1, 1))
    return Estimate(value=value, low=low, high=high, level=level, method=f"mean of {models} models, jackknife", n=n)


def rate_of_each(scores: Scores, membership: Mask, *, fpr: float) -> Scores:
    """Return each model's true-positive rate at ``fpr``, shape (T,), from two arrays of shape (T, n)."""
    found = np.empty(len(scores))
    for t, (row, inside) in enumerate(zip(scores, membership, strict=True)):
        order = np.argsort(-row, kind="stable")
        found[t] = _rate(inside[order], row[order], fpr)
    return found


def rates_by_block(
    scores: Scores, membership: Mask, unit: npt.NDArray[np.intp], *, fpr: float
) -> tuple[Scores, Scores]:
    """Return each model's rate at ``fpr``, shape (T,), and without each block of people in turn, shape (T, 25).

    One model after the other, so that memory grows with the rows, not with models times rows.
    """
    block = unit % BLOCKS
    each, without = np.empty(len(scores)), np.empty((len(scores), BLOCKS))
    for t, (row, inside) in enumerate(zip(scores, membership, strict=True)):
        order = np.argsort(-row, kind="stable")
        tied, named, blocks = row[order], inside[order], block[order]
        each[t] = _rate(named, tied, fpr)
        without[t] = [_rate(named[keep], tied[keep], fpr) for keep in (blocks != g for g in range(BLOCKS))]
    return each, without


def _rate(inside: Mask, scores: Scores, fpr: float) -> float:
    """Return one model's rate, read between two non-members so that the mean FPR is ``fpr``.

    Both of shape (n,), in the order of falling scores; among ties the attacker tosses a coin.
    """
    others, hits = staircase(inside, scores)
    # The expected false-positive rate above the r-th of n non-members is r / (n + 1).
    rank = max(fpr * (others[-1] + 1) - 1, 0.0)
    _, most = reached(others, hits, np.array([int(rank), int(rank) + 1]))
    return float((most[0] + (rank - int(rank)) * (most[1] - most[0])) / max(hits[-1], 1))
