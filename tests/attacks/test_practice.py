"""Practice on shadow models: each round left out whole, against a loop that refits."""

import numpy as np
import pytest

from reticent.attacks.practice import control, mean_auc, mean_power, moments, moments_of_others, power, rounds_of
from reticent.stats import roc


def halves(seed, shadows=8, n=40):
    """Memberships in pairs of complements, shape (S, n)."""
    first = np.random.default_rng(seed).random((shadows // 2, n)) < 0.5
    return np.stack([first, ~first], axis=1).reshape(shadows, n)


def test_moments_are_those_of_a_loop_over_rows():
    signals, membership = np.random.default_rng(0).normal(size=(8, 40)), halves(1)
    count, mean, squares = moments(signals, membership)
    for i in range(40):
        own = signals[membership[:, i], i]
        assert (count[i], mean[i], squares[i]) == pytest.approx((len(own), own.mean(), own.var() * len(own)))


def test_each_shadow_meets_other_rounds_alone():
    signals, membership, rounds = np.random.default_rng(0).normal(size=(8, 40)), halves(1), np.arange(8) // 2
    found = moments_of_others(signals, membership, rounds)
    for s in range(8):
        others = rounds != rounds[s]
        assert others.sum() == 6
        np.testing.assert_allclose([one[s] for one in found], moments(signals[others], membership[others]))
    np.testing.assert_array_equal(found[0], 3)  # nobody can read membership off the number of models


def test_rounds_are_those_of_the_halves(target):
    np.testing.assert_array_equal(rounds_of(target, 8), [0, 0, 1, 1, 2, 2, 3, 3])


def test_power_is_the_rate_at_one_percent_and_the_area():
    rng = np.random.default_rng(2)
    inside = rng.random(2000) < 0.5
    scores = rng.normal(size=2000) + inside
    found, area = power(scores, inside)
    threshold = sorted(scores[~inside])[-1 - int(0.01 * (~inside).sum())]
    assert found == np.mean(scores[inside] > threshold)
    assert area == pytest.approx(roc.auc(scores[inside], scores[~inside]).value)
    assert power(np.zeros(2000), inside) == (0, 0.5)  # ties win nothing
    both = np.stack([scores, -scores]), np.stack([inside, inside])
    assert mean_power(*both)[1] == pytest.approx(0.5) == mean_auc(*both).value


def test_control_looks_at_the_targets_members_on_all_models():
    rng = np.random.default_rng(3)
    member = np.arange(3000) % 2 == 0
    nothing, something = (rng.normal(size=(8, 3000)) + more * member for more in (0, 0.3))
    assert control(nothing, member).low < 0.5 < control(nothing, member).high
    assert control(something, member).low > 0.5  # a control that could not fail would be none
