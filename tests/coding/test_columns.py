import datetime as dt
import decimal

import narwhals as nw
import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reticent.coding.columns import as_series, open_frame, positions, read, take
from reticent.errors import ParameterError, TableError

DAYS = [dt.date(2020, 1, 1), None, dt.date(2021, 1, 1)]
COLUMNS = {
    "numbers": [3, 1, 3, 2],
    "holes": [3.5, None, 3.5, None],
    "words": ["b", None, "", "b"],
    "flags": [True, None, False, True],
    "days": [*DAYS, DAYS[0]],
    "large": [2**62 + 1, None, 2**62, 2**62 + 1],
}
KINDS = {
    "pandas": pd.DataFrame,
    "nullable": lambda made: pd.DataFrame(made, dtype=object).astype({"large": "Int64"}).convert_dtypes(),
    "arrow in pandas": lambda made: pa.table(made).to_pandas(types_mapper=pd.ArrowDtype),
    "polars": pl.DataFrame,
    "arrow": pa.table,
    "numpy": lambda made: pd.DataFrame(made, dtype=object).to_numpy(),
}


def opened(table):
    frame = open_frame(table)
    return table if frame is None else frame


def held(column):
    """The value of each row, None where it has none."""
    return [None if i < 0 else column.different[i] for i in column.of]


@pytest.mark.parametrize("kind", KINDS)
def test_values_and_missing_ones_are_told_apart(kind):
    made = {"large": [7, None, 8, 7]} if kind == "pandas" else {}  # pandas reads whole numbers with holes as floats
    table = opened(KINDS[kind](COLUMNS | made))
    for j, (name, expected) in enumerate((COLUMNS | made).items()):
        column = read(table, j)
        values = [v.astype("M8[D]").item() if isinstance(v, np.datetime64) else v for v in held(column)]
        assert values == expected, name
        assert column.null.tolist() == [value is None for value in expected]
        assert not column.nan.any()
        assert len(column.different) == len(set(expected) - {None})
        assert column.is_number == (name in {"numbers", "holes", "large"} or column.different.dtype.kind == "M")


def test_not_a_number_is_no_missing_value_where_the_table_tells_them_apart():
    values = [1.0, float("nan"), None]
    for table in (pl.DataFrame({"x": values}, strict=False), pa.table({"x": values})):
        column = read(opened(table), 0)
        assert (column.nan.tolist(), column.null.tolist()) == ([False, True, False], [False, False, True])
    assert read(opened(pd.DataFrame({"x": values})), 0).null.tolist() == [False, True, True]
    assert read(np.array([[1.0], [np.nan]]), 0).nan.tolist() == [False, True]


def test_zero_and_minus_zero_are_one_value():
    for table in (pd.DataFrame({"x": [0.0, -0.0]}), pl.DataFrame({"x": [0.0, -0.0]}), np.array([[0.0], [-0.0]])):
        assert len(read(opened(table), 0).different) == 1


@pytest.mark.parametrize(
    "dtype", ["int8", "uint8", "int64", "uint64", ">i4", "float16", "float32", "longdouble", ">f8"]
)
def test_numbers_keep_their_type_and_value(dtype):
    info = np.iinfo(dtype) if np.dtype(dtype).kind in "iu" else np.finfo(dtype)
    values = np.array([info.max, info.min, 1, 1, info.max], dtype)
    column = read(values[:, None], 0)
    assert column.different.dtype == values.dtype
    assert (column.different[column.of] == values).all()
    assert len(column.different) == 3


def test_whole_numbers_with_a_hole_are_not_made_equal():
    for table in (KINDS["nullable"](COLUMNS), KINDS["polars"](COLUMNS), KINDS["arrow"](COLUMNS)):
        column = read(opened(table), list(COLUMNS).index("large"))
        assert sorted(column.different.tolist()) == [2**62, 2**62 + 1]


@given(st.lists(st.one_of(st.none(), st.text("ab", max_size=2)), max_size=20))
@settings(max_examples=100, deadline=None)
def test_words_of_every_library_are_read_alike(words):
    for made in (
        pd.Series(words, dtype="string"),
        pd.Series(words, dtype=object),
        pd.Series(words, dtype="category"),
        pl.Series(words, dtype=pl.Categorical),
        pl.Series(words, dtype=pl.String),
    ):
        frame = pd.DataFrame({"x": made}) if isinstance(made, pd.Series) else pl.DataFrame({"x": made})
        assert held(read(opened(frame), 0)) == words


