"""Generalization gap: the model is right more often about people it learned from.

The attacker sees labels alone and says "member" wherever the label is right. Success means that a right answer is
itself evidence of membership. The gap is the oldest warning sign, and no proof of safety: a model without a gap may
still know some people by heart (Yeom et al. 2018, arXiv:1709.01604).

>>> import numpy as np
>>> gap_scores(predicted=np.array([0, 1, 1]), truth=np.array([0, 1, 0])).tolist()
[1.0, 1.0, 0.0]
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt

from reticent.attacks.attack import admit
from reticent.attacks.membership.blind import baseline
from reticent.attacks.result import Finding
from reticent.attacks.workbench import Workbench
from reticent.stats.estimate import Estimate
from reticent.stats.rates import difference, rate
from reticent.target.access import Access
from reticent.target.target import Target

_MIN_GROUP = 30
_MAX_GROUPS = 12


def gap_scores(predicted: npt.NDArray[np.intp], truth: npt.NDArray[np.intp]) -> npt.NDArray[np.float64]:
    """Return 1 where the label is right and 0 where it is wrong, all of shape (n,)."""
    return np.equal(predicted, truth).astype(np.float64)


@dataclass(frozen=True, eq=False, kw_only=True)
class GapFinding(Finding):
    """A finding that also tells the gap itself, overall and by groups (name, rows of shape (n,))."""

    groups: tuple[tuple[str, npt.NDArray[np.bool_]], ...]
    features: int

    def reading(self) -> Mapping[str, Estimate | float | str]:
        right, member = self.scores[self.rows], self.is_member[self.rows]
        return {
            "accuracy on members": rate(right[member]),
            "accuracy on others": rate(right[~member]),
            "gap": difference(right[member], right[~member]),
            "members per feature": float(self.is_member.sum() / self.features),
        }

    def by_group(self) -> Mapping[str, Estimate]:
        level = 1 - 0.05 / max(len(self.groups), 1)  # as many intervals as groups, right together
        found = {}
        for name, group in self.groups:
            rows = self.rows & group
            members, others = self.scores[rows & self.is_member], self.scores[rows & ~self.is_member]
            if min(len(members), len(others)) >= _MIN_GROUP:
                found[f"gap where {name}"] = difference(members, others, level=level)
        return found


@dataclass(frozen=True, kw_only=True)
class Gap:
    """The gap in accuracy between members and others, overall and by class and group."""

    name: ClassVar[str] = "gap"
    title: ClassVar[str] = "Generalization gap (labels only)"
    needs: ClassVar[Access] = Access.LABELS
    needs_recipe: ClassVar[bool] = False
    needs_family: ClassVar[type[Any] | None] = None

    def run(self, target: Target, seed: int = 0, bench: Workbench | None = None) -> GapFinding:
        """Compare right answers on members with right answers on others."""
        admit(self, target)
        people = target.population
        return GapFinding(
            name=self.name,
            title=self.title,
            needs=self.needs,
            scores=gap_scores(target.labels, target.truth),
            is_member=people.is_member,
            sealed=people.sealed,
            baseline=baseline(target, seed, bench or Workbench()),
            groups=tuple(_groups(target)),
            features=len(target.features),
            seed=seed,
        )


def _groups(target: Target) -> list[tuple[str, npt.NDArray[np.bool_]]]:
    people = target.population
    found = []
    for column in (target.schema.label, *target.schema.sensitive):
        values = people.table.column(column)
        kinds, counts = np.unique(values.astype(str), return_counts=True)
        if len(kinds) > _MAX_GROUPS:
            continue
        found += [(f"{column} = {kind}", values.astype(str) == kind) for kind in kinds[counts >= 2 * _MIN_GROUP]]
    return list(dict(found).items())
