"""Moments: rows are no longer than they are charged for, and without noise they are NumPy's."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from reticent.defenses.training.dp.columns import Desk
from reticent.defenses.training.dp.moments import lengths, moments
from reticent.mechanisms.exact_curator import ExactCurator


class Longest:
    """A curator without noise that notes the length of what it is asked."""

    def __init__(self, kind):
        self.kind, self.lengths = kind, {}

    def laplace(self, what, exact, *, sensitivity, share, grid):
        self.lengths[what] = (np.abs(exact).sum(), sensitivity)
        return exact

    def gaussian(self, what, exact, *, sensitivity, share, grid):
        self.lengths[what] = (np.linalg.norm(exact), sensitivity)
        return exact

    def sd(self, sensitivity, share):
        return 0.0


@settings(max_examples=200, deadline=None)
@given(arrays(np.float64, st.tuples(st.just(1), st.integers(1, 6)), elements=st.floats(-1, 1)), st.booleans())
def test_no_row_is_longer_than_it_is_charged_for(row, pure):
    curator = Longest("laplace" if pure else "gaussian")
    moments(row, np.zeros(1, np.intp), 1, Desk(curator, row[0], row[0]), share=1.0)
    for length, sensitivity in curator.lengths.values():
        assert length <= sensitivity


@pytest.mark.parametrize(("pure", "worst"), [(True, [1.0, 1.0]), (False, [1.0, 0.0])])
def test_the_bound_is_reached(pure, worst):
    curator = Longest("laplace" if pure else "gaussian")
    row = np.array([worst])
    moments(row, np.zeros(1, np.intp), 1, Desk(curator, row[0], row[0]), share=1.0)
    length, sensitivity = curator.lengths["means and variances"]
    assert length == pytest.approx(sensitivity, rel=1e-4)
    assert sensitivity == lengths(2)[0 if pure else 1]


@pytest.mark.parametrize("kind", ["laplace", "gaussian"])
def test_without_noise_they_are_numpys(kind):
    rng = np.random.default_rng(0)
    values, groups = rng.uniform(-1, 1, (500, 3)), rng.integers(3, size=500)
    found = moments(values, groups, 4, Desk(Longest(kind), values[0], values[0]), share=1.0)
    for group in range(3):
        mine = values[groups == group]
        assert found.n[group] == len(mine)
        np.testing.assert_allclose(found.mean[group], mine.mean(axis=0), atol=1e-5)
        np.testing.assert_allclose(found.variance[group], mine.var(axis=0), atol=1e-5)
    assert found.n[3] == 1  # an empty group divides by one row


@pytest.mark.parametrize("delta", [0.0, 1e-5])
def test_the_noise_is_what_it_says(delta):
    """50 fits of 4 columns; false alarms: a ratio of standard deviations beyond 1.6 at 200 draws, below 1e-8."""
    values, groups = np.zeros((2000, 4)), np.zeros(2000, np.intp)
    found = [
        moments(values, groups, 1, Desk(ExactCurator(epsilon=1.0, delta=delta), values[0], values[0]), share=1.0)
        for _ in range(50)
    ]
    means = np.concatenate([one.mean[0] for one in found])
    assert 1 / 1.6 < means.std() / found[0].mean_sd.mean() < 1.6
