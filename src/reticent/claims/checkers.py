"""One checker per claim: from the dicts of audits to a state, a statement and its evidence."""

import math
from collections.abc import Callable, Mapping, Sequence

from reticent.claims.answer import Answer, Dict, Evidence
from reticent.claims.privacy import differential_privacy
from reticent.views.text import number, percent


def _finding(audit: Dict, name: str) -> Dict | None:
    return next((one for one in audit["findings"] if one["name"] == name), None)


def _rate(rates: Sequence[Dict], fpr: float) -> Dict | None:
    return next((one["estimate"] for one in rates if one["fpr"] == fpr), None)


def _no_verdict(evidence: Evidence) -> Answer | None:
    if evidence.audit["state"] == "withheld":
        return Answer("failed", "No verdict: " + "; ".join(evidence.audit["withheld"]), "audit, split checks")
    return None


def _judged(evidence: Evidence, findings: Sequence[Dict]) -> Answer | None:
    """Return what the worst of several attacks says: failed before missing before measured, then by what it finds."""
    if findings and (answer := _no_verdict(evidence)) is not None:
        return answer
    order = {"failed": 0, "missing": 1, "measured": 2}
    found = [(_judge(evidence, finding), finding["auc"]["value"] or 0.0) for finding in findings]
    worst = min(found, key=lambda one: (order[one[0].state], -one[1]), default=(None, 0.0))[0]
    return worst if worst is None or worst.state != "measured" else _together(evidence, worst)


def _together(evidence: Evidence, each: Answer) -> Answer:
    """Return the answer, failed where single attacks keep the goal but the bounds for all of them together do not."""
    rates, goal = evidence.audit["strongest"]["exposure"], _rate_goal(evidence)
    if goal is None or (rate := _rate(rates, float(goal["fpr"]))) is None or rate["untested"]:
        return each
    if rate["high"] <= goal["tpr"]:
        return each
    return Answer("failed", f"{each.statement}; for all attacks together {percent(rate)}", each.evidence)


def _rate_goal(evidence: Evidence) -> Dict | None:
    """Return the goal where it limits what attackers recognize; one of differential privacy alone does not."""
    return None if evidence.goal is None or evidence.goal["tpr"] is None else evidence.goal


def _judge(evidence: Evidence, finding: Dict) -> Answer:
    fpr = 0.01 if evidence.goal is None else float(evidence.goal["fpr"])
    half = evidence.audit["half"]
    source = f"{finding['title']}, read on {'all rows' if half == 'all' else f'the {half} half'}"
    own, mean = _rate(finding["tpr"], fpr), _rate(finding["over_models"] or [], fpr)
    if own is None or own["untested"]:
        reason = "not tested at the goal's rate" if own is None else str(own["untested"])
        return Answer("missing", f"{reason}; over all thresholds AUC {number(finding['auc'])}", source)
    statement = f"recognizes {percent(own)} of members at {100 * fpr:g} % false alarms"
    if mean is not None and not mean["untested"]:
        statement += f", {percent(mean)} on average over models trained in this way"
    if (goal := _rate_goal(evidence)) is not None:
        limit = goal["tpr"]
        expected = own if mean is None or mean["untested"] else mean
        failed = expected["high"] > limit or own["low"] > limit
        said = f"the goal is {100 * limit:g} %"
    else:
        failed, said = own["low"] > fpr, f"a guess would recognize {100 * fpr:g} %"
    return Answer("failed" if failed else "measured", f"{statement}; {said}", source)


def scores(evidence: Evidence) -> Answer:
    """C2: the attacks on scores."""
    found = [finding for finding in _rankings(evidence) if _reads_scores(finding)]
    if not found and "scores" not in evidence.audit["target"]["access"]:
        return Answer("measured", "the model gives no scores to this attacker", "the target's access")
    if not _practised(evidence, found):
        return Answer("missing", "shadow models were not set against the scores; weaker attacks prove little")
    return _judged(evidence, found) or Answer("missing", "no attack on scores was run")


def labels(evidence: Evidence) -> Answer:
    """C3: shadow models against labels alone; the gap is told, but a rate at few false alarms it cannot give."""
    found = [finding for finding in _rankings(evidence) if not _reads_scores(finding)]
    if _practised(evidence, found) and (answer := _judged(evidence, found)) is not None:
        return answer
    gap = _finding(evidence.audit, "gap")
    seen = "" if gap is None else f"; right answers alone give AUC {number(gap['auc'])}"
    return Answer("missing", f"shadow models were not set against labels alone: audit with access to labels{seen}")


def _practised(evidence: Evidence, findings: Sequence[Dict]) -> bool:
    """Whether there are rates over shadow models, and enough of these to see that they are like the model."""
    return evidence.audit["adaptive"] and any(finding["over_models"] for finding in findings)


def _rankings(evidence: Evidence) -> list[Dict]:
    """Return the findings that rank people by membership; right answers and stored rows sort them in two heaps."""
    return [one for one in evidence.audit["findings"] if one["against_model"] and one["name"] not in ("gap", "stored")]


def _reads_scores(finding: Dict) -> bool:
    return bool(finding["parameters"].get("scores", "scores" in finding["needs"]))


def baseline(evidence: Evidence) -> Answer:
    """C6: the attacker without the model, and models that never met the members."""
    if (answer := _no_verdict(evidence)) is not None:
        return answer
    against = [one for one in evidence.audit["findings"] if one["baseline_auc"] is not None]
    if not against:
        return Answer("missing", "no attack was run, so no baseline either")
    strongest = max(against, key=lambda one: one["auc"]["value"] or 0.0)
    return Answer(
        "measured",
        f"without the model an attacker reaches AUC {number(strongest['baseline_auc'])}; "
        f"where there is nothing to find ({strongest['control']}), {number(strongest['control_auc'])}",
        f"blind attacker; control of {strongest['title']}",
    )


