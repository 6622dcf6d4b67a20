"""Which columns single people out, in words, tables and two pictures: each column alone, and columns added one by one.

A suggestion's dict in; no sentence says what an attacker knows, since no table tells that.
"""

import math
from collections.abc import Sequence
from typing import Any

from reticent._optional import optional
from reticent.views import axes, blocks, text
from reticent.views.axes import COLORS, DASHES, MUTED, Scale, ink, line, mark, share
from reticent.views.blocks import Dict, section, split, table
from reticent.views.markup import Child, Safe, tag

LIMITS = (
    "What others know about these people: no table tells that. Every column that is not declared is put to the same "
    "question, and a hint from a name is no more than a hint.",
    "Values that others know only roughly, such as an age within five years: each value counts as known exactly.",
    "People outside of this table: whoever is alone in it need not be alone in the population.",
)

_MOST_BARS, _MOST_ROWS = 24, 45
_WIDTH = 100  # of tables on a terminal
_PROXIES = 5  # of each sensitive column
_HOW_MUCH = (
    "How much: the share of the uncertainty that is gone, on people who taught nothing; in brackets limits that hold "
    "for all columns and pairs together at 95 %. Shuffled: the same, with the rows of what tells shuffled."
)
_CURVES = ("columns put together", "columns whose names sound known")
_LIGHT = ("#0072b2", "#c44f00")


def few(value: float) -> str:
    """Return a share with the digits that count, and never 0 % or 100 % where it is not.

    >>> few(0.34159), few(0.00004), few(0.99996), few(0.0)
    ('34.2 %', '0.004 %', '99.996 %', '0 %')
    """
    for digits in (1, 2, 3, 4, 5):
        said = f"{100 * value:.{digits}f}"
        if float(said) not in (0, 100) and (digits > 1 or 1 <= float(said) <= 99.9):
            return f"{said} %"
    return "0 %" if value < 0.5 else "100 %"


def number(count: int) -> str:
    """Return a small number as a word."""
    small = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve")
    return small[count] if count < len(small) else f"{count:,}"


def listed(titles: Sequence[str]) -> str:
    """Return names as a list in words, each cut where it would fill a line."""
    titles = [axes.cut(title, 60) for title in titles]
    return titles[0] if len(titles) == 1 else f"{', '.join(titles[:-1])} and {titles[-1]}"


def sentence(result: Dict) -> str:
    """Return what the counts say, and no more."""
    people, most = f"{result['people']:,}", max((len(one["titles"]) for one in result["together"]), default=0)
    if not most:
        found = f"Of {people} people nobody is singled out by the columns that were put together"
    else:
        best = next(one for one in result["together"] if len(one["titles"]) == most)
        least = f", and by no other {number(most)} columns more" if 1 < most <= result["complete"] else ""
        found = f"Of {people} people, {few(best['share'])} are singled out by {listed(best['titles'])}{least}"
    parts = [f"{found}."]
    enough = {len(one["set"]["titles"]): one["target"] for one in result["smallest"] if one["set"] is not None}
    for count, target in enough.items():  # where the same number is enough for more, only more is said
        goal = "half of them" if target == 0.5 else share(target)
        parts.append(f"{number(count).capitalize()} {'column is' if count == 1 else 'columns are'} enough for {goal}.")
    hinted = result["growth_by_hint"]
    if hinted:
        parts.append(
            f"The {number(len(hinted))} columns whose names sound like something that others often know single out "
            f"{few(hinted[-1]['share'])}."
        )
    named = any(one["role"] == "identifier" for one in result["known"])
    every = "All columns but the identifiers" if named else "All columns together"
    parts.append(f"{every} single out {few(result['everything']['share'])}.")
    return " ".join(parts)


