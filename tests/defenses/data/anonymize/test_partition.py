import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reticent.coding.codes import Axis
from reticent.defenses.data.anonymize.classify import suppressing
from reticent.defenses.data.anonymize.guarantees import Entropy, Recursive, Rules, Secret
from reticent.defenses.data.anonymize.kernel import grow_tree
from reticent.defenses.data.anonymize.partition import grow
from reticent.defenses.data.anonymize.release import loss, representatives
from reticent.errors import ParameterError

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
    whose = people if shared else None
    partition = grow(codes, axes, k, labels=labels, people=whose, detail=detail, reach=0).partition
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


# ----------------------------------------------------------------------- rules, suppression, trees, looking ahead


def rules_by_hand(secrets, rules_asked, counts_in, share_all):  # noqa: PLR0911
    """Say whether one class with these counts per sensitive column satisfies what is asked; written from the papers."""
    l, t, alpha = rules_asked.get("l"), rules_asked.get("t"), rules_asked.get("alpha")  # noqa: E741
    for one, count, base in zip(secrets, counts_in, share_all, strict=True):
        share = count / count.sum()
        some = share[share > 0]
        if isinstance(l, Entropy) and -(some * np.log(some)).sum() < np.log(l.l) - 1e-9:
            return False
        if isinstance(l, Recursive):
            ranked = np.sort(count)[::-1]
            if ranked[0] >= l.c * ranked[l.l - 1 :].sum():
                return False
        if isinstance(l, int) and len(some) < l:
            return False
        if alpha is not None and share.max() > alpha + 1e-9:
            return False
        if t is not None and one.ordered and one.n_codes > 1:
            if np.abs(np.cumsum(share - base)).sum() / (one.n_codes - 1) > t + 1e-9:
                return False
        elif t is not None and np.abs(share - base).sum() / 2 > t + 1e-9:
            return False
    return True


@given(
    tables(150),
    st.sampled_from([None, 2, 3, Entropy(1.5), Recursive(3.0, 2)]),
    st.sampled_from([None, 0.15, 0.4]),
    st.sampled_from([None, 0.6, 0.9]),
    st.booleans(),
    st.sampled_from([0, 16]),
)
@PATIENT
def test_the_rules_hold_in_every_class(table, l, t, alpha, shared, reach):  # noqa: E741
    codes, axes, random = table
    n, asked = len(codes), {"l": l, "t": t, "alpha": alpha}
    secrets = [
        Secret(name=size, codes=np.minimum(random.geometric(0.4, n) - 1, size - 1), n_codes=size, ordered=size == 4)
        for size in (3, 4)
    ]
    try:
        rules = Rules.of(secrets, **asked)
    except ParameterError:
        return  # not even the whole table satisfies it
    people = random.integers(0, n, n) if shared else None
    partition = grow(codes, axes, 3, people=people, rules=rules, reach=reach).partition
    classes = partition.route(codes)
    base = [np.bincount(one.codes, minlength=one.n_codes) / n for one in secrets]
    for c in range(partition.n_classes):
        mine = classes == c
        counts = [np.bincount(one.codes[mine], minlength=one.n_codes) for one in secrets]
        assert rules_by_hand(secrets, asked, counts, base)
        whose = np.arange(n) if people is None else people
        assert people_of(whose, mine) >= min(3, people_of(whose, np.ones(n, bool)))


@given(tables(150), st.sampled_from([(0.0, 0.5), (0.2, 0.6), (0.3, 1.0)]), st.sampled_from([0, 16]))
@PATIENT
def test_presence_holds_in_every_class(table, presence, reach):
    codes, axes, random = table
    n = len(codes)
    more = np.column_stack([random.integers(0, len(axis.places), int(1.5 * n) + 1) for axis in axes])
    population = np.concatenate([codes, more])
    partition = grow(codes, axes, 2, rules=Rules.of([], presence=presence), others=population, reach=reach).partition
    mine = np.bincount(partition.route(codes), minlength=partition.n_classes)
    all_of_them = np.bincount(partition.route(population), minlength=partition.n_classes)
    share = mine[mine > 0] / all_of_them[mine > 0]
    if partition.n_classes > 1:
        assert share.min() >= presence[0] - 1e-9
        assert share.max() <= presence[1] + 1e-9


@given(tables(150), st.integers(2, 6), st.sampled_from([0.05, 0.1, 0.3]), st.booleans())
@PATIENT
def test_no_more_rows_are_suppressed_than_allowed(table, k, share, ruled):
    codes, axes, random = table
    secret = Secret(name="ill", codes=random.integers(0, 2, len(codes)), n_codes=2, ordered=False)
    rules = Rules.of([secret], l=len(set(secret.codes.tolist()))) if ruled else Rules.none(len(codes))
    made = suppressing(share, codes, axes, k, rules=rules)
    sizes = np.bincount(made.classes, weights=made.counts)
    assert sizes.min() >= min(k, len(codes))
    assert made.suppressed in (-1, len(sizes) - 1)
    if made.suppressed >= 0:
        assert sizes[-1] <= share * len(codes)


