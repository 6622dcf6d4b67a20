"""Boosted trees by leaf arithmetic: what would this model say of a person had it not learned from them?

The attacker sees probabilities, knows how the trees were boosted and has people of the same population; trains a few
models on halves of them and, in each, takes every row out of (or puts it into) the sums of its own leaves, round by
round. Success means telling members from others as a likelihood ratio does (Carlini et al. 2022, arXiv:2112.03570) on
many times more models. Leaves that sum over their rows' gradients: Chen and Guestrin 2016, arXiv:1603.02754.

Splits stay as they are in this arithmetic, so it understates what a row adds. Each row truly is in some of the fits and
out of others: what the arithmetic lacks is learned from there, as a smooth function of the row's gap and level over the
whole pool, and so is how much models differ on a row. No setting is chosen on the target.

>>> import numpy as np
>>> rng = np.random.default_rng(0)
>>> inside = np.array([[True], [False]]) ^ (rng.random(500) < 0.5)
>>> without = rng.normal(size=500) + 0.1 * rng.normal(size=(2, 500))
>>> made = moments_of(without + 2 * inside, without + 2 * ~inside - 1, inside)
>>> float(np.mean(made.mean_in - made.mean_out).round())
2.0
"""

from dataclasses import dataclass
from itertools import combinations_with_replacement
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt
from scipy import special, stats

from reticent import _progress, _seeds, _validate
from reticent.attacks import moments
from reticent.attacks.attack import admit
from reticent.attacks.moments import Moments
from reticent.attacks.result import Finding
from reticent.attacks.signals import confidence, smoothed_logit
from reticent.attacks.workbench import Workbench
from reticent.errors import AccessError
from reticent.target import splits
from reticent.target.access import Access
from reticent.target.family.boosting import Boosted, Boosting, LeafRule
from reticent.target.target import Target

Array = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]

_TRIALS = 10.0  # flattens log-odds beyond nine in ten, where models differ among themselves more than by memory
_PRIOR = 32.0  # fits that the pool's variance counts for; from 8 to 1,000 the attack finds the same
_LEAST = 1e-6  # curvature of a leaf that is left to nobody; variance of a signal that never moved
_CHECKED = 300  # rows of each fit
_TOLERANCE = 1e-3  # of a raw score, absolute up to 1 and relative beyond: libraries add in single precision


def with_and_without(model: Boosted) -> tuple[Array, Array]:
    """Return the raw scores of each row by the model as it is, and had the row been on the other side: (n, K) each.

    A row that the model learned from is taken out, any other is put in. In every round this changes the two sums of
    the row's own leaf by its gradient and curvature; those of a row put in follow its own score so far.
    """
    inside, outside = np.flatnonzero(model.learned), np.flatnonzero(~model.learned)
    order, m, columns = np.concatenate([inside, outside]), len(inside), model.leaves.shape[1]
    weight = model.weight[order, None]
    truth = (model.truth[order, None] == (np.arange(columns) if columns > 1 else 1)).astype(np.float64)
    sign = np.where(np.arange(len(order)) < m, -1.0, 1.0)
    real = np.tile(np.asarray(model.start, dtype=np.float64), (len(order), 1))
    other, own = real.copy(), real.copy()
    for step, trees in enumerate(model.leaves):
        p = special.expit(own) if columns == 1 else special.softmax(own, axis=1)
        gradient = weight * (p - truth)
        curvature = weight * p * (1 - p) * model.rule.curvature
        for k, tree in enumerate(trees):
            leaf, g, h = tree[order], gradient[:, k], curvature[:, k]
            size = int(leaf.max()) + 1
            if size == 1 and not model.rule.lone:
                continue
            sum_g, sum_h = (np.bincount(leaf[:m], part[:m], size).astype(np.float64) for part in (g, h))
            if model.extra_l2 is not None:
                sum_h += model.extra_l2[step, k, :size]
            real[:, k] += leaf_values(sum_g, sum_h, model.rule)[leaf]
            other[:, k] += leaf_values(sum_g[leaf] + sign * g, sum_h[leaf] + sign * h, model.rule)
        own[:m], own[m:] = real[:m], other[m:]
    back = np.argsort(order)
    return real[back], other[back]


def leaf_values(gradient: Array, curvature: Array, rule: LeafRule) -> Array:
    """Return the values of leaves with these sums, of any shape."""
    if rule.l1:
        gradient = np.sign(gradient) * np.maximum(np.abs(gradient) - rule.l1, 0)
    step = -gradient / np.maximum(curvature + rule.l2, _LEAST)
    return rule.rate * (np.clip(step, -rule.max_step, rule.max_step) if rule.max_step else step)


def log_odds(raw: Array, truth: npt.NDArray[np.intp]) -> Array:
    """Return the log-odds of the true class from raw scores: (n, K) and (n,) -> (n,)."""
    if raw.shape[1] == 1:
        return np.asarray(np.where(truth == 1, raw[:, 0], -raw[:, 0]))
    rest = raw.copy()
    rest[np.arange(len(raw)), truth] = -np.inf
    return np.asarray(raw[np.arange(len(raw)), truth] - special.logsumexp(rest, axis=1))


