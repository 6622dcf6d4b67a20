"""A hundred real models that never met the people asked about: no attack may find any of them.

Every target has a population, a model and shadow models of its own, and goes the way of an audit: LiRA with its
baseline and control. Seeds are fixed, so a run cannot fail by chance. On fresh seeds, four standard errors fail once in
160 runs of a hundred targets, the mean of a hundred once in 16,000, the counts once in 10,000 each.
"""

from dataclasses import replace

import numpy as np
import pytest
from scipy import stats
from sklearn.linear_model import LogisticRegression
from sklearn.tree import DecisionTreeClassifier

from reticent import Access, describe
from reticent.attacks.membership.lira import Lira
from reticent.attacks.record_risk import recognized
from reticent.attacks.shadow import shadows
from reticent.attacks.signals import confidence, smoothed_logit
from reticent.attacks.workbench import Workbench
from reticent.stats.calibration import NO_PRIOR, Pool, side, surprise

pytestmark = pytest.mark.slow

TARGETS, ROWS, SHADOWS, FPR = 100, 320, 16, 0.01
KINDS = (LogisticRegression(C=10), DecisionTreeClassifier(max_depth=6, min_samples_leaf=3, random_state=0))


def people(rng):
    x = rng.normal(size=(ROWS, 5))
    return x, (rng.random(ROWS) < 1 / (1 + np.exp(-(x @ [1.5, 1, 0.5, 0, 0])))).astype(int)


@pytest.fixture(scope="module")
def nulls():
    """For each target: the finding, the signals of a model of other people, of the shadows, and their membership."""
    found = []
    for number in range(TARGETS):
        rng = np.random.default_rng([number, 11])
        members, others, elsewhere = people(rng), people(rng), people(rng)
        fit = KINDS[number % len(KINDS)].fit
        target = describe(fit(*members), members=members, nonmembers=others, access=Access.SCORES, seed=number)
        stranger = replace(target, model=target.recipe(type(target.population.table)(*elsewhere), number))
        bench = Workbench(n_jobs=1)
        trained = shadows(stranger, SHADOWS, number, bench)
        signals = smoothed_logit(confidence(trained.scores, target.truth), 100)
        own = smoothed_logit(confidence(stranger.scores, target.truth), 100)
        found.append((Lira(shadows=SHADOWS).run(stranger, number, bench), own, signals, trained.membership))
    return found


def test_areas_lie_within_four_standard_errors_of_a_guess(nulls):
    areas = [finding.auc() for finding, *_ in nulls]
    apart = np.array([(area.value - 0.5) / ((area.high - area.low) / (2 * 1.96)) for area in areas])
    print(f"null AUC {np.mean([a.value for a in areas]):.4f}, {apart.min():.1f} to {apart.max():.1f} standard errors")
    assert (np.abs(apart) <= 4).all()
    assert abs(apart.mean()) <= 4 / np.sqrt(TARGETS)
    assert 0.8 < apart.std(ddof=1) < 1.25  # standard errors that are too wide would forgive anything


def test_intervals_say_nothing_is_found_as_often_as_they_should(nulls):
    """An exposed rate is one whose lower limit passes the false-positive rate: by chance once in forty at most."""
    exposed = sum(finding.tpr_at(FPR).low > FPR for finding, *_ in nulls)
    assert stats.binomtest(exposed, TARGETS, 0.025, alternative="greater").pvalue > 1e-4
    named = sum(finding.auc().low > 0.5 or finding.auc().high < 0.5 for finding, *_ in nulls)
    assert stats.binomtest(named, TARGETS, 0.05, alternative="greater").pvalue > 1e-4


def test_thresholds_of_one_half_name_no_more_of_the_other_than_they_say(nulls):
    """The threshold leaves one of a hundred expected: so often does a stranger of each target's other half pass it."""
    rng = np.random.default_rng(0)
    named = rates = 0
    for finding, *_ in nulls:
        quiet, asked = ~finding.sealed & ~finding.is_member, finding.sealed
        ranked = np.sort(finding.scores[quiet])[::-1]
        above = int(FPR * (len(ranked) + 1))  # the r-th of n leaves r / (n + 1) expected
        passed = finding.scores[asked] > ranked[above - 1] if above else np.zeros(asked.sum(), bool)
        named += passed[rng.integers(len(passed))]
        rates += passed.mean() / TARGETS
    assert stats.binomtest(int(named), TARGETS, FPR, alternative="greater").pvalue > 1e-4
    assert rates < 1.5 * FPR


def test_false_alarms_on_each_record_need_the_pools_correction(nulls):
    """These models are of fresh people: halves of a pool promise 1 % and name far more, the correction keeps to it."""
    pool = Pool(share=0.5, rows=2 * ROWS)
    kept, plain = [], []
    for finding, own, signals, membership in nulls[:: len(KINDS)]:  # logistic regressions: no luck in training
        outside = side(signals, ~membership, prior=NO_PRIOR)
        kept.append((surprise(own, outside, pool=pool) >= 2).mean())
        plain.append(recognized(own, signals, membership, finding.is_member, fpr=FPR)[1].value)
    print(f"false alarms on each record: {np.mean(plain):.4f} uncorrected, {np.mean(kept):.4f} corrected")
    error = np.std(kept, ddof=1) / np.sqrt(len(kept))
    assert np.mean(kept) - stats.t.isf(1e-4, len(kept) - 1) * error <= FPR
    assert np.mean(plain) > 2 * FPR
