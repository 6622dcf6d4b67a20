"""What is asked of how many people, what other agreements would leave unasked, and for whom answers change.

The dict of a minimization in, one SVG element each out.

>>> share_of(0.0), share_of(0.004), share_of(0.126), share_of(1.0)
('0 %', 'under 1 %', '13 %', '100 %')
"""

from collections.abc import Sequence
from typing import Any

from reticent.views import axes, text
from reticent.views.axes import COLORS, MUTED, PAPER, Scale, ink, line, mark, share, words
from reticent.views.blocks import Dict
from reticent.views.markup import Child, Safe, tag

PARTS = {"not_asked": "is not asked", "in_pieces": "only a range or group", "raw": "the value itself"}

_LOOKS = {
    "not_asked": ink(fill=PAPER, stroke=MUTED, stroke_width=1),
    "in_pieces": ink(fill=COLORS[0], fill_opacity=0.38, stroke=COLORS[0], stroke_width=1),
    "raw": ink(fill=COLORS[0], stroke=COLORS[0], stroke_width=1),
}
_STEP = 23
_MOST = 40  # columns in a picture


def share_of(value: float) -> str:
    """Return a share of people in whole percent, never 0 or 100 where it is not."""
    if 0 < value < 0.005:
        return "under 1 %"
    return "over 99 %" if 0.995 <= value < 1 else f"{100 * value:.0f} %"


def columns(result: Dict) -> Safe:
    """Return for each column which share of people is asked for nothing, for a range or group, for the value itself."""
    shown = sorted(result["needs"], key=lambda need: -need["ncp"])[:_MOST]
    x, top = Scale(0, 1, 150, 388), 30.0
    drawn: list[Child] = []
    for k, (part, said) in enumerate(PARTS.items()):
        at = (0, 128, 306)[k]
        drawn.append(tag("rect", x=at + 1, y=2, width=13, height=11, style=_LOOKS[part]))
        drawn.append(words(at + 20, 12, said))
    for k, need in enumerate(shown):
        y, start = top + _STEP * k, 0.0
        drawn.append(words(142, y + 13, axes.cut(need["column"], 22), anchor="end"))
        for part in PARTS:
            width = x(start + need[part]) - x(start)
            if need[part] > 0:
                drawn.append(tag("rect", x=x(start), y=y + 2, width=width, height=15, style=_LOOKS[part]))
            if width >= 34:
                fill = PAPER if part == "raw" else "currentColor"
                said = share_of(need[part])
                drawn.append(words(x(start) + width / 2, y + 13.5, said, anchor="middle", fill=fill, font_size="11px"))
            start += need[part]
        drawn.append(words(396, y + 13, axes.cut(what(need), 15), fill=MUTED, font_size="11px"))
    spoken = "; ".join(
        f"{need['column']}: {', '.join(f'{PARTS[part]} {share_of(need[part])}' for part in PARTS)}" for need in shown
    )
    return axes.picture(top + _STEP * len(shown) + 4, "What is asked of each column", spoken, drawn)


def what(need: Dict) -> str:
    """Return in a word or two what a column is needed as.

    >>> what({"kind": "raw", "pieces": ["up to 25", "26 or more"], "raw": 0.04})
    '2 pieces, value'
    """
    if need["kind"] == "not needed" or not need["pieces"]:
        return "not needed" if need["kind"] == "not needed" else "the value"
    kind = "pieces" if need["kind"] == "raw" else str(need["kind"])
    count = len(need["pieces"])
    return f"{count:,} {kind if count > 1 else kind[:-1]}{', value' if need['raw'] else ''}"


