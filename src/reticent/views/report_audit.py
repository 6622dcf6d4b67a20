"""The parts of an audit's report. Each takes the audit's dict and gives one section."""

from collections.abc import Mapping
from typing import Any

from reticent.views import axes, blocks, signs, svg, text
from reticent.views.blocks import Dict, nearly, section, split, table
from reticent.views.markup import Child, Safe, tag

# No tone is green and no word is "safe": finding nothing is no proof that nothing is there.
_STATES = {
    "exposed": ("bad", "People can be recognized"),
    "nothing found": ("calm", "Nothing found by these attacks"),
    "withheld": ("wary", "No verdict"),
    "not tested": ("mute", "Not tested"),
}


def verdict(audit: Dict) -> Safe:
    """Return the verdict: the audit's own sentence, no stronger one."""
    tone, word = _STATES.get(audit["state"], ("mute", str(audit["state"])))
    return blocks.verdict(audit["verdict"], tone, word)


def numbers(audit: Dict) -> Safe | None:
    """Return the few numbers that matter, with intervals; None where no attack was possible."""
    if not audit["findings"]:
        return None
    strongest = audit["strongest"]
    shown: list[tuple[Child, Child]] = [
        (f"recognized at {axes.share(one['fpr'])} false alarms", _headline(one["estimate"], text.percent))
        for one in strongest["tpr"]
    ]
    shown.append(("AUC, strongest attack (0.5 is a coin toss)", _headline(strongest["auc"], text.number)))
    shown.append(("accuracy on members", _headline(audit["accuracy"]["members"], text.percent)))
    shown.append(("accuracy on others", _headline(audit["accuracy"]["others"], text.percent)))
    found = stored_rows(audit)
    if found is not None:
        shown.append(("training rows found inside the model", tag("b", f"{found:,.0f}")))
    return blocks.facts(shown, "rt-numbers")


def _attacks(audit: Dict) -> list[Dict]:
    return [finding for finding in audit["findings"] if finding["name"] != text.CANARIES]


def _headline(estimate: Dict, written: Any) -> Child:
    if estimate["untested"]:
        return tag("small", estimate["untested"])
    head, _, tail = written(estimate).partition(" (")
    return [tag("b", head), tag("small", tail.rstrip(")"))]


def stored_rows(audit: Dict) -> float | None:
    """Return how many training rows were found in the model, or None where nobody looked."""
    kept = [finding["facts"]["rows found"] for finding in audit["findings"] if "rows found" in finding["facts"]]
    return kept[0] if kept else None


def hundred(audit: Dict) -> Safe | None:
    """Return the strongest tested rate as a hundred people, or None where none could be tested."""
    tested = [one for one in audit["strongest"]["tpr"] if not one["estimate"]["untested"]]
    if not tested or audit["state"] in ("withheld", "not tested"):
        return None
    rate, seen = tested[0]["fpr"], tested[0]["estimate"]
    panels = [
        ("of 100 members: named rightly", seen["value"], seen["high"]),
        ("of 100 others: named wrongly", rate, rate),
    ]
    return blocks.figure(
        signs.people(panels),
        f"Filled: people whom the strongest attack names as members ({text.percent(seen)} of members, "
        f"{axes.share(rate)} of others). Rings: as many more it may be at {axes.share(seen['level'])} confidence.",
    )


def curves(audit: Dict) -> Safe | None:
    """Return the picture of all ROC curves."""
    drawn = {f["title"]: (f["curve"]["fpr"], f["curve"]["tpr"]) for f in _attacks(audit) if f["curve"]["fpr"]}
    if not drawn:
        return None
    tested = [one["fpr"] for one in audit["strongest"]["tpr"] if not one["estimate"]["untested"]]
    said = (
        "Further up and further left is worse for the people in the data: many recognized, few wrongly named. Both "
        "axes are logarithmic, since the left edge is where single people are harmed. Where an attack has no curve, it "
        "names nobody there."
    )
    return blocks.figure(svg.roc(drawn, tested), said)


def rates(audit: Dict) -> Safe | None:
    """Return what each attack reached, with the reason under the table where the data are too few."""
    if not _attacks(audit):
        return None
    head: list[Child] = ["attack", "is given", "AUC"]
    head += [f"recognized at {axes.share(one['fpr'])} false alarms" for one in _attacks(audit)[0]["tpr"]]
    rows: list[list[Child]] = []
    reasons: list[str] = []
    for finding in _attacks(audit):
        row: list[Child] = [finding["title"], finding["needs"], split(finding["auc"], text.number(finding["auc"]))]
        for one in finding["tpr"]:
            estimate = one["estimate"]
            if estimate["untested"]:
                reasons.append(estimate["untested"])
                row.append(tag("span", "cannot be tested*", class_="rt-quiet"))
            else:
                row.append(split(estimate, text.percent(estimate)))
        rows.append(row)
    notes = [tag("p", f"* {reason}.", class_="rt-note") for reason in dict.fromkeys(reasons)]
    level = axes.share(audit["findings"][0]["auc"]["level"])
    caption = f"Each attack by itself; in brackets the {level} confidence interval"
    return Safe(table(head, rows, caption=caption, numbers=range(2, len(head))) + Safe("".join(notes)))


