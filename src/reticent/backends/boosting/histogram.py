"""scikit-learn's HistGradientBoostingClassifier, rows set aside to stop by included.

scikit-learn has no public way to a row's leaf. Trees whose leaves have their own number for a value are asked in its
place; the private names this takes are looked for first, and the arithmetic is checked on real scores in any case.
"""

from typing import Any

import numpy as np
import numpy.typing as npt
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.model_selection import train_test_split
from sklearn.utils.class_weight import compute_class_weight

from reticent.target.family.boosting import LeafRule

_PRIVATE = ("_preprocess_X", "_predict_iterations", "_raw_predict")


def plain(estimator: Any) -> bool:
    """Whether this is an estimator of scikit-learn whose leaf values are plain sums over all of its rows."""
    if type(estimator) is not HistGradientBoostingClassifier:
        return False
    given = estimator.get_params()
    return (
        given["loss"] == "log_loss"
        and given["monotonic_cst"] is None
        and not given["warm_start"]
        and all(hasattr(estimator, name) for name in _PRIVATE)
    )


def rule(model: Any) -> LeafRule:
    """Return how scikit-learn makes leaf values."""
    return LeafRule(rate=model.learning_rate, l2=model.l2_regularization)


def start(model: Any, shares: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Return the raw scores before the first round, shape (K,)."""
    return np.asarray(model._baseline_prediction, dtype=np.float64).ravel()


def weights(model: Any, truth: npt.NDArray[np.intp]) -> npt.NDArray[np.float64]:
    """Return what a row of each class counts for, shape (C,)."""
    # scikit-learn looks classes up by position here, not by label
    each = compute_class_weight(model.class_weight, classes=np.arange(len(model.classes_)), y=truth)
    return np.asarray(each, dtype=np.float64)


def learned(model: Any, truth: npt.NDArray[np.intp]) -> npt.NDArray[np.bool_]:
    """Return which of its training rows the model learned from, shape (m,)."""
    inside = np.ones(len(truth), dtype=bool)
    if model.do_early_stopping_ and model.validation_fraction is not None:
        _, aside = train_test_split(
            np.arange(len(truth)),
            test_size=model.validation_fraction,
            stratify=truth,
            random_state=model._random_seed,
        )
        inside[aside] = False
    return inside


def leaves(model: Any, x: Any) -> npt.NDArray[Any]:
    """Return the leaf of each row in each tree, shape (m, rounds, K)."""
    rows = model._preprocess_X(x, reset=False)
    found = np.empty((len(rows), len(model._predictors), model.n_trees_per_iteration_), dtype=np.int32)
    for step, trees in enumerate(model._predictors):
        numbers = np.zeros((len(rows), len(trees)), order="F")
        model._predict_iterations(rows, [[_numbered(tree) for tree in trees]], numbers, False, 1)
        found[:, step] = numbers
    return found


def extra_l2(model: Any, most: int) -> None:
    """Return None: a split of categories makes leaves like any other."""


def raw(model: Any, x: Any) -> npt.NDArray[np.float64]:
    """Return the raw scores, shape (m,) or (m, K)."""
    return np.asarray(model._raw_predict(x, n_threads=1), dtype=np.float64)


def _numbered(tree: Any) -> Any:
    """Return the tree with the position of each leaf for its value: 0, 1, ..."""
    nodes = tree.nodes.copy()
    leaf = nodes["is_leaf"].astype(bool)
    nodes["value"][leaf] = np.arange(leaf.sum())
    return type(tree)(nodes, tree.binned_left_cat_bitsets, tree.raw_left_cat_bitsets)
