"""Counting on an engine finds what counting rows in Python finds, and what is written there reaches the same rows."""

import datetime
import decimal
from collections import Counter

import narwhals as nw
import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reticent.coding import dictionary, engine, lookup
from reticent.coding.codebook import Codebook
from reticent.coding.columns import open_frame, read
from reticent.coding.dictionary import Dictionary
from reticent.coding.engine import count, mapped, open_lazy, rewritten
from reticent.coding.whole import crowds, different_in_each_row
from reticent.errors import TableError

NAN = float("nan")
KINDS = {
    "whole": (pa.int64(), [0, 1, -5, 2**62, None]),
    "number": (pa.float64(), [0.0, -0.0, 1.5, NAN, float("inf"), -2.25, None]),
    "words": (pa.string(), ["a", "b", "", "it's", None]),
    "day": (pa.date32(), [datetime.date(1970, 1, 1), datetime.date(2024, 2, 29), None]),
    "time": (pa.timestamp("us"), [datetime.datetime(2020, 1, 1, 12, 30), None]),
    "flag": (pa.bool_(), [True, False, None]),
    "money": (pa.decimal128(10, 2), [decimal.Decimal("1.50"), decimal.Decimal("-3.00"), None]),
}


@st.composite
def tables(draw):
    """Rows of a few columns, each with few values, so that rows repeat; numbered."""
    chosen = draw(st.lists(st.sampled_from(sorted(KINDS)), min_size=1, max_size=4, unique=True))
    n = draw(st.integers(1, 30))
    made = {kind: draw(st.lists(st.sampled_from(KINDS[kind][1]), min_size=n, max_size=n)) for kind in chosen}
    columns = {kind: pa.array(values, KINDS[kind][0], from_pandas=False) for kind, values in made.items()}
    return pa.table({**columns, "row": np.arange(n)})


def told_apart(value):
    """Zero has one sign, and what is not a number is one value."""
    if isinstance(value, float):
        return "nan" if np.isnan(value) else value + 0.0
    return value


def keys(table, names):
    return list(zip(*([told_apart(value) for value in table[name].to_pylist()] for name in names), strict=True))


@pytest.fixture(scope="module")
def duckdb():
    con = pytest.importorskip("duckdb").connect(config={"threads": 2})
    yield con
    con.close()


@pytest.fixture(params=["polars", "duckdb"])
def there(request):
    """``there(table)`` lays a table on an engine."""
    if request.param == "polars":
        return lambda table: open_lazy(pl.from_arrow(table).lazy())
    con = request.getfixturevalue("duckdb")
    return lambda table: open_lazy(con.from_arrow(table))


def back(native):
    table = native.to_arrow_table() if hasattr(native, "to_arrow_table") else native.collect().to_arrow()
    return table.sort_by("row")


@settings(max_examples=40, deadline=None)
@given(table=tables(), on=st.sampled_from(["polars", "duckdb"]), widest=st.sampled_from([2**62, 8]))
def test_distinct_rows_are_those_of_python_and_nothing_is_lost_on_the_way_back(duckdb, table, on, widest):
    names = table.column_names[:-1]
    lazy = open_lazy(pl.from_arrow(table).lazy() if on == "polars" else duckdb.from_arrow(table))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(engine, "_WIDEST", widest)  # so that several keys are needed
        found = count(lazy, range(len(names)), [nw.col("row")])
        every = np.arange(len(found))
        taken = {name: nw.from_native(found.take(j, every), series_only=True) for j, name in enumerate(names)}
        again = back(mapped(found, every, nw.from_dict(taken)))
    known = Counter(keys(table, names))
    values = keys({name: one.to_arrow() for name, one in taken.items()}, names)
    assert dict(zip(values, found.counts.tolist(), strict=True)) == known and found.n_rows == len(table)
    sums = Counter()
    for key, row in zip(keys(table, names), table["row"].to_pylist(), strict=True):
        sums[key] += row
    assert dict(zip(values, found.sums[:, 0].tolist(), strict=True)) == sums
    assert again.column_names == table.column_names
    assert keys(again, [*names, "row"]) == keys(table, [*names, "row"])


