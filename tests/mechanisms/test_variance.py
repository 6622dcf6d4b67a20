"""Variances: a row adds one unit whatever it holds, and without noise it is NumPy's."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reticent.mechanisms import variance
from reticent.mechanisms.mean import UNIT
from reticent.mechanisms.variance import thirds


@settings(max_examples=300, deadline=None)
@given(st.floats(0, 1))
def test_one_row_adds_one_unit(share):
    row = thirds(np.array([share]))[0]
    assert row.sum() == UNIT
    assert (row >= 0).all()


@settings(max_examples=30, deadline=None)
@given(st.lists(st.floats(-20, 20), min_size=1, max_size=20))
def test_without_noise_it_is_the_variance_of_clamped_values(values):
    said = variance(values, epsilon=1e9, bounds=(-10, 10))
    assert said.value == pytest.approx(np.var(np.clip(values, -10, 10)), abs=2e-3)


def test_noise_is_what_one_epsilon_buys():
    """Values at a half of 5,000 rows: noise of 0.6 / (epsilon n) of the squared range; 10 of these is no chance."""
    values = np.repeat([0.25, 0.75], 2500)
    errors = [abs(variance(values, epsilon=1.0, bounds=(0, 1)).value - 0.0625) for _ in range(50)]
    assert max(errors) < 15 * 0.61 / 5000
    assert max(errors) > 0
