"""LightGBM's trees: LGBMClassifier with the log loss, every row in every round."""

from typing import Any

import numpy as np
import numpy.typing as npt
from sklearn.utils.class_weight import compute_class_weight

from reticent._optional import loaded
from reticent.target.family.boosting import LeafRule

# Further parameters (under LightGBM's own names) that change which trees grow or how fast, never a leaf's value.
_HARMLESS = {
    *("verbose", "verbosity", "metric", "seed", "deterministic", "num_threads", "force_row_wise", "force_col_wise"),
    *("max_bin", "min_data_in_bin", "feature_fraction_bynode", "extra_trees", "histogram_pool_size", "num_class"),
    *("cat_smooth", "cat_l2", "max_cat_threshold", "max_cat_to_onehot", "min_data_per_group", "categorical_feature"),
    *("lambda_l1", "lambda_l2", "max_delta_step", "scale_pos_weight", "boost_from_average"),
}
_OBJECTIVES = (None, "binary", "multiclass", "softmax")


def plain(estimator: Any) -> bool:
    """Whether this is an estimator of LightGBM whose leaf values are plain sums over all of its rows."""
    library = loaded("lightgbm")
    if library is None or type(estimator) is not library.LGBMClassifier:
        return False
    given = estimator.get_params()
    own = set(library.LGBMClassifier().get_params())
    return (
        given["boosting_type"] == "gbdt"
        and given["objective"] in _OBJECTIVES
        and (given["subsample"] >= 1 or given["subsample_freq"] <= 0)
        and set(given) - own <= _HARMLESS
    )


def rule(model: Any) -> LeafRule:
    """Return how LightGBM makes leaf values."""
    given, classes = model.get_params(), len(model.classes_)
    return LeafRule(
        rate=given["learning_rate"],
        l2=given.get("lambda_l2", given["reg_lambda"]),
        l1=given.get("lambda_l1", given["reg_alpha"]),
        max_step=max(0.0, given.get("max_delta_step", 0.0)),
        curvature=1.0 if classes == 2 else classes / (classes - 1),
    )


def start(model: Any, shares: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Return the raw scores before the first round, shape (K,)."""
    if not model.get_params().get("boost_from_average", True):
        return np.zeros(1 if len(shares) == 2 else len(shares))
    return np.log(shares[1:] / shares[:1]) if len(shares) == 2 else np.log(shares)


def weights(model: Any, truth: npt.NDArray[np.intp]) -> npt.NDArray[np.float64]:
    """Return what a row of each class counts for, shape (C,)."""
    named = model.class_weight
    if isinstance(named, dict):
        named = {position: named.get(label, 1.0) for position, label in enumerate(model.classes_)}
    each = np.asarray(compute_class_weight(named, classes=np.arange(len(model.classes_)), y=truth), dtype=np.float64)
    if len(each) == 2:
        each[1] *= model.get_params().get("scale_pos_weight", 1.0)
    return each


def learned(model: Any, truth: npt.NDArray[np.intp]) -> npt.NDArray[np.bool_]:
    """Return which of its training rows the model learned from, shape (m,)."""
    return np.ones(len(truth), dtype=bool)


def leaves(model: Any, x: Any) -> npt.NDArray[Any]:
    """Return the leaf of each row in each tree, shape (m, rounds, K)."""
    columns = 1 if len(model.classes_) == 2 else len(model.classes_)
    found = np.asarray(model.predict(x, pred_leaf=True, num_threads=1))
    return found.reshape(len(found), -1, columns)


def extra_l2(model: Any, most: int) -> npt.NDArray[np.float64] | None:
    """Return what LightGBM adds to the L2 of each leaf below a split of many categories, (rounds, K, most), or None."""
    booster, given = model.booster_, model.get_params()
    ranges = _field(booster.model_to_string(num_iteration=1), "feature_infos").split()
    bins = np.array([0 if text.startswith("[") else text.count(":") + 1 for text in ranges])
    many = bins > given.get("max_cat_to_onehot", 4)
    if not many.any():
        return None
    trees = booster.model_to_string().split("\nTree=")[1:]
    found = np.zeros((len(trees), most))
    for row, tree in zip(found, trees, strict=True):
        if int(_field(tree, "num_leaves")) == 1:
            continue
        split, kind, left, right = (
            np.array(_field(tree, name).split(), dtype=np.int64)
            for name in ("split_feature", "decision_type", "left_child", "right_child")
        )
        children = np.stack([left, right])[:, (kind % 2 == 1) & many[split]]
        row[~children[children < 0]] = given.get("cat_l2", 10.0)  # a leaf is written as the complement of its number
    return found.reshape(-1, 1 if len(model.classes_) == 2 else len(model.classes_), most)


def _field(text: str, name: str) -> str:
    return text.partition(f"\n{name}=")[2].partition("\n")[0]


def raw(model: Any, x: Any) -> npt.NDArray[np.float64]:
    """Return the raw scores, shape (m,) or (m, K)."""
    return np.asarray(model.predict(x, raw_score=True, num_threads=1), dtype=np.float64)
