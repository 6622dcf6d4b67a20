"""A forecast in words and in one picture: what was measured, the law through it, and where it meets the goal."""

import math
from collections.abc import Mapping
from typing import Any

from reticent._optional import optional
from reticent.views import axes, blocks, text
from reticent.views.axes import COLORS, MUTED, Scale, ink, line, mark, share
from reticent.views.blocks import Dict, split, table
from reticent.views.markup import Child, Safe, tag

_TONES = {
    "forecast": ("calm", "A forecast"),
    "already met": ("calm", "Met already, as far as this attack can tell"),
    "impracticable": ("bad", "More data alone will not do"),
    "not distinguishable": ("mute", "No forecast"),
    "cannot be tested": ("mute", "No forecast"),
}

_BILLION = 1e9


def many(count: float | None) -> str:
    """Return a number of records with two digits that count.

    >>> many(12345), many(3.21e6), many(5e12), many(None)
    ('12,000', '3.2 million', 'more than a billion', 'without limit')
    """
    if count is None or math.isinf(count):
        return "without limit"
    if count >= _BILLION:
        return "more than a billion"
    if count >= 1e6:
        return f"{count / 1e6:.2g} million" if count < 99.5e6 else f"{count / 1e6:.0f} million"
    digits = max(0, 1 - math.floor(math.log10(max(count, 1))))
    rounded = round(count, 1 - math.floor(math.log10(count))) if count >= 1 else count
    return f"{rounded:,.{digits if count < 10 else 0}f}"


def sentence(result: Dict) -> str:
    """Return the strongest sentence that the measurements allow, and no stronger one."""
    goal, have, now = result["goal"], result["have"], result["now"]
    rate = f"{share(goal['fpr'])} false alarms"
    if result["state"] == "cannot be tested":
        return f"No forecast: {result['reason']}."
    there = f"{_per_class(have['per_class'])}, {have['members']:,} in all"
    if result["state"] == "already met":
        return (
            f"The goal is met already, as far as this attack and these people can tell: models trained in this way on "
            f"the records that there are ({there}) give away {text.percent(now)} of them at {rate}."
        )
    if result["state"] == "not distinguishable":
        return (
            f"No forecast: what attackers gain cannot be told from nothing at any of these sizes, nor can it be shown "
            f"to be as little as the goal asks: {text.percent(now)} recognized at {rate}. Hand in more people, members "
            f"or not, or take a higher rate of false alarms."
        )
    needed = result["needed"]
    number = f"{_about(needed['per_class'])} records per class{_range(needed['per_class'])}"
    if needed["records"]["value"] < _BILLION:
        number += f", {many(needed['records']['value'])} in all"
    if result["state"] == "impracticable":
        times = needed["per_class"]["value"] / have["per_class"]
        return (
            f"Impracticable: it would take {number}, where there are {there}"
            + (f": {many(times)} times as many" if times < _BILLION else "")
            + ". More data of this kind will hardly reach the goal; another way of training may (reticent protect)."
        )
    near = needed["per_class"]["low"] <= have["per_class"]
    return f"The goal would be reached with {number}, if the power law goes on as it began. There are {there}." + (
        " They may suffice already, which these people are too few to show." if near else ""
    )


def _about(estimate: Dict) -> str:
    return ("" if estimate["value"] >= _BILLION else "about ") + many(estimate["value"])


def _per_class(count: float) -> str:
    return f"{many(count)} records per class"


def _range(estimate: Dict) -> str:
    if estimate["low"] >= _BILLION:
        return ""
    if estimate["high"] is None or estimate["high"] >= _BILLION:
        if estimate["low"] < 1:
            return " (no limits can be given: too little is measured)"
        return f" ({many(estimate['low'])} at the least, without an upper limit)"
    return f" ({many(estimate['low'])} to {many(estimate['high'])})"


def law(result: Dict) -> str | None:
    """Return what the measurements say of the law itself; None where there is none."""
    if result["slope"] is None:
        return None
    slope, alone, prior = result["slope"], result["slope_without_prior"], result["prior"]
    if alone is None:
        return (
            f"One size alone could be measured: that what attackers gain falls with the number of records to the power "
            f"{text.number(slope)} is theory, not measurement."
        )
    said = (
        f"What attackers gain above a guess falls with the number of records to the power {text.number(slope)}. Theory "
        f"says {prior['mean']:g}; it entered as a normal prior with a standard deviation of {prior['sd']:g}."
    )
    said += f" The measurements alone say {text.number(alone)}"
    if alone["high"] < prior["mean"]:
        return said + ": a faster fall than in theory."
    if alone["low"] > prior["mean"]:
        return said + ": a slower fall than in theory, as of models that know people by heart. Read with care."
    return said + "."


def words(result: Dict) -> str:
    """Return a forecast for a terminal."""
    lines = [text.wrapped(f"Goal: {result['goal_sentence']}"), ""]
    if result["sizes"]:
        head = ["records", "per class", "models", f"TPR at {share(result['goal']['fpr'])} FPR"]
        lines += [text.table(_rows(result), head), ""]
    lines.append(text.wrapped(result["sentence"]))
    if (said := law(result)) is not None:
        lines.append(text.wrapped(said))
    if result["state"] != "cannot be tested":
        lines += [text.wrapped(f"Not measured: {one}.", later="  ") for one in result["left_out"]]
    return "\n".join(lines)


