"""Stored rows: some models keep training rows by design, word for word.

The attacker holds the model's file, walks every array inside it, and compares with candidate rows pushed forward
through the pipeline's own steps. Success means that a row lies in the model as it is: support vectors, neighbors,
prototypes. Handing out such a model hands out personal data (ICO, guidance on AI and data protection: models that
contain training data by design). Rows of non-members that match tell how many matches are chance.

>>> import numpy as np
>>> inside = [("support_vectors_", np.array([[1.0, 2.0], [3.0, 4.0]]))]
>>> stored_scores(np.array([[3.0, 4.0], [5.0, 6.0]]), inside)[0].tolist()
[1.0, 0.0]
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt
from scipy.spatial import KDTree

from reticent.attacks.attack import admit
from reticent.attacks.membership.blind import baseline
from reticent.attacks.result import Finding
from reticent.attacks.workbench import Workbench
from reticent.errors import AccessError
from reticent.stats.estimate import Estimate
from reticent.stats.rates import rate
from reticent.target.access import Access
from reticent.target.target import Target

Array = npt.NDArray[np.float64]

_TOLERANCE = 1e-6  # of a column's largest value: single precision, not coincidence
_MAX_CELLS = 200_000_000  # a wider representation than this would not fit into memory


def stored_scores(rows: Array, inside: Iterable[tuple[str, npt.NDArray[np.generic]]]) -> tuple[Array, dict[str, int]]:
    """Return which rows lie in one of the arrays, shape (n,) of 0 and 1, and how many lie in each array.

    Parameters
    ----------
    rows
        Shape (n, d), in the representation that the model would keep.
    inside
        (path, array) pairs; arrays whose rows or columns are d long are compared.
    """
    found = np.zeros(len(rows))
    places: dict[str, int] = {}
    scale = np.maximum(np.abs(np.where(np.isfinite(rows), rows, 0)).max(axis=0, initial=0.0), 1e-12)
    known = _comparable(rows, scale)
    for path, array in inside:
        for kept in _as_rows(array, rows.shape[1]):
            near, _ = KDTree(_comparable(kept, scale)).query(known, p=np.inf, distance_upper_bound=_TOLERANCE)
            hit = np.isfinite(near)
            if hit.any():
                places[path] = int(hit.sum())
                found[hit] = 1.0
    return found, places


def _comparable(rows: Array, scale: Array) -> Array:
    """Return rows with each column's largest value as 1; missing equals missing and no number, infinite likewise."""
    numbers = np.clip(rows, -1.5 * scale, 1.5 * scale) / scale  # beyond 1 nothing can match
    return np.where(np.isfinite(rows), numbers, np.nan_to_num(rows, nan=-2.0, posinf=2.0, neginf=-3.0))


def _as_rows(array: npt.NDArray[np.generic], width: int) -> Iterator[Array]:
    if array.ndim == 1 and len(array) == width > 1:
        yield array[None, :].astype(np.float64)
    if array.ndim == 2 and array.shape[0] > 0:
        if array.shape[1] == width:
            yield array.astype(np.float64)
        elif array.shape[1] == width + 1:  # rows kept together with their label
            yield array[:, :-1].astype(np.float64)
            yield array[:, 1:].astype(np.float64)
        elif array.shape[0] == width:
            yield array.T.astype(np.float64)


@dataclass(frozen=True, eq=False, kw_only=True)
class StoredFinding(Finding):
    """A finding that also counts the rows found."""

    def reading(self) -> Mapping[str, Estimate | float | str]:
        return {
            "rows found": float(self.rows_found),
            "matches by chance (share of non-members)": self.chance,
            "expected among members by chance": self.chance.value * float((self.is_member & self.rows).sum()),
            **self.facts,
        }

    @property
    def rows_found(self) -> int:
        """How many members' rows lie in the model."""
        return int(self.scores[self.is_member & self.rows].sum())

    @property
    def beyond_chance(self) -> bool:
        """Whether more members' rows were found than coincidence explains."""
        expected = self.chance.value * float((self.is_member & self.rows).sum())
        return self.rows_found > 2 * expected and self.rows_found > expected + 3 * expected**0.5

    @property
    def chance(self) -> Estimate:
        """The share of non-members' rows that match: they cannot be stored, so this much is coincidence."""
        return rate(self.scores[~self.is_member & self.rows] > 0)


@dataclass(frozen=True, kw_only=True)
class StoredRows:
    """Training rows that lie in the model."""

    name: ClassVar[str] = "stored"
    title: ClassVar[str] = "Stored rows (in the model's own arrays)"
    needs: ClassVar[Access] = Access.PARAMETERS
    needs_recipe: ClassVar[bool] = False
    needs_family: ClassVar[type[Any] | None] = None

    def run(self, target: Target, seed: int = 0, bench: Workbench | None = None) -> StoredFinding:
        """Compare every array of the model with every row, before and after each step of the pipeline."""
        admit(self, target)
        people = target.population
        arrays = list(target.model.arrays())
        scores = np.zeros(len(people))
        places: dict[str, int] = {}
        skipped: list[str] = []
        compared = 0
        for step, rows in target.model.representations(people.table.features(target.features)):
            if rows.ndim != 2 or rows.size == 0:
                skipped.append(f"{step} (not all numbers)")
                continue
            if rows.size > _MAX_CELLS:
                skipped.append(f"{step} (too wide)")
                continue
            compared += 1
            found, where = stored_scores(rows, arrays)
            scores = np.maximum(scores, found)
            places |= {f"{path} ({step})": count for path, count in where.items()}
        if not compared:
            raise AccessError(f"no representation of the rows could be compared: {', '.join(skipped)}")
        return StoredFinding(
            name=self.name,
            title=self.title,
            needs=self.needs,
            scores=scores,
            is_member=people.is_member,
            sealed=people.sealed,
            baseline=baseline(target, seed, bench or Workbench()),
            facts={
                "arrays walked": float(len(arrays)),
                **({"where": ", ".join(f"{path}: {count}" for path, count in places.items())} if places else {}),
                **({"not compared": ", ".join(skipped)} if skipped else {}),
            },
            seed=seed,
        )
