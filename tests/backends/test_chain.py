"""From a fitted model to an audit, for every library and both kinds of frame, with warnings as errors."""

import warnings

import numpy as np
import pandas as pd
import polars as pl
import pytest
from sklearn.calibration import CalibratedClassifierCV
from sklearn.compose import ColumnTransformer
from sklearn.datasets import load_breast_cancer
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler
from sklearn.svm import SVC

from reticent.audit import audit
from reticent.describe import describe
from reticent.errors import ModelError
from reticent.target.access import Access

TABLE = load_breast_cancer(as_frame=True).frame.sample(frac=1, random_state=0).reset_index(drop=True)
TABLE = TABLE[[*TABLE.columns[:8], "target"]]
WHOLE = TABLE.assign(town=np.where(TABLE["mean texture"] > 18, "Ulm", "Ems"))
HALF = len(TABLE) // 2


def boosters():
    import catboost  # noqa: PLC0415
    import lightgbm  # noqa: PLC0415
    import xgboost  # noqa: PLC0415

    quiet = {"verbose": 0, "allow_writing_files": False}
    return {
        "lightgbm": lightgbm.LGBMClassifier(n_estimators=5, verbose=-1, n_jobs=1),
        "xgboost": xgboost.XGBClassifier(n_estimators=5, n_jobs=1),
        "catboost": catboost.CatBoostClassifier(iterations=5, **quiet),
        "catboost with texts": catboost.CatBoostClassifier(iterations=5, cat_features=["town"], **quiet),
    }


def alone(name):
    own = {"histogram": HistGradientBoostingClassifier(max_iter=5), "svc": CalibratedClassifierCV(SVC(), cv=2)}
    return own[name] if name in own else boosters()[name]


def behind_columns(model):
    numbers = make_pipeline(SimpleImputer(), StandardScaler())
    columns = [("n", numbers, list(TABLE.columns[:8])), ("c", OneHotEncoder(), ["town"])]
    return make_pipeline(ColumnTransformer(columns, sparse_threshold=0), model)


def check(model, table, kind):
    members, others = table[:HALF], table[HALF:]
    x = members.drop(columns="target")
    if kind is pl.DataFrame:
        members, others, x = (pl.from_pandas(one) for one in (members, others, x))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # what fitting warns of is the caller's
        model.fit(x, table["target"][:HALF].to_numpy())
    target = describe(model, members=members, nonmembers=others, label="target", access=Access.SCORES)
    done = audit(target, attacks=["gap", "population"], n_jobs=1)
    assert {finding.name for finding in done.findings} == {"gap", "population"}
    again = target.train(np.arange(HALF), seed=1)
    assert again.scores(target.population.table.features(target.features)).shape == (len(table), 2)
    for parameters in target.recipe.capacities()[:1]:
        target.recipe.with_parameters(parameters)
    return target


KINDS = pytest.mark.parametrize("kind", [pd.DataFrame, pl.DataFrame], ids=["pandas", "polars"])


@KINDS
@pytest.mark.parametrize("name", ["lightgbm", "xgboost", "catboost", "histogram", "svc"])
def test_models_alone(name, kind):
    check(alone(name), TABLE, kind)


@KINDS
@pytest.mark.parametrize("name", ["lightgbm", "xgboost", "catboost", "histogram", "svc"])
def test_models_behind_columns(name, kind):
    check(behind_columns(alone(name)), WHOLE, kind)


@KINDS
def test_catboost_that_takes_texts(kind):
    check(alone("catboost with texts"), WHOLE, kind)


def test_logistic_regression_is_refitted_without_a_warning():
    check(behind_columns(LogisticRegression(max_iter=1000)), WHOLE, pd.DataFrame)  # n_jobs=1 would warn


def test_catboost_takes_seeds_threads_and_capacities_inside_a_pipeline():
    target = check(behind_columns(alone("catboost")), WHOLE, pd.DataFrame)
    assert any("l2_leaf_reg" in name for one in target.recipe.capacities() for name in one)
    fresh = target.train(np.arange(HALF), seed=5).native[-1].get_params()
    assert fresh["random_seed"] == 5 and fresh["thread_count"] == 1


def test_catboost_keeps_the_name_that_its_seed_was_given():
    model = alone("catboost").set_params(random_state=3, reg_lambda=2)
    fresh = check(model, TABLE, pd.DataFrame).train(np.arange(HALF), seed=5).native.get_params()
    assert fresh["random_state"] == 5 and "random_seed" not in fresh


def test_lightgbm_gets_its_columns_by_name_and_in_order():
    target = check(alone("lightgbm"), TABLE, pd.DataFrame)
    x = TABLE.drop(columns="target")
    expected = target.model.scores(x)
    np.testing.assert_array_equal(target.model.scores(x[x.columns[::-1]].assign(more=1)), expected)
    with pytest.raises(ModelError):
        target.model.scores(x.iloc[:, 1:])
