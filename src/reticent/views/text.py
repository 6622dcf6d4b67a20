"""A result's dict as plain sentences and tables, for a terminal."""

import math
import re
import textwrap
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

Dict = Mapping[str, Any]

CANARIES = "canaries"  # a control: what became of them is a sentence, no row among the attacks
WIDTH = 80  # of sentences; a table may need a few more
_NO_BREAK = "\N{NO-BREAK SPACE}"


def percent(estimate: Dict) -> str:
    """Return an estimate of a rate as ``37.1 % (35.2 to 39.0)``, or why it could not be tested."""
    if estimate["untested"]:
        return str(estimate["untested"])
    value, low, high = (100 * estimate[part] for part in ("value", "low", "high"))
    digits = 2 if abs(value) < 1 else 1
    return f"{value:.{digits}f} % ({low:.{digits}f} to {high:.{digits}f})"


def number(estimate: Dict) -> str:
    """Return an estimate as ``0.944 (0.937 to 0.951)``, or why it could not be tested."""
    if estimate["untested"]:
        return str(estimate["untested"])
    high = math.inf if estimate["high"] is None else estimate["high"]
    return f"{estimate['value']:.3f} ({estimate['low']:.3f} to {high:.3f})"


def verdict(summary: Dict) -> str:
    """Return the strongest sentence that an audit allows.

    It speaks of these attacks, these records and this access; it never calls a model safe.
    """
    state = summary["state"]
    bounds = summary.get("epsilon_bounds")
    if bounds is not None and refuted(bounds):
        rest = verdict({**summary, "epsilon_bounds": None})
        return (
            f"THE CLAIM OF DIFFERENTIAL PRIVACY IS WRONG: it says epsilon {bounds['claimed']:.3g} at delta "
            f"{bounds['delta']:g}, and attacks show that epsilon is at least {bounds['fails']:.3g} (99.9 % confidence "
            f"for all of them together). {rest}"
        )
    if state == "not tested":
        return "Not tested: no attack on the model was possible with what was handed in."
    if state == "withheld":
        return "No verdict: " + "; ".join(summary["withheld"]) + "."
    rates = [one for one in summary["strongest"]["tpr"] if not one["estimate"]["untested"]]
    scope = f"on these records, by an attacker who is given {summary['access']}"
    names = ", ".join(summary["strongest"]["attacks"])
    if not rates:
        return (
            f"Too few non-members to test a low false-positive rate; over all thresholds the strongest attack of "
            f"{names} reached AUC {number(summary['strongest']['auc'])} {scope}."
            + ("" if summary["adaptive"] else " No shadow models were trained: the strongest attacks are missing.")
        )
    first = rates[0]
    share, level = f"{100 * first['fpr']:g} %", f"{100 * first['estimate']['level']:.0f} %"
    if state == "exposed":
        kept = "It keeps training rows word for word. " if summary["keeps_rows"] else ""
        return kept + _exposed(summary, first, scope)
    return (
        f"No attack of this list ({names}) recognized more than {100 * first['estimate']['high']:.1f} % of members at "
        f"{share} false alarms ({level} confidence), {scope}. This is no proof against other attacks."
        + ("" if summary["adaptive"] else " No shadow models were trained: the strongest attacks are missing.")
    )


def refuted(bounds: Dict | None) -> bool:
    """Return whether the lower bounds on epsilon of an audit speak against the claim beside which they stand."""
    return bounds is not None and bounds["claimed"] is not None and bool(bounds["fails"] > bounds["claimed"])


def shown_by_attacks(bounds: Dict) -> str:
    """Return the lower bound on epsilon of an audit in words."""
    if bounds["warns"] == 0:
        return "attacks rule no epsilon out (95 %)"
    return f"attacks show that epsilon is at least {bounds['warns']:.3g} (95 %)"


