"""The one-run bound against sums of binomial terms by hand, and against what it has to refuse."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reticent.errors import ParameterError
from reticent.stats.one_run import lower_bound, one_run, p_value, right_guesses
from reticent.stats.rates import clopper_pearson


def naive_p(epsilon, m, r, v, delta):
    q = math.exp(epsilon) / (1 + math.exp(epsilon))
    mass = [math.comb(r, k) * q**k * (1 - q) ** (r - k) for k in range(r + 1)]
    worst = max((sum(mass[v - i : v]) / i for i in range(1, v + 1)), default=0.0)
    return min(1.0, sum(mass[v:]) + 2 * m * delta * worst)


@settings(max_examples=100, deadline=None)
@given(st.integers(1, 40), st.data(), st.floats(0, 5), st.sampled_from([0.0, 1e-6, 1e-3, 0.1]))
def test_p_value_is_the_sum_of_its_terms(m, data, epsilon, delta):
    r = data.draw(st.integers(0, m))
    v = data.draw(st.integers(0, r))
    assert p_value(epsilon, m, r, v, delta=delta) == pytest.approx(naive_p(epsilon, m, r, v, delta), abs=1e-9)


@settings(max_examples=60, deadline=None)
@given(st.integers(1, 60), st.data(), st.sampled_from([0.0, 1e-5, 1e-2]))
def test_bound_is_where_the_p_value_meets_the_error(m, data, delta):
    r = data.draw(st.integers(1, m))
    v = data.draw(st.integers(0, r))
    bound = lower_bound(m, r, v, delta=delta)
    below = np.linspace(0, bound, 30)[:-1]
    if bound > 0:
        assert all(naive_p(e, m, r, v, delta) <= 0.05 + 1e-9 for e in below)  # all of them are ruled out
        assert naive_p(bound + 1e-6, m, r, v, delta) > 0.05
    else:
        assert naive_p(0, m, r, v, delta) >= 0.05


@pytest.mark.parametrize(("r", "v"), [(20, 20), (100, 95), (1000, 700), (30, 16)])
def test_without_delta_it_is_the_odds_of_the_exact_binomial_bound(r, v):
    low, _ = clopper_pearson(v, r, level=0.9)  # one-sided 95 %
    assert lower_bound(r + 5, r, v, delta=0) == pytest.approx(max(0, math.log(low / (1 - low))), abs=1e-6)


def test_rises_with_right_guesses_and_falls_with_delta_canaries_and_level():
    assert (np.diff([lower_bound(60, 60, v, delta=1e-4) for v in range(61)]) >= 0).all()
    assert (np.diff([lower_bound(60, 60, 55, delta=d) for d in (0, 1e-6, 1e-4, 1e-3, 1e-2)]) <= 0).all()
    assert lower_bound(1000, 60, 55, delta=1e-4) < lower_bound(60, 60, 55, delta=1e-4)
    assert lower_bound(60, 60, 55, delta=0, level=0.99) < lower_bound(60, 60, 55, delta=0)


def test_many_perfect_guesses_stay_finite_and_none_prove_nothing():
    assert 6 < lower_bound(2_000, 2_000, 2_000, delta=0) < 7
    assert lower_bound(50, 0, 0, delta=0) == lower_bound(50, 50, 25, delta=0) == 0
    assert lower_bound(50, 50, 50, delta=0.5) == 0


@pytest.mark.parametrize(("m", "r", "v", "delta"), [(5, 6, 1, 0), (5, 5, 6, 0), (5, 5, -1, 0), (5, 5, 5, 1.0)])
def test_refuses_counts_that_cannot_be(m, r, v, delta):
    with pytest.raises(ParameterError, match="right <= guesses"):
        lower_bound(m, r, v, delta=delta)


def test_reads_scores_from_both_ends():
    scores, included = np.array([5.0, 4, 3, 2, 1, 0]), np.array([True, True, False, True, False, False])
    assert [right_guesses(scores, included, r, 0) for r in (1, 2, 3, 4, 6)] == [1, 2, 3, 4, 4]
    assert [right_guesses(-scores, included, r, 0) for r in (2, 6)] == [0, 2]


def test_order_of_the_canaries_says_nothing():
    """Members first and the same score for all: an order that is read as a ranking would guess every coin."""
    included = np.arange(400) < 200
    assert one_run(np.zeros(400), included).value == 0
    assert 150 < right_guesses(np.zeros(400), included, 400, 0) < 250


def test_an_open_secret_is_proved_and_split_over_the_tries():
    included = np.random.default_rng(0).permutation(200) < 100
    found = one_run(included * 1.0, included)
    assert found.value == pytest.approx(lower_bound(200, 200, 200, delta=0, level=1 - 0.05 / 4))
    assert found.low == found.value and found.high == math.inf and found.n == 200
    alone = one_run(included * 1.0, included, guesses=[200])
    assert alone.value == pytest.approx(lower_bound(200, 200, 200, delta=0))
    assert alone.value > found.value


def test_says_so_where_nothing_can_be_tested():
    found = one_run(np.zeros(3), np.zeros(3, bool))
    assert not found.tested and "3 canaries" in found.untested
    with pytest.raises(ParameterError, match="one coin a canary"):
        one_run(np.zeros(5), np.zeros(4, bool))
    with pytest.raises(ParameterError, match="from 1 to 5"):
        one_run(np.zeros(5), np.zeros(5, bool), guesses=[6])
