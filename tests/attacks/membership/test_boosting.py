"""Leaf arithmetic against a loop over rows, rounds and classes; and against the models that it saves."""

from dataclasses import replace

import lightgbm
import numpy as np
import pytest
import xgboost
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import special
from sklearn.ensemble import HistGradientBoostingClassifier

from reticent.attacks.attack import obstacle
from reticent.attacks.membership import boosting
from reticent.attacks.membership.boosting import LeafArithmetic, leaf_values, log_odds, moments_of, with_and_without
from reticent.attacks.shadow import shadows
from reticent.attacks.signals import confidence, smoothed_logit
from reticent.attacks.workbench import Workbench
from reticent.describe import describe
from reticent.errors import AccessError, ParameterError
from reticent.stats import roc
from reticent.target.access import Access
from reticent.target.family.boosting import Boosted, LeafRule

CLASSIFIERS = {
    "lightgbm": lightgbm.LGBMClassifier(n_estimators=30, min_child_samples=5, verbose=-1, n_jobs=1),
    "xgboost": xgboost.XGBClassifier(n_estimators=20, n_jobs=1),
    "histogram": HistGradientBoostingClassifier(max_iter=30, min_samples_leaf=5),
}


def trees(seed, classes=2, n=40, rounds=5, leaves=4, **rule):
    """A model of any leaves at all: the arithmetic does not ask where they come from."""
    rng = np.random.default_rng(seed)
    columns = 1 if classes == 2 else classes
    return Boosted(
        leaves=rng.integers(0, leaves, (rounds, columns, n)).astype(np.uint8),
        extra_l2=rng.gamma(1, 1, (rounds, columns, leaves)),
        start=rng.normal(size=columns),
        truth=rng.integers(0, classes, n),
        learned=rng.random(n) < 0.5,
        weight=rng.gamma(2, 1, n),
        rule=LeafRule(**{"rate": 0.3, "l2": 0.5, **rule}),
        raw=lambda rows: np.zeros((len(rows), columns)),
    )


def naive_value(g, h, extra, rule):
    g = np.sign(g) * max(abs(g) - rule.l1, 0)
    step = -g / (h + rule.l2 + extra)
    if rule.max_step:
        step = min(max(step, -rule.max_step), rule.max_step)
    return rule.rate * step


def naive_terms(score, label, weight, rule):
    """Gradient and curvature of one row for every column."""
    if len(score) == 1:
        p = np.array([1 / (1 + np.exp(-score[0]))])
        hit = np.array([label])
    else:
        p = np.exp(score) / np.exp(score).sum()
        hit = np.arange(len(score)) == label
    return weight * (p - hit), weight * rule.curvature * p * (1 - p)


def naive(model):
    """One row at a time: boost with everybody as it was, and this row on the other side."""
    n, columns = len(model.truth), model.leaves.shape[1]
    history = [np.tile(model.start, (n, 1))]  # everybody's scores before each round
    for tree, extra in zip(model.leaves, model.extra_l2, strict=True):
        terms = [naive_terms(history[-1][i], model.truth[i], model.weight[i], model.rule) for i in range(n)]
        after = history[-1].copy()
        for k in range(columns):
            for leaf in np.unique(tree[k]):
                those = [i for i in range(n) if model.learned[i] and tree[k, i] == leaf]
                sums = [sum(terms[i][part][k] for i in those) for part in (0, 1)]
                after[tree[k] == leaf, k] += naive_value(*sums, extra[k, leaf], model.rule)
        history.append(after)
    other = np.tile(model.start, (n, 1))
    for i in range(n):
        for step, (tree, extra) in enumerate(zip(model.leaves, model.extra_l2, strict=True)):
            changed = other[i].copy()
            for k in range(columns):
                mates = [j for j in range(n) if model.learned[j] and j != i and tree[k, j] == tree[k, i]]
                sums = [0.0, 0.0]
                for j in mates:
                    terms = naive_terms(history[step][j], model.truth[j], model.weight[j], model.rule)
                    sums = [sums[part] + terms[part][k] for part in (0, 1)]
                if not model.learned[i]:  # put in: its gradient follows its own score so far
                    terms = naive_terms(other[i], model.truth[i], model.weight[i], model.rule)
                    sums = [sums[part] + terms[part][k] for part in (0, 1)]
                changed[k] += naive_value(*sums, extra[k, tree[k, i]], model.rule)
            other[i] = changed
    return history[-1], other


