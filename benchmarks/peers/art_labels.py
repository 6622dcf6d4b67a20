"""ART 1.20.1 with labels alone on one classifier: the rule (gap) for all rows, HopSkipJump's distance for some.

Reads x (n, d), y (n,), member (n,), some (k,) row numbers, seed; argument: forest or mlp. The distance is the number
that ``LabelOnlyDecisionBoundary`` computes before it is cut to yes or no. Labels are asked in large batches, and the
search is short: 10 rounds, about 1,200 labels a row, in place of 50 rounds and 25,000. On 100 rows of the first network
both gave the same AUC and the same order of rows, the short one for a fifth of the CPU; walks within the range of each
column or of all columns together made no difference beyond noise (AUC 0.581 and 0.573; 22 and 17 walks never began,
which ART counts as distance 0).
Writes for rule and distance the scores and the seconds, and how many of the walks never began.
"""

import logging
import sys
import time

import numpy as np
from art.attacks.evasion import HopSkipJump
from art.attacks.inference.membership_inference import MembershipInferenceBlackBoxRuleBased
from art.estimators.classification import SklearnClassifier
from sklearn.ensemble import RandomForestClassifier
from sklearn.neural_network import MLPClassifier


def main(given: str, made: str, kind: str) -> None:
    logging.disable(logging.CRITICAL)
    with np.load(given, allow_pickle=False) as held:
        x, y, member, some, seed = held["x"], held["y"], held["member"], held["some"], int(held["seed"])
    model = {
        "forest": RandomForestClassifier(random_state=seed),
        "mlp": MLPClassifier((64,), max_iter=30, random_state=seed),
    }[kind].fit(x[member], y[member])
    low, high = x.min(axis=0), x.max(axis=0)
    classifier = SklearnClassifier(model, clip_values=(low, np.maximum(high, low + 1e-3)))  # ART refuses equal ends
    began = time.process_time()
    rule = MembershipInferenceBlackBoxRuleBased(classifier).infer(x, y)
    rule_seconds = time.process_time() - began
    began = time.process_time()
    search = HopSkipJump(classifier, batch_size=4096, max_iter=10, init_eval=50, max_eval=200, verbose=False)
    found = search.generate(x=x[some], y=y[some])
    distance = np.linalg.norm(found - x[some], axis=1)
    right = model.predict(x[some]) == y[some]
    np.savez(
        made,
        rule=np.asarray(rule, dtype=np.float64).ravel(),
        rule_seconds=rule_seconds,
        distance=np.where(right, distance, 0),
        seconds=time.process_time() - began,
        failed=int((distance == 0).sum()),
    )


if __name__ == "__main__":
    main(*sys.argv[1:])
