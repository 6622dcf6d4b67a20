"""Shares and differences against scipy, statsmodels and their definitions."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from reticent.stats import rates

SHARES = [(0, 1), (1, 1), (0, 30), (3, 30), (29, 30), (30, 30), (1_234, 20_000)]


@pytest.mark.parametrize("level", [0.8, 0.95, 0.999])
@pytest.mark.parametrize(("hits", "trials"), SHARES)
def test_clopper_pearson_is_scipys(hits, trials, level):
    theirs = stats.binomtest(hits, trials).proportion_ci(level, method="exact")
    assert rates.clopper_pearson(hits, trials, level=level) == pytest.approx((theirs.low, theirs.high), abs=1e-12)


def test_rate_counts():
    found = rates.rate([True, False, True, True])
    assert (found.value, found.n) == (0.75, 4)
    assert (found.low, found.high) == rates.clopper_pearson(3, 4)
    assert rates.rate([True, False], level=0.5).level == 0.5
    nothing = rates.rate([])
    assert not nothing.tested and nothing.untested == "no rows"


@pytest.mark.parametrize(("a", "m", "b", "n"), [(56, 70, 48, 80), (9, 10, 3, 10), (0, 20, 5, 30), (30, 30, 30, 30)])
def test_difference_is_newcombes(a, m, b, n):
    proportion = pytest.importorskip("statsmodels.stats.proportion", reason="statsmodels is not installed")
    found = rates.difference(np.arange(m) < a, np.arange(n) < b)
    assert found.value == pytest.approx(a / m - b / n)
    theirs = proportion.confint_proportions_2indep(a, m, b, n, method="newcomb", compare="diff")
    assert (found.low, found.high) == pytest.approx(theirs, abs=1e-12)


def test_difference_of_the_paper():
    """Newcombe 1998, table II, method 10, 56 of 70 against 48 of 80: 0.0524 to 0.3339."""
    found = rates.difference(np.arange(70) < 56, np.arange(80) < 48)
    assert (round(found.low, 4), round(found.high, 4)) == (0.0524, 0.3339)


def test_paired_difference_is_students_with_two_more_rows():
    rng = np.random.default_rng(0)
    first, second = rng.random(50) < 0.8, rng.random(50) < 0.6
    change = first.astype(float) - second
    more = [*change, 1.0, -1.0]
    half = stats.t.ppf(0.975, 51) * np.std(more, ddof=1) / np.sqrt(52)
    found = rates.paired_difference(first, second)
    assert found.value == pytest.approx(change.mean())
    assert (found.low, found.high) == pytest.approx((change.mean() - half, change.mean() + half))


def test_paired_difference_stays_open_where_all_agree():
    same = rates.paired_difference(np.ones(100, bool), np.ones(100, bool))
    assert same.value == 0 and same.low < 0 < same.high
    assert rates.paired_difference([1, 0], [0, 1]).value == 0


@settings(max_examples=100, deadline=None)
@given(st.integers(1, 200), st.data())
def test_intervals_hold_the_share_and_narrow_with_more_rows(n, data):
    hits = data.draw(st.integers(0, n))
    low, high = rates.clopper_pearson(hits, n)
    assert 0 <= low <= hits / n <= high <= 1
    lower, upper = rates.clopper_pearson(10 * hits, 10 * n)
    assert low <= lower + 1e-12 and upper <= high + 1e-12
    wider = rates.clopper_pearson(hits, n, level=0.99)
    assert wider[0] <= low and wider[1] >= high
