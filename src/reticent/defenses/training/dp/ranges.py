"""The range of a column of numbers, bought: counts with noise, first over powers of two, then inside what they leave.

>>> from reticent.mechanisms.noise import Seeded
>>> curator = Curator(mu=0.3, noise=Seeded(0))
>>> low, high = range_of("range of wage", np.random.default_rng(0).uniform(1000, 3000, 5000), curator, share=0.05)
>>> 900 < low < 1100, 2900 < high < 3200, curator.left
(True, True, 0.95)
"""

import numpy as np

from reticent.coding.codes import Floats
from reticent.mechanisms.curator import Curator

_POWERS = 2.0 ** np.arange(-24, 49)
_COARSE = np.concatenate([-_POWERS[::-1], [0.0], _POWERS])
_FINE = 64
_RARELY = 1e-2  # how likely it is that some empty bin looks full


def range_of(what: str, values: Floats, curator: Curator, *, share: float) -> tuple[float, float]:
    """Return a range that holds nearly all values, of shape (n,), for this share of the budget.

    A bin counts as full where its noisy count is more than noise alone would reach. Values beyond the range are for the
    caller to move to its ends.
    """
    edges = _COARSE
    for _ in range(2):
        low, high = _full(what, values, edges, curator, share / 2)
        edges = np.linspace(low, high, _FINE + 1)
    return low, high


def _full(what: str, values: Floats, edges: Floats, curator: Curator, share: float) -> tuple[float, float]:
    """Return the ends of the bins that are full; those of the fullest where none is."""
    n_bins = len(edges) - 1
    bins = np.clip(np.searchsorted(edges, values, side="right") - 1, 0, n_bins - 1)
    exact = np.bincount(bins, minlength=n_bins).astype(float)
    counts = curator.gaussian(what, exact, sensitivity=1.0, share=share)
    full = counts > curator.sd(1.0, share) * np.sqrt(2 * np.log(n_bins / _RARELY))
    found = np.flatnonzero(full) if full.any() else np.array([np.argmax(counts)])
    return float(edges[found[0]]), float(edges[found[-1] + 1])
