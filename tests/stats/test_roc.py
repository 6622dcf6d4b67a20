"""The formulas of the ROC curve against loops over pairs and thresholds, and against scikit-learn."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats
from sklearn.metrics import roc_auc_score, roc_curve

from reticent.errors import ParameterError
from reticent.stats import roc


def scores(seed, m, n, *, ties):
    """Members a little higher than others; with ties, on a grid of a few values."""
    rng = np.random.default_rng(seed)
    members, others = rng.normal(0.7, 1, m), rng.normal(0, 1, n)
    return (members.round(), others.round()) if ties else (members, others)


CASES = [(seed, m, n, ties) for seed, (m, n) in enumerate([(40, 60), (60, 40), (2, 2), (77, 3)]) for ties in (0, 1)]


@pytest.mark.parametrize(("seed", "m", "n", "ties"), CASES)
def test_auc_is_the_share_of_pairs_in_order(seed, m, n, ties):
    members, others = scores(seed, m, n, ties=ties)
    pairs = [(a > b) + 0.5 * (a == b) for a in members for b in others]
    found = roc.auc(members, others)
    assert found.value == pytest.approx(np.mean(pairs), abs=1e-12)
    truth = np.arange(m + n) < m
    assert found.value == pytest.approx(roc_auc_score(truth, np.concatenate([members, others])), abs=1e-12)
    assert found.low <= found.value <= found.high


@pytest.mark.parametrize(("seed", "m", "n", "ties"), CASES[:4])
def test_auc_interval_is_delongs(seed, m, n, ties):
    """DeLong's variance by loops: spread of each row's share of pairs won, on each side."""
    members, others = scores(seed, m, n, ties=ties)
    wins = [np.mean([(a > b) + 0.5 * (a == b) for b in others]) for a in members]
    losses = [np.mean([(a > b) + 0.5 * (a == b) for a in members]) for b in others]
    sigma = math.sqrt(np.var(wins, ddof=1) / m + np.var(losses, ddof=1) / n)
    area = np.mean(wins)
    half = stats.norm.ppf(0.95) * sigma / (area * (1 - area))
    middle = math.log(area / (1 - area))
    found = roc.auc(members, others, level=0.9)
    assert found.low == pytest.approx(1 / (1 + math.exp(-(middle - half))))
    assert found.high == pytest.approx(1 / (1 + math.exp(-(middle + half))))
    assert found.level == 0.9


def test_auc_at_the_ends():
    apart = roc.auc(np.arange(10.0) + 100, np.arange(20.0))
    assert (apart.value, apart.high) == (1, 1)
    assert apart.low == pytest.approx(0.025 ** (1 / 10))  # no failure among ten
    other = roc.auc(np.arange(20.0), np.arange(10.0) + 100)
    assert (other.value, other.low) == (0, 0) and other.high == pytest.approx(1 - 0.025 ** (1 / 10))
    flat = roc.auc(np.ones(5), np.ones(7))
    assert (flat.value, flat.low, flat.high) == (0.5, 0.5, 0.5)
    assert not roc.auc(np.ones(1), np.ones(7)).tested


def tossing(members, others, slips):
    """Members found while ``slips`` others are: among equal scores by a coin, and all before the next other's score."""
    hits, seen = 0.0, 0
    for score in sorted({*members, *others}, reverse=True):
        alike, slip = sum(one == score for one in members), sum(one == score for one in others)
        if seen + slip > slips:
            return hits + alike * (slips - seen) / slip
        hits, seen = hits + alike, seen + slip
    return hits


@pytest.mark.parametrize("ties", [0, 1])
@pytest.mark.parametrize(("fpr", "slips"), [(0.01, 3), (0.05, 15), (0.2, 60), (0.5, 150)])
def test_tpr_is_what_the_attacker_finds_at_so_many_slips(fpr, slips, ties):
    members, others = scores(11, 120, 300, ties=ties)
    found = roc.tpr_at(members, others, fpr=fpr)
    assert found.value == pytest.approx(tossing(members, others, slips) / 120, abs=1e-12)
    if not ties:  # without ties it is the best threshold that slips no more
        thresholds = np.concatenate([others, members, [-math.inf]])
        best = max((members > t).mean() for t in thresholds if (others > t).sum() <= slips)
        assert found.value == pytest.approx(best)
    assert 0 <= found.low <= found.value <= found.high <= 1


def test_tpr_interval_is_the_mixture_over_the_unknown_threshold():
    """By simulation: draw how many others lie above the true threshold, then the rate given that."""
    rng = np.random.default_rng(5)
    members, others = rng.normal(1.5, 1, 200), rng.normal(0, 1, 400)
    found = roc.tpr_at(members, others, fpr=0.05, level=0.9)
    ranked = np.sort(others)[::-1]
    above = rng.binomial(400, 0.05, 40_000)
    most = np.array([(members > ranked[j]).sum() for j in range(120)])[above]
    fewest = np.array([0, *((members > ranked[j]).sum() for j in range(119))])[above]
    hits = fewest + rng.choice(np.linspace(0, 1, 5), len(above)) * (most - fewest)
    drawn = rng.beta(hits + 0.5, 200 - hits + 0.5)
    low, high = np.quantile(drawn, [0.05, 0.95])
    assert found.low == pytest.approx(low, abs=0.006)
    assert found.high == pytest.approx(high, abs=0.006)


