"""minimize counts on rows that chose nothing, asks a model and trains none, and says what it did not look at."""

import json
import sys

import numpy as np
import pandas as pd
import polars as pl
import pytest
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from reticent.backends.files import read_model, write_model
from reticent.defenses import Minimizer
from reticent.errors import ModelError, ParameterError, TableError
from reticent.minimize import OTHERS, minimize

ROWS = 1200


@pytest.fixture(scope="module")
def table():
    """People whose illness follows from age and smoking; height, town and id tell nothing."""
    rng = np.random.default_rng(0)
    people = pd.DataFrame(
        {
            "age": rng.integers(18, 90, ROWS),
            "smokes": rng.integers(0, 2, ROWS),
            "height": rng.normal(172, 9, ROWS).round(),
            "town": rng.choice(["Bonn", "Ems", "Ulm"], ROWS),
            "id": np.arange(ROWS) // 2,
        }
    )
    risk = (people["age"] - 60) / 6 + 4 * people["smokes"] + rng.logistic(size=ROWS)
    return people.assign(ill=np.where(risk > 0, "yes", "no"))


COLUMNS = ["age", "smokes", "height"]


@pytest.fixture(scope="module")
def model(table):
    return make_pipeline(StandardScaler(), LogisticRegression()).fit(table[COLUMNS], table["ill"])


@pytest.fixture(scope="module")
def found(model, table):
    return minimize(model, table, label="ill", agreement=0.9, groups="town", others=(0.8, 0.9, 0.999))


def judged(found, table):
    return table.iloc[found.minimizer.judged_]


def test_all_is_counted_on_the_rows_that_chose_nothing(found, model, table):
    rows = judged(found, table)
    said, after = model.predict(rows[COLUMNS]), model.predict(found.minimizer.transform(rows[COLUMNS]))
    same = said == after
    assert found.agreement.value == same.mean() and found.agreement.low >= 0.9 and found.agreement.n == len(rows)
    assert {one.name: one.agreement.value for one in found.by_answer} == {
        name: same[said == name].mean() for name in ("no", "yes")
    }
    assert {one.name: (one.people, one.agreement.value) for one in found.by_group} == {
        town: ((rows["town"] == town).sum(), same[rows["town"] == town].mean()) for town in ("Bonn", "Ems", "Ulm")
    }
    assert found.accuracy.raw.value == (said == rows["ill"]).mean()
    assert found.accuracy.minimized.value == (after == rows["ill"]).mean()
    assert found.accuracy.change.value == pytest.approx(found.accuracy.minimized.value - found.accuracy.raw.value)


def test_what_is_not_needed_is_found(found):
    by_name = {need.column: need for need in found.needs}
    assert set(by_name) == set(COLUMNS) and found.columns == tuple(COLUMNS)
    assert by_name["height"].kind == "not needed" and by_name["age"].kind != "not needed"
    assert found.other_columns == ("id",)
    assert 0.3 < found.ncp < 1 and found.ncp == pytest.approx(np.mean([need.ncp for need in found.needs]))


def test_the_path_leads_from_less_to_more(found):
    first, second, third = found.others
    assert (first.asked, second.asked, third.asked) == (0.8, 0.9, 0.999)
    assert first.ncp >= second.ncp == found.ncp and second.agreement == found.agreement
    assert third.ncp is None and third.reason  # nobody can show so much on 600 people
    assert first.not_needed >= 1


def test_the_path_is_that_of_minimizers_of_their_own(found, model, table):
    alone = Minimizer(model, 0.8, random_state=0).fit(table[COLUMNS])
    assert found.others[0].ncp == alone.ncp_ and found.others[0].agreement == alone.agreement_


def test_labels_choose_nothing(found, model, table):
    shuffled = table.assign(ill=table["ill"].to_numpy()[::-1])
    other = minimize(model, shuffled, label="ill", agreement=0.9, others=())
    assert other.ncp == found.ncp and other.agreement == found.agreement
    assert other.accuracy.raw.value < found.accuracy.raw.value


def test_it_is_plain_values_and_a_sentence_that_claims_no_more(found):
    said = found.to_dict()
    assert json.loads(json.dumps(said, allow_nan=False)) == said
    assert said["schema"] == "reticent/minimization/1" and said["judged"] == found.minimizer.n_judged_
    assert "height is asked of nobody" in found.sentence
    for word in ("anonymous", "safe"):
        assert word not in found.sentence and word not in str(found)
    assert found.sentence in " ".join(str(found).split())


def test_an_external_dict_holds_no_value_of_the_table(found):
    outside = found.to_dict(external=True)
    assert outside["external"] and outside["form"] is None and outside["by_group"] == []
    assert [need["pieces"] for need in outside["needs"]] == [[]] * len(COLUMNS)
    assert [one["name"] for one in outside["by_answer"]] == ["answer 1", "answer 2"]
    text = json.dumps(outside)
    assert "Bonn" not in text and '"yes"' not in text
    assert outside["ncp"] == found.ncp


def test_the_model_that_comes_out_is_a_drop_in(found, model, table, tmp_path):
    made = found.model
    rows = judged(found, table)[COLUMNS]
    np.testing.assert_array_equal(made.predict(rows), model.predict(found.minimizer.transform(rows)))
    write_model(made, tmp_path / "model.skops")
    read = read_model(tmp_path / "model.skops")
    np.testing.assert_array_equal(read.predict_proba(rows), made.predict_proba(rows))
    assert (made.predict(rows) == model.predict(rows)).mean() == found.agreement.value


