"""The door to OpenDP: exact discrete noise on whole numbers, its scale found by OpenDP's own map.

Sums are kept as whole multiples of a grid, so a sum is exact in any order and a row changes it by what it adds, to the
last bit. OpenDP adds discrete Laplace or discrete Gaussian noise (Canonne, Kamath and Steinke 2020, arXiv:2004.00010),
drawn without floating point from the generator of the operating system. Adjacency is OpenDP's symmetric distance at 1:
one row is added or removed.

OpenDP asks for the flag ``contrib``: its committee has not vetted this code. For 0.16 a written proof is linked for
``make_laplace``, ``make_gaussian``, ``make_count`` and ``make_quantile_score_candidates``; none is linked for
``make_find_bin``, ``make_count_by_categories`` and the noisy maximum inside ``make_private_quantile``. No other flag is
set: in particular not ``honest-but-curious`` and not ``floating-point``.

>>> import numpy as np
>>> noisy, scale = laplace(np.array([100, 200]), sensitivity=1, epsilon=0.5)
>>> noisy.shape, round(scale, 6)
((2,), 2.0)
>>> round(rho_of(1.0, 1e-5), 4)
0.0306
"""

from functools import lru_cache
from typing import Any

import numpy as np
import numpy.typing as npt

from reticent import _validate
from reticent._optional import optional

Ints = npt.NDArray[np.int64]


def opendp() -> Any:
    """Return OpenDP's prelude with the one flag that everything in it asks for."""
    package = optional("opendp.prelude", extra="dp")
    package.enable_features("contrib")
    return package


def laplace(exact: Ints, *, sensitivity: int, epsilon: float) -> tuple[Ints, float]:
    """Return ``exact`` (n whole numbers) with discrete Laplace noise, and its scale: epsilon-DP.

    ``sensitivity`` is the most that one row adds to the sum of absolute values of ``exact``.
    """
    scale = laplace_scale(sensitivity, epsilon)
    dp = opendp()
    noise = dp.m.make_laplace(dp.vector_domain(dp.atom_domain(T=dp.i64)), dp.l1_distance(T=dp.i64), scale)
    return _released(noise, exact), scale


def gaussian(exact: Ints, *, sensitivity: int, rho: float) -> tuple[Ints, float]:
    """Return ``exact`` (n whole numbers) with discrete Gaussian noise, and its scale: rho-zCDP.

    ``sensitivity`` is the largest Euclidean length of what one row adds to ``exact``.
    """
    scale = gaussian_scale(sensitivity, rho)
    dp = opendp()
    noise = dp.m.make_gaussian(dp.vector_domain(dp.atom_domain(T=dp.i64)), dp.l2_distance(T=dp.i64), scale)
    return _released(noise, exact), scale


def _released(noise: Any, exact: Ints) -> Ints:
    return np.asarray(noise(np.ravel(exact).tolist()), np.int64).reshape(np.shape(exact))


@lru_cache(maxsize=256)
def laplace_scale(sensitivity: int, epsilon: float) -> float:
    """Return the smallest scale for which OpenDP's map says at most ``epsilon``."""
    dp = opendp()
    space = dp.vector_domain(dp.atom_domain(T=dp.i64)), dp.l1_distance(T=dp.i64)
    return float(dp.binary_search_param(lambda s: dp.m.make_laplace(*space, s), d_in=sensitivity, d_out=epsilon))


@lru_cache(maxsize=256)
def gaussian_scale(sensitivity: int, rho: float) -> float:
    """Return the smallest scale for which OpenDP's map says at most ``rho``."""
    dp = opendp()
    space = dp.vector_domain(dp.atom_domain(T=dp.i64)), dp.l2_distance(T=dp.i64)
    return float(dp.binary_search_param(lambda s: dp.m.make_gaussian(*space, s), d_in=sensitivity, d_out=rho))


def laplace_reach(scale: float, level: float) -> float:
    """Return the smallest whole number that one draw stays within with probability ``level`` or more."""
    beyond = 1.0 - level
    if np.exp(-1.0 / scale) < beyond / 2:  # then nothing but 0 is likely; OpenDP's formula overflows far down there
        return 0.0
    return float(np.floor(opendp().discrete_laplacian_scale_to_accuracy(float(scale), beyond)))


@lru_cache(maxsize=64)
def rho_of(epsilon: float, delta: float) -> float:
    """Return the largest rho whose zCDP OpenDP turns into (epsilon, delta)-DP."""
    _validate.positive(epsilon=epsilon)
    _validate.probability(delta=delta)
    dp = opendp()
    space = dp.atom_domain(T=dp.i64), dp.absolute_distance(T=dp.f64)

    def approximate(scale: float) -> Any:
        noise = dp.m.make_gaussian(*space, scale)
        return dp.c.make_fix_delta(dp.c.make_zCDP_to_approxDP(noise), delta)

    scale = dp.binary_search_param(approximate, d_in=1.0, d_out=(epsilon, delta))
    return float(dp.m.make_gaussian(*space, scale).map(1.0))


def epsilon_of(rho: float, delta: float) -> float:
    """Return the epsilon that OpenDP finds for rho-zCDP at this delta.

    >>> round(epsilon_of(rho_of(1.0, 1e-5), 1e-5), 6)
    1.0
    """
    dp = opendp()
    space = dp.atom_domain(T=dp.i64), dp.absolute_distance(T=dp.f64)
    noise = dp.c.make_zCDP_to_approxDP(dp.m.make_gaussian(*space, float(1.0 / np.sqrt(2.0 * rho))))
    return float(noise.map(1.0).epsilon(delta))
