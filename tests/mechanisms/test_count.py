"""Counts: right on average, and inside their interval as often as they say."""

from scipy import stats

from reticent.mechanisms import count

RUNS = 400


def test_interval_holds_the_truth():
    """False alarms: fewer hits than a share of 95 % gives in one of ten million series."""
    held = sum(
        said.interval[0] <= 7 <= said.interval[1] for said in (count("seven!!", epsilon=1.0) for _ in range(RUNS))
    )
    assert held >= stats.binom.ppf(1e-7, RUNS, 0.95)


def test_noise_does_not_move_the_mean():
    """False alarms: 8 standard errors of noise of standard deviation 1.4."""
    mean = sum(count(range(100), epsilon=1.0).value for _ in range(RUNS)) / RUNS
    assert abs(mean - 100) < 8 * 1.5 / RUNS**0.5


def test_rows_may_be_of_any_kind():
    assert abs(count((object() for _ in range(50)), epsilon=100.0).value - 50) < 2
