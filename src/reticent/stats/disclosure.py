"""What the classes of a table give away: how many people share one, and what all of them have in common.

A class is all rows that agree in the columns by which people may be known. Who looks for a person finds the class and
guesses among its people; what is the same for all of them is learned without a guess.

>>> import numpy as np
>>> classes = np.array([0, 0, 0, 1, 1, 2])
>>> sizes = Sizes.of(people_in(classes)[classes])
>>> sizes.k, sizes.alone, round(sizes.mean_risk, 3), sizes.share_below(3)
(1, 1, 0.5, 0.5)
>>> ills = Counts.of(classes, np.array([0, 1, 1, 0, 0, 1]))
>>> ills.distinct, round(ills.closeness(), 3), ills.one_value(classes)
(1, 0.5, 3)
"""

from dataclasses import dataclass
from functools import cached_property
from typing import Self

import numpy as np
import numpy.typing as npt

Ints = npt.NDArray[np.intp]
Floats = npt.NDArray[np.float64]

# The risk of being named above which tables are held back in practice, and the class size that each stands for: 0.09
# is eleven people, as the European Medicines Agency and Health Canada ask for (EMA/90915/2016; El Emam 2013, "Guide to
# the de-identification of personal health information", chapter 16).
THRESHOLDS = {0.05: 20, 0.09: 11, 0.2: 5, 0.33: 3}


@dataclass(frozen=True, kw_only=True, eq=False)
class Sizes:
    """How many people stand in classes of each size: all that risks of being named depend on.

    Parameters
    ----------
    size : ndarray of shape (m,)
        Sizes that occur, ascending, counted in people.
    people : ndarray of shape (m,)
        How many people stand in classes of that size.
    """

    size: Ints
    people: Ints

    @classmethod
    def of(cls, sizes: npt.ArrayLike, counts: Ints | None = None) -> Self:
        """Take the size of each person's class (the smallest, where rows of his stand in several), shape (n,).

        ``counts`` says for how many people each stands, shape (n,); by default for one.
        """
        sizes = np.asarray(sizes, np.intp)
        if counts is None:
            count = np.bincount(sizes)
            size = np.flatnonzero(count)
            return cls(size=size, people=count[size])
        size, which = np.unique(sizes, return_inverse=True)  # a class of a huge table may be as large as it
        return cls(size=size, people=_summed(which, counts, len(size)))

    @property
    def total(self) -> int:
        """All people."""
        return int(self.people.sum())

    @property
    def k(self) -> int:
        """The fewest people who share a class (Sweeney 2002); 0 where there is nobody."""
        return int(self.size[0]) if len(self.size) else 0

    @property
    def alone(self) -> int:
        """The people who share their class with nobody."""
        return self.below(2)

    def below(self, size: int) -> int:
        """Return how many people stand in classes of fewer than ``size``."""
        return int(self.people[self.size < size].sum())

    def share_below(self, size: int) -> float:
        """Return the share of people in classes of fewer than ``size``."""
        return self.below(size) / self.total if self.total else 0.0

    @property
    def highest_risk(self) -> float:
        """The chance of naming rightly the person who is easiest to find (prosecutor risk; El Emam and Dankar 2008)."""
        return 1 / self.k if self.k else 0.0

    @property
    def mean_risk(self) -> float:
        """The share of people named rightly where everybody is guessed within his class (marketer risk)."""
        return float((self.people / self.size).sum()) / self.total if self.total else 0.0


