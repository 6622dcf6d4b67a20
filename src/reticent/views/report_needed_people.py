"""How many people a model needs: the learning curve over what is exposed of each, on one axis of people.

The two pull apart. Fewer people are processed for nothing; but of each of the fewer a model tells more.
"""

import math
from collections.abc import Sequence

from reticent.views import axes, blocks, report_needed, text
from reticent.views.axes import COLORS, GOOD, MUTED, Scale, ink, line, mark, share
from reticent.views.blocks import Dict, section, split, table
from reticent.views.curves import levels
from reticent.views.markup import Child, Safe, tag
from reticent.views.report_needed import ranged, unit

_LEFT, _RIGHT = 58.0, 462.0
_TOP, _FLOOR, _NEXT, _END = 62.0, 270.0, 322.0, 480.0  # of both panels
_LABEL = 44.0  # pixels that the number of a tick takes
_NEAR = 0.25  # how far, on a logarithmic axis, the forecast is read from the end of its curve


def subject(result: Dict) -> str:
    """Return what was asked of what."""
    return f"{result['model']} predicts {result['label']}; {result['people']:,} people to learn from."


def verdict(result: Dict) -> Safe:
    """Return the sentence, under how many people suffice."""
    sentence, enough, people = report_needed.capital(result["sentence"]), result["enough"], result["people"]
    if enough == people:
        return blocks.verdict(sentence, "mute", "Fewer people were not shown to suffice")
    return blocks.verdict(sentence, "calm", f"{enough:,} of {people:,} people suffice")


def sizes(result: Dict) -> Safe:
    """Return picture and table: how well models do, and what attackers recognize, by number of people."""
    caption = (
        "How well models do by the number of people they learned from. Circles were shown to suffice, diamonds were "
        "not; whiskers are the limits of the loss. Gray: small sizes, and the power law by which the others were "
        "planned; nothing is claimed from them."
    )
    if _seen(result):
        caption += " Squares: what attackers recognize, with 95 % limits, and the power law of that."
    return section(
        "What more people bring",
        blocks.figure(picture(result), caption),
        tag("p", said) if (said := pulled(result)) else None,
        _table(result),
        name="sizes",
    )


def pulled(result: Dict) -> str:
    """Return what is exposed at the number that suffices and at all, in a sentence; empty where nothing is known."""
    exposure, enough, people = result["exposure"], result["enough"], result["people"]
    if exposure is None:
        return ""
    if not exposure["curve"]:
        return f"What is exposed, by size: {exposure['sentence']}"
    rate, many, few = share(exposure["goal"]["fpr"]), _law(result, people), _law(result, enough)
    if enough == people:
        return f"Of {people:,} people attackers recognize about {many} at {rate} false alarms."
    told = (
        f"of those who are left, attackers recognize about {few} in place of {many} at {rate} false alarms, if the "
        f"power law of the forecast holds"
        if few
        else f"of all, attackers recognize about {many} at {rate} false alarms; of so few that was not forecast"
    )
    return f"The two pull apart. With {enough:,} in place of {people:,}, {people - enough:,} people are spared; {told}."


def _seen(result: Dict) -> list[tuple[int, Dict]]:
    """Return people, and the rate at which attackers recognize them, for each size that was attacked."""
    if result["exposure"] is None:
        return []
    found = [(_people(result, one["members"]), one["tpr"]) for one in result["exposure"]["sizes"]]
    return [(people, rate) for people, rate in found if not rate["untested"]]


def _people(result: Dict, members: float) -> int:
    # The forecast counts rows: where people have several, so many fewer are people.
    people: int = round(members * result["people"] / result["exposure"]["have"]["members"])
    return people


def _curve(result: Dict) -> list[tuple[int, Dict]]:
    exposure = result["exposure"]
    classes = exposure["have"]["classes"]
    return [(_people(result, one["per_class"] * classes), one) for one in exposure["curve"]]


def _law(result: Dict, people: int) -> str:
    """Return the forecast's rate at a number of people, by the nearest point of its curve; empty beyond its ends."""
    curve = _curve(result)
    size, nearest = min(curve, key=lambda one: abs(math.log(one[0] / people)))
    if abs(math.log(size / people)) > _NEAR:
        return ""
    return text.percent({**nearest, "untested": ""})


