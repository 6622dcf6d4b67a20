"""Shadow models have to be as accurate and as sure as the target, and sure in the same way."""

from dataclasses import replace

import numpy as np
import pytest
from scipy import stats
from sklearn.tree import DecisionTreeClassifier

from reticent.attacks.fidelity import distances, fidelity
from reticent.attacks.shadow import Shadows, shadows
from reticent.attacks.validity import mismatches
from reticent.attacks.workbench import Workbench
from reticent.audit import audit
from reticent.errors import MismatchError


@pytest.fixture(scope="module")
def trained(target):
    return shadows(target, 16, 0, Workbench(n_jobs=1))


def test_compares_accuracy(target, trained):
    own, others = trained.accuracy(target.truth)
    seen = fidelity(target, trained)
    assert seen["shadows"] == 16
    assert seen["members"] == target.accuracy(members=True).mean()
    assert seen["nonmembers"] == target.accuracy().mean()
    assert seen["shadows_own"] == pytest.approx(own.mean()) and seen["shadows_others"] == pytest.approx(others.mean())
    assert abs(seen["deviations"]) < 3
    assert mismatches(seen, "error") == []


def test_a_model_of_other_people_is_the_wrong_file(target, trained):
    stranger = replace(target, model=target.train(np.flatnonzero(~target.population.is_member), 0))
    seen = fidelity(stranger, trained)
    assert seen["deviations"] > 8
    with pytest.raises(MismatchError, match="other rows or in another way"):
        mismatches(seen, "error")
    assert len(mismatches(seen, "withhold")) == 1


def test_distance_is_that_of_kolmogorov_and_smirnov():
    """Values on a grid of few steps, so that cutting at quantiles loses nothing."""
    rng = np.random.default_rng(0)
    theirs, chosen = rng.integers(0, 30, (8, 400)) / 30, rng.random((8, 400)) < 0.5
    mine, rows = np.minimum(rng.integers(0, 34, 400), 30) / 30, rng.random(400) < 0.5
    distance, usual = distances(mine, rows, theirs, chosen)
    assert distance == pytest.approx(stats.ks_2samp(mine[rows], theirs[chosen]).statistic)
    for s in range(8):
        rest = np.arange(8) != s
        expected = stats.ks_2samp(theirs[s, chosen[s]], theirs[rest][chosen[rest]]).statistic
        assert usual[s] == pytest.approx(expected)


def test_trained_alike_is_not_far_though_shares_lie_on_few_values(target, trained):
    """The target's answers are in double precision, the shadows' in single: no bin may tell them apart."""
    again = replace(target, model=target.train(np.flatnonzero(target.population.is_member), 5))
    seen = fidelity(again, trained)
    for side in ("own", "others"):
        assert seen[f"distance_{side}"] < 2 * seen[f"usual_distance_{side}"]


def test_another_sureness_at_equal_accuracy_withholds(target, trained):
    """Only the confidence differs, as with another loss: labels and accuracies stay as they were."""
    unlike = Shadows((0.5 + (trained.scores - 0.5) / 2).astype(np.float32), trained.membership)
    np.testing.assert_allclose(unlike.accuracy(target.truth), trained.accuracy(target.truth))
    assert len(mismatches(fidelity(target, unlike), "error")) == 1


def test_fewer_shadows_have_to_be_farther_off(target, trained):
    seen = fidelity(target, trained)
    off = {**seen, "sureness_deviations": 7.0}
    assert mismatches({**off, "shadows": 32}, "error") and not mismatches({**off, "shadows": 4}, "error")


def test_the_report_shows_both_distributions(target, trained):
    shown = fidelity(target, trained)["distribution"]
    for name in ("target_own", "shadows_own", "target_others", "shadows_others"):
        assert len(shown[name]) == len(shown["bins"]) - 1 and sum(shown[name]) == pytest.approx(1, abs=1e-3)


def test_a_recipe_of_another_kind_withholds_the_verdict(target_of, people):
    def stump(rows, seed):
        columns = ["age", "income", "weight"]

        class OnNumbers(DecisionTreeClassifier):
            def predict_proba(self, x):
                return super().predict_proba(x[columns])

            def predict(self, x):
                return super().predict(x[columns])

        return OnNumbers(max_depth=1, random_state=seed).fit(rows[columns], rows["y"])

    found = audit(target_of(recipe=stump), ["lira"], n_jobs=1)
    assert found.state == "withheld" and "remember" in found.verdict


@pytest.mark.parametrize(("off", "withheld"), [(4.01, True), (3.99, False)])
def test_the_usual_number_of_shadows_keeps_the_usual_limit(target, trained, off, withheld):
    seen = {**fidelity(target, trained), "shadows": 32, "deviations": off}
    assert bool(mismatches(seen, "withhold")) == withheld
