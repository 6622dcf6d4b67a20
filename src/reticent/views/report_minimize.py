"""The parts of a minimization's report: what is needed of each column, what to ask, and for whom answers change."""

from collections.abc import Mapping, Sequence

from reticent.views import asked, axes, blocks, curves, text
from reticent.views.asked import same, share_of
from reticent.views.axes import share
from reticent.views.blocks import Dict, section, split, table
from reticent.views.markup import Child, Safe, tag

_MOST = 8  # columns named in a sentence
_OFTEN = 12  # questions that are not folded away
INTERNAL = "Internal: the ends of ranges and the names of groups are values of the table. Keep it in the house."


def sentence(result: Dict) -> str:
    """Return what need not be asked, and how often the answer stays the same without it."""
    needs = result["needs"]
    every = sum(1 - need["not_asked"] for need in needs)
    roughly = sum(need["in_pieces"] for need in needs)
    unneeded = [need["column"] for need in needs if need["kind"] == "not needed"]
    nobody = f"; {_listed(unneeded)} {_is(len(unneeded))} asked of nobody" if unneeded else ""
    return (
        f"Of {len(needs):,} columns that the model takes, a person is asked about {every:.1f} on average, of "
        f"{roughly:.1f} only a range or group{nobody}. {curves.rounded(result['ncp'])} of the detail is not asked for, "
        f"and {same(result['agreement'])} of answers stay the same, on {result['judged']:,} {_judges(result)} that "
        f"chose nothing.{_worst(result)}"
    )


def _is(count: int) -> str:
    return "is" if count == 1 else "are"


def _judges(result: Dict) -> str:
    return "rows" if result["person"] is None else "people"


def _worst(result: Dict) -> str:
    """Return the group whose answers stay the same least often, where the interval tells that it is below the rest."""
    groups = [(result["groups"], one) for one in result["by_group"]] + [("answer", one) for one in result["by_answer"]]
    below = [pair for pair in groups if pair[1]["agreement"]["high"] < result["asked"]]
    if not below:
        return ""
    where, one = min(below, key=lambda pair: float(pair[1]["agreement"]["value"]))
    name = f"the answer {one['name']}" if where == "answer" else f"{where} {one['name']}"
    return f" For people with {name} it is {text.percent(one['agreement'])}."


def not_tested(result: Dict) -> list[str]:
    """Return what a minimization does not tell, in words."""
    others = result["other_columns"]
    reasons = [
        "Other people: agreement was counted on people drawn as these were. Of other places or later times it says "
        "nothing: fit it again when the model or the people change",
        "What else is collected: the table's columns were taken for all that is asked of a person"
        + (f". {_listed(others)} {_is(len(others))} not given to the model at all" if others else ""),
        "Special categories (health, origin, religion, politics, sex life) and what stands in for them: no column was "
        "taken for one. What must not be asked at all, no table tells",
        "People's own answers: no person was asked these questions. Ranges and groups were read off the values in the "
        "table",
        "What answers reveal about the people whom the model learned from: that is what an audit measures",
    ]
    if result["person"] is None:
        reasons.append("Several rows of one person: each row was taken for a person of its own")
    if result["accuracy"] is None:
        reasons.append("Whether answers are right: no label was named, so they were compared with the model's own")
    if result["groups"] is None and not result["external"]:
        reasons.append("Groups of people, other than by the model's answer: no column was named to tell them by")
    reasons += [f"An agreement of {share(one['asked'])}: {one['reason']}" for one in result["others"] if one["reason"]]
    return reasons


def subject(result: Dict) -> str:
    """Return what was looked at."""
    rows = "" if result["rows"] == result["people"] else f" in {result['rows']:,} rows"
    return f"{result['people']:,} people{rows}; the model takes {len(result['columns']):,} columns."


def verdict(result: Dict) -> Safe:
    """Return the sentence; wary where the answers of some group change more often than was asked for."""
    tone, word = (
        ("wary", "Not for all groups alike") if _worst(result) else ("calm", "Counted on rows that chose nothing")
    )
    return blocks.verdict(result["sentence"], tone, word)


def needs(result: Dict) -> Safe:
    """Return what is asked of each column: a picture and a table."""
    head = ["column", "needed as", "nothing is asked", "a range or group", "the value", "not asked for (NCP)"]
    rows: list[list[Child]] = []
    for need in sorted(result["needs"], key=lambda one: -one["ncp"]):
        pieces = tag("span", "; ".join(need["pieces"]), class_="rt-under") if need["pieces"] else None
        shares = [share_of(need[part]) for part in asked.PARTS]
        rows.append([need["column"], [asked.what(need), pieces], *shares, f"{100 * need['ncp']:.1f} %"])
    rows.append(["all columns", "", "", "", "", f"{100 * result['ncp']:.1f} %"])
    caption = (
        "Shares of people. The last column is the normalized certainty penalty (NCP): how much of the column's range "
        "stays open, as a mean over people; 100 % where nothing is asked of anybody"
    )
    return section(
        "What the answer needs of each column",
        blocks.figure(asked.columns(result), "Each bar is all people, whoever is asked what; the least needed first."),
        table(head, rows, caption=caption, numbers=range(2, 6)),
        name="needs",
    )


