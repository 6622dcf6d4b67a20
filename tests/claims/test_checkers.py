"""Each claim's state follows from the evidence: every state that a checker can give, and the edges between them."""

import math
import tomllib
from importlib import resources

import pytest

from reticent.claims.checkers import CHECKERS, Evidence

STATES = {"proven", "measured", "declared", "missing", "failed", "stale"}
GOAL = {"tpr": 0.03, "fpr": 0.01, "accuracy_drop": None}


def number(value, low, high, untested=""):
    return {"value": value, "low": low, "high": high, "level": 0.95, "method": "", "n": 9, "untested": untested}


UNTESTED = number(None, 0.0, 1.0, "cannot be tested with 20 non-members; a rate of 1 % needs 299")
LOW, HIGH = number(0.015, 0.012, 0.02), number(0.2, 0.15, 0.25)


def finding(name, own=LOW, *, mean=LOW, parameters=None, facts=None, against=True):
    return {
        "name": name,
        "needs": "labels" if name in ("lira", "gap") else "labels, scores",
        "title": name.title(),
        "against_model": against,
        "auc": number(0.6, 0.55, 0.65),
        "tpr": [{"fpr": 0.01, "estimate": own}, {"fpr": 0.001, "estimate": UNTESTED}],
        "over_models": None if mean is None else [{"fpr": 0.01, "estimate": mean}],
        "baseline_auc": number(0.5, 0.45, 0.55),
        "control_auc": number(0.51, 0.48, 0.54),
        "control": "models of other people",
        "facts": facts or {},
        "parameters": parameters or {},
    }


def answer(claim, *findings, goal=GOAL, declared=None, **audit):
    whole = {
        "state": "nothing found",
        "adaptive": True,
        "withheld": [],
        "half": "sealed",
        "findings": list(findings),
        "not_tested": {"stored": "Stored rows: needs parameters"},
        "accuracy": {"others": number(0.7, 0.66, 0.74)},
        "target": {"access": "labels, scores", "defenses": []},
        "strongest": {"exposure": [{"fpr": 0.01, "estimate": LOW}]},
        **audit,
    }
    said = {name: {"statement": text, "who": "Ada", "when": "2026-01-02"} for name, text in (declared or {}).items()}
    found = CHECKERS[claim](Evidence(audit=whole, before=whole, goal=goal, declared=said))
    assert found.state in STATES and found.statement
    return found


def state(*arguments, **changes):
    return answer(*arguments, **changes).state


def test_catalogue_and_checkers_are_one_list():
    rows = tomllib.loads(resources.files("reticent.claims").joinpath("catalogue.toml").read_text())["claim"]
    assert [row["id"] for row in rows] == list(CHECKERS)
    for row in rows:
        assert set(row) == {"id", "title", "duty", "kind"} and all(row.values())
        assert row["kind"] in {"measure", "record", "prove"}


@pytest.mark.parametrize(
    ("own", "mean", "goal", "expected"),
    [
        (LOW, None, GOAL, "missing"),  # without models of the recipe the strongest attacks are missing
        (HIGH, LOW, GOAL, "failed"),
        (LOW, number(0.02, 0.01, 0.03), GOAL, "measured"),  # exactly the goal is met
        (LOW, number(0.02, 0.01, 0.0301), GOAL, "failed"),  # the upper limit counts
        (number(0.02, 0.01, 0.09), LOW, GOAL, "measured"),  # the mean over models is the narrower one
        (LOW, HIGH, GOAL, "failed"),
        (HIGH, LOW, GOAL, "failed"),  # this one model speaks against it
        (UNTESTED, None, GOAL, "missing"),
        (LOW, UNTESTED, GOAL, "measured"),  # an untested mean hides nothing
        (HIGH, UNTESTED, GOAL, "failed"),
        (LOW, LOW, {**GOAL, "fpr": 0.05}, "missing"),
        (HIGH, LOW, None, "failed"),  # without a goal a guess is the bar
        (number(0.02, 0.01, 0.09), LOW, None, "measured"),
    ],
)
@pytest.mark.parametrize("claim", ["C2", "C3"])
def test_membership_is_judged_by_the_upper_limit(claim, own, mean, goal, expected):
    attack = finding("lira", own, mean=mean, parameters={"scores": claim == "C2"})
    assert state(claim, attack, goal=goal) == expected


@pytest.mark.parametrize(("claim", "scores"), [("C2", True), ("C3", False)])
def test_lira_counts_for_what_it_read(claim, scores):
    lira = finding("lira", HIGH, parameters={"scores": scores})
    assert state(claim, lira) == "failed"
    assert state({"C2": "C3", "C3": "C2"}[claim], lira) == "missing"


def test_the_worst_attack_decides():
    good, bad = finding("population", LOW), finding("lira", HIGH, parameters={"scores": True})
    assert state("C2", good, bad) == state("C2", bad, good) == "failed"
    assert "Lira" in answer("C2", good, bad).evidence
    assert state("C2", finding("population", UNTESTED), finding("lira", LOW, parameters={"scores": True})) == "missing"


@pytest.mark.parametrize(("claim", "scores"), [("C2", True), ("C3", False)])
@pytest.mark.parametrize(("high", "expected"), [(0.03, "measured"), (0.031, "failed")])
def test_the_bounds_for_all_attacks_together_decide(claim, scores, high, expected):
    """One attack at 95 % is no answer where several were tried."""
    together = {"exposure": [{"fpr": 0.01, "estimate": number(0.02, 0.01, high)}]}
    found = answer(claim, finding("lira", parameters={"scores": scores}), strongest=together)
    assert found.state == expected and ("all attacks together" in found.statement) == (expected == "failed")


