"""Logistic regression of scikit-learn with an even L2 penalty, alone or behind steps that prepare each row by itself.

Preparing steps are fitted once, on the whole pool. That is sound for steps that learn a few numbers of all rows
together (means, quantiles, the list of categories) and never look at labels: one row moves them by the order of 1/n,
which is nothing beside its own effect on the weights, and what a random half moves, the weights make up for. A category
that one row alone has gets a weight of its own, and the penalty keeps it at zero in all models without that row: the
same as a model that never heard of it. All other steps (chosen columns, target encoders, components, unknown classes)
can carry one row's label or place far, so that such pipelines are left to shadow models, which fit them anew.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from sklearn import preprocessing
from sklearn.compose import ColumnTransformer
from sklearn.impute import MissingIndicator, SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import FeatureUnion, Pipeline
from sklearn.utils.class_weight import compute_sample_weight

from reticent.backends.estimators import seeded, taken_apart
from reticent.errors import RecipeError

_PREPARING = (
    preprocessing.Binarizer,
    preprocessing.FunctionTransformer,
    preprocessing.KBinsDiscretizer,
    preprocessing.MaxAbsScaler,
    preprocessing.MinMaxScaler,
    preprocessing.Normalizer,
    preprocessing.OneHotEncoder,
    preprocessing.OrdinalEncoder,
    preprocessing.PolynomialFeatures,
    preprocessing.PowerTransformer,
    preprocessing.QuantileTransformer,
    preprocessing.RobustScaler,
    preprocessing.SplineTransformer,
    preprocessing.StandardScaler,
    MissingIndicator,
    SimpleImputer,
)
_MAX_CELLS = 1_000_000_000  # of columns written out: 8 GB
_PLAIN = (None, "drop", "passthrough", "auto", "deprecated", "warn")


@dataclass(frozen=True, eq=False)
class LinearPipeline:
    """Preparing steps (unfitted, or None) and a logistic regression."""

    prepare: Any | None
    model: LogisticRegression
    features: tuple[str, ...]

    @property
    def penalty(self) -> float:
        return 1 / float(self.model.C)

    @property
    def intercept(self) -> bool:
        return bool(self.model.fit_intercept) and self.model.solver != "liblinear"

    def columns(self, table: Any) -> npt.NDArray[Any]:
        """Return the columns of the linear step, shape (n, d), written out where they are sparse.

        Raises
        ------
        RecipeError
            If they would not fit into memory.
        """
        x = table.features(self.features)
        prepared = x if self.prepare is None else seeded(self.prepare, 0).fit_transform(x)
        if np.prod(prepared.shape, dtype=np.float64) > _MAX_CELLS:
            raise RecipeError(
                f"the preparing steps make {prepared.shape[1]:,} columns of {prepared.shape[0]:,} rows: too many to be "
                f"written out. Hand in fewer people, or leave the closed form out and train shadow models (lira)"
            )
        dense = np.asarray(prepared.toarray() if hasattr(prepared, "toarray") else prepared)
        dense = dense if dense.dtype.kind == "f" else dense.astype(np.float64)
        if self.model.fit_intercept and not self.intercept:  # liblinear penalizes the constant like any other column
            return np.column_stack([dense, np.full(len(dense), self.model.intercept_scaling, dense.dtype)])
        return dense

    def weights(self, labels: npt.NDArray[Any]) -> npt.NDArray[np.float64]:
        # "balanced" looks at how often each class comes up: in a random part as often as in the whole.
        return np.asarray(compute_sample_weight(self.model.class_weight, labels), dtype=np.float64)


def read(estimator: Any, features: tuple[str, ...]) -> LinearPipeline | None:
    """Return the linear model, or None where the estimator is none, or is one that closed forms do not reach."""
    prepare, last = taken_apart(estimator)
    if type(last) is not LogisticRegression or not _evenly_penalized(last) or not _prepares(prepare):
        return None
    return LinearPipeline(prepare, last, features)


def _evenly_penalized(model: LogisticRegression) -> bool:
    told = model.get_params()
    return (
        told.get("penalty", "l2") in ("l2", "deprecated")
        and told.get("l1_ratio") in (None, 0)
        and told.get("multi_class", "auto") in ("auto", "deprecated")  # scikit-learn before 1.8
        and 0 < float(told["C"]) < np.inf  # without a penalty, people whom a plane divides have no best model
    )


def _prepares(step: Any) -> bool:
    """Whether a step treats rows one by one, but for a few numbers that it learns of all of them."""
    if step is None or isinstance(step, str):
        return step in _PLAIN
    if type(step) is Pipeline:
        return all(_prepares(inner) for _, inner in step.steps)
    if type(step) is FeatureUnion:
        return all(_prepares(inner) for _, inner in step.transformer_list)
    if type(step) is ColumnTransformer:
        return _prepares(step.remainder) and all(_prepares(inner) for _, inner, _ in step.transformers)
    return type(step) in _PREPARING
