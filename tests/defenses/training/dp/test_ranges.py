import numpy as np
import pytest

from reticent.defenses.training.dp.ranges import range_of
from reticent.mechanisms.curator import Curator
from reticent.mechanisms.noise import Seeded


def bought(values, mu=1.0, seed=0):
    curator = Curator(mu=mu, noise=Seeded(seed))
    return range_of("range", np.asarray(values, float), curator, share=0.05), curator


@pytest.mark.parametrize("scale", [1e-4, 1.0, 1e9], ids=["small", "one", "large"])
@pytest.mark.parametrize("shift", [-3.0, 0.0, 2.0], ids=["below", "around", "above"])
def test_the_range_is_near_that_of_the_values(scale, shift):
    values = scale * (np.random.default_rng(0).uniform(-1, 1, 5000) + shift)
    (low, high), _ = bought(values)
    span = 2 * scale
    assert abs(low - (shift - 1) * scale) < 0.15 * span and abs(high - (shift + 1) * scale) < 0.15 * span


def test_it_costs_what_it_says():
    _, curator = bought(np.arange(100.0))
    assert sum(answer.share for answer in curator.answers) == pytest.approx(0.05)
    assert {answer.sensitivity for answer in curator.answers} == {1.0}


@pytest.mark.parametrize("values", [[], [5.0], [0.0] * 50, [1e300, -1e300]], ids=["none", "one", "same", "far"])
def test_any_values_give_a_range(values):
    for seed in range(5):
        (low, high), _ = bought(values, seed=seed)
        assert np.isfinite([low, high]).all() and low < high


def test_one_value_more_moves_each_count_list_by_one():
    """What is asked is a count of rows in bins that do not depend on them: given the answers, one row moves one."""

    class Recording(Curator):
        def gaussian(self, what, exact, **how):
            self.heard.append(exact)
            return np.asarray(self.told[len(self.heard) - 1])

    values = np.random.default_rng(1).normal(size=300)
    told = [np.random.default_rng(2).normal(0, 30, 146), np.random.default_rng(3).normal(0, 30, 64)]
    heard = []
    for table in (values, values[:-1]):
        curator = Recording(mu=1.0, noise=Seeded(0))
        curator.heard, curator.told = [], told
        range_of("range", table, curator, share=0.05)
        heard.append(curator.heard)
    for one, other in zip(*heard, strict=True):
        assert np.linalg.norm(one - other) == 1
