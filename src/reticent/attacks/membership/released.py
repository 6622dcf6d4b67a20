"""LiRA on released rows: ask a model that learned from anonymized rows about the anonymized row, not the raw one.

The attacker knows how the table was anonymized, as whoever gets the table does, and looks up how a person was released.
A model that never saw the raw row is hardly surer of it than of any other; of the released row it may be. Success means
what it does for LiRA (Carlini et al. 2022, arXiv:2112.03570), whose shadow models are trained through anonymization
here too, and are each asked about each row as released by their own table.

Somebody who was not in the table is asked about as its rules would release him: the attacker cannot tell beforehand.

>>> ReleasedLira(shadows=16).needs_family.__name__
'Released'
"""

from dataclasses import asdict, dataclass, replace
from typing import Any, ClassVar

from reticent import _validate
from reticent.attacks.attack import admit
from reticent.attacks.membership.lira import Lira
from reticent.attacks.result import Finding
from reticent.attacks.workbench import Workbench
from reticent.target.access import Access
from reticent.target.family.released import Released
from reticent.target.target import Target


@dataclass(frozen=True, kw_only=True)
class ReleasedLira:
    """LiRA with ``shadows`` shadow models of its own, since these and the target are asked other rows."""

    shadows: int = Lira().shadows

    name: ClassVar[str] = "released-lira"
    title: ClassVar[str] = "LiRA on released rows (likelihood ratio, shadow models)"
    needs: ClassVar[Access] = Access.LABELS
    needs_recipe: ClassVar[bool] = True
    needs_family: ClassVar[type[Any] | None] = Released

    def __post_init__(self) -> None:
        _validate.at_least(8, shadows=self.shadows)

    def run(self, target: Target, seed: int = 0, bench: Workbench | None = None) -> Finding:
        """Run LiRA on the same target, asked otherwise."""
        admit(self, target)
        family = getattr(target.recipe, "family", None)
        assert isinstance(family, Released)  # admitted
        found = Lira(shadows=self.shadows).run(family.asked_as_released(target), seed, bench)
        return replace(found, name=self.name, title=self.title, parameters={**found.parameters, **asdict(self)})
