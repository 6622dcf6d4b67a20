"""reticent attest: answer every claim from the audits in a folder, each with its state and its evidence."""

import argparse
from pathlib import Path
from typing import Any

from reticent.attest import attest
from reticent.claims.checkers import CHECKERS
from reticent.cli import output
from reticent.errors import InputError, ParameterError
from reticent.target.goal import Goal
from reticent.views import page, text

USAGE = "%(prog)s DIR --out FILE [options]"
EXAMPLE = """\
example:
  reticent attest report --out case.html --external --declare E7=0.65 --by 'Ada Meyer'
"""


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
        help="what only a person can say, such as C7='...' (what being recognized means for these people) or E7=0.65 "
        "(the accuracy that is needed); may be repeated",
    )
    parser.add_argument("--by", default="", metavar="NAME", help="who declares it")


def run(args: argparse.Namespace) -> int:
    """Attest, write the page and the same as JSON beside it, print."""
    if args.out.suffix.lower() not in (".html", ".htm"):
        raise ParameterError(
            f"expected --out FILE that ends in .html, got {args.out}; the same as .json goes beside it"
        )
    declared = _declared(args.declare)
    if declared and not args.by.strip():
        raise ParameterError("expected --by NAME beside --declare: a declaration that nobody makes is none")
    before, after, goal = _read(args.folder)
    output.look(args.out.parent)
    case = attest(before, after, goal=goal, declared=declared, by=args.by.strip())
    found = case.to_dict(external=args.external)
    names = (args.out.name, args.out.with_suffix(".json").name)
    with output.results(args.out.parent, names) as folder:
        page.write(folder / names[0], page.case(found))
        output.write_json(folder / names[1], found)
    output.show(text.case(found))
    output.show(f"\nCase: {args.out}")
    return 0


def _read(folder: Path) -> tuple[dict[str, Any], dict[str, Any] | None, Goal | None]:
    """Return the audits before and after and the goal; the latter two None where protect has not run."""
    before = output.read_json(folder / "audit.json", "reticent/audit/1")
    if not (folder / "frontier.json").exists():
        return before, None, None
    frontier = output.read_json(folder / "frontier.json", "reticent/frontier/1")
    if (frontier["target"], frontier["seed"]) != (before["target"], before["seed"]):
        raise InputError(
            f"audit.json and frontier.json in {folder} speak of different models, people or seeds. Run 'reticent "
            f"protect ... --out {folder}' again, which writes both, or delete frontier.json and after.json"
        )
    after = folder / "after.json"
    return (
        before,
        output.read_json(after, "reticent/audit/1") if frontier["chosen"] is not None else None,
        Goal(**frontier["goal"]),
    )


def _declared(pairs: list[str]) -> dict[str, str]:
    said = {}
    for pair in pairs:
        claim, sign, words = (part.strip() for part in pair.partition("="))
        if not sign or not words or claim not in CHECKERS:
            raise ParameterError(
                f"expected --declare CLAIM=TEXT with a claim among {', '.join(CHECKERS)}; got {pair!r}"
            )
        said[claim] = words
    return said
