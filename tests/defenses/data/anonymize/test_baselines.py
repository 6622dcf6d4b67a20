"""What Mondrian, the Hilbert curve, the R+ tree and MDAV keep alike, and the first three against slow twins."""

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reticent.coding.codes import Axis
from reticent.defenses.data.anonymize import hilbert as curve
from reticent.defenses.data.anonymize.hilbert import curve_index, hilbert
from reticent.defenses.data.anonymize.levels import grow_by
from reticent.defenses.data.anonymize.mdav import mdav
from reticent.defenses.data.anonymize.mondrian import mondrian
from reticent.defenses.data.anonymize.r_plus_tree import r_plus_tree

TECHNIQUES = pytest.mark.parametrize("technique", [mondrian, hilbert, r_plus_tree, mdav])
PATIENT = settings(max_examples=60, deadline=None)


def ordered(*places, missing=0):
    return Axis(places=np.array([*places, *[np.nan] * missing], float), ordered=True)


def categories(n, tree=None):
    return Axis(places=np.full(n, np.nan), ordered=False, tree=tree)


@st.composite
def tables(draw, max_rows=40, max_columns=4):
    """Codes, axes and a generator: numbers with and without missing values, categories with and without a hierarchy."""
    random = np.random.default_rng(draw(st.integers(0, 2**32)))
    n = draw(st.integers(1, max_rows))
    axes, columns = [], []
    for kind in draw(st.lists(st.sampled_from(["number", "category", "tree"]), min_size=1, max_size=max_columns)):
        size, missing = draw(st.integers(1, 7)), draw(st.integers(0, 2))
        if kind == "number":
            axes.append(ordered(*np.cumsum(random.integers(1, 9, size)), missing=missing))
        elif kind == "category":
            axes.append(categories(size + missing))
        else:
            pairs = np.arange(size) // 2
            axes.append(categories(size + missing, tree=np.stack([np.arange(size), pairs, np.zeros(size, int)])))
        columns.append(np.minimum(random.geometric(0.3, n) - 1, size + missing - 1))
    return np.column_stack(columns), axes, random


def penalty(codes, axes):
    """Return the normalized certainty penalty of rows in one class, added up over columns and rows."""
    total = 0.0
    for column, axis in zip(codes.T, axes, strict=True):
        found = np.unique(column)
        total += float(axis.width(found[:1], found[-1:], np.array([len(found)]))[0])
    return total * len(codes)


def groups(classes):
    """Return classes as a set of sets of rows: their numbers mean nothing."""
    return {tuple(np.flatnonzero(classes == c)) for c in np.unique(classes)}


def all_rows(codes, weights):
    return np.repeat(codes, weights, axis=0)


# -------------------------------------------------------------------------------------------------- what all keep


@TECHNIQUES
@given(tables(), st.integers(1, 12))
@PATIENT
def test_every_class_has_k_rows(technique, table, k):
    codes, axes, _ = table
    grouping = technique(codes, axes, k)
    classes = grouping.route(codes)
    assert classes.shape == (len(codes),)
    sizes = np.bincount(classes, minlength=grouping.n_classes)
    assert len(sizes) == grouping.n_classes
    assert sizes.min() >= min(k, len(codes))
    if len(codes) < 2 * k:
        assert grouping.n_classes == 1


@TECHNIQUES
@given(tables(), st.integers(1, 6))
@PATIENT
def test_the_order_of_the_rows_and_of_calls_changes_nothing(technique, table, k):
    codes, axes, random = table
    before = codes.copy()
    grouping = technique(codes, axes, k)
    shuffled = technique(random.permutation(codes), axes, k)
    np.testing.assert_array_equal(grouping.route(codes), shuffled.route(codes))
    np.testing.assert_array_equal(codes, before)


@TECHNIQUES
@given(tables(), st.integers(1, 6))
@PATIENT
def test_a_weight_is_that_many_equal_rows(technique, table, k):
    codes, axes, random = table
    weights = random.integers(1, 5, len(codes))
    weighted = technique(codes, axes, k, weights.astype(float))
    repeated = technique(all_rows(codes, weights), axes, k)
    np.testing.assert_array_equal(weighted.route(codes), repeated.route(codes))


@TECHNIQUES
@given(tables(), st.integers(1, 6))
@PATIENT
def test_rows_that_were_never_seen_get_a_class(technique, table, k):
    codes, axes, random = table
    grouping = technique(codes, axes, k)
    new = np.column_stack([random.integers(-1, len(axis.places), 30) for axis in axes])
    for rows in (new, np.full((1, len(axes)), -1), new[:0]):
        classes = grouping.route(rows)
        assert classes.shape == (len(rows),)
        assert ((classes >= 0) & (classes < grouping.n_classes)).all()
    both = grouping.route(np.concatenate([new, codes]))
    np.testing.assert_array_equal(both[len(new) :], grouping.route(codes))


