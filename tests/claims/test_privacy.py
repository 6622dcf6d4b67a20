"""E11: an epsilon is counted again, covers the choice, is no larger than asked, and falls where attacks show more."""

import pytest

from reticent.accounting.adjacency import ADD_REMOVE_ROW
from reticent.accounting.events import Event, Gaussian
from reticent.accounting.gaussian import mu_of
from reticent.claims.answer import Evidence
from reticent.claims.privacy import differential_privacy
from reticent.mechanisms.promise import promise

TRAINED = Event("training", (Gaussian(1 / mu_of(1.0, 1e-5)),), adjacency=ADD_REMOVE_ROW)
SPENDING = [
    {"what": "gradients", "share": 0.9},
    {"what": "edges", "share": 0.1},
    {"what": "domain of town: declared, 4 values", "share": 0.0},
]
CLAIM = promise(TRAINED, 1e-5, SPENDING, trained_here=True) | {"by_rule": True, "audits": 5}


def defense(claim, moment="training"):
    return {"name": "dp", "title": "epsilon = 1", "moment": moment, "claim": claim}


def bounds(warns=0.0, fails=0.0, claimed=1.0):
    return {"delta": 1e-5, "claimed": claimed, "audits": 5, "warns": warns, "fails": fails}


def answer(claim=CLAIM, *, goal=None, members=2000, beside=None, releases=None, after=()):
    defenses = [*([] if claim is None else [defense(claim)]), *after]
    target = {"members": members, "defenses": defenses, "releases": releases or []}
    audit = {"target": target, "epsilon_bounds": bounds() if beside is None else beside}
    return differential_privacy(Evidence(audit=audit, before=audit, goal=goal, declared={}))


def test_a_proven_epsilon_says_all_that_it_covers():
    found = answer()
    assert found.state == "proven" and "counted again" in found.evidence
    for words in (
        "epsilon 1 at delta 1e-05 for each row (neighbors: add or remove one row), by Gaussian DP",
        "settled by the goal before anything was measured",
        "charged: gradients 90 %, edges 10 %",
        "not charged: domain of town: declared, 4 values",
        "attacks rule no epsilon out",
    ):
        assert words in found.statement, words


def test_the_same_of_many_columns_is_said_once():
    columns = [f"column {k}" for k in range(40)]
    rows = [{"what": f"bounds of {name}", "share": 0.01} for name in columns]
    rows += [{"what": f"domain of {name}: declared, 3 values", "share": 0.0} for name in columns[:3]]
    found = answer({**CLAIM, "spending": [*SPENDING, *rows]}).statement
    assert "bounds of 40 columns 40 %" in found and "domain of 4 columns" in found
    assert "edges 10 %" in found and "column 7" not in found


def test_where_there_is_none_it_is_missing():
    assert answer(None).state == "missing"
    assert "the goal asks for epsilon at most 1" in answer(None, goal={"tpr": None, "epsilon": 1.0}).statement


@pytest.mark.parametrize(("moment", "state"), [("output", "proven"), ("input", "missing"), ("data", "missing")])
def test_what_read_the_members_once_more_ends_it(moment, state):
    assert answer(after=[defense(None, moment)]).state == state


def test_a_seeded_fit_is_refused():
    seeded = Event("training", TRAINED.parts, adjacency=ADD_REMOVE_ROW, no_guarantee="its noise came from a seed")
    found = answer(promise(seeded, 1e-5, trained_here=True))
    assert found.state == "failed" and found.statement.startswith("NO EPSILON HOLDS: its noise came from a seed")


@pytest.mark.parametrize("claimed", [0.99, None])
def test_the_events_are_believed_and_not_the_number(claimed):
    found = answer({**CLAIM, "epsilon": claimed})
    assert found.state == "failed" and "what the training did costs epsilon 1" in found.statement
    assert answer({**CLAIM, "epsilon": 1.01}).state == "proven"  # to claim more than was spent is true


@pytest.mark.parametrize(("members", "state"), [(99_999, "proven"), (100_000, "failed")])
def test_a_delta_that_lets_a_member_be_published_proves_nothing(members, state):
    found = answer(members=members)
    assert found.state == state and ("to publish one of them" in found.statement) == (state == "failed")


@pytest.mark.parametrize(
    ("warns", "fails", "state", "words"),
    [
        (0.5, 0.4, "proven", "at least 0.5 (95 %)"),
        (1.1, 0.9, "proven", "WARNING: attacks show that epsilon is at least 1.1 (95 %), above what is claimed"),
        (1.2, 1.01, "failed", "THE CLAIMED EPSILON IS WRONG: attacks show at least 1.01"),
    ],
    ids=["below", "warns", "fails"],
)
def test_attacks_warn_and_then_refute(warns, fails, state, words):
    found = answer(beside=bounds(warns, fails))
    assert found.state == state and words in found.statement
    assert ("WARNING" in found.statement) == (warns > 1 >= fails)


def test_the_goal_is_judged_by_all_that_was_spent():
    goal = {"tpr": None, "fpr": 0.01, "epsilon": 1.0, "delta": 1e-5}
    event = TRAINED.to_dict()
    assert answer(goal=goal, releases=[event]).state == "proven"
    twice = answer(goal=goal, releases=[event, event])
    assert twice.state == "failed" and "the goal is epsilon at most 1 at delta 1e-05, and 1.4" in twice.statement
    assert "with 1 earlier releases about these people epsilon 1.4" in answer(releases=[event, event]).statement
    assert answer(goal={**goal, "delta": 1e-7}, releases=[event]).state == "failed"  # a smaller delta costs more


def test_a_choice_by_audits_is_covered_by_no_epsilon():
    found = answer({**CLAIM, "by_rule": False})
    assert found.state == "missing" and "chosen by audits, which read the members without noise" in found.statement


def test_a_model_that_was_handed_in_only_says_so_itself():
    handed_in = promise(TRAINED, 1e-5, SPENDING)
    assert answer(handed_in).state == "declared" and "not seen here" in answer(handed_in).evidence
    assert answer(handed_in, beside=bounds(2.0, 2.0)).state == "failed"
