"""What every backend keeps: a model answers in the order of its classes, a recipe says the same of itself anywhere."""

import functools
import pickle
import subprocess
import sys
from dataclasses import dataclass, replace

import joblib
import numpy as np
import pytest
from sklearn.base import clone
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import FixedThresholdClassifier
from sklearn.naive_bayes import GaussianNB
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import LinearSVC
from sklearn.tree import DecisionTreeClassifier

from reticent.backends import onnx
from reticent.backends.function import FunctionModel, FunctionRecipe
from reticent.backends.sklearn import CloneRecipe, SklearnModel, infer_recipe
from reticent.errors import ModelError, ParameterError, RecipeError
from reticent.target.family.network import Network
from reticent.target.model import Model
from reticent.target.recipe import (
    Changed,
    InputRecipe,
    MappedModel,
    OutputModel,
    OutputRecipe,
    TableRecipe,
    WrappedModel,
)
from reticent.target.table import ArrayTable

FEATURES = ("x0", "x1", "x2")


@pytest.fixture(scope="module")
def table(people):
    """200 people of three classes, as numbers."""
    drawn = people(200, 5, ("high", "low", "middle"))
    return ArrayTable(drawn[["age", "income", "weight"]].to_numpy(np.float32), drawn["y"].to_numpy().astype("<U6"))


@dataclass(frozen=True)
class Half:
    """Answers drawn half way to a guess."""

    name: str = "half"

    def __call__(self, scores):
        return (scores + 1 / scores.shape[-1]) / 2


def _wrapped(table):
    inner = SklearnModel(GaussianNB().fit(table.x, table.y))
    return WrappedModel(inner, inner.native)


def rounded(x):
    """Rows as they are asked about: to a tenth."""
    return np.round(x, 1)


def _onnx(table):
    convert = pytest.importorskip("skl2onnx", reason="skl2onnx is not installed: no ONNX file to read")
    pytest.importorskip("onnxruntime", reason="onnxruntime is not installed")
    fitted = make_pipeline(StandardScaler(), LogisticRegression()).fit(table.x, table.y)
    return onnx.read_model(convert.to_onnx(fitted, table.x[:1]).SerializeToString())


MODELS = {
    "tree": lambda t: SklearnModel(DecisionTreeClassifier(max_depth=4, random_state=0).fit(t.x, t.y)),
    "pipeline": lambda t: SklearnModel(make_pipeline(StandardScaler(), LogisticRegression()).fit(t.x, t.y)),
    "margins": lambda t: SklearnModel(LinearSVC().fit(t.x, t.y)),
    "two margins": lambda t: SklearnModel(LinearSVC().fit(t.x, np.where(t.y == "high", "high", "low"))),
    "votes": lambda t: SklearnModel(KNeighborsClassifier(5).fit(t.x, t.y)),
    "function": lambda t: FunctionModel(GaussianNB().fit(t.x, t.y).predict_proba, np.unique(t.y)),
    "object": lambda t: FunctionModel(GaussianNB().fit(t.x, t.y), np.unique(t.y)),
    "wrapped": _wrapped,
    "output": lambda t: OutputModel(_wrapped(t).inner, None, Half()),
    "mapped": lambda t: MappedModel(_wrapped(t).inner, None, rounded),
    "onnx": _onnx,
}


@pytest.fixture(params=MODELS)
def model(request, table):
    return MODELS[request.param](table)


def test_fulfils_the_protocol(model):
    assert isinstance(model, Model)
    assert isinstance(model.has_scores, bool)
    assert model.unreadable is None or len(model.unreadable) > 20
    assert set(model.describe()) >= {"class", "package", "parameters"}
    assert all(isinstance(value, str) for value in model.describe()["parameters"].values())


def test_scores_are_probabilities_in_the_order_of_the_classes(model, table):
    scores = model.scores(table.x)
    assert scores.shape == (len(table), len(model.classes)) and scores.dtype == np.float64
    np.testing.assert_allclose(scores.sum(axis=1), 1, atol=1e-6)
    assert scores.min() >= 0
    likeliest = model.classes[scores.argmax(axis=1)]
    truth = table.y if len(model.classes) == 3 else np.where(table.y == "high", "high", "low")
    assert (likeliest == truth).mean() > 0.45  # a third for classes in any other order


