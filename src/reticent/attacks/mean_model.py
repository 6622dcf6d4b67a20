"""The mean of linear models over random parts of a pool: one fit, each row's loss softened by what the row itself does.

A model that learns from a random share π of the pool solves λ w = Σ r_j z_j over the rows j that it was given, where
r_j is the residual *after* learning from row j. So λ w̄ = π Σ r_j z_j on average over parts: the optimum of the whole
pool at weight π, each loss replaced by its Moreau envelope of width (1 - π) h, since a row with leverage h stands
(1 - π) h r beyond its mean where it was learned from, and π h r below where not. Without the envelope it would be the
fit of a model of all n rows, which is less sure of each of them than models of π n rows are of theirs (leave-one-out
argument of El Karoui 2013 and Bean et al. 2013, made for columns nearly as many as rows).
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy import linalg, special

Array = npt.NDArray[np.float64]
Single = npt.NDArray[np.float32]
Ids = npt.NDArray[np.intp]

_CHUNK = 32_768  # rows
_ALIKE = 1e-7  # of the largest curvature: what is less is rounding
_FREE = 1e-6  # penalty of what is not penalized, against rows that count 1 each: the Hessian stays invertible
_STEPS = 8


@dataclass(frozen=True, eq=False, kw_only=True)
class Pool:
    """The rows of a pool, equal ones of one unit put together.

    ``z`` (n, d) holds columns of about unit size, ``penalty`` (d,) the λ of each, ``gram`` (d, d) is z'z. ``truth``
    (n,) is the class 0..C-1, ``weights`` (n,) the factor of the loss, ``unit`` (n,) says which rows come and go
    together, ``share`` is π. ``blocks`` is how many sets of weights there are: 1 for two classes, C for more.
    """

    z: Single
    penalty: Array
    gram: Array
    truth: Ids
    weights: Single
    unit: Ids
    blocks: int
    share: float

    @property
    def alone(self) -> bool:
        """Whether each row is a unit of its own."""
        return int(self.unit.max()) + 1 == len(self.z)


@dataclass(frozen=True, eq=False, kw_only=True)
class View:
    """The pool as one mean model sees it: ``slopes`` (n, B) are those of the log-odds in each block's score."""

    middle: Single  # (n,), log-odds of the truth by the mean model
    slopes: Single
    residual: Single  # (n,), c sigmoid(-t) where the row was learned from
    curvature: Single  # (n,), of the loss in t, there
    softened: Single  # (n,), of the loss's envelope in the middle
    value: float  # sum of the envelopes


def conditioned(x: npt.NDArray[Any], penalty: float, intercept: bool) -> tuple[Single, Array]:
    """Return columns of about unit size (n, d) and the penalty of each (d,), so that the model stays the same."""
    middle = x.mean(axis=0, dtype=np.float64) if intercept else np.zeros(x.shape[1])  # the constant makes up for it
    z = (x - middle.astype(x.dtype)).astype(np.float32)
    z = z[:, np.sqrt(np.mean(z * z, axis=0, dtype=np.float64)) > 1e-6 * np.abs(middle)]  # else the constant, rounded
    if z.shape[1] > len(z):  # a model penalized evenly stays within the span of its rows
        sizes, basis = linalg.eigh(z.astype(np.float64) @ z.T.astype(np.float64))
        spanned = sizes > 1e-9 * sizes[-1]
        z = (basis[:, spanned] * np.sqrt(sizes[spanned])).astype(np.float32)
    size = np.sqrt(np.mean(z * z, axis=0, dtype=np.float64))
    constant = intercept or not len(size)  # nothing else to tell rows apart by
    found = np.full((len(z), len(size) + constant), intercept, np.float32)
    np.divide(z, size.astype(np.float32), out=found[:, : len(size)])
    return found, np.maximum(np.append(penalty / size**2, [0.0] * constant), _FREE)


def distinct(z: Single, truth: Ids, unit: Ids) -> tuple[Ids, Ids, Array]:
    """Return the rows kept where equal ones share a unit, each row's place among them, and how often each stands."""
    crowded = np.flatnonzero(np.bincount(unit)[unit] > 1)
    name = np.arange(len(z))
    if len(crowded):
        told = np.column_stack([z[crowded], truth[crowded], unit[crowded]])
        _, first, same = np.unique(told, axis=0, return_index=True, return_inverse=True)
        name[crowded] = crowded[first][same.ravel()]
    kept, row, times = np.unique(name, return_inverse=True, return_counts=True)
    return kept, row, times.astype(np.float64)


def parts(n: int) -> Iterator[slice]:
    """Cut n rows into chunks."""
    return (slice(first, first + _CHUNK) for first in range(0, n, _CHUNK))


def gram(z: Single, weights: Single | None = None) -> Array:
    """Return Σ w z z', shape (d, d), summed up in double precision over chunks."""
    total = np.zeros((z.shape[1], z.shape[1]))
    for part in parts(len(z)):
        rows = z[part] if weights is None else z[part] * np.sqrt(weights[part])[:, None]
        total += rows.T @ rows
    return total


