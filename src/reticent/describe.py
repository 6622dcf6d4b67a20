"""describe: a model, its people and their roles -> a Target.

Everything that can be wrong with what was handed in is found here, before anything is trained or written.
"""

import secrets
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from sklearn.base import clone

from reticent import _validate
from reticent.accounting.events import Event
from reticent.backends import function, sklearn, torch
from reticent.errors import ModelError, TableError
from reticent.mechanisms.promise import promise, spent_by
from reticent.mechanisms.rehearsed import Rehearsed
from reticent.target import population
from reticent.target.access import Access
from reticent.target.model import Model, Recipe
from reticent.target.schema import Schema
from reticent.target.table import ArrayTable, FrameTable, read_table
from reticent.target.target import Target, class_positions


def describe(
    model: Any,
    *,
    members: Any,
    nonmembers: Any,
    label: str = "y",
    access: Access,
    quasi_identifiers: Sequence[str] = (),
    sensitive: Sequence[str] = (),
    identifiers: Sequence[str] = (),
    groups: str | None = None,
    bounds: Mapping[str, tuple[float, float]] | None = None,
    domains: Mapping[str, Sequence[Any]] | None = None,
    missing: Sequence[str] = (),
    recipe: Callable[[Any, int], Any] | None = None,
    shared_rows: str = "drop",
    classes: Sequence[Any] | None = None,
    name: str | None = None,
    seed: int = 0,
    key: bytes | None = None,
) -> Target:
    """Describe what is to be audited.

    Parameters
    ----------
    model
        A fitted classifier with scikit-learn's API (a whole pipeline, LightGBM, XGBoost, CatBoost), a PyTorch module
        (:class:`~reticent.backends.torch.TorchModel` where rows are prepared for it), or any function that gives
        probabilities of shape (n, C) for a table.
    members, nonmembers
        The rows that the model was trained on, and rows of the same population that it never saw: pandas, polars or
        Arrow tables with the label as a column, or pairs (X, y). At least 50 rows each.
    label
        The column that the model predicts.
    access
        What an attacker is given. It has no default, because it is the threat model.
    quasi_identifiers, sensitive, identifiers
        Columns by which a person may be known, that must not be learned about a person, and that name a person.
    groups
        A column whose rows belong together: the rows of one person, the persons of one household.
    bounds, domains, missing
        What a public codebook says of the columns: the range of numbers, ``{"age": (17, 90)}``, the values that there
        are, ``{"town": ["Bonn", "Ulm"]}``, and where values may be missing. Only candidates of differential privacy
        ask for it: they must not read it from the members.
    recipe
        ``(rows, seed) -> fitted model``, where ``rows`` is of the kind of ``members``; inferred for scikit-learn's API;
        for a PyTorch module a :class:`~reticent.backends.torch.TorchRecipe` trains many models at once.
    shared_rows
        What to do where members and non-members share rows: leave out the non-members' copies ("drop") or refuse
        ("error").
    classes
        Labels in the order of the probabilities; needed only where ``model`` is a function or a module and the labels'
        sorted order is not that of its columns.
    name
        What the report calls the model.
    seed
        Chooses the sealed half.
    key
        Secret with which digests of rows are keyed; random where None.

    Raises
    ------
    TableError, ModelError, ParameterError
        Saying what was expected, what came, and what to do.

    Examples
    --------
    >>> from sklearn.datasets import load_breast_cancer
    >>> from sklearn.linear_model import LogisticRegression
    >>> from sklearn.pipeline import make_pipeline
    >>> from sklearn.preprocessing import StandardScaler
    >>> table = load_breast_cancer(as_frame=True).frame
    >>> train, test = table[:280], table[280:]
    >>> model = make_pipeline(StandardScaler(), LogisticRegression()).fit(train.drop(columns="target"), train["target"])
    >>> target = describe(model, members=train, nonmembers=test, label="target", access=Access.SCORES)
    >>> len(target.population), target.population.shared_rows
    (569, 0)
    """
    if not isinstance(access, Access):
        raise ModelError(f"expected access as an Access, such as Access.SCORES, got {access!r}")
    side = {"members": read_table(members, label=label, name="members")}
    side["nonmembers"] = read_table(nonmembers, label=label, name="nonmembers")
    schema = Schema(
        columns=side["members"].columns,
        label=label,
        quasi_identifiers=tuple(quasi_identifiers),
        sensitive=tuple(sensitive),
        identifiers=tuple(identifiers),
        groups=groups,
        bounds=dict(bounds or {}),
        domains=dict(domains or {}),
        missing=tuple(missing),
    )
    for which, table in side.items():
        _check_labels(table, which)
    if len(side["nonmembers"]) == 0:
        raise TableError("expected non-members, got none: without people whom the model never saw nothing is measured")
    wrapped = _wrap(model, side["members"], classes)
    features = _features(wrapped, schema, side)
    people = population.build(
        side["members"],
        side["nonmembers"],
        seen=(*features, label),
        groups=groups,
        shared_rows=shared_rows,
        seed=seed,
        key=key if key is not None else secrets.token_bytes(32),
    )
    trained_by = _recipe(wrapped, recipe, features)
    if isinstance(trained_by, torch.TorchRecipe) and isinstance(wrapped, torch.TorchModel):
        wrapped = trained_by.told(wrapped, people.table)
    target = Target(
        model=wrapped,
        access=access,
        population=people,
        schema=schema,
        features=features,
        recipe=trained_by,
        name=name or str(wrapped.describe()["class"]),
    )
    _check_answers(target)
    return _with_privacy(target)


