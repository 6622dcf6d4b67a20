"""The bound from one training never passes the true epsilon more often than it says, and finds what is planted.

Seeds are fixed; each rate is held against 5 % by a binomial test that would raise a false alarm once in a million runs.
"""

import functools
import math

import numpy as np
import pytest
from scipy import optimize, stats

from reticent.stats import one_run as module
from reticent.stats.one_run import lower_bound, one_run

RUNS, CANARIES = 4_000, 200
bound = functools.cache(lambda r, v, delta, level: lower_bound(CANARIES, r, v, delta=delta, level=level))


@pytest.fixture(autouse=True)
def remember(monkeypatch):
    """The same counts come again and again."""
    monkeypatch.setattr(module, "lower_bound", lambda m, r, v, *, delta, level: bound(r, v, delta, level))


def too_often(passed, runs=RUNS):
    return stats.binomtest(int(passed), runs, 0.05, alternative="greater").pvalue < 1e-6


@pytest.mark.parametrize("epsilon", [0.0, 0.5, 1.0, 3.0])
def test_stays_below_the_epsilon_of_randomized_response(epsilon):
    """The mechanism that leaks as much about each coin as epsilon allows."""
    rng = np.random.default_rng(1)
    found = []
    for _ in range(RUNS):
        coins = rng.random(CANARIES) < 0.5
        told = coins ^ (rng.random(CANARIES) > 1 / (1 + math.exp(-epsilon)))
        found.append(one_run(told + rng.uniform(-0.1, 0.1, CANARIES), coins).value)
    assert not too_often(np.sum(np.array(found) > epsilon))
    assert epsilon == 0 or np.median(found) > 0.6 * epsilon - 0.3  # a bound of nothing would never be wrong either


def gaussian_epsilon(sigma, delta):
    """The exact epsilon of the Gaussian mechanism of sensitivity 1 (Balle and Wang 2018)."""

    def spent(epsilon):
        shift = epsilon * sigma
        return stats.norm.sf(shift - 0.5 / sigma) - math.exp(epsilon) * stats.norm.sf(shift + 0.5 / sigma) - delta

    return optimize.brentq(spent, 0, 50)


@pytest.mark.parametrize("sigma", [0.5, 1.0])
def test_stays_below_the_epsilon_of_the_gaussian_mechanism(sigma):
    rng = np.random.default_rng(2)
    truth = gaussian_epsilon(sigma, 1e-4)
    found = []
    for _ in range(1_000):
        coins = rng.random(CANARIES) < 0.5
        found.append(one_run(coins + rng.normal(0, sigma, CANARIES), coins, delta=1e-4).value)
    assert not too_often(np.sum(np.array(found) > truth), 1_000)
    assert np.median(found) > 0.2 * truth


def test_delta_is_paid_for():
    """All coins are told with a chance of delta, nothing else: (0, delta)-private, and wrong without the correction."""
    rng = np.random.default_rng(3)
    wrong = np.zeros(2)
    for _ in range(RUNS):
        coins = rng.random(CANARIES) < 0.5
        scores = coins * 1.0 if rng.random() < 0.1 else rng.random(CANARIES)
        wrong += [one_run(scores, coins, delta=delta).value > 0 for delta in (0.1, 0.0)]
    assert not too_often(wrong[0])
    assert too_often(wrong[1])


def test_a_planted_error_is_found_with_enough_canaries():
    """A mechanism that claims epsilon 1 and spends 2.5: 200 canaries find it, 8 mostly do not."""
    rng = np.random.default_rng(4)
    claim, truth = 1.0, 2.5

    def caught(canaries):
        coins = rng.random(canaries) < 0.5
        told = coins ^ (rng.random(canaries) > 1 / (1 + math.exp(-truth)))
        right = int((told == coins).sum())
        return lower_bound(canaries, canaries, right, delta=0) > claim

    assert np.mean([caught(200) for _ in range(100)]) > 0.99
    assert np.mean([caught(8) for _ in range(100)]) < 0.5
