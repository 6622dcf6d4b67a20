"""How far back a model needs its rows: the loss of each retention rule against the margin, over the time it keeps."""

from collections.abc import Sequence
from datetime import date

from reticent.views import axes, blocks, report_needed, text
from reticent.views.axes import COLORS, MUTED, Scale, ink, line
from reticent.views.blocks import Dict, section, split, table
from reticent.views.markup import Child, Safe, tag
from reticent.views.report_needed import Panel, drawn, ranged, unit

_JUDGES = ink(fill=COLORS[2], opacity=0.2)


def subject(result: Dict) -> str:
    """Return what was asked of what."""
    return (
        f"{result['model']} predicts {result['label']}; it learns from {result['open_rows']:,} rows whose "
        f"{result['date']} lies between {result['oldest']} and {result['newest']}."
    )


def verdict(result: Dict) -> Safe:
    """Return the sentence, under the rule that it is evidence for."""
    sentence = report_needed.capital(result["sentence"])
    if not result["enough"]:
        return blocks.verdict(sentence, "mute", "No older rows were shown to be superfluous")
    return blocks.verdict(sentence, "calm", f"Evidence for a rule: keep {result['enough']}")


def spans(result: Dict) -> Safe:
    """Return the rule, picture and table: what is lost with each span."""
    caption = (
        f"Each row is a rule. Left: the time that it keeps, up to {result['newest']}; what is dotted would be deleted. "
        f"The rows that judge, from {result['judged_from']} to {result['judged_to']}, are newer than all of these. "
        f"Right: what is lost. {report_needed.SIGNS}"
    )
    return section(
        "How far back",
        tag("p", rule(result)),
        blocks.figure(picture(result), caption) if result["spans"] else None,
        _table(result) if result["spans"] else None,
        name="spans",
    )


def rule(result: Dict) -> str:
    """Return the retention rule that is shown to do, in a sentence."""
    if not result["enough"]:
        return (
            "No rule can be drawn from this: that no shorter span was shown to suffice does not mean that old rows are "
            "needed. More rows may tell."
        )
    return (
        f"For this purpose rows need not be kept longer than {result['enough']}: without those before "
        f"{result['since']}, {100 * result['not_needed']:.0f} % of them, the model loses less than "
        f"{report_needed.margin(result)} on the people who came after."
    )


def picture(result: Dict) -> Safe:
    """Return what is kept and what is lost with each span, the longest first."""
    losses = [drawn(one["loss"], one["shown"]) for one in result["spans"]]
    return report_needed.picture(
        [f"the last {one['words']}" for one in result["spans"]],
        [Panel(title="what is lost", losses=losses)],
        result["margin"],
        unit=unit(result),
        title="What is lost with a shorter history",
        aside=lambda start, end, heights: _kept(result, start, end, heights),
    )


def _kept(result: Dict, start: float, end: float, heights: Sequence[float]) -> list[Child]:
    """Return what each span keeps of the time that there is, and the time that judges."""
    names = ("oldest", "newest", "judged_from", "judged_to")
    oldest, newest, judged_from, judged_to = (_day(result[name]) for name in names)
    x, bottom = Scale(oldest, judged_to, start, end), heights[-1] + 13
    parts: list[Child] = [
        axes.words(start, 14, "what is kept", font_weight="600"),
        tag("rect", x=x(judged_from), y=44, width=end - x(judged_from), height=bottom - 44, style=_JUDGES),
        axes.words(end, 35, "judges", anchor="end", fill=COLORS[2], font_size="11px"),
        axes.words(start, bottom + 17, result["oldest"][:7], fill=MUTED),
        axes.words(end, bottom + 17, result["judged_to"][:7], fill=MUTED, anchor="end"),
    ]
    for one, y in zip(result["spans"], heights, strict=True):
        color = COLORS[0 if one["shown"] else 1]
        since = x(_day(one["since"]))
        parts.append(line(start, y, since, y, stroke=axes.RULE, stroke_dasharray="2 3"))
        parts.append(line(since, y, max(x(newest), since + 2), y, stroke=color, stroke_width=7))
    return parts


def _day(said: str) -> int:
    return date.fromisoformat(said).toordinal()


def _table(result: Dict) -> Safe:
    head: list[Child] = ["kept", "since", "rows to learn from", f"loss, {unit(result)}", "suffices"]
    rows: list[list[Child]] = [
        [*row[:3], split(one["loss"], row[3]), row[4]] for row, one in zip(_rows(result), result["spans"], strict=True)
    ]
    caption = (
        f"Loss against the model from all {result['open_rows']:,} rows; each limit holds at {100 * result['level']:g} %"
    )
    return table(head, rows, caption=caption, numbers=(1, 2, 3))


def _rows(result: Dict) -> list[list[str]]:
    return [
        [one["words"], one["since"], f"{one['rows']:,}", ranged(one["loss"]), "yes" if one["shown"] else "not shown"]
        for one in result["spans"]
    ]


def words(result: Dict) -> str:
    """Return the answer for a terminal."""
    listed = text.table(_rows(result), ["the last", "since", "rows", "loss", "suffices"])
    return report_needed.words(result, *([listed] if result["spans"] else []), text.wrapped(rule(result)))
