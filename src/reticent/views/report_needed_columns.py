"""Which columns a model needs: a picture column by column, what the kept ones still tell, and what is simpler.

An answer's dict in. No sentence says that a kept column is needed: what is shown is without which the model does.
"""

from reticent.views import blocks, report_needed, text
from reticent.views.blocks import Dict, section, split, table
from reticent.views.markup import Child, Safe, join, tag
from reticent.views.report_needed import Panel, drawn, ranged, unit

_MOST_ROWS = 30  # of the picture
_BEFORE = 20  # of them, columns that go


def subject(result: Dict) -> str:
    """Return what was asked of what."""
    return (
        f"{result['model']} predicts {result['label']} from {len(result['columns'])} columns; {result['rows']:,} rows."
    )


def verdict(result: Dict) -> Safe:
    """Return the sentence, under how many columns suffice."""
    sentence, count = report_needed.capital(result["sentence"]), len(result["columns"])
    if not result["dropped"]:
        return blocks.verdict(sentence, "mute", "No column was shown to be superfluous")
    suffice = "suffices" if len(result["kept"]) == 1 else "suffice"
    return blocks.verdict(sentence, "calm", f"{len(result['kept'])} of {count} columns {suffice}")


def columns(result: Dict) -> Safe:
    """Return picture and table, column by column, in the order in which they go."""
    every, shown = _order(result), _pictured(result)
    part = f"{len(shown)} of {len(every)} columns. " if len(every) > len(shown) else ""
    caption = (
        f"{part}Left: what is lost without this column alone. Right: what is lost without it and all above it, down "
        f"to the first that was not shown to go. Above the dotted line: what goes. {report_needed.SIGNS} "
        f"Gray: not put to the test."
    )
    return section(
        "Column by column", _kept(result), blocks.figure(picture(result), caption), _table(result), name="columns"
    )


def _kept(result: Dict) -> Safe | None:
    """Return which columns stay and which go, and what that costs; None where none goes."""
    if not result["dropped"]:
        return None
    lists = [("Stay", result["kept"]), ("Go", result["dropped"])]
    named = [[tag("strong", f"{name}: "), f"{', '.join(columns)}. "] for name, columns in lists]
    lost = f"Loss on people who taught and chose nothing: {ranged(result['loss'])} {unit(result)}."
    return join(tag("p", named, lost), tag("p", warned) if (warned := still_told(result)) else None)


def still_told(result: Dict) -> str:
    """Return which protected columns go and are told by the kept ones all the same; empty where none is."""
    told = [
        f"{one['column']} (AUC {text.number(one['auc'])})"
        for one in result["remains"]
        if one["column"] in result["protected"] and not one["auc"]["untested"] and one["auc"]["low"] > 0.5
    ]
    if not told:
        return ""
    return f"What goes is not thereby unknown. The kept columns still tell of {' and of '.join(told)}; 0.5 is a guess."


def picture(result: Dict) -> Safe:
    """Return what is lost without each column: alone, and without all that went before."""
    shown, alone, steps = _pictured(result), _alone(result), _steps(result)
    together = [drawn(steps[name]["loss"], steps[name]["shown"]) if name in steps else None for name in shown]
    return report_needed.picture(
        shown,
        [
            Panel(title="without it alone", losses=[drawn(alone[name]["alone"]) for name in shown]),
            Panel(title="and without all above", losses=together),
        ],
        result["margin"],
        unit=unit(result),
        title="What is lost without each column",
        rule=sum(name in result["dropped"] for name in shown),
    )


def _alone(result: Dict) -> dict[str, Dict]:
    return {one["name"]: one for one in result["columns"]}


def _steps(result: Dict) -> dict[str, Dict]:
    """Return each step under the last of the columns that went in it."""
    return {one["dropped"][-1]: one for one in result["tried"]}


def _order(result: Dict) -> list[str]:
    """Return the columns as they go: those shown to, those at which it stopped, the others by their own loss."""
    gone = [name for one in result["tried"] for name in one["dropped"]]
    alone = {name: one["alone"] for name, one in _alone(result).items() if name not in gone}
    return [*gone, *sorted(alone, key=lambda name: float(alone[name]["value"] or 0.0))]


def _pictured(result: Dict) -> list[str]:
    """Return the columns of the picture: of many the last that go, and the first that stay."""
    first = max(0, len(result["dropped"]) - _BEFORE) if len(result["columns"]) > _MOST_ROWS else 0
    return _order(result)[first : first + _MOST_ROWS]


def _table(result: Dict) -> Safe:
    rows: list[list[Child]] = []
    for name, place, alone, step, left in _rows(result):
        under = tag("span", "protected", class_="rt-under") if name in result["protected"] else None
        together = "" if step is None else split(step, ranged(step))
        rows.append([[name, under], place, split(alone, ranged(alone)), together, left])
    head: list[Child] = ["column", "", "without it alone", "and without all above", "columns left"]
    caption = (
        f"Loss in {unit(result)}. In brackets: alone, limits that hold for all columns together; with all above, "
        f"limits of which each holds at {100 * result['level']:g} %. Stays: not shown to be superfluous, which is less "
        f"than shown to be needed"
    )
    return table(head, rows, caption=caption, numbers=(2, 3, 4))


