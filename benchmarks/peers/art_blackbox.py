"""ART 1.20.1's black-box membership attacks on what models said: learned attackers and the rule.

Reads x-free answers p (T, n, C), y (n,), member (T, n), known (T, n): the rows whose membership the attacker is told,
since his attack is learned from them. Argument: attackers, as "rf,gb,nn,rule". Writes for each the scores, (T, n), and
the seconds of each target, (T,). Judge on rows that are not ``known``.
"""

import sys
import time

import numpy as np
from art.attacks.inference.membership_inference import (
    MembershipInferenceBlackBox,
    MembershipInferenceBlackBoxRuleBased,
)
from art.estimators.classification import BlackBoxClassifier


def main(given: str, made: str, attackers: str) -> None:
    with np.load(given, allow_pickle=False) as held:
        p, y, member, known = held["p"], held["y"], held["member"], held["known"]
    found = {}
    for attacker in attackers.split(","):
        scores, seconds = np.zeros(member.shape), np.zeros(len(p))
        for t in range(len(p)):
            np.random.seed(t)  # noqa: NPY002  # ART's own classifiers draw from there
            began = time.process_time()
            scores[t] = one(attacker, p[t], y, member[t], known[t])
            seconds[t] = time.process_time() - began
        found |= {attacker: scores, f"{attacker}/seconds": seconds}
    np.savez(made, **found)


def one(attacker: str, p: np.ndarray, y: np.ndarray, member: np.ndarray, known: np.ndarray) -> np.ndarray:
    rows = np.arange(len(p), dtype=np.float32)[:, None]
    model = BlackBoxClassifier(lambda x: p[x[:, 0].astype(int)], input_shape=(1,), nb_classes=p.shape[1])
    if attacker == "rule":
        return MembershipInferenceBlackBoxRuleBased(model).infer(rows, y).astype(float)
    attack = MembershipInferenceBlackBox(model, attack_model_type=attacker)
    inside, outside = known & member, known & ~member
    attack.fit(rows[inside], y[inside], rows[outside], y[outside])
    answers = np.asarray(attack.infer(rows, y, probabilities=True))
    return answers[:, -1]


if __name__ == "__main__":
    main(*sys.argv[1:])
