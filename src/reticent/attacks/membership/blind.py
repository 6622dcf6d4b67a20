"""Blind attacker: tells members from non-members by the rows alone, without the model.

The attacker sees two tables and no model. Success means that the tables differ: they come from other times, places or
filters. Then every attack on the model looks strong (it recognizes the table, not the memory), and no verdict about
the model can be given. It is the baseline of all other attacks (Das et al. 2024, arXiv:2406.16201).

>>> import numpy as np
>>> rng = np.random.default_rng(0)
>>> rows, is_member = rng.normal(size=(400, 3)), np.arange(400) < 200
>>> scores = blind_scores(rows, is_member, unit=np.arange(400), seed=0)
>>> bool(abs(np.corrcoef(scores, is_member)[0, 1]) < 0.2)
True
"""

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt
from scipy import stats
from sklearn.ensemble import HistGradientBoostingClassifier

from reticent import _progress, _seeds
from reticent.attacks.attack import admit
from reticent.attacks.result import Finding
from reticent.attacks.workbench import Workbench
from reticent.target import splits
from reticent.target.access import Access
from reticent.target.table import numbers
from reticent.target.target import Target

_FOLDS = 5
_MOST_ROWS = 100_000  # to learn from: what tells two tables apart shows in so many, or is too little to matter


def blind_scores(
    rows: npt.NDArray[np.float64], is_member: npt.NDArray[np.bool_], unit: npt.NDArray[np.intp], seed: int
) -> npt.NDArray[np.float64]:
    """Return how member-like each row looks to a classifier that never met it, shape (n,).

    Parameters
    ----------
    rows
        Shape (n, d), NaN where missing.
    is_member
        Shape (n,).
    unit
        Shape (n,): rows of one unit fall in one fold.
    seed
        For folds and classifier.
    """
    scores = np.full(len(rows), 0.5)
    count = min(_FOLDS, *(len(np.unique(unit[side])) for side in (is_member, ~is_member)))
    if count < 2:
        return scores  # one group cannot be held out
    place = splits.places(unit, is_member, _seeds.generator(seed, "blind", "folds"))
    for number in range(count):
        test = (number <= count * place) & (count * place < number + 1)
        if not test.any():  # one unit can be larger than a fold
            continue
        train = _some(~test, seed)
        classifier = HistGradientBoostingClassifier(
            max_iter=60, max_leaf_nodes=15, random_state=_seeds.integer(seed, "blind", number)
        ).fit(rows[train], is_member[train])
        # Ranks, since the folds' scores are not on one scale.
        scores[test] = stats.rankdata(classifier.predict_proba(rows[test])[:, 1]) / (test.sum() + 1)
    return scores


def _some(rows: npt.NDArray[np.bool_], seed: int) -> npt.NDArray[np.intp]:
    """Return these rows, or as many of them at random as suffice to see what a table differs in."""
    found = np.flatnonzero(rows)
    if len(found) <= _MOST_ROWS:
        return found
    return np.sort(_seeds.generator(seed, "blind", "rows").choice(found, _MOST_ROWS, replace=False))


@dataclass(frozen=True, kw_only=True)
class Blind:
    """The attacker without the model."""

    name: ClassVar[str] = "blind"
    title: ClassVar[str] = "Blind attacker (no model)"
    needs: ClassVar[Access] = Access.NOTHING
    needs_recipe: ClassVar[bool] = False
    needs_family: ClassVar[type[Any] | None] = None

    def run(self, target: Target, seed: int = 0, bench: Workbench | None = None) -> Finding:
        """Tell the two tables apart."""
        admit(self, target)
        scores = baseline(target, seed, bench or Workbench())
        return Finding(
            name=self.name,
            title=self.title,
            needs=self.needs,
            scores=scores,
            is_member=target.population.is_member,
            sealed=target.population.sealed,
            baseline=scores,
            seed=seed,
            against_model=False,
        )


def fewest_units(target: Target) -> int:
    """Return how many units the smaller side has: with one, nothing can be held out."""
    people = target.population
    return min(len(np.unique(people.unit[side])) for side in (people.is_member, ~people.is_member))


def baseline(target: Target, seed: int, bench: Workbench) -> npt.NDArray[np.float64]:
    """Return the blind attacker's scores for the target's population, from the bench where they are known."""
    people = target.population

    def compute() -> npt.NDArray[np.float64]:
        seen = (*target.features, target.schema.label)
        task = (numbers(people.table, seen), people.is_member, people.unit, seed)
        [scores] = _progress.track(bench.spread(blind_scores, [task]), total=1, title="comparing the tables")
        return scores

    return bench.once(("blind", people, target.features, seed), compute)
