"""Quantiles: near the truth where noise is small, within their bounds always, each charged its part."""

import numpy as np
import pytest

from reticent.errors import ParameterError
from reticent.mechanisms import quantile
from reticent.mechanisms.quantile import inner

VALUES = np.random.default_rng(0).uniform(0, 1, 4000)


@pytest.mark.parametrize("q", [0.1, 0.5, 0.99])
def test_near_the_truth(q):
    assert quantile(VALUES, q, epsilon=5.0, bounds=(-10, 10)).value == pytest.approx(np.quantile(VALUES, q), abs=0.02)


def test_several_ascend_and_share_epsilon():
    said = quantile(VALUES, [0.9, 0.1, 0.5], epsilon=3.0, bounds=(0, 1))
    assert list(said.value) == sorted(said.value)
    assert [part.epsilon for part in said.event.parts] == pytest.approx([1.0, 1.0, 1.0])


def test_values_beyond_the_bounds_count_at_them():
    assert quantile([-1e9] * 100 + [1e9], 0.2, epsilon=50.0, bounds=(0, 1)).value == pytest.approx(0.0, abs=0.01)


@pytest.mark.parametrize("q", [-0.1, 1.5, [], [0.5, 2], "half", True], ids=str)
def test_q_is_a_share(q):
    with pytest.raises(ParameterError, match="q"):
        quantile(VALUES, q, epsilon=1.0, bounds=(0, 1))


def test_bought_bounds_are_never_empty():
    said = inner(np.full(1000, 0.5), epsilon=10.0, limits=(0.0, 1.0))
    low, high = said.value
    assert 0 <= low < high <= 1
    assert low <= 0.51
    assert inner(np.full(1000, 1e16), epsilon=10.0, limits=(1e16, 1e16 + 4)).value[0] < 1e16 + 4  # a step is no number
    assert high >= 0.49
