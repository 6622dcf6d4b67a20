"""Boundary: how far must a row be changed until its label changes?

The attacker sees labels alone and walks from each row toward people with another label, numbers evenly and categories
one by one, until the label changes, then takes back whatever is not needed for the change. Success means that members
lie deeper inside their class (Choquette-Choo et al. 2021, arXiv:2007.14321; Li and Zhang 2021, arXiv:2007.15528). Both
walk with gradient estimates over images; here all rows walk at once, each step one call of the model, on any table.

>>> import numpy as np
>>> from reticent.target.table import ArrayTable
>>> pool = Pool.read(ArrayTable(np.linspace(0, 1, 101)[:, None], np.zeros(101)), ["x0"])
>>> above = lambda values: values[:, 0] > 0.75  # the model knows one threshold
>>> rows = pool.encode(np.array([0, 50]))
>>> ends = np.ones((1, 2, 1))
>>> nearest(above, pool, rows, ends, steps=10, rounds=0, rng=np.random.default_rng(0))[:, 0].round(2).tolist()
[0.75, 0.75]
"""

from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt

from reticent import _seeds, _validate
from reticent.attacks.attack import admit
from reticent.attacks.membership.blind import baseline
from reticent.attacks.queries import Pool, first_alike
from reticent.attacks.result import Finding
from reticent.attacks.workbench import Workbench
from reticent.errors import AccessError, ModelError
from reticent.target.access import Access
from reticent.target.target import Target

Array = npt.NDArray[np.float64]
Index = npt.NDArray[np.intp]
Mask = npt.NDArray[np.bool_]
Crossed = Callable[[Array], Mask]

_CANDIDATES = 256  # rows of another label, among which the nearest are walked to
_SHARES = (0.5, 0.25, 0.1)  # of the changes to take back in one round: many at first, then few


