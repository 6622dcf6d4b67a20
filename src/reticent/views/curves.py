"""Accuracy and exposure against k: the dict of an anonymization in, one SVG element each out.

The techniques stand beside each other at each k, so that no whisker hides another. The whiskers of the accuracies are
those of the difference to the model as it is: all techniques share their splits, and with them most of their chance.

>>> ticks([10, 11, 100], Scale(10, 100, 0, 400, log=True))
[10, 100]
"""

import math
from collections.abc import Iterable, Sequence
from typing import Any

from reticent._optional import optional
from reticent.views import axes, draw, text
from reticent.views.axes import COLORS, DASHES, MUTED, Scale, ink, line, mark, share, words
from reticent.views.blocks import Dict
from reticent.views.markup import Safe, tag

TITLES = {
    "guided": "Reticent, guided",
    "mondrian": "Median Mondrian",
    "hilbert": "Hilbert curve",
    "r+tree": "R+ tree",
    "mdav": "MDAV (microaggregation)",
}

_SHAPES = dict(zip(TITLES, ("circle", "square", "triangle", "diamond", "star"), strict=True))
_MARKERS = {"circle": "o", "square": "s", "triangle": "^", "diamond": "D", "star": "*"}
_LEFT, _RIGHT, _TOP, _BOTTOM = 56, 460, 42, 310
_LETTERS = "font-size:14px"  # two pictures stand beside each other, each on half of the page
_APART = 9.0  # pixels between the techniques at one k
_LABEL = 38.0  # pixels that the number of a tick takes

Series = dict[str, list[Dict]]
Legend = list[tuple[list[Safe], str]]


def series(result: Dict) -> Series:
    """Return the points of each technique by k, ours first, without those that were not tested."""
    found: Series = {}
    for point in result["points"]:
        if not point["accuracy"]["untested"]:
            found.setdefault(point["technique"], []).append(point)
    return {name: sorted(points, key=lambda point: point["k"]) for name, points in found.items()}


def attacked(result: Dict) -> list[Dict]:
    """Return the points that were attacked and whose exposure these people allow to tell, by k."""
    seen = [point for point in result["points"] if point["exposure"] and not point["exposure"]["untested"]]
    return sorted(seen, key=lambda point: point["k"])


def whisker(result: Dict, point: Dict) -> tuple[float, float]:
    """Return the ends of an accuracy's whisker: those of its difference to the model as it is, put at its place."""
    base = point["accuracy"]["value"] - point["change"]["value"]
    return base + point["change"]["low"], base + point["change"]["high"]


def rounded(rate: float) -> str:
    """Return a share with one digit behind the point.

    >>> rounded(0.8514), rounded(0.42)
    ('85.1 %', '42.0 %')
    """
    return f"{100 * rate:.1f} %"


def ticks(ks: Sequence[int], x: Scale) -> list[int]:
    """Return the k that are named at the axis: those measured, but for those too close to the one before."""
    kept: list[int] = []
    for k in sorted(set(ks)):
        if not kept or x(k) - x(kept[-1]) >= _LABEL:
            kept.append(k)
    return kept


def levels(low: float, high: float) -> list[float]:
    """Return round rates between two rates, four or more where that is possible.

    >>> levels(0.752, 0.861)
    [0.76, 0.78, 0.8, 0.82, 0.84, 0.86]
    """
    steps = (0.2, 0.1, 0.05, 0.02, 0.01, 0.005, 0.002)
    step = next((one for one in steps if (high - low) / one >= 4), 0.001)
    return [round(step * i, 6) for i in range(math.ceil(low / step), math.floor(high / step) + 1)]


