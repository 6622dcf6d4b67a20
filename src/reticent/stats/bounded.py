"""Upper limit of a mean whose values have a bound, be they ever so skewed: for losses of a regression.

A Student interval knows of the values that it has seen. Where one person in 600 loses much, most tables of 600 have
seen none, and the interval excludes what it never met. So one more value enters, the worst that there can be, and all
get random weights (of a Dirichlet distribution, each as large as the other in the mean): the limit is the quantile of
that weighted mean (Gaffke 2005; Learned-Miller and Thomas 2020). For values that are 0 or the bound it is the limit of
Clopper and Pearson; for many tame values it is about that of Student. That it holds for all others is a conjecture
without a counterexample; ``tests/statistics/test_necessity.py`` tries the skewed ones.

>>> import numpy as np
>>> round(upper(np.zeros(600), np.ones(600), 5.0, 0.95), 4)
0.0249
"""

import math

import numpy as np
import numpy.typing as npt
from scipy import optimize, stats

Floats = npt.NDArray[np.float64]

_STEPS, _NEAR, _CLOSE = 200, 0.25, 1e-8


def upper(sums: Floats, sizes: Floats, bound: float, level: float) -> float:
    """Return the upper limit of the mean over all rows, of people who were drawn.

    Parameters
    ----------
    sums, sizes : ndarray of shape (people,)
        Sum of the values of each person's rows, and how many they are.
    bound
        What no row can exceed. The person who enters besides has so much in each row, and as many rows as the one to
        whom a random row belongs.
    level
        Of the limit, 0.5 or more.
    """
    n = sizes.sum()
    more = float((sizes**2).sum() / n)
    start = float(sums.sum() / n)

    def excess(limit: float) -> float:
        return _above_zero(np.append(sums - limit * sizes, more * (bound - limit))) - (1 - level)

    if excess(start) <= 0:
        return min(start, bound)
    return float(optimize.brentq(excess, start, bound, xtol=1e-7 * bound))


def _above_zero(weights: Floats) -> float:
    """Return the probability that a sum of independent exponential variables with these weights is positive.

    By the saddlepoint approximation of Lugannani and Rice (1980), whose relative error is under a percent here.
    """
    if weights.max() <= 0:
        return 0.0
    if weights.min() >= 0:
        return 1.0
    scaled, s = weights / np.abs(weights).max(), 0.0
    for _ in range(_STEPS):  # the saddlepoint: a damped Newton step never leaves where the logarithms are defined
        each = scaled / (1 - s * scaled)
        slope, bend = float(each.sum()), float(each @ each)
        off = abs(slope) / math.sqrt(bend)
        s -= slope / bend / (1 + off if off > _NEAR else 1)
        if off < _CLOSE:
            break
    terms = 1 - s * scaled
    w = math.copysign(math.sqrt(max(2 * float(np.log(terms).sum()), 0.0)), s)
    u = s * math.sqrt(float(((scaled / terms) ** 2).sum()))
    if abs(w) < 1e-3:
        return float(stats.norm.sf(w))
    return float(stats.norm.sf(w) + stats.norm.pdf(w) * (1 / u - 1 / w))
