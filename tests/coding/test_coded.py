"""Columns joined into classes, against a group-by, and two tables' columns as one."""

import numpy as np
import pandas as pd
import polars as pl
from hypothesis import given, settings
from hypothesis import strategies as st

from reticent.coding.coded import Coded, below, join
from reticent.coding.columns import open_frame, read

VALUES = st.sampled_from([None, "a", "b", "c"])
NUMBERS = st.sampled_from([np.nan, 0.0, -1.5, 7.0])


def coded(frame):
    opened = open_frame(frame)
    return [Coded.of(read(opened, j)) for j in range(len(opened.columns))]


@settings(max_examples=100, deadline=None)
@given(st.lists(st.tuples(VALUES, NUMBERS, st.booleans()), min_size=1, max_size=20))
def test_classes_are_those_of_a_group_by(rows):
    frame = pd.DataFrame(rows, columns=["word", "number", "flag"])
    classes = join(coded(frame), len(frame))
    assert classes.tolist() == frame.groupby(list(frame), dropna=False, sort=False).ngroup().tolist()


@settings(max_examples=100, deadline=None)
@given(st.lists(st.tuples(VALUES, NUMBERS, st.booleans()), min_size=1, max_size=20))
def test_classes_split_by_another_column_are_those_of_both(rows):
    frame = pd.DataFrame(rows, columns=["word", "number", "flag"])
    word, number, flag = coded(frame)
    within = join([word], len(frame))
    assert join([number, flag], len(frame), within).tolist() == join([word, number, flag], len(frame)).tolist()


def test_more_combinations_than_a_number_holds():
    rng = np.random.default_rng(0)
    frame = pd.DataFrame(rng.integers(0, 40, (300, 14)))
    frame = pd.concat([frame, frame.head(50)], ignore_index=True)  # 40 ** 14 is beyond 2 ** 62
    classes = join(coded(frame.rename(columns=str)), len(frame))
    assert classes.tolist() == frame.groupby(list(frame), sort=False).ngroup().tolist()


def test_no_columns_are_one_class_and_no_rows_none():
    assert join([], 3).tolist() == [0, 0, 0]
    assert join([], 0).tolist() == []


def column(values, engine=pd):
    return read(open_frame(engine.DataFrame({"x": values})), 0)


def codes(one, other):
    return Coded.of(below(one, other)).ranked()[0].tolist()


def test_values_of_two_tables_meet():
    assert codes(column(["b", "a", None]), column(["a", None, "c"])) == [1, 0, 3, 0, 3, 2]
    assert codes(column([2, 1]), column([1.0, np.nan, 2.5])) == [1, 0, 0, 3, 2]
    assert codes(column(["b", "a"]), column(["a"], pl)) == [1, 0, 0]


def test_dates_of_two_units_meet():
    days = pd.to_datetime(["2020-01-02", "2020-01-01"])
    assert codes(column(days.astype("datetime64[ns]")), column(days.astype("datetime64[s]"))) == [1, 0, 1, 0]


def test_words_and_numbers_never_meet():
    found = codes(column([1, 2]), column(["1", "2"]))
    assert len(set(found)) == 4
    days = pd.to_datetime(["2020-01-02"])
    assert len(set(codes(column(days), column([days[0].value])))) == 2
