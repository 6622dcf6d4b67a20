"""Proxies: planted ones are found, alone and in pairs, and the list as a whole raises few false alarms."""

import numpy as np
import pytest
from scipy import stats

from reticent.errors import TableError
from reticent.stats.association import folds, told
from reticent.stats.proxies import ask, draw


def coded(codes, size=None, n_placed=0):
    return codes, int(codes.max()) + 1 if size is None else size, n_placed


def test_a_proxy_is_found_first_and_its_control_is_not():
    rng = np.random.default_rng(0)
    secret = rng.integers(0, 3, 3000)
    near = np.where(rng.random(3000) < 0.7, secret, rng.integers(0, 3, 3000))
    columns = {"noise": coded(rng.integers(0, 20, 3000)), "near": coded(near), "more": coded(rng.integers(0, 2, 3000))}
    found = ask("secret", coded(secret), columns)
    assert next(one.by for one in found if one.found) == ("near",)
    assert {one.by for one in found if one.found and len(one.by) == 1} == {("near",)}
    assert found[0].right == pytest.approx(0.8, abs=0.03) and found[0].guess == pytest.approx(1 / 3, abs=0.03)
    assert found[0].told.value > 0.3 and found[0].control < 0.005
    assert [len(one.by) for one in found] == [1, 1, 1, 2]


def test_a_pair_that_tells_only_together_is_found():
    rng = np.random.default_rng(0)
    secret, mask = rng.integers(0, 2, 2000), rng.integers(0, 2, 2000)
    columns = {"mask": coded(mask), "noise": coded(rng.integers(0, 9, 2000)), "hidden": coded(mask ^ secret)}
    found = ask("secret", coded(secret), columns)
    assert not any(one.found for one in found[:-1])
    assert set(found[-1].by) == {"mask", "hidden"} and found[-1].told.low > 0.9 and found[-1].control < 0.01


def test_amounts_are_told_in_fifths_by_amounts():
    rng = np.random.default_rng(0)
    income = rng.permutation(4000)
    spent = np.argsort(np.argsort(income + rng.normal(0, 300, 4000)))
    [one] = ask("income", coded(income, 4000, 4000), {"spent": coded(spent, 4000, 4000)})
    assert one.guess == pytest.approx(0.2, abs=0.02) and one.right > 0.6 and one.found


def test_the_intervals_hold_for_all_columns_and_pairs_together():
    rng = np.random.default_rng(0)
    secret = rng.integers(0, 2, 1000)
    columns = {str(k): coded(rng.integers(0, 3, 1000)) for k in range(3)}
    for one in ask("secret", coded(secret), columns, seed=5, level=0.9)[:3]:
        x = columns[one.by[0]][0]
        alone = told(x, secret, folds(1000, 5), level=1 - 0.1 / (3 + 3 * 3))
        assert (one.told.low, one.told.high) == pytest.approx((alone.low, alone.high))


@pytest.mark.slow
def test_among_independent_columns_one_is_seldom_called_a_proxy():
    """All lower limits hold together 97.5 times in a hundred: 1,000 draws exceed 54 once in a million."""
    alarms = 0
    for seed in range(1000):
        rng = np.random.default_rng(seed)
        secret = (rng.random(150) < 0.4).astype(int)
        columns = {str(values): coded(rng.integers(0, values, 150), values) for values in (2, 4, 12)}
        alarms += any(one.found for one in ask("secret", (secret, 2, 0), columns, seed=seed))
    assert alarms <= stats.binom.ppf(1 - 1e-6, 1000, 0.025)


@pytest.mark.slow
def test_beside_a_proxy_a_pair_is_seldom_found_that_tells_no_more():
    """A limit errs 2.5 times in a hundred at most; 500 draws exceed 32 once in a million."""
    alarms = 0
    for seed in range(500):
        rng = np.random.default_rng(seed)
        secret = rng.integers(0, 2, 300)
        columns = {"near": coded(np.where(rng.random(300) < 0.8, secret, 1 - secret), 2)}
        columns |= {str(values): coded(rng.integers(0, values, 300), values) for values in (2, 6)}
        found = ask("secret", (secret, 2, 0), columns, seed=seed)
        alarms += found[-1].found
        assert len(found[-1].by) == 2 and found[-1].by[0] == "near"
    assert alarms <= stats.binom.ppf(1 - 1e-6, 500, 0.025)


def test_the_same_seed_gives_the_same_numbers_and_plain_values():
    rng = np.random.default_rng(0)
    secret, other = coded(rng.integers(0, 2, 500)), {"a": coded(rng.integers(0, 5, 500))}
    first, again = ask("secret", secret, other, seed=3), ask("secret", secret, other, seed=3)
    assert [one.to_dict() for one in first] == [one.to_dict() for one in again]
    assert first[0].to_dict()["by"] == ["a"] and first[0].to_dict()["found"] is False


@pytest.mark.parametrize(
    "secret",
    [np.zeros(500, int), np.r_[np.zeros(497, int), 1, 1, 1], np.arange(60) % 2],
    ids=["one value", "too rare", "too few people"],
)
def test_too_little_to_ask_is_refused(secret):
    with pytest.raises(TableError, match="two values of secret"):
        ask("secret", coded(secret, 2), {"a": coded(np.arange(len(secret)) % 3)})
    with pytest.raises(TableError, match="0 other columns"):
        ask("secret", coded(np.arange(500) % 2), {})


def test_people_are_drawn_whole():
    people = np.repeat(np.arange(50), 3)
    rows = draw(150, people, 20, seed=0)
    assert len(rows) == 60 and len(set(people[rows])) == 20
    assert draw(150, people, 50, seed=0).tolist() == list(range(150))
    assert len(draw(1000, None, 100, seed=0)) == 100
