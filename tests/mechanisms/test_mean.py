"""Means: a row adds one unit whatever it holds, and the interval holds the truth."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from reticent.errors import ParameterError
from reticent.mechanisms import mean
from reticent.mechanisms.mean import BOUGHT, UNIT, clamped_share, halves

any_number = st.floats(allow_nan=False)


@settings(max_examples=300, deadline=None)
@given(st.lists(any_number, max_size=5), any_number, st.floats(-1e300, 1e300), st.floats(1e-300, 1e300))
def test_one_row_more_adds_one_unit(values, added, low, width):
    high = low + width
    if not (low < high < np.inf):
        return
    before, after = (
        halves(clamped_share(np.array(rows, float), low, high)).sum(axis=0) for rows in (values, [*values, added])
    )
    assert np.abs(after - before).sum() == UNIT
    assert (after >= before).all()


def test_without_noise_it_is_the_mean_of_clamped_values():
    values = np.array([-5.0, 1.0, 2.5, 400.0])
    assert mean(values, epsilon=1e9, bounds=(0, 10)).value == pytest.approx(np.clip(values, 0, 10).mean(), abs=1e-4)


def test_interval_holds_the_truth():
    """False alarms: fewer hits than a share of 95 % gives in one of ten million series."""
    values = np.linspace(0, 1, 40)
    said = [mean(values, epsilon=0.5, bounds=(0, 1)) for _ in range(300)]
    assert sum(one.interval[0] <= 0.5 <= one.interval[1] for one in said) >= stats.binom.ppf(1e-7, 300, 0.95)
    assert all(0 <= one.interval[0] <= one.value <= one.interval[1] <= 1 for one in said)


def test_bounds_are_bought_within_limits_and_charged():
    values = np.random.default_rng(0).uniform(20, 60, 5000)
    said = mean(values, epsilon=20.0, limits=(-1000, 1000))
    low, high = said.bounds
    assert 15 < low < 25
    assert 55 < high < 65
    assert abs(said.value - 40) < 1
    *bought, own = (part.epsilon for part in said.event.parts)
    assert sum(bought) == pytest.approx(BOUGHT * 20)
    assert own == pytest.approx((1 - BOUGHT) * 20)


@pytest.mark.parametrize("ends", [{}, {"bounds": (0, 1), "limits": (0, 1)}], ids=["neither", "both"])
def test_bounds_or_limits(ends):
    with pytest.raises(ParameterError, match="limits"):
        mean([0.5], epsilon=1.0, **ends)
