"""A result's dict as plain sentences and tables, for a terminal."""

import math
import textwrap
from collections.abc import Mapping, Sequence
from typing import Any

Dict = Mapping[str, Any]

WIDTH = 80  # of sentences; a table may need a few more


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
        )
    first = rates[0]
    share, level = f"{100 * first['fpr']:g} %", f"{100 * first['estimate']['level']:.0f} %"
    if state == "exposed":
        return (
            f"The model gives members away: the strongest attack recognizes {percent(first['estimate'])} of the "
            f"people it learned from while wrongly naming {share} of others, {scope}."
        )
    return (
        f"No attack of this list ({names}) recognized more than {100 * first['estimate']['high']:.1f} % of members at "
        f"{share} false alarms ({level} confidence), {scope}. This is no proof against other attacks."
    )


def table(rows: Sequence[Sequence[str]], head: Sequence[str]) -> str:
    """Return aligned columns under a ruled head."""
    widths = [max(len(row[i]) for row in [head, *rows]) for i in range(len(head))]
    lines = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]
    top = "  ".join(cell.ljust(width) for cell, width in zip(head, widths, strict=True)).rstrip()
    return "\n".join([top, "-" * max(len(line) for line in [top, *lines]), *lines])


def audit(result: Dict) -> str:
    """Return an audit as a table of its findings, what was not tested, and the verdict."""
    target = result["target"]
    head = (
        f"Audit of {target['name']}: {target['members']:,} members, {target['nonmembers']:,} others, "
        f"attacker is given {target['access']}"
    )
    half = "" if result["half"] == "all" else f" ({result['half']} half of the rows)"
    rows = [
        [
            finding["title"],
            number(finding["auc"]),
            *(_short(one["estimate"]) for one in finding["tpr"]),
            number(finding["control_auc"]),
        ]
        for finding in result["findings"]
    ]
    columns = ["attack", "AUC", *_rate_names(result), "control AUC"]
    lines = [head + half, "", *([table(rows, columns)] if rows else ["no attack ran"])]
    for finding in result["findings"]:
        if "rows found" in finding["facts"]:
            lines.append(f"Training rows found inside the model: {finding['facts']['rows found']:,.0f}")
    lines += [
        "",
        f"Accuracy: {percent(result['accuracy']['members'])} on members, "
        f"{percent(result['accuracy']['others'])} on others",
    ]
    if target["shared_rows"]:
        lines.append(f"{target['shared_rows']:,} non-members were left out: members have the same rows or groups")
    lines += ["Not tested:", *(f"  {reason}" for reason in result["not_tested"].values())]
    return "\n".join([*lines, "", result["verdict"]])


def _rate_names(result: Dict) -> list[str]:
    rates = [100 * one["fpr"] for finding in result["findings"][:1] for one in finding["tpr"]]
    return [f"TPR at {rate:g} % FPR" for rate in rates]


def _short(estimate: Dict) -> str:
    return "too few others" if estimate["untested"] else percent(estimate)


def frontier(result: Dict) -> str:
    """Return a frontier as a table of its candidates, best accuracy first, and the sentence about the goal."""
    fpr = result["goal"]["fpr"]
    rows = [
        [
            ("→ " if point["chosen"] else "  ") + point["title"],
            percent(point["utility"]),
            _short(point["exposure"]),
            _short(point["exposure_of_this_model"]),
            "yes" if point["meets_on_open_half"] else "no",
        ]
        for point in sorted(result["points"], key=lambda point: -point["utility"]["value"])
    ]
    return "\n".join(
        [
            f"Goal: {result['goal_sentence']}",
            "",
            table(
                rows,
                [
                    "  candidate",
                    "accuracy on others",
                    f"TPR at {100 * fpr:g} % FPR",
                    "on this one model",
                    "met where chosen",
                ],
            ),
            "",
            *(f"Not tried: {reason}" for reason in result["not_tried"]),
            result["sentence"],
        ]
    )


def case(result: Dict) -> str:
    """Return a case as a table of its claims under what was not tested."""
    rows = [[claim["state"], claim["id"], claim["title"], claim["statement"]] for claim in result["claims"]]
    return "\n".join(
        [
            "Not tested:",
            *(f"  {reason}" for reason in result["not_tested"]),
            "",
            result["sentence"],
            "",
            table(rows, ["state", "claim", "about", "statement"]),
        ]
    )
