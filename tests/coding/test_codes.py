import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from reticent.coding.codes import Axis, compact, count_people, distinct

PATIENT = settings(max_examples=100, deadline=None)


@given(st.integers(0, 2**32), st.integers(1, 60), st.integers(1, 4), st.integers(1, 6))
@PATIENT
def test_distinct_numbers_the_tuples_in_order_and_finds_their_first_rows(seed, n, q, size):
    codes = np.random.default_rng(seed).integers(0, size, (n, q))
    first, of = distinct(codes, [size] * q)
    tuples, expected_first, expected_of = np.unique(codes, axis=0, return_index=True, return_inverse=True)
    np.testing.assert_array_equal(codes[first], tuples)
    np.testing.assert_array_equal(first, expected_first)
    np.testing.assert_array_equal(of, expected_of)


def test_distinct_survives_more_combinations_than_an_integer_has():
    random = np.random.default_rng(0)
    codes = np.repeat(random.integers(0, 1000, (50, 12)), 2, axis=0)
    first, inverse = distinct(codes, [1000] * 12)
    assert len(first) == len(np.unique(codes, axis=0)) == 50
    np.testing.assert_array_equal(codes[first][inverse], codes)
    # In 64 bits the first of these columns would be shifted out of the packed key.
    assert len(distinct(np.array([[0, 7], [2**24, 7]]), [2**40, 2**40])[0]) == 2


@given(st.integers(0, 2**32), st.integers(1, 60), st.sampled_from([8, 10**9]))
@PATIENT
def test_compact_is_a_unique_on_both_its_paths(seed, n, bound):
    key = np.random.default_rng(seed).integers(0, bound, n)
    for got, expected in zip(compact(key, bound), np.unique(key, return_inverse=True), strict=True):
        np.testing.assert_array_equal(got, expected)


@given(st.integers(0, 2**32), st.integers(3, 60))
@PATIENT
def test_people_are_counted_as_sets_would_count_them(seed, n):
    random = np.random.default_rng(seed)
    node, who = np.append(np.arange(3), random.integers(0, 3, n - 3)), random.integers(0, 8, n)
    assert count_people(node, who).tolist() == [len(set(who[node == i])) for i in range(3)]


@given(st.integers(0, 2**32), st.integers(2, 12), st.integers(0, 2))
@PATIENT
def test_the_width_of_codes_in_a_tree_is_the_smallest_group_that_holds_them(seed, n, missing):
    random = np.random.default_rng(seed)
    fine = np.cumsum(random.integers(0, 2, n))
    middle = fine // 2
    tree = np.stack([np.arange(n), fine, middle, np.zeros(n, int)])
    axis = Axis(places=np.full(n + missing, np.nan), ordered=False, tree=tree)
    chosen = np.sort(random.choice(n + missing, random.integers(1, n + missing + 1), replace=False))
    expected = 0.0 if len(chosen) == 1 else 1.0
    for level in tree[::-1]:
        if len(chosen) > 1 and chosen[-1] < n and len(set(level[chosen])) == 1:
            expected = (level == level[chosen[0]]).mean()
    assert axis.width(chosen[:1], chosen[-1:], np.array([len(chosen)])) == [expected]


def test_the_widest_range_of_floats_has_a_width():
    assert Axis(places=np.array([-1.7e308, 0, 1.7e308]), ordered=True).scaled.tolist() == [0, 0.5, 1]