def _wrap(model: Any, members: FrameTable | ArrayTable, classes: Sequence[Any] | None) -> Model:
    if isinstance(model, Model):
        return model
    if hasattr(model, "get_params") and hasattr(model, "fit"):
        return sklearn.read_model(model)
    known = np.asarray(classes) if classes is not None else np.unique(members.labels())
    if torch.is_module(model):
        return torch.TorchModel(model, known)
    if not (callable(model) or hasattr(model, "predict_proba")):
        raise ModelError(
            f"expected a fitted classifier or a function that gives probabilities, got {type(model).__name__}"
        )
    return function.FunctionModel(model, known)


def _recipe(model: Model, given: Callable[[Any, int], Any] | None, features: tuple[str, ...]) -> Recipe | None:
    if isinstance(given, torch.TorchRecipe):
        return given.bound(model, features)
    if given is not None:
        return function.FunctionRecipe(given, model.classes)
    if isinstance(model, sklearn.SklearnModel):
        return sklearn.infer_recipe(model.native, features)
    return None


def _with_privacy(target: Target) -> Target:
    """Return the target with what its training claims, where a private estimator of this package was handed in."""
    native = target.model.native
    event = getattr(native, "event_", None)
    if not isinstance(event, Event):
        return target
    recipe = target.recipe
    if isinstance(recipe, sklearn.CloneRecipe):
        person = native.get_params().get("person")
        columns = (*recipe.features, *([] if person is None else [person]))
        recipe = Rehearsed(sklearn.CloneRecipe(_unpaid(recipe.estimator), columns))
    delta, spending = float(native.delta_), getattr(native, "spending_", None)
    claim = promise(event, delta, [] if spending is None else spending.to_dict())
    said = {"name": "dp", "title": f"epsilon = {native.epsilon_:g}", "moment": "training", "queries": "raw"}
    parameters = {"epsilon": float(native.epsilon_), "delta": delta}
    return target.protected(
        target.model, recipe, {**said, "parameters": parameters, "claim": claim}, releases=spent_by(native)
    )


def _unpaid(estimator: Any) -> Any:
    """Return a copy that charges no ledger: a rehearsal is not paid for."""
    return clone(estimator).set_params(budget=None) if "budget" in estimator.get_params() else estimator


def _features(model: Model, schema: Schema, side: dict[str, FrameTable | ArrayTable]) -> tuple[str, ...]:
    features = model.features
    if features is None or isinstance(side["members"], ArrayTable):
        return schema.features
    for which, table in side.items():
        missing = [name for name in features if name not in table.columns]
        if missing:
            raise ModelError(
                f"the model was fitted on columns that {which} lack: {_validate.listed(missing)}. "
                f"Hand in the table that the model was trained on, before any preparation that the model repeats"
            )
    if schema.label in features:
        raise ModelError(f"the model takes its own label {schema.label!r} as a feature; name another label")
    return features


def _check_labels(table: FrameTable | ArrayTable, which: str) -> None:
    labels = table.labels()
    if len(labels) and pd.isna(labels).any():
        raise TableError(f"expected a label in every row of {which}, {int(pd.isna(labels).sum()):,} are missing")
    try:
        kinds = np.unique(labels).tolist()
    except TypeError:
        types = sorted({type(label).__name__ for label in labels.tolist()})
        raise TableError(
            f"expected labels of one type in {which}, got {', '.join(types)}. Convert the label column"
        ) from None
    if which == "members" and len(kinds) < 2:
        raise TableError(
            f"expected at least two classes in the label of {which}, got {kinds}: "
            f"a classifier of one class reveals nothing to measure. Is this the right label column?"
        )


def _check_answers(target: Target) -> None:
    asked = Access.SCORES in target.access and Access.PARAMETERS not in target.access
    if asked and not target.model.has_scores:
        raise ModelError(
            f"the model {target.name} has neither predict_proba nor decision_function, so it cannot give scores. "
            f"Use access=Access.LABELS, or fit it so that it gives probabilities"
        )
    class_positions(target.population.table.labels(), target.model.classes)
    scores: npt.NDArray[np.float64] = target.scores
    if scores.shape != (len(target.population), len(target.model.classes)) or not np.isfinite(scores).all():
        raise ModelError(
            f"expected finite probabilities of shape {(len(target.population), len(target.model.classes))}, "
            f"got shape {scores.shape} with {int((~np.isfinite(scores)).sum()):,} that are not finite"
        )
    if scores.min() < -1e-6 or np.abs(scores.sum(axis=1) - 1).max() > 1e-3:
        raise ModelError("expected probabilities that add up to one in each row; raw margins are not probabilities")
