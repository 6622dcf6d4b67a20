"""Boosted trees of three libraries: the leaves that are read give the scores that the fitted models really give."""

from dataclasses import replace

import lightgbm
import numpy as np
import pandas as pd
import pytest
import xgboost
from scipy import special
from sklearn.ensemble import GradientBoostingClassifier, HistGradientBoostingClassifier, RandomForestClassifier
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler

from reticent.attacks.membership.boosting import with_and_without
from reticent.backends import boosting
from reticent.backends.families import family_of
from reticent.backends.sklearn import CloneRecipe
from reticent.errors import AccessError, RecipeError
from reticent.target.family.boosting import Boosting
from reticent.target.table import ArrayTable, FrameTable

N = 400
HALF = np.arange(0, N, 2)


def light(**settings):
    return lightgbm.LGBMClassifier(n_estimators=12, verbose=-1, n_jobs=1, **settings)


def extreme(**settings):
    return xgboost.XGBClassifier(n_estimators=12, n_jobs=1, **settings)


def histogram(**settings):
    return HistGradientBoostingClassifier(max_iter=12, **settings)


LIBRARIES = [light, extreme, histogram]


def numbers(classes, seed=0):
    """Numbers with holes, and classes 0..C-1 that follow from them in part; some are rare."""
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(N, 4))
    score = x[:, 0] + x[:, 1] * x[:, 2] + rng.normal(size=N) / 2
    y = np.searchsorted(np.quantile(score, np.linspace(0, 1, classes + 1)[1:-1] ** 0.5), score)
    x[rng.random(x.shape) < 0.1] = np.nan
    return ArrayTable(x, y)


def categories(seed=0):
    """Few categories, many, and a column with holes."""
    rng = np.random.default_rng(seed)
    frame = pd.DataFrame({"a": rng.normal(size=N), "few": rng.integers(0, 3, N), "many": rng.integers(0, 25, N)})
    score = rng.normal(size=25)[frame["many"]] + frame["a"] * (frame["few"] - 1) + rng.normal(size=N) / 2
    frame["y"] = (score > 0).astype(int)
    for name in ("few", "many"):
        frame[name] = pd.Categorical(frame[name].where(rng.random(N) > 0.05).astype("string").astype("object"))
    return FrameTable(frame, "y")


def features_of(table):
    return tuple(name for name in table.columns if name != "y")


def off(estimator, table, rows=HALF):
    """How far the arithmetic is off the real raw scores, and how large those are."""
    model = boosting.read(estimator, features_of(table)).fit(table, rows, 1)
    real, other = with_and_without(model)
    said = model.raw(np.arange(len(table)))
    assert real.shape == other.shape == said.shape and (other != real).mean() > 0.9
    return np.abs(real - said).max(), np.abs(said).max()


@pytest.mark.parametrize("make", LIBRARIES)
@pytest.mark.parametrize("classes", [2, 4])
def test_arithmetic_gives_the_real_scores(make, classes):
    error, size = off(make(), numbers(classes))
    assert error < 2e-5 and size > 1


@pytest.mark.parametrize(
    "estimator",
    [
        light(min_child_samples=3),
        light(min_child_samples=3, cat_l2=3.0, max_cat_to_onehot=2),
        light(min_child_samples=3, max_cat_to_onehot=100),
        extreme(enable_categorical=True),
        extreme(enable_categorical=True, max_cat_to_onehot=100, tree_method="approx"),
        histogram(min_samples_leaf=3),
    ],
)
def test_arithmetic_gives_the_real_scores_with_categories(estimator):
    error, size = off(estimator, categories())
    assert error < 2e-5 and size > 1


@pytest.mark.parametrize(
    ("estimator", "classes"),
    [
        (light(class_weight="balanced", reg_alpha=0.3, reg_lambda=2.0), 2),
        (light(class_weight={0: 2.0}, max_delta_step=0.4, colsample_bytree=0.5), 3),
        (light(scale_pos_weight=3.0, boost_from_average=False, extra_trees=True), 2),
        (extreme(scale_pos_weight=3.0, reg_alpha=0.3, reg_lambda=0.0, base_score=0.3), 2),
        (
            extreme(max_delta_step=0.4, learning_rate=0.1, max_leaves=5, grow_policy="lossguide", colsample_bynode=0.5),
            3,
        ),
        (extreme(tree_method="exact", min_child_weight=0), 2),
        (histogram(class_weight="balanced", l2_regularization=2.0), 2),
        (histogram(class_weight={1: 4.0}, max_features=0.5, learning_rate=0.3), 3),
        (histogram(early_stopping=True, validation_fraction=0.2), 2),
        (histogram(early_stopping=True, class_weight="balanced"), 3),
    ],
)
def test_arithmetic_gives_the_real_scores_with_settings_that_enter_leaves(estimator, classes):
    assert off(estimator, numbers(classes))[0] < 2e-5


@pytest.mark.parametrize("make", LIBRARIES)
def test_trees_that_find_no_split_are_read_too(make):
    rng = np.random.default_rng(0)
    table = ArrayTable(np.ones((60, 2)), rng.integers(0, 2, 60))
    model = boosting.read(make(), ("x0", "x1")).fit(table, np.arange(25), 1)
    real, _ = with_and_without(model)
    np.testing.assert_allclose(real, model.raw(np.arange(60)), atol=2e-5)