def form(result: Dict) -> Safe | None:
    """Return what to ask of a person, in order; None where the page may leave the house."""
    if result["form"] is None:
        return None
    questions = result["form"]["questions"]
    often = sorted(sorted(range(len(questions)), key=lambda i: -questions[i]["of"])[:_OFTEN])
    rare = [i for i in range(len(questions)) if i not in often]
    more = f"{len(rare):,} more questions, each asked of few"
    return section(
        "What to ask of a person",
        tag("p", _begin(result["form"])),
        tag("ol", [_question(i + 1, questions[i], result["columns"]) for i in often]) if often else None,
        blocks.folded(more, tag("ol", [_question(i + 1, questions[i], result["columns"]) for i in rare]))
        if rare
        else None,
        tag("p", INTERNAL, class_="rt-note"),
        name="form",
    )


def questions(result: Dict) -> str:
    """Return all questions as a text, for whoever asks them."""
    found = result["form"]
    lines = [INTERNAL, "", f"What to ask of a person for an answer of {result['name']}", "", _begin(found), ""]
    for i, one in enumerate(found["questions"], 1):
        lines.append(f"{i}. {one['column']}? (asked of {share_of(one['of'])} of people)")
        lines += [f"   {choice['answer']}: {_then(choice, result['columns'])}" for choice in one["choices"]]
        if one["other"]:
            lines.append(f"   {one['other']}: as {one['otherwise']}")
    return "\n".join(lines).rstrip() + "\n"


def _begin(found: Dict) -> str:
    """Return how to begin, where there are questions and where there are none."""
    if found["questions"]:
        return "Begin with question 1; the answer says how to go on. Nothing else is needed for this model's answer."
    if found["first"]:
        return f"Ask everybody for {_listed(found['first'], 100)}, each as it is; for nothing else."
    return "Nothing: the model gives all these people the same answer, as far as was asked for."


def _question(number: int, one: Dict, columns: Sequence[str]) -> Safe:
    """Return a question with its answers, and how to go on from each."""
    choices = [
        tag(
            "li",
            tag("b", choice["answer"]),
            f": {_then(choice, columns)} ",
            tag("small", f"({share_of(choice['share'])})"),
        )
        for choice in one["choices"]
    ]
    if one["other"]:
        choices.append(tag("li", tag("b", one["other"]), f": as {one['otherwise']}"))
    asked_of = tag("small", f" (asked of {share_of(one['of'])})")
    return tag("li", f"{one['column']}?", asked_of, tag("ul", choices), value=number)


def _then(choice: Dict, columns: Sequence[str]) -> str:
    """Return how to go on from an answer."""
    if choice["question"] is not None:
        return f"go on to question {choice['question']}"
    if not choice["raw"]:
        return "done"
    return f"ask for {_values(choice['raw'], columns)} as well; done"


def _values(raw: Sequence[str], columns: Sequence[str]) -> str:
    """Return which values themselves are asked for; those of all columns in a word."""
    if len(raw) == len(columns):
        return "all columns, each as it is,"
    return f"{_listed(raw, 100)}, {'each ' if len(raw) > 1 else ''}as it is,"


def others(result: Dict) -> Safe | None:
    """Return what other agreements would leave unasked; None where no other was tried."""
    if (drawn := asked.others(result)) is None:
        return None
    rows: list[list[Child]] = [
        [
            [share(one["asked"]), [" ", tag("b", "★ this one", class_="rt-chosen")] if one["chosen"] else None],
            "could not be shown" if not one["agreement"] else same(one["agreement"]),
            "" if one["ncp"] is None else f"{100 * one['ncp']:.1f} %",
            "" if one["ncp"] is None else f"{one['not_needed']:,} of {len(result['columns']):,}",
        ]
        for one in asked.tried(result)
    ]
    head = ["asked for", "answers that stay the same", "detail not asked for", "columns not needed"]
    return section(
        "What other agreements would leave unasked",
        blocks.figure(
            drawn,
            "Each point is a minimizer of its own, fitted and stopped on the same rows. Right is more answers kept, up "
            "is less collected. The line to the left of a point ends at its lower 95 % confidence bound.",
        ),
        table(
            head,
            rows,
            caption="Whoever picks another after reading this has chosen: fit it on fresh rows",
            numbers=(1, 2, 3),
        ),
        name="others",
    )


