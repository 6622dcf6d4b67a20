"""LiRA against a loop over rows, with scipy's normal distribution and shadows left out one by one."""

from dataclasses import replace

import numpy as np
import pytest
from scipy import stats

from reticent.attacks.membership.lira import Lira, lira_scores, scores_of_shadows
from reticent.attacks.practice import rounds_of
from reticent.attacks.shadow import shadows
from reticent.attacks.signals import confidence, smoothed_logit
from reticent.attacks.workbench import Workbench
from reticent.errors import ParameterError, RecipeError
from reticent.stats import roc
from reticent.target.access import Access

FLOOR = 1e-6


def pool(seed, shadows=10, n=40, shift=1.5):
    """Signals of shadows that know their members a little better; every row is in and out at least twice."""
    rng = np.random.default_rng(seed)
    membership = np.array([np.roll(np.arange(shadows) < shadows // 2, rng.integers(shadows)) for _ in range(n)]).T
    signals = rng.normal(size=n) + shift * membership + rng.gamma(2, 0.4, n) * rng.normal(size=(shadows, n))
    return signals, membership


def sides(signals, chosen):
    return [signals[chosen[:, i], i] for i in range(signals.shape[1])]


def naive_density(value, groups, i, prior):
    """Log density of a value under the normal distribution of one row, its variance shrunk to the pool's."""
    common = sum(((g - g.mean()) ** 2).sum() for g in groups) / sum(len(g) - 1 for g in groups)
    own = groups[i]
    variance = (((own - own.mean()) ** 2).sum() + prior * common) / (len(own) - 1 + prior) + FLOOR
    return stats.norm.logpdf(value, own.mean(), np.sqrt(variance))


@pytest.mark.parametrize("prior", [0.5, 4.0, 16.0])
def test_score_is_the_likelihood_ratio_of_each_row(prior):
    signals, membership = pool(0)
    own = np.random.default_rng(1).normal(size=40)
    inside, outside = sides(signals, membership), sides(signals, ~membership)
    expected = [naive_density(own[i], inside, i, prior) - naive_density(own[i], outside, i, prior) for i in range(40)]
    np.testing.assert_allclose(lira_scores(own, signals, membership, prior=prior), expected)


@pytest.mark.parametrize("prior", [0.5, 4.0])
def test_each_shadow_is_attacked_by_the_other_rounds_alone(prior):
    signals, membership = pool(2, shadows=12, n=25)
    rounds = np.arange(12) // 3
    found = scores_of_shadows(signals, membership, rounds, prior=prior)
    assert found.shape == signals.shape
    for s in range(12):
        others = rounds != rounds[s]
        inside, outside = sides(signals[others], membership[others]), sides(signals[others], ~membership[others])
        expected = [
            naive_density(signals[s, i], inside, i, prior) - naive_density(signals[s, i], outside, i, prior)
            for i in range(25)
        ]
        np.testing.assert_allclose(found[s], expected)


@pytest.mark.parametrize("count", [8, 32])
def test_how_many_shadows_had_a_row_does_not_tell_membership(count):
    """A model that hardly differs from row to row remembers nobody: 1,000 rows on 20 sets of shadows.

    Leaving out single shadows in place of rounds gives 12.3 % and 6.5 % here.
    """
    found = []
    for seed in range(20):
        rng = np.random.default_rng(seed)
        pairs = rng.permuted(np.tile([[True], [False]], (count // 2, 500)).reshape(count // 2, 2, 500), axis=1)
        membership = pairs.reshape(count, 500).repeat(2, axis=1)
        signals = rng.normal(size=1000) + 1e-3 * rng.normal(size=(count, 1)) * np.ones(1000)
        scores = scores_of_shadows(signals, membership, np.arange(count) // 2, prior=4)
        found += [roc.tpr_at(r[i], r[~i], fpr=0.05).value for r, i in zip(scores, membership, strict=True)]
    assert np.mean(found) < 0.06


def test_a_shadows_own_signal_does_not_help_to_attack_it():
    """Without memory there is nothing to find: scoring a shadow with itself included would find it all the same."""
    rng = np.random.default_rng(3)
    signals = rng.normal(size=(8, 4000))
    _, membership = pool(3, shadows=8, n=4000)
    honest = scores_of_shadows(signals, membership, np.arange(8), prior=4)
    areas = [roc.auc(row[inside], row[~inside]).value for row, inside in zip(honest, membership, strict=True)]
    assert np.mean(areas) == pytest.approx(0.5, abs=0.02)
    peeking = np.array([lira_scores(signals[s], signals, membership, prior=4) for s in range(8)])
    assert np.mean([roc.auc(r[i], r[~i]).value for r, i in zip(peeking, membership, strict=True)]) > 0.55


@pytest.fixture(scope="module")
def bench():
    return Workbench(n_jobs=1)


@pytest.fixture(scope="module")
def finding(target, bench):
    return Lira(shadows=16).run(target, 2, bench)


def test_finds_members_of_a_tree_and_nobody_on_other_models(finding, target):
    assert finding.auc().low > 0.55
    assert finding.null is finding.control_auc() and finding.null.low < 0.5 < finding.null.high
    assert finding.risk.value.shape == (640,)
    assert ((finding.risk.value >= 0) & (finding.risk.value <= 1)).all()
    assert (finding.risk.confidence_in - finding.risk.confidence_out).mean() > 0.1
    assert finding.parameters["scores"] is True and finding.parameters["shadows"] == 16


def test_run_is_the_formulas_on_the_shadows_answers(finding, target, bench):
    trained = shadows(target, 16, 2, bench)
    trials, prior = finding.parameters["trials"], finding.parameters["prior"]
    signals = smoothed_logit(confidence(trained.scores, target.truth), trials)
    own = smoothed_logit(confidence(target.scores, target.truth), trials)
    np.testing.assert_array_equal(finding.scores, lira_scores(own, signals, trained.membership, prior=prior))
    np.testing.assert_array_equal(finding.replicas.scores[0], finding.scores)
    np.testing.assert_array_equal(finding.replicas.membership[0], target.population.is_member)
    np.testing.assert_array_equal(
        finding.replicas.scores[1:], scores_of_shadows(signals, trained.membership, rounds_of(target, 16), prior=prior)
    )
    np.testing.assert_array_equal(finding.replicas.membership[1:], trained.membership)
    mean = [trained.scores[trained.membership[:, i], i, target.truth[i]].mean() for i in range(640)]
    np.testing.assert_allclose(finding.risk.confidence_in, mean, rtol=1e-5)


def test_the_setting_is_chosen_without_the_target(finding, target, bench, target_of, given, tree):
    """Another model of the same recipe and people: what the shadows chose stays what it was."""
    other = replace(target, model=target.train(np.flatnonzero(target.population.is_member), 77))
    found = Lira(shadows=16).run(other, 2, bench)
    for name in ("trials", "prior"):
        assert found.parameters[name] == finding.parameters[name]
    np.testing.assert_array_equal(found.replicas.scores[1:], finding.replicas.scores[1:])
    assert (found.scores != finding.scores).any()


def test_the_setting_is_the_one_that_finds_most_among_shadows(finding, target, bench):
    trained = shadows(target, 16, 2, bench)
    power = {}
    for trials in (10.0, 30.0, 100.0, 1e3, 1e5):
        for prior in (4.0, 16.0):
            signals = smoothed_logit(confidence(trained.scores, target.truth), trials)
            rates, areas = [], []
            for row, inside in zip(
                scores_of_shadows(signals, trained.membership, rounds_of(target, 16), prior=prior),
                trained.membership,
                strict=True,
            ):
                ranked = sorted(row[~inside], reverse=True)
                rates.append((row[inside] > ranked[int(0.01 * len(ranked))]).mean())
                areas.append(roc.auc(row[inside], row[~inside]).value)
            power[trials, prior] = (np.mean(rates), np.mean(areas))
    assert power[finding.parameters["trials"], finding.parameters["prior"]] == pytest.approx(max(power.values()))


def test_reads_labels_where_scores_are_withheld(target):
    found = Lira(shadows=16).run(replace(target, access=Access.LABELS), 2, Workbench(n_jobs=1))
    assert found.parameters["scores"] is False
    assert found.auc().low > 0.5


def test_wants_at_least_eight_shadows_and_every_row_in_and_out(target, target_of, given):
    with pytest.raises(ParameterError, match="shadows >= 8, got shadows=7"):
        Lira(shadows=7)
    few = target_of(nonmembers=given()["nonmembers"][:60])
    with pytest.raises(RecipeError, match=r"in at least 4 shadow models.*Use more shadow models"):
        Lira(shadows=8).run(few, 0, Workbench(n_jobs=1))