def test_rows_set_aside_to_stop_by_are_not_learned_from():
    table = numbers(2)
    whole, aside = (
        boosting.read(histogram(early_stopping=stop, validation_fraction=0.25), features_of(table)).fit(table, HALF, 1)
        for stop in (False, True)
    )
    assert (whole.learned == np.isin(np.arange(N), HALF)).all()
    assert aside.learned.sum() == 150 and (aside.learned <= whole.learned).all()


@pytest.mark.parametrize("make", LIBRARIES)
@pytest.mark.parametrize("classes", [2, 3])
def test_the_model_taken_apart_is_the_recipes(make, classes):
    """With preparing steps, which are fitted anew on the rows of the half alone."""
    table = numbers(classes)
    for estimator in (make(), make_pipeline(StandardScaler(), make()), Pipeline([("all", make_pipeline(make()))])):
        model = boosting.read(estimator, features_of(table)).fit(table, HALF, 5)
        trained = CloneRecipe(estimator, features_of(table))(table.take(HALF), 5)
        raw = model.raw(np.arange(N))
        scores = special.softmax(raw, axis=1) if classes == 3 else special.expit(np.hstack([-raw, raw]))
        np.testing.assert_allclose(scores, trained.scores(table.features(features_of(table))), atol=1e-6)
        np.testing.assert_array_equal(model.truth, table.labels())


@pytest.mark.parametrize("make", LIBRARIES)
def test_leaves_read_in_chunks_are_the_same(make, monkeypatch):
    table = numbers(3)
    whole = boosting.read(make(), features_of(table)).fit(table, HALF, 1)
    monkeypatch.setattr(boosting, "_CHUNK", 33)
    parts = boosting.read(make(), features_of(table)).fit(table, HALF, 1)
    assert whole.leaves.shape == (12, 3, N) and whole.leaves.dtype == np.uint8
    np.testing.assert_array_equal(whole.leaves, parts.leaves)


def test_labels_may_be_words():
    table = numbers(3)
    named = replace(table, y=np.array(["low", "high", "middle"])[table.y])
    for make in (light, histogram):
        model = boosting.read(make(), features_of(table)).fit(named, HALF, 1)
        assert (np.array(["high", "low", "middle"])[model.truth] == named.y).all()
    assert off(light(class_weight={"low": 2.0, "high": 3.0}), named)[0] < 2e-5
    shifted = replace(table, y=table.y + 1)  # scikit-learn looks for positions, not for labels
    assert off(histogram(class_weight={1: 2.0, 2: 3.0}), shifted)[0] < 2e-5


@pytest.mark.parametrize(
    "estimator",
    [
        light(subsample=0.5, subsample_freq=1),
        light(boosting_type="dart"),
        light(boosting_type="rf", subsample=0.5, subsample_freq=1),
        light(data_sample_strategy="goss"),
        light(objective="multiclassova"),
        light(objective=lambda y, p: (p - y, np.ones_like(p))),
        light(monotone_constraints=[1, 0, 0, 0]),
        light(path_smooth=1.0),
        light(linear_tree=True),
        light(is_unbalance=True),
        light(use_quantized_grad=True),
        lightgbm.LGBMRegressor(),
        extreme(subsample=0.5),
        extreme(booster="dart"),
        extreme(booster="gblinear"),
        extreme(num_parallel_tree=3),
        extreme(monotone_constraints=(1, 0, 0, 0)),
        extreme(multi_strategy="multi_output_tree"),
        extreme(early_stopping_rounds=3),
        extreme(objective="binary:hinge"),
        extreme(device="cuda"),
        xgboost.XGBRFClassifier(),
        histogram(monotonic_cst=[1, 0, 0, 0]),
        histogram(warm_start=True),
        GradientBoostingClassifier(),
        RandomForestClassifier(),
        make_pipeline(StandardScaler(), extreme(subsample=0.5)),
    ],
)
def test_passes_on_what_breaks_the_arithmetic(estimator):
    assert boosting.read(estimator, ("x0",)) is None


@pytest.mark.parametrize("make", LIBRARIES)
def test_is_found_by_its_protocol_and_from_a_recipe(make):
    assert isinstance(family_of(make_pipeline(StandardScaler(), make()), ("x0",)), Boosting)
    assert isinstance(CloneRecipe(make(), ("x0",)).family, Boosting)
    assert isinstance(boosting.read(make(subsample=1.0) if make is not histogram else make(), ("x0",)), Boosting)


def test_a_half_without_a_class_cannot_be_read():
    table = numbers(3)
    with pytest.raises(AccessError, match="lacks a class"):
        boosting.read(light(), features_of(table)).fit(table, np.flatnonzero(table.y < 2), 1)


def test_says_where_training_fails():
    table = numbers(2)
    with pytest.raises(RecipeError, match="training another LGBMClassifier failed"):
        boosting.read(light(num_leaves=-5), features_of(table)).fit(table, HALF, 1)
