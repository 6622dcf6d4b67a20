"""protect chooses on one half of the people and reports on the other, and says so where nothing meets the goal."""

import json
from dataclasses import dataclass, replace
from types import SimpleNamespace
from typing import ClassVar

import numpy as np
import pandas as pd
import pytest

from reticent import protect as face
from reticent.attacks.membership.lira import Lira
from reticent.attacks.membership.population import PopulationThreshold
from reticent.attacks.result import Replicas
from reticent.attacks.workbench import Workbench
from reticent.attest import attest
from reticent.audit import audit
from reticent.defenses import Anonymizer, Coarsen, DPClassifier, Regularize
from reticent.defenses.training.dp.candidates import chosen_by_rule, grid
from reticent.errors import ParameterError
from reticent.protect import FAMILIES, Point, _as_useful, _choose, protect
from reticent.stats.rates import paired_difference, rate
from reticent.target.access import Access
from reticent.target.goal import Goal
from reticent.target.population import Half

FPR = 0.1  # 160 others in a half can test that
SMOOTH = Regularize(parameters={"decisiontreeclassifier__min_samples_leaf": 40})
ATTACKS = ["gap", Lira(shadows=8)]
TRIED = [SMOOTH, Coarsen(policy="label"), Anonymizer(k=5)]


@pytest.fixture(scope="module")
def bench():
    return Workbench(n_jobs=1)


@pytest.fixture(scope="module")
def frontier(target, bench):
    return protect(target, Goal(0.23, FPR), defenses=TRIED, attacks=ATTACKS, bench=bench)


def test_every_candidate_is_a_point_and_the_first_is_the_model_as_it_is(frontier, target):
    assert [point.title for point in frontier.points] == [
        "as it is",
        "min_samples_leaf = 40",
        "label only",
        "k = 5 on quasi-identifiers",
    ]
    assert frontier.before.target is target and frontier.before.defense is None
    assert frontier.before.model is target.model.native
    assert all(point.target.population is target.population for point in frontier.points)
    assert [len(point.target.defenses) for point in frontier.points] == [0, 1, 1, 1]


def test_numbers_are_read_on_the_half_that_they_name(frontier, target):
    people = target.population
    for point in frontier.points:
        assert point.audit.half is Half.SEALED and point.selection.half is Half.OPEN
        for half, found, change in (
            (Half.SEALED, point.utility, point.utility_change),
            (Half.OPEN, point.selection_utility, point.selection_change),
        ):
            rows = ~people.is_member & people.mask(half)
            right, was = (one.labels[rows] == one.truth[rows] for one in (point.target, target))
            assert found == rate(right) and change == paired_difference(right, was)
        rows = np.flatnonzero(~people.is_member & ~people.sealed)
        wrong = [((point.target.scores[i] - np.eye(2)[point.target.truth[i]]) ** 2).sum() for i in rows]
        np.testing.assert_allclose(point.losses, wrong)
        assert point.brier == pytest.approx(np.mean(wrong))


def test_audits_are_adaptive_and_share_shadows(frontier, target, bench):
    """Each candidate's audit is the audit of its own target, from a bench of its own."""
    for point in frontier.points[1:3]:
        alone = audit(point.target, ATTACKS, n_jobs=1, shadow_mismatch="withhold").on(Half.SEALED)
        np.testing.assert_array_equal(alone["lira"].scores, point.audit["lira"].scores)
        assert alone.exposure(FPR) == point.audit.exposure(FPR)


def test_the_goal_decides(frontier):
    assert frontier.best is not None and frontier.best.meets(frontier.goal)
    assert frontier.best.title == "min_samples_leaf = 40"  # the others give too many away
    assert [point.meets(frontier.goal) for point in frontier.points] == [False, True, False, False]
    assert frontier.confirmed == frontier.best.meets(frontier.goal, Half.SEALED)
    assert frontier.best.title in frontier.sentence
    assert frontier.confirmed and "is met there, by these attacks and on these records" in frontier.sentence


