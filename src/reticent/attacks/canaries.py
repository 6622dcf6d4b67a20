"""Planted canaries: a control that shows whether the attack finds what is there, and names nobody who is not.

One more model is trained by the target's recipe, on a random half of all people and on a few canaries: copies of people
with a wrong label, which no model gives unless it learned them by heart. As many matched copies stay out. Success means
that the attack finds the canaries at 1 % false alarms among strangers, and names their twins who stayed out no more
often than it says. Whose membership was decided before is drawn anew: of the target's members this model tells nothing.

>>> import numpy as np
>>> wrong_labels(np.array([0, 1, 2, 1]), np.array([0, 1, 2]), np.random.default_rng(0)).tolist()
[2, 0, 1, 2]
"""

from dataclasses import asdict, dataclass, replace
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt

from reticent import _seeds, _validate
from reticent.attacks.attack import Attack, admit, obstacle
from reticent.attacks.membership.blind import baseline
from reticent.attacks.membership.boosting import LeafArithmetic
from reticent.attacks.membership.forest import ForestPool
from reticent.attacks.membership.linear import LinearLira
from reticent.attacks.membership.lira import Lira
from reticent.attacks.result import Finding
from reticent.attacks.signals import confidence
from reticent.attacks.workbench import Workbench
from reticent.errors import RecipeError, TableError
from reticent.stats import roc
from reticent.stats.estimate import Estimate
from reticent.stats.rates import rate
from reticent.target import splits
from reticent.target.access import Access
from reticent.target.model import Recipe
from reticent.target.population import Population
from reticent.target.table import ArrayTable, Table, digests
from reticent.target.target import Target, class_positions

Mask = npt.NDArray[np.bool_]
Index = npt.NDArray[np.intp]

_FPR = 0.01
_NULL_LEVEL = 0.999  # a control that cries wolf in one report of twenty would be read by nobody
_PLAIN = 4  # of so many people one is fit to be copied


@dataclass(frozen=True, eq=False)
class Planted:
    """A target with canaries in its training: which rows they are, which are the copies that stayed out.

    Attributes
    ----------
    target
        Its people are all people of the original target, the canaries and their matched controls: N rows.
    canary, control
        Shape (N,).
    original
        Position of each row in the original population, shape (N,); -1 for canaries and controls.
    """

    target: Target
    canary: Mask
    control: Mask
    original: Index

    def found(self, finding: Finding, *, fpr: float = _FPR) -> tuple[Estimate, Estimate]:
        """Return the share of canaries found at ``fpr`` among strangers, and of controls wrongly named there."""
        strangers = ~self.target.population.is_member & ~self.control
        ranked = np.sort(finding.scores[strangers])[::-1]
        threshold = ranked[int(fpr * len(ranked))]
        return rate(finding.scores[self.canary] > threshold), rate(finding.scores[self.control] > threshold)

    def null(self, finding: Finding, is_member: Mask, *, level: float = _NULL_LEVEL) -> Estimate:
        """Return the AUC for who was a member of the original target, shape (n,), on this other model: 0.5 if sound."""
        scores = self.scores(finding)
        return roc.auc(scores[is_member], scores[~is_member], level=level)

    def scores(self, finding: Finding) -> npt.NDArray[np.float64]:
        """Return the scores of the original people, in their original order, shape (n,)."""
        people = self.original >= 0
        ordered = np.empty(int(people.sum()))
        ordered[self.original[people]] = finding.scores[people]
        return ordered


