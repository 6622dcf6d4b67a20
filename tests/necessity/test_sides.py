"""Sealed rows are drawn by person, hold no copies of open ones, and are enough or refused."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.tree import DecisionTreeClassifier

from reticent.errors import TableError
from reticent.necessity.prepare import prepare
from reticent.necessity.sides import SEALED, apart, persons, sides
from reticent.stats.noninferiority import rows_needed

TREE = DecisionTreeClassifier(max_depth=2)


@given(st.integers(5, 300), st.integers(1, 5), st.floats(0.1, 0.9), st.integers(0, 99))
def test_both_sides_are_all_rows_and_whole_people(people, most, share, seed):
    whose = np.repeat(np.arange(people), np.random.default_rng(seed).integers(1, most + 1, people))
    rest, drawn = apart(whose, share, seed, "test")
    assert sorted([*rest, *drawn]) == list(range(len(whose)))
    assert not set(whose[rest]) & set(whose[drawn])
    assert share * len(whose) - most < len(drawn) <= share * len(whose) + 1e-9


def test_copies_stay_together_where_most_rows_are_unlike(numbers):
    unlike = numbers.assign(number=np.arange(len(numbers)))
    table = pd.concat([unlike, unlike[:300]], ignore_index=True)
    trials = prepare(TREE, table, label="ill")
    found = sides(trials, None, 0.05, 0.95)
    assert not set(table["number"][found.open]) & set(table["number"][found.sealed])
    assert found.people == len(set(table["number"][found.sealed])) < len(found.sealed)
    assert found.copies == 0 and "equal rows count as one person's" in found.caveats[0]


def test_a_table_three_times_over_is_not_torn_apart(numbers):
    """No row is unlike all others, and a third of a tree's errors would be seen if copies stood on both sides."""
    table = pd.concat([numbers] * 3, ignore_index=True).sample(frac=1, random_state=0)
    trials = prepare(TREE, table, label="ill")
    found = sides(trials, None, 0.05, 0.95)
    assert not set(table["age"].iloc[found.open]) & set(table["age"].iloc[found.sealed])
    assert found.people == pytest.approx(len(found.sealed) / 3) == pytest.approx(found.people_alike)
    with pytest.raises(TableError, match=r"450 sealed people .* Equal rows count as one person's"):
        sides(trials, None, 0.005, 0.95)


def test_rows_that_equal_open_ones_are_told_where_they_are_people_alike(numbers):
    found = sides(prepare(TREE, numbers[["dose", "coin", "ill"]], label="ill"), None, 0.05, 0.95)
    assert found.copies == len(found.sealed) == found.people
    assert f"{found.copies} of {found.copies} equal one" in found.caveats[0]
    assert sides(prepare(TREE, numbers, label="ill"), None, 0.05, 0.95).caveats == ()


def test_people_with_unequal_numbers_of_rows_count_as_fewer(numbers):
    rng = np.random.default_rng(0)
    whose = np.repeat(np.arange(1000), np.maximum(1, rng.lognormal(1, 1.3, 1000)).astype(int))
    table = numbers.iloc[rng.integers(0, len(numbers), len(whose))].assign(who=whose)
    trials = prepare(TREE, table, label="ill", hidden=("who",))
    found = sides(trials, "who", 0.15, 0.95)
    assert found.people_alike < 0.5 * found.people
    assert any("very unequal numbers of rows" in one for one in found.caveats)
    with pytest.raises(TableError, match="who with so unequal numbers of rows count as"):
        sides(trials, "who", 0.03, 0.95)


def test_one_person_with_a_third_of_the_rows_hinders_nobody_and_is_named(numbers):
    whose = np.where(np.arange(len(numbers)) < 600, 0, np.arange(len(numbers)))
    trials = prepare(TREE, numbers.assign(who=whose), label="ill", hidden=("who",))
    for seed in range(5):
        rest, drawn = apart(whose, SEALED, seed, "test")
        assert len(drawn) == 450 and 0 not in whose[drawn] and 0 in whose[rest]
    assert "600 of 1,500" in sides(trials, "who", 0.05, 0.95).caveats[0]


def test_people_of_few_kinds_are_people(numbers):
    trials = prepare(TREE, numbers[["dose", "coin", "ill"]], label="ill")  # eight kinds of rows
    found = sides(trials, None, 0.05, 0.95)
    assert len(found.sealed) == pytest.approx(SEALED * len(numbers), abs=1)


def test_persons_are_numbered(numbers):
    table = numbers.assign(who=["b", "a", "c"] * (len(numbers) // 3))
    whose = persons(prepare(TREE, table, label="ill", hidden=("who",)), "who")
    assert set(whose) == {0, 1, 2}
    assert len({(name, number) for name, number in zip(table["who"], whose, strict=True)}) == 3


def test_as_many_rows_as_it_says_are_enough(numbers):
    need = int(np.ceil(rows_needed(0.05) / SEALED)) + 1
    trials = prepare(TREE, numbers[:need], label="ill")
    assert len(sides(trials, None, 0.05, 0.95).sealed) >= rows_needed(0.05)