@pytest.mark.parametrize("classes", [2, 3])
@pytest.mark.parametrize("rule", [{}, {"l1": 0.8, "curvature": 2.0}, {"max_step": 0.5, "l2": 0.0}])
def test_arithmetic_is_that_of_one_row_after_the_other(classes, rule):
    for seed in range(3):
        model = trees(seed, classes, **rule)
        for fast, slow in zip(with_and_without(model), naive(model), strict=True):
            np.testing.assert_allclose(fast, slow, atol=1e-9)


def test_a_tree_without_a_split_counts_where_the_library_lets_it():
    model = replace(trees(0), leaves=np.zeros((5, 1, 40), dtype=np.uint8))
    silent, _ = with_and_without(model)
    assert (silent == model.start).all()
    loud, _ = with_and_without(replace(model, rule=replace(model.rule, lone=True)))
    np.testing.assert_allclose(loud, naive(model)[0])


def test_a_leaf_left_to_nobody_has_a_finite_value():
    model = replace(trees(1, n=8, leaves=40, l2=0.0), extra_l2=None)
    assert all(np.isfinite(scores).all() for scores in with_and_without(model))
    assert leaf_values(np.zeros(1), np.zeros(1), LeafRule(rate=0.1)) == 0


def test_log_odds_are_those_of_the_true_class():
    rng = np.random.default_rng(0)
    raw, truth = rng.normal(size=(50, 4)) * 3, rng.integers(0, 4, 50)
    np.testing.assert_allclose(log_odds(raw, truth), special.logit(special.softmax(raw, axis=1)[np.arange(50), truth]))
    two = raw[:, :1]
    np.testing.assert_allclose(log_odds(two, truth % 2), np.where(truth % 2, two[:, 0], -two[:, 0]))
    far = log_odds(np.array([[800.0, 0.0, 0.0], [0.0, 800.0, 0.0]]), np.array([0, 0]))
    np.testing.assert_allclose(far, [800 - np.log(2), -800])  # where probabilities are exactly 0 and 1


def simulated(seed, fits=4, n=3000):
    """Signals of real models, and what arithmetic that sees a third of each row's gap makes of them."""
    rng = np.random.default_rng(seed)
    first = rng.random((fits // 2, n)) < 0.5
    inside = np.concatenate([first, ~first])
    gap, spread = rng.gamma(1, 0.6, n), rng.gamma(3, 0.1, n)
    noise = rng.normal(size=n) * 2 + rng.normal(size=(fits, n)) * spread
    real = noise + np.where(inside, gap, 0)
    return real, real + np.where(inside, -gap / 3, gap / 3), inside, gap


def test_moments_find_the_gap_that_arithmetic_understates():
    real, other, inside, gap = simulated(0)
    made = moments_of(real, other, inside)
    found = made.mean_in - made.mean_out
    assert np.where(inside, real - other, other - real).mean() == pytest.approx(gap.mean() / 3)
    assert found.mean() == pytest.approx(gap.mean(), abs=0.05)  # the fits' noise: 0.3 / sqrt(4 * 3000) times ten
    assert np.corrcoef(found, gap)[0, 1] > 0.95
    assert np.polyfit(gap, found, 1)[0] == pytest.approx(1, abs=0.1)


def test_no_gap_is_found_where_there_is_none():
    """Arithmetic that believes in a gap is put right by models that really met the rows and did not."""
    rng = np.random.default_rng(1)
    real = rng.normal(size=5000) + 0.3 * rng.normal(size=(4, 5000))
    inside = np.array([[True], [False], [True], [False]]) ^ (rng.random(5000) < 0.5)
    made = moments_of(real, real - np.where(inside, 1.0, -1.0), inside)
    assert abs((made.mean_in - made.mean_out).mean()) < 0.05


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 10**6), st.integers(2, 6), st.integers(2, 30), st.sampled_from([0.0, 1e-9, 1.0, 1e3]))
def test_moments_are_finite_whatever_comes(seed, fits, n, scale):
    """Constant signals, rows that are in all fits or in none, ties, few rows."""
    rng = np.random.default_rng(seed)
    real = scale * rng.integers(-2, 3, (fits, n)).astype(float)
    other = real + scale * rng.integers(-1, 2, (fits, n))
    made = moments_of(real, other, rng.random((fits, n)) < rng.random())
    for part in (made.mean_in, made.mean_out, made.var_in, made.var_out):
        assert part.shape == (n,) and np.isfinite(part).all()
    assert (made.var_in > 0).all() and (made.var_out > 0).all()
    assert np.isfinite(made.log_ratio(real[0])).all()


@pytest.fixture(scope="module")
def bench():
    return Workbench(n_jobs=1)


