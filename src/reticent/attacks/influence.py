"""Linear models over random parts of a pool, in closed form: what each row weighs, and how all others sway it.

A model that learns from a random share π of the pool minimizes Σ c_j loss(t_j) + λ|w|²/2 over the rows j that it was
given, where t_j is the log-odds of the truth of row j. One fit gives what many such models would say of each row:

- *Own effect.* A row adds h r to its own log-odds: its leverage h = z'H⁻¹z (H: Hessian without the row) and the
  residual r that is left once it was learned from, a fixed point in one number. Exact where H stands still.
- *Mean.* The mean model of :mod:`reticent.attacks.mean_model`.
- *Variance.* Others come and go at random, only their number is fixed: π (1 - π) Σ (z'H⁻¹z_j r_j)² about its mean. Row
  j's own weight is taken out of H (the jackknife's correction), and its residual wavers with the others (the second
  order): without both, spread is understated where columns are nearly as many as rows.

Rows of one unit come and go together; their effects are summed before they are squared. Sources: Cook and Weisberg
1982 (leverage), Efron and Stein 1981 (jackknife variance), Koh and Liang 2017 (influence, arXiv:1703.04730).

What is left out: with C > 2 classes the Hessian is taken block by block, one class at a time (that of Location-30, 446
columns by 30 classes, would fill 1.4 GB), and a class counts in the log-odds of those rows alone that give it a tenth
of what they do not give to the truth. Work grows as n d² C at most, memory as d² C beside the table and n C numbers.
"""

from collections.abc import Iterator
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy import linalg, sparse

from reticent.attacks.mean_model import (
    Array,
    Ids,
    Pool,
    Single,
    View,
    conditioned,
    distinct,
    fit,
    gram,
    inverse_root,
    look,
    parts,
)
from reticent.attacks.moments import Moments

_MINOR = 0.1  # a class of smaller weight in a row counts by its mean over all such rows
_MOST = 0.9  # share of its own curvature that a row may hold: beyond, the model of the others is no model at all
_WAVERING = 4.0  # variance beyond which a log-odds no longer tells how a residual moves
_ROUNDS = 4
_NEAR = 1e-3  # of the variance of the weights, measured by the Hessian
_SETTLED = 0.03  # of a standard deviation
_FLOOR = 1e-6  # variance of a signal that never moved


def linear_moments(
    x: npt.NDArray[Any],
    truth: Ids,
    *,
    weights: Array,
    unit: Ids,
    classes: int,
    penalty: float,
    intercept: bool,
    share: float,
) -> Moments:
    """Return mean and variance of each row's log-odds of the truth, with the row in training and without.

    Parameters
    ----------
    x, truth
        Columns, shape (n, d), and classes 0..C-1, shape (n,), of the whole pool.
    weights, unit
        Weight of each row's loss, and numbers that rows share which go in or stay out together, shapes (n,).
    classes
        C. With two, one set of weights tells them apart; with more, each has its own.
    penalty, intercept
        λ of λ|w|²/2 beside the sum of losses, and whether a constant is added that is not penalized.
    share
        π, the share of the pool that a model learns from.
    """
    z, penalties = conditioned(x, penalty, intercept)
    kept, row, times = distinct(z, truth, unit)
    z, blocks = z if len(kept) == len(z) else z[kept], 1 if classes == 2 else classes
    pool = Pool(
        z=z,
        penalty=penalties,
        gram=gram(z),
        truth=truth[kept],
        weights=(weights[kept] * times).astype(np.float32),
        unit=np.unique(unit[kept], return_inverse=True)[1],
        blocks=blocks,
        share=share,
    )
    theta = np.zeros((z.shape[1], blocks))
    flat = pool.share * float(weights.mean()) * (0.25 if blocks == 1 else (1 - 1 / blocks) / blocks)
    roots = [inverse_root(pool.gram * flat, penalties)] * blocks
    near = _NEAR * min(20, (1 - share) * float(np.sum((roots[0].T @ (pool.gram * flat)) * roots[0].T)) * blocks)
    leverage = mates = np.zeros(len(z), np.float32)
    if blocks > 1:  # a first guess spares a round: where the model is sure, curvature is less than flat, leverage more
        leverage = 2 * np.concatenate([((z[part] @ roots[0]) ** 2).sum(axis=1) for part in parts(len(z))])
    for _ in range(_ROUNDS):
        theta = fit(pool, theta, roots, leverage, mates, near=near)
        view = look(pool, theta, leverage, mates)
        roots = _curved(pool, view)
        held, freed = _leverages(pool, view, roots)
        before, leverage = leverage * view.residual, held.sum(axis=0) * freed
        mates = _mates(pool, view, roots, held, freed)
        view = look(pool, theta, leverage, mates)
        step, spread = leverage * view.residual - before, np.sqrt(_rough(pool, view, held, freed))
        if np.abs(step).mean() < _SETTLED * np.median(spread):
            break
    variance = _variance(pool, view, roots, held, freed)
    own = leverage * view.residual + mates
    inside = variance / (1 + leverage * view.curvature) ** 2
    found = (view.middle + (1 - pool.share) * own, inside, view.middle - pool.share * own, variance)
    mean_in, var_in, mean_out, var_out = (np.asarray(one[row], dtype=np.float64) for one in found)
    return Moments(mean_in=mean_in, var_in=var_in + _FLOOR, mean_out=mean_out, var_out=var_out + _FLOOR)


