"""The worst neighbor: a search for the person who changes a training the most.

It begins with rows at the edges (all values low, high, zero, missing, never seen; each label; copies of rows that are
there; rows taken away) and then climbs: one value after the other is changed for whatever stretches one kind of
question the most, or all of them together. Each climb has noise of its own, every other one thirty times as loud as
due, since a promise has to hold whatever the answers were.

A search that finds nothing proves nothing; it is an attacker with a budget.
"""

import re
from collections.abc import Hashable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from reticent import _seeds, _validate
from reticent.errors import ParameterError
from reticent.reality.neighbors import Person, joined, named, pools, row_of, without
from reticent.reality.sensitivity import Pair, Recorded, Sensitivity, compare, recorded
from reticent.reality.transcript import Fit

_LOUD = (1.0, 30.0)
_CLIMBS = 4  # at least; else one for each kind of question, and one for all together
_MOST_CLIMBS = 8
_LEAKS = 8  # that are told apart; more say nothing new
_MISSED = (ValueError, TypeError, OverflowError)  # how a training refuses a row


def worst_neighbor(
    fit: Fit,
    x: Any,
    y: Any,
    *,
    mu: float = 1.0,
    reach: float = 1.0,
    labels: Iterable[Any] | None = None,
    known: Mapping[Any, Iterable[Any]] | None = None,
    person: Hashable | None = None,
    copies: Iterable[int] = (1,),
    evaluations: int = 200,
    seed: int = 0,
) -> Sensitivity:
    """Search for the neighbor of (x, y) that breaks a promise, or comes closest to it.

    Parameters
    ----------
    labels
        That a row may have; those in ``y`` where not given.
    known
        More values to try, by column: declared bounds and domains.
    person
        The column that names the person of each row, where neighbors differ by one person.
    copies
        How many rows the new person may have; more than ``rows_per_person`` are worth a try.
    evaluations
        Trainings to spend, at most.

    Raises
    ------
    ParameterError
        If the training draws coins of its own, so that nothing can be compared.
    """
    _validate.at_least(1, evaluations=evaluations)
    hunt = _Hunt(
        fit=fit,
        table=(x, np.asarray(y)),
        mu=mu,
        reach=reach,
        person=person,
        left=evaluations,
        values={name: pool for name, pool in pools(x, known).items() if name != person},
        labels=list(dict.fromkeys(np.asarray(y).tolist() if labels is None else labels)),
        copies=list(copies),
    )
    number, climbs = 0, 1
    while hunt.left > 0 and number < climbs:
        goals = ["", *hunt.kinds]
        share = hunt.left // (climbs - number if number else _CLIMBS)
        hunt.climb(number, goals[number % len(goals)], share, _seeds.generator(seed, "worst neighbor", number))
        number, climbs = number + 1, min(max(_CLIMBS, len(hunt.kinds) + 1), _MOST_CLIMBS)
    return hunt.found()