def accuracy(result: Dict) -> Safe:
    """Return accuracy against k for all techniques, with the model as it is and the commonest label."""
    drawn = series(result)
    every = [point for points in drawn.values() for point in points]
    ends = [end for point in every for end in whisker(result, point)] + [result["original"]["value"]]
    low, high = min(ends), max(ends)
    floor = result["majority"]["value"]
    within = low - floor <= high - low
    low = min(low, floor) if within else low
    room = max((high - low) * 0.06, 0.002)
    x, y = _across(point["k"] for point in result["points"]), Scale(low - room, high + room, _BOTTOM, _TOP)
    at_original = y(result["original"]["value"])
    lines = [line(x.start, at_original, x.end, at_original, stroke="currentColor", stroke_width=1.5)]
    if within:
        lines.append(line(x.start, y(floor), x.end, y(floor), stroke=MUTED, stroke_width=1.5, stroke_dasharray="1 4"))
    curves = []
    for i, (name, points) in enumerate(drawn.items()):
        aside = _APART * (i - (len(drawn) - 1) / 2)
        places = [(x(point["k"]) + aside, y(point["accuracy"]["value"])) for point in points]
        ranges = [tuple(y(end) for end in whisker(result, point)) for point in points]
        curves.append(_curve(places, ranges, _look(name), ours=name == "guided"))
    original = text.percent(result["original"])
    commonest = f"the commonest label alone: {rounded(floor)}{'' if within else ', below the picture'}"
    legend: Legend = [(_sample(name), TITLES[name]) for name in drawn]
    legend.append((_rule("currentColor", "none"), f"the model as it is: {original}"))
    legend.append((_rule(MUTED, "1 4") if within else [], commonest))
    at_k = {
        name: ", ".join(f"{rounded(point['accuracy']['value'])} at k = {point['k']}" for point in points)
        for name, points in drawn.items()
    }
    spoken = "; ".join(f"{TITLES[name]}: {said}" for name, said in at_k.items())
    return axes.picture(
        _height(legend),
        "Accuracy against k",
        f"The model as it is: {original}. {spoken}",
        tag("g", _ruled(x, y, result, "accuracy on rows held out"), lines, curves, _legend(legend), style=_LETTERS),
    )


def exposure(result: Dict) -> Safe | None:
    """Return exposure against k, with the model as it is and a blind guess; None where nothing can be told."""
    points, was, blind = attacked(result), result["before"]["exposure"], result["fpr"]
    if not points:
        return None
    seen = [point["exposure"] for point in points] + ([] if was["untested"] else [was])
    low = max(min([one["low"] for one in seen if one["low"] > 0] + [blind]) / 1.4, blind / 8)
    x = _across(point["k"] for point in result["points"])
    y = Scale(low, min(max(one["high"] for one in seen) * 1.3, 1.0), _BOTTOM, _TOP, log=True)
    lines = [line(x.start, y(blind), x.end, y(blind), stroke=MUTED, stroke_width=1.5, stroke_dasharray="1 4")]
    legend: Legend = [(_sample("guided"), TITLES["guided"])]
    if not was["untested"]:
        band = tag("rect", x=x.start, y=y(was["high"]), width=x.end - x.start, height=y(was["low"]) - y(was["high"]))
        lines += [
            tag("g", band, style=ink(fill="currentColor", opacity=0.12)),
            line(x.start, y(was["value"]), x.end, y(was["value"]), stroke="currentColor", stroke_width=1.5),
        ]
        legend.append((_rule("currentColor", "none"), f"the model as it is: {text.percent(was)}"))
    legend.append((_rule(MUTED, "1 4"), f"a blind guess: {share(blind)}"))
    places = [(x(point["k"]), y(point["exposure"]["value"])) for point in points]
    ranges = [(y(point["exposure"]["low"]), y(point["exposure"]["high"])) for point in points]
    ruled = _ruled(x, y, result, f"members recognized at {share(blind)} false alarms")
    spoken = "; ".join(f"{text.percent(point['exposure'])} at k = {point['k']}" for point in points)
    return axes.picture(
        _height(legend),
        "Exposure against k",
        f"Members recognized at {share(blind)} false alarms. The model as it is: {text.percent(was)}. {spoken}",
        tag("g", ruled, lines, _curve(places, ranges, _look("guided"), ours=True), _legend(legend), style=_LETTERS),
    )


def _across(ks: Iterable[int]) -> Scale:
    every = list(ks)
    return Scale(min(every) / 1.35, max(every) * 1.35, _LEFT, _RIGHT, log=True)


def _look(name: str) -> tuple[str, str, str]:
    at = list(TITLES).index(name)
    return COLORS[at], DASHES[at], _SHAPES[name]


def _curve(
    places: Sequence[tuple[float, float]], ranges: Sequence[Any], look: tuple[str, str, str], *, ours: bool
) -> list[Safe]:
    color, dash, shape = look
    path = "M" + "L".join(f"{px:.1f} {py:.1f}" for px, py in places)
    width = 2.4 if ours else 1.4
    drawn = [tag("path", d=path, style=ink(stroke=color, stroke_width=width, stroke_dasharray=dash, opacity=0.9))]
    for (px, _), (first, last) in zip(places, ranges, strict=True):
        drawn.append(line(px, first, px, last, stroke=color, stroke_width=1.6, opacity=0.6))
    drawn += [mark(shape, px, py, color, 5.0 if ours else 4.0) for px, py in places]
    return drawn


