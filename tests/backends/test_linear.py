"""Which estimators the closed form reaches, and what it is told of them."""

import numpy as np
import pytest
from sklearn.compose import make_column_transformer
from sklearn.decomposition import PCA
from sklearn.feature_selection import SelectKBest
from sklearn.linear_model import LogisticRegression, LogisticRegressionCV, RidgeClassifier, SGDClassifier
from sklearn.pipeline import make_pipeline, make_union
from sklearn.preprocessing import FunctionTransformer, KBinsDiscretizer, OneHotEncoder, StandardScaler, TargetEncoder

from reticent.backends import linear
from reticent.backends.families import family_of
from reticent.backends.linear import read
from reticent.backends.sklearn import CloneRecipe
from reticent.errors import RecipeError
from reticent.target.family.linear import Linear
from reticent.target.table import ArrayTable

NUMBERS = ("age", "income", "weight")
LOGISTIC = LogisticRegression(C=4)


def square(x):
    return np.asarray(x) ** 2


READ = {
    "alone": LOGISTIC,
    "in a pipeline": make_pipeline(StandardScaler(), LOGISTIC),
    "pipelines in pipelines": make_pipeline(make_pipeline(StandardScaler()), "passthrough", make_pipeline(LOGISTIC)),
    "columns": make_pipeline(make_column_transformer((OneHotEncoder(), ["town"]), remainder="passthrough"), LOGISTIC),
    "a head on frozen features": make_pipeline(FunctionTransformer(square), LOGISTIC),
    "a union": make_pipeline(make_union(StandardScaler(), FunctionTransformer(square)), LOGISTIC),
    "another solver": LogisticRegression(solver="newton-cholesky", class_weight="balanced"),
}
LEFT = {
    "l1": LogisticRegression(l1_ratio=1, solver="saga"),
    "elastic net": LogisticRegression(l1_ratio=0.5, solver="saga"),
    "no penalty": LogisticRegression(C=np.inf),
    "penalty by cross-validation": LogisticRegressionCV(),
    "steps that stop early": SGDClassifier(loss="log_loss"),
    "another loss": RidgeClassifier(),
    "a chooser of columns": make_pipeline(SelectKBest(), LOGISTIC),
    "labels in the columns": make_pipeline(TargetEncoder(), LOGISTIC),
    "labels in some columns": make_pipeline(make_column_transformer((TargetEncoder(), ["town"])), LOGISTIC),
    "components": make_pipeline(PCA(2), LOGISTIC),
    "components of the rest": make_pipeline(
        make_column_transformer((StandardScaler(), ["age"]), remainder=PCA(2)), LOGISTIC
    ),
    "a subclass": type("Logistic", (LogisticRegression,), {})(),
}


@pytest.mark.parametrize("name", READ)
def test_reads_even_penalties_behind_steps_that_prepare_each_row(name):
    family = read(READ[name], NUMBERS)
    assert isinstance(family, Linear) and family.intercept
    assert family.penalty == (1.0 if name == "another solver" else 0.25)
    assert isinstance(family_of(READ[name], NUMBERS), Linear)
    assert isinstance(CloneRecipe(READ[name], NUMBERS).family, Linear)


@pytest.mark.parametrize("name", LEFT)
def test_leaves_to_shadow_models_what_the_closed_form_does_not_reach(name):
    assert read(LEFT[name], NUMBERS) is None


def test_columns_are_what_the_last_step_was_given(people, target_of, tree):
    steady = LogisticRegression(max_iter=5000)
    target = target_of(model=tree(steady).fit(people(320, 0).drop(columns="y"), people(320, 0)["y"]))
    table = target.population.table
    columns = target.recipe.family.columns(table)
    fitted = tree(steady).fit(table.features(target.features), table.labels())
    np.testing.assert_allclose(columns, fitted[:-1].transform(table.features(target.features)))
    assert columns.shape == (640, 7) and columns.dtype == np.float64  # four towns, three numbers


def test_sparse_columns_are_written_out(people):
    table = ArrayTable(people(90, 0)[["town"]].to_numpy(str), people(90, 0)["y"].to_numpy())
    columns = read(make_pipeline(OneHotEncoder(), LOGISTIC), ("x0",)).columns(table)
    assert columns.shape == (90, 4) and (columns.sum(axis=1) == 1).all()


def test_columns_that_would_not_fit_are_not_written_out(monkeypatch):
    monkeypatch.setattr(linear, "_MAX_CELLS", 15)
    table = ArrayTable(np.arange(4.0)[:, None], np.array([0, 1, 0, 1]))
    with pytest.raises(RecipeError, match=r"4 columns of 4 rows.*train shadow models"):
        read(make_pipeline(OneHotEncoder(), LOGISTIC), ("x0",)).columns(table)


def test_preparing_is_the_same_each_time():
    rng = np.random.default_rng(0)
    table = ArrayTable(rng.normal(size=(300, 2)), rng.integers(0, 2, 300))
    family = read(make_pipeline(KBinsDiscretizer(strategy="kmeans", quantile_method="linear"), LOGISTIC), ("x0", "x1"))
    np.testing.assert_array_equal(family.columns(table), family.columns(table))


def test_liblinear_penalizes_its_constant():
    table = ArrayTable(np.arange(6.0).reshape(3, 2), np.array([0, 1, 0]))
    family = read(LogisticRegression(solver="liblinear", intercept_scaling=3), ("x0", "x1"))
    assert not family.intercept
    np.testing.assert_array_equal(family.columns(table), [[0, 1, 3], [2, 3, 3], [4, 5, 3]])
    bare = read(LogisticRegression(solver="liblinear", fit_intercept=False), ("x0", "x1"))
    assert not bare.intercept and bare.columns(table).shape == (3, 2)
    assert not read(LogisticRegression(fit_intercept=False), ("x0", "x1")).intercept


def test_weights_of_classes():
    labels = np.array(["a", "a", "a", "b"])
    assert read(LogisticRegression(), ()).weights(labels).tolist() == [1, 1, 1, 1]
    assert read(LogisticRegression(class_weight={"b": 5}), ()).weights(labels).tolist() == [1, 1, 1, 5]
    even = read(LogisticRegression(class_weight="balanced"), ()).weights(labels)
    np.testing.assert_allclose(even, [2 / 3, 2 / 3, 2 / 3, 2])
