"""The attack on real targets: members of an overfit model are found, nobody elsewhere, without one shadow model."""

from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import PolynomialFeatures, StandardScaler

from reticent.attacks.membership.linear import LinearLira, ceiling_of, log_odds, within
from reticent.attacks.membership.lira import Lira
from reticent.attacks.moments import DISTANCE, Moments
from reticent.attacks.workbench import Workbench
from reticent.describe import describe
from reticent.errors import AccessError, ParameterError
from reticent.stats import roc
from reticent.target.access import Access
from reticent.target.table import ArrayTable

ROWS, COLUMNS = 300, 40


def crowd(seed, rows=ROWS, classes=2, columns=COLUMNS):
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(rows, columns))
    y = (x[:, :classes] + rng.gumbel(size=(rows, classes))).argmax(axis=1)
    return x, y


def overfit(classes=2, C=10.0, trained_on=0, seed=0, **kinds):
    """A target with as many weights as a sixth of its members, or one trained on other people."""
    model = make_pipeline(StandardScaler(), LogisticRegression(C=C, max_iter=2000, **kinds))
    model.fit(*crowd(trained_on, classes=classes))
    members, others = crowd(0, classes=classes), crowd(1, classes=classes)
    return describe(model, members=members, nonmembers=others, label="y", access=Access.SCORES, key=b"k", seed=seed)


@pytest.fixture(scope="module")
def target():
    return overfit()


@pytest.fixture(scope="module")
def finding(target):
    return LinearLira().run(target, 0, Workbench(n_jobs=1))


def test_finds_members_of_an_overfit_model_without_training_one(finding, target):
    assert finding.auc().low > 0.55
    assert finding.replicas is None and finding.null is None
    assert finding.scores.shape == (2 * ROWS,) and (finding.is_member == target.population.is_member).all()
    [(name, distance)] = finding.facts.items()
    assert name == DISTANCE and 0.5 < distance < 1.6


def test_finds_as_many_as_many_shadow_models_do(finding, target):
    """Paired over the same people and models: 64 shadow models are not above by more than the noise of both."""
    ours = LinearLira(targets=12).run(target, 3, Workbench(n_jobs=1)).replicas
    theirs = Lira(shadows=64).run(target, 3, Workbench(n_jobs=1)).replicas
    np.testing.assert_array_equal(ours.membership, theirs.membership[:13])

    def areas(replicas):
        return np.array(
            [roc.auc(s[m], s[~m]).value for s, m in zip(replicas.scores, replicas.membership, strict=True)][:13]
        )

    difference = areas(ours) - areas(theirs)
    assert difference.mean() > -5 * difference.std(ddof=1) / np.sqrt(13) - 0.005  # false alarms: below one in a million


@pytest.mark.parametrize("classes", [2, 4])
def test_a_model_of_other_people_gives_nobody_away(classes):
    """Ten models that never met a member (five standard errors of one AUC: false alarms below one in a million)."""
    target, bench, areas = overfit(classes, C=1), Workbench(n_jobs=1), []
    for seed in range(10):
        other = replace(target, model=target.recipe(ArrayTable(*crowd(10 + seed, classes=classes)), 0))
        areas.append(LinearLira().run(other, 0, bench).auc().value)
    # All are asked about the same 600 people, and may err together.
    assert abs(np.mean(areas) - 0.5) < 5 * np.sqrt((2 * ROWS + 1) / (12 * ROWS * ROWS))


def test_several_classes_and_class_weights():
    found = LinearLira().run(overfit(4, class_weight="balanced"), 0)
    [distance] = found.facts.values()
    assert found.auc().low > 0.55 and 0.5 < distance < 1.6


def test_more_columns_than_rows():
    x, y = crowd(0, rows=80, columns=12)
    model = make_pipeline(PolynomialFeatures(3), StandardScaler(), LogisticRegression(C=0.01, max_iter=500)).fit(x, y)
    others = crowd(1, rows=80, columns=12)
    target = describe(model, members=(x, y), nonmembers=others, label="y", access=Access.SCORES)
    found = LinearLira().run(target, 0)
    assert found.auc().low > 0.8


def test_saturated_probabilities_leave_finite_scores():
    """People whom a plane divides, hardly penalized: probabilities of exactly one."""
    x, _ = crowd(0)
    y = (x[:, 0] > 0).astype(int)
    others = crowd(1)[0]
    model = LogisticRegression(C=1e8, max_iter=5000).fit(100 * x, y)
    target = describe(
        model,
        members=(100 * x, y),
        nonmembers=(100 * others, (others[:, 0] > 0).astype(int)),
        label="y",
        access=Access.SCORES,
    )
    assert (target.scores == 1).any()
    found = LinearLira().run(target, 0)
    assert np.isfinite(found.scores).all()
    certain = (target.scores == 1).any(axis=1)
    assert len(np.unique(found.scores[certain])) < certain.sum()  # beyond rounding there is nothing to tell apart


