"""The loss of each group of people: a mean over all may hide what the smallest pay."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from reticent.coding.codes import Bools
from reticent.coding.columns import Column
from reticent.coding.kinds import kinds
from reticent.necessity.jury import Jury
from reticent.necessity.trials import Floats
from reticent.stats.estimate import Estimate, untestable
from reticent.stats.noninferiority import loss

_LEAST = 50  # rows, with fewer of which a group's loss cannot be told


@dataclass(frozen=True, kw_only=True)
class Group:
    """What people of one value lose: the limits hold for all groups together."""

    column: str
    group: str
    rows: int
    loss: Estimate

    def to_dict(self) -> dict[str, Any]:
        """Return plain values."""
        return {**vars(self), "loss": self.loss.to_dict()}


def by_group(jury: Jury, columns: Sequence[str], wrong: Floats) -> tuple[Group, ...]:
    """Return the loss in each group of these columns, the smallest first, of a model that is wrong so far by row."""
    rows, people = jury.sides.sealed, jury.sides.judges
    found = [(name, kind, inside[rows]) for name in columns for kind, inside in _kinds(jury.trials.column(name))]
    found = [one for one in found if one[2].any()]
    level = 1 - (1 - jury.level) / max(len(found), 1)
    change = wrong - jury.full.wrong
    groups = []
    for name, kind, inside in found:
        count = int(inside.sum())
        told = untestable(f"{count} sealed rows are too few", level=level, n=count)
        if count >= _LEAST:
            told = loss(change[inside], people=people[inside], level=level, bound=jury.trials.bound)
        groups.append(Group(column=name, group=kind, rows=count, loss=told))
    return tuple(sorted(groups, key=lambda one: (one.rows, one.column, one.group)))


def _kinds(column: Column) -> list[tuple[str, Bools]]:
    """Return the kinds of people that a column makes; what few are is not named, since a report must not tell of them.

    >>> import pandas as pd
    >>> from reticent.coding.columns import open_frame, read
    >>> towns = read(open_frame(pd.DataFrame({"town": ["Ems"] * 60 + ["Ulm"] * 50 + ["Bonn"]})), 0)
    >>> [(name, int(rows.sum())) for name, rows in _kinds(towns)]
    [('Ems', 60), ('Ulm', 50), ('rarer values', 1)]
    """
    every = kinds(column)
    rare = [rows for _, rows in every if rows.sum() < _LEAST]
    named = [(name, rows) for name, rows in every if rows.sum() >= _LEAST]
    return [*named, ("rarer values", np.any(rare, axis=0))] if rare else named
