"""What attackers gain falls with the number of records as a power law: from a few sizes to the size that is enough.

Above a guess, attackers of models trained on S records per class gain TPR - FPR = exp(-beta_0) S^-beta. Theory gives
beta = 1/2 for every fixed FPR, in the mean over records and for each record alone (Tobaben et al. 2025,
arXiv:2402.06674). Here both numbers are fitted to the gains measured at a few sizes, with a normal prior for beta
around 1/2: few sizes that lie close together say little about a slope.

Gains enter as they are, each with its own noise, not as logarithms: a size at which nothing was found is then a
measurement like any other. What the measurements share (the same people at each size) is in their covariance. The
prior counts as one more measurement; where the measurements do not lie on one line, or not on one that the prior
allows, all noise is taken for larger in proportion (Birge 1932).

>>> import numpy as np
>>> law = fit([500, 1000, 2000], [0.040, 0.029, 0.021], np.diag([0.002, 0.002, 0.002]) ** 2)
>>> print(law.slope())
-0.467 (-0.612 to -0.323)
>>> print(f"{law.size_for(0.01).value:,.0f}")
9,734
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import optimize, stats

from reticent import _validate
from reticent.errors import ParameterError
from reticent.stats.estimate import Estimate
from reticent.stats.several import BLOCKS, rates_by_block

Array = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]
Part = tuple[Array, Mask, npt.NDArray[np.intp]]

THEORY = -0.5
PRIOR_SD = 0.25  # from "more data do not help" to "twice the data, half the leak" in 95 of 100 kinds of models
MOST = 1e18  # records; above, a number means "never"
_FURTHEST_UP = 700.0  # the logarithm of the largest float
_FLOOR = 1e-10  # variance of a gain that never moved: where all are recognized, or none


def gains(sizes: Sequence[Sequence[Part]], *, fpr: float) -> tuple[Array, Array]:
    """Return TPR - FPR at each of k sizes as a mean over its models, and the covariance, shapes (k,) and (k, k).

    Parameters
    ----------
    sizes
        For each size its disjoint parts of the people: (scores, membership, unit) of shapes (T, n), (T, n) and (n,).
        A unit has the same number at every size: its blocks are left out everywhere at once, so that the covariance
        knows that the people are the same (delete-a-group jackknife, :mod:`reticent.stats.several`).
    """
    value, without, models = np.empty(len(sizes)), np.empty((len(sizes), BLOCKS)), np.empty(len(sizes))
    for k, parts in enumerate(sizes):
        seen = [rates_by_block(*part, fpr=fpr) for part in parts]
        value[k] = np.mean([each.mean() for each, _ in seen])
        without[k] = np.mean([left_out.mean(axis=0) for _, left_out in seen], axis=0)
        models[k] = sum(each.var(ddof=1) / len(each) for each, _ in seen) / len(seen) ** 2
    apart = without - without.mean(axis=1, keepdims=True)
    return value - fpr, (BLOCKS - 1) / BLOCKS * apart @ apart.T + np.diag(models)


@dataclass(frozen=True, eq=False, kw_only=True)
class PowerLaw:
    """A fitted power law: ``log gain = level + beta * (log size - center)``, with ``beta`` below zero.

    ``covariance`` is that of (level, beta), shape (2, 2); ``misfit`` is by how much all
    variances were taken for larger, ``sizes`` at how many sizes gains were measured.
    """

    center: float
    level: float
    beta: float
    covariance: Array
    misfit: float
    sizes: int

    def slope(self, *, level: float = 0.95) -> Estimate:
        """Return the slope in the logarithms: -1/2 where the law holds as theory has it."""
        half = _student(level) * math.sqrt(self.covariance[1, 1])
        return self._estimate(self.beta, self.beta - half, self.beta + half, level)

    def gain(self, size: float, *, level: float = 0.95) -> Estimate:
        """Return TPR - FPR of models trained on ``size`` records per class."""
        away = np.array([1.0, math.log(size) - self.center])
        middle = self.level + self.beta * float(away[1])
        half = _student(level) * math.sqrt(float(away @ self.covariance @ away))
        value, low, high = (math.exp(min(one, 0.0)) for one in (middle, middle - half, middle + half))
        return self._estimate(value, low, high, level)

    def size_for(self, gain: float, *, level: float = 0.95) -> Estimate:
        """Return the number of records per class at which TPR - FPR falls to ``gain``, with Fieller's interval.

        Its ends are the sizes at which the lower and the upper limit of :meth:`gain` fall to it; infinity where the
        upper limit never does.
        """
        _validate.probability(gain=gain)
        above, beta, t = self.level - math.log(gain), self.beta, _student(level)
        if beta >= 0:
            return self._estimate(MOST, 0.0 if self.covariance[1, 1] * t * t > beta * beta else MOST, math.inf, level)
        (aa, ab), (_, bb) = self.covariance
        found = np.roots([beta * beta - t * t * bb, 2 * (above * beta - t * t * ab), above * above - t * t * aa])
        ends = [float(u.real) for u in found if abs(u.imag) < 1e-9 * max(1.0, abs(u))]
        left = [u for u in ends if above + beta * u >= 0]  # there the lower limit falls to the gain
        right = [u for u in ends if above + beta * u < 0]
        return self._estimate(
            self._records(-above / beta),
            self._records(max(left)) if left else 0.0,
            self._records(min(right)) if right else math.inf,
            level,
        )

    def _records(self, away: float) -> float:
        return min(math.exp(min(self.center + away, _FURTHEST_UP)), MOST)

    def _estimate(self, value: float, low: float, high: float, level: float) -> Estimate:
        return Estimate(value=value, low=low, high=high, level=level, method="power law", n=self.sizes)


def fit(
    size: npt.ArrayLike, gain: npt.ArrayLike, covariance: npt.ArrayLike, *, prior_sd: float | None = PRIOR_SD
) -> PowerLaw:
    """Fit a power law to gains measured at k sizes.

    Parameters
    ----------
    size, gain
        Records per class, and TPR - FPR there, shapes (k,).
    covariance
        Of the gains, shape (k, k).
    prior_sd
        Standard deviation of the normal prior for the slope around -1/2; None for no prior, which takes two sizes.

    Raises
    ------
    ParameterError
        If there are too few different sizes, or nothing is gained (see :func:`distinguishable`).
    """
    x, y, noise = _ready(size, gain, covariance)
    if len(np.unique(x)) < (2 if prior_sd is None else 1):
        raise ParameterError(f"expected at least two different sizes without a prior, got {np.exp(x).round()}")
    if (flat := _at_theory(x, y, noise)).value <= 0:
        raise ParameterError(f"expected gains above zero, got {y.tolist()}: no power law passes through them")
    center, spread = float(x.mean()), np.sqrt(np.diag(noise))
    away = x - center
    sd = math.inf if prior_sd is None else prior_sd

    def apart(theta: Array) -> Array:
        curve = np.exp(np.clip(theta[0] + theta[1] * away, -_FURTHEST_UP, _FURTHEST_UP))
        return np.append((curve - y) / spread, (theta[1] - THEORY) / sd)

    def slopes(theta: Array) -> Array:
        curve = np.exp(np.clip(theta[0] + theta[1] * away, -_FURTHEST_UP, _FURTHEST_UP)) / spread
        return np.vstack([np.column_stack([curve, curve * away]), [0.0, 1 / sd]])

    found = optimize.least_squares(apart, np.array([math.log(flat.value), THEORY]), jac=slopes, method="lm")
    down = np.asarray(found.jac)
    bread = np.linalg.inv(down.T @ down)
    # What the fit weighs as if each size stood alone is judged with all that the sizes share.
    shared = np.eye(len(x) + 1)
    shared[:-1, :-1] = noise / np.outer(spread, spread)
    free = len(x) - 2 + (prior_sd is not None)
    misfit = max(1.0, float(found.fun @ np.linalg.solve(shared, found.fun)) / free) if free else 1.0
    return PowerLaw(
        center=center,
        level=float(found.x[0]),
        sizes=len(x),
        beta=float(found.x[1]),
        covariance=misfit * bread @ down.T @ shared @ down @ bread,
        misfit=misfit,
    )


def distinguishable(
    size: npt.ArrayLike, gain: npt.ArrayLike, covariance: npt.ArrayLike, *, level: float = 0.95
) -> bool:
    """Return whether attackers gain anything at all at these sizes together, the slope taken as theory has it."""
    return _at_theory(*_ready(size, gain, covariance), level).low > 0


def _ready(size: npt.ArrayLike, gain: npt.ArrayLike, covariance: npt.ArrayLike) -> tuple[Array, Array, Array]:
    x, y, noise = np.log(np.asarray(size, float)), np.asarray(gain, float), np.asarray(covariance, float)
    return x, y, noise + _FLOOR * np.eye(len(x))


def _at_theory(x: Array, y: Array, noise: Array, level: float = 0.95) -> Estimate:
    """Return the gain at the middle of the sizes if the slope is -1/2: linear, so it may come out below zero."""
    shape = np.exp(THEORY * (x - x.mean()))
    weight = shape / np.diag(noise)
    weight /= weight @ shape
    half = _student(level) * math.sqrt(float(weight @ noise @ weight))
    value = float(weight @ y)
    return Estimate(value=value, low=value - half, high=value + half, level=level, method="power law", n=len(x))


def _student(level: float) -> float:
    return float(stats.t.ppf((1 + level) / 2, BLOCKS - 1))
