"""Shadow models are those of the recipe on the rows that membership says, trained once and kept by content."""

import pickle
from dataclasses import dataclass, field, replace

import numpy as np
import pytest
from sklearn.tree import DecisionTreeClassifier

from reticent import _seeds
from reticent.attacks.shadow import aligned, shadows
from reticent.attacks.workbench import Workbench
from reticent.backends.function import FunctionModel
from reticent.errors import RecipeError
from reticent.target.access import Access


@dataclass
class Counted:
    """A recipe that counts how often it is asked to train."""

    inner: object
    calls: list = field(default_factory=list)

    def __call__(self, table, seed):
        self.calls.append(seed)
        return self.inner(table, seed)

    @property
    def fingerprint(self):
        return self.inner.fingerprint


@pytest.fixture
def counted(target):
    return replace(target, recipe=Counted(target.recipe))


def calls(target):
    made = len(target.recipe.calls)
    target.recipe.calls.clear()
    return made


def test_each_shadow_is_the_recipe_on_its_rows(target):
    found = shadows(target, 10, 4, Workbench(n_jobs=1))
    assert found.scores.shape == (10, 640, 2) and found.membership.shape == (10, 640)
    assert (found.membership.sum(axis=1) == 320).all() and (found.membership.sum(axis=0) == 5).all()
    for s in range(10):
        model = target.train(np.flatnonzero(found.membership[s]), _seeds.integer(4, "shadow", s))
        np.testing.assert_allclose(found.scores[s], target.answers(model), atol=1e-7)
    inside, outside = found.counts
    assert (inside + outside == 10).all()
    own, others = found.accuracy(target.truth)
    right = found.scores.argmax(axis=2) == target.truth
    for s in range(10):
        rows = found.membership[s]
        assert (own[s], others[s]) == (right[s, rows].mean(), right[s, ~rows].mean())


def test_rows_that_belong_together_go_together(target_of):
    target = target_of("repeated")
    found = shadows(target, 16, 0, Workbench(n_jobs=1))
    for unit in np.unique(target.population.unit):
        rows = found.membership[:, target.population.unit == unit]
        assert (rows == rows[:, :1]).all()


def test_without_a_recipe_or_with_too_few_shadows_it_says_so(target):
    with pytest.raises(RecipeError, match="pass recipe="):
        shadows(replace(target, recipe=None), 16, 0, Workbench(n_jobs=1))
    with pytest.raises(RecipeError, match=r"got 3 with 6 shadow models and 320 of 640 rows.*Use more shadow models"):
        shadows(target, 6, 0, Workbench(n_jobs=1))


def test_are_trained_once_a_bench(counted):
    bench = Workbench(n_jobs=1)
    first = shadows(counted, 8, 0, bench)
    assert calls(counted) == 8
    again = shadows(counted, 8, 0, bench)
    assert np.shares_memory(again.scores, first.scores) and calls(counted) == 0
    for other in (replace(counted, access=Access.LABELS), counted):
        shadows(other, 8, 1 if other is counted else 0, bench)
        assert calls(counted) == 8
    more = shadows(counted, 10, 0, bench)
    assert calls(counted) == 2, "the first eight are known"
    np.testing.assert_array_equal(more.scores[:8], first.scores)
    np.testing.assert_array_equal(more.scores, shadows(counted, 10, 0, Workbench(n_jobs=1)).scores)
    assert shadows(counted, 2, 0, bench, fewest=0).scores.shape[0] == 2


def test_finished_pieces_are_taken_up_again(counted, tmp_path):
    first = shadows(counted, 8, 0, Workbench(n_jobs=1, folder=tmp_path))
    assert calls(counted) == 8 == len(list(tmp_path.glob("*.npy")))
    again = shadows(counted, 8, 0, Workbench(n_jobs=1, folder=tmp_path))
    assert calls(counted) == 0
    np.testing.assert_array_equal(again.scores, first.scores)
    lost, cut, *_ = sorted(tmp_path.glob("*.npy"))
    lost.unlink()
    cut.write_bytes(cut.read_bytes()[:100])
    again = shadows(counted, 8, 0, Workbench(n_jobs=1, folder=tmp_path))
    assert calls(counted) == 2
    np.testing.assert_array_equal(again.scores, first.scores)


