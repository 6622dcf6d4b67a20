import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reticent.coding.codes import Axis
from reticent.defenses.data.minimize.cells import Nodes, goes_left, share
from reticent.defenses.data.minimize.growth import grow_frugal


@st.composite
def tables(draw):
    """Codes of up to three columns: ordered with and without missing values, and categories."""
    n, columns, axes = draw(st.integers(4, 40)), [], []
    for _ in range(draw(st.integers(1, 3))):
        size, missing, ordered = draw(st.integers(1, 5)), draw(st.booleans()), draw(st.booleans())
        places = np.sort(np.array(draw(st.lists(st.integers(0, 50), min_size=size, max_size=size, unique=True)), float))
        if not ordered:
            places[:] = np.nan
        axes.append(Axis(places=np.append(places, np.full(int(missing), np.nan)), ordered=ordered))
        columns.append(draw(st.lists(st.integers(0, size + missing - 1), min_size=n, max_size=n)))
    labels = np.eye(3)[draw(st.lists(st.integers(0, 2), min_size=n, max_size=n))]
    return np.array(columns).T, axes, labels


def slow_share(axis, mask):
    """The share of a column that is open, straight from its definition."""
    if all(mask):
        return 1.0
    if not axis.ordered:
        return sum(mask) / len(mask) if sum(mask) > 1 else 0.0
    places = [place for place in axis.places if not np.isnan(place)]
    held = [i for i in range(len(places)) if mask[i]]
    if not held:
        return 0.0
    low, high = min(places), max(places)
    start = low if held[0] == 0 else (places[held[0] - 1] + places[held[0]]) / 2
    stop = high if held[-1] == len(places) - 1 else (places[held[-1]] + places[held[-1] + 1]) / 2
    return (stop - start) / (high - low) if high > low else 1.0


def slow_cuts(axis, held, codes, labels):
    """Every cut of one column: thresholds, what is missing on either side; categories in order of a label, or alone."""
    size = len(axis.places)
    placed = list(range(axis.n_placed))
    if axis.ordered:
        missing = list(range(axis.n_placed, size))
        for order in [placed + missing, missing + placed]:
            for i in range(1, size):
                yield set(order[:i])
    else:
        for c in range(size):
            if held[c]:
                yield {c}
        spread = []
        for label in range(labels.shape[1]):
            mean = [labels[codes == c, label].mean() if (codes == c).any() else 0.0 for c in range(size)]
            count = [(codes == c).sum() for c in range(size)]
            spread.append(sum(k * (m - labels[:, label].mean()) ** 2 for k, m in zip(count, mean, strict=True)))
        label = int(np.argmax(np.round(spread, 9)))
        mean = [labels[codes == c, label].mean() if (codes == c).any() else 0.0 for c in range(size)]
        order = sorted(range(size), key=lambda c: (round(mean[c], 12), c))
        for i in range(1, size):
            yield set(order[:i])


def slow_worth(codes, axes, labels, masks, price):
    total = (labels.sum(axis=0) ** 2).sum() / len(labels)
    return total + price / len(axes) * len(labels) * sum(map(slow_share, axes, masks))


@settings(max_examples=40, deadline=None)
@given(tables(), st.sampled_from([0.0, 0.1, 1.0]), st.integers(1, 3))
def test_each_cut_is_the_best_of_all(table, price, k):
    codes, axes, labels = table
    nodes = Nodes.of(grow_frugal(codes, axes, labels, price=price, k=k))
    row, node = nodes.people(codes)
    for v in range(len(nodes.parent)):
        here = row[node == v]
        masks = nodes.held(v)
        worth = slow_worth(codes[here], axes, labels[here], masks, price)
        found = []
        for f, axis in enumerate(axes):
            for left in slow_cuts(axis, masks[f], codes[here, f], labels[here]):
                goes = np.isin(codes[here, f], list(left))
                if min(goes.sum(), (~goes).sum()) < k:
                    continue
                side = np.isin(np.arange(len(axis.places)), list(left))
                total = 0.0
                for rows, mask in ((here[goes], masks[f] & side), (here[~goes], masks[f] & ~side)):
                    below = [*masks[:f], mask, *masks[f + 1 :]]
                    total += slow_worth(codes[rows], axes, labels[rows], below, price)
                found.append(total - worth)
        pure = (labels[here].sum(axis=0) == len(here)).any()
        if nodes.tree.column[v] < 0:
            assert pure or not found
            continue
        children = [nodes.tree.left[v], nodes.tree.right[v]]
        parts = [row[node == child] for child in children]
        taken = sum(
            slow_worth(codes[part], axes, labels[part], nodes.held(child), price)
            for part, child in zip(parts, children, strict=True)
        )
        assert min(map(len, parts)) >= k
        assert taken - worth == pytest.approx(max(found), abs=1e-6)


@settings(max_examples=100, deadline=None)
@given(tables())
def test_nodes_know_what_is_held_and_open(table):
    codes, axes, labels = table
    nodes = Nodes.of(grow_frugal(codes, axes, labels, price=0.1, k=2))
    row, node = nodes.people(codes)
    for v in range(len(nodes.parent)):
        masks = nodes.held(v)
        for f, axis in enumerate(axes):
            assert nodes.open[v, f] == pytest.approx(slow_share(axis, masks[f]))
            assert masks[f][codes[row[node == v], f]].all()
    leaf = nodes.leaves[nodes.tree.route(codes)]
    assert np.array_equal(np.sort(row[np.isin(node, nodes.leaves)]), np.arange(len(codes)))
    assert (nodes.tree.column[leaf] == -1).all()


def test_a_number_that_is_missing_adds_nothing_to_a_range():
    ages = Axis(places=np.array([0.0, 10.0, 60.0, 100.0, np.nan]), ordered=True)
    assert share(ages, np.array([1, 1, 0, 0, 1], bool)) == 0.35
    assert share(ages, np.array([0, 0, 0, 0, 1], bool)) == 0.0
    assert share(ages, np.array([1, 1, 1, 1, 1], bool)) == 1.0


def test_many_values_are_cut_at_some_of_them():
    values = np.sort(np.random.default_rng(0).random(500))
    axis = Axis(places=values, ordered=True)
    codes = np.arange(500)[:, None]
    tree = grow_frugal(codes, [axis], np.eye(2)[(values > 0.37).astype(int)], price=0.0, k=1)
    left = goes_left(tree, 0)
    assert np.abs(np.diff(left.astype(int))).sum() == 1  # one threshold
    assert abs(values[left].max() - 0.37) < 0.02