def test_a_choice_that_the_sealed_half_does_not_confirm_is_not_to_be_relied_on(frontier):
    point = frontier.points[3]
    lower, higher = sorted((point.selection, point.audit), key=lambda read: read.exposure(FPR).high)
    limits = [read.exposure(FPR).high for read in (lower, higher)]
    assert limits[0] < limits[1]
    chosen = replace(point, selection=lower, audit=higher)  # as if the halves of the people had been dealt so
    between = replace(frontier, best=chosen, goal=Goal(sum(limits) / 2, FPR))
    assert chosen.meets(between.goal) and not between.confirmed
    assert between.sentence.endswith("do not rely on it.") and "is met there" not in between.sentence
    assert replace(between, goal=Goal(limits[1], FPR)).confirmed


def test_where_nothing_meets_the_goal_the_sentence_says_so(target, bench):
    none = protect(target, Goal(FPR + 0.001, FPR), defenses=TRIED[:1], attacks=ATTACKS, bench=bench)
    assert none.best is None and not none.confirmed
    assert none.sentence.startswith("None of 2 candidates meets the goal (at most 10.1 % of members recognized")
    nearest = min(none.points, key=lambda point: point.selection.exposure(FPR).high)
    assert f"Nearest is {nearest.title!r} with" in none.sentence
    said = none.to_dict()
    assert said["chosen"] is None and said["confirmed"] is False
    assert not any(point["chosen"] or point["meets_on_open_half"] for point in said["points"])


def test_what_cannot_be_tested_meets_nothing(target, bench):
    few = protect(target, Goal(0.9, 0.01), defenses=[], attacks=ATTACKS, bench=bench)
    assert few.best is None and "160 non-members" in few.sentence
    weak = protect(target, Goal(0.9, FPR), defenses=[], attacks=["gap"], bench=bench)
    assert weak.best is None and "no attack could train shadow models" in weak.sentence
    nothing = protect(target, Goal(0.9, FPR), defenses=[], attacks=["blind"], bench=bench)
    assert nothing.best is None and nothing.before.audit.state == "not tested"


def test_a_dear_candidate_is_no_choice(target, bench):
    """Of two goals alike the one that allows no loss of accuracy turns the dear candidate down."""
    dumb = Regularize(parameters={"decisiontreeclassifier__max_leaf_nodes": 2})
    stump = Regularize(parameters={"decisiontreeclassifier__min_samples_leaf": 160})
    found = {}
    for drop in (None, 0.0):
        goal = Goal(0.9, FPR, drop)
        points = protect(target, goal, defenses=[dumb, stump], attacks=ATTACKS, bench=bench).points
        found[drop] = [point.meets(goal) for point in points[1:]]
        for point in points[1:]:
            assert point.meets(goal) == (drop is None or point.selection_change.low >= -drop)
            assert point.meets(goal, Half.SEALED) == (drop is None or point.utility_change.low >= -drop)
    assert found[None] == [True, True] and not all(found[0.0])


def test_becomes_standard_json(frontier):
    said = frontier.to_dict()
    assert json.loads(json.dumps(json.loads(json.dumps(said, allow_nan=False)))) == json.loads(json.dumps(said))
    assert said["schema"] == "reticent/frontier/1"
    assert said["chosen"] == frontier.points.index(frontier.best)
    assert [point["name"] for point in said["points"]] == ["as it is", "regularize", "coarsen", "k-anonymize"]
    assert said["points"][3]["claim"]["k"] == 5 and said["points"][0]["moment"] == "none"
    assert [point["access"] for point in said["points"]] == [*["labels, scores"] * 2, "labels", "labels, scores"]
    first = said["points"][1]
    assert first["exposure"] == frontier.points[1].audit.exposure(FPR).to_dict()
    assert first["selection"]["exposure"] == frontier.points[1].selection.exposure(FPR).to_dict()


