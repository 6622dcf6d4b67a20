"""The pages of an anonymization: with a model and its audits, and of a table alone; one self-contained file each."""

from reticent.views import blocks, page, report_anonymize
from reticent.views.blocks import Dict, section
from reticent.views.glossary import glossary
from reticent.views.markup import Safe, tag
from reticent.views.sheet import OF_A_TABLE, made_by, part, sheet

_TITLE = "An anonymized table"


def anonymization(result: Dict) -> str:
    """Return an anonymization with its audits as one page."""
    return page.document(
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
    return sheet(
        _TITLE,
        result["name"],
        report_anonymize.release_subject(result),
        blocks.untested(report_anonymize.release_untested(result), title="Not covered, not tested"),
        blocks.verdict(result["sentence"], "calm", "Counted on the released table"),
        report_anonymize.release(result),
        external=True,  # counts alone: the rules stand in a file of their own
        foot=f"{made_by(result)} {OF_A_TABLE}",
    )


def fragment(result: Dict) -> Safe:
    """Return a few lines for a notebook: what was not tested, sentence and figure, with a style that stays inside."""
    return part(
        tag("p", tag("b", "Not tested: "), "; ".join(report_anonymize.untested(result)), class_="rt-note"),
        report_anonymize.verdict(result),
        report_anonymize.pictures(result),
        report_anonymize.points(result),
    )
