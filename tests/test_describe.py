"""Whatever can be wrong with what is handed in is found at the door, by a message that says what to do."""

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
from sklearn.exceptions import NotFittedError
from sklearn.linear_model import LinearRegression, LogisticRegression, RidgeClassifier
from sklearn.multioutput import MultiOutputClassifier
from sklearn.neighbors import KNeighborsClassifier
from sklearn.preprocessing import OneHotEncoder
from sklearn.tree import DecisionTreeClassifier

from reticent.backends.function import FunctionModel
from reticent.describe import describe
from reticent.errors import InputError, ModelError, ParameterError, RecipeError, TableError
from reticent.target.access import Access


def x_of(table):
    return table.drop(columns="y")


def test_a_target_holds_what_was_handed_in(given, target):
    arguments = given()
    assert target.model.native is arguments["model"]
    assert target.access is Access.SCORES and target.name == "Pipeline"
    assert target.features == ("age", "town", "income", "weight")
    assert target.schema.quasi_identifiers == ("age", "town") and target.defenses == ()
    pd.testing.assert_frame_equal(target.population.members.native, arguments["members"])
    assert target.population.key == b"secret"
    said = target.to_dict()
    assert (said["members"], said["nonmembers"], said["units"], said["shared_rows"]) == (320, 320, 640, 0)
    assert (said["sealed_members"], said["sealed_nonmembers"]) == (160, 160)
    assert said["classes"] == ["no", "yes"] and said["has_recipe"] and said["access"] == "labels, scores"


def test_inputs_stay_as_they_were(given, target_of):
    arguments = given()
    before = {side: arguments[side].copy() for side in ("members", "nonmembers")}
    target_of(name="mine", sensitive=("town",))
    for side, table in before.items():
        pd.testing.assert_frame_equal(arguments[side], table)


@pytest.mark.parametrize("kind", ["polars", "arrow", "pairs"])
def test_kinds_of_tables_are_answered_alike(kind, given, target, target_of):
    convert = {
        "polars": pl.from_pandas,
        "arrow": pa.Table.from_pandas,
        "pairs": lambda table: (x_of(table), table["y"]),
    }[kind]
    other = target_of(**{side: convert(given()[side]) for side in ("members", "nonmembers")})
    np.testing.assert_array_equal(other.scores, target.scores)
    np.testing.assert_array_equal(other.population.unit, target.population.unit)
    np.testing.assert_array_equal(other.population.sealed, target.population.sealed)
    again = other.train(np.arange(100), 3)
    np.testing.assert_array_equal(other.answers(again), target.answers(target.train(np.arange(100), 3)))


def test_columns_are_handed_over_in_the_models_order(given, target, target_of):
    turned = {side: given()[side][["y", "weight", "town", "age", "income"]] for side in ("members", "nonmembers")}
    np.testing.assert_array_equal(target_of(**turned).scores, target.scores)
    more = {side: given()[side].assign(note="said", number=1) for side in ("members", "nonmembers")}
    assert target_of(**more, identifiers=("number",)).features == target.features


def test_identifiers_and_groups_are_never_shown_to_a_model_without_names(given, target_of):
    def numbered(side, first):
        numbers = {"number": first + np.arange(320), "home": first + np.arange(320)}
        return given()[side][["age", "income", "weight", "y"]].assign(**numbers)

    tables = {"members": numbered("members", 0), "nonmembers": numbered("nonmembers", 1000)}

    def widths(x):
        assert list(x.columns) == ["age", "income", "weight"]
        return np.full((len(x), 2), 0.5)

    target = target_of(**tables, model=widths, identifiers=("number",), groups="home", quasi_identifiers=())
    assert target.features == ("age", "income", "weight")


def test_rows_are_equal_where_all_that_training_saw_is(given, target_of):
    """Whoever has a member's features and label is out, whatever else is said of him; with another label he stays."""
    members, others = (given()[side].assign(note=k) for k, side in enumerate(("members", "nonmembers")))
    twins = members[:7].assign(note=9)
    strangers = members[7:20].assign(y=np.where(members["y"][7:20] == "yes", "no", "yes"))
    target = target_of(members=members, nonmembers=pd.concat([others, twins, strangers]))
    assert target.population.shared_rows == 7 and len(target.population) == 320 + 320 + 13


def test_the_seed_chooses_the_sealed_half_and_a_key_is_drawn(target, target_of):
    assert (target_of(seed=1).population.sealed != target.population.sealed).any()
    keys = {target_of(key=None).population.key for _ in range(2)}
    assert len(keys) == 2 and {len(key) for key in keys} == {32}


def test_a_function_is_a_model(given, target, target_of):
    native = given()["model"]
    asked = target_of(model=native.predict_proba)
    np.testing.assert_array_equal(asked.scores, target.scores)
    assert asked.recipe is None and asked.name == "predict_proba"
    turned = target_of(model=lambda x: native.predict_proba(x)[:, ::-1], classes=["yes", "no"], name="turned")
    np.testing.assert_array_equal(turned.scores[:, ::-1], target.scores)
    np.testing.assert_array_equal(turned.truth, 1 - target.truth)
    ready = FunctionModel(native.predict_proba, np.array(["no", "yes"]))
    assert target_of(model=ready).model is ready


