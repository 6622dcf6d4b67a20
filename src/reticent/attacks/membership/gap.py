"""Generalization gap: the model is right more often about people it learned from.

The attacker sees labels alone and says "member" wherever the label is right. Success means that a right answer is
itself evidence of membership. The gap is the oldest warning sign, and no proof of safety: a model without a gap may
still know some people by heart (Yeom et al. 2018, arXiv:1709.01604).

>>> import numpy as np
>>> gap_scores(predicted=np.array([0, 1, 1]), truth=np.array([0, 1, 0])).tolist()
[1.0, 1.0, 0.0]
"""

from dataclasses import dataclass
from typing import ClassVar

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


@dataclass(frozen=True, kw_only=True)
class Gap:
    """The gap in accuracy between members and others, overall and by class and group."""

    name: ClassVar[str] = "gap"
    title: ClassVar[str] = "Generalization gap (labels only)"
    needs: ClassVar[Access] = Access.LABELS
    needs_recipe: ClassVar[bool] = False

    def run(self, target: Target, seed: int = 0, bench: Workbench | None = None) -> Finding:
        """Compare right answers on members with right answers on others."""
        admit(self, target)
        people = target.population
        right = gap_scores(target.labels, target.truth)
        member = people.is_member
        facts: dict[str, Estimate | float | str] = {
            "accuracy on members": rate(right[member]),
            "accuracy on others": rate(right[~member]),
            "gap": difference(right[member], right[~member]),
            "members per feature": float(member.sum() / len(target.features)),
        }
        groups = list(_groups(target))
        level = 1 - 0.05 / max(len(groups), 1)  # as many intervals as groups, right together
        for name, rows in groups:
            facts[f"gap where {name}"] = difference(right[rows & member], right[rows & ~member], level=level)
        return Finding(
            name=self.name,
            title=self.title,
            needs=self.needs,
            scores=right,
            is_member=member,
            sealed=people.sealed,
            baseline=baseline(target, seed, bench or Workbench()),
            facts=facts,
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
        for kind in kinds[counts >= 2 * _MIN_GROUP]:
            rows = values.astype(str) == kind
            if min((rows & people.is_member).sum(), (rows & ~people.is_member).sum()) >= _MIN_GROUP:
                found.append((f"{column} = {kind}", rows))
    return list(dict(found).items())
