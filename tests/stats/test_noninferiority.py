"""Upper limits of a paired loss: against a naive twin, exact at the edge of the margin, and with people and draws."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import optimize, special, stats

from reticent.errors import ParameterError
from reticent.stats import noninferiority
from reticent.stats.estimate import Estimate
from reticent.stats.noninferiority import in_sequence, least_shown, loss, no_loss, over_draws, rows_needed

Z = stats.norm.ppf(0.95)


def changes(gone, won, n):
    return np.repeat([1, -1, 0], [gone, won, n - gone - won])


def naive_high(gone, won, n, z=Z):
    """Return the first loss that the score test rejects; its nuisance is found by maximizing the likelihood."""

    def statistic(shift):
        def minus_log(swapped):
            p = (swapped + shift, swapped, 1 - 2 * swapped - shift)
            return -sum(special.xlogy(k, max(q, 1e-300)) for k, q in zip((gone, won, n - gone - won), p, strict=True))

        most = (1 - shift) / 2
        swapped = optimize.minimize_scalar(minus_log, bounds=(0, most), method="bounded", options={"xatol": 1e-12}).x
        return (n * shift - (gone - won) - 0.5) / math.sqrt(n * (2 * swapped + shift * (1 - shift)))

    grid = np.linspace(max((gone - won) / n, 0) + 1e-5, 0.9999, 4001)
    return next(shift for shift in grid if statistic(shift) > z)


@pytest.mark.parametrize(("gone", "won", "n"), [(0, 0, 100), (3, 0, 100), (12, 9, 150), (40, 1, 200), (5, 5, 60)])
def test_limit_is_that_of_the_score_test(gone, won, n):
    assert loss(changes(gone, won, n)).high == pytest.approx(naive_high(gone, won, n), abs=4e-4)


def test_score_test_keeps_its_level_exactly_at_the_edge_of_the_margin():
    """Every outcome with its probability: at no discordance, number of rows or margin is the level exceeded."""
    worst = 0.0
    for margin in (0.01, 0.02, 0.05, 0.1):
        for rows in (3, 5, 10, 20, 60):
            n = int(rows / margin)
            for times in (1, 1.2, 2, 4):
                worst = max(worst, _claimed(n, margin, min(times * margin, 0.6)))
    assert 0.04 < worst <= 0.05


def _claimed(n, margin, differ):
    """Return the probability that a loss of exactly ``margin`` is claimed to be less."""
    p, q = (differ + margin) / 2, (differ - margin) / 2
    total = 0.0
    for won in range(int(stats.binom.ppf(1 - 1e-7, n, q)) + 1):
        # The most rows that may change for the worse while the claim is still made.
        gone = np.arange(int(stats.binom.ppf(1 - 1e-7, n, p)) + 1)
        below, above = -1, len(gone) - 1
        while below < above:
            middle = (below + above + 1) // 2
            shown = middle + won <= n and noninferiority._score_limit(middle, won, n, Z) < margin
            below, above = (middle, above) if shown else (below, middle - 1)
        if below >= 0:
            some = gone[: below + 1]
            ways = special.gammaln(n + 1) - special.gammaln(some + 1) - special.gammaln(n - some - won + 1)
            logs = ways - special.gammaln(won + 1) + special.xlogy(some, p) + special.xlogy(won, q)
            total += np.exp(logs + special.xlogy(n - some - won, 1 - p - q)).sum()
    return total


@given(st.integers(0, 30), st.integers(0, 30), st.integers(61, 400), st.sampled_from([0.9, 0.95, 0.99]))
def test_limits_surround_the_loss_and_mirror_each_other(gone, won, n, level):
    told, mirrored = loss(changes(gone, won, n), level=level), loss(changes(won, gone, n), level=level)
    assert -1 <= told.low <= told.value <= told.high <= 1
    assert told.value == pytest.approx((gone - won) / n)
    assert (told.low, told.high) == pytest.approx((-mirrored.high, -mirrored.low))
    assert loss(changes(gone + 1, won, n + 1), level=level).high > told.high
    assert told.level == pytest.approx(2 * level - 1)


def test_limits_cannot_fall_outside_what_a_share_can_be():
    assert loss(np.ones(20)).high == 1
    assert loss(-np.ones(20)).low == -1
    assert loss(np.zeros(3)).high < 1


@pytest.mark.parametrize("margin", [0.3, 0.05, 0.01, 0.002])
@pytest.mark.parametrize("level", [0.9, 0.95, 0.99])
def test_rows_needed_is_the_least_number_that_can_show_anything(margin, level):
    n = rows_needed(margin, level)
    assert least_shown(n, level) < margin <= least_shown(n - 1, level)
    assert loss(np.zeros(n), level=level).high == pytest.approx(least_shown(n, level))


@pytest.mark.parametrize("margin", [0.3, 0.01])
def test_rows_needed_of_a_regression_grow_with_the_bound(margin):
    n = rows_needed(margin, bound=5)
    assert least_shown(n, bound=5) < margin <= least_shown(n - 1, bound=5)
    assert n == pytest.approx(5 * rows_needed(margin, bound=1), rel=0.2)


def test_nobody_shows_nothing():
    assert least_shown(0) == 1
    assert least_shown(0, bound=5) == 5


def test_a_model_loses_nothing_against_itself():
    told = no_loss(50, 0.9)
    assert (told.value, told.low, told.high, told.level, told.n) == (0, 0, 0, 0.8, 50)


def test_rows_of_one_person_count_once():
    """Each row three times says no more than each row once; told as people of their own they seem to say more."""
    once = changes(40, 25, 1500)
    people = np.repeat(np.arange(1500), 3)
    single, tripled, forgotten = loss(once), loss(np.repeat(once, 3), people=people), loss(np.repeat(once, 3))
    assert tripled.high == pytest.approx(single.high, rel=0.03)
    assert forgotten.high - forgotten.value < 0.65 * (tripled.high - tripled.value)


def test_few_people_who_differ_count_as_if_their_rows_were_all_alike():
    people = np.repeat(np.arange(200), 4)
    change = np.zeros(800)
    change[:4] = 1  # one person
    assert loss(change, people=people).high >= loss(np.repeat([1, 0], [1, 199])).high * 0.97
    assert loss(np.zeros(800), people=people).high == pytest.approx(least_shown(200), rel=0.03)


def test_one_person_who_has_nearly_all_that_differs_is_one():
    """Thirty people differ, 29 on one row each and one on fifty: it is as if there was one."""
    people = np.repeat(np.arange(400), [50, *([2] * 399)])
    change = np.zeros(len(people))
    change[:50] = 1
    change[50 + 2 * np.arange(29)] = 1
    alike = (np.bincount(people).astype(float) ** 2).sum() / len(people)
    assert loss(change, people=people).high >= noninferiority._score_limit(79 / alike, 0, len(people) / alike, Z) * 0.99


def test_people_count_as_those_who_would_tell_as_much():
    assert noninferiority.people_alike(np.repeat(np.arange(70), 4)) == pytest.approx(70)
    unequal = np.repeat(np.arange(101), [100, *([1] * 100)])
    assert noninferiority.people_alike(unequal) == pytest.approx(200**2 / (100**2 + 100))
    assert loss(np.zeros(200), people=unequal).high >= least_shown(noninferiority.people_alike(unequal)) * 0.99


def test_order_and_names_of_people_do_not_matter():
    rng = np.random.default_rng(0)
    change, people = rng.choice([1, -1, 0], 900, p=[0.05, 0.03, 0.92]), rng.integers(0, 300, 900)
    order = rng.permutation(900)
    assert loss(change, people=people).high == pytest.approx(loss(change[order], people=7 * people[order] + 3).high)


def test_tame_numbers_get_about_the_interval_of_a_mean_and_a_step_towards_the_bound():
    change = np.clip(np.random.default_rng(1).normal(0.1, 1, 4000), -4, 4)
    told = loss(change, bound=4)
    half = stats.t.ppf(0.95, 3999) * change.std(ddof=1) / math.sqrt(4000)
    assert half < told.high - told.value < half + 8 / 4000
    assert half < told.value - told.low < half + 8 / 4000
    assert "bounded" in told.method


def test_numbers_that_never_changed_exclude_only_what_is_frequent():
    """One person in 600 may lose all that can be lost; so many rows have not met one in a third of cases."""
    told = loss(np.zeros(600), bound=5)
    assert told.high == pytest.approx(5 * (1 - 0.05 ** (1 / 600)), rel=0.01)
    assert told.high > 5 / 600
    assert told.high == pytest.approx(least_shown(600, bound=5), rel=0.01)


def test_one_person_s_numbers_count_once_however_many_rows():
    change = np.random.default_rng(3).normal(0.1, 1, 500).clip(-3, 3)
    once, many = loss(change, bound=3), loss(np.repeat(change, 3), people=np.repeat(np.arange(500), 3), bound=3)
    assert (many.low, many.high) == pytest.approx((once.low, once.high))


def test_changes_that_a_limit_does_not_know_are_refused():
    with pytest.raises(ParameterError, match="need a bound"):
        loss([0.5, 0.0])
    with pytest.raises(ParameterError, match="beyond the bound 2, got 3"):
        loss([3.0, 0.0], bound=2)


def test_equal_draws_are_one_model():
    one = changes(60, 40, 3000)
    assert over_draws(np.tile(one, (10, 1))).high == pytest.approx(loss(one).high, rel=1e-3)


def test_models_that_differ_widen_the_limits_more_than_their_mean_would_say():
    rng = np.random.default_rng(2)
    shares = np.linspace(0.01, 0.05, 10)
    each = np.array([rng.random(4000) < share for share in shares]).astype(float)
    told = over_draws(each)
    assert told.high > shares.max() * 0.98  # another model may be as bad as the worst of ten
    assert told.value == pytest.approx(0.03, abs=0.003)
    assert loss(each.mean(axis=0), bound=1).high < told.high - 0.01


def test_a_sequence_ends_at_the_first_claim_that_is_not_shown():
    steps = [Estimate(value=0, low=0, high=high, level=0.9, method="", n=9) for high in (0.001, 0.009, 0.01, 0.001)]
    assert in_sequence(steps, 0.01) == 2
    assert in_sequence(steps[:1], 0.01) == 1
    assert in_sequence(steps[2:], 0.01) == 0
    assert in_sequence([], 0.01) == 0
