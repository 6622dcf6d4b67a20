"""Trials train on what they are told to, and find out how columns can be left out."""

import numpy as np
import pandas as pd
import polars as pl
import pytest
from sklearn.base import clone
from sklearn.compose import make_column_selector, make_column_transformer
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.linear_model import LinearRegression
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler
from sklearn.svm import LinearSVC
from sklearn.tree import DecisionTreeClassifier

from reticent.errors import ModelError, TableError
from reticent.necessity.prepare import prepare
from reticent.necessity.trials import Trial, answer

TREE = DecisionTreeClassifier(max_depth=4, random_state=0)
OPEN, ASKED = np.arange(1000), np.arange(1000, 1500)


def words(columns):
    coded = make_column_transformer((OneHotEncoder(handle_unknown="ignore"), columns), remainder="passthrough")
    return make_pipeline(coded, TREE)


@pytest.mark.parametrize(
    ("recipe", "held"),
    [
        (words(["town"]), True),
        (words(make_column_selector(dtype_exclude="number")), False),
        (words([0]), True),  # trains on fewer columns, but on another first one
        (words(slice(0, 1)), True),
    ],
)
def test_finds_out_whether_columns_can_be_left_out(people, recipe, held):
    assert prepare(recipe, people, label="ill").held is held


@pytest.mark.parametrize("places", [[0, 1], [True, True, False, False]])
def test_places_of_categories_are_places(numbers, places):
    boosted = HistGradientBoostingClassifier(categorical_features=places, max_iter=5)
    assert prepare(boosted, numbers[["coin", "dose", "age", "twin", "ill"]], label="ill").held
    assert not prepare(HistGradientBoostingClassifier(max_iter=5), numbers, label="ill").held


@pytest.mark.parametrize("kind", [lambda t: t, pl.from_pandas], ids=["pandas", "polars"])
def test_held_constant_is_left_out(people, kind):
    """A tree cannot split what is constant: both ways give the same answers."""
    named, chosen = words(["town"]), words(make_column_selector(dtype_exclude="number"))
    columns = ("age", "coin", "dose")
    one = answer(prepare(named, kind(people), label="ill"), Trial(OPEN, ASKED, columns))
    other = answer(
        prepare(chosen if kind(people) is people else named, kind(people), label="ill"), Trial(OPEN, ASKED, columns)
    )
    np.testing.assert_array_equal(one.wrong, other.wrong)
    plain = clone(TREE).fit(people.loc[OPEN, list(columns)], people.loc[OPEN, "ill"])
    expected = plain.predict(people.loc[ASKED, list(columns)]) != people.loc[ASKED, "ill"]
    assert np.mean(one.wrong == expected) > 0.99  # equal splits may be broken otherwise


def test_wrong_is_wrong_and_soft_is_the_squared_error(numbers):
    trials = prepare(TREE, numbers, label="ill")
    told = answer(trials, Trial(OPEN, ASKED, trials.features))
    x = numbers.drop(columns="ill")
    model = DecisionTreeClassifier(max_depth=4, random_state=0).fit(x.loc[OPEN], numbers.loc[OPEN, "ill"])
    truth = numbers.loc[ASKED, "ill"].to_numpy()
    shares = model.predict_proba(x.loc[ASKED])
    expected = ((shares - (truth[:, None] == model.classes_)) ** 2).sum(axis=1)
    assert np.mean(told.wrong) == pytest.approx(np.mean(model.predict(x.loc[ASKED]) != truth), abs=0.02)
    assert np.mean(told.soft) == pytest.approx(expected.mean(), abs=0.02)


def test_models_without_probabilities_are_judged_by_their_labels(numbers):
    scaled = make_pipeline(StandardScaler(), LinearSVC())
    trials = prepare(scaled, numbers, label="ill")
    told = answer(trials, Trial(OPEN, ASKED, trials.features))
    assert set(np.unique(told.wrong)) <= {0.0, 1.0}
    assert ((told.soft > 0.5) == (told.wrong == 1)).mean() > 0.9


