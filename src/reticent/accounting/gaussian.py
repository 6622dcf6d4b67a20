"""Gaussian differential privacy in closed form: exact for full batches, where no sampling takes part.

Answers with noise multipliers s_1, s_2, ... are together as private as one answer with noise multiplier 1/mu, where
``mu**2 = 1/s_1**2 + 1/s_2**2 + ...``, also where each was chosen in the light of those before (Dong, Roth and Su 2019,
arXiv:1905.02383). Such a mechanism has, for every epsilon, the delta (Balle and Wang 2018, arXiv:1805.06530)::

    delta = Phi(mu/2 - epsilon/mu) - exp(epsilon) Phi(-mu/2 - epsilon/mu)

The two terms are nearly equal where mu is small and overflow where epsilon is large. With a = epsilon/mu - mu/2,
b = a + mu and Mills's ratio R(t) = Phi(-t)/phi(t), delta is ``phi(a) (R(a) - R(b))``: for small mu as the integral of
``-R'(t) = 1 - t R(t) > 0`` from a to b, for large mu from the quotient ``R(b)/R(a)``. Nothing cancels in either.

What comes out is rounded to the safe side: never a delta or an epsilon below the true one, never a mu above it.

>>> round(epsilon_of(1.0, 1e-5), 3), round(mu_of(1.0, 1e-5), 4), round(delta_of(1.0, 1.0), 4)
(4.377, 0.2681, 0.1269)
"""

import math
import sys
from collections.abc import Callable

import numpy as np
from scipy import special

from reticent.errors import ParameterError

_NODES, _WEIGHTS = np.polynomial.legendre.leggauss(24)
_SMALL = 1.0  # up to this mu the integral, beyond it the quotient
_BEYOND = 40.0  # Phi(-40) is below every floating-point number
_ULP = sys.float_info.epsilon
_TINY = math.ulp(0.0)  # the least number above zero
_CLOSE = 1e-13  # relative width at which a search ends


def delta_of(mu: float, epsilon: float) -> float:
    """Return the least delta at which mu-Gaussian DP implies (epsilon, delta)-DP, or a hair more."""
    _checked(mu=mu, epsilon=epsilon)
    if mu == 0 or epsilon == math.inf:
        return 0.0
    if mu == math.inf:
        return 1.0
    a, b = epsilon / mu - mu / 2, epsilon / mu + mu / 2
    if a > _BEYOND:
        return _TINY
    if mu <= _SMALL:
        t = a + mu * (_NODES + 1) / 2
        slope = float(_WEIGHTS @ (1 - t * math.sqrt(math.pi / 2) * special.erfcx(t / math.sqrt(2)))) * mu / 2
        log_delta = -a * a / 2 - math.log(2 * math.pi) / 2 + math.log(slope)
    else:
        ratio = float(special.erfcx(b / math.sqrt(2)) / special.erfcx(a / math.sqrt(2)))
        log_delta = float(special.log_ndtr(-a)) + math.log1p(-ratio)
    # a carries a rounding error of b ulp, which moves log(delta) by about |a| + 1 times as much; 1 - t R(t) is about
    # 1/t**2 and carries one of an ulp.
    margin = 1e-12 + 8 * _ULP * (abs(a) + 1) * (b + 1)
    return min(1.0, max(_TINY, math.exp(min(0.0, log_delta + margin))))


def epsilon_of(mu: float, delta: float) -> float:
    """Return the least epsilon at which mu-Gaussian DP implies (epsilon, delta)-DP, or a hair more; inf for none."""
    _checked(mu=mu)
    _share(delta)
    if mu == 0 or (mu < math.inf and delta_of(mu, 0.0) <= delta):
        return 0.0
    if mu == math.inf or delta < sys.float_info.min:
        return math.inf

    def holds(epsilon: float) -> bool:
        return delta_of(mu, epsilon) <= delta

    high = mu * (math.sqrt(-2 * math.log(delta)) + mu / 2)  # Phi(-a) <= exp(-a**2 / 2)
    while not holds(high):
        high *= 2
    return _edge(holds, high, 0.0)


def mu_of(epsilon: float, delta: float) -> float:
    """Return the largest mu whose Gaussian DP implies (epsilon, delta)-DP, or a hair less; 0 for none.

    Noise of standard deviation ``sensitivity / mu`` is then just enough.
    """
    _checked(epsilon=epsilon)
    _share(delta)
    if epsilon == math.inf:
        return math.inf
    if delta < sys.float_info.min:
        return 0.0

    def holds(mu: float) -> bool:
        return delta_of(mu, epsilon) <= delta

    low = 1.0
    while not holds(low):
        low /= 2
    high = 2 * low
    while holds(high):
        high *= 2
    return _edge(holds, low, high)


def _edge(holds: Callable[[float], bool], inside: float, outside: float) -> float:
    """Return a number close to the edge at which ``holds`` ends, at which it still holds."""
    while abs(inside - outside) > _CLOSE * max(abs(inside), _TINY):
        middle = (inside + outside) / 2
        if middle in (inside, outside):
            break
        inside, outside = (middle, outside) if holds(middle) else (inside, middle)
    return inside


def _checked(**arguments: float) -> None:
    for name, value in arguments.items():
        if not value >= 0:
            raise ParameterError(f"expected {name} >= 0, got {name}={value!r}")


def _share(delta: float) -> None:
    if not 0 <= delta < 1:
        raise ParameterError(f"expected 0 <= delta < 1, got delta={delta!r}")
