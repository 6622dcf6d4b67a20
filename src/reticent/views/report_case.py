"""The parts of a case's report: every claim with its state and its evidence. States are never added up into a score."""

from reticent.views import axes, blocks, epsilons, signs, svg, text
from reticent.views.blocks import Dict, section, split, table
from reticent.views.markup import Child, Safe, join, tag

_MEANING = {
    "proven": "follows from mathematics",
    "measured": "statistics with an interval",
    "declared": "a person said so",
    "missing": "no evidence yet",
    "failed": "the evidence speaks against it",
    "stale": "the evidence is of an older version",
}
# Bad news first: whoever reads only one line reads what stands in the way.
_ORDER = ("failed", "missing", "stale", "declared", "measured", "proven")


def mark(state: str) -> Safe:
    """Return a state as shape, color and word."""
    known = state if state in _MEANING else "missing"
    return tag("span", signs.state(state), " ", state, class_=f"rt-state rt-{known}")


def verdict(case: Dict) -> Safe:
    """Return the case's own sentence; it stays wary while a claim failed, is missing or is stale."""
    states = {claim["state"] for claim in case["claims"]}
    tone = "bad" if "failed" in states else "wary" if states & {"missing", "stale"} or not states else "calm"
    failed = ", ".join(claim["id"] for claim in case["claims"] if claim["state"] == "failed")
    signed = "Signed case" if case["signed"] else "Case, not signed"
    return blocks.verdict(case["sentence"], tone, f"{signed}; failed: {failed}" if failed else signed)


def by_state(case: Dict) -> Safe:
    """Return which claims are in which state. Names, not counts: ten proven claims do not outweigh one that failed."""
    rows = []
    for state in _ORDER:
        held = [claim["id"] for claim in case["claims"] if claim["state"] == state]
        if held:
            rows.append((mark(state), join(", ".join(held), " ", tag("small", _MEANING[state]))))
    return blocks.facts(rows, "rt-facts rt-states")


def claims(case: Dict, *, title: str = "Claims and their evidence") -> Safe:
    """Return every claim with state, statement and evidence."""
    note = tag("p", "States are kinds of evidence, not marks: they are never added up into a score.", class_="rt-note")
    bounds = (case["after"] or case["before"]).get("epsilon_bounds")
    drawn = None if bounds is None or bounds["claimed"] is None else epsilons.claim_and_bounds(bounds)
    listed = [_claim(claim, drawn if claim["id"] == "E11" else None) for claim in case["claims"]]
    return section(title, by_state(case), note, listed, name="claims")


def _claim(claim: Dict, drawn: Safe | None) -> Safe:
    duty = claim.get("duty")
    return tag(
        "article",
        tag("p", tag("b", claim["id"]), " ", mark(claim["state"]), class_="rt-head"),
        tag(
            "div",
            tag("h3", claim["title"]),
            tag("p", claim["statement"]),
            None
            if drawn is None
            else blocks.figure(
                drawn,
                "What is claimed follows from the noise. What attacks show "
                "is a lower bound: they may have missed most of it.",
            ),
            tag("p", f"Evidence: {blocks.value(claim['evidence'])}", class_="rt-evidence"),
            tag("p", f"Duty: {duty}", class_="rt-evidence") if duty else None,
        ),
        class_="rt-claim",
    )


def compared(case: Dict) -> Safe | None:
    """Return the audits before and after side by side; None where nothing was changed."""
    before, after = case["before"], case["after"]
    if after is None:
        return None
    rows: list[list[Child]] = []
    for first, last in zip(before["strongest"]["tpr"], after["strongest"]["tpr"], strict=False):
        name = f"recognized at {axes.share(first['fpr'])} false alarms"
        rows.append([name, *(split(one, text.percent(one)) for one in (first["estimate"], last["estimate"]))])
    pairs = [(before["strongest"]["auc"], after["strongest"]["auc"])]
    rows += [["AUC, strongest attack", *(split(one, text.number(one)) for one in pair)] for pair in pairs]
    for side in ("members", "others"):
        both = (before["accuracy"][side], after["accuracy"][side])
        rows.append([f"accuracy on {side}", *(split(one, text.percent(one)) for one in both)])
    parts: list[Child] = [
        table(["", _rows_of("before", before), _rows_of("after", after)], rows, caption="The strongest of all attacks")
    ]
    drawn = {
        f"{when}: {finding['title']}": (finding["curve"]["fpr"], finding["curve"]["tpr"])
        for when, audit in [("before", before), ("after", after)]
        if (finding := strongest(audit)) is not None
    }
    if drawn:
        tested = [one["fpr"] for one in before["strongest"]["tpr"] if not one["estimate"]["untested"]]
        said = "The strongest attack before and after. Where the first curve lies above the second, less is revealed."
        parts.append(blocks.figure(svg.roc(drawn, tested), said))
    return section("Before and after", *parts, name="compared")


def strongest(audit: Dict) -> Dict | None:
    """Return the finding against the model that recognizes most where few are wrongly named, else by its AUC."""
    found = [f for f in audit["findings"] if f["against_model"] and not f["auc"]["untested"] and f["curve"]["fpr"]]
    return max(found, key=_strength, default=None)


def _strength(finding: Dict) -> tuple[float, float]:
    tested = [one["estimate"]["value"] for one in finding["tpr"] if not one["estimate"]["untested"]]
    return (float(tested[0]) if tested else 0.0, float(finding["auc"]["value"]))


def _rows_of(when: str, audit: Dict) -> str:
    return f"{when} (all rows)" if audit["half"] == "all" else f"{when} ({audit['half']} half)"
