"""The minimizers that ``protect`` tries on a target."""

from reticent.defenses.data.minimize.minimizer import Minimizer
from reticent.target.target import Target

AGREEMENTS = (0.95, 0.8)  # few: each has a minimizer fitted to every one of its shadow models


def minimizations(target: Target) -> list[Minimizer]:
    """Return minimizers from one that changes few answers to one that changes more, where they stand in the way."""
    return [one for one in (Minimizer(agreement=share) for share in AGREEMENTS) if one.obstacle(target) is None]
