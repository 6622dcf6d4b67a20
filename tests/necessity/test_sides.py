"""Sealed rows are drawn by person, hold no copies of open ones, and are enough or refused."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.tree import DecisionTreeClassifier

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
