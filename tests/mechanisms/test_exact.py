"""OpenDP's noise has the scale that its map allows, and the conversions are what the papers say."""

import numpy as np
import pytest
from scipy import optimize

from reticent.mechanisms import exact


def epsilon_by_hand(rho: float, delta: float) -> float:
    """Canonne, Kamath and Steinke 2020, proposition 7, minimized numerically: the slow twin."""

    def at(logarithm: float) -> float:
        alpha = 1.0 + np.exp(logarithm)
        return rho * alpha + np.log(1.0 / (alpha * delta)) / (alpha - 1.0) + np.log1p(-1.0 / alpha)

    return float(optimize.minimize_scalar(at, bounds=(-10, 15), method="bounded", options={"xatol": 1e-12}).fun)


@pytest.mark.parametrize("epsilon", [0.1, 1.0, 8.0])
@pytest.mark.parametrize("delta", [1e-9, 1e-5])
def test_rho_is_the_largest_that_keeps_to_epsilon_and_delta(epsilon, delta):
    rho = exact.rho_of(epsilon, delta)
    assert epsilon_by_hand(rho, delta) <= epsilon * (1 + 1e-6)
    assert exact.epsilon_of(rho, delta) <= epsilon * (1 + 1e-9)
    assert exact.epsilon_of(1.01 * rho, delta) > epsilon


@pytest.mark.parametrize("sensitivity", [1, 3, 2**20])
def test_scales_are_the_smallest_that_the_definition_allows(sensitivity):
    assert exact.laplace_scale(sensitivity, 0.5) == pytest.approx(sensitivity / 0.5, rel=1e-9)
    assert exact.laplace_scale(sensitivity, 0.5) >= sensitivity / 0.5
    assert exact.gaussian_scale(sensitivity, 0.02) == pytest.approx(sensitivity / np.sqrt(0.04), rel=1e-9)
    assert exact.gaussian_scale(sensitivity, 0.02) >= sensitivity / np.sqrt(0.04) * (1 - 1e-12)


def test_noise_has_its_standard_deviation():
    """False alarms: 4,000 draws put an estimate beyond 20 % (Laplace: 9 standard errors) in far less than 1e-6."""
    zeros = np.zeros(4000, np.int64)
    noisy, scale = exact.laplace(zeros, sensitivity=100, epsilon=1.0)
    assert np.std(noisy) == pytest.approx(np.sqrt(2) * scale, rel=0.2)
    noisy, scale = exact.gaussian(zeros, sensitivity=100, rho=0.5)
    assert np.std(noisy) == pytest.approx(scale, rel=0.2)
    assert len(np.unique(noisy)) > 100


def test_noise_is_added_to_what_is_asked_and_keeps_its_shape():
    given = np.arange(6, dtype=np.int64).reshape(2, 3) * 10**6
    for noisy, _ in (
        exact.laplace(given, sensitivity=1, epsilon=50.0),
        exact.gaussian(given, sensitivity=1, rho=500.0),
    ):
        assert noisy.shape == (2, 3)
        assert np.abs(noisy - given).max() < 10


@pytest.mark.parametrize("scale", [0.001, 0.2, 0.4, 1.0, 7.3])
def test_reach_is_the_smallest_that_holds_the_noise(scale):
    reach, ratio = exact.laplace_reach(scale, 0.95), np.exp(-1 / scale)

    def beyond(k: float) -> float:
        return float(2 * ratio ** (k + 1) / (1 + ratio))  # discrete Laplace noise above k or below -k

    assert beyond(reach) <= 0.05
    assert reach == 0 or beyond(reach - 1) > 0.05