def test_an_outlier_is_suppressed_where_it_stands_in_the_way():
    axes, codes = [ordered(*range(10))], np.repeat([0, 1, 9], [20, 20, 2])[:, None]
    none, some = (suppressing(share, codes, axes, 3, rules=Rules.none(42)) for share in (0.0, 0.1))
    assert none.suppressed < 0
    # Two rows are fewer than k: no release of them would hide either.
    assert some.suppressed < 0
    codes = np.repeat([0, 1, 2, 8, 9], [20, 20, 20, 2, 2])[:, None]
    few = suppressing(0.1, codes, axes, 4, rules=Rules.none(64))
    assert few.counts[few.classes == few.suppressed].sum() in (0, 4)


def tree_axis(random, size, missing):
    levels = [np.arange(size)]
    while levels[-1].max() > 0:
        steps = np.append(0, random.integers(0, 2, levels[-1].max())) * (len(levels) < 4)
        levels.append(np.cumsum(steps)[levels[-1]])
    return Axis(places=np.full(size + missing, np.nan), ordered=False, tree=np.stack(levels))


def naive_tree_width(codes, axis):
    values, n = set(codes.tolist()), axis.tree.shape[1]
    if len(values) == 1:
        return 0.0
    if max(values) >= n:
        return 1.0
    for level in axis.tree:
        groups = {int(level[v]) for v in values}
        if len(groups) == 1:
            return (level == groups.pop()).sum() / n
    raise AssertionError("a tree ends in one group")


@given(st.integers(0, 2**32), st.sampled_from([0.02, 1.0]))
@PATIENT
def test_a_tree_is_cut_where_a_naive_search_cuts_it(seed, detail):
    random = np.random.default_rng(seed)
    size, missing, n = int(random.integers(2, 9)), int(random.integers(0, 3)), int(random.integers(4, 80))
    axis = tree_axis(random, size, missing)
    codes, k = random.integers(0, size + missing, n), n // 3 + 1
    positive = random.uniform(size=n)
    labels = np.column_stack([positive, 1 - positive])
    values = sorted(set(codes.tolist()))
    placed, lost = [v for v in values if v < size], [v for v in values if v >= size]
    lefts = [np.isin(codes, order[:i]) for order in (placed + lost, lost + placed) for i in range(1, len(order))]
    lefts += [codes == v for v in values]

    def gain(left):
        total = naive_impurity(labels) - naive_impurity(labels[left]) - naive_impurity(labels[~left])
        for side, sign in ((np.ones(n, bool), 1), (left, -1), (~left, -1)):
            total += sign * detail * side.sum() * naive_tree_width(codes[side], axis)
        return total

    gains = [gain(left) for left in lefts if allowed(left, np.arange(n), k)]
    partition = grow(codes[:, None], [axis], k, labels=labels, detail=detail, reach=0).partition
    assert (partition.n_classes > 1) == bool(gains)
    if gains:
        assert gain(grow_side(partition, codes[:, None])) == pytest.approx(max(gains), abs=1e-9)


def test_looking_ahead_loses_less_detail_on_average():
    random, near, far = np.random.default_rng(5), [], []
    for _ in range(60):
        n, k = int(random.integers(60, 300)), int(random.integers(3, 9))
        axes = [ordered(*range(12)), ordered(*range(9)), categories(4)]
        codes = np.column_stack([random.integers(0, len(axis.places), n) for axis in axes])
        for reach, kept in ((0, near), (16, far)):
            partition = grow(codes, axes, k, reach=reach).partition
            classes = partition.route(codes)
            assert np.bincount(classes).min() >= k
            kept.append(loss(codes, classes, axes))
    gain = np.array(near) - np.array(far)
    assert gain.mean() > 3 * gain.std() / np.sqrt(len(gain))
    assert gain.mean() > 0.02 * np.mean(near)


def test_looking_ahead_finds_room_for_one_class_more():
    # Best at once is the cut into 4 and 5, which no cut fits any more; 3 by 3 by 3 has room for three classes.
    codes = np.repeat([0, 1, 2, 3], [3, 1, 2, 3])[:, None]
    axes = [ordered(0, 11, 19, 30)]
    assert [grow(codes, axes, 3, reach=reach).partition.n_classes for reach in (0, 8)] == [2, 3]


def test_by_default_it_looks_ahead_but_never_with_a_price():
    random = np.random.default_rng(2)
    axes = [ordered(*range(30)), ordered(*range(30))]
    codes = random.integers(0, 30, (400, 2))
    default, eight, none = (grow(codes, axes, 5, reach=reach).partition.route(codes) for reach in (None, 8, 0))
    assert (default == eight).all()
    assert (default != none).any()
    priced, plain = (grow(codes, axes, 5, price=0.5, reach=reach).partition.route(codes) for reach in (None, 0))
    assert (priced == plain).all()


def test_all_tables_use_the_loops_that_are_compiled_once():
    one, few = np.array([[0], [0], [1], [1]]), categories(2)
    for codes in (one, np.asfortranarray(one), one.astype(np.int32)):
        grow(codes, [few], 2, labels=np.eye(2)[codes[:, 0]]).partition.route(codes)
    secret = Secret(name="ill", codes=np.array([0, 1, 0, 1]), n_codes=2, ordered=False)
    grow(one, [few], 1, rules=Rules.of([secret], l=2), people=np.array([0, 0, 1, 2]))
    assert len(grow_tree.signatures) <= 1  # none where it came from the cache
