"""A rule that tells by a model on which of two tables it was trained: found on some models, to be used on others.

A model becomes a row of numbers: its answers at a few probe rows, and the numbers inside it where they can be read.
The rule is one of these numbers, or a linear combination (Fisher's, shrunken), whichever tells most on open models.

>>> import numpy as np
>>> rng = np.random.default_rng(0)
>>> a, b = rng.normal(0, 1, (60, 3)), rng.normal([0, 2, 0], 1, (60, 3))
>>> rule = best_rule(a, b, delta=0.0, level=0.95)
>>> bool(rule.says(rng.normal([0, 2, 0], 1, (1000, 3))).mean() > 0.3 + rule.says(rng.normal(0, 1, (1000, 3))).mean())
True
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy import special
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis

from reticent.backends.walk import walk
from reticent.errors import ModelError
from reticent.stats.two_worlds import epsilon_of_errors, mu_of_errors

Floats = npt.NDArray[np.float64]

_MOST_NUMBERS = 2_000  # of those inside a model
_SINGLE = 5  # numbers that are tried alone
_TOGETHER = 100  # numbers that are combined at most
_FOLDS = 4
_THRESHOLDS = np.linspace(0.02, 0.98, 49)  # quantiles at which a threshold is tried
_SURE = 1e-12  # how close to 0 or 1 a probability is read
_FAR = 1e300  # spreads: farther apart than that is not told


@dataclass(frozen=True, kw_only=True, eq=False)
class Rule:
    """A threshold on a linear combination of a model's numbers, after each was set to its middle and squeezed."""

    middle: Floats
    width: Floats
    weights: Floats
    threshold: float

    def scores(self, numbers: Floats) -> Floats:
        """Return how much each model (n, p) looks as if the row had been there, shape (n,)."""
        return _squeezed(numbers, self.middle, self.width) @ self.weights

    def says(self, numbers: Floats) -> npt.NDArray[np.bool_]:
        """Return whether the rule says that the row was there, shape (n,)."""
        return np.asarray(self.scores(numbers) > self.threshold)


def numbers_of(model: Any, probes: Any) -> Floats:
    """Return a model as numbers: how many are inside it, its answers at ``probes``, then what is inside.

    Raises
    ------
    ModelError
        If it answers nothing.
    """
    answers = _answers(model, probes)
    inside = [np.ravel(array).astype(np.float64) for _, array in walk(getattr(model, "__dict__", model))]
    state = getattr(model, "state_dict", None)
    if callable(state):  # a network
        inside.extend(np.ravel(value.detach().cpu().numpy()).astype(np.float64) for value in state().values())
    found = np.concatenate([[sum(map(len, inside))], answers, *inside])
    return np.nan_to_num(
        np.asarray(found, np.float64)[: len(answers) + _MOST_NUMBERS], nan=0.0, posinf=1e300, neginf=-1e300
    )


def _answers(model: Any, probes: Any) -> Floats:
    names = getattr(model, "feature_names_in_", None)
    if names is not None and isinstance(probes, pd.DataFrame) and set(names) <= set(probes.columns):
        probes = probes[list(names)]  # a recipe may leave columns out
    if hasattr(model, "predict_proba"):
        sure = np.clip(np.asarray(model.predict_proba(probes), np.float64), _SURE, 1 - _SURE)
        return np.asarray(special.logit(sure), np.float64).ravel()
    for name in ("decision_function", "predict", "transform", "__call__"):
        if hasattr(model, name):
            said = np.asarray(getattr(model, name)(probes))
            if said.dtype.kind in "fiub":
                return said.astype(np.float64).ravel()
            classes = np.asarray(model.classes_)
            return np.asarray(said[:, None] == classes[None, :], np.float64).ravel()
    raise ModelError(f"expected a model that predicts, got {type(model).__name__}")


def aligned(rows: list[Floats]) -> Floats:
    """Return models as rows of one length, (n, p): where numbers of models differ in how many, as many as all have."""
    width = min(map(len, rows), default=0)
    return np.array([row[:width] for row in rows])


