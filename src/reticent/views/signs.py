"""Signs: a hundred people for a rate, a shape for the state of a claim.

>>> state("proven")[:4]
'<svg'
"""

from collections.abc import Sequence

from reticent.views import axes
from reticent.views.axes import COLORS, PAPER, ink, words
from reticent.views.markup import Safe, tag

_SHAPES = {
    "proven": "M6 0 12 6 6 12 0 6Z",
    "measured": "M6 .5A5.5 5.5 0 1 1 6 11.5A5.5 5.5 0 1 1 6 .5Z",
    "declared": "M6 1A5 5 0 1 1 6 11A5 5 0 1 1 6 1ZM6 2.8A3.2 3.2 0 1 0 6 9.2A3.2 3.2 0 1 0 6 2.8Z",
    "missing": "M0 5H4V7H0ZM8 5H12V7H8Z",
    "failed": "M2 0 6 4 10 0 12 2 8 6 12 10 10 12 6 8 2 12 0 10 4 6 0 2Z",
    "stale": "M6 .5A5.5 5.5 0 0 1 6 11.5ZM6 .5A5.5 5.5 0 0 0 6 11.5V10A4 4 0 0 1 6 2Z",
}
STATES = tuple(_SHAPES)


def people(panels: Sequence[tuple[str, float, float]]) -> Safe:
    """Return for each (caption, share, upper limit) a hundred people, of whom that share is filled in.

    The limit is drawn as rings: so many it may be as well.
    """
    drawn = []
    gap, left = 158.0, 0.0
    for k, (caption, value, high) in enumerate(panels):
        start = left + gap * (k % 3)
        top = 8.0 + 176 * (k // 3)
        for one in range(100):
            px, py = start + 6.5 + 13 * (one % 10), top + 6.5 + 13 * (one // 10)
            if one < round(100 * value):
                look = ink(fill=COLORS[1])
            elif one < round(100 * high):
                look = ink(fill=PAPER, stroke=COLORS[1], stroke_width=1.4)
            else:
                look = ink(fill=axes.RULE)
            drawn.append(tag("circle", cx=px, cy=py, r=4.6, style=look))
        for row, part in enumerate(_folded(caption, 22)):
            drawn.append(words(start, top + 148 + 15 * row, part))
    height = 8.0 + 184 * ((len(panels) + 2) // 3)
    spoken = "; ".join(
        f"{caption}: {value * 100:.0f} of 100, at most {high * 100:.0f}" for caption, value, high in panels
    )
    return axes.picture(height, "Of a hundred people", spoken, drawn)


def _folded(caption: str, width: int) -> list[str]:
    lines = [""]
    for word in caption.split():
        if lines[-1] and len(lines[-1]) + 1 + len(word) > width:
            lines.append("")
        lines[-1] = f"{lines[-1]} {word}".strip()
    return lines


def state(name: str) -> Safe:
    """Return the sign of a claim's state: each has a shape of its own, for readers who see no colors."""
    path = _SHAPES.get(name, _SHAPES["missing"])
    drawn = tag("path", d=path, style="fill:currentColor")
    return tag(
        "svg", drawn, xmlns="http://www.w3.org/2000/svg", viewBox="0 0 12 12", aria_hidden="true", class_="rt-sign"
    )
