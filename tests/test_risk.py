"""The risk of a table against group-bys, with missing values, several rows a person, and tables of every kind."""

import json

import matplotlib as mpl
import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reticent.errors import ParameterError, TableError
from reticent.risk import risk
from reticent.stats.disclosure import THRESHOLDS

QI = ["age", "town"]
ROW = st.tuples(
    st.sampled_from([30.0, 41.0, np.nan]),
    st.sampled_from(["A", "B", None]),
    st.sampled_from(["flu", "well", None]),
    st.integers(0, 1),
    st.integers(0, 8),
)


def frame(rows):
    return pd.DataFrame(rows, columns=["age", "town", "ill", "flag", "person"])


TABLES = st.lists(ROW, min_size=1, max_size=25).map(frame)


@pytest.fixture
def people():
    rng = np.random.default_rng(3)
    n = 400
    return pd.DataFrame(
        {
            "age": rng.integers(30, 50, n),
            "town": rng.choice(["Bonn", "Ems", "Ulm"], n, p=[0.6, 0.3, 0.1]),
            "ill": rng.choice(["no", "yes"], n, p=[0.8, 0.2]),
            "wage": rng.normal(size=n).round(3),
        }
    )


def heads(table, columns, person=None):
    """The people in the class of each row, by pandas alone."""
    whose = table.assign(_whose=table[person] if person else np.arange(len(table)))
    return whose.groupby(columns, dropna=False)["_whose"].transform("nunique").to_numpy()


@settings(max_examples=60, deadline=None)
@given(TABLES)
def test_counts_are_those_of_a_group_by(table):
    found = risk(table.drop(columns="person"), QI, sensitive=["ill"])
    held, groups = heads(table, QI), table.groupby(QI, dropna=False)
    assert (found.k, found.alone, found.n_classes) == (held.min(), (held == 1).sum(), groups.ngroups)
    assert found.sizes.mean_risk == pytest.approx(groups.ngroups / len(table))
    for size in THRESHOLDS.values():
        assert found.sizes.below(size) == (held < size).sum()
    every = heads(table, ["age", "town", "ill", "flag"])
    assert (found.every.k, found.every.alone) == (every.min(), (every == 1).sum())
    different = groups["ill"].nunique(dropna=False)
    assert found.sensitive[0].l == different.min()
    assert found.sensitive[0].one_value == groups["ill"].transform(lambda ill: ill.nunique(dropna=False) == 1).sum()


@settings(max_examples=60, deadline=None)
@given(TABLES)
def test_people_are_counted_where_they_have_several_rows(table):
    found = risk(table, QI, sensitive=["ill"], person="person")
    held = pd.Series(heads(table, QI, "person")).groupby(table["person"]).min()
    assert (found.k, found.alone, found.sizes.total) == (held.min(), (held == 1).sum(), table["person"].nunique())
    assert found.sizes.mean_risk == pytest.approx((1 / held).mean())
    every = pd.Series(heads(table, [*QI, "ill", "flag"], "person")).groupby(table["person"]).min()
    assert (found.every.k, found.every.alone) == (every.min(), (every == 1).sum())


@settings(max_examples=40, deadline=None)
@given(TABLES, st.lists(ROW, max_size=20).map(frame))
def test_journalists_look_in_the_population(table, others):
    table, others = table.drop(columns="person"), others.drop(columns="person")
    whole = pd.concat([table, others], ignore_index=True).sample(frac=1, random_state=0)
    found = risk(table, QI, population=whole)
    there = heads(pd.concat([table, others], ignore_index=True), QI)[: len(table)]
    assert (found.population.k, found.population.alone, found.outside) == (there.min(), (there == 1).sum(), 0)
    assert found.population.mean_risk == pytest.approx((1 / there).mean())
    assert found.uniques.value == pytest.approx((there == 1).mean()) and found.uniques.method == "counted"
    assert found.population_size == len(whole)
    assert found.population.k >= found.k  # nobody is easier to find among more people


def test_people_whom_the_population_lacks_are_told(people):
    found = risk(people, QI, population=people[people["town"] != "Ulm"])
    assert found.outside == (people["town"] == "Ulm").sum()
    assert found.population.k == found.k  # they are counted as in the table
    assert f"{found.outside:,} of 400 people" in str(found).replace("\n", " ")


def test_columns_that_nobody_named_are_all(people):
    found = risk(people, sensitive=["ill"])
    assert found.quasi_identifiers == ("age", "town", "wage") and not found.named
    assert found.to_dict()["every"]["columns"] == 4
    assert "none was named as a quasi-identifier" in found.to_dict()["sentence"].replace("\n", " ")
    assert "no sensitive column was named" in " ".join(risk(people, QI).to_dict()["not_tested"])
    assert risk(people.drop(columns="ill"), []).k == len(people)


def test_every_kind_of_table_says_the_same(people):
    wanted = risk(people, QI, sensitive=["ill"]).to_dict()
    for table in (
        pl.from_pandas(people),
        pa.Table.from_pandas(people),
        people.astype({"town": "category", "ill": "category"}),
        people.astype({"age": "Int64", "town": object}),
    ):
        assert risk(table, QI, sensitive=["ill"]).to_dict() == wanted
    array = people.to_numpy(dtype=object)
    held = risk(array, [0, 1], sensitive=[2])
    assert (held.k, held.alone, held.sensitive[0].t) == (wanted["k"], wanted["alone"], wanted["sensitive"][0]["t"])