def _exposed(summary: Dict, rate: Dict, scope: str) -> str:
    share, own, area = f"{100 * rate['fpr']:g} %", rate["estimate"], summary["strongest"]["auc"]
    expected = next(one["estimate"] for one in summary["strongest"]["exposure"] if one["fpr"] == rate["fpr"])
    if own["low"] > rate["fpr"]:
        return (
            f"The model gives members away: the strongest attack recognizes {percent(own)} of the people it learned "
            f"from while wrongly naming {share} of others, {scope}."
        )
    if not expected["untested"] and expected["low"] > rate["fpr"]:
        return (
            f"Models trained in this way give members away: on average the strongest attack recognizes "
            f"{percent(expected)} of them while wrongly naming {share} of others, on this one model {percent(own)}, "
            f"{scope}."
        )
    how = (
        f"AUC {number(area)}" if area["low"] > 0.5 else "an attack is wrong about them more often than a guess would be"
    )
    return (
        f"Members can be told from others ({how}), though at {share} false alarms no attack of this list "
        f"({', '.join(summary['strongest']['attacks'])}) recognized more than {100 * own['high']:.1f} % of them "
        f"({100 * own['level']:.0f} % confidence), {scope}."
    )


def wrapped(sentence: str, first: str = "", later: str | None = None) -> str:
    """Return a sentence in lines of ``WIDTH``; the first begins with ``first``, the others with ``later``."""
    lines = textwrap.fill(
        sentence.replace(" %", _NO_BREAK + "%"),
        WIDTH,
        initial_indent=first,
        subsequent_indent=first if later is None else later,
        break_long_words=False,
        break_on_hyphens=False,
    )
    return lines.replace(_NO_BREAK, " ")


def table(rows: Sequence[Sequence[str]], head: Sequence[str]) -> str:
    """Return aligned columns under a ruled head."""
    widths = [max(len(row[i]) for row in [head, *rows]) for i in range(len(head))]
    lines = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]
    top = "  ".join(cell.ljust(width) for cell, width in zip(head, widths, strict=True)).rstrip()
    return "\n".join([top, "-" * max(len(line) for line in [top, *lines]), *lines])


def audit(result: Dict) -> str:
    """Return an audit as a table of its findings, what was not tested, and the verdict."""
    target = result["target"]
    half = "" if result["half"] == "all" else f", read on the {result['half']} half of the rows"
    lines = [
        wrapped(f"Audit of {target['name']}", later="  "),
        wrapped(
            f"{target['members']:,} members, {target['nonmembers']:,} others{half}; the attacker is given "
            f"{target['access']}",
        ),
        "",
        *_findings([one for one in result["findings"] if one["name"] != CANARIES]),
        *(wrapped(said) for said in [canaries(result)] if said is not None),
        "",
        wrapped(
            f"Accuracy: {percent(result['accuracy']['members'])} on members, "
            f"{percent(result['accuracy']['others'])} on others."
        ),
    ]
    if target["shared_rows"]:
        lines.append(wrapped(f"{target['shared_rows']:,} others were left out: members have the same rows or groups."))
    return "\n".join([*lines, "", *_not_tested(result["not_tested"].values()), "", wrapped(result["verdict"])])


def canaries(result: Dict) -> str | None:
    """Return what became of the planted canaries as a sentence, or None where none were planted."""
    facts = next((one["facts"] for one in result["findings"] if one["name"] == CANARIES), None)
    if facts is None:
        return None
    found, wrong = (
        facts[name] for name in ("canaries found at 1 % false alarms", "matched copies left out, wrongly named")
    )
    return (
        f"Planted canaries ({facts['canaries planted']:g} people with a wrong label, in one more model): "
        f"{percent(found)} found at 1 % false alarms, {percent(wrong)} of their twins who stayed out wrongly named. "
        + (
            "The attack finds what is there."
            if found["low"] > 0.5
            else "Either such models do not pick up single people, or the attack is blind here."
        )
    )


