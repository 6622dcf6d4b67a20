"""reticent audit --dp-claim: hold what many trainings give away against the epsilon that is claimed.

>>> parse("epsilon=1,delta=1e-5,noise=gaussian")
{'epsilon': 1.0, 'delta': 1e-05, 'gaussian': True, 'replace': False}
"""

import argparse
import secrets
from collections.abc import Callable
from typing import Any

import pandas as pd

from reticent.backends.files import read_function, read_model
from reticent.backends.tables import read_table_file
from reticent.cli import output
from reticent.errors import ClaimError, ParameterError
from reticent.reality.claim import ClaimCheck, check_claim
from reticent.target.table import read_table
from reticent.views import text

NEEDED = ("members", "nonmembers", "access", "out")  # of every other audit
_SHOWN = 6  # pairs of the pilot


def arguments(parser: argparse.ArgumentParser) -> None:
    """Add what a claim needs to the arguments of an audit, and ask for what other audits need only where they run."""
    parser.add_argument("table", metavar="TABLE", nargs="?", help="with --dp-claim: rows such as it is trained on")
    group = parser.add_argument_group("a claim of differential privacy, instead of attacks on one model")
    group.add_argument(
        "--dp-claim",
        metavar="CLAIM",
        help="such as epsilon=1,delta=1e-5: train MODEL (or --recipe) many times on neighboring tables made of the "
        "columns of TABLE, and see whether the claim is contradicted; neighbors=replace for a claim that takes the "
        "number of rows as known (Diffprivlib's); noise=gaussian assumes a mechanism of Gaussian noise without "
        "sampling, which takes far fewer trainings",
    )
    group.add_argument("--trainings", type=int, metavar="N", help="with --dp-claim: how many (default: by --seconds)")
    group.add_argument(
        "--seconds", type=float, default=60.0, metavar="S", help="with --dp-claim: how long (default: 60)"
    )
    for action in parser._actions:
        action.required = action.required and action.dest not in NEEDED
    parser.set_defaults(refuse=parser.error)


def check_needed(args: argparse.Namespace) -> None:
    """End with wrong usage where an audit that is not of a claim lacks what it needs, or has a table too many."""
    if missing := [f"--{name}" for name in NEEDED if getattr(args, name) is None]:
        args.refuse(f"the following arguments are required: {', '.join(missing)}")
    if args.table is not None:
        args.refuse(f"unrecognized arguments: {args.table} (a table beside the model goes with --dp-claim)")


def run(args: argparse.Namespace) -> int:
    """Check the claim, print, write claim.json where a folder is named.

    Raises
    ------
    ClaimError
        If the claim is violated.
    """
    claim = parse(args.dp_claim)
    if args.out is not None:
        output.look(args.out)
    path = args.table or args.members
    if path is None:
        raise ParameterError("expected a table beside the model, with --dp-claim. Name a file of rows such as it takes")
    train = _train(args)
    table = read_table(read_table_file(path), label=args.label, name="TABLE")
    features = table.features([name for name in table.columns if name != args.label])
    found = check_claim(
        train,
        features,
        table.labels(),
        **claim,
        trainings=args.trainings,
        seconds=args.seconds,
        n_jobs=args.jobs or 1,
    )
    _show(found)
    if args.out is not None:
        output.show(f"\nResult: {output.write_json(args.out / 'claim.json', found.to_dict())}")
    if found.verdict == "violated":
        raise ClaimError("the claim is violated. Do not state this epsilon; look for what was not counted")
    return 0


def parse(words: str) -> dict[str, Any]:
    """Read a claim.

    Raises
    ------
    ParameterError
        If it is none.
    """
    parts = {part.partition("=")[0]: part.partition("=")[2] for part in words.replace(" ", "").split(",")}
    strange = [name for name in parts if name not in ("epsilon", "delta", "noise", "neighbors")]
    try:
        epsilon, delta = float(parts.get("epsilon", "")), float(parts.get("delta", "1e-5"))
        noise, neighbors = parts.get("noise", "any"), parts.get("neighbors", "add-remove")
        if strange or noise not in ("any", "gaussian") or neighbors not in ("add-remove", "replace"):
            raise ValueError
    except ValueError:
        raise ParameterError(
            f"expected --dp-claim such as epsilon=1,delta=1e-5, with noise=gaussian or neighbors=replace where they "
            f"hold; got {words!r}"
        ) from None
    return {"epsilon": epsilon, "delta": delta, "gaussian": noise == "gaussian", "replace": neighbors == "replace"}


def _train(args: argparse.Namespace) -> Any:
    if not args.recipe:
        return read_model(args.model, trust=args.trust)
    return _Recipe(recipe=read_function(args.recipe), label=args.label)


class _Recipe:
    """A function (rows, seed) -> fitted model as a training on (X, y), with a new secret seed each time."""

    def __init__(self, recipe: Callable[..., Any], label: str) -> None:
        self._recipe, self._label = recipe, label

    def __call__(self, x: pd.DataFrame, y: Any) -> Any:
        return self._recipe(x.assign(**{self._label: y}), secrets.randbits(31))


def _show(found: ClaimCheck) -> None:
    output.show(text.wrapped(found.sentence))
    if not found.fixed:
        hits, members, alarms, others = found.counts
        output.show(f"\nSealed trainings: {hits:,} of {members:,} with the row told as such,")
        output.show(f"                  {alarms:,} of {others:,} without it.")
    output.show("\nHow far apart models were in the pilot, over their spread:")
    ranked = sorted(found.tried.items(), key=lambda one: -one[1])
    for name, apart in ranked[:_SHOWN]:
        output.show(f"  {min(apart, 999.99):6.2f}  {name}")
    if found.refused:
        output.show(text.wrapped(f"\n{len(found.refused)} tables were refused by the training and not tried."))
