"""The pages of an anonymization: with a model and its audits, and of a table alone; one self-contained file each."""

from reticent.views import blocks, page, report_anonymize
from reticent.views.blocks import Dict, section
from reticent.views.glossary import glossary
from reticent.views.markup import Safe, join, tag, trusted

_TITLE = "An anonymized table"


def anonymization(result: Dict) -> str:
    """Return an anonymization with its audits as one page."""
    return page._document(
        f"{_TITLE}, and the model trained on it",
        result,
        result["external"],
        blocks.untested(report_anonymize.untested(result)),
        report_anonymize.verdict(result),
        report_anonymize.measured(result),
        report_anonymize.compared(result),
        section("Details", blocks.provenance(result), name="details"),
        glossary(),
    )


def release(result: Dict) -> str:
    """Return what was counted on a released table as one page; no model is in it."""
    head = tag(
        "head",
        tag("meta", charset="utf-8"),
        tag("meta", http_equiv="Content-Security-Policy", content=page._POLICY),
        tag("meta", name="viewport", content="width=device-width, initial-scale=1"),
        tag("meta", name="color-scheme", content="light dark"),
        tag("meta", name="referrer", content="no-referrer"),
        tag("title", f"{_TITLE}: {result['name']}"),
        tag("style", page._style("style.css", "page.css")),
    )
    top = tag(
        "header",
        tag("p", _TITLE, class_="rt-kicker"),
        tag("h1", result["name"]),
        tag("p", report_anonymize.release_subject(result), class_="rt-subject"),
        blocks.audience(True),  # counts alone: the rules stand in a file of their own
    )
    content = [
        blocks.untested(report_anonymize.release_untested(result), title="Not covered, not tested"),
        blocks.verdict(result["sentence"], "calm", "Counted on the released table"),
        report_anonymize.release(result),
    ]
    foot = tag(
        "footer",
        f"Made with reticent {result['versions'].get('reticent', '')}. Every sentence speaks of this table and of the "
        f"columns named, and of no other knowledge.",
    )
    body = tag("body", top, tag("main", content), foot, class_="reticent")
    return join(trusted("<!DOCTYPE html>\n"), tag("html", head, body, lang="en"), "\n")


def fragment(result: Dict) -> Safe:
    """Return a few lines for a notebook: what was not tested, sentence and figure, with a style that stays inside."""
    missed = tag("p", tag("b", "Not tested: "), "; ".join(report_anonymize.untested(result)), class_="rt-note")
    content = [
        missed,
        report_anonymize.verdict(result),
        report_anonymize.pictures(result),
        report_anonymize.points(result),
    ]
    return tag("div", tag("style", page._style("style.css")), content, class_="reticent rt-fragment")