def whom(result: Dict) -> Safe | None:
    """Return how often the answer stays the same in each group of people; None where there are no groups."""
    content: list[Child] = []
    for title, shown in (
        ("By the model's answer", result["by_answer"]),
        (f"By {result['groups']}", result["by_group"]),
    ):
        if not shown:
            continue
        head = ["group", "people", "answers that stay the same"]
        rows = [
            [one["name"], f"{one['people']:,}", split(one["agreement"], text.percent(one["agreement"]))]
            for one in shown
        ]
        content += [
            tag("h3", title),
            blocks.figure(
                asked.groups(shown, result, title),
                f"Dashed: {share(result['asked'])}, which was asked of all people together, not of each group. A "
                f"diamond marks a group that lies below it, beyond chance.",
            ),
            table(head, rows, caption="Intervals hold for all groups of the figure together at 95 %", numbers=(1, 2)),
        ]
    return section("For whom answers change", content, name="whom") if content else None


def right(result: Dict) -> Safe | None:
    """Return whether answers are right, before and after; None without a label."""
    if result["accuracy"] is None:
        return None
    found = result["accuracy"]
    kind = "share" if found["measure"] == "accuracy" else "amount"
    rows = [[said, _written(found[part], kind, part)] for part, said in _SIDES.items()]
    note = (
        "Counted on the rows that chose nothing. Where the model learned from them, both are better than on new "
        "people; their difference is what counts."
    )
    return section(
        "Whether answers are right",
        table(["", f"{found['measure']} by {result['label']}"], rows, caption=note, numbers=(1,)),
        name="right",
    )


_SIDES = {"raw": "with every value as it is", "minimized": "with what is asked for", "change": "change"}


def _written(estimate: Dict, kind: str, part: str) -> str:
    if kind == "share":
        return blocks.points(estimate) if part == "change" else text.percent(estimate)
    return f"{estimate['value']:,.4g} ({estimate['low']:,.4g} to {estimate['high']:,.4g})"


def details(result: Dict) -> Safe:
    """Return what is needed to do it again."""
    shown: list[tuple[Child, Child]] = [
        ("Rows and people", f"{result['rows']:,} and {result['people']:,}"),
        ("Rows that chose nothing", f"{result['judged']:,}"),
        ("Whose row it is", result["person"] or "each row is a person"),
        ("Columns of the model", ", ".join(result["columns"])),
        ("Other columns of the table", ", ".join(result["other_columns"]) or "none"),
        ("Agreement asked for", share(result["asked"])),
        (
            "Two amounts are the same up to",
            "labels, no amounts" if result["tolerance"] is None else f"{result['tolerance']:,.4g}",
        ),
        ("Seed", str(result["seed"])),
        ("Versions", ", ".join(f"{name} {number}" for name, number in result["versions"].items())),
    ]
    slow = [(f"fitted for {name}", f"{seconds:,.1f} s") for name, seconds in result["timings"].items()]
    timings = "Timings (they change from run to run and are no part of the result)"
    return section(
        "Details", blocks.facts(shown, "rt-facts rt-wide"), blocks.folded(timings, blocks.facts(slow)), name="details"
    )


def words(result: Dict) -> str:
    """Return a minimization for a terminal."""
    rows = [
        [
            axes.cut(need["column"], 28),
            asked.what(need),
            *(share_of(need[part]) for part in asked.PARTS),
            f"{need['ncp']:.3f}",
        ]
        for need in sorted(result["needs"], key=lambda one: -one["ncp"])
    ]
    head = ["column", "needed as", "not asked", "range/group", "the value", "NCP"]
    lines = [
        text.table(rows, head),
        "",
        text.wrapped(
            f"Not asked, range/group, the value: shares of people. NCP: the share of the column's detail that is not "
            f"asked for, 0 to 1; {result['ncp']:.3f} over all columns."
        ),
        "",
    ]
    if len(points := asked.tried(result)) > 1:
        path = "; ".join(
            f"{share(one['asked'])}: {'could not be shown' if one['ncp'] is None else format(one['ncp'], '.3f')}"
            for one in points
        )
        lines.append(text.wrapped(f"NCP at other agreements: {path}.", later="  "))
    lines += _told(result)
    missed = [text.wrapped(f"{one}.", "  ", "    ") for one in result["not_tested"]]
    return "\n".join([*lines, "", "Not tested:", *missed, "", text.wrapped(result["sentence"])])


def _told(result: Mapping[str, Sequence[Dict]]) -> list[str]:
    """Return groups and accuracy in a line each."""
    lines = []
    for title, shown in (("answer", result["by_answer"]), (str(result["groups"]), result["by_group"])):
        if shown:
            said = "; ".join(f"{one['name']} {text.percent(one['agreement'])}" for one in shown)
            lines.append(text.wrapped(f"Answers that stay the same, by {title}: {said}.", later="  "))
    found: Dict | None = result["accuracy"]  # type: ignore[assignment]
    if found is not None:
        kind = "share" if found["measure"] == "accuracy" else "amount"
        said = ", ".join(f"{_SIDES[part]} {_written(found[part], kind, part)}" for part in _SIDES)
        lines.append(text.wrapped(f"{str(found['measure']).capitalize()}: {said}.", later="  "))
    return lines


def _listed(names: Sequence[str], most: int = _MOST) -> str:
    more = len(names) - most
    return ", ".join(names[:most]) + (f" and {more:,} more" if more > 0 else "")
