"""Columns that say the same are one trait, whatever kind of table they stand in."""

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reticent.coding.columns import open_frame, read
from reticent.coding.traits import trait_of, traits_of

KINDS = [lambda table: table, pl.from_pandas, pa.Table.from_pandas]


def of(table):
    frame = open_frame(table)
    return traits_of(frame, range(len(frame.columns)))


def people(n=60, seed=0):
    rng = np.random.default_rng(seed)
    return pd.DataFrame({"age": rng.integers(20, 60, n), "town": rng.choice(list("ABCDE"), n)})


@pytest.mark.parametrize("kind", KINDS, ids=["pandas", "polars", "arrow"])
def test_a_one_hot_group_and_a_derived_column_are_found_in_any_table(kind):
    table = people().join(pd.get_dummies(people()["town"], prefix="town"))
    table["town number"] = table["town"].map(dict(zip("ABCDE", [7.5, 3, 9, 1, 2], strict=True)))
    found = of(kind(table))
    assert [one.title for one in found] == ["age", "town = town_A = town_B = town_C = town_D = town_E = town number"]
    alone = of(kind(table.drop(columns=["town", "town number"])))
    assert [(one.title, one.kind, one.size) for one in alone][1] == ("town_* (5 columns)", "one-hot", 5)
    np.testing.assert_array_equal(alone[1].codes, np.array([*map("ABCDE".index, table["town"])]))


def test_groups_that_interleave_are_told_apart():
    table = people()
    one, other = pd.get_dummies(table["town"], dtype=int), pd.get_dummies(pd.Series(np.arange(60) % 3), dtype=float)
    mixed = pd.concat([one["A"], other[0], one["B"], other[1], one["C"], one["D"], other[2], one["E"]], axis=1)
    mixed.columns = [str(name) for name in mixed.columns]
    assert [one.columns for one in of(mixed)] == [("A", "B", "C", "D", "E"), ("0", "1", "2")]


def test_a_group_that_lacks_a_column_is_none():
    table = pd.get_dummies(people()["town"]).drop(columns="C")
    assert [one.title for one in of(table)] == list("ABDE")
    assert {one.kind for one in of(table)} == {"yes or no"}


def test_nearly_all_different_columns_are_not_the_same():
    table = pd.DataFrame({"id": range(50), "salary": np.random.default_rng(0).random(50), "always": 1, "too": 2})
    assert [one.title for one in of(table)] == ["id", "salary", "always", "too"]


def test_a_coarser_column_is_not_the_same():
    table = people(400)
    table["decade"] = table["age"] // 10
    assert [one.title for one in of(table)] == ["age", "town", "decade"]


@pytest.mark.parametrize(
    ("values", "kind"),
    [
        ([1, 2, 2], "whole numbers"),
        ([1.0, None, 7.0], "whole numbers"),
        ([1.5, 2, 2], "numbers"),
        (["a", "b", None], "words"),
        (["2013-08-13 06:03:42", "2014-01-02", "2013-08-13"], "dates"),
        (["13.8.2013", "1.2.14", None], "dates"),
        (pd.to_datetime(["2013-08-13", None, "2014-01-02"]), "dates"),
        ([True, False, True], "yes or no"),
        ([0, 1, 1], "yes or no"),
        ([2, 1, 1], "whole numbers"),
        ([None, None, None], "words"),
        ([np.inf, 1.0, 2.0], "whole numbers"),
    ],
)
def test_kinds(values, kind):
    assert trait_of(read(open_frame(pd.DataFrame({"x": values})), 0)).kind == kind


def test_missing_and_not_a_number_are_values_of_their_own():
    one = trait_of(read(open_frame(pl.DataFrame({"x": [2.0, None, float("nan"), 1.0, None]})), 0))
    assert one.codes.tolist() == [1, 3, 2, 0, 3] and (one.size, one.n_placed) == (4, 2)


def test_ordered_categories_keep_their_order():
    words = pd.Categorical(["much", "none", "some", "much"], ["none", "some", "much"], ordered=True)
    one = trait_of(read(open_frame(pd.DataFrame({"x": words})), 0))
    assert one.codes.tolist() == [2, 0, 1, 2] and one.n_placed == 3


def test_arrays_have_traits_too():
    assert [one.columns for one in traits_of(np.array([[1, 5], [2, 6], [1, 5], [2, 6]]), range(2))] == [(0, 1)]


@settings(max_examples=100, deadline=None)
@given(st.lists(st.sampled_from([None, 0, 1, 2, 3]), min_size=1, max_size=30))
def test_equal_codes_are_equal_values(values):
    table = pd.DataFrame({"x": pd.array(values, "Int64")})
    one = trait_of(read(open_frame(table), 0))
    theirs = table.groupby("x", dropna=False).ngroup().to_numpy()
    assert one.size == table["x"].nunique(dropna=False) == len(set(one.codes))
    assert len({*zip(one.codes, theirs, strict=True)}) == one.size
    assert one.codes.min() >= 0 and one.codes.max() < one.size