def test_an_order_is_kept_even_of_what_does_not_occur():
    sizes = ["S", "M", "L", "XL"]
    for table in (
        pd.DataFrame({"x": pd.Categorical(["L", "S", None], categories=sizes, ordered=True)}),
        pl.DataFrame({"x": pl.Series(["L", "S", None], dtype=pl.Enum(sizes))}),
    ):
        column = read(opened(table), 0)
        assert column.order == tuple(sizes)
        assert set(column.different) == {"L", "S"}
    assert read(opened(pd.DataFrame({"x": pd.Categorical(["L", "S"])})), 0).order is None


@pytest.mark.parametrize(
    "values",
    [
        [decimal.Decimal("1.10"), None, decimal.Decimal("2.2"), decimal.Decimal("1.1")],
        [dt.time(1), None, dt.time(2), dt.time(1)],
        [b"a", None, b"b", b"a"],
        [dt.timedelta(1), None, dt.timedelta(2), dt.timedelta(1)],
        [dt.datetime(2020, 1, 1, tzinfo=dt.UTC), None, dt.datetime(2020, 1, 2, tzinfo=dt.UTC)] * 2,
    ],
    ids=lambda values: type(values[0]).__name__,
)
@pytest.mark.parametrize("kind", ["pandas", "polars", "arrow", "numpy"])
def test_values_of_any_plain_kind_are_told_apart(kind, values):
    column = read(opened(KINDS[kind]({"x": values})), 0)
    assert [value is None for value in held(column)] == [value is None for value in values]
    assert len(column.different) == 2


@pytest.mark.parametrize("values", [[[1], [2]], [{"a": 1}, {"a": 2}], [{1}, {2}]])
def test_values_that_cannot_be_told_apart_are_refused(values):
    with pytest.raises(TableError, match="column 'x' to hold plain values"):
        read(opened(pd.DataFrame({"x": values})), 0)


# ------------------------------------------------------------------------------------------------------------- tables


def test_what_is_no_table_in_memory_is_refused():
    with pytest.raises(TableError, match="in memory, got LazyFrame; collect it first"):
        open_frame(pl.LazyFrame({"x": [1]}))
    with pytest.raises(TableError, match="different names"):
        open_frame(pd.DataFrame(np.eye(2), columns=["x", "x"]))
    assert open_frame([[1, 2]]) is None
    assert open_frame(np.eye(2)) is None


def test_columns_are_found_by_name_once_each_or_by_position():
    frame = open_frame(pd.DataFrame({"a": [1], "b": [2], 3: [4]}))
    assert positions(frame, ["b", "a", "b"]) == [1, 0]
    assert positions(frame, None, [1]) == [0, 2]
    assert positions(frame, [3]) == [2]
    assert positions(np.eye(3), [2, 0]) == [2, 0]
    assert positions(frame, []) == []
    with pytest.raises(ParameterError, match=r"got \['c'\]; the table has \['a', 'b', 3\]"):
        positions(frame, ["a", "c"])
    with pytest.raises(ParameterError, match=r"write \['a'\]"):
        positions(frame, "a")
    with pytest.raises(ParameterError, match=r"got \[-1\]"):
        positions(np.eye(3), [-1])


@pytest.mark.parametrize("kind", KINDS)
def test_values_go_back_as_they_came(kind):
    made = COLUMNS | ({"large": [7, None, 8, 7]} if kind == "pandas" else {})
    native = KINDS[kind](made)
    table = opened(native)
    rows = np.array([2, 0])
    for j in range(len(made)):
        donor = take(table, j, rows)
        if not isinstance(table, nw.DataFrame):
            assert donor.tolist() == native[rows, j].tolist()
            continue
        series = as_series(donor, table, j)
        assert series.dtype == table[:, j].dtype
        assert series.to_list() == table[:, j][rows].to_list()


def test_values_of_one_library_go_into_the_table_of_another():
    donor = take(open_frame(pl.DataFrame({"age": [30, 31, 60]})), 0, np.array([2, 1]))
    table = open_frame(pd.DataFrame({"age": pd.array([1, 2], dtype="int8")}))
    series = as_series(donor, table, 0)
    assert series.to_native().dtype == "int8"
    assert series.to_list() == [60, 31]
    assert as_series(np.array([5, 6]), table, 0).to_list() == [5, 6]
