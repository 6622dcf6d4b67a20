import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from reticent.defenses.data.minimize.judged import (
    fewest_that_can_show,
    last_shown,
    most_that_can_be_shown,
    shown,
)


@given(st.integers(1, 400), st.data())
def test_the_bound_is_the_share_at_which_so_many_would_rarely_agree(judged, data):
    agreed = data.draw(st.integers(1, judged))
    low = shown(agreed, judged).low
    assert stats.binom.sf(agreed - 1, judged, low) == pytest.approx(0.05, abs=1e-6)


@given(st.floats(0.05, 0.999))
def test_the_fewest_rows_that_can_show_a_target(target):
    n = fewest_that_can_show(target)
    assert most_that_can_be_shown(n) >= target - 1e-9
    assert n == 1 or most_that_can_be_shown(n - 1) < target + 1e-9


@given(st.integers(1, 300), st.integers(1, 9), st.data())
def test_copies_are_worth_one(rows, copies, data):
    agreed = data.draw(st.integers(0, rows))
    once, often = shown(agreed, rows), shown(agreed * copies, rows * copies, rows)
    assert (often.value, often.low) == pytest.approx((once.value, once.low)) and often.n == rows * copies
    passes = last_shown([agreed], rows, 0.8)
    assert last_shown([agreed * copies], rows * copies, 0.8, rows) == passes


def test_nothing_is_shown_without_rows():
    assert most_that_can_be_shown(0) == 0.0


def test_what_follows_a_failure_is_not_looked_at():
    assert last_shown([100, 100, 80, 100], 100, 0.95) == 2
    assert last_shown([80, 100], 100, 0.95) == 0


@pytest.mark.parametrize("fine", [True, False])
def test_a_step_that_falls_short_is_taken_in_at_most_two_and_a_half_of_a_hundred(fine):
    """Steps go down from 1, many small or few large ones; rows that agree at a step agree at all before it."""
    random = np.random.default_rng(0)
    truth = np.linspace(1.0, 0.9, 200) if fine else np.array([1.0, 0.96, 0.949, 0.93])
    trials, short = 1500, 0
    for _ in range(trials):
        falls = random.random(800)  # a row agrees as long as its step's true agreement is above this
        counts = (falls[:, None] < truth).sum(axis=0)
        chosen = last_shown(counts.tolist(), 800, 0.95) - 1
        short += chosen >= 0 and truth[chosen] < 0.95
    assert short / trials <= 0.025 + 2 * math.sqrt(0.025 * 0.975 / trials)
    assert short > 0  # the test would see a rule that never takes a step
