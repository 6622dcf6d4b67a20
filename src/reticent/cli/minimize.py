"""reticent minimize: find out how little of each person a model's answer needs, and what to ask."""

import argparse
from pathlib import Path

from reticent.backends.files import read_model
from reticent.backends.tables import read_table_file
from reticent.cli import inputs, output
from reticent.errors import ParameterError
from reticent.minimize import OTHERS, Minimization, minimize
from reticent.views import page, page_minimize, report_minimize

USAGE = "%(prog)s MODEL TABLE [--agreement X] [--out DIR] [options]"
EXAMPLE = """\
example:
  reticent minimize model.skops people.parquet --agreement 0.98 --label income \\
      --groups sex --out report
"""

_WRITTEN = ("minimize.json", "minimize.html", "collect.txt", "model.skops")


def arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of this verb."""
    parser.add_argument("model", metavar="MODEL", help="a .skops or .onnx file, or an import path package.module:name")
    parser.add_argument("people", metavar="TABLE", help="people like those who will be asked: .parquet, .csv, .feather")
    parser.add_argument(
        "--agreement",
        type=float,
        default=0.98,
        metavar="X",
        help="share of answers that has to stay the same, shown on rows that chose nothing (default: 0.98)",
    )
    parser.add_argument(
        "--tolerance",
        type=float,
        metavar="X",
        help="by how much two amounts may differ and count as the same (default: a tenth of their standard deviation)",
    )
    parser.add_argument(
        "--out", type=Path, metavar="DIR", help="also write the page, the questions and the model behind them"
    )
    parser.add_argument("--table", type=Path, metavar="FILE", help="write TABLE as the model needs it to this file")
    roles = parser.add_argument_group("roles of columns")
    roles.add_argument("--label", metavar="COLUMN", help="what the model predicts: tells accuracy, chooses nothing")
    roles.add_argument(
        "--columns",
        type=inputs.names,
        metavar="A,B",
        help="what the model is given, where it does not remember (default: all but label, person and groups)",
    )
    roles.add_argument("--person", metavar="COLUMN", help="whose row it is, where a person has several")
    roles.add_argument("--groups", metavar="COLUMN", help="tell the agreement by the values of this column, too")
    work = parser.add_argument_group("work")
    work.add_argument(
        "--others",
        type=_shares,
        default=OTHERS,
        metavar="A,B",
        help=f"other agreements to compare with (default: {','.join(f'{one:g}' for one in OTHERS)}; '' for none)",
    )
    work.add_argument("--trust", action="append", default=[], metavar="MODULE", help="your own module; may be repeated")
    work.add_argument("--seed", type=int, default=0, metavar="N", help="same seed, same numbers (default: 0)")


def run(args: argparse.Namespace) -> int:
    """Read, fit, print; write where that is wanted."""
    _check(args)
    model, table = read_model(args.model, trust=args.trust), read_table_file(args.people)
    found = minimize(
        model,
        table,
        label=args.label,
        columns=args.columns,
        agreement=args.agreement,
        tolerance=args.tolerance,
        person=args.person,
        groups=args.groups,
        others=args.others,
        name=Path(args.model).name if Path(args.model).is_file() else args.model,
        seed=args.seed,
    )
    places = _write(found, args.out) if args.out is not None else []
    if args.table is not None:
        with output.results(args.table.parent, [args.table.name]) as folder:
            output.write_table(found.minimized(table), folder / args.table.name)
        places.append(f"Table: {args.table}")
    output.show(report_minimize.words(found.to_dict()))
    if places:
        output.show("\n" + "\n".join(places))
    return 0


def _check(args: argparse.Namespace) -> None:
    """Refuse what cannot be done or would do harm, before anything is read."""
    if args.seed < 0:
        raise ParameterError(f"expected --seed of 0 or more, got {args.seed}")
    if args.columns == ():
        raise ParameterError("expected --columns to name columns, got none. Leave it out to take all")
    if args.out is not None:
        output.look(args.out)
    if args.table is None:
        return
    if args.table.suffix not in output.FORMATS:
        raise ParameterError(f"expected --table to end in {', '.join(output.FORMATS)}; got {args.table.name!r}")
    if args.table.resolve() == Path(args.people).resolve():
        raise ParameterError(f"expected another --table than {args.people}, which would be written over")
    output.look(args.table.parent)


def _write(found: Minimization, out: Path) -> list[str]:
    """Write page, numbers, questions and model; return what lies where."""
    result = found.to_dict()
    with output.results(out, _WRITTEN) as folder:
        output.write_json(folder / "minimize.json", result)
        page.write(folder / "minimize.html", page_minimize.document(result))
        page.write(folder / "collect.txt", report_minimize.questions(result))
        model = output.write_drop_in(found.model, folder, out)
    return [model, f"Questions: {out / 'collect.txt'}", f"Report: {out / 'minimize.html'}"]


def _shares(words: str) -> tuple[float, ...]:
    """Read ``"0.9, 0.95"`` as two shares."""
    return tuple(float(part) for part in inputs.names(words))
