"""The closed form against its definition in a hundred digits, on the safe side everywhere."""

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reticent.accounting.gaussian import delta_of, epsilon_of, mu_of
from reticent.errors import ParameterError

mpmath = pytest.importorskip("mpmath", reason="mpmath comes with dp-accounting")

MU = st.floats(-5, 2.5).map(lambda power: 10.0**power)
DELTA = st.floats(-60, -0.5).map(lambda power: 10.0**power)
EPSILON = st.floats(-4, 3).map(lambda power: 10.0**power)


def defined(mu, epsilon):
    """Delta by its definition; the digits cover what cancels."""
    with mpmath.workdps(100):
        mu, epsilon = mpmath.mpf(mu), mpmath.mpf(epsilon)
        return mpmath.ncdf(mu / 2 - epsilon / mu) - mpmath.exp(epsilon) * mpmath.ncdf(-mu / 2 - epsilon / mu)


@settings(max_examples=150, deadline=None)
@given(MU, st.floats(-9, 9))
def test_delta_is_the_defined_one_and_never_below_it(mu, place):
    """``place``: how far epsilon lies from its mean mu**2 / 2, in standard deviations mu; beyond 9, delta < 1e-18."""
    epsilon = max(0.0, mu * (mu / 2 + place))
    true, ours = defined(mu, epsilon), delta_of(mu, epsilon)
    assert true <= ours <= true * (1 + 1e-9)


@settings(max_examples=60, deadline=None)
@given(MU, st.floats(9, 37))
def test_delta_far_out(mu, place):
    epsilon = mu * (mu / 2 + place)
    true, ours = defined(mu, epsilon), delta_of(mu, epsilon)
    assert true <= ours <= true * (1 + 1e-8)


@settings(max_examples=60, deadline=None)
@given(MU, DELTA)
def test_epsilon_is_the_least_that_holds(mu, delta):
    epsilon = epsilon_of(mu, delta)
    assert defined(mu, epsilon) <= delta
    assert epsilon == 0 or defined(mu, epsilon * (1 - 1e-7)) > delta


@settings(max_examples=60, deadline=None)
@given(EPSILON, DELTA)
def test_mu_is_the_largest_that_holds(epsilon, delta):
    mu = mu_of(epsilon, delta)
    assert defined(mu, epsilon) <= delta
    assert defined(mu * (1 + 1e-7), epsilon) > delta


@settings(max_examples=60, deadline=None)
@given(EPSILON, DELTA)
def test_there_and_back(epsilon, delta):
    assert epsilon_of(mu_of(epsilon, delta), delta) == pytest.approx(epsilon, rel=1e-6, abs=1e-9)


@settings(max_examples=100, deadline=None)
@given(MU, EPSILON, DELTA, st.floats(1.001, 3))
def test_more_is_never_less(mu, epsilon, delta, factor):
    assert delta_of(mu, epsilon) <= delta_of(mu * factor, epsilon) * (1 + 1e-9)
    assert delta_of(mu, epsilon * factor) <= delta_of(mu, epsilon) * (1 + 1e-9)
    assert epsilon_of(mu, delta) <= epsilon_of(mu * factor, delta)
    assert epsilon_of(mu, min(0.9, delta * factor)) <= epsilon_of(mu, delta)
    assert mu_of(epsilon, delta) <= mu_of(epsilon * factor, delta)


@pytest.mark.parametrize("mu", [0.999999, 1.0, 1.000001])
def test_both_formulas_meet_where_one_gives_way(mu):
    assert delta_of(mu, 2.0) == pytest.approx(float(defined(mu, 2.0)), rel=1e-11)


@pytest.mark.parametrize(("mu", "epsilon", "delta"), [(0.0, 0.0, 0.0), (0.0, 3.0, 0.0), (math.inf, 3.0, 1.0)])
def test_nothing_and_everything(mu, epsilon, delta):
    assert delta_of(mu, epsilon) == delta


def test_the_ends():
    assert epsilon_of(0.0, 0.0) == 0 and epsilon_of(0.0, 1e-5) == 0
    assert epsilon_of(1e-9, 1e-5) == 0, "the total variation alone is below delta"
    assert epsilon_of(0.5, 0.0) == math.inf and epsilon_of(math.inf, 1e-5) == math.inf
    assert mu_of(1.0, 0.0) == 0 and mu_of(math.inf, 1e-5) == math.inf
    assert delta_of(1.0, math.inf) == 0 and 0 < delta_of(1.0, 1e6) < 1e-300
    assert 0 < delta_of(1e-300, 1e-3) < 1e-300
    assert epsilon_of(1e4, 1e-5) == pytest.approx(5e7 + 1e4 * 4.2649, rel=1e-6), "mu**2 / 2 + 4.2649 mu"


@pytest.mark.parametrize("bad", [-1.0, math.nan])
def test_bad_numbers_are_refused_by_name(bad):
    with pytest.raises(ParameterError, match="mu >= 0"):
        delta_of(bad, 1.0)
    with pytest.raises(ParameterError, match="epsilon >= 0"):
        delta_of(1.0, bad)
    with pytest.raises(ParameterError, match="mu >= 0"):
        epsilon_of(bad, 1e-5)
    with pytest.raises(ParameterError, match="epsilon >= 0"):
        mu_of(bad, 1e-5)
    for delta in (bad, 1.0):
        with pytest.raises(ParameterError, match="0 <= delta < 1"):
            epsilon_of(1.0, delta)
        with pytest.raises(ParameterError, match="0 <= delta < 1"):
            mu_of(1.0, delta)
