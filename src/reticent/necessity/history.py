"""needed_history: a recipe, a table and its dates -> how far back rows are needed, as evidence for a retention rule.

A rule is for the time to come, so the judges are the newest rows, which train nothing: models from the rows before
them, all or only the last months of those, are asked about people whom they could not have met. A random draw would
ask about people between those who were learned from, and hide that the world has moved on.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from reticent.attacks.workbench import Workbench
from reticent.errors import TableError
from reticent.necessity import dates
from reticent.necessity.dates import Cut, Days
from reticent.necessity.jury import Jury, Needed, summoned
from reticent.necessity.prepare import opened_table, prepare
from reticent.necessity.sentences import points, sure
from reticent.necessity.sides import LEAST, SEALED, Sides, check, checked, persons
from reticent.necessity.trials import Trials
from reticent.stats.estimate import Estimate
from reticent.stats.noninferiority import in_sequence
from reticent.views import report_needed_history

_LEAST_ROWS = 50  # that a model learns from


@dataclass(frozen=True, kw_only=True)
class Span:
    """A rule that was judged: rows since a day.

    Attributes
    ----------
    words, since
        "12 months", and the first day of it.
    rows
        That a model learned from.
    loss
        Of this model against the one from all rows.
    shown
        Whether it is shown to lose less than the margin, and all longer spans are.
    """

    words: str
    since: str
    rows: int
    loss: Estimate
    shown: bool

    def to_dict(self) -> dict[str, Any]:
        """Return plain values."""
        return {**vars(self), "loss": self.loss.to_dict()}


@dataclass(frozen=True, eq=False, kw_only=True)
class NeededHistory(Needed):
    """How far back a recipe needs its rows.

    Attributes
    ----------
    date
        The column of dates.
    oldest, newest
        First and last day of the rows that models learn from.
    judged_from, judged_to
        First and last day of the rows that judge.
    enough
        The shortest span that is shown to suffice, such as "12 months"; "" where none is.
    since, not_needed
        Its first day, and the share of the open rows before it.
    spans
        What was judged, the longest first; shown until the first that is not.
    """

    kind = "history"
    words = report_needed_history.words

    date: str
    oldest: str
    newest: str
    judged_from: str
    judged_to: str
    enough: str
    since: str
    not_needed: float
    spans: tuple[Span, ...]

    @property
    def _finding(self) -> str:
        if not self.enough:
            margin = points(self.margin, self.metric)
            return f"all rows since {self.oldest}: no shorter span is shown to lose under {margin}"
        return f"rows older than {self.enough} are not needed; {sure(self.level, self.margin, self.metric)}"

    def _own(self) -> dict[str, Any]:
        plain = ("date", "oldest", "newest", "judged_from", "judged_to", "enough", "since", "not_needed")
        return {**{name: getattr(self, name) for name in plain}, "spans": [one.to_dict() for one in self.spans]}


def needed_history(
    recipe: Any,
    table: Any,
    date: str,
    margin: float = 0.01,
    *,
    label: str = "y",
    person: str | None = None,
    as_feature: bool = False,
    level: float = 0.95,
    seed: int = 0,
    n_jobs: int | None = None,
) -> NeededHistory:
    """Find the shortest history whose model is shown to lose less than a margin against that of all rows.

    Parameters
    ----------
    recipe, table, margin, label, level, seed, n_jobs
        As in :func:`~reticent.necessity.columns.needed_columns`; the table is a frame.
    date
        The column of dates. Words are read as year-month-day alone, since others may be read in two ways. Where they
        say the month or the year alone, spans are whole months or years.
    person
        A column whose rows belong together: who is among the newest rows trains no model with older ones either.
    as_feature
        Whether models are given the date too.

    Raises
    ------
    TableError, ModelError, ParameterError
        Saying what was expected, what came, and what to do; before anything is trained.
    RecipeError
        If no model can be trained.
    """
    check(margin, level)
    hidden = ([] if as_feature else [date]) + ([] if person is None else [person])
    days = dates.read(date, opened_table(table, label, [date, *hidden]).column(date))
    trials = prepare(recipe, table, label=label, hidden=hidden, seed=seed)
    halves = checked(trials, _newest(trials, days, person), margin, level)
    jury = summoned(trials, halves, margin, level, Workbench(n_jobs=n_jobs))
    known, judging = days[halves.open], days[halves.sealed]
    cuts = [cut for cut in dates.cutoffs(known, known.max()) if (known >= cut.since).sum() >= _LEAST_ROWS]
    spans = _judged(jury, known, cuts)
    shown = sum(one.shown for one in spans)
    last = spans[shown - 1] if shown else None
    return NeededHistory(
        date=date,
        oldest=str(known.min()),
        newest=str(known.max()),
        judged_from=str(judging.min()),
        judged_to=str(judging.max()),
        enough="" if last is None else last.words,
        since=str(known.min()) if last is None else last.since,
        not_needed=0.0 if last is None else 1 - last.rows / len(halves.open),
        loss=jury.none() if last is None else last.loss,
        spans=spans,
        not_tested=(
            f"other times than that of the rows that judge, {judging.min()} to {judging.max()}: the limits speak of "
            f"people, not of seasons or of what is to change",
            *jury.caveats,
            *_LIMITS,
        ),
        **jury.facts(),
    )


_LIMITS = (
    "other ways to train: the loss is that of these models",
    "what else old rows are kept for: a duty to keep them, or a right to have them erased",
)


def _newest(trials: Trials, days: Days, person: str | None) -> Sides:
    """Return the rows up to a day, and the newer ones, about three tenths; no day and no person is on both sides."""
    whose = persons(trials, person)
    if len(days) < LEAST:
        raise TableError(f"expected at least {LEAST} rows, got {len(days):,}: nothing can be shown with so few")
    last = np.sort(days)[int(np.ceil((1 - SEALED) * len(days))) - 1]
    sealed = days > last
    before = ~sealed & ~np.isin(whose, whose[sealed])
    if not sealed.any() or before.sum() < LEAST or len(np.unique(days[before])) < 2:
        raise TableError(
            f"expected {LEAST} rows or more of several days, and newer ones than these to judge; got "
            f"{int(before.sum()):,} rows of {len(np.unique(days[before]))} days up to {last} whose persons are not "
            f"among the {int(sealed.sum()):,} newer rows"
        )
    return Sides(open=np.flatnonzero(before), sealed=np.flatnonzero(sealed), whose=whose, person=person)


def _judged(jury: Jury, known: Days, cuts: Sequence[Cut]) -> tuple[Span, ...]:
    """Return what is lost with each span; ``known`` are the days of the open rows."""
    chosen = [jury.sides.open[known >= cut.since] for cut in cuts]
    answers = jury.hear((jury.trial(rows) for rows in chosen), len(cuts), "shorter histories")
    losses = [jury.loss(one.wrong) for one in answers]
    shown = in_sequence(losses, jury.margin)
    return tuple(
        Span(words=cut.words, since=str(cut.since), rows=len(rows), loss=told, shown=k < shown)
        for k, (cut, rows, told) in enumerate(zip(cuts, chosen, losses, strict=True))
    )
