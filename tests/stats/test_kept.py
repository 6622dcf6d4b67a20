"""Whether answers stay the same and stay right: shares with intervals that hold together, changes on the same rows."""

import numpy as np
import pytest
from scipy import stats as scipy_stats

from reticent.stats import kept
from reticent.stats.rates import clopper_pearson


def test_groups_are_counted_at_a_level_that_holds_for_all():
    same = np.array([True] * 90 + [False] * 10 + [True] * 5)
    first = np.arange(105) < 100
    many, few = kept.by_group([("many", first), ("nobody", np.zeros(105, bool)), ("few", ~first)], same)
    assert [(one.name, one.people, one.agreement.value) for one in (many, few)] == [("many", 100, 0.9), ("few", 5, 1.0)]
    assert (many.agreement.low, many.agreement.high) == clopper_pearson(90, 100, level=1 - 0.05 / 2)
    assert many.to_dict()["agreement"]["level"] == 0.975


def test_all_groups_are_covered_together():
    """Twenty groups of one true share: all intervals hold it in 95 of 100 tables or more."""
    rng, groups = np.random.default_rng(0), [(str(g), np.arange(2000) % 20 == g) for g in range(20)]
    held = [
        all(one.agreement.low <= 0.95 <= one.agreement.high for one in kept.by_group(groups, rng.random(2000) < 0.95))
        for _ in range(300)
    ]
    assert np.mean(held) > 0.95 - 3 * np.sqrt(0.05 * 0.95 / 300)


def test_accuracy_before_and_after_on_the_same_rows():
    truth = np.array(["a", "a", "b", "b"])
    found = kept.accuracy(truth, np.array(["a", "a", "b", "a"]), np.array(["a", "b", "a", "a"]))
    assert (found.measure, found.raw.value, found.minimized.value, found.change.value) == ("accuracy", 0.75, 0.25, -0.5)
    assert found.change.low < -0.5 < found.change.high and found.to_dict()["raw"]["value"] == 0.75


def test_amounts_are_told_by_their_mean_error():
    rng = np.random.default_rng(1)
    truth = rng.normal(size=400)
    said = truth + rng.normal(0, 0.1, 400)
    found = kept.accuracy(truth, said, said + 0.5, amounts=True)
    missed = np.abs(said - truth)
    interval = scipy_stats.ttest_1samp(missed, 0).confidence_interval(0.95)
    assert found.measure == "mean absolute error"
    assert (found.raw.low, found.raw.high) == pytest.approx(tuple(interval))
    assert (
        found.change.value == pytest.approx(np.abs(said + 0.5 - truth).mean() - missed.mean()) and found.change.low > 0
    )
