"""Noise around each row: what is counted, by hand, and with shadow models that are asked the same."""

from dataclasses import replace

import numpy as np
import pandas as pd
import polars as pl
import pytest
from hypothesis import given as hypothesis_given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from sklearn.dummy import DummyClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder
from sklearn.tree import DecisionTreeClassifier

from reticent import _seeds
from reticent.attacks.membership.gap import Gap
from reticent.attacks.membership.lira import lira_scores, scores_of_shadows
from reticent.attacks.membership.noise import Noise, noise_scores, shares_right
from reticent.attacks.membership.noise_lira import NoiseLira
from reticent.attacks.queries import Pool
from reticent.attacks.shadow import shadows
from reticent.attacks.signals import confidence, smoothed_logit
from reticent.attacks.workbench import Workbench
from reticent.errors import AccessError, ModelError, ParameterError, RecipeError
from reticent.stats import roc
from reticent.target.access import Access

FALSE_ALARM = 1e-6  # of each statistical test below
SMALL = NoiseLira(shadows=8, strengths=(0.05, 0.2), copies=4)


WORK = Workbench(n_jobs=1)  # one for all tests: the blind baseline of a target is fitted once


@pytest.fixture(scope="module", params=["pandas", "polars", "arrays", "classes"])
def labels_only(request, target_of):
    return target_of(request.param, access=Access.LABELS)


def naive_shares(model, target, strengths, copies, seed):
    """Row by row and copy by copy, through the caller's own object."""
    pool = Pool.read(target.population.table, target.features)
    truth = target.population.table.labels()
    counted = np.zeros((1 + len(strengths), len(pool)))
    counted[0] = model.native.predict(pool.features) == truth
    plain = np.vstack([pool.encode(np.arange(len(pool)))] * copies)
    for number, strength in enumerate(strengths):
        noisy = pool.decode(pool.noisy(plain, strength, _seeds.generator(seed, "noise", number, 0)))
        said = model.native.predict(noisy)
        for row in range(len(pool)):
            counted[1 + number, row] = np.mean([said[copy * len(pool) + row] == truth[row] for copy in range(copies)])
    return counted


def test_shares_are_counted_by_hand(labels_only):
    target = labels_only
    shares = shares_right(target.model, target, (0.1, 0.7), 5, 3)
    np.testing.assert_allclose(shares, naive_shares(target.model, target, (0.1, 0.7), 5, 3), rtol=1e-6)
    assert shares[0].mean() > shares[1].mean() > shares[2].mean()  # the tree knows little around its members


def test_rows_asked_in_pieces_are_asked_once_each(target, monkeypatch):
    monkeypatch.setattr(Pool, "rows_at_once", 4 * 100)
    shares = shares_right(target.model, target, (0.3,), 4, 0)
    np.testing.assert_array_equal(shares[0], target.labels == target.truth)
    assert shares.shape == (2, 640) and set(np.unique(shares[1] * 4)) <= set(range(5))
    assert 0.5 < shares[1].mean() < 1 and np.corrcoef(shares[0], shares[1])[0, 1] > 0.2


@hypothesis_given(
    hnp.arrays(np.bool_, 20), hnp.arrays(np.int64, 20, elements=st.integers(0, 12)), st.integers(12, 10**6)
)
def test_scores_say_less_the_more_a_label_was_to_be_expected(right, hits, copies):
    scores = noise_scores(right, hits / copies, copies)
    assert np.isfinite(scores).all() and (scores[~right] == 0).all() and (scores[right] > 1).all()
    order = np.argsort(hits[right], kind="stable")
    assert (np.diff(scores[right][order]) <= 1e-9 * scores[right].max(initial=1)).all()


def test_noise_finds_more_than_the_gap(target_of):
    target = target_of(access=Access.LABELS)
    found, gap = Noise().run(target, 0, WORK), Gap().run(target, 0, WORK)
    assert found.auc().value > gap.auc().value
    assert found.facts["queries per row"] == 49