def people_in(classes: Ints, people: Ints | None = None, counts: Ints | None = None) -> Ints:
    """Return how many different people each class holds, shape (n,) -> (n_classes,); each row is one by default.

    Without ``people``, ``counts`` says for how many each row stands, shape (n,).
    """
    if people is None:
        return _summed(classes, counts, 0)
    n_people = int(people.max(initial=-1)) + 1
    pairs = np.unique(classes * n_people + people)
    return np.bincount(pairs // max(n_people, 1))


def smallest_of(sizes: Ints, people: Ints | None = None) -> Ints:
    """Return the smallest class in which each person stands, from the size of each row's class, (n,) -> (n_people,)."""
    if people is None:
        return sizes
    smallest = np.full(int(people.max(initial=-1)) + 1, np.iinfo(np.intp).max)
    np.minimum.at(smallest, people, sizes)
    return smallest


@dataclass(frozen=True, kw_only=True, eq=False)
class Counts:
    """How often each value of a sensitive column occurs in each class: one entry for each pair that occurs.

    Parameters
    ----------
    value, count : ndarray of shape (n_pairs,)
        By class, then by value; what the value is, and how often it occurs there.
    start : ndarray of shape (n_classes,)
        The pair with which each class begins. No class is empty.
    overall : ndarray of shape (n_values,)
        How often each value occurs in the table.
    """

    value: Ints
    count: Ints
    start: Ints
    overall: Ints

    @classmethod
    def of(cls, classes: Ints, values: Ints, people: Ints | None = None, counts: Ints | None = None) -> Self:
        """Count rows of these classes and values, both numbered from 0 without gaps, shape (n,).

        With ``people``, a person with several rows of one value in one class counts once there; without, ``counts``
        says for how many each row stands.
        """
        n_values = int(values.max(initial=-1)) + 1
        pair = classes * n_values + values
        if people is not None:
            n_people = int(people.max(initial=-1)) + 1
            pair, counts = np.unique(pair * n_people + people) // max(n_people, 1), None
        bound = (int(classes.max(initial=-1)) + 1) * n_values
        if bound <= 8 * len(pair) + 65536:  # a table of all pairs is faster than sorting, where it is not mostly empty
            every = _summed(pair, counts, bound)
            pair = np.flatnonzero(every)
            count = every[pair]
        else:
            pair, which = np.unique(pair, return_inverse=True)
            count = _summed(which, counts, len(pair))
        owner, value = np.divmod(pair, max(n_values, 1))
        start = np.flatnonzero(np.diff(owner, prepend=-1))
        overall = np.bincount(value, weights=count, minlength=n_values).astype(np.intp)
        return cls(value=value, count=count, start=start, overall=overall)

    @cached_property
    def stop(self) -> Ints:
        """The pair before which each class ends, shape (n_classes,)."""
        return np.append(self.start[1:], len(self.count))

    @cached_property
    def total(self) -> Ints:
        """What is counted in each class, shape (n_classes,)."""
        return self._sum(self.count)

    @cached_property
    def share(self) -> Floats:
        """The share of its class that each pair has, shape (n_pairs,)."""
        return np.asarray(self.count / np.repeat(self.total, self.stop - self.start))

    def _sum(self, amount: npt.NDArray[np.generic]) -> Ints:
        return np.asarray(np.add.reduceat(amount, self.start))

    @property
    def distinct(self) -> int:
        """Distinct l-diversity: the fewest different values in a class (Machanavajjhala et al. 2007)."""
        return int((self.stop - self.start).min())

    @property
    def entropy(self) -> float:
        """Entropy l-diversity: the exponential of the smallest entropy of a class's values (same)."""
        entropy = -np.add.reduceat(self.share * np.log(self.share), self.start)
        return float(np.exp(max(entropy.min(), 0.0)))

    def recursive(self, l: int = 2) -> float:  # noqa: E741  # the field's own name
        """Return the c above which the table is recursively (c, l)-diverse; infinite where a class has fewer values.

        In each class the commonest value is rarer than c times all from the l-th commonest on (same).
        """
        commonest = np.maximum.reduceat(self.count, self.start)
        if l == 2:
            rest = self.total - commonest
        else:
            owner = np.repeat(np.arange(len(self.start)), self.stop - self.start)
            ranked = np.lexsort((-self.count, owner))
            late = np.arange(len(owner)) - self.start[owner] >= l - 1
            rest = self._sum(np.where(late, self.count[ranked], 0))
        return float((commonest / rest).max()) if rest.all() else float("inf")

    @property
    def alpha(self) -> float:
        """The largest share of a class that one value has: the alpha of (alpha, k)-anonymity (Wong et al. 2006)."""
        return float(self.share.max())

    def closeness(self) -> float:
        """Return t with equal distances: the farthest that a class's values lie from the table's (Li et al. 2007).

        Half of the sum of absolute differences, which is what the values that are too frequent have too much.
        """
        whole = self.overall / self.overall.sum()
        excess = np.maximum(self.share - whole[self.value], 0.0)
        return float(np.add.reduceat(excess, self.start).max())

    def ordered_closeness(self) -> float:
        """Return t with ordered distances: the earth mover's, where neighboring values are 1 / (m - 1) apart (same)."""
        m = len(self.overall)
        if m < 2:
            return 0.0
        whole = np.cumsum(self.overall / self.overall.sum())
        sums = np.concatenate([[0.0], np.cumsum(whole)])
        # Between two values that occur in a class its own cumulated share stands still while the table's climbs: what
        # lies between them is found from the place where the two cross, and never value by value.
        first = np.zeros(len(self.value), bool)
        first[self.start] = True
        running = np.cumsum(self.share)
        before = np.repeat((running - self.share)[self.start], self.stop - self.start)
        own = running - before
        after = np.where(np.append(first[1:], True), m, np.append(self.value[1:], m))
        moved = np.add.reduceat(_between(own, self.value, after, whole, sums), self.start)
        return float((moved + sums[self.value[self.start]]).max()) / (m - 1)

    def one_value(self, classes: Ints, people: Ints | None = None, counts: Ints | None = None) -> int:
        """Return how many people stand in a class in which all have one value, by each row's class, shape (n,)."""
        bare = (self.stop - self.start == 1)[classes]
        if people is not None:
            return len(np.unique(people[bare]))
        return int(bare.sum() if counts is None else counts[bare].sum())


def _summed(group: Ints, counts: Ints | None, n_groups: int) -> Ints:
    """Return for how many the rows of each group stand, shape (n,) -> (n_groups,); exact below 2**53."""
    return np.bincount(group, weights=counts, minlength=n_groups).astype(np.intp, copy=False)


def _between(own: Floats, begin: Ints, end: Ints, whole: Floats, sums: Floats) -> Floats:
    """Return the sum of ``abs(own - whole[i])`` over i from begin to end - 1, each shape (n_pairs,)."""
    cross = np.clip(np.searchsorted(whole, own), begin, end)
    below = own * (cross - begin) - (sums[cross] - sums[begin])
    above = (sums[end] - sums[cross]) - own * (end - cross)
    return np.asarray(below + above)
