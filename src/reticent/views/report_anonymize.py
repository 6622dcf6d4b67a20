"""The parts of an anonymization's report: what k costs, what attackers still reach, what k does not cover."""

from collections.abc import Sequence

from reticent.views import blocks, curves, text
from reticent.views.axes import share
from reticent.views.blocks import Dict, section, split, table
from reticent.views.curves import TITLES, rounded
from reticent.views.markup import Child, Safe, tag

_SIDE_BY_SIDE = "display:grid;grid-template-columns:repeat(auto-fit,minmax(min(22rem,100%),1fr));gap:0 1.6rem"


def sentence(result: Dict) -> str:
    """Return what came of it: what the table holds, what it cost, and what attackers still reach."""
    point, holds = chosen(result), held(result)
    cost = point["accuracy"]["untested"] or (
        f"accuracy on held-out rows is {text.percent(point['accuracy'])}, {blocks.points(point['change'])} from the "
        f"model trained on the rows as they are"
    )
    return f"{holds} With it, {cost}; {_reached(result)}."


def held(result: Dict) -> str:
    """Return what holds in the released table, as counted there."""
    was, now = result["table"]["before"], result["table"]["after"]
    before = f"the smallest class had {was['k']:,} people"
    if was["alone"]:
        before = f"{was['alone']:,} of {was['table']['people']:,} people were alone with theirs"
    return (
        f"In the released table every combination of {', '.join(result['quasi_identifiers'])} belongs to at least "
        f"{now['k']:,} people (k = {result['k']:,} was asked for); in the table as it was, {before}."
    )


def _reached(result: Dict) -> str:
    rate, was, now = share(result["fpr"]), result["before"]["exposure"], result["after"]["exposure"]
    if now["untested"]:
        return f"what attackers recognize at {rate} false alarms {now['untested']}"
    over = " on average over models trained in this way" if result["after"]["over_models"] else ""
    before = "" if was["untested"] else f", where it was {text.percent(was)} before"
    return f"the strongest attack recognizes {text.percent(now)} of members at {rate} false alarms{over}{before}"


def chosen(result: Dict) -> Dict:
    """Return our technique at the k that was asked for."""
    found: Dict = next(point for point in result["points"] if point["chosen"])
    return found


def untested(result: Dict) -> list[str]:
    """Return what k does not cover, what was not measured and what was not tested, in words."""
    others = [name for name in result["target"]["features"] if name not in result["quasi_identifiers"]]
    attacked = ", ".join(f"{k:,}" for k in sorted(point["k"] for point in result["points"] if point["exposure"]))
    return [
        _other_columns(others, result["table"]["after"]),
        *_one_value(result["table"]["after"]),
        f"Exposure was measured at k = {attacked}, of our technique alone",
        *(f"Not measured: {one}" for one in result["not_measured"]),
        *result["not_tested"].values(),
    ]


def _one_value(released: Dict) -> list[str]:
    """Return for each sensitive column whose value some classes give away."""
    people = released["table"]["people"]
    return [
        f"What a class gives away: {one['one_value']:,} of {people:,} people are in a class in which all have one "
        f"value of {one['name']}; whoever finds the class knows it, however many share it"
        for one in released["sensitive"]
        if one["one_value"]
    ]


def _other_columns(others: Sequence[str], released: Dict) -> str:
    alone = f"{released['every']['alone']:,} of {released['table']['people']:,} people are alone with their values"
    if not others:
        return f"Other columns: there are none besides the named ones; by all of them, {alone}"
    return (
        f"Other columns: k holds on the named columns alone. {_listed(others)} pass through as they are; to whoever "
        f"knows all columns of the released table, {alone}"
    )


def _listed(names: Sequence[str], most: int = 8) -> str:
    more = len(names) - most
    return ", ".join(names[:most]) + (f" and {more} more" if more > 0 else "")


def verdict(result: Dict) -> Safe:
    """Return the sentence; its tone follows what attackers still reach, not k."""
    state = result["after"]["state"]
    tone, word = {
        "exposed": ("bad", "Members can still be recognized"),
        "nothing found": ("calm", "No attack of this list recognized members"),
        "withheld": ("mute", "No verdict on what attackers reach"),
        "not tested": ("mute", "What attackers reach was not tested"),
    }[state]
    return blocks.verdict(result["sentence"], tone, word)


