"""Count who stands alone: how many people have a combination of values that nobody else in the table has.

Whoever is alone in a few columns stays alone in more, so only those who still have company are looked at again. All
counts are of the people in hand; nothing is estimated.

>>> import numpy as np
>>> age, town = np.array([0, 0, 1, 1, 2]), np.array([0, 1, 0, 0, 1])
>>> everybody = Crowd.of(5)
>>> everybody.alone_with(age, 3), everybody.know(age, 3).alone_with(town, 2)
(1, 3)
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import combinations
from math import comb

import numpy as np
import numpy.typing as npt

Ints = npt.NDArray[np.intp]
Bools = npt.NDArray[np.bool_]
Columns = tuple[int, ...]

BUDGET = 2e8  # rows times sets: a few seconds

_LEAST = 2_000  # a set costs at least what so many rows cost
_WIDTH = 20


@dataclass(frozen=True, kw_only=True, eq=False)
class Crowd:
    """The rows whose known values somebody else has too, and the people who are found already.

    Parameters
    ----------
    rows : ndarray of shape (m,)
        Rows that still have company.
    classes : ndarray of shape (m,)
        Their class by what is known, from 0 to ``n_classes - 1``.
    found : ndarray of shape (n_people,)
        Who stands alone with one of their rows.
    people : ndarray of shape (n,) or None
        Whose row it is, counted from 0; None where each row is a person.
    """

    rows: Ints
    classes: Ints
    n_classes: int
    found: Bools
    people: Ints | None

    @classmethod
    def of(cls, n: int, people: Ints | None = None) -> "Crowd":
        """Return all n rows, of which nothing is known."""
        n_people = n if people is None else int(people.max(initial=-1)) + 1
        found, rows = np.zeros(n_people, bool), np.arange(n)
        return cls(rows=rows, classes=np.zeros(n, np.intp), n_classes=1, found=found, people=people)

    @cached_property
    def n_found(self) -> int:
        """How many people are found."""
        return int(self.found.sum())

    def know(self, codes: Ints, size: int) -> "Crowd":
        """Return what is left when a column is known too: codes from 0 to ``size - 1``, of shape (n,)."""
        key, bound = self._key(codes, size)
        if bound > _dense(key):
            present, key = np.unique(key, return_inverse=True)
            bound = len(present)
        company = self._company(key, bound)
        stay, found = company[key], self.found.copy()
        gone = self.rows[~stay]
        found[gone if self.people is None else self.people[gone]] = True
        return Crowd(
            rows=self.rows[stay],
            classes=(np.cumsum(company) - 1)[key[stay]],
            n_classes=int(company.sum()),
            found=found,
            people=self.people,
        )

    def alone_with(self, codes: Ints, size: int) -> int:
        """Return how many people are found when a column is known too; as ``know(...).n_found``, but faster."""
        key, bound = self._key(codes, size)
        if self.people is not None:
            if bound > _dense(key):
                return self.know(codes, size).n_found
            found = self.found.copy()
            found[self.people[self.rows[~self._company(key, bound)[key]]]] = True
            return int(found.sum())
        if bound <= _dense(key):
            return self.n_found + int((np.bincount(key) == 1).sum())
        key.sort()
        new = np.concatenate([[True], key[1:] != key[:-1], [True]])
        return self.n_found + int((new[1:] & new[:-1]).sum())

    def _key(self, codes: Ints, size: int) -> tuple[Ints, int]:
        return self.classes * size + codes[self.rows], self.n_classes * size  # at most rows times rows: no overflow

    def _company(self, key: Ints, bound: int) -> Bools:
        """Return which classes hold several people, shape (bound,)."""
        if self.people is None:
            return np.asarray(np.bincount(key, minlength=bound) > 1)
        whose = self.people[self.rows]
        one, several = np.empty(bound, np.intp), np.zeros(bound, bool)
        one[key] = whose  # of several people in a class numpy keeps one; whoever else stands there is company
        several[key[one[key] != whose]] = True
        return several


def _dense(key: Ints) -> int:
    """Return how many classes may be counted in an array that has a place for each."""
    return 4 * len(key) + 65_536


def search(
    codes: Sequence[Ints], sizes: Sequence[int], together: int, people: Ints | None = None, budget: float = BUDGET
) -> tuple[dict[Columns, int], int]:
    """Count who stands alone by sets of up to ``together`` columns.

    Parameters
    ----------
    codes, sizes
        The d columns, each of shape (n,) with codes from 0 to its size - 1.
    people
        Whose row it is, shape (n,); by default each row is a person.
    budget
        How many rows times sets may be counted before the search goes on from the best sets only (those by which most
        people stand alone; where nobody does, those that tell most).

    Returns
    -------
    counts, complete
        People who stand alone by each set that was counted, and the size up to which these are all sets.
    """
    d, each = len(codes), max(len(codes[0]) if codes else 0, _LEAST)
    complete, spent = min(1, d, together), d * each
    while complete < min(d, together) and spent + comb(d, complete + 1) * each <= budget:
        complete += 1
        spent += comb(d, complete) * each
    everybody = Crowd.of(len(codes[0]) if codes else 0, people)
    counts: dict[Columns, int] = {}

    def deeper(known: Columns, crowd: Crowd) -> None:
        for j in range(known[-1] + 1 if known else 0, d):
            if len(known) + 1 == complete:
                counts[(*known, j)] = crowd.alone_with(codes[j], sizes[j])
            else:
                fewer = crowd.know(codes[j], sizes[j])
                counts[(*known, j)] = fewer.n_found
                deeper((*known, j), fewer)

    if complete:
        deeper((), everybody)
    width = int(max(1, min(_WIDTH, budget / 4 / (each * max(d, 1)))))
    bits = [anonymity(*one)[1] for one in zip(codes, sizes, strict=True)] if complete < together else []
    for size in range(complete + 1, min(d, together) + 1):
        last = [known for known in counts if len(known) == size - 1]
        last.sort(key=lambda known: (-counts[known], -sum(bits[j] for j in known)))
        for known in last[:width]:
            crowd = everybody
            for j in known:
                crowd = crowd.know(codes[j], sizes[j])
            for j in set(range(d)).difference(known):
                if (wider := tuple(sorted((*known, j)))) not in counts:
                    counts[wider] = crowd.alone_with(codes[j], sizes[j])
    return counts, complete


def gains(counts: Mapping[Columns, int], d: int, complete: int) -> npt.NDArray[np.float64]:
    """Return how many more people stand alone, on average, when each column is known too; shape (d,).

    The mean over all sets of other columns of one size, and then over sizes from 0 to ``complete - 1``: the Shapley
    value of a game in which nobody knows more than ``complete`` columns (``counts`` holds all of these).
    """
    total = np.zeros(d)
    for size in range(1, complete + 1):
        for known in combinations(range(d), size):
            for at, j in enumerate(known):
                less = counts[known[:at] + known[at + 1 :]] if size > 1 else 0
                total[j] += (counts[known] - less) / comb(d - 1, size - 1)
    return total / max(complete, 1)


def grow(
    codes: Sequence[Ints],
    sizes: Sequence[int],
    first: Columns,
    people: Ints | None = None,
    *,
    most: int = 12,
) -> list[tuple[int, int]]:
    """Add columns one by one, always the one with which most people stand alone, of equals the one that tells most.

    Parameters
    ----------
    codes, sizes, people
        As in :func:`search`.
    first
        Columns that come before all others, in the order that finds most people soonest.
    most
        At how many columns to stop; it stops too where no column finds anybody new.

    Returns
    -------
    list of (column, people who stand alone by this column and all before it)
    """
    crowd, path = Crowd.of(len(codes[0]) if codes else 0, people), list[tuple[int, int]]()
    bits = [anonymity(*one)[1] for one in zip(codes, sizes, strict=True)]
    while len(path) < most and crowd.n_found < len(crowd.found):
        known = {j for j, _ in path}
        left = [j for j in first if j not in known] or [j for j in range(len(codes)) if j not in known]
        if not left:
            break
        number = {j: crowd.alone_with(codes[j], sizes[j]) for j in left}
        best = max(left, key=lambda j: (number[j], bits[j]))
        if number[best] == crowd.n_found and best not in first:
            break
        crowd = crowd.know(codes[best], sizes[best])
        path.append((best, crowd.n_found))
    return path


def anonymity(codes: Ints, size: int, people: Ints | None = None) -> tuple[float, float]:
    """Return the mean number of people who share a row's code, and what the code tells in bits.

    ``log2`` of the number of people is what it takes to single out anybody.
    """
    rows = np.bincount(codes, minlength=size)
    crowd = rows
    if people is not None:
        n_people = int(people.max(initial=0)) + 1
        pairs = np.sort(codes * n_people + people)
        first = np.concatenate([[True], pairs[1:] != pairs[:-1]])[: len(pairs)]
        crowd = np.bincount(pairs[first] // n_people, minlength=size)
    share = rows[rows > 0] / max(len(codes), 1)
    return float((rows * crowd).sum() / max(len(codes), 1)), float(-(share * np.log2(share)).sum()) + 0.0