def _findings(findings: Sequence[Dict]) -> list[str]:
    if not findings:
        return ["No attack ran."]
    rates = [one["fpr"] for one in findings[0]["tpr"]]
    shares = [f"{100 * rate:g} %" for rate in rates]
    tested = [i for i in range(len(rates)) if any(not found["tpr"][i]["estimate"]["untested"] for found in findings)]
    rows = [
        [
            re.sub(r" (\(|on ).*", "", found["title"]),
            _cell(number(found["auc"])),
            *(_short(found["tpr"][i]["estimate"]) for i in tested),
            _control(found["control_auc"]),
        ]
        for found in findings
    ]
    words = ["AUC: 0.5 is a guess."]
    if tested:
        share = shares[tested[0]]
        words.append(f"TPR at {share} FPR: the share of members recognized while {share} of others are wrongly named.")
    words.append("In brackets: 95 % confidence limits. Control: the AUC where there is nothing to find, near 0.5.")
    if any("*" in row[-1] for row in rows):
        words.append("*: not near 0.5, so that the attack reads more than the model's memory.")
    lines = [table(rows, ["attack", "AUC", *(f"TPR at {shares[i]} FPR" for i in tested), "control"]), ""]
    lines.append(wrapped(" ".join(words)))
    for i in range(len(rates)):
        if i not in tested:
            lines.append(wrapped(f"TPR at {shares[i]} FPR {findings[0]['tpr'][i]['estimate']['untested']}."))
    for found in findings:
        if "rows found" in found["facts"]:
            lines.append(wrapped(f"Training rows found inside the model: {found['facts']['rows found']:,.0f}."))
    return lines


def _control(estimate: Dict | None) -> str:
    if estimate is None or estimate["untested"]:
        return ""
    outside = estimate["low"] > 0.5 or (estimate["high"] is not None and estimate["high"] < 0.5)
    return f"{estimate['value']:.3f}{'*' if outside else ''}"


def _cell(text: str) -> str:
    return text.replace(" to ", "-")


def _short(estimate: Dict) -> str:
    return "too few others" if estimate["untested"] else _cell(percent(estimate))


def _not_tested(reasons: Iterable[str]) -> list[str]:
    return ["Not tested:", *(wrapped(reason, "  ", "    ") for reason in reasons)]


def frontier(result: Dict) -> str:
    """Return a frontier as a table of its candidates, best accuracy first, and the sentence about the goal."""
    share = f"{100 * result['goal']['fpr']:g} %"
    rows = [
        [
            ("> " if point["chosen"] else "  ") + textwrap.shorten(point["title"], 32, placeholder="..."),
            _cell(percent(point["utility"])),
            _short(point["exposure"]),
            _short(point["exposure_of_this_model"]),
            "yes" if point["meets_on_open_half"] else "no",
        ]
        for point in sorted(result["points"], key=lambda point: -point["utility"]["value"])
    ]
    return "\n".join(
        [
            wrapped(f"Goal: {result['goal_sentence']}"),
            "",
            table(rows, ["  candidate", "accuracy on others", f"TPR at {share} FPR", "on this one model", "goal met"]),
            "",
            wrapped(
                f"TPR at {share} FPR: the share of members recognized while {share} of others are wrongly named, as a "
                f"mean over models trained in this way where such were trained. Goal met: on the half of the people "
                f"that chooses; all other columns are read on the other half."
            ),
            *(wrapped(f"Not tried: {reason}.", later="  ") for reason in result["not_tried"]),
            "",
            wrapped(result["sentence"]),
        ]
    )


def case(result: Dict) -> str:
    """Return a case as its claims, each with state and statement, under what was not tested."""
    lines = [*_not_tested(result["not_tested"]), "", wrapped(result["sentence"]), ""]
    for claim in result["claims"]:
        lines.append(f"{claim['state'].upper():8}  {claim['id']:4} {claim['title']}")
        lines.append(wrapped(f"{claim['statement']}.", " " * 15))
    return "\n".join(lines)