@TECHNIQUES
def test_without_ties_no_class_could_be_two(technique):
    random = np.random.default_rng(5)
    n, k = 300, 7
    codes = np.column_stack([random.permutation(n), random.permutation(n)])
    axes = [ordered(*np.sort(random.normal(size=n))) for _ in range(2)]
    sizes = np.bincount(technique(codes, axes, k).route(codes))
    assert k <= sizes.min()
    assert sizes.max() < 2 * k


@TECHNIQUES
def test_small_tables(technique):
    one = technique(np.array([[0]]), [ordered(3.0)], 1)
    assert (one.n_classes, one.route(np.array([[0], [-1]])).tolist()) == (1, [0, 0])
    ties = technique(np.zeros((9, 2), int), [ordered(3.0), categories(1)], 2)
    assert ties.n_classes == 1
    apart = technique(np.array([[0], [0], [1], [1], [1]]), [categories(2)], 2)
    assert groups(apart.route(np.array([[0], [0], [1], [1], [1]]))) == {(0, 1), (2, 3, 4)}
    missing = technique(np.array([[0], [1], [1], [2], [2], [2]]), [ordered(5.0, 6.0, missing=1)], 3)
    assert groups(missing.route(np.array([[0], [1], [1], [2], [2], [2]]))) == {(0, 1, 2), (3, 4, 5)}


@TECHNIQUES
def test_less_detail_is_lost_than_by_chance(technique):
    random = np.random.default_rng(3)
    places = np.sort(random.normal(size=(2, 400)))
    codes = np.column_stack([random.permutation(400), random.permutation(400), random.integers(0, 5, 400)])
    axes = [ordered(*places[0]), ordered(*places[1]), categories(5)]
    classes = technique(codes, axes, 10).route(codes)
    lost = sum(penalty(codes[classes == c], axes) for c in np.unique(classes))
    chance = random.permutation(classes)
    assert lost < 0.6 * sum(penalty(codes[chance == c], axes) for c in np.unique(classes))


# ------------------------------------------------------------------------------------------------------- Mondrian


def naive_mondrian(codes, axes, k):
    """Return classes as lists of rows, by recursion over rows."""
    found = []

    def part(rows):
        best = None
        for j, axis in enumerate(axes):
            column = codes[rows, j]
            values = np.unique(column)
            width = float(axis.width(values[:1], values[-1:], np.array([len(values)]))[0])
            for value in values[:-1]:
                left = column <= value
                even = min(left.sum(), (~left).sum())
                if even >= k and (best is None or (width, even) > best[0]):  # of equals the first
                    best = (width, even), left
        if best is not None:
            part(rows[best[1]])
            part(rows[~best[1]])
            return
        found.append(rows)

    part(np.arange(len(codes)))
    return {tuple(rows) for rows in found}


@given(tables(), st.integers(1, 8))
@PATIENT
def test_mondrian_against_its_recursion(table, k):
    codes, axes, _ = table
    assert groups(mondrian(codes, axes, k).route(codes)) == naive_mondrian(codes, axes, k)


def test_mondrian_cuts_the_widest_column_at_the_median():
    axes = [ordered(*range(8)), ordered(*range(0, 16, 2), 100)]
    codes = np.column_stack([np.arange(8), np.arange(8)])  # the second spans 14 of 100 only
    partition = mondrian(codes, axes, 4)
    assert partition.column[0] == 0
    assert partition.route(codes).tolist() == [0] * 4 + [1] * 4


def test_a_code_that_other_nodes_hold_follows_the_closer_rank():
    axes = [ordered(*range(10))]
    assert mondrian(np.array([[1], [1], [8], [8]]), axes, 2).route(np.arange(10)[:, None]).tolist() == [0] * 5 + [1] * 5


def test_a_category_that_a_node_never_met_goes_to_the_heavier_side():
    codes = np.array([[0]] * 4 + [[1]] * 6)
    light, heavy, unmet, unseen = mondrian(codes, [categories(3)], 4).route(np.array([[0], [1], [2], [-1]])).tolist()
    assert light != heavy
    assert unmet == unseen == heavy


# -------------------------------------------------------------------------------------------------------- R+ tree