@settings(max_examples=15, deadline=None)
@given(table=tables(), on=st.sampled_from(["polars", "duckdb"]))
def test_a_distinct_row_reads_as_it_does_in_memory(duckdb, table, on):
    lazy = open_lazy(pl.from_arrow(table).lazy() if on == "polars" else duckdb.from_arrow(table))
    for j in range(table.num_columns - 1):
        known, found = read(open_frame(table), j), count(lazy, [j])
        column = read(found, j)
        assert {told_apart(value) for value in column.different.tolist()} == {
            told_apart(value) for value in known.different.tolist()
        }
        assert found.counts[column.null].sum() == known.null.sum()
        assert found.counts[column.nan].sum() == known.nan.sum()


def test_categories_come_back_as_what_they_were(duckdb):
    words = ["low", "high", None, "low"]
    plain = pl.DataFrame({"row": range(4), "grade": words, "town": words})
    typed = plain.cast({"grade": pl.Enum(["low", "middle", "high"]), "town": pl.Categorical})
    duckdb.execute("CREATE OR REPLACE TYPE grade AS ENUM ('low', 'middle', 'high')")
    relation = duckdb.sql("SELECT row, grade::grade AS grade, grade AS town FROM plain")
    for native in (typed.lazy(), relation):
        found = count(open_lazy(native), [1, 2])
        assert read(found, 1).order == ("low", "middle", "high") and read(found, 2).order is None
        taken = [nw.from_native(found.take(j, np.arange(len(found))), series_only=True) for j in (1, 2)]
        again = mapped(found, np.arange(len(found)), nw.from_dict({"grade": taken[0], "town": taken[1]}))
        if native is relation:
            assert again.types == relation.types
            assert sorted(again.fetchall()) == sorted(relation.fetchall())
        else:
            assert again.collect().sort("row").equals(typed)


def test_names_of_ours_do_no_harm(there):
    table = pa.table({"reticent key 0": [1, 2, 1], "Reticent Value": ["a", "b", "a"], "row": [0, 1, 2]})
    found = count(there(table), [0, 1])
    fresh = nw.from_native(pa.table({"reticent key 0": [7, 9]}), eager_only=True)
    again = back(mapped(found, (found.counts == 1).astype(int), fresh))
    assert again["reticent key 0"].to_pylist() == [7, 9, 7]
    assert again["Reticent Value"].to_pylist() == ["a", "b", "a"]


def test_rows_are_rewritten_by_themselves(there):
    table = pa.table({"a": [1, None, 3, 1], "b": [1.0, 2.0, NAN, 1.0], "row": [0, 1, 2, 3]})
    seen = []

    def plus(frame):
        frame = nw.from_native(frame, eager_only=True)
        seen.append(len(frame))
        return frame.with_columns(nw.col("a") + 1).to_native()

    again = back(rewritten(there(table), ["a", "b"], plus))
    assert seen == [3] and again["a"].to_pylist() == [2, None, 4, 2]
    assert again["b"].to_pylist()[:2] == [1.0, 2.0] and np.isnan(again["b"].to_pylist()[2])


@settings(max_examples=30, deadline=None)
@given(
    values=st.lists(st.floats(-1e9, 1e9) | st.sampled_from([NAN, None, 3.0]), min_size=1, max_size=80),
    n_ranges=st.integers(1, 6),
)
def test_ranges_hold_about_as_many_rows_each_and_do_not_overlap(values, n_ranges):
    plain = np.array([value for value in values if value is not None and not np.isnan(value)])
    if not len(plain):
        return
    whole = Dictionary.of(open_lazy(pl.LazyFrame({"x": pl.Series(values, dtype=pl.Float64)})), "x")
    cut = whole.cut(n_ranges)
    column, (first, last) = cut.column, cut.column.spans
    n = len(column.different)
    assert n <= n_ranges and (first <= column.different).all() and (column.different <= last).all()
    assert (last[:-1] < first[1:]).all() and np.isin(column.different, plain).all()
    held = [int(((plain >= low) & (plain <= high)).sum()) for low, high in zip(first, last, strict=True)]
    assert held == cut.counts[:n].tolist() and sum(held) == len(plain)
    assert cut.counts.sum() == len(values)
    commonest = max(Counter(plain.tolist()).values())
    assert max(held) <= len(plain) / n_ranges + 2 * commonest
    book = Codebook.of(column)
    codes = book.encode(read(open_frame(pa.table({"x": plain})), 0))
    assert [first[code] <= value <= last[code] for code, value in zip(codes, plain, strict=True)] == [True] * len(plain)
    assert book.outside(read(open_frame(pa.table({"x": [first[0] - 1e3, last[-1] + 1e3]})), 0)) == 2
    assert book.describe(np.arange(len(book.axis.places))) == ""


