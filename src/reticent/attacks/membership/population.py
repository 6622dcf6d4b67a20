"""Population threshold: the model is surer of people it learned from than of others.

The attacker sees scores and knows some people who are surely not members; a row is called a member when the model is
surer of its true class than of nearly all of those. Success means that one threshold for everybody suffices, no
shadow model needed (Ye et al. 2022, "attack P", arXiv:2111.09679).

>>> import numpy as np
>>> population_scores(np.array([[0.9, 0.1], [0.4, 0.6]]), truth=np.array([0, 0])).round(2).tolist()
[2.2, -0.41]
"""

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt

from reticent.attacks.attack import admit
from reticent.attacks.membership.blind import baseline
from reticent.attacks.result import Finding
from reticent.attacks.signals import confidence, smoothed_logit
from reticent.attacks.workbench import Workbench
from reticent.target.access import Access
from reticent.target.target import Target

_TRIALS = 1e9  # keeps a probability of exactly 1 finite without changing the order of any two


def population_scores(scores: npt.NDArray[np.float64], truth: npt.NDArray[np.intp]) -> npt.NDArray[np.float64]:
    """Return the log-odds of the true class: (n, C) and (n,) -> (n,)."""
    return smoothed_logit(confidence(scores, truth), _TRIALS)


@dataclass(frozen=True, kw_only=True)
class PopulationThreshold:
    """One threshold on confidence for everybody."""

    name: ClassVar[str] = "population"
    title: ClassVar[str] = "Population threshold on confidence"
    needs: ClassVar[Access] = Access.SCORES
    needs_recipe: ClassVar[bool] = False
    needs_family: ClassVar[type[Any] | None] = None

    def run(self, target: Target, seed: int = 0, bench: Workbench | None = None) -> Finding:
        """Rank all rows by the model's confidence in their true class."""
        admit(self, target)
        return Finding(
            name=self.name,
            title=self.title,
            needs=self.needs,
            scores=population_scores(target.scores, target.truth),
            is_member=target.population.is_member,
            sealed=target.population.sealed,
            baseline=baseline(target, seed, bench or Workbench()),
            seed=seed,
        )