def gravity(evidence: Evidence) -> Answer:
    """C7: what being recognized means for these people; only a person can say."""
    return _declared(evidence, "C7", "nobody has said what it means for these people to be recognized")


def access(evidence: Evidence) -> Answer:
    """C9: the threat model, which the caller of the audit stated."""
    return Answer("declared", f"the attacker is given {evidence.audit['target']['access']}", "the target's description")


def stored(evidence: Evidence) -> Answer:
    """C10: training rows inside the model."""
    finding = _finding(evidence.audit, "stored")
    if finding is None:
        reason = evidence.audit["not_tested"].get("stored", "not asked for")
        return Answer("missing", f"not tested. {reason}")
    found, chance = finding["facts"]["rows found"], finding["facts"]["expected among members by chance"]
    walked = finding["facts"]["arrays walked"]
    statement = f"{found:,.0f} members' rows lie in the model, {chance:,.1f} expected by chance; {walked:,.0f} arrays"
    if found > 2 * chance and found > chance + 3 * chance**0.5:
        return Answer("failed", statement, "search of every array inside the model")
    if "too wide" in str(finding["facts"].get("not compared", "")):
        return Answer("missing", f"{statement}; not compared: {finding['facts']['not compared']}")
    return Answer("measured", statement, "search of every array inside the model")


def overfitting(evidence: Evidence) -> Answer:
    """C13: the gap in accuracy."""
    finding = _finding(evidence.audit, "gap")
    if finding is None:
        return Answer("missing", "accuracy on members and others was not compared")
    gap, per_feature = finding["facts"]["gap"], finding["facts"]["members per feature"]
    statement = f"accuracy on members less accuracy on others: {percent(gap)}; {per_feature:,.0f} members a feature"
    return Answer("failed" if gap["low"] > 0.05 else "measured", statement, "accuracy on members and others")


def edge(evidence: Evidence) -> Answer:
    """C14: the lowest false-positive rate that these people allow to test."""
    against = _rankings(evidence)
    if not against:
        return Answer("missing", "no attack that ranks people was run")
    tested = [one["fpr"] for one in against[0]["tpr"] if not one["estimate"]["untested"]]
    if not tested:
        return Answer("missing", str(against[0]["tpr"][0]["estimate"]["untested"]))
    untested = [one["estimate"]["untested"] for one in against[0]["tpr"] if one["estimate"]["untested"]]
    return Answer(
        "measured",
        f"recognition was measured down to {100 * min(tested):g} % false alarms" + "".join(f"; {r}" for r in untested),
        ", ".join(one["title"] for one in against),
    )


def accuracy(evidence: Evidence) -> Answer:
    """E7: the accuracy on others beside the one that the purpose needs, if somebody said which."""
    reached = evidence.audit["accuracy"]["others"]
    said = evidence.declared.get("E7")
    statement = f"accuracy on others is {percent(reached)}"
    if said is None:
        return Answer("missing", f"{statement}; nobody has said what the purpose needs", "audit")
    try:
        needed = float(said["statement"])
    except ValueError:
        needed = math.nan
    if not 0 < needed <= 1:
        return Answer("missing", f"{statement}; declare the accuracy needed as a number such as 0.65", "audit")
    state = "measured" if reached["low"] >= needed else "failed"
    return Answer(state, f"{statement}; the purpose needs {100 * needed:g} % (said by {said['who']}, {said['when']})")


def k_anonymity(evidence: Evidence) -> Answer:
    """E17: the smallest class of the training table, counted."""
    claims = [one["claim"] for one in evidence.audit["target"]["defenses"] if (one["claim"] or {}).get("k")]
    if not claims:
        return Answer("missing", "the model was not trained on a k-anonymized table")
    claim = claims[-1]
    state = "proven" if claim["smallest_class"] >= claim["k"] else "failed"
    return Answer(state, str(claim["statement"]), "exact count on the table that the model learned from")


def questions(evidence: Evidence) -> Answer:
    """F5: what a model is asked, made as coarse as its answer allows, and how often the answer stays the same."""
    claims = [
        one["claim"] for one in evidence.audit["target"]["defenses"] if (one["claim"] or {}).get("ncp") is not None
    ]
    if not claims:
        return Answer("missing", "the model is given every value as it is; nobody looked at what its answer needs")
    claim = claims[-1]
    state = "measured" if claim["agreement"]["low"] >= claim["asked"] else "failed"
    return Answer(state, str(claim["statement"]), "members' rows that chose nothing of the minimizer")


def _declared(evidence: Evidence, claim: str, absent: str) -> Answer:
    said = evidence.declared.get(claim)
    if said is None:
        return Answer("missing", absent)
    return Answer("declared", str(said["statement"]), f"said by {said['who']}, {said['when']}")


DECLARABLE = ("C7", "E7")  # what only a person can say

CHECKERS: Mapping[str, Callable[[Evidence], Answer]] = {
    "C2": scores,
    "C3": labels,
    "C6": baseline,
    "C7": gravity,
    "C9": access,
    "C10": stored,
    "C13": overfitting,
    "C14": edge,
    "E7": accuracy,
    "E11": differential_privacy,
    "E17": k_anonymity,
    "F5": questions,
}
