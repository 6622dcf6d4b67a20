"""Check that the trees in a model that was read stay inside their own arrays.

scikit-learn follows the indices of a fitted tree without looking: a file in which a child or a feature lies outside
crashes the process, or reads memory that is not the model's (scikit-learn pull request 34558; for that reason skops
trusts no tree by default). Reading such a file does no harm yet, so it is looked through before anybody asks the model.
"""

from collections.abc import Iterator
from typing import Any

import numpy as np
import numpy.typing as npt
from sklearn.ensemble import IsolationForest
from sklearn.ensemble._forest import BaseForest
from sklearn.ensemble._gb import BaseGradientBoosting
from sklearn.ensemble._hist_gradient_boosting.gradient_boosting import BaseHistGradientBoosting
from sklearn.ensemble._hist_gradient_boosting.predictor import TreePredictor
from sklearn.neighbors import BallTree, KDTree
from sklearn.tree import BaseDecisionTree
from sklearn.tree._tree import Tree

from reticent.errors import ModelError

# These look at the width of a row themselves and then hand it to their trees unchecked.
_OWNERS = (BaseDecisionTree, BaseForest, IsolationForest, BaseGradientBoosting, BaseHistGradientBoosting)
_BITSET_WORDS = 8  # 256 categories in words of 32 bits


def check_trees(model: Any) -> None:
    """Refuse a model whose trees point outside of themselves or of their rows.

    Raises
    ------
    ModelError
        Naming the first tree that does.
    """
    seen: set[tuple[int, int | None]] = set()
    stack: list[tuple[Any, int | None, npt.NDArray[np.bool_] | None]] = [(model, None, None)]
    while stack:
        value, width, categorical = stack.pop()
        if (id(value), width) in seen:
            continue
        seen.add((id(value), width))
        if isinstance(value, Tree):
            _require(_tree_stays_inside(value, width), value)
        elif isinstance(value, TreePredictor):
            _require(_predictor_stays_inside(value, width, categorical), value)
        elif isinstance(value, KDTree | BallTree):
            _require(_neighbors_stay_inside(value), value)
        else:
            if isinstance(value, _OWNERS):
                width, categorical = _row(value, width)
            elif hasattr(value, "get_params"):  # any other estimator checks what it is given
                width, categorical = None, None
            stack.extend((inner, width, categorical) for inner in _inside(value))


def _require(inside: bool, tree: Any) -> None:
    if not inside:
        raise ModelError(
            f"the model holds a {type(tree).__name__} that points outside of itself: the file is damaged, or was made "
            f"to crash whoever uses it. Get it again from where the model was trained"
        )


def _row(owner: Any, width: int | None) -> tuple[int | None, npt.NDArray[np.bool_] | None]:
    own = getattr(owner, "n_features_in_", None)
    if own is None:  # not fitted, hence without trees; a tree below finds no width and is refused
        return None, None
    narrowest = int(own) if width is None else min(int(own), width)
    if isinstance(owner, BaseGradientBoosting):
        trees = getattr(owner, "estimators_", np.empty((0, 1)))
        classes = getattr(owner, "n_classes_", 1)
        _require(trees.ndim == 2 and trees.shape[1] == (1 if classes == 2 else classes), owner)
    if isinstance(owner, BaseHistGradientBoosting) and hasattr(owner, "_bin_mapper"):
        return narrowest, np.asarray(owner._bin_mapper.is_categorical_, dtype=bool)
    return narrowest, None


def _tree_stays_inside(tree: Tree, width: int | None) -> bool:
    if width is None or not 0 < tree.node_count <= tree.capacity:
        return False
    left, right, feature = tree.children_left, tree.children_right, tree.feature
    inner = left != -1
    return _children(left, right, inner) and bool(((feature[inner] >= 0) & (feature[inner] < width)).all())


def _predictor_stays_inside(tree: TreePredictor, width: int | None, categorical: Any) -> bool:
    if width is None or categorical is None or len(categorical) < width:
        return False
    nodes, sets = tree.nodes, (tree.raw_left_cat_bitsets, tree.binned_left_cat_bitsets)
    inner = nodes["is_leaf"] == 0
    feature = nodes["feature_idx"][inner].astype(np.int64)
    if not (_children(nodes["left"], nodes["right"], inner) and ((feature >= 0) & (feature < width)).all()):
        return False
    by_category = nodes["is_categorical"][inner] != 0
    known = nodes["bitset_idx"][inner][by_category].astype(np.int64)
    return bool(categorical[feature[by_category]].all()) and all(
        one.ndim == 2 and one.shape[1] == _BITSET_WORDS and (known < len(one)).all() for one in sets
    )


def _children(left: npt.NDArray[Any], right: npt.NDArray[Any], inner: npt.NDArray[np.bool_]) -> bool:
    """Whether every child lies behind its parent, hence inside the arrays and on no circle."""
    if len(left) == 0:
        return False
    parent = np.arange(len(left))[inner]
    return all(bool(((side[inner] > parent) & (side[inner] < len(left))).all()) for side in (left, right))


def _neighbors_stay_inside(tree: Any) -> bool:
    data, order, nodes, bounds, *_ = tree.__getstate__()
    count = tree.__getstate__()[6]
    start, end, inner = nodes["idx_start"], nodes["idx_end"], nodes["is_leaf"] == 0
    last_child = 2 * np.arange(len(nodes))[inner] + 2
    return bool(
        count == len(nodes) > 0
        and len(order) == len(data)
        and ((order >= 0) & (order < len(data))).all()
        and ((start >= 0) & (start <= end) & (end <= len(data))).all()
        and (last_child < len(nodes)).all()
        and bounds.ndim == 3
        and bounds.shape[1] == len(nodes)
        and (bounds.shape[2] == data.shape[1] or isinstance(tree, BallTree))
    )


def _inside(value: Any) -> Iterator[Any]:
    if isinstance(value, dict):
        yield from value.values()
    elif isinstance(value, list | tuple | set | frozenset):
        yield from value
    elif isinstance(value, np.ndarray):
        if value.dtype.kind == "O":
            yield from value.ravel().tolist()
    elif not isinstance(value, type):
        yield from getattr(value, "__dict__", {}).values()