def test_tells_when_the_model_was_not_trained_to_the_end():
    rng = np.random.default_rng(0)
    x, y = crowd(0)
    short = LogisticRegression(C=10.0).fit(x, y)
    short.coef_ = short.coef_ + 0.5 * rng.normal(size=short.coef_.shape)
    other = describe(short, members=(x, y), nonmembers=crowd(1), label="y", access=Access.SCORES)
    [distance] = LinearLira().run(other, 0).facts.values()
    assert distance > 2


def test_same_seed_same_numbers_and_more_models_on_request(finding, target):
    again = LinearLira(targets=3).run(target, 0, Workbench(n_jobs=1))
    np.testing.assert_array_equal(again.scores, finding.scores)
    assert again.replicas.scores.shape == (4, 2 * ROWS)
    np.testing.assert_array_equal(again.replicas.scores[0], finding.scores)
    areas = [roc.auc(s[m], s[~m]).value for s, m in zip(again.replicas.scores, again.replicas.membership, strict=True)]
    assert np.mean(areas) == pytest.approx(finding.auc().value, abs=0.06)


def test_equal_rows_and_a_frame(given, tree):
    """Households and rows that stand twice, in a frame with a column of towns."""
    arguments = given("repeated")
    members = arguments["members"]
    model = tree(LogisticRegression(max_iter=5000)).fit(members.drop(columns=["y", "household"]), members["y"])
    target = describe(**{**arguments, "model": model})
    found = LinearLira().run(target, 0)
    assert len(np.unique(target.population.unit)) < 0.6 * len(found.scores)
    assert np.isfinite(found.scores).all()


def test_refuses_what_it_is_not_made_for(target, target_of):
    with pytest.raises(AccessError, match="made for another kind of model"):
        LinearLira().run(target_of(), 0)
    with pytest.raises(AccessError, match="needs scores"):
        LinearLira().run(replace(target, access=Access.LABELS), 0)
    with pytest.raises(AccessError, match="no recipe"):
        LinearLira().run(replace(target, recipe=None), 0)
    with pytest.raises(ParameterError, match="targets >= 0"):
        LinearLira(targets=-1)


@given(
    hnp.arrays(np.float64, (7, 3), elements=st.floats(1e-12, 1)), st.lists(st.integers(0, 2), min_size=7, max_size=7)
)
def test_log_odds_are_exact_where_one_minus_p_is_not(raw, truth):
    scores, truth = raw / raw.sum(axis=1, keepdims=True), np.array(truth)
    found = log_odds(scores, truth, 100.0)
    for row, true, value in zip(scores, truth, found, strict=True):
        exact = [Fraction(p) for p in row]
        assert value == pytest.approx(float(np.log(float(exact[true] / (sum(exact) - exact[true])))), abs=1e-9)
    np.testing.assert_array_equal(log_odds(np.stack([scores, scores]), truth, 100.0), [found, found])
    assert (np.abs(log_odds(scores, truth, 2.0)) <= 2).all()


def test_ceiling_follows_from_the_precision_of_the_answers():
    scores = np.array([[1 - 1e-9, 1e-9], [0.3, 0.7]])
    assert ceiling_of(scores) == pytest.approx(33.04, abs=0.01)
    assert ceiling_of(scores.astype(np.float32).astype(np.float64)) == pytest.approx(12.94, abs=0.01)
    assert log_odds(np.array([[1.0, 0.0], [0.0, 1.0]]), np.array([0, 0]), 33.0).tolist() == [33, -33]


def test_beyond_the_ceiling_nothing_is_told():
    far = np.array([50.0, 20.0, 20.0, -60.0])
    moments = Moments(mean_in=far + np.array([5, 20, 1, 1]), var_in=np.full(4, 0.5), mean_out=far, var_out=np.ones(4))
    seen = within(moments, 33.0)
    assert seen.mean_in.tolist() == [33, 33, 21, -33] and seen.mean_out.tolist() == [33, 20, 20, -33]
    ratio = seen.log_ratio(np.array([33.0, 33.0, 21.0, -33.0]))
    assert ratio[0] == ratio[3] == 0 and ratio[1] > 10 and ratio[2] > 0
