"""Whether noise is what it says: normal, of the stated size, never the same again, fine to the last bit.

Noise that was rounded to a grid is first made exactly normal again (each number is spread over its cell by an
independent draw), so that every test is exact on any grid. Five tests share the level: the distribution (Kolmogorov
and Smirnov), the variance (chi-square), neighbors in order, repetition at any distance, and the finest part.

A sigma that is off by 3 % is found in 20,000 draws with a chance of 0.98 at a level of 1e-3; noise that is too large
is found as well, since it says that the code does not do what its author thinks.

>>> from reticent.mechanisms.noise import Seeded
>>> honest = Seeded(0).normal((20_000,))
>>> check_noise(honest).holds, check_noise(0.97 * honest).failed
(True, ('variance',))
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import optimize, special, stats

from reticent import _validate
from reticent.errors import ParameterError
from reticent.mechanisms.noise import Floats
from reticent.reality.transcript import Question

_FEWEST = 100  # draws
_PRIMES = 2000  # how far below the number of draws a prime is looked for: there is one
_SPREAD = 0  # the seed of what spreads rounded numbers over their cells


@dataclass(frozen=True, kw_only=True)
class NoiseCheck:
    """What tests of noise found: for each its p-value, held against an equal part of ``level``."""

    p_values: dict[str, float]
    level: float
    draws: int

    @property
    def failed(self) -> tuple[str, ...]:
        """The tests that correct noise would fail with a chance of ``level`` at most, all of them together."""
        each = self.level / len(self.p_values)
        return tuple(name for name, p in self.p_values.items() if p < each)

    @property
    def holds(self) -> bool:
        """Whether no test found anything."""
        return not self.failed

    def __str__(self) -> str:
        said = ", ".join(f"{name} p = {p:.2g}" for name, p in self.p_values.items())
        return f"{self.draws:,} draws: {'FAILED ' + ', '.join(self.failed) if self.failed else 'as stated'} ({said})"


def check_noise(draws: Floats, *, sd: float = 1.0, grid: float = 0.0, level: float = 1e-3) -> NoiseCheck:
    """Test whether draws are independent normal numbers of this standard deviation.

    Parameters
    ----------
    draws
        Numbers in the order in which they were drawn, of any shape.
    sd
        What their standard deviation is said to be.
    grid
        The grid that they were rounded to; 0 for none.
    level
        The chance at which correct noise fails, all tests together.
    """
    _validate.positive(sd=sd)
    _validate.at_least(0, grid=grid)
    return _check([(np.asarray(draws, np.float64).ravel(), sd, grid)], level)


def check_answers(heard: Sequence[Question], *, level: float = 1e-3) -> NoiseCheck:
    """Test the noise in the answers of a recorded training, against the size that was stated for each."""
    return _check([((one.answer - one.exact).ravel(), one.sd, one.grid) for one in heard], level)


def _check(parts: Sequence[tuple[Floats, float, float]], level: float) -> NoiseCheck:
    _validate.probability(level=level)
    total = sum(len(draws) for draws, _, _ in parts)
    if total < _FEWEST:
        raise ParameterError(f"expected at least {_FEWEST} draws of noise, got {total}")
    spread = np.random.default_rng(_SPREAD)
    z = np.concatenate([_normal(draws, sd, grid, spread) for draws, sd, grid in parts])
    raw = np.concatenate([draws / sd for draws, sd, _ in parts])
    p_values = {
        "distribution": float(stats.kstest(z, "norm", method="asymp").pvalue),
        "variance": _variance(z),
        "order": _order(z),
        "repetition": _repetition(raw),
        "grain": _grain(parts),
    }
    return NoiseCheck(p_values=p_values, level=level, draws=total)


def _normal(draws: Floats, sd: float, grid: float, spread: np.random.Generator) -> Floats:
    """Return numbers that are standard normal if ``draws`` are rounded normal numbers of this size."""
    if grid == 0:
        return draws / sd
    # Both tails by their own end, where the distribution has digits left.
    size, below = np.abs(draws), spread.random(len(draws))
    high, low = special.ndtr(-(size - grid / 2) / sd), special.ndtr(-(size + grid / 2) / sd)
    tail = low + below * (high - low)
    return np.where(draws < 0, 1.0, -1.0) * special.ndtri(np.maximum(tail, np.finfo(float).tiny))


def _variance(z: Floats) -> float:
    square, n = float(z @ z), len(z)
    return min(1.0, 2 * float(min(stats.chi2.cdf(square, n), stats.chi2.sf(square, n))))


def _order(z: Floats) -> float:
    """Test each number against the next, by pairs that share none."""
    pairs = len(z) // 2
    first, second = z[: 2 * pairs : 2], z[1 : 2 * pairs : 2]
    r = float(first @ second) / math.sqrt(float(first @ first) * float(second @ second) or 1.0)
    r = min(max(r, -1 + 1e-15), 1 - 1e-15)
    return float(2 * stats.t.sf(abs(r) * math.sqrt((pairs - 1) / (1 - r * r)), pairs - 1))


def _repetition(z: Floats) -> float:
    """Return a bound on the chance of so high a correlation at any distance, over all of them.

    On a circle of n numbers, n a prime, the sum of products at each distance is a quadratic form with the eigenvalues
    cos(2 pi k / n), so that its moments are known and Chernoff's bound holds.
    """
    n = _prime(len(z))
    z = z[:n]
    z = z / np.sqrt(np.mean(z * z) or 1.0)
    products = np.fft.irfft(np.abs(np.fft.rfft(z)) ** 2, n)[1 : n // 2 + 1] / n
    highest = float(np.abs(products).max())
    if highest >= 1 - 1e-12:
        return 0.0

    def exponent(t: float) -> float:
        return -(t * highest + 0.5 * math.log((1 + math.sqrt(1 - 4 * t * t)) / 2))

    best = optimize.minimize_scalar(exponent, bounds=(0.0, 0.5), method="bounded")
    return float(min(1.0, 2 * len(products) * math.exp(n * min(0.0, float(best.fun)))))


def _prime(most: int) -> int:
    for n in range(most, max(most - _PRIMES, 2), -1):
        if all(n % d for d in range(2, math.isqrt(n) + 1)):
            return n
    return most


def _grain(parts: Sequence[tuple[Floats, float, float]]) -> float:
    """Test the finest part: whether odd multiples of the grid are a half, or whether numbers without grid come twice.

    Numbers of few bits (float16, float32) are even where the grid is fine, and equal where there is none.
    """
    odd = tried = 0
    chance: list[Any] = []
    ties, expected = 0.0, 0.0
    for draws, sd, grid in parts:
        if grid > 0:
            cells = np.rint(draws / grid)
            odd, tried = odd + int((cells % 2 != 0).sum()), tried + len(cells)
            chance.append((len(cells), _odd_share(sd / grid)))
        elif len(draws) > 1:
            _, counts = np.unique(draws, return_counts=True)
            ties += float((counts * (counts - 1) / 2).sum())
            expected += len(draws) * (len(draws) - 1) / 2 * 2.0**-50 / sd  # no generator of doubles is coarser
    p_value = 1.0
    if tried:
        share = sum(count * one for count, one in chance) / tried
        p_value = min(p_value, 2 * float(stats.binomtest(odd, tried, share).pvalue)) if 0 < share < 1 else p_value
    if expected:
        p_value = min(p_value, 2 * float(stats.poisson.sf(ties - 1, expected)))
    return min(1.0, p_value)


def _odd_share(cells: float) -> float:
    """Return the chance that a normal number of this standard deviation, rounded to an integer, is odd."""
    if cells > 4:
        return 0.5  # but for 1e-34
    odd = np.arange(1, 2 * int(9 * cells) + 4, 2)
    return float(2 * (special.ndtr((odd + 0.5) / cells) - special.ndtr((odd - 0.5) / cells)).sum())
