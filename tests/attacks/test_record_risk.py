"""Risk of each row: corrected by twins of the shadow models, from whole audits and from arrays alone."""

from dataclasses import replace

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.tree import DecisionTreeClassifier

from reticent.attacks.record_risk import pool_of, recognized, record_risk, risk_of, twins
from reticent.attacks.shadow import shadows
from reticent.attacks.signals import confidence, smoothed_logit
from reticent.attacks.workbench import Workbench
from reticent.stats.calibration import WITHIN, Pool


def simulated(seed, shadows=16, n=300, gap=2.0):
    rng = np.random.default_rng(seed)
    membership = rng.permuted(np.tile(np.arange(shadows) < shadows // 2, (n, 1)), axis=1).T
    return rng.normal(size=(shadows, n)) + gap * membership, membership, rng


@pytest.fixture(scope="module")
def bench():
    return Workbench(n_jobs=1)


def read(target):
    return lambda scores: smoothed_logit(confidence(scores, target.truth), 30)


def test_risk_rises_with_memory_and_falls_with_what_the_pool_shares():
    risks = [record_risk(*simulated(0, gap=gap)[:2], pool=WITHIN)[0].mean() for gap in (0, 1, 2, 4)]
    assert (np.diff(risks) > 0.02).all()
    shares = [record_risk(*simulated(0)[:2], pool=Pool(share=share))[0].mean() for share in (0, 0.25, 0.5)]
    assert (np.diff(shares) < -0.02).all()


def test_interval_narrows_with_more_shadows_and_holds_its_value():
    for count in (8, 128):
        value, low, high = record_risk(*simulated(1, shadows=count)[:2], pool=Pool(share=0.5))
        assert (low <= value).all() and (value <= high).all()
    few, many = (record_risk(*simulated(1, shadows=count)[:2], pool=WITHIN) for count in (8, 128))
    assert np.mean(many[2] - many[1]) < 0.4 * np.mean(few[2] - few[1])


@pytest.mark.parametrize("count", [8, 24])
def test_each_row_has_its_own_false_alarms(count):
    """Rows spread from 0.1 to 10: a pooled threshold would name the wide ones alone."""
    signals, membership, rng = simulated(2, shadows=count, n=8_000, gap=0)
    scale = np.geomspace(0.1, 10, 8_000)
    member = rng.random(8_000) < 0.5
    own = scale * (rng.normal(size=8_000) + 6 * member)
    found, alarms = recognized(own, scale * signals, membership, member, fpr=0.01)
    assert alarms.n == (~member).sum()
    assert found.value > 0.3
    if count == 24:  # enough models for each row's own spread
        assert found.value > 0.9
        assert alarms.value == pytest.approx(0.01, abs=0.005)
        wide = scale > 1
        for rows in (wide, ~wide):
            _, part = recognized(own[rows], (scale * signals)[:, rows], membership[:, rows], member[rows], fpr=0.01)
            assert part.value == pytest.approx(0.01, abs=0.008)


def test_deterministic_training_is_found_out_by_its_first_twin(target_of, bench):
    target = target_of("arrays", model=LogisticRegression().fit(*target_of("arrays").population.members.native))
    trained = shadows(target, 8, 0, bench)
    assert len(twins(target, 0, bench).scores) == 1
    pool = pool_of(target, read(target)(trained.scores), trained.membership, read(target), seed=0, bench=bench)
    assert (pool.share, pool.data, pool.rows) == (0.5, 1.0, 640)


def test_twins_are_the_same_halves_with_other_luck(target_of, bench):
    lucky = DecisionTreeClassifier(splitter="random", random_state=0)
    target = target_of("arrays", model=lucky.fit(*target_of("arrays").population.members.native))
    trained, again = shadows(target, 8, 0, bench), twins(target, 0, bench)
    np.testing.assert_array_equal(again.membership, trained.membership[:4])
    assert (again.scores != trained.scores[:4]).any(axis=(1, 2)).all()
    pool = pool_of(target, read(target)(trained.scores), trained.membership, read(target), seed=0, bench=bench)
    assert 0 <= pool.data < 0.5  # where splits are drawn by lot, most is luck


def test_risk_of_a_target_is_lower_than_its_pool_says(target, bench):
    trained = shadows(target, 16, 0, bench)
    found = risk_of(target, trained, read(target), seed=0, bench=bench)
    alone = record_risk(read(target)(trained.scores), trained.membership, pool=WITHIN)[0]
    assert found.value.shape == found.confidence_in.shape == (640,)
    assert (found.low <= found.value).all() and (found.value <= found.high).all()
    assert found.value.mean() < alone.mean()
    inside = trained.membership[:, 0]
    sure = confidence(trained.scores, target.truth)[:, 0]
    assert found.confidence_in[0] == pytest.approx(sure[inside].mean())
    assert found.confidence_out[0] == pytest.approx(sure[~inside].mean())


def test_same_seed_same_risk(target):
    one, two = (
        risk_of(target, shadows(target, 8, 3, bench), read(target), seed=3, bench=bench)
        for bench in (Workbench(n_jobs=1), Workbench(n_jobs=1))
    )
    np.testing.assert_array_equal(one.value, two.value)
    assert not np.array_equal(
        one.value,
        risk_of(
            replace(target), shadows(target, 8, 4, Workbench(n_jobs=1)), read(target), seed=4, bench=Workbench(1)
        ).value,
    )
