"""Put rows into classes by a technique, and suppress rows where that is allowed and helps.

``TECHNIQUES`` names what there is. All but the guided one are classics: they know k and the detail of the values, and
nothing of what the rows are for.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple, Protocol

import numpy as np

from reticent.coding.codes import Axis, Bools, Floats, Ints, add, count_people, distinct
from reticent.defenses.data.anonymize.guarantees import Rules
from reticent.defenses.data.anonymize.hilbert import hilbert
from reticent.defenses.data.anonymize.holding import holds
from reticent.defenses.data.anonymize.mdav import mdav
from reticent.defenses.data.anonymize.mondrian import mondrian
from reticent.defenses.data.anonymize.partition import Growth, grow
from reticent.defenses.data.anonymize.r_plus_tree import r_plus_tree

_PRICES = np.geomspace(1e-4, 10, 14)


class Grouping(Protocol):
    """What puts rows into classes: the rows it was made from, and new ones."""

    @property
    def n_classes(self) -> int: ...
    def route(self, codes: Ints) -> Ints:
        """Return the class of each row of codes, shape (n, q) -> (n,); a code of -1 was never seen."""


Technique = Callable[[Ints, Sequence[Axis], int, Floats | None], Grouping]

TECHNIQUES: Mapping[str, Technique | None] = {
    "guided": None,  # it takes more than the others: `grow`
    "mondrian": mondrian,
    "hilbert": hilbert,
    "r+tree": r_plus_tree,
    "mdav": mdav,
}


class Classes(NamedTuple):
    """The distinct rows of a table and their classes."""

    grouping: Grouping
    rows: Ints  # codes, shape (t, q)
    counts: Ints  # how many rows of the table each stands for, shape (t,)
    classes: Ints  # shape (t,)
    of: Ints  # which of them each row of the table is, shape (n,)
    suppressed: int  # the class of suppressed rows; -1 where there is none

    @property
    def released(self) -> Ints | slice:
        """Which of the distinct rows are to be released: people of the population alone have a class, but are not."""
        some = self.counts > 0
        return slice(None) if some.all() else np.flatnonzero(some)


def classify(
    technique: str, codes: Ints, axes: Sequence[Axis], k: int, counts: Ints | None = None, **how: Any
) -> Classes:
    """Return classes of at least ``k`` people; ``how`` is for the guided technique, as :func:`grow` takes it.

    ``counts`` says how many rows each row stands for, shape (n,); by default one.
    """
    made = TECHNIQUES[technique]
    if made is None:
        return _of(grow(codes, axes, k, counts=counts, **how))
    first, of = distinct(codes, [len(axis.places) for axis in axes])
    counts = count_people(of, counts=counts)
    grouping = made(codes[first], axes, k, counts.astype(float))
    return Classes(grouping, codes[first], counts, grouping.route(codes[first]), of, -1)


def suppressing(
    share: float, codes: Ints, axes: Sequence[Axis], k: int, *, rules: Rules, counts: Ints | None = None, **how: Any
) -> Classes:
    """Return the classes of the guided technique when at most this ``share`` of rows is suppressed.

    Rows are suppressed where the cut that they prevent gains most for each of them. What that has to be worth is found
    by trying: the lowest price at which no more rows are suppressed than allowed, and at least k, since they are
    released under one combination too.
    """
    # No tree is looked ahead for: trees that are compared are grown alike.
    how |= {"rules": rules, "counts": counts}
    n_rows = len(codes) if counts is None else int(counts.sum())
    allowed, best, most = int(share * n_rows + 1e-9), _of(grow(codes, axes, k, reach=0, **how)), 0
    low, high = 0, len(_PRICES) - 1
    while low <= high:
        middle = (low + high) // 2
        tried = _of(grow(codes, axes, k, price=float(_PRICES[middle]), **how))
        mine = tried.classes == tried.suppressed
        hidden = int(tried.counts[mine].sum()) if tried.suppressed >= 0 else 0
        if hidden > allowed:
            low = middle + 1
            continue
        high = middle - 1
        if most < hidden and hidden >= k and _satisfies(rules, mine[tried.of], counts):
            best, most = tried, hidden
    return best


def _of(growth: Growth) -> Classes:
    last = growth.partition.n_classes - 1 if growth.partition.suppressed else -1
    return Classes(*growth, last)


def _satisfies(rules: Rules, rows: Bools, counts: Ints | None) -> bool:
    secrets = rules.codes[rows]
    each = None if counts is None else np.repeat(counts[rows].astype(float), secrets.shape[1])
    held = add(secrets.ravel(), each, len(rules.base))
    return bool(holds(rules.table, rules.base, held, 0.0, 0.0, np.empty(len(rules.base))))