def test_same_seed_same_frontier(frontier, target):
    again = protect(target, Goal(0.23, FPR), defenses=TRIED, attacks=ATTACKS, n_jobs=1)
    assert {**again.to_dict(), "timings": 0} == {**frontier.to_dict(), "timings": 0}


def test_an_audit_from_before_lends_its_shadows(target, bench):
    before = audit(target, ["gap"], n_jobs=1)
    found = protect(target, Goal(0.9, FPR), defenses=[], before=before, attacks=["gap"])
    assert found.before.audit.bench is before.bench


def test_all_families_are_tried_or_said_not_to_be(target_of, target, bench):
    tried = protect(target, Goal(0.9, FPR), attacks=["gap"], bench=bench)
    names = {point.defense.name for point in tried.points[1:]}
    assert names == set(FAMILIES) - {"dp"} and [one.partition(":")[0] for one in tried.not_tried] == ["dp"]
    bought = replace(target_of(quasi_identifiers=(), access=Access.PARAMETERS), recipe=None)
    none = protect(bought, Goal(0.9, FPR), attacks=["gap"], bench=bench)
    assert len(none.points) == 1
    assert {reason.partition(":")[0] for reason in none.not_tried} == set(FAMILIES)
    said = dict(reason.split(": ", 1) for reason in none.not_tried)
    assert "recipe" in said["regularize"] and "labels alone" in said["coarsen"] and "names no epsilon" in said["dp"]


def test_a_defense_of_ones_own_that_does_not_suit_is_said(target_of, bench):
    labels = target_of(access=Access.LABELS)
    found = protect(labels, Goal(0.9, FPR), defenses=[Coarsen(policy="bands")], attacks=["gap"], bench=bench)
    assert found.not_tried == ("scores in three bands: it already gives labels alone",)
    with pytest.raises(ParameterError, match=r"among regularize, coarsen, k-anonymize, minimize, dp; got 'pd'"):
        protect(labels, Goal(0.9, FPR), defenses=["pd"], attacks=["gap"], bench=bench)


# the choice itself, on points made up


TOWNS = {"town": ["Bonn", "Ems", "Ulm", "Wien"]}


@pytest.fixture(scope="module")
def private(target_of, bench):
    return protect(target_of(domains=TOWNS), Goal(epsilon=1), attacks=["gap"], bench=bench)


def test_an_epsilon_settles_the_choice_before_anything_is_measured(private):
    titles = [point.title for point in private.points]
    assert titles == ["as it is", *(f"epsilon = {each:g}" for each in (8, 3, 1, 0.5, 0.1))]
    assert private.best.title == "epsilon = 1" and private.confirmed
    assert [bool(point.privacy and point.privacy["by_rule"]) for point in private.points] == [0, 0, 0, 1, 0, 0]
    assert [point.meets(private.goal) for point in private.points] == [0, 0, 0, 1, 1, 1]
    assert {one.partition(":")[0] for one in private.not_tried} == set(FAMILIES) - {"dp"}
    assert "settled the choice before anything was measured" in private.sentence
    assert private.sentence.endswith(f"The goal ({private.goal}) is met.")


def test_what_is_charged_is_what_was_trained(private, target_of):
    said = json.loads(json.dumps(private.to_dict(), allow_nan=False))["points"]
    assert said[0]["privacy"] is None and private.points[0].charged(1e-5) == np.inf
    for point, dict_ in zip(private.points[1:], said[1:], strict=True):
        epsilon = point.defense.epsilon
        assert len(point.target.releases) == 1
        assert epsilon * 0.99 < dict_["privacy"]["alone"] == dict_["privacy"]["charged"] <= epsilon * (1 + 1e-9)
        assert point.model.random_state is None and point.model.event_.no_guarantee is None
        assert dict_["claim"]["audits"] == 5 and dict_["privacy"]["bounds"]["audits"] == 5


