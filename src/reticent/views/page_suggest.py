"""The page of a suggestion: what columns single people out, on one self-contained page or in a notebook."""

from reticent.views import blocks, report_suggest
from reticent.views.blocks import Dict
from reticent.views.markup import Safe
from reticent.views.sheet import made_by, part, sheet


def document(result: Dict) -> str:
    """Return a suggestion as one page."""
    return sheet(
        "Suggestion of quasi-identifiers",
        "Which columns single people out",
        report_suggest.subject(result),
        blocks.untested([*result["not_tested"], *report_suggest.LIMITS]),
        report_suggest.verdict(result),
        report_suggest.columns(result),
        report_suggest.together(result),
        report_suggest.proxies(result),
        report_suggest.details(result),
        external=True,
        foot=made_by(result),
    )


def fragment(result: Dict) -> Safe:
    """Return a few lines for a notebook, with a style that stays inside."""
    return part(report_suggest.verdict(result), report_suggest.columns(result), report_suggest.together(result))
