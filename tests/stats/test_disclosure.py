"""Counts of classes against slow twins, value by value."""

import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reticent.stats.disclosure import THRESHOLDS, Counts, Sizes, people_in, smallest_of

MANY = settings(max_examples=150, deadline=None)


@st.composite
def rows(draw, n_classes=6, n_values=5, n_people=6):
    """Classes, values and people, each numbered from 0 without gaps."""
    n = draw(st.integers(1, 30))
    column = lambda most: np.unique(  # noqa: E731
        draw(st.lists(st.integers(0, most - 1), min_size=n, max_size=n)), return_inverse=True
    )[1]
    return column(n_classes), column(n_values), column(n_people)


def distances(classes, values):
    """Both t of each class, by the definitions: a loop over classes and values."""
    m = values.max() + 1
    whole = np.array([(values == v).mean() for v in range(m)])
    equal, ordered = [], []
    for one in np.unique(classes):
        own = np.array([(values[classes == one] == v).mean() for v in range(m)])
        equal.append(sum(abs(own - whole)) / 2)
        moved, carried = 0.0, 0.0
        for v in range(m):
            carried += own[v] - whole[v]
            moved += abs(carried)
        ordered.append(moved / (m - 1) if m > 1 else 0.0)
    return max(equal), max(ordered)


@MANY
@given(rows())
def test_values_of_classes_are_those_of_a_loop(made):
    classes, values, _ = made
    counts = Counts.of(classes, values)
    held = [np.bincount(values[classes == one], minlength=values.max() + 1) for one in np.unique(classes)]
    assert counts.distinct == min((count > 0).sum() for count in held)
    entropies = [-sum(p * math.log(p) for p in count[count > 0] / count.sum()) for count in held]
    assert counts.entropy == pytest.approx(math.exp(min(entropies)))
    assert counts.alpha == pytest.approx(max(count.max() / count.sum() for count in held))
    assert counts.one_value(classes) == sum(count.sum() for count in held if (count > 0).sum() == 1)
    equal, ordered = distances(classes, values)
    assert counts.closeness() == pytest.approx(equal, abs=1e-12)
    assert counts.ordered_closeness() == pytest.approx(ordered, abs=1e-12)


@MANY
@given(rows(), st.integers(2, 4))
def test_recursive_diversity_is_that_of_a_loop(made, l):  # noqa: E741
    classes, values, _ = made
    worst = 0.0
    for one in np.unique(classes):
        count = sorted(np.bincount(values[classes == one]), reverse=True)
        rest = sum(count[l - 1 :])
        worst = max(worst, count[0] / rest if rest else math.inf)
    assert Counts.of(classes, values).recursive(l) == pytest.approx(worst)


@MANY
@given(rows())
def test_a_person_counts_once_for_each_value_in_a_class(made):
    classes, values, people = made
    once = pd.DataFrame({"class": classes, "value": values, "person": people}).drop_duplicates()
    counts = Counts.of(classes, values, people)
    expected = Counts.of(once["class"].to_numpy(), once["value"].to_numpy())
    np.testing.assert_array_equal(counts.count, expected.count)
    bare = [one for one, of in pd.Series(values).groupby(classes) if of.nunique() == 1]
    assert counts.one_value(classes, people) == len(set(people[np.isin(classes, bare)]))


@MANY
@given(rows())
def test_people_are_counted_once_in_each_class_and_by_their_smallest(made):
    classes, _, people = made
    table = pd.DataFrame({"class": classes, "person": people})
    heads = people_in(classes, people)
    assert heads.tolist() == table.groupby("class")["person"].nunique().tolist()
    smallest = smallest_of(heads[classes], people)
    assert smallest.tolist() == [min(heads[classes[people == one]]) for one in np.unique(people)]
    assert people_in(classes).tolist() == table.groupby("class").size().tolist()


@MANY
@given(st.lists(st.integers(1, 40), min_size=1, max_size=60))
def test_risks_are_means_and_shares_over_people(each):
    each = np.array(each)
    sizes = Sizes.of(each)
    assert (sizes.k, sizes.total, sizes.alone) == (each.min(), len(each), (each == 1).sum())
    assert sizes.highest_risk == 1 / each.min()
    assert sizes.mean_risk == pytest.approx((1 / each).mean())
    for size in THRESHOLDS.values():
        assert sizes.below(size) == (each < size).sum()
        assert sizes.share_below(size) == pytest.approx((each < size).mean())


def test_a_marketer_names_as_many_as_there_are_classes():
    classes = np.array([0, 0, 0, 1, 2, 2])
    assert Sizes.of(people_in(classes)[classes]).mean_risk == pytest.approx(3 / 6)


def test_thresholds_stand_for_the_sizes_that_they_are_named_after():
    for risk, size in THRESHOLDS.items():
        assert 1 / size == pytest.approx(risk, abs=0.004)
        assert Sizes.of([size]).below(size) == 0 and Sizes.of([size - 1]).below(size) == 1


def test_many_values_in_few_classes_and_few_in_many_are_counted_alike():
    """Above some size pairs are sorted and no longer counted in place."""
    rng = np.random.default_rng(0)
    classes, values = np.repeat(np.arange(2_000), 2), rng.permutation(4_000) % 3_000
    sparse = Counts.of(classes, values)
    assert len(sparse.count) < 2_000 * 3_000 / 8  # or the other way would have been taken
    table = pd.Series(values).groupby(classes)
    assert sparse.distinct == table.nunique().min()
    assert sparse.count.tolist() == table.value_counts(sort=False).sort_index().tolist()


def test_nobody_is_no_risk():
    nobody = Sizes.of([])
    assert (nobody.k, nobody.alone, nobody.total, nobody.mean_risk, nobody.highest_risk) == (0, 0, 0, 0.0, 0.0)
    assert nobody.share_below(5) == 0.0


@given(rows=st.lists(st.tuples(st.integers(0, 4), st.integers(0, 3), st.integers(1, 5)), min_size=1, max_size=30))
def test_counts_stand_for_as_many_rows(rows):
    classes, values, counts = np.array(rows).T
    classes, values = np.unique(classes, return_inverse=True)[1], np.unique(values, return_inverse=True)[1]
    each, several = Counts.of(classes.repeat(counts), values.repeat(counts)), Counts.of(classes, values, counts=counts)
    for one, other in zip(vars(each).values(), vars(several).values(), strict=True):
        assert one.tolist() == other.tolist()
    assert several.one_value(classes, counts=counts) == each.one_value(classes.repeat(counts))
    sizes = people_in(classes, counts=counts)
    assert sizes.tolist() == people_in(classes.repeat(counts)).tolist()
    one, other = Sizes.of(sizes[classes].repeat(counts)), Sizes.of(sizes[classes], counts)
    assert (one.size.tolist(), one.people.tolist()) == (other.size.tolist(), other.people.tolist())
