"""Thresholds, p-values and risk of each record against loops over rows and formulas of scipy."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from reticent.errors import ParameterError
from reticent.stats.calibration import (
    FLOOR,
    NO_PRIOR,
    WITHIN,
    Pool,
    Prior,
    Side,
    data_share,
    prior_of,
    risk,
    side,
    surprise,
    thresholds,
)


def shadows(seed, count=12, n=30, spread=1.0):
    """Signals of shadows with rows of different spreads; each row is in half of the shadows."""
    rng = np.random.default_rng(seed)
    chosen = np.argsort(rng.random((count, n)), axis=0) < count // 2
    return rng.normal(size=n) + spread * rng.gamma(2, 0.5, n) * rng.normal(size=(count, n)), chosen


def some_side(n=3, **changes):
    parts = {"mean": np.zeros(n), "variance": np.ones(n), "count": np.full(n, 16.0), "freedom": np.full(n, 15.0)}
    return Side(**{**parts, **{name: np.full(n, float(value)) for name, value in changes.items()}})


@pytest.mark.parametrize("prior", [0.0, 4.0])
def test_moments_of_a_side_row_by_row(prior):
    signals, chosen = shadows(0)
    own = [signals[chosen[:, i], i] for i in range(30)]
    found = side(signals, chosen, prior=Prior(variance=0.7, freedom=prior))
    for i, v in enumerate(own):
        expected = (((v - v.mean()) ** 2).sum() + prior * 0.7) / (len(v) - 1 + prior) + FLOOR
        assert (found.mean[i], found.count[i], found.freedom[i]) == (pytest.approx(v.mean()), 6, 5 + prior)
        assert found.variance[i] == pytest.approx(expected)


def test_threshold_is_the_quantile_of_a_new_draw():
    """Without a pool to correct for, it is the textbook's prediction limit."""
    signals, chosen = shadows(1)
    found = thresholds(side(signals, chosen, prior=NO_PRIOR), fpr=0.05, pool=WITHIN)
    for i in range(30):
        v = signals[chosen[:, i], i]
        expected = v.mean() + stats.t.isf(0.05, 5) * np.sqrt((v.var(ddof=1) + FLOOR) * (1 + 1 / 6))
        assert found[i] == pytest.approx(expected)


def test_factors_of_halves():
    assert (float(Pool(share=0.5).fresh), float(Pool(share=0.5).apart)) == (2, 3)
    assert (float(Pool(share=0.5, data=0).fresh), float(Pool(share=0.5, data=0).apart)) == (1, 1)
    np.testing.assert_allclose(Pool(share=0.2, data=np.array([0, 0.5, 1])).fresh, [1, 1.125, 1.25])
    assert float(WITHIN.fresh) == float(WITHIN.apart) == 1


def test_a_small_pool_leaves_its_own_spread_open():
    assert Pool(share=0.5, rows=201).freedom(np.array([31.0]))[0] == pytest.approx(1 / (1 / 31 + 1 / 200))
    assert WITHIN.freedom(np.array([31.0]))[0] == Pool(share=0.5, data=0, rows=9).freedom(np.array([31.0]))[0] == 31


def test_factors_are_those_of_drawing_without_replacement():
    """Means of random m of n numbers, over many pools: their spread within a pool, beyond it, and around its mean."""
    rng = np.random.default_rng(2)
    m, n, pools = 30, 80, 4_000
    rows = rng.normal(size=(pools, n))
    drawn = rng.permuted(rows, axis=1)[:, :m].mean(axis=1)
    within = np.var(drawn - rows.mean(axis=1))
    fresh = rng.normal(size=(pools, m)).mean(axis=1)
    pool = Pool(share=m / n)
    assert np.var(fresh) / within == pytest.approx(float(pool.fresh), rel=0.12)
    assert np.var(fresh - rows.mean(axis=1)) / within == pytest.approx(float(pool.apart), rel=0.12)


@given(st.floats(-30, 30), st.floats(0.001, 0.5), st.floats(0, 0.9), st.floats(0, 1))
def test_surprise_passes_its_mark_where_the_signal_passes_the_threshold(signal, fpr, share, data):
    outside, pool = some_side(1, mean=0.3, variance=2), Pool(share=share, data=data)
    threshold = thresholds(outside, fpr=fpr, pool=pool)
    above, at = (surprise(np.array([value]), outside, pool=pool)[0] for value in (signal, threshold[0]))
    assert at == pytest.approx(-np.log10(fpr))
    assert (above > at) == (signal > threshold[0]) or np.isclose(signal, threshold[0])


