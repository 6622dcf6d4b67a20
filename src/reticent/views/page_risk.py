"""The page of a table's risk: one self-contained file, whose first screen says who can be found and what is learned."""

from reticent.views import blocks, report_risk
from reticent.views.blocks import Dict
from reticent.views.markup import Safe
from reticent.views.sheet import OF_A_TABLE, made_by, part, sheet


def document(result: Dict) -> str:
    """Return a risk as one page."""
    return sheet(
        "Risk report",
        "Risk of being found in a table",
        report_risk.subject(result),
        blocks.untested(result["not_tested"]),
        report_risk.verdict(result),
        report_risk.found(result),
        report_risk.learned(result),
        report_risk.counted(result),
        report_risk.glossary(),
        external=result["external"],
        foot=f"{made_by(result)} {OF_A_TABLE}",
    )


def fragment(result: Dict) -> Safe:
    """Return a few lines for a notebook, with a style that stays inside."""
    return part(report_risk.verdict(result), report_risk.found(result), report_risk.learned(result))
