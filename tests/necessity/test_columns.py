"""Which columns are needed: the right ones, in any kind of table, with what is said about those that go."""

import json
from dataclasses import replace
from functools import partial

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from sklearn.compose import make_column_transformer
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, OneHotEncoder
from sklearn.tree import DecisionTreeClassifier

from reticent import needed_columns
from reticent.attacks.workbench import Workbench
from reticent.errors import InputError, ModelError, ParameterError, RecipeError, TableError
from reticent.necessity.jury import summoned
from reticent.necessity.prepare import prepare
from reticent.necessity.sides import sides

TREE = DecisionTreeClassifier(max_depth=4, random_state=0)
QUICK = {"label": "ill", "margin": 0.03, "n_jobs": 1}
COARSE = {**QUICK, "margin": 0.08}  # for a few hundred rows


def by_name(model=TREE):
    words = make_column_transformer((OneHotEncoder(handle_unknown="ignore"), ["town"]), remainder="passthrough")
    return make_pipeline(words, model)


@pytest.fixture(scope="module")
def found(people):
    return needed_columns(by_name(), people, **QUICK, protected=("town", "dose", "age"))


def test_keeps_what_the_label_follows_from(found):
    assert len(found.kept) == 2
    assert "dose" in found.kept and {"age", "twin"} & set(found.kept)  # of two that say the same one may go, not both
    assert {"town", "coin"} < set(found.dropped)
    assert found.loss.high < 0.03
    assert [one.shown for one in found.tried] == [True, True, True, False]
    assert [one.kept for one in found.tried] == [4, 3, 2, 1]
    assert found.tried[-1].loss.low > 0.03


def test_says_it_in_one_sentence(found):
    stays = "dose and age are" if "age" in found.kept else "dose is"
    gone = "town is" if "age" in found.kept else "town and age are"
    assert found.sentence == (
        f"2 of 5 columns; 95 % sure that the loss is under 3 points; {gone} not among them; {stays}"
    )
    assert "2 of 5 columns" in str(found)


def test_each_column_is_judged_alone(found):
    alone = {one.name: one for one in found.columns}
    assert list(alone) == ["town", "age", "coin", "dose", "twin"]
    assert alone["dose"].alone.low > 0.1
    assert alone["town"].alone.high < 0.05
    assert alone["age"].alone.low <= 0 <= alone["age"].alone.high  # its twin stays
    assert [one.name for one in found.columns if one.kept] == list(found.kept)
    assert [one.name for one in found.columns if one.protected] == ["town", "age", "dose"]


def test_proxies_of_what_goes_are_named(found):
    told = {one.column: one for one in found.remains}
    assert list(told) == list(found.dropped)
    twin = next(iter({"age", "twin"} & set(found.dropped)))
    assert told[twin].auc.low > 0.95 and told[twin].told.low > 0.5
    assert told[twin].by in {"age", "twin"} - {twin}
    assert told["coin"].auc.low < 0.5 < told["coin"].auc.high
    assert told["coin"].by == ""


def test_groups_of_protected_columns_are_looked_at(found):
    towns = [one for one in found.groups if one.column == "town"]
    assert {one.group for one in towns} == {"Bonn", "Ems", "Ulm"}
    assert sum(one.rows for one in towns) == found.sealed_rows
    assert [one.rows for one in found.groups] == sorted(one.rows for one in found.groups)
    assert all(one.loss.low <= one.loss.value <= one.loss.high for one in found.groups)


def test_simpler_models_are_judged_by_the_same_test(found):
    told = {one.name: one for one in found.simpler}
    assert list(told) == ["constant", "one rule", "shallow tree", "linear model"]
    assert told["shallow tree"].shown and told["shallow tree"].loss.high < 0.03
    assert not told["constant"].shown and told["constant"].loss.low > 0.03
    assert told["constant"].columns == () and len(told["one rule"].columns) == 1
    assert set(told["linear model"].columns) == set(found.kept)


def test_a_recipe_that_names_columns_is_met_with_constants(found, people):
    assert found.held
    plain = needed_columns(TREE, people.drop(columns="town"), **QUICK)
    assert not plain.held
    assert "dose" in plain.kept and len(plain.kept) == 2


