"""scikit-learn, and everything with its API: LightGBM, XGBoost, CatBoost, whole pipelines.

The recipe is inferred: an unfitted clone, given new seeds wherever it takes a ``random_state``, is fitted on other
rows. What the target fitted on its table (scalers, encoders, selectors in the pipeline) is thus fitted anew.
"""

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt
from sklearn.base import clone, is_regressor
from sklearn.exceptions import NotFittedError
from sklearn.pipeline import Pipeline

from reticent.backends.walk import walk
from reticent.errors import ModelError, ParameterError, RecipeError
from reticent.target.table import Table

# Parameters that smooth a model, by name: whatever estimator has one is offered these values, mildest first.
_CAPACITY: Mapping[str, Sequence[Any]] = {
    "min_samples_leaf": (5, 10, 20, 50, 100),  # forests, trees, histogram boosting
    "min_child_samples": (50, 100, 200, 400),  # LightGBM
    "min_child_weight": (5, 20, 50),  # XGBoost
    "l2_leaf_reg": (10, 30, 100),  # CatBoost
    "C": (0.1, 0.01, 0.001),  # linear models, support vectors
    "alpha": (0.01, 0.1, 1.0),  # multi-layer perceptrons, linear models by gradient
    "n_neighbors": (15, 50, 100),  # nearest neighbors
    "var_smoothing": (1e-3, 1e-2, 1e-1),  # naive Bayes
}


@dataclass(frozen=True, eq=False)
class SklearnModel:
    """A fitted estimator or pipeline, seen through the protocol of :class:`~reticent.target.model.Model`."""

    native: Any

    @cached_property
    def classes(self) -> npt.NDArray[Any]:
        return np.asarray(self.native.classes_)

    @property
    def features(self) -> tuple[str, ...] | None:
        names = getattr(self.native, "feature_names_in_", None)
        return None if names is None else tuple(str(name) for name in names)

    @property
    def has_scores(self) -> bool:
        return hasattr(self.native, "predict_proba")

    def scores(self, x: Any) -> npt.NDArray[np.float64]:
        return np.asarray(self._answer(self.native.predict_proba, x), dtype=np.float64)

    def labels(self, x: Any) -> npt.NDArray[np.intp]:
        if self.has_scores:
            return self.scores(x).argmax(axis=1)
        answers = np.asarray(self._answer(self.native.predict, x)).ravel()
        return np.searchsorted(self.classes, answers)

    def _answer(self, method: Any, x: Any) -> Any:
        try:
            return method(x)
        except NotFittedError as error:
            raise ModelError(f"expected a fitted model: {error}. Fit it, then describe it") from error
        except (ValueError, TypeError, KeyError) as error:
            raise ModelError(
                f"the model {type(self.native).__name__} does not accept the table: {error}. Hand in the raw columns "
                f"that it was fitted on; for categories or missing values put the preparing steps into a Pipeline"
            ) from error

    def arrays(self) -> Iterator[tuple[str, npt.NDArray[Any]]]:
        yield from walk(self.native)

    def representations(self, x: Any) -> Iterator[tuple[str, npt.NDArray[Any]]]:
        yield "the table", _numeric(x)
        step = x
        for name, transformer in _steps(self.native):
            step = transformer.transform(step)
            yield f"after {name}", _numeric(step)

    def describe(self) -> Mapping[str, Any]:
        return describe_estimator(self.native)


