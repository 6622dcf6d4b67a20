"""The page of a minimization: what the answer needs of a person, and for whom it changes; one self-contained file."""

from reticent.views import asked, blocks, report_minimize
from reticent.views.blocks import Dict
from reticent.views.markup import Safe, tag
from reticent.views.sheet import made_by, part, sheet

_FOOT = "Every sentence speaks of this model and of people like those of this table, and of no others."


def document(result: Dict) -> str:
    """Return a minimization as one page."""
    return sheet(
        "What the answer needs",
        result["name"],
        report_minimize.subject(result),
        blocks.untested(result["not_tested"]),
        report_minimize.verdict(result),
        report_minimize.needs(result),
        report_minimize.form(result),
        report_minimize.whom(result),
        report_minimize.right(result),
        report_minimize.others(result),
        report_minimize.details(result),
        external=result["external"],
        foot=f"{made_by(result)} {_FOOT}",
    )


def fragment(result: Dict) -> Safe:
    """Return a few lines for a notebook: what was not tested, sentence and picture, with a style that stays inside."""
    return part(
        tag("p", tag("b", "Not tested: "), "; ".join(result["not_tested"]), class_="rt-note"),
        report_minimize.verdict(result),
        blocks.figure(asked.columns(result), "Each bar is all people, whoever is asked what; the least needed first."),
    )