@dataclass(kw_only=True)
class _Hunt:
    """One search: its table, what is left of its budget, and what it has found."""

    fit: Fit
    table: Pair
    mu: float
    reach: float
    person: Hashable | None
    left: int
    values: Mapping[Hashable, tuple[Any, ...]]
    labels: list[Any]
    copies: list[int]
    kinds: tuple[str, ...] = ()
    worst: Sensitivity | None = None
    strongest: Sensitivity | None = None
    ratios: dict[str, float] = field(default_factory=dict)
    leaks: dict[str, str] = field(default_factory=dict)
    neighbors: int = 0
    refused: int = 0

    def climb(self, number: int, goal: str, share: int, rng: np.random.Generator) -> None:
        kind: dict[str, Any] = {"mu": self.mu, "reach": self.reach, "seed": number, "loud": _LOUD[number % len(_LOUD)]}
        base = recorded(self.fit, self.table, **kind)
        self.left -= 1
        if number == 0:
            self._check_coins(base, kind)
        end = self.left - share + 1
        for rows in self._taken(rng):
            self._try(base, without(self.table, rows), f"taken away: {np.flatnonzero(rows).tolist()}", kind)
        best, height = None, -1.0
        for one in self._starts(rng):
            if self.left <= end + share // 3 and best is not None:
                break
            if (reached := _height(self._add(base, one, kind), goal)) > height:
                best, height = one, reached
        improved = True
        while improved and best is not None and self.left > end:
            improved = False
            for other in self._steps(best, rng):
                if self.left <= end:
                    break
                if (reached := _height(self._add(base, other, kind), goal)) > height:
                    best, height, improved = other, reached, True

    def _check_coins(self, base: Recorded, kind: dict[str, Any]) -> None:
        again = compare(self.fit, base, self.table, **kind)
        self.left -= 1
        own = [leak for leak in again.leaks if "depend" in leak or "another model" in leak]
        if own:
            raise ParameterError(
                f"expected two trainings on the same rows with the same answers to be the same, but {own[0]}. Take "
                f"coins from curator.noise.coins"
            )

    def _add(self, base: Recorded, person: Person, kind: dict[str, Any]) -> Sensitivity | None:
        row = {**person.row, self.person: self._name()} if self.person is not None else person.row
        try:
            neighbor = joined(self.table, replace(person, row=row))
        except _MISSED:  # a value that a column of this type cannot hold
            return None
        return self._try(base, neighbor, str(person), kind)

    def _name(self) -> Any:
        """Return a name that no person in the table has."""
        names = named(self.table[0])[self.person]
        return names.max() + 1 if names.dtype.kind in "iuf" else f"{max(map(str, names), default='')}+"

    def _try(self, base: Recorded, neighbor: Pair, said: str, kind: dict[str, Any]) -> Sensitivity | None:
        self.left -= 1
        try:
            one = compare(self.fit, base, neighbor, **kind, row=said)
        except _MISSED:
            self.refused += 1
            return None
        self.neighbors += 1
        for leak in one.leaks:
            if len(self.leaks) < _LEAKS:
                self.leaks.setdefault(leak, said)
        if self.worst is None or one.ratio > self.worst.ratio:
            self.worst = one
        if self.strongest is None or one.mu > self.strongest.mu:
            self.strongest = one
        for what, ratio in one.ratios.items():
            self.ratios[what] = max(ratio, self.ratios.get(what, 0.0))
        self.kinds = self.kinds or tuple(dict.fromkeys(map(_kind, one.ratios)))
        return one

    def _taken(self, rng: np.random.Generator) -> Iterator[npt.NDArray[np.bool_]]:
        """Yield rows to take away: all of one person, or one."""
        frame = named(self.table[0])
        for index in rng.permutation(len(frame))[:2]:
            if self.person is None:
                yield np.arange(len(frame)) == index
            else:
                yield (frame[self.person] == frame[self.person].iloc[index]).to_numpy()

    def _starts(self, rng: np.random.Generator) -> Iterator[Person]:
        """Yield rows at the edges: one value of each column's list, copies of rows, and mixtures without end."""
        values, labels, copies = self.values, self.labels, self.copies
        longest = max((len(pool) for pool in values.values()), default=1)
        for place in range(longest):
            row = {name: pool[place % len(pool)] for name, pool in values.items()}
            yield Person(row=row, label=labels[place % len(labels)], copies=copies[place % len(copies)])
            if place % 4 == 0 and len(self.table[1]):
                yield row_of(self.table, int(rng.integers(len(self.table[1]))))
        while True:
            row = {name: pool[rng.integers(len(pool))] for name, pool in values.items()}
            at = int(rng.integers(-1, len(self.table[1]) + 1))
            yield Person(row=row, label=labels[rng.integers(len(labels))], copies=int(rng.choice(copies)), at=at)

    def _steps(self, best: Person, rng: np.random.Generator) -> Iterator[Person]:
        """Yield the persons who differ from this one in one thing."""
        yield from (replace(best, label=label) for label in self.labels if label != best.label)
        yield from (replace(best, copies=count) for count in self.copies if count != best.copies)
        columns = list(self.values)
        for index in rng.permutation(len(columns)):
            name = columns[index]
            for value in self.values[name]:
                if repr(value) != repr(best.row.get(name)):
                    yield replace(best, row={**best.row, name: value})

    def found(self) -> Sensitivity:
        if self.worst is None or self.strongest is None:
            raise ParameterError("expected at least one row that the training takes; it refused each neighbor")
        told = tuple(f"{leak} (row: {said})" for leak, said in self.leaks.items())
        return replace(
            self.worst,
            ratios=self.ratios,
            mu=self.strongest.mu,
            lengths=self.strongest.lengths,
            leaks=told,
            neighbors=self.neighbors,
            refused=self.refused,
        )


def _kind(what: str) -> str:
    """Return a question's name without its numbers: step 3 and step 4 are of one kind."""
    return re.sub(r"\d+", "#", what)


def _height(one: Sensitivity | None, goal: str) -> float:
    """Return how high a climb for one kind of question has come; "" is for all together."""
    if one is None:
        return -1.0
    if not goal:
        return one.mu / one.budget
    return max((ratio for what, ratio in one.ratios.items() if _kind(what) == goal), default=0.0)
