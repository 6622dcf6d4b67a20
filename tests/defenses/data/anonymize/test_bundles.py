import numpy as np
import pandas as pd
import pytest

from reticent.coding.columns import open_frame, read
from reticent.defenses.data.anonymize import Anonymizer
from reticent.defenses.data.anonymize.bundles import bundle
from reticent.errors import ParameterError

TOWNS = ["A", "B", "C", "D", "A", "A", "B", "E"] * 3
GRADES = {"low": 1, "middle": 2, "high": 3}


def columns(table):
    frame = open_frame(pd.DataFrame(table))
    return [read(frame, j) for j in range(len(frame.columns))]


def bundles(table, above=None):
    return bundle(columns(table), above or {})


def hot(dtype=int, **more):
    return pd.get_dummies(pd.Series(TOWNS), dtype=dtype).assign(**more)


# ------------------------------------------------------------------------------------------------------------- one-hot


@pytest.mark.parametrize("dtype", [int, float, bool, "int8", "Int64", "boolean", "float32"])
def test_one_category_in_several_columns_stays_one(dtype):
    table = hot(dtype, age=np.arange(len(TOWNS)) * 7 % 5)
    assert [one.names for one in bundles(table)] == ["A (with B, C, D, E)", "age"]
    released = Anonymizer(5).fit_transform(table)
    assert (released[list("ABCDE")].astype(int).sum(axis="columns") == 1).all()
    assert released.groupby(list(table)).size().min() >= 5
    assert released.dtypes.equals(table.dtypes)


def test_flags_beside_a_one_hot_group_stay_beside_it():
    table = {"before": [1, 0] * 12, **hot().to_dict("list"), "after": [0] * 23 + [1]}
    assert [one.names for one in bundles(table)] == ["before", "A (with B, C, D, E)", "after"]


def test_two_one_hot_groups_side_by_side_are_two():
    other = pd.get_dummies(pd.Series(["x", "y", "z", "y"] * 6), dtype=int)
    assert [len(one.books) for one in bundles({**hot(), **other})] == [5, 3]


def test_a_row_without_any_category_makes_them_no_group():
    table = hot()
    table.loc[0, :] = 0
    assert all(len(one.books) == 1 for one in bundles(table))
    table.loc[0, :] = 1
    assert all(len(one.books) == 1 for one in bundles(table))


def test_a_one_hot_group_with_missing_values_is_left_apart():
    table = hot(float)
    table.loc[0, :] = np.nan
    assert all(len(one.books) == 1 for one in bundles(table))
    released = Anonymizer(5).fit_transform(table)
    assert released.groupby(list(table), dropna=False).size().min() >= 5


def test_new_rows_of_two_categories_or_none_were_never_seen():
    [one] = bundles(hot())
    new = pd.DataFrame([[1, 1, 0, 0, 0], [0, 0, 0, 0, 0], [0, 0, 0, 0, 1]], columns=list("ABCDE"))
    assert one.encode(columns(new)).tolist() == [-1, -1, 4]
    anonymizer = Anonymizer(3).fit(hot())
    assert (anonymizer.transform(new).sum(axis="columns") == 1).all()


def test_one_hot_columns_are_said_by_name():
    [one] = bundles(hot())
    assert one.describe(np.array([0, 2])) == "A or C"
    assert one.describe(np.arange(5)) == ""
    words = Anonymizer(3, release="ranges").fit_transform(hot())
    assert set(words.to_numpy().ravel()) <= {"0", "1", "*"}


def test_codes_and_columns_go_back_and_forth():
    table = hot()
    [one] = bundles(table)
    np.testing.assert_array_equal(one.held[one.encode(columns(table))], table.to_numpy())


# ------------------------------------------------------------------------------------------------------------- derived


@pytest.mark.parametrize("names", [["grade", "number", "age"], ["age", "number", "grade"], ["number", "age", "grade"]])
def test_a_grade_and_its_number_stay_together(names):
    grade = np.random.default_rng(0).choice(list(GRADES), 60)
    table = pd.DataFrame({"grade": grade, "number": [GRADES[one] for one in grade], "age": np.arange(60) % 13})[names]
    released = Anonymizer(7).fit_transform(table)
    assert (released.grade.map(GRADES) == released.number).all()
    assert released.groupby(names).size().min() >= 7
    # What has an order leads, whatever stands first.
    assert [one.names for one in bundles(table) if len(one.books) > 1] == ["number (with grade)"]


def test_missing_values_are_derived_from_missing_values_only():
    both = {"grade": ["a", "b", None, "a", "b"], "number": [1.0, 2.0, np.nan, 1.0, 2.0]}
    assert [one.names for one in bundles(both)] == ["number (with grade)"]
    assert len(bundles(both | {"number": [1.0, 2.0, 3.0, 1.0, np.nan]})) == 2


def test_columns_of_different_values_in_each_row_are_not_derived():
    assert len(bundles({"a": [1, 2, 3], "b": [3, 2, 1]})) == 2


def test_three_ways_to_say_the_same_are_one_bundle():
    [one] = bundles({"a": [1, 2, 1, 3], "b": list("xyxz"), "c": [30, 10, 30, 20]})
    assert one.names == "a (with b, c)"
    assert one.where == (0, 1, 2)


def test_a_hierarchy_of_a_follower_leads():
    table = {"number": [1, 2, 1, 3, 2, 3], "town": ["Lyon", "Bonn", "Lyon", "Nice", "Bonn", "Nice"]}
    above = {"Lyon": ["France"], "Nice": ["France"], "Bonn": ["Germany"]}
    [one] = bundles(table, {"town": above})
    assert one.names == "town (with number)"
    words = Anonymizer(4, release="ranges", hierarchies={"town": above}).fit_transform(pd.DataFrame(table))
    assert words.to_numpy().tolist() == [["*", "*"]] * 6
    words = Anonymizer(2, release="ranges", hierarchies={"town": above}).fit_transform(pd.DataFrame(table))
    assert words.town.tolist() == table["town"]
    assert words.number.tolist() == [str(number) for number in table["number"]]


def test_a_hierarchy_of_no_quasi_identifier_is_refused():
    table = pd.DataFrame({"age": [1, 2, 3, 4], "town": list("AABB")})
    for name in ("twon", "town"):
        with pytest.raises(ParameterError, match=rf"which are \['age'\]; got one of \['{name}'\]"):
            Anonymizer(2, ["age"], hierarchies={name: {"A": [], "B": []}}).fit(table)
