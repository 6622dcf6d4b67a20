"""Pictures: lists and dicts in, one SVG element each out. They need no script, no font and no other file.

>>> roc({"coin": ([0.0, 0.5, 1.0], [0.0, 0.5, 1.0])}, marked=[0.01])[:4]
'<svg'
"""

from collections.abc import Mapping, Sequence
from typing import Any

from reticent.views import axes, text
from reticent.views.axes import COLORS, DASHES, MUTED, PAPER, WIDTH, Box, Scale, ink, line, mark, share, words
from reticent.views.markup import Safe, tag

Dict = Mapping[str, Any]
Curve = tuple[Sequence[float], Sequence[float]]

SHAPES = {"none": "square", "data": "circle", "training": "triangle", "output": "diamond", "input": "wedge"}
MOMENTS = {
    "none": "nothing changed",
    "data": "on the data",
    "training": "in training",
    "output": "on the answers",
    "input": "on the questions",
}


def roc(curves: Mapping[str, Curve], marked: Sequence[float] = (), *, floor: float | None = None) -> Safe:
    """Return ROC curves on log-log axes with the line of chance.

    Parameters
    ----------
    curves
        Title -> (false-positive rates, true-positive rates), ascending.
    marked
        False-positive rates to mark.
    floor
        Where both axes begin; None for the smallest rate that the curves can tell from zero (one non-member).
    """
    floor = floor or lowest_rate(curves)
    x, y = Scale(floor, 1, 52, 456, log=True), Scale(floor, 1, 360, 42, log=True)
    drawn, legend, at = [], [], 422.0
    for k, (title, (fpr, tpr)) in enumerate(curves.items()):
        color, dash = COLORS[k % len(COLORS)], DASHES[k % len(DASHES)]
        path = _steps(fpr, tpr, x, y)
        look = ink(stroke=color, stroke_width=2, stroke_dasharray=dash, stroke_linejoin="round")
        drawn.append(tag("path", d=path, style=look) if path else None)
        for rate in marked:
            if path and (seen := reached(fpr, tpr, rate)) >= floor:
                drawn.append(mark("circle", x(rate), y(seen), color, 3.5))
        legend.append(
            [
                line(54, at - 4, 82, at - 4, stroke=color, stroke_width=2.5, stroke_dasharray=dash),
                words(90, at, axes.cut(title, 60) if path else axes.cut(title, 42) + ": no curve"),
            ]
        )
        at += 18
    chance = [
        line(x(floor), y(floor), x(1), y(1), stroke=MUTED, stroke_dasharray="3 3"),
        line(54, at - 4, 82, at - 4, stroke=MUTED, stroke_dasharray="3 3"),
        words(90, at, "chance: a coin toss", fill=MUTED),
    ]
    posts = [
        [
            line(x(rate), y.start, x(rate), y.end - 4, stroke="currentColor", stroke_dasharray="1 3"),
            words(x(rate), y.end - 8, f"{share(rate)} false alarms", anchor="middle", font_size="11px"),
        ]
        for rate in marked
        if floor < rate < 1
    ]
    spoken = "; ".join(
        f"{title}: {share(reached(fpr, tpr, rate))} of members at {share(rate)} false alarms"
        for rate in marked
        for title, (fpr, tpr) in curves.items()
    )
    return axes.picture(
        at + 8,
        "ROC curves on logarithmic axes",
        f"Share of members recognized against share of others wrongly named. {spoken}",
        axes.ruled(x, y, "others wrongly named (false-positive rate)", "members recognized (true-positive rate)"),
        posts,
        chance,
        drawn,
        legend,
    )


def lowest_rate(curves: Mapping[str, Curve]) -> float:
    """Return the smallest positive false-positive rate of all curves, 0.0001 to 0.1: below it nothing was measured."""
    positive = [rate for fpr, _ in curves.values() for rate in fpr if 0 < rate < 1]
    return min(max(min(positive, default=0.001), 1e-4), 0.1)


def reached(fpr: Sequence[float], tpr: Sequence[float], rate: float) -> float:
    """Return the best true-positive rate at a threshold whose false-positive rate does not exceed ``rate``."""
    return max((t for f, t in zip(fpr, tpr, strict=True) if f <= rate), default=0.0)