def test_no_scores_means_nothing_to_read_from_them():
    found = answer("C2", finding("gap"), target={"access": "labels", "defenses": []})
    assert found.state == "measured" and "gives no scores" in found.statement
    assert state("C2", finding("gap")) == "missing"
    assert state("C2", finding("population", mean=None)) == "missing"  # weaker attacks alone prove little
    assert state("C3", finding("population")) == "missing"
    gap = answer("C3", finding("gap"))
    assert gap.state == "missing" and "right answers alone give AUC 0.600" in gap.statement


@pytest.mark.parametrize("claim", ["C2", "C3", "C6"])
def test_a_withheld_verdict_fails_what_rests_on_it(claim):
    attacks = finding("population"), finding("lira", parameters={"scores": claim == "C2"})
    found = answer(claim, *attacks, state="withheld", withheld=["tables differ"])
    assert found.state == "failed" and "tables differ" in found.statement


def test_baseline_and_control_are_said():
    found = answer("C6", finding("population"))
    assert found.state == "measured"
    assert "AUC 0.500 (0.450 to 0.550)" in found.statement and "0.510 (0.480 to 0.540)" in found.statement
    assert state("C6") == "missing"
    assert state("C6", {**finding("gap"), "baseline_auc": None}) == "missing"


def test_gravity_is_what_somebody_said():
    assert state("C7") == "missing"
    found = answer("C7", declared={"C7": "patients of a clinic"})
    assert (found.state, found.statement) == ("declared", "patients of a clinic")
    assert found.evidence == "said by Ada, 2026-01-02"


def test_access_is_declared():
    assert answer("C9").statement.endswith("labels, scores") and state("C9") == "declared"


@pytest.mark.parametrize(
    ("found", "chance", "expected"),
    [(0, 0.0, "measured"), (1, 0.0, "failed"), (320, 320.0, "measured"), (12, 5.0, "failed"), (11, 5.0, "measured")],
)
def test_stored_rows_beyond_chance_fail(found, chance, expected):
    facts = {"rows found": found, "expected among members by chance": chance, "arrays walked": 4.0}
    said = answer("C10", finding("stored", facts=facts))
    assert said.state == expected and f"{found} members' rows" in said.statement


def test_what_was_not_searched_is_missing_with_its_reason():
    found = answer("C10")
    assert found.state == "missing" and "needs parameters" in found.statement
    assert "not asked for" in answer("C10", not_tested={}).statement


@pytest.mark.parametrize(("low", "expected"), [(0.051, "failed"), (0.05, "measured"), (-0.1, "measured")])
def test_overfitting_is_a_gap_of_more_than_five_points_for_certain(low, expected):
    facts = {"gap": number(low + 0.02, low, low + 0.04), "members per feature": 80.0}
    assert state("C13", finding("gap", facts=facts)) == expected
    assert state("C13") == "missing"


def test_the_edge_is_the_lowest_rate_that_was_tested():
    found = answer("C14", finding("population"))
    assert found.state == "measured" and "down to 1 % false alarms; cannot be tested with 20" in found.statement
    assert state("C14", finding("population", UNTESTED)) == "missing"
    assert state("C14", finding("gap"), finding("blind", against=False)) == "missing"


@pytest.mark.parametrize(
    ("needed", "expected"),
    [
        (None, "missing"),
        ("0.65", "measured"),
        ("0.66", "measured"),
        ("0.67", "failed"),
        ("good", "missing"),
        ("65", "missing"),
        ("nan", "missing"),
        ("-1", "missing"),
        ("", "missing"),
    ],
)
def test_accuracy_is_held_against_what_the_purpose_needs(needed, expected):
    found = answer("E7", declared=None if needed is None else {"E7": needed})
    assert found.state == expected and "70.0 % (66.0 to 74.0)" in found.statement
    if expected in ("measured", "failed"):
        assert f"needs {100 * float(needed):g} % (said by Ada, 2026-01-02)" in found.statement
    elif needed is not None:
        assert "as a number such as 0.65" in found.statement
    assert not math.isnan(len(found.statement))


@pytest.mark.parametrize(("smallest", "expected"), [(5, "proven"), (9, "proven"), (4, "failed")])
def test_k_is_counted(smallest, expected):
    claim = {"kind": "k-anonymity", "k": 5, "columns": ["age"], "smallest_class": smallest, "statement": "k = 5 on age"}
    defenses = [{"claim": None}, {"claim": claim}, {"claim": None}]
    found = answer("E17", target={"access": "labels", "defenses": defenses})
    assert (found.state, found.statement) == (expected, "k = 5 on age")
    assert state("E17") == "missing"
    assert state("E17", target={"access": "labels", "defenses": [{"claim": {"kind": "other"}}]}) == "missing"


@pytest.mark.parametrize(("low", "expected"), [(0.981, "measured"), (0.979, "failed")])
def test_questions_are_held_against_the_agreement_that_was_asked_for(low, expected):
    found = {
        "kind": "minimization",
        "ncp": 0.4,
        "asked": 0.98,
        "agreement": {"low": low},
        "statement": "40 % of detail",
    }
    answered = answer("F5", target={"access": "labels", "defenses": [{"claim": found}, {"claim": None}]})
    assert (answered.state, answered.statement) == (expected, "40 % of detail")
    assert state("F5") == "missing"
    assert (
        state("F5", target={"access": "labels", "defenses": [{"claim": {"kind": "k-anonymity", "k": 2}}]}) == "missing"
    )
