"""Zero-concentrated differential privacy: rhos add up, and a sum of rhos becomes an epsilon at a delta.

A rho-zCDP mechanism has Renyi divergence at most ``alpha rho`` at every order alpha > 1 (Bun and Steinke 2016,
arXiv:1605.02065). Each order gives an upper bound (Canonne, Kamath and Steinke 2020, arXiv:2004.00010)::

    log(delta) = (alpha - 1) (alpha rho - epsilon + log(1 - 1/alpha)) - log(alpha)

and the least over all orders is taken: whatever order the search finds, its bound holds.

>>> round(epsilon_of(0.02, 1e-5), 3), round(delta_of(0.02, 0.9), 6)
(0.794, 1e-06)
"""

import math
from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from reticent import _validate
from reticent.errors import ParameterError

Floats = npt.NDArray[np.float64]

_RANGE = (-7.0, 25.0)  # of log(alpha - 1)
_POINTS = 400
_HAIR = 1e-12  # upward, for what floating point rounds


def delta_of(rho: float, epsilon: float) -> float:
    """Return a delta at which rho-zCDP implies (epsilon, delta)-DP."""
    _validate.at_least(0, rho=rho)
    _validate.at_least(0, epsilon=epsilon)
    if rho == 0 or epsilon == math.inf:
        return 0.0

    def log_delta(less: Floats) -> Floats:
        return less * ((less + 1) * rho - epsilon + _log_share(less)) - np.log1p(less)

    # The exponent may be a difference of large numbers: its rounding is a share of them.
    return max(math.ulp(0.0), math.exp(min(0.0, _least(log_delta) + _HAIR * (1 + epsilon * epsilon / rho))))


def epsilon_of(rho: float, delta: float) -> float:
    """Return an epsilon at which rho-zCDP implies (epsilon, delta)-DP; infinite for delta = 0."""
    _validate.at_least(0, rho=rho)
    if not 0 <= delta < 1:
        raise ParameterError(f"expected 0 <= delta < 1, got delta={delta!r}")
    if rho == 0:
        return 0.0
    if delta == 0:
        return math.inf

    def epsilon(less: Floats) -> Floats:
        return (less + 1) * rho + _log_share(less) - (np.log1p(less) + math.log(delta)) / less

    return max(0.0, _least(epsilon) * (1 + _HAIR) + _HAIR * rho)


def _log_share(less: Floats) -> Floats:
    """Return ``log(1 - 1/alpha)`` for ``less = alpha - 1``."""
    return -np.log1p(1 / less)


def _least(bound: Callable[[Floats], Floats]) -> float:
    """Return the least of ``bound`` over orders: on a grid, and on a finer one around its lowest point."""
    low, high = _RANGE
    for _ in range(3):
        grid = np.linspace(low, high, _POINTS)
        values = bound(np.exp(grid))
        best = int(np.argmin(values))
        low, high = grid[max(best - 1, 0)], grid[min(best + 1, _POINTS - 1)]
    return float(values[best])