def _steps(fpr: Sequence[float], tpr: Sequence[float], x: Scale, y: Scale) -> str:
    # Steps, not slopes: between two thresholds an attacker has only the lower one, and the tables say the same.
    places = [(f, t) for f, t in zip(fpr, tpr, strict=True) if t >= y.low and f < 1]
    if not places:
        return ""
    first, _ = places[0]
    parts = [f"M{x(first):.1f} {y(reached(fpr, tpr, max(first, x.low)) if first <= x.low else y.low):.1f}"]
    parts += [f"H{x(f):.1f}V{y(t):.1f}" for f, t in places if f > x.low]
    return "".join([*parts, f"H{x(1):.1f}V{y(1):.1f}"])


def frontier(points: Sequence[Dict], goal: Dict) -> Safe:
    """Return what each candidate reveals against how well it works, with intervals and the region of the goal."""
    shown = [p for p in points if not p["exposure"]["untested"] and not p["utility"]["untested"]]
    floor = lowest_exposure(shown, goal)
    x = Scale(floor, 1, 52, 456, log=True)
    ends = [p["utility"][side] for p in shown for side in ("low", "high")] or [0.0, 1.0]
    room = max((max(ends) - min(ends)) * 0.08, 0.005)
    y = Scale(min(ends) - room, max(ends) + room, 346, 42)
    least = y.low
    if goal.get("accuracy_drop") is not None and shown:
        least = max(y.low, shown[0]["utility"]["value"] - goal["accuracy_drop"])
    top, region = y(y.high), []
    if goal["tpr"] is not None:
        right = x(goal["tpr"])
        region = [
            tag("rect", x=x.start, y=top, width=right - x.start, height=y(least) - top, style=ink(fill=axes.GOOD)),
            line(right, top - 4, right, y(least), stroke=COLORS[0], stroke_width=1.5, stroke_dasharray="5 3"),
            words(right - 6, top - 8, "meets the goal", fill=COLORS[0], anchor="end", font_size="11px"),
        ]
    region += [
        line(x(goal["fpr"]), top, x(goal["fpr"]), y.start, stroke=MUTED, stroke_dasharray="1 3"),
        words(x(goal["fpr"]) - 4, y.start - 6, "blind guess", fill=MUTED, anchor="end", font_size="11px"),
    ]
    bars = [_cross(p, x, y) for p in shown]
    spots = [_spot(p, x, y) for p in sorted(shown, key=lambda p: bool(p["chosen"]))]
    described = "; ".join(
        f"{p['index']} {p['title']}: recognized {text.percent(p['exposure'])}, accuracy {text.percent(p['utility'])}"
        for p in points
    )
    return axes.picture(
        434,
        "What each candidate reveals, and how well it works",
        f"{_asked(goal)}{described}",
        region,
        axes.ruled(x, y, f"members recognized at {share(goal['fpr'])} false alarms", "accuracy on others"),
        bars,
        spots,
        _labels(shown, x, y),
        _key(shown),
    )


def lowest_exposure(points: Sequence[Dict], goal: Dict) -> float:
    """Return where the axis of exposure begins: left of goal, blind guess and points, but no empty decades."""
    lows = [one for p in points for one in (p["exposure"]["low"], p["exposure"]["value"]) if one > 0]
    lowest = float(max(min(lows, default=goal["fpr"]) / 1.3, goal["fpr"] / 8))
    return min(lowest, float(goal["fpr"]) / 2, 1.0 if goal["tpr"] is None else float(goal["tpr"]) / 3)


def _asked(goal: Dict) -> str:
    if goal["tpr"] is None:
        return ""
    return f"Goal: at most {share(goal['tpr'])} recognized at {share(goal['fpr'])} false alarms. "


def _color(point: Dict) -> str:
    return COLORS[list(SHAPES).index(point["moment"]) % len(COLORS)]


def _cross(point: Dict, x: Scale, y: Scale) -> list[Safe]:
    seen, works = point["exposure"], point["utility"]
    across, up = x(seen["value"]), y(works["value"])
    look: dict[str, Any] = {"stroke": _color(point), "stroke_width": 1.3, "opacity": 0.55}
    return [
        line(x(seen["low"]), up, x(seen["high"]), up, **look),
        line(across, y(works["low"]), across, y(works["high"]), **look),
    ]


def _spot(point: Dict, x: Scale, y: Scale) -> Safe:
    kind = "star" if point["chosen"] else SHAPES[point["moment"]]
    return mark(kind, x(point["exposure"]["value"]), y(point["utility"]["value"]), _color(point))


