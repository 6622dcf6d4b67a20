"""scikit-learn, and everything with its API: LightGBM, XGBoost, CatBoost, whole pipelines.

The recipe is inferred: an unfitted clone, given new seeds wherever it takes a ``random_state``, is fitted on other
rows. What the target fitted on its table (scalers, encoders, selectors in the pipeline) is thus fitted anew.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import joblib
import numpy as np
import numpy.typing as npt
from scipy import special
from sklearn.base import is_regressor
from sklearn.ensemble import BaggingClassifier
from sklearn.exceptions import NotFittedError
from sklearn.pipeline import Pipeline

from reticent.backends.estimators import package_is, parameters_of, seeded, unfitted
from reticent.backends.families import family_of
from reticent.backends.walk import find, walk
from reticent.errors import ModelError, ParameterError, RecipeError
from reticent.target.table import Table

# Parameters that smooth a model, by name: whatever estimator has one is offered these values, mildest first.
_CAPACITY: Mapping[str, Sequence[Any]] = {
    "min_samples_leaf": (5, 20, 50, 100, 200),  # forests, trees, histogram boosting
    "min_child_samples": (50, 100, 200, 400),  # LightGBM
    "min_child_weight": (5, 20, 50),  # XGBoost
    "l2_leaf_reg": (10, 30, 100),  # CatBoost
    "C": (0.1, 0.01, 0.001),  # linear models, support vectors
    "alpha": (0.01, 0.1, 1.0),  # multi-layer perceptrons, linear models by gradient
    "n_neighbors": (15, 50, 100),  # nearest neighbors
    "var_smoothing": (1e-3, 1e-2, 1e-1),  # naive Bayes
}


_MAX_CELLS = 200_000_000  # of a sparse representation that is written out


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
        if names is None or (package_is(self.native, "lightgbm") and any("_" in name for name in names)):
            return None  # LightGBM writes blanks as underscores; columns are matched when asked
        return tuple(str(name) for name in names)

    @property
    def unreadable(self) -> str | None:
        return None

    @property
    def has_scores(self) -> bool:
        return hasattr(self.native, "predict_proba") or hasattr(self.native, "decision_function")

    def scores(self, x: Any) -> npt.NDArray[np.float64]:
        if hasattr(self.native, "predict_proba"):
            return np.asarray(self._answer(self.native.predict_proba, x), dtype=np.float64)
        # Without probabilities an attacker reads the margin: squashed, it tells the same.
        margins = np.asarray(self._answer(self.native.decision_function, x), dtype=np.float64)
        if margins.ndim == 1:
            return np.column_stack([special.expit(-margins), special.expit(margins)])
        if margins.shape[1] != len(self.classes):  # one against one: no margin belongs to a class
            return np.eye(len(self.classes))[self.labels(x)]
        return np.asarray(special.softmax(margins, axis=1))

    def labels(self, x: Any) -> npt.NDArray[np.intp]:
        # What predict says, even where the largest probability says otherwise (as in support vector machines).
        order = np.argsort(self.classes)  # not every library keeps its classes sorted
        answers = np.asarray(self._answer(self.native.predict, x)).ravel()
        return order[np.searchsorted(self.classes, answers, sorter=order)]

    def _answer(self, method: Any, x: Any) -> Any:
        if package_is(self.native, "lightgbm"):
            x = _in_order(x, getattr(self.native, "feature_names_in_", ()))
        try:
            return method(x)
        except NotFittedError as error:
            raise ModelError(f"expected a fitted model: {error}. Fit it, then describe it") from error
        except Exception as error:  # LightGBM and CatBoost have errors of their own
            raise ModelError(
                f"the model {type(self.native).__name__} does not accept the table: {_first_line(error)}. Hand in "
                f"the raw columns that it was fitted on; for categories or missing values put the preparing steps into "
                f"a Pipeline"
            ) from error

    def arrays(self) -> Iterator[tuple[str, npt.NDArray[Any]]]:
        yield from walk(self.native)

    def representations(self, x: Any) -> Iterator[tuple[str, npt.NDArray[Any]]]:
        rows = _numeric(x)
        yield "the table", rows
        for columns in _column_choices(self.native, rows.shape[1] if rows.ndim == 2 else 0):
            yield "some columns of the table", rows[:, columns]
        for pipeline in find(self.native, Pipeline):
            step = x
            for name, transformer in _steps(pipeline):
                try:
                    step = transformer.transform(step)
                except Exception:  # a pipeline inside another one, which is not fed with the table
                    break
                yield f"after {name}", _numeric(step)

    def describe(self) -> Mapping[str, Any]:
        return describe_estimator(self.native)


@dataclass(frozen=True, eq=False)
class CloneRecipe:
    """Fit a clone of ``estimator`` (never fitted itself) with a seed of its own on other rows."""

    estimator: Any
    features: tuple[str, ...]

    def __call__(self, table: Table, seed: int) -> SklearnModel:
        fresh = seeded(self.estimator, seed)
        try:
            fresh.fit(table.features(self.features), table.labels())
        except Exception as error:  # LightGBM and CatBoost have errors of their own
            raise RecipeError(
                f"training another {type(self.estimator).__name__} failed: {error}. Pass recipe=, a function "
                f"(rows, seed) -> fitted model, that repeats how the target was trained"
            ) from error
        return SklearnModel(fresh)

    @property
    def fingerprint(self) -> str | None:
        try:
            content = joblib.hash(unfitted(self.estimator), hash_name="sha1")
        except Exception:  # a parameter that cannot be written down has no lasting name
            return None
        return f"{type(self.estimator).__qualname__} {self.features} {content}"

    @cached_property
    def family(self) -> object | None:
        return family_of(self.estimator, self.features)

    def capacities(self) -> list[dict[str, Any]]:
        parameters = parameters_of(self.estimator)
        last = [name for name in parameters if name.split("__")[-1] in _CAPACITY]
        return [
            {name: value}
            for name in last
            for value in _CAPACITY[name.split("__")[-1]]
            if _smoother(name.split("__")[-1], value, parameters[name])
        ]

    def with_parameters(self, parameters: Mapping[str, Any]) -> "CloneRecipe":
        changed = unfitted(self.estimator)
        try:
            changed.set_params(**parameters)
        except ValueError as error:
            raise ParameterError(f"the estimator does not take these parameters: {error}") from error
        return CloneRecipe(changed, self.features)


def _first_line(error: Exception) -> str:
    return str(error).strip().partition("\n")[0].rstrip(".:")  # what follows is advice, and links


def _in_order(x: Any, names: Sequence[str]) -> Any:
    """Return the columns of a frame in LightGBM's order, which it does not look at itself."""
    if isinstance(x, np.ndarray) or not (columns := list(getattr(x, "columns", ()))):
        return x
    known = {str(column).replace(" ", "_"): column for column in columns}
    if len(known) < len(columns) or not set(names) <= set(known):
        return x  # fitted on an array: no names to go by
    return x[[known[name] for name in names]]