def test_pieces_of_anything_else_are_not_taken_up(counted, target_of, given, tmp_path):
    shadows(counted, 8, 0, Workbench(n_jobs=1, folder=tmp_path))
    calls(counted)
    members = given()["members"].copy()
    members.loc[0, "weight"] += 1
    other_rows = target_of(members=members)
    parameters = {"decisiontreeclassifier__max_depth": 5}
    others = {
        "seed": (counted, 1),
        "access": (replace(counted, access=Access.LABELS), 0),
        "rows": (replace(other_rows, recipe=Counted(other_rows.recipe)), 0),
        "parameters": (replace(counted, recipe=Counted(counted.recipe.inner.with_parameters(parameters))), 0),
    }
    for name, (other, seed) in others.items():
        shadows(other, 8, seed, Workbench(n_jobs=1, folder=tmp_path))
        assert calls(other) == 8, name


def test_a_recipe_without_a_lasting_name_is_trained_again(target_of, tree, tmp_path):
    trained = []

    def recipe(rows, seed):
        trained.append(seed)
        return tree().fit(rows.drop(columns="y"), rows["y"])

    target = target_of(recipe=recipe)
    bench = Workbench(n_jobs=1, folder=tmp_path)
    shadows(target, 8, 0, bench)
    shadows(target, 8, 0, bench)
    assert len(trained) == 8 and not list(tmp_path.glob("*.npy"))
    shadows(target, 8, 0, Workbench(n_jobs=1, folder=tmp_path))
    assert len(trained) == 16


@pytest.mark.parametrize("access", [Access.SCORES, Access.LABELS], ids=["scores", "labels"])
def test_a_shadow_that_never_met_a_class_answers_in_the_targets_columns(access, target_of, given, tree):
    members = given()["members"].copy()
    members.loc[0, "y"] = "aaa"  # one person of a class of its own, sorted first
    model = tree().fit(members.drop(columns="y"), members["y"])
    target = target_of(members=members, model=model, access=access)
    found = shadows(target, 8, 0, Workbench(n_jobs=1))
    assert found.scores.shape == (8, 640, 3)
    np.testing.assert_allclose(found.scores.sum(axis=2), 1, atol=1e-6)
    without = ~found.membership[:, 0]
    assert without.sum() == 4 and (found.scores[without, :, 0] == 0).all()
    own, _ = found.accuracy(target.truth)
    assert own.min() > 0.8


def test_columns_follow_the_targets_classes_in_any_order():
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(90, 2)), np.repeat(["a", "b", "c"], 30)
    fitted = DecisionTreeClassifier(random_state=0).fit(x, y)
    order = np.array(["c", "a", "b"])
    like = FunctionModel(lambda rows: fitted.predict_proba(rows)[:, [2, 0, 1]], order)
    shadow = FunctionModel(fitted.predict_proba, fitted.classes_)
    np.testing.assert_array_equal(aligned(shadow.scores(x), shadow, like), like.scores(x))


def test_a_function_with_classes_of_its_own_order_is_attacked_alike(target, target_of, given, tree):
    native = given()["model"]

    def recipe(rows, seed):
        return tree().set_params(decisiontreeclassifier__random_state=seed).fit(rows.drop(columns="y"), rows["y"])

    turned = target_of(model=lambda x: native.predict_proba(x)[:, ::-1], classes=["yes", "no"], recipe=recipe)
    ours, theirs = (shadows(one, 8, 0, Workbench(n_jobs=1)) for one in (turned, target))
    np.testing.assert_array_equal(ours.scores[:, :, ::-1], theirs.scores)


def test_the_model_itself_need_not_travel_to_the_workers(target):
    class Heavy:
        """A model of many gigabytes, say."""

        def __init__(self, inner):
            self.inner = inner

        def __getattr__(self, name):
            return getattr(self.inner, name)

        def __reduce__(self):
            raise AssertionError("somebody sends the model itself")

    class Sending(Workbench):
        """A bench that sends its tasks to nobody far away."""

        def spread(self, work, tasks):
            yield from (work(*pickle.loads(pickle.dumps(task))) for task in tasks)

    heavy = replace(target, model=Heavy(target.model))
    found = shadows(heavy, 8, 0, Sending(n_jobs=1))
    np.testing.assert_array_equal(found.scores, shadows(target, 8, 0, Workbench(n_jobs=1)).scores)
