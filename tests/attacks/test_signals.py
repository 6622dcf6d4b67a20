"""How sure a model is of the truth, for one model or for many."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from reticent.attacks.signals import confidence, smoothed_logit


def test_confidence_picks_the_true_class():
    rng = np.random.default_rng(0)
    scores, truth = rng.dirichlet([1, 2, 3], size=(4, 7)), rng.integers(0, 3, 7)
    picked = confidence(scores.astype(np.float32), truth)
    assert picked.shape == (4, 7) and picked.dtype == np.float64
    for s in range(4):
        for i in range(7):
            assert picked[s, i] == np.float32(scores[s, i, truth[i]])
        np.testing.assert_array_equal(confidence(scores[s], truth), [scores[s, i, truth[i]] for i in range(7)])


@given(st.floats(0, 1), st.sampled_from([1.0, 10.0, 1e5]))
def test_smoothed_logit_is_the_log_odds_with_half_a_trial_on_either_side(p, trials):
    expected = math.log(p * trials + 0.5) - math.log((1 - p) * trials + 0.5)
    assert float(smoothed_logit(np.array([p]), trials)[0]) == pytest.approx(expected, abs=1e-9)


@given(st.lists(st.floats(0, 1), min_size=2, max_size=20, unique=True))
def test_smoothed_logit_keeps_the_order_and_stays_finite(shares):
    p = np.sort(np.array(shares))
    logits = smoothed_logit(p, 100)
    assert np.isfinite(logits).all() and (np.diff(logits) >= 0).all()
    np.testing.assert_allclose(smoothed_logit(1 - p, 100), -logits, atol=1e-9)