def words(result: Dict) -> str:
    """Return a suggestion for a terminal, at most 100 wide."""
    head = ["values", "alone", "shared by", "bits", "adds", "guess"]
    numbers = [[*_numbers(one), one["role"]] for one in result["known"][:_MOST_ROWS]]
    taken = sum(2 + max(len(row[i]) for row in [head, *numbers]) for i in range(len(head)))
    titles = [("* " if one["hint"] else "  ") + one["title"] for one in result["known"]]
    rows = [[axes.cut(title, _WIDTH - taken), *row] for title, row in zip(titles, numbers, strict=False)]
    need, more = _bits(result), len(result["known"]) - _MOST_ROWS
    lines = [text.wrapped(result["sentence"]), "", text.table(rows, ["  column", *head])]
    lines += [f"  and {more:,} more columns, which add less", ""] if more > 0 else [""]
    lines.append(
        text.wrapped(
            f"Alone: people whose value nobody else has. Shared by: how many people share a value, on average. Bits: "
            f"what a value tells; {need} bits single out anybody. Adds: people singled out in addition, as a mean "
            f"over {_sets(result)}. Counted on this table, not estimated."
        )
    )
    if any(one["hint"] for one in result["known"]):
        lines.append(text.wrapped("*: the name sounds like something that others often know. A hint, and no more."))
    if result["together"]:
        counted = [[str(len(one["titles"])), *_together(one)] for one in result["together"]]
        counted = [[a, axes.cut(b, 68), c] for a, b, c in counted]
        lines += ["", text.table(counted, ["columns", "best together", "singled out"])]
    lines += _grown(result)
    lines += ["", *_proxy_lines(result)]
    lines += [text.wrapped(f"Not tested: {one}", later="  ") for one in (*result["not_tested"], *LIMITS)]
    return "\n".join(lines)


def _numbers(one: Dict) -> list[str]:
    return [
        f"{one['values']:,}",
        f"{one['alone']:,} ({few(one['share'])})" if one["alone"] else "0",
        f"{one['sharing']:,.0f}" if one["sharing"] >= 10 else f"{one['sharing']:.1f}",
        f"{one['bits']:.1f}",
        "" if one["gain"] is None else few(one["gain"]),
    ]


def _bits(result: Dict) -> str:
    return f"{math.log2(result['people']):.1f}"


def _sets(result: Dict) -> str:
    others = result["complete"] - 1
    return f"all sets of up to {others} other columns" if others > 0 else "what is known before: nothing"


def _together(one: Dict) -> list[str]:
    return [listed(one["titles"]), f"{one['alone']:,} ({few(one['share'])})"]


def _grown(result: Dict) -> list[str]:
    lines: list[str] = []
    for name, growth in zip(_CURVES, (result["growth"], result["growth_by_hint"]), strict=True):
        if growth:
            path = "; ".join(f"+ {one['titles'][-1]} {few(one['share'])}" for one in growth)
            lines += ["", text.wrapped(f"One by one, {name}: {path.removeprefix('+ ')}.", later="  ")]
    return lines


def _proxy_lines(result: Dict) -> list[str]:
    lines: list[str] = []
    for of, found, asked in _by_sensitive(result):
        if not found:
            lines.append(
                text.wrapped(
                    f"Proxies of {axes.cut(of, 60)}: none found among {asked} columns and their pairs.", later="  "
                )
            )
            continue
        rows = [
            [axes.cut(listed(one["by"]), 40), text.percent(one["told"]), _guessed(one), _control(one)] for one in found
        ]
        lines += [text.table(rows, [f"tells of {axes.cut(of, 30)}", "how much", "guessed rightly", "shuffled"]), ""]
    if any(one["found"] for one in result["proxies"]):
        lines += [text.wrapped(_HOW_MUCH), ""]
    return lines


def _guessed(one: Dict) -> str:
    return f"{100 * one['right']:.1f} %, without {100 * one['guess']:.1f} %"


def _control(one: Dict) -> str:
    return f"{100 * one['control']:.2f} %"


def _by_sensitive(result: Dict) -> list[tuple[str, list[Dict], int]]:
    """Return each sensitive column, the proxies found that tell most, and how many columns were asked alone."""
    asked: dict[str, list[Dict]] = {}
    for one in result["proxies"]:
        asked.setdefault(one["of"], []).append(one)
    shown = []
    for of, several in asked.items():
        alone = [one for one in several if len(one["by"]) == 1]
        best = max(one["told"]["value"] for one in alone)
        pair = [one for one in several if len(one["by"]) == 2 and one["found"] and one["told"]["value"] > best]
        shown.append((of, [*[one for one in alone if one["found"]][:_PROXIES], *pair], len(alone)))
    return shown