def test_same_seed_same_numbers_and_inputs_stay(labels_only):
    target = labels_only
    x = target.population.table.features(target.features)
    before = x.clone() if isinstance(x, pl.DataFrame) else x.copy()
    first = Noise(copies=4).run(target, 5, WORK).scores
    np.testing.assert_array_equal(first, Noise(copies=4).run(target, 5, WORK).scores)
    assert not np.array_equal(first, Noise(copies=4).run(target, 6, WORK).scores)
    assert np.isfinite(SMALL.run(target, 5, WORK).scores).all()
    after = target.population.table.features(target.features)
    assert np.array_equal(after, before) if isinstance(x, np.ndarray) else after.equals(before)


@pytest.mark.slow
def test_the_number_of_workers_changes_nothing(target_of):
    target = target_of(access=Access.LABELS)
    alone, together = (SMALL.run(target, 5, Workbench(n_jobs=count)).scores for count in (1, 2))
    np.testing.assert_array_equal(alone, together)


def test_a_model_that_learned_from_others_is_not_told(target_of, people, tree):
    stranger = people(320, 99)
    model = tree().fit(stranger.drop(columns="y"), stranger["y"])
    target = target_of(model=model, access=Access.LABELS)
    for attack in (Noise(), SMALL):
        area = attack.run(target, 0, WORK).auc(level=1 - FALSE_ALARM)
        assert area.low < 0.5 < area.high


@pytest.mark.slow
def test_the_control_sees_nothing(target_of):
    found = NoiseLira(shadows=12, copies=8).run(target_of(access=Access.LABELS), 0, WORK)
    assert found.control_auc().low < 0.5 < found.control_auc().high
    assert found.facts["AUC on shadow models"].low > 0.5


