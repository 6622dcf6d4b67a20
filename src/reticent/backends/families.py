"""Which family a recipe is of: each reader knows its own estimators and passes on all others."""

from collections.abc import Callable
from typing import Any

from reticent.backends import boosting, forest, linear

# Each takes (estimator, features) and returns what the family offers, or None.
_READERS: tuple[Callable[[Any, tuple[str, ...]], object | None], ...] = (forest.read, linear.read, boosting.read)


def family_of(estimator: Any, features: tuple[str, ...]) -> object | None:
    """Return what the family of an unfitted estimator offers beside training it whole, or None."""
    return next((family for read in _READERS if (family := read(estimator, features)) is not None), None)
