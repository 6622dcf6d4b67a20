"""Principal components from noisy second moments.

Rows are centered at a noisy mean and cut to a norm; the sum of their outer products gets Gaussian noise once (Dwork et
al. 2014, doi:10.1145/2591796.2591883), in proportion to the square of that norm. A norm that is not declared is bought:
the one that holds nearly all rows is far below the largest that bounds allow.

>>> rng = np.random.default_rng(0)
>>> X = rng.normal(size=(5000, 1)) * [3.0, 2.0, 1.0] + rng.normal(0, 0.1, (5000, 3))
>>> pca = DPPCA(1, epsilon=1.0, bounds=(-10, 10)).fit(X)
>>> bool(abs(pca.components_[0] @ [3, 2, 1]) / 14**0.5 > 0.95), pca.transform(X).shape
(True, (5000, 1))
"""

import math
from numbers import Integral
from typing import Any

import numpy as np
import numpy.typing as npt
from sklearn.base import ClassNamePrefixFeaturesOutMixin, TransformerMixin
from sklearn.utils.extmath import svd_flip
from sklearn.utils.validation import check_is_fitted

from reticent import _validate
from reticent.coding.codes import Floats
from reticent.defenses.training.dp.columns import Desk, PrivateColumns
from reticent.defenses.training.dp.moments import told
from reticent.errors import ParameterError

MEAN, NORM = 0.15, 0.05  # of the budget, for the mean with the number of rows, and for a norm that is not declared
COVERED = 0.98  # of the rows, by the norm that is bought
BINS = 64


class DPPCA(ClassNamePrefixFeaturesOutMixin, TransformerMixin, PrivateColumns):  # type: ignore[misc]
    """Find principal components with differential privacy.

    Parameters
    ----------
    n_components : int, optional
        How many; all of them where it is left out.
    epsilon, delta : float
        The promise, for a row that is added or removed. With ``delta=0`` it is a pure epsilon, for much more noise
        where there are many columns.
    bounds : pair of numbers, pair of arrays of shape (d,), or dict of column to (low, high), optional
        Known ranges; they cost nothing. A fifth of the budget buys those that are not declared.
    row_norm : float, optional
        The norm to which rows are cut after they were centered, known without looking at them. Where it is left out, a
        twentieth of the budget buys one.
    whiten : bool
        Whether components are scaled to variance 1.
    random_state : int, optional
        A seed for the noise: such a fit promises nothing, warns, and says so in ``event_``.

    Attributes
    ----------
    components_ : ndarray of shape (n_components, d)
        Directions, orthonormal, in descending order of variance.
    explained_variance_, explained_variance_ratio_ : ndarray of shape (n_components,)
        Variance along each, with noise, and its share of all.
    mean_ : ndarray of shape (d,)
        With noise.
    n_components_ : int
        How many.
    row_norm_ : float
        To which rows were cut.
    event_ : Event
        What happened, for accountants.
    spending_ : Spending
        What each part of the budget went to.
    epsilon_, delta_ : float
        What the fit promises.
    """

    components_: Floats
    explained_variance_: Floats
    explained_variance_ratio_: Floats
    mean_: Floats
    n_components_: int
    row_norm_: float

    def __init__(
        self,
        n_components: int | None = None,
        *,
        epsilon: float = 1.0,
        delta: float = 1e-5,
        bounds: Any = None,
        row_norm: float | None = None,
        whiten: bool = False,
        random_state: Any = None,
    ) -> None:
        self.n_components = n_components
        self.epsilon = epsilon
        self.delta = delta
        self.bounds = bounds
        self.row_norm = row_norm
        self.whiten = whiten
        self.random_state = random_state

    def transform(self, X: Any) -> Floats:
        """Return the rows along the components, shape (n, n_components)."""
        check_is_fitted(self)
        along = (self._open(X, reset=False) - self.mean_) @ self.components_.T
        return np.asarray(along / self._scale if self.whiten else along, np.float64)

    def inverse_transform(self, X: Any) -> Floats:
        """Return what lies along the components as rows, shape (n, d)."""
        check_is_fitted(self)
        along = np.asarray(X, np.float64) * self._scale if self.whiten else np.asarray(X, np.float64)
        return np.asarray(along @ self.components_ + self.mean_, np.float64)

    @property
    def _scale(self) -> Floats:
        return np.sqrt(np.maximum(self.explained_variance_, np.finfo(float).tiny))

    @property
    def _n_features_out(self) -> int:
        return self.n_components_

    def _learn(self, table: Floats, groups: npt.NDArray[np.intp], desk: Desk) -> None:
        values, middle, half = desk.bounded(table)
        d, largest = len(half), float(half.max())
        kept = d if self.n_components is None else int(self.n_components)
        n, mean = _mean(values * (half / largest), desk, half / largest, share=MEAN * desk.left)
        rows = values * half - mean * largest
        widest = float(np.linalg.norm(half + np.abs(mean) * largest))
        buy = NORM if self.row_norm is None else 0.0
        norm = _norm(rows, widest, n, desk, share=buy * desk.left) if buy else float(self.row_norm or 0)
        share = (1 - MEAN - buy) * desk.left
        covariance = norm**2 * _second_moments(_cut(rows / norm), desk, share=share) / n
        variances, directions = np.linalg.eigh(covariance)
        variances, directions = np.maximum(variances[::-1], 0.0), directions[:, ::-1].T
        directions, _ = svd_flip(directions.T, directions)[::-1]
        self.components_, self.n_components_, self.row_norm_ = directions[:kept], kept, norm
        self.mean_ = middle + mean * largest
        self.explained_variance_ = variances[:kept]
        self.explained_variance_ratio_ = variances[:kept] / max(float(variances.sum()), np.finfo(float).tiny)

    def _lengths(self, d: int) -> tuple[float, float]:
        return (d + 1) / 2, 1.0

    def _check_width(self, d: int) -> None:
        super()._check_width(d)
        if self.n_components is not None and self.n_components > d:
            raise ParameterError(f"expected n_components of at most {d} columns, got n_components={self.n_components}")

    def _check_parameters(self) -> None:
        super()._check_parameters()
        if self.n_components is not None:
            if not isinstance(self.n_components, Integral):
                raise ParameterError(f"expected n_components as a whole number, got {self.n_components!r}")
            _validate.at_least(1, n_components=int(self.n_components))
        if self.row_norm is not None:
            _validate.positive(row_norm=self.row_norm)


