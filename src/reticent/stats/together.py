"""Sets of columns by name, and the people who are singled out by all columns of a set together.

>>> import numpy as np
>>> age, town, sex = np.array([0, 0, 1, 1, 2]), np.array([0, 1, 0, 0, 1]), np.array([0, 1, 0, 1, 0])
>>> sets = Sets.count([("age", age, 3), ("town", town, 2), ("sex", sex, 2)], 2)
>>> print(sets.best()[-3], [one.alone for one in sets.grown(range(3))])
age and sex: 5 (100 %) [1, 5]
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from reticent.stats.uniqueness import Columns, Crowd, Ints, gains, grow, search

_SHOWN = 3
_MOST_STEPS = 12


@dataclass(frozen=True, kw_only=True)
class Together:
    """Some columns, the people who are singled out by all of them together, and their share."""

    titles: tuple[str, ...]
    alone: int
    share: float

    def to_dict(self) -> dict[str, Any]:
        """Return plain values."""
        return {**self.__dict__, "titles": list(self.titles)}

    def __str__(self) -> str:
        *most, last = self.titles or ("nothing",)
        return f"{', '.join(most)}{' and ' * bool(most)}{last}: {self.alone:,} ({100 * self.share:.3g} %)"


@dataclass(frozen=True, kw_only=True, eq=False)
class Sets:
    """Sets of columns with their counts.

    Parameters
    ----------
    columns : sequence of (title, codes of shape (n,), number of codes)
    counts : mapping of places in ``columns`` to people who stand alone
    complete : int
        All sets up to this size are counted.
    whose : ndarray of shape (n,) or None
        Whose row it is.
    people : int
    """

    columns: Sequence[tuple[str, Ints, int]]
    counts: Mapping[Columns, int]
    complete: int
    whose: Ints | None
    people: int

    @classmethod
    def count(cls, columns: Sequence[tuple[str, Ints, int]], together: int, whose: Ints | None = None) -> "Sets":
        """Count the sets of up to ``together`` columns; beyond what takes seconds, those that grow from the best."""
        counts, complete = search([codes for _, codes, _ in columns], [size for *_, size in columns], together, whose)
        people = len(Crowd.of(len(columns[0][1]), whose).found) if columns else 0
        return cls(columns=columns, counts=counts, complete=complete, whose=whose, people=people)

    @property
    def gains(self) -> list[float]:
        """The share of people whom each column singles out in addition, as a mean over sets of the others."""
        found = gains(self.counts, len(self.columns), self.complete)
        return [float(gain) / self.people for gain in found]

    def best(self) -> tuple[Together, ...]:
        """Return the few sets of each size by which most people stand alone, the smallest first."""
        ranked = sorted(((len(known), -alone, known) for known, alone in self.counts.items() if alone))
        places = [[one for one in ranked if one[0] == size][:_SHOWN] for size in sorted({one[0] for one in ranked})]
        return tuple(self._named(known, -alone) for several in places for _, alone, known in several)

    def grown(self, among: Sequence[int]) -> tuple[Together, ...]:
        """Return the best set among some columns, from its first column on, and then the others added one by one.

        It is empty where nobody is singled out.
        """
        inside = [known for known in self.counts if set(known) <= set(among)]
        best = max(inside, key=lambda known: (len(known), self.counts[known]), default=())
        some = [self.columns[j] for j in among]
        first = tuple(list(among).index(j) for j in best)
        codes, sizes = [codes for _, codes, _ in some], [size for *_, size in some]
        path = grow(codes, sizes, first, self.whose, most=_MOST_STEPS)
        path = path if path and path[-1][1] else []
        order = [among[j] for j, _ in path]
        return tuple(self._named(order[: step + 1], alone) for step, (_, alone) in enumerate(path))

    def whole(self) -> Together:
        """Return all columns together."""
        crowd = Crowd.of(len(self.columns[0][1]) if self.columns else 0, self.whose)
        for _, codes, size in self.columns:
            crowd = crowd.know(codes, size)
        return self._named(range(len(self.columns)), crowd.n_found)

    def _named(self, known: Sequence[int], alone: int) -> Together:
        titles = tuple(self.columns[j][0] for j in known)
        return Together(titles=titles, alone=alone, share=alone / self.people if self.people else 0.0)
