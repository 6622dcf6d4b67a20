"""Gaussian naive Bayes from noisy counts, means and variances of each class.

A row belongs to one class, so all classes together cost what one costs. A class mean that noise has moved further than
the class lies from the others tells more about the noise than about the class: means and variances are shrunk to those
of all classes by as much as the noise explains (James and Stein 1961), which costs nothing.

>>> rng = np.random.default_rng(0)
>>> y = rng.integers(2, size=4000)
>>> X = rng.normal(y[:, None], 0.5, (4000, 3))
>>> model = DPGaussianNB(epsilon=1.0, bounds=(-3, 4), classes=[0, 1]).fit(X, y)
>>> model.score(X, y) > 0.9, model.event_.no_guarantee
(True, None)
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.special import log_softmax
from sklearn.base import ClassifierMixin
from sklearn.utils.validation import check_is_fitted

from reticent.coding.codes import Floats
from reticent.defenses.training.dp.classes import class_codes, said_of_classes
from reticent.defenses.training.dp.columns import Desk, PrivateColumns
from reticent.defenses.training.dp.moments import Moments, lengths, moments
from reticent.errors import ParameterError


class DPGaussianNB(ClassifierMixin, PrivateColumns):  # type: ignore[misc]
    """Gaussian naive Bayes with differential privacy.

    Parameters
    ----------
    epsilon, delta : float
        The promise, for a row that is added or removed. With ``delta=0`` it is a pure epsilon.
    bounds : pair of numbers, pair of arrays of shape (d,), or dict of column to (low, high), optional
        Known ranges; they cost nothing. A fifth of the budget buys those that are not declared.
    classes : list of labels, optional
        The labels that there are. Where it is left out, those that occur in ``y`` are taken as public, and
        ``spending_`` says so.
    priors : array-like of shape (n_classes,), optional
        The probability of each class, in the order of ``classes_``; the noisy shares where it is left out.
    random_state : int, optional
        A seed for the noise: such a fit promises nothing, warns, and says so in ``event_``.

    Attributes
    ----------
    classes_ : ndarray of shape (n_classes,)
        The labels.
    theta_, var_ : ndarray of shape (n_classes, d)
        Means and variances, with noise.
    class_count_, class_prior_ : ndarray of shape (n_classes,)
        Rows of each class with noise, and the probability of each.
    event_ : Event
        What happened, for accountants.
    spending_ : Spending
        What each part of the budget went to.
    epsilon_, delta_ : float
        What the fit promises.
    """

    classes_: npt.NDArray[Any]
    theta_: Floats
    var_: Floats
    class_count_: Floats
    class_prior_: Floats

    def __init__(
        self,
        epsilon: float = 1.0,
        delta: float = 1e-5,
        *,
        bounds: Any = None,
        classes: Sequence[Any] | None = None,
        priors: Any = None,
        random_state: Any = None,
    ) -> None:
        self.epsilon = epsilon
        self.delta = delta
        self.bounds = bounds
        self.classes = classes
        self.priors = priors
        self.random_state = random_state

    def predict(self, X: Any) -> npt.NDArray[Any]:
        """Return the most likely label of each row, shape (n,)."""
        chosen = np.argmax(self.predict_joint_log_proba(X), axis=1)
        labels: npt.NDArray[Any] = self.classes_[chosen]
        return labels

    def predict_proba(self, X: Any) -> Floats:
        """Return the probability of each label, shape (n, n_classes), in the order of ``classes_``."""
        return np.asarray(np.exp(self.predict_log_proba(X)), np.float64)

    def predict_log_proba(self, X: Any) -> Floats:
        """Return the logarithm of each label's probability, shape (n, n_classes)."""
        return np.asarray(log_softmax(self.predict_joint_log_proba(X), axis=1), np.float64)

    def predict_joint_log_proba(self, X: Any) -> Floats:
        """Return log P(row, label), shape (n, n_classes), of rows moved into the bounds."""
        check_is_fitted(self)
        table = np.clip(self._open(X, reset=False), self._low, self._high)
        apart = table[:, None, :] - self.theta_[None]
        inside = -0.5 * (np.log(2.0 * np.pi * self.var_)[None] + apart**2 / self.var_[None]).sum(axis=2)
        return np.asarray(np.log(self.class_prior_)[None] + inside, np.float64)

    def _learn(self, table: Floats, groups: npt.NDArray[np.intp], desk: Desk) -> None:
        values, middle, half = desk.bounded(table)
        found = moments(values, groups, len(self.classes_), desk, share=desk.left)
        means, variances = shrunk(found)
        self.theta_, self.var_ = middle + half * means, half**2 * variances
        self.class_count_ = found.n
        self.class_prior_ = found.n / found.n.sum() if self.priors is None else np.asarray(self.priors, np.float64)
        self._low, self._high = middle - half, middle + half

    def _lengths(self, d: int) -> tuple[float, float]:
        return lengths(d)

    def _groups(self, y: Any, n: int) -> npt.NDArray[np.intp]:
        self.classes_, codes = class_codes(y, self.classes, n)
        if self.priors is not None:
            _check_priors(self.priors, len(self.classes_))
        return codes

    def _stated(self) -> list[str]:
        return [*super()._stated(), said_of_classes(self.classes_, declared=self.classes is not None)]

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.target_tags.required = True
        tags.classifier_tags.poor_score = True  # at epsilon = 1 a hundred rows do not tell classes apart
        return tags


def shrunk(found: Moments) -> tuple[Floats, Floats]:
    """Return means and variances of each group, moved toward those of all groups as far as noise explains them.

    >>> one = Moments(n=np.array([90.0, 10.0]), mean=np.array([[0.0], [0.5]]), variance=np.full((2, 1), 0.1),
    ...               mean_sd=np.array([[0.01], [0.45]]), variance_sd=np.zeros((2, 1)))
    >>> shrunk(one)[0].round(3).tolist()
    [[0.002], [0.05]]
    """
    weight = found.n[:, None] / found.n.sum()
    mean = _toward(np.sum(weight * found.mean, axis=0), found.mean, found.mean_sd)
    variance = _toward(np.sum(weight * found.variance, axis=0), found.variance, found.variance_sd)
    return mean, np.clip(variance, np.clip(found.variance_sd, 1e-6, 0.25), 1.0)


def _toward(center: Floats, values: Floats, sd: Floats) -> Floats:
    apart = values - center
    kept = np.maximum(apart**2 - sd**2, 0.0) / np.maximum(apart**2, np.finfo(float).tiny)
    return np.asarray(center + kept * apart, np.float64)


def _check_priors(priors: Any, n_classes: int) -> None:
    given = np.asarray(priors, np.float64)
    if given.shape != (n_classes,) or (given < 0).any() or not np.isclose(given.sum(), 1.0):
        raise ParameterError(f"expected {n_classes} priors that add up to 1, one for each class; got {priors!r}")
