"""One table of people in five kinds: what attacks and defenses ask is answered alike."""

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

from reticent.errors import TableError
from reticent.target.table import ArrayTable, FrameTable, digests, numbers, read_table

NAMES = ("age", "income", "weight")


@pytest.fixture(scope="module")
def frame(people):
    return people(40, 0)


@pytest.fixture(params=["pandas", "polars", "arrow", "pair of frames", "pair of arrays", "pair of polars"])
def table(request, frame):
    x, y = frame.drop(columns="y"), frame["y"]
    data = {
        "pandas": frame,
        "polars": pl.from_pandas(frame),
        "arrow": pa.Table.from_pandas(frame),
        "pair of frames": (x, y),
        "pair of arrays": (frame[list(NAMES)].to_numpy(), y.to_numpy()),
        "pair of polars": (pl.from_pandas(x), pl.from_pandas(y)),
    }[request.param]
    return read_table(data, label="y", name="members")


def names(table):
    return ("x0", "x1", "x2") if isinstance(table, ArrayTable) else NAMES


def test_answers_alike(table, frame):
    assert len(table) == 40
    assert table.labels().tolist() == frame["y"].tolist() == table.column("y").tolist()
    for ours, theirs in zip(names(table), NAMES, strict=True):
        np.testing.assert_array_equal(table.column(ours).astype(float), frame[theirs])
    np.testing.assert_array_equal(np.asarray(table.features(names(table)), float), frame[list(NAMES)].to_numpy())


def test_features_are_of_the_callers_kind_and_order(table):
    if isinstance(table, ArrayTable):
        assert table.features(("x2",)) is table.x
        return
    x = table.features(("weight", "age"))
    assert type(x) is type(table.native) and list(x.columns) == ["weight", "age"]


def test_an_arrow_table_becomes_a_pandas_frame(frame):
    assert isinstance(read_table(pa.Table.from_pandas(frame), label="y", name="members").native, pd.DataFrame)


def test_takes_rows_in_order(table, frame):
    rows = np.array([7, 3, 3, 0])
    taken = table.take(rows)
    assert type(taken) is type(table) and len(taken) == 4
    assert taken.labels().tolist() == frame["y"].iloc[rows].tolist()
    assert taken.column(names(table)[1]).tolist() == frame["income"].iloc[rows].tolist()


def test_joins_below(table):
    joined = table.join(table.take(np.arange(5)))
    assert len(joined) == 45 and joined.columns == table.columns
    assert joined.labels()[40:].tolist() == table.labels()[:5].tolist()
    if isinstance(getattr(table, "native", None), pd.DataFrame):
        assert joined.native.index.tolist() == list(range(45))


def test_replaces_columns_and_leaves_the_rest(table, frame):
    before = table.column(names(table)[0]).copy()
    x = table.features(names(table))
    changed = x * 0 if isinstance(table, ArrayTable) else table.features(names(table)[:1])
    if isinstance(table, ArrayTable):
        assert (table.with_features(changed, names(table)).x == 0).all()
    else:
        doubled = changed * 2 if isinstance(changed, pd.DataFrame) else changed.select(pl.all() * 2)
        result = table.with_features(doubled, ("age",))
        np.testing.assert_array_equal(result.column("age"), 2 * before)
        assert result.columns == table.columns
        assert result.column("town").tolist() == frame["town"].tolist()
    np.testing.assert_array_equal(table.column(names(table)[0]), before)


def test_index_of_a_frame_means_nothing(frame):
    odd = frame.set_axis(np.arange(40) // 7 * 3, axis=0)
    table = read_table(odd, label="y", name="members")
    assert table.native.index.tolist() == list(range(40)) and odd.index.tolist() != list(range(40))
    x, y = odd.drop(columns="y"), odd["y"][::-1]  # positions count, not labels of an index
    assert read_table((x, y), label="y", name="members").labels().tolist() == y.tolist()


def test_digests_are_equal_where_rows_are(table):
    twice = table.join(table)
    found = digests(twice, names(twice))
    np.testing.assert_array_equal(found[:40], found[40:])
    assert len(np.unique(found)) == 40
    assert len(np.unique(digests(twice, names(twice)[:1]))) == len(np.unique(twice.column(names(twice)[0])))


def test_digests_know_missing_values_and_signs_of_zero():
    frame = pd.DataFrame({"a": [0.0, -0.0, np.nan, np.nan, 1.0], "b": ["x", "x", None, None, "x"], "y": 0})
    found = digests(FrameTable(frame, "y"), ["a", "b"])
    assert found[0] == found[1] and found[2] == found[3] and len(set(found.tolist())) == 3


def test_numbers_of_every_kind():
    frame = pd.DataFrame(
        {
            "number": [1, 2, 3],
            "word": ["b", None, "a"],
            "flag": [True, False, True],
            "kind": pd.Categorical(["x", "x", "y"]),
            "when": pd.to_datetime(["2020-01-01", None, "2020-01-02"]),
            "maybe": pd.array([1, None, 3], dtype="Int64"),
            "y": [0, 1, 0],
        }
    )
    found = numbers(FrameTable(frame, "y"), ["number", "word", "flag", "kind", "maybe"])
    nan = np.nan
    np.testing.assert_array_equal(found, [[1, 1, 1, 0, 1], [2, nan, 0, 0, nan], [3, 0, 1, 1, 3]])
    when = numbers(FrameTable(frame, "y"), ["when"])[:, 0]
    assert np.isnan(when[1]) and when[0] < when[2]


def test_codes_do_not_tell_which_table_came_first():
    first, second = (pd.DataFrame({"town": towns, "y": 0}) for towns in (["Ulm", "Bonn"], ["Ems", "Wien"]))
    one = numbers(FrameTable(pd.concat([first, second]), "y"), ["town"])[:, 0]
    other = numbers(FrameTable(pd.concat([second, first]), "y"), ["town"])[:, 0]
    assert one.tolist() == [2, 0, 1, 3] and other.tolist() == [1, 3, 2, 0]


@pytest.mark.parametrize(
    ("data", "message"),
    [
        ({"age": [1]}, "pandas, polars or Arrow table"),
        ([[1, 2]], "got list"),
        (np.ones((3, 2)), r"or as a pair \(X, y\)"),
        ((np.ones((3, 2)), [0, 1]), "3 rows, 2 labels"),
        ((np.ones((3, 2)), np.ones((3, 1))), r"labels of shape \(3, 1\)"),
        ((pd.DataFrame({"a": [1], "y": [0]}), [0]), "X has that column"),
        (pd.DataFrame({"a": [1]}), "expected a label column 'y' in members; it has a"),
        (pd.DataFrame([[1, 2, 0]], columns=["a", "a", "y"]), "columns with different names in members"),
    ],
)
def test_what_is_no_table_is_refused_by_name(data, message):
    with pytest.raises(TableError, match=message):
        read_table(data, label="y", name="members")


def test_rows_of_another_shape_are_refused():
    one, other = ArrayTable(np.ones((3, 2)), np.zeros(3)), ArrayTable(np.ones((3, 4)), np.zeros(3))
    with pytest.raises(TableError, match=r"shape \(2,\) in both tables, got \(4,\)"):
        one.join(other)


def test_images_are_rows_too():
    table = ArrayTable(np.arange(24).reshape(2, 3, 4), np.array([0, 1]))
    assert len(table.columns) == 13 and table.column("x5").tolist() == [5, 17]
    assert table.features(()).shape == (2, 3, 4)
    assert len(np.unique(digests(table, table.columns))) == 2