def picture(result: Dict) -> Safe:
    """Return how well models do by number of people, and under it what attackers recognize; one axis for both."""
    seen = _seen(result)
    tried = [one["people"] for one in result["sizes"]]
    every = sorted({result["people"], *tried, *(one["people"] for one in result["planned"]), *(n for n, _ in seen)})
    x = Scale(every[0] / 1.3, every[-1] * 1.3, _LEFT, _RIGHT, log=True)
    bottom, parts = _END if seen else _FLOOR, list[Child]()
    if result["enough"] != result["people"]:
        at = x(result["enough"])
        parts.append(line(at, _TOP - 16, at, bottom, stroke=COLORS[2], stroke_width=9, opacity=0.18))
        said = f"{result['enough']:,} suffice"
        parts.append(axes.words(min(at, 415), _TOP - 23, said, fill=COLORS[2], anchor="middle", font_weight="600"))
    parts += [_learned(result, x), _exposed(result, x, seen) if seen else None]
    for n in _ticks(every, x):
        parts.append(line(x(n), bottom, x(n), bottom + 4, stroke=MUTED))
        parts.append(axes.words(x(n), bottom + 18, f"{n:,}", fill=MUTED, anchor="middle"))
    parts.append(axes.words((_LEFT + _RIGHT) / 2, bottom + 38, "people that a model learns from", anchor="middle"))
    state = {True: "shown to suffice", False: "not shown to suffice"}
    spoken = [f"{one['people']:,} people: loss {ranged(one['loss'])}, {state[one['shown']]}" for one in result["sizes"]]
    spoken += [f"{n:,} people: {text.percent(rate)} recognized" for n, rate in seen]
    return axes.picture(bottom + 46, "What more people bring", "; ".join(spoken), parts)


def _ticks(every: Sequence[int], x: Scale) -> list[int]:
    kept: list[int] = []
    for n in reversed(every):  # the largest is the one that is compared with
        if not kept or x(kept[-1]) - x(n) >= _LABEL:
            kept.append(n)
    return kept


def _learned(result: Dict, x: Scale) -> list[Child]:
    full, accepted = 1 - result["error"]["value"], result["margin"]
    tried = [one for one in result["sizes"] if not one["loss"]["untested"]]
    planned = [(one["people"], 1 - one["error"]) for one in result["planned"]]
    ends = [full - one["loss"][side] for one in tried for side in ("low", "high")] + [seen for _, seen in planned]
    low, high = min([*ends, full - 1.5 * accepted]), max([*ends, full])
    room = (high - low) * 0.08
    y = Scale(low - room, high + room, _FLOOR, _TOP)
    title = "accuracy" if result["metric"] == "accuracy" else "share of the label's spread that is explained"
    least = full - accepted
    parts: list[Child] = [
        axes.words(0, 14, title, font_weight="600"),
        tag("rect", x=_LEFT, y=y(full), width=_RIGHT - _LEFT, height=y(least) - y(full), style=ink(fill=GOOD)),
        _grid(y),
        line(_LEFT, y(full), _RIGHT, y(full), stroke="currentColor", stroke_width=1.5),
        line(_LEFT, y(least), _RIGHT, y(least), stroke=COLORS[1], stroke_width=1.5, stroke_dasharray="5 3"),
        axes.words(_LEFT + 4, y(full) - 5, f"all {result['people']:,}", font_size="11px"),
        axes.words(_LEFT + 4, y(least) + 13, f"margin {100 * accepted:g}", fill=COLORS[1], font_size="11px"),
        _dotted([(x(n), y(1 - _planned_error(result, n))) for n in _between(x)]),
        [mark("circle", x(n), y(seen), MUTED, 3.2) for n, seen in planned],
    ]
    for one in tried:
        at, told, color = x(one["people"]), one["loss"], COLORS[0 if one["shown"] else 1]
        parts.append(line(at, y(full - told["high"]), at, y(full - told["low"]), stroke=color, stroke_width=2))
        parts.append(mark("circle" if one["shown"] else "diamond", at, y(full - told["value"]), color, 4.5))
    return parts


