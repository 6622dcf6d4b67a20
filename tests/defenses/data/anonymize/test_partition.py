import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reticent.coding.codes import Axis
from reticent.defenses.data.anonymize.partition import grow
from reticent.defenses.data.anonymize.release import loss, representatives

PATIENT = settings(max_examples=60, deadline=None)


def ordered(*places, missing=0):
    return Axis(places=np.array([*places, *[np.nan] * missing], float), ordered=True)


def categories(n):
    return Axis(places=np.full(n, np.nan), ordered=False)


@st.composite
def tables(draw, max_rows=60):
    """Codes, axes and a generator for whatever else a test needs."""
    random = np.random.default_rng(draw(st.integers(0, 2**32)))
    n = draw(st.integers(2, max_rows))
    axes, columns = [], []
    for _ in range(draw(st.integers(1, 4))):
        size = draw(st.integers(1, 7))
        if draw(st.booleans()):
            missing = draw(st.integers(0, 2))
            axes.append(ordered(*np.cumsum(random.integers(1, 9, size)), missing=missing))
            columns.append(random.integers(0, size + missing, n))
        else:
            axes.append(categories(size))
            columns.append(np.minimum(random.geometric(0.4, n) - 1, size - 1))
    return np.column_stack(columns), axes, random


# ------------------------------------------------------------------------------------------- the slow, naive twin


def naive_width(codes, axis):
    values = set(codes.tolist())
    if len(values) == 1:
        return 0.0
    if not axis.ordered:
        return len(values) / len(axis.places)
    places = axis.places[sorted(values)]
    all_places = axis.places[~np.isnan(axis.places)]
    return 1.0 if np.isnan(places).any() else np.ptp(places) / np.ptp(all_places)


def naive_impurity(labels):
    mean = labels.mean(axis=0)
    return len(labels) * (1 - (mean**2).sum())


def naive_gain(left, codes, axis, labels, detail):
    gain = naive_impurity(labels) - naive_impurity(labels[left]) - naive_impurity(labels[~left])
    for side, sign in ((np.ones(len(left), bool), 1), (left, -1), (~left, -1)):
        gain += sign * detail * side.sum() * naive_width(codes[side], axis)
    return gain


def naive_cuts(codes, axis, labels):
    values = sorted(set(codes.tolist()))
    if axis.ordered:
        placed = [v for v in values if not np.isnan(axis.places[v])]
        lost = [v for v in values if np.isnan(axis.places[v])]
        orders = [placed + lost, lost + placed]
    else:
        orders = [sorted(values, key=lambda v: labels[codes == v, 0].mean())]
        for v in values:
            yield codes == v
    for order in orders:
        for i in range(1, len(order)):
            yield np.isin(codes, order[:i])


def people_of(people, side):
    return len(set(people[side].tolist()))


def allowed(left, people, k):
    return left.any() and (~left).any() and people_of(people, left) >= k and people_of(people, ~left) >= k


