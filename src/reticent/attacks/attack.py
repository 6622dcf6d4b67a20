"""What an attack is: it names itself, declares what it needs, and turns a target into a finding."""

from typing import Any, ClassVar, Protocol

from reticent.attacks.result import Finding
from reticent.attacks.workbench import Workbench
from reticent.errors import AccessError
from reticent.target.access import Access
from reticent.target.target import Target


class Attack(Protocol):
    """One technique, frozen with its parameters."""

    name: ClassVar[str]
    title: ClassVar[str]
    needs: ClassVar[Access]
    needs_recipe: ClassVar[bool]
    needs_family: ClassVar[type[Any] | None]  # a protocol of reticent.target.family

    def run(self, target: Target, seed: int = 0, bench: Workbench | None = None) -> Finding:
        """Attack ``target``; what other attacks need too is shared on the ``bench``."""


def obstacle(attack: Attack, target: Target) -> str | None:
    """Return why this attack cannot be run on this target, or None."""
    if attack.needs not in target.access:
        richest = attack.needs.words.rpartition(", ")[2]  # the others follow from it
        return f"needs {richest}, and the attacker is given {target.access.words} alone"
    if Access.PARAMETERS in attack.needs and (reason := target.model.unreadable) is not None:
        return f"cannot look inside this model: {reason}"
    if attack.needs_recipe and target.recipe is None:
        return "needs to train shadow models, and the target has no recipe"
    if attack.needs_family is not None and not isinstance(getattr(target.recipe, "family", None), attack.needs_family):
        return f"is made for another kind of model ({attack.needs_family.__name__.lower()})"
    return None


def admit(attack: Attack, target: Target) -> None:
    """Refuse a target that does not grant what the attack needs.

    Raises
    ------
    AccessError
        Naming what is missing.
    """
    if (reason := obstacle(attack, target)) is not None:
        raise AccessError(f"the attack {attack.name!r} {reason}")
