"""LiRA of sacroml 2.0.1 on one random forest, as its documentation calls it; reports are not written.

Reads x (n, d), y (n,), member (n,); arguments: mode, number of shadow models. Writes, in the order of the rows, the
scores of the mode asked for, the seconds that its run took, and under ``<mode>/<variance>`` the scores of every other
mode on the same shadow models, which cost nothing here: the best of them is quoted.
"""

import logging
import sys
import time

import numpy as np
from sacroml.attacks.likelihood_attack import LIRAAttack
from sacroml.attacks.target import Target
from sklearn.ensemble import RandomForestClassifier

MODES = ("offline", "offline-carlini", "online-carlini")


def main(given: str, made: str, mode: str, count: str) -> None:
    logging.disable(logging.CRITICAL)
    with np.load(given, allow_pickle=False) as held:
        x, y, member, seed = held["x"], held["y"], held["member"], int(held["seed"])
    rows = np.concatenate([np.flatnonzero(member), np.flatnonzero(~member)])
    size = int(member.sum())
    model = RandomForestClassifier(random_state=seed).fit(x[member], y[member])
    parts = {"X_train": x[rows[:size]], "y_train": y[rows[:size]], "X_test": x[rows[size:]], "y_test": y[rows[size:]]}
    attack = LIRAAttack(output_dir="out", write_report=False, n_shadow_models=int(count), mode=mode)
    kept: list = []

    def keep(labels, answers, outside, inside):
        kept[:] = [labels, answers, outside, inside, compute(labels, answers, outside, inside)]
        return kept[-1]

    compute, attack._compute_scores = attack._compute_scores, keep
    began = time.process_time()
    attack.attack(Target(model=model, dataset_name="people", **parts))
    found = {"seconds": np.array(time.process_time() - began), "scores": in_order(kept[-1][0], rows)}
    for other in MODES:
        for fixed in (False, True):
            again = LIRAAttack(output_dir="out", write_report=False, mode=other, fix_variance=fixed)
            found[f"{other}/{'one' if fixed else 'own'}"] = in_order(again._compute_scores(*kept[:4])[0], rows)
    np.savez(made, **found)


def in_order(scores: list, rows: np.ndarray) -> np.ndarray:
    """Return sacroml's column of membership, each score at its row's own place."""
    placed = np.empty(len(rows))
    placed[rows] = np.array(scores)[:, 1]
    return placed


if __name__ == "__main__":
    main(*sys.argv[1:])
