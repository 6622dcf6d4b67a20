"""reticent suggest: say which columns of a table single people out, and which tell of others."""

import argparse
from pathlib import Path

from reticent.backends.tables import read_table_file
from reticent.cli import inputs, output
from reticent.errors import ParameterError
from reticent.suggest import suggest_quasi_identifiers

USAGE = "%(prog)s TABLE [options]"
EXAMPLE = """\
example:
  reticent suggest people.parquet --label income --sensitive race --out report
"""

_WRITTEN = ("suggest.json", "suggest.html")


def arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of this verb."""
    parser.add_argument("table", metavar="TABLE", help="people in a file: Parquet, CSV or Feather")
    parser.add_argument(
        "--out", type=Path, metavar="DIR", help="also write a page and the same as JSON into this folder"
    )
    roles = parser.add_argument_group("roles of columns")
    roles.add_argument("--sensitive", type=inputs.names, default=(), metavar="A,B", help="look for what tells of these")
    roles.add_argument("--label", metavar="COLUMN", help="the column that a model predicts")
    roles.add_argument("--person", metavar="COLUMN", help="whose row it is, where a person has several")
    roles.add_argument("--identifiers", type=inputs.names, default=(), metavar="A,B", help="what names a person")
    roles.add_argument(
        "--known",
        type=inputs.names,
        metavar="A,B",
        help="put only these together (default: all that the data do not speak against)",
    )
    work = parser.add_argument_group("work")
    work.add_argument(
        "--together",
        type=int,
        default=3,
        metavar="N",
        help="count all sets of up to N columns, where that takes seconds (default: 3)",
    )
    work.add_argument("--seed", type=int, default=0, metavar="N", help="same seed, same numbers (default: 0)")


def run(args: argparse.Namespace) -> int:
    """Read the table, look, print, and write where that is wanted."""
    if args.seed < 0:
        raise ParameterError(f"expected --seed of 0 or more, got {args.seed}")
    if args.together < 1:
        raise ParameterError(f"expected --together of 1 or more, got {args.together}")
    if args.known == ():
        raise ParameterError("expected --known to name columns, got none. Leave it out to take all")
    if args.out is not None:
        output.look(args.out)
    found = suggest_quasi_identifiers(
        read_table_file(args.table),
        sensitive=args.sensitive,
        label=args.label,
        person=args.person,
        identifiers=args.identifiers,
        known=args.known,
        max_together=args.together,
        seed=args.seed,
    )
    if args.out is not None:
        with output.results(args.out, _WRITTEN) as folder:
            output.write_json(folder / "suggest.json", found.to_dict())
            found.to_html(folder / "suggest.html")
    output.show(found)
    if args.out is not None:
        output.show(f"\nReport: {args.out / 'suggest.html'}")
    return 0
