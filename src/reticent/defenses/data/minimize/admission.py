"""What a minimizer is asked to do, checked before anything is asked of the model; and who chooses, and who judges."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import narwhals as nw
import numpy as np

from reticent.coding.codebook import people_of
from reticent.coding.codes import Ints
from reticent.coding.columns import Table, positions, read
from reticent.defenses.data.minimize.alike import units_of
from reticent.defenses.data.minimize.judged import fewest_that_can_show, most_that_can_be_shown
from reticent.errors import MismatchError, ParameterError, TableError
from reticent.stats.noninferiority import effective

_CHOOSING = 6_000  # rows; more of them cost time and change little
_JUDGING = 20_000


def check_model(model: Any) -> None:
    """Refuse what cannot be asked.

    Raises
    ------
    ParameterError
        Where it neither has ``predict`` nor is a function.
    """
    if isinstance(model, type) or not (hasattr(model, "predict") or callable(model)):
        raise ParameterError(
            f"expected a fitted model with predict, or a function that answers rows, got model={model!r:.80}"
        )


def inputs(model: Any, table: Table, whose: Sequence[int]) -> list[int]:
    """Return where the columns stand that a model takes, in its order: those that it names, or all but the person's.

    Raises
    ------
    MismatchError
        Where the table lacks some of them.
    ParameterError
        Where the person is one of them, or nothing is left.
    """
    named = getattr(model, "feature_names_in_", None)
    if named is None or not isinstance(table, nw.DataFrame):
        where = positions(table, None, whose)
    else:
        if lost := [name for name in named if name not in table.columns]:
            raise MismatchError(f"expected a table with the model's columns, {lost[:5]} are missing; add them")
        where = positions(table, list(named))
    if not where or set(where) & set(whose):
        raise ParameterError(
            "expected at least one column for the model, and a person column that is none of them; name another person"
        )
    return where


class Dealt(NamedTuple):
    """Who chooses and who judges."""

    fit: Ints  # rows
    judge: Ints
    worth: float  # how many independent rows those who judge are worth: fewer where some are copies


def deal(table: Table, whose: Sequence[int], target: float, random: np.random.Generator) -> Dealt:
    """Return the rows that choose and those that judge.

    Rows of one person, and rows that are equal in all columns, stand on one side; of a person one row judges, of equal
    rows each.

    Raises
    ------
    TableError
        Where the judges are too few to show the target even if all of them agree, or somebody's person is missing.
    """
    if whose:
        column = read(table, whose[0])
        if missing := int((column.null | column.nan).sum()):
            raise TableError(
                f"expected a person in each row, {missing:,} of {len(table):,} are missing in column {column.name!r}; "
                "leave these rows out or number them"
            )
        people = people_of(table, whose[0])
    else:
        people = units_of(table, random)
    rows = np.bincount(people)
    counted = np.ones(len(rows), np.intp) if whose else rows  # as how many each unit judges
    turn = random.permutation(len(rows))
    n = int(counted.sum())
    before = np.empty(len(rows), np.intp)
    before[np.argsort(turn)] = np.cumsum(counted[np.argsort(turn)])
    judges = before <= min(n - min(n // 2, _CHOOSING), _JUDGING)
    worth = effective(counted[judges])
    if (most := most_that_can_be_shown(worth)) < target:
        shown = np.floor(1000 * most) / 1000
        best = f"With these at most agreement={shown:g} can be shown" if shown > 0 else "These show nothing"
        copies = f" (many are equal: they count as {worth:,.0f})" if worth < 0.99 * counted[judges].sum() else ""
        raise TableError(
            f"expected enough people to show agreement={target:g}: half of them judge, and at least "
            f"{fewest_that_can_show(target):,} are needed who all agree; got n_samples={len(table):,} rows of "
            f"{n:,} people, of whom {counted[judges].sum():,} judge{copies}. {best}; ask for less, or bring more people"
        )
    fit = np.flatnonzero(~judges[people])
    if len(fit) > _CHOOSING:
        fit = np.sort(random.choice(fit, _CHOOSING, replace=False))
    judge = np.flatnonzero(judges[people])
    if whose:  # rows of one person would judge as one
        judge = random.permutation(judge)
        judge = np.sort(judge[np.unique(people[judge], return_index=True)[1]])
    return Dealt(fit, judge, worth)
