"""The mean over many models against a loop over models, blocks and rows."""

import math

import numpy as np
import pytest
from scipy import stats

from reticent.stats.several import rate_of_each, tpr_over_models

BLOCKS = 25


def tossing(members, others, slips):
    """Members found while ``slips`` others are: among equal scores by a coin, and all before the next other's score."""
    hits, seen = 0.0, 0
    for score in sorted({*members, *others}, reverse=True):
        alike, slip = sum(one == score for one in members), sum(one == score for one in others)
        if seen + slip > slips:
            return hits + alike * (slips - seen) / slip
        hits, seen = hits + alike, seen + slip
    return hits


def naive_rate(scores, inside, fpr):
    """Between the two ranks around the one whose expected false-positive rate is ``fpr``."""
    others, members = scores[~inside].tolist(), scores[inside].tolist()
    rank = max(fpr * (len(others) + 1) - 1, 0)
    first = math.floor(rank)
    hits = [tossing(members, others, first + step) for step in (0, 1)]
    return (hits[0] + (rank - first) * (hits[1] - hits[0])) / len(members)


def naive(scores, membership, unit, fpr, level):
    models = len(scores)
    each = [naive_rate(scores[t], membership[t], fpr) for t in range(models)]
    names = {name: i for i, name in enumerate(sorted(set(unit.tolist())))}
    block = [names[name] % BLOCKS for name in unit.tolist()]
    left_out = []
    for g in range(BLOCKS):
        rows = [i for i, b in enumerate(block) if b != g]
        left_out.append(np.mean([naive_rate(scores[t][rows], membership[t][rows], fpr) for t in range(models)]))
    value = np.mean(each)
    people = (BLOCKS - 1) / BLOCKS * sum((one - np.mean(left_out)) ** 2 for one in left_out)
    sigma = math.sqrt(people + np.var(each, ddof=1) / models)
    half = stats.t.ppf((1 + level) / 2, BLOCKS - 1) * sigma / (value * (1 - value))
    middle = math.log(value / (1 - value))
    return value, 1 / (1 + math.exp(-(middle - half))), 1 / (1 + math.exp(-(middle + half)))


def drawn(seed, models=6, n=400, *, ties=False, units=True):
    rng = np.random.default_rng(seed)
    membership = rng.random((models, n)) < 0.5
    scores = rng.normal(size=(models, n)) + 1.2 * membership + 0.5 * rng.normal(size=n)
    unit = rng.permutation(np.arange(n) // 2 if units else np.arange(n)) * 7
    return (scores.round(1) if ties else scores), membership, unit


@pytest.mark.parametrize("ties", [False, True])
@pytest.mark.parametrize(("fpr", "level"), [(0.05, 0.95), (0.1, 0.8), (0.3, 0.99)])
def test_is_the_mean_over_models_with_a_jackknife_over_people(fpr, level, ties):
    scores, membership, unit = drawn(1, ties=ties)
    found = tpr_over_models(scores, membership, unit, fpr=fpr, level=level)
    value, low, high = naive(scores, membership, unit, fpr, level)
    assert (found.value, found.low, found.high) == pytest.approx((value, low, high), abs=1e-12)
    assert (found.n, found.level) == (400, level) and "6 models" in found.method


def test_order_of_rows_and_of_models_does_not_matter():
    scores, membership, unit = drawn(2)
    found = tpr_over_models(scores, membership, unit, fpr=0.05)
    rng = np.random.default_rng(0)
    rows, models = rng.permutation(scores.shape[1]), rng.permutation(len(scores))
    again = tpr_over_models(scores[models][:, rows], membership[models][:, rows], unit[rows], fpr=0.05)
    assert (again.value, again.low, again.high) == pytest.approx((found.value, found.low, found.high))


def test_rows_of_one_unit_are_left_out_together():
    """Every person four times: the interval is that of fewer people, hence wider than if rows were people."""
    rng = np.random.default_rng(3)
    membership = rng.random((40, 200)) < 0.5
    scores = 0.2 * rng.normal(size=(40, 200)) + membership + 3 * rng.normal(size=200)
    four = [np.repeat(one, 4, axis=1) for one in (scores, membership)]
    together = tpr_over_models(*four, np.repeat(np.arange(200), 4), fpr=0.05)
    apart = tpr_over_models(*four, rng.permutation(800), fpr=0.05)
    assert together.value == apart.value
    assert together.high - together.low > 1.3 * (apart.high - apart.low)


def test_says_where_others_are_too_few():
    scores, membership, unit = drawn(4)
    few = tpr_over_models(scores, membership, unit, fpr=0.01)
    assert not few.tested and math.isnan(few.value) and "needs 299" in few.untested
    fewest = int((~membership).sum(axis=1).min())
    assert f"{fewest:,} non-members" in few.untested


@pytest.mark.parametrize(("shift", "value"), [(-50.0, 0.0), (50.0, 1.0)])
def test_nothing_and_everything_leave_room_for_doubt(shift, value):
    scores, membership, unit = drawn(5)
    found = tpr_over_models(scores + shift * membership, membership, unit, fpr=0.05)
    members = int(membership.sum(axis=1).min())
    assert found.value == value
    room = 1 - 0.05 ** (1 / members)
    assert (found.low, found.high) == pytest.approx((0, room) if value == 0 else (1 - room, 1))


def test_each_model_has_its_own_rate():
    rng = np.random.default_rng(0)
    membership = rng.random((5, 4000)) < 0.5
    scores = rng.normal(size=(5, 4000)) + np.arange(5)[:, None] * membership
    each = rate_of_each(scores, membership, fpr=0.01)
    assert (np.diff(each) > 0).all() and each[0] < 0.03
    mean = tpr_over_models(scores, membership, np.arange(4000), fpr=0.01)
    assert mean.value == pytest.approx(each.mean())
