"""The law plans sizes without gaps, and is never asked to prove anything."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from reticent.necessity.sizes import ErrorLaw, fit, planned

SIZES = np.array([250, 500, 1000, 2000, 4000, 8000])


@pytest.mark.parametrize("slope", [0.2, 0.5, 1.0])
def test_a_law_is_found_again(slope):
    truth = ErrorLaw(floor=0.1, scale=2.0, slope=slope)
    law = fit(SIZES, truth.error(SIZES))
    np.testing.assert_allclose(law.error(SIZES), truth.error(SIZES), rtol=0.01)
    assert float(law.error(16_000)) == pytest.approx(float(truth.error(16_000)), rel=0.01)


@given(st.lists(st.floats(0, 1), min_size=6, max_size=6))
def test_whatever_is_measured_the_law_falls_and_has_a_floor(errors):
    law = fit(SIZES, errors)
    assert law.floor >= 0 and law.scale >= 0
    assert np.all(np.diff(law.error(SIZES)) <= 0)


@given(
    st.floats(0, 0.5),
    st.floats(0.001, 50),
    st.floats(0.05, 2),
    st.integers(60, 10**6),
    st.floats(0.001, 0.5),
)
def test_sizes_fall_without_gaps_from_near_all(floor, scale, slope, people, margin):
    sizes = planned(ErrorLaw(floor=floor, scale=scale, slope=slope), people, margin)
    assert 0.8 * people <= sizes[0] < people
    assert all(0.4 * one < other < one for one, other in pairwise(sizes))
    assert min(sizes) >= 49
    assert len(sizes) < 40


def test_small_steps_surround_the_answer_of_the_law():
    law = ErrorLaw(floor=0.1, scale=1.0, slope=0.5)
    sizes = np.array(planned(law, 20_000, 0.01))
    answer = (1 / (float(law.error(20_000)) + 0.01 - 0.1)) ** 2
    near = sizes[(sizes < 3 * answer) & (sizes > answer / 3)]
    assert len(near) >= 5 and near.min() < answer < near.max()
