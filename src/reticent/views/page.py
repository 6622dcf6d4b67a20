"""Whole pages: one HTML file each, which asks nobody for anything and can be kept, mailed and printed.

What was not tested stands above the verdict. No page calls a model safe; the sentences are the results' own.
"""

import os
import secrets
from collections.abc import Iterable, Mapping
from pathlib import Path

from reticent.errors import OutputError, ParameterError
from reticent.views import blocks, report_audit, report_case, report_forecast, report_frontier, report_shadows
from reticent.views.blocks import Dict, section
from reticent.views.glossary import glossary
from reticent.views.markup import Child, Safe, tag
from reticent.views.sheet import made_by, part, sheet


def audit(result: Dict) -> str:
    """Return an audit's report as one page."""
    return document(
        "Privacy audit",
        result,
        result["external"],
        blocks.untested(result["not_tested"].values()),
        report_audit.verdict(result),
        _reveals(result, "What the model reveals"),
        report_shadows.stand_in(result),
        report_audit.persons(result),
        section("Details", report_audit.details(result), blocks.provenance(result), name="details"),
        glossary(),
    )


def frontier(result: Dict) -> str:
    """Return a frontier's report as one page."""
    return document(
        "Privacy and accuracy: what was tried",
        result,
        result["external"],
        blocks.untested(report_frontier.untested(result), title="Not tried, not tested"),
        report_frontier.verdict(result),
        report_frontier.before_and_after(result),
        report_frontier.tried(result),
        section("Details", blocks.provenance(result), name="details"),
        glossary(),
    )


def case(result: Dict) -> str:
    """Return a case as one page."""
    after = result["after"]
    audits = [("before", result["before"]), *([("after", after)] if after is not None else [])]
    external = result["external"] and all(one["external"] for _, one in audits)
    return document(
        "Privacy case",
        result,
        external,
        blocks.untested(result["not_tested"]),
        report_case.verdict(result),
        report_case.claims(result),
        report_case.compared(result),
        [_evidence(f"The audit {when}", one) for when, one in audits],
        section("Details", blocks.provenance({**result, "timings": {}}), name="details"),
        glossary(),
    )


def forecast(result: Dict) -> str:
    """Return a forecast as one page."""
    return document(
        "How much data would be enough",
        result,
        True,  # nothing in it speaks of single people
        blocks.untested(result["left_out"], title="Not measured"),
        report_forecast.verdict(result),
        section("What was measured", report_forecast.measured(result), name="measured"),
        section("Details", blocks.provenance(result), name="details"),
        glossary(),
    )


def story(before: Dict, frontier: Dict, case: Dict) -> str:
    """Return the whole way on one page: what the model reveals, what was tried, what it costs, what is claimed."""
    parts = [before, frontier, case, case["before"], *([case["after"]] if case["after"] is not None else [])]
    missed = [*case["not_tested"], *before["not_tested"].values(), *report_frontier.untested(frontier)]
    ways = [
        ("#reveals", "What it reveals"),
        ("#tried", "What was tried"),
        ("#claims", "What is claimed"),
        ("#words", "Words"),
    ]
    return document(
        "Privacy of a model: before and after",
        before,
        all(part["external"] for part in parts),
        tag("nav", [tag("a", words, href=anchor) for anchor, words in ways], aria_label="On this page"),
        blocks.untested(missed),
        report_audit.verdict(before),
        report_frontier.verdict(frontier),
        report_frontier.before_and_after(frontier),
        _reveals(before, "1. What the model reveals as it is", again=True),
        report_audit.persons(before),
        report_frontier.tried(frontier, title="2. What was tried, and what each fix costs"),
        report_case.compared(case),
        tag("div", report_case.verdict(case), class_="rt-later"),
        report_case.claims(case, title="3. What may be claimed, and on what evidence"),
        section("Details", report_audit.details(before), blocks.provenance(frontier), name="details"),
        glossary(unfolded=True),
    )


def fragment(result: Dict) -> str:
    """Return a few lines for a notebook: verdict, numbers and one picture, with a style that stays inside."""
    kind = str(result["schema"]).split("/")[1]
    content: Iterable[Child]
    if kind == "audit":
        missed: Iterable[str] = result["not_tested"].values()
        content = [report_audit.verdict(result), report_audit.numbers(result), report_audit.curves(result)]
    elif kind == "frontier":
        missed = report_frontier.untested(result)
        content = [report_frontier.verdict(result), report_frontier.picture(result), report_frontier.points(result)]
    elif kind == "case":
        missed = result["not_tested"]
        content = [report_case.verdict(result), report_case.by_state(result)]
    else:
        raise ParameterError(
            f"expected a result with schema reticent/audit, frontier or case; got {result['schema']!r}"
        )
    listed = tag("p", tag("b", "Not tested: "), "; ".join(missed), class_="rt-note")
    return part(listed, content)


def write(path: str | Path, html: str) -> Path:
    """Write a page whole or not at all; make the folder if it is missing.

    Raises
    ------
    OutputError
        The folder cannot be made or written to. What stood at ``path`` before still stands there.
    """
    path = Path(path)
    # A new name in the same folder: only within one file system does a file take another's place in one step.
    fresh = path.with_name(f".{path.name}.{secrets.token_hex(4)}.new")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            with fresh.open("x", encoding="utf-8", newline="\n") as file:
                file.write(html)
                file.flush()
                os.fsync(file.fileno())
            fresh.replace(path)
        finally:
            fresh.unlink(missing_ok=True)
    except OSError as error:
        raise OutputError(
            f"expected to write the report to {path}, but {error.strerror or error}; nothing was changed there. "
            f"Choose a folder that you may write to"
        ) from error
    return path


def _reveals(result: Dict, title: str, *, again: bool = False) -> Safe:
    return section(
        title,
        None if again else report_audit.hundred(result),  # once is enough: the story shows it before and after
        report_audit.numbers(result),
        report_audit.plainly(result),
        report_audit.curves(result),
        report_audit.rates(result),
        name="reveals",
    )


def _evidence(title: str, result: Dict) -> Safe:
    missed = tag("ul", [tag("li", reason) for reason in result["not_tested"].values()])
    found = [report_audit.curves(result), report_audit.rates(result), report_audit.details(result)]
    return blocks.folded(title, tag("h3", "Not tested"), missed, report_audit.verdict(result), found)


def document(title: str, result: Dict, external: bool, *content: Child) -> Safe:
    """Return the page of a result about a target."""
    target = result["target"]
    foot = f"{made_by(result)} Every sentence speaks of these attacks, these records and this access, and of no others."
    return sheet(title, target["name"], _subject(target, result), *content, external=external, foot=foot)


def _subject(target: Dict, result: Mapping[str, object]) -> str:
    half = result.get("half", "all")
    read = "" if half == "all" else f" Read on the {half} half of the rows."
    return (
        f"{target['members']:,} people it learned from, {target['nonmembers']:,} others. "
        f"The attacker is given: {target['access']}.{read}"
    )
