"""Why a person is exposed: far from all others, of a rare class, there twice, or labeled as nobody like them is.

A pure function on rows as numbers. Distances are Euclidean in units of each column's spread. The neighbors of a chosen
row are sought among a sample of all rows, so that a table of a million rows takes no longer than one of ten
thousand; equal and nearly equal rows are sought among all.

>>> import numpy as np
>>> rng = np.random.default_rng(0)
>>> rows, truth = rng.normal(size=(500, 3)), np.zeros(500, dtype=int)
>>> rows[0], rows[2], truth[3:9] = 9.0, rows[1], 1
>>> for found in reasons(rows, truth, np.array([0, 1, 100])):
...     print(found)
('unlike anyone else: farther from the 5 nearest others than 99 % of people',)
('there 2 times with the same features',)
()
"""

import numpy as np
import numpy.typing as npt
from scipy.spatial.distance import cdist

from reticent import _seeds

Array = npt.NDArray[np.float64]
Index = npt.NDArray[np.intp]

NEIGHBORS = 5
_OUTLIER = 0.99
_RARE = 0.05
_NEAR = 0.05  # of the usual distance to the nearest other
_HARD = 0.8  # share of neighbors with another label
_SAMPLE = 10_000
_JUDGES = 500
_CHUNK = 50_000


def reasons(rows: Array, truth: Index, chosen: Index, *, seed: int = 0) -> list[tuple[str, ...]]:
    """Return for each chosen row what sets it apart; an empty tuple where none of it does.

    Parameters
    ----------
    rows
        Shape (n, d): features as numbers, categories as codes, missing as NaN.
    truth
        Shape (n,): the class of each row.
    chosen
        Shape (k,): positions of the rows in question.
    seed
        Of the sample among which neighbors are sought.
    """
    chosen = np.asarray(chosen, dtype=np.intp)
    if len(chosen) == 0 or len(rows) <= NEIGHBORS:
        return [() for _ in chosen]
    scaled = _scaled(rows)
    rng = _seeds.generator(seed, "reasons")
    sample = rng.permutation(len(rows))[:_SAMPLE]
    judges = sample[:_JUDGES]
    away, _ = _nearest(scaled, judges, sample)
    far, neighbors = _nearest(scaled, chosen, sample)
    limit = np.quantile(away.mean(axis=1), _OUTLIER)
    usual = float(np.median(away[:, 0]))
    share = np.bincount(truth) / len(truth)
    found = []
    for row, distances, others in zip(chosen, far, neighbors, strict=True):
        same, near = _alike(scaled, int(row), _NEAR * usual)
        odd = int((truth[others] != truth[row]).sum())
        said = {
            f"unlike anyone else: farther from the {NEIGHBORS} nearest others than {100 * _OUTLIER:.0f} % of people": (
                distances.mean() > limit
            ),
            f"of a rare class: {100 * share[truth[row]]:.1g} % of people": share[truth[row]] < _RARE,
            f"there {same} times with the same features": same > 1,
            f"nearly the same as {near - same} others": near > same,
            f"labeled unlike {odd} of its {NEIGHBORS} nearest others": odd >= _HARD * NEIGHBORS,
        }
        found.append(tuple(reason for reason, holds in said.items() if holds))
    return found


def _scaled(rows: Array) -> Array:
    """Return columns around their median in units of their spread; missing lies at the median, constants at zero."""
    known = np.where(np.isfinite(rows), rows, np.nan)
    held = np.isfinite(known).any(axis=0)
    known = np.where(held, known, 0.0)
    middle, spread = np.nanmedian(known, axis=0), np.nanstd(known, axis=0)
    return np.asarray(np.nan_to_num((known - middle) / np.where(spread > 0, spread, 1.0)))


def _nearest(rows: Array, asked: Index, among: Index) -> tuple[Array, Index]:
    """Return distances to the nearest others and which they are, nearest first: shapes (k, NEIGHBORS)."""
    distances = cdist(rows[asked], rows[among])
    distances[asked[:, None] == among] = np.inf
    order = np.argpartition(distances, NEIGHBORS - 1, axis=1)[:, :NEIGHBORS]
    near = np.take_along_axis(distances, order, axis=1)
    rank = np.argsort(near, axis=1, kind="stable")
    return np.take_along_axis(near, rank, axis=1), among[np.take_along_axis(order, rank, axis=1)]


def _alike(rows: Array, row: int, near: float) -> tuple[int, int]:
    """Return how many rows are equal to this one and how many lie as near, itself among both."""
    same = close = 0
    for first in range(0, len(rows), _CHUNK):
        part = rows[first : first + _CHUNK]
        apart = np.abs(part - rows[row])
        same += int((apart == 0).all(axis=1).sum())
        close += int((np.sqrt((apart**2).sum(axis=1)) <= near).sum())
    return same, max(close, same)