@pytest.mark.slow
def test_with_shadows_noise_tells_more_than_one_label(target_of, people, tree):
    members, others = people(1500, 10), people(1500, 11)
    model = tree().fit(members.drop(columns="y"), members["y"])
    target = target_of(model=model, members=members, nonmembers=others, access=Access.LABELS)
    found = NoiseLira().run(target, 0, WORK)
    assert found.replicas is not None
    ones = shadows(target, 16, 0, WORK)
    np.testing.assert_array_equal(found.replicas.membership[1:], ones.membership)  # the same models
    labels = smoothed_logit(confidence(ones.scores, target.truth), 10)
    plain = scores_of_shadows(labels, ones.membership, np.arange(16) // 2, prior=4)
    one, many = (
        np.mean([roc.tpr_at(s[m], s[~m], fpr=0.01).value for s, m in zip(scores, ones.membership, strict=True)])
        for scores in (plain, found.replicas.scores[1:])
    )
    assert many > 1.1 * one
    alone = Noise().run(target, 0, WORK)
    assert found.auc().value > alone.auc().value > Gap().run(target, 0, WORK).auc().value + 0.02


def test_shadows_are_those_of_lira(target_of):
    target = target_of(access=Access.LABELS)
    work = Workbench(n_jobs=1)
    labels = shadows(target, 8, 0, work).scores.argmax(axis=2)
    seen = NoiseLira(shadows=8, strengths=(0.1,), copies=1)
    seen.run(target, 0, work)
    [asked] = [value for key, value in work._results.items() if key[0] == "noise"]
    np.testing.assert_array_equal(asked[:, 0], labels == target.truth)


def pairs(seed, models, rows, signal):
    rng = np.random.default_rng(seed)
    half = np.arange(rows) < rows // 2
    membership = np.vstack([np.vstack([h, ~h]) for h in (rng.permutation(half) for _ in range(models // 2))])
    return signal(rng, membership), membership


def test_each_round_is_scored_by_the_others():
    signals, membership = pairs(0, 12, 50, lambda rng, m: rng.normal(size=m.shape) + m)
    rounds = np.arange(12) // 2
    scores = scores_of_shadows(signals, membership, rounds, prior=4.0)
    for shadow in range(12):
        others = [k for k in range(12) if k // 2 != shadow // 2]
        expected = lira_scores(signals[shadow], signals[others], membership[others], prior=4.0)
        np.testing.assert_array_equal(scores[shadow], expected)


def test_scores_of_shadows_do_not_betray_who_was_counted():
    """Signals that say nothing: were a shadow left out alone, the number of those left would tell (AUC .3)."""
    signals, membership = pairs(1, 16, 2000, lambda rng, m: (rng.random(m.shape[1]) < 0.9) * 1.0 + np.zeros(m.shape))
    signals[:, :200] = np.random.default_rng(2).random((16, 200)) < 0.5
    scores = scores_of_shadows(signals, membership, np.arange(16) // 2, prior=4.0)
    areas = [roc.auc(row[m], row[~m]).value for row, m in zip(scores, membership, strict=True)]
    assert abs(np.mean(areas) - 0.5) < 4.9 * np.std(areas) / np.sqrt(8) + 1e-9  # pairs are alike: 8, not 16


def test_one_class_always_predicted_tells_nothing(target_of, given):
    members = given()["members"]
    model = DummyClassifier(strategy="most_frequent").fit(members.drop(columns="y"), members["y"])
    target = target_of(model=model, access=Access.LABELS)
    found = Noise(copies=2).run(target, 0, WORK)
    np.testing.assert_array_equal(found.scores > 0, target.labels == target.truth)
    assert len(np.unique(found.scores)) == 2
    flat = NoiseLira(shadows=8, strengths=(0.1,), copies=2).run(target, 0, WORK)
    assert np.isfinite(flat.scores).all()


def test_categories_alone_are_enough(target_of, people):
    def words(seed):
        table = people(320, seed)
        return pd.DataFrame(
            {"town": table["town"], "age": (table["age"] // 2).astype(str), "size": (table["weight"] // 2).astype(str)}
        ).assign(y=table["y"])

    members, others = words(0), words(1)
    model = make_pipeline(OneHotEncoder(handle_unknown="ignore"), DecisionTreeClassifier(random_state=0))
    model.fit(members.drop(columns="y"), members["y"])
    target = target_of(model=model, members=members, nonmembers=others, access=Access.LABELS)
    assert Noise().run(target, 0, WORK).auc().low > 0.5
    assert NoiseLira(shadows=12, copies=4).run(target, 0, WORK).facts["AUC on shadow models"].low > 0.5


def test_what_makes_no_sense_is_refused(target_of, given):
    for wrong in ({"copies": 0}, {"strengths": ()}, {"strengths": (0.1, -1.0)}):
        with pytest.raises(ParameterError):
            Noise(**wrong)
        with pytest.raises(ParameterError):
            NoiseLira(**wrong)
    with pytest.raises(ParameterError):
        NoiseLira(shadows=7)
    bought = replace(target_of(access=Access.LABELS), recipe=None)
    with pytest.raises(AccessError, match="no recipe"):
        NoiseLira().run(bought, 0, WORK)
    assert Noise(copies=1).run(bought, 0, WORK).scores.shape == (640,)


def test_uneven_sides_need_more_shadows(target_of, given):
    members = given()["members"]
    target = target_of(nonmembers=given()["nonmembers"][:60], access=Access.LABELS, members=members)
    with pytest.raises(RecipeError, match="at least 4 shadow models"):
        SMALL.run(target, 0, WORK)


def test_a_model_that_refuses_noisy_rows_is_not_tested(target_of, monkeypatch):
    target = target_of(access=Access.LABELS)

    def refuse(self, values):
        raise ModelError("no such town")

    monkeypatch.setattr(Pool, "decode", refuse)
    with pytest.raises(AccessError, match="no such town"):
        Noise().run(target, 0, WORK)