def test_what_was_spent_before_counts(private, target_of, bench):
    """With epsilon 1 spent before, a goal of 1.2 leaves room for 0.5 and a goal of 1 for nothing."""
    spent = replace(target_of(domains=TOWNS), releases=private.best.target.releases)
    after = protect(spent, Goal(epsilon=1.2), attacks=["gap"], bench=bench)
    assert after.best.title == "epsilon = 0.5" and len(after.best.target.releases) == 2
    alone, charged = (after._privacy(after.best)[name] for name in ("alone", "charged"))
    assert alone <= 0.5 and 1 < charged <= 1.2
    assert f"epsilon 0.5 at delta 1e-05, and {charged:.3g} with all that was spent" in after.sentence
    assert protect(spent, Goal(epsilon=1), defenses=[SMOOTH], attacks=["gap"], bench=bench).best is None
    assert chosen_by_rule(grid(), Goal(epsilon=1), spent) is None


def test_other_goals_are_judged_and_choose_nothing(target_of, bench):
    """A rate that the one candidate cannot be shown to keep: no other epsilon stands in, and not "none" either."""
    few = protect(target_of(domains=TOWNS), Goal(0.0101, 0.01, epsilon=1), attacks=["gap"], bench=bench)
    assert few.best.title == "epsilon = 1" and not few.confirmed
    assert "does not confirm the goal" in few.sentence and "No other candidate may take its place" in few.sentence
    assert [point.meets(few.goal) for point in few.points] == [False] * 6


def test_what_audits_chose_is_not_settled_by_a_later_goal(private, bench):
    """A point that no rule chose, protected again under a goal that it keeps, is still one that audits chose."""
    other = private.points[1]
    assert attest(private.before.audit, other.audit, goal=Goal(epsilon=8))["E11"].answer.state == "missing"
    again = protect(other.target, Goal(epsilon=8), attacks=["gap"], defenses=[], bench=bench)
    assert again.best is None or attest(again.before.audit, again.best.audit)["E11"].answer.state == "missing"


def test_a_family_that_proves_nothing_meets_no_epsilon(target, bench):
    found = protect(target, Goal(epsilon=8), defenses=[SMOOTH], attacks=["gap"], bench=bench)
    assert found.best is None and "Only differential privacy proves an epsilon" in found.sentence


def test_private_candidates_want_a_codebook(target, bench):
    found = protect(target, Goal(epsilon=1), attacks=["gap"], bench=bench)
    assert found.best is None and len(found.points) == 1
    assert any(one.startswith("dp: which values town may hold is not declared") for one in found.not_tried)


def test_a_choice_by_audits_says_that_no_epsilon_covers_it(target_of, bench):
    goal = Goal(0.9, FPR)
    found = protect(target_of(domains=TOWNS), goal, defenses=[DPClassifier(epsilon=8)], attacks=["gap"], bench=bench)
    chosen = replace(found, best=found.points[1])
    assert not chosen.best.privacy["by_rule"]
    assert "chose it, which the epsilon of its training does not cover" in chosen.sentence


@dataclass
class Read:
    """An audit that says what it is told to."""

    high: float
    passes: bool = True

    def exposure(self, fpr):
        return SimpleNamespace(high=self.high)

    def meets(self, tpr, fpr):
        return self.passes and self.high <= tpr


def point(name, *, right, high, losses=None, change=0.0, sealed_high=0.0, sealed_right=None):
    """A point whose open and sealed halves are told apart: 200 others in each."""
    answers = {Half.OPEN: np.arange(200) < right, Half.SEALED: np.arange(200) < (sealed_right or right)}
    return Point(
        defense=SimpleNamespace(title=name),
        target=SimpleNamespace(accuracy=answers.__getitem__, defenses=()),
        audit=Read(sealed_high),
        selection=Read(high),
        utility=rate(answers[Half.SEALED]),
        utility_change=SimpleNamespace(low=change),
        selection_utility=rate(answers[Half.OPEN]),
        selection_change=SimpleNamespace(low=change),
        losses=np.full(200, 0.2) if losses is None else losses,
    )