def plainly(audit: Dict) -> Safe | None:
    """Return one plain sentence each on baseline, control, gap, stored rows and shadow models."""
    said: list[Child] = []
    blind = next((f["baseline_auc"] for f in audit["findings"] if f["baseline_auc"]), None)
    if blind is not None and not blind["untested"]:
        apart = blind["low"] > 0.5
        tells = "can tell" if apart else "cannot tell"
        so = "part of what is found may not be the model's doing" if apart else "what is found comes from the model"
        said.append(
            f"Without the model an attacker {tells} members from others (baseline AUC {text.number(blind)}; 0.5 is a "
            f"coin toss): {so}."
        )
    for finding in _attacks(audit):
        control = finding["control_auc"]
        if finding["control"] == "models of other people" and not control["untested"]:
            fine = control["low"] <= 0.5 <= control["high"]
            said.append(
                f"{finding['title']} against models that never learned from these people: AUC {text.number(control)}. "
                + ("It finds nothing there, as it must." if fine else "It should find nothing there: read with care.")
            )
    said += [_gap(audit), _stored(audit), _fidelity(audit["fidelity"]), text.canaries(audit)]
    kept = [tag("li", one) for one in said if one is not None]
    return tag("ul", kept, class_="rt-plain") if kept else None


def _gap(audit: Dict) -> str | None:
    inside, outside = audit["accuracy"]["members"], audit["accuracy"]["others"]
    if inside["untested"] or outside["untested"]:
        return None
    gap = next((f["facts"]["gap"] for f in audit["findings"] if "gap" in f["facts"]), None)
    wide = f": a gap of {blocks.points(gap).replace('+', '')}" if gap else ""
    return (
        f"The model is right on {text.percent(inside)} of the members and on {text.percent(outside)} of the others"
        f"{wide}. A wide gap means that it learned people by heart."
    )


def _stored(audit: Dict) -> str | None:
    found = stored_rows(audit)
    if found is None:
        return None
    if found:
        return f"{found:,.0f} training rows lie inside the model's file: handing out the model hands out personal data."
    return "No training row was found inside the model's arrays."


def _fidelity(seen: Mapping[str, float]) -> str | None:
    if not seen:
        return None
    return (
        f"Shadow models are right on {seen['shadows_own']:.1%} of their own people and {seen['shadows_others']:.1%} of "
        f"others; the model on {seen['members']:.1%} and {seen['nonmembers']:.1%}. The closer the two, the better the "
        f"attacker's practice fits."
    ).replace("%", " %")


def persons(audit: Dict) -> Safe | None:
    """Return who is most at risk, by row and by group; None in an external report, whatever the dict holds."""
    if audit["external"]:
        return None
    rows: list[list[Child]] = [
        [str(one["row"]), tag("code", one["digest"]), nearly(one["risk"]), one["reason"]]
        for one in audit.get("exposed") or []
    ]
    groups = audit.get("subgroups") or []
    if not rows and not groups:
        return None
    parts: list[Child] = [groups_picture(groups)] if groups else []
    if rows:
        meaning = audit["exposed"][0]["meaning"]
        parts.append(
            table(["row", "keyed digest", "risk", "why"], rows, caption=f"Rows at most risk: {meaning}", numbers=[2])
        )
    return section("Who is most exposed", *parts, name="people")


def groups_picture(groups: list[Dict]) -> Safe:
    """Return the groups of people as interval bars, and as a table for those who need the numbers."""
    bars = [(f"{one['column']} = {one['group']}", one["tpr"]) for one in groups]
    rows: list[list[Child]] = [
        [
            f"{one['column']} = {one['group']}",
            f"{one['members']:,}",
            f"{one['others']:,}",
            text.number(one["auc"]),
            "cannot be tested" if one["tpr"]["untested"] else text.percent(one["tpr"]),
        ]
        for one in groups
    ]
    title = "Recognized at 1 % false alarms, by group"
    high = min(1.0, 0.05 + max([one["tpr"]["high"] for one in groups if not one["tpr"]["untested"]], default=1.0))
    head = ["group", "members", "others", "AUC", "recognized at 1 % false alarms"]
    return Safe(
        blocks.figure(
            svg.bars(bars, low=0.0, high=high, chance=0.01, title=title),
            "Share of each group's members recognized while 1 % of its others are wrongly named (dashed line). The "
            "intervals hold for all groups together, so they are wider than those above.",
        )
        + blocks.folded("The same as a table", table(head, rows, caption=title, numbers=range(5)))
    )


def details(audit: Dict) -> Safe:
    """Return each attack's parameters and side facts, folded away."""
    listed = []
    for finding in audit["findings"]:
        facts = [(name, _fact(name, one)) for name, one in finding["facts"].items()]
        given = [(f"parameter {name}", blocks.value(one)) for name, one in finding["parameters"].items()]
        epsilon = finding["epsilon"]
        if not epsilon["untested"]:
            given.append(
                ("epsilon, lower bound", f"at least {epsilon['low']:.2f} at {axes.share(epsilon['level'])} confidence")
            )
        given += [_over_models(one) for one in finding["over_models"] or [] if not one["estimate"]["untested"]]
        listed.append([tag("h3", finding["title"]), blocks.facts([*given, *facts])])
    return blocks.folded("Parameters and side results of each attack", listed)


def _over_models(one: Dict) -> tuple[str, str]:
    """Return what single models of the recipe gave away, and their mean."""
    low, middle, high = one["spread"]
    said = f"mean {text.percent(one['estimate'])}; single models {axes.share(round(low, 4))} to "
    return (
        f"recognized at {axes.share(one['fpr'])} false alarms, {one['estimate']['method']}",
        f"{said}{axes.share(round(high, 4))}, median {axes.share(round(middle, 4))}",
    )


def _fact(name: str, one: object) -> str:
    if isinstance(one, Mapping) and name.startswith("AUC"):
        return text.number(one)
    return blocks.value(one)