def test_many_numbers_are_cut_and_too_many_rows_are_cut_further_or_refused(there):
    rng = np.random.default_rng(0)
    n = 6_000
    table = pa.table({"x": rng.normal(size=n), "y": rng.integers(0, 100, n), "town": rng.choice(list("abc"), n)})
    lazy = there(table)
    assert len(count(lazy, [0])) == n and count(lazy, [0], cut=()).ranges == {}
    found = count(lazy, [0], cut=[0])
    assert len(found) == 1_024 and found.ranges == {"x": n}
    assert np.ptp(found.counts) <= 1
    coarse = count(lazy, [0, 1, 2], cut=[0, 1], most=2_000)
    assert len(coarse) <= 2_000 and set(coarse.ranges) == {"x", "y"} and coarse.n_rows == n
    with pytest.raises(TableError, match=r"expected at most 20 different combinations of the columns \['x', 'y'\]"):
        count(lazy, [0, 1], cut=[0, 1], most=20)
    with pytest.raises(TableError, match="expected at most 2 different values in column 'town'"):
        Dictionary.of(lazy, "town", most=2)


@pytest.mark.parametrize("scale", [1.0, 1e-9, 1e12])
def test_more_values_than_fit_into_memory_become_cells_first(there, scale):
    rng = np.random.default_rng(1)
    values = scale * np.exp(rng.normal(0, 4, 5_000)) * rng.choice([-1, 1], 5_000)
    values[:50] = NAN
    table = pa.table({"x": pa.array([*values, None, float("inf")], from_pandas=False)})
    whole = Dictionary.of(there(table), "x", most=100)
    assert 4_000 < whole.size <= 5_002 and whole.counts.sum() == len(table)
    cut = whole.cut(64)
    assert len(cut.column.different) == 64
    assert np.ptp(cut.counts[:64]) <= 10 and sorted(cut.counts[64:].tolist()) == [1, 50]
    assert (cut.column.spans[1][:-1] < cut.column.spans[0][1:]).all()


def test_what_a_fitted_column_does_not_tell_apart_is_taken_together(there):
    book = Codebook.of(read(open_frame(pa.table({"x": [1.0, 2.0, 10.0]})), 0))
    values = [0.5, 0.9, 1.0, 1.2, 1.9, 9.0, 11.0, NAN, None]
    found = Dictionary.of(there(pa.table({"x": pa.array(values, from_pandas=False)})), "x").like(book)
    codes, beyond = book.encode(found.column), book.beyond(found.column)
    assert sorted(zip(codes.tolist(), beyond.tolist(), found.counts.tolist(), strict=True)) == [
        *((-1, False, 2), (0, False, 2), (0, True, 2), (1, False, 1), (2, False, 1), (2, True, 1)),
    ]


@settings(max_examples=20, deadline=None)
@given(table=tables())
def test_crowds_are_those_of_python(duckdb, table):
    names = table.column_names[:-1]
    known = Counter(Counter(keys(table, names)).values())
    for lazy in (open_lazy(pl.from_arrow(table).lazy()), open_lazy(duckdb.from_arrow(table))):
        size, often = crowds(lazy, names)
        assert dict(zip(size.tolist(), often.tolist(), strict=True)) == known
        assert [part.tolist() for part in crowds(lazy, [])] == [[len(table)], [1]]


def test_columns_that_differ_in_each_row(there):
    n = 1_500
    table = pa.table(
        {
            "case": [f"c{i}" for i in range(n)],
            "late": [*range(n - 1), 0],  # repeats behind the first rows
            "gap": pa.array([None, *range(1, n)]),
            "number": np.arange(n) + 0.5,
            "row": np.arange(n),
        }
    )
    assert different_in_each_row(there(table), table.column_names) == ["case", "row"]


