"""When no verdict can be given: the tables are not of one population, or the shadows are not like the target."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from scipy import stats

from reticent.attacks.membership.blind import fewest_units
from reticent.attacks.moments import DISTANCE
from reticent.attacks.result import Finding
from reticent.errors import MismatchError
from reticent.stats import roc
from reticent.target.target import Target

_MISMATCH_DEVIATIONS = 4.0
_BETTER_DEVIATIONS = 5.0
_USUAL_SHADOWS = 32
_FAR = 0.1  # largest difference of two cumulative distributions of confidence that is of no consequence
_FARTHER = 4.0  # than the farthest of the shadows, which are all trained alike: chance stays below 2
_ESTRANGED = {"linear": 3.0}  # few weights sway all rows together, so that chance alone goes farther
_BLIND_LEVEL = 0.999  # a false alarm of the split check withholds a verdict: at most one run in a thousand
_BLIND_AUC = 0.55
_BLIND_TPR = 0.02


def split_problems(scores: np.ndarray[Any, np.dtype[np.float64]], target: Target) -> list[str]:
    """Return why the two tables are not of one population, by the blind attacker's scores, shape (n,)."""
    member = target.population.is_member
    if fewest_units(target) < 2:
        return ["members or non-members are one single group, so whether both are of one population cannot be checked"]
    area = roc.auc(scores[member], scores[~member], level=_BLIND_LEVEL)
    edge = roc.tpr_at(scores[member], scores[~member], fpr=0.01, level=_BLIND_LEVEL)
    if (area.low > 0.5 and area.value > _BLIND_AUC) or (edge.tested and edge.low > _BLIND_TPR):
        return [
            f"members and non-members are not of one population: a classifier that never saw the model tells them "
            f"apart with AUC {area}. What an attack finds here may be the tables' difference, not the model's memory. "
            f"Draw both tables at random from the same people"
        ]
    return []


def mismatches(seen: dict[str, Any], action: str) -> list[str]:
    """Return why the shadow models do not stand for the target, by their :func:`~reticent.attacks.fidelity.fidelity`.

    Raises
    ------
    MismatchError
        If the target is far worse on its members than its shadows on theirs, and ``action`` is "error".
    """
    worse, better = (_limit(normal, seen["shadows"]) for normal in (_MISMATCH_DEVIATIONS, _BETTER_DEVIATIONS))
    if seen["deviations"] > worse:
        message = (
            f"the model is right on {100 * seen['members']:.1f} % of its members, while models trained the same way on "
            f"as many rows are right on {100 * seen['shadows_own']:.1f} % of theirs ({seen['deviations']:.0f} standard "
            f"deviations more). It was probably trained on other rows or in another way"
        )
        if action == "error":
            raise MismatchError(f"{message}. Hand in the right file, pass recipe=, or shadow_mismatch='withhold'")
        return [message]
    if seen["deviations"] < -better or abs(seen["sureness_deviations"]) > better:
        return [
            f"the shadow models do not remember their rows as the model remembers its own: right on "
            f"{100 * seen['shadows_own']:.1f} % against {100 * seen['members']:.1f} %, sure of the truth at "
            f"{seen['shadows_sureness']:.3f} against {seen['sureness']:.3f}. What they miss the audit would miss. Pass "
            f"a recipe= that trains as the model was trained"
        ]
    for side, people in (("own", "the rows that they learned from"), ("others", "rows that they never met")):
        distance, usual = seen[f"distance_{side}"], seen[f"usual_distance_{side}"]
        if distance > _FAR and distance > _FARTHER * usual:
            return [
                f"the model's confidence in {people} is distributed in another way than the shadow models' (distance "
                f"{distance:.2f}, among shadow models at most {usual:.2f}): they were trained with another loss, for "
                f"another time or with other weights. Pass a recipe= that trains as the model was trained"
            ]
    return []


def strangers(findings: Sequence[Finding]) -> list[str]:
    """Return why techniques of single families do not describe the model: it lies far from all that they expect."""
    distances = [(one.title, one.facts.get(DISTANCE), _ESTRANGED.get(one.name, 2.0)) for one in findings]
    return [
        f"the model does not answer as models trained in this way on these rows do ({title}: {distance:.1f} standard "
        f"deviations away on average, where 1 is usual). It was probably trained on other rows or in another way. Hand "
        f"in the right file, or pass a recipe= that trains as the model was trained"
        for title, distance, limit in distances
        if isinstance(distance, float) and distance > limit
    ][:1]


def _limit(deviations: float, shadows: int) -> float:
    """Return the deviations that are as rare among so few shadows as these are among LiRA's usual number."""
    rare = float(stats.t.isf(stats.t.sf(deviations, _USUAL_SHADOWS - 1), max(shadows - 1, 1)))
    return min(rare, 2 * deviations)  # so far off is too far, however few there are