@dataclass(frozen=True, eq=False)
class CloneRecipe:
    """Fit a clone of ``estimator`` (never fitted itself) with a seed of its own on other rows."""

    estimator: Any
    features: tuple[str, ...]

    def __call__(self, table: Table, seed: int) -> SklearnModel:
        fresh = clone(self.estimator)
        seeds = {name: seed for name in fresh.get_params(deep=True) if name.split("__")[-1] in _SEEDS}
        jobs = {name: 1 for name in fresh.get_params(deep=True) if name.split("__")[-1] in _JOBS}
        fresh.set_params(**seeds, **jobs)
        try:
            fresh.fit(table.features(self.features), table.labels())
        except (ValueError, TypeError, KeyError) as error:
            raise RecipeError(
                f"training another {type(self.estimator).__name__} failed: {error}. Pass recipe=, a function "
                f"(rows, seed) -> fitted model, that repeats how the target was trained"
            ) from error
        return SklearnModel(fresh)

    @property
    def fingerprint(self) -> str:
        text = repr(sorted((k, repr(v)) for k, v in self.estimator.get_params(deep=True).items()))
        return hashlib.sha256(f"{type(self.estimator).__qualname__} {self.features} {text}".encode()).hexdigest()

    def capacities(self) -> list[dict[str, Any]]:
        parameters = self.estimator.get_params(deep=True)
        if type(self.estimator).__module__.startswith("catboost"):  # it lists only what was set
            parameters = {"l2_leaf_reg": None, **parameters}
        last = [name for name in parameters if name.split("__")[-1] in _CAPACITY]
        return [
            {name: value}
            for name in last
            for value in _CAPACITY[name.split("__")[-1]]
            if _smoother(name.split("__")[-1], value, parameters[name])
        ]

    def with_parameters(self, parameters: Mapping[str, Any]) -> "CloneRecipe":
        changed = clone(self.estimator)
        try:
            changed.set_params(**parameters)
        except ValueError as error:
            raise ParameterError(f"the estimator does not take these parameters: {error}") from error
        return CloneRecipe(changed, self.features)


_SEEDS = ("random_state", "random_seed")  # CatBoost says random_seed
_JOBS = ("n_jobs", "thread_count", "nthread")  # shadows run side by side already


def infer_recipe(model: Any, features: tuple[str, ...]) -> CloneRecipe:
    """Return the recipe of a fitted estimator: its own class and parameters on other rows."""
    return CloneRecipe(clone(model), features)


def read_model(model: Any) -> SklearnModel:
    """Take a fitted classifier.

    Raises
    ------
    ModelError
        If it is a regressor or not fitted.
    """
    if is_regressor(model):
        raise ModelError(
            f"expected a classifier, got the regressor {type(model).__name__}: regression is not built yet. "
            f"Bin the target into classes to audit a classifier in its place"
        )
    if not hasattr(model, "classes_"):
        raise ModelError(f"expected a fitted classifier, but {type(model).__name__} has no classes_. Fit it first")
    if np.asarray(model.classes_).ndim != 1:
        raise ModelError("expected a classifier with one label per row; multi-label models are not built yet")
    return SklearnModel(model)


def describe_estimator(model: Any) -> dict[str, Any]:
    """Return class, package and non-default parameters in plain values."""
    parameters = model.get_params(deep=False)
    try:
        defaults = type(model)().get_params(deep=False)
    except TypeError:  # a pipeline has no default steps
        defaults = {}
    changed = {k: v for k, v in parameters.items() if k not in defaults or repr(defaults[k]) != repr(v)}
    return {
        "class": type(model).__name__,
        "package": type(model).__module__.split(".")[0],
        "parameters": {name: " ".join(repr(value).split()) for name, value in changed.items()},
    }


def _smoother(parameter: str, value: Any, current: Any) -> bool:
    if current is None:
        return True
    if not isinstance(current, int | float) or isinstance(current, bool):
        return False
    return bool(value < current) if parameter == "C" else bool(value > current)


def _steps(model: Any) -> Iterator[tuple[str, Any]]:
    while isinstance(model, Pipeline):
        for name, step in model.steps[:-1]:
            if step not in (None, "passthrough"):
                yield name, step
        model = model.steps[-1][1]


def _numeric(rows: Any) -> npt.NDArray[Any]:
    """Return rows as a float array, or an array of no columns where they are not numbers."""
    dense = rows.toarray() if hasattr(rows, "toarray") else np.asarray(rows)
    try:
        return dense.astype(np.float64)
    except (ValueError, TypeError):
        return np.empty((len(dense), 0))
