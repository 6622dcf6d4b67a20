"""MDAV against a slow twin of its paper; what it keeps in common with the others is in ``test_baselines``."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from reticent.coding.codes import Axis
from reticent.defenses.data.anonymize.mdav import Middle, Points, mdav

PATIENT = settings(max_examples=60, deadline=None)


def ordered(*places, missing=0):
    return Axis(places=np.array([*places, *[np.nan] * missing], float), ordered=True)


def categories(n):
    return Axis(places=np.full(n, np.nan), ordered=False)


def groups(classes):
    """Return classes as a set of sets of rows: their numbers mean nothing."""
    return {tuple(np.flatnonzero(classes == c)) for c in np.unique(classes)}


def naive_distance(a, b, axes):
    total = 0.0
    for j, axis in enumerate(axes):
        if j < len(a) and axis.ordered and np.isfinite([a[j], b[j]]).all():
            total += (a[j] - b[j]) ** 2
        else:
            total += repr(a[j]) != repr(b[j])
    return total


def naive_mdav(codes, axes, k):
    """Return classes as sets of rows; rows are distinct, without missing values."""
    points = [
        [float(axis.scaled[c]) if axis.ordered else f"{c:03}" for c, axis in zip(row, axes, strict=True)]
        for row in codes.tolist()
    ]

    def center(rows):
        middle = []
        for j, axis in enumerate(axes):
            values = [points[i][j] for i in rows]
            middle.append(np.mean(values) if axis.ordered else max(sorted(set(values)), key=values.count))
        return middle

    def farthest(rows, point):
        return max(rows, key=lambda i: round(naive_distance(points[i], point, axes), 9))

    def nearest(rows, i):
        return sorted(rows, key=lambda other: (round(naive_distance(points[i], points[other], axes), 9), other))[:k]

    left, found = list(range(len(codes))), []
    while len(left) >= 3 * k:
        r = farthest(left, center(left))
        found.append(nearest(left, r))
        left = [i for i in left if i not in found[-1]]
        s = farthest(left, points[r])
        found.append(nearest(left, s))
        left = [i for i in left if i not in found[-1]]
    if len(left) >= 2 * k:
        found.append(nearest(left, farthest(left, center(left))))
        left = [i for i in left if i not in found[-1]]
    return {tuple(sorted(rows)) for rows in [*found, left]}


@given(st.integers(0, 2**32), st.integers(3, 40), st.integers(2, 6))
@PATIENT
def test_mdav_against_its_paper(seed, n, k):
    random = np.random.default_rng(seed)
    axes = [ordered(*np.sort(random.normal(size=n))), ordered(*np.sort(random.normal(size=n))), categories(4)]
    codes = np.column_stack([np.arange(n), random.permutation(n), random.integers(0, 4, n)])
    if n < k:
        return
    assert groups(mdav(codes, axes, k).route(codes)) == naive_mdav(codes, axes, k)


def test_what_is_missing_is_as_far_from_any_number_as_the_ends_are_from_each_other():
    axes = [ordered(0.0, 5.0, 10.0, missing=2), categories(2)]
    points = Points.of(np.array([[0, 0], [2, 0], [3, 0], [3, 1], [4, 0], [-1, 0]]), axes)
    assert points.away(points.take(np.array([0]))).tolist() == [0, 1, 1, 2, 1, 1]
    assert points.away(points.take(np.array([2]))).tolist() == [1, 1, 0, 1, 1, 1]


@given(st.integers(0, 2**32), st.integers(1, 30), st.integers(0, 2))
@PATIENT
def test_centers_are_means_and_the_most_frequent_codes(seed, n, missing):
    random = np.random.default_rng(seed)
    axes = [ordered(0.0, 3.0, 4.0, missing=missing), categories(4), ordered(1.0, 2.0)]
    codes = np.column_stack([random.integers(0, len(axis.places), n) for axis in axes])
    points, weights = Points.of(codes, axes), random.integers(1, 4, len(codes)).astype(float)
    whole = points.centers(np.zeros(len(codes), int), weights)
    keep = np.flatnonzero(np.arange(len(codes)) % 2 == 0)
    gone = np.flatnonzero(np.arange(len(codes)) % 2 == 1)
    for j, number in enumerate(points.numbers):
        placed = ~np.isnan(number)
        expected = np.average(number[placed], weights=weights[placed]) if placed.any() else np.nan
        np.testing.assert_allclose(whole.numbers[j, 0], expected)
    for j, kind in enumerate(points.kinds):
        assert whole.kinds[j, 0] == np.bincount(kind, weights).argmax()
    middle = Middle(points, weights)
    middle.without(points.take(gone), weights[gone])
    rest = points.take(keep).centers(np.zeros(len(keep), int), weights[keep])
    np.testing.assert_allclose(middle.point().numbers, rest.numbers, atol=1e-12)
    np.testing.assert_array_equal(middle.point().kinds, rest.kinds)


def test_a_new_row_goes_to_the_nearest_center():
    axes = [ordered(*range(101)), categories(2)]
    codes = np.array([[0, 0], [10, 0], [90, 1], [100, 1]])
    low, high = mdav(codes, axes, 2).route(codes)[[0, 3]]
    assert mdav(codes, axes, 2).route(np.array([[30, 0], [70, 1], [40, -1], [60, -1]])).tolist() == [
        low,
        high,
        low,
        high,
    ]
