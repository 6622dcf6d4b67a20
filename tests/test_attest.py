"""A case answers every claim from evidence, wants a name for what is declared, and tells outsiders of nobody."""

import copy
import datetime
import hashlib
import json
from dataclasses import replace

import pytest

from reticent.accounting.adjacency import ADD_REMOVE_ROW
from reticent.accounting.events import Event, Gaussian
from reticent.accounting.gaussian import mu_of
from reticent.attacks.membership.lira import Lira
from reticent.attest import Case, attest, catalogue, digest
from reticent.audit import audit
from reticent.claims.checkers import CHECKERS
from reticent.defenses import Anonymizer
from reticent.errors import ParameterError
from reticent.mechanisms.promise import promise
from reticent.target.access import Access
from reticent.target.goal import Goal
from reticent.target.population import Half
from reticent.views import external

GOAL = Goal(0.2, 0.1)


@pytest.fixture(scope="module")
def before(target_of):
    target = target_of(access=Access.PARAMETERS, sensitive=("town",))
    return audit(target, ["blind", "gap", "population", Lira(shadows=8), "stored"], fprs=(0.01, 0.1), n_jobs=1)


@pytest.fixture(scope="module")
def after(before):
    protected = Anonymizer(k=5).apply(before.target)
    found = audit(protected, ["gap", "population", Lira(shadows=8)], fprs=(0.01, 0.1), n_jobs=1)
    return found.on(Half.SEALED)


@pytest.fixture(scope="module")
def case(before, after):
    return attest(
        before,
        after,
        goal=GOAL,
        declared={"C7": "people of a survey", "E7": "0.5"},
        by="Ada",
        on=datetime.date(2026, 1, 2),
    )


def test_every_claim_of_the_catalogue_is_answered_in_order(case):
    assert [claim.id for claim in case.claims] == [row["id"] for row in catalogue()] == list(CHECKERS)
    for claim, row in zip(case.claims, catalogue(), strict=True):
        assert (claim.title, claim.duty, claim.kind) == (row["title"], row["duty"], row["kind"])
        assert case[claim.id] is claim
        assert claim.to_dict()["state"] == claim.answer.state
    with pytest.raises(KeyError):
        case["C99"]


@pytest.fixture
def overfitted(before):
    """A tree that knows its members by heart, of which somebody claims epsilon 0.1."""
    event = Event("training", (Gaussian(1 / mu_of(0.1, 1e-5)),), adjacency=ADD_REMOVE_ROW)
    claim = promise(event, 1e-5, [{"what": "all", "share": 1.0}], trained_here=True)
    said = {"name": "dp", "title": "epsilon = 0.1", "moment": "training", "queries": "raw", "parameters": {}}
    target = before.target.protected(
        before.target.model, before.target.recipe, {**said, "claim": claim}, releases=(event.to_dict(),)
    )
    return replace(before, target=target)


def test_a_wrong_epsilon_fails_loudly(overfitted):
    bounds = overfitted.epsilon_bounds
    assert bounds["claimed"] == pytest.approx(0.1) and bounds["fails"] > 0.1 and overfitted.refuted
    case = attest(overfitted)
    assert case["E11"].answer.state == "failed" and "THE CLAIMED EPSILON IS WRONG" in case["E11"].answer.statement
    for said in (overfitted.verdict, case.sentence, str(overfitted), str(case)):
        assert "THE CLAIM OF DIFFERENTIAL PRIVACY IS WRONG" in " ".join(said.split())
    assert attest(json.loads(json.dumps(overfitted.to_dict())))["E11"].answer == case["E11"].answer


def test_an_audit_that_is_withheld_refutes_nothing(overfitted):
    assert replace(overfitted, withheld=("tables differ",)).epsilon_bounds is None


def test_a_claim_that_is_void_stands_in_the_verdict(overfitted):
    spent = replace(overfitted.target, releases=overfitted.target.releases * 4)
    harmless = replace(overfitted, target=spent, findings=())
    case = attest(harmless, goal=Goal(epsilon=0.15))
    assert case["E11"].answer.state == "failed" and "was spent" in case["E11"].answer.statement
    assert case.sentence.startswith("The claim of differential privacy does not hold (E11). ")


def test_states_are_those_of_the_evidence(case, before):
    states = {claim.id: claim.answer.state for claim in case.claims}
    assert states["E17"] == "proven" and states["C9"] == "declared" and states["C7"] == "declared"
    assert states["C10"] == "missing"  # the model that is released was not searched
    assert states["E7"] == "measured"
    alone = attest(before, goal=GOAL)
    assert {claim.id: claim.answer.state for claim in alone.claims} == {
        **{"C2": "failed", "C3": "missing", "C6": "measured", "C7": "missing", "C9": "declared"},
        **{"C10": "measured", "C13": "failed", "C14": "measured", "E7": "missing", "E11": "missing"},
        "E17": "missing",
        "F5": "missing",
    }


