"""What a defense is: it acts on the data, the training or the output, and gives back a new Target."""

from collections.abc import Sequence
from typing import Any, ClassVar, Protocol

from reticent.errors import AccessError
from reticent.target.target import Target


class Defense(Protocol):
    """One technique, frozen with its parameters."""

    name: ClassVar[str]
    moment: ClassVar[str]  # "data", "training", "output" or "input": when it acts
    queries: ClassVar[str]  # "raw": what is asked of the protected model is as before; "mapped": it is changed first

    @property
    def title(self) -> str:
        """What a picture calls it: technique and parameters in a few words."""

    def obstacle(self, target: Target) -> str | None:
        """Return why this defense can do nothing for this target, or None."""

    def apply(self, target: Target, seed: int = 0) -> Target:
        """Return a protected target; the one handed in is left as it is."""


class Family(Protocol):
    """Offers the candidates of one technique for a target."""

    def __call__(self, target: Target) -> Sequence[Defense]:
        """Return candidates, mildest first; none where the technique can do nothing."""


def admit(defense: Defense, target: Target) -> None:
    """Refuse a target for which the defense can do nothing.

    Raises
    ------
    AccessError
        With the reason.
    """
    if (reason := defense.obstacle(target)) is not None:
        raise AccessError(f"the defense {defense.name!r} cannot protect this target: {reason}")


def statement(defense: Defense, parameters: dict[str, Any], claim: dict[str, Any] | None) -> dict[str, Any]:
    """Return what a protected target says of its defense, in plain values."""
    return {
        "name": defense.name,
        "title": defense.title,
        "moment": defense.moment,
        "queries": defense.queries,
        "parameters": parameters,
        "claim": claim,
    }