def test_a_recipe_of_ones_own_is_given_the_callers_kind(given, target_of, tree):
    seen = []

    def recipe(rows, seed):
        seen.append((type(rows), list(rows.columns), len(rows), seed))
        return tree().fit(x_of(rows), rows["y"])

    target = target_of(recipe=recipe)
    target.train(np.arange(60), 5)
    assert seen == [(pd.DataFrame, ["age", "town", "income", "weight", "y"], 60, 5)]


def change(table, column, rows, value):
    """The same table with another value in some rows of a column."""
    changed = table.astype({column: object}) if not isinstance(value, float) else table.copy()
    changed.loc[changed.index[rows], column] = value
    return changed


def fitted(classifier, tree):
    return lambda g: tree(classifier).fit(x_of(g["members"]), g["members"]["y"])


BAD = {
    # what is handed in: (how the arguments change, error, what the message says)
    "no label column": (lambda g, t: {"label": "ill"}, TableError, "label column 'ill' in members; it has age, town"),
    "no label on one side": (
        lambda g, t: {"nonmembers": x_of(g["nonmembers"])},
        TableError,
        "label column 'y' in nonmembers",
    ),
    "one class": (
        lambda g, t: {"members": g["members"].assign(y="yes")},
        TableError,
        r"at least two classes.*got \['yes'\].*right label column",
    ),
    "missing labels": (
        lambda g, t: {"members": change(g["members"], "y", slice(0, 7), None)},
        TableError,
        "a label in every row of members, 7 are missing",
    ),
    "missing labels of others": (
        lambda g, t: {"nonmembers": change(g["nonmembers"], "y", slice(0, 2), None)},
        TableError,
        "every row of nonmembers, 2 are missing",
    ),
    "labels of two types": (
        lambda g, t: {"members": change(g["members"], "y", slice(0, 160), 1)},
        TableError,
        "labels of one type in members, got int, str. Convert",
    ),
    "labels unknown to the model": (
        lambda g, t: {"nonmembers": change(g["nonmembers"], "y", slice(0, 3), "maybe")},
        TableError,
        r"among the model's classes \['no', 'yes'\], found 'maybe'",
    ),
    "another label column": (
        lambda g, t: {"label": "town", "quasi_identifiers": ("age",)},
        ModelError,
        "takes its own label 'town' as a feature",
    ),
    "missing values that the model cannot take": (
        lambda g, t: {
            "model": fitted(LogisticRegression(max_iter=3000), t)(g),
            "nonmembers": change(g["nonmembers"], "income", slice(0, 4), float("nan")),
        },
        ModelError,
        "(?s)does not accept the table: Input X contains NaN.*into a Pipeline",
    ),
    "a category that training never saw": (
        lambda g, t: {
            "model": t(DecisionTreeClassifier())
            .set_params(columntransformer__onehotencoder=OneHotEncoder())
            .fit(x_of(g["members"]), g["members"]["y"]),
            "nonmembers": change(g["nonmembers"], "town", slice(0, 1), "Rom"),
        },
        ModelError,
        r"does not accept the table: Found unknown categories \['Rom'\].*into a Pipeline",
    ),
    "no non-members": (lambda g, t: {"nonmembers": g["nonmembers"][:0]}, TableError, "expected non-members, got none"),
    "too few members": (lambda g, t: {"members": g["members"][:49]}, TableError, "at least 50 members, got 49"),
    "too few others": (lambda g, t: {"nonmembers": g["nonmembers"][:49]}, TableError, "at least 50 nonmembers, got 49"),
    "members among the others": (
        lambda g, t: {"nonmembers": g["members"]},
        TableError,
        "320 of 320 are members' rows, 0 are left. Hand in people whom the model never saw",
    ),
    "columns that the model was not fitted on": (
        lambda g, t: {side: g[side].rename(columns={"income": "wage"}) for side in ("members", "nonmembers")},
        ModelError,
        "columns that members lack: income. Hand in the table that the model was trained on",
    ),
    "a column that others lack": (
        lambda g, t: {"nonmembers": g["nonmembers"].drop(columns="weight")},
        ModelError,
        "columns that nonmembers lack: weight",
    ),
    "texts for numbers": (
        lambda g, t: {side: g[side].assign(income="much") for side in ("members", "nonmembers")},
        ModelError,
        "does not accept the table.*Hand in the raw columns",
    ),
    "a column twice": (
        lambda g, t: {"members": pd.concat([g["members"], g["members"][["age"]]], axis=1)},
        TableError,
        "columns with different names in members",
    ),
    "an unfitted model": (lambda g, t: {"model": DecisionTreeClassifier()}, ModelError, "no classes_. Fit it first"),
    "an unfitted pipeline": (lambda g, t: {"model": t()}, ModelError, "no classes_. Fit it first"),
    "a regressor": (
        lambda g, t: {"model": LinearRegression()},
        ModelError,
        "expected a classifier, got the regressor LinearRegression.*Bin the target",
    ),
    "several labels a row": (
        lambda g, t: {
            "model": MultiOutputClassifier(DecisionTreeClassifier()).fit(
                g["members"][["age", "income"]], np.tile(np.arange(320)[:, None] % 2, 2)
            )
        },
        ModelError,
        "one label per row",
    ),
    "no model at all": (lambda g, t: {"model": "model.skops"}, ModelError, "fitted classifier or a function.*got str"),
    "margins for probabilities": (
        lambda g, t: {"model": lambda x: np.tile([-1.0, 2.5], (len(x), 1))},
        ModelError,
        "add up to one in each row; raw margins are not",
    ),
    "negative probabilities": (
        lambda g, t: {"model": lambda x: np.tile([-1.0, 2.0], (len(x), 1))},
        ModelError,
        "add up to one in each row; raw margins are not",
    ),
    "probabilities that are not finite": (
        lambda g, t: {"model": lambda x: np.tile([np.nan, 1.0], (len(x), 1))},
        ModelError,
        "expected finite probabilities.*with 640 that are not finite",
    ),
    "answers for some rows": (
        lambda g, t: {"model": lambda x: np.full((10, 2), 0.5)},
        ModelError,
        r"of shape \(640, 2\), got shape \(10, 2\)",
    ),
    "answers for more classes": (
        lambda g, t: {"model": lambda x: np.full((len(x), 3), 1 / 3)},
        ModelError,
        r"shape \(n, 2\), one column for each of the classes \['no', 'yes'\], got \(640, 3\)",
    ),
    "a function that fails": (lambda g, t: {"model": lambda x: x.nothing()}, ModelError, "does not accept the table"),
    "classes that members do not have": (
        lambda g, t: {"model": lambda x: np.full((len(x), 2), 0.5), "classes": [0, 1]},
        TableError,
        r"among the model's classes \[0, 1\], found '(no|yes)'",
    ),
    "a column for no role": (
        lambda g, t: {"sensitive": ("faith",)},
        TableError,
        r"'faith' \(sensitive\); the table has age, town",
    ),
    "another word for shared rows": (
        lambda g, t: {"shared_rows": "keep"},
        ParameterError,
        "shared_rows to be one of drop, error",
    ),
    "shared rows that are forbidden": (
        lambda g, t: {"nonmembers": pd.concat([g["nonmembers"], g["members"][:2]]), "shared_rows": "error"},
        TableError,
        "found 2",
    ),
    "access as a word": (lambda g, t: {"access": "scores"}, InputError, "Access.SCORES, got 'scores'"),
    "another kind on either side": (
        lambda g, t: {"nonmembers": pl.from_pandas(g["nonmembers"])},
        TableError,
        "Read both tables the same way",
    ),
}


