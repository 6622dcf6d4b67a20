"""The arguments that audit and protect share: a model, its tables, the roles of columns, what the attacker gets."""

import argparse
import json
from collections.abc import Collection
from pathlib import Path
from typing import Any

from reticent.attacks.choice import ATTACKS
from reticent.backends.files import read_function, read_model
from reticent.backends.tables import read_table_file
from reticent.cli import output
from reticent.describe import describe
from reticent.errors import InputError, ParameterError
from reticent.stats.roc import nonmembers_needed
from reticent.target.access import Access
from reticent.target.target import Target
from reticent.views import text

Group = argparse._ArgumentGroup  # argparse gives it no public name


def add_arguments(parser: argparse.ArgumentParser) -> tuple[Group, Group]:
    """Add the shared arguments; return the group of those required and the one of those about the work."""
    parser.add_argument("model", metavar="MODEL", help="a .skops or .onnx file, or an import path package.module:name")
    needed = parser.add_argument_group("required")
    needed.add_argument("--members", required=True, metavar="FILE", help="people whom the model was trained on")
    needed.add_argument("--nonmembers", required=True, metavar="FILE", help="people like them whom it never saw")
    needed.add_argument("--label", required=True, metavar="COLUMN", help="the column that the model predicts")
    needed.add_argument(
        "--access",
        required=True,
        metavar="KIND",
        help="what the attacker gets: labels, scores, explanations, gradients or parameters (the whole model)",
    )
    needed.add_argument("--out", required=True, type=Path, metavar="DIR", help="the folder to write results into")
    roles = parser.add_argument_group("roles of columns")
    roles.add_argument("--quasi-identifiers", type=names, default=(), metavar="A,B", help="what one may be known by")
    roles.add_argument("--sensitive", type=names, default=(), metavar="A,B", help="what must not be learned of anyone")
    roles.add_argument("--identifiers", type=names, default=(), metavar="A,B", help="what names a person")
    roles.add_argument("--groups", metavar="COLUMN", help="whose rows belong together: one person, one household")
    roles.add_argument(
        "--codebook",
        metavar="FILE",
        help='what is publicly known of the columns, as JSON: {"bounds": {"age": [17, 90]}, "domains": {"town": '
        '["Bonn", "Ulm"]}, "missing": ["town"]}; differential privacy must not read it from the members',
    )
    work = parser.add_argument_group("attacks and training")
    work.add_argument(
        "--attacks",
        type=names,
        metavar="A,B",
        help=f"only these of {', '.join(ATTACKS)} (default: all that tell more about this model)",
    )
    work.add_argument(
        "--recipe",
        metavar="MODULE:FUNCTION",
        help="how to train another such model: your function (rows, seed) -> fitted model (default: taken from a "
        "scikit-learn model; ONNX files have none)",
    )
    work.add_argument(
        "--trust",
        action="append",
        default=[],
        metavar="MODULE",
        help="your own module, whose types may be built from the model file; may be repeated",
    )
    work.add_argument(
        "--shared-rows",
        choices=("drop", "error"),
        default="drop",
        help="what to do with non-members who are also members (default: drop)",
    )
    work.add_argument("--seed", type=int, default=0, metavar="N", help="same seed, same numbers (default: 0)")
    work.add_argument("--jobs", type=int, metavar="N", help="worker processes (default: all cores)")
    return needed, work


def names(words: str) -> tuple[str, ...]:
    """Read ``"a, b"`` as two names."""
    return tuple(part.strip() for part in words.split(",") if part.strip())


def chosen(given: tuple[str, ...] | None, known: Collection[str], option: str) -> list[str] | None:
    """Return the names given, each once, or None for all.

    Raises
    ------
    ParameterError
        If one is not known, or none is given.
    """
    if given is None:
        return None
    unknown = [repr(name) for name in given if name not in known]
    if unknown or not given:
        raise ParameterError(f"expected {option} to be some of {', '.join(known)}; got {', '.join(unknown) or 'none'}")
    return list(dict.fromkeys(given))


def check_run(args: argparse.Namespace) -> bytes:
    """Check what every long run takes, its folder first; return the folder's key. Nothing is changed on disk.

    Raises
    ------
    ParameterError
        If seed or number of workers are none.
    OutputError
        If the folder cannot be written into.
    """
    if args.seed < 0:
        raise ParameterError(f"expected --seed of 0 or more, got {args.seed}")
    if args.jobs is not None and args.jobs < 1:
        raise ParameterError(f"expected --jobs of 1 or more, got {args.jobs}. Leave it out to use all cores")
    return output.look(args.out)


def read_target(args: argparse.Namespace, key: bytes) -> Target:
    """Read the model and both tables; nothing is trained or written."""
    access = Access.parse(args.access)
    model = read_model(args.model, trust=args.trust)
    recipe = read_function(args.recipe) if args.recipe else None
    members, nonmembers = read_table_file(args.members), read_table_file(args.nonmembers)
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
        **read_codebook(args.codebook),
        recipe=recipe,
        shared_rows=args.shared_rows,
        name=Path(args.model).name if Path(args.model).is_file() else args.model,
        seed=args.seed,
        key=key,
    )


def read_codebook(path: str | None) -> dict[str, Any]:
    """Read what is publicly known of the columns; nothing where no file is named.

    Raises
    ------
    InputError
        If it cannot be read, or holds anything but bounds, domains and columns with missing values.
    """
    if path is None:
        return {}
    try:
        held = json.loads(Path(path).read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise InputError(f"expected --codebook FILE as JSON, got {path}: {error}") from error
    kinds = {"bounds": dict, "domains": dict, "missing": list}
    if not isinstance(held, dict) or any(not isinstance(part, kinds.get(name, ())) for name, part in held.items()):
        raise InputError(
            f'expected --codebook FILE with some of {{"bounds": {{"age": [17, 90]}}, "domains": {{"town": ["Ulm"]}}, '
            f'"missing": ["town"]}}; {path} holds something else'
        )
    return held


def note_untestable(fpr: float, nonmembers: int, consequence: str) -> None:
    """Say before the long work that so few non-members cannot tell anything about so low a rate."""
    if nonmembers < (needed := nonmembers_needed(fpr)):
        output.tell(
            text.wrapped(
                f"Note: {100 * fpr:g} % false alarms cannot be tested with {nonmembers:,} non-members ({needed:,} are "
                f"needed), so {consequence}."
            )
        )
