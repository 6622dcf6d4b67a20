"""The arguments that audit and protect share: a model, its tables, the roles of columns, what the attacker gets."""

import argparse
from pathlib import Path

from reticent.backends.files import read_function, read_model
from reticent.backends.tables import read_table_file
from reticent.cli import output
from reticent.describe import describe
from reticent.errors import ParameterError
from reticent.target.access import Access
from reticent.target.target import Target


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the shared arguments."""
    parser.add_argument("model", metavar="MODEL", help="a .skops or .onnx file, or an import path package.module:name")
    tables = parser.add_argument_group("people")
    tables.add_argument("--members", required=True, metavar="FILE", help="rows that the model was trained on")
    tables.add_argument("--nonmembers", required=True, metavar="FILE", help="rows of the same population, never seen")
    tables.add_argument("--label", required=True, metavar="COLUMN", help="the column that the model predicts")
    tables.add_argument("--quasi-identifiers", type=_names, default=(), metavar="A,B", help="columns one is known by")
    tables.add_argument("--sensitive", type=_names, default=(), metavar="A,B", help="columns not to be learned")
    tables.add_argument("--identifiers", type=_names, default=(), metavar="A,B", help="columns that name a person")
    tables.add_argument("--groups", metavar="COLUMN", help="rows that belong together: one person, one household")
    tables.add_argument(
        "--shared-rows", choices=("drop", "error"), default="drop", help="non-members equal to a member (default: drop)"
    )
    threat = parser.add_argument_group("attacker and training")
    threat.add_argument(
        "--access", required=True, metavar="KIND", help="what the attacker gets: labels, scores, parameters, ..."
    )
    threat.add_argument("--attacks", type=_names, default=None, metavar="A,B", help="only these attacks")
    threat.add_argument("--recipe", metavar="package.module:function", help="(rows, seed) -> another fitted model")
    threat.add_argument(
        "--trust", action="append", default=[], metavar="package.module", help="a module whose types may be loaded"
    )
    run = parser.add_argument_group("run")
    run.add_argument("--seed", type=int, default=0, help="same seed, same numbers (default: 0)")
    run.add_argument("--jobs", type=int, default=None, metavar="N", help="worker processes (default: all cores)")
    run.add_argument("--out", required=True, type=Path, metavar="DIR", help="where reports are written")


def read_target(args: argparse.Namespace, folder: Path) -> Target:
    """Read the model and both tables; nothing is trained yet."""
    access = Access.parse(args.access)
    model = read_model(args.model, trust=args.trust)
    recipe = read_function(args.recipe) if args.recipe else None
    members, nonmembers = read_table_file(args.members), read_table_file(args.nonmembers)
    if args.seed < 0:
        raise ParameterError(f"expected --seed of at least 0, got {args.seed}")
    return describe(
        model,
        members=members,
        nonmembers=nonmembers,
        label=args.label,
        access=access,
        quasi_identifiers=args.quasi_identifiers,
        sensitive=args.sensitive,
        identifiers=args.identifiers,
        groups=args.groups,
        recipe=recipe,
        shared_rows=args.shared_rows,
        name=Path(args.model).name if ":" not in args.model else args.model,
        seed=args.seed,
        key=output.row_key(folder),
    )


def _names(text: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in text.split(",") if part.strip())
