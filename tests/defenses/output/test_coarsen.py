"""Coarser answers: less is said of how sure the model is, and the predicted label never changes."""

import numpy as np
import pytest
from hypothesis import example, settings
from hypothesis import given as hypothesis_given
from hypothesis import strategies as st
from sklearn.base import clone
from sklearn.naive_bayes import GaussianNB

from reticent.attacks.shadow import shadows
from reticent.attacks.workbench import Workbench
from reticent.defenses.output.coarsen import POLICIES, Coarsen, Coarsened, Coarsening, coarsenings
from reticent.errors import AccessError, ParameterError
from reticent.target.access import Access


def naive(policy, row):
    """What one row becomes, by the words of the policies."""
    best = int(np.argmax(row))
    if policy == "label":
        return [float(i == best) for i in range(len(row))]
    if policy == "rounded":
        said = [round(float(share), 1) + (0.01 if i == best else 0) for i, share in enumerate(row)]
        return [share / sum(said) for share in said]
    top = float(row[best])
    if policy == "bands":
        top = max(0.6 if top < 0.6 else 0.7 if top < 0.8 else 0.9, 1 / len(row) + 1e-6)
    return [top if i == best else (1 - top) / (len(row) - 1) for i in range(len(row))]


@pytest.mark.parametrize("policy", POLICIES)
@pytest.mark.parametrize("classes", [2, 3, 7])
def test_says_what_the_policy_says(policy, classes):
    scores = np.random.default_rng(classes).dirichlet([0.5] * classes, 300)
    found = Coarsening(policy)(scores)
    np.testing.assert_allclose(found, [naive(policy, row) for row in scores], atol=1e-12)
    stacked = Coarsening(policy)(scores.reshape(3, 100, classes).astype(np.float32))
    np.testing.assert_allclose(stacked.reshape(300, classes), found, atol=1e-5)


@settings(max_examples=200, deadline=None)
@example("top-1", [1, 1, 1])
@example("top-1", [1] * 6)
@hypothesis_given(st.sampled_from(POLICIES), st.lists(st.integers(0, 20), min_size=2, max_size=6).filter(any))
def test_the_best_class_stays_the_best(policy, weights):
    scores = np.array([weights]) / sum(weights)
    found = Coarsening(policy)(scores)
    assert found.argmax() == scores.argmax()
    if policy != "top-1":  # which leaves a tie as it is
        assert (found[0] < found.max()).sum() == len(weights) - 1
    assert found.min() >= 0 and found.sum() == pytest.approx(1)


@pytest.mark.parametrize(("policy", "most"), [("label", 1), ("bands", 3), ("rounded", 10), ("top-1", None)])
def test_says_less(policy, most):
    scores = np.random.default_rng(0).dirichlet([1, 1, 1], 2000)
    found = Coarsening(policy)(scores)
    tops = np.unique(found.max(axis=1).round(6))
    if most is not None:
        assert len(tops) <= 3 * most
    runners_up = np.sort(found, axis=1)[:, :2]
    if policy != "rounded":
        np.testing.assert_allclose(runners_up[:, 0], runners_up[:, 1], atol=1e-9)  # nothing is told of the others


def test_other_words_are_refused():
    for make in (Coarsen, Coarsening):
        with pytest.raises(ParameterError, match=r"bands, label, rounded, top-1; got policy='soft'"):
            make(policy="soft")


@pytest.mark.parametrize(
    ("access", "after"),
    [
        (Access.SCORES, Access.LABELS),
        (Access.SCORES | Access.EXPLANATIONS, Access.EXPLANATIONS),
    ],
)
def test_labels_alone_take_the_scores_away_and_nothing_else(access, after, target_of):
    target = target_of(access=access)
    assert Coarsen(policy="label").apply(target).access is after
    assert Coarsen(policy="bands").apply(target).access is access
    assert target.access is access


@pytest.mark.parametrize("access", [Access.GRADIENTS, Access.PARAMETERS, Access.SCORES | Access.PARAMETERS])
def test_who_can_compute_the_scores_is_not_stopped(access, target_of):
    with pytest.raises(AccessError, match="computes the scores himself"):
        Coarsen(policy="label").apply(target_of(access=access))


def test_two_classes_have_no_runner_up_to_hide(target_of):
    assert [one.policy for one in coarsenings(target_of())] == ["rounded", "bands", "label"]
    assert [one.policy for one in coarsenings(target_of("classes"))] == list(POLICIES)
    with pytest.raises(AccessError, match="the best one tells the other"):
        Coarsen(policy="top-1").apply(target_of())


@pytest.mark.parametrize("policy", ["rounded", "bands", "label"])
def test_nothing_is_trained_again(policy, target):
    bench = Workbench(n_jobs=1)
    raw = shadows(target, 8, 0, bench)
    after = Coarsen(policy=policy).apply(target)
    assert after.model.native.estimator_ is target.model.native
    trained = len(bench._results)
    coarse = shadows(after, 8, 0, bench)
    assert len(bench._results) == trained
    np.testing.assert_allclose(coarse.scores, Coarsening(policy)(raw.scores), atol=1e-6)


def test_the_estimator_is_scikit_learns(given):
    x, y = given("arrays")["members"]
    inner = GaussianNB()
    made = Coarsened(inner, policy="bands").fit(x, y)
    fitted = clone(inner).fit(x, y)
    assert not hasattr(inner, "theta_")
    np.testing.assert_array_equal(made.predict(x), fitted.predict(x))
    np.testing.assert_allclose(made.predict_proba(x), Coarsening("bands")(fitted.predict_proba(x)))
    again = clone(made)
    assert again.get_params()["policy"] == "bands" and not hasattr(again, "estimator_")
    around = Coarsened.around(fitted, "bands")
    np.testing.assert_array_equal(around.predict_proba(x), made.predict_proba(x))
    assert not hasattr(around, "feature_names_in_")


def test_a_function_is_answered_for_too(given, target_of):
    native = given()["model"]
    target = target_of(model=native.predict_proba)
    after = Coarsen(policy="bands").apply(target)
    assert after.recipe is None
    again = target_of(model=after.model.native)
    np.testing.assert_array_equal(again.scores, after.scores)
    assert len(np.unique(after.scores)) <= 6


@pytest.mark.parametrize("policy", POLICIES)
def test_precision_of_the_scores_does_not_change_the_answer(policy):
    """Forests of 100 trees say 0.35: that is a little less in one precision and a little more in another."""
    share = np.arange(101) / 100
    scores = np.column_stack([share, 1 - share])
    np.testing.assert_allclose(Coarsening(policy)(scores), Coarsening(policy)(scores.astype(np.float32)), atol=1e-6)
