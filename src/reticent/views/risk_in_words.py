"""A table's risk in words: who can be found by the columns that are known, and what is learned without finding anyone.

No sentence here calls a table safe: it says what was counted, on which columns, and what was left out.

>>> percent(0.99996), percent(1 / 3)
('99.996 %', '33.3 %')
"""

from collections.abc import Sequence

from reticent.views import text
from reticent.views.blocks import Dict

HEAD = ("sensitive", "values", "l", "entropy l", "(c, 2)", "t", "t by order", "alpha", "all alike in a class")

_NAMED = 8  # columns that a sentence names; of more it gives the number


def sentence(result: Dict) -> str:
    """Return the strongest sentence that the counts allow, and no stronger one."""
    people, k, alone = result["table"]["people"], result["k"], result["alone"]
    if not people:
        return "The table holds no rows: there is nobody to be found in it, and nothing was counted."
    known = _known(result)
    if alone:
        found = (
            f"{of(alone, people)} {'is' if alone == 1 else 'are'} alone with {known}: whoever knows these about one of "
            f"them finds the row."
        )
    else:
        found = (
            f"At least {k:,} people share each combination of {known}: whoever knows these about somebody guesses the "
            f"row with a chance of {percent(result['risk']['highest'])} at most."
        )
    bare = [one for one in result["sensitive"] if one["one_value"]]
    if bare:
        worst = max(bare, key=lambda one: one["one_value"])
        found += (
            f" For {of(worst['one_value'], people)} there is nothing to guess: all who share their combination have "
            f"the same {worst['name']}."
        )
    return found


def _known(result: Dict) -> str:
    names = result["quasi_identifiers"]
    if not result["named"]:
        which = "columns that are not sensitive" if result["sensitive"] else "columns"
        return f"all {len(names)} {which}, taken together (none was named as a quasi-identifier)"
    if not names:
        return "nothing known of them (no quasi-identifier was named)"
    if len(names) > _NAMED:
        return f"the {len(names)} quasi-identifiers"
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"


def every(result: Dict) -> str:
    """Return the line that each report carries: what if somebody knew all columns."""
    people, seen = result["table"]["people"], result["every"]
    columns = f"If every column were a quasi-identifier ({seen['columns']:,} columns): "
    if seen["alone"]:
        return f"{columns}{of(seen['alone'], people)} would be alone (k = 1)."
    return f"{columns}k would be {seen['k']:,}, and nobody alone."


def outside(result: Dict) -> str:
    """Return what is known of the population that the people come from."""
    people, seen = result["table"]["people"], result["population"]
    uniques = seen["uniques"]
    if seen["risk"] is not None:
        alone = of(round(uniques["value"] * people), people) if uniques["value"] else "nobody of the table"
        told = (
            f"Among the {seen['size']:,} people of the population that was given, {alone} would be alone. Who guesses "
            f"there is right with a chance of {percent(seen['risk']['mean'])} on average, and of "
            f"{percent(seen['risk']['highest'])} at most (journalist)."
        )
        missed = seen["risk"]["outside"]
        return told + (
            f" {of(missed, people)} are fewer there than in the table, which is then no part of that population, or is "
            f"coded otherwise; they are counted as in the table."
            if missed
            else ""
        )
    if uniques["untested"]:
        return (
            f"Alone in the whole population: {uniques['untested']}; {percent(uniques['high'])} of these "
            f"people at most, as many as are alone in the table."
        )
    return (
        f"Alone in a population of {seen['size']:,}, if the table is a random sample of it: about "
        f"{text.percent(uniques)} of the table's people. Estimated: {uniques['method']}."
    )


def loss(result: Dict) -> str:
    """Return how much detail was lost against the original."""
    if result["ncp"] is None:
        return "Detail lost (NCP): needs the original table, row for row."
    return (
        f"Detail lost (NCP): {result['ncp']:.4f}, the mean width of a class in the original's values (0: none lost, "
        f"1: all)."
    )