def pictures(result: Dict) -> Safe:
    """Return the figure: accuracy against k, and exposure against k beside it."""
    splits = result["original"]["n"]
    drawn = [
        blocks.figure(
            curves.accuracy(result),
            f"Models trained on the anonymized part of the members and asked about raw rows held out of it: mean over "
            f"{splits} splits that all techniques share. Whiskers: 95 % confidence interval of the difference to the "
            f"model as it is. The axis of accuracy does not begin at zero.",
        )
    ]
    if (seen := curves.exposure(result)) is not None:
        drawn.append(
            blocks.figure(
                seen,
                "What the strongest attack recognizes, its shadow models trained through anonymization and training. "
                "Whiskers and band: 95 % confidence interval. Both axes are logarithmic. Right is more people in a "
                "class, down is less revealed.",
            )
        )
    return tag("div", drawn, style=_SIDE_BY_SIDE)


def points(result: Dict) -> Safe:
    """Return every technique at every k with what it costs and what it does."""
    rows: list[list[Child]] = []
    for point in sorted(result["points"], key=lambda one: (one["k"], list(TITLES).index(one["technique"]))):
        star = [" ", tag("b", "★ released", class_="rt-chosen")] if point["chosen"] else None
        change, seen = point["change"], point["exposure"]
        rows.append(
            [
                f"{point['k']:,}",
                [TITLES[point["technique"]], star],
                [
                    split(point["accuracy"], text.percent(point["accuracy"])),
                    tag("small", blocks.points(change), class_="rt-under"),
                ],
                "not measured" if seen is None else split(seen, text.percent(seen)),
                f"{point['ncp']:.3f}",
                f"{point['classes']:,}",
                f"{point['smallest_class']:,}",
                rounded(point["people_in_classes_of_one_label"]),
            ]
        )
    head = [
        "k",
        "technique",
        "accuracy, and change from the model as it is",
        f"recognized at {share(result['fpr'])} false alarms",
        "detail lost (NCP)",
        "classes",
        "smallest class",
        "people in classes of one label",
    ]
    caption = (
        "Accuracy and change: mean over the splits, in brackets the 95 % confidence interval. All else is counted on "
        "the whole of the members' table. NCP: 0 nothing lost, 1 everything"
    )
    return table(head, rows, caption=caption, numbers=range(2, 8))


def before_and_after(result: Dict) -> Safe:
    """Return both audits and both tables side by side."""
    was, now = result["before"], result["after"]
    rate = share(result["fpr"])
    estimates = [
        (f"recognized at {rate} false alarms", [one["exposure"] for one in (was, now)]),
        ("on this one model", [one["exposure_of_this_model"] for one in (was, now)]),
        ("accuracy on members", [one["accuracy"]["members"] for one in (was, now)]),
        ("accuracy on others", [one["accuracy"]["others"] for one in (was, now)]),
    ]
    rows: list[list[Child]] = [[said, *(split(one, text.percent(one)) for one in pair)] for said, pair in estimates]
    rows.insert(2, ["AUC of the strongest attack", *(split(one["auc"], text.number(one["auc"])) for one in (was, now))])
    rows += table_rows(result["table"])
    caption = "The model and the table, before and after"
    return table(["", "as it was", "anonymized"], rows, caption=caption, numbers=[1, 2])


def table_rows(tables: Dict) -> list[list[Child]]:
    """Return the rows of a table that compare two tables by what was counted on them."""
    both = tables["before"], tables["after"]
    rows: list[list[Child]] = [
        ["people", *(f"{one['table']['people']:,}" for one in both)],
        ["different combinations of the named columns", *(f"{one['classes']:,}" for one in both)],
        ["people in the smallest class (k)", *(f"{one['k']:,}" for one in both)],
        ["people alone with their combination", *(f"{one['alone']:,}" for one in both)],
        ["people alone with all their columns", *(f"{one['every']['alone']:,}" for one in both)],
    ]
    for was, now in zip(*(one["sensitive"] for one in both), strict=True):
        name = was["name"]
        shares = (
            rounded(said["one_value"] / max(one["table"]["people"], 1))
            for said, one in zip((was, now), both, strict=True)
        )
        rows += [
            [f"{name}: different values in a class, at least (l)", *(f"{one['l']:,}" for one in (was, now))],
            [f"{name}: distance of a class from the table, at most (t)", *(f"{one['t']:.2f}" for one in (was, now))],
            [f"{name}: people in classes of one value", *shares],
        ]
    return rows