def infer_recipe(model: Any, features: tuple[str, ...]) -> CloneRecipe:
    """Return the recipe of a fitted estimator: its own class and parameters on other rows."""
    return CloneRecipe(unfitted(model), features)


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


def _column_choices(model: Any, width: int) -> list[npt.NDArray[np.intp]]:
    """Return the columns that each member of a bag of estimators was given, where they differ."""
    bags = [bag for bag in find(model, BaggingClassifier) if hasattr(bag, "estimators_features_")]
    choices = [np.asarray(columns) for bag in bags for columns in bag.estimators_features_]
    return [columns for columns in choices if 0 < len(columns) < width and columns.max() < width]


def _steps(model: Any) -> Iterator[tuple[str, Any]]:
    while isinstance(model, Pipeline):
        for name, step in model.steps[:-1]:
            if step not in (None, "passthrough"):
                yield name, step
        model = model.steps[-1][1]


def _numeric(rows: Any) -> npt.NDArray[Any]:
    """Return rows as a float array, or an array of no columns where they are not numbers."""
    if hasattr(rows, "toarray") and np.prod(rows.shape, dtype=np.float64) > _MAX_CELLS:
        return np.broadcast_to(np.float64(0), rows.shape)  # only its size is asked for: it is too wide to be compared
    dense = rows.toarray() if hasattr(rows, "toarray") else np.asarray(rows)
    try:
        return dense.astype(np.float64)
    except (ValueError, TypeError):
        return np.empty((len(dense), 0))
