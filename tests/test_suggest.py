"""Suggestions on tables whose secrets are known: who is singled out, by what, and what tells of what."""

import json
import os
from itertools import combinations
from pathlib import Path

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reticent.errors import ParameterError, TableError
from reticent.suggest import suggest_quasi_identifiers


def people(n=600, seed=0):
    """A table in which street and flat single out everybody together, and a job tells of an origin."""
    rng = np.random.default_rng(seed)
    place = rng.permutation(n)
    origin = rng.choice(["here", "there", "elsewhere"], n)
    table = pd.DataFrame(
        {
            "case": [f"case {k}" for k in range(n)],
            "street": place // 25,
            "flat": place % 25,
            "age": rng.integers(20, 60, n).astype(float),
            "job": np.where(rng.random(n) < 0.8, origin, rng.choice(["here", "there"], n)),
            "weight": rng.normal(70, 9, n),
            "origin": origin,
            "ill": rng.integers(0, 2, n),
        }
    )
    table["street name"] = "S" + table["street"].astype(str)
    table.loc[::50, "age"] = None
    return table.join(pd.get_dummies(rng.choice(list("xyz"), n), prefix="shift"))


@pytest.fixture(scope="module")
def found():
    return suggest_quasi_identifiers(people(), sensitive=["origin"], label="ill")


def by_title(found):
    return {one.title: one for one in found.known}


def test_each_column_gets_the_role_that_its_values_speak_for(found):
    assert {title: one.role for title, one in by_title(found).items()} == {
        "case": "identifier",
        "street = street name": "candidate",
        "flat": "candidate",
        "age": "candidate",
        "job": "candidate",
        "weight": "fine measurement",
        "origin": "sensitive",
        "ill": "label",
        "shift_* (3 columns)": "candidate",
    }
    assert set(found.candidates) == {
        *("street", "street name", "flat", "age", "job"),
        *("shift_x", "shift_y", "shift_z"),
    }
    assert set(found.hinted) == {"street", "street name", "age", "job"}


def test_the_planted_pair_singles_out_everybody_and_is_told_so(found):
    pair = next(one for one in found.together if len(one.titles) == 2)
    assert (set(pair.titles), pair.share) == ({"street = street name", "flat"}, 1.0)
    assert found.smallest(0.95) == pair and found.complete == 3
    assert found.share("street", "flat") == found.share("street name", "flat", "street") == 1.0
    assert found.share("street", "street name") == found.share("street") == 0.0
    assert [one.title for one in found.known[:2]] in (
        ["street = street name", "flat"],
        ["flat", "street = street name"],
    )


def test_the_planted_proxy_is_found_and_nothing_else(found):
    assert {one.by for one in found.proxies if one.found and len(one.by) == 1} == {("job",)}
    assert all(one.of == "origin" and one.told.level == 0.95 for one in found.proxies)
    assert "case" not in {name for one in found.proxies for name in one.by}
    assert found.not_tested == ()


def test_limits_hold_for_all_sensitive_columns_together(found):
    both = suggest_quasi_identifiers(people(), sensitive=["origin", "ill"])
    one, same = (next(p for p in some.proxies if p.by == ("job",)) for some in (found, both))
    assert same.told.value == pytest.approx(one.told.value) and same.told.low < one.told.low
    assert {p.of for p in both.proxies} == {"origin", "ill"}
    assert not any(p.found for p in both.proxies if p.of == "ill")


def test_counts_are_those_of_pandas(found):
    table = people()
    for columns in [("age",), ("age", "job"), ("street", "job"), ("age", "job", "shift_x", "shift_y"), ("weight",)]:
        classes = table.groupby([*columns], dropna=False)["case"].transform("size")
        assert found.share(*columns) == pytest.approx((classes == 1).mean())
    everything = table.drop(columns="case")
    alone = ~everything.duplicated(keep=False)
    assert found.everything.share == pytest.approx(alone.mean())


@pytest.mark.parametrize("kind", [pl.from_pandas, pa.Table.from_pandas], ids=["polars", "arrow"])
def test_any_table_gives_the_same(found, kind):
    again = suggest_quasi_identifiers(kind(people()), sensitive=["origin"], label="ill")
    assert again.to_dict() == found.to_dict()


def test_arrays_are_named_by_position():
    array = np.array([[1, 5, 0], [1, 6, 0], [2, 5, 1], [2, 6, 1]] * 2 + [[3, 5, 1]])
    found = suggest_quasi_identifiers(array, label=2)
    assert found.candidates == (0, 1) and found.share(0) == pytest.approx(1 / 9)
    assert json.dumps(found.to_dict()["candidates"]) == '["0", "1"]'


