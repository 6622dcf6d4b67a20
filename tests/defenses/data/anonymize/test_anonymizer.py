import copy
import datetime as dt
import math
import os
import pickle
from collections import Counter, defaultdict
from pathlib import Path

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.base import clone
from sklearn.ensemble import RandomForestClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder
from sklearn.tree import DecisionTreeClassifier
from sklearn.utils.estimator_checks import parametrize_with_checks

from reticent.coding.classes import smallest_class
from reticent.defenses.data.anonymize import Anonymizer
from reticent.errors import ParameterError, TableError

# ------------------------------------------------------------- tables of any kind, and an independent count of k

KINDS = {
    "pandas": lambda columns: pd.DataFrame(columns, index=[i // 2 for i in range(len(columns["other"]))]),
    "polars": lambda columns: pl.DataFrame(columns, strict=False),
    "arrow": pa.table,
    "numpy": lambda columns: np.array(list(zip(*columns.values(), strict=True)), dtype=object),
}

VALUES = {
    "small": st.integers(0, 5),
    "large": st.one_of(st.none(), st.sampled_from([2**62 + i for i in range(4)])),
    "amount": st.one_of(st.floats(width=32), st.sampled_from([0.0, -0.0, 1.5, math.nan, math.inf, -math.inf])),
    "word": st.one_of(st.none(), st.sampled_from(["a", "b", "nan", "None", "", "ü"])),
    "flag": st.booleans(),
    "maybe": st.one_of(st.none(), st.booleans()),
    "day": st.one_of(st.none(), st.dates(dt.date(1950, 1, 1), dt.date(1950, 1, 9))),
    "moment": st.one_of(st.none(), st.datetimes(dt.datetime(1950, 1, 1), dt.datetime(2020, 1, 1))),
}


@st.composite
def columns(draw, max_rows=40):
    n = draw(st.integers(1, max_rows))
    names = draw(st.lists(st.sampled_from(sorted(VALUES)), min_size=1, max_size=4, unique=True))
    made = {name: draw(st.lists(VALUES[name], min_size=n, max_size=n)) for name in names}
    return made | {"who": draw(st.lists(st.integers(0, n), min_size=n, max_size=n)), "other": list(range(n))}


def plain(value):
    """One hashable value per distinct cell: all of pandas' missing values are one, which is what pandas groups by."""
    if value is None or value is pd.NaT or value is pd.NA:
        return "missing"
    return "not a number" if isinstance(value, float) and math.isnan(value) else (type(value).__name__, value)


def cells(table, names):
    if isinstance(table, pd.DataFrame):
        return [["missing" if pd.isna(v) else plain(v) for v in table[name].tolist()] for name in names]
    if isinstance(table, pl.DataFrame):
        return [[plain(v) for v in table[name].to_list()] for name in names]
    if isinstance(table, pa.Table):
        return [[plain(v) for v in table[name].to_pylist()] for name in names]
    return [["missing" if pd.isna(v) else plain(v) for v in table[:, name].tolist()] for name in names]


def count_k(table, names, people):
    held = defaultdict(set)
    for who, row in zip(people, zip(*cells(table, names), strict=True), strict=True):
        held[row].add(who)
    return min(map(len, held.values()))


def types(table):
    if isinstance(table, pd.DataFrame):
        return type(table), list(table.dtypes.items()), table.index.tolist()
    if isinstance(table, np.ndarray):
        return type(table), table.dtype, table.shape
    return type(table), table.schema


@given(columns(), st.sampled_from(sorted(KINDS)), st.integers(2, 6), st.booleans(), st.booleans())
@settings(max_examples=250, deadline=None)
@pytest.mark.filterwarnings("ignore:columns that pass through")
def test_k_holds_on_any_table_and_the_same_kind_comes_out(made, kind, k, shared, guided):
    table = KINDS[kind](made)
    names = [name for name in made if name not in {"who", "other"}]
    keys = list(range(len(names))) if kind == "numpy" else names
    who = len(names) if kind == "numpy" else "who"
    people = made["who"] if shared else made["other"]
    anonymizer = Anonymizer(k, keys, person=who if shared else None)
    before = cells(table, range(len(made)) if kind == "numpy" else made)
    y = np.arange(len(people)) % 3 if guided else None
    if len(set(people)) < k:
        with pytest.raises(TableError, match=f"k={k} people, got {len(set(people))}"):
            anonymizer.fit(table, y)
        return
    if any(all(value is None for value in made[name]) for name in names):
        with pytest.raises(TableError, match="leave it out"):
            anonymizer.fit(table, y)
        return
    released = anonymizer.fit_transform(table, y)
    assert types(released) == types(table)
    assert cells(table, range(len(made)) if kind == "numpy" else made) == before
    assert count_k(released, keys, people) == anonymizer.smallest_class_ >= k
    assert smallest_class(released, keys, who if shared else None) == anonymizer.smallest_class_
    assert len(set(zip(*cells(released, keys), strict=True))) == anonymizer.n_classes_ == len(anonymizer.rules())
    assert 0 <= anonymizer.ncp_ <= 1
    assert anonymizer.unseen_ == {}
    rest = [len(names), len(names) + 1] if kind == "numpy" else ["who", "other"]
    assert cells(released, rest) == cells(table, rest)
    for old, new in zip(cells(table, keys), cells(released, keys), strict=True):
        assert set(new) <= set(old)  # what is released did occur
    if count_k(table, keys, people) >= k:
        assert cells(released, keys) == cells(table, keys)
        assert anonymizer.ncp_ == 0


@given(columns(), st.sampled_from(sorted(KINDS)))
@settings(max_examples=60, deadline=None)
def test_smallest_class_counts_as_a_group_by_does(made, kind):
    table, names = KINDS[kind](made), list(range(len(made) - 2)) if kind == "numpy" else list(made)[:-2]
    assert smallest_class(table, names) == count_k(table, names, made["other"])
    assert smallest_class(table, names, len(names) if kind == "numpy" else "who") == count_k(table, names, made["who"])


# ------------------------------------------------------------------------------------------------------ guarantees


@parametrize_with_checks([Anonymizer(k=2)])
def test_scikit_learn_accepts_it(estimator, check):
    check(estimator)


def people(n=400, seed=0):
    random = np.random.default_rng(seed)
    return pd.DataFrame(
        {
            "age": random.integers(18, 80, n),
            "height": random.normal(170, 10, n).round(1),
            "town": random.choice(["A", "B", "C", "D"], n),
        }
    )


def test_a_table_that_holds_k_already_comes_back_unchanged():
    table = pd.concat([people(2000)] * 5, ignore_index=True)  # more distinct heights than a histogram would keep
    anonymizer = Anonymizer(k=5)
    pd.testing.assert_frame_equal(anonymizer.fit_transform(table, table.age > 40), table)
    assert anonymizer.ncp_ == 0


def test_one_person_with_many_rows_counts_once():
    table = pd.DataFrame({"visit": [1] * 9 + [2, 3, 4], "who": ["ann"] * 9 + ["bob", "eve", "joe"]})
    assert smallest_class(table, ["visit"]) == 1
    with pytest.warns(UserWarning, match="'who' tells 'visit'"):  # and passes through
        by_row = Anonymizer(2, ["visit"]).fit_transform(table)
    assert by_row.groupby("visit").who.nunique().min() == 1  # ann fills a class by herself
    by_person = Anonymizer(2, person="who").fit_transform(table)
    assert by_person.groupby("visit").who.nunique().tolist() == [2, 2]
    with pytest.raises(TableError, match="k=5 people, got 4"):
        Anonymizer(5, person="who").fit(table)


def test_people_are_counted_on_both_sides_of_a_cut():
    # Two people with one row each on either side: both classes hold both.
    table = pd.DataFrame({"visit": [1, 1, 9, 9], "who": [0, 1, 0, 1]})
    anonymizer = Anonymizer(2, person="who").fit(table)
    assert (anonymizer.n_classes_, anonymizer.smallest_class_) == (2, 2)


def test_guidance_keeps_the_column_that_the_label_depends_on():
    random = np.random.default_rng(0)
    table = pd.DataFrame(random.uniform(size=(2000, 4)), columns=["noise", "noise too", "noise as well", "cause"])
    quarter = np.floor(table.cause * 4).astype(int)

    def moved(y):
        return (Anonymizer(100).fit_transform(table, y) - table).abs().mean()

    plain = moved(None)
    for y in (quarter, quarter.map(str), np.eye(4)[quarter] * 0.6 + 0.1, table.cause):
        guided = moved(y)
        assert guided.cause < 0.6 * plain.cause
        assert guided.noise > guided.cause


def test_the_order_of_the_rows_does_not_matter():
    table = people()
    label = (table.age > 40) ^ (table.town == "B")
    shuffled = table.sample(frac=1, random_state=1)
    released = Anonymizer(7).fit_transform(table, label)
    again = Anonymizer(7).fit_transform(shuffled, label[shuffled.index])
    pd.testing.assert_frame_equal(again.sort_index(), released)


def test_a_missing_value_is_a_value_and_stays_one():
    table = pd.DataFrame({"age": [30.0, 31, 32] + [np.nan] * 3, "job": ["x"] * 3 + [None] * 3})
    released = Anonymizer(3).fit_transform(table)
    assert released.age.tolist()[:3] == [31, 31, 31]
    assert released.iloc[3:].isna().all().all()
    assert smallest_class(released) == 3


# -------------------------------------------------------------------------------------------------------- new rows


def test_new_rows_get_a_released_combination_and_what_is_new_is_counted():
    table = people()
    anonymizer = Anonymizer(10).fit(table)
    released = anonymizer.transform(table)
    new = pd.DataFrame({"age": [30, 200, 40], "height": [171.234, np.nan, 172.0], "town": ["A", "B", "Atlantis"]})
    mapped = anonymizer.transform(new)
    assert anonymizer.unseen_ == {"age": 1, "height": 1, "town": 1}
    assert set(map(tuple, mapped.to_numpy())) <= set(map(tuple, released.to_numpy()))
    anonymizer.transform(table)
    assert anonymizer.unseen_ == {}


@pytest.mark.parametrize("kind", ["polars", "arrow", "numpy"])
def test_a_table_of_another_kind_can_be_mapped(kind):
    made = people().to_dict("list")
    anonymizer = Anonymizer(10).fit(pl.DataFrame(made))
    expected = [list(row) for row in anonymizer.transform(pl.DataFrame(made)).rows()]
    table = {"polars": pl.DataFrame, "arrow": pa.table, "numpy": lambda m: pd.DataFrame(m).to_numpy()}[kind](made)
    if kind == "numpy":
        with pytest.warns(UserWarning, match="does not have valid feature names"):
            out = anonymizer.transform(table).tolist()
    else:
        out = [list(row) for row in zip(*cells(anonymizer.transform(table), made), strict=True)]
        expected = [[plain(value) for value in row] for row in expected]
    assert out == expected


def test_a_column_that_changed_its_kind_is_refused():
    anonymizer = Anonymizer(10).fit(people())
    with pytest.raises(TableError, match="column 'age' to hold int64"):
        anonymizer.transform(people().assign(age="old"))


# ----------------------------------------------------------------------------------------------------------- types


def test_every_pandas_type_survives():
    n = 40
    day = pd.Series(pd.date_range("2020-01-01", periods=n, freq="D"))
    table = pd.DataFrame(
        {
            "i8": np.arange(n, dtype="int8"),
            "u64": np.arange(n, dtype="uint64") + np.uint64(2**63),
            "f32": np.linspace(0, 1, n, dtype="float32"),
            "Int": pd.array([*range(n - 1), None], dtype="Int64"),
            "bool": np.arange(n) % 3 == 0,
            "boolean": pd.array([True, None] * (n // 2), dtype="boolean"),
            "string": pd.Series(["x", "y"] * (n // 2), dtype="string"),
            "object": pd.Series([1, "1", None, 2.5] * (n // 4), dtype=object),
            "category": pd.Categorical(["q", "p"] * (n // 2), categories=["q", "never", "p"]),
            "size": pd.Categorical(["S", "M", "L", None] * (n // 4), categories=["S", "M", "L"], ordered=True),
            "day": day,
            "zone": day.dt.tz_localize("Europe/Berlin"),
            "span": day - day[0],
            "period": day.dt.to_period("M"),
        },
    )
    table.index = pd.MultiIndex.from_product([range(n // 2), ["a", "b"]])
    released = Anonymizer(8).fit_transform(table)
    pd.testing.assert_series_equal(released.dtypes, table.dtypes)
    pd.testing.assert_index_equal(released.index, table.index)
    pd.testing.assert_index_equal(released.columns, table.columns)
    assert released.groupby(list(table), dropna=False, observed=True).size().min() >= 8
    assert released["size"].cat.categories.tolist() == ["S", "M", "L"]


def test_ordered_categories_are_cut_in_their_order():
    sizes = pl.Series("size", ["S", "M", "L", "XL"] * 5, dtype=pl.Enum(["S", "M", "L", "XL"]))
    anonymizer = Anonymizer(10).fit(pl.DataFrame([sizes]))
    assert sorted(anonymizer.rules()) == ["size L to XL: 10 people", "size S to M: 10 people"]


def test_arrow_dictionaries_keep_their_missing_values():
    word = pa.array(["a", None, "b", "b", "a", None] * 2).dictionary_encode()
    released = Anonymizer(4).fit_transform(pa.table({"word": word}))
    assert released["word"].type == word.type
    assert released["word"].to_pylist() == word.to_pylist()


def test_numpy_arrays_keep_their_type_and_positions_name_the_columns():
    table = people()[["age", "height"]].to_numpy()
    anonymizer = Anonymizer(10, [0])
    released = anonymizer.fit_transform(table)
    assert released.dtype == table.dtype
    np.testing.assert_array_equal(released[:, 1], table[:, 1])
    assert min(Counter(released[:, 0]).values()) >= 10
    words = np.array([["a", "long"], ["b", "x"]] * 5)
    mapped = Anonymizer(5).fit(words).transform(np.array([["a", "long"], ["c", "y"]]))
    assert mapped.tolist()[0] == ["a", "long"]
    assert mapped.tolist()[1] in words.tolist()


# -------------------------------------------------------------------------------------------------------- manners


def test_rules_say_what_each_class_holds():
    table = pd.DataFrame(
        {
            "age": [30, 31, 40, 60, np.nan, np.nan, np.nan],
            "school": ["MSc", "MSc", "BSc", "BSc", "none", "none", "none"],
        }
    )
    anonymizer = Anonymizer(3).fit(table)
    assert sorted(anonymizer.rules()) == [
        "age 30.0 to 60.0, school in {BSc, MSc}: 4 people",
        "age missing, school none: 3 people",
    ]
    assert Anonymizer(7).fit(table).rules() == ["all: 7 people"]


def test_it_clones_pickles_and_sits_in_a_pipeline():
    table = people()
    fitted = Anonymizer(9, ["age", "town"]).fit(table, table.age > 50)
    again = pickle.loads(pickle.dumps(fitted))
    pd.testing.assert_frame_equal(again.transform(table), copy.deepcopy(fitted).transform(table))
    assert clone(fitted).get_params() == fitted.get_params()
    model = make_pipeline(Anonymizer(9), OneHotEncoder(handle_unknown="ignore"), DecisionTreeClassifier())
    assert model.fit(table, table.age > 50).score(table, table.age > 50) > 0.9
    assert fitted.get_feature_names_out().tolist() == list(table)


@pytest.mark.parametrize(
    ("parameters", "words"),
    [
        ({"k": 0}, "at least 2 people, got k=0"),
        ({"k": 2.5}, "whole number of people, got k=2.5"),
        ({"detail": -1}, "detail >= 0"),
        ({"quasi_identifiers": ["aeg"]}, r"got \['aeg'\]; the table has \['age'"),
        ({"quasi_identifiers": "age"}, r"write \['age'\]"),
        ({"quasi_identifiers": []}, "at least one quasi-identifier"),
        ({"quasi_identifiers": ["age"], "person": "age"}, "a person column beside them"),
        ({"person": "who"}, r"got \['who'\]"),
    ],
)
def test_a_bad_parameter_is_named(parameters, words):
    with pytest.raises(ParameterError, match=words):
        Anonymizer(**parameters).fit(people())


@pytest.mark.parametrize(
    ("y", "words"),
    [(np.zeros(3), r"shape \(400,\)"), (np.full(400, np.nan), "without missing"), (np.zeros((400, 2, 2)), "shape")],
)
def test_guidance_that_does_not_fit_is_refused(y, words):
    with pytest.raises(TableError, match=words):
        Anonymizer().fit(people(), y)


def test_values_that_cannot_be_told_apart_are_refused():
    with pytest.raises(TableError, match="column 'x' to hold plain values"):
        Anonymizer(2).fit(pd.DataFrame({"x": [[1], [2]]}))


def test_a_table_that_has_names_twice_or_is_of_no_help_is_refused():
    with pytest.raises(ParameterError, match="expected y to name the column of the labels"):
        Anonymizer().fit(pl.LazyFrame({"x": range(10)}), range(10))
    with pytest.raises(TableError, match="columns of different names"):
        smallest_class(pd.DataFrame(np.eye(2), columns=["x", "x"]))


def test_rows_of_nobody_count_as_one_person():
    table = pd.DataFrame({"age": [1, 1, 2, 2], "who": [None, None, "ann", "bob"]})
    assert smallest_class(table, ["age"], "who") == 1
    assert smallest_class(table, ["age"]) == 2


def test_an_empty_table_has_no_class():
    assert smallest_class(pd.DataFrame({"x": []})) == 0


# ------------------------------------------------------------------------------------------------------- real data

ADULT = Path(os.environ.get("RETICENT_DATA", "")) / "adult" / "train.parquet"
NAMED = ["age", "workclass", "education-num", "marital-status", "occupation", "relationship", "race", "sex"]
NAMED += ["hours-per-week", "native-country"]


@pytest.mark.skipif("RETICENT_DATA" not in os.environ or not ADULT.exists(), reason="RETICENT_DATA does not hold adult")
@pytest.mark.parametrize("k", [10, 100])
def test_a_tree_trained_on_guided_classes_of_adult_is_not_worse(k):
    table = pd.read_parquet(ADULT)
    table, income = table.drop(columns=["income", "fnlwgt", "education"]), table["income"] == ">50K"
    encode = pd.get_dummies(table).columns
    chosen = np.random.default_rng(0).permutation(len(table))
    train, test = chosen[:20_000], chosen[20_000:]

    def encoded(rows):
        return pd.get_dummies(rows).reindex(columns=encode, fill_value=False)

    x, y, x_test, y_test = table.iloc[train], income.iloc[train], table.iloc[test], income.iloc[test]
    forest = RandomForestClassifier(30, min_samples_leaf=2, random_state=0).fit(encoded(x), y)
    scores = []
    for guidance in (forest.predict_proba(encoded(x)), None):
        released = Anonymizer(k, NAMED).fit_transform(x, guidance)
        assert released.groupby(NAMED, dropna=False).size().min() >= k
        tree = DecisionTreeClassifier(min_samples_leaf=20, random_state=0).fit(encoded(released), y)
        scores.append(tree.score(encoded(x_test), y_test))
    # One standard error is about 0.3 points; the difference of two trees on one test set stays within five of them.
    assert scores[0] > scores[1] - 0.015, scores
    assert scores[0] > 0.83