def _ruled(x: Scale, y: Scale, result: Dict, title: str) -> Safe:
    named = ticks([point["k"] for point in result["points"]], x)
    down = [
        [line(x(k), y.start, x(k), y.end), words(x(k), y.start + 19, f"{k:,}", fill=MUTED, anchor="middle")]
        for k in named
    ]
    across = [
        [line(x.start, y(t), x.end, y(t)), words(x.start - 7, y(t) + 4, share(t), fill=MUTED, anchor="end")]
        for t in (y.ticks() if y.log else levels(y.low, y.high))
    ]
    frame = line(x.start, y.start, x.end, y.start, stroke=MUTED)
    below = words((x.start + x.end) / 2, y.start + 41, "k: people in a class, at least", anchor="middle")
    return tag("g", down, across, frame, below, words(0, 13, title))


def _sample(name: str) -> list[Safe]:
    color, dash, shape = _look(name)
    width = 2.4 if name == "guided" else 1.4
    return [line(4, 0, 34, 0, stroke=color, stroke_width=width, stroke_dasharray=dash), mark(shape, 19, 0, color, 4.5)]


def _rule(color: str, dash: str) -> list[Safe]:
    return [line(4, 0, 34, 0, stroke=color, stroke_width=1.5, stroke_dasharray=dash)]


def _legend(entries: Legend) -> list[Safe]:
    return [
        tag("g", sample, words(44, 5, said), transform=f"translate(0 {_BOTTOM + 68 + 21 * i})")
        for i, (sample, said) in enumerate(entries)
    ]


def _height(entries: Legend) -> float:
    return _BOTTOM + 62 + 21 * len(entries)


def plot(result: Dict, pair: Any = None) -> Any:
    """Draw both pictures with matplotlib on a pair of axes; return them.

    Raises
    ------
    MissingPackageError
        matplotlib is not installed.
    """
    if pair is None:
        _, pair = optional("matplotlib.pyplot", extra="plot").subplots(1, 2, figsize=(11, 4.2), layout="constrained")
    left, right = pair
    every = [point["k"] for point in result["points"]]
    named = ticks(every, _across(every))
    for i, (name, points) in enumerate(series(result).items()):
        at, drawn = [point["k"] * 1.05**i for point in points], [point["accuracy"]["value"] for point in points]
        reach = [whisker(result, point) for point in points]
        ends = [[max(value - low, 0) for value, (low, _) in zip(drawn, reach, strict=True)]]
        ends.append([max(high - value, 0) for value, (_, high) in zip(drawn, reach, strict=True)])
        look = {"color": draw.COLORS[list(TITLES).index(name)], "marker": _MARKERS[_SHAPES[name]], "markersize": 5}
        left.errorbar(at, drawn, yerr=ends, label=TITLES[name], elinewidth=1, **look)
    left.axhline(result["original"]["value"], color="#1d1f21", linewidth=1.2, label="the model as it is")
    left.axhline(result["majority"]["value"], color="#767676", linestyle=":", label="the commonest label alone")
    left.set(xscale="log", xlabel="k", ylabel="accuracy on rows held out")
    was, points = result["before"]["exposure"], attacked(result)
    if points:
        value, low, high = ([point["exposure"][part] for point in points] for part in ("value", "low", "high"))
        ends = [[v - one for v, one in zip(value, low, strict=True)]]
        ends.append([one - v for v, one in zip(value, high, strict=True)])
        right.errorbar([point["k"] for point in points], value, yerr=ends, color=draw.COLORS[0], marker="o")
    if not was["untested"]:
        right.axhspan(was["low"], was["high"], color="#1d1f21", alpha=0.1, linewidth=0)
        right.axhline(was["value"], color="#1d1f21", linewidth=1.2, label="the model as it is")
    right.axhline(result["fpr"], color="#767676", linestyle=":", label="a blind guess")
    said = f"members recognized at {share(result['fpr'])} false alarms"
    right.set(xscale="log", yscale="log", xlabel="k", ylabel=said)
    for one in pair:
        one.set_xticks(named, [f"{k:,}" for k in named], minor=False)
        one.set_xticks([], minor=True)
        one.legend(fontsize="small", frameon=False, loc="upper center", bbox_to_anchor=(0.5, -0.16), ncols=2)
    return pair
