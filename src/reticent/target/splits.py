"""Splits in which rows that belong together stay together: equal rows, and rows of one group.

All functions take arrays and return arrays; a *unit* is the smallest set of rows that may not be torn apart.
"""

import math

import numpy as np
import numpy.typing as npt
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from reticent import _seeds

Ids = npt.NDArray[np.intp]
Mask = npt.NDArray[np.bool_]


def units(*memberships: npt.NDArray[np.generic]) -> Ids:
    """Return the unit of each row, shape (n,): rows that share a value in any of the arrays share a unit.

    >>> import numpy as np
    >>> units(np.array([7, 7, 8, 9]), np.array(["a", "b", "b", "c"])).tolist()
    [0, 0, 0, 1]
    """
    n = len(memberships[0])
    rows, nodes, offset = [], [], n
    for values in memberships:
        _, codes = np.unique(values, return_inverse=True)
        rows.append(np.arange(n))
        nodes.append(codes + offset)
        offset += int(codes.max()) + 1
    edges = (np.ones(n * len(memberships)), (np.concatenate(rows), np.concatenate(nodes)))
    _, component = connected_components(coo_array(edges, shape=(offset, offset)), directed=False)
    _, first, unit = np.unique(component[:n], return_index=True, return_inverse=True)
    return np.argsort(np.argsort(first))[unit]  # numbered by first appearance


def seal(unit: Ids, is_member: Mask, seed: int) -> Mask:
    """Return which rows are sealed, shape (n,): half of the members' units and half of the non-members'."""
    rng = _seeds.generator(seed, "sealed half")
    sealed = np.zeros(len(unit), dtype=bool)
    for side in (is_member, ~is_member):
        names, counts = np.unique(unit[side], return_counts=True)
        order = rng.permutation(len(names))
        half = names[order[np.cumsum(counts[order]) <= (counts.sum() + 1) // 2]]
        sealed |= side & np.isin(unit, half)
    return sealed


def places(unit: Ids, is_member: Mask, rng: np.random.Generator) -> npt.NDArray[np.float64]:
    """Return where each row stands in a random order of its side, from 0 to 1, shape (n,); units stand together.

    Cut into stretches, it gives parts that have the same share of members as the whole.
    """
    place = np.empty(len(unit))
    for side in (is_member, ~is_member):
        _, own, counts = np.unique(unit[side], return_inverse=True, return_counts=True)
        order = rng.permutation(len(counts))
        middle = np.empty(len(counts))
        middle[order] = (np.cumsum(counts[order]) - counts[order] / 2) / counts.sum()
        place[side] = middle[own]
    return place


def halves(unit: Ids, size: int, count: int, seed: int) -> Mask:
    """Return the training rows of ``count`` shadow models, shape (count, n), about ``size`` rows in each.

    Shadows come in rounds over one random order of the units, each taking the next stretch of it, so that every row is
    in and out as evenly as the share ``size / n`` allows (in pairs of complements where it is one half).
    """
    names, unit, counts = np.unique(unit, return_inverse=True, return_counts=True)
    share, per_round = round_of(size / len(unit), len(unit))
    rows = np.zeros((count, len(unit)), dtype=bool)
    for first in range(0, count, per_round):
        order = _seeds.generator(seed, "shadow halves", first).permutation(len(names))
        position = np.empty(len(names))
        position[order] = (np.cumsum(counts[order]) - counts[order] / 2) / len(unit)
        for shadow in range(first, min(first + per_round, count)):
            rows[shadow] = ((position + (shadow - first) / per_round) % 1 < share)[unit]
    return rows


def round_of(share: float, n: int) -> tuple[float, int]:
    """Return (share, shadows in a round): in one round every row is in at least once and out at least once."""
    rare = min(share, 1 - share)
    even = round(share * round(1 / rare)) / round(1 / rare)
    if abs(even - share) * n <= 2:  # an odd row more would be in or out of every shadow of a round
        return even, round(1 / rare)
    return share, math.ceil(1 / rare)