def _mean(values: Floats, desk: Desk, half: Floats, *, share: float) -> tuple[float, Floats]:
    """Return the number of rows and their mean (d,); column j of ``values`` lies within ``half[j]`` of 0."""
    reach = float(half.sum() if desk.pure else np.linalg.norm(half))
    one = reach / 2
    length = reach + one if desk.pure else math.hypot(reach, one)
    asked = np.concatenate([np.full((len(values), 1), one), values], axis=1)
    sums = desk.sums("mean", asked, np.zeros(len(values), np.intp), 1, length=length, share=share)[0]
    n = max(sums[0] / one, 1.0)
    noise = len(half) * (desk.curator.sd(length, share) / n) ** 2
    return n, np.clip(told(sums[1:] / n, noise), -half, half)


def _norm(rows: Floats, widest: float, n: float, desk: Desk, *, share: float) -> float:
    """Return a norm that holds nearly all rows, from counts of rows by their norm."""
    bins = np.clip(np.linalg.norm(rows, axis=1) / widest * BINS, 0, BINS - 1).astype(np.intp)
    counts = desk.sums("norm", np.ones((len(rows), 1)), bins, BINS, length=1.0, share=share)[:, 0]
    beyond = np.cumsum(counts[::-1])[::-1]  # rows in this bin and farther out
    noise = desk.curator.sd(1.0, share) * np.sqrt(np.arange(BINS, 0, -1))
    full = np.flatnonzero(beyond > (1 - COVERED) * n + 2 * noise)
    return widest * float((full[-1] if len(full) else BINS - 1) + 1) / BINS


def _cut(rows: Floats) -> Floats:
    """Return rows of a norm of at most 1, held back by a hair so that no rounding makes one longer."""
    norm = np.linalg.norm(rows, axis=1, keepdims=True)
    return np.asarray(rows / np.maximum(norm, 1.0) * (1 - 1e-9), np.float64)


def _second_moments(rows: Floats, desk: Desk, *, share: float) -> Floats:
    """Return the noisy sum of outer products of rows of norm at most 1, shape (d, d).

    Asked for is the upper triangle. Off the diagonal products stand for two numbers: with Gaussian noise they count by
    the root of two, so that a row's length is exactly the square of its norm.
    """
    d = rows.shape[1]
    left, right = np.triu_indices(d)
    weight = np.where(left == right, 1.0, 1.0 if desk.pure else math.sqrt(2.0))
    products = rows[:, left] * rows[:, right] * weight
    length = (d + 1) / 2 if desk.pure else 1.0
    everyone = np.zeros(len(rows), np.intp)
    found = desk.sums("second moments", products, everyone, 1, length=length, share=share)[0] / weight
    square = np.zeros((d, d))
    square[left, right] = square[right, left] = found
    return square
