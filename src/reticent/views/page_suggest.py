"""The page of a suggestion: what columns single people out, on one self-contained page or in a notebook."""

from reticent.views import blocks, page, report_suggest
from reticent.views.blocks import Dict
from reticent.views.markup import Safe, join, tag, trusted

_TITLE = "Which columns single people out"


def document(result: Dict) -> str:
    """Return a suggestion as one page."""
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
        tag("p", "Suggestion of quasi-identifiers", class_="rt-kicker"),
        tag("h1", _TITLE),
        tag("p", report_suggest.subject(result), class_="rt-subject"),
        blocks.audience(True),
    )
    content = [
        blocks.untested([*result["not_tested"], *report_suggest.LIMITS]),
        report_suggest.verdict(result),
        report_suggest.columns(result),
        report_suggest.together(result),
        report_suggest.proxies(result),
        report_suggest.details(result),
    ]
    foot = tag("footer", f"Made with reticent {result['versions'].get('reticent', '')}, seed {result['seed']}.")
    body = tag("body", top, tag("main", content), foot, class_="reticent")
    return join(trusted("<!DOCTYPE html>\n"), tag("html", head, body, lang="en"), "\n")


def fragment(result: Dict) -> Safe:
    """Return a few lines for a notebook, with a style that stays inside."""
    content = [report_suggest.verdict(result), report_suggest.columns(result), report_suggest.together(result)]
    return tag("div", tag("style", page._style("style.css")), content, class_="reticent rt-fragment")
