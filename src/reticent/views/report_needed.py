"""What the three answers on need share: losses against a margin as a picture, the smallest groups, how it was tested.

A loss is how much worse a model does with less data than with all of it; below zero it does better.

>>> points(0.0069), points(0.0)
('+0.69', '0.00')
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from reticent.views import axes, blocks, text
from reticent.views.axes import COLORS, GOOD, MUTED, Scale, ink, line, mark
from reticent.views.blocks import Dict, section
from reticent.views.markup import Child, Safe, tag

SIGNS = "Circles: shown to be under the margin. Diamonds: not shown to be."

_MINUS = "\N{MINUS SIGN}"
_STEP = 21  # pixels of a row
_FARTHEST = 4.0  # margins that a picture shows to each side; a loss beyond stands at its edge, written out
_LEFT, _RIGHT, _GAP = 142, 470, 30


@dataclass(frozen=True, kw_only=True)
class Loss:
    """One loss of a picture; ``shown`` says whether a test has shown it to be under the margin, None for no test."""

    value: float
    low: float
    high: float
    shown: bool | None = None


@dataclass(frozen=True, kw_only=True)
class Panel:
    """Losses under one title, one for each row of the picture; None where nothing was measured."""

    title: str
    losses: Sequence[Loss | None]


def points(loss: float) -> str:
    """Return a loss in percentage points, with its sign."""
    said = f"{100 * loss:+.2f}".replace("-", _MINUS)
    return "0.00" if said[1:] == "0.00" else said


def ranged(loss: Dict) -> str:
    """Return a loss with its interval, in points, or why it could not be tested."""
    if loss["untested"]:
        return str(loss["untested"])
    return f"{points(loss['value'])} ({points(loss['low'])} to {points(loss['high'])})"


def drawn(loss: Dict, shown: bool | None = None) -> Loss | None:
    """Return a loss for the picture; None where it could not be tested."""
    if loss["untested"]:
        return None
    return Loss(value=loss["value"], low=loss["low"], high=loss["high"], shown=shown)


Aside: TypeAlias = Callable[[float, float, Sequence[float]], Child]


def picture(
    labels: Sequence[str],
    panels: Sequence[Panel],
    margin: float,
    *,
    unit: str,
    title: str,
    rule: int = 0,
    aside: Aside | None = None,
) -> Safe:
    """Return losses with their intervals, row by row, against the margin.

    Parameters
    ----------
    labels
        Of the rows, top down.
    panels
        Side by side, on one scale.
    unit
        Of the losses, in words.
    rule
        How many rows stand above a line; 0 for no line.
    aside
        Draws the place to the left of the panels, given its first and last pixel and the height of each row.
    """
    every = [one for panel in panels for one in panel.losses if one is not None]
    heights = [62.0 + _STEP * k for k in range(len(labels))]
    bottom = 54.0 + _STEP * len(labels)
    slots = _slots(len(panels) + (aside is not None))
    parts: list[Child] = [] if aside is None else [aside(*slots[0], heights)]
    scales = [_scale(every, margin, *slot) for slot in slots[-len(panels) :]]
    for panel, x in zip(panels, scales, strict=True):
        parts.append(_ground(panel.title, x, margin, bottom))
        parts += [_whisker(one, x, y) for one, y in zip(panel.losses, heights, strict=True) if one is not None]
    for label, y in zip(labels, heights, strict=True):
        parts.append(axes.words(_LEFT - 10, y + 4, axes.cut(label, 21), anchor="end"))
    if 0 < rule < len(labels):
        between = heights[rule] - _STEP / 2
        parts.append(line(0, between, _RIGHT + 10, between, stroke="currentColor", stroke_dasharray="1 3"))
    spoken = "; ".join(
        f"{label}: {', '.join(_spoken(panel, panel.losses[k]) for panel in panels)}" for k, label in enumerate(labels)
    )
    middle = (scales[0].start + scales[-1].end) / 2
    below = axes.words(middle, bottom + 38, f"loss, in {unit}", anchor="middle")
    return axes.picture(bottom + 46, title, f"Margin: {points(margin)} {unit}. {spoken}", parts, below)


def _slots(count: int) -> list[tuple[float, float]]:
    width = (_RIGHT - _LEFT - _GAP * (count - 1)) / count
    return [(_LEFT + (width + _GAP) * k, _LEFT + (width + _GAP) * k + width) for k in range(count)]


def _scale(every: Sequence[Loss], margin: float, start: float, end: float) -> Scale:
    low = max(min([one.low for one in every] + [0.0]), -_FARTHEST * margin)
    high = min(max([one.high for one in every] + [1.4 * margin]), _FARTHEST * margin)
    room = 0.06 * (high - low)
    return Scale(low - room, high + room, start, end)


def _ground(title: str, x: Scale, margin: float, bottom: float) -> list[Child]:
    at, ticks = x(margin), x.ticks()
    return [
        tag("rect", x=x.start, y=44, width=at - x.start, height=bottom - 44, style=ink(fill=GOOD)),
        axes.words(x.start, 14, title, font_weight="600"),
        [line(x(t), 44, x(t), bottom, stroke=MUTED if t == 0 else axes.RULE) for t in ticks],
        [axes.words(x(t), bottom + 17, f"{100 * t:.3g}", fill=MUTED, anchor="middle") for t in ticks],
        line(at, 40, at, bottom, stroke=COLORS[1], stroke_width=1.5, stroke_dasharray="5 3"),
        axes.words(at, 35, f"margin {100 * margin:g}", fill=COLORS[1], anchor="middle", font_size="11px"),
    ]


def _whisker(one: Loss, x: Scale, y: float) -> list[Safe]:
    color = MUTED if one.shown is None else COLORS[0 if one.shown else 1]
    look = {"fill": color, "font_size": "11px"}
    if one.value > x.high:  # its number stands at the edge, and an arrow says where it would be
        return [axes.words(x.end, y + 4, f"{points(one.value)} →", anchor="end", **look)]
    if one.value < x.low:
        return [axes.words(x.start, y + 4, f"← {points(one.value)}", **look)]
    kind = "diamond" if one.shown is False else "circle"
    return [
        line(x(one.low), y, x(one.high), y, stroke=color, stroke_width=2, opacity=0.7),
        mark(kind, x(one.value), y, color, 4.2),
    ]


def _spoken(panel: Panel, one: Loss | None) -> str:
    if one is None:
        return f"{panel.title}: not measured"
    state = {True: ", shown to be under the margin", False: ", not shown to be under the margin", None: ""}[one.shown]
    return f"{panel.title}: {points(one.value)} ({points(one.low)} to {points(one.high)}){state}"


def details(result: Dict, sealed: str, *more: tuple[Child, Child]) -> Safe:
    """Return how it was tested, for whoever does it again; ``sealed`` says how those rows were set apart."""
    judges = f"{result['sealed_rows']:,} rows"
    if result["sealed_people"] != result["sealed_rows"]:
        judges += f" of {result['sealed_people']:,} people"
    test = (
        f"paired non-inferiority: is the loss on the same rows shown to be under {margin(result)}? Each upper limit "
        f"holds at {100 * result['level']:g} %. They are asked in an order that was fixed before, until the first that "
        f"is not shown, so that none has to be widened for being one of several"
    )
    pairs: list[tuple[Child, Child]] = [
        ("Model", f"{result['model']}, trained anew for each question with the parameters that it has"),
        (
            "Open rows",
            f"{result['open_rows']:,} rows: models learn from these, and all that is chosen is chosen on them",
        ),
        ("Sealed rows", f"{judges}, {sealed}. They taught nothing and chose nothing; they judge"),
        ("Test", test),
        ("Error with all data", f"{text.percent(result['error'])}{_of_what(result)}"),
        *more,
        ("Seed", str(result["seed"])),
        ("Versions", ", ".join(f"{name} {number}" for name, number in result["versions"].items())),
    ]
    return section("How it was tested", blocks.facts(pairs, "rt-facts rt-wide"), _glossary(), name="details")


_WORDS = {
    "Loss": "How much worse a model does with less data than with all of it, on the same people. Below zero it does "
    "better: by chance, or because what is gone misled it.",
    "Margin": "The loss from which on less data would be too little. Whoever asks sets it, before looking.",
    "Shown": "The worse end of the loss lies under the margin. If it does not, nothing is shown: the loss may be large "
    "or small, and more people may tell.",
    "Sealed rows": "People who were set apart while anything was chosen. What is best among many looks better than it "
    "is on the rows that chose it; sealed rows have no such favorites.",
}


def _glossary() -> Safe:
    """Return the words of this page, folded away."""
    meant = tag("dl", [tag("div", tag("dt", name), tag("dd", meaning)) for name, meaning in _WORDS.items()])
    return tag("div", blocks.folded("How to read this: the words", meant), class_="rt-glossary")


def _of_what(result: Dict) -> str:
    return " of the answers are wrong" if result["metric"] == "accuracy" else " of the label's spread"


def unit(result: Dict) -> str:
    """Return in what losses are told: points of accuracy, or percent of how far numbers lie from their middle."""
    return "points" if result["metric"] == "accuracy" else "% of the label's spread"


def margin(result: Dict) -> str:
    """Return the margin in words."""
    said = f"{100 * result['margin']:g} {unit(result)}"
    return said[:-1] if said == "1 points" else said


def words(result: Dict, *parts: str) -> str:
    """Return an answer for a terminal: its parts, what was not tested, and the sentence."""
    sealed = text.wrapped(
        f"Loss: in {unit(result)}, against the model on all data, on {result['sealed_rows']:,} sealed rows that chose "
        f"nothing; in brackets its limits. Margin: {margin(result)}."
    )
    missed = [text.wrapped(one, "  ", "    ") for one in result["not_tested"]]
    said = text.wrapped(capital(result["sentence"]))
    return "\n".join([*(f"{one}\n" for one in parts), sealed, "", "Not tested:", *missed, "", said])


def capital(sentence: str) -> str:
    """Return a finding as a sentence."""
    return f"{sentence[:1].upper()}{sentence[1:].rstrip('.')}."
