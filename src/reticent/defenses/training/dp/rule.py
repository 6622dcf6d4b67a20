"""One method for all tables, and the rule by which it is set from (n, d, epsilon): nothing is left to tune.

What decides is how many people there are beside the noise: ``people * mu``, the count of rows (bought for a hundredth
of the budget) times the budget as Gaussian differential privacy. The fewer they are, the harder are gradients clipped:
a bias that is smaller than the noise saved is a bargain. Where a column of numbers is not worth 30 of it, no bins are
cut and numbers enter as they are; where a coordinate is not worth 3, no covariance is bought. The rule was chosen on
Adult, Lending Club, COMPAS, Nursery, breast cancer and digits; of the sets of ``benchmarks/bench_dp_utility.py`` the
other three were looked at when it was fixed.

>>> clip_at(100.0), clip_at(1000.0), clip_at(1e6)
(0.35, 0.35, 0.7)
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from reticent.coding.codes import Floats
from reticent.defenses.training.dp.coded import Coded, Number
from reticent.defenses.training.dp.edges import bought
from reticent.defenses.training.dp.encoding import Encoding, encoding_of
from reticent.defenses.training.dp.linear import Descent, descend, likely
from reticent.defenses.training.dp.ranges import range_of
from reticent.mechanisms.curator import Curator

_FOR_PEOPLE, _FOR_RANGES, _FOR_EDGES = 0.01, 0.1, 0.1  # of the budget, where they are bought
_FOR_COVARIANCE = 0.3  # of what is then left
_ENOUGH = 30.0  # people times mu for each column of numbers: below, no bins are cut
_ROUNDED = 3.0  # people times mu for each coordinate: below, a covariance is not worth its price


@dataclass(frozen=True, kw_only=True, eq=False)
class Model:
    """Weights of shape (width, k) for the rows of an encoding; ``method`` says in words what was chosen and why."""

    encoding: Encoding
    weights: Floats
    method: str

    def decision(self, coded: Coded) -> Floats:
        """Return probabilities, shape (n, n_classes)."""
        said = likely(self.encoding.rows(coded) @ self.weights)
        return np.column_stack([1 - said, said]) if said.shape[1] == 1 else said


def learn(coded: Coded, y: Any, n_classes: int, curator: Curator) -> Model:
    """Learn the probabilities of codes ``y``; for two classes ``y`` may be any number from 0 to 1: the share of 1."""
    asked = curator.gaussian("people", np.array(float(len(coded))), sensitivity=1.0, share=_FOR_PEOPLE)
    people = max(float(asked), 10.0)
    strength = people * curator.mu / curator.reach
    ranges, binned = _ranges(coded, curator, people, strength)
    encoding = encoding_of(coded.features, ranges)
    rounded = strength > _ROUNDED * encoding.width
    how = Descent(clip=clip_at(strength), share=_FOR_COVARIANCE if rounded else 0.0)
    wanted = np.asarray(y, np.float64)[:, None] if n_classes == 2 else np.eye(n_classes)[y]
    weights = descend(encoding, coded, wanted, curator, people=people, how=how)
    words = "smoothed bins" if binned else "numbers as they are"
    descent = "preconditioned gradient descent" if rounded else "gradient descent"
    method = f"logistic regression on {words}, {descent} (people times mu: about {strength:.2g})"
    return Model(encoding=encoding, weights=weights, method=method)


def clip_at(strength: float) -> float:
    """Return the length to clip gradients to, beside a row's expected length, for this many people times mu."""
    return float(np.clip(0.35 + 0.2 * np.log10(strength / 1000), 0.35, 0.7))


def _ranges(
    coded: Coded, curator: Curator, people: float, strength: float
) -> tuple[Sequence[tuple[float, float] | Floats | None], bool]:
    """Return the bounds or the edges of each number, None for categories, and whether they are edges."""
    numbers = {j: one for j, one in enumerate(coded.features) if isinstance(one, Number)}
    found: list[tuple[float, float] | Floats | None] = [
        one.edges if isinstance(one, Number) else None for one in coded.features
    ]
    open_numbers = {j: one for j, one in numbers.items() if one.edges is None}
    unknown = [one for one in open_numbers.values() if one.bounds is None]
    bounds: dict[int, tuple[float, float]] = {}
    for j, one in open_numbers.items():
        bounds[j] = one.bounds or range_of(
            f"bounds of {one.name}", one.values, curator, share=_FOR_RANGES / len(unknown)
        )
    if not open_numbers:
        return found, bool(numbers)
    if strength < _ENOUGH * len(open_numbers):
        return [bounds.get(j, edges) for j, edges in enumerate(found)], False
    inside = [np.clip(one.values, *bounds[j]) for j, one in open_numbers.items()]
    edges = bought(inside, list(bounds.values()), curator, share=_FOR_EDGES, people=people)
    for j, cut in zip(open_numbers, edges, strict=True):
        found[j] = cut
    return found, True
