"""A power law from a few sizes: exact where the law is, honest where it is not, and right as often as it says."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from reticent.errors import ParameterError
from reticent.stats import power_law
from reticent.stats.power_law import BLOCKS, MOST, distinguishable, fit, gains
from reticent.stats.several import tpr_over_models

SIZE = np.array([500.0, 1000.0, 2000.0])


def noise(sd, shared=0.0):
    """Covariance of three gains of this standard deviation that share a part of it."""
    return sd**2 * (shared * np.ones((3, 3)) + (1 - shared) * np.eye(3))


def attacked(rng, models, unit, shift):
    membership = rng.random((models, len(unit))) < 0.5
    return rng.normal(size=membership.shape) + shift * membership, membership, unit


def test_gains_at_one_size_are_those_over_models():
    rng = np.random.default_rng(0)
    part = attacked(rng, 6, rng.permutation(800) // 3, 1.5)
    gain, covariance = gains([[part]], fpr=0.05)
    whole = tpr_over_models(*part, fpr=0.05)
    assert gain[0] + 0.05 == pytest.approx(whole.value)
    half = stats.t.ppf(0.975, BLOCKS - 1) * math.sqrt(covariance[0, 0]) / (whole.value * (1 - whole.value))
    assert math.log(whole.high / (1 - whole.high)) - math.log(whole.value / (1 - whole.value)) == pytest.approx(half)


def test_gains_of_parts_and_their_covariance_match_a_slow_twin():
    rng = np.random.default_rng(1)
    unit = rng.permutation(900) // 2  # the same 900 rows at both sizes, whole and in two parts
    sizes = [[attacked(rng, 3, unit[:450], 1.2), attacked(rng, 3, unit[450:], 1.2)], [attacked(rng, 4, unit, 1.0)]]
    gain, covariance = gains(sizes, fpr=0.1)

    def rate(scores, inside):  # between two non-members, so that the mean FPR is 10 %
        others = np.sort(scores[~inside])[::-1]
        rank = 0.1 * (len(others) + 1) - 1
        at = [np.mean(scores[inside] > others[int(rank) + step]) for step in (0, 1)]
        return at[0] + (rank - int(rank)) * (at[1] - at[0])

    def mean(parts, kept):
        return np.mean(
            [np.mean([rate(s[kept(u)], m[kept(u)]) for s, m in zip(scores, member, strict=True)])
             for scores, member, u in parts]
        )  # fmt: skip

    naive = np.array([mean(parts, lambda u: u >= 0) for parts in sizes])
    np.testing.assert_allclose(gain, naive - 0.1, atol=1e-12)
    left_out = np.array([[mean(parts, lambda u, g=g: u % BLOCKS != g) for g in range(BLOCKS)] for parts in sizes])
    people = (BLOCKS - 1) / BLOCKS * BLOCKS * np.cov(left_out, bias=True)
    models = [
        sum(np.var([rate(s, m) for s, m in zip(x, y, strict=True)], ddof=1) / len(x) for x, y, _ in parts)
        / len(parts) ** 2
        for parts in sizes
    ]
    np.testing.assert_allclose(covariance, people + np.diag(models), atol=1e-12)


@given(
    beta=st.floats(0.1, 1.2),
    level=st.floats(0.002, 0.4),
    sd=st.floats(1e-6, 1e-5),
    shared=st.floats(0, 0.95),
)
@settings(max_examples=60, deadline=None)
def test_without_noise_the_law_itself(beta, level, sd, shared):
    gain = level * (SIZE / 1000) ** -beta
    law = fit(SIZE, gain, noise(sd, shared), prior_sd=None)
    assert law.slope().value == pytest.approx(-beta, abs=1e-3)
    assert law.gain(4000).value == pytest.approx(level * 4**-beta, rel=0.01)
    wanted = level * 7**-beta
    assert law.size_for(wanted).value == pytest.approx(7000, rel=0.02)
    assert law.misfit == pytest.approx(1.0)


@given(
    gain=st.tuples(*[st.floats(-0.02, 0.3)] * 3),
    sd=st.floats(1e-4, 0.05),
    shared=st.floats(0, 0.9),
    wanted=st.floats(1e-4, 0.3),
)
@settings(max_examples=300, deadline=None)
def test_the_ends_of_the_interval_are_where_the_limits_reach_the_goal(gain, sd, shared, wanted):
    if not distinguishable(SIZE, gain, noise(sd, shared)):
        return
    law = fit(SIZE, gain, noise(sd, shared))
    need = law.size_for(wanted)
    assert 0 <= need.low <= need.value <= need.high
    if 1 < need.low < 1e12 and law.gain(need.low).low < 0.99:
        assert law.gain(need.low).low == pytest.approx(wanted, rel=1e-4)
    if 1 < need.high < 1e12 and law.gain(need.high).high < 0.99:
        assert law.gain(need.high).high == pytest.approx(wanted, rel=1e-4)
    if math.isinf(need.high):
        assert law.gain(1e200).high > wanted or law.beta >= 0
    if law.beta < 0 and 1e-9 < need.value < 1e15 and wanted < 0.25:
        assert law.gain(need.value).value == pytest.approx(wanted, rel=1e-6)


def test_one_size_rests_on_theory_alone():
    law = fit([1000], [0.02], [[0.001**2]])
    assert law.slope().value == pytest.approx(-0.5)
    assert law.slope().high - law.slope().low == pytest.approx(2 * stats.t.ppf(0.975, 24) * power_law.PRIOR_SD)
    assert law.size_for(0.01).value == pytest.approx(4000, rel=1e-6)
    with pytest.raises(ParameterError, match="two different sizes"):
        fit([1000, 1000], [0.02, 0.02], np.eye(2) * 1e-6, prior_sd=None)


def test_measurements_outweigh_the_prior_and_a_clash_widens():
    flat = fit(SIZE, np.full(3, 0.2), noise(0.002))
    assert flat.slope().value > -0.05 and flat.misfit > 1.5
    agreed = fit(SIZE, 0.2 * (SIZE / 1000) ** -0.5, noise(0.002))
    assert agreed.misfit == 1 and flat.slope().high - flat.slope().low > agreed.slope().high - agreed.slope().low
    vague = fit(SIZE, 0.02 * (SIZE / 1000) ** -0.1, noise(0.004))
    assert -0.5 < vague.slope().value < -0.1  # between the two


def test_a_leak_that_does_not_fall_never_meets_the_goal():
    law = fit(SIZE, 0.1 * (SIZE / 1000) ** 0.3, noise(0.0005))
    assert law.beta > 0
    never = law.size_for(0.01)
    assert (never.low, never.value, never.high) == (MOST, MOST, math.inf)
    unknown = fit(SIZE, [0.1, 0.1, 0.1], noise(0.03, 0.5), prior_sd=None).size_for(0.01)
    assert math.isinf(unknown.high) and unknown.low < MOST


def test_what_shares_its_noise_is_no_surer_of_its_level():
    gain = 0.03 * (SIZE / 1000) ** -0.5
    apart, shared = (fit(SIZE, gain, noise(0.003, part)) for part in (0.0, 0.9))
    assert shared.covariance[0, 0] > 2 * apart.covariance[0, 0]
    assert shared.covariance[1, 1] < apart.covariance[1, 1]


def test_constant_rates_have_no_noise_and_do_not_break():
    law = fit(SIZE, [0.99, 0.99, 0.99], np.zeros((3, 3)))
    assert law.slope().value == pytest.approx(0, abs=1e-3)
    assert not distinguishable(SIZE, [0.0, 0.0, 0.0], np.zeros((3, 3)))
    with pytest.raises(ParameterError, match="gains above zero"):
        fit(SIZE, [0.0, -0.01, 0.0], noise(0.01))


@pytest.mark.parametrize("shared", [0.0, 0.7])
def test_intervals_hold_the_truth_as_often_as_they_say(shared):
    """1,000 simulations: a share that is truly 95 % lies outside of the bound below once in a million runs."""
    rng, found = np.random.default_rng(0), []
    truth = 0.04 * (SIZE / 500) ** -0.5
    wanted, enough = 0.04 * (20_000 / 500) ** -0.5, 20_000
    covariance = noise(0.003, shared)
    for gain in rng.multivariate_normal(truth, covariance, 1_000):
        law = fit(SIZE, gain, covariance)
        need, slope = law.size_for(wanted), fit(SIZE, gain, covariance, prior_sd=None).slope()
        found.append((need.low <= enough <= need.high, slope.low <= -0.5 <= slope.high))
    for held in np.sum(found, axis=0):
        assert held >= stats.binom.ppf(5e-7, 1_000, 0.95)
    # Without a prior the slope's interval is no wider than it must be (Student's for 24, not for the true variance).
    assert np.sum(found, axis=0)[1] <= stats.binom.ppf(1 - 5e-7, 1_000, 0.98)


def test_nothing_is_told_from_nothing_at_the_stated_rate():
    """One-sided 2.5 %; more than that by chance once in a million runs."""
    rng = np.random.default_rng(0)
    alarms = sum(distinguishable(SIZE, gain, noise(0.01)) for gain in rng.normal(0, 0.01, (1_000, 3)))
    assert 0 < alarms <= stats.binom.ppf(1 - 1e-6, 1_000, 0.025)
