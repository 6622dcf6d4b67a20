"""Pictures of differential privacy: what an epsilon costs in accuracy, and what attacks say of the one that is claimed.

>>> claim_and_bounds({"claimed": 1.0, "warns": 0.2, "fails": 0.1, "delta": 1e-5})[:4]
'<svg'
"""

from collections.abc import Sequence

from reticent.views import axes, text
from reticent.views.axes import COLORS, MUTED, Scale, ink, line, mark, share, words
from reticent.views.blocks import Dict
from reticent.views.markup import Safe, tag

_TOP, _BOTTOM = (206, 46), (392, 262)  # of the two panels, from the lower edge to the upper


def spent(point: Dict) -> float | None:
    """Return the epsilon that was charged for a point; None where there is none, or no limit to it."""
    privacy = point.get("privacy")
    return None if privacy is None else privacy["charged"]


def against_accuracy(points: Sequence[Dict], goal: Dict) -> Safe | None:
    """Return accuracy on others and what attackers recognize, against epsilon; None where no point has one."""
    shown = sorted((point for point in points if spent(point)), key=lambda point: spent(point) or 0.0)
    if not shown:
        return None
    asked = goal.get("epsilon")
    values = [spent(point) or 1.0 for point in shown] + ([] if asked is None else [asked])
    x = Scale(min(values) / 1.6, max(values) * 1.6, 52, 456, log=True)
    plain = next((point for point in points if point["moment"] == "none" and spent(point) is None), None)
    recognized = f"members recognized at {share(goal['fpr'])} false alarms"
    panels = [
        _panel(shown, plain, x, place=_TOP, name="utility", title="accuracy on others", chance=None),
        _panel(shown, plain, x, place=_BOTTOM, name="exposure", title=recognized, chance=goal["fpr"]),
    ]
    region = []
    if asked is not None:
        right = x(asked)
        region = [
            [
                tag("rect", x=x.start, y=top, width=right - x.start, height=low - top, style=ink(fill=axes.GOOD)),
                line(right, top - 4, right, low, stroke=COLORS[0], stroke_width=1.5, stroke_dasharray="5 3"),
            ]
            for low, top in (_TOP, _BOTTOM)
        ]
        region.append(
            [words(right - 6, _TOP[1] + 12, "meets the goal", fill=COLORS[0], anchor="end", font_size="11px")]
        )
    spoken = "; ".join(
        f"epsilon {spent(point):.3g}: accuracy {text.percent(point['utility'])}, recognized "
        f"{text.percent(point['exposure'])}"
        for point in shown
    )
    return axes.picture(
        436,
        "What an epsilon costs in accuracy",
        spoken,
        region,
        panels,
        words((x.start + x.end) / 2, _BOTTOM[0] + 36, "epsilon: less is more private", anchor="middle"),
    )


def _panel(
    shown: Sequence[Dict],
    plain: Dict | None,
    x: Scale,
    *,
    place: tuple[int, int],
    name: str,
    title: str,
    chance: float | None,
) -> list[Safe]:
    tested = [point for point in shown if not point[name]["untested"]]
    drawn = [words(0, place[1] - 18, title)]
    if not tested:
        return [*drawn, words(x.start, place[1] + 14, "too few people to tell", fill=MUTED, font_style="italic")]
    beside = [] if plain is None or plain[name]["untested"] else [plain]
    ends = [point[name][side] for point in [*tested, *beside] for side in ("low", "high")]
    ends += [] if chance is None else [chance]
    room = max((max(ends) - min(ends)) * 0.08, 0.005)
    y = Scale(max(min(ends) - room, 0.0), min(max(ends) + room, 1.0), *place)
    drawn += _grid(x, y, [spent(point) or 1.0 for point in shown])
    for point in beside:
        level = y(point[name]["value"])
        drawn.append(line(x.start, level, x.end, level, stroke=COLORS[1], stroke_width=1.5, stroke_dasharray="7 3"))
        drawn.append(words(x.end, level - 5, "as it is", fill=COLORS[1], anchor="end", font_size="11px"))
    if chance is not None:
        drawn.append(line(x.start, y(chance), x.end, y(chance), stroke=MUTED, stroke_dasharray="1 3"))
        drawn.append(words(x.start + 4, y(chance) - 5, "blind guess", fill=MUTED, font_size="11px"))
    path = "M" + "L".join(f"{x(spent(point) or 1.0):.1f} {y(point[name]['value']):.1f}" for point in tested)
    drawn.append(tag("path", d=path, style=ink(stroke=COLORS[2], stroke_width=1.4, opacity=0.6)))
    for point in tested:
        at, seen = x(spent(point) or 1.0), point[name]
        drawn.append(line(at, y(seen["low"]), at, y(seen["high"]), stroke=COLORS[2], stroke_width=1.6))
        drawn.append(mark("star" if point["chosen"] else "triangle", at, y(seen["value"]), COLORS[2]))
    return drawn


def _grid(x: Scale, y: Scale, epsilons: Sequence[float]) -> list[Safe]:
    """Return lines and labels of both scales: a line up from each epsilon that there is."""
    return [
        *(line(x(t), y.start, x(t), y.end) for t in epsilons),
        *(words(x(t), y.start + 17, f"{t:.3g}", fill=MUTED, anchor="middle") for t in epsilons),
        *(line(x.start, y(t), x.end, y(t)) for t in y.ticks()),
        *(words(x.start - 7, y(t) + 4, share(t), fill=MUTED, anchor="end") for t in y.ticks()),
        line(x.start, y.start, x.end, y.start, stroke=MUTED),
    ]


def claim_and_bounds(bounds: Dict) -> Safe:
    """Return the claimed epsilon and, on the same straight scale, how much of it attacks have shown to be true."""
    claimed = float(bounds["claimed"])
    rows = [
        ("claimed", claimed, COLORS[0]),
        ("attacks show at least, 95 %", float(bounds["warns"]), COLORS[1]),
        ("the same, 99.9 %", float(bounds["fails"]), COLORS[1]),
    ]
    x = Scale(0.0, 1.1 * max(value for _, value, _ in rows), 180, 440)
    bottom = 26 + 24 * len(rows)
    drawn = [[line(x(t), 22, x(t), bottom), words(x(t), 14, f"{t:g}", fill=MUTED, anchor="middle")] for t in x.ticks()]
    drawn.append([line(x(claimed), 20, x(claimed), bottom, stroke=COLORS[0], stroke_dasharray="5 3")])
    for k, (label, value, color) in enumerate(rows):
        middle = 40 + 24 * k
        drawn.append([words(172, middle + 4, label, anchor="end")])
        drawn.append([line(x(0), middle, x(value), middle, stroke=color, stroke_width=7) if value > 0 else Safe("")])
        drawn.append([words(x(value) + 6, middle + 4, f"{value:.3g}", font_size="11px")])
    spoken = (
        f"Claimed {claimed:.3g}; attacks show at least {bounds['warns']:.3g} at 95 %, {bounds['fails']:.3g} at 99.9 %"
    )
    return axes.picture(bottom + 6, "Epsilon: claimed, and shown by attacks", spoken, drawn)