def best_rule(without: Floats, with_row: Floats, *, delta: float, level: float, gaussian: bool = False) -> Rule:
    """Return the rule that separates open models (n, p) and (m, p) best, judged on models that it was not made of."""
    both = np.concatenate([without, with_row])
    middle, width = _scale(both)
    a, b = _squeezed(without, middle, width), _squeezed(with_row, middle, width)
    gap = np.abs(_gap(a, b))
    order = np.argsort(-gap, kind="stable")
    tried = [_alone(int(j), a, b) for j in order[:_SINGLE]]
    tried.append(_together(order[:_TOGETHER], a, b))
    best, reached = tried[0], -1.0
    for weights, (zero, one) in tried:
        threshold, shown = _threshold(zero, one, delta, level, gaussian)
        if shown > reached:
            best, reached, chosen = (weights, (zero, one)), shown, threshold
    return Rule(middle=middle, width=width, weights=best[0], threshold=chosen)


Tried = tuple[Floats, tuple[Floats, Floats]]  # weights, and scores of both worlds


def _alone(j: int, a: Floats, b: Floats) -> Tried:
    weights = np.zeros(a.shape[1])
    weights[j] = 1.0 if b[:, j].mean() >= a[:, j].mean() else -1.0
    return weights, (a @ weights, b @ weights)


def _together(columns: npt.NDArray[np.intp], a: Floats, b: Floats) -> Tried:
    """Return Fisher's combination, and scores of each model by the combination of the other folds."""
    zero, one = np.zeros(len(a)), np.zeros(len(b))
    for fold in range(_FOLDS):
        away, gone = np.arange(len(a)) % _FOLDS == fold, np.arange(len(b)) % _FOLDS == fold
        part = _fisher(a[~away][:, columns], b[~gone][:, columns])
        zero[away], one[gone] = a[away][:, columns] @ part, b[gone][:, columns] @ part
    weights = np.zeros(a.shape[1])
    weights[columns] = _fisher(a[:, columns], b[:, columns])
    return weights, (zero, one)


def _fisher(a: Floats, b: Floats) -> Floats:
    if len(a) < 2 or len(b) < 2 or not (np.ptp(a, axis=0).any() or np.ptp(b, axis=0).any()):
        return np.asarray(np.sign(b.mean(axis=0) - a.mean(axis=0)), np.float64)
    fitted = LinearDiscriminantAnalysis(solver="lsqr", shrinkage="auto").fit(
        np.concatenate([a, b]), np.repeat([0, 1], [len(a), len(b)])
    )
    weights = np.asarray(fitted.coef_[0], np.float64)
    return np.asarray(weights / (np.linalg.norm(weights) or 1.0), np.float64)


def _threshold(zero: Floats, one: Floats, delta: float, level: float, gaussian: bool) -> tuple[float, float]:
    """Return the threshold that shows most on these scores, and what it shows (a guess, since it was chosen here)."""
    best = (float(np.median(np.concatenate([zero, one]))), -1.0)
    for threshold in np.unique(np.quantile(np.concatenate([zero, one]), _THRESHOLDS)):
        counts = int((one > threshold).sum()), len(one), int((zero > threshold).sum()), len(zero)
        shown = mu_of_errors(*counts, level=level) if gaussian else epsilon_of_errors(*counts, delta=delta, level=level)
        shown += 1e-6 * (counts[0] / counts[1] - counts[2] / counts[3])  # where nothing is shown: the larger gap
        if shown > best[1]:
            best = float(threshold), shown
    return best


def separation(without: Floats, with_row: Floats) -> float:
    """Return how far apart two small groups of models are: the largest gap of one number, over its spread."""
    both = np.concatenate([without, with_row])
    middle, width = _scale(both)
    gap = np.abs(_gap(_squeezed(without, middle, width), _squeezed(with_row, middle, width)))
    return float(np.sort(gap)[-3:].mean()) if gap.size else 0.0


def _scale(both: Floats) -> tuple[Floats, Floats]:
    """Return the middle of each number and its spread, (p,), (p,), that a few odd models do not move."""
    middle = np.median(both, axis=0)
    width = np.median(np.abs(both - middle), axis=0)
    return middle, np.where(width > 0, width, np.maximum(both.std(axis=0), np.finfo(float).tiny))


def _gap(a: Floats, b: Floats) -> Floats:
    spread = np.sqrt(a.var(axis=0) + b.var(axis=0))
    apart = b.mean(axis=0) - a.mean(axis=0)
    return np.asarray(np.where(spread > 0, apart / np.where(spread > 0, spread, 1.0), np.sign(apart) * 1e6), np.float64)


def _squeezed(numbers: Floats, middle: Floats, width: Floats) -> Floats:
    with np.errstate(over="ignore"):  # beside a number that was the same in all models seen, any other is far
        apart = np.clip((numbers - middle) / width, -_FAR, _FAR)
    return np.asarray(np.arcsinh(apart), np.float64)
