"""Trees grown a few at a time are the trees of the whole model: same votes, same samples, read one by one."""

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone
from sklearn.compose import make_column_transformer
from sklearn.ensemble import BaggingClassifier, ExtraTreesClassifier, RandomForestClassifier, RandomForestRegressor
from sklearn.linear_model import LogisticRegression, RidgeClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler
from sklearn.tree import DecisionTreeClassifier

from reticent.backends.estimators import seeded
from reticent.backends.families import family_of
from reticent.backends.forest import SklearnForest, read
from reticent.backends.sklearn import CloneRecipe
from reticent.errors import RecipeError
from reticent.target.family.forest import Forest
from reticent.target.table import ArrayTable, FrameTable

TREES, SEED, COLUMNS = 5, 11, ("x0", "x1", "x2")
KINDS = {
    "forest": RandomForestClassifier(),
    "forest of large leaves": RandomForestClassifier(min_samples_leaf=20, class_weight="balanced"),
    "forest of few rows a tree": RandomForestClassifier(max_samples=0.3, max_depth=4, oob_score=True),
    "forest of all rows": RandomForestClassifier(bootstrap=False, warm_start=True),
    "extra trees": ExtraTreesClassifier(),
    "extra trees of samples": ExtraTreesClassifier(bootstrap=True, n_jobs=2),
    "bag of trees": BaggingClassifier(),
    "bag of small trees of some columns": BaggingClassifier(DecisionTreeClassifier(max_depth=2), max_features=2),
    "bag of lines": BaggingClassifier(LogisticRegression(), max_samples=0.2, bootstrap_features=True),
    "bag of lines without chance": BaggingClassifier(LogisticRegression(), max_samples=0.5, bootstrap=False),
    "bag of votes": BaggingClassifier(RidgeClassifier()),
    "pipeline": make_pipeline(StandardScaler(), RandomForestClassifier(max_features=None)),
    "pipelines in a bag": make_pipeline(BaggingClassifier(make_pipeline(StandardScaler(), LogisticRegression()))),
}


def people(n=160, classes=("a", "b", "c"), seed=0):
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(n, 3)).round(1)
    y = np.asarray(classes)[np.clip(np.round(x[:, 0] + rng.normal(size=n) + 1), 0, len(classes) - 1).astype(int)]
    return ArrayTable(x, y, label="y")


def last(estimator):
    return estimator.steps[-1][1] if hasattr(estimator, "steps") else estimator


def whole(estimator, table, rows, trees=TREES):
    """The model that the recipe would train, with fewer trees."""
    model = seeded(estimator, SEED)
    last(model).set_params(n_estimators=trees, oob_score=False)
    part = table.take(rows)
    return model.fit(part.features(COLUMNS), part.labels())


@pytest.fixture(params=KINDS)
def kind(request):
    return KINDS[request.param]


@pytest.fixture
def rows():
    return np.sort(np.random.default_rng(1).permutation(160)[:80])


def test_the_mean_of_the_trees_is_what_the_model_says(kind, rows):
    table = people()
    grown = read(kind, COLUMNS).grow(table, rows, TREES, SEED)
    model = whole(kind, table, rows)
    said = model.predict_proba(table.features(COLUMNS))
    true = [list(model.classes_).index(label) for label in table.labels()]
    assert grown.votes.shape == grown.drawn.shape == (TREES, 160)
    np.testing.assert_allclose(grown.votes.mean(axis=0), said[np.arange(160), true], atol=1e-6)


def test_drawn_rows_are_those_of_each_trees_own_sample(kind, rows):
    table = people()
    grown = read(kind, COLUMNS).grow(table, rows, TREES, SEED)
    for drawn, sample in zip(grown.drawn, last(whole(kind, table, rows)).estimators_samples_, strict=True):
        expected = np.zeros(160, dtype=int)
        for index in sample:
            expected[rows[index]] += 1
        np.testing.assert_array_equal(drawn, expected)
    assert not grown.drawn[:, np.setdiff1d(np.arange(160), rows)].any()


def test_leaves_hold_the_share_that_is_voted(rows):
    """What a tree says of a row is the share of the row's class among the draws in its leaf."""
    table = people()
    labels = table.labels()
    for name in ("forest", "forest of few rows a tree", "bag of small trees of some columns", "pipeline"):
        grown = read(KINDS[name], COLUMNS).grow(table, rows, TREES, SEED)
        for vote, drawn, leaf in zip(grown.votes, grown.drawn.astype(int), grown.leaves, strict=True):
            for row in range(0, 160, 7):
                there = leaf == leaf[row]
                assert vote[row] == pytest.approx(drawn[there & (labels == labels[row])].sum() / drawn[there].sum())


def test_other_members_of_a_bag_have_no_leaves(rows):
    for name, kind in KINDS.items():
        known = read(kind, COLUMNS).grow(people(), rows, 2, SEED).leaves
        assert (known is None) == (
            name in {"bag of lines", "bag of lines without chance", "bag of votes"} or "in a bag" in name
        )