@pytest.mark.parametrize("case", BAD)
def test_what_cannot_be_used_is_named_with_what_to_do(case, given, target_of, tree):
    change, error, message = BAD[case]
    arguments = change(given(), tree)
    with pytest.raises(error, match=message) as refused:
        target_of(**arguments)
    assert isinstance(refused.value, InputError) and isinstance(refused.value, ValueError)
    assert "Traceback" not in str(refused.value)


def test_access_has_no_default(given):
    arguments = given()
    del arguments["access"]
    with pytest.raises(TypeError, match="access"):
        describe(arguments.pop("model"), **arguments)


def test_a_model_that_was_fitted_and_emptied_is_named(given, target_of):
    class Emptied(KNeighborsClassifier):
        def predict_proba(self, x):
            raise NotFittedError("fit me")

        predict = predict_proba

    members = given("arrays")["members"]
    with pytest.raises(ModelError, match="expected a fitted model: fit me"):
        target_of("arrays", model=Emptied().fit(*members))


@pytest.mark.parametrize("classifier", [RidgeClassifier(), LinearDiscriminantAnalysis()])
def test_a_model_without_probabilities_gives_margins(classifier, given, target_of, monkeypatch):
    monkeypatch.delattr(LinearDiscriminantAnalysis, "predict_proba")
    target = target_of("arrays", model=classifier.fit(*given("arrays")["members"]))
    margins = classifier.decision_function(target.population.table.x)
    np.testing.assert_allclose(np.log(target.scores[:, 1] / target.scores[:, 0]), margins, atol=1e-9)
    np.testing.assert_array_equal(target.labels, margins > 0)


def test_a_model_of_labels_alone_is_audited_as_such(given, target_of):
    class Voter(DecisionTreeClassifier):
        predict_proba = property(lambda self: getattr(self, "not there"))

    model = Voter(random_state=0).fit(*given("arrays")["members"])
    with pytest.raises(ModelError, match=r"Use access=Access\.LABELS"):
        target_of("arrays", model=model)
    target = target_of("arrays", model=model, access=Access.LABELS)
    np.testing.assert_array_equal(target.scores, np.eye(2)[target.labels])


def test_a_bad_recipe_is_found_when_it_is_needed(target_of):
    def recipe(rows, seed):
        raise OSError("disk")

    target = target_of(recipe=recipe)
    with pytest.raises(RecipeError, match="the recipe recipe failed on 60 rows: OSError: disk"):
        target.train(np.arange(60), 0)
