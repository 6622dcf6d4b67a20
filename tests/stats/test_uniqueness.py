"""Counts of people who stand alone, against pandas, which groups the same rows slowly."""

from itertools import combinations, permutations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reticent.stats.uniqueness import Crowd, anonymity, gains, grow, search


@st.composite
def tables(draw, most=4):
    """Codes of a few columns, their sizes, and people with several rows or None."""
    n, d = draw(st.integers(1, 30)), draw(st.integers(1, most))
    sizes = [draw(st.integers(1, 8)) for _ in range(d)]
    rng = np.random.default_rng(draw(st.integers(0, 2**32)))
    codes = [rng.integers(0, size, n) for size in sizes]
    people = np.unique(rng.integers(0, n, n), return_inverse=True)[1] if draw(st.booleans()) else None
    return codes, sizes, people


def alone_by_pandas(codes, known, people):
    """People of whom one row is in a class that holds nobody else."""
    table = pd.DataFrame({str(j): codes[j] for j in known})
    table["who"] = np.arange(len(table)) if people is None else people
    if not known:
        return table["who"].nunique() if table["who"].nunique() == 1 else 0
    classes = table.groupby([str(j) for j in known], dropna=False)["who"]
    return table["who"][classes.transform("nunique") == 1].nunique()


@settings(max_examples=60, deadline=None)
@given(tables())
def test_every_count_is_pandas(table):
    codes, sizes, people = table
    counts, complete = search(codes, sizes, 3, people)
    assert complete == min(3, len(codes))
    assert set(counts) == {known for r in range(1, complete + 1) for known in combinations(range(len(codes)), r)}
    for known, alone in counts.items():
        assert alone == alone_by_pandas(codes, known, people)


@settings(max_examples=60, deadline=None)
@given(tables(most=5))
def test_a_search_that_is_cut_short_counts_as_exactly_and_says_so(table):
    codes, sizes, people = table
    counts, complete = search(codes, sizes, 3, people, budget=0)
    assert complete == 1
    assert {len(known) for known in counts} == set(range(1, min(3, len(codes)) + 1))
    assert all(alone == alone_by_pandas(codes, known, people) for known, alone in counts.items())


def test_a_search_that_is_cut_short_goes_on_from_the_best():
    rng = np.random.default_rng(0)
    sizes = [4, 9, 60, 2, 30]
    counts, _ = search([rng.integers(0, size, 50) for size in sizes], sizes, 3, budget=0)
    assert {known for known in counts if len(known) == 2} == {(0, 2), (1, 2), (2, 3), (2, 4)}
    best = max((known for known in counts if len(known) == 2), key=counts.__getitem__)
    assert all(set(best) < set(known) for known in counts if len(known) == 3)
    silent, _ = search([np.arange(40) % 2, np.arange(40) % 8, np.arange(40) % 4], [2, 8, 4], 2, budget=0)
    assert {known for known in silent if len(known) == 2} == {(0, 1), (1, 2)}  # nobody is alone: what tells most


@settings(max_examples=60, deadline=None)
@given(tables(), st.data())
def test_knowing_more_never_hides_anybody_and_order_does_not_matter(table, data):
    codes, sizes, people = table
    order = data.draw(st.permutations(range(len(codes))))
    crowd, before = Crowd.of(len(codes[0]), people), 0
    for j in order:
        ahead = crowd.alone_with(codes[j], sizes[j])
        crowd = crowd.know(codes[j], sizes[j])
        assert crowd.n_found == ahead >= before
        before = ahead
    assert before == alone_by_pandas(codes, range(len(codes)), people)


@pytest.mark.parametrize("size", [3, 10**9])
def test_few_and_many_values_are_counted_alike(size):
    rng = np.random.default_rng(0)
    codes = np.sort(rng.integers(0, size, 500))
    _, count = np.unique(codes, return_counts=True)
    assert Crowd.of(500).alone_with(codes, size) == (count == 1).sum() == Crowd.of(500).know(codes, size).n_found


@settings(max_examples=50, deadline=None)
@given(tables())
def test_gains_are_means_over_sets_of_others(table):
    codes, sizes, people = table
    d = len(codes)
    counts, complete = search(codes, sizes, 3, people)
    found = gains(counts, d, complete)
    everybody = {(): 0, **counts}
    for j in range(d):
        by_size = [
            np.mean(
                [everybody[tuple(sorted((*s, j)))] - everybody[s] for s in combinations(sorted({*range(d)} - {j}), r)]
            )
            for r in range(complete)
        ]
        assert found[j] == pytest.approx(np.mean(by_size))


def test_gains_of_all_sets_are_shapleys_values():
    rng = np.random.default_rng(1)
    codes = [rng.integers(0, 3, 40) for _ in range(3)]
    counts, complete = search(codes, [3, 3, 3], 3)
    shapley = np.zeros(3)
    for order in permutations(range(3)):
        for at, j in enumerate(order):
            before = counts.get(tuple(sorted(order[:at])), 0)
            shapley[j] += (counts[tuple(sorted(order[: at + 1]))] - before) / 6
    np.testing.assert_allclose(gains(counts, 3, complete), shapley)
    assert shapley.sum() == pytest.approx(counts[0, 1, 2])


@settings(max_examples=60, deadline=None)
@given(tables(most=5))
def test_growing_takes_the_column_that_finds_most_and_counts_as_pandas(table):
    codes, sizes, people = table
    path = grow(codes, sizes, (), people)
    known: list[int] = []
    for j, alone in path:
        rest = [i for i in range(len(codes)) if i not in known]
        assert alone == max(alone_by_pandas(codes, [*known, i], people) for i in rest)
        known.append(j)
        assert alone == alone_by_pandas(codes, known, people)
    assert len(set(known)) == len(known)


def test_growing_begins_with_what_it_is_told_and_stops_where_nobody_new_is_found():
    codes = [np.arange(8) // 4, np.arange(8) // 2, np.arange(8) % 4, np.zeros(8, int)]
    sizes = [2, 4, 4, 1]
    assert grow(codes, sizes, ()) == []  # no column by itself finds anybody
    assert grow(codes, sizes, (2, 3)) == [(2, 0), (3, 0), (1, 8)]  # of equals, the one that tells more
    assert grow(codes, sizes, (2, 3), most=2) == [(2, 0), (3, 0)]
    assert grow(codes, sizes, (0, 1)) == [(1, 0), (0, 0), (2, 8)]


@settings(max_examples=60, deadline=None)
@given(tables(most=1))
def test_the_anonymity_set_and_the_bits_are_as_defined(table):
    (codes,), (size,), people = table
    whose = np.arange(len(codes)) if people is None else people
    frame = pd.DataFrame({"code": codes, "who": whose})
    share = frame["code"].value_counts(normalize=True)
    sharing, bits = anonymity(codes, size, people)
    assert sharing == pytest.approx(frame.groupby("code")["who"].transform("nunique").mean())
    assert bits == pytest.approx(-(share * np.log2(share)).sum())


def test_nothing_to_count():
    assert search([], [], 3) == ({}, 0)
    assert grow([], [], ()) == []
    assert Crowd.of(0).know(np.zeros(0, int), 3).n_found == 0