def _rows(result: Dict) -> list[tuple[str, str, Dict, Dict | None, str]]:
    """Return for each column its name, whether it goes, both losses and how many are left."""
    alone, steps = _alone(result), _steps(result)
    return [
        (
            name,
            "stays" if alone[name]["kept"] else "goes",
            alone[name]["alone"],
            steps[name]["loss"] if name in steps else None,
            str(steps[name]["kept"]) if name in steps else "",
        )
        for name in _order(result)
    ]


def remains(result: Dict) -> Safe | None:
    """Return what the kept columns still tell of those that go; None where none goes."""
    if not result["remains"]:
        return None
    rows: list[list[Child]] = [
        [
            one["column"],
            one["question"],
            split(one["auc"], text.number(one["auc"])),
            [
                one["by"] or "none",
                tag("span", text.percent(one["told"]), class_="rt-under") if one["by"] else None,
            ],
        ]
        for one in result["remains"]
    ]
    note = (
        "A column that goes does not take its information along where others tell it. Asked of all kept columns "
        "together: can they tell what the column would have said? 0.5 is a coin toss, 1 is certainty."
    )
    head: list[Child] = ["column that goes", "question", "told by all kept columns (AUC)", "most by one"]
    caption = (
        "On open rows that taught nothing. By one: the kept column that tells most by itself, and the share of the "
        "uncertainty that it takes away"
    )
    return section(
        "What the kept columns still tell",
        tag("p", note),
        table(head, rows, caption=caption, numbers=(2,)),
        name="remains",
    )


def simpler(result: Dict) -> Safe | None:
    """Return what simpler models lose; None where none was tried."""
    if not result["simpler"]:
        return None
    rows: list[list[Child]] = [
        [
            [one["name"], tag("span", ", ".join(one["columns"]) or "no column", class_="rt-under")],
            split(one["loss"], ranged(one["loss"])),
            tag("b", "would do") if one["shown"] else "not shown",
        ]
        for one in result["simpler"]
    ]
    head: list[Child] = ["simpler model, and what it uses", f"loss, {unit(result)}", "within the margin"]
    caption = "Trained on the kept columns, judged by the same test on the same rows"
    return section(
        "Do you need this model at all?",
        tag("p", _answer(result)),
        table(head, rows, caption=caption, numbers=(1,)),
        name="simpler",
    )


def _answer(result: Dict) -> str:
    """Return whether a simpler model would do, in a sentence; they are listed with the simplest first."""
    margin = report_needed.margin(result)
    enough = next((one for one in result["simpler"] if one["shown"]), None)
    if enough is None:
        return f"None of these simpler models was shown to lose less than {margin}."
    used = len(enough["columns"])
    if not used:
        return f"Perhaps not: one answer for everybody is shown to lose less than {margin} against this model."
    columns = "one column" if used == 1 else f"{used} columns"
    return (
        f"Perhaps not: a {enough['name']} on {columns} is shown to lose less than {margin} against this model on all "
        f"columns. It is easier to explain, to check, and to answer for."
    )


def groups(result: Dict) -> Safe | None:
    """Return what the smallest groups lose; None where nothing goes, or no group was named."""
    if not result["groups"]:
        return None
    rows: list[list[Child]] = [
        [
            f"{one['column']}: {one['group']}",
            f"{one['rows']:,}",
            split(one["loss"], ranged(one["loss"])),
            _within(one["loss"], result["margin"]),
        ]
        for one in result["groups"]
    ]
    head: list[Child] = ["group, the smallest first", "sealed rows", f"loss, {unit(result)}", "under the margin"]
    note = "A loss that is small on average may be large for few. Where a group is small, its limits are wide."
    caption = "With the kept columns, against all columns; the limits hold for all groups together"
    return section(
        "What small groups lose",
        tag("p", note),
        table(head, rows, caption=caption, numbers=(1, 2)),
        name="groups",
    )


def _within(loss: Dict, margin: float) -> str:
    if loss["untested"]:
        return "cannot be told"
    return "yes" if loss["high"] < margin else "no" if loss["low"] >= margin else "cannot be told"


def words(result: Dict) -> str:
    """Return the answer for a terminal."""
    rows = [
        [name + (" *" if name in result["protected"] else ""), place, ranged(alone), ranged(step) if step else "", left]
        for name, place, alone, step, left in _rows(result)
    ]
    parts = [text.table(rows, ["column", "", "loss without it", "and without all above", "left"])]
    if result["remains"]:
        told = [
            [one["column"], one["question"], text.number(one["auc"]), one["by"] or "none"] for one in result["remains"]
        ]
        parts.append(text.table(told, ["goes", "can it still be told?", "AUC by the kept ones", "most by"]))
    if warned := still_told(result):
        parts.append(text.wrapped(warned))
    if result["simpler"]:
        parts.append(text.wrapped(f"Do you need this model at all? {_answer(result)}"))
    told_of = [one for one in result["groups"] if not one["loss"]["untested"]]
    if told_of:
        worst = max(told_of, key=lambda one: float(one["loss"]["value"]))
        parts.append(
            text.wrapped(
                f"Groups asked: {len(told_of)}. {worst['column']} = {worst['group']} ({worst['rows']:,} sealed rows) "
                f"loses most: {ranged(worst['loss'])}; the limits hold for all groups together."
            )
        )
    if result["protected"]:
        parts.append(text.wrapped("*: protected."))
    return report_needed.words(result, *parts)
