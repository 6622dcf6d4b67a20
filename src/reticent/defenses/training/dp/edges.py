"""Where the bins of a column of numbers end: bought by noisy counts on a grid that nobody's value moves.

The grid has cells of equal width between the bounds, and cells that double in width away from zero, so that amounts
with a long tail are told apart near zero and far out. It is as fine as the noise allows. Neighboring cells are then
joined until a bin holds enough rows to be told from noise: a column of whole numbers gets a bin for each frequent one,
and a tail gets as many as its people are worth. Supervised edges (by the label) were tried and are no better.

>>> from reticent.mechanisms.noise import Seeded
>>> ages = np.random.default_rng(0).integers(18, 90, 20_000).astype(float)
>>> curator = Curator(mu=0.3, noise=Seeded(0))
>>> [edges] = bought([ages], [(0.0, 120.0)], curator, share=0.1, people=20_000.0)
>>> 70 < len(edges) < 80, round(curator.left, 6)
(True, 0.9)
"""

from collections.abc import Sequence

import numpy as np

from reticent.coding.codes import Floats
from reticent.mechanisms.curator import Curator

_CELLS = (16, 256)
_OCTAVES = 17  # below the widest cell of a column; what is nearer to zero is zero
_MOST_BINS = 256
_FULL = 3.0  # standard deviations of the noise on a bin
_EMPTY = 2.0


def bought(
    columns: Sequence[Floats], bounds: Sequence[tuple[float, float]], curator: Curator, *, share: float, people: float
) -> list[Floats]:
    """Return the edges between the bins of each column, ascending, for this share of the budget.

    Parameters
    ----------
    columns : sequence of J arrays of shape (n,)
        Values inside their bounds.
    people
        About how many rows there are.
    """
    sensitivity = float(np.sqrt(len(columns)))
    sd = curator.sd(sensitivity, share)
    n_cells = int(np.clip(people / (4 * sd), *_CELLS))
    least = max(people / _MOST_BINS, _FULL * sd)
    grids = [grid(low, high, n_cells) for low, high in bounds]
    exact = [
        np.bincount(np.searchsorted(edges, values, side="right"), minlength=len(edges) + 1).astype(float)
        for values, edges in zip(columns, grids, strict=True)
    ]
    counts = curator.gaussian("bin edges", np.concatenate(exact), sensitivity=sensitivity, share=share)
    places = np.cumsum([len(one) for one in exact])[:-1]
    return [edges[joined(one, least, sd)] for one, edges in zip(np.split(counts, places), grids, strict=True)]


def grid(low: float, high: float, n_cells: int) -> Floats:
    """Return the edges between about ``n_cells`` cells: half of equal width, half doubling away from zero."""
    width = high - low
    equal = np.linspace(low, high, n_cells // 2 + 1)[1:-1]
    each = max(1, n_cells // 2 // _OCTAVES)
    doubling = np.outer(width * 2.0 ** -np.arange(1, _OCTAVES + 1), 1 + np.arange(each) / each).ravel()
    zero = min(max(0.0, low), high)
    edges = np.unique(np.concatenate([equal, zero + doubling, zero - doubling, [zero + width * 2.0**-18]]))
    return edges[(edges > low) & (edges < high)]


def joined(counts: Floats, least: float, sd: float) -> list[int]:
    """Return which edges stay, where ``counts`` of neighboring cells with noise ``sd`` are joined up to ``least``.

    A cell that is full by itself closes the bin before it, if that has a quarter of what it needs.
    """
    kept, held = [], 0.0
    for cell, count in enumerate(np.where(counts < _EMPTY * sd, 0.0, counts).tolist()):
        if held >= least or (count >= least and held > max(0.25 * least, _FULL * sd)):
            kept.append(cell - 1)
            held = 0.0
        held += count
    return kept[:-1] if kept and held < least / 2 else kept