def test_labels_agree_with_scores(model, table):
    labels = model.labels(table.x)
    assert labels.shape == (len(table),) and labels.dtype.kind == "i"
    assert ((labels >= 0) & (labels < len(model.classes))).all()
    np.testing.assert_array_equal(labels, model.scores(table.x).argmax(axis=1))


@pytest.mark.parametrize("name", ["tree", "pipeline", "margins", "two margins", "votes", "wrapped"])
def test_labels_are_what_the_model_predicts(name, table):
    model = MODELS[name](table)
    np.testing.assert_array_equal(model.classes[model.labels(table.x)], model.native.predict(table.x))


def test_labels_are_what_a_model_with_a_tuned_threshold_predicts(table):
    sure = FixedThresholdClassifier(GaussianNB(), threshold=0.8, response_method="predict_proba")
    model = SklearnModel(sure.fit(table.x, table.y == "high"))
    assert (model.scores(table.x).argmax(axis=1) != model.labels(table.x)).any()
    np.testing.assert_array_equal(model.classes[model.labels(table.x)], model.native.predict(table.x))


def test_walking_changes_nothing(model, table):
    if model.unreadable is not None:
        return
    answers = model.labels(table.x)
    arrays = list(model.arrays())
    assert arrays and all(isinstance(path, str) and array.dtype.kind in "fiub" for path, array in arrays)
    steps = list(model.representations(table.x))
    np.testing.assert_array_equal(steps[0][1], table.x)
    assert all(len(rows) == len(table) for _, rows in steps)
    np.testing.assert_array_equal(model.labels(table.x), answers)


def test_a_pipeline_shows_rows_after_each_step(table):
    model = MODELS["pipeline"](table)
    (_, raw), (name, scaled) = model.representations(table.x)
    assert "standardscaler" in name
    np.testing.assert_allclose(scaled, (raw - raw.mean(axis=0)) / raw.std(axis=0), atol=1e-4)


def test_models_travel_to_other_processes(model, table):
    np.testing.assert_array_equal(pickle.loads(pickle.dumps(model)).scores(table.x), model.scores(table.x))


def test_a_function_of_one_column_means_two_classes(table):
    sick = table.y == "high"
    fitted = GaussianNB().fit(table.x, sick)
    one = FunctionModel(lambda x: fitted.predict_proba(x)[:, 1], np.array([False, True]))
    np.testing.assert_allclose(one.scores(table.x), fitted.predict_proba(table.x), atol=1e-6)


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        (lambda x: x["age"], "does not accept the table"),
        (lambda x: x.nothing(), "does not accept the table"),
        (lambda x: np.full((len(x), 2), 0.5), r"shape \(n, 3\).*got \(200, 2\)"),
        (lambda x: np.full(len(x), 0.5), r"got \(200,\)"),
    ],
)
def test_a_function_that_answers_otherwise_is_named(answer, message, table):
    with pytest.raises(ModelError, match=message):
        FunctionModel(answer, np.unique(table.y)).scores(table.x)


# recipes


def train(rows, seed):
    """A recipe of a user's own, in a module."""
    return RandomForestClassifier(3, random_state=seed).fit(*rows)


def halved(recipe):
    return OutputRecipe(recipe, Half(), None, lambda native: native)


@dataclass(frozen=True)
class Twice:
    name: str = "twice"

    def __call__(self, table, seed):
        return Changed(table.join(table), lambda x: x)


@dataclass(frozen=True)
class Known:
    """Rows are asked about as the nearest income of those that the model learned from."""

    name: str = "as known ones"

    def __call__(self, model, table, seed):
        return MappedModel(model, model.native, functools.partial(nearest, np.sort(table.x[:, 1])))


def nearest(known, x):
    place = np.abs(known[:, None] - x[:, 1]).argmin(axis=0)
    return np.column_stack([x[:, 0], known[place], x[:, 2]])