def test_who_cannot_tell_people_apart_finds_as_many_as_he_slips():
    """Labels alone leak along the chord: of two scores, members have the higher one more often."""
    members, others = np.repeat([1.0, 0.0], [90, 10]), np.repeat([1.0, 0.0], [210, 90])
    found = roc.tpr_at(members, others, fpr=0.1)
    assert found.value == pytest.approx(0.9 * 0.1 / 0.7) and found.low < found.value < found.high
    flat = roc.tpr_at(np.zeros(400), np.zeros(400), fpr=0.05)
    assert flat.value == pytest.approx(0.05) and flat.low < 0.05 < flat.high
    nowhere = roc.tpr_at(np.zeros(400), np.ones(400), fpr=0.05)
    assert nowhere.value == 0


def test_tpr_needs_enough_nonmembers():
    members = np.linspace(0, 1, 50)
    assert roc.tpr_at(members, np.linspace(0, 1, 299), fpr=0.01).tested
    few = roc.tpr_at(members, np.linspace(0, 1, 298), fpr=0.01)
    assert not few.tested and math.isnan(few.value) and (few.low, few.high) == (0, 1)
    assert "298 non-members" in few.untested and "needs 299" in few.untested
    assert "without members" in roc.tpr_at(np.empty(0), np.linspace(0, 1, 500), fpr=0.01).untested
    for n in (299, 298):  # the count that certifies: no hit among so many, and the rate may still be 1 %
        assert (0.99**n <= 0.05) == (n >= roc.nonmembers_needed(0.01))
    with pytest.raises(ParameterError, match="fpr"):
        roc.nonmembers_needed(1.0)


@pytest.mark.parametrize("ties", [0, 1])
def test_curve_is_scikit_learns(ties):
    members, others = scores(3, 60, 80, ties=ties)
    fpr, tpr = roc.curve(members, others)
    truth = np.arange(140) < 60
    theirs = roc_curve(truth, np.concatenate([members, others]), drop_intermediate=False)
    np.testing.assert_allclose(fpr, theirs[0])
    np.testing.assert_allclose(tpr, theirs[1])
    assert np.trapezoid(tpr, fpr) == pytest.approx(roc.auc(members, others).value)


def naive_bound(members, others, cut, flipped, delta):
    """Clopper-Pearson on both rates by their definition, each with half of an error of 5 %."""
    if flipped:  # (1 - FPR) <= exp(epsilon) (1 - TPR) + delta
        hits, first, slips, second = (others < cut).sum(), len(others), (members < cut).sum(), len(members)
    else:
        hits, first, slips, second = (members > cut).sum(), len(members), (others > cut).sum(), len(others)
    rate = stats.beta.ppf(0.025, hits, first - hits + 1) if hits else 0.0
    other = stats.beta.ppf(0.975, slips + 1, second - slips) if slips < second else 1.0
    return math.log(max(rate - delta, 1e-300) / other)


def known(seed, *, absent):
    """Members stand out; or, where absent, others do: half of them look as no member does."""
    rng = np.random.default_rng(seed)
    if absent:
        return rng.normal(0, 1, 400), np.where(rng.random(500) < 0.5, -6, 0) + rng.normal(0, 1, 500)
    return rng.normal(0, 1, 400) + 6 * (rng.random(400) < 0.5), rng.normal(0, 1, 500)


@pytest.mark.parametrize("absent", [False, True])
@pytest.mark.parametrize("delta", [0.0, 0.01])
def test_epsilon_bound_is_its_definition_at_the_best_cut_of_the_other_half(delta, absent):
    (members, others), chosen = known(8, absent=absent), known(9, absent=absent)
    found = roc.epsilon_lower_bound(members, others, chosen_on=chosen, delta=delta)
    cuts = np.quantile(np.concatenate(chosen), np.linspace(0.005, 0.995, 199))
    bounds = {(c, f): naive_bound(*chosen, c, f, delta) for c in cuts for f in (False, True)}
    best = {key for key, bound in bounds.items() if bound > max(bounds.values()) - 1e-9}
    assert all(flipped == absent for _, flipped in best)
    assert any(found.value == pytest.approx(naive_bound(members, others, *key, delta)) for key in best)
    assert found.value > 2
    assert found.high == math.inf and found.low == found.value


def test_epsilon_bound_of_noise_is_nothing():
    rng = np.random.default_rng(0)
    draw = [rng.normal(size=300) for _ in range(4)]
    assert roc.epsilon_lower_bound(*draw[:2], chosen_on=tuple(draw[2:])).value == 0


def test_epsilon_bound_never_looks_at_what_chose():
    members, others = scores(8, 400, 500, ties=0)
    rng = np.random.default_rng(1)
    noise = rng.normal(size=400), rng.normal(size=500)
    assert roc.epsilon_lower_bound(*noise, chosen_on=(members, others)).value == 0  # strong where chosen, nothing here


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.integers(-3, 3), min_size=2, max_size=30),
    st.lists(st.integers(-3, 3), min_size=2, max_size=30),
    st.sampled_from([0.5, 1.0, 3.0]),
)
def test_order_alone_counts(members, others, scale):
    """Any rising change of the scores leaves every number as it was; the sides swapped mirror the area."""
    a, b = np.array(members, float), np.array(others, float)
    area = roc.auc(a, b)
    changed = roc.auc(np.exp(scale * a), np.exp(scale * b))
    assert changed.value == pytest.approx(area.value) and changed.low == pytest.approx(area.low)
    assert roc.auc(b, a).value == pytest.approx(1 - area.value)
    fpr, tpr = roc.curve(a, b)
    assert (np.diff(fpr) >= 0).all() and (np.diff(tpr) >= 0).all()
    assert (fpr[0], tpr[0], fpr[-1], tpr[-1]) == (0, 0, 1, 1)
    np.testing.assert_array_equal(roc.curve(np.exp(scale * a), np.exp(scale * b)), (fpr, tpr))
