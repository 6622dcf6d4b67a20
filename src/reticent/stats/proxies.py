"""Look for proxies: columns, alone and in pairs, that tell of one that nobody should learn.

All columns and all pairs are asked, so the best of them would look good by luck. The intervals are as wide as it takes
for all of them to hold together, and each proxy stands beside its control: the same with its rows shuffled.

>>> import numpy as np
>>> rng = np.random.default_rng(0)
>>> sex, town = rng.integers(0, 2, 2000), rng.integers(0, 9, 2000)
>>> height = np.where(rng.random(2000) < 0.9, sex, 1 - sex)
>>> [(one.by, one.found) for one in ask("sex", (sex, 2, 0), {"town": (town, 9, 0), "height": (height, 2, 0)})]
[(('height',), True), (('town',), False), (('height', 'town'), False)]
"""

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import combinations
from typing import Any

import numpy as np

from reticent import _seeds
from reticent.errors import TableError
from reticent.stats.association import Ints, Told, coarse, folds, told
from reticent.stats.estimate import Estimate

Coded = tuple[Ints, int, int]

_MOST_PEOPLE = 50_000  # these are estimates with intervals, which more people would only narrow
_LEAST_PEOPLE = 100
_LEAST_OTHERS = 5
_GROUPS, _FIFTHS = 12, 5  # values of the sensitive column: of words, and of numbers with many values
_ALONE, _PAIRED = 64, 16  # values of a column by itself, and of each of two
_BEST = 20  # columns that are asked in pairs


@dataclass(frozen=True, kw_only=True)
class Proxy:
    """What one column, or a pair, tells of a sensitive one.

    Attributes
    ----------
    of, by
        The sensitive column, and those that tell of it.
    told
        Share of the uncertainty about it (entropy) that they remove, on people who taught nothing.
    right, guess
        How often it is guessed rightly with them, and without.
    control
        What they tell once their rows are shuffled: near zero, or a little below.
    found
        Whether they tell anything that luck does not explain; of a pair, more than its first column does alone.
    """

    of: str
    by: tuple[str, ...]
    told: Estimate
    right: float
    guess: float
    control: float
    found: bool

    def to_dict(self) -> dict[str, Any]:
        """Return plain values."""
        return {**self.__dict__, "by": list(self.by), "told": self.told.to_dict()}


def ask(
    of: str,
    sensitive: Coded,
    columns: Mapping[str, Coded],
    people: Ints | None = None,
    *,
    seed: int = 0,
    level: float = 0.95,
) -> list[Proxy]:
    """Ask each column, and each pair of the best of them, what they tell of a sensitive one.

    Parameters
    ----------
    of, sensitive
        Its name; its codes of shape (n,), their number, and how many of them follow an order. Numbers of many values
        are asked for in fifths, rare words as one.
    columns
        The others, in the same form.
    people
        Whose row it is, shape (n,); the rows of one person are learned from, or asked, together.
    seed
        Draws the fifths, the shuffled rows of the control, and 50,000 people where there are more.
    level
        At which the intervals of all columns and all pairs hold together (Bonferroni).

    Returns
    -------
    list of Proxy
        Each column alone, the one that tells most first, and then the best pair.

    Raises
    ------
    TableError
        If there is too little to ask.
    """
    rows = draw(len(sensitive[0]), people, _MOST_PEOPLE, seed)
    whose = None if people is None else np.unique(people[rows], return_inverse=True)[1]
    n_people = len(rows) if whose is None else int(whose.max(initial=-1)) + 1
    _, size, n_placed = sensitive
    y = coarse(sensitive[0], size, n_placed, _FIFTHS if n_placed > _GROUPS else _GROUPS)[rows]
    y = np.unique(y, return_inverse=True)[1]
    if n_people < _LEAST_PEOPLE or not columns or len(y) - np.bincount(y).max() < _LEAST_OTHERS:
        raise TableError(
            f"expected {_LEAST_PEOPLE} people, another column, and two values of {of} that {_LEAST_OTHERS} rows have; "
            f"got {n_people} people, {len(columns)} other columns, {len(np.unique(y))} values"
        )
    fold, d = folds(len(rows), seed, whose), len(columns)
    tests = d + 3 * (d * (d - 1) // 2)  # each column, each pair, and each pair against either of its columns
    shuffled = _seeds.generator(seed, "control").permutation(len(rows))

    def asked(x: Ints, known: Ints | None = None) -> Told:
        return told(x, y, fold, whose, known=known, level=1 - (1 - level) / tests)

    alone = {name: coarse(*one, _ALONE)[rows] for name, one in columns.items()}
    answers: dict[tuple[str, ...], Told] = {(name,): asked(x) for name, x in alone.items()}
    ranked = sorted(alone, key=lambda name: -answers[name,].value)
    few = {name: coarse(*columns[name], _PAIRED)[rows] for name in ranked[:_BEST]}
    pairs = list(combinations(few, 2))
    answers |= {(one, other): asked(few[other], alone[one]) for one, other in pairs}
    best = sorted(pairs, key=lambda by: -answers[by].value)[:1]
    found = []
    for by in [*((name,) for name in ranked), *best]:
        answer = answers[by]
        control = asked(alone[by[0]][shuffled]) if len(by) == 1 else asked(few[by[1]][shuffled], alone[by[0]][shuffled])
        found.append(
            Proxy(
                of=of,
                by=by,
                told=Estimate(
                    value=answer.value,
                    low=answer.low,
                    high=answer.high,
                    level=level,
                    method=f"five-fold, Student, {tests} limits together",
                    n=n_people,
                ),
                right=answer.right,
                guess=answer.guess,
                control=control.value,
                found=min(answer.low, answer.more) > 0,
            )
        )
    return found


def draw(n: int, people: Ints | None, most: int, seed: int) -> Ints:
    """Return the rows of at most ``most`` people, ascending: all of them, or a draw by seed."""
    whose = np.arange(n) if people is None else people
    n_people = int(whose.max(initial=-1)) + 1
    if n_people <= most:
        return np.arange(n)
    return np.flatnonzero(_seeds.generator(seed, "people").permutation(n_people)[whose] < most)