def others(result: Dict) -> Safe | None:
    """Return what each agreement leaves unasked; None where nothing but the one was tried."""
    points = [one for one in tried(result) if one["agreement"]]
    if len(points) < 2:
        return None
    low = min(one["agreement"]["low"] for one in points)
    x, y = Scale(low - (1 - low) * 0.08, 1.0, 52, 456), Scale(0, 1, 250, 30)
    at = [(x(one["agreement"]["value"]), y(one["ncp"])) for one in points]
    ends = [*at, (x(1.0), y(0.0))]
    drawn: list[Child] = [
        tag(
            "path",
            d="M" + "L".join(f"{px:.1f} {py:.1f}" for px, py in ends),
            style=ink(stroke=COLORS[0], stroke_width=1.6, stroke_dasharray="2 3", opacity=0.7),
        )
    ]
    for one, (px, py) in zip(points, at, strict=True):
        drawn.append(line(x(one["agreement"]["low"]), py, px, py, stroke=COLORS[0], stroke_width=2.2, opacity=0.6))
        drawn.append(mark("star" if one["chosen"] else "circle", px, py, COLORS[0], 5.5))
    drawn.append(tag("circle", cx=x(1.0), cy=y(0.0), r=4.5, style=ink(fill=PAPER, stroke=MUTED, stroke_width=1.6)))
    named = [*(f"asked for {share(one['asked'])}" for one in points), "every value as it is"]
    taken = [(px - 7.0, py - 7.0, px + 7.0, py + 7.0) for px, py in ends]
    # The chosen one first: the reader looks for it.
    for k in sorted(range(len(named)), key=lambda k: k == len(points) or not points[k]["chosen"]):
        rivals, area = [spot for i, spot in enumerate(ends) if i != k], (54.0, 22.0, 478.0, 248.0)
        reach = (10.0, 15.0, 22.0)
        spot = axes.clear_spot(ends[k], 6.0 * len(named[k]) + 4, taken=taken, area=area, others=rivals, reach=reach)
        if spot is not None:
            taken.append(spot[0])
            weight = "600" if k < len(points) and points[k]["chosen"] else "400"
            middle = (spot[0][1] + spot[0][3]) / 2 + 4
            halo: dict[str, Any] = {"stroke": PAPER, "stroke_width": 3, "paint_order": "stroke"}
            drawn.append(words(spot[0][0] + 2, middle, named[k], font_size="11px", font_weight=weight, **halo))
    spoken = "; ".join(
        f"asked for {share(one['asked'])}: {share(round(one['ncp'], 3))} of the detail, {same(one['agreement'])}"
        for one in points
    )
    ruled = axes.ruled(x, y, "answers that stay the same", "detail that is not asked for")
    return axes.picture(296, "What other agreements leave unasked", spoken, ruled, drawn)


def tried(result: Dict) -> list[Dict]:
    """Return the agreements of the trade-off and the one that was asked for, ascending; ``chosen`` marks the last."""
    chosen = {"asked": result["asked"], "ncp": result["ncp"], "agreement": result["agreement"], "reason": ""}
    chosen["not_needed"] = sum(need["kind"] == "not needed" for need in result["needs"])
    more = [one for one in result["others"] if one["asked"] != result["asked"]]
    every = [*({**one, "chosen": False} for one in more), {**chosen, "chosen": True}]
    return sorted(every, key=lambda one: one["asked"])


def same(estimate: Dict) -> str:
    """Return an agreement with its one-sided bound.

    >>> same({"value": 0.9862, "low": 0.9815})
    '98.6 % (at least 98.1 %)'
    """
    # Rounded down: a bound must not look better than it is.
    return f"{100 * estimate['value']:.1f} % (at least {int(1000 * estimate['low'] + 1e-9) / 10:.1f} %)"


def groups(shown: Sequence[Dict], result: Dict, title: str) -> Safe:
    """Return the agreement of each group with its interval, and a line at what was asked of all together."""
    asked = result["asked"]
    low = min(asked, *(one["agreement"]["low"] for one in (*result["by_answer"], *result["by_group"])))  # one scale
    x, step = Scale(max(0.0, low - (1 - low) * 0.05), 1.0, 150, 336), 21
    bottom = 28 + step * len(shown)
    drawn: list[Child] = [
        [line(x(t), 22, x(t), bottom), words(x(t), 14, share(t), fill=MUTED, anchor="middle")] for t in x.ticks()
    ]
    drawn.append(line(x(asked), 20, x(asked), bottom, stroke="currentColor", stroke_dasharray="3 3", stroke_width=1.2))
    for k, one in enumerate(shown):
        middle, found = 38 + step * k, one["agreement"]
        color = COLORS[1] if found["high"] < asked else COLORS[0]
        drawn.append(words(142, middle + 4, axes.cut(one["name"], 23), anchor="end"))
        ends = x(found["low"]), x(found["high"])
        drawn.append(line(ends[0], middle, ends[1], middle, stroke=color, stroke_width=3, opacity=0.55))
        drawn.append(mark("diamond" if found["high"] < asked else "circle", x(found["value"]), middle, color, 4.2))
        drawn.append(words(346, middle + 4, f"{text.percent(found)}", font_size="11px"))
    spoken = "; ".join(f"{one['name']}: {text.percent(one['agreement'])} of {one['people']:,}" for one in shown)
    return axes.picture(bottom + 6, title, f"Dashed: {share(asked)}, asked of all together. {spoken}", drawn)
