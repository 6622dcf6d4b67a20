"""The page of a table's risk: one self-contained file, whose first screen says who can be found and what is learned."""

from reticent.views import blocks, page, report_risk
from reticent.views.blocks import Dict
from reticent.views.markup import Safe, join, tag, trusted

_TITLE = "Risk of being found in a table"


def document(result: Dict) -> str:
    """Return a risk as one page."""
    head = tag(
        "head",
        tag("meta", charset="utf-8"),
        tag("meta", http_equiv="Content-Security-Policy", content=page._POLICY),
        tag("meta", name="viewport", content="width=device-width, initial-scale=1"),
        tag("meta", name="color-scheme", content="light dark"),
        tag("meta", name="referrer", content="no-referrer"),
        tag("title", _TITLE),
        tag("style", page._style("style.css", "page.css")),
    )
    top = tag(
        "header",
        tag("p", "Risk report", class_="rt-kicker"),
        tag("h1", _TITLE),
        tag("p", report_risk.subject(result), class_="rt-subject"),
        blocks.audience(result["external"]),
    )
    content = [
        report_risk.verdict(result),
        report_risk.found(result),
        report_risk.learned(result),
        blocks.untested(result["not_tested"]),
        report_risk.counted(result),
        report_risk.glossary(),
    ]
    foot = tag(
        "footer",
        f"Made with reticent {result['versions'].get('reticent', '')}. Every sentence speaks of this table and of the "
        f"columns named, and of no other knowledge.",
    )
    body = tag("body", top, tag("main", content), foot, class_="reticent")
    return join(trusted("<!DOCTYPE html>\n"), tag("html", head, body, lang="en"), "\n")


def fragment(result: Dict) -> Safe:
    """Return a few lines for a notebook, with a style that stays inside."""
    content = [report_risk.verdict(result), report_risk.found(result), report_risk.learned(result)]
    return tag("div", tag("style", page._style("style.css")), content, class_="reticent rt-fragment")
