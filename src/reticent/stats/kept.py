"""Do answers stay the same, and do they stay right: two answers to each of n rows, and groups of these rows.

>>> import numpy as np
>>> said, kept = np.array(["a", "a", "b", "b"]), np.array(["a", "a", "b", "a"])
>>> for group in by_group([("first", said == "a"), ("second", said == "b")], said == kept):
...     print(group.name, group.people, group.agreement.value)
first 2 1.0
second 2 0.5
>>> print(accuracy(np.array(["a", "a", "a", "b"]), said, kept).change.value)
-0.25
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy import stats

from reticent.stats.estimate import Estimate
from reticent.stats.rates import paired_difference, rate

Array = npt.NDArray[Any]
Mask = npt.NDArray[np.bool_]


@dataclass(frozen=True, kw_only=True)
class Group:
    """How often the answer stays the same in one group of people."""

    name: str
    people: int
    agreement: Estimate

    def to_dict(self) -> dict[str, Any]:
        """Return plain values."""
        return {"name": self.name, "people": self.people, "agreement": self.agreement.to_dict()}


@dataclass(frozen=True, kw_only=True)
class Accuracy:
    """How often answers are right, or how far from it they are, before and after.

    ``measure`` is "accuracy", or "mean absolute error" where answers are amounts.
    """

    measure: str
    raw: Estimate
    minimized: Estimate
    change: Estimate

    def to_dict(self) -> dict[str, Any]:
        """Return plain values."""
        parts = {name: getattr(self, name).to_dict() for name in ("raw", "minimized", "change")}
        return {"measure": self.measure, **parts}


def by_group(groups: Sequence[tuple[str, Mask]], same: Mask, *, level: float = 0.95) -> list[Group]:
    """Return how often answers stay the same in each group, at a level at which all intervals hold together.

    Parameters
    ----------
    groups
        Names and masks of shape (n,); those without rows are left out.
    same
        Shape (n,): whether the answer stayed the same; rows are independent.
    """
    some = [(name, of) for name, of in groups if of.any()]
    each = 1 - (1 - level) / max(len(some), 1)  # Bonferroni
    return [Group(name=name, people=int(of.sum()), agreement=rate(same[of], level=each)) for name, of in some]


def accuracy(truth: Array, said: Array, kept: Array, *, amounts: bool = False) -> Accuracy:
    """Return whether answers are right before and after, arrays of shape (n,); the change is paired.

    For amounts it is the mean absolute error, in the amounts' own unit.
    """
    if not amounts:
        right, now = (np.asarray(one == truth, bool) for one in (said, kept))
        change = paired_difference(now, right)
        return Accuracy(measure="accuracy", raw=rate(right), minimized=rate(now), change=change)
    missed, now = (np.abs(one.astype(float) - truth.astype(float)) for one in (said, kept))
    return Accuracy(measure="mean absolute error", raw=mean(missed), minimized=mean(now), change=mean(now - missed))


def mean(values: npt.NDArray[np.float64], *, level: float = 0.95) -> Estimate:
    """Return the mean of n independent values with Student's interval."""
    n, value = values.size, float(values.mean())
    half = float(stats.t.ppf((1 + level) / 2, n - 1) * values.std(ddof=1) / np.sqrt(n))
    return Estimate(value=value, low=value - half, high=value + half, level=level, method="Student", n=n)
