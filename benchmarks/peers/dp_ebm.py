"""DP-EBM of interpret-core 0.7.8 with the bounds of the codebook; it buys its bins itself and charges for them.

Reads columns train0, train1, ... (n,) and test0, ... (m,), numbers or texts; bounds (d, 2), NaN for a text column; y
(n,) and y_test (m,) in {0, 1}; delta; and settings (K, 3): epsilon, learning rate, rounds. Writes accuracy, auc and CPU
seconds, (K,). A text column's values are learned from the rows by its own private histogram.
"""

import sys
import time
import warnings

import numpy as np
import pandas as pd
from interpret.privacy import DPExplainableBoostingClassifier
from sklearn.metrics import roc_auc_score


def main(given: str, made: str) -> None:
    warnings.simplefilter("ignore")
    found: dict[str, list[float]] = {"accuracy": [], "auc": [], "seconds": []}
    with np.load(given, allow_pickle=False) as held:
        bounds, y, y_test = held["bounds"], held["y"], held["y_test"]
        train, test = (
            pd.DataFrame({str(j): held[f"{part}{j}"] for j in range(len(bounds))}) for part in ("train", "test")
        )
        settings, delta = held["settings"], float(held["delta"])
    number = np.isfinite(bounds[:, 0])
    for j in np.flatnonzero(number):  # the codebook says so: nothing is outside
        train[str(j)], test[str(j)] = (part[str(j)].clip(*bounds[j]).astype(float) for part in (train, test))
    for epsilon, rate, rounds in settings:
        model = DPExplainableBoostingClassifier(
            epsilon=epsilon,
            delta=delta,
            learning_rate=rate,
            max_rounds=int(rounds),
            feature_types=["continuous" if is_number else "nominal" for is_number in number],
            privacy_bounds={int(j): (float(bounds[j, 0]), float(bounds[j, 1])) for j in np.flatnonzero(number)},
            n_jobs=1,
        )
        began = time.process_time()
        model.fit(train, y)
        found["seconds"].append(time.process_time() - began)
        chance = model.predict_proba(test)[:, 1]
        found["accuracy"].append(float(np.mean((chance > 0.5) == y_test)))
        found["auc"].append(float(roc_auc_score(y_test, chance)))
    np.savez(made, **{name: np.array(values) for name, values in found.items()})


if __name__ == "__main__":
    main(*sys.argv[1:])
