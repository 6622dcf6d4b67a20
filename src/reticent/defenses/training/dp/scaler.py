"""Means and standard deviations of columns, told with noise.

>>> X = np.random.default_rng(0).normal([40.0, 3.0], [10.0, 1.0], (5000, 2))
>>> scaler = DPStandardScaler(epsilon=1.0, bounds=([0, 0], [100, 6])).fit(X)
>>> bool(np.abs(scaler.mean_ - [40, 3]).max() < 1.5), scaler.event_.no_guarantee
(True, None)
"""

from typing import Any

import numpy as np
import numpy.typing as npt
from sklearn.base import OneToOneFeatureMixin, TransformerMixin
from sklearn.utils.validation import check_is_fitted

from reticent.coding.codes import Floats
from reticent.defenses.training.dp.columns import Desk, PrivateColumns
from reticent.defenses.training.dp.moments import lengths, moments, told

SUPPOSED = 0.04  # a variance where noise hides it: bounds, from -1 to 1, are ten standard deviations wide


class DPStandardScaler(OneToOneFeatureMixin, TransformerMixin, PrivateColumns):  # type: ignore[misc]
    """Bring columns to mean 0 and variance 1, with differential privacy.

    Parameters
    ----------
    epsilon, delta : float
        The promise, for a row that is added or removed. With ``delta=0`` it is a pure epsilon.
    bounds : pair of numbers, pair of arrays of shape (d,), or dict of column to (low, high), optional
        Known ranges; they cost nothing. A fifth of the budget buys those that are not declared.
    with_mean, with_std : bool
        Whether to center, and whether to scale.
    random_state : int, optional
        A seed for the noise: such a fit promises nothing, warns, and says so in ``event_``.

    Attributes
    ----------
    mean_, var_, scale_ : ndarray of shape (d,)
        With noise; where noise hides them, the middle of the bounds and a tenth of their width.
    n_samples_seen_ : int
        With noise.
    event_ : Event
        What happened, for accountants.
    spending_ : Spending
        What each part of the budget went to.
    epsilon_, delta_ : float
        What the fit promises.
    """

    mean_: Floats
    var_: Floats
    scale_: Floats
    n_samples_seen_: int

    def __init__(
        self,
        epsilon: float = 1.0,
        delta: float = 1e-5,
        *,
        bounds: Any = None,
        with_mean: bool = True,
        with_std: bool = True,
        random_state: Any = None,
    ) -> None:
        self.epsilon = epsilon
        self.delta = delta
        self.bounds = bounds
        self.with_mean = with_mean
        self.with_std = with_std
        self.random_state = random_state

    def transform(self, X: Any) -> Floats:
        """Return the columns centered and scaled, shape (n, d)."""
        check_is_fitted(self)
        table = self._open(X, reset=False)
        table = table - self.mean_ if self.with_mean else table
        return table / self.scale_ if self.with_std else table

    def inverse_transform(self, X: Any) -> Floats:
        """Return what :meth:`transform` was given."""
        check_is_fitted(self)
        table = self._open(X, reset=False)
        table = table * self.scale_ if self.with_std else table
        return table + self.mean_ if self.with_mean else table

    def _learn(self, table: Floats, groups: npt.NDArray[np.intp], desk: Desk) -> None:
        values, middle, half = desk.bounded(table)
        found = moments(values, groups, 1, desk, share=desk.left)
        self.n_samples_seen_ = int(found.n[0])
        self.mean_ = middle + half * told(found.mean[0], float((found.mean_sd[0] ** 2).sum()))
        variance = SUPPOSED + told(found.variance[0] - SUPPOSED, float((found.variance_sd[0] ** 2).sum()))
        self.var_ = half**2 * np.maximum(variance, np.minimum(found.variance_sd[0], SUPPOSED))
        self.scale_ = np.sqrt(self.var_)

    def _lengths(self, d: int) -> tuple[float, float]:
        return lengths(d)
