"""reticent needed: say which columns, how many people and how much history a model does without."""

import argparse
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from reticent.backends.files import read_function, read_model
from reticent.backends.tables import read_table_file
from reticent.cli import inputs, output
from reticent.errors import ParameterError
from reticent.necessity.columns import needed_columns
from reticent.necessity.history import needed_history
from reticent.necessity.people import needed_people
from reticent.views import page, page_needed, text

GATE_FAILED = 40
USAGE = """\
%(prog)s columns MODEL TABLE --label COLUMN [options]
       %(prog)s people MODEL TABLE --label COLUMN [options]
       %(prog)s history MODEL TABLE --label COLUMN --date COLUMN [options]"""
EXAMPLE = """\
example:
  reticent needed columns model.skops train.parquet --label income \\
      --protected race,sex --out report

and two other questions about the same model and table:
  reticent needed people model.skops train.parquet --label income --margin 0.005
  reticent needed history model.skops train.parquet --label income --date signed \\
      --fail-if 'unneeded>0'
"""

# Options that one question alone takes.
_ONLY = {"protected": "columns", "goal": "people", "date": "history"}
_COUNTED = {"columns": "columns", "people": "people", "history": "rows"}
_RULE = re.compile(r"\s*unneeded\s*(>=?)\s*(\d+(?:\.\d+)?)\s*(%?)\s*")


def arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of this verb."""
    parser.add_argument(
        "question", choices=tuple(_COUNTED), metavar="columns | people | history", help="what is asked for"
    )
    parser.add_argument(
        "model",
        metavar="MODEL",
        help="a .skops file, or an import path package.module:name; models are trained anew with its parameters",
    )
    parser.add_argument("table", metavar="TABLE", help="the people it learns from: a .parquet, .csv or .feather file")
    parser.add_argument(
        "--label", required=True, metavar="COLUMN", help="the column that the model predicts (required)"
    )
    parser.add_argument(
        "--margin",
        type=float,
        default=0.01,
        metavar="X",
        help="the loss that may not be reached, as a share of the answers (default: 0.01, one point)",
    )
    parser.add_argument(
        "--out", type=Path, metavar="DIR", help="also write a page and the same as JSON into this folder"
    )
    parser.add_argument(
        "--fail-if",
        metavar="RULE",
        help=f"a gate for a pipeline, such as 'unneeded>0' (columns, people or rows) or 'unneeded>20%%': exit code "
        f"{GATE_FAILED} if more was shown to be superfluous",
    )
    roles = parser.add_argument_group("roles of columns")
    roles.add_argument("--person", metavar="COLUMN", help="whose row it is, where a person has several")
    roles.add_argument(
        "--protected", type=inputs.names, metavar="A,B", help="columns: what one would rather not ask for; told apart"
    )
    roles.add_argument("--date", metavar="COLUMN", help="history: when each row is from (required there)")
    work = parser.add_argument_group("work")
    work.add_argument(
        "--goal",
        metavar="RULE",
        help="people: also forecast by size what attackers recognize, such as 'tpr<=0.03@fpr=0.01', and draw both on "
        "one picture; takes as long as several audits, with boosted trees on 5,000 rows more than a minute, and is "
        "therefore not done unasked",
    )
    work.add_argument(
        "--recipe",
        metavar="MODULE:FUNCTION",
        help="how to train another such model: your function (rows, seed) -> fitted model (default: taken from MODEL)",
    )
    work.add_argument(
        "--trust",
        action="append",
        default=[],
        metavar="MODULE",
        help="your own module, whose types may be built from the model file; may be repeated",
    )
    work.add_argument("--seed", type=int, default=0, metavar="N", help="same seed, same numbers (default: 0)")
    work.add_argument("--jobs", type=int, metavar="N", help="worker processes (default: all cores)")


def run(args: argparse.Namespace) -> int:
    """Ask, print, and write where that is wanted."""
    gate = None if args.fail_if is None else _Gate(args.fail_if)
    _check(args)
    model = read_function(args.recipe) if args.recipe else read_model(args.model, trust=args.trust)
    table = read_table_file(args.table)
    given = {"label": args.label, "person": args.person, "seed": args.seed, "n_jobs": args.jobs}
    if args.question == "columns":
        found: Any = needed_columns(model, table, args.margin, protected=args.protected or (), **given)
    elif args.question == "people":
        found = needed_people(model, table, args.margin, goal=args.goal, **given)
    else:
        found = needed_history(model, table, args.date, args.margin, **given)
    result = found.to_dict()
    numbers, report = (f"needed-{args.question}.{kind}" for kind in ("json", "html"))
    if args.out is not None:
        with output.results(args.out, (numbers, report)) as folder:
            output.write_json(folder / numbers, result)
            page.write(folder / report, page_needed.document(result))
    output.show(found)
    if args.out is not None:
        output.show(f"\nReport: {args.out / report}")
    return 0 if gate is None else gate.judge(args.question, result)


def _check(args: argparse.Namespace) -> None:
    """Refuse what this question does not take, before anything is read."""
    for name, question in _ONLY.items():
        if getattr(args, name) is not None and args.question != question:
            raise ParameterError(
                f"expected --{name} with 'reticent needed {question}' alone, got it with {args.question}. Leave it out"
            )
    if args.question == "history" and args.date is None:
        raise ParameterError("expected --date COLUMN, which says from when each row is")
    if args.seed < 0:
        raise ParameterError(f"expected --seed of 0 or more, got {args.seed}")
    if args.jobs is not None and args.jobs < 1:
        raise ParameterError(f"expected --jobs of 1 or more, got {args.jobs}. Leave it out to use all cores")
    if args.out is not None:
        output.look(args.out)


class _Gate:
    """A rule such as ``unneeded>0``: how much may be asked for that was shown to be superfluous."""

    def __init__(self, rule: str) -> None:
        read = _RULE.fullmatch(rule)
        if read is None:
            raise ParameterError(f"expected --fail-if such as 'unneeded>0' or 'unneeded>20%'; got {rule!r}")
        self.rule, self.sign, self.limit, self.share = rule.strip(), read[1], float(read[2]), bool(read[3])

    def judge(self, question: str, result: Mapping[str, Any]) -> int:
        unneeded, everything = _unneeded(question, result)
        seen = 100 * unneeded / everything if self.share else unneeded
        failed = seen >= self.limit if self.sign == ">=" else seen > self.limit
        said = f"{unneeded:,} of {everything:,} {_COUNTED[question]} were shown to be superfluous"
        output.show(text.wrapped(f"Gate {'FAILED' if failed else 'passed'} ({self.rule}): {said}."))
        return GATE_FAILED if failed else 0


def _unneeded(question: str, result: Mapping[str, Any]) -> tuple[int, int]:
    """Return how many columns, people or rows were shown to be superfluous, and of how many."""
    if question == "columns":
        return len(result["dropped"]), len(result["columns"])
    if question == "people":
        return result["people"] - result["enough"], result["people"]
    return round(result["not_needed"] * result["open_rows"]), result["open_rows"]
