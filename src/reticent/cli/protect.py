"""reticent protect: find the candidate that meets a goal at the least cost in accuracy."""

import argparse
from pathlib import Path

from reticent.audit import audit
from reticent.backends.files import write_model
from reticent.cli import inputs, output
from reticent.protect import Frontier, protect
from reticent.target.goal import Goal

NOT_MET = 41


def arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of this verb."""
    inputs.add_arguments(parser)
    parser.add_argument(
        "--goal", required=True, metavar="RULE", help="such as 'tpr<=0.03@fpr=0.01' or with ',accuracy_drop<=0.01'"
    )
    parser.add_argument("--defenses", default=None, metavar="A,B", help="only these: regularize, coarsen, k-anonymize")


def run(args: argparse.Namespace) -> int:
    """Protect, print, write the frontier, both audits and the chosen model."""
    goal = Goal.parse(args.goal)
    folder = output.prepare(args.out)
    target = inputs.read_target(args, folder)
    bench = output.workbench(folder, args.jobs)
    before = audit(target, args.attacks, seed=args.seed, bench=bench)
    defenses = None if args.defenses is None else [name.strip() for name in args.defenses.split(",")]
    frontier = protect(
        target, goal, defenses=defenses, before=before, attacks=args.attacks, seed=args.seed, bench=bench
    )
    output.write_json(folder / "audit.json", before.to_dict())
    before.to_html(folder / "audit.html")
    path = save(frontier, folder)
    bench.clear()
    print(frontier)
    print(f"\nReport: {path}")
    return 0 if frontier.confirmed else NOT_MET


def save(frontier: Frontier, folder: Path) -> Path:
    """Write the frontier and, where a point was chosen, its audit and its model; return the report's path."""
    output.write_json(folder / "frontier.json", frontier.to_dict())
    if frontier.best is not None:
        output.write_json(folder / "after.json", frontier.best.audit.to_dict())
        if hasattr(frontier.best.model, "get_params"):
            print(f"Model: {write_model(frontier.best.model, folder / 'model.skops')}")
    return frontier.to_html(folder / "frontier.html")
