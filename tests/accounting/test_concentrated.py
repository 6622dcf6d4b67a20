"""From rho to epsilon: the least of the bounds of all orders, by trying very many of them."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reticent.accounting import gaussian
from reticent.accounting.concentrated import delta_of, epsilon_of
from reticent.errors import ParameterError

RHO = st.floats(-8, 2.5).map(lambda power: 10.0**power)
DELTA = st.floats(-30, -1).map(lambda power: 10.0**power)
ORDERS = 1 + np.exp(np.linspace(-7, 20, 200_001))


def tried(rho, epsilon):
    """log(delta) at every order, as the paper writes it."""
    return (ORDERS - 1) * (ORDERS * rho - epsilon) + (ORDERS - 1) * np.log1p(-1 / ORDERS) - np.log(ORDERS)


@settings(max_examples=40, deadline=None)
@given(RHO, DELTA)
def test_no_order_is_better(rho, delta):
    epsilon = epsilon_of(rho, delta)
    if epsilon == 0:
        assert tried(rho, 0.0).min() <= math.log(delta)
    else:
        assert tried(rho, epsilon).min() == pytest.approx(math.log(delta), rel=1e-4)
        assert delta_of(rho, epsilon) == pytest.approx(delta, rel=1e-4)


@settings(max_examples=40, deadline=None)
@given(RHO, DELTA, st.floats(1.01, 3))
def test_more_is_never_less_and_never_below_gaussian_noise_of_that_rho(rho, delta, factor):
    epsilon = epsilon_of(rho, delta)
    assert epsilon <= epsilon_of(rho * factor, delta)
    assert epsilon_of(rho, min(0.9, delta * factor)) <= epsilon
    assert epsilon >= gaussian.epsilon_of(math.sqrt(2 * rho), delta) * (1 - 1e-9)


def test_the_ends():
    assert epsilon_of(0.0, 0.0) == delta_of(0.0, 0.0) == 0
    assert epsilon_of(1.0, 0.0) == math.inf and epsilon_of(1e-9, 0.5) == 0
    assert delta_of(1.0, math.inf) == 0 and 0 < delta_of(1.0, 1e6) < 1e-300
    assert 0.9 < delta_of(100.0, 1.0) <= 1


@pytest.mark.parametrize("bad", [-1.0, math.nan])
def test_bad_numbers_are_refused_by_name(bad):
    with pytest.raises(ParameterError, match="rho >= 0"):
        epsilon_of(bad, 1e-5)
    with pytest.raises(ParameterError, match="rho >= 0"):
        delta_of(bad, 1.0)
    with pytest.raises(ParameterError, match="epsilon >= 0"):
        delta_of(1.0, bad)
    with pytest.raises(ParameterError, match="0 <= delta < 1"):
        epsilon_of(1.0, bad)
