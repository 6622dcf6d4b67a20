"""needed_columns: a recipe and a table -> the smallest set of columns that is shown to do.

The order in which columns go is found on the open rows. Then the sets are judged on sealed rows that chose nothing, one
after the other until the first that cannot be shown: each is a paired test of non-inferiority against all columns.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from reticent import _validate
from reticent.attacks.workbench import Workbench
from reticent.errors import ParameterError, TableError
from reticent.necessity import remains, simpler
from reticent.necessity.groups import Group, by_group
from reticent.necessity.jury import Jury, Needed, summoned
from reticent.necessity.order import Step, elimination
from reticent.necessity.prepare import prepare
from reticent.necessity.remains import Remains
from reticent.necessity.sentences import joined, points, sure
from reticent.necessity.sides import check, sides
from reticent.necessity.simpler import Simpler
from reticent.necessity.trials import Answer, Trials
from reticent.stats.estimate import Estimate
from reticent.views import report_needed_columns


@dataclass(frozen=True, kw_only=True)
class Tried:
    """A set of columns that was judged.

    Attributes
    ----------
    dropped
        Columns that went at this step.
    kept
        How many stayed.
    open_loss
        What the open rows said when the order was chosen; optimistic, since they chose.
    loss
        Of this set against all columns, on the sealed rows.
    shown
        Whether it is shown to lose less than the margin, and all sets before it are.
    """

    dropped: tuple[str, ...]
    kept: int
    open_loss: float
    loss: Estimate
    shown: bool

    def to_dict(self) -> dict[str, Any]:
        """Return plain values."""
        return {**vars(self), "dropped": list(self.dropped), "loss": self.loss.to_dict()}


@dataclass(frozen=True, kw_only=True)
class Column:
    """One column: whether it is kept, and what is lost without it alone (limits hold for all columns together)."""

    name: str
    kept: bool
    protected: bool
    alone: Estimate

    def to_dict(self) -> dict[str, Any]:
        """Return plain values."""
        return {**vars(self), "alone": self.alone.to_dict()}


@dataclass(frozen=True, eq=False, kw_only=True)
class NeededColumns(Needed):
    """Which columns a recipe needs.

    Attributes
    ----------
    kept, dropped
        Columns that stay, in the order of the table, and those that are shown not to be needed, as they went.
    protected
        Columns that were asked about.
    tried
        The sets that were judged, the largest first; the last one is not shown, unless the order ended there.
    columns
        Each column alone.
    groups
        The loss of each group of the protected columns.
    remains
        What the kept columns still tell of each dropped one: leaving it out does not take away the information.
    simpler
        Simpler models on the kept columns, by the same test.
    held
        Whether columns that are left out were held constant, since the recipe asks for them by name or place.
    """

    kind = "columns"
    words = report_needed_columns.words

    kept: tuple[str, ...]
    dropped: tuple[str, ...]
    protected: tuple[str, ...]
    tried: tuple[Tried, ...]
    columns: tuple[Column, ...]
    groups: tuple[Group, ...]
    remains: tuple[Remains, ...]
    simpler: tuple[Simpler, ...]
    held: bool

    @property
    def _finding(self) -> str:
        count = len(self.kept) + len(self.dropped)
        if not self.dropped:
            return f"all {count} columns: no smaller set is shown to lose under {points(self.margin, self.metric)}"
        gone = [name for name in self.protected if name in self.dropped]
        stay = [name for name in self.protected if name in self.kept]
        parts = [f"{len(self.kept)} of {count} columns", sure(self.level, self.margin, self.metric)]
        if gone:
            parts.append(f"{joined(gone)} {'is' if len(gone) == 1 else 'are'} not among them")
        if stay:
            parts.append(f"{joined(stay)} {'is' if len(stay) == 1 else 'are'}")
        return "; ".join(parts)

    def _own(self) -> dict[str, Any]:
        lists = ("tried", "columns", "groups", "remains", "simpler")
        return {
            **{name: list(getattr(self, name)) for name in ("kept", "dropped", "protected")},
            **{name: [one.to_dict() for one in getattr(self, name)] for name in lists},
            "held_constant": self.held,
        }


def needed_columns(
    recipe: Any,
    table: Any,
    margin: float = 0.01,
    *,
    label: str = "y",
    protected: Sequence[str] = (),
    person: str | None = None,
    level: float = 0.95,
    seed: int = 0,
    n_jobs: int | None = None,
) -> NeededColumns:
    """Find the smallest set of columns whose loss against all columns is shown to be under a margin.

    Parameters
    ----------
    recipe
        An estimator or a pipeline with scikit-learn's API, fitted or not, or a function (rows, seed) -> fitted model.
        A regressor is judged by its mean absolute error, in units of the label's mean distance from its median; an
        error above five of these counts as five.
    table
        pandas, polars or Arrow table with the label as a column, or a pair (X, y).
    margin
        The loss that is accepted, 0.01 for one point of accuracy.
    protected
        Columns about which the result says whether they are needed, and whose groups are looked at.
    person
        A column whose rows belong together; persons, not rows, are then drawn and counted. It is no feature.
    level
        Confidence of the claim.
    seed
        Same seed, same numbers, whatever the number of workers.
    n_jobs
        Worker processes; None for all cores or for what ``joblib.parallel_config`` says.

    Raises
    ------
    TableError, ModelError, ParameterError
        Saying what was expected, what came, and what to do; before anything is chosen.
    RecipeError
        If no model can be trained.
    """
    check(margin, level)
    trials = prepare(recipe, table, label=label, hidden=() if person is None else (person,), seed=seed)
    _check(trials, protected, person)
    bench = Workbench(n_jobs=n_jobs)
    jury = summoned(trials, sides(trials, person, margin, level), margin, level, bench)
    steps = elimination(jury.trials, jury.sides.whose, jury.sides.open, margin, bench)
    tried, last = _judged(jury, steps)
    shown = sum(one.shown for one in tried)
    kept = steps[shown - 1].kept if shown else trials.features
    dropped = tuple(name for step in steps[:shown] for name in step.dropped)
    alone = _alone(jury, kept, protected)
    told, smaller = remains.of(jury, kept, dropped), simpler.than(jury, kept)
    return NeededColumns(
        kept=kept,
        dropped=dropped,
        protected=tuple(protected),
        loss=jury.loss(last.wrong) if shown else jury.none(),
        tried=tried,
        columns=alone,
        groups=by_group(jury, protected, last.wrong) if shown else (),
        remains=told,
        simpler=smaller,
        held=trials.held,
        not_tested=(*([] if protected else [_NO_GROUPS]), *jury.caveats, *_LIMITS),
        **jury.facts(),
    )


_NO_GROUPS = "groups of people: name columns as protected, and the loss of each of their groups is told"
_LIMITS = (
    "other ways to train: the loss is that of these models, trained on the open rows",
    "people of another time or place than those of this table",
    "sets that are not on the way from all columns to few: another one as small may do as well",
)


def _check(trials: Trials, protected: Sequence[str], person: str | None) -> None:
    if isinstance(protected, str):
        raise ParameterError(f"expected a list of columns, got the single name {protected!r}; write [{protected!r}]")
    known = [name for name in trials.table.columns if name not in {trials.table.label, person}]
    for name in protected:
        if name not in known:
            raise ParameterError(f"expected protected columns among {_validate.listed(known, str(name))}; got {name!r}")
    if len(trials.features) < 2:
        raise TableError(
            f"expected two columns or more that a model may be given, got {len(trials.features)}: none can go"
        )


def _judged(jury: Jury, steps: Sequence[Step]) -> tuple[tuple[Tried, ...], Answer]:
    """Return the sets in their order until the first that is not shown, and the answer of the last that is."""
    found: list[Tried] = []
    last = jury.full
    answers = jury.hear((jury.trial(jury.sides.open, step.kept) for step in steps), len(steps), "sets judged")
    for step, one in zip(steps, answers, strict=False):
        told = jury.loss(one.wrong)
        shown = told.high < jury.margin
        found.append(Tried(dropped=step.dropped, kept=len(step.kept), open_loss=step.cost, loss=told, shown=shown))
        if not shown:
            break
        last = one
    answers.close()
    return tuple(found), last


def _alone(jury: Jury, kept: Sequence[str], protected: Sequence[str]) -> tuple[Column, ...]:
    """Return what is lost without each column alone."""
    names = jury.trials.features
    level = 1 - (1 - jury.level) / len(names)
    rest = (tuple(one for one in names if one != name) for name in names)
    answers = jury.hear((jury.trial(jury.sides.open, some) for some in rest), len(names), "columns alone")
    return tuple(
        Column(name=name, kept=name in kept, protected=name in protected, alone=jury.loss(one.wrong, level=level))
        for name, one in zip(names, answers, strict=True)
    )
