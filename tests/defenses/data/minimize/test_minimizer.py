import datetime as dt
import pickle
from dataclasses import dataclass

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from sklearn.base import clone
from sklearn.compose import make_column_transformer
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LinearRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor
from sklearn.utils.estimator_checks import parametrize_with_checks

from reticent.defenses import Minimizer
from reticent.errors import MismatchError, ModelError, ParameterError, TableError

KINDS = {
    "pandas": lambda frame: frame.set_index(pd.Index([f"r{i}" for i in range(len(frame))])),
    "polars": pl.from_pandas,
    "arrow": lambda frame: pa.Table.from_pandas(frame, preserve_index=False),
    "numpy": lambda frame: frame.to_numpy(object),
}


def people(n=1200, seed=0):
    """Rows of numbers, words, flags, categories and dates, some missing."""
    random = np.random.default_rng(seed)
    frame = pd.DataFrame(
        {
            "age": random.integers(18, 90, n),
            "town": random.choice(["Bonn", "Ems", "Ulm", "Wien"], n),
            "income": np.where(random.random(n) < 0.1, np.nan, random.normal(size=n).round(3)),
            "member": random.random(n) < 0.5,
            "grade": pd.Categorical(random.choice(["low", "mid", "high"], n), ["low", "mid", "high"], ordered=True),
            "day": pd.Timestamp("2020-01-01") + pd.to_timedelta(random.integers(0, 1000, n), unit="D"),
            "noise": random.normal(size=n),
        }
    )
    return frame


def said(frame):
    """A model: old people of two towns, and those without an income."""
    is_old = frame["age"].to_numpy().astype(int) >= 60
    in_town = np.isin(frame["town"].to_numpy().astype(str), ["Bonn", "Ulm"])
    return np.where((is_old & in_town) | pd.isna(frame["income"].to_numpy().astype(float)), "yes", "no")


def answers(table):
    return said(table if not isinstance(table, np.ndarray) else pd.DataFrame(table, columns=list(people(1).columns)))


def plain(table):
    if isinstance(table, np.ndarray):
        return pd.DataFrame(table, columns=list(people(1).columns))
    return table if isinstance(table, pd.DataFrame) else table.to_pandas()


@pytest.fixture(scope="module", params=KINDS)
def fitted(request):
    table = KINDS[request.param](people())
    return table, Minimizer(answers, 0.95).fit(table)


def test_it_gives_back_the_same_kind(fitted):
    table, minimizer = fitted
    made = minimizer.transform(table)
    assert type(made) is type(table)
    if isinstance(table, pd.DataFrame):
        assert made.dtypes.equals(table.dtypes) and made.index.equals(table.index)
        assert made.columns.equals(table.columns)
    elif isinstance(table, pl.DataFrame | pa.Table):
        assert made.schema == table.schema
    else:
        assert made.dtype == table.dtype and made.shape == table.shape


def test_what_the_model_does_not_need_is_not_asked(fitted):
    table, minimizer = fitted
    kinds = {need.column: need.kind for need in minimizer.needs_}
    names = list(people(1).columns)
    kinds = {names[name] if isinstance(name, int) else name: kind for name, kind in kinds.items()}
    assert {name for name in names if kinds[name] == "not needed"} >= {"noise", "member", "grade"}
    assert kinds["age"] != "not needed" and kinds["town"] != "not needed"
    made = plain(minimizer.transform(table))
    assert made["noise"].nunique() < 30


def test_answers_stay_for_others(fitted):
    table, minimizer = fitted
    others = KINDS[{pd.DataFrame: "pandas", pl.DataFrame: "polars", pa.Table: "arrow"}.get(type(table), "numpy")](
        people(4000, seed=1)
    )
    same = said(plain(minimizer.transform(others))) == said(plain(others))
    assert same.mean() >= 0.95
    assert minimizer.agreement_.low >= 0.95 and minimizer.agreement_.n == minimizer.n_judged_ == 600
    assert minimizer.ncp_ > 0.6


