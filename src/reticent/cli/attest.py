"""reticent attest: from the audits in a folder to a case, every claim with its state and evidence."""

import argparse
from pathlib import Path

from reticent.attest import attest
from reticent.cli import output
from reticent.errors import ParameterError
from reticent.target.goal import Goal
from reticent.views import page


def arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of this verb."""
    parser.add_argument("folder", metavar="DIR", type=Path, help="where audit or protect has written its results")
    parser.add_argument("--out", required=True, type=Path, metavar="FILE", help="the page to write, such as case.html")
    parser.add_argument("--external", action="store_true", help="aggregates only: nothing about single people")
    parser.add_argument(
        "--declare",
        action="append",
        default=[],
        metavar="CLAIM=TEXT",
        help="what only a person can say, such as C7=...",
    )
    parser.add_argument("--by", default="", metavar="NAME", help="who declares it")


def run(args: argparse.Namespace) -> int:
    """Attest, print, write the page and the same as JSON beside it."""
    before = output.read_json(args.folder / "audit.json")
    after = output.read_json(args.folder / "after.json") if (args.folder / "after.json").exists() else None
    frontier = args.folder / "frontier.json"
    goal = Goal(**output.read_json(frontier)["goal"]) if frontier.exists() else None
    case = attest(before, after, goal=goal, declared=_declared(args.declare), by=args.by)
    output.prepare(args.out.parent)
    result = case.to_dict(external=args.external)
    path = page.write(args.out, page.case(result))
    output.write_json(args.out.with_suffix(".json"), result)
    print(case)
    print(f"\nCase: {path}")
    return 0


def _declared(pairs: list[str]) -> dict[str, str]:
    said = {}
    for pair in pairs:
        claim, sign, words = pair.partition("=")
        if not sign or not words.strip():
            raise ParameterError(f"expected --declare CLAIM=TEXT, got {pair!r}")
        said[claim.strip()] = words.strip()
    return said