@given(tables(), st.sampled_from([0.0, 0.02, 1.0]), st.booleans())
@PATIENT
def test_the_first_cut_is_the_best_that_a_naive_search_finds(table, detail, shared):
    codes, axes, random = table
    n = len(codes)
    positive = random.uniform(size=n)
    labels = np.column_stack([positive, 1 - positive])
    people = random.integers(0, max(1, n // 2), n) if shared else np.arange(n)
    k = n // 3 + 1  # two classes at most where each row is a person: the first cut is all there is
    if shared:
        k = max(1, len(set(people.tolist())) // 2)
    partition = grow(codes, axes, k, labels=labels, people=people if shared else None, detail=detail).partition
    gains = [
        naive_gain(left, codes[:, j], axis, labels, detail)
        for j, axis in enumerate(axes)
        for left in naive_cuts(codes[:, j], axis, labels)
        if allowed(left, people, k)
    ]
    if not gains:
        assert partition.n_classes == 1
        return
    assert partition.column[0] >= 0
    root = grow_side(partition, codes)
    j = partition.column[0]
    assert allowed(root, people, k)
    assert naive_gain(root, codes[:, j], axes[j], labels, detail) == pytest.approx(max(gains), abs=1e-9)


def grow_side(partition, codes):
    """Return which rows the root sends left: those whose leaf hangs below its left child."""
    below, nodes = set(), [int(partition.left[0])]
    while nodes:
        node = nodes.pop()
        if partition.column[node] < 0:
            below.add(int(partition.class_of[node]))
        else:
            nodes += [int(partition.left[node]), int(partition.right[node])]
    return np.isin(partition.route(codes), list(below))


@given(tables(), st.integers(1, 8), st.booleans(), st.booleans())
@PATIENT
def test_every_class_holds_k_people_and_none_can_be_cut_further(table, k, guided, shared):
    codes, axes, random = table
    n = len(codes)
    people = random.integers(0, n, n) if shared else np.arange(n)
    labels = random.dirichlet([1, 1, 1], n) if guided else None
    partition = grow(codes, axes, k, labels=labels, people=people if shared else None).partition
    classes = partition.route(codes)
    assert set(classes.tolist()) == set(range(partition.n_classes))
    for c in range(partition.n_classes):
        mine = classes == c
        assert people_of(people, mine) >= min(k, people_of(people, np.ones(n, bool)))
        for j, axis in enumerate(axes):
            for left in naive_cuts(codes[mine, j], axis, np.zeros((mine.sum(), 1))):
                if axis.ordered or left.sum() == (codes[mine, j] == codes[mine, j][left][0]).sum():
                    assert not allowed(left, people[mine], k)


@given(tables(), st.integers(1, 5))
@PATIENT
def test_each_row_a_person_of_its_own_is_the_default(table, k):
    codes, axes, random = table
    labels = random.dirichlet([1, 1], len(codes))
    plain = grow(codes, axes, k, labels=labels).partition
    named = grow(codes, axes, k, labels=labels, people=random.permutation(len(codes))).partition
    np.testing.assert_array_equal(plain.route(codes), named.route(codes))


@given(tables(), st.integers(1, 5))
@PATIENT
def test_a_weight_is_that_many_equal_rows(table, k):
    codes, axes, random = table
    weights = random.integers(1, 4, len(codes))
    labels = random.integers(0, 2, (len(codes), 2)).astype(float)
    weighted = grow(codes, axes, k, labels=labels, counts=weights).partition
    repeated = grow(np.repeat(codes, weights, axis=0), axes, k, labels=np.repeat(labels, weights, axis=0)).partition
    np.testing.assert_array_equal(weighted.route(codes), repeated.route(codes))


@given(tables())
@PATIENT
def test_representatives_and_loss_against_a_row_by_row_count(table):
    codes, axes, random = table
    classes = np.unique(random.integers(0, 3, len(codes)), return_inverse=True)[1]
    chosen = representatives(codes, classes, axes)
    widths = []
    for c, (j, axis) in itertools.product(range(classes.max() + 1), enumerate(axes)):
        mine = np.sort(codes[classes == c, j])
        placed = mine[mine < axis.n_placed]
        pool = mine[mine >= axis.n_placed]
        if axis.ordered and 2 * len(placed) >= len(mine):
            assert chosen[c, j] == placed[(len(placed) - 1) // 2]
        else:
            assert chosen[c, j] == np.bincount(pool).argmax()
        widths += [naive_width(mine, axis)] * len(mine)
    assert loss(codes, classes, axes) == pytest.approx(np.mean(widths))


def test_what_a_node_never_met_goes_to_the_heavier_side():
    axes = [categories(3), ordered(1, 2, 3, 4)]
    codes = np.array([[0, 0]] * 4 + [[1, 0]] * 6)
    partition = grow(codes, axes, k=4).partition
    assert partition.route(np.array([[0, 0], [1, 0], [2, 0], [-1, 0], [0, -1]])).tolist() == [
        *(light := partition.route(codes[:1])).tolist(),
        *(heavy := partition.route(codes[-1:])).tolist(),
        *heavy,
        *heavy,
        *light,
    ]


def test_a_number_between_the_sides_of_a_cut_follows_the_closer_rank():
    axes = [ordered(*range(10))]
    partition = grow(np.array([[1], [1], [8], [8]]), axes, k=2).partition
    assert partition.route(np.arange(10)[:, None]).tolist() == [0] * 5 + [1] * 5


def test_only_missing_values_stand_against_the_numbers():
    codes = np.array([[1]] * 3 + [[4]] * 3)
    partition = grow(codes, [ordered(1, 2, 3, 4, missing=1)], k=3).partition
    assert partition.route(np.arange(5)[:, None]).tolist() == [0, 0, 0, 0, 1]


def test_a_large_code_space_takes_the_sorting_path_to_the_same_cells():
    random = np.random.default_rng(0)
    few = random.integers(0, 30, (200, 1))
    many = np.full(100_000, np.nan)
    many[: few.max() * 2000 + 1] = np.arange(few.max() * 2000 + 1)
    spread = grow(few * 2000, [Axis(places=many, ordered=True)], k=5).partition
    close = grow(few, [ordered(*range(int(few.max()) + 1))], k=5).partition
    np.testing.assert_array_equal(spread.route(few * 2000), close.route(few))


def test_several_labels_order_the_categories_by_their_main_direction():
    # Categories 0, 2, 4 speak for the first label, 1, 3 for the second: no order of codes separates them at one cut.
    codes = np.tile(np.arange(5), 20)[:, None]
    labels = np.eye(3)[codes[:, 0] % 2]
    classes = grow(codes, [categories(5)], k=40, labels=labels).partition.route(codes)
    assert [set(codes[classes == c, 0].tolist()) for c in (0, 1)] in ([{0, 2, 4}, {1, 3}], [{1, 3}, {0, 2, 4}])
    # Here no single label tells even from odd categories, only the first half of the labels against the second.
    random = np.random.default_rng(11)
    codes = np.tile(np.arange(6), 10)[:, None]
    means = random.uniform(0, 1, (6, 40)) + 0.4 * (np.arange(40) < 20) * (np.arange(6) % 2)[:, None]
    classes = grow(codes, [categories(6)], k=30, labels=means[codes[:, 0]]).partition.route(codes)
    assert set(codes[classes == classes[0], 0].tolist()) == {0, 2, 4}
