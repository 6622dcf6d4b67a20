"""Read a recipe and a table: what models are trained by, what on, and whether columns can be left out of it.

>>> import pandas as pd
>>> from sklearn.compose import make_column_transformer
>>> from sklearn.pipeline import make_pipeline
>>> from sklearn.preprocessing import StandardScaler
>>> from sklearn.tree import DecisionTreeClassifier
>>> table = pd.DataFrame({"age": [20, 30, 40, 50] * 5, "town": [1, 2] * 10, "ill": [0, 0, 1, 1] * 5})
>>> scaled = make_pipeline(make_column_transformer((StandardScaler(), ["age"])), DecisionTreeClassifier())
>>> [prepare(recipe, table, label="ill").held for recipe in (DecisionTreeClassifier(), scaled)]
[False, True]
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from sklearn.base import is_regressor
from threadpoolctl import threadpool_limits

from reticent import _seeds, _validate
from reticent.backends import function, sklearn
from reticent.backends.estimators import parameters_of, unfitted
from reticent.errors import ModelError, ParameterError, RecipeError, TableError
from reticent.necessity.trials import Ints, Regression, Trial, Trials, answer, spread
from reticent.target.table import ArrayTable, FrameTable, read_table

_PROBED, _OF_EACH = 200, 20  # rows, and those of each class, on which it is found out whether columns can be left out
# Parameters that may say columns by their position, which moves as soon as another column is left out.
_PLACED = ("categorical_features", "cat_features", "monotonic_cst", "interaction_cst", "feature_types")


def prepare(recipe: Any, table: Any, *, label: str, hidden: Sequence[str] = (), seed: int = 0) -> Trials:
    """Check recipe and table; find out whether the recipe trains on fewer columns.

    Parameters
    ----------
    recipe
        An estimator or a pipeline with scikit-learn's API, fitted or not, or a function (rows, seed) -> fitted model.
    table
        pandas, polars or Arrow table with the label as a column, or a pair (X, y).
    hidden
        Columns that no model is given: a person, a date.
    """
    opened = opened_table(table, label, hidden)
    labels = opened.labels()
    if len(labels) and pd.isna(labels).any():
        raise TableError(f"expected a label in every row, {int(pd.isna(labels).sum()):,} are missing. Leave them out")
    features = _features(recipe, opened, {label, *hidden})
    trials = Trials(table=opened, features=features, recipe=None, classes=None, seed=seed)
    is_class = isinstance(recipe, type)
    if not is_class and hasattr(recipe, "get_params") and hasattr(recipe, "fit"):
        trials = _of_estimator(trials, recipe, labels)
    elif not is_class and callable(recipe):
        classes = _classes(labels)
        trials = replace(trials, recipe=function.FunctionRecipe(recipe, classes), classes=classes)
    else:
        raise ModelError(
            f"expected a recipe: an estimator with fit and get_params, or a function (rows, seed) -> fitted model; "
            f"got {type(recipe).__name__}"
        )
    last = getattr(recipe, "steps", [(None, recipe)])[-1][1]
    name = getattr(recipe, "__name__", type(last).__name__)
    trials = replace(trials, name=name, constant={name: _commonest(opened.column(name)) for name in features})
    return replace(trials, held=_must_hold(trials, recipe))


def opened_table(table: Any, label: str, hidden: Sequence[str]) -> FrameTable | ArrayTable:
    """Return the table, having checked that it has the columns that are asked for."""
    opened = read_table(table, label=label, name="table")
    if isinstance(opened, ArrayTable) and opened.x.ndim != 2:
        raise TableError(f"expected X of shape (n, n_columns), got {opened.x.shape}: its columns are what is asked for")
    for name in hidden:
        if name not in opened.columns:
            raise TableError(
                f"expected a column {name!r} in table; it has {_validate.listed(opened.columns, name)}. "
                f"Name the right column"
            )
        if name == label:
            raise ParameterError(f"expected another column than the label {label!r} for the person or the date")
    if isinstance(opened, ArrayTable) and hidden:
        raise TableError("expected a frame with names for a person or a date; arrays have none. Pass a pandas table")
    return opened


def _features(recipe: Any, table: FrameTable | ArrayTable, hidden: set[str]) -> tuple[str, ...]:
    """Return the columns that a fitted model was given, of any other recipe all that are not hidden."""
    known = tuple(name for name in table.columns if name not in hidden)
    fitted_on = sklearn.SklearnModel(recipe).features
    if fitted_on is None or isinstance(table, ArrayTable):
        return known
    if missing := [name for name in fitted_on if name not in known]:
        raise ModelError(
            f"the model was fitted on columns that are not in the table, or no features there: "
            f"{_validate.listed(missing)}. Hand in the table that it was trained on, or an unfitted copy of the model"
        )
    return tuple(name for name in known if name in fitted_on)


def _of_estimator(trials: Trials, estimator: Any, labels: npt.NDArray[Any]) -> Trials:
    if not is_regressor(estimator):
        recipe = sklearn.CloneRecipe(unfitted(estimator), trials.features)
        return replace(trials, recipe=recipe, classes=_classes(labels))
    return replace(trials, recipe=Regression(unfitted(estimator)), spread=spread(labels))


def _classes(labels: npt.NDArray[Any]) -> npt.NDArray[Any]:
    try:
        classes = np.unique(labels)
    except TypeError as error:
        raise TableError("expected labels of one type, got several. Convert the label column") from error
    if len(classes) < 2:
        raise TableError(
            f"expected at least two classes in the label, got {classes.tolist()}. Is this the right column?"
        )
    if len(classes) > max(20, len(labels) // 10):
        raise TableError(
            f"expected classes, got {len(classes):,} different labels in {len(labels):,} rows. Pass a regressor for "
            f"numbers, or name the right label column"
        )
    return np.asarray(classes)


def _commonest(values: npt.NDArray[Any]) -> int:
    """Return a row that holds the commonest value."""
    codes, _ = pd.factorize(values)
    known = codes[codes >= 0]
    return int(np.argmax(codes == np.bincount(known).argmax())) if known.size else 0


def _must_hold(trials: Trials, recipe: Any) -> bool:
    """Whether the recipe fails, or would take one column for another, where columns are left out."""
    if isinstance(trials.table, ArrayTable) and not hasattr(recipe, "get_params"):
        return True  # a function knows arrays by position
    if hasattr(recipe, "get_params") and _knows_places(recipe):
        return True
    if len(trials.features) < 2:
        return False
    labels = trials.table.labels()
    order = _seeds.generator(trials.seed, "probe").permutation(len(labels))
    few = order[:_PROBED]
    if trials.classes is not None:  # some of each class, or it fails for another reason
        each = [order[labels[order] == one][:_OF_EACH] for one in trials.classes]
        few = np.unique(np.concatenate([few, *each]))
    with threadpool_limits(1):  # on so few rows threads would wait for each other
        if _fails(trials, few, trials.features):
            few = order
            answer(trials, Trial(few, few[:2], trials.features))  # what fails here fails for good, and says why
        rest = (tuple(one for one in trials.features if one != name) for name in trials.features)
        return any(_fails(trials, few, names) for names in rest)


def _fails(trials: Trials, rows: Ints, names: tuple[str, ...]) -> bool:
    try:
        answer(trials, Trial(rows, rows[:2], names))
    except (RecipeError, ModelError):
        return True
    return False


def _knows_places(recipe: Any) -> bool:
    def placed(value: Any) -> bool:
        if callable(value) or isinstance(value, str) or value is None:
            return False
        return isinstance(value, slice) or any(not isinstance(one, str) for one in np.ravel(np.asarray(value, object)))

    for name, value in parameters_of(recipe).items():
        last = name.split("__")[-1]
        if last in _PLACED and not isinstance(value, dict) and placed(value):
            return True
        if (
            last == "transformers"
            and isinstance(value, list)
            and any(placed(one[-1]) for one in value if len(one) == 3)
        ):
            return True
    return False