def test_an_engine_that_lacks_an_operation_is_named_with_it(there, monkeypatch):
    lazy = there(pa.table({"x": [1, 2], "row": [0, 1]}))
    name = lookup.engine_of(lazy)
    monkeypatch.setattr(lookup, "_WAYS", {})
    with pytest.raises(TableError, match=rf"takes a table from memory \(DuckDB, Dask, Spark, polars\), not {name}"):
        count(lazy, [0])

    def fails(*_, **__):
        raise NotImplementedError("no such thing")

    monkeypatch.setattr(dictionary, "header", fails)
    monkeypatch.setattr(nw.LazyFrame, "group_by", fails)
    with pytest.raises(TableError, match=rf"can group by column 'x', {name} could not \(no such thing\)"):
        Dictionary.of(lazy, "x", lazy.head(0).collect())


def test_a_table_that_changes_between_two_readings_is_refused():
    state = iter(range(10))
    lazy = open_lazy(
        pl.LazyFrame({"x": [1, 2, 3]}).map_batches(lambda part: part.with_columns(pl.col("x") + next(state) * 10))
    )
    with pytest.raises(TableError, match="holds the same rows whenever it is read"):
        count(lazy, [0])


def test_a_random_sample_is_refused(duckdb):
    """Each reading draws other rows, all of values that were there before: k would be counted on none of them."""
    people = pa.table({"age": np.arange(60_000) % 40, "town": ["a", "b", "c"] * 20_000})  # noqa: F841 - found by name
    with pytest.raises(TableError, match="as no random sample does"):
        count(open_lazy(duckdb.sql("SELECT * FROM people USING SAMPLE 50%")), [0, 1])


def test_rows_that_come_after_the_count_are_left_out(duckdb, tmp_path):
    """They would stand in a class of their own."""
    file = tmp_path / "people.csv"
    file.write_text("x,row\n" + "".join(f"{i % 3},{i}\n" for i in range(30)))
    found = count(open_lazy(duckdb.read_csv(str(file))), [0])
    said = mapped(found, np.zeros(3, int), nw.from_native(pl.DataFrame({"x": [7]})))
    file.write_text(file.read_text() + "99,30\n98,31\n")
    assert back(said)["row"].to_pylist() == list(range(30)) and set(back(said)["x"].to_pylist()) == {7}


def test_a_table_of_the_users_is_never_taken_for_ours(duckdb):
    con = duckdb.cursor()
    for name in ("held", "table", "reticent_beside"):
        con.execute(f'CREATE TEMP TABLE "{name}" AS SELECT 5 AS value, 9 AS "reticent code"')
    found = count(open_lazy(con.sql("SELECT * FROM (VALUES (1), (2), (2)) AS t(x)")), [0])
    assert sorted(found.counts.tolist()) == [1, 2]


def test_a_column_of_lists_is_named(duckdb):
    with pytest.raises(TableError, match="column 'x'"):
        count(open_lazy(duckdb.sql("SELECT [1, 2] AS x")), [0])


def test_rows_of_a_dask_frame_keep_their_places_their_index_and_their_categories():
    frames, dask = pytest.importorskip("dask.dataframe"), pytest.importorskip("dask")
    plain = pd.DataFrame({"age": np.arange(40) % 5, "town": ["b", "a", None, "c"] * 10}, index=range(7, 47))
    plain["town"] = plain["town"].astype(pd.CategoricalDtype(["c", "b", "a", "unused"], ordered=True))
    with dask.config.set(scheduler="synchronous"):
        found = count(open_lazy(frames.from_pandas(plain, npartitions=3, sort=False)), [0, 1])
        taken = {
            name: nw.from_native(found.take(j, np.arange(20)), series_only=True)
            for j, name in ((0, "age"), (1, "town"))
        }
        again = mapped(found, np.arange(20), nw.from_dict(taken)).compute()
    assert read(found, 1).order == ("c", "b", "a", "unused")
    pd.testing.assert_frame_equal(again, plain)