def test_the_released_model_is_the_one_that_is_judged(case, before, after):
    assert case.released == case.after != case.before
    assert case.after == after.to_dict() and case.goal == GOAL.to_dict()
    assert attest(before).released == attest(before).before
    assert "sealed half" in case["C2"].answer.evidence
    assert "all rows" in attest(before)["C2"].answer.evidence


def test_the_sentence_tells_before_and_after(case, before, after):
    assert case.sentence.startswith(f"Before: {before.verdict} After (k = 5 on quasi-identifiers): {after.verdict}")
    assert case.sentence.endswith("(read on the sealed half, which chose nothing)")
    assert attest(before).sentence == before.verdict
    assert case.not_tested == list(after.not_tested.values())
    assert any("not asked for" in one for one in case.not_tested)


def test_a_declaration_without_a_name_is_refused(before):
    with pytest.raises(ParameterError, match=r"expected by=, the name of who declares"):
        attest(before, declared={"C7": "harmless"})
    with pytest.raises(ParameterError, match=r"C7 or E7; got 'C99'"):
        attest(before, declared={"C99": "harmless"}, by="Ada")
    said = attest(before, declared={"C7": "harmless"}, by="Ada")["C7"].answer
    assert said.evidence == f"said by Ada, {datetime.date.today().isoformat()}"
    assert attest(before, by="Ada")["C7"].answer.state == "missing"


def test_what_is_declared_never_passes_for_measured(case):
    assert case["C7"].answer.evidence == "said by Ada, 2026-01-02"
    assert case["E7"].answer.state == "measured" and "said by Ada" in case["E7"].answer.statement


def test_saved_audits_serve_as_well(case, before, after):
    saved = json.loads(json.dumps([before.to_dict(), after.to_dict()]))
    again = attest(
        *saved, goal=GOAL, declared={"C7": "people of a survey", "E7": "0.5"}, by="Ada", on=datetime.date(2026, 1, 2)
    )
    assert json.loads(json.dumps(again.to_dict())) == json.loads(json.dumps(case.to_dict()))
    with pytest.raises(ParameterError, match=r"schema reticent/audit/1, got 'reticent/frontier/1'"):
        attest({"schema": "reticent/frontier/1"})


def test_becomes_standard_json(case):
    said = case.to_dict()
    read = json.loads(json.dumps(said, allow_nan=False))
    assert read["schema"] == "reticent/case/1" and read["signed"] is False
    assert len(read["claims"]) == len(CHECKERS)
    assert set(read["digests"]) == {"before", "after"}
    assert read["digests"]["before"] == digest(read["before"])


def keys(value):
    if isinstance(value, dict):
        return set(value) | set().union(*(keys(one) for one in value.values()))
    return set().union(*(keys(one) for one in value)) if isinstance(value, list | tuple) else set()


PERSONAL = {"exposed", "subgroups", "row", "digest", "risk", "reason"}


def test_an_external_case_holds_nobody(case):
    inside, outside = case.to_dict(), case.to_dict(external=True)
    assert keys(inside) >= PERSONAL
    assert not PERSONAL & keys(outside)
    people = {one["digest"] for audit in (inside["before"], inside["after"]) for one in audit["exposed"]}
    assert len(people) > 10 and not any(one in json.dumps(outside) for one in people)
    assert outside["external"] and outside["before"]["external"] and outside["after"]["external"]
    assert outside["digests"]["before"] == digest(outside["before"]) != inside["digests"]["before"]
    assert outside["claims"] == inside["claims"] and outside["sentence"] == inside["sentence"]
    assert attest(case.before).to_dict(external=True)["after"] is None


def test_external_is_what_the_audit_itself_says_outside(before):
    assert external.audit(before.to_dict()) == before.to_dict(external=True)
    assert "exposed" in before.to_dict()  # and nothing was changed in place


def test_digests_ignore_timings_and_nothing_else(before):
    said = before.to_dict()
    assert digest(said) == digest({**said, "timings": {"lira": 1e9}})
    assert digest(said) == digest(dict(reversed(said.items())))
    kept = {name: value for name, value in said.items() if name != "timings"}
    assert digest(said) == hashlib.sha256(json.dumps(kept, sort_keys=True).encode()).hexdigest()
    for name in set(said) - {"timings"}:
        assert digest({**said, name: "other"}) != digest(said), name
    deep = copy.deepcopy(said)
    deep["findings"][0]["auc"]["value"] += 1e-9
    assert digest(deep) != digest(said)


def test_same_evidence_same_case(case, before, after):
    again = attest(
        before,
        after,
        goal=GOAL,
        declared={"C7": "people of a survey", "E7": "0.5"},
        by="Ada",
        on=datetime.date(2026, 1, 2),
    )
    assert again.to_dict() == case.to_dict() and isinstance(again, Case)


def test_states_are_never_added_up(case):
    said = json.dumps(case.to_dict()) + str(case)
    for word in ("score:", "overall", "passed", "percent complete", "safe to release"):
        assert word not in said.lower()
    for claim in case.claims:
        assert claim.id in str(case) and claim.answer.state in str(case).lower()
