"""Quantile attack (QMIA, Bertran et al. 2023) of sacroml 2.0.1 on what models said; reports are not written.

Reads x (n, d), p (T, n, C), y (n,), member (T, n); argument: quantile levels, as "0.01,0.001". Writes for each the
margins over the predicted thresholds, (T, n), and the seconds of each target, (T,). As sacroml does it, thresholds are
fitted on the very non-members whose rate of false alarms is then counted, which is in its favor.
"""

import logging
import sys
import time

import numpy as np
from sacroml.attacks.qmia_attack import QMIAAttack
from sacroml.attacks.target import Target
from sklearn.base import BaseEstimator, ClassifierMixin


class Answered(ClassifierMixin, BaseEstimator):
    """A model that has answered already; equal rows had equal answers."""

    def __init__(self, x: np.ndarray | None = None, p: np.ndarray | None = None) -> None:
        self.x, self.p = x, p
        self.classes_ = np.arange(p.shape[1])
        self.place_ = {row.tobytes(): i for i, row in enumerate(x)}

    def predict_proba(self, x: np.ndarray) -> np.ndarray:
        return self.p[[self.place_[row.tobytes()] for row in x]]


def main(given: str, made: str, levels: str) -> None:
    logging.disable(logging.CRITICAL)
    with np.load(given, allow_pickle=False) as held:
        x, p, y, member = held["x"], held["p"], held["y"], held["member"]
    found = {}
    for level in levels.split(","):
        scores, seconds = np.zeros(member.shape), np.zeros(len(p))
        for t in range(len(p)):
            model = Answered(x, p[t].astype(float))
            rows = np.concatenate([np.flatnonzero(member[t]), np.flatnonzero(~member[t])])
            inside, outside = rows[: member[t].sum()], rows[member[t].sum() :]
            target = Target(
                model=model,
                dataset_name="people",
                X_train=x[inside],
                y_train=y[inside],
                X_test=x[outside],
                y_test=y[outside],
            )
            attack = QMIAAttack(output_dir="out", write_report=False, alpha=float(level), report_individual=True)
            began = time.process_time()
            output = attack.attack(target)
            seconds[t] = time.process_time() - began
            if output.get("status") == "success":  # else it has found its quantiles to be all the same, and says so
                scores[t, rows] = attack.attack_metrics[0]["individual"]["margin"]
        found |= {level: scores, f"{level}/seconds": seconds}
    np.savez(made, **found)


if __name__ == "__main__":
    main(*sys.argv[1:])
