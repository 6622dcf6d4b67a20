"""Classifiers of Diffprivlib 0.6.6 (on scikit-learn 1.7.2), with declared bounds, norm and classes.

Reads features in [0, 1]: x_train (n, d), x_test (m, d); norm, the largest a row may have; y and y_test, labels 0..C-1;
and settings (K, 2): epsilon, and which of ``models``. Writes accuracy, auc (NaN for more than two classes) and CPU
seconds, (K,).
"""

import sys
import time
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
from diffprivlib.models import GaussianNB, LogisticRegression, RandomForestClassifier
from sklearn.metrics import roc_auc_score

# The order is known to bench_dp_diffprivlib.py and bench_dp_small.py.
PENALTIES = (1.0, 0.1, 0.01, 0.001)


def models(epsilon: float, norm: float, classes: np.ndarray) -> list[Callable[[], Any]]:
    """Return the makers of the models that are compared with."""
    makers: list[Callable[[], Any]] = [
        lambda c=c: LogisticRegression(epsilon=epsilon, data_norm=norm, C=c, max_iter=200) for c in PENALTIES
    ]
    makers.append(lambda: GaussianNB(epsilon=epsilon, bounds=(0, 1)))
    makers += [
        lambda depth=depth: RandomForestClassifier(10, epsilon=epsilon, bounds=(0, 1), classes=classes, max_depth=depth)
        for depth in (5, 8)
    ]
    return makers


def main(given: str, made: str) -> None:
    warnings.simplefilter("ignore")
    found: dict[str, list[float]] = {"accuracy": [], "auc": [], "seconds": []}
    with np.load(given, allow_pickle=False) as held:
        x, x_test = held["x_train"].astype(float), held["x_test"].astype(float)
        y, y_test, settings, norm = held["y"], held["y_test"], held["settings"], float(held["norm"])
    classes = np.unique(y)
    for epsilon, which in settings:
        model = models(epsilon, norm, classes)[int(which)]()
        began = time.process_time()
        model.fit(x, y)
        found["seconds"].append(time.process_time() - began)
        found["accuracy"].append(float(np.mean(model.predict(x_test) == y_test)))
        chance = np.nan_to_num(model.predict_proba(x_test)[:, -1], nan=0.5)
        found["auc"].append(float(roc_auc_score(y_test, chance)) if len(classes) == 2 else np.nan)
    np.savez(made, **{name: np.array(values) for name, values in found.items()})


if __name__ == "__main__":
    main(*sys.argv[1:])