def verdicts(result: Dict) -> Safe:
    """Return what each audit says, folded away."""
    said = [[tag("h3", title), tag("p", result[side]["verdict"])] for title, side in _SIDES]
    attacks = tag("p", "Attacks: ", ", ".join(result["after"]["attacks"]), class_="rt-note")
    return blocks.folded("What the two audits say", said, attacks)


_SIDES = (("The model as it was", "before"), ("The model trained on the anonymized table", "after"))


def measured(result: Dict) -> Safe:
    """Return figure and table of what each k costs."""
    return section("What k costs, and what it does against attackers", pictures(result), points(result), name="curves")


def compared(result: Dict) -> Safe:
    """Return both audits and tables as one section."""
    claim = result["defense"]["claim"]
    proven = tag("p", tag("strong", "Claimed, and counted on the table: "), claim["statement"], ".") if claim else None
    return section("Before and after", proven, before_and_after(result), verdicts(result), name="before-and-after")


def words(result: Dict) -> str:
    """Return an anonymization for a terminal."""
    rate = share(result["fpr"])
    rows = [
        [
            ("> " if point["chosen"] else "  ") + f"{point['k']:,}",
            TITLES[point["technique"]],
            text.percent(point["accuracy"]).replace(" to ", "-"),
            blocks.points(point["change"]).replace(" points", ""),
            "" if point["exposure"] is None else text.percent(point["exposure"]).replace(" to ", "-"),
            f"{point['ncp']:.3f}",
        ]
        for point in sorted(result["points"], key=lambda one: (one["k"], list(TITLES).index(one["technique"])))
    ]
    head = ["  k", "technique", "accuracy", "change in points", f"TPR at {rate} FPR", "NCP"]
    missed = [text.wrapped(f"{one}.", "  ", "    ") for one in untested(result)]
    note = (
        f"Accuracy: on raw rows held out, mean over {result['original']['n']} splits; in brackets 95 % confidence "
        f"limits. The model as it is: {text.percent(result['original'])}; the commonest label alone: "
        f"{rounded(result['majority']['value'])}. TPR at {rate} FPR: the share of members recognized while {rate} of "
        f"others are wrongly named; {text.percent(result['before']['exposure'])} before. NCP: detail lost, 0 to 1."
    )
    said = text.wrapped(result["sentence"])
    return "\n".join([text.table(rows, head), "", text.wrapped(note), "", "Not tested:", *missed, "", said])


def release_subject(result: Dict) -> str:
    """Return what a released table is, in a line."""
    counted = result["table"]["after"]["table"]
    return f"{counted['rows']:,} rows of {counted['people']:,} people; its classes follow {result['guided_by']}."


def release_untested(result: Dict) -> list[str]:
    """Return what k on the named columns of a table does not cover."""
    released = result["table"]["after"]
    uncounted = "What a class gives away was not counted: no label and no sensitive column was named"
    return [
        _other_columns(result["other_columns"], released),
        *(_one_value(released) if released["sensitive"] else [uncounted]),
        "What a model trained on it gives away: no model was handed in, so none was trained and none attacked",
    ]


def release(result: Dict) -> Safe:
    """Return what was counted on a released table and on the one that it was made of."""
    facts = [
        ("Asked for", blocks.value(result["parameters"])),
        ("Detail lost (NCP), 0 nothing to 1 everything", f"{result['table']['after']['ncp']:.3f}"),
        ("Its classes follow", result["guided_by"]),
    ]
    caption = f"Counted by {', '.join(result['quasi_identifiers'])}"
    return section(
        "What the table gives away, before and after",
        table(["", "as it was", "released"], table_rows(result["table"]), caption=caption, numbers=[1, 2]),
        blocks.facts(facts),
        name="counts",
    )


def release_words(result: Dict) -> str:
    """Return the same for a terminal."""
    rows = [[str(cell) for cell in row] for row in table_rows(result["table"])]
    lost = f"Detail lost (NCP, 0 nothing to 1 everything): {result['table']['after']['ncp']:.3f}."
    missed = [text.wrapped(f"{one}.", "  ", "    ") for one in release_untested(result)]
    return "\n".join(
        [
            *(text.table(rows, ["", "as it was", "released"]), "", text.wrapped(lost), ""),
            *("Not covered, not tested:", *missed, "", text.wrapped(result["sentence"])),
        ]
    )