def test_people_are_counted_where_they_have_several_rows():
    table = people(300)
    twice = pd.concat([table, table.assign(age=table["age"] + 1)])
    found = suggest_quasi_identifiers(twice, person="case", sensitive=["origin"])
    once = suggest_quasi_identifiers(table, identifiers=["case"], sensitive=["origin"])
    assert (found.people, found.rows) == (300, 600)
    assert found.share("street", "flat") == once.share("street", "flat") == 1.0
    assert found.share("weight") == 1.0 and found.share("street") == 0.0
    assert by_title(found)["street = street name"].sharing == pytest.approx(25.0)
    assert all(one.told.n == 300 for one in found.proxies)
    with pytest.raises(ParameterError, match="'case'"):
        found.share("case")


def test_only_known_columns_are_put_together_where_they_are_named():
    found = suggest_quasi_identifiers(people(), known=["weight", "age"], label="ill")
    assert set(found.candidates) == {"weight", "age"} and found.growth_by_hint == ()
    assert {name for one in found.together for name in one.titles} == {"weight", "age"}
    assert by_title(found)["job"].gain is None and by_title(found)["age"].role == "known"


def test_nobody_is_singled_out_where_everybody_is_there_twice():
    table = pd.concat([people()[["street", "age", "job"]]] * 2)
    found = suggest_quasi_identifiers(table)
    assert found.together == found.growth == () and found.everything.alone == 0
    assert found.smallest(0.5) is None and "nobody is singled out" in found.to_dict()["sentence"]


def test_what_cannot_be_asked_is_said():
    found = suggest_quasi_identifiers(people(50), sensitive=["origin"])
    assert found.proxies == () and "Proxies of origin were not looked for" in found.not_tested[0]
    assert "no column is declared sensitive" in suggest_quasi_identifiers(people(50)).not_tested[0]


def test_the_same_seed_gives_the_same_and_the_table_stays_as_it_was(found):
    table = people()
    again = suggest_quasi_identifiers(table, sensitive=["origin"], label="ill")
    assert again.to_dict() == found.to_dict()
    pd.testing.assert_frame_equal(table, people())
    other = suggest_quasi_identifiers(table, sensitive=["origin"], label="ill", seed=1)
    assert other.known == found.known and other.proxies != found.proxies


def test_the_dict_is_json_and_names_no_values(found):
    result = json.loads(json.dumps(found.to_dict(), allow_nan=False))
    assert result["schema"] == "reticent/suggestion/1"
    written = json.dumps(result)
    assert not any(value in written for value in ("case 1", "elsewhere", "S12"))


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"sensitive": ["nobody"]}, "expected columns of the table"),
        ({"sensitive": "origin"}, r"write \['origin'\]"),
        ({"sensitive": ["ill"], "label": "ill"}, "several for ill"),
        ({"known": ["age"], "person": "age"}, "several for age"),
        ({"max_together": 0}, "max_together"),
    ],
)
def test_wrong_arguments_are_refused_by_name(given, message):
    with pytest.raises(ParameterError, match=message):
        suggest_quasi_identifiers(people(20), **given)


def test_tables_without_people_or_columns_are_refused():
    with pytest.raises(TableError, match="two or more people, got 1"):
        suggest_quasi_identifiers(people(1))
    with pytest.raises(TableError, match="two or more people, got 0"):
        suggest_quasi_identifiers(people(5).iloc[:0])
    with pytest.raises(TableError, match="columns other than"):
        suggest_quasi_identifiers(people(5)[["case"]], person="case")
    with pytest.raises(TableError):
        suggest_quasi_identifiers(pd.DataFrame({"a": [[1], [2]]}))


def test_degenerate_columns_do_not_stop_it():
    table = pd.DataFrame({"none": [None] * 4, "one": 1, "nan": [np.nan, 1.0, np.nan, np.inf], "b": [True, False] * 2})
    found = suggest_quasi_identifiers(table)
    assert {one.title: one.role for one in found.known}["none"] == "constant"
    assert str(found) and found._repr_html_()


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 10**6), st.integers(2, 25), st.integers(1, 4))
def test_shares_are_those_of_a_group_by_on_any_table(seed, n, d):
    rng = np.random.default_rng(seed)
    values = [None, 0, 1, 2.5, 7]
    table = pd.DataFrame({f"c{j}": pd.Series(rng.choice(values, n), dtype=float) for j in range(d)})
    found = suggest_quasi_identifiers(table)
    for size in range(1, d + 1):
        for columns in combinations(table.columns, size):
            classes = table.assign(row=1).groupby([*columns], dropna=False)["row"].transform("size")
            assert found.share(*columns) == pytest.approx((classes == 1).mean())


@pytest.mark.skipif("RETICENT_DATA" not in os.environ, reason="RETICENT_DATA names no folder with the data")
def test_adult_is_told():
    table = pd.read_parquet(Path(os.environ["RETICENT_DATA"]) / "adult" / "train.parquet")
    found = suggest_quasi_identifiers(table, label="income", sensitive=["race"])
    assert by_title(found)["fnlwgt"].role == "fine measurement"
    assert "education = education-num" in by_title(found)
    best = next(one for one in found.together if len(one.titles) == 3)
    assert (best.titles, best.alone) == (("age", "occupation", "hours-per-week"), 5161)
    assert found.proxies[0].by == ("native-country",)