def test_surprise_keeps_the_order_far_out_in_the_tail_and_any_leading_shape():
    signal = np.array([[0.0, 5, 50], [1e3, 1e6, 1e9]])
    found = surprise(signal, some_side(), pool=WITHIN)
    assert found.shape == (2, 3) and (np.diff(found.ravel()) > 0).all() and np.isfinite(found).all()
    endless = surprise(np.array([0.0, 2, 30]), some_side(count=np.inf, freedom=np.inf), pool=WITHIN)
    np.testing.assert_allclose(endless, -stats.norm.logsf([0, 2, 30]) / np.log(10))


def test_prior_tells_rows_that_differ_from_rows_that_do_not():
    rng = np.random.default_rng(3)
    chosen = np.ones((12, 2_000), dtype=bool)
    alike = prior_of(rng.normal(size=(12, 2_000)), chosen)
    unlike = prior_of(rng.normal(size=(12, 2_000)) / np.sqrt(rng.chisquare(6, 2_000) / 6), chosen)
    assert alike.freedom > 100 and alike.variance == pytest.approx(1, rel=0.05)
    assert unlike.freedom == pytest.approx(6, rel=0.25) and unlike.variance == pytest.approx(1, rel=0.1)
    still = prior_of(np.zeros((5, 4)), np.ones((5, 4), bool))
    assert still.freedom == pytest.approx(1e4) and 0 < still.variance < 1e-5
    assert prior_of(np.zeros((1, 4)), np.ones((1, 4), bool)) == Prior(variance=1.0, freedom=1.0)  # nothing to tell from


@pytest.mark.parametrize("data", [0.0, 0.3, 0.9, 1.0])
def test_twins_tell_the_luck_of_training_from_that_of_the_rows(data):
    rng = np.random.default_rng(4)
    scale = rng.gamma(2, 0.5, 4_000)
    rows = np.sqrt(data) * rng.normal(size=(24, 4_000)) * scale
    first, again = (rows + np.sqrt(1 - data) * rng.normal(size=rows.shape) * scale for _ in range(2))
    chosen = rng.random(rows.shape) < 0.5
    around = side(first, chosen, prior=NO_PRIOR)
    assert data_share(first[:4], again[:4], chosen[:4], around) == pytest.approx(data, abs=0.04)


def test_twins_of_nobody_are_refused():
    signals, chosen = shadows(5)
    with pytest.raises(ParameterError, match="twins"):
        data_share(signals[:2], signals[:2], np.zeros((2, 30), bool), side(signals, chosen, prior=NO_PRIOR))


def test_risk_is_the_share_beyond_the_rows_own_threshold():
    inside, outside = some_side(mean=3, variance=2, count=8, freedom=11), some_side(freedom=11)
    value, low, high = risk(inside, outside, fpr=0.01, pool=Pool(share=0.5, data=0.6))
    stretch = np.sqrt(0.4 + 0.6 * 2)
    share = stats.norm.sf(stats.norm.isf(0.01, 0, stretch), 3, np.sqrt(2) * stretch)
    np.testing.assert_allclose(value, (8 * share + 0.5) / 9)
    assert (low < value).all() and (value < high).all()


def test_risk_of_a_pool_is_overstated_by_its_shadows():
    inside, outside = some_side(mean=3), some_side()
    corrected, plain = (risk(inside, outside, fpr=0.01, pool=pool)[0][0] for pool in (Pool(share=0.5), WITHIN))
    assert corrected < 0.5
    assert plain > 0.7


@pytest.mark.parametrize("gap", [-1e3, 1e3])
def test_risk_is_never_surer_than_its_few_models_allow(gap):
    value, low, high = risk(some_side(mean=gap, count=5), some_side(), fpr=0.01, pool=WITHIN)
    edge = 0.025 ** (1 / 5)  # five successes in five trials
    expected = (edge, 1.0) if gap > 0 else (0.0, 1 - edge)
    np.testing.assert_allclose([low[0], high[0]], expected, atol=1e-12)
    assert low[0] <= value[0] <= high[0]


def test_risk_without_shadows_at_all_is_as_sure_as_its_formula():
    computed = {"count": np.inf, "freedom": np.inf}
    value, low, high = risk(some_side(mean=2, **computed), some_side(**computed), fpr=0.01, pool=WITHIN)
    assert value[0] == pytest.approx(stats.norm.sf(stats.norm.isf(0.01), 2)) == low[0] == high[0]


@pytest.mark.parametrize("wrong", [{"share": 1.0}, {"share": -0.1}, {"share": 0.5, "data": 1.2}])
def test_refuses_shares_that_are_none(wrong):
    with pytest.raises(ParameterError, match=r"share|data"):
        Pool(**wrong)
    with pytest.raises(ParameterError, match="fpr"):
        thresholds(some_side(), fpr=0, pool=WITHIN)
