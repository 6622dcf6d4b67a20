"""One training, many canaries: an exact lower bound on epsilon from how many coins an attacker guesses.

Each of m canaries goes into one training by its own fair coin; the attacker then guesses some of the coins, of which v
turn out right. Were the training (epsilon, 0)-private, each guess would be right with a chance of at most
``exp(epsilon) / (1 + exp(epsilon))`` whatever the other coins, so v would be at most binomial; delta adds at most
``2 m delta`` times the largest mean mass just below v (Steinke, Nasr and Jagielski 2023, arXiv:2305.08846).
Every epsilon at which so many right guesses would be rarer than the error allowed is ruled out.

Which coins are guessed may be chosen by the scores, but not *how many* by how well it went: several numbers of guesses
share the error (Bonferroni).

>>> print(round(lower_bound(100, 100, 95, delta=0.0), 3))
2.172
"""

import math
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from scipy import optimize, special, stats

from reticent import _seeds, _validate
from reticent.errors import ParameterError
from reticent.stats.estimate import Estimate, untestable

Scores = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]

_FEWEST = 4  # canaries; fewer right guesses prove nothing at 95 %
_LARGEST = 60.0  # no count of coins proves more


def p_value(epsilon: float, canaries: int, guesses: int, right: int, *, delta: float) -> float:
    """Return the largest chance that an (epsilon, delta)-private training lets ``right`` or more guesses be right."""
    share = float(special.expit(epsilon))
    reached = float(stats.binom.sf(right - 1, guesses, share))
    if delta == 0 or right == 0:
        return reached
    below = np.cumsum(stats.binom.pmf(np.arange(right - 1, -1, -1), guesses, share))  # P[right - i <= B < right]
    return min(1.0, reached + 2 * canaries * delta * float((below / np.arange(1, right + 1)).max()))


def lower_bound(canaries: int, guesses: int, right: int, *, delta: float, level: float = 0.95) -> float:
    """Return the largest epsilon that ``right`` of ``guesses`` guesses about ``canaries`` coins rule out; 0 for none.

    Raises
    ------
    ParameterError
        Unless ``0 <= right <= guesses <= canaries`` and ``0 <= delta < 1``.
    """
    _validate.probability(level=level)
    if not 0 <= right <= guesses <= canaries or not 0 <= delta < 1:
        raise ParameterError(
            f"expected 0 <= right <= guesses <= canaries and 0 <= delta < 1, got right={right}, guesses={guesses}, "
            f"canaries={canaries}, delta={delta}"
        )

    def beyond(epsilon: float) -> float:
        return p_value(epsilon, canaries, guesses, right, delta=delta) - (1 - level)

    if guesses == 0 or beyond(0.0) >= 0:
        return 0.0
    high = 1.0
    while beyond(high) < 0:
        high *= 2
        if high > _LARGEST:
            return _LARGEST
    # Just below the root: a bound that rounds up would claim what was not shown.
    return max(0.0, float(optimize.brentq(beyond, 0.0, high, xtol=1e-9)) - 1e-9)


def one_run(
    scores: Scores,
    included: Mask,
    *,
    guesses: Sequence[int] | None = None,
    delta: float = 0.0,
    level: float = 0.95,
    seed: int = 0,
) -> Estimate:
    """Return a lower bound on epsilon from the scores of m canaries and the coins that put them in, shapes (m,).

    Parameters
    ----------
    scores
        Higher means more like a member. The scores may use anything but the coins. Half of the guesses say "in" (of the
        highest scores), half say "out" (of the lowest); among ties, ``seed`` tosses.
    guesses
        Numbers of guesses to try, each at most m; by default all, a half, a quarter and an eighth of m.

    Raises
    ------
    ParameterError
        If shapes differ or a number of guesses is not in 1..m.
    """
    m = len(scores)
    if np.shape(included) != (m,):
        raise ParameterError(f"expected one coin a canary, got {m} scores and {len(included)} coins")
    if m < _FEWEST:
        return untestable(f"cannot be tested with {m} canaries", level=level, n=m, high=math.inf)
    tries = sorted({max(1, m // part) for part in (1, 2, 4, 8)} if guesses is None else set(guesses))
    if not tries or tries[0] < 1 or tries[-1] > m:
        raise ParameterError(f"expected numbers of guesses from 1 to {m}, got {tries}")
    each = 1 - (1 - level) / len(tries)
    bound = max(lower_bound(m, r, right_guesses(scores, included, r, seed), delta=delta, level=each) for r in tries)
    return Estimate(value=bound, low=bound, high=math.inf, level=level, method="one run, exact binomial", n=m)


def right_guesses(scores: Scores, included: Mask, guesses: int, seed: int) -> int:
    """Return how many are right when the highest scores are called "in" and the lowest "out".

    Ties are tossed for: the order in which canaries come may know their coins.
    """
    toss = _seeds.generator(seed, "ties among canaries").permutation(len(scores))
    order = np.lexsort((toss, -scores))
    above = (guesses + 1) // 2
    return int(included[order[:above]].sum() + (~included[order[len(order) - (guesses - above) :]]).sum())
