"""The rules of a release say what each class held, whoever made it."""

import numpy as np
import pandas as pd
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reticent.defenses.data.anonymize import Anonymizer
from reticent.defenses.data.released import frame, public, rules
from reticent.target.schema import Schema
from reticent.target.table import ArrayTable, FrameTable

PEOPLE = pd.DataFrame({"age": [30, 31, 33, 60, 61, 64], "town": list("AABBCC"), "id": [1, 1, 2, 3, 4, 5]})


def test_columns_that_a_class_spans_are_left_out():
    everything = PEOPLE.assign(age=40, town="A")
    assert rules(PEOPLE, everything, ["age", "town"]) == ["all: 6 people"]
    assert rules(PEOPLE, everything, ["age", "town"], person="id") == ["all: 5 people"]


def test_people_are_counted_and_not_rows():
    after = PEOPLE.assign(town=list("AAAACC"))
    assert rules(PEOPLE, after, ["town"], person="id") == ["town in {A, B}: 3 people", "town C: 2 people"]


def test_missing_values_are_values_of_their_own():
    before = PEOPLE.assign(age=[30, None, None, 60, 61, 64])
    after = before.assign(age=[30, 30, 30, 60, 60, 60])
    assert rules(before, after, ["age"]) == ["age 30.0 or missing: 3 people", "age 60.0 to 64.0: 3 people"]


@pytest.mark.parametrize("kind", [pd.DataFrame, lambda table: pl.from_pandas(pd.DataFrame(table))])
def test_every_kind_of_table_gives_the_same(kind):
    after = PEOPLE.assign(age=[31, 31, 31, 61, 61, 61])
    assert rules(kind(PEOPLE), kind(after), ["age"]) == ["age 30 to 33: 3 people", "age 60 to 64: 3 people"]


def test_an_array_has_positions():
    before = np.array([[1.0, 5.0], [2.0, 6.0], [8.0, 7.0]])
    after = np.array([[1.0, 5.0], [1.0, 6.0], [8.0, 7.0]])
    assert rules(before, after, [0]) == ["0 1.0 to 2.0: 2 people", "0 8.0: 1 person"]


@settings(deadline=None)  # the first call may compile
@given(ages=st.lists(st.integers(0, 20), min_size=8, max_size=40), k=st.integers(2, 4))
def test_they_are_those_of_the_anonymizer(ages, k):
    before = pd.DataFrame({"age": ages})
    anonymizer = Anonymizer(k=k, quasi_identifiers=["age"]).fit(before)
    assert sorted(rules(before, anonymizer.transform(before), ["age"])) == sorted(anonymizer.rules())


SCHEMA = Schema(columns=("age", "town", "id", "name"), label="town", identifiers=("name",), groups="id")


@pytest.mark.parametrize("kind", [pd.DataFrame, lambda table: pl.from_pandas(pd.DataFrame(table))])
def test_what_names_a_person_is_not_released(kind):
    table = FrameTable(kind(PEOPLE.assign(name=list("uvwxyz"))), "town")
    assert type(public(table, SCHEMA)) is type(table.native)
    assert list(public(table, SCHEMA).columns) == ["age", "town"]
    assert list(frame(table, SCHEMA).columns) == ["age", "town", "id"]  # whose rows they are is counted


def test_arrays_become_a_frame_to_count_on():
    table = ArrayTable(np.arange(6.0).reshape(3, 2), np.array([0, 1, 1]))
    plain = Schema(columns=table.columns, label="y")
    assert public(table, plain)[0] is table.x
    assert frame(table, plain).to_dict("list") == {"x0": [0, 2, 4], "x1": [1, 3, 5], "y": [0, 1, 1]}
