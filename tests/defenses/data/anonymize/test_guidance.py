import numpy as np
import pandas as pd
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.base import clone
from sklearn.dummy import DummyClassifier
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.svm import LinearSVC
from sklearn.tree import DecisionTreeClassifier

from reticent.defenses.data.anonymize.guidance import KINDS, answers, deal, guidance, guide, is_amount, rows_of
from reticent.errors import ModelError, ParameterError, TableError

QUICK = settings(max_examples=100, deadline=None)


@pytest.fixture
def table():
    random = np.random.default_rng(0)
    X = random.normal(size=(90, 2))
    return X, np.array(["low", "middle", "high"])[np.digitize(X[:, 0] + random.normal(size=90) / 3, [-0.5, 0.5])]


# ---------------------------------------------------------------------------------------------------- what y says


def test_labels_become_one_column_each_whichever_comes_first():
    assert guidance(["b", "a", "b"], 3).tolist() == [[0, 1], [1, 0], [0, 1]]


def test_a_missing_label_is_refused():
    with pytest.raises(TableError, match="without missing labels"):
        guidance(np.array(["b", None, "b"], dtype=object), 3)


def test_amounts_become_one_column_of_variance_one():
    found = guidance([1.5, 2.0, 4.0], 3)
    assert found.shape == (3, 1)
    assert found.std() == pytest.approx(1)
    assert found[2] - found[1] == pytest.approx(4 * (found[1] - found[0]))


@pytest.mark.parametrize(
    ("y", "amount"), [([1.0, 2.0], False), ([1.0, 2.5], True), (range(51), True), (range(50), False)]
)
def test_fractions_and_many_numbers_are_amounts(y, amount):
    assert is_amount(np.asarray(y)) is amount
    assert (guidance(y, len(y)).shape[1] == 1) is amount


def test_soft_labels_stay_as_they_are():
    soft = [[0.25, 0.75], [1.0, 0.0]]
    assert guidance(soft, 2).tolist() == soft


def test_equal_amounts_say_nothing_and_do_not_divide_by_zero():
    assert guidance([0.5, 0.5], 2).tolist() == [[0], [0]]


@pytest.mark.parametrize(
    ("y", "words"),
    [
        ([1, 2], r"shape \(3,\) or \(3, C\).*\(2,\)"),
        (np.zeros((3, 2, 2)), r"\(3, 2, 2\)"),
        ([0.0, np.nan, 1.0], "without missing or infinite"),
        (np.full((3, 2), np.inf), "without missing or infinite"),
    ],
)
def test_what_does_not_fit_is_refused(y, words):
    with pytest.raises(TableError, match=words):
        guidance(y, 3)


# --------------------------------------------------------------------------------------------------- what models say


def test_soft_labels_are_what_the_model_says(table):
    X, y = table
    model = LogisticRegression().fit(X, y)
    np.testing.assert_array_equal(guide("soft", [model], X, y), model.predict_proba(X))


def test_out_of_fold_equals_a_slow_naive_twin(table):
    X, y = table
    found = guide("out-of-fold", [LogisticRegression()], X, y, seed=3, n_folds=4)
    fold, labels = deal(y, 4, seed=3), sorted(set(y))
    for i in range(len(y)):
        others = [j for j in range(len(y)) if fold[j] != fold[i]]
        said = clone(LogisticRegression()).fit(X[others], y[others]).predict_proba(X[[i]])[0]
        np.testing.assert_allclose(found[i], said, atol=1e-12)
    assert found.shape[1] == len(labels)


def test_out_of_fold_does_not_repeat_the_label_of_the_row():
    X, y = np.arange(200.0)[:, None], np.random.default_rng(0).integers(0, 2, 200)  # nothing to be learned
    tree = DecisionTreeClassifier().fit(X, y)
    by_heart = guide("soft", [tree], X, y)[np.arange(200), y]
    honest = guide("out-of-fold", [tree], X, y)[np.arange(200), y]
    assert by_heart.mean() == 1
    assert abs(honest.mean() - 0.5) < 0.2  # 200 coins: beyond five standard errors


def test_a_label_that_only_one_fold_holds_gets_no_probability_there():
    y = np.array(["a", "b"] * 10 + ["rare"])
    found = guide("out-of-fold", [DummyClassifier(strategy="prior")], np.zeros((21, 1)), y)
    assert found.shape == (21, 3)
    assert found[-1, 2] == 0
    assert found.sum(axis=1) == pytest.approx(np.ones(21))


def test_the_fitted_model_is_left_alone(table):
    X, y = table
    model = LogisticRegression().fit(X, y)
    before = model.coef_.copy()
    guide("out-of-fold", [model], X, y)
    np.testing.assert_array_equal(model.coef_, before)


