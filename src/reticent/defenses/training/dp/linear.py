"""Logistic regression by gradient descent in coordinates that the covariance of the rows, asked for once, made round.

In the raw coordinates a few directions hold most of what rows are, and noise of one size for all directions drowns the
others. The covariance is therefore bought first; rows are turned and stretched so that it is about the identity, as far
as it is more than noise, and the sum of their gradients is asked for ``steps`` times, each row's clipped to one length.
The answer is the mean of the last half of the steps (gradients clipped by row: Abadi et al. 2016, arXiv:1607.00133).

The rows and the residuals are cut to a grid, towards zero, before they are multiplied, and so is what they are
multiplied by: sums are then exact in any order (of up to four million rows), what a row adds is never longer than was
promised, and it is a function of that row alone. Else the last bit of a product may depend on how many rows there are.

>>> shortened(np.array([[0.5], [-0.5]]), np.array([1.0, 4.0])).round(3).tolist()
[[0.5], [-0.25]]
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy import special

from reticent.coding.codes import Floats
from reticent.defenses.training.dp.coded import Coded
from reticent.defenses.training.dp.encoding import GRID, Encoding
from reticent.mechanisms.curator import Curator

_RESIDUAL_GRID = 2.0**-12
_TURN_BITS, _WEIGHT_BITS = 30, 24  # with the bits of the rows and of a sum over the width: fewer than 53
_CHUNK = 1 << 14  # rows that are held as 64-bit numbers at a time
_SCALE = np.sqrt(8.0)  # of rows that are not turned
_LONGEST = 256.0  # of a turned row: far above the length of any gradient, and 24 bits hold it on its grid
_A_HAIR = 1e-9  # so that rounding never makes a gradient longer than was promised


@dataclass(frozen=True, kw_only=True)
class Descent:
    """How to descend.

    ``share`` of what is left buys the covariance; with none, rows stay as they are. ``clip`` is the length to which a
    row's gradient is clipped, beside the expected length of a row.
    """

    clip: float
    share: float
    steps: int = 20
    rate: float = 3.0
    momentum: float = 0.5


def descend(
    encoding: Encoding, coded: Coded, wanted: Floats, curator: Curator, *, people: float, how: Descent
) -> Floats:
    """Return weights of shape (width, k) for rows of the encoding; all of what is left of the budget is spent.

    Parameters
    ----------
    wanted : ndarray of shape (n, k)
        What the model should say of each row: for k = 1 a share from 0 to 1, else probabilities.
    people
        About how many rows there are.
    """
    left = curator.left
    turn, longest = round_by(encoding, coded, curator, how.share * left, people) if how.share else plain(encoding.width)
    length = how.clip * longest
    turned, lengths = turned_rows(encoding, coded, turn)
    share = (1 - how.share) * left / how.steps
    weights = np.zeros((encoding.width, wanted.shape[1]))
    speed, mean = np.zeros_like(weights), np.zeros_like(weights)
    kept = how.steps - how.steps // 2
    for step in range(how.steps):
        exact = gradient(turned, lengths / length, on_grid(weights, _WEIGHT_BITS), wanted)
        noisy = curator.gaussian("gradients", exact, sensitivity=length, share=share, grid=GRID * _RESIDUAL_GRID)
        speed = how.momentum * speed + noisy / people
        weights = weights - how.rate * speed
        if step >= how.steps // 2:
            mean += weights / kept
    return np.asarray(turn @ mean)


def plain(width: int) -> tuple[Floats, float]:
    """Return what leaves rows as they are, but for a scale that suits the rate, and the length that rows then have."""
    return np.eye(width) * _SCALE, _SCALE


def round_by(encoding: Encoding, coded: Coded, curator: Curator, share: float, people: float) -> tuple[Floats, float]:
    """Return what makes the covariance round, shape (width, width), and how long a row is then, on average."""
    noisy = covariance(encoding, coded, curator, share)
    sizes, directions = np.linalg.eigh(noisy / people)
    sizes = np.maximum(sizes, 0.0)
    # Where the eigenvalues of noise alone end.
    damped = sizes + np.sqrt(2 * encoding.width) * curator.answers[-1].sd / people
    return on_grid(directions / np.sqrt(damped), _TURN_BITS), float(np.sqrt(max((sizes / damped).sum(), 1.0)))


def covariance(encoding: Encoding, coded: Coded, curator: Curator, share: float) -> Floats:
    """Return the sum over rows of their products with themselves, noisy, shape (width, width).

    Only the half above the diagonal is asked for: a row of length 1 adds at most sqrt((1 + f) / 2) to it, where f is
    the sum of the fourth powers of its coordinates.
    """
    total = np.zeros((encoding.width, encoding.width))
    for part in _chunks(len(coded)):
        rows = encoding.rows(coded.take(part))
        total += rows.T @ rows
    half = np.triu_indices(encoding.width)
    noisy = np.zeros_like(total)
    sensitivity = float(np.sqrt((1 + encoding.fourth) / 2))
    noisy[half] = curator.gaussian("covariance", total[half], sensitivity=sensitivity, share=share, grid=GRID**2)
    return noisy + np.triu(noisy, 1).T


def on_grid(matrix: Floats, bits: int) -> Floats:
    """Return numbers of so many bits below the largest, so that their products with rows are exact."""
    largest = float(np.abs(matrix).max())
    if largest == 0.0:
        return matrix
    step = 2.0 ** (np.ceil(np.log2(largest)) - bits)
    return np.asarray(np.rint(matrix / step) * step)


def turned_rows(encoding: Encoding, coded: Coded, turn: Floats) -> tuple[npt.NDArray[np.float32], Floats]:
    """Return the turned rows, shape (n, width), and their lengths, shape (n,).

    They are multiples of GRID, and none is longer than 32 bits can hold of these.
    """
    turned, lengths = np.empty((len(coded), encoding.width), np.float32), np.empty(len(coded))
    for part in _chunks(len(coded)):
        rows = encoding.rows(coded.take(part)) @ turn
        long = np.maximum(np.linalg.norm(rows, axis=1), 1e-12)
        rows = np.trunc(rows * (np.minimum(1.0, _LONGEST / long) / GRID)[:, None]) * GRID
        turned[part], lengths[part] = rows, np.linalg.norm(rows, axis=1)
    return turned, lengths


def gradient(turned: npt.NDArray[np.float32], lengths: Floats, weights: Floats, wanted: Floats) -> Floats:
    """Return the sum over rows of the row times its residual, shape (width, k).

    ``lengths`` of the rows, shape (n,), are beside the length to which a gradient is clipped.
    """
    total = np.zeros(weights.shape)
    for part in _chunks(len(turned)):
        rows = turned[part].astype(np.float64)
        total += rows.T @ shortened(likely(rows @ weights) - wanted[part], lengths[part])
    return total


def likely(logits: Floats) -> Floats:
    """Return probabilities, shape (n, k): of one logit a row by the logistic function, of several by the softmax."""
    return np.asarray(special.expit(logits) if logits.shape[1] == 1 else special.softmax(logits, axis=1))


def shortened(residuals: Floats, lengths: Floats) -> Floats:
    """Return residuals, shape (n, k), on a grid, shortened until they are, times the length of their row, at most 1."""
    long = np.linalg.norm(residuals, axis=1) * lengths * (1 + _A_HAIR)
    return np.asarray(np.trunc(residuals / (np.maximum(long, 1.0) * _RESIDUAL_GRID)[:, None]) * _RESIDUAL_GRID)


def _chunks(n: int) -> Iterator[Any]:
    return (slice(start, min(start + _CHUNK, n)) for start in range(0, n, _CHUNK))
