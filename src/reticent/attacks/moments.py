"""What a model would say of each person had it learned from them, and had it not: the heart of every likelihood ratio.

However a technique comes by the four moments (whole shadow models, a few trees, one fit and its influence functions),
what follows is the same: the log of the ratio of two normal densities, the risk of each row, and the same attack on
more models of the recipe.

>>> import numpy as np
>>> zeros, ones = np.zeros(3), np.ones(3)
>>> Moments(mean_in=ones, var_in=ones, mean_out=zeros, var_out=ones).log_ratio(np.array([0.0, 0.5, 1.0])).tolist()
[-0.5, 0.0, 0.5]
"""

from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from reticent.attacks.attack import Attack
from reticent.attacks.membership.blind import baseline
from reticent.attacks.practice import control
from reticent.attacks.result import Finding, Replicas
from reticent.attacks.shadow import shadows
from reticent.attacks.workbench import Workbench
from reticent.stats.estimate import Estimate
from reticent.target.target import Target

Array = npt.NDArray[np.float64]

DISTANCE = "distance from what such models say (standard deviations)"
_FARTHEST = 5.0  # standard deviations: one odd row shall not speak for all


@dataclass(frozen=True, eq=False, kw_only=True)
class Moments:
    """Mean and variance of each row's signal on models with the row and on models without it, shapes (n,)."""

    mean_in: Array
    var_in: Array
    mean_out: Array
    var_out: Array

    def log_ratio(self, signal: Array) -> Array:
        """Return the log likelihood ratio of having been in training: (..., n) -> (..., n)."""
        inside = (signal - self.mean_in) ** 2 / self.var_in + np.log(self.var_in)
        outside = (signal - self.mean_out) ** 2 / self.var_out + np.log(self.var_out)
        return np.asarray((outside - inside) / 2)

    def distance(self, signal: Array, is_member: npt.NDArray[np.bool_]) -> float:
        """Return how far a model lies from what is expected of its rows, root mean square: near 1 if trained so.

        Far above, it was trained on other rows or in another way, and what these moments do not find proves nothing.
        """
        mean = np.where(is_member, self.mean_in, self.mean_out)
        variance = np.where(is_member, self.var_in, self.var_out)
        return float(np.sqrt(np.mean(np.minimum((signal - mean) ** 2 / variance, _FARTHEST**2))))


def find(
    attack: Attack,
    target: Target,
    seed: int,
    bench: Workbench,
    *,
    moments: Moments,
    signal: Callable[[npt.NDArray[Any]], Array],
    targets: int,
    facts: dict[str, Estimate | float | str],
    parameters: dict[str, Any],
) -> Finding:
    """Read the target with these moments, and ``targets`` more models of its recipe.

    ``signal`` takes what an attacker reads off a model, shape (..., n, C), to one number a row, shape (..., n).
    """
    people = target.population
    own = signal(target.scores)
    scores = moments.log_ratio(own)
    replicas = null = None
    if targets:
        more = shadows(target, targets, seed, bench, fewest=0)
        seen = moments.log_ratio(signal(more.scores))
        replicas = Replicas(np.vstack([scores, seen]), np.vstack([people.is_member, more.membership]), people.unit)
        null = control(seen, people.is_member) if targets > 1 else None  # one has no spread
    return Finding(
        name=attack.name,
        title=attack.title,
        needs=attack.needs,
        scores=scores,
        is_member=people.is_member,
        sealed=people.sealed,
        baseline=baseline(target, seed, bench),
        null=null,
        facts={**facts, DISTANCE: moments.distance(own, people.is_member)},
        replicas=replicas,
        parameters={**asdict(attack), **parameters},  # type: ignore[call-overload]
        seed=seed,
    )
