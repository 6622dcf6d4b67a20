"""How many people of a sample are alone with their values in the whole population, told from the sample alone.

Who is alone in a sample may have doubles outside. How many have none is read off a model of how people spread over
classes, fitted to the sizes of the sample's classes:

- Pitman: where n people stand in u classes, the next one opens a class with a chance of (theta + u alpha) / (theta + n)
  and joins a class of j with (j - alpha) / (theta + n). Likelihood and prediction are exact (Pitman 1995; Hoshino 2001,
  Journal of Official Statistics 17; Favaro, Panero and Rigon 2021, Electronic Journal of Statistics 15).
- SNB, the slide negative binomial: a class of the population holds one person and a negative binomial number of others,
  and everybody is sampled with the same chance (Chen and Keller-McNulty 1998, Journal of Official Statistics 14).

The one whose expected numbers of small classes are nearer to those seen gives the value. No model is right: each is
tried on the sample as if that were the population, and its error there is taken off, and kept in its limits. The
interval reaches from the lower limit of the one model to the upper limit of the other. How far that carries on real
tables is measured by ``benchmarks/bench_population_uniques.py``.

A sample of n people that is less than 1 / (1 + log n) of its population cannot tell without a model, however large it
is (Camerlenghi, Favaro, Naulet and Panero 2021, Annals of Statistics 49); there, limits are wide.

>>> import numpy as np
>>> print(population_uniques(np.repeat([1, 2, 3, 10], [400, 150, 60, 20]), population=4_000))
0.124 (0.050 to 0.231)
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import optimize, special, stats

from reticent.stats.estimate import Estimate, untestable

Ints = npt.NDArray[np.intp]
Floats = npt.NDArray[np.float64]

FEWEST = 20  # people who share their values with somebody: fewer say nothing about doubles

_SMALL = 8  # sizes on which a model's fit is judged
_PRIOR = 4.0  # standard deviation on the scale of the fit: weak, but no parameter runs away
_TRIALS = 4
_FAR = 0.25  # what models err by on real tables, in log odds, for each factor e that the table is the smaller part


@dataclass(frozen=True, kw_only=True, eq=False)
class Model:
    """A model of class sizes, on unbounded parameters ``z`` of shape (2,).

    Parameters
    ----------
    start : ndarray of shape (2,)
        Where the fit begins.
    surprise : callable
        z -> the negative log likelihood of the sample.
    stays : callable
        z -> the log odds that who is alone in the sample is alone in the population.
    expected : callable
        z -> the expected numbers of classes of 1, 2, ... people in the sample, shape (_SMALL,).
    """

    start: Floats
    surprise: Callable[[Floats], float]
    stays: Callable[[Floats], float]
    expected: Callable[[Floats], Floats]


def population_uniques(sizes: npt.ArrayLike, population: int, *, level: float = 0.95) -> Estimate:
    """Estimate the share of a sample's people with whom nobody in the population shares all values.

    Parameters
    ----------
    sizes
        People in each class of the sample, shape (n_classes,).
    population
        People in the population that the sample was drawn from at random, the sample's own included.
    """
    held, count = np.unique(np.asarray(sizes, np.intp), return_counts=True)
    n, alone = int(held @ count), int(count[held == 1].sum())
    if alone == 0 or population <= n:
        share = alone / n if n else 0.0
        method = "exact: the table is the population" if alone else "exact: nobody is alone in the table"
        return Estimate(value=share, low=share, high=share, level=level, method=method, n=n)
    if n - alone < FEWEST:
        reason = f"cannot be told: {n - alone:,} people share their values with another; it takes {FEWEST}"
        return untestable(reason, level=level, n=n, high=alone / n)
    fits = _fits(held, count, population)
    share, name = n / population, min(fits, key=lambda one: fits[one].misfit)
    small = share < 1 / (1 + np.log(n))
    off = {} if small else _tried(held, count, share)
    z, ends = float(stats.norm.ppf((1 + level) / 2)), []
    for one, fit in fits.items():
        chance = 1 / max(alone * special.expit(fit.odds) * special.expit(-fit.odds), 0.5)  # of each of those alone
        error = np.sqrt(fit.error**2 + chance + ((off[one] / 2) ** 2 if off else (_FAR * np.log(share)) ** 2))
        ends.append(special.expit(fit.odds - off.get(one, 0.0) + np.array([-z, z]) * error))
    return Estimate(
        value=alone / n * float(special.expit(fits[name].odds - off.get(name, 0.0))),
        low=alone / n * float(min(low for low, _ in ends)),
        high=alone / n * float(max(high for _, high in ends)),
        level=level,
        method=f"{name}, {'tried on the table itself' if off else 'which could not be tried on so small a part'}",
        n=n,
    )


@dataclass(frozen=True, kw_only=True)
class _Fit:
    """What a fitted model says: log odds of staying alone, their standard error, and chi-square by its freedom."""

    odds: float
    error: float
    misfit: float


def _fits(held: Ints, count: Ints, population: int) -> dict[str, _Fit]:
    seen = np.array([count[held == size].sum() for size in range(1, _SMALL + 1)], float)
    return {name: _fit(make(held, count, population), seen) for name, make in _MODELS.items()}


def _tried(held: Ints, count: Ints, share: float) -> dict[str, float]:
    """Return by how much each model errs, in log odds, on samples of the sample; nothing where those are too small."""
    rng, sizes = np.random.default_rng(0), np.repeat(held, count)
    errors: dict[str, list[float]] = {name: [] for name in _MODELS}
    for _ in range(_TRIALS):
        drawn = rng.binomial(sizes, share)
        single = drawn == 1
        if min(int(single.sum()), int(drawn.sum() - single.sum())) < FEWEST:
            continue
        half = 0.5 / single.sum()
        truth = float(special.logit(np.clip((sizes[single] == 1).mean(), half, 1 - half)))
        part = np.unique(drawn[drawn > 0], return_counts=True)
        for name, fit in _fits(*part, population=round(int(drawn.sum()) / share)).items():
            errors[name].append(fit.odds - truth)
    return {name: float(np.mean(found)) for name, found in errors.items() if found}


def _fit(model: Model, seen: Floats) -> _Fit:
    def cost(z: Floats) -> float:
        return model.surprise(z) + 0.5 * float((((z - model.start) / _PRIOR) ** 2).sum())

    found = optimize.minimize(cost, model.start, method="Nelder-Mead", options={"xatol": 1e-5, "fatol": 1e-7})
    z, step = np.asarray(found.x, float), 1e-3
    expected = model.expected(z)
    misfit = float(((seen - expected) ** 2 / np.maximum(expected, 5)).sum()) / (_SMALL - 2)
    sides = np.eye(2) * step
    slope = np.array([(model.stays(z + a) - model.stays(z - a)) / (2 * step) for a in sides])
    bend = np.array(
        [
            [(cost(z + a + b) - cost(z + a - b) - cost(z - a + b) + cost(z - a - b)) / (2 * step) ** 2 for b in sides]
            for a in sides
        ]
    )
    variance = max(float(slope @ np.linalg.pinv(bend) @ slope), 0.0)
    return _Fit(odds=model.stays(z), error=float(np.sqrt(variance * max(misfit, 1.0))), misfit=misfit)


def _pitman(held: Ints, count: Ints, population: int) -> Model:
    n, u, log = int(held @ count), int(count.sum()), special.gammaln
    size = np.arange(1, _SMALL + 1)

    def unfold(z: Floats) -> tuple[float, float]:
        return float(np.exp(np.clip(z[0], -20, 30))), float(special.expit(np.clip(z[1], -12, 12)))

    def surprise(z: Floats) -> float:
        theta, alpha = unfold(z)
        opened = (u - 1) * np.log(alpha) + log(theta / alpha + u) - log(theta / alpha + 1)
        joined = count @ (log(held - alpha) - log(1 - alpha))
        return float(log(theta + n) - log(theta + 1) - opened - joined)

    def stays(z: Floats) -> float:
        theta, alpha = unfold(z)
        after = log(theta + population - 1 + alpha) - log(theta + population)
        return _odds(float(after - log(theta + n - 1 + alpha) + log(theta + n)))

    def expected(z: Floats) -> Floats:
        theta, alpha = unfold(z)
        ways = log(n + 1) - log(size + 1) - log(np.maximum(n - size, 0) + 1) + log(size - alpha) - log(1 - alpha)
        rest = log(theta + alpha + n - size) - log(theta + alpha) - log(theta + n) + log(theta + 1)
        return np.asarray(np.exp(ways + rest), float)

    return Model(start=np.array([np.log(max(u / 2, 1)), 0.0]), surprise=surprise, stays=stays, expected=expected)


def _slide(held: Ints, count: Ints, population: int) -> Model:
    u, share = int(count.sum()), float(held @ count) / population

    def unfold(z: Floats) -> tuple[float, float]:
        """Return r and p of the others in the sample: a negative binomial number, thinned, is one again."""
        return float(np.exp(np.clip(z[0], -25, 25))), float(special.expit(np.clip(z[1], -25, 25)))

    def somebody(z: Floats) -> float:
        """Return the log probability that a class of the population has anybody in the sample."""
        r, p = unfold(z)
        return float(np.log(-np.expm1(np.log1p(-share) + r * np.log(p))))

    def chance(z: Floats, size: Ints) -> Floats:
        """Return the log probability of so many people, 1 or more, of a class in the sample, given any."""
        r, p = unfold(z)

        def others(k: Ints) -> Floats:
            ways = special.gammaln(k + r) - special.gammaln(r) - special.gammaln(k + 1.0)
            return np.asarray(ways + r * np.log(p) + k * np.log1p(-p))

        whole = np.logaddexp(np.log1p(-share) + others(size), np.log(share) + others(size - 1))
        return np.asarray(whole - somebody(z), float)

    def stays(z: Floats) -> float:
        r, p = unfold(z)
        alone = np.log(share) + r * np.log(share * p / (1 - p + share * p))  # in the population, and in the sample
        return _odds(float(alone - somebody(z) - chance(z, np.array([1]))[0]))

    return Model(
        start=np.array([-1.0, -2.0]),
        surprise=lambda z: -float(count @ chance(z, held)),
        stays=stays,
        expected=lambda z: u * np.exp(chance(z, np.arange(1, _SMALL + 1))),
    )


def _odds(log_chance: float) -> float:
    return float(special.logit(np.clip(np.exp(log_chance), 1e-12, 1 - 1e-12)))


_MODELS: dict[str, Callable[[Ints, Ints, int], Model]] = {"Pitman": _pitman, "SNB": _slide}