def test_a_class_that_nobody_was_of_gets_no_vote(kind):
    table = people(classes=("a", "b", "c", "d"))
    labels = table.labels()
    rows = np.flatnonzero(labels != "c")[:60]
    grown = read(kind, COLUMNS).grow(table, rows, TREES, SEED)
    assert not grown.votes[:, labels == "c"].any()
    assert grown.votes[:, labels == "b"].any()
    model = whole(kind, table, rows)
    said = model.predict_proba(table.features(COLUMNS))
    known = np.flatnonzero(labels != "c")
    true = [list(model.classes_).index(label) for label in labels[known]]
    np.testing.assert_allclose(grown.votes.mean(axis=0)[known], said[known, true], atol=1e-6)


def test_a_tree_of_a_bag_may_not_have_met_a_class_that_the_bag_knows():
    """One person of a class: most samples lack them."""
    table = people()
    labels = table.labels().copy()
    labels[labels == "c"] = "b"
    labels[3] = "c"
    table = ArrayTable(table.features(COLUMNS), labels, label="y")
    rows = np.arange(80)
    for kind in (BaggingClassifier(), BaggingClassifier(LogisticRegression()), RandomForestClassifier()):
        grown = read(kind, COLUMNS).grow(table, rows, 12, SEED)
        unmet = grown.drawn[:, 3] == 0
        assert unmet.any() and not unmet.all()
        assert (grown.votes[unmet, 3] < 1e-3).all()  # a line that was told of a class without weight nearly forgets it
        assert (grown.votes[~unmet, 3] > 0).all()
        said = whole(kind, table, rows, 12).predict_proba(table.features(COLUMNS))
        np.testing.assert_allclose(grown.votes.mean(axis=0)[3], said[3, 2], atol=1e-6)


def test_preparing_steps_are_fitted_anew_on_a_frame():
    """Towns that only the other half lives in are unknown to the encoder, as they would be to a model of this half."""
    frame = pd.DataFrame({"age": np.arange(60) % 7, "town": ["Ulm", "Ems"] * 20 + ["Bonn"] * 20, "y": [0, 1, 1] * 20})
    encode = make_column_transformer((OneHotEncoder(handle_unknown="ignore"), ["town"]), remainder="passthrough")
    kind = make_pipeline(encode, RandomForestClassifier())
    table, rows = FrameTable(frame, "y"), np.arange(40)
    grown = read(kind, ("age", "town")).grow(table, rows, TREES, SEED)
    model = seeded(kind, SEED).set_params(randomforestclassifier__n_estimators=TREES)
    model.fit(frame[["age", "town"]][:40], frame["y"][:40])
    said = model.predict_proba(frame[["age", "town"]])[np.arange(60), frame["y"]]
    np.testing.assert_allclose(grown.votes.mean(axis=0), said, atol=1e-6)


def test_knows_its_own_and_passes_on_all_others(kind):
    family = family_of(kind, COLUMNS)
    assert isinstance(family, SklearnForest) and isinstance(family, Forest)
    assert family.trees == last(kind).n_estimators
    assert isinstance(CloneRecipe(kind, COLUMNS).family, Forest)


class Contrary(RandomForestClassifier):
    """A forest that says the opposite of what its trees say."""

    def predict_proba(self, X):
        return 1 - super().predict_proba(X)


@pytest.mark.parametrize(
    "other",
    [
        Contrary(),
        RandomForestRegressor(),
        DecisionTreeClassifier(),
        make_pipeline(StandardScaler(), LogisticRegression()),
        make_pipeline(StandardScaler(), Contrary()),
    ],
    ids=lambda one: type(one).__name__,
)
def test_what_is_no_mean_of_trees_is_not_taken(other):
    assert read(other, COLUMNS) is None


def test_same_seed_same_trees_and_nothing_is_changed(rows):
    for kind in KINDS.values():
        before = clone(kind).get_params()
        forest = read(kind, COLUMNS)
        first, again, other = (forest.grow(people(), rows, 3, seed) for seed in (1, 1, 2))
        np.testing.assert_array_equal(first.votes, again.votes)
        np.testing.assert_array_equal(first.drawn, again.drawn)
        assert (first.votes != other.votes).any() or kind is KINDS["bag of lines without chance"]
        assert str(kind.get_params()) == str(before) and not hasattr(last(kind), "classes_")


def test_says_what_to_do_where_rows_cannot_be_trained_on():
    frame = pd.DataFrame({"town": ["Ulm", "Ems"] * 10, "y": [0, 1] * 10})
    forest = read(RandomForestClassifier(), ("town",))
    with pytest.raises(RecipeError, match=r"growing 2 trees of another RandomForestClassifier failed.*Pass recipe="):
        forest.grow(FrameTable(frame, "y"), np.arange(10), 2, 0)