def test_shares_add_up(fitted):
    _, minimizer = fitted
    for need in minimizer.needs_:
        assert need.not_asked + need.in_pieces + need.raw == pytest.approx(1)
        assert 0 <= need.ncp <= 1
        assert (need.kind == "not needed") == (need.not_asked > 1 - 1e-9 and not need.pieces and not need.raw)
    assert minimizer.ncp_ == pytest.approx(np.mean([need.ncp for need in minimizer.needs_]))


def test_the_form_leads_everyone_to_an_end(fitted):
    _, minimizer = fitted
    form = minimizer.collection_form()
    assert form.questions and form.questions[0].of == pytest.approx(1)
    ends = 0.0
    for i, question in enumerate(form.questions, 1):
        assert sum(choice.share for choice in question.choices) == pytest.approx(question.of)
        assert len({choice.answer for choice in question.choices}) == len(question.choices) > 1
        for choice in question.choices:
            assert choice.question is None or choice.question > i  # an answer never leads back
            ends += choice.share if choice.question is None else 0.0
    assert ends == pytest.approx(1)
    assert str(form).count("\n") < 80
    assert form.to_dict()["questions"][0]["choices"]


def test_place_takes_a_frame_that_lacks_other_columns():
    table = people().assign(who=range(1200))
    minimizer = Minimizer(said, 0.95, person="who").fit(table)
    bare = table.drop(columns="who")[::-1]
    made = minimizer.place(bare)
    assert list(made.columns) == list(bare.columns)
    assert (made == minimizer.transform(table)[bare.columns][::-1]).all().drop("income").all()
    assert "who" not in [need.column for need in minimizer.needs_]
    assert minimizer.transform(table)["who"].equals(table["who"])


