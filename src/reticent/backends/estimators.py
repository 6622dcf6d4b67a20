"""Unfitted copies of estimators: with a seed, on one thread, and taken apart into preparing steps and the last one."""

from collections.abc import Mapping
from typing import Any

from sklearn.base import clone
from sklearn.pipeline import Pipeline

_SEEDS = ("random_state", "random_seed")  # CatBoost says random_seed
_JOBS = ("n_jobs", "thread_count", "nthread")  # shadows run side by side already


# CatBoost names only those of its parameters that somebody has set, and refuses one under both of its names.
_CATBOOST: Mapping[str, str] = {"random_seed": "random_state", "thread_count": "", "l2_leaf_reg": "reg_lambda"}


def package_is(estimator: Any, package: str) -> bool:
    """Whether an object is of a class of this package."""
    return type(estimator).__module__.partition(".")[0] == package


def unfitted(estimator: Any) -> Any:
    """Return an unfitted copy; CatBoost's lists of columns are copies each time, which ``clone`` takes for a defect."""
    if package_is(estimator, "catboost"):
        return type(estimator)(**estimator.get_params())
    if type(estimator) is Pipeline:
        steps = [(name, unfitted(step) if hasattr(step, "get_params") else step) for name, step in estimator.steps]
        return Pipeline(**{**estimator.get_params(deep=False), "steps": steps})
    return clone(estimator)


def seeded(estimator: Any, seed: int) -> Any:
    """Return an unfitted copy that draws from ``seed`` wherever it takes one, and works on one thread."""
    fresh = unfitted(estimator)
    parameters = parameters_of(fresh)
    seeds = {name: seed for name in parameters if name.split("__")[-1] in _SEEDS}
    jobs = {name: _one_job(fresh, name) for name in parameters if name.split("__")[-1] in _JOBS}
    return fresh.set_params(**seeds, **jobs)


def parameters_of(estimator: Any) -> dict[str, Any]:
    """Return the parameters of an estimator and of all inside it, by their nested names."""
    parameters = dict(estimator.get_params(deep=True))
    for path, part in [("", estimator), *parameters.items()]:
        if package_is(part, "catboost") and hasattr(part, "get_params"):
            dot = f"{path}__" if path else ""
            unset = [name for name, other in _CATBOOST.items() if not {name, other} & set(part.get_params())]
            parameters |= {f"{dot}{name}": None for name in unset}
    return parameters


def _one_job(estimator: Any, name: str) -> int | None:
    """Return the value that means one thread: scikit-learn's default does, and only the default never warns."""
    path = name.rpartition("__")[0]
    owner = estimator.get_params(deep=True)[path] if path else estimator
    return None if package_is(owner, "sklearn") else 1


def taken_apart(estimator: Any) -> tuple[Any | None, Any]:
    """Return (preparing steps, last step) of a pipeline, or (None, estimator).

    >>> from sklearn.linear_model import LogisticRegression
    >>> from sklearn.pipeline import make_pipeline
    >>> from sklearn.preprocessing import StandardScaler
    >>> prepare, last = taken_apart(make_pipeline(StandardScaler(), LogisticRegression()))
    >>> type(prepare).__name__, type(last).__name__
    ('Pipeline', 'LogisticRegression')
    """
    if type(estimator) is not Pipeline:
        return None, estimator
    if len(estimator.steps) == 1:
        return taken_apart(estimator.steps[0][1])
    inner, last = taken_apart(estimator.steps[-1][1])
    steps = [*estimator.steps[:-1], *([("inner", inner)] if inner is not None else [])]
    return Pipeline(steps), last
