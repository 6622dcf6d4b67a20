"""A column makes kinds of people: every row has exactly one, and the frequent ones are told apart."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from reticent.coding.columns import open_frame, read
from reticent.coding.kinds import kinds


def of(values):
    return kinds(read(open_frame(pd.DataFrame({"x": values})), 0))


@given(st.lists(st.one_of(st.none(), st.integers(-30, 30), st.floats(-5, 5)), min_size=1, max_size=60))
def test_every_row_is_of_one_kind(values):
    found = of(pd.Series(values, dtype=object))
    assert (np.sum([rows for _, rows in found], axis=0) == 1).all() and all(rows.any() for _, rows in found)
    assert len({name for name, _ in found}) == len(found)


def test_numbers_of_many_values_make_quarters():
    values = np.arange(1000) % 100
    found = of(values)
    assert [rows.sum() for _, rows in found] == pytest.approx([250] * 4, abs=15)
    for name, rows in found:
        low, high = map(int, name.split(" to "))
        assert values[rows].min() == low and values[rows].max() <= high


def test_few_numbers_and_words_are_told_by_their_values():
    assert [(name, rows.sum()) for name, rows in of([2, 1, 1, 2, 2])] == [("2", 3), ("1", 2)]
    rare = ["often"] * 5 + [f"street {i}" for i in range(20)]
    found = of(rare)
    assert found[0][0] == "often" and found[-1][0] == "9 other values" and found[-1][1].sum() == 9


def test_dates_and_missing_values():
    found = of([*pd.date_range("2020-01-01", periods=40), pd.NaT])
    assert found[-1][0] == "missing" and found[-1][1].sum() == 1 and "2020-01-01" in "".join(name for name, _ in found)
