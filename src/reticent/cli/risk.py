"""reticent risk: count who can be found in a table, and what is learned about the others."""

import argparse
import operator
import re
from pathlib import Path

import pandas as pd

from reticent import _validate
from reticent.backends.tables import read_table_file
from reticent.cli import inputs, output
from reticent.errors import ParameterError
from reticent.risk import Risk, risk
from reticent.suggest import suggest_quasi_identifiers
from reticent.views import page, page_risk, risk_in_words, text

GATE_FAILED = 40
USAGE = "%(prog)s TABLE [--quasi-identifiers A,B] [--sensitive A,B] [options]"
EXAMPLE = """\
example:
  reticent risk people.parquet --quasi-identifiers age,town,sex --sensitive ill \\
      --fail-if 'k<10' --out report
"""

_WRITTEN = ("risk.json", "risk.html")
_RULE = re.compile(r"\s*(k|l|t|alone|risk)\s*(<=|>=|<|>)\s*([\d.]+)\s*")
_SIGNS = {"<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge}
_WORSE = {"k": "<", "l": "<", "t": ">", "alone": ">", "risk": ">"}


def arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of this verb."""
    parser.add_argument("table", metavar="TABLE", help="a .parquet, .csv or .feather file")
    roles = parser.add_argument_group("roles of columns")
    roles.add_argument(
        "--quasi-identifiers",
        type=inputs.names,
        default=(),
        metavar="A,B",
        help="what one may be known by (default: all columns that are not sensitive)",
    )
    roles.add_argument(
        "--sensitive", type=inputs.names, default=(), metavar="A,B", help="what must not be learned of anyone"
    )
    roles.add_argument("--person", metavar="COLUMN", help="whose row it is: people are counted, not rows")
    more = parser.add_argument_group("more to compare with")
    more.add_argument("--original", metavar="FILE", help="the table before it was made coarser, row for row")
    more.add_argument("--population", metavar="FILE", help="all people among whom one may look, each once")
    more.add_argument(
        "--population-size",
        type=int,
        metavar="N",
        help="how many there are, where there is no such file; the table is taken for a random sample of them",
    )
    parser.add_argument("--out", type=Path, metavar="DIR", help="the folder to write risk.json and risk.html into")
    parser.add_argument(
        "--fail-if",
        metavar="RULE",
        help=f"a gate for a pipeline: 'k<10', 'l<2', 't>0.4', 'alone>0' (people) or 'risk>0.05' (the mean); exit code "
        f"{GATE_FAILED} if it holds",
    )


def run(args: argparse.Namespace) -> int:
    """Count, write risk.json and risk.html where a folder is given, print."""
    gate = None if args.fail_if is None else _Gate(args.fail_if, args.sensitive)
    if args.out is not None:
        output.look(args.out)
    table = read_table_file(args.table)
    found = risk(
        table,
        args.quasi_identifiers or None,
        sensitive=args.sensitive,
        person=args.person,
        original=None if args.original is None else read_table_file(args.original),
        population=None if args.population is None else read_table_file(args.population),
        population_size=args.population_size,
    )
    result = found.to_dict()
    if args.out is not None:
        with output.results(args.out, _WRITTEN) as folder:
            output.write_json(folder / "risk.json", result)
            page.write(folder / "risk.html", page_risk.document(result))
    output.show(risk_in_words.words(result))
    if not found.named and found.sizes.total > 1:
        output.show(f"\n{_suggested(table, args)}")
    if args.out is not None:
        output.show(f"\nReport: {args.out / 'risk.html'}")
    return 0 if gate is None else gate.judge(found)


def _suggested(table: pd.DataFrame, args: argparse.Namespace) -> str:
    """Return a way out for whoever named no quasi-identifiers: all columns together are more than anybody knows."""
    found = suggest_quasi_identifiers(table, sensitive=args.sensitive, person=args.person)
    names = [str(name) for name in found.hinted or found.candidates]
    if not names:
        return text.wrapped("Which of these columns may others know? Name them with --quasi-identifiers.")
    why = "by their names, others often know" if found.hinted else "by the data alone, these may be known:"
    return text.wrapped(
        f"Which of these columns may others know? A suggestion, and no more: {why} {_validate.listed(names)}. Name "
        f"yours with --quasi-identifiers; 'reticent suggest {args.table}' tells what each of them gives away."
    )


class _Gate:
    """A rule such as ``k<10``: which count must not lie on which side of what."""

    def __init__(self, rule: str, sensitive: tuple[str, ...]) -> None:
        read = _RULE.fullmatch(rule)
        if read is None or read[2][0] != _WORSE[read[1]]:
            raise ParameterError(
                f"expected --fail-if such as 'k<10', 'l<2', 't>0.4', 'alone>0' or 'risk>0.05'; got {rule!r}"
            )
        if read[1] in "lt" and not sensitive:
            raise ParameterError(f"expected --sensitive beside --fail-if {rule!r}: {read[1]} speaks of these columns")
        self.rule, self.of, self.sign, self.limit = rule.strip(), read[1], read[2], float(read[3])

    def judge(self, found: Risk) -> int:
        seen = {
            "k": found.k,
            "l": min((one.l for one in found.sensitive), default=0),
            "t": max((one.t for one in found.sensitive), default=1.0),
            "alone": found.alone,
            "risk": found.sizes.mean_risk,
        }[self.of]
        failed = bool(_SIGNS[self.sign](seen, self.limit))
        output.show(text.wrapped(f"Gate {'FAILED' if failed else 'passed'} ({self.rule}): {self.of} = {seen:.6g}."))
        return GATE_FAILED if failed else 0
