"""Blocks that all reports are built of: sections, tables, notices, estimates in words."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from reticent.views import text
from reticent.views.markup import Child, Safe, join, tag

Dict = Mapping[str, Any]

_MINUS = "\N{MINUS SIGN}"
_INTERNAL = "Internal: speaks of single people and small groups. Keep it in the house."
_EXTERNAL = "External: aggregates only."


def audience(external: bool) -> Safe:
    """Return the banner that says for whose eyes the page is."""
    kind, words = ("external", _EXTERNAL) if external else ("internal", _INTERNAL)
    return tag("p", words, class_=f"rt-audience rt-{kind}")


def section(title: str, *content: Child, name: str) -> Safe:
    """Return a section with its heading; ``name`` is its anchor."""
    return tag("section", tag("h2", title), *content, id=name)


def untested(reasons: Iterable[str], *, title: str = "Not tested") -> Safe:
    """Return what was not tested. It belongs above the verdict: silence must not read as absence."""
    kept = list(dict.fromkeys(reasons))
    listed = tag("ul", [tag("li", reason) for reason in kept]) if kept else tag("p", "Nothing was left out.")
    return tag("section", tag("h2", title), listed, class_="rt-untested", id="not-tested")


def verdict(sentence: str, tone: str, word: str) -> Safe:
    """Return the one sentence that everything else supports; ``tone`` is bad, wary, calm or mute."""
    return tag(
        "section",
        tag("p", word, class_="rt-word"),
        tag("p", sentence, class_="rt-sentence"),
        class_=f"rt-verdict rt-{tone}",
    )


def table(head: Sequence[Child], rows: Iterable[Sequence[Child]], *, caption: str, numbers: Sequence[int] = ()) -> Safe:
    """Return a table that scrolls by itself on a narrow page; columns in ``numbers`` keep their lines together."""
    look = dict.fromkeys(numbers, "rt-number")
    titles = tag("tr", [tag("th", cell, scope="col", class_=look.get(k)) for k, cell in enumerate(head)])
    body = [
        tag(
            "tr",
            tag("th", row[0], scope="row", class_=look.get(0)),
            [tag("td", cell, class_=look.get(k)) for k, cell in enumerate(row[1:], 1)],
        )
        for row in rows
    ]
    whole = tag("table", tag("thead", titles), tag("tbody", body), aria_label=caption)
    # The caption stays outside of the box that scrolls: inside it would be cut off. The box can be reached by keyboard.
    box = tag("div", whole, class_="rt-scroll", tabindex="0", role="region", aria_label=caption)
    return join(tag("p", caption, class_="rt-caption"), box)


def figure(drawing: Safe, caption: Child) -> Safe:
    """Return a picture and what it says."""
    return tag("figure", drawing, tag("figcaption", caption))


def facts(pairs: Iterable[tuple[Child, Child]], class_: str = "rt-facts") -> Safe:
    """Return names and what they stand for."""
    return tag("dl", [tag("div", tag("dt", name), tag("dd", value)) for name, value in pairs], class_=class_)


def folded(title: str, *content: Child) -> Safe:
    """Return what is there for those who look for it."""
    return tag("details", tag("summary", title), *content)


def value(anything: object) -> str:
    """Return a parameter or a fact in words: estimates with their interval, numbers short, the rest as it is."""
    if isinstance(anything, Mapping) and "untested" in anything:
        return text.percent(anything)
    if isinstance(anything, bool):
        return "yes" if anything else "no"
    if isinstance(anything, int | float):
        return f"{anything:,.10g}"
    if isinstance(anything, Mapping):
        return ", ".join(f"{key} = {value(one)}" for key, one in anything.items()) or "none"
    if isinstance(anything, list | tuple):
        return ", ".join(value(one) for one in anything) or "none"
    return "none" if anything is None else str(anything)


def points(estimate: Dict) -> str:
    """Return a difference of two rates in percentage points.

    >>> points({"value": 0.021, "low": 0.0, "high": 0.034, "untested": ""})
    '+2.1 points (0.0 to +3.4)'
    """
    if estimate["untested"]:
        return str(estimate["untested"])
    middle, low, high = (f"{100 * estimate[part]:+.1f}".replace("-", _MINUS) for part in ("value", "low", "high"))
    middle, low, high = ("0.0" if one in ("+0.0", f"{_MINUS}0.0") else one for one in (middle, low, high))
    return f"{middle} points ({low} to {high})"


def split(estimate: Dict, written: str) -> Safe:
    """Return an estimate whose interval stands back behind its value."""
    head, _, tail = written.partition(" (")
    if estimate["untested"] or not tail:
        return tag("span", written, class_="rt-quiet")
    return join(head, " ", tag("small", f"({tail}"))


def nearly(risk: Dict) -> str:
    """Return a person's risk; above 99.9 % only that, since more digits would be the model's, not the data's.

    >>> nearly({"value": 0.99999, "low": 0.99, "high": 1.0})
    'above 99.9 %'
    """
    if risk["value"] > 0.999:
        return "above 99.9 %"
    return f"{100 * risk['value']:.1f} % ({100 * risk['low']:.1f} to {100 * risk['high']:.1f})"


def provenance(result: Dict) -> Safe:
    """Return what is needed to do it again: model, parameters, seed, versions; timings apart."""
    target, model = result["target"], result["target"]["model"]
    shown = [
        ("Model", f"{model['class']} ({model['package']})"),
        ("Parameters", value(model["parameters"])),
        ("Defenses in the recipe", value(target["defenses"])),
        ("Members and others", f"{target['members']:,} and {target['nonmembers']:,}"),
        ("Sealed half", f"{target['sealed_members']:,} and {target['sealed_nonmembers']:,}: chose nothing"),
        ("Columns", value(target["schema"]["columns"])),
        ("Label", value(target["schema"]["label"])),
        ("Sensitive", value(target["schema"]["sensitive"])),
        ("Quasi-identifiers", value(target["schema"]["quasi_identifiers"])),
        ("Seed", value(result["seed"])),
        ("Versions", ", ".join(f"{name} {number}" for name, number in result["versions"].items())),
    ]
    if result.get("digests"):
        shown.append(("Digests of the audits", value(result["digests"])))
    slow = [(name, f"{seconds:,.1f} s") for name, seconds in result.get("timings", {}).items()]
    return join(
        facts(shown, "rt-facts rt-wide"),
        folded("Timings (they change from run to run and are no part of the result)", facts(slow)) if slow else None,
    )
