"""XGBoost's trees: XGBClassifier with the log loss, every row in every round."""

import json
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy import special

from reticent._optional import loaded
from reticent.target.family.boosting import LeafRule

_OBJECTIVES = (None, "binary:logistic", "multi:softprob", "multi:softmax")
# What each of these may be beside None: anything else draws rows anew, bends leaf values or moves the work elsewhere.
_PLAIN = {
    "booster": ("gbtree",),
    "subsample": (1,),
    "num_parallel_tree": (1,),
    "device": ("cpu",),
    "multi_strategy": ("one_output_per_tree",),
    "tree_method": ("auto", "exact", "approx", "hist"),
    "monotone_constraints": ((), {}, "()"),
    "early_stopping_rounds": (),
    "callbacks": (),
}


def plain(estimator: Any) -> bool:
    """Whether this is an estimator of XGBoost whose leaf values are plain sums over all of its rows."""
    library = loaded("xgboost")
    if library is None or type(estimator) is not library.XGBClassifier:
        return False
    given = estimator.get_params()
    own = set(library.XGBClassifier().get_params())
    allowed = (given[name] is None or given[name] in values for name, values in _PLAIN.items())
    return given["objective"] in _OBJECTIVES and all(allowed) and set(given) <= own


def rule(model: Any) -> LeafRule:
    """Return how XGBoost makes leaf values."""
    tree = _config(model)["gradient_booster"]["tree_train_param"]
    return LeafRule(
        rate=float(tree["eta"]),
        l2=float(tree["lambda"]),
        l1=float(tree["alpha"]),
        max_step=float(tree["max_delta_step"]),
        curvature=1.0 if len(model.classes_) == 2 else 2.0,
        lone=True,
    )


def start(model: Any, shares: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Return the raw scores before the first round, shape (K,)."""
    score = np.atleast_1d(np.asarray(json.loads(_config(model)["learner_model_param"]["base_score"]), np.float64))
    return special.logit(score) if len(shares) == 2 else np.broadcast_to(score, len(shares))


def weights(model: Any, truth: npt.NDArray[np.intp]) -> npt.NDArray[np.float64]:
    """Return what a row of each class counts for, shape (C,)."""
    each = np.ones(len(model.classes_))
    if len(each) == 2:
        each[1] = model.get_params()["scale_pos_weight"] or 1.0
    return each


def learned(model: Any, truth: npt.NDArray[np.intp]) -> npt.NDArray[np.bool_]:
    """Return which of its training rows the model learned from, shape (m,)."""
    return np.ones(len(truth), dtype=bool)


def leaves(model: Any, x: Any) -> npt.NDArray[Any]:
    """Return the leaf of each row in each tree, shape (m, rounds, K)."""
    columns = 1 if len(model.classes_) == 2 else len(model.classes_)
    found = np.asarray(model.apply(x)).astype(np.int32)  # XGBoost numbers its nodes in floats
    return found.reshape(len(found), -1, columns)


def extra_l2(model: Any, most: int) -> None:
    """Return None: a split of categories makes leaves like any other."""


def raw(model: Any, x: Any) -> npt.NDArray[np.float64]:
    """Return the raw scores, shape (m,) or (m, K)."""
    return np.asarray(model.predict(x, output_margin=True), dtype=np.float64)


def _config(model: Any) -> Any:
    return json.loads(model.get_booster().save_config())["learner"]
