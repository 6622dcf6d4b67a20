"""The pages on what a model needs: which columns, how many people, how far back; one self-contained file each."""

from collections.abc import Callable

from reticent.views import blocks, report_needed_columns, report_needed_history, report_needed_people
from reticent.views.blocks import Dict
from reticent.views.markup import Child, Safe, tag
from reticent.views.report_needed import details
from reticent.views.sheet import made_by, part, sheet

_FOOT = "Every sentence speaks of this model, this label and these people, and of no other purpose."
_BY_CHANCE = "drawn by chance before anything was trained"


def document(result: Dict) -> str:
    """Return the answer to one of the three questions as one page."""
    kind = str(result["schema"]).split("/")[1]
    heading, subject, content = _PAGES[kind]
    return sheet(
        "Data minimization",
        heading,
        subject(result),
        blocks.untested(f"{one[:1].upper()}{one[1:]}" for one in result["not_tested"]),
        content(result),
        external=True,  # nothing in it speaks of single people
        foot=f"{made_by(result)} {_FOOT}",
    )


def fragment(result: Dict) -> Safe:
    """Return a few lines for a notebook: what was not tested, sentence, picture, table; the style stays inside."""
    _, _, content = _PAGES[str(result["schema"]).split("/")[1]]
    missed = tag("p", tag("b", "Not tested: "), "; ".join(result["not_tested"]), class_="rt-note")
    return part(missed, content(result)[:2])


def _columns(result: Dict) -> list[Child]:
    held = "kept in place, with one value in all rows" if result["held_constant"] else "not given to the model"
    return [
        report_needed_columns.verdict(result),
        report_needed_columns.columns(result),
        report_needed_columns.remains(result),
        report_needed_columns.simpler(result),
        report_needed_columns.groups(result),
        details(result, _BY_CHANCE, ("Columns that go", held)),
    ]


def _people(result: Dict) -> list[Child]:
    return [
        report_needed_people.verdict(result),
        report_needed_people.sizes(result),
        details(result, _BY_CHANCE),
    ]


def _history(result: Dict) -> list[Child]:
    newest = f"the newest, from {result['judged_from']} to {result['judged_to']}: a rule is for the time to come"
    return [
        report_needed_history.verdict(result),
        report_needed_history.spans(result),
        details(result, newest),
    ]


_PAGES: dict[str, tuple[str, Callable[[Dict], str], Callable[[Dict], list[Child]]]] = {
    "needed-columns": ("Which columns the model needs", report_needed_columns.subject, _columns),
    "needed-people": ("How many people the model needs", report_needed_people.subject, _people),
    "needed-history": ("How far back the model needs its rows", report_needed_history.subject, _history),
}