def subject(result: Dict) -> str:
    """Return what was looked at."""
    rows = "" if result["rows"] == result["people"] else f" in {result['rows']:,} rows"
    return f"{result['people']:,} people{rows}, {sum(len(one['columns']) for one in result['known']):,} columns."


def verdict(result: Dict) -> Safe:
    """Return the sentence; it speaks of this table and of no attacker, so its tone is neither good nor bad."""
    return blocks.verdict(result["sentence"], "wary" if result["together"] else "mute", "Counted, not estimated")


def columns(result: Dict) -> Safe:
    """Return each column alone: a picture and a table."""
    head: list[Child] = ["column", "values", "alone", "shared by", "bits", "adds", "guess"]
    rows: list[list[Child]] = []
    for one in result["known"]:
        hint = tag("span", "its name sounds known", class_="rt-under") if one["hint"] else None
        reason = tag("span", one["reason"], class_="rt-under") if one["reason"] else None
        rows.append([[one["title"], hint], *_numbers(one), [one["role"], reason]])
    caption = (
        f"Alone: people whose value nobody else has. Shared by: how many people share a value, on average. Bits: what "
        f"a value tells; {_bits(result)} bits single out anybody. Adds: people singled out in addition, as a mean over "
        f"{_sets(result)}."
    )
    first = f"The first {_MOST_BARS}. " if len(result["known"]) > _MOST_BARS else ""
    said = f"{first}Left: people singled out by the column alone. Right: those whom it adds to others. Two scales."
    return section(
        "Each column",
        blocks.figure(bars(result), said),
        table(head, rows, caption=caption, numbers=range(1, 6)),
        name="columns",
    )


def together(result: Dict) -> Safe | None:
    """Return columns together: the picture of columns added one by one, and the best sets of each size."""
    if not result["together"]:
        return None
    scope = (
        f"All sets of up to {result['complete']} columns were counted, so no other set of that size singles out more."
        if result["complete"] > 1
        else "There are too many columns to count all pairs: larger sets grew from the best smaller ones."
    )
    rows = [[str(len(one["titles"])), *_together(one)] for one in result["together"]]
    return section(
        "Columns together",
        blocks.figure(
            steps(result),
            "Each line adds one column to those above it. Beyond the best set, always the one "
            "that singles out most people more: a smaller set may exist.",
        ),
        table(["columns", "known together", "singled out"], rows, caption=scope, numbers=(0, 2)),
        name="together",
    )


def proxies(result: Dict) -> Safe | None:
    """Return what tells of the sensitive columns; None where nothing was asked."""
    content: list[Child] = []
    head: list[Child] = ["told by", "how much", "guessed rightly", "shuffled"]
    for of, found, asked in _by_sensitive(result):
        if not found:
            content.append(tag("p", f"Nothing found that tells of {of}, among {asked} columns and their pairs."))
            continue
        rows: list[list[Child]] = [
            [listed(one["by"]), split(one["told"], text.percent(one["told"])), _guessed(one), _control(one)]
            for one in found
        ]
        content += [tag("h3", of), table(head, rows, caption=f"What tells of {of}", numbers=(1, 2, 3))]
    if any(one["found"] for one in result["proxies"]):
        content.append(tag("p", _HOW_MUCH, class_="rt-note"))
    return section("What tells of the sensitive columns", content, name="proxies") if content else None


def details(result: Dict) -> Safe:
    """Return what is needed to do it again."""
    shown = [
        ("Rows and people", f"{result['rows']:,} and {result['people']:,}"),
        ("Candidates by the data", ", ".join(result["candidates"]) or "none"),
        ("Of them, names that sound known", ", ".join(result["hinted"]) or "none"),
        ("Seed", str(result["seed"])),
        ("Versions", ", ".join(f"{name} {number}" for name, number in result["versions"].items())),
    ]
    return section("Details", blocks.facts(shown, "rt-facts rt-wide"), name="details")


