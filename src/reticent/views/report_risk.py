"""The blocks of a table's risk: the sentence, a picture of who can be found, what is learned, how it was counted."""

from collections.abc import Mapping, Sequence
from typing import Any

from reticent._optional import optional
from reticent.views import axes, blocks
from reticent.views.axes import COLORS, MUTED, Scale, ink, line
from reticent.views.blocks import Dict, section, table
from reticent.views.markup import Child, Safe, tag
from reticent.views.risk_in_words import HEAD, every, loss, outside, percent, rows

# Where bins of class sizes begin: at the thresholds that are in use, then in decades.
BINS = (1, 2, 3, 5, 11, 20, 50, 100, 1_000, 10_000, 100_000, 1_000_000)


def subject(result: Dict) -> str:
    """Return what the page is about."""
    seen, names = result["table"], result["quasi_identifiers"]
    known = f"{len(names)} quasi-identifiers" if result["named"] else "all columns taken as quasi-identifiers"
    return f"{seen['rows']:,} rows of {seen['people']:,} people, {len(seen['columns'])} columns; {known}."


def verdict(result: Dict) -> Safe:
    """Return the one sentence, with the tone of its state."""
    bare = any(one["one_value"] for one in result["sensitive"])
    if not result["table"]["people"]:
        tone, word = "mute", "Nothing was counted"
    elif result["alone"]:
        tone, word = "bad", "People stand alone"
    elif bare:
        tone, word = "bad", "Nobody stands alone, but some are known by their class"
    elif result["k"] < 11:
        tone, word = "wary", f"Nobody stands alone; some are one of {result['k']:,}"
    else:
        tone, word = "calm", f"k = {result['k']:,} on these columns"
    return blocks.verdict(result["sentence"], tone, word)


def found(result: Dict) -> Safe | None:
    """Return picture, numbers and thresholds: how well people can be found; None for an empty table."""
    if not result["table"]["people"]:
        return None
    caption = (
        "Left: easy to find. The dotted lines are the class sizes that stand for the risks written above them. Sizes "
        "are not drawn to scale."
    )
    return section(
        "Who can be found",
        blocks.figure(picture(result), caption),
        _thresholds(result),
        tag("p", tag("strong", every(result))),
        tag("p", outside(result)),
        name="found",
    )


def _thresholds(result: Dict) -> Safe:
    people, risk, there = result["table"]["people"], result["risk"], result["population"]["risk"]
    views = [("people of this table", risk), *([] if there is None else [("the same in the population", there)])]
    rows: list[list[Child]] = [
        [
            f"above {one['risk']:g}: fewer than {one['size']}",
            *(_part(view["thresholds"][k], people) for _, view in views),
        ]
        for k, one in enumerate(risk["thresholds"])
    ]
    rows.append(["alone", *(_part({"people": _alone(view)}, people) for _, view in views)])
    seeker = "prosecutor" if there is None else "prosecutor; in the population: journalist"
    rows.append([f"highest risk ({seeker})", *(percent(view["highest"]) for _, view in views)])
    rows.append(["mean risk (marketer)", *(percent(view["mean"]) for _, view in views)])
    head: list[Child] = ["risk of being named, and size of the class", *(name for name, _ in views)]
    return table(head, rows, caption="Risk of being named: 1 / people in the class", numbers=range(1, len(head)))


def _alone(view: Dict) -> int:
    return sum(people for size, people in view["sizes"] if size == 1)


def _part(one: Mapping[str, Any], people: int) -> Safe:
    return blocks.split({"untested": ""}, f"{one['people']:,} ({percent(one['people'] / people)})")


def learned(result: Dict) -> Safe | None:
    """Return what the classes give away about each sensitive column; None where there is none."""
    if not result["sensitive"] or not result["table"]["people"]:
        return None
    return section(
        "What is learned without finding the row",
        table(
            [*HEAD],
            rows(result),
            caption="l: values in each class, at least. t: how far a class's values lie from the table's, at most. "
            "alpha: the largest share of one value. All alike: people in classes with one value, those who are "
            "alone among them",
            numbers=range(1, len(HEAD)),
        ),
        name="learned",
    )


def counted(result: Dict) -> Safe:
    """Return how it was counted, so that somebody else can do it again."""
    whose = result["table"]["person"]
    pairs: list[tuple[Child, Child]] = [
        ("Rows and people", f"{result['table']['rows']:,} rows, {result['table']['people']:,} people"),
        ("Whose row", "each row is one person" if whose is None else f"by {whose}: people are counted, not rows"),
        ("Quasi-identifiers", _all(result)),
        ("Classes", f"{result['classes']:,}: rows that agree in all of them; missing values are values of their own"),
        (
            "Population",
            "not given" if result["population"]["size"] is None else f"{result['population']['size']:,} people",
        ),
        ("Detail", loss(result)),
        ("Versions", ", ".join(f"{name} {number}" for name, number in result["versions"].items())),
    ]
    notes = tag("ul", [tag("li", f"{one}.") for one in result["notes"]]) if result["notes"] else None
    return section("How it was counted", notes, blocks.facts(pairs, "rt-facts rt-wide"), name="details")


def _all(result: Dict) -> str:
    names = ", ".join(result["quasi_identifiers"]) or "none"
    return names if result["named"] else f"none were named, so all columns were taken: {names}"