GOAL = Goal(0.3, FPR)


def test_the_most_accurate_of_those_that_meet_the_goal():
    points = [
        point("leaks", right=190, high=0.31),
        point("accurate", right=180, high=0.29),
        point("dull", right=120, high=0.1),
    ]
    assert _choose(points, GOAL).title == "accurate"
    assert _choose(points[:1], GOAL) is None and _choose([], GOAL) is None


def test_of_equals_the_least_exposed():
    """A row or two of 200 is luck: the one that leaks less is taken; 30 rows are none."""
    ahead, close, far = (
        point("ahead", right=180, high=0.29),
        point("close", right=179, high=0.15),
        point("far", right=150, high=0.05),
    )
    assert _as_useful(close, ahead) and not _as_useful(far, ahead)
    assert _choose([far, ahead, close], GOAL).title == "close"


def test_coarser_scores_are_not_equal_where_they_are_worse():
    rng = np.random.default_rng(0)
    sure = rng.uniform(0, 0.2, 200)
    sharp = point("sharp", right=180, high=0.29, losses=sure)
    blurred = point("blurred", right=180, high=0.05, losses=sure + rng.uniform(0.2, 0.4, 200))
    alike = point("alike", right=180, high=0.2, losses=rng.permutation(sure))
    assert _choose([blurred, alike, sharp], GOAL).title == "alike"


def test_the_sealed_half_chooses_nothing():
    """Whatever the sealed half says of a point, the choice stays: it says only whether the choice is confirmed."""
    for best, worst in ((0.9, 0.0), (0.0, 0.9)):
        points = [
            point("chosen", right=180, high=0.2, sealed_high=best, sealed_right=60),
            point("other", right=140, high=0.1, sealed_high=worst, sealed_right=199),
        ]
        assert _choose(points, GOAL).title == "chosen"
        assert points[0].meets(GOAL, Half.SEALED) == (best <= 0.3)


@dataclass(frozen=True)
class Twice(PopulationThreshold):
    """Confidence, given out for that of two models: made of each row's own answers and of nothing else."""

    shadows: int = 8  # so that the audit looks whether models of the recipe are like the target
    needs_recipe: ClassVar[bool] = True

    def run(self, target, seed=0, bench=None):
        found, unit = super().run(target, seed, bench), target.population.unit
        return replace(found, replicas=Replicas(np.tile(found.scores, (2, 1)), np.tile(found.is_member, (2, 1)), unit))


def test_other_people_in_the_sealed_half_change_the_report_and_not_the_choice(target_of, given, people):
    """The sealed non-members are exchanged for new ones of the same population: nothing that chooses moves."""
    first = target_of()
    sealed = first.population.row[~first.population.is_member & first.population.sealed]
    others = given()["nonmembers"].copy()
    others.iloc[sealed] = people(len(sealed), 99).to_numpy()
    second = target_of(nonmembers=others.astype(given()["nonmembers"].dtypes))
    np.testing.assert_array_equal(second.population.sealed, first.population.sealed)
    goal = Goal(0.23, FPR)
    tried = [SMOOTH, Coarsen(policy="bands"), Anonymizer(k=5)]
    one, other = (protect(target, goal, defenses=tried, attacks=[Twice()], n_jobs=1) for target in (first, second))
    assert one.best.title == other.best.title
    for a, b in zip(one.points, other.points, strict=True):
        assert a.selection.exposure(FPR) == b.selection.exposure(FPR)
        assert a.selection_utility == b.selection_utility and a.brier == b.brier
        assert a.meets(goal) == b.meets(goal)
        assert a.audit.auc() != b.audit.auc()
        assert a.utility != b.utility
    pd.testing.assert_frame_equal(first.population.members.native, second.population.members.native, check_exact=True)


def test_the_verb_is_at_the_face():
    assert face is protect
