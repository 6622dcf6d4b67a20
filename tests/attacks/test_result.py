"""A finding's numbers are those of its rows: all of them, or one half."""

import math

import numpy as np
import pytest

from reticent.attacks.result import FPRS, Finding, Replicas
from reticent.stats import roc
from reticent.stats.estimate import Estimate
from reticent.stats.several import tpr_over_models
from reticent.target.access import Access
from reticent.target.population import Half

N = 1400


@pytest.fixture(scope="module")
def finding():
    rng = np.random.default_rng(0)
    is_member, sealed = np.arange(N) < N // 2, rng.random(N) < 0.5
    replicas = Replicas(rng.normal(size=(3, N)), rng.random((3, N)) < 0.5, np.arange(N) // 2)
    return Finding(
        name="made up",
        title="Made up",
        needs=Access.SCORES,
        scores=rng.normal(size=N) + 1.0 * is_member + 0.3 * sealed,
        is_member=is_member,
        sealed=sealed,
        baseline=rng.normal(size=N),
        facts={"share": Estimate(value=0.5, low=0.4, high=0.6, level=0.95, method="none", n=3), "count": 3.0},
        replicas=replicas,
        seed=4,
    )


@pytest.mark.parametrize("half", Half)
def test_numbers_are_of_the_rows_of_the_half(half, finding):
    found = finding.on(half)
    rows = {Half.ALL: np.ones(N, bool), Half.OPEN: ~finding.sealed, Half.SEALED: finding.sealed}[half]
    sides = finding.scores[rows & finding.is_member], finding.scores[rows & ~finding.is_member]
    assert found.auc() == roc.auc(*sides)
    assert found.auc(level=0.5) == roc.auc(*sides, level=0.5)
    assert found.tpr_at(0.05) == roc.tpr_at(*sides, fpr=0.05)
    assert found.baseline_auc() == roc.auc(
        finding.baseline[rows & finding.is_member], finding.baseline[rows & ~finding.is_member]
    )
    replicas = finding.replicas
    assert found.tpr_over_models(0.1) == tpr_over_models(
        replicas.scores[:, rows], replicas.membership[:, rows], replicas.unit[rows], fpr=0.1
    )
    np.testing.assert_array_equal(found.curve()[0][[0, -1]], [0, 1])
    assert found.half is half and finding.half is Half.ALL


@pytest.mark.parametrize("half", Half)
def test_epsilon_is_chosen_on_the_open_half_and_bounded_on_the_sealed(half, finding):
    def sides(rows):
        return finding.scores[rows & finding.is_member], finding.scores[rows & ~finding.is_member]

    expected = roc.epsilon_lower_bound(*sides(finding.sealed), chosen_on=sides(~finding.sealed), delta=1e-5)
    assert finding.on(half).epsilon_lower_bound(1e-5) == expected
    assert expected.value > 0


def test_control_takes_sealed_strangers_for_members(finding):
    strangers, sealed = ~finding.is_member, finding.sealed
    expected = roc.auc(finding.scores[strangers & sealed], finding.scores[strangers & ~sealed], level=0.9)
    assert finding.control_auc(level=0.9) == expected and expected.low > 0.5  # here they do differ


def test_curve_is_thinned_but_exact_where_people_are_harmed(finding):
    fpr, tpr = finding.curve()
    whole = roc.curve(finding.scores[finding.is_member], finding.scores[~finding.is_member])
    assert len(fpr) <= 250 < len(whole[0])
    assert (fpr[0], fpr[-1], tpr[-1]) == (0, 1, 1) and (np.diff(fpr) > 0).all() and (np.diff(tpr) >= 0).all()
    n = N // 2
    for rate, reached in zip(fpr, tpr, strict=True):  # never below the curve's lower edge, never above its upper one
        lower = whole[1][whole[0] <= rate - 1 / n].max(initial=0)
        upper = whole[1][whole[0] <= rate + 1 / n].max()
        assert lower <= reached <= upper
    assert set(FPRS) <= set(fpr.tolist())
    assert tpr[fpr == 0.01] == pytest.approx(finding.tpr_at(0.01).value)
    assert tpr[0] == (finding.scores[finding.is_member] > finding.scores[~finding.is_member].max()).mean()


def test_to_dict_says_each_number_as_the_methods_do(finding):
    said = finding.to_dict()
    assert [one["fpr"] for one in said["tpr"]] == list(FPRS)
    assert said["tpr"][0]["estimate"] == finding.tpr_at(0.01).to_dict()
    assert said["tpr"][1]["estimate"]["untested"] and said["tpr"][1]["estimate"]["value"] is None
    assert said["epsilon"]["value"] == finding.epsilon_lower_bound().value and said["epsilon"]["high"] is None
    assert said["facts"] == {"share": finding.reading()["share"].to_dict(), "count": 3.0}
    assert [one["fpr"] for one in finding.to_dict((0.2,))["tpr"]] == [0.2]
    for private in ("scores", "is_member", "risk", "replicas", "baseline"):
        assert private not in said


def test_without_replicas_or_baseline_there_is_no_number(finding):
    bare = Finding(
        name="bare",
        title="Bare",
        needs=Access.LABELS,
        scores=finding.scores,
        is_member=finding.is_member,
        sealed=finding.sealed,
        baseline=None,
    )
    assert bare.tpr_over_models(0.05) is None and bare.baseline_auc() is None
    said = bare.to_dict()
    assert said["over_models"] is None and said["baseline_auc"] is None
    assert not math.isnan(said["auc"]["value"])
    assert "Bare: AUC" in str(bare) and "too few" not in str(bare.auc())
