import datetime as dt

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

from reticent.coding.columns import open_frame, take
from reticent.defenses.data.minimize.mapping import mapped


def values(table):
    return table["x"].to_pylist() if isinstance(table, pa.Table) else list(table["x"])


def categories(values, *known, **kind):
    return pd.DataFrame({"x": pd.Categorical([*values], [*known], **kind)})


def enum(values, *known):
    return pl.DataFrame({"x": pl.Series(values, dtype=pl.Enum([*known]))})


def words(values):
    return pl.DataFrame({"x": pl.Series(values, dtype=pl.Categorical)})


DAYS = [dt.date(2020, 1, 1), dt.date(2020, 1, 2), dt.date(2021, 1, 1)]
# What was fitted, of two values; and a new table of three rows, of which the second gets the second fitted value.
CASES = {
    "numbers": (pd.DataFrame({"x": [1, 2]}), pd.DataFrame({"x": [5, 6, 7]}), [5, 2, 7]),
    "numbers of two types": (pd.DataFrame({"x": [1.5, 2.5]}), pd.DataFrame({"x": [5, 6, 7]}), [5.0, 2.5, 7.0]),
    "flags": (pd.DataFrame({"x": [True, False]}), pd.DataFrame({"x": [True, True, True]}), [True, False, True]),
    "other categories": (categories("ab", *"ab"), categories("cda", *"acd"), ["c", "b", "a"]),
    "an order": (categories("ab", *"ab", ordered=True), categories("bba", *"ab", ordered=True), ["b", "b", "a"]),
    "polars words": (words([*"ab"]), words([*"cda"]), ["c", "b", "a"]),
    "polars enum": (enum([*"ab"], *"ab"), enum([*"bba"], *"ab"), ["b", "b", "a"]),
    "another enum": (enum([*"ab"], *"ab"), enum([*"cca"], *"ac"), ["c", "b", "a"]),
    "polars days": (pl.DataFrame({"x": DAYS[:2]}), pl.DataFrame({"x": [DAYS[2]] * 3}), [DAYS[2], DAYS[1], DAYS[2]]),
    "arrow": (
        pa.table({"x": pa.array([*"ab"]).dictionary_encode()}),
        pa.table({"x": pa.array([*"cda"]).dictionary_encode()}),
        ["c", "b", "a"],
    ),
    "another kind": (pd.DataFrame({"x": [*"ab"]}), pl.DataFrame({"x": [*"cda"]}), ["c", "b", "a"]),
}


@pytest.mark.parametrize("case", CASES)
def test_values_stay_beside_representatives(case):
    fitted, new, expected = CASES[case]
    given = take(open_frame(fitted), 0, np.array([0, 1]))
    made = mapped(open_frame(new), [0], [given], np.array([[True], [False]]), np.array([0, 1, 0]))
    assert values(made) == expected
    assert type(made) is type(new)
    if case not in {"numbers of two types", "other categories", "another enum"}:
        assert (made.dtypes == new.dtypes).all() if isinstance(new, pd.DataFrame) else made.schema == new.schema
    if case == "other categories":
        assert [*made["x"].cat.categories] == ["a", "c", "d", "b"]


def test_an_array_keeps_what_is_asked():
    table = np.array([[1.0, 5.0], [2.0, 6.0]])
    raw = np.array([[True, False], [False, True]])
    made = mapped(table, [0, 1], [np.array([0.0, 9.0]), np.array([8.0, 0.0])], raw, np.array([0, 1]))
    assert made.tolist() == [[1.0, 8.0], [9.0, 6.0]] and table[0, 1] == 5.0
