"""How often the tests of an epsilon are wrong, and what they find: counted over runs of right and of wrong code.

Seeds are fixed. Each count is held against its level by a binomial test that would raise a false alarm once in a
million runs.
"""

import numpy as np
import pytest
from scipy import special, stats

from reticent.reality.noise import check_noise
from reticent.stats.two_worlds import epsilon_of_errors, mu_of_errors, mu_of_scores

RUNS, CANARIES = 2_000, 20_000
MU = 0.268  # epsilon 1 at delta 1e-5
ALARM = 1e-3  # false alarms that are promised: at most one in a thousand


def too_often(alarms, runs, level):
    return stats.binomtest(int(alarms), runs, level, alternative="greater").pvalue < 1e-6


@pytest.fixture(scope="module")
def canaries():
    """Differences of scores, in and out, for mu = 0: ``RUNS`` runs with their coins."""
    rng = np.random.default_rng(0)
    return [(rng.standard_normal(CANARIES), rng.random(CANARIES) < 0.5) for _ in range(RUNS)]


@pytest.mark.slow
@pytest.mark.parametrize("level", [0.95, 0.999])
def test_the_gaussian_bound_passes_the_truth_as_rarely_as_it_says(canaries, level):
    above = [mu_of_scores(noise + MU * coins, coins, level=level).low > MU for noise, coins in canaries]
    assert not too_often(sum(above), RUNS, 1 - level)
    assert level > 0.99 or sum(above) > 0.5 * (1 - level) * RUNS  # and no rarer than need be


@pytest.mark.slow
@pytest.mark.parametrize("times", [2**0.5, 2.0, 3.0])
def test_an_error_of_sqrt2_is_found_with_20000_canaries(canaries, times):
    found = [
        mu_of_scores(noise + times * MU * coins, coins, level=1 - ALARM).low > MU for noise, coins in canaries[:300]
    ]
    assert np.mean(found) > 0.99


@pytest.mark.slow
def test_few_canaries_miss_it(canaries):
    found = [
        mu_of_scores(noise[:1000] + 2**0.5 * MU * coins[:1000], coins[:1000], level=1 - ALARM).low > MU
        for noise, coins in canaries[:300]
    ]
    assert np.mean(found) < 0.5


@pytest.mark.slow
def test_right_noise_is_blamed_as_rarely_as_promised():
    """At one in a thousand, and, so that the count can fail for each test alone, at one in twenty."""
    rng = np.random.default_rng(1)
    blamed, alone = np.zeros(2), dict.fromkeys(("distribution", "variance", "order", "repetition", "grain"), 0)
    for _ in range(RUNS):
        grid = float(rng.choice([0.0, 0.01, 0.5, 2.0]))
        draws = rng.standard_normal(2_000)
        draws = grid * np.rint(draws / grid) if grid else draws
        found = check_noise(draws, grid=grid, level=ALARM)
        blamed += [not found.holds, min(found.p_values.values()) < 0.05 / len(alone)]
        for name, p in found.p_values.items():
            alone[name] += p < 0.05
    assert not too_often(blamed[0], RUNS, ALARM) and not too_often(blamed[1], RUNS, 0.05)
    assert not any(too_often(count, RUNS, 0.05) for count in alone.values()), alone


@pytest.mark.slow
def test_a_sigma_that_is_off_by_3_percent_is_found_in_20000_draws(canaries):
    found = [check_noise(0.97 * noise, level=ALARM).holds for noise, _ in canaries[:100]]
    assert np.mean(found) < 0.1


def test_bounds_from_two_worlds_pass_the_truth_as_rarely_as_they_say():
    """The worst threshold that was fixed before, at each of several sizes of samples."""
    rng = np.random.default_rng(2)
    runs = 20_000
    for mu, threshold, each in ((1.0, 1.0, 50), (0.27, 2.0, 2_000), (2.0, 1.0, 300)):
        tpr, fpr = special.ndtr(mu - threshold), special.ndtr(-threshold)
        epsilon = max(np.log((tpr - 1e-5) / fpr), np.log((1 - fpr - 1e-5) / (1 - tpr)))
        counts = np.column_stack([rng.binomial(each, tpr, runs), rng.binomial(each, fpr, runs)])
        different, times = np.unique(counts, axis=0, return_counts=True)
        above = np.zeros(2)
        for (hits, alarms), often in zip(different.tolist(), times.tolist(), strict=True):
            shown = mu_of_errors(hits, each, alarms, each), epsilon_of_errors(hits, each, alarms, each, delta=1e-5)
            above += often * (np.array(shown) > (mu, epsilon))
        assert not too_often(above[0], runs, 0.05) and not too_often(above[1], runs, 0.05)
