"""Open rows, on which everything is chosen, and sealed rows, which choose nothing and judge in the end.

>>> import numpy as np
>>> whose = np.repeat(np.arange(100), 2)
>>> open_, sealed = apart(whose, 0.3, 0, "sealed")
>>> len(open_), len(sealed), bool(np.isin(whose[open_], whose[sealed]).any())
(140, 60, False)
"""

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
import pandas as pd

from reticent import _seeds, _validate
from reticent.errors import ParameterError, TableError
from reticent.necessity.trials import Trials
from reticent.stats.noninferiority import least_shown, people_alike, rows_needed
from reticent.target.splits import units
from reticent.target.table import digests

Ints = npt.NDArray[np.intp]

SEALED = 0.3
LEAST = 100  # rows to choose on

_FEW_KINDS = 0.1  # different rows to rows, below which equal rows are people who are alike rather than copies
_UNEQUAL = 0.5  # share of the people, below which it is said that they count as fewer


@dataclass(frozen=True, eq=False, kw_only=True)
class Sides:
    """Rows that choose and rows that judge.

    Attributes
    ----------
    open, sealed
        Positions in the table.
    whose
        Shape (n,): the person of each row of the table; rows that are copies of each other have one.
    person
        The column that says so; None where each row is a person, and equal rows one.
    copies
        How many sealed rows equal an open one in all that a model is given, and in the label.
    """

    open: Ints
    sealed: Ints
    whose: Ints
    person: str | None = None
    copies: int = 0

    @property
    def judges(self) -> Ints:
        """Whose the sealed rows are."""
        return self.whose[self.sealed]

    @property
    def people(self) -> int:
        """How many people judge."""
        return len(np.unique(self.judges))

    @property
    def people_alike(self) -> float:
        """As how many people they count, were all to have equal numbers of rows."""
        return people_alike(self.judges)

    @property
    def united(self) -> bool:
        """Whether equal rows count as one person's, without a column that says so."""
        return self.person is None and self.people < len(self.sealed)

    def _most(self) -> int:
        """Return the most rows that anyone has of whom none judges."""
        count = np.bincount(self.whose)
        count[self.judges] = 0
        return int(count.max())

    @property
    def caveats(self) -> tuple[str, ...]:
        """What is to be said of these sides."""
        found = []
        if self.united:
            found.append(
                f"people who are alike: the {len(self.sealed):,} sealed rows hold {self.people:,} different ones, and "
                f"equal rows count as one person's, as copies do, unless a column says whose they are"
            )
        if self.copies:
            found.append(
                f"whether sealed rows are copies of open ones: {self.copies:,} of {len(self.sealed):,} equal one; "
                f"where they are not other people who are alike, the loss may be larger than told"
            )
        if (most := self._most()) > SEALED * len(self.whose):
            found.append(f"the person with most rows, {most:,} of {len(self.whose):,}: they taught, and judge nothing")
        if self.people_alike < _UNEQUAL * self.people:
            found.append(
                f"people with few rows by themselves: the {self.people:,} sealed people have very unequal numbers of "
                f"rows, and count as {self.people_alike:,.0f}"
            )
        return tuple(found)


def check(margin: float, level: float) -> None:
    """Refuse a margin or a level that is no share."""
    _validate.probability(margin=margin)
    _validate.probability(level=level)
    if level < 0.5:
        raise ParameterError(f"expected level >= 0.5, the confidence of a claim, got level={level}")


def persons(trials: Trials, person: str | None) -> Ints:
    """Return whose each row is, shape (n,), numbered from 0: rows that no split tears apart, and that count once.

    Without a person column each row is a person, but equal rows are one: a copy says nothing new, and tells beforehand
    what a judge should not know. Only in a table of few kinds of rows they are people who happen to be alike.

    Raises
    ------
    TableError
        If a row has no person.
    """
    table = trials.table
    whose = np.arange(len(table))
    if person is not None:
        if missing := int(pd.isna(table.column(person)).sum()):
            raise TableError(
                f"expected a person in every row, {missing:,} of {len(table):,} are missing in the column {person!r}. "
                f"Leave these rows out, or give each a person of its own"
            )
        whose = np.asarray(np.unique(digests(table, [person]), return_inverse=True)[1], np.intp)
    alike = digests(table, table.columns)
    return whose if len(np.unique(alike)) < _FEW_KINDS * len(alike) else units(whose, alike)


def checked(trials: Trials, found: Sides, margin: float, level: float) -> Sides:
    """Return these sides, having counted the copies and checked that the sealed rows can show anything."""
    suffices(found, margin, level, trials.bound)
    alike = digests(trials.table, [*trials.features, trials.table.label])
    return replace(found, copies=int(np.isin(alike[found.sealed], alike[found.open]).sum()))


def apart(whose: Ints, share: float, seed: int, name: str) -> tuple[Ints, Ints]:
    """Draw about this share of the rows, whole persons; return the other rows and these, ascending.

    A person with more than this share of the rows is never drawn, so the drawn rows do not speak of such a person.
    """
    count = np.bincount(whose)
    order = _seeds.generator(seed, "sides", name).permutation(len(count))
    order = order[count[order] <= share * len(whose)]
    drawn = np.zeros(len(count), bool)
    drawn[order[np.cumsum(count[order]) <= share * len(whose)]] = True
    return np.flatnonzero(~drawn[whose]), np.flatnonzero(drawn[whose])


def sides(trials: Trials, person: str | None, margin: float, level: float) -> Sides:
    """Return open and sealed rows by chance, having checked that the sealed ones can show anything."""
    whose = persons(trials, person)
    if len(whose) < LEAST:
        raise TableError(f"expected at least {LEAST} rows, got {len(whose):,}: nothing can be shown with so few")
    rest, sealed = apart(whose, SEALED, trials.seed, "sealed")
    return checked(trials, Sides(open=rest, sealed=sealed, whose=whose, person=person), margin, level)


def suffices(found: Sides, margin: float, level: float, bound: float | None = None) -> None:
    """Refuse sealed rows on which even two models that always agree could not be told to differ by less.

    Raises
    ------
    TableError
        Saying what they show at best; ``bound`` is what a single row of a regression can lose.
    """
    n, people, alike = len(found.sealed), found.people, found.people_alike
    best = least_shown(alike, level, bound)
    if best >= margin:
        rows = "rows" if people == n else "people"
        least = rows_needed(margin, level, bound) * people / max(alike, 1.0) / SEALED
        unequal = "" if alike > _UNEQUAL * people else f", who with so unequal numbers of rows count as {alike:,.0f},"
        alone = ". Equal rows count as one person's; name a person column if they are not" if found.united else ""
        rare = "" if bound is None else f", since a single one may lose {bound:g} spreads"
        raise TableError(
            f"a loss under {margin:g} cannot be shown with so few: {people:,} sealed {rows}{unequal} show at best a "
            f"loss under {best:.4f}{rare}. Ask for a larger margin, or hand in {least:,.0f} {rows} or more{alone}"
        )
