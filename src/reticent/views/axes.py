"""The ground that pictures stand on: scales, ticks, a ruled plot area, colors, shapes and labels that keep clear.

Colors are custom properties with a fallback, so that the page decides between light and dark while a picture that is
cut out of it still shows. They follow Okabe and Ito (2008), darkened to a contrast of 3:1 on white; every color comes
with a dash or a shape, so that nothing is told by color alone.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from reticent.views.markup import Child, Safe, tag

WIDTH = 480  # a phone is 360 to 430 wide: letters of 12 stay readable there

COLORS = (
    "var(--rt-1, #0072b2)",
    "var(--rt-2, #c44f00)",
    "var(--rt-3, #007a5e)",
    "var(--rt-4, #a8437f)",
    "var(--rt-5, #8a6a00)",
    "var(--rt-6, #5b4bb5)",
)
DASHES = ("none", "7 3", "2 2.5", "9 3 2 3", "4 2", "12 4")
MUTED = "var(--rt-muted, #767676)"
RULE = "var(--rt-rule, #d9d9d9)"
PAPER = "var(--rt-paper, #ffffff)"
GOOD = "var(--rt-goal, #e3eef6)"

Box = tuple[float, float, float, float]
Spot = tuple[float, float]


@dataclass(frozen=True)
class Scale:
    """From values to pixels, straight or logarithmic; values outside are held at the edge."""

    low: float
    high: float
    start: float
    end: float
    log: bool = False

    def __call__(self, value: float) -> float:
        held = min(max(value, self.low), self.high)
        if self.log:
            share = math.log(held / self.low) / math.log(self.high / self.low)
        else:
            share = (held - self.low) / (self.high - self.low)
        return self.start + share * (self.end - self.start)

    def ticks(self) -> list[float]:
        """Return round values inside, four to eight of them where that is possible."""
        if not self.log:
            wanted = (self.high - self.low) / 5
            power = 10 ** math.floor(math.log10(wanted))
            step = next(power * m for m in (1, 2, 5, 10) if power * m >= wanted * 0.999)
            first = math.ceil(self.low / step - 1e-9)
            return [round(step * k, 12) for k in range(first, math.floor(self.high / step + 1e-9) + 1)]
        decades = range(math.floor(math.log10(self.low)), math.ceil(math.log10(self.high)) + 1)
        steps = (1,) if len(decades) > 4 else (1, 3)
        every = [m * 10.0**d for d in decades for m in steps]
        return [tick for tick in every if self.low * 0.999 <= tick <= self.high * 1.001]


def share(value: float) -> str:
    """Return a share as the shortest percentage.

    >>> share(0.001), share(0.3), share(1)
    ('0.1 %', '30 %', '100 %')
    """
    return f"{100 * value:.4g} %"


def ink(**look: object) -> str:
    """Return a style attribute; style, not presentation attributes, since only styles know custom properties."""
    parts = {"fill": "none", "stroke": "none", **look}
    return ";".join(f"{key.replace('_', '-')}:{value}" for key, value in parts.items())


def line(x1: float, y1: float, x2: float, y2: float, *, stroke: str = RULE, **more: object) -> Safe:
    """Return a straight line."""
    return tag("line", x1=x1, y1=y1, x2=x2, y2=y2, style=ink(stroke=stroke, **more))


def words(
    x: float, y: float, content: str, *, fill: str = "currentColor", anchor: str = "start", **more: object
) -> Safe:
    """Return a text."""
    return tag("text", content, x=x, y=y, text_anchor=anchor, style=ink(fill=fill, **more))


def ruled(x: Scale, y: Scale, x_title: str, y_title: str) -> Safe:
    """Return grid, tick labels and titles of a plot area whose scales carry percentages."""
    down = [
        [line(x(t), y.start, x(t), y.end), words(x(t), y.start + 17, share(t), fill=MUTED, anchor="middle")]
        for t in x.ticks()
    ]
    across = [
        [line(x.start, y(t), x.end, y(t)), words(x.start - 7, y(t) + 4, share(t), fill=MUTED, anchor="end")]
        for t in y.ticks()
    ]
    frame = line(x.start, y.start, x.end, y.start, stroke=MUTED)
    middle = (x.start + x.end) / 2
    return tag(
        "g",
        down,
        across,
        frame,
        words(middle, y.start + 36, x_title, anchor="middle"),
        # Upright above the axis: a title that stands on its side is read last, if at all.
        words(0, 13, y_title),
    )


def mark(kind: str, x: float, y: float, color: str, size: float = 5.0) -> Safe:
    """Return a point: square, circle, triangle, wedge, diamond or star, with a rim that parts it from its neighbors."""
    rim = ink(fill=color, stroke=PAPER, stroke_width=1.2)
    if kind == "circle":
        return tag("circle", cx=x, cy=y, r=size, style=rim)
    turns = {
        "square": (4, 45.0, 1.3),
        "triangle": (3, 90.0, 1.35),
        "wedge": (3, 270.0, 1.35),
        "diamond": (4, 90.0, 1.35),
    }
    if kind == "star":
        size *= 2
        corners = [(size if k % 2 == 0 else size * 0.42, 90.0 + 36 * k) for k in range(10)]
    else:
        count, first, grow = turns[kind]
        corners = [(size * grow, first + 360 / count * k) for k in range(count)]
    places = [(x + r * math.cos(math.radians(a)), y - r * math.sin(math.radians(a))) for r, a in corners]
    return tag("polygon", points=" ".join(f"{px:.1f},{py:.1f}" for px, py in places), style=rim)


# Off the axes first: a point's own intervals run along them.
_SIDES = (
    *(("right", -1.0), ("right", 1.0), ("left", -1.0), ("left", 1.0)),
    *(("over", -1.4), ("back", 1.4), ("over", 1.4), ("back", -1.4), ("right", 0.0), ("left", 0.0)),
)


def clear_spot(
    point: Spot, width: float, *, taken: Sequence[Box], area: Box, others: Sequence[Spot], reach: Sequence[float]
) -> tuple[Box, float] | None:
    """Return a free box for a label near its point, nearest first, and its distance; None if there is none.

    Parameters
    ----------
    width
        Of the label, in pixels.
    taken, area
        Boxes to keep clear of; the box to stay in.
    others
        Points that must be farther from the label than its own: else the reader takes it for theirs.
    reach
        Distances to try.
    """
    x, y = point
    for distance in reach:
        starts = {"right": x + distance, "left": x - distance - width, "over": x - 6, "back": x + 6 - width}
        for side, drop in _SIDES:
            left = starts[side]
            middle = y + drop * distance
            box = (left, middle - 7.5, left + width, middle + 7.5)
            inside = area[0] <= box[0] and box[2] <= area[2] and area[1] <= box[1] and box[3] <= area[3]
            own = _away(box, point)
            if inside and not any(_overlap(box, one) for one in taken) and all(own < _away(box, p) for p in others):
                return box, distance
    return None


def _away(box: Box, point: Spot) -> float:
    return math.hypot(max(box[0] - point[0], 0, point[0] - box[2]), max(box[1] - point[1], 0, point[1] - box[3]))


def _overlap(a: Box, b: Box) -> bool:
    return a[0] < b[2] and b[0] < a[2] and a[1] < b[3] and b[1] < a[3]


def cut(content: str, length: int) -> str:
    """Return the text, or its beginning and an ellipsis."""
    return content if len(content) <= length else content[: length - 1].rstrip() + "…"


def picture(height: float, title: str, description: str, *children: Child) -> Safe:
    """Return a whole picture: it names itself, says in words what it shows, and takes the width that it is given."""
    return tag(
        "svg",
        tag("title", title),
        tag("desc", description),
        *children,
        xmlns="http://www.w3.org/2000/svg",
        role="img",
        aria_label=f"{title}. {description}",
        viewBox=f"0 0 {WIDTH} {height:.0f}",
        font_family="system-ui, -apple-system, 'Segoe UI', Roboto, sans-serif",
        font_size="12",
        style="color:var(--rt-ink, #1d1f21)",
    )
