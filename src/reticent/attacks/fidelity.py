"""Do the shadow models stand for the target? Its accuracy and its confidence beside theirs, on own rows and on others.

An attack that practises on models of another kind finds little, and its silence would be taken for safety. So the
target is looked at as if it were one more shadow: it has to be as accurate, as sure, and sure in the same way. The
distance between its distribution of confidence and the pooled shadows' (Kolmogorov and Smirnov's) is set beside the
distance of each shadow from the others, which is what chance gives.

>>> import numpy as np
>>> rng = np.random.default_rng(0)
>>> shares, chosen = rng.beta(5, 2, (17, 1000)), rng.random((17, 1000)) < 0.5
>>> like = distances(shares[0], chosen[0], shares[1:], chosen[1:])
>>> unlike = distances(shares[0] ** 2, chosen[0], shares[1:], chosen[1:])
>>> bool(like[0] < 2 * like[1].max()), bool(unlike[0] > 4 * unlike[1].max())
(True, True)
"""

from typing import Any

import numpy as np
import numpy.typing as npt

from reticent.attacks.shadow import Shadows
from reticent.attacks.signals import confidence
from reticent.stats.rates import clopper_pearson
from reticent.target.target import Target

Array = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]

_BINS = 20  # of the picture: equal steps of confidence from 0 to 1
_CUTS = 128  # of the distance: quantiles of all shadows together


def fidelity(target: Target, trained: Shadows) -> dict[str, Any]:
    """Return how the target compares with its shadows, on own rows (members) and on others.

    ``deviations`` counts how many shadow standard deviations the target's accuracy on its members lies below the
    shadows' accuracy on theirs: far below means that the model was not trained on these rows, or in another way; far
    above, that its shadows remember less than it does and the audit would miss what it knows. ``sureness_deviations``
    says the same of the probability given to the truth, ``distance_own`` and ``distance_others`` of its whole
    distribution, beside the ``usual_distance`` of the shadow that is farthest from the other shadows.
    """
    own, others = trained.accuracy(target.truth)
    member = target.population.is_member
    # In the shadows' own precision: else a forest's shares of its trees would lie beside theirs.
    mine = confidence(target.scores.astype(trained.scores.dtype), target.truth)
    theirs = confidence(trained.scores, target.truth)
    right = target.labels == target.truth
    found: dict[str, Any] = {
        "shadows": len(trained.membership),
        "members": float(right[member].mean()),
        "nonmembers": float(right[~member].mean()),
        "shadows_own": float(own.mean()),
        "shadows_own_sd": float(own.std(ddof=1)),
        "shadows_others": float(others.mean()),
        "shadows_others_sd": float(others.std(ddof=1)),
        "deviations": (float(own.mean()) - float(right[member].mean())) / _spread(own, int(member.sum())),
        **_sureness(mine, theirs, member, trained.membership),
        "distribution": {"bins": np.linspace(0, 1, _BINS + 1).round(3).tolist()},
    }
    for side, target_side, shadow_side in (
        ("own", member, trained.membership),
        ("others", ~member, ~trained.membership),
    ):
        distance, usual = distances(mine, target_side, theirs, shadow_side)
        found[f"distance_{side}"] = distance
        found[f"usual_distance_{side}"] = max(float(usual.max()), float(1 / np.sqrt(target_side.sum())))
        found["distribution"] |= {f"target_{side}": _histogram(mine[target_side])}
        found["distribution"] |= {f"shadows_{side}": _histogram(theirs[shadow_side])}
    return found


def distances(mine: Array, chosen: Mask, theirs: Array, chosen_by: Mask) -> tuple[float, Array]:
    """Return how far the target's confidences lie from all shadows', and each shadow's from the others'.

    Parameters
    ----------
    mine, chosen
        The target's confidence in each row, and which rows count, shapes (n,).
    theirs, chosen_by
        The shadows' confidences, and which of their rows count, shapes (S, n).

    Returns
    -------
    distance, usual
        Largest difference of two cumulative distributions, a number and an array of shape (S,).
    """
    cuts = np.unique(np.quantile(theirs[:, :: max(1, theirs.size // 1_000_000)], np.linspace(0, 1, _CUTS)))
    counts = np.array([_below(row[rows], cuts) for row, rows in zip(theirs, chosen_by, strict=True)])
    sizes = chosen_by.sum(axis=1)
    pooled, size = counts.sum(axis=0), sizes.sum()
    target = np.abs(_below(mine[chosen], cuts) / chosen.sum() - pooled / size).max()
    rest = (pooled - counts) / (size - sizes)[:, None]
    return float(target), np.asarray(np.abs(counts / sizes[:, None] - rest).max(axis=1))


def _below(values: Array, cuts: Array) -> npt.NDArray[np.intp]:
    """Return how many values lie at or below each cut, shape (cuts,)."""
    return np.cumsum(np.bincount(np.searchsorted(cuts, values, side="left"), minlength=len(cuts) + 1))[: len(cuts)]


def _spread(accuracies: Array, n: int) -> float:
    # Shadows that all reach 1.0 have no spread; the binomial's own keeps one odd row from looking like a wrong file.
    low, high = clopper_pearson(round(float(accuracies.mean()) * n), n, level=0.68)
    return max(float(accuracies.std(ddof=1)), (high - low) / 2)


def _sureness(mine: Array, theirs: Array, member: Mask, membership: Mask) -> dict[str, float]:
    """Return the mean probability of the truth on own rows: the target's, the shadows', and how far apart they are."""
    each = np.array([row[inside].mean() for row, inside in zip(theirs, membership, strict=True)])
    own = mine[member]
    spread = max(float(each.std(ddof=1)), float(own.std(ddof=1) / np.sqrt(len(own))), 1e-4)
    return {
        "sureness": float(own.mean()),
        "shadows_sureness": float(each.mean()),
        "sureness_deviations": (float(each.mean()) - float(own.mean())) / spread,
    }


def _histogram(shares: Array) -> list[float]:
    counts = np.histogram(shares, bins=_BINS, range=(0, 1))[0]
    return [round(float(count), 5) for count in counts / max(counts.sum(), 1)]
