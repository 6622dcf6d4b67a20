"""Intervals over repeated splits hold the truth nearly as often as they say; those of independent splits do not."""

import numpy as np
import pytest
from scipy import stats

from reticent.stats.resampled import over_splits

ROWS, SPLITS, TESTED, GAP = 200, 10, 0.25, 1.5


def accuracy(train, test):
    """Say the class of the nearer mean; rows are (value, class)."""
    means = [train[train[:, 1] == label, 0].mean() for label in (0, 1)]
    said = np.abs(test[:, 0] - means[1]) < np.abs(test[:, 0] - means[0])
    return float(np.mean(said == test[:, 1]))


def people(rng, n):
    label = rng.integers(0, 2, n)
    return np.column_stack([rng.normal(GAP * label, 1.0), label])


def over(rng, rows):
    found = []
    for _ in range(SPLITS):
        order = rng.permutation(len(rows))
        cut = int(len(rows) * TESTED)
        found.append(accuracy(rows[order[cut:]], rows[order[:cut]]))
    return np.array(found)


def test_it_is_the_formula_of_the_paper():
    values = np.array([0.7, 0.75, 0.72, 0.71])
    found = over_splits(values, tested=0.2)
    sigma = np.sqrt((1 / 4 + 0.2 / 0.8) * values.var(ddof=1))
    assert found.value == pytest.approx(values.mean())
    assert found.high - found.value == pytest.approx(stats.t.ppf(0.975, 3) * sigma)
    assert found.value - found.low == pytest.approx(found.high - found.value) and found.n == 4


def test_a_wider_level_is_wider():
    values = [0.7, 0.75, 0.72]
    assert over_splits(values, tested=0.2, level=0.99).low < over_splits(values, tested=0.2, level=0.9).low


def test_a_share_stays_one_and_a_difference_may_be_negative():
    assert over_splits([0.99, 1.0, 0.9], tested=0.2).high == 1.0
    change = over_splits([0.01, -0.03, 0.0], tested=0.2, within=(-1.0, 1.0))
    assert change.low < 0 and over_splits([0.01, -0.03, 0.0], tested=0.2).low == 0.0


def test_one_split_has_no_interval():
    found = over_splits([0.7], tested=0.2)
    assert found.untested and (found.low, found.high) == (0.0, 1.0)


def test_the_interval_holds_the_truth():
    """At 95 %, the corrected interval covers well over 90 %, the naive one far less; the seed is fixed."""
    rng = np.random.default_rng(0)
    whole = people(rng, 200_000)
    trained = int(ROWS * (1 - TESTED))
    truth = np.mean([accuracy(people(rng, trained), whole) for _ in range(60)])
    corrected = naive = 0
    for _ in range(200):
        values = over(rng, people(rng, ROWS))
        found = over_splits(values, tested=TESTED)
        corrected += found.low <= truth <= found.high
        half = stats.t.ppf(0.975, SPLITS - 1) * values.std(ddof=1) / np.sqrt(SPLITS)
        naive += abs(values.mean() - truth) <= half
    assert corrected / 200 > 0.88 and naive / 200 < 0.8, (corrected, naive)
