"""needed_people: a recipe and a table -> how many people are shown to suffice, beside how exposed each of them is.

A power law, fitted on the open rows, plans which sizes to try; where it is extrapolated it may be far off, and it shows
nothing. Each size is judged on sealed rows by several models, each from people drawn anew: what is shown is that
*another* model from so many people loses less than the margin against a model from all.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from reticent import _progress, _seeds, _validate
from reticent.attacks.workbench import Workbench
from reticent.backends.function import FunctionRecipe
from reticent.describe import describe
from reticent.errors import ParameterError, ReticentError
from reticent.forecast import forecast
from reticent.necessity import sizes as plan
from reticent.necessity.jury import Jury, Needed, summoned
from reticent.necessity.prepare import prepare
from reticent.necessity.sentences import points, sure
from reticent.necessity.sides import Ints, apart, check, sides
from reticent.necessity.sizes import ErrorLaw
from reticent.necessity.trials import Trial, Trials, answer
from reticent.stats.estimate import Estimate
from reticent.stats.noninferiority import in_sequence
from reticent.target.access import Access
from reticent.target.goal import Goal
from reticent.views import report_needed_people

_PLANNED = (1 / 64, 1 / 32, 1 / 16, 1 / 8, 1 / 4, 1 / 2)  # shares of the people who learn, for the law
_PLAN_DRAWS = 3
_LEAST_PEOPLE = 50
_LEAST_DRAWS = 10  # with fewer, how much models differ is known too badly for limits that hold
_BEYOND = 2  # sizes that are looked at from the first that is not shown, for the picture


@dataclass(frozen=True, kw_only=True)
class Size:
    """A number of people that was judged.

    Attributes
    ----------
    people, rows
        How many people a model learned from, and the mean number of their rows.
    draws
        Models, each from people drawn anew.
    loss
        Of another such model against the one from all people.
    shown
        Whether it is shown to lose less than the margin, and all larger sizes are.
    """

    people: int
    rows: int
    draws: int
    loss: Estimate
    shown: bool

    def to_dict(self) -> dict[str, Any]:
        """Return plain values."""
        return {**vars(self), "loss": self.loss.to_dict()}


@dataclass(frozen=True, eq=False, kw_only=True)
class NeededPeople(Needed):
    """How many people a recipe needs.

    Attributes
    ----------
    people
        Those of the open rows: all that a model could learn from here.
    enough
        The smallest number that is shown to suffice; ``people`` where no smaller one is.
    sizes
        What was judged on the sealed rows, the largest first; shown until the first that is not.
    planned
        What the law was fitted to: people and error, on open rows.
    law
        What planned the sizes. It is not evidence.
    exposure
        The forecast of what attackers gain by size, as its own dict; None where it was not asked for or not possible.
    """

    kind = "people"
    words = report_needed_people.words

    people: int
    enough: int
    sizes: tuple[Size, ...]
    planned: tuple[tuple[int, float], ...]
    law: ErrorLaw
    exposure: dict[str, Any] | None

    @property
    def _finding(self) -> str:
        if self.enough == self.people:
            margin = points(self.margin, self.metric)
            return f"all {self.people:,} people: no smaller number is shown to lose under {margin}"
        return f"{self.enough:,} of {self.people:,} people suffice; {sure(self.level, self.margin, self.metric)}"

    def _own(self) -> dict[str, Any]:
        return {
            "people": self.people,
            "enough": self.enough,
            "sizes": [one.to_dict() for one in self.sizes],
            "planned": [{"people": size, "error": error} for size, error in self.planned],
            "law": dict(vars(self.law)),
            "exposure": self.exposure,
        }


def needed_people(
    recipe: Any,
    table: Any,
    margin: float = 0.01,
    *,
    label: str = "y",
    person: str | None = None,
    goal: Goal | str | None = None,
    draws: int = 10,
    level: float = 0.95,
    seed: int = 0,
    n_jobs: int | None = None,
) -> NeededPeople:
    """Find the smallest number of people whose model is shown to lose less than a margin against that of all.

    Parameters
    ----------
    recipe, table, margin, label, level, seed, n_jobs
        As in :func:`~reticent.necessity.columns.needed_columns`.
    person
        A column whose rows belong together: persons are drawn whole, and counted. It is no feature.
    goal
        Where given, such as ``"tpr<=0.03@fpr=0.01"``, the exposure of people by size is forecast beside it. That takes
        as long as several audits.
    draws
        Models at each size, ten or more, each from people drawn anew.

    Raises
    ------
    TableError, ModelError, ParameterError
        Saying what was expected, what came, and what to do; before anything is trained.
    RecipeError
        If no model can be trained.
    """
    check(margin, level)
    _validate.at_least(_LEAST_DRAWS, draws=draws)
    goal = Goal.parse(goal) if isinstance(goal, str) else goal
    if goal is not None and (goal.accuracy_drop is not None or goal.epsilon is not None):
        raise ParameterError(
            "expected a goal without accuracy_drop or epsilon: accuracy is asked for by the margin, and exposure alone "
            "is forecast"
        )
    trials = prepare(recipe, table, label=label, hidden=() if person is None else (person,), seed=seed)
    bench = Workbench(n_jobs=n_jobs)
    jury = summoned(trials, sides(trials, person, margin, level), margin, level, bench)
    curve, law = _planned(jury)
    everyone = len(np.unique(jury.sides.whose[jury.sides.open]))
    judged = _judged(jury, plan.planned(law, everyone, margin, _LEAST_PEOPLE), draws)
    shown = sum(one.shown for one in judged)
    exposure, reason = _exposure(jury, person, goal)
    return NeededPeople(
        people=everyone,
        enough=judged[shown - 1].people if shown else everyone,
        loss=judged[shown - 1].loss if shown else jury.none(),
        sizes=judged,
        planned=curve,
        law=law,
        exposure=exposure,
        not_tested=(*([reason] if reason else []), *jury.caveats, *_LIMITS),
        **jury.facts(),
    )


_LIMITS = (
    "people drawn otherwise than at random from those of the open rows",
    "people of another time or place than those of this table",
    "more people than there are in the table",
)


def _planned(jury: Jury) -> tuple[tuple[tuple[int, float], ...], ErrorLaw]:
    """Return people and mean error at small sizes, all on open rows, and the law through them."""
    trials, whose, rows = jury.trials, jury.sides.whose, jury.sides.open
    learn, ask = (rows[part] for part in apart(whose[rows], 0.25, trials.seed, "plan"))
    everyone = len(np.unique(whose[learn]))
    counts = [count for share in _PLANNED if (count := int(share * everyone)) >= _LEAST_PEOPLE] or [everyone // 2]
    work = [(count, draw) for count in counts for draw in range(_PLAN_DRAWS)] + [(everyone, 0)]
    tasks = (
        (trials, Trial(drawn(trials, whose, learn, count, draw), ask, trials.features, draw)) for count, draw in work
    )
    answers = _progress.track(jury.bench.spread(answer, tasks), total=len(work), title="learning curve")
    errors = [float(one.wrong.mean()) for one in answers]
    found = {
        count: float(np.mean([error for (size, _), error in zip(work, errors, strict=True) if size == count]))
        for count in (*counts, everyone)
    }
    return tuple(found.items()), plan.fit(list(found), list(found.values()))


def drawn(trials: Trials, whose: Ints, rows: Ints, people: int, draw: int) -> Ints:
    """Return the rows of so many people, drawn at random and whole; every class of the label is among them."""
    names = np.unique(whose[rows])
    order = _seeds.generator(trials.seed, "people", people, draw).permutation(names)
    chosen = order[:people]
    if trials.classes is None or people >= len(names):
        return rows[np.isin(whose[rows], chosen)]
    labels = trials.table.labels()
    place = np.empty(int(names.max()) + 1, np.intp)
    place[order] = np.arange(len(order))
    lacking = set(trials.classes.tolist()) - set(labels[rows[np.isin(whose[rows], chosen)]].tolist())
    extra = []
    for one in sorted(lacking, key=str):  # a recipe may refuse rows of one class; the first who has it joins
        having = whose[rows[labels[rows] == one]]
        if having.size:
            extra.append(having[place[having].argmin()])
    return rows[np.isin(whose[rows], [*chosen, *extra])]


def _judged(jury: Jury, wanted: Sequence[int], draws: int) -> tuple[Size, ...]:
    """Return what is lost at each size, and at one beyond the first that is not shown: claimed is none of these two."""
    whose, rows = jury.sides.whose, jury.sides.open
    chosen = [[drawn(jury.trials, whose, rows, people, 1 + draw) for draw in range(draws)] for people in wanted]
    trials = (jury.trial(some, draw=1 + draw) for size in chosen for draw, some in enumerate(size))
    full = jury.fulls(draws)
    answers = jury.hear(trials, len(wanted) * draws, "models from fewer people")
    losses: list[Estimate] = []
    while len(losses) < len(wanted) and in_sequence(losses, jury.margin) > len(losses) - _BEYOND:
        wrong = [next(answers).wrong for _ in range(draws)]
        losses.append(jury.told(np.array(wrong) - full))
    answers.close()
    shown = in_sequence(losses, jury.margin)
    return tuple(
        Size(
            people=people,
            rows=round(float(np.mean([len(some) for some in size]))),
            draws=draws,
            loss=told,
            shown=k < shown,
        )
        for k, (people, size, told) in enumerate(zip(wanted, chosen, losses, strict=False))
    )


def _exposure(jury: Jury, person: str | None, goal: Goal | None) -> tuple[dict[str, Any] | None, str]:
    """Return the forecast of what attackers gain by size, or why there is none."""
    trials = jury.trials
    if goal is None:
        return None, "how exposed people are, by size: it takes a goal, such as 'tpr<=0.03@fpr=0.01'"
    if trials.classes is None:
        return None, "how exposed people are, by size: attacks on regressors are not built"
    try:
        members, others = (trials.table.take(rows) for rows in (jury.sides.open, jury.sides.sealed))
        target = describe(
            trials.recipe(members, _seeds.integer(trials.seed, "exposure")),
            members=members.native,
            nonmembers=others.native,
            label=trials.table.label,
            access=Access.SCORES,
            recipe=trials.recipe.function if isinstance(trials.recipe, FunctionRecipe) else None,
            groups=person,
            name=trials.name,
            seed=trials.seed,
        )
        return forecast(target, goal, seed=trials.seed, bench=jury.bench).to_dict(), ""
    except ReticentError as error:
        return None, f"how exposed people are, by size: {error}"