def _labels(points: Sequence[Dict], x: Scale, y: Scale) -> list[Safe]:
    # Greedy: the points that the reader looks for come first and get their name; the others fall back to their number.
    area: Box = (x.start + 2, y.end + 2, WIDTH - 2.0, y.start - 18)
    at = {p["index"]: (x(p["exposure"]["value"]), y(p["utility"]["value"])) for p in points}
    taken: list[Box] = [(px - 6, py - 6, px + 6, py + 6) for px, py in at.values()]
    first = sorted(points, key=lambda p: (not p["chosen"], p["moment"] != "none", p["index"]))
    found: list[Safe] = []
    for point in first:
        px, py = at[point["index"]]
        others = [spot for index, spot in at.items() if index != point["index"]]
        number = str(point["index"])
        name = f"{number} {axes.cut(point['title'], 24)}"
        near, far = (8.0, 12.0, 17.0), (24.0, 34.0, 46.0, 60.0)  # far off: on a string
        tries = [(name, others, near), (number, others, near), (number, [], far)]
        if point["chosen"]:
            tries.insert(1, (name, [], far))  # the reader looks for this one by name
        for label, rivals, reach in tries:
            spot = axes.clear_spot((px, py), 6.2 * len(label) + 4, taken=taken, area=area, others=rivals, reach=reach)
            if spot is None:
                continue
            box, distance = spot
            taken.append(box)
            if distance > 20:
                edge = min(max(px, box[0]), box[2])
                found.append(line(px, py, edge, (box[1] + box[3]) / 2, stroke=MUTED, stroke_width=0.7))
            weight = "600" if point["chosen"] else "400"
            halo: dict[str, Any] = {"stroke": PAPER, "stroke_width": 3, "paint_order": "stroke", "font_weight": weight}
            found.append(words(box[0] + 2, (box[1] + box[3]) / 2 + 4, label, **halo))
            break
    return found


def _key(points: Sequence[Dict]) -> list[list[Safe]]:
    used = [moment for moment in SHAPES if any(p["moment"] == moment and not p["chosen"] for p in points)]
    entries = [(SHAPES[moment], COLORS[list(SHAPES).index(moment)], MOMENTS[moment]) for moment in used]
    if any(p["chosen"] for p in points):
        entries.append(("star", "currentColor", "chosen"))
    # Three to a row: five do not fit beside each other in letters that a phone can show.
    return [
        [
            mark(kind, 60 + 140 * (k % 3), 403 + 20 * (k // 3), color),
            words(72 + 140 * (k % 3), 407 + 20 * (k // 3), name),
        ]
        for k, (kind, color, name) in enumerate(entries)
    ]


def bars(rows: Sequence[tuple[str, Dict]], *, low: float, high: float, chance: float, title: str) -> Safe:
    """Return one interval for each row on a common straight scale, with the line of chance.

    Parameters
    ----------
    rows
        (label, estimate of a rate or an area).
    low, high, chance
        Ends of the scale, and what a guess would reach.
    """
    x, step = Scale(low, high, 150, 346), 21
    bottom = 26 + step * len(rows)
    drawn = [[line(x(t), 22, x(t), bottom), words(x(t), 14, share(t), fill=MUTED, anchor="middle")] for t in x.ticks()]
    drawn.append([line(x(chance), 20, x(chance), bottom, stroke=MUTED, stroke_dasharray="3 3", stroke_width=1.4)])
    for k, (label, estimate) in enumerate(rows):
        middle = 38 + step * k
        drawn.append([words(142, middle + 4, axes.cut(label, 23), anchor="end")])
        if estimate["untested"]:
            drawn.append([words(x.start + 10, middle + 4, "too few people to tell", fill=MUTED, font_style="italic")])
            continue
        look: dict[str, Any] = {"stroke": COLORS[0], "stroke_width": 3, "stroke_linecap": "round", "opacity": 0.55}
        drawn.append([line(x(estimate["low"]), middle, x(estimate["high"]), middle, **look)])
        drawn.append([mark("circle", x(estimate["value"]), middle, COLORS[0], 4.2)])
        drawn.append([words(356, middle + 4, text.percent(estimate), font_size="11px")])
    spoken = "; ".join(f"{label}: {text.percent(estimate)}" for label, estimate in rows)
    return axes.picture(bottom + 6, title, f"Dashed: chance, {share(chance)}. {spoken}", drawn)
