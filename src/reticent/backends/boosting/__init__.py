"""Boosted trees of LightGBM, XGBoost and scikit-learn, taken apart into leaves.

Each file knows one library: which settings leave the arithmetic of its leaves plain, and where it keeps what. What
draws rows anew in each round (bagging, GOSS, DART), bends leaf values (monotone constraints, path smoothing) or has a
loss of its own is passed on, and audited by whole shadow models.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from reticent.backends.boosting import histogram, lightgbm, xgboost
from reticent.backends.estimators import package_is, seeded, taken_apart, unfitted
from reticent.errors import AccessError, RecipeError
from reticent.target.family.boosting import Boosted, LeafRule
from reticent.target.target import class_positions

Index = npt.NDArray[np.intp]
Mask = npt.NDArray[np.bool_]

_CHUNK = 1 << 16  # rows whose leaves are asked for at once: libraries answer in 32 or 64 bits a leaf


class Library(Protocol):
    """What each file of this package knows of its library; ``model`` is fitted, x is what its last step is given."""

    def plain(self, estimator: Any) -> bool:
        """Whether this is an estimator of the library whose leaf values are plain sums over all of its rows."""

    def rule(self, model: Any) -> LeafRule:
        """Return how leaf values are made."""

    def start(self, model: Any, shares: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        """Return the raw scores before the first round, shape (K,), from the weighted shares of the classes."""

    def weights(self, model: Any, truth: Index) -> npt.NDArray[np.float64]:
        """Return what a row of each class counts for, shape (C,), from the classes of the training rows."""

    def learned(self, model: Any, truth: Index) -> Mask:
        """Return which of its training rows the model learned from rather than stopped by."""

    def leaves(self, model: Any, x: Any) -> npt.NDArray[Any]:
        """Return the leaf of each row in each tree, shape (m, rounds, K)."""

    def extra_l2(self, model: Any, most: int) -> npt.NDArray[np.float64] | None:
        """Return what is added to the L2 of each leaf, shape (rounds, K, most leaves of a tree), or None."""

    def raw(self, model: Any, x: Any) -> npt.NDArray[np.float64]:
        """Return the raw scores, shape (m,) or (m, K)."""


# By the package that an estimator is of; nothing is imported to find out.
_LIBRARIES: Mapping[str, Library] = {"lightgbm": lightgbm, "xgboost": xgboost, "sklearn": histogram}


@dataclass(frozen=True, eq=False)
class BoostedTrees:
    """Boosted trees, alone or last in a pipeline whose preparing steps are fitted anew on each half's raw rows."""

    estimator: Any
    features: tuple[str, ...]
    package: str

    @property
    def library(self) -> Library:
        return _LIBRARIES[self.package]  # a module would not travel to every kind of worker

    def fit(self, table: Any, rows: Index, seed: int) -> Boosted:
        """Train on these rows of a table, as the recipe does, and take the model apart for all rows of the table."""
        fresh = seeded(self.estimator, seed)
        own = table.take(rows)
        try:
            fresh.fit(own.features(self.features), own.labels())
        except Exception as error:  # each library has errors of its own
            raise RecipeError(f"training another {type(self.estimator).__name__} failed: {error}") from error
        prepare, model = taken_apart(fresh)

        def prepared(some: Index) -> Any:
            x = (table if len(some) == len(table) else table.take(some)).features(self.features)
            return x if prepare is None else prepare.transform(x)

        if len(np.unique(table.labels())) > len(model.classes_):
            raise AccessError("half of the people lacks a class altogether; a model that never met it cannot be read")
        truth = class_positions(table.labels(), np.asarray(model.classes_))
        learned = np.zeros(len(table), dtype=bool)
        learned[rows[self.library.learned(model, truth[rows])]] = True
        weight = self.library.weights(model, truth[rows])[truth]
        shares = np.bincount(truth[learned], weight[learned], len(model.classes_))
        leaves = self._leaves(model, prepared, len(table))
        return Boosted(
            leaves=leaves,
            extra_l2=self.library.extra_l2(model, int(leaves.max(initial=0)) + 1),
            start=self.library.start(model, shares / shares.sum()),
            truth=truth,
            learned=learned,
            weight=weight,
            rule=self.library.rule(model),
            raw=lambda some: self.library.raw(model, prepared(some)).reshape(len(some), -1),
        )

    def _leaves(self, model: Any, prepared: Any, n: int) -> npt.NDArray[Any]:
        found: npt.NDArray[Any] | None = None
        for first in range(0, n, _CHUNK):
            some = np.arange(first, min(first + _CHUNK, n))
            part = self.library.leaves(model, prepared(some))
            small = np.min_scalar_type(int(part.max(initial=0)))
            if found is None:
                found = np.empty((*part.shape[1:], n), dtype=small)
            elif small.itemsize > found.itemsize:
                found = found.astype(small)
            found[..., some] = np.moveaxis(part.astype(small), 0, -1)
        assert found is not None  # a population is never empty
        return found


def read(estimator: Any, features: tuple[str, ...]) -> BoostedTrees | None:
    """Return the boosted trees of an unfitted estimator, or None where leaf values are no plain sums over its rows."""
    _, last = taken_apart(estimator)
    for package, library in _LIBRARIES.items():
        if package_is(last, package) and library.plain(last):
            return BoostedTrees(unfitted(estimator), features, package)
    return None