def _rows(result: Dict) -> list[list[str]]:
    return [
        [f"{one['members']:,}", f"{one['per_class']:,.0f}", f"{one['models']:,}", text.percent(one["tpr"])]
        for one in result["sizes"]
    ]


def verdict(result: Dict) -> Safe:
    """Return the one sentence, with the tone of its state."""
    return blocks.verdict(result["sentence"], *_TONES[result["state"]])


def measured(result: Dict) -> Safe | None:
    """Return picture and table of what was measured; None where nothing was."""
    if not result["sizes"]:
        return None
    head: list[Child] = ["records", "per class", "models", f"recognized at {share(result['goal']['fpr'])} false alarms"]
    rows: list[list[Child]] = [
        [*row[:-1], split(one["tpr"], row[-1])] for row, one in zip(_rows(result), result["sizes"], strict=True)
    ]
    caption = "Models of the same recipe on parts of the people; in brackets the 95 % confidence interval"
    said = law(result)
    return Safe(
        (blocks.figure(picture(result), "Band: 95 % confidence. Both axes are logarithmic.") if result["curve"] else "")
        + (tag("p", said) if said else "")
        + table(head, rows, caption=caption, numbers=range(4))
    )


def picture(result: Dict) -> Safe:
    """Return measurements, law and goal: TPR - FPR against records per class, on logarithmic axes."""
    fpr, goal = result["goal"]["fpr"], result["goal"]["tpr"] - result["goal"]["fpr"]
    curve = [_gains(one, fpr) for one in result["curve"]]
    points = [_gains({"per_class": one["per_class"], **one["tpr"]}, fpr) for one in result["sizes"]]
    floor = min([goal / 3, *(value / 3 for _, value, _, _ in curve[-1:])])
    x = Scale(curve[0][0], curve[-1][0], 58, 456, log=True)
    y = Scale(max(floor, 1e-6), min(1.5 * max(one[3] for one in (*curve, *points)), 1.0), 340, 42, log=True)
    upper = [f"{x(size):.1f} {y(max(high, y.low)):.1f}" for size, _, _, high in curve]
    lower = [f"{x(size):.1f} {y(max(low, y.low)):.1f}" for size, _, low, _ in reversed(curve)]
    middle = [f"{x(size):.1f} {y(max(value, y.low)):.1f}" for size, value, _, _ in curve]
    drawn = [
        tag("path", d="M" + "L".join([*upper, *lower]) + "Z", style=ink(fill=COLORS[0], opacity=0.16)),
        tag("path", d="M" + "L".join(middle), style=ink(stroke=COLORS[0], stroke_width=2)),
        line(x.start, y(goal), x.end, y(goal), stroke=COLORS[1], stroke_width=1.5, stroke_dasharray="5 3"),
        axes.words(x.end - 2, y(goal) - 6, "goal", fill=COLORS[1], anchor="end", font_size="11px"),
    ]
    for size, value, low, high in points:
        at = x(size)
        drawn.append(line(at, y(max(low, y.low)), at, y(max(high, y.low)), stroke="currentColor", stroke_width=1.3))
        if value > y.low:
            drawn.append(mark("circle", at, y(value), COLORS[0]))
    down = [
        [line(x(t), y.start, x(t), y.end), axes.words(x(t), y.start + 17, many(t), fill=MUTED, anchor="middle")]
        for t in _few(x.ticks())
    ]
    across = [
        [line(x.start, y(t), x.end, y(t)), axes.words(x.start - 7, y(t) + 4, share(t), fill=MUTED, anchor="end")]
        for t in y.ticks()
    ]
    titles = [
        axes.words((x.start + x.end) / 2, y.start + 36, "records per class", anchor="middle"),
        axes.words(0, 13, f"members recognized beyond a guess, at {share(fpr)} false alarms"),
    ]
    return axes.picture(
        386, "What attackers gain, by number of records", result["sentence"], down, across, drawn, titles
    )


def _few(ticks: list[float]) -> list[float]:
    return ticks[:: max(1, math.ceil(len(ticks) / 6))]


def _gains(one: Mapping[str, Any], fpr: float) -> tuple[float, float, float, float]:
    return one["per_class"], one["value"] - fpr, one["low"] - fpr, one["high"] - fpr


def plot(result: Dict, ax: Any = None) -> Any:
    """Draw the same picture with matplotlib; return the axes.

    Raises
    ------
    MissingPackageError
        matplotlib is not installed.
    """
    if ax is None:
        _, ax = optional("matplotlib.pyplot", extra="plot").subplots(layout="constrained")
    fpr, goal = result["goal"]["fpr"], result["goal"]["tpr"] - result["goal"]["fpr"]
    if curve := [_gains(one, fpr) for one in result["curve"]]:
        size, middle, lower, upper = zip(*curve, strict=True)
        ax.fill_between(size, lower, upper, color="#0072b2", alpha=0.16, linewidth=0)
        ax.plot(size, middle, color="#0072b2", label="power law, with 95 % limits")
    for one in result["sizes"]:
        at, value, low, high = _gains({"per_class": one["per_class"], **one["tpr"]}, fpr)
        ax.errorbar([at], [value], yerr=[[max(value - low, 0)], [max(high - value, 0)]], fmt="o", color="#1d1f21")
    ax.axhline(goal, color="#c44f00", linestyle="--", label="goal")
    ax.set(
        xscale="log",
        yscale="log",
        xlabel="records per class",
        ylabel=f"members recognized beyond a guess, at {100 * fpr:g} % false alarms",
    )
    ax.legend(fontsize="small", frameon=False)
    return ax
