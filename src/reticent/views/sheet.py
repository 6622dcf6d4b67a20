"""One self-contained page: what all results have in common around their own content."""

from importlib import resources

from reticent.views import blocks
from reticent.views.blocks import Dict
from reticent.views.markup import Child, Safe, join, tag, trusted

# No script, no font, no picture from elsewhere: the browser itself refuses, even if a name slipped through.
_POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'"

OF_A_TABLE = "Every sentence speaks of this table and of the columns named, and of no other knowledge."


def sheet(kind: str, heading: str, subject: Child, *content: Child, external: bool, foot: str) -> Safe:
    """Return a page.

    Parameters
    ----------
    kind, heading, subject
        What it is, what it is about, and a line on that.
    external
        Whether it may leave the house.
    foot
        What it stands for, and by what it was made.
    """
    head = tag(
        "head",
        tag("meta", charset="utf-8"),
        tag("meta", http_equiv="Content-Security-Policy", content=_POLICY),
        tag("meta", name="viewport", content="width=device-width, initial-scale=1"),
        tag("meta", name="color-scheme", content="light dark"),
        tag("meta", name="referrer", content="no-referrer"),
        tag("title", kind if kind == heading else f"{kind}: {heading}"),
        tag("style", _style("style.css", "page.css")),
    )
    top = tag(
        "header",
        tag("p", kind, class_="rt-kicker"),
        tag("h1", heading),
        tag("p", subject, class_="rt-subject"),
        blocks.audience(external),
    )
    body = tag("body", top, tag("main", content), tag("footer", foot), class_="reticent")
    return join(trusted("<!DOCTYPE html>\n"), tag("html", head, body, lang="en"), "\n")


def part(*content: Child) -> Safe:
    """Return a few lines for a notebook, with a style that stays inside."""
    return tag("div", tag("style", _style("style.css")), content, class_="reticent rt-fragment")


def made_by(result: Dict) -> str:
    """Return the sentence on what made a result."""
    seed = f", seed {result['seed']}" if "seed" in result else ""
    return f"Made with reticent {result['versions'].get('reticent', '')}{seed}."


def _style(*names: str) -> Safe:
    # Comments are for whoever changes the style, not for whoever gets the page.
    sheets = [resources.files("reticent.views").joinpath(name).read_text(encoding="utf-8") for name in names]
    return trusted("".join(sheets))
