"""What one column tells of another, measured on rows that were not used to learn it.

The other column's frequencies within each value are learned on four fifths of the people and asked on the last fifth,
in turn. Where nothing is to be found the answer is zero or a little below, never above by the mere number of values.

>>> import numpy as np
>>> rng = np.random.default_rng(0)
>>> sex, town = rng.integers(0, 2, 4000), rng.integers(0, 50, 4000)
>>> height = np.where(rng.random(4000) < 0.9, sex, 1 - sex)
>>> told(height, sex, folds(4000, 0)), told(town, sex, folds(4000, 0)).value < 0
(Told(value=0.52..., low=0.49..., high=0.55..., more=0.49..., right=0.89..., guess=0.5...), True)
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import stats

from reticent import _seeds

Ints = npt.NDArray[np.intp]
Floats = npt.NDArray[np.float64]

FOLDS = 5

_PRIOR = 5.0  # people: how far a value that few have is drawn towards the frequencies of all


@dataclass(frozen=True)
class Told:
    """What a column tells of another.

    Attributes
    ----------
    value, low, high
        Share of the other's uncertainty (entropy) that it removes, with its interval; below 0 it misleads.
    more
        Lower limit of what it removes beyond the column that was known before; ``low`` where there was none.
    right, guess
        How often the other's value is guessed rightly with the column, and without it.
    """

    value: float
    low: float
    high: float
    more: float
    right: float
    guess: float


def folds(n: int, seed: int, people: Ints | None = None) -> Ints:
    """Return a fold from 0 to 4 for each of n rows; the rows of one person share theirs."""
    whose = np.arange(n) if people is None else people
    draws = _seeds.generator(seed, "folds").permutation(int(whose.max(initial=-1)) + 1)
    return np.asarray(draws[whose] % FOLDS, np.intp)


def told(
    x: Ints, y: Ints, fold: Ints, people: Ints | None = None, *, known: Ints | None = None, level: float = 0.95
) -> Told:
    """Return what the codes ``x`` tell of the codes ``y``.

    Parameters
    ----------
    x, y : ndarray of shape (n,)
        Codes from 0, few of them: there is a cell for each pair.
    fold : ndarray of shape (n,)
        From :func:`folds`.
    people : ndarray of shape (n,), optional
        Whose row it is, each from 0 on occurring: people, not rows, are the units of the interval.
    known : ndarray of shape (n,), optional
        Codes of another column that tells of ``y`` together with ``x``: where few rows have both values, the
        frequencies are drawn towards those of this one alone.
    level
        Of the two-sided interval (Student's, of the mean gain over people).
    """
    n, n_y = len(x), int(y.max()) + 1
    of_y = _learned(np.zeros(n, np.intp), y, fold, n_y)[:, 0]
    base = (of_y + 0.5) / (of_y + 0.5).sum(axis=1, keepdims=True)
    cell, within, prior = np.zeros(n, np.intp), base[:, None], base[:, None]
    for codes in (x,) if known is None else (known, x):
        _, first, place = np.unique(cell * (int(codes.max()) + 1) + codes, return_index=True, return_inverse=True)
        learned = _learned(place, y, fold, n_y)
        prior = within[:, cell[first]]
        within = (learned + _PRIOR * prior) / (learned.sum(axis=2, keepdims=True) + _PRIOR)
        cell = place
    gain = np.log2(within / base[:, None])[fold, cell, y]
    more = np.log2(within / prior)[fold, cell, y]
    right = within.argmax(axis=2)[fold, cell] == y
    guess = base.argmax(axis=1)[fold] == y
    share = np.bincount(y) / n
    entropy = float(-(share[share > 0] * np.log2(share[share > 0])).sum())
    low, value, high = (float(part) / entropy for part in _mean(gain, people, level))
    return Told(
        value=value,
        low=low,
        high=high,
        more=_mean(more, people, level)[0] / entropy,
        right=float(right.mean()),
        guess=float(guess.mean()),
    )


def _mean(gain: Floats, people: Ints | None, level: float) -> tuple[float, float, float]:
    """Return the mean over rows of shape (n,) between its limits, whose units are people."""
    mean = float(gain.mean())
    error = gain - mean if people is None else np.bincount(people, weights=gain - mean)
    spread = float(np.sqrt((error**2).sum() * len(error) / max(len(error) - 1, 1))) / len(gain)
    half = float(stats.t.ppf((1 + level) / 2, max(len(error) - 1, 1))) * spread
    return mean - half, mean, mean + half


def _learned(cell: Ints, y: Ints, fold: Ints, n_y: int) -> npt.NDArray[np.intp]:
    """Return how often each y occurs in each cell outside of each fold, shape (5, n_cells, n_y)."""
    n_cells = int(cell.max()) + 1
    inside = np.bincount((fold * n_cells + cell) * n_y + y, minlength=FOLDS * n_cells * n_y)
    inside = inside.reshape(FOLDS, n_cells, n_y)
    return np.asarray(inside.sum(axis=0) - inside)


def coarse(codes: Ints, size: int, n_placed: int, most: int) -> Ints:
    """Return codes with at most about ``most`` values, numbered from 0 as they occur; shape (n,).

    Codes below ``n_placed`` follow an order and are put together with their neighbors, so that each group holds about
    as many rows; of the others the frequent ones stay, and the rest become one.
    """
    count = np.bincount(codes, minlength=size)
    group = np.arange(size)
    if n_placed > most:
        placed = count[:n_placed]
        middle = np.cumsum(placed) - placed / 2
        group[:n_placed] = np.minimum(middle * most / max(placed.sum(), 1), most - 1).astype(np.intp)
    elif n_placed == 0 and size > most:
        group[np.argsort(-count, kind="stable")[most - 1 :]] = size
    return np.asarray(np.unique(group, return_inverse=True)[1][codes], np.intp)