def test_order_counts_where_there_is_one(people):
    ordered = people.assign(ill=pd.Categorical(people["ill"], ["no", "yes"], ordered=True))
    plain, ranked = (risk(table, QI, sensitive=["ill"]).sensitive[0] for table in (people, ordered))
    assert plain.ordered_t is None
    assert ranked.ordered_t == pytest.approx(ranked.t)  # with two values both distances are one
    missing = people.assign(wage=people["wage"].where(people["wage"] > -1))
    assert risk(missing, QI, sensitive=["wage"]).sensitive[0].ordered_t is None
    assert risk(people, QI, sensitive=["wage"]).sensitive[0].ordered_t < 1


def naive_ncp(table, original, columns):
    total = 0.0
    for _, rows in table.groupby(columns, dropna=False).groups.items():
        for name in columns:
            held, whole = original.loc[rows, name], original[name]
            if pd.api.types.is_numeric_dtype(whole):
                total += len(rows) * (held.max() - held.min()) / (whole.max() - whole.min())
            elif held.nunique() > 1:
                total += len(rows) * held.nunique() / whole.nunique()
    return total / len(table) / len(columns)


def test_detail_lost_is_the_width_of_classes_in_the_original(people):
    coarse = people.assign(age=people["age"] // 10 * 10, town=people["town"].replace({"Ems": "Bonn"}))
    found = risk(coarse, QI, original=people)
    assert found.ncp == pytest.approx(naive_ncp(coarse, people, QI))
    assert 0 < found.ncp < 1
    assert risk(people, QI, original=people).ncp == 0
    assert risk(people, QI).ncp is None and "needs the original" in str(risk(people, QI))


def test_population_uniques_are_an_estimate_or_a_reason(people):
    guessed = risk(people, [*QI, "ill"], population_size=1_000).uniques
    assert guessed.low < guessed.value < guessed.high
    unknown = risk(people, [*QI, "ill"])
    assert "not known" in unknown.uniques.untested and unknown.uniques.high == unknown.alone / 400
    often = pd.concat([people, people.assign(age=people["age"] + 1)], ignore_index=True)
    often["who"] = np.tile(np.arange(400), 2)
    assert "several classes" in risk(often, QI, person="who", population_size=9_000).uniques.untested


def test_a_table_without_rows_says_so(people):
    found = risk(people.head(0), QI, sensitive=["ill"], population=people)
    assert (found.k, found.alone, found.sensitive) == (0, 0, ())
    assert "holds no rows" in str(found)
    assert json.loads(json.dumps(found.to_dict(), allow_nan=False))["k"] == 0


def test_columns_that_name_people_get_a_note(people):
    named = people.assign(name=[f"person {k}" for k in range(400)], number=np.arange(400))
    notes = risk(named, [*QI, "name"]).notes
    assert len(notes) == 2
    assert "'name' holds another text in each row" in notes[0] and "singles out everybody" in notes[0]
    assert "'number' holds another whole number" in notes[1] and "not among the quasi-identifiers" in notes[1]
    assert risk(people, QI).notes == ()  # a measurement that differs everywhere names nobody


@pytest.mark.parametrize(
    ("how", "said"),
    [
        ({"quasi_identifiers": ["age", "height"]}, r"\['height'\]; the table has"),
        ({"quasi_identifiers": "age"}, r"a list of columns, got the single name 'age'"),
        ({"quasi_identifiers": QI, "sensitive": ["town"]}, r"not sensitive too, got \['town'\]"),
        ({"quasi_identifiers": QI, "person": "age"}, r"not person too, got \['age'\]"),
        ({"sensitive": ["ill"], "person": "ill"}, "to be sensitive or to say whose row it is, not both"),
        ({"quasi_identifiers": QI, "population_size": 12}, "expected population_size >= 400"),
    ],
)
def test_what_cannot_be_meant_is_refused(people, how, said):
    with pytest.raises(ParameterError, match=said):
        risk(people, **how)


def test_tables_that_do_not_fit_are_refused(people):
    with pytest.raises(TableError, match="row for row, of 400 rows; got 10"):
        risk(people, QI, original=people.head(10))
    with pytest.raises(ParameterError, match="got both; leave population_size out"):
        risk(people, QI, population=people, population_size=4_000)
    with pytest.raises(ParameterError, match="'town'"):
        risk(people, QI, population=people[["age"]])


def test_the_table_is_left_as_it_was(people):
    before = people.copy(deep=True)
    risk(people, QI, sensitive=["ill"], population=people, original=people)
    pd.testing.assert_frame_equal(people, before)


def test_dict_page_and_picture(people, tmp_path):
    found = risk(people, QI, sensitive=["ill", "wage"], population_size=9_000)
    result = json.loads(json.dumps(found.to_dict(), allow_nan=False))
    assert result["schema"] == "reticent/risk/1" and result["external"] is True
    assert sum(count for _, count in result["risk"]["sizes"]) == 400
    page = found.to_html(tmp_path / "risk.html").read_text(encoding="utf-8")
    assert result["sentence"][:40] in page
    with mpl.rc_context({"backend": "agg"}):
        axes = found.plot()
        assert sum(bar.get_height() for bar in axes.patches) == 400
    assert found._repr_html_().startswith("<div")