_WORDS = {
    "k": "The fewest people who share one combination of the quasi-identifiers.",
    "Prosecutor": "Somebody looks for a person of whom he knows that the row is there. At best he guesses among the k.",
    "Journalist": "Somebody looks for anybody whom he can show to be found, in a register of the population.",
    "Marketer": "Somebody guesses everybody's row, and counts how many guesses are right on average.",
    "l, entropy l, (c, 2)": "How many values of a sensitive column each class has at least: by count, by how evenly "
    "they are spread, and by how much the commonest may outweigh all others.",
    "t": "The largest distance between a class's values and the table's: 0 if all classes look like the table, near 1 "
    "if one of them holds what is rare elsewhere. By order: neighboring values are near to each other.",
    "NCP": "How wide classes are in the original's values, as a mean over rows and columns.",
}


def glossary() -> Safe:
    """Return the words of this page, folded away."""
    meant = tag("dl", [tag("div", tag("dt", name), tag("dd", meaning)) for name, meaning in _WORDS.items()])
    return tag("section", blocks.folded("How to read this: the words", meant), class_="rt-glossary", id="words")


def binned(sizes: Sequence[Sequence[int]]) -> list[tuple[str, int, int]]:
    """Return label, first size and people of each bin, from 1 to beyond the largest class.

    >>> binned([[1, 10], [4, 8], [12, 24]])
    [('1', 1, 10), ('2', 2, 0), ('3-4', 3, 8), ('5-10', 5, 0), ('11-19', 11, 24), ('20+', 20, 0)]
    """
    largest = max((size for size, _ in sizes), default=1)
    last = max(5, sum(start <= largest for start in BINS) - 1)
    edges = BINS[: last + 1]
    found = []
    for start, end in zip(edges, [*edges[1:], None], strict=True):
        people = sum(count for size, count in sizes if start <= size and (end is None or size < end))
        found.append((_label(start, end), start, people))
    return found


def _label(start: int, end: int | None) -> str:
    if end is None:
        return f"{_kilo(start)}+"
    last = end - 1 if end <= 1_000 else end
    return f"{start}" if last == start else f"{_kilo(start)}-{_kilo(last)}"


def _kilo(size: int) -> str:
    return f"{size}" if size < 1_000 else f"{size // 1_000}k" if size < 1_000_000 else f"{size // 1_000_000}M"


def picture(result: Dict) -> Safe:
    """Return people by the size of their class, with the thresholds in use and k."""
    people, bins = result["table"]["people"], binned(result["risk"]["sizes"])
    step = (470 - 40) / len(bins)
    y = Scale(0, max(count for _, _, count in bins) / people, 262, 66)
    drawn, ends = [], {one["size"]: one["risk"] for one in result["risk"]["thresholds"]}
    for k, (label, start, count) in enumerate(bins):
        left, share = 40 + step * k, count / people
        few = start < 11
        top = min(y(share), y.start - 1.5) if count else y.start
        color = COLORS[1] if few else COLORS[0]
        drawn.append(
            [
                tag("rect", x=left + 3, y=top, width=step - 6, height=y.start - top, style=ink(fill=color)),
                axes.words(left + step / 2, top - 5, _rough(share), anchor="middle", font_size="11px")
                if count
                else None,
                axes.words(left + step / 2, y.start + 16, label, anchor="middle", fill=MUTED, font_size="11px"),
            ]
        )
        if start in ends:
            look: dict[str, Any] = {"stroke": MUTED, "stroke_dasharray": "2 3"}
            drawn.append([line(left, 50, left, y.start, **look)])
            drawn.append([axes.words(left, 44, f"{ends[start]:g}", anchor="middle", fill=MUTED, font_size="11px")])
        if start <= result["k"] and (k + 1 == len(bins) or result["k"] < bins[k + 1][1]):
            middle = left + step / 2
            drawn.append([axes.mark("triangle", middle, y.start + 27, "currentColor", 4)])
            drawn.append([axes.words(middle, y.start + 44, f"k = {result['k']:,}", anchor="middle", font_weight="600")])
    spoken = "; ".join(f"{label}: {count:,}" for label, _, count in bins)
    return axes.picture(
        334,
        "People by how many share their combination of values",
        f"k = {result['k']:,}. {spoken}",
        drawn,
        line(40, y.start, 470, y.start, stroke=MUTED),
        axes.words(0, 13, "share of people, by how many share their combination"),
        axes.words(0, 44, "risk", fill=MUTED, font_size="11px"),
        axes.words(255, y.start + 66, "people who share a combination (size of the class)", anchor="middle"),
    )


def _rough(share: float) -> str:
    return "<0.1 %" if share < 0.001 else percent(float(f"{share:.2g}") if share < 0.995 else share)


def plot(result: Dict, ax: Any = None) -> Any:
    """Draw the same picture with matplotlib; return the axes.

    Raises
    ------
    MissingPackageError
        matplotlib is not installed.
    """
    if ax is None:
        _, ax = optional("matplotlib.pyplot", extra="plot").subplots(layout="constrained")
    bins = binned(result["risk"]["sizes"])
    labels, starts, counts = zip(*bins, strict=True)
    ax.bar(labels, counts, color=["#c44f00" if start < 11 else "#0072b2" for start in starts])
    for one in result["risk"]["thresholds"]:
        at = starts.index(one["size"]) - 0.5
        ax.axvline(at, color="#767676", linestyle=":", linewidth=1)
        ax.annotate(f"{one['risk']:g}", (at, 1), xycoords=("data", "axes fraction"), ha="center", va="bottom")
    ax.set(xlabel=f"people who share a combination (size of the class); k = {result['k']:,}", ylabel="people")
    return ax
