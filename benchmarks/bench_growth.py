"""Promise: time grows with the rows and little faster, and memory stays bounded, up to a million people.

Adult, drawn again with replacement and with a little noise on its numbers so that no two people are equal, at three
sizes, half of them members. Model: a pipeline that encodes the categories, then a decision tree. Audit: generalization
gap, population threshold, LiRA with eight shadow models, blind attacker, and the report's dict. Each size in a process
of its own with two workers; seconds are CPU seconds of all processes, memory is the largest that one of them held.

    RETICENT_DATA=... python benchmarks/bench_growth.py
"""

import json
import os
import resource
import subprocess
import sys
import time
from pathlib import Path

import harness
import numpy as np
import pandas as pd
from joblib.externals.loky import get_reusable_executor
from sklearn.compose import make_column_transformer
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OrdinalEncoder
from sklearn.tree import DecisionTreeClassifier

from reticent import Access, audit, describe
from reticent.attacks.membership.lira import Lira

SIZES, BAR, WORKERS = (10_000, 100_000, 1_000_000), 1.15, 2
LABEL = "income"
STAGES = ("fit", "describe", "audit", "report")


def table(rows: int) -> pd.DataFrame:
    """Return so many people like Adult's, no two of them equal."""
    seen = pd.read_parquet(Path(os.environ["RETICENT_DATA"]) / "adult" / "train.parquet")
    rng = np.random.default_rng(0)
    drawn = seen.iloc[rng.integers(0, len(seen), rows)].reset_index(drop=True)
    for name in drawn.select_dtypes("number"):
        spread = max(float(seen[name].std()), 1e-9)
        drawn[name] = drawn[name] + (0.02 * spread * rng.normal(size=rows)).round(6)
    return drawn


def one(rows: int) -> None:
    """Audit so many people; print seconds of each stage, memory and a rate, as JSON."""
    people = table(rows)
    members, others = people[: rows // 2], people[rows // 2 :]
    words = [name for name in people.select_dtypes(exclude="number") if name != LABEL]
    encode = make_column_transformer(
        (OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=-1), words), remainder="passthrough"
    )
    began, cpu, wall = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, {}, time.perf_counter()
    with harness.Cpu() as spent:
        tree = DecisionTreeClassifier(max_depth=12, min_samples_leaf=5, random_state=0)
        model = make_pipeline(encode, tree).fit(members.drop(columns=LABEL), members[LABEL])
    cpu["fit"] = spent.seconds
    with harness.Cpu() as spent:
        target = describe(model, members=members, nonmembers=others, label=LABEL, access=Access.SCORES)
    cpu["describe"] = spent.seconds
    with harness.Cpu() as spent:
        result = audit(target, ["gap", "population", Lira(shadows=8), "blind"], n_jobs=WORKERS)
        get_reusable_executor().shutdown(wait=True)  # only the seconds of finished workers are counted
    cpu["audit"] = spent.seconds
    with harness.Cpu() as spent:
        result.to_dict()
    cpu["report"] = spent.seconds
    most = [resource.getrusage(who).ru_maxrss for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    found = {
        "cpu": cpu,
        "wall": time.perf_counter() - wall,
        "table": began / 1024,
        "peak": most[0] / 1024,
        "worker": most[1] / 1024,
        "tpr": result["lira"].tpr_at(0.01).value,
    }
    print(json.dumps(found))


def main() -> None:
    rows, cost = [], []
    for size in SIZES:
        environment = {**os.environ, "OMP_NUM_THREADS": "1"}
        done = subprocess.run(
            [sys.executable, __file__, str(size)], capture_output=True, text=True, check=False, env=environment
        )
        if done.returncode:
            raise RuntimeError(done.stderr[-3000:])
        found = json.loads(done.stdout.splitlines()[-1])
        print(size, found, flush=True)
        cost.append(sum(found["cpu"].values()))
        rows.append(
            [
                f"{size:,}",
                *(f"{found['cpu'][stage]:.1f}" for stage in STAGES),
                f"{cost[-1]:.1f}",
                f"{found['wall']:.0f}",
                f"{found['table']:,.0f}",
                f"{found['peak']:,.0f}",
                f"{found['worker']:,.0f}",
                f"{100 * found['tpr']:.1f} %",
            ]
        )
    slope = float(np.polyfit(np.log(SIZES), np.log(cost), 1)[0])
    last = float(np.log(cost[-1] / cost[-2]) / np.log(SIZES[-1] / SIZES[-2]))
    head = ["rows", *(f"{stage}, CPU s" for stage in STAGES), "in all", "wall s"]
    head += ["MB before", "MB at most", "MB at most in a worker", "LiRA TPR at 1 % FPR"]
    notes = [
        f"Log-log slope of CPU seconds over all three sizes {slope:.2f} (bar {BAR}: "
        f"{harness.bar(slope, BAR, at_most=True)}), over the last two {last:.2f} "
        f"({harness.bar(last, BAR, at_most=True)}); fixed costs flatten the former.",
        "Eight shadow models, two workers. MB before: the process with the table and all libraries, before anything "
        "was fitted. All memory is resident memory, pages that workers share counted in each.",
    ]
    harness.write("growth", "Growth: time and memory of an audit by number of rows", head, rows, notes)
    raise SystemExit(max(slope, last) > BAR)


if __name__ == "__main__":
    one(int(sys.argv[1])) if len(sys.argv) > 1 else main()