def bars(result: Dict) -> Safe:
    """Return for each column the people singled out by it alone, and beside it what it adds to others."""
    shown = result["known"][:_MOST_BARS]
    step, bottom = 21, 46 + 21 * len(shown)
    drawn: list[Child] = []
    for title, part, color, start in (("alone", "share", COLORS[0], 180), ("adds to others", "gain", COLORS[1], 336)):
        highest = max((one[part] or 0.0 for one in shown), default=0.0)
        x = Scale(0, highest or 1.0, start, start + 84)
        drawn.append(axes.words(start, 14, title, fill=color, font_weight="600"))
        drawn.append(line(start, 24, start, bottom, stroke=MUTED))
        for k, one in enumerate(shown):
            middle = 38 + step * k
            if one[part] is None:
                continue
            width, quiet = x(one[part]) - start, one["gain"] is None
            look = ink(fill=MUTED if quiet else color, opacity=0.85)
            drawn.append(tag("rect", x=start, y=middle - 5, width=width, height=10, style=look) if one[part] else None)
            drawn.append(axes.words(start + width + 6, middle + 4, few(one[part]), fill=MUTED, font_size="11px"))
    for k, one in enumerate(shown):
        color = MUTED if one["gain"] is None else "currentColor"
        drawn.append(axes.words(172, 42 + step * k, axes.cut(one["title"], 23), anchor="end", fill=color))
    spoken = "; ".join(
        f"{one['title']}: alone {few(one['share'])}" + ("" if one["gain"] is None else f", adds {few(one['gain'])}")
        for one in shown
    )
    return axes.picture(bottom, "People singled out by each column", spoken, drawn)


def steps(result: Dict) -> Safe:
    """Return the people singled out as columns are added one by one, a line for each column."""
    x, step, top = Scale(0, 1, 202, 424), 21, 0.0
    drawn: list[Child] = []
    for k, (name, growth) in enumerate(zip(_CURVES, (result["growth"], result["growth_by_hint"]), strict=True)):
        if not growth:
            continue
        drawn.append(axes.words(0, top + 13, name, fill=COLORS[k], font_weight="600"))
        first, bottom = top + 56, top + 44 + step * len(growth)
        drawn.append(
            [
                [line(x(t), top + 40, x(t), bottom), axes.words(x(t), top + 34, share(t), fill=MUTED, anchor="middle")]
                for t in x.ticks()
            ]
        )
        spots = [(x(one["share"]), first + step * n) for n, one in enumerate(growth)]
        path = "M" + "L".join(f"{px:.1f} {py:.1f}" for px, py in spots)
        drawn.append(tag("path", d=path, style=ink(stroke=COLORS[k], stroke_width=2, stroke_dasharray=DASHES[k])))
        for n, (one, (px, py)) in enumerate(zip(growth, spots, strict=True)):
            label = ("+ " if n else "") + axes.cut(one["titles"][-1], 25)
            drawn.append(axes.words(194, py + 4, label, anchor="end"))
            drawn.append(mark(("circle", "square")[k], px, py, COLORS[k], 4.2))
            drawn.append(axes.words(432, py + 4, few(one["share"]), font_size="11px"))
        top = bottom + 26
    spoken = "; ".join(
        f"{listed(growth[-1]['titles'])}: {few(growth[-1]['share'])}"
        for growth in (result["growth"], result["growth_by_hint"])
        if growth
    )
    return axes.picture(top - 14, "People singled out as columns are added", spoken, drawn)


def plot(result: Dict, ax: Any = None) -> Any:
    """Draw columns known against people singled out with matplotlib; return the axes.

    Raises
    ------
    MissingPackageError
        matplotlib is not installed.
    """
    if ax is None:
        _, ax = optional("matplotlib.pyplot", extra="plot").subplots(layout="constrained")
    looks = zip(_CURVES, (result["growth"], result["growth_by_hint"]), _LIGHT, ("o-", "s--"), strict=True)
    for name, growth, color, look in looks:
        if growth:
            number = range(1, len(growth) + 1)
            ax.plot(number, [one["share"] for one in growth], look, color=color, label=name)
            for n, one in zip(number, growth, strict=True):
                ax.annotate(
                    one["titles"][-1], (n, one["share"]), xytext=(4, -11), textcoords="offset points", fontsize=8
                )
    ax.set(ylim=(0, 1.02), xlabel="columns known", ylabel="share of people singled out")
    if result["growth"]:
        ax.legend(fontsize="small", frameon=False, loc="lower right")
    return ax
