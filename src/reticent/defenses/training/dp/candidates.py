"""Which private models `protect` tries, and which one of them may be chosen: settled before anything is measured.

To choose among private models by an audit would be to choose by the members' own rows, read without noise. No epsilon
covers that, not even that of all candidates together: which of them is released could by itself tell whether somebody
was there. So where a goal names an epsilon, the choice is a rule that reads nothing, and what the audits find says only
whether the goal is met.

>>> [one.epsilon for one in grid(Goal(epsilon=4))]
[8.0, 4.0, 3.0, 1.0, 0.5, 0.1]
"""

from collections.abc import Sequence

from reticent.defenses.defense import Defense
from reticent.defenses.training.dp.classifier import DPClassifier
from reticent.mechanisms.promise import A_HAIR, charged
from reticent.target.goal import DELTA, Goal
from reticent.target.target import Target

EPSILONS = (8.0, 3.0, 1.0, 0.5, 0.1)


def private(target: Target, goal: Goal | None = None) -> list[DPClassifier]:
    """Return the candidates for a target; none where nothing can be done."""
    return [one for one in grid(goal) if one.obstacle(target) is None]


def grid(goal: Goal | None = None) -> list[DPClassifier]:
    """Return one candidate for each epsilon, the goal's own among them, largest first; ``delta`` is the goal's."""
    delta = DELTA if goal is None or goal.delta is None else goal.delta
    asked = () if goal is None or goal.epsilon is None else (float(goal.epsilon),)
    return [DPClassifier(epsilon=each, delta=delta) for each in sorted({*EPSILONS, *asked}, reverse=True)]


def why_not(target: Target) -> str:
    """Return why there are no private candidates for a target."""
    return str(DPClassifier().obstacle(target))


def chosen_by_rule(candidates: Sequence[Defense], goal: Goal, target: Target) -> DPClassifier | None:
    """Return the candidate of the largest epsilon that the goal leaves room for beside what was spent before, or None.

    A function of parameters and of the ledger alone.
    """
    if goal.epsilon is None or goal.delta is None:
        return None
    fitting = []
    for one in candidates:
        if isinstance(one, DPClassifier):
            together = charged([*target.releases, one.spends(target).to_dict()], goal.delta)
            if together <= goal.epsilon * A_HAIR:
                fitting.append(one)
    return max(fitting, key=lambda one: float(one.epsilon), default=None)