def test_what_is_said_is_plain_and_complete(found, tmp_path):
    result = found.to_dict()
    assert json.loads(json.dumps(result, allow_nan=False)) == result
    assert result["schema"] == "reticent/needed-columns/1"
    assert result["sentence"] == found.sentence
    assert result["open_rows"] + result["sealed_rows"] == result["rows"] == 1500
    page = found.to_html(tmp_path / "needed.html").read_text(encoding="utf-8")
    assert "2 of 5 columns" in page
    assert "2 of 5 columns" in found._repr_html_()


def test_same_seed_same_answer(numbers, without_times):
    seeds = (0, 0, 1)
    first, again, other = (needed_columns(TREE, numbers[:600], **COARSE, seed=seed).to_dict() for seed in seeds)
    assert without_times(first) == without_times(again) != without_times(other)


@pytest.mark.slow
def test_the_number_of_workers_changes_nothing(numbers, without_times):
    one, two = (needed_columns(TREE, numbers, **{**QUICK, "n_jobs": jobs}).to_dict() for jobs in (1, 2))
    assert without_times(one) == without_times(two)


def test_inputs_are_left_alone(numbers):
    few = numbers[:600]
    before, model = few.copy(deep=True), DecisionTreeClassifier(max_depth=3).fit(few.drop(columns="ill"), few["ill"])
    tree = model.tree_
    needed_columns(model, few, **COARSE)
    pd.testing.assert_frame_equal(few, before)
    assert model.tree_ is tree


def test_kinds_of_tables_give_one_answer(numbers, without_times):
    few = numbers[:600]
    kinds = [few, pl.from_pandas(few), pa.Table.from_pandas(few)]
    first, *others = (without_times(needed_columns(TREE, one, **COARSE).to_dict()) for one in kinds)
    assert all(other == first for other in others)
    x, y = few.drop(columns="ill").to_numpy(), few["ill"].to_numpy(dtype=object)
    arrays = needed_columns(TREE, (x, y), margin=0.08, n_jobs=1)
    assert [int(name[1:]) for name in arrays.kept] == [list(few).index(name) for name in first["kept"]]


def test_a_function_is_a_recipe(numbers):
    def recipe(rows, seed):
        return DecisionTreeClassifier(max_depth=4, random_state=seed).fit(rows.drop(columns="ill"), rows["ill"])

    found = needed_columns(recipe, numbers, **QUICK)
    assert "dose" in found.kept and len(found.kept) == 2
    assert found.model == "recipe"


def test_a_pipeline_that_knows_places_keeps_them(numbers):
    x = np.column_stack([numbers["coin"], numbers["dose"], numbers["age"]])
    y = numbers["ill"].to_numpy(dtype=object)
    placed = make_pipeline(make_column_transformer(("passthrough", [1, 2])), TREE)
    found = needed_columns(placed, (x, y), margin=0.03, n_jobs=1)
    assert found.held
    assert found.kept == ("x1", "x2")


