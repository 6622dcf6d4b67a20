"""Bounds from two worlds against slow twins, and against what they have to refuse."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import optimize, stats

from reticent.errors import ParameterError
from reticent.stats.two_worlds import epsilon_of_errors, most_shown, mu_of_errors, mu_of_scores


def slow_bounds(hits, members, alarms, others, level):
    """The exact binomial bounds by bisection on sums of terms."""
    error = (1 - level) / 2
    low = 0.0
    if hits > 0:
        low = optimize.brentq(lambda p: stats.binom.sf(hits - 1, members, p) - error, 0, 1)
    high = 1.0
    if alarms < others:
        high = optimize.brentq(lambda p: stats.binom.cdf(alarms, others, p) - error, 0, 1)
    return low, high


@settings(max_examples=60, deadline=None)
@given(st.integers(1, 60), st.integers(1, 60), st.data(), st.sampled_from([0.0, 1e-5, 0.05]))
def test_bounds_are_those_of_the_definition(members, others, data, delta):
    hits, alarms = data.draw(st.integers(0, members)), data.draw(st.integers(0, others))
    tpr, fpr = slow_bounds(hits, members, alarms, others, 0.95)
    epsilon = epsilon_of_errors(hits, members, alarms, others, delta=delta)
    for e in (
        np.linspace(0, epsilon, 5)[:-1] if epsilon > 0 else ()
    ):  # each smaller epsilon contradicts one of the two inequalities
        assert tpr > math.exp(e) * fpr + delta or 1 - fpr > math.exp(e) * (1 - tpr) + delta
    more = epsilon + 1e-6
    assert tpr <= math.exp(more) * fpr + delta + 1e-9 and 1 - fpr <= math.exp(more) * (1 - tpr) + delta + 1e-9
    mu = mu_of_errors(hits, members, alarms, others)
    assert mu == pytest.approx(max(0.0, stats.norm.ppf(tpr) - stats.norm.ppf(fpr)), abs=1e-6)


def test_no_count_shows_more_than_a_rule_that_is_never_wrong():
    most = most_shown(40, 40, delta=1e-5)
    shown = [epsilon_of_errors(h, 40, a, 40, delta=1e-5) for h in range(41) for a in range(41)]
    assert max(shown) == most and most < most_shown(400, 400, delta=1e-5)
    assert epsilon_of_errors(20, 40, 20, 40, delta=0) == 0


@pytest.mark.parametrize("counts", [(3, 2, 0, 2), (0, 0, 0, 2), (1, 2, 3, 2), (-1, 2, 0, 2)], ids=str)
def test_refuses_counts_that_cannot_be(counts):
    with pytest.raises(ParameterError, match="hits <= members"):
        epsilon_of_errors(*counts, delta=0)
    with pytest.raises(ParameterError, match="delta"):
        epsilon_of_errors(1, 2, 1, 2, delta=1.0)


@pytest.mark.parametrize("m", [100, 400, 5000])
@pytest.mark.parametrize("mu", [0.0, 0.27, 1.1])
def test_the_closed_form_is_the_noncentral_t_distribution(m, mu):
    rng = np.random.default_rng(m)
    coins = np.arange(m) % 2 == 0
    scores = rng.normal(size=m) + mu * coins
    found = mu_of_scores(scores, coins, level=0.999)
    t = stats.ttest_ind(scores[coins], scores[~coins]).statistic
    if found.low > 0:
        reached = stats.nct.sf(t, m - 2, found.low * math.sqrt(m / 4))
        assert reached == pytest.approx(0.001, rel=0.05)
    else:
        assert stats.t.sf(t, m - 2) > 0.0009


def test_scores_without_noise_have_no_bound_and_shuffled_ones_none_above_zero():
    coins = np.arange(200) % 2 == 0
    assert mu_of_scores(coins * 1.0, coins).low == math.inf
    assert mu_of_scores(np.zeros(200), coins).low == 0
    assert mu_of_scores(-1.0 * coins + np.random.default_rng(0).normal(size=200), coins).low == 0


def test_says_so_where_nothing_can_be_tested():
    assert "50 canaries" in mu_of_scores(np.zeros(50), np.arange(50) < 25).untested
    assert not mu_of_scores(np.zeros(200), np.zeros(200, bool)).tested
    with pytest.raises(ParameterError, match="one coin"):
        mu_of_scores(np.zeros(5), np.zeros(4, bool))