FOREST = RandomForestClassifier(5, max_depth=4, random_state=1, n_jobs=1)
RECIPES = {
    "clone": infer_recipe(FOREST, FEATURES),
    "pipeline": infer_recipe(make_pipeline(StandardScaler(), FOREST), FEATURES),
    "function": FunctionRecipe(train, np.array(["high", "low", "middle"])),
    "output": halved(infer_recipe(FOREST, FEATURES)),
    "table": TableRecipe(infer_recipe(FOREST, FEATURES), Twice(), lambda native: native),
    "input": InputRecipe(infer_recipe(FOREST, FEATURES), Known()),
}


@pytest.fixture(params=RECIPES)
def recipe(request):
    return RECIPES[request.param]


def test_recipes_train_by_seed(recipe, table):
    first, again, other = (recipe(table, seed) for seed in (1, 1, 2))
    assert isinstance(first, Model)
    np.testing.assert_array_equal(first.scores(table.x), again.scores(table.x))
    assert np.abs(first.scores(table.x) - other.scores(table.x)).max() > 0.01
    assert (first.classes == np.unique(table.y)).all()


def test_recipes_train_on_the_rows_they_are_given(recipe, table):
    half = recipe(table.take(np.arange(0, 200, 2)), 1)
    assert np.abs(half.scores(table.x) - recipe(table, 1).scores(table.x)).max() > 0.01


def test_recipes_never_touch_the_model_they_come_from(table):
    fitted = clone(FOREST).fit(table.x, table.y)
    before = joblib.hash(fitted)
    recipe = infer_recipe(fitted, FEATURES)
    recipe(table.take(np.arange(50)), 9)
    recipe.with_parameters({"max_depth": 2})(table, 9)
    assert joblib.hash(fitted) == before
    assert not hasattr(recipe.estimator, "estimators_")


def test_a_recipe_gives_every_step_the_seed_and_one_thread(table):
    bag = make_pipeline(StandardScaler(), RandomForestClassifier(3, n_jobs=2))
    trained = infer_recipe(bag, FEATURES)(table, 17).native[-1]
    assert (trained.random_state, trained.n_jobs) == (17, None)


def test_a_mapped_model_never_meets_a_row_as_it_is(table):
    model = MODELS["mapped"](table)
    np.testing.assert_array_equal(model.scores(table.x), model.inner.scores(rounded(table.x)))
    np.testing.assert_array_equal(model.labels(table.x), model.inner.labels(rounded(table.x)))
    assert np.abs(model.scores(table.x) - model.inner.scores(table.x)).max() > 1e-4


def test_what_is_asked_is_fitted_to_each_model_anew(table):
    recipe, half = RECIPES["input"], table.take(np.arange(0, 200, 2))
    whole, part = recipe(table, 1), recipe(half, 1)
    np.testing.assert_array_equal(whole.place(table.x), table.x)
    assert set(part.place(table.x)[:, 1]) <= set(half.x[:, 1])
    np.testing.assert_array_equal(part.scores(table.x), recipe.inner(half, 1).scores(part.place(table.x)))
    assert recipe.family is None  # a forest's arithmetic is about rows as they are


@dataclass(frozen=True)
class Together:
    """A recipe that trains several models at once."""

    inner: object

    @property
    def family(self):
        return self

    def obstacle(self, table):
        return "too few" if len(table) < 10 else None

    def chunk(self, table):
        return 3

    def train(self, table, chosen, seeds):
        return [self.inner(table.take(rows), seed) for rows, seed in zip(chosen, seeds, strict=True)]


def test_networks_are_trained_together_and_mapped_each(table):
    recipe = InputRecipe(Together(RECIPES["clone"]), Known())
    family = recipe.family
    assert isinstance(family, Network) and family.chunk(table) == 3
    assert (family.obstacle(table), family.obstacle(table.take(np.arange(5)))) == (None, "too few")
    rows = [np.arange(0, 150), np.arange(50, 200)]
    for model, own, seed in zip(family.train(table, rows, [3, 4]), rows, (3, 4), strict=True):
        alone = RECIPES["input"](table.take(own), seed)
        np.testing.assert_array_equal(model.scores(table.x), alone.scores(table.x))


