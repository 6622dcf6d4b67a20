"""reticent protect: find the fix that meets a goal at the least cost in accuracy."""

import argparse
from pathlib import Path
from typing import Any

from reticent.attacks.choice import ATTACKS
from reticent.audit import audit
from reticent.backends.files import write_model
from reticent.cli import inputs, output
from reticent.errors import OutputError
from reticent.protect import FAMILIES, Frontier, protect, rounds
from reticent.target.goal import Goal
from reticent.target.population import Half
from reticent.target.target import Target
from reticent.views import page, text

NOT_MET = 41
USAGE = """\
%(prog)s MODEL --members FILE --nonmembers FILE --label COLUMN
                        --access KIND --goal RULE --out DIR [options]"""
EXAMPLE = """\
example:
  reticent protect model.skops --members train.parquet --nonmembers test.parquet \\
      --label income --access scores --goal 'tpr<=0.03@fpr=0.01' --out report
"""

FRONTIER_FILES = ("frontier.json", "frontier.html", "after.json", "model.skops")


def arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of this verb."""
    needed, work = inputs.add_arguments(parser)
    needed.add_argument(
        "--goal",
        required=True,
        metavar="RULE",
        help="such as 'tpr<=0.03@fpr=0.01': no attack may recognize more than 3 %% of members while it wrongly names "
        "1 %% of others; with ',accuracy_drop<=0.01' no fix may cost more than a point of accuracy; or 'epsilon<=1' "
        "(also 'epsilon<=1@delta=1e-6'): the model must be trained with differential privacy",
    )
    work.add_argument(
        "--defenses",
        type=inputs.names,
        metavar="A,B",
        help=f"only these of {', '.join(FAMILIES)} (default: all that may reach the goal)",
    )


def run(args: argparse.Namespace) -> int:
    """Audit, protect, write both audits, the frontier and the chosen model, print."""
    goal = Goal.parse(args.goal)
    attacks = inputs.chosen(args.attacks, ATTACKS, "--attacks")
    defenses = inputs.chosen(args.defenses, FAMILIES, "--defenses")
    key = inputs.check_run(args)
    target = inputs.read_target(args, key)
    note_untestable(goal, target)
    with output.begin(args.out, key, args.jobs) as bench:
        bench.rounds = rounds(target, goal, defenses)
        before = audit(target, attacks, seed=args.seed, bench=bench)
        frontier = protect(target, goal, defenses=defenses, before=before, attacks=attacks, seed=args.seed, bench=bench)
        first, found = before.to_dict(), frontier.to_dict()
        with output.results(args.out, ("audit.json", "audit.html", *FRONTIER_FILES)) as folder:
            output.write_json(folder / "audit.json", first)
            page.write(folder / "audit.html", page.audit(first))
            model = save(frontier, found, folder)
    output.show(text.frontier(found))
    output.show(f"\n{model.format(folder=args.out)}Report: {args.out / 'frontier.html'}")
    return 0 if frontier.confirmed else NOT_MET


def note_untestable(goal: Goal, target: Target) -> None:
    """Say before the long work that no candidate will be shown to meet the goal, where that is so."""
    if goal.tpr is None:
        return
    others = ~target.population.is_member
    fewest = min(int((others & target.population.mask(half)).sum()) for half in (Half.OPEN, Half.SEALED))
    inputs.note_untestable(
        goal.fpr, fewest, "no candidate can be shown to meet the goal: choice and confirmation read one half each"
    )


def save(frontier: Frontier, found: dict[str, Any], folder: Path) -> str:
    """Write the frontier and, where a point was chosen, its audit and its model.

    Returns what to say of the model, a line in which ``{folder}`` stands for the place.
    """
    output.write_json(folder / "frontier.json", found)
    page.write(folder / "frontier.html", page.frontier(found))
    if frontier.best is None:
        return ""
    output.write_json(folder / "after.json", frontier.best.audit.to_dict())
    try:
        write_model(frontier.best.model, folder / "model.skops")
    except OutputError as error:
        if isinstance(error.__cause__, OSError):  # the disk; the others are the model's own
            raise
        said = str(error).replace("{", "(").replace("}", ")")
        return f"No model file: {said}\n"
    return "Model: {folder}/model.skops\n"
