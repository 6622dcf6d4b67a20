"""Histograms count as NumPy does, but for the noise."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from reticent.errors import ParameterError
from reticent.mechanisms import histogram

QUIET = 200.0  # an epsilon at which noise is 0 but once in 1e86 draws


@settings(max_examples=25, deadline=None)
@given(arrays(np.float64, st.integers(0, 30), elements=st.sampled_from([-1.0, 0.0, 0.3, 1.0, 2.0, 2.5, 3.0, 9.0])))
def test_without_noise_it_is_numpys(values):
    edges = [0.0, 1.0, 2.0, 3.0]
    said = histogram(values, epsilon=QUIET, bins=edges)
    assert said.value == tuple(np.histogram(values, edges)[0])
    assert said.edges == tuple(edges)


def test_bins_of_equal_width():
    assert histogram([], epsilon=QUIET, bins=4, bounds=(0, 2)).edges == (0.0, 0.5, 1.0, 1.5, 2.0)


@pytest.mark.parametrize(
    "asked",
    [{"bins": 3}, {"bins": [0, 1], "bounds": (0, 1)}, {"bins": 0, "bounds": (0, 1)}, {"bins": True}, {"bins": "3"}],
    ids=["no bounds", "both", "no bins", "flag", "word"],
)
def test_bins_are_declared(asked):
    with pytest.raises(ParameterError, match="b"):
        histogram([0.5], epsilon=1.0, **asked)


def test_all_intervals_hold_together():
    """Of 200 histograms of 10 bins, 95 % or more hold all bins; fewer than 80 % is chance once in 1e13."""
    truth = np.histogram(np.arange(10), 10, (0, 10))[0]
    held = 0
    for _ in range(200):
        low, high = np.array(histogram(np.arange(10), epsilon=1.0, bins=10, bounds=(0, 10)).interval)
        held += bool(((low <= truth) & (truth <= high)).all())
    assert held >= 160
