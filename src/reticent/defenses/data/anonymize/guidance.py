"""What is to stay predictable: labels, amounts, or what models say of each row.

The classes of an anonymized table follow what is known about its rows. Labels know one draw per row; a model's
probabilities (soft labels) know the shape behind them, but a model that has learned rows by heart repeats their labels.
Soft labels out of fold are those of models that did not train on the row: they tell less of any one label, and leave
out what the model could not learn. After Goldsteen et al. 2021 (arXiv:2007.13086), who take the model's hard decisions.

>>> from sklearn.linear_model import LogisticRegression
>>> ages, ill = np.array([[30.0], [31.0], [60.0], [61.0]] * 5), np.array(["no", "no", "yes", "yes"] * 5)
>>> model = LogisticRegression().fit(ages, ill)
>>> guide("soft", [model], ages, ill)[:3].round(2).tolist()
[[1.0, 0.0], [1.0, 0.0], [0.0, 1.0]]
>>> round(float(guide("out-of-fold", [model], ages, ill, seed=0)[0, 0]), 2)
1.0
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from sklearn.base import is_regressor

from reticent import _validate
from reticent._seeds import generator, integer
from reticent.backends.estimators import seeded
from reticent.coding.codes import Floats, Ints
from reticent.coding.columns import open_frame
from reticent.errors import ModelError, ParameterError, TableError

KINDS = ("soft", "out-of-fold", "labels", "none")


def guidance(y: Any, n_rows: int) -> Floats | None:
    """Return what stays predictable as numbers to be kept apart, shape (n,) or (n, C) -> (n, C); None for None.

    Labels become one column each; amounts (fractions, or more than 50 different numbers) a single standardized column,
    as their variance is what counts; two dimensions are soft labels already, or one column of the above.

    Raises
    ------
    TableError
        For another number of rows, more dimensions, missing or infinite values.
    """
    if y is None:
        return None
    y = np.asarray(y)
    if y.ndim == 2 and y.shape[1] == 1:
        y = y[:, 0]
    if y.ndim not in {1, 2} or len(y) != n_rows:
        raise TableError(f"expected y of shape ({n_rows},) or ({n_rows}, C), one line per row of X; got {y.shape}")
    if y.dtype.kind == "f" and not np.isfinite(y).all():
        raise TableError("expected y without missing or infinite values; leave such rows out or give scores")
    if y.ndim == 2:
        return np.asarray(y, dtype=float)
    if is_amount(y):
        return _standardized(y)[:, None]
    if pd.isna(y).any():
        raise TableError("expected y without missing labels; leave such rows out or give scores")
    codes, found = pd.factorize(y, use_na_sentinel=False)
    # In an order of their own: which label comes first in the table must not decide anything.
    order = sorted(range(len(found)), key=lambda i: (type(found[i]).__name__, str(found[i])))
    return np.eye(len(found))[np.argsort(order)[codes]]


def is_amount(y: npt.NDArray[Any]) -> bool:
    """Whether numbers of shape (n,) are amounts (fractions, or more than 50 different ones) rather than labels."""
    return y.dtype.kind in "iuf" and bool(len(np.unique(y)) > 50 or (y != np.round(y)).any())


def guide(
    kind: str,
    models: Sequence[Any],
    X: Any,
    y: Any,
    *,
    seed: int = 0,
    people: Ints | None = None,
    n_folds: int = 3,
) -> Floats | None:
    """Return the guidance of this kind, one of ``KINDS``, shape (n, C); None for "none".

    Parameters
    ----------
    models : sequence of classifiers or regressors in scikit-learn's manner
        Whose needs count, all alike. Fitted for "soft"; copies are trained for "out-of-fold"; unused otherwise.
    X : frame or array of n rows
        The table, with the columns that the models were trained on.
    y : array of shape (n,)
        The labels, or amounts.
    people : ndarray of shape (n,), optional
        Whose row it is, from 0: all rows of a person are in one fold.
    """
    _validate.one_of(KINDS, guidance=kind)
    if kind == "none":
        return None
    if kind == "labels":
        return guidance(y, len(y))
    if not models:
        raise ParameterError(f"expected a model for guidance={kind!r}, got none; give one or take guidance='labels'")
    labels = np.asarray(y)
    if kind == "soft":
        return _together([answers(model, X) for model in models])
    fold = deal(labels, n_folds, seed=seed, people=people)
    return _together([_out_of_fold(model, X, labels, fold, integer(seed, "out-of-fold")) for model in models])


def answers(model: Any, X: Any) -> Floats:
    """Return what a fitted model says of each row: probabilities, shape (n, C), or an amount, shape (n, 1).

    A classifier without probabilities says its decision, as 0 and 1.

    Raises
    ------
    ModelError
        For answers of another shape, or answers that are not numbers.
    """
    if is_regressor(model):
        said = np.asarray(model.predict(X), dtype=float).reshape(len(X), -1)
    elif hasattr(model, "predict_proba"):
        said = np.asarray(model.predict_proba(X), dtype=float)
    else:
        said = np.asarray(np.asarray(model.predict(X))[:, None] == np.asarray(model.classes_), dtype=float)
    if said.ndim != 2 or len(said) != len(X) or not np.isfinite(said).all():
        raise ModelError(
            f"expected {type(model).__name__} to answer each of {len(X)} rows with finite numbers, got shape "
            f"{said.shape}; a model of one target is needed"
        )
    return said


def deal(y: npt.NDArray[Any], n_folds: int, *, seed: int, people: Ints | None = None) -> Ints:
    """Deal rows out to folds, numbered from 0, shape (n,) -> (n,): shares of all labels (or amounts) alike.

    A person's rows are dealt together, by the first of them.
    """
    first, of = (
        (np.arange(len(y)),) * 2 if people is None else np.unique(people, return_index=True, return_inverse=True)[1:]
    )
    _validate.at_least(2, n_folds=n_folds)
    if len(first) < n_folds:
        raise TableError(f"expected at least {n_folds} people to deal to n_folds={n_folds}, got {len(first)}")
    rank = pd.factorize(y, sort=True)[0][first]
    order = np.lexsort((generator(seed, "folds").random(len(first)), rank))
    fold = np.empty(len(first), np.intp)
    fold[order] = np.arange(len(first)) % n_folds
    return fold[of]


def rows_of(X: Any, rows: Ints) -> Any:
    """Return some rows of a frame, or of an array, in its own kind."""
    frame = open_frame(X)
    return np.asarray(X)[rows] if frame is None else frame[rows].to_native()


def _out_of_fold(model: Any, X: Any, y: npt.NDArray[Any], fold: Ints, seed: int) -> Floats:
    """Return the answers of copies that did not train on the row's fold; a label that a copy never met gets 0."""
    labels = np.unique(y)
    said = np.zeros((len(y), 1 if is_regressor(model) else len(labels)))
    for f in range(int(fold.max()) + 1):
        rest, held = np.flatnonzero(fold != f), np.flatnonzero(fold == f)
        copy = seeded(model, seed).fit(rows_of(X, rest), y[rest])
        columns = np.searchsorted(labels, copy.classes_) if not is_regressor(model) else np.zeros(1, np.intp)
        said[np.ix_(held, columns)] = answers(copy, rows_of(X, held))
    return said


def _together(said: Sequence[Floats]) -> Floats:
    """Set several models' answers side by side, so that together they weigh as much as one."""
    each = [_standardized(one[:, 0])[:, None] if one.shape[1] == 1 else one for one in said]
    return np.asarray(np.hstack(each) / np.sqrt(len(each)))


def _standardized(amounts: npt.NDArray[Any]) -> Floats:
    return np.asarray((amounts - amounts.mean()) / (amounts.std() or 1.0), dtype=float)