def test_one_row_of_each_person_judges():
    table = people(2000).assign(who=np.arange(2000) // 4)
    minimizer = Minimizer(said, 0.95, person="who").fit(table)
    judges = table["who"].to_numpy()[minimizer.judged_]
    assert minimizer.n_judged_ == len(set(judges)) == len(judges) == 250


def test_values_that_were_never_seen_find_a_way_and_are_counted():
    minimizer = Minimizer(said, 0.95).fit(people())
    new = people(50, seed=2)
    new.loc[:4, "town"] = "Graz"
    new.loc[5:7, "age"] = 200
    made = minimizer.transform(new)
    assert minimizer.unseen_["town"] == 5 and minimizer.unseen_["age"] == 3
    assert len(made) == 50


def test_the_form_says_where_what_it_does_not_name_goes():
    """Most people live in B; whoever lives in a town that nobody knew does not."""
    random = np.random.default_rng(0)
    table = pd.DataFrame({"town": random.choice([*"BACD"], 2000, p=[0.7, 0.1, 0.1, 0.1])})
    made = Minimizer(lambda rows: (rows["town"] == "B").to_numpy(), 0.95).fit(table)
    (question,) = made.collection_form().questions
    assert {choice.answer for choice in question.choices} == {"B", "anything but B"} and not question.other
    assert (made.transform(pd.DataFrame({"town": ["Z", None, "B"]}))["town"] == "B").tolist() == [False, False, True]


@pytest.mark.parametrize("towns", ["AB", "ABCDEF"])
def test_what_was_never_seen_goes_where_the_form_says(towns):
    random = np.random.default_rng(3)
    table = pd.DataFrame({"town": random.choice([*towns], 3000), "age": random.integers(0, 90, 3000)})
    half = set(towns[: len(towns) // 2])

    def model(rows):
        return ((rows["age"] > 40).to_numpy() & rows["town"].isin(half).to_numpy()).astype(int)

    made = Minimizer(model, 0.95).fit(table)
    form = made.collection_form()
    for question in form.questions:
        assert question.other == ("another value or missing" if question.column == "town" else "missing")
        assert question.otherwise in {choice.answer for choice in question.choices}
        assert f"   {question.other}: as {question.otherwise}" in str(form)
    town = next(question for question in form.questions if question.column == "town")
    taken_for = town.otherwise.split(", ")[0].split(" or ")[0]
    new = pd.DataFrame({"town": ["Z", None, taken_for], "age": [80, 80, 80]})
    assert made.transform(new)["town"].nunique() == 1


def test_a_model_is_asked_few_times():
    """To ask takes long: as a defense a minimizer is fitted to each of many shadow models."""
    random, calls = np.random.default_rng(0), []
    table = pd.DataFrame(random.normal(size=(285, 30))).set_axis([f"x{j}" for j in range(30)], axis=1)

    def model(rows):
        calls.append(len(rows))
        return (rows["x0"] + rows["x1"] * (rows["x2"] > 0) > 0).to_numpy()

    Minimizer(model, 0.9).fit(table)
    assert len(calls) <= 20 and sum(calls) < 60_000


def test_a_new_category_that_is_asked_as_it_is_stays():
    table = pd.DataFrame({"town": pd.Categorical([*"ABCD"] * 100), "age": [*range(40)] * 10})
    minimizer = Minimizer(lambda rows: rows["town"].astype(str), 0.9).fit(table)
    minimizer._cells.raw[:, 0] = True  # whatever was chosen: here the value itself
    minimizer._cells.raw[0, 0] = len(minimizer._cells.raw) == 1
    new = pd.DataFrame({"town": pd.Categorical([*"XYAB"]), "age": [1, 2, 3, 4]})
    made = minimizer.transform(new)
    assert isinstance(made["town"].dtype, pd.CategoricalDtype)
    assert set(made["town"]) <= {*"ABCDXY"} and not made["town"].isna().any()


def test_a_regressor_may_differ_by_the_tolerance():
    random = np.random.default_rng(0)
    x = pd.DataFrame(random.normal(size=(2000, 4)), columns=list("abcd"))
    model = DecisionTreeRegressor(max_leaf_nodes=30, random_state=0).fit(x, x["a"] + 0.1 * x["b"])
    wide = Minimizer(model, 0.9, tolerance=0.5).fit(x)
    close = Minimizer(model, 0.9).fit(x)
    assert close.tolerance_ == pytest.approx(model.predict(x).std() / 10, rel=0.1)
    assert wide.ncp_ > close.ncp_
    fresh = pd.DataFrame(random.normal(size=(4000, 4)), columns=list("abcd"))
    apart = np.abs(model.predict(wide.transform(fresh)) - model.predict(fresh))
    assert (apart <= 0.5).mean() >= 0.9


def test_pipelines_get_the_columns_that_they_know():
    table = people(1500).dropna().assign(who="x")
    names = ["town", "age", "grade"]
    model = make_pipeline(
        make_column_transformer((OneHotEncoder(handle_unknown="ignore"), ["town", "grade"]), remainder="passthrough"),
        RandomForestClassifier(10, max_depth=5, random_state=0),
    ).fit(table[names], said(table))
    minimizer = Minimizer(model, 0.9).fit(table)
    assert [need.column for need in minimizer.needs_] == names
    made = minimizer.transform(table)
    assert made.drop(columns=names).equals(table.drop(columns=names))
    assert (model.predict(made[names]) == model.predict(table[names])).mean() > 0.9


def test_dates_are_asked_as_ranges():
    table = pd.DataFrame({"day": [dt.datetime(2020, 1, 1) + dt.timedelta(days=i) for i in range(1000)]})
    minimizer = Minimizer(lambda rows: rows["day"] > pd.Timestamp("2021-06-01"), 0.9).fit(table)
    (need,) = minimizer.needs_
    assert need.kind == "ranges" and all("202" in piece for piece in need.pieces)


def test_a_model_that_says_one_thing_needs_nothing():
    minimizer = Minimizer(lambda rows: np.zeros(len(rows), int), 0.9).fit(people(200))
    assert minimizer.ncp_ == 1 and minimizer.agreement_.value == 1
    assert {need.kind for need in minimizer.needs_} == {"not needed"}
    assert "nothing else" in str(minimizer.collection_form())


def test_where_nothing_can_be_left_out_everything_is_asked():
    random = np.random.default_rng(0)
    table = pd.DataFrame({"a": random.random(400), "b": random.random(400)})
    minimizer = Minimizer(lambda rows: rows["a"] + rows["b"], 0.95, tolerance=0.0).fit(table)
    assert minimizer.ncp_ == 0 and minimizer.agreement_.value == 1
    assert minimizer.transform(table).equals(table)
    assert str(minimizer.collection_form()).splitlines()[1] == "Of everyone: give a and b as they are."


def test_the_same_seed_finds_the_same():
    first, second, third = (Minimizer(said, 0.95, random_state=seed).fit(people()) for seed in (0, 0, 1))
    assert first.needs_ == second.needs_ and str(first.collection_form()) == str(second.collection_form())
    assert not np.array_equal(first.judged_, third.judged_)


def test_it_can_be_kept_and_cloned():
    minimizer = Minimizer(DecisionTreeClassifier(max_depth=3).fit([[0], [1]] * 50, [0, 1] * 50), 0.9)
    minimizer.fit(np.array([[0.0], [1.0]] * 100))
    again = pickle.loads(pickle.dumps(minimizer))
    assert np.array_equal(again.transform([[0.2], [0.9]]), minimizer.transform([[0.2], [0.9]]))
    assert clone(minimizer).agreement == 0.9


@pytest.mark.parametrize("agreement", [0.0, 1.0, 1.2, -1, "high"])
def test_an_agreement_that_is_none(agreement):
    with pytest.raises(ParameterError, match="agreement"):
        Minimizer(said, agreement).fit(people(100))


@pytest.mark.parametrize("model", [None, 3, DecisionTreeClassifier])
def test_a_model_that_is_none(model):
    with pytest.raises(ParameterError, match="expected a fitted model"):
        Minimizer(model).fit(people(300))


def test_too_few_people_learn_the_best_that_can_be_shown():
    with pytest.raises(TableError, match=r"at least 149 are needed .* of whom 100 judge. .* agreement=0.97 can"):
        Minimizer(said, 0.98).fit(people(200))
    Minimizer(said, 0.97).fit(people(200))


def test_a_missing_person_is_refused():
    table = people(400).assign(who=[None, *range(399)])
    with pytest.raises(TableError, match="1 of 400 are missing in column 'who'"):
        Minimizer(said, 0.9, person="who").fit(table)


def test_a_table_without_the_models_columns_is_refused():
    x = pd.DataFrame({"a": [0, 1] * 100, "b": [0, 1] * 100})
    model = DecisionTreeClassifier().fit(x, x["a"])
    with pytest.raises(MismatchError, match=r"\['b'\] are missing"):
        Minimizer(model, 0.9).fit(x[["a"]])


@pytest.mark.parametrize(
    ("model", "message"),
    [
        (lambda rows: np.zeros((len(rows), 2)), "one answer for each of"),
        (lambda rows: np.full(len(rows), np.nan), "finite answers"),
        (lambda rows: rows["nothing"], "does not accept the table: KeyError"),
    ],
)
def test_answers_that_are_none(model, message):
    with pytest.raises(ModelError, match=message):
        Minimizer(model, 0.9).fit(people(300))


def test_a_tolerance_below_zero_is_refused():
    with pytest.raises(ParameterError, match="tolerance"):
        Minimizer(LinearRegression(), 0.9, tolerance=-1).fit(people(300))


@dataclass(frozen=True)
class IsPositive:
    """A model whose name is the same in each process, as those of the tests have to be."""

    def __call__(self, rows):
        return np.asarray(rows)[:, 0] > 0


@parametrize_with_checks([Minimizer(IsPositive(), 0.5)])
def test_it_keeps_the_manners_of_scikit_learn(estimator, check):
    check(estimator)