def _curved(pool: Pool, view: View) -> list[Single]:
    """Return the inverse root of each block of the mean Hessian of the parts."""
    roots = []
    for block in range(pool.blocks):
        slope = view.slopes[:, block]
        weight = view.softened * slope**2
        if pool.blocks > 1:  # the log-odds bend, too
            rival = np.where(pool.truth == block, 0, -slope)
            weight = (weight + view.residual * rival * (1 - rival)) * _coupling(pool)
        heavy = _heavy(view, block)
        if len(heavy) * 2 > len(weight):
            curvature = gram(pool.z, weight)
        else:
            light = float(np.delete(weight, heavy).mean())
            curvature = light * pool.gram + gram(pool.z[heavy], np.maximum(weight[heavy] - light, 0))
        roots.append(inverse_root(pool.share * curvature, pool.penalty))
    return roots


def _coupling(pool: Pool) -> float:
    """Return what makes up for taking classes one by one, in Hessians and in variances: C / (C - 1).

    What one class gains the others lose. Where all are rivals alike, blocks alone miss 1 / C of it between two classes.
    """
    return 1.0 if pool.blocks == 1 else pool.blocks / (pool.blocks - 1)


def _heavy(view: View, block: int) -> Ids:
    """Return the rows in whose log-odds a class counts."""
    return np.flatnonzero(np.abs(view.slopes[:, block]) > _MINOR)


def _heavy_parts(view: View, block: int) -> Iterator[Ids]:
    heavy = _heavy(view, block)
    return (heavy[part] for part in parts(len(heavy)))


def _leverages(pool: Pool, view: View, roots: list[Single]) -> tuple[Single, Single]:
    """Return each row's leverage in each block of H, shape (B, n), and 1 / (1 - the share of H that is its own)."""
    held = np.zeros((pool.blocks, len(pool.z)), np.float32)
    for block, root in enumerate(roots):
        for rows in _heavy_parts(view, block):
            seen = pool.z[rows] @ root
            held[block, rows] = np.einsum("ij,ij->i", seen, seen) * view.slopes[rows, block] ** 2
    return held, 1 / (1 - np.minimum(pool.share * view.softened * held.sum(axis=0), _MOST))


def _mates(pool: Pool, view: View, roots: list[Single], held: Single, freed: Single) -> Single:
    """Return what the other rows of its unit add to each row's log-odds, shape (n,)."""
    added, weight = np.zeros(len(pool.z), np.float32), freed * view.residual
    for block, root in enumerate(roots):
        if (together := _together(pool, view, block, weight)) is None:
            break
        felt = together @ (root @ root.T)
        for rows in _heavy_parts(view, block):
            all_of_it = np.einsum("ij,ij->i", pool.z[rows], felt[pool.unit[rows]]) * view.slopes[rows, block]
            added[rows] += all_of_it - held[block, rows] * weight[rows]
    return added * freed