@given(tables(), st.integers(0, 3))
@PATIENT
def test_the_first_cut_of_the_tree_leaves_the_smallest_boxes(table, spare):
    codes, axes, _ = table
    k = max(1, len(codes) // 3 + 1 - spare)
    tree = r_plus_tree(codes, axes, k)
    costs = {}
    for j in range(len(axes)):
        for value in np.unique(codes[:, j])[:-1]:
            left = codes[:, j] <= value
            if min(left.sum(), (~left).sum()) >= k:
                costs[j, value] = penalty(codes[left], axes) + penalty(codes[~left], axes)
    if not costs:
        assert tree.n_classes == 1
        return
    below, nodes = set(), [int(tree.left[0])]
    while nodes:
        node = nodes.pop()
        if tree.column[node] < 0:
            below.add(int(tree.class_of[node]))
        else:
            nodes += [int(tree.left[node]), int(tree.right[node])]
    left = np.isin(tree.route(codes), list(below))
    assert penalty(codes[left], axes) + penalty(codes[~left], axes) == pytest.approx(min(costs.values()))


@given(tables(), st.integers(1, 8))
@PATIENT
def test_no_leaf_of_a_tree_can_be_cut_further(table, k):
    codes, axes, _ = table
    for technique in (mondrian, r_plus_tree):
        classes = technique(codes, axes, k).route(codes)
        for c, j in itertools.product(np.unique(classes), range(len(axes))):
            column = codes[classes == c, j]
            assert all((column <= v).sum() < k or (column > v).sum() < k for v in np.unique(column))


@given(tables(max_columns=3), st.integers(1, 4))
@PATIENT
def test_every_node_is_cut_as_it_would_be_alone(table, k):
    """All nodes of a level are searched at once; cutting what one side holds by itself gives the same classes."""
    codes, axes, _ = table
    tree = r_plus_tree(codes, axes, k)
    if tree.n_classes < 2:
        return
    root = goes_left_first(codes, axes, k)
    for side in (root, ~root):
        alone = r_plus_tree(codes[side], axes, k).route(codes[side])
        assert groups(alone) == groups(tree.route(codes[side]))


def goes_left_first(codes, axes, k):
    """Return which rows the root of the R+ tree sends left: those that share its left child's classes."""
    tree = r_plus_tree(codes, axes, k)
    j = int(tree.column[0])
    placed = codes[:, j] < axes[j].n_placed
    listed = dict(
        zip(
            tree.listed_code[tree.listed_from[0] : tree.listed_to[0]].tolist(),
            tree.listed_left[tree.listed_from[0] : tree.listed_to[0]].tolist(),
            strict=True,
        )
    )
    return np.array(
        [c <= tree.up_to[0] if p else listed[c] for c, p in zip(codes[:, j].tolist(), placed, strict=True)], bool
    )


def test_of_equal_merits_the_first_column_and_code_are_cut():
    codes = np.array([[0, 0], [1, 1], [2, 2], [3, 3]])

    def indifferent(level, j, left, right):
        return np.zeros(len(left)), np.zeros(len(left))

    partition = grow_by(indifferent, codes, [ordered(*range(4))] * 2, 1)
    assert partition.column[0] == 0
    assert partition.up_to[0] == 0


# -------------------------------------------------------------------------------------------------- Hilbert curve


@pytest.mark.parametrize(("bits", "q"), [(1, 1), (4, 2), (3, 3), (2, 4), (1, 7)])
def test_the_curve_visits_each_cell_once_and_steps_to_a_neighbor(bits, q):
    cells = np.array(list(itertools.product(range(2**bits), repeat=q)))
    places = curve_index(cells, bits)
    assert len(np.unique(places)) == len(cells)
    steps = np.abs(np.diff(cells[np.argsort(places)], axis=0))
    assert (steps.sum(axis=1) == 1).all()


def test_the_curve_of_many_columns_is_finer_than_any_integer():
    random = np.random.default_rng(0)
    cells = random.integers(0, 1024, (50, 90))
    assert len(np.unique(curve_index(cells, 10))) == 50


def naive_runs(codes, axes, weights, k):
    """Return the least sum of penalties over all ways to part distinct rows, in this order, into runs of k rows."""
    n, best = len(codes), [0.0] + [np.inf] * len(codes)
    for end in range(1, n + 1):
        for start in range(end):
            if weights[start:end].sum() >= k:
                best[end] = min(best[end], best[start] + penalty(all_rows(codes[start:end], weights[start:end]), axes))
    return best[n]


@given(tables(max_rows=25), st.integers(1, 6), st.sampled_from([2, 64, 2**19]))
@settings(max_examples=100, deadline=None)
def test_no_other_runs_of_the_curve_lose_less(table, k, cells):
    codes, axes, random = table
    weights = random.integers(1, 4, len(codes))
    rows = all_rows(codes, weights)
    if len(rows) < k:
        return
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(curve, "_CELLS", cells)  # however many starts are weighed at a time
        classes = hilbert(codes, axes, k, weights.astype(float)).route(rows)
    tuples, counts = np.unique(rows, axis=0, return_counts=True)
    order = np.argsort(curve._places(tuples, axes))
    lost = sum(penalty(rows[classes == c], axes) for c in np.unique(classes))
    assert lost == pytest.approx(naive_runs(tuples[order], axes, counts[order], k))


def test_a_new_row_falls_into_the_run_that_passes_it():
    axes = [ordered(*range(100))]
    grouping = hilbert(np.array([[10], [11], [80], [81]]), axes, 2)
    assert grouping.route(np.array([[0], [30], [90], [99]])).tolist() == [0, 0, 1, 1]


def test_numbers_too_close_for_the_grid_still_have_an_order():
    axes = [ordered(0.0, 1.0, 2.0, 3.0, 1e12)]
    codes = np.array([[0], [1], [2], [3]])
    assert hilbert(codes, axes, 2).route(codes).tolist() == [0, 0, 1, 1]
