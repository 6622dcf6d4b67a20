"""What came of a goal of differential privacy, in sentences that claim no more than was proven."""

import pytest

from reticent.views.frontier_in_words import sentence

GOAL = {"tpr": None, "fpr": 0.01, "accuracy_drop": None, "epsilon": 1.0, "delta": 1e-5}
WORDS = "epsilon at most 1"


@pytest.fixture
def point(frontier_dict):
    def build(*, by_rule=True, refuted=False, charged=1.0, warns=0.0, bounded=True):
        bounds = {"delta": 1e-5, "claimed": 1.0, "audits": 5, "warns": warns, "fails": 1.7 if refuted else 0.0}
        privacy = {"delta": 1e-5, "alone": 1.0, "charged": charged, "by_rule": by_rule, "refuted": refuted}
        privacy["bounds"] = bounds if bounded else None
        return frontier_dict()["points"][2] | {"title": "epsilon = 1", "privacy": privacy}

    return build


def said(points, best, confirmed=True, goal=GOAL):
    return sentence(goal, WORDS, points, best, confirmed=confirmed)


def test_a_goal_that_is_met_is_met_by_mathematics(point):
    one = point(warns=0.3)
    found = said([one], one)
    assert "settled the choice before anything was measured: its training costs epsilon 1 at delta 1e-05." in found
    assert "attacks show that epsilon is at least 0.3 (95 %)." in found and found.endswith("is met.")
    with_rate = said([one], one, goal={**GOAL, "tpr": 0.03})
    assert with_rate.endswith("is met, the rate by these attacks and on these records.")


def test_a_refuted_claim_is_loud_and_not_to_be_relied_on(point):
    one = point(refuted=True)
    found = said([one], one, confirmed=False)
    assert "epsilon is at least 1.7 (99.9 %), so that THE CLAIMED EPSILON IS WRONG" in found
    assert "do not rely on it. No other candidate may take its place" in found and "is met" not in found


def test_what_was_spent_before_and_what_no_attack_says_is_said(point):
    ruled, other = point(charged=1.4, bounded=False), point(by_rule=False)
    found = said([other, ruled], ruled, confirmed=False)
    assert "and 1.4 with all that was spent on these people before" in found
    assert "no attack says how large epsilon is" in found


def test_where_nothing_is_chosen_the_reason_is_said(point):
    other = point(by_rule=False)
    nothing = said([other], None, confirmed=False)
    assert nothing.startswith("None of 1 candidates can meet the goal") and "no audit does" in nothing