def test_several_models_together_weigh_as_much_as_one(table):
    X, y = table
    model = LogisticRegression().fit(X, y)
    one, two = guide("soft", [model], X, y), guide("soft", [model, model], X, y)
    assert two.shape == (90, 6)
    np.testing.assert_allclose(two @ two.T, one @ one.T)  # all distances, and so all gains, are the same


def test_an_amount_and_a_decision_count_alike_whatever_the_unit(table):
    X, y = table
    model, euro = LogisticRegression().fit(X, y), LinearRegression().fit(X, X[:, 0])
    cent = LinearRegression().fit(X, 100 * X[:, 0])
    np.testing.assert_allclose(guide("soft", [model, euro], X, y), guide("soft", [model, cent], X, y))
    assert guide("soft", [euro], X, y).std() == pytest.approx(1)


def test_a_regressor_answers_out_of_fold():
    X = np.arange(60.0)[:, None]
    found = guide("out-of-fold", [LinearRegression()], X, 3 * X[:, 0] + 0.5)
    np.testing.assert_allclose(found, guidance(3 * X[:, 0] + 0.5, 60), atol=1e-9)  # a line is learned without the row


def test_a_classifier_without_probabilities_says_its_decision(table):
    X, y = table
    model = LinearSVC().fit(X, y)
    said = answers(model, X)
    assert set(np.unique(said)) == {0, 1}
    assert model.classes_[said.argmax(axis=1)].tolist() == model.predict(X).tolist()


def test_answers_of_several_targets_are_refused():
    X = np.arange(10.0)[:, None]
    tree = DecisionTreeClassifier().fit(X, np.column_stack([X[:, 0] > 3, X[:, 0] > 5]))
    with pytest.raises(ModelError, match=r"answer each of 10 rows.*\(2, 10, 2\)"):
        answers(tree, X)


def test_labels_need_no_model_and_none_is_none(table):
    X, y = table
    np.testing.assert_array_equal(guide("labels", [], X, y), guidance(y, 90))
    assert guide("none", [], X, y) is None
    with pytest.raises(ParameterError, match="expected a model for guidance='soft'"):
        guide("soft", [], X, y)


def test_an_unknown_kind_is_refused(table):
    with pytest.raises(ParameterError, match="labels, none, out-of-fold, soft; got guidance='hard'"):
        guide("hard", [], *table)
    assert set(KINDS) == {"soft", "out-of-fold", "labels", "none"}


@pytest.mark.parametrize("kind", [pd.DataFrame, pl.DataFrame])
def test_frames_and_arrays_give_the_same(kind, table):
    X, y = table
    frame = kind({"a": X[:, 0], "b": X[:, 1]})
    for how in ("soft", "out-of-fold"):
        found = guide(how, [LogisticRegression().fit(frame, y)], frame, y, seed=1)
        np.testing.assert_allclose(found, guide(how, [LogisticRegression().fit(X, y)], X, y, seed=1))
    part = rows_of(frame, np.array([4, 2]))
    assert type(part) is kind
    assert part["a"].to_list() == X[[4, 2], 0].tolist()


# ------------------------------------------------------------------------------------------------------------- folds


@QUICK
@given(st.integers(2, 5), st.integers(0, 2**31), st.data())
def test_folds_hold_the_same_share_of_each_label(n_folds, seed, data):
    y = np.array(data.draw(st.lists(st.sampled_from("abc"), min_size=n_folds, max_size=40)))
    fold = deal(y, n_folds, seed=seed)
    sizes = np.bincount(fold, minlength=n_folds)
    assert len(sizes) == n_folds
    assert np.ptp(sizes) <= 1
    for label in set(y):
        assert np.ptp(np.bincount(fold[y == label], minlength=n_folds)) <= 1
    np.testing.assert_array_equal(fold, deal(y, n_folds, seed=seed))


@QUICK
@given(st.integers(0, 2**31), st.lists(st.integers(0, 9), min_size=30, max_size=60))
def test_no_person_is_torn_apart(seed, people):
    people = np.unique([*people, *range(3)], return_inverse=True)[1]
    fold = deal(np.zeros(len(people)), 3, seed=seed, people=people)
    assert all(len(set(fold[people == one])) == 1 for one in set(people))
    assert set(fold) == {0, 1, 2}


def test_another_seed_deals_otherwise():
    y = np.zeros(50)
    assert (deal(y, 3, seed=0) != deal(y, 3, seed=1)).any()


def test_too_few_people_for_the_folds_are_refused():
    with pytest.raises(TableError, match="at least 3 people to deal to n_folds=3, got 2"):
        deal(np.zeros(6), 3, seed=0, people=np.array([0, 0, 0, 1, 1, 1]))
    with pytest.raises(ParameterError, match="n_folds >= 2"):
        deal(np.zeros(6), 1, seed=0)
