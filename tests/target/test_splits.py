"""No split tears a person apart, and every half is a half."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reticent.target import splits


@st.composite
def grouped(draw, largest=6):
    """Units of one to six rows, in any order, some of members and some of others, with any numbers as names."""
    sizes = draw(st.lists(st.integers(1, largest), min_size=4, max_size=60))
    names = draw(st.permutations(range(len(sizes))))
    member = draw(st.lists(st.booleans(), min_size=len(sizes), max_size=len(sizes)))
    unit = np.repeat(np.array(names) * 3, sizes)
    order = np.random.default_rng(draw(st.integers(0, 99))).permutation(len(unit))
    return unit[order], np.repeat(member, sizes)[order]


def torn(unit, chosen):
    return [name for name in np.unique(unit) if len(set(chosen[unit == name].tolist())) > 1]


@settings(max_examples=100, deadline=None)
@given(grouped(), st.integers(0, 5))
def test_places_keep_units_together_and_spread_each_side_evenly(people, seed):
    unit, is_member = people
    unit = 2 * unit + is_member  # as in a population, where nobody is on both sides
    place = splits.places(unit, is_member, np.random.default_rng(seed))
    assert ((place > 0) & (place < 1)).all()
    for side in (is_member, ~is_member):
        own, counts = place[side], np.unique(unit[side], return_counts=True)[1]
        assert len(np.unique(own)) == len(counts)  # one place a unit
        if side.any():
            most = counts.max() / len(own)
            assert all(abs((own < cut).mean() - cut) <= most for cut in (0.25, 0.5, 0.75))
            assert own.mean() == pytest.approx(0.5)


@settings(max_examples=100, deadline=None)
@given(grouped(), st.integers(0, 5))
def test_sealing_takes_whole_units_and_half_of_each_side(people, seed):
    unit, is_member = people
    sealed = splits.seal(unit, is_member, seed)
    assert not torn(unit, sealed)
    for side in (is_member, ~is_member):
        if side.any():
            largest = np.unique(unit[side], return_counts=True)[1].max()
            half = (side.sum() + 1) // 2
            assert half - largest < sealed[side].sum() <= half
    np.testing.assert_array_equal(splits.seal(unit, is_member, seed), sealed)


def test_sealing_single_rows_is_exact():
    for n in (100, 101):
        is_member = np.arange(n) < 41
        sealed = splits.seal(np.arange(n), is_member, 0)
        assert (sealed[is_member].sum(), sealed[~is_member].sum()) == (21, (n - 41 + 1) // 2)
        assert (splits.seal(np.arange(n), is_member, 1) != sealed).any()


@settings(max_examples=100, deadline=None)
@given(grouped(), st.integers(1, 12), st.integers(0, 5), st.floats(0.1, 0.9))
def test_shadows_take_whole_units_and_about_as_many_rows_as_asked(people, count, seed, share):
    unit, _ = people
    size = round(share * len(unit))
    if not 0 < size < len(unit):
        return
    rows = splits.halves(unit, size, count, seed)
    assert rows.shape == (count, len(unit)) and rows.dtype == bool
    largest = np.unique(unit, return_counts=True)[1].max()
    for one in rows:
        assert not torn(unit, one)
        assert abs(one.sum() - size) <= 2 * largest + 2  # a unit may hang over at either end, and two rows of evening
    np.testing.assert_array_equal(splits.halves(unit, size, count, seed), rows)


@settings(max_examples=60, deadline=None)
@given(st.integers(4, 200), st.integers(1, 17), st.integers(0, 5), st.sampled_from([-1, 0, 1]))
def test_exact_halves_balance_within_one(pairs, count, seed, odd):
    """Every row is in as many shadows as it is out of, or in one more or fewer where their count is odd."""
    unit = np.arange(2 * pairs)
    rows = splits.halves(unit, pairs, count, seed)
    inside = rows.sum(axis=0)
    assert np.abs(2 * inside - count).max() <= 1
    assert (rows.sum(axis=1) == pairs).all()
    lopsided = splits.halves(np.arange(2 * pairs + odd), pairs, count, seed)  # a row more or fewer changes nothing
    assert np.abs(2 * lopsided.sum(axis=0) - count).max() <= 1
    for first in range(0, count - 1, 2):
        np.testing.assert_array_equal(rows[first], ~rows[first + 1])


@settings(max_examples=60, deadline=None)
@given(grouped(), st.integers(2, 9))
def test_halves_of_units_are_complements(people, pairs):
    unit, _ = people
    if len(unit) % 2:
        unit = np.append(unit, unit.max() + 1)
    rows = splits.halves(unit, len(unit) // 2, 2 * pairs, 0)
    assert (rows.sum(axis=0) == pairs).all()


@pytest.mark.parametrize(("size", "per_round"), [(250, 4), (100, 10), (333, 3), (750, 4)])
def test_other_shares_come_round_evenly(size, per_round):
    """In each round a row is in at most one shadow more than any other row."""
    rows = splits.halves(np.arange(1000), size, 24, 0)
    for first in range(0, 24, per_round):
        inside = rows[first : first + per_round].sum(axis=0)
        assert inside.max() - inside.min() <= 1
    assert np.abs(rows.sum(axis=1) - size).max() <= 2


def test_rounds_are_independent():
    rows = splits.halves(np.arange(1000), 500, 6, 0)
    for one, other in ((0, 2), (0, 4), (2, 4)):
        assert 400 < (rows[one] == rows[other]).sum() < 600
    assert (splits.halves(np.arange(1000), 500, 6, 1) != rows).any()


@settings(max_examples=100, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 8), st.sampled_from("abcdefgh")), min_size=1, max_size=25))
def test_units_are_what_can_be_reached(rows):
    """By walking: rows share a unit where a chain of shared values leads from one to the other."""
    numbers, letters = (np.array(column) for column in zip(*rows, strict=True))
    unit = splits.units(numbers, letters)
    reach = [{i} for i in range(len(rows))]
    for _ in rows:
        for i, (number, letter) in enumerate(rows):
            for j, (other, mark) in enumerate(rows):
                if number == other or letter == mark:
                    reach[i] |= reach[j]
    for i in range(len(rows)):
        for j in range(len(rows)):
            assert (unit[i] == unit[j]) == (j in reach[i])
    assert list(dict.fromkeys(unit.tolist())) == list(range(unit.max() + 1))  # numbered by first appearance