def test_persons_are_not_torn_apart_and_are_no_feature(numbers):
    many = numbers.assign(who=np.arange(len(numbers)) // 3)
    found = needed_columns(TREE, many, **QUICK, person="who")
    assert "who" not in {one.name for one in found.columns}
    assert found.sealed_people == found.sealed_rows / 3


def test_a_regressor_is_judged_in_units_of_the_spread():
    rng = np.random.default_rng(0)
    x = rng.normal(size=(2000, 4))
    y = 3 * x[:, 0] + 2 * x[:, 2] + rng.normal(size=2000)
    table = pd.DataFrame(x, columns=list("abcd")).assign(price=y)
    found = needed_columns(LinearRegression(), table, label="price", margin=0.05, n_jobs=1)
    assert found.kept == ("a", "c")
    assert found.metric == "absolute error"
    clipped = "95 % sure that the loss is under 5 % of the spread, where an error above 5 spreads counts as 5"
    assert clipped in found.sentence
    assert any("beyond 5 spreads" in one for one in found.not_tested)
    scaled = needed_columns(LinearRegression(), table.assign(price=100 * y + 7), label="price", margin=0.05, n_jobs=1)
    assert scaled.loss.high == pytest.approx(found.loss.high)


def test_a_regression_that_never_changed_may_still_lose_for_people_whom_nobody_has_met():
    """The second column says nothing, so that the first set loses hardly anything; Student limits would be 0.000."""
    rng = np.random.default_rng(0)
    x = rng.normal(size=1500)
    table = pd.DataFrame({"x": x, "z": rng.normal(size=1500), "y": x + 0.1 * rng.normal(size=1500)})
    found = needed_columns(LinearRegression(), table, 0.05, label="y", n_jobs=1)
    assert found.dropped == ("z",) and abs(found.loss.value) < 0.001
    assert found.loss.high == pytest.approx(5 * (1 - 0.05 ** (1 / 450)), rel=0.05)
    with pytest.raises(TableError, match="since a single one may lose 5 spreads"):
        needed_columns(LinearRegression(), table, 0.01, label="y", n_jobs=1)


def test_the_spread_is_that_of_the_open_rows_and_errors_are_clipped():
    x = np.random.default_rng(0).normal(size=1500)
    table = pd.DataFrame({"x": x, "z": x[::-1], "y": x})
    trials = prepare(LinearRegression(), table, label="y")
    jury = summoned(trials, sides(trials, None, 0.1, 0.95), 0.1, 0.95, Workbench(n_jobs=1))
    open_y = x[jury.sides.open]
    assert jury.trials.spread == pytest.approx(np.abs(open_y - np.median(open_y)).mean()) != trials.spread
    table.loc[jury.sides.sealed[0], "y"] = 1e9
    spoiled = replace(jury, trials=replace(jury.trials, table=prepare(LinearRegression(), table, label="y").table))
    assert spoiled.full.wrong.max() == 5 and jury.full.wrong.max() < 0.01


def test_a_label_that_nearly_all_share_is_held_against_a_constant():
    rng = np.random.default_rng(0)
    table = pd.DataFrame(rng.normal(size=(3000, 3)), columns=list("abc")).assign(y=0)
    table.loc[::170, "y"] = 1
    found = needed_columns(DecisionTreeClassifier(max_depth=2), table, 0.02, label="y", n_jobs=1)
    assert found.constant == pytest.approx(0.994, abs=0.004)
    assert found.sentence.endswith(f"; a constant answer is right for {100 * found.constant:.1f} % too")
    assert found.to_dict()["constant"] == found.constant


def test_where_a_constant_does_not_do_it_is_not_named(found):
    assert found.constant is None and "constant" not in found.sentence


def test_where_all_are_needed_it_says_so():
    rng = np.random.default_rng(0)
    x = rng.integers(0, 2, (1500, 2))
    table = pd.DataFrame(x, columns=["a", "b"]).assign(y=x[:, 0] ^ x[:, 1])
    found = needed_columns(TREE, table, 0.02, label="y", protected=["a"], n_jobs=1)
    assert found.kept == ("a", "b") and found.dropped == () and found.groups == ()
    assert (found.loss.value, found.loss.high) == (0, 0)
    assert found.sentence.startswith("all 2 columns: no smaller set is shown to lose under 2 points")


@pytest.mark.parametrize(
    ("change", "error", "said"),
    [
        ({"margin": 0}, ParameterError, "0 < margin < 1"),
        ({"margin": 1.0}, ParameterError, "0 < margin < 1"),
        ({"level": 0.3}, ParameterError, "level >= 0.5"),
        ({"level": 1}, ParameterError, "0 < level < 1"),
        ({"label": "illness"}, TableError, "expected a label column 'illness'"),
        ({"protected": "age"}, ParameterError, r"write \['age'\]"),
        ({"protected": ["sex"]}, ParameterError, "expected protected columns among"),
        ({"protected": ["ill"]}, ParameterError, "got 'ill'"),
        ({"person": "whose"}, TableError, "expected a column 'whose'"),
        ({"person": "ill"}, ParameterError, "another column than the label"),
        ({"margin": 0.001}, TableError, r"450 sealed rows show at best a loss under 0.0080"),
    ],
)
def test_bad_arguments_are_refused_by_name(numbers, change, error, said):
    with pytest.raises(error, match=said):
        needed_columns(TREE, numbers, **{**QUICK, **change})


def test_too_few_rows_say_how_many_it_takes(numbers):
    with pytest.raises(TableError, match="cannot be shown with so few") as told:
        needed_columns(TREE, numbers[:300], margin=0.01, label="ill")
    assert "show at best" in str(told.value) and "1,203 rows or more" in str(told.value)
    with pytest.raises(TableError, match="at least 100 rows, got 50"):
        needed_columns(TREE, numbers[:50], margin=0.3, label="ill")


@pytest.mark.parametrize(
    ("spoil", "error", "said"),
    [
        (lambda t: t[["age", "ill"]], TableError, "two columns or more"),
        (lambda t: t.assign(ill="yes"), TableError, "two classes"),
        (lambda t: t.assign(ill=np.arange(len(t))), TableError, "1,500 different labels"),
        (lambda t: t.assign(ill=t["ill"].where(t.index > 4)), TableError, "5 are missing"),
        (lambda t: t.assign(ill=[1, "a"] * (len(t) // 2)), TableError, "labels of one type"),
        (lambda t: "people.csv", TableError, "got str"),
    ],
)
def test_bad_tables_are_refused(numbers, spoil, error, said):
    with pytest.raises(error, match=said):
        needed_columns(TREE, spoil(numbers), **QUICK)


def test_a_person_that_is_missing_is_refused_by_name_and_count(numbers):
    who = pd.Series(np.arange(len(numbers)) // 2, dtype="Int64").mask(numbers.index < 7)
    with pytest.raises(TableError, match="7 of 1,500 are missing in the column 'who'"):
        needed_columns(TREE, numbers.assign(who=who), **QUICK, person="who")


@pytest.mark.parametrize("recipe", [None, 3, DecisionTreeClassifier, "tree"])
def test_what_is_no_recipe_is_refused(numbers, recipe):
    with pytest.raises(ModelError, match="expected a recipe"):
        needed_columns(recipe, numbers, **QUICK)


def test_a_recipe_that_cannot_take_the_table_is_refused_before_anything_is_chosen(people):
    with pytest.raises(RecipeError, match="could not convert string to float"):
        needed_columns(LogisticRegression(), people, **QUICK)


def test_a_regressor_of_words_is_refused(people):
    with pytest.raises(InputError, match="expected numbers as the label of a regressor"):
        needed_columns(LinearRegression(), people, **QUICK)


def test_values_that_few_have_are_not_named(numbers):
    names = numbers.assign(
        name=[f"person {k}" for k in range(len(numbers))],
        village=["Aach" if k < 3 else "Bonn" for k in range(len(numbers))],
    )
    words = make_column_transformer(
        (OneHotEncoder(handle_unknown="ignore", max_categories=3), ["name", "village"]), remainder="passthrough"
    )
    found = needed_columns(make_pipeline(words, TREE), names, **QUICK, protected=["village", "name"])
    said = json.dumps(found.to_dict())
    assert "person 1" not in said and "Aach" not in said
    assert {one.group for one in found.groups if one.column == "village"} <= {"Bonn", "rarer values"}
    assert "is its commonest value" in {one.question for one in found.remains if one.column == "name"}


def test_what_simpler_models_cannot_take_stops_nothing(numbers):
    spoiled = numbers.assign(odd=np.where(np.arange(len(numbers)) % 7 == 0, np.inf, numbers["coin"] * 1e200))
    near = make_pipeline(FunctionTransformer(partial(np.clip, a_min=-1e3, a_max=1e3)), TREE)
    found = needed_columns(near, spoiled[["odd", "ill"]].assign(even=1 - spoiled["odd"]), **QUICK)
    assert "odd" in found.kept or "even" in found.kept
    assert len(found.simpler) == 4
