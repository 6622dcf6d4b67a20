"""The limit of a bounded mean: exact where values are 0 or the bound, and as simulated for all others."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from reticent.stats.bounded import upper


@pytest.mark.parametrize("hits", [0, 1, 3, 30])
@pytest.mark.parametrize("level", [0.9, 0.95, 0.999])
def test_values_that_are_nothing_or_all_get_the_limit_of_clopper_and_pearson(hits, level):
    values = np.repeat([2.0, 0.0], [hits, 400 - hits])
    exact = 2 * stats.beta.ppf(level, hits + 1, 400 - hits)
    assert upper(values, np.ones(400), 2.0, level) == pytest.approx(exact, rel=0.005)


@pytest.mark.parametrize("seed", range(3))
def test_it_is_the_quantile_of_randomly_weighted_means(seed):
    rng = np.random.default_rng(seed)
    values, sizes = rng.lognormal(0, 1, 80).clip(0, 8), rng.integers(1, 6, 80).astype(float)
    more = (sizes**2).sum() / sizes.sum()
    weights = rng.exponential(size=(200_000, 81))
    means = weights @ np.append(values * sizes, 8 * more) / (weights @ np.append(sizes, more))
    assert upper(values * sizes, sizes, 8.0, 0.95) == pytest.approx(np.quantile(means, 0.95), rel=0.005)


@given(
    st.lists(st.floats(-1, 1), min_size=1, max_size=40),
    st.floats(1, 20),
    st.floats(0.6, 0.999),
    st.floats(0.1, 10),
)
def test_it_lies_between_mean_and_bound_and_has_no_unit(values, bound, level, unit):
    sums, sizes = np.array(values), np.ones(len(values))
    limit = upper(sums, sizes, bound, level)
    assert sums.mean() - 1e-9 <= limit <= bound + 1e-9
    assert upper(unit * sums, sizes, unit * bound, level) == pytest.approx(unit * limit, rel=1e-4, abs=1e-5)
    assert upper(sums, sizes, 2 * bound, level) >= limit - 1e-6
    assert upper(np.maximum(sums, 0.5), sizes, bound, level) >= limit - 1e-6


def test_where_all_have_the_bound_it_is_the_limit():
    assert upper(np.full(9, 3.0), np.ones(9), 3.0, 0.95) == 3
