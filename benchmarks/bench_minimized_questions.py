"""Promise: a model that is asked minimized questions alone gives fewer members away, and what it costs is measured.

A forest that knows its members by heart and a logistic regression, on halves of Fair's survey. LiRA attacks the model
as it is and behind a minimizer, whose shadow models each have a minimizer of their own. Accuracy is that on the other
half; both the exposure and the accuracy are of one split, with their intervals.

    python benchmarks/bench_minimized_questions.py [agreement ...]
"""

import sys
import time
from typing import Any

from harness import write
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from threadpoolctl import threadpool_limits

import reticent
from reticent import datasets
from reticent.defenses import Minimizer
from reticent.stats.estimate import Estimate
from reticent.stats.rates import paired_difference, rate
from reticent.target.target import Target
from reticent.views.blocks import points
from reticent.views.text import percent

FPR = 0.01
LESS = 0.7  # of the forest's exposure, at the lowest agreement
MODELS: dict[str, Any] = {
    "forest": RandomForestClassifier(100, random_state=0),
    "logistic regression": make_pipeline(StandardScaler(), LogisticRegression()),
}


def row(name: str, target: Target, before: Target, agreement: float | None) -> tuple[list[str], Estimate]:
    """Return a line of the table, and the exposure."""
    began = time.process_time()
    found = reticent.audit(target, ["lira"], shadow_mismatch="withhold", n_jobs=1)
    seconds, exposure = time.process_time() - began, found.exposure(FPR)
    ncp = "0" if agreement is None else f"{target.defenses[-1]['claim']['ncp']:.3f}"
    change = paired_difference(target.accuracy(), before.accuracy()).to_dict()
    told = [percent(one.to_dict()) for one in (exposure, rate(target.accuracy()))]
    asked = "as it is" if agreement is None else f"{agreement:g}"
    return [name, asked, ncp, told[0], f"{found.auc()}", told[1], points(change), f"{seconds:.0f}"], exposure


def main(agreements: list[float]) -> None:
    """Measure, print and write."""
    data = datasets.load("fair")
    members, others = datasets.split(data, seed=0)
    rows, held = [], []
    for name, model in MODELS.items():
        model.fit(members.drop(columns=data.label), members[data.label])
        target = reticent.describe(
            model, members=members, nonmembers=others, label=data.label, access=reticent.Access.SCORES
        )
        every = [(None, target), *((one, Minimizer(agreement=one).apply(target)) for one in agreements)]
        lines = [row(name, protected, target, agreement) for agreement, protected in every]
        rows += [line for line, _ in lines]
        held.append(lines[-1][1].high <= LESS * lines[0][1].low)
    write(
        "minimized_questions",
        "What attackers reach behind minimized questions: Fair's survey, LiRA",
        [
            *("model", "answers kept", "NCP", f"recognized at {100 * FPR:g} % false alarms", "AUC"),
            *("accuracy on others", "change", "CPU s"),
        ],
        rows,
        [
            f"{len(members):,} members, {len(others):,} others, one split. Each shadow model has its own minimizer.",
            f"Bar, of the forest: at the last agreement at most {LESS:g} of what it was: "
            f"{'held' if held[0] else 'missed'}.",
        ],
    )


if __name__ == "__main__":
    with threadpool_limits(1):
        main([float(one) for one in sys.argv[1:]] or [0.8])
