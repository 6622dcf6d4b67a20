"""reticent demo: the whole way, on real people's data, measured while you watch."""

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
from reticent.cli import output
from reticent.cli.protect import save
from reticent.describe import describe
from reticent.protect import protect
from reticent.target.access import Access
from reticent.target.goal import Goal
from reticent.views import page

_MOST_ROWS = 6_000


def arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of this verb."""
    parser.add_argument(
        "--data", default="fair", choices=sorted(datasets.DATASETS), help="a real table (default: fair)"
    )
    parser.add_argument("--goal", default="tpr<=0.03@fpr=0.01", metavar="RULE", help="(default: %(default)s)")
    parser.add_argument("--seed", type=int, default=0, help="same seed, same numbers (default: 0)")
    parser.add_argument("--jobs", type=int, default=None, metavar="N", help="worker processes (default: all cores)")
    parser.add_argument("--out", type=Path, default=Path("demo-report"), metavar="DIR", help="(default: %(default)s)")


def run(args: argparse.Namespace) -> int:
    """Fit a model as people do, audit it, protect it, attest it, and write the page that tells the story."""
    began = time.perf_counter()
    goal = Goal.parse(args.goal)
    folder = output.prepare(args.out)
    data = datasets.load(args.data)
    members, nonmembers = (half.head(_MOST_ROWS // 2) for half in datasets.split(data, seed=args.seed))
    print(f"{data.about}\nA random forest as people fit it by default, trained on {len(members):,} of them ...")
    model = _fit(members, data.label, args.seed)
    bench = output.workbench(folder, args.jobs)
    target = describe(
        model,
        members=members,
        nonmembers=nonmembers,
        label=data.label,
        access=Access.SCORES,
        quasi_identifiers=data.quasi_identifiers,
        sensitive=data.sensitive,
        name=f"random forest on {args.data}",
        seed=args.seed,
        key=output.row_key(folder),
    )
    before = audit(target, seed=args.seed, bench=bench)
    print(f"\n{before}\n")
    frontier = protect(target, goal, before=before, seed=args.seed)
    print(f"{frontier}\n")
    case = attest(before, None if frontier.best is None else frontier.best.audit, goal=goal)
    output.write_json(folder / "audit.json", before.to_dict())
    save(frontier, folder)
    output.write_json(folder / "case.json", case.to_dict())
    story = page.story(before.to_dict(), frontier.to_dict(), case.to_dict())
    path = page.write(folder / "index.html", story)
    bench.clear()
    print(f"\nThe page: {path}   ({time.perf_counter() - began:.0f} s)")
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
