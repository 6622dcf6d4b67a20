"""RMIA against a loop over all pairs, and against shadows left out round by round."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given as hypothesis
from hypothesis import strategies as st
from sklearn.tree import DecisionTreeClassifier

from reticent.attacks.membership.rmia import (
    Rmia,
    RmiaOffline,
    Setting,
    best_a,
    best_setting,
    log_ratio,
    relative,
    rmia_scores,
    spread,
    usual_offline,
)
from reticent.attacks.practice import mean_power, moments
from reticent.attacks.shadow import shadows
from reticent.attacks.signals import confidence
from reticent.attacks.workbench import Workbench
from reticent.errors import ParameterError, RecipeError
from reticent.stats import roc
from reticent.target.access import Access

INFINITE = float("inf")


def setting(trials=10.0, prior=4.0, mean="arithmetic"):
    return Setting(trials=trials, prior=prior, mean=mean)


def halves(seed, shadows=8, n=60):
    first = np.random.default_rng(seed).random((shadows // 2, n)) < 0.5
    return np.stack([first, ~first], axis=1).reshape(shadows, n)


def pool(seed, shadows=8, n=60, memory=3.0):
    """Probabilities of shadows that know their members better, some of them exactly 0 or 1."""
    rng = np.random.default_rng(seed)
    membership = halves(seed, shadows, n)
    shares = rng.beta(1 + memory * membership, rng.gamma(2, 0.5, n) + 0.2)
    return np.where(shares > 0.97, 1.0, np.where(shares < 0.03, 0.0, shares)), membership


def naive_pairs(ratios, population, gamma):
    return [np.mean([x >= z + np.log(gamma) for z in population]) for x in ratios]


numbers = st.lists(st.floats(-5, 5).map(lambda x: round(x, 1)), min_size=1, max_size=30)  # rounded: many ties


@hypothesis(numbers, numbers, st.sampled_from([1.0, 1.5, 2.0, 8.0]))
def test_share_of_beaten_rows_is_that_of_a_loop_over_pairs(ratios, population, gamma):
    ratios, population = np.array(ratios), np.array(population)
    np.testing.assert_allclose(rmia_scores(ratios, population, gamma=gamma), naive_pairs(ratios, population, gamma))


def test_the_papers_ratio_of_ratios_gives_the_same():
    """Equation (1) to (3) of the paper with probabilities as they are: no logarithm, no smoothing, no sort."""
    shares, membership = pool(0)
    shares = shares.clip(0.01, 0.99)
    own, others, inside = shares[0], shares[2:], membership[2:]
    usual = [(others[inside[:, i], i].mean() + others[~inside[:, i], i].mean()) / 2 for i in range(60)]
    for gamma in (1.0, 2.0):
        expected = [
            np.mean([own[x] / usual[x] / (own[z] / usual[z]) >= gamma for z in range(60) if z != x]) for x in range(60)
        ]
        ratios = relative(own, others, inside, setting(1e12, INFINITE))
        found = [rmia_scores(ratios[[x]], np.delete(ratios, x), gamma=gamma)[0] for x in range(60)]
        np.testing.assert_allclose(found, expected)


@hypothesis(numbers, st.sampled_from([1.5, 2.0, 8.0]))
def test_a_greater_gamma_only_makes_ties(ratios, gamma):
    """BASE: the ranking is that of the ratio, whatever gamma is."""
    ratios = np.sort(np.array(ratios))
    assert (np.diff(rmia_scores(ratios, ratios, gamma=gamma)) >= 0).all()
    assert len(np.unique(rmia_scores(ratios, ratios, gamma=1))) == len(np.unique(ratios))


@pytest.mark.parametrize("mean", ["arithmetic", "geometric"])
@pytest.mark.parametrize("prior", [4.0, 64.0, INFINITE])
def test_ratio_is_over_the_rows_own_spread(prior, mean):
    shares, membership = pool(1)
    own, logs = np.random.default_rng(2).random(60), np.log(shares * 10 + 0.5)
    found = relative(own, shares, membership, setting(10, prior, mean))
    groups = [[logs[side[:, i], i] for side in (membership, ~membership)] for i in range(60)]
    squares = [sum(((g - g.mean()) ** 2).sum() for g in both) for both in groups]
    common = sum(squares) / (60 * 6)
    for i in range(60):
        usual = np.log((shares[membership[:, i], i].mean() + shares[~membership[:, i], i].mean()) / 2 * 10 + 0.5)
        if mean == "geometric":
            usual = (groups[i][0].mean() + groups[i][1].mean()) / 2
        ratio = np.log(own[i] * 10 + 0.5) - usual
        width = 1 if prior == INFINITE else np.sqrt((squares[i] + prior * common) / (6 + prior) + 1e-6)
        assert found[i] == pytest.approx(ratio / width)


def test_a_large_prior_ranks_as_the_paper_does():
    shares, membership = pool(3)
    sides = moments(shares, membership), moments(shares, ~membership)
    assert np.ptp(spread(*sides, prior=1e9)) < 1e-6
    np.testing.assert_array_equal(spread(*sides, prior=INFINITE), 1)


def test_offline_a_runs_from_known_by_heart_to_never_remembered():
    outside = np.array([0.0, 0.4, 1.0])
    np.testing.assert_allclose(usual_offline(outside, a=0), (outside + 1) / 2)
    np.testing.assert_allclose(usual_offline(outside, a=1), outside)


def test_true_zeros_count():
    """A model that gives the truth no chance at all is one of those that a mean is over, not one that is absent."""
    shares, membership = pool(4)
    for i in range(60):
        shares[~membership[:, i], i] = [0.0, 0.6, 0.0, 0.6]
    np.testing.assert_allclose(moments(shares, ~membership)[1], 0.3)
    shares[:, 0] = 0.0  # no shadow model ever believes this row: who does has learned from it
    for believed, expected in ((0.9, 1.0), (0.0, 0.0)):
        ratios = relative(np.where(np.arange(60) == 0, believed, 0.5), shares, membership, setting(1e5, INFINITE))
        assert ratios[0] == pytest.approx(np.log((believed * 1e5 + 0.5) / 0.5))
        assert (rmia_scores(ratios, ratios, gamma=1)[0] == 1) == bool(expected)


@pytest.mark.parametrize("value", [0.0, 0.5, 1.0])
def test_constant_scores_tell_nothing(value):
    shares, membership = np.full((8, 60), value), halves(5)
    chosen, left_out = best_setting(shares, membership, np.arange(8) // 2)
    np.testing.assert_allclose(left_out, 0, atol=1e-9)
    own = relative(shares[0], shares, membership, chosen)
    assert np.ptp(rmia_scores(own, own, gamma=1)) == 0


@hypothesis(st.integers(0, 2**32 - 1))
def test_saturated_probabilities_stay_finite(seed):
    rng = np.random.default_rng(seed)
    shares, membership = rng.integers(0, 2, (8, 60)).astype(float), halves(seed)
    for trials in (1.0, 1e5):
        for prior in (4.0, INFINITE):
            found = relative(shares[0], shares, membership, setting(trials, prior))
            assert np.isfinite(found).all()
            assert (found[shares[0] == 1] >= 0).all() and (found[shares[0] == 0] <= 0).all()


def test_nothing_is_found_where_nothing_is_known():
    """Chance of a false alarm: 8 areas of 2,000 and 2,000 rows have a mean within 0.02 of one half but for 1e-9."""
    rng = np.random.default_rng(6)
    membership = halves(6, n=4000)
    shares = rng.beta(2, rng.gamma(2, 0.5, 4000) + 0.2, (8, 4000))
    for choose in (best_setting, best_a):
        left_out = choose(shares, membership, np.arange(8) // 2)[1]
        assert mean_power(left_out, membership)[1] == pytest.approx(0.5, abs=0.02)
    peeking = [relative(row, shares, membership, setting()) for row in shares]
    assert abs(mean_power(np.array(peeking), membership)[1] - 0.5) < 0.02


@pytest.fixture(scope="module")
def bench():
    return Workbench(n_jobs=1)


@pytest.fixture(scope="module", params=[Rmia, RmiaOffline])
def finding(request, target, bench):
    return request.param().run(target, 2, bench)


def test_finds_members_of_a_tree_and_nobody_on_other_models(finding):
    assert finding.auc().low > 0.55
    assert finding.null is finding.control_auc() and finding.null.low < 0.5 < finding.null.high
    assert finding.replicas.scores.shape == (9, 640)
    assert finding.parameters["shadows"] == 8 and finding.parameters["scores"] is True
    assert (finding.scores > 0).all() and (finding.scores <= 1).all()


def test_run_is_the_formulas_on_the_shadows_answers(finding, target, bench):
    trained = shadows(target, 8, 2, bench)
    shares, own = confidence(trained.scores, target.truth), confidence(target.scores, target.truth)
    trials = finding.parameters["trials"]

    def ratios(one, many, inside):
        if finding.name == "rmia":
            prior = finding.parameters["prior"]
            prior = INFINITE if prior is None else prior
            return relative(one, many, inside, setting(trials, prior, finding.parameters["mean"]))
        usual = usual_offline(moments(many, ~inside)[1], a=finding.parameters["a"])
        return log_ratio(one, usual, trials=trials)

    expected = ratios(own, shares, trained.membership)
    np.testing.assert_allclose(finding.scores, rmia_scores(expected, expected, gamma=1))
    np.testing.assert_array_equal(finding.replicas.scores[0], finding.scores)
    np.testing.assert_array_equal(finding.replicas.membership[1:], trained.membership)


def test_each_shadow_is_attacked_by_the_shadows_of_other_rounds():
    shares, membership = pool(7, n=400)
    chosen, left_out = best_setting(shares, membership, np.arange(8) // 2)
    (trials, a), offline = best_a(shares, membership, np.arange(8) // 2)
    for s in range(8):
        others = np.arange(8) // 2 != s // 2
        if chosen.prior == INFINITE:  # else the pool's common variance is that of all shadows together
            refitted = relative(shares[s], shares[others], membership[others], chosen)
            np.testing.assert_allclose(left_out[s], refitted)
        usual = usual_offline(moments(shares[others], ~membership[others])[1], a=a)
        np.testing.assert_allclose(offline[s], log_ratio(shares[s], usual, trials=trials))


def test_the_setting_is_the_one_that_finds_most_among_shadows():
    shares, membership = pool(8, n=1000)
    found = mean_power(best_setting(shares, membership, np.arange(8) // 2)[1], membership)
    for prior in (4.0, 16.0, 64.0, INFINITE):
        rows = []
        for s in range(8):
            others = np.arange(8) // 2 != s // 2
            rows.append(relative(shares[s], shares[others], membership[others], setting(10, prior)))
        assert mean_power(np.array(rows), membership)[0] <= found[0] + 0.01


def test_the_setting_is_chosen_without_the_target(finding, target, bench):
    other = replace(target, model=target.train(np.flatnonzero(target.population.is_member), 77))
    again = {"rmia": Rmia, "rmia-offline": RmiaOffline}[finding.name]().run(other, 2, bench)
    assert dict(again.parameters) == dict(finding.parameters)
    np.testing.assert_array_equal(again.replicas.scores[1:], finding.replicas.scores[1:])
    assert (again.scores != finding.scores).any()


@pytest.mark.parametrize("attack", [Rmia(), RmiaOffline()], ids=lambda attack: attack.name)
def test_a_model_of_other_people_gives_nobody_away(attack, target, bench):
    """A null target; an area of 320 and 320 rows is within 0.13 of one half but for less than one in a million."""
    rng = np.random.default_rng(9)
    areas = []
    for seed in range(6):
        others = np.sort(rng.permutation(640)[:320])
        null = replace(target, model=target.train(others, seed))
        areas.append(attack.run(null, 2, bench).auc().value)
    assert np.mean(areas) == pytest.approx(0.5, abs=0.13 / np.sqrt(6) + 0.01)


def test_reads_labels_where_scores_are_withheld(target):
    found = Rmia(shadows=16).run(replace(target, access=Access.LABELS), 2, Workbench(n_jobs=1))
    assert found.parameters["scores"] is False
    assert found.auc().low > 0.5


def test_a_class_of_one_member(target_of, given):
    """Shadow models that never met the class give it no chance: a true zero, and no reason to fail."""
    members, others = given("arrays")["members"], given("arrays")["nonmembers"]
    labels = members[1].astype("<U4").copy()
    labels[0] = "rare"
    model = DecisionTreeClassifier(random_state=0).fit(members[0], labels)
    target = target_of("arrays", model=model, members=(members[0], labels), nonmembers=others)
    found = Rmia().run(target, 1, Workbench(n_jobs=1))
    assert np.isfinite(found.scores).all() and found.auc().low > 0.5
    assert found.scores[0] > 0.9  # nobody else would give that label


def test_wants_at_least_eight_shadows_and_every_row_in_and_out(target_of, given):
    for attack in (Rmia, RmiaOffline):
        with pytest.raises(ParameterError, match="shadows >= 8, got shadows=7"):
            attack(shadows=7)
        with pytest.raises(ParameterError, match=r"gamma >= 1, got gamma=0\.5"):
            attack(gamma=0.5)
    few = target_of(nonmembers=given()["nonmembers"][:60])
    with pytest.raises(RecipeError, match=r"in at least 2 shadow models.*Use more shadow models"):
        Rmia().run(few, 0, Workbench(n_jobs=1))


def test_few_shadows_do_what_the_likelihood_ratio_needs_many_for(finding, target):
    """Areas of eight targets by eight shadows; between right and broken lie more than ten standard errors."""
    areas = [
        roc.auc(row[inside], row[~inside]).value
        for row, inside in zip(finding.replicas.scores, finding.replicas.membership, strict=True)
    ]
    assert np.mean(areas) > 0.62