def test_fingerprints_tell_recipes_apart():
    one = RECIPES["clone"]
    assert one.fingerprint == infer_recipe(clone(FOREST), FEATURES).fingerprint
    others = [
        infer_recipe(clone(FOREST).set_params(max_depth=5), FEATURES),
        infer_recipe(FOREST, ("x0", "x1")),
        infer_recipe(DecisionTreeClassifier(), FEATURES),
        *(recipe for name, recipe in RECIPES.items() if name != "clone"),
        FunctionRecipe(halved, np.array([0, 1])),
    ]
    prints = [one.fingerprint, *(other.fingerprint for other in others)]
    assert None not in prints and len(set(prints)) == len(prints)


def test_fingerprints_are_the_same_in_another_process(tmp_path):
    (tmp_path / "mine.py").write_text("def train(rows, seed):\n    return None\n")
    script = """
import sys; sys.path.insert(0, sys.argv[1])
import numpy as np
from sklearn.ensemble import RandomForestClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from reticent.backends.function import FunctionRecipe
from reticent.backends.sklearn import infer_recipe
import mine
forest = RandomForestClassifier(5, max_depth=4, random_state=1, n_jobs=1)
print(infer_recipe(make_pipeline(StandardScaler(), forest), ("x0", "x1", "x2")).fingerprint)
print(FunctionRecipe(mine.train, np.array([0, 1])).fingerprint)
"""
    runs = [
        subprocess.run([sys.executable, "-c", script, str(tmp_path)], capture_output=True, text=True, check=True).stdout
        for _ in range(2)
    ]
    assert runs[0] == runs[1]
    pipeline, function = runs[0].splitlines()
    assert pipeline == RECIPES["pipeline"].fingerprint
    assert len(function) == 64


def test_a_function_whose_memory_cannot_be_seen_has_no_fingerprint():
    depth = 3

    def closure(rows, seed):
        return DecisionTreeClassifier(max_depth=depth).fit(*rows)

    class Trainer:
        def __init__(self, depth):
            self.depth = depth

        def train(self, rows, seed):
            return DecisionTreeClassifier(max_depth=self.depth).fit(*rows)

        __call__ = train

    for function in (closure, Trainer(2).train, Trainer(2), eval("lambda rows, seed: None")):
        assert FunctionRecipe(function, np.array([0, 1])).fingerprint is None


def test_capacities_are_smoother_and_mildest_first():
    grown = infer_recipe(RandomForestClassifier(min_samples_leaf=20), FEATURES).capacities()
    assert [one["min_samples_leaf"] for one in grown] == [50, 100, 200]
    inside = infer_recipe(make_pipeline(StandardScaler(), LogisticRegression(C=0.01)), FEATURES).capacities()
    assert inside == [{"logisticregression__C": 0.001}]
    neighbors = infer_recipe(KNeighborsClassifier(5), FEATURES).capacities()
    assert [one["n_neighbors"] for one in neighbors] == [15, 50, 100]
    assert not infer_recipe(FixedThresholdClassifier(GaussianNB(var_smoothing=1.0)), FEATURES).capacities()
    for recipe in (RECIPES["output"], RECIPES["table"], RECIPES["input"]):
        assert recipe.capacities() == RECIPES["clone"].capacities()


def test_parameters_change_only_the_copy():
    changed = RECIPES["clone"].with_parameters({"max_depth": 2})
    assert isinstance(changed, CloneRecipe)
    assert (changed.estimator.max_depth, RECIPES["clone"].estimator.max_depth) == (2, 4)
    for name in ("output", "table", "input"):
        wrapped = RECIPES[name].with_parameters({"max_depth": 2})
        assert type(wrapped) is type(RECIPES[name]) and wrapped.inner.estimator.max_depth == 2
    with pytest.raises(ParameterError, match="does not take"):
        RECIPES["clone"].with_parameters({"nothing": 1})
    with pytest.raises(RecipeError, match="pass an estimator"):
        RECIPES["function"].with_parameters({"max_depth": 2})


def test_a_recipe_that_fails_says_what_to_do(table):
    texts = replace(table, x=np.full(table.x.shape, "town", dtype=object))
    with pytest.raises(RecipeError, match=r"Pass recipe="):
        RECIPES["clone"](texts, 0)
    with pytest.raises(RecipeError, match=r"the recipe train failed on 200 rows: ValueError"):
        RECIPES["function"](texts, 0)
