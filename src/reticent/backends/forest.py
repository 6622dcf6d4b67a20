"""Forests of scikit-learn (random forests, extra trees, bags of trees), grown a few trees at a time."""

from typing import Any


def read(estimator: Any, features: tuple[str, ...]) -> object | None:
    """Return the forest, or None where the estimator is none."""
    return None