def nearest(
    crossed: Crossed, pool: Pool, rows: Array, ends: Array, *, steps: int, rounds: int, rng: np.random.Generator
) -> Array:
    """Return the nearest point found beyond the boundary for each row, shape (m, d).

    Parameters
    ----------
    crossed
        Says of points of shape (k * m, d), k stacks of one point for each row, whether they lie beyond.
    rows, ends
        Where walks begin, shape (m, d), and k points beyond the boundary for each, shape (k, m, d).
    steps
        Of bisection on each way: the boundary is met to one part in 2 to that power.
    rounds
        In each of which some changes are taken back at random, and stay so where the point stays beyond.
    """
    k, m, d = ends.shape
    start, end = np.tile(rows, (k, 1)), ends.reshape(k * m, d)
    order = rng.random(end.shape, dtype=np.float32)
    near, far = np.zeros((k * m, 1)), np.ones((k * m, 1))
    for _ in range(steps):
        middle = (near + far) / 2
        beyond = crossed(pool.between(start, end, middle, order))[:, None]
        near, far = np.where(beyond, near, middle), np.where(beyond, middle, far)
    met = pool.between(start, end, far, order)
    best = pool.distance(start, met).reshape(k, m).argmin(axis=0)
    point = np.asarray(met.reshape(k, m, d)[best, np.arange(m)])
    for number in range(rounds):
        back = rng.random(point.shape, dtype=np.float32) < _SHARES[number * len(_SHARES) // rounds]
        tried = np.where(back, pool.between(point, rows, 0.5, 0.0), point)
        point = np.where(crossed(tried)[:, None], tried, point)
    return point


def donors(pool: Pool, labels: Index, truth: Index, count: int, rng: np.random.Generator) -> Index:
    """Return ``count`` rows beyond the boundary for each row, nearest first, shape (count, n); -1 where there is none.

    Beyond lies, for a row with a right label, whatever has another label, and for others, whatever has the true one.
    """
    found = np.full((count, len(labels)), -1)
    right = labels == truth
    for kind in np.unique(truth).tolist():
        for mine, theirs in ((right, labels != kind), (~right, labels == kind)):
            rows, others = np.flatnonzero(mine & (truth == kind)), np.flatnonzero(theirs)
            if len(rows) and len(others):
                some = rng.choice(others, min(_CANDIDATES, len(others)), replace=False)
                place = _nearest_of(pool, rows, some, min(count, len(some)))
                found[:, rows] = some[np.resize(place, (count, len(rows)))]
    return found


def _nearest_of(pool: Pool, rows: Index, others: Index, count: int) -> Index:
    """Return the places in ``others`` of the ``count`` nearest to each of ``rows``, shape (count, m)."""
    theirs = pool.encode(others)
    step = max(1, pool.rows_at_once // max(count, 8))
    parts = [pool.encode(rows[first : first + step]) for first in range(0, len(rows), step)]
    places = [np.argsort(pool.distances(part, theirs), axis=1, kind="stable")[:, :count] for part in parts]
    return np.concatenate(places).T


@dataclass(frozen=True, kw_only=True)
class Boundary:
    """``walks`` of ``steps`` toward the nearest rows beyond, then ``rounds`` of taking changes back."""

    walks: int = 3
    steps: int = 8
    rounds: int = 24

    name: ClassVar[str] = "boundary"
    title: ClassVar[str] = "Distance to the decision boundary (labels only)"
    needs: ClassVar[Access] = Access.LABELS
    needs_recipe: ClassVar[bool] = False
    needs_family: ClassVar[type[Any] | None] = None

    def __post_init__(self) -> None:
        _validate.at_least(1, walks=self.walks)
        _validate.at_least(1, steps=self.steps)
        _validate.at_least(0, rounds=self.rounds)

    @property
    def queries(self) -> int:
        """How often the model is asked for each row."""
        return 1 + self.walks * self.steps + self.rounds

    def run(self, target: Target, seed: int = 0, bench: Workbench | None = None) -> Finding:
        """Walk from every row to the boundary; the score is the distance in spreads, below zero for wrong labels."""
        admit(self, target)
        people = target.population
        try:
            distance = self._distances(target, seed)
        except ModelError as error:
            raise AccessError(f"asks about rows between people, and the model does not answer: {error}") from error
        known = np.isfinite(distance)
        # Where no row is labeled otherwise, the boundary is out of sight: beyond the farthest that was met.
        distance = np.where(known, distance, distance[known].max(initial=1.0))
        right = target.labels == target.truth
        return Finding(
            name=self.name,
            title=self.title,
            needs=self.needs,
            scores=np.where(right, distance, -distance),
            is_member=people.is_member,
            sealed=people.sealed,
            baseline=baseline(target, seed, bench or Workbench()),
            facts={
                "queries per row": float(self.queries),
                "median distance of members": _median(distance[people.is_member & known]),
                "median distance of others": _median(distance[~people.is_member & known]),
                "rows without a boundary in sight": float((~known).sum()),
            },
            parameters=asdict(self),
            seed=seed,
        )

    def _distances(self, target: Target, seed: int) -> Array:
        """Return how far each row lies from the boundary, shape (n,); infinity where no row has another label."""
        pool = Pool.read(target.population.table, target.features)
        right = target.labels == target.truth
        ends = donors(pool, target.labels, target.truth, self.walks, _seeds.generator(seed, "boundary", "donors"))
        walking = np.flatnonzero(ends[0] >= 0)
        distance = np.full(len(pool), np.inf)
        step = max(1, pool.rows_at_once // self.walks)
        for begin in range(0, len(walking), step):
            rows = walking[begin : begin + step]
            start = pool.encode(rows)
            beyond = pool.encode(ends[:, rows].ravel()).reshape(self.walks, *start.shape)
            truth, side = target.truth[rows], right[rows]

            def crossed(values: Array, truth: Index = truth, side: Mask = side) -> Mask:
                k = len(values) // len(truth)
                return np.asarray((target.model.labels(pool.decode(values)) == np.tile(truth, k)) != np.tile(side, k))

            rng = _seeds.generator(seed, "boundary", begin)
            met = nearest(crossed, pool, start, beyond, steps=self.steps, rounds=self.rounds, rng=rng)
            distance[rows] = pool.distance(start, met)
        return distance[first_alike(target.population.table, (*target.features, target.schema.label))]


def _median(distance: Array) -> float | str:
    return float(np.median(distance)) if len(distance) else "none"