def inverse_root(curvature: Array, penalty: Array) -> Single:
    """Return R with R R' the inverse of curvature + diag(penalty), shapes (d, d)."""
    hessian = curvature.copy()
    np.einsum("ii->i", hessian)[:] += penalty
    try:
        lower = linalg.cholesky(hessian, lower=True, check_finite=False)
    except linalg.LinAlgError:  # so weak a penalty on columns so alike that single precision cannot tell them apart
        values, vectors = linalg.eigh(hessian)
        return np.asarray(vectors / np.sqrt(np.maximum(values, _ALIKE * values[-1])), dtype=np.float32)
    return np.asarray(linalg.lapack.dtrtri(lower, lower=1)[0].T, dtype=np.float32)


def look(pool: Pool, theta: Array, leverage: Single, mates: Single) -> View:
    """Return log-odds, slopes and losses of the rows under the mean model ``theta``, shape (d, B).

    Each row inside adds its leverage times its residual to its own log-odds, and its unit's other rows add ``mates``.
    """
    scores = pool.z @ theta.astype(np.float32)
    if pool.blocks == 1:
        slopes = np.where(pool.truth == 1, np.float32(1), np.float32(-1))[:, None]
        middle = slopes[:, 0] * scores[:, 0]
    else:
        own = np.arange(len(scores)), pool.truth
        truth = scores[own]
        scores[own] = -np.inf
        most = scores.max(axis=1)
        slopes = np.exp(scores - most[:, None])
        total = slopes.sum(axis=1)
        middle = truth - most - np.log(total)
        slopes /= -total[:, None]
        slopes[own] = 1
    width = (1 - pool.share) * leverage * pool.weights
    inner = _learned(middle + (1 - pool.share) * mates, width)
    chance = special.expit(-inner)
    curvature = pool.weights * chance * (1 - chance)
    envelope = pool.weights * (np.logaddexp(np.float32(0), -inner) + width * chance**2 / 2)
    return View(
        middle=middle,
        slopes=slopes,
        residual=pool.weights * chance,
        curvature=curvature,
        softened=curvature / (1 + (1 - pool.share) * leverage * curvature),
        value=float(envelope.sum(dtype=np.float64)),
    )


def _learned(before: Single, width: Single) -> Single:
    """Return t that solves t = before + width sigmoid(-t): what a row's own weight makes of its log-odds.

    The curve bends at t = 0 alone, so that Newton's steps from there, or from nearer to the solution on the same side,
    never leap over it.
    """
    t = np.maximum(before, np.minimum(0, before + width))
    left = np.flatnonzero(width > 0)
    for _ in range(60):
        if not len(left):
            break
        at, wide = t[left], width[left]
        chance = special.expit(-at)
        step = (at - before[left] - wide * chance) / (1 + wide * chance * (1 - chance))
        t[left] = at - step
        left = left[np.abs(step) > 1e-4 * (1 + np.abs(at))]
    return np.asarray(t)


def fit(pool: Pool, theta: Array, roots: list[Single], leverage: Single, mates: Single, *, near: float) -> Array:
    """Return the mean model from ``theta`` on, shape (d, B): limited-memory BFGS, led by the blocks' inverse roots.

    It ends after a few steps, or when the squared distance to the optimum, measured by the Hessian, is below ``near``.
    """

    def at(theta: Array) -> tuple[float, Array]:
        view = look(pool, theta, leverage, mates)
        pull = pool.penalty[:, None] * theta
        push = pool.z.T @ (view.slopes * view.residual[:, None])
        return pool.share * view.value + float((pull * theta).sum()) / 2, pull - pool.share * push

    def ahead(gradient: Array) -> Array:
        single = gradient.astype(np.float32)
        return np.column_stack([root @ (root.T @ single[:, block]) for block, root in enumerate(roots)]).astype(float)

    value, gradient = at(theta)
    past: list[tuple[Array, Array, float]] = []
    for _ in range(_STEPS):
        step = -_two_loops(gradient, past, ahead)
        slope = float((gradient * step).sum())
        if -slope < near:
            break
        for _ in range(12):
            reached, turned = at(theta + step)
            if reached <= value + 1e-4 * slope:
                break
            step, slope = step / 2, slope / 2
        else:  # as near as single precision comes
            break
        change = turned - gradient
        if (product := float((step * change).sum())) > 0:
            past.append((step, change, product))
        theta, value, gradient = theta + step, reached, turned
    return theta


def _two_loops(gradient: Array, past: list[tuple[Array, Array, float]], ahead: Callable[[Array], Array]) -> Array:
    """Return the inverse Hessian, as the last steps have shown it, times the gradient (Nocedal 1980)."""
    left, shares = gradient, []
    for moved, change, product in reversed(past):
        shares.append(float((moved * left).sum()) / product)
        left = left - shares[-1] * change
    found = ahead(left)
    for (moved, change, product), taken in zip(past, reversed(shares), strict=True):
        found = found + (taken - float((change * found).sum()) / product) * moved
    return found