def not_tested(result: Dict) -> list[str]:
    """Return what was not looked at, in words."""
    names, people = set(result["quasi_identifiers"]), result["table"]["person"]
    others = [name for name in result["table"]["columns"] if name not in names and name != people]
    missed = [
        "Linkage with tables outside: whether somebody has these columns of these people, and which others he has"
    ]
    if others and result["named"]:
        missed.append(
            f"Knowledge of the other columns ({_list(others)}): who knows these too finds more people. The line on "
            f"every column says how many at most"
        )
    if not result["sensitive"]:
        missed.append("What is learned about a whole class (l, t): no sensitive column was named")
    missed.append("Several releases of the same people, and what the way of making this table gives away")
    missed.append("Models trained on this table: what they reveal is measured by reticent audit")
    return missed


def _list(names: Sequence[str]) -> str:
    more = len(names) - _NAMED
    return ", ".join(names[:_NAMED]) + (f" and {more} more" if more > 0 else "")


def of(some: int, people: int) -> str:
    """Return so many of all people, with the share.

    >>> of(1234, 30162)
    '1,234 of 30,162 people (4.09 %)'
    """
    return f"{some:,} of {people:,} people ({percent(some / people)})"


def percent(share: float) -> str:
    """Return a share with three digits, but never rounded to nobody or to everybody."""
    for digits in range(3, 17):
        short = float(f"{100 * share:.{digits}g}")
        if short != 100 or share == 1:
            break
    return f"{short:g} %" if digits == 3 else f"{short:.{digits}g} %"


def words(result: Dict) -> str:
    """Return a risk for a terminal."""
    people, risk = result["table"]["people"], result["risk"]
    whose = "each one person" if result["table"]["person"] is None else f"by {result['table']['person']}"
    lines = [
        f"{result['table']['rows']:,} rows of {people:,} people, {whose}; {result['classes']:,} classes",
        text.wrapped(f"Quasi-identifiers: {_names(result)}", later="  "),
        "",
    ]
    if people:
        lines += [
            text.table(
                [
                    ["k, the fewest who share a class", f"{result['k']:,}"],
                    ["alone in the table", of(result["alone"], people)],
                    ["highest risk of being named (prosecutor)", percent(risk["highest"])],
                    ["mean risk (marketer)", percent(risk["mean"])],
                    *(
                        [
                            f"in classes of fewer than {one['size']} (risk above {one['risk']:g})",
                            of(one["people"], people),
                        ]
                        for one in risk["thresholds"]
                    ),
                ],
                ["risk of being named", ""],
            ),
            "",
        ]
        if result["sensitive"]:
            lines += [text.table(rows(result), [*HEAD]), ""]
        lines += [text.wrapped(every(result)), text.wrapped(outside(result)), text.wrapped(loss(result))]
    lines += [text.wrapped(f"Note: {one}.", later="  ") for one in result["notes"]]
    lines += ["", "Not tested:", *(text.wrapped(one, "  ", "    ") for one in result["not_tested"]), ""]
    return "\n".join([*lines, text.wrapped(result["sentence"])])


def _names(result: Dict) -> str:
    names = _list(result["quasi_identifiers"]) or "none"
    return names if result["named"] else f"all columns, as none were named ({names})"


def rows(result: Dict) -> list[list[str]]:
    """Return what the classes give away about each sensitive column, under ``HEAD``."""
    people = result["table"]["people"]
    return [
        [
            one["name"],
            f"{one['values']:,}",
            f"{one['l']:,}",
            f"{one['entropy_l']:.2f}",
            "none" if one["c"] is None else f"c > {one['c']:.3g}",
            f"{one['t']:.3f}",
            "" if one["ordered_t"] is None else f"{one['ordered_t']:.3f}",
            f"{one['alpha']:.3f}",
            f"{one['one_value']:,} ({percent(one['one_value'] / people)})",
        ]
        for one in result["sensitive"]
    ]