@pytest.fixture(scope="module")
def boosted(given, tree):
    """``boosted(name, kind)``: a described target whose trees are boosted."""

    def build(name, kind="pandas", **changes):
        arguments = given(kind, **changes)
        for side in ("members", "nonmembers"):  # XGBoost takes no words
            arguments[side] = arguments[side].assign(y=np.unique(arguments[side]["y"], return_inverse=True)[1])
        members = arguments["members"]
        model = tree(CLASSIFIERS[name]).fit(members.drop(columns="y"), members["y"])
        return describe(**{**arguments, "model": model})

    return build


@pytest.mark.parametrize("name", CLASSIFIERS)
@pytest.mark.parametrize("kind", ["pandas", "classes"])
def test_finds_members(boosted, bench, name, kind):
    found = LeafArithmetic().run(boosted(name, kind), 3, bench)
    assert found.auc().low > 0.55
    assert found.facts["mean gap, with what splits add"] > found.facts["mean gap, by arithmetic alone"] > 0
    assert found.scores.shape == (640,) and found.replicas is None and found.parameters == {"fits": 4, "targets": 0}


@pytest.mark.slow
def test_same_numbers_whatever_the_workers(boosted):
    target = boosted("lightgbm")
    one, two = (LeafArithmetic(fits=2).run(target, 5, Workbench(n_jobs=jobs)).scores for jobs in (1, 2))
    np.testing.assert_array_equal(one, two)
    other = LeafArithmetic(fits=2).run(target, 6, Workbench(n_jobs=1)).scores
    assert (one != other).any()


def test_more_targets_are_more_models_of_the_recipe(boosted):
    target, bench = boosted("histogram"), Workbench(n_jobs=1)
    found = LeafArithmetic(fits=2, targets=3).run(target, 5, bench)
    more = shadows(target, 3, 5, bench, fewest=0)
    np.testing.assert_array_equal(found.replicas.membership[1:], more.membership)
    areas = [roc.auc(s[m], s[~m]).value for s, m in zip(found.replicas.scores, found.replicas.membership, strict=True)]
    assert len(areas) == 4 and min(areas) > 0.5


def test_nobody_is_found_in_models_of_other_people(boosted, people, tree, bench):
    """Mean AUC over 20 models of strangers; five standard errors: one false alarm in a million."""
    target = boosted("lightgbm")
    made, _ = boosting.fitted_moments(target, 4, 3, bench)
    inside, areas = target.population.is_member, []
    for seed in range(20):
        strangers = people(320, 1000 + seed)
        model = tree(CLASSIFIERS["lightgbm"]).fit(strangers.drop(columns="y"), strangers["y"] == "yes")
        answers = model.predict_proba(target.population.table.features(target.features))
        scores = made.log_ratio(smoothed_logit(confidence(answers, target.truth), boosting._TRIALS))
        areas.append(roc.auc(scores[inside], scores[~inside]).value)
    # The rows are the same each time, so that their own sampling noise is added to that of the models.
    own = np.sqrt((320 + 320 + 1) / (12 * 320 * 320))
    assert abs(np.mean(areas) - 0.5) < 5 * np.sqrt(own**2 + np.var(areas, ddof=1) / 20)


def test_uneven_sides_are_no_obstacle(given, boosted, bench):
    """A non-member in five: some rows are in all of the fits."""
    target = boosted("lightgbm", nonmembers=given()["nonmembers"][:80])
    assert LeafArithmetic(fits=3).run(target, 3, bench).auc().low > 0.5


def test_asks_for_scores_and_boosted_trees(boosted, target):
    assert "made for another kind of model (boosting)" in obstacle(LeafArithmetic(), target)
    with pytest.raises(AccessError, match="needs"):
        LeafArithmetic().run(replace(boosted("lightgbm"), access=Access.LABELS))
    with pytest.raises(ParameterError, match="fits >= 2, got fits=1"):
        LeafArithmetic(fits=1)
    with pytest.raises(ParameterError, match="targets >= 0"):
        LeafArithmetic(targets=-1)


def test_says_so_where_arithmetic_is_not_what_the_model_does(boosted, bench, monkeypatch):
    target = boosted("lightgbm")
    whole = type(target.recipe.family).fit
    monkeypatch.setattr(
        type(target.recipe.family),
        "fit",
        lambda self, *given: replace(model := whole(self, *given), rule=replace(model.rule, l2=1.0)),
    )
    with pytest.raises(AccessError, match=r"does not give this model's raw scores.*Use LiRA"):
        LeafArithmetic().run(target, 0, bench)
