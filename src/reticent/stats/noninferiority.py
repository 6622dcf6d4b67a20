"""Is a smaller model not worse by more than a margin? Upper limits of what it loses on the same rows.

Each row has a *change*: what the smaller model loses there against the larger one. Where answers are right or wrong it
is 1 (only the larger one is right), -1 (only the smaller one is) or 0, and the limit is that of the score test for
paired shares (Tango 1998) with a continuity correction: unlike a Student interval it holds where the models differ on
a handful of rows, and the test keeps its level at the edge of the margin. Rows of one person enter as a design effect
(Rao and Scott 1992): so many fewer rows, as it were. A few people with most of the rows may hide in it, so there the
limit of :mod:`reticent.stats.bounded` is asked too, and the worse one told. Changes of a regression are of any size up
to a bound, and get that limit alone. Where the smaller model is one of several that chance made, how they differ is
added to the limits (as squares, Zou and Donner 2008).

>>> import numpy as np
>>> change = np.repeat([1, -1, 0], [60, 40, 4900])
>>> print(loss(change))
0.004 (0.001 to 0.007)
>>> round(least_shown(4900), 5), rows_needed(0.01)
(0.00074, 361)
"""

import math
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from scipy import optimize, stats

from reticent.errors import ParameterError
from reticent.stats import bounded
from reticent.stats.estimate import Estimate

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.intp]

_FEW = 20  # people on whom models differ: with fewer, how alike a person's rows are cannot be told


def loss(
    change: npt.ArrayLike, *, people: Ints | None = None, level: float = 0.95, bound: float | None = None
) -> Estimate:
    """Return the mean change with two limits, of which each alone holds at ``level``.

    Parameters
    ----------
    change : ndarray of shape (n,)
        What the smaller model loses on each row: -1, 0 or 1 where answers are right or wrong.
    people : ndarray of shape (n,), optional
        Whose row it is: people, not rows, are drawn.
    level
        Of each limit alone: the interval between them holds at ``2 * level - 1``.
    bound
        Of a regression: what no change can exceed, known before the rows are looked at.

    >>> print(loss([0.1, -0.1, 0.0] * 500, bound=2))
    0.000 (-0.006 to 0.006)
    """
    each = np.asarray(change, dtype=float)[None, :]
    return over_draws(each, people=people, level=level, bound=bound)


def over_draws(
    changes: npt.ArrayLike, *, people: Ints | None = None, level: float = 0.95, bound: float | None = None
) -> Estimate:
    """Return what *one more* smaller model would lose, from R of them that were drawn by chance.

    Rows differ, and so do the models: a model that was trained on m random people is better or worse by luck. The
    limits hold for another model of the same kind, so what differs from draw to draw counts in full, and not as the
    error of a mean, which more draws would shrink to nothing.

    Parameters
    ----------
    changes : ndarray of shape (R, n)
        What each of the smaller models loses on each of the same n rows. With R = 1 the limits hold for this model.
    people, level, bound
        As in :func:`loss`.

    Raises
    ------
    ParameterError
        If a change is larger than the bound, or without one is none of -1, 0 and 1.
    """
    each = np.asarray(changes, dtype=float)
    _check(each, bound)
    draws, n = each.shape
    whose = np.arange(n) if people is None else np.unique(people, return_inverse=True)[1]
    persons = int(whose.max()) + 1
    value = float(each.mean())
    most, method = (1.0, "paired score") if bound is None else (bound, "paired, bounded")
    above = below = 0.0
    if bound is None:
        quantile = float(stats.norm.ppf(level) if persons == n else stats.t.ppf(level, max(persons - 1, 1)))
        gone, won = float((each > 0).sum()) / draws, float((each < 0).sum()) / draws
        effect = 1.0 if draws == 1 and persons == n else _design_effect(each, whose, _of_rows(each, whose))
        above = _score_limit(gone / effect, won / effect, n / effect, quantile) - value
        below = _score_limit(won / effect, gone / effect, n / effect, quantile) + value
    if bound is not None or persons < n:  # where a few people have most rows, a design effect is known too badly
        sums, sizes = _sums(each.mean(axis=0), whose), _sums(np.ones(n), whose)
        above = max(above, bounded.upper(sums, sizes, most, level) - value)
        below = max(below, bounded.upper(-sums, sizes, most, level) + value)
    by_chance = _of_draws(each, whose, level)
    low, high = value - math.hypot(max(below, 0.0), by_chance), value + math.hypot(max(above, 0.0), by_chance)
    told = "" if draws == 1 else f", another of {draws} draws"
    return Estimate(
        value=value,
        low=max(low, -most),
        high=min(high, most),
        level=round(2 * level - 1, 12),
        method=f"{method}{told}, each limit at {100 * level:g} %",
        n=n,
    )


def no_loss(n: int, level: float = 0.95) -> Estimate:
    """Return what a model loses against itself."""
    level = round(2 * level - 1, 12)
    return Estimate(value=0.0, low=0.0, high=0.0, level=level, method="the same model", n=n)


def people_alike(people: Ints) -> float:
    """Return how many people of equal numbers of rows would tell as much (Kish), where models may differ on anyone.

    >>> people_alike(np.repeat([0, 1, 2], [1, 1, 1])), round(people_alike(np.repeat([0, 1, 2], [8, 1, 1])), 2)
    (3.0, 1.52)
    """
    return effective(np.unique(people, return_counts=True)[1])