def moments_of(real: Array, other: Array, inside: Mask) -> Moments:
    """Return the moments of each row's signal from F fits, by each as it is and had the row been on the other side.

    All three have shape (F, n). What ``other`` lacks beside ``real`` is taken from the rows that were in one fit and
    out of another; variances are shrunk to what is usual at such a gap and level.
    """
    within, without = np.where(inside, real, other), np.where(inside, other, real)
    shape = _basis((within - without).mean(axis=0), (within + without).mean(axis=0) / 2)
    sides = []
    for signals, truly in ((within, inside), (without, ~inside)):
        count = truly.sum(axis=0)
        both = (count > 0) & (count < len(truly))
        lacking = np.where(truly, signals, 0).sum(axis=0) / np.maximum(count, 1)
        lacking -= np.where(truly, 0, signals).sum(axis=0) / np.maximum(len(truly) - count, 1)
        whole = np.where(truly, signals, signals + _smooth(shape, lacking, both))
        squares = ((whole - whole.mean(axis=0)) ** 2).sum(axis=0)
        spread = squares / (len(truly) - 1) + _LEAST
        usual = np.exp(_smooth(shape, np.log(spread + spread.mean() / 1000), np.ones_like(both)))
        usual *= spread.mean() / usual.mean()
        sides.append((whole.mean(axis=0), (squares + _PRIOR * usual) / (len(truly) - 1 + _PRIOR) + _LEAST))
    (mean_in, var_in), (mean_out, var_out) = sides
    return Moments(mean_in=mean_in, var_in=var_in, mean_out=mean_out, var_out=var_out)


def _basis(*columns: Array) -> Array:
    """Return all products of up to two of the columns, as ranks and as standard scores, shape (n, 15) for two."""
    n = len(columns[0])
    parts = [stats.rankdata(column) * 2 / n - 1 for column in columns]
    parts += [np.clip((c - c.mean()) / (c.std() + _LEAST), -4, 4) for c in columns]
    products = (np.multiply(*pair) for pair in combinations_with_replacement([np.ones(n), *parts], 2))
    return np.stack(list(products), axis=1)


def _smooth(shape: Array, values: Array, known: Mask) -> Array:
    """Return values as a smooth function of the basis, learned where they are known, shape (n,)."""
    basis = shape[known]
    gram = basis.T @ basis + 1e-3 * (known.sum() + 1) * np.eye(shape.shape[1])
    return np.asarray(shape @ np.linalg.solve(gram, basis.T @ values[known]))


@dataclass(frozen=True, kw_only=True)
class LeafArithmetic:
    """Leaf arithmetic in ``fits`` boosted models of halves, half of them complements of the others."""

    fits: int = 4
    targets: int = 0

    name: ClassVar[str] = "boosting"
    title: ClassVar[str] = "leaf arithmetic (boosted trees)"
    needs: ClassVar[Access] = Access.SCORES
    needs_recipe: ClassVar[bool] = True
    needs_family: ClassVar[type[Any] | None] = Boosting

    def __post_init__(self) -> None:
        _validate.at_least(2, fits=self.fits)
        _validate.at_least(0, targets=self.targets)

    def run(self, target: Target, seed: int = 0, bench: Workbench | None = None) -> Finding:
        """Fit a few models, learn from their leaves how to read the target, and read it.

        Raises
        ------
        AccessError
            If the arithmetic does not give the scores that the fitted models really give.
        """
        admit(self, target)
        bench = bench or Workbench()
        made, facts = fitted_moments(target, self.fits, seed, bench)
        return moments.find(
            self,
            target,
            seed,
            bench,
            moments=made,
            signal=lambda scores: smoothed_logit(confidence(scores, target.truth), _TRIALS),
            targets=self.targets,
            facts=facts,
            parameters={},
        )


def fitted_moments(target: Target, fits: int, seed: int, bench: Workbench) -> tuple[Moments, dict[str, Any]]:
    """Return the moments of each row of the target's people from ``fits`` models of its recipe, and facts on them."""
    people = target.population
    halves = splits.halves(people.unit, int(people.is_member.sum()), fits, _seeds.integer(seed, "boosting halves"))
    tasks = ((target, np.flatnonzero(half), _seeds.integer(seed, "boosted", i)) for i, half in enumerate(halves))
    results = _progress.track(bench.spread(_one_fit, tasks), total=fits, title="boosted models")
    real, other, learned = (np.stack(part) for part in zip(*results, strict=True))
    gap = np.where(learned, real - other, other - real).mean()
    made = moments_of(real, other, learned)
    return made, {
        "boosted models fitted": float(fits),
        "mean gap, by arithmetic alone": float(gap),
        "mean gap, with what splits add": float((made.mean_in - made.mean_out).mean()),
    }


def _one_fit(target: Target, rows: npt.NDArray[np.intp], seed: int) -> tuple[Array, Array, Mask]:
    family: Boosting = target.recipe.family  # type: ignore[union-attr,assignment]  # admitted before
    model = family.fit(target.population.table, rows, seed)
    real, other = with_and_without(model)
    some = np.sort(_seeds.generator(seed, "check").permutation(len(real))[:_CHECKED])
    said = model.raw(some)
    error = float(np.max(np.abs(real[some] - said) / np.maximum(1, np.abs(said))))
    if not error <= _TOLERANCE:
        raise AccessError(
            f"leaf arithmetic does not give this model's raw scores (off by up to {error:.2g}), so its leaves hold "
            f"more than sums over its rows. Use LiRA"
        )
    odds = (smoothed_logit(special.expit(log_odds(scores, model.truth)), _TRIALS) for scores in (real, other))
    return (*odds, model.learned)  # type: ignore[return-value]
