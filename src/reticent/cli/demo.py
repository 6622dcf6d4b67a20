"""reticent demo: go the whole way on real people's data, measured while you watch."""

import argparse
import time
from pathlib import Path
from typing import Any

import pandas as pd
from sklearn.compose import make_column_transformer
from sklearn.ensemble import RandomForestClassifier
from sklearn.impute import SimpleImputer
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder

from reticent import datasets
from reticent.attest import attest
from reticent.audit import audit
from reticent.cli import inputs, output
from reticent.cli.protect import FRONTIER_FILES, note_untestable, save
from reticent.describe import describe
from reticent.protect import protect, rounds
from reticent.stats.roc import nonmembers_needed
from reticent.target.access import Access
from reticent.target.goal import Goal
from reticent.views import page, text

USAGE = "%(prog)s [options]"
EXAMPLE = """\
example:
  reticent demo --data breast-cancer --out demo-report
"""

_MOST_ROWS = 6_000
_HERE = ("fair", "breast-cancer", "adult")  # without a folder of data
_GOAL, _GOAL_FOR_FEW = Goal(tpr=0.03, fpr=0.01), Goal(tpr=0.2, fpr=0.05)


def arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of this verb."""
    parser.add_argument(
        "--data",
        default="fair",
        metavar="NAME",
        choices=sorted(datasets.DATASETS),
        help=f"a real table: fair and breast-cancer come with packages, adult from the network or, like the others "
        f"({', '.join(name for name in sorted(datasets.DATASETS) if name not in _HERE)}), from the folder that "
        f"RETICENT_DATA names (default: fair)",
    )
    parser.add_argument(
        "--goal",
        metavar="RULE",
        help="what the fix has to meet (default: tpr<=0.03@fpr=0.01, or tpr<=0.2@fpr=0.05 where people are few)",
    )
    parser.add_argument("--seed", type=int, default=0, metavar="N", help="same seed, same numbers (default: 0)")
    parser.add_argument("--jobs", type=int, metavar="N", help="worker processes (default: all cores)")
    parser.add_argument("--out", type=Path, default=Path("demo-report"), metavar="DIR", help="(default: demo-report)")


def run(args: argparse.Namespace) -> int:
    """Fit a model as people do, audit it, protect it, attest it, and write the page that tells the story."""
    began = time.perf_counter()
    goal = None if args.goal is None else Goal.parse(args.goal)
    key = inputs.check_run(args)
    data = datasets.load(args.data)
    members, nonmembers = (half.head(_MOST_ROWS // 2) for half in datasets.split(data, seed=args.seed))
    if goal is None:
        goal = _GOAL if len(nonmembers) // 2 >= nonmembers_needed(_GOAL.fpr) else _GOAL_FOR_FEW
    target = describe(
        _fit(members, data.label, args.seed),
        members=members,
        nonmembers=nonmembers,
        label=data.label,
        access=Access.SCORES,
        quasi_identifiers=data.quasi_identifiers,
        sensitive=data.sensitive,
        name=f"random forest on {args.data}",
        seed=args.seed,
        key=key,
    )
    note_untestable(goal, target)
    output.show(text.wrapped(f"{data.about}."))
    output.show(text.wrapped(f"A random forest as people fit it by default, trained on {len(members):,} of them.\n"))
    with output.begin(args.out, key, args.jobs) as bench:
        bench.rounds = rounds(target, goal)
        before = audit(target, seed=args.seed, bench=bench)
        first = before.to_dict()
        output.show(f"{text.audit(first)}\n")
        frontier = protect(target, goal, before=before, seed=args.seed, bench=bench)
        found = frontier.to_dict()
        output.show(f"{text.frontier(found)}\n")
        case = attest(before, None if frontier.best is None else frontier.best.audit, goal=goal).to_dict()
        with output.results(args.out, ("index.html", "audit.json", "case.json", *FRONTIER_FILES)) as folder:
            output.write_json(folder / "audit.json", first)
            output.write_json(folder / "case.json", case)
            model = save(frontier, found, folder)
            page.write(folder / "index.html", page.story(first, found, case))
    output.show(f"{model.format(folder=args.out)}The page: {args.out / 'index.html'}")
    output.show(f"Everything on it was measured in this run, in {time.perf_counter() - began:.0f} s.")
    return 0


def _fit(members: pd.DataFrame, label: str, seed: int) -> Any:
    forest = RandomForestClassifier(random_state=seed)
    features = members.drop(columns=label)
    words = [name for name in features if not pd.api.types.is_numeric_dtype(features[name])]
    if not words and not features.isna().any().any():
        return forest.fit(features, members[label])
    prepare = make_column_transformer(
        (OneHotEncoder(handle_unknown="ignore", min_frequency=5), words), remainder=SimpleImputer(strategy="median")
    )
    return make_pipeline(prepare, forest).fit(features, members[label])
