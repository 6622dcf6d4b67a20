"""LiRA offline against a loop over rows: models that learned from a row never speak of it."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given as hypothesis
from hypothesis import strategies as st

from reticent.attacks.membership.offline import LiraOffline, offline_scores
from reticent.attacks.practice import mean_power, moments, moments_of_others
from reticent.attacks.shadow import shadows
from reticent.attacks.signals import confidence, smoothed_logit
from reticent.attacks.workbench import Workbench
from reticent.errors import ParameterError, RecipeError
from reticent.target.access import Access


def halves(seed, shadows=8, n=60):
    first = np.random.default_rng(seed).random((shadows // 2, n)) < 0.5
    return np.stack([first, ~first], axis=1).reshape(shadows, n)


@pytest.mark.parametrize("prior", [0.5, 4.0, 64.0])
def test_score_is_the_z_score_of_each_row(prior):
    rng = np.random.default_rng(0)
    signals, membership, own = rng.normal(size=(8, 60)) * rng.gamma(2, 1, 60), halves(1), rng.normal(size=60)
    found = offline_scores(own, moments(signals, ~membership), prior=prior)
    groups = [signals[~membership[:, i], i] for i in range(60)]
    common = sum(((g - g.mean()) ** 2).sum() for g in groups) / sum(len(g) - 1 for g in groups)
    for i, group in enumerate(groups):
        variance = (((group - group.mean()) ** 2).sum() + prior * common) / (len(group) - 1 + prior)
        assert found[i] == pytest.approx((own[i] - group.mean()) / np.sqrt(variance + 1e-6))


def test_models_with_the_row_are_not_heard():
    rng = np.random.default_rng(2)
    signals, membership, own = rng.normal(size=(8, 60)), halves(3), rng.normal(size=60)
    other = np.where(membership, rng.normal(50, 100, (8, 60)), signals)
    found = [offline_scores(own, moments(one, ~membership), prior=4) for one in (signals, other)]
    np.testing.assert_array_equal(*found)


@hypothesis(st.integers(0, 2**32 - 1))
def test_saturated_and_constant_answers_stay_finite(seed):
    rng = np.random.default_rng(seed)
    membership, shares = halves(seed), rng.integers(0, 2, (8, 60)).astype(float)
    shares[:, :20] = 1.0
    signals = smoothed_logit(shares, 100)
    found = offline_scores(signals[0], moments(signals, ~membership), prior=4)
    assert np.isfinite(found).all()
    np.testing.assert_array_equal(found[:20], 0)


def test_nothing_is_found_where_nothing_is_known():
    """Chance of a false alarm: 8 areas of 2,000 and 2,000 rows have a mean within 0.02 of one half but for 1e-9."""
    signals, membership = np.random.default_rng(4).normal(size=(8, 4000)), halves(5, n=4000)
    outside = moments_of_others(signals, ~membership, np.arange(8) // 2)
    left_out = offline_scores(signals, outside, prior=4)
    assert mean_power(left_out, membership)[1] == pytest.approx(0.5, abs=0.02)
    # With the model itself among those without the row, its own non-members look usual, and all others like members.
    peeking = offline_scores(signals, moments(signals, ~membership), prior=4)
    assert np.abs(peeking[~membership]).mean() < 0.95 * np.abs(left_out[~membership]).mean()


@pytest.fixture(scope="module")
def bench():
    return Workbench(n_jobs=1)


@pytest.fixture(scope="module")
def finding(target, bench):
    return LiraOffline(shadows=16).run(target, 2, bench)


def test_finds_members_of_a_tree_and_nobody_on_other_models(finding):
    assert finding.auc().low > 0.55
    assert finding.null is finding.control_auc() and finding.null.low < 0.5 < finding.null.high
    assert finding.parameters["scores"] is True and finding.parameters["shadows"] == 16


def test_run_is_the_formula_on_the_shadows_answers(finding, target, bench):
    trained = shadows(target, 16, 2, bench)
    trials, prior = finding.parameters["trials"], finding.parameters["prior"]
    signals = smoothed_logit(confidence(trained.scores, target.truth), trials)
    own = smoothed_logit(confidence(target.scores, target.truth), trials)
    expected = offline_scores(own, moments(signals, ~trained.membership), prior=prior)
    np.testing.assert_array_equal(finding.scores, expected)
    np.testing.assert_array_equal(finding.replicas.scores[0], finding.scores)
    np.testing.assert_array_equal(finding.replicas.membership[1:], trained.membership)
    others = np.arange(16) // 2 != 1
    count, mean, _ = moments(signals[others], ~trained.membership[others])
    assert (count == 7).all()
    above = finding.replicas.scores[3] > 0  # shadow 2, by all shadows but its own round
    np.testing.assert_array_equal(above, signals[2] > mean)


def test_trains_nothing_that_lira_has_not_trained(target, monkeypatch):
    bench = Workbench(n_jobs=1)
    shadows(target, 16, 2, bench)
    monkeypatch.setattr(Workbench, "spread", lambda *_: pytest.fail("trained another model"))
    bench.once(("blind", target.population, target.features, 2), lambda: np.zeros(640))
    LiraOffline(shadows=16).run(target, 2, bench)


def test_a_model_of_other_people_gives_nobody_away(target, bench):
    """A null target; an area of 320 and 320 rows is within 0.13 of one half but for less than one in a million."""
    rng, areas = np.random.default_rng(9), []
    for seed in range(6):
        null = replace(target, model=target.train(np.sort(rng.permutation(640)[:320]), seed))
        areas.append(LiraOffline(shadows=16).run(null, 2, bench).auc().value)
    assert np.mean(areas) == pytest.approx(0.5, abs=0.13 / np.sqrt(6) + 0.01)


def test_the_setting_is_chosen_without_the_target(finding, target, bench):
    other = replace(target, model=target.train(np.flatnonzero(target.population.is_member), 77))
    again = LiraOffline(shadows=16).run(other, 2, bench)
    assert dict(again.parameters) == dict(finding.parameters)
    np.testing.assert_array_equal(again.replicas.scores[1:], finding.replicas.scores[1:])


def test_reads_labels_where_scores_are_withheld(target):
    found = LiraOffline(shadows=16).run(replace(target, access=Access.LABELS), 2, Workbench(n_jobs=1))
    assert found.parameters["scores"] is False and found.auc().low > 0.5


def test_wants_at_least_eight_shadows_and_every_row_in_and_out(target_of, given):
    with pytest.raises(ParameterError, match="shadows >= 8, got shadows=7"):
        LiraOffline(shadows=7)
    few = target_of(nonmembers=given()["nonmembers"][:60])
    with pytest.raises(RecipeError, match=r"in at least 4 shadow models.*Use more shadow models"):
        LiraOffline(shadows=8).run(few, 0, Workbench(n_jobs=1))
