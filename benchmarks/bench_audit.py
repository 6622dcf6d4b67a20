"""Promise: a full audit with all attacks and controls costs less than twice the training of its shadow models.

Beside LiRA's shadow models an audit trains four of them once more (what of their spread is luck) and one model with
planted canaries, and runs RMIA, the family's technique on the target and on the planted model, and the blind attacker.

The floor is the bare work: fitting the same number of forests on the same number of rows and asking each about all
rows, in a loop of plain scikit-learn. Both run in this process on one thread, in turn; CPU seconds are compared.

    python benchmarks/bench_audit.py
"""

import statistics
import time

import numpy as np
from sklearn.ensemble import RandomForestClassifier
from threadpoolctl import threadpool_limits

from reticent import Access, audit, datasets, describe

SHADOWS, ROUNDS, BAR = 32, 3, 2.0


def floor(members, others, label) -> float:
    """CPU seconds of the bare fits and predictions."""
    rng = np.random.default_rng(0)
    x = np.vstack([members.drop(columns=label), others.drop(columns=label)])
    y = np.concatenate([members[label], others[label]])
    began = time.process_time()
    for seed in range(SHADOWS):
        rows = rng.permutation(len(x))[: len(members)]
        RandomForestClassifier(random_state=seed).fit(x[rows], y[rows]).predict_proba(x)
    return time.process_time() - began


def main() -> None:
    data = datasets.fair()
    members, others = datasets.split(data, seed=0)
    model = RandomForestClassifier(random_state=0).fit(members.drop(columns=data.label), members[data.label])
    ratios = []
    for _ in range(ROUNDS):
        bare = floor(members, others, data.label)
        target = describe(model, members=members, nonmembers=others, label=data.label, access=Access.SCORES)
        began = time.process_time()
        audit(target, n_jobs=1)
        ours = time.process_time() - began
        ratios.append(ours / bare)
        print(f"audit {ours:.2f} CPU s, bare fits {bare:.2f} CPU s, ratio {ratios[-1]:.2f}")
    middle = statistics.median(ratios)
    print(f"median ratio {middle:.2f}, bar {BAR}: {'met' if middle <= BAR else 'MISSED'}")
    raise SystemExit(middle > BAR)


if __name__ == "__main__":
    with threadpool_limits(1):
        main()