def plant(target: Target, count: int, seed: int) -> Planted:
    """Train one model by the target's recipe on a random half of its people and ``count`` canaries.

    Canaries and controls are copies of people who stay out of that half, each with another label, drawn alike. A copy
    is another row than its original (the label is part of what makes rows equal), and a unit of its own.

    Raises
    ------
    RecipeError
        If the target has no recipe.
    TableError
        If there are fewer than ``2 * count`` people to copy.
    """
    _validate.at_least(1, count=count)
    recipe = recipe_of(target)
    people = target.population
    [inside] = splits.halves(people.unit, len(people) // 2, 1, _seeds.integer(seed, "canaries", "half"))
    rng = _seeds.generator(seed, "canaries")
    copies, table = copies_of(target, np.flatnonzero(~inside), 2 * count, rng)
    half, rest = np.flatnonzero(inside), np.flatnonzero(~inside)
    parts = [(half, people.table), (copies[:count], table), (rest, people.table), (copies[count:], table)]
    rows = _joined([kind.take(part) for part, kind in parts])
    sizes = [len(part) for part, _ in parts]
    kind = np.repeat(np.arange(4), sizes)
    own_unit = people.unit.max() + 1 + np.arange(2 * count)  # though its group be that of its original
    unit = np.concatenate([people.unit[half], own_unit[:count], people.unit[rest], own_unit[count:]])
    is_member = kind < 2
    population = Population(
        table=rows,
        is_member=is_member,
        unit=np.unique(unit, return_inverse=True)[1],
        sealed=splits.seal(unit, is_member, seed),
        row=np.concatenate([np.arange(is_member.sum()), np.arange((~is_member).sum())]),
        shared_rows=0,
        key=people.key,
    )
    model = recipe(rows.take(np.flatnonzero(is_member)), _seeds.integer(seed, "canaries", "model"))
    planted = replace(target, model=model, population=population, name=f"{target.name} with canaries")
    original = np.where(kind == 0, 0, -1)
    original[kind == 0], original[kind == 2] = half, rest
    return Planted(planted, kind == 1, kind == 3, original)


def wrong_labels(truth: Index, among: Index, rng: np.random.Generator) -> Index:
    """Return for each label another one of ``among``, each as likely, shape (n,)."""
    place = np.searchsorted(among, truth)
    return np.asarray(among[(place + rng.integers(1, len(among), len(truth))) % len(among)])


def copies_of(target: Target, sources: Index, count: int, rng: np.random.Generator) -> tuple[Index, Table]:
    """Return which of ``sources`` to copy, shape (count,), and the whole table with another label in every row.

    Raises
    ------
    TableError
        If too few people can be copied without becoming somebody else's row.
    """
    people, truth = target.population, target.truth
    classes, first = np.unique(truth, return_index=True)
    if len(classes) < 2:
        raise TableError("expected people of at least two classes: a wrong label needs another one to be had")
    donors = first[np.searchsorted(classes, wrong_labels(truth, classes, rng))]
    mislabeled = _with_labels(people.table, people.table.take(donors), target.schema.label)
    seen = [*target.features, target.schema.label]
    fit = sources[~np.isin(digests(mislabeled, seen)[sources], digests(people.table, seen))]  # nobody's row by right
    if len(fit) < count:
        raise TableError(
            f"expected at least {count} people to copy whose wrong label nobody like them has, found {len(fit)}. "
            f"Plant fewer canaries, or hand in more people"
        )
    # Where the target gives a label hardly any chance it is plainly wrong, and only a model that met the copy says it.
    doubt = confidence(target.scores, class_positions(mislabeled.labels(), target.model.classes))
    drawn = rng.permutation(fit)
    plain = drawn[np.argsort(doubt[drawn], kind="stable")[: max(count, len(fit) // _PLAIN)]]
    return rng.permutation(plain)[:count], mislabeled


def _with_labels(table: Table, donor: Table, label: str) -> Table:
    if isinstance(table, ArrayTable):
        return replace(table, y=donor.labels())
    return table.with_features(donor.features([label]), [label])


def _joined(parts: list[Table]) -> Table:
    joined = parts[0]
    for part in parts[1:]:
        joined = joined.join(part)
    return joined


def recipe_of(target: Target) -> Recipe:
    """Return the target's recipe.

    Raises
    ------
    RecipeError
        If it has none.
    """
    if target.recipe is None:
        raise RecipeError("canaries need a recipe: pass recipe=, a function (rows, seed) -> fitted model")
    return target.recipe


def _strongest(target: Target) -> Attack:
    techniques: tuple[type[Attack], ...] = (ForestPool, LinearLira, LeafArithmetic)
    return next((kind() for kind in techniques if obstacle(kind(), target) is None), Lira(shadows=8))


@dataclass(frozen=True, kw_only=True)
class Canaries:
    """Plant ``count`` canaries in one more model, and run ``attack`` on it: the control of that attack.

    By default the attack is the technique of the model's family, else LiRA with few shadow models.
    The scores are those of the target's people on that model, of whose membership it knows nothing; what became of the
    canaries stands in the facts.
    """

    count: int = 20
    attack: Attack | None = None

    name: ClassVar[str] = "canaries"
    title: ClassVar[str] = "Planted canaries (control)"
    needs: ClassVar[Access] = Access.LABELS
    needs_recipe: ClassVar[bool] = True
    needs_family: ClassVar[type[Any] | None] = None

    def __post_init__(self) -> None:
        _validate.at_least(1, count=self.count)

    def run(self, target: Target, seed: int = 0, bench: Workbench | None = None) -> Finding:
        """Plant, attack, and count."""
        admit(self, target)
        bench = bench or Workbench()
        people = target.population
        planted = plant(target, self.count, seed)
        inner = self.attack or _strongest(planted.target)
        if (reason := obstacle(inner, planted.target)) is not None:
            raise RecipeError(f"the attack that should look for canaries {reason}")
        finding = inner.run(planted.target, seed, bench)
        found, wrong = planted.found(finding)
        return Finding(
            name=self.name,
            title=self.title,
            needs=self.needs,
            scores=planted.scores(finding),
            is_member=people.is_member,
            sealed=people.sealed,
            baseline=baseline(target, seed, bench),
            null=planted.null(finding, people.is_member),
            facts={
                "attack": inner.title,
                "canaries planted": self.count,
                "canaries found at 1 % false alarms": found,
                "matched copies left out, wrongly named": wrong,
            },
            parameters={**asdict(self), "found by": inner.name},
            seed=seed,
            against_model=False,
        )
