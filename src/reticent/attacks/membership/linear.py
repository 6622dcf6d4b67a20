"""LiRA in closed form for linear models and linear heads: no shadow model, one fit.

The attacker sees scores, knows how the model was trained and has people of the same population. For logistic
regression with an L2 penalty, what shadow models would say with and without each row follows from one fit of the whole
pool: a row's leverage gives its own effect, influence functions the spread. Success means that the target's log-odds of
the truth are likelier with the row than without (Carlini et al. 2022, arXiv:2112.03570, who train the shadow models;
leverage as a sign of membership: arXiv:2602.15919).

>>> import numpy as np
>>> rng = np.random.default_rng(0)
>>> x = rng.normal(size=(400, 20))
>>> y = (x[:, 0] + rng.normal(size=400) > 0).astype(np.intp)
>>> alone = {"weights": np.ones(400), "unit": np.arange(400)}
>>> moments = linear_moments(x, y, classes=2, penalty=1.0, intercept=True, share=0.5, **alone)
>>> float((moments.mean_in - moments.mean_out).mean().round(1))
0.2
"""

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt

from reticent import _validate
from reticent.attacks.attack import admit
from reticent.attacks.influence import linear_moments
from reticent.attacks.moments import Moments, find
from reticent.attacks.result import Finding
from reticent.attacks.workbench import Workbench
from reticent.target.access import Access
from reticent.target.family.linear import Linear
from reticent.target.target import Target

__all__ = ["LinearLira", "linear_moments", "log_odds"]

Array = npt.NDArray[np.float64]


def log_odds(scores: npt.NDArray[Any], truth: npt.NDArray[np.intp], ceiling: float) -> Array:
    """Return the log-odds of the true class, at most ``ceiling`` in size: (..., n, C) and (n,) -> (..., n).

    What is left of 1 is the sum of the other classes' probabilities, which are exact to the last digit where 1 - p is
    not.
    """
    true = np.arange(scores.shape[-1]) == truth[:, None]
    smallest = np.exp(-2 * ceiling)
    sure, left = (np.sum(scores, axis=-1, where=side, dtype=np.float64) for side in (true, ~true))
    ratio = np.log(np.maximum(sure, smallest)) - np.log(np.maximum(left, smallest))
    return np.asarray(np.clip(ratio, -ceiling, ceiling))


def ceiling_of(scores: npt.NDArray[Any]) -> float:
    """Return the log-odds beyond which a model's probabilities are but rounding: 33, or 13 in single precision."""
    single = np.array_equal(scores, scores.astype(np.float32))
    return float(-np.log(np.finfo(np.float32 if single else np.float64).eps) - 3)


def within(moments: Moments, ceiling: float) -> Moments:
    """Return what is left of the moments where log-odds beyond ``ceiling`` look like the ceiling."""
    seen = (np.abs(moments.mean_out) < ceiling) | (np.abs(moments.mean_in) < ceiling)  # else both look the same
    mean_in, mean_out = (np.clip(mean, -ceiling, ceiling) for mean in (moments.mean_in, moments.mean_out))
    return Moments(
        mean_in=mean_in,
        var_in=np.where(seen, moments.var_in, moments.var_out),
        mean_out=mean_out,
        var_out=moments.var_out,
    )


@dataclass(frozen=True, kw_only=True)
class LinearLira:
    """LiRA in closed form; ``targets`` further models of the recipe are attacked too."""

    targets: int = 0

    name: ClassVar[str] = "linear"
    title: ClassVar[str] = "LiRA in closed form (linear models)"
    needs: ClassVar[Access] = Access.SCORES
    needs_recipe: ClassVar[bool] = True
    needs_family: ClassVar[type[Any] | None] = Linear

    def __post_init__(self) -> None:
        _validate.at_least(0, targets=self.targets)

    def run(self, target: Target, seed: int = 0, bench: Workbench | None = None) -> Finding:
        """Fit the pool once, and read the target with what follows."""
        admit(self, target)
        bench = bench or Workbench()
        people, family = target.population, getattr(target.recipe, "family", None)
        assert isinstance(family, Linear)  # admitted above
        moments = bench.once(("linear moments", target.recipe, people), lambda: _moments(target, family))
        ceiling = ceiling_of(target.scores)
        seen = within(moments, ceiling)
        return find(
            self,
            target,
            seed,
            bench,
            moments=seen,
            signal=lambda scores: log_odds(scores, target.truth, ceiling),
            targets=self.targets,
            facts={},
            parameters={"ceiling": ceiling},
        )


def _moments(target: Target, family: Linear) -> Moments:
    people = target.population
    labels = people.table.labels()
    return linear_moments(
        family.columns(people.table),
        target.truth,
        weights=family.weights(labels),
        unit=people.unit,
        classes=len(target.model.classes),
        penalty=family.penalty,
        intercept=family.intercept,
        share=float(people.is_member.mean()),
    )