@pytest.mark.parametrize("kind", ["pandas", "polars", "arrow"])
def test_every_kind_of_table(kind, found, model, table):
    made = {
        "pandas": lambda: table,
        "polars": lambda: pl.from_pandas(table),
        "arrow": lambda: pl.from_pandas(table).to_arrow(),
    }
    given = made[kind]()
    other = minimize(model, given, label="ill", agreement=0.9, groups="town", others=())
    less = other.minimized(given)
    assert type(less) is type(given)
    assert (other.ncp, other.agreement, other.by_group) == (found.ncp, found.agreement, found.by_group)
    frame = less if kind == "pandas" else less.to_pandas()
    pd.testing.assert_frame_equal(
        frame[["town", "id", "ill"]], table[["town", "id", "ill"]], check_dtype=kind == "pandas"
    )
    assert frame["height"].nunique() < table["height"].nunique()


def test_arrays_and_functions(table):
    x = table[COLUMNS].to_numpy(float)
    found = minimize(lambda rows: rows[:, 0] > 50, x, agreement=0.9, others=())
    assert found.columns == (0, 1, 2) and found.accuracy is None
    assert {need.column: need.kind for need in found.needs}[1] == "not needed"
    assert found.model(x).shape == (ROWS,) and "<lambda>" in found.name


def test_amounts(table):
    pay = 100.0 * table["age"] + np.random.default_rng(1).normal(0, 50, ROWS)
    model = LinearRegression().fit(table[["age", "height"]], pay)
    found = minimize(model, table.assign(pay=pay), label="pay", agreement=0.9, columns=["age", "height"], others=())
    rows = judged(found, table)
    said, after = (model.predict(one) for one in (rows[["age", "height"]], found.minimized(rows[["age", "height"]])))
    assert found.agreement.value == (np.abs(said - after) <= found.minimizer.tolerance_).mean()
    assert found.by_answer == () and found.accuracy.measure == "mean absolute error"
    assert found.accuracy.raw.value == pytest.approx(np.abs(said - pay[rows.index]).mean())
    coarse = minimize(model, table, agreement=0.9, tolerance=2000.0, others=())
    assert coarse.ncp > found.ncp and coarse.minimizer.tolerance_ == 2000


def test_people_judge_once(model, table):
    found = minimize(model, table, agreement=0.9, person="id", groups="town", others=())
    assert found.people == ROWS // 2 and found.rows == ROWS
    owners = judged(found, table)["id"]
    assert owners.is_unique and len(owners) == found.agreement.n == ROWS // 4
    assert "id" not in found.columns and "Several rows" not in " ".join(found.to_dict()["not_tested"])


def test_numbers_are_grouped_by_quarters_and_missing_values_are_a_group(model, table):
    ages = table.assign(since=table["age"].astype(float).where(table["age"] > 30))
    found = minimize(model, ages, agreement=0.9, groups="since", others=())
    names = [one.name for one in found.by_group]
    assert len(names) == 5 and names[-1] == "missing"
    assert sum(one.people for one in found.by_group) == found.agreement.n
    many = table.assign(street=[f"street {i % 40}" for i in range(ROWS)])
    found = minimize(model, many, agreement=0.9, groups="street", others=())
    assert found.by_group[-1].name == "28 other values" and len(found.by_group) == 13


def test_the_same_seed_gives_the_same_numbers(found, model, table):
    again = minimize(model, table, label="ill", agreement=0.9, groups="town", others=(0.8, 0.9, 0.999))
    first, second = ({**one.to_dict(), "timings": {}} for one in (found, again))
    assert first == second
    other = minimize(model, table, agreement=0.9, others=(), seed=1)
    assert not np.array_equal(other.minimizer.judged_, found.minimizer.judged_)


def test_by_default_other_agreements_are_tried(model, table):
    assert [one.asked for one in minimize(model, table, agreement=0.9).others] == list(OTHERS)


@pytest.mark.parametrize(
    ("wrong", "error", "words"),
    [
        ({"agreement": 1.5}, ParameterError, "expected 0 < agreement < 1"),
        ({"others": (0.9, 0)}, ParameterError, "expected 0 < agreement < 1"),
        ({"label": "sick"}, TableError, "expected the column 'sick' \\(label\\) in the table; it has age"),
        ({"person": "ID"}, TableError, "person"),
        ({"groups": "region"}, TableError, "groups"),
        ({"columns": ["age", "weight"]}, TableError, "'weight'"),
        ({"columns": ["age", "town"]}, ModelError, "to name what the model was fitted on"),
        ({"label": "age"}, ModelError, "takes its own label"),
    ],
)
def test_bad_input_is_refused_before_the_model_is_asked(model, table, wrong, error, words, monkeypatch):
    monkeypatch.setattr(sys.modules["reticent.minimize"], "Minimizer", None)
    with pytest.raises(error, match=words):
        minimize(model, table, **wrong)


def test_models_that_cannot_be_asked(model, table):
    with pytest.raises(ModelError, match="columns that the table lacks: height"):
        minimize(model, table.drop(columns="height"))
    with pytest.raises(ModelError, match="fitted model"):
        minimize("model.skops", table)
    with pytest.raises(ModelError, match="does not accept the table"):
        minimize(lambda rows: rows["weight"] > 3, table, agreement=0.9)
    with pytest.raises(ModelError, match=r"[Ff]it"):
        minimize(LogisticRegression(), table[COLUMNS], agreement=0.9)


def test_an_agreement_that_so_few_cannot_show_names_the_best(model, table):
    with pytest.raises((TableError, ParameterError), match=r"0\.9[67]"):
        minimize(model, table[:200], agreement=0.99)