def _rough(pool: Pool, view: View, held: Single, freed: Single) -> Single:
    """Return about the variance of each row's log-odds, shape (n,), as if the others' pushes were all of one size.

    Then it follows from leverage and the ratio of squared residuals to curvature, near one where the model is right.
    """
    ratio = float(((freed * view.residual) ** 2).sum() / max(float(view.softened.sum()), 1e-30))
    return np.asarray((1 - pool.share) * freed**2 * held.sum(axis=0) * ratio)


def _variance(pool: Pool, view: View, roots: list[Single], held: Single, freed: Single) -> Single:
    """Return the variance of each row's log-odds over parts without it, shape (n,)."""
    n, units = len(pool.z), int(pool.unit.max()) + 1
    # What a row adds wavers with the others, most where columns are nearly as many as rows.
    wavering = np.minimum(_rough(pool, view, held, freed), _WAVERING)
    inner = view.curvature / (1 + freed * held.sum(axis=0) * view.curvature)
    weight = freed * np.sqrt(view.residual**2 + inner**2 * wavering)
    squares, total = np.zeros(n, np.float32), np.zeros(n, np.float32)
    for block, root in enumerate(roots):
        slope, heavy = view.slopes[:, block], _heavy(view, block)
        together = _together(pool, view, block, weight)
        if together is None and len(heavy) <= len(root):  # fewer pairs of rows than weights
            seen = (pool.z[heavy] @ root) * slope[heavy, None]
            pairs = seen @ seen.T * weight[heavy]
            total[heavy] += pairs.sum(axis=1)
            np.einsum("ii->i", pairs)[:] = 0
            squares[heavy] += np.einsum("ij,ij->i", pairs, pairs)
            continue
        spread, pushed = np.zeros(root.shape), np.zeros(len(root))
        for pushes in _pushes(pool, view, block, weight) if together is None else [together]:
            seen = pushes @ root
            spread += seen.T @ seen
            pushed += seen.sum(axis=0, dtype=np.float64)
        spread = linalg.cholesky(spread + (1e-5 * np.trace(spread) / len(spread) + 1e-30) * np.eye(len(spread)))
        led = root @ np.column_stack([spread.T, pushed]).astype(np.float32)
        for rows in _heavy_parts(view, block):
            seen = pool.z[rows] @ led
            own = held[block, rows] * weight[rows]
            if together is not None:
                own = np.einsum("ij,ij->i", pool.z[rows] @ (root @ root.T), together[pool.unit[rows]]) * slope[rows]
            squares[rows] += np.einsum("ij,ij->i", seen[:, :-1], seen[:, :-1]) * slope[rows] ** 2 - own**2
            total[rows] += seen[:, -1] * slope[rows]
    # The number of rows that a model is given is fixed: what all would add together cannot vary.
    spread = np.maximum(_coupling(pool) * squares - total**2 / units, 0) * (units / max(units - 1, 1))
    return np.asarray(pool.share * (1 - pool.share) * freed**2 * spread)


def _pushes(pool: Pool, view: View, block: int, weight: Single) -> Iterator[Single]:
    """Cut into chunks what each row adds to the gradient of one block, shape (rows, d); no light rows."""
    for rows in _heavy_parts(view, block):
        yield pool.z[rows] * (weight[rows] * view.slopes[rows, block])[:, None]


def _together(pool: Pool, view: View, block: int, weight: Single) -> Single | None:
    """Return what each unit adds to the gradient of one block, shape (units, d), or None where all rows are alone."""
    if pool.alone:
        return None
    heavy = _heavy(view, block)
    place = (pool.unit[heavy], np.arange(len(heavy)))
    members = sparse.csr_array((np.ones(len(heavy), np.float32), place), (int(pool.unit.max()) + 1, len(heavy)))
    return np.asarray(members @ (pool.z[heavy] * (weight[heavy] * view.slopes[heavy, block])[:, None]))
