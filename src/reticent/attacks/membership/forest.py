"""A forest's members: few halves of the people, a few trees on each, and who shares a leaf with whom.

The attacker reads scores, knows how the forest was grown and has people of the same population. A forest's score is
the mean of its trees, so ten trees tell what a hundred would: those that drew a row know it, those of the same half
that did not draw it and those of the other halves have never met it. Success means that the target's score of a row
is likelier for a forest that learned from it: the likelihood ratio of LiRA (Carlini et al. 2022, arXiv:2112.03570)
without its shadow forests, and with what LiRA takes for noise: which of the row's neighbors are members.

>>> import numpy as np
>>> from reticent.attacks.pooled import moments_of, powers
>>> rng = np.random.default_rng(0)
>>> hard, member = rng.random(1000), rng.random(1000) < 0.5  # how often a tree that never saw a row is wrong about it
>>> seen = rng.random((8, 10, 1000)) < 0.3
>>> votes = np.where(seen, 1, rng.random((8, 10, 1000)) > hard)
>>> found = moments_of(sum(powers(*half) for half in zip(votes, seen)), trees=100, unseen=np.full(1000, 0.4))
>>> score = (np.where(rng.random((100, 1000)) < 0.6 * member, 1, rng.random((100, 1000)) > hard)).mean(axis=0)
>>> float(((found.log_ratio(score) > 0) == member).mean().round(2))
0.95
"""

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt

from reticent import _progress, _seeds, _validate
from reticent.attacks import moments
from reticent.attacks.attack import admit
from reticent.attacks.leaves import Leaves
from reticent.attacks.pooled import ForestMoments, by_size, powers, with_neighbors
from reticent.attacks.result import Finding
from reticent.attacks.signals import confidence
from reticent.attacks.workbench import Workbench
from reticent.errors import AccessError
from reticent.target import splits
from reticent.target.access import Access
from reticent.target.family.forest import Forest, Grown
from reticent.target.target import Target

Array = npt.NDArray[np.float64]

_KEPT = 40_000_000  # leaves kept in memory, trees times rows: 240 MB
_CHECKED = 3  # halves on which it is measured how much neighbors explain
_MOST_HALVES = 256


@dataclass(frozen=True, kw_only=True)
class ForestPool:
    """``trees`` trees on each of ``halves`` random halves; ``targets`` more models of the recipe are attacked too."""

    halves: int = 12
    trees: int = 8
    targets: int = 0

    name: ClassVar[str] = "forest"
    title: ClassVar[str] = "Forest (likelihood ratio, pooled trees)"
    needs: ClassVar[Access] = Access.SCORES  # labels alone hide how many of the trees agree
    needs_recipe: ClassVar[bool] = True
    needs_family: ClassVar[type[Any] | None] = Forest

    def __post_init__(self) -> None:
        _validate.at_least(4, halves=self.halves)
        _validate.at_least(2, trees=self.trees)
        _validate.at_least(0, targets=self.targets)

    def run(self, target: Target, seed: int = 0, bench: Workbench | None = None) -> Finding:
        """Grow a few trees on each half, learn from them how to read the target, and read it."""
        admit(self, target)
        bench = bench or Workbench()
        found = bench.once(
            ("forest", self.halves, self.trees, seed, target.recipe, target.population),
            lambda: _grown(target, self.halves, self.trees, seed, bench),
        )
        return moments.find(
            self,
            target,
            seed,
            bench,
            moments=found,
            signal=lambda scores: confidence(scores, target.truth),
            targets=self.targets,
            facts={
                "trees grown": float(self.trees * _count(self.halves, target)),
                "share of a score's variance that neighbors explain": found.explained,
            },
            parameters={},
        )


def _count(halves: int, target: Target) -> int:
    """Return how many halves it takes for each row to be in two and out of two.

    Raises
    ------
    AccessError
        If that is too many.
    """
    people = target.population
    count = max(halves, 2 * splits.round_of(int(people.is_member.sum()) / len(people), len(people))[1])
    if count > _MOST_HALVES:
        raise AccessError(
            f"takes members and non-members of numbers less uneven: it takes {count} parts of the people for every "
            f"row to be in two and out of two. Hand in more of the fewer"
        )
    return count


@dataclass(frozen=True, eq=False)
class _Plan:
    """What the work on all halves has in common; the leaves of ``kept`` of a half's trees are kept."""

    family: Forest
    table: Any
    unit: npt.NDArray[np.intp]
    trees: int
    kept: int


def _grown(target: Target, halves: int, trees: int, seed: int, bench: Workbench) -> ForestMoments:
    people, count = target.population, _count(halves, target)
    n, size = len(people), int(people.is_member.sum())
    family: Forest = target.recipe.family  # type: ignore[union-attr, assignment]  # admitted
    # Other halves than those of the shadow models, which this attack is tried on where they are there.
    membership = splits.halves(people.unit, size, count, _seeds.integer(seed, "forest halves"))
    plan = _Plan(family, people.table, people.unit, trees, min(trees, max(1, _KEPT // (n * count))))
    tasks = ((plan, np.flatnonzero(rows), _seeds.integer(seed, "forest", half)) for half, rows in enumerate(membership))
    sums, unseen = np.zeros((16, n)), 0.0
    outside: list[Array] = []
    leaves: list[tuple[npt.NDArray[Any], ...] | None] = []
    results = _progress.track(bench.spread(_grow_half, tasks), total=count, title="halves of the people")
    for half, (own, strangers, where) in enumerate(results):
        sums += own
        unseen += strangers / count
        leaves.append(where)
        if half < _CHECKED:
            outside.append(own[:2].astype(np.float64))
    alike = np.bincount(people.unit)[people.unit]
    found = by_size(sums, alike, trees=family.trees, unseen=unseen)
    known = [where for where in leaves if where is not None]
    if len(known) < count:
        return found
    leaf, drawn, seen = (np.concatenate(parts) for parts in zip(*known, strict=True))
    shared = Leaves(leaf=leaf, drawn=drawn, seen=seen, truth=target.truth, alone=alike == 1)
    others = [(sums[:2] - own, own) for own in outside]
    return with_neighbors(found, shared, others, membership, plan.kept)


def _grow_half(
    plan: _Plan, rows: npt.NDArray[np.intp], seed: int
) -> tuple[npt.NDArray[np.float32], float, tuple[npt.NDArray[Any], ...] | None]:
    """Return the powers of one half, the share of its rows that a tree does not draw, and the leaves of some trees."""
    grown: Grown = plan.family.grow(plan.table, rows, plan.trees, seed)
    drawn = grown.drawn > 0
    seen, units = drawn, int(plan.unit.max()) + 1
    if units < len(plan.unit):  # whoever shares a unit with a row that was drawn is no stranger to the tree
        seen = np.zeros((plan.trees, units), dtype=bool)
        tree, row = np.nonzero(drawn)
        seen[tree, plan.unit[row]] = True
        seen = seen[:, plan.unit]
    sums = powers(grown.votes, seen).astype(np.float32)
    kept = slice(plan.kept)
    where = None
    if grown.leaves is not None:  # copies: a view would keep all trees in memory
        where = grown.leaves[kept].copy(), grown.drawn[kept].copy(), seen[kept].copy()
    return sums, 1 - float(drawn[:, rows].mean()), where
