"""reticent anonymize: release a table in classes of k people, and measure what a model gives away then."""

import argparse
import json
from collections.abc import Hashable, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from reticent import _validate
from reticent.anonymize import KS, OURS, anonymize
from reticent.attacks.choice import ATTACKS
from reticent.attacks.result import versions
from reticent.backends.tables import read_table_file
from reticent.cli import inputs, output
from reticent.defenses.data.anonymize import Anonymizer
from reticent.defenses.data.anonymize.classify import TECHNIQUES
from reticent.defenses.data.released import rules
from reticent.errors import InputError, ParameterError, TableError
from reticent.risk import risk
from reticent.views import page, page_anonymize, report_anonymize

USAGE = """\
%(prog)s TABLE --quasi-identifiers A,B --out DIR [--k N] [options]
       %(prog)s TABLE --quasi-identifiers A,B --out DIR --model MODEL
                          --nonmembers FILE --label COLUMN --access KIND [options]"""
EXAMPLE = """\
example:
  reticent anonymize people.parquet --quasi-identifiers age,town --k 50 --out released

and with a model, trained again and attacked before and after:
  reticent anonymize train.parquet --quasi-identifiers age,town --k 50 \\
      --model model.skops --nonmembers test.parquet --label income --access scores \\
      --out report
"""

_WITH_MODEL = ("nonmembers", "access", "ks", "techniques", "audited", "splits", "attacks", "recipe")
_VALUES = ("representative", "medoid")  # what a model can be trained on again
_RELEASES = (*_VALUES, "ranges")


def arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of this verb."""
    parser.add_argument(
        "table", metavar="TABLE", help="the people: a file .parquet, .csv or .feather; it is not changed"
    )
    needed = parser.add_argument_group("required")
    needed.add_argument(
        "--quasi-identifiers", type=inputs.names, required=True, metavar="A,B", help="what one may be known by"
    )
    needed.add_argument("--out", required=True, type=Path, metavar="DIR", help="the folder to write results into")
    _add_guarantees(parser.add_argument_group("what has to hold"))
    _add_model(parser.add_argument_group("with a model: train it again on the released table, and attack both"))
    work = parser.add_argument_group("work")
    work.add_argument("--label", metavar="COLUMN", help="the column to stay predictable (default: detail alone counts)")
    work.add_argument("--seed", type=int, default=0, metavar="N", help="same seed, same numbers (default: 0)")
    work.add_argument("--jobs", type=int, metavar="N", help="worker processes (default: all cores)")


def _add_guarantees(group: inputs.Group) -> None:
    group.add_argument("--k", type=int, default=50, metavar="N", help="people in each class, at least (default: 50)")
    group.add_argument("--l", type=int, metavar="N", help="different sensitive values in each class, at least")
    group.add_argument(
        "--t", type=float, metavar="X", help="how far a class's sensitive values may lie from the table's, 0 to 1"
    )
    group.add_argument("--sensitive", type=inputs.names, default=(), metavar="A,B", help="what l and t speak of")
    group.add_argument(
        "--suppression",
        type=float,
        default=0.0,
        metavar="X",
        help="share of the rows that may be given up (default: 0)",
    )
    group.add_argument("--person", metavar="COLUMN", help="whose row it is: k counts people; left out of the release")
    group.add_argument(
        "--identifiers",
        type=inputs.names,
        default=(),
        metavar="A,B",
        help="what names a person: left out of the release",
    )
    group.add_argument(
        "--hierarchies",
        type=Path,
        metavar="FILE",
        help="JSON: for a column each value with its groups, the finest first, such as "
        '\'{"town": {"Lyon": ["Rhone", "France"]}}\'',
    )
    group.add_argument(
        "--release",
        choices=_RELEASES,
        default=_RELEASES[0],
        help="what stands for a class: a value of each column, a real person's combination, or ranges "
        f"(default: {_RELEASES[0]}; with a model {' or '.join(_VALUES)})",
    )


def _add_model(group: inputs.Group) -> None:
    group.add_argument("--model", metavar="MODEL", help="a .skops or .onnx file, or an import path package.module:name")
    group.add_argument("--nonmembers", metavar="FILE", help="people like those of the table whom the model never saw")
    group.add_argument("--access", metavar="KIND", help="what the attacker gets: labels, scores, ... or parameters")
    group.add_argument(
        "--ks", type=_numbers, metavar="A,B", help=f"other k for the curves (default: {','.join(map(str, KS))})"
    )
    group.add_argument(
        "--techniques",
        type=inputs.names,
        metavar="A,B",
        help=f"what ours is compared with, some of {', '.join(TECHNIQUES)} (default: all but mdav)",
    )
    group.add_argument(
        "--audited", type=_numbers, metavar="A,B", help="attack at these k alone, besides --k (default: at all)"
    )
    group.add_argument("--splits", type=int, metavar="N", help="splits for the accuracies (default: 10)")
    group.add_argument(
        "--attacks", type=inputs.names, metavar="A,B", help="as for 'reticent audit' (default: all that tell more)"
    )
    group.add_argument("--recipe", metavar="MODULE:FUNCTION", help="how to train another such model")
    group.add_argument(
        "--trust", action="append", default=[], metavar="MODULE", help="your own module; may be repeated"
    )


def run(args: argparse.Namespace) -> int:
    """Anonymize the table, with a model also train it again and audit both; write, print."""
    key = inputs.check_run(args)
    released = f"released{Path(args.table).suffix.lower()}"
    _check(args, released)
    return _with_model(args, key, released) if args.model else _table_alone(args, key, released)


def _check(args: argparse.Namespace, released: str) -> None:
    """Refuse arguments that contradict each other, before anything is read."""
    given = [f"--{name}" for name in _WITH_MODEL if getattr(args, name) is not None]
    if args.model is None and given:
        raise ParameterError(f"expected --model beside {', '.join(given)}: without a model there is nothing to attack")
    missing = [f"--{name}" for name in ("nonmembers", "label", "access") if getattr(args, name) is None]
    if args.model is not None and missing:
        raise ParameterError(f"expected {', '.join(missing)} beside --model")
    if args.model is not None and args.release not in _VALUES:
        raise ParameterError(
            f"expected --release {' or '.join(_VALUES)} beside --model, got {args.release}: models learn from values"
        )
    inputs.chosen(args.techniques, TECHNIQUES, "--techniques")
    for role in ("identifiers", "person"):
        if twice := {*([args.person] if role == "person" else args.identifiers)} & {*args.quasi_identifiers}:
            raise ParameterError(f"expected quasi-identifiers beside --{role}, got {', '.join(sorted(twice))} in both")
    for path in (args.table, args.nonmembers, args.model):
        if path is not None and Path(path).resolve().parent == args.out.resolve() and Path(path).name == released:
            raise ParameterError(f"expected another folder than that of {path}: {released} would be written over it")


def _table_alone(args: argparse.Namespace, key: bytes, released: str) -> int:
    table = read_table_file(args.table)
    known, guided = list(args.quasi_identifiers), args.label
    named = [name for name in (guided, *args.sensitive, args.person, *args.identifiers, *known) if name is not None]
    _check_columns(table, named)
    anonymizer, table = _anonymizer(args, table), table.drop(columns=list(args.identifiers))
    secret = [name for name in dict.fromkeys((guided, *args.sensitive)) if name is not None and name not in known]
    with output.begin(args.out, key, args.jobs):
        made = anonymizer.fit_transform(table, None if guided is None else table[guided].to_numpy())
        before = risk(table, known, sensitive=secret, person=args.person).to_dict()
        after = risk(made, known, sensitive=secret, person=args.person, original=table).to_dict()
        found = {
            "schema": "reticent/release/1",
            "name": Path(args.table).name,
            "k": args.k,
            "quasi_identifiers": known,
            "other_columns": [name for name in made.columns if name not in (*known, args.person)],
            "parameters": _asked(args),
            "guided_by": f"the label {guided}" if guided else "the detail of the values alone",
            "table": {"before": before, "after": after},
            "seed": args.seed,
            "versions": versions(),
        }
        found["sentence"] = report_anonymize.held(found)
        names = (released, "rules.txt", "anonymization.json", "anonymization.html")
        with output.results(args.out, names) as folder:
            output.write_table(_without(made, args), folder / released)
            _write_rules(rules(table, made, known, person=args.person), folder)
            output.write_json(folder / "anonymization.json", found)
            page.write(folder / "anonymization.html", page_anonymize.release(found))
    output.show(report_anonymize.release_words(found))
    output.show(f"\nTable: {args.out / released}\nReport: {args.out / 'anonymization.html'}")
    return 0


def _with_model(args: argparse.Namespace, key: bytes, released: str) -> int:
    attacks = inputs.chosen(args.attacks, ATTACKS, "--attacks")
    more = {"members": args.table, "groups": args.person, "shared_rows": "drop", "codebook": None}
    target = inputs.read_target(argparse.Namespace(**{**vars(args), **more}), key)
    curves: dict[str, Any] = {
        name: getattr(args, name) for name in ("ks", "audited", "splits") if getattr(args, name) is not None
    }
    if args.techniques is not None:
        curves["techniques"] = (OURS, *args.techniques)
    like = _anonymizer(args, read_table_file(args.table))
    with output.begin(args.out, key, args.jobs) as bench:
        done = anonymize(target, args.k, anonymizer=like, attacks=attacks, seed=args.seed, bench=bench, **curves)
        found = done.to_dict()
        names = (released, "rules.txt", "anonymization.json", "anonymization.html", "audit.json", "after.json")
        with output.results(args.out, (*names, "model.skops")) as folder:
            output.write_table(done.table, folder / released)
            _write_rules(done.rules(), folder)
            output.write_json(folder / "anonymization.json", found)
            page.write(folder / "anonymization.html", page_anonymize.anonymization(found))
            output.write_json(folder / "audit.json", done.before.to_dict())
            output.write_json(folder / "after.json", done.after.to_dict())
            model = output.write_drop_in(done.model, folder, args.out)
    output.show(report_anonymize.words(found))
    output.show(f"\n{model}\nTable: {args.out / released}")
    output.show(f"Report: {args.out / 'anonymization.html'}")
    return 0


def _anonymizer(args: argparse.Namespace, table: pd.DataFrame) -> Anonymizer:
    return Anonymizer(
        k=args.k,
        quasi_identifiers=list(args.quasi_identifiers),
        l=args.l,
        t=args.t,
        sensitive=list(args.sensitive),
        hierarchies=None if args.hierarchies is None else _hierarchies(args.hierarchies, table),
        suppression=args.suppression,
        person=args.person,
        release=args.release,
    )


def _asked(args: argparse.Namespace) -> dict[str, Any]:
    """Return what was asked for, in plain values."""
    asked = {name: getattr(args, name) for name in ("k", "l", "t", "suppression", "release")}
    return {name: value for name, value in asked.items() if value is not None}


def _hierarchies(path: Path, table: pd.DataFrame) -> dict[Hashable, dict[Hashable, list[str]]]:
    """Read hierarchies; JSON knows text alone as names, so that each is given to the value that is written so."""
    try:
        given = json.loads(path.read_text(encoding="utf-8"))
        read = {
            column: {value: [str(group) for group in groups] for value, groups in values.items()}
            for column, values in given.items()
        }
    except (OSError, ValueError, AttributeError, TypeError) as error:
        raise InputError(
            f"expected JSON in {path}, for a column each value with the list of its groups: {error}. Such as "
            '{"town": {"Lyon": ["Rhone", "France"]}}'
        ) from error
    found: dict[Hashable, dict[Hashable, list[str]]] = {}
    for column, groups in read.items():
        _check_columns(table, [column])
        values = {str(value): value for value in table[column].dropna().unique().tolist()}
        found[column] = {values.get(name, name): above for name, above in groups.items()}
    return found


def _check_columns(table: pd.DataFrame, names: Sequence[str]) -> None:
    for name in names:
        if name not in table.columns:
            has = _validate.listed([str(one) for one in table.columns], name)
            raise TableError(f"expected a column {name!r} in the table; it has {has}. Name an existing column")


def _without(table: pd.DataFrame, args: argparse.Namespace) -> pd.DataFrame:
    """Return the table without what names a person, and without what ties a person's rows together."""
    hidden = {*args.identifiers, args.person}
    return table[[name for name in table.columns if name not in hidden]]


def _write_rules(lines: list[str], folder: Path) -> None:
    head = "Internal: shows values of the table as it was. One line a class: what it holds, and how many people.\n"
    page.write(folder / "rules.txt", "\n".join([head, *lines]) + "\n")


def _numbers(words: str) -> tuple[int, ...]:
    """Read ``"10, 50"`` as two numbers."""
    return tuple(int(part) for part in inputs.names(words))