def effective(sizes: npt.ArrayLike) -> float:
    """Return how many single rows those of units of these sizes are worth, where equals stand in a unit (Kish 1965)."""
    each = np.asarray(sizes, dtype=float)
    return float(each.sum() ** 2 / max(1.0, (each**2).sum()))


def least_shown(n: float, level: float = 0.95, bound: float | None = None) -> float:
    """Return the least loss that n rows can exclude: the upper limit where the models never differ."""
    if not n:
        return bound or 1.0
    if bound is not None:
        return float(bound * (1 - (1 - level) ** (1 / n)))
    return _score_limit(0.0, 0.0, float(n), float(stats.norm.ppf(level)))


def rows_needed(margin: float, level: float = 0.95, bound: float | None = None) -> int:
    """Return how many rows it takes, at least, to show that a loss is under a margin."""
    if bound is not None:
        return math.floor(math.log(1 - level) / math.log1p(-margin / bound)) + 1
    z = float(stats.norm.ppf(level))
    # (n margin - 1/2)^2 = z^2 n margin (1 - margin), solved for n.
    half = z * math.sqrt(1 - margin)
    n = math.ceil(((half + math.sqrt(half**2 + 2)) / 2) ** 2 / margin)
    while least_shown(n, level) >= margin:
        n += 1
    return n


def in_sequence(losses: Sequence[Estimate], margin: float) -> int:
    """Return how many of the claims are shown, asked one after the other until the first that is not.

    The order is fixed before these rows are looked at, so no level needs to be raised: a false claim is made only where
    the first false one of the order is, and that has the chance of one test (Maurer, Hothorn and Lehmacher 1995).

    >>> steps = [Estimate(value=0, low=0, high=high, level=0.9, method="", n=9) for high in (0.004, 0.02, 0.006)]
    >>> in_sequence(steps, 0.01)
    1
    """
    return next((k for k, one in enumerate(losses) if not one.high < margin), len(losses))


def _check(each: Floats, bound: float | None) -> None:
    if bound is None and not np.isin(each, (-1.0, 0.0, 1.0)).all():
        raise ParameterError("expected changes of -1, 0 or 1; those of a regression need a bound. Pass bound=")
    if bound is not None and not np.abs(each).max(initial=0.0) <= bound:
        raise ParameterError(f"expected no change beyond the bound {bound:g}, got {np.abs(each).max():g}")


def _score_limit(gone: float, won: float, n: float, z: float) -> float:
    """Return the largest difference of two paired shares that the score test does not reject from above.

    ``gone`` and ``won`` of n rows changed for the worse and for the better; they need not be whole.
    """

    def excess(shift: float) -> float:
        linear = (2 * n - gone + won) * shift - gone - won
        root = math.sqrt(max(linear**2 + 8 * n * won * shift * (1 - shift), 0.0))
        swapped = (root - linear) / (4 * n)  # share of rows that change for the better, were ``shift`` the difference
        spread = math.sqrt(n * max(2 * swapped + shift * (1 - shift), 0.0))
        return float(n * shift - (gone - won) - 0.5 - z * spread)

    start = max((gone - won + 0.5) / n, -1.0)
    if start >= 1 or excess(1.0) <= 0:
        return 1.0
    return float(optimize.brentq(excess, start, 1.0, xtol=1e-10))


def _of_rows(each: Floats, whose: Ints) -> float:
    """Return the variance of the mean change that comes from people, those of these draws."""
    over_rows = each.mean(axis=0)
    return _of_mean((over_rows - over_rows.mean())[None, :], whose)


def _of_draws(each: Floats, whose: Ints, level: float) -> float:
    """Return how far, at this level, another model may lie from the mean of those seen; 0 where there is but one.

    With draws r and rows i a change is mean + A_r + B_i + E_ri. A, how models differ, counts once for the draw to come
    and 1/R for the mean of those seen, and is known from R draws alone (Student's t). What E adds to the differences
    between draws is taken off by half: all of it would be right in the mean, and leave nothing too often (in
    simulations up to a tenth of the limits were then too low).
    """
    draws = len(each)
    if draws == 1:
        return 0.0
    means, over_rows = each.mean(axis=1), each.mean(axis=0)
    within = _of_mean(each - means[:, None] - over_rows + each.mean(), whose) * draws / (draws - 1)
    between = max(float(means.var(ddof=1)) - within / 2, 0.0)
    return float(stats.t.ppf(level, draws - 1)) * math.sqrt((1 + 1 / draws) * between)


def _of_mean(deviations: Floats, whose: Ints) -> float:
    """Return the variance of a mean over rows, whose units are people, averaged over the draws; shapes (R, n), (n,)."""
    persons, n = int(whose.max()) + 1, deviations.shape[1]
    sums = [np.bincount(whose, weights=one, minlength=persons) for one in deviations]
    squares = np.mean([(one**2).sum() for one in sums])
    return float(squares / n**2 * persons / max(persons - 1, 1))


def _design_effect(each: Floats, whose: Ints, variance: float) -> float:
    """Return how many times larger the variance is than that of one model on as many single people's rows."""
    n = each.shape[1]
    most = float((np.bincount(whose).astype(float) ** 2).sum()) / n  # were all rows of a person alike
    differ = effective(_sums((each != 0).any(axis=0), whose))
    plain = float(each.var(axis=1).mean()) / n
    if differ < _FEW or plain == 0:
        return float(max(most, variance / plain if plain > 0 else 1.0))
    return float(max(variance / plain, 1.0 / len(each)))


def _sums(values: npt.ArrayLike, whose: Ints) -> Floats:
    return np.bincount(whose, weights=values).astype(np.float64)
