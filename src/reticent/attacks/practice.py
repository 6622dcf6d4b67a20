"""Practice: shadow models attacked with the other shadow models, where it is known who was a member.

What an attack has to choose (how much to smooth, to shrink) it chooses here, and here it shows what it can do: neither
the target nor any of its people takes part. Shadows of one round share out the rows among them, so a whole round is
left out at a time: without one shadow alone, its members would be left with fewer models that learned from them than
others are, and that count would tell membership.

>>> import numpy as np
>>> rounds = np.arange(8) // 2
>>> signals, membership = np.arange(24.0).reshape(8, 3), np.tile([[True, False, True], [False, True, False]], (4, 1))
>>> counts, means, _ = moments_of_others(signals, membership, rounds)
>>> counts[0].tolist(), means[0].tolist()
([3.0, 3.0, 3.0], [12.0, 16.0, 14.0])
"""

from dataclasses import replace

import numpy as np
import numpy.typing as npt
from scipy import stats

from reticent.stats import roc
from reticent.stats.estimate import Estimate
from reticent.target import splits
from reticent.target.target import Target

Array = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]
Rounds = npt.NDArray[np.intp]
Moments = tuple[Array, Array, Array]

CONTROL_LEVEL = 0.999  # a control that cries wolf in one report of twenty would be read by nobody
_FPR = 0.01


def rounds_of(target: Target, count: int) -> Rounds:
    """Return the round that each of ``count`` shadow models belongs to, shape (count,)."""
    people = target.population
    return np.arange(count) // splits.round_of(int(people.is_member.sum()) / len(people), len(people))[1]


def moments(signals: Array, chosen: Mask) -> Moments:
    """Return (how many, mean, sum of squared deviations) of each row over the models chosen for it.

    From two arrays of shape (S, n) to three of shape (n,).
    """
    count = chosen.sum(axis=0).astype(np.float64)
    mean = np.where(chosen, signals, 0).sum(axis=0) / count
    return count, mean, np.where(chosen, (signals - mean) ** 2, 0).sum(axis=0)


def moments_of_others(signals: Array, chosen: Mask, rounds: Rounds) -> Moments:
    """Return for each shadow the moments over the shadows of other rounds, three arrays of shape (S, n)."""
    found = np.empty((3, *signals.shape))
    for one in np.unique(rounds):
        here = rounds == one
        found[:, here] = np.array(moments(signals[~here], chosen[~here]))[:, None]
    return found[0], found[1], found[2]


def power(scores: Array, inside: Mask) -> tuple[float, float]:
    """Return (true-positive rate at 1 % false positives, area under the ROC curve) of scores of shape (n,)."""
    out, held = np.sort(scores[~inside]), np.sort(scores[inside])
    found = float((held > out[-1 - int(_FPR * len(out))]).mean())
    lower = np.searchsorted(out, held, "left") + np.searchsorted(out, held, "right")  # twice, so that ties count half
    return found, float(lower.sum() / (2 * len(held) * len(out)))


def mean_power(scores: Array, membership: Mask) -> tuple[float, float]:
    """Return the means of :func:`power` over models: two arrays of shape (S, n)."""
    found = np.array([power(row, inside) for row, inside in zip(scores, membership, strict=True)])
    return float(found[:, 0].mean()), float(found[:, 1].mean())


def mean_auc(scores: Array, membership: Mask) -> Estimate:
    """Return the mean area under the ROC curve over models, from two arrays of shape (S, n)."""
    areas = [power(row, inside)[1] for row, inside in zip(scores, membership, strict=True)]
    return _across(areas, "shadow models, Student", 0.95)


def control(scores: Array, is_member: Mask) -> Estimate:
    """Return the mean AUC for the target's members on models that learned from random halves, with its spread.

    All models are asked about the same people, whose luck of being easy or hard does not average out over models: the
    interval carries both.

    ``scores`` has shape (S, n), ``is_member`` (n,).
    """
    areas = [roc.auc(row[is_member], row[~is_member], level=CONTROL_LEVEL) for row in scores]
    models = _across([area.value for area in areas], "models of other people, Student; people, DeLong", CONTROL_LEVEL)
    half = float(np.hypot(models.high - models.value, np.mean([area.high - area.low for area in areas]) / 2))
    return replace(models, low=models.value - half, high=models.value + half)


def _across(areas: list[float], method: str, level: float) -> Estimate:
    mean, n = float(np.mean(areas)), len(areas)
    half = float(stats.t.ppf((1 + level) / 2, n - 1) * np.std(areas, ddof=1) / np.sqrt(n))
    return Estimate(value=mean, low=mean - half, high=mean + half, level=level, method=method, n=n)
