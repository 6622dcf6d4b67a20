"""Forests of scikit-learn (random forests, extra trees, bags of any classifier), grown a few trees at a time."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from sklearn.ensemble import BaggingClassifier, ExtraTreesClassifier, RandomForestClassifier
from sklearn.tree import DecisionTreeClassifier, ExtraTreeClassifier
from sklearn.utils import check_array

from reticent.backends.estimators import seeded, taken_apart
from reticent.errors import RecipeError
from reticent.target.family.forest import Grown

# The classes themselves: a subclass may answer with something else than the mean of its trees.
_FORESTS = (RandomForestClassifier, ExtraTreesClassifier)
_TREES = (DecisionTreeClassifier, ExtraTreeClassifier)

Index = npt.NDArray[np.intp]
Votes = npt.NDArray[np.float32]
Leaves = npt.NDArray[np.int32]

_MOST_DRAWN = np.iinfo(np.uint8).max


@dataclass(frozen=True, eq=False)
class SklearnForest:
    """An unfitted forest or bag, alone or at the end of a pipeline that is fitted anew on each set of rows."""

    estimator: Any
    features: tuple[str, ...]

    @property
    def trees(self) -> int:
        return int(taken_apart(self.estimator)[1].n_estimators)

    def grow(self, table: Any, rows: Index, trees: int, seed: int) -> Grown:
        prepare, bag = taken_apart(seeded(self.estimator, seed))
        bag.set_params(n_estimators=trees, oob_score=False)  # which would warn that so few trees leave rows unseen
        part, labels = table.take(rows), table.labels()
        try:
            known, x = part.features(self.features), table.features(self.features)
            if prepare is not None:
                known, x = prepare.fit_transform(known, part.labels()), prepare.transform(x)
            bag.fit(known, part.labels())
            true = np.minimum(np.searchsorted(bag.classes_, labels), len(bag.classes_) - 1)
            votes, leaves = (_read_forest if type(bag) in _FORESTS else _read_bag)(bag, x, true)
        except Exception as error:  # the estimators of a bag have errors of their own
            raise RecipeError(
                f"growing {trees} trees of another {type(bag).__name__} failed: {error}. Pass recipe=, a function "
                f"(rows, seed) -> fitted model, that repeats how the target was trained"
            ) from error
        votes[:, bag.classes_[true] != labels] = 0  # nobody votes for a class that none of these rows is of
        drawn = np.zeros(votes.shape, dtype=np.uint8)
        for own, sample in zip(drawn, bag.estimators_samples_, strict=True):
            own[rows] = np.minimum(np.bincount(sample, minlength=len(rows)), _MOST_DRAWN)
        return Grown(votes=votes, drawn=drawn, leaves=leaves)


def _read_forest(bag: Any, x: Any, true: Index) -> tuple[Votes, Leaves]:
    leaves = np.ascontiguousarray(bag.apply(x).T, dtype=np.int32)
    votes = [_share(tree, leaf, true) for tree, leaf in zip(bag.estimators_, leaves, strict=True)]
    return np.array(votes, dtype=np.float32), leaves


def _read_bag(bag: Any, x: Any, true: Index) -> tuple[Votes, Leaves | None]:
    x = check_array(x, accept_sparse=["csr", "csc"], dtype=None, ensure_all_finite=False)  # as the bag itself does
    parts = [(one, x[:, columns]) for one, columns in zip(bag.estimators_, bag.estimators_features_, strict=True)]
    if any(type(one) not in _TREES for one, _ in parts):
        return np.array([_answer(one, part, true) for one, part in parts], dtype=np.float32), None
    leaves = np.array([one.apply(part) for one, part in parts], dtype=np.int32)
    # A tree of a bag numbers the classes that it met itself.
    votes = [_share(one, leaf, *_known(one.classes_, true)) for (one, _), leaf in zip(parts, leaves, strict=True)]
    return np.array(votes, dtype=np.float32), leaves


def _share(tree: Any, leaf: Index, true: Index, met: npt.NDArray[np.bool_] | bool = True) -> npt.NDArray[Any]:
    """Return the share that the true class has in the leaf of each row, shape (n,)."""
    value = tree.tree_.value[:, 0, :]
    return np.where(met, value[leaf, true] / value.sum(axis=1)[leaf], 0)


def _answer(one: Any, x: Any, true: Index) -> npt.NDArray[Any]:
    """Return the probability, or else the vote, that one of a bag gives to the true class of each row, shape (n,)."""
    if not hasattr(one, "predict_proba"):
        return np.asarray(one.predict(x) == true)
    at, met = _known(one.classes_, true)
    return np.where(met, one.predict_proba(x)[np.arange(len(at)), at], 0)


def _known(classes: npt.NDArray[Any], true: Index) -> tuple[Index, npt.NDArray[np.bool_]]:
    """Return where each true class stands among these, and whether it does."""
    at = np.minimum(np.searchsorted(classes, true), len(classes) - 1)
    return at, np.asarray(classes[at] == true)


def read(estimator: Any, features: tuple[str, ...]) -> SklearnForest | None:
    """Return the forest, or None where the estimator is none."""
    _, last = taken_apart(estimator)
    return SklearnForest(estimator, features) if type(last) in (*_FORESTS, BaggingClassifier) else None