def _between(x: Scale) -> list[float]:
    return [x.low * (x.high / x.low) ** (k / 40) for k in range(41)]


def _planned_error(result: Dict, people: float) -> float:
    law = result["law"]
    return float(law["floor"] + law["scale"] * people ** -law["slope"])


def _dotted(places: Sequence[tuple[float, float]]) -> Safe:
    path = "M" + "L".join(f"{px:.1f} {py:.1f}" for px, py in places)
    return tag("path", d=path, style=ink(stroke=MUTED, stroke_width=1.5, stroke_dasharray="1 4"))


def _grid(y: Scale) -> list[Child]:
    return [
        [line(_LEFT, y(t), _RIGHT, y(t)), axes.words(_LEFT - 7, y(t) + 4, share(t), fill=MUTED, anchor="end")]
        for t in levels(y.low, y.high)
    ]


def _exposed(result: Dict, x: Scale, seen: Sequence[tuple[int, Dict]]) -> list[Child]:
    blind = result["exposure"]["goal"]["fpr"]
    y = Scale(0.0, max([rate["high"] for _, rate in seen] + [1.5 * blind]) * 1.1, _END, _NEXT)
    inside = [(n, one["value"]) for n, one in _curve(result) if x.low <= n <= x.high and one["value"] <= y.high]
    path = "M" + "L".join(f"{x(n):.1f} {y(rate):.1f}" for n, rate in inside)
    parts: list[Child] = [
        axes.words(0, _NEXT - 18, f"members recognized at {share(blind)} false alarms", font_weight="600"),
        _grid(y),
        line(_LEFT, y(blind), _RIGHT, y(blind), stroke=MUTED, stroke_width=1.5, stroke_dasharray="1 4"),
        axes.words(_LEFT + 4, y(blind) - 5, "a blind guess", fill=MUTED, font_size="11px"),
        tag("path", d=path, style=ink(stroke=COLORS[3], stroke_width=2)) if inside else None,
    ]
    for n, rate in seen:
        parts.append(line(x(n), y(rate["low"]), x(n), y(rate["high"]), stroke=COLORS[3], stroke_width=2))
        parts.append(mark("square", x(n), y(rate["value"]), COLORS[3], 4.5))
    return parts


def _table(result: Dict) -> Safe:
    tried, seen = {one["people"]: one for one in result["sizes"]}, dict(_seen(result))
    rows: list[list[Child]] = []
    for n in sorted({*tried, *seen}):
        one, rate = tried.get(n), seen.get(n)
        row: list[Child] = [f"{n:,}"]
        row += ["", "", ""] if one is None else [str(one["draws"]), split(one["loss"], ranged(one["loss"])), _said(one)]
        rows.append([*row, "" if rate is None else split(rate, text.percent(rate))])
    head: list[Child] = ["people", "models", f"loss, {unit(result)}", "suffices"]
    if seen:
        head.append(f"recognized at {share(result['exposure']['goal']['fpr'])} false alarms")
    caption = (
        f"Loss: of another model from so many people against the one from all {result['people']:,}; each limit holds "
        f"at {100 * result['level']:g} %"
    )
    return table(head, [row[: len(head)] for row in rows], caption=caption, numbers=(0, 1, 2, 4))


def _said(one: Dict) -> str:
    return "yes" if one["shown"] else "not shown"


def words(result: Dict) -> str:
    """Return the answer for a terminal."""
    rows = [[f"{one['people']:,}", str(one["draws"]), ranged(one["loss"]), _said(one)] for one in result["sizes"]]
    parts = [text.table(rows, ["people", "models", "loss", "suffices"])]
    if seen := _seen(result):
        rate = f"recognized at {share(result['exposure']['goal']['fpr'])} false alarms"
        parts.append(text.table([[f"{n:,}", text.percent(one)] for n, one in seen], ["people", rate]))
    if said := pulled(result):
        parts.append(text.wrapped(said))
    return report_needed.words(result, *parts)