@pytest.mark.parametrize("as_array", [False, True])
def test_importance_is_what_a_shuffle_costs(numbers, as_array):
    """Against a naive twin that shuffles each column in a table of its own."""
    table = numbers
    if as_array:
        table = (numbers.drop(columns="ill").to_numpy(), numbers["ill"].to_numpy(dtype=object))
    trials = prepare(KNeighborsClassifier(15), table, label="y" if as_array else "ill")
    told = answer(trials, Trial(OPEN, ASKED, trials.features, shuffled=True))
    model = KNeighborsClassifier(15).fit(numbers.drop(columns="ill").loc[OPEN], numbers.loc[OPEN, "ill"])
    asked, rng = numbers.loc[ASKED], np.random.default_rng(0)
    for name, place in zip(trials.features, numbers.columns, strict=False):
        costs = []
        for _ in range(20):
            mixed = asked.drop(columns="ill").assign(**{place: rng.permutation(asked[place].to_numpy())})
            share = model.predict_proba(mixed)
            costs.append(((share - (asked["ill"].to_numpy()[:, None] == model.classes_)) ** 2).sum(axis=1).mean())
        assert told.importance[name] == pytest.approx(np.mean(costs) - told.soft.mean(), abs=5 * np.std(costs) + 1e-3)


def test_a_class_that_was_not_learned_is_wrong_everywhere(numbers):
    trials = prepare(TREE, numbers, label="ill")
    rows = np.flatnonzero(numbers["ill"] == "yes")
    told = answer(trials, Trial(rows, ASKED, trials.features))
    np.testing.assert_array_equal(told.wrong == 1, numbers.loc[ASKED, "ill"] == "no")
    assert np.all(told.soft[told.wrong == 1] == 2)


def test_repetitions_differ_by_their_seed_alone(numbers):
    trials = prepare(DecisionTreeClassifier(max_depth=2, splitter="random"), numbers, label="ill")
    tasks = [Trial(OPEN, ASKED, trials.features, draw) for draw in (0, 0, 1)]
    first, again, other = (answer(trials, task).wrong for task in tasks)
    assert np.array_equal(first, again) and not np.array_equal(first, other)


def test_errors_of_a_regression_are_in_units_of_the_spread(numbers):
    table = numbers.drop(columns="ill")
    trials = prepare(LinearRegression(), table, label="age")
    told = answer(trials, Trial(OPEN, ASKED, ("twin",)))
    assert trials.spread == pytest.approx((table["age"] - table["age"].median()).abs().mean())
    assert 0 < told.wrong.mean() < 0.1  # a twin tells it to half a year
    np.testing.assert_allclose(told.soft, told.wrong**2)


def test_a_fitted_model_says_which_columns_are_features(people):
    model = TREE.__class__(max_depth=2).fit(people[["age", "dose"]], people["ill"])
    assert prepare(model, people, label="ill").features == ("age", "dose")


def test_pictures_are_no_columns():
    with pytest.raises(TableError, match=r"shape \(n, n_columns\), got \(120, 4, 4\)"):
        prepare(TREE, (np.zeros((120, 4, 4)), np.arange(120) % 2), label="y")


def test_the_constant_is_the_commonest_value():
    table = pd.DataFrame({"a": [np.nan, np.nan, np.nan, 2.0, 1.0, 2.0], "b": [1] * 6, "y": [0, 1] * 3})
    assert table["a"][prepare(TREE, table, label="y").constant["a"]] == 2.0


def test_a_model_that_was_fitted_on_other_columns_is_refused(people):
    model = DecisionTreeClassifier(max_depth=2).fit(
        people[["age", "dose"]].rename(columns={"dose": "mg"}), people["ill"]
    )
    with pytest.raises(ModelError, match="not in the table, or no features there: mg"):
        prepare(model, people, label="ill")
    who = DecisionTreeClassifier(max_depth=2).fit(people[["age", "coin"]], people["ill"])
    with pytest.raises(ModelError, match="no features there: coin"):
        prepare(who, people, label="ill", hidden=("coin",))


def test_a_recipe_that_needs_many_rows_is_tried_on_many(numbers):
    assert not prepare(KNeighborsClassifier(400), numbers, label="ill").held
    with pytest.raises(ModelError, match="n_neighbors"):
        prepare(KNeighborsClassifier(4000), numbers, label="ill")
