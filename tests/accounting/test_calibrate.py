"""Calibrated noise keeps to the budget, and a hair less would not."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reticent.accounting.accountants import PLD, RDP, GaussianDP, accountant_for
from reticent.accounting.adjacency import ADD_REMOVE_ROW
from reticent.accounting.calibrate import calibrate
from reticent.accounting.events import Event, Gaussian, Laplace, PoissonSampledGaussian, PureDP, compose
from reticent.accounting.gaussian import mu_of
from reticent.errors import ParameterError

pytest.importorskip("dp_accounting", reason="dp-accounting is not installed")


def event(*parts, **more):
    return Event("something", parts, adjacency=ADD_REMOVE_ROW, **more)


@settings(max_examples=30, deadline=None)
@given(st.floats(-2, 1.5), st.floats(-12, -2), st.integers(1, 1_000))
def test_full_batches_in_closed_form(power, delta_power, count):
    epsilon, delta = 10**power, 10**delta_power
    noise = calibrate(lambda noise: event(Gaussian(noise, count)), epsilon, delta)
    exact = count**0.5 / mu_of(epsilon, delta)
    assert exact * (1 - 1e-9) <= noise <= exact * (1 + 1.01e-4)


def test_sampled_batches_keep_to_the_budget():
    def make(noise):
        return event(PoissonSampledGaussian(noise, 0.01, 100), PureDP(0.1))

    grid = PLD(interval=0.002)
    noise = calibrate(make, 1.0, 1e-5, grid, precision=1e-3)
    assert grid.epsilon(make(noise), 1e-5) <= 1.0 < grid.epsilon(make(noise * 0.998), 1e-5)


def test_who_counts_is_chosen():
    def make(noise):
        return event(Gaussian(noise, 60))

    ours, renyi = (calibrate(make, 1.0, 1e-5, accountant) for accountant in (None, RDP()))
    assert ours == calibrate(make, 1.0, 1e-5, GaussianDP())
    assert RDP().epsilon(make(renyi), 1e-5) <= 1 and renyi > 1.05 * ours


def test_to_what_a_ledger_has_left():
    spent = event(PureDP(0.5))
    noise = calibrate(lambda noise: compose([spent, event(Laplace(noise))]), 1.0, 0.01, precision=1e-2)
    both = compose([spent, event(Laplace(noise))])
    assert accountant_for(both).epsilon(both, 0.01) <= 1 and noise < 2.02


@pytest.mark.parametrize(
    "make",
    [
        pytest.param(lambda noise: event(Gaussian(noise), PureDP(2.0)), id="another part costs more"),
        pytest.param(lambda noise: event(Gaussian(noise), no_guarantee="a seed"), id="no guarantee"),
    ],
)
def test_what_no_noise_can_pay_for_is_refused(make):
    with pytest.raises(ParameterError, match="costs more at noise"):
        calibrate(make, 1.0, 1e-5)


@pytest.mark.parametrize(
    ("epsilon", "delta", "precision"), [(0.0, 0.1, 0.1), (1.0, 0.0, 0.1), (1.0, 1.0, 0.1), (1, 0.1, 0)]
)
def test_bad_numbers_are_refused_before_anything_is_made(epsilon, delta, precision):
    def never(noise):
        raise AssertionError(noise)

    with pytest.raises(ParameterError, match="expected"):
        calibrate(never, epsilon, delta, precision=precision)


def test_few_events_are_counted():
    """Counting sampled steps takes seconds; and a cost that falls in steps, or not at all at first, is no trap."""
    tried = []

    def make(noise):
        tried.append(noise)
        return event(Gaussian(noise, 60))

    calibrate(make, 1.0, 1e-5)
    assert len(tried) < 12
    stepwise = calibrate(lambda noise: event(Gaussian(2.0 ** round(noise))), 1.0, 1e-5)
    assert stepwise == pytest.approx(1.5, rel=1e-3), "two to the two is enough"
