"""Clusters by Lloyd's steps with noise, each row's reach cut to the neighborhood of the center that it belongs to.

First the mean and the variance of each column are asked, and centers are laid out for a cloud of that shape, without
another look at the rows. Each step then asks, for each center, how many rows belong to it and how far they lie from it
in sum. A row is moved no farther than a radius, which is all that it can add; the radius follows the mean distance,
asked as well, so that noise shrinks as centers find their rows. Columns are weighed so that the noise on the squared
distance is smallest: noise goes where the range is wide.

>>> rng = np.random.default_rng(0)
>>> X = np.concatenate([rng.normal(center, 0.3, (2000, 2)) for center in (-2.0, 0.0, 2.0)])
>>> model = DPKMeans(3, epsilon=1.0, bounds=(-3, 3)).fit(X)
>>> model.cluster_centers_.shape, len(set(model.predict(X).tolist()))
((3, 2), 3)
"""

import math
from numbers import Integral
from typing import Any

import numpy as np
import numpy.typing as npt
from sklearn.base import ClusterMixin, TransformerMixin
from sklearn.cluster import KMeans
from sklearn.metrics.pairwise import euclidean_distances
from sklearn.utils.validation import check_is_fitted

from reticent import _validate
from reticent.coding.codes import Floats
from reticent.defenses.training.dp.columns import Desk, PrivateColumns
from reticent.defenses.training.dp.moments import moments, told
from reticent.errors import ParameterError

LAYOUT = 0.15  # of the budget, for the cloud that centers are laid out for
RADIUS = 0.1  # of each step's budget, for the mean distance
FEWEST, MOST = 2, 6  # steps
BLUR = 0.05  # how far noise may move a center, of the cloud's size, before another step does more harm than good
UNSEEN = 0.1  # of each column's shape is spread evenly: where few are, noise hides them
SPLIT = 0.2  # of the squared distance at an average center: about what one more center saves
CLOUD = 5000  # made-up rows
BARS = 2  # bars of histograms, on average, in standard deviations of the noise


class DPKMeans(ClusterMixin, TransformerMixin, PrivateColumns):  # type: ignore[misc]
    """Find cluster centers with differential privacy.

    Parameters
    ----------
    n_clusters : int
        How many centers.
    epsilon, delta : float
        The promise, for a row that is added or removed. With ``delta=0`` it is a pure epsilon.
    bounds : pair of numbers, pair of arrays of shape (d,), or dict of column to (low, high), optional
        Known ranges; they cost nothing. A fifth of the budget buys those that are not declared.
    random_state : int, optional
        A seed for the noise: such a fit promises nothing, warns, and says so in ``event_``.

    Attributes
    ----------
    cluster_centers_ : ndarray of shape (n_clusters, d)
        With noise.
    cluster_counts_ : ndarray of shape (n_clusters,)
        Rows that belonged to each center in the last step, with noise.
    n_iter_ : int
        Steps.
    event_ : Event
        What happened, for accountants.
    spending_ : Spending
        What each part of the budget went to.
    epsilon_, delta_ : float
        What the fit promises.

    Notes
    -----
    There is no ``labels_`` and no ``inertia_``: they are functions of single rows, which no noise has touched.
    """

    cluster_centers_: Floats
    cluster_counts_: Floats
    n_iter_: int

    def __init__(
        self,
        n_clusters: int = 8,
        *,
        epsilon: float = 1.0,
        delta: float = 1e-5,
        bounds: Any = None,
        random_state: Any = None,
    ) -> None:
        self.n_clusters = n_clusters
        self.epsilon = epsilon
        self.delta = delta
        self.bounds = bounds
        self.random_state = random_state

    def predict(self, X: Any) -> npt.NDArray[np.intp]:
        """Return the nearest center of each row, shape (n,)."""
        return nearest(self._known(X), self.cluster_centers_)

    def fit_predict(self, X: Any, y: Any = None) -> npt.NDArray[np.intp]:
        """Fit, then return the nearest center of each row, shape (n,); these labels are exact and not for release."""
        return self.fit(X).predict(X)

    def transform(self, X: Any) -> Floats:
        """Return each row's distance to each center, shape (n, n_clusters)."""
        return np.asarray(euclidean_distances(self._known(X), self.cluster_centers_), np.float64)

    def score(self, X: Any, y: Any = None) -> float:
        """Return minus the sum of squared distances to the nearest center: higher is better."""
        return -float((self.transform(X).min(axis=1) ** 2).sum())

    def _known(self, X: Any) -> Floats:
        check_is_fitted(self)
        return self._open(X, reset=False)

    def _learn(self, table: Floats, groups: npt.NDArray[np.intp], desk: Desk) -> None:
        values, middle, half = desk.bounded(table)
        k, d = int(self.n_clusters), values.shape[1]
        n, cloud = _cloud(values, desk, share=LAYOUT * desk.left)
        rows, cloud = values * half, cloud * half
        centers = _layout(k, cloud, desk.coins)
        spread = cloud.std(axis=0)
        power = 2 / 3 if desk.pure else 1 / 2  # of the range: least noise on the squared distance, by either norm
        weight = (half / half.max()) ** power / half
        radius = float(np.sum((half * weight) ** (1 if desk.pure else 2)) ** (1 if desk.pure else 0.5))
        share = (1 - LAYOUT) * desk.left
        size = max(float(np.linalg.norm(spread * weight)), 1e-9)
        self.n_iter_ = _steps(lambda steps: desk.curator.sd(1.2 * radius, share / steps) * math.sqrt(d) * k / n / size)
        for step in range(self.n_iter_):
            centers, counts, radius = _step(
                rows, centers, weight, radius, desk, share=share / self.n_iter_, last=step == self.n_iter_ - 1
            )
            centers = np.clip(centers, -half, half)
        self.cluster_centers_, self.cluster_counts_ = middle + centers, counts

    def _check_parameters(self) -> None:
        super()._check_parameters()
        if not isinstance(self.n_clusters, Integral):
            raise ParameterError(f"expected n_clusters as a whole number, got {self.n_clusters!r}")
        _validate.at_least(1, n_clusters=int(self.n_clusters))


def nearest(rows: Floats, centers: Floats) -> npt.NDArray[np.intp]:
    """Return the nearest center of each row, shape (n,), by a sum of its own: no block of rows shares a rounding."""
    apart = np.stack([((rows - center) ** 2).sum(axis=1) for center in centers], axis=1)
    return np.asarray(apart.argmin(axis=1), np.intp)


def _cloud(values: Floats, desk: Desk, *, share: float) -> tuple[float, Floats]:
    """Return the number of rows, and made-up rows (m, d) with the shape of each column: histograms, or moments.

    Histograms show far groups that moments do not, but their bars have to stand out of the noise.
    """
    d, everyone = values.shape[1], np.zeros(len(values), np.intp)
    count = desk.sums("rows", np.ones((len(values), 1)), everyone, 1, length=1.0, share=0.1 * share)[0, 0]
    n, length = max(float(count), 1.0), float(d) if desk.pure else math.sqrt(d)
    n_bins = int(min(n / (BARS * desk.curator.sd(length, 0.9 * share)), 64))
    if n_bins < 8:
        found = moments(values, everyone, 1, desk, share=0.9 * share)
        spread = np.sqrt(np.maximum(found.variance[0], np.minimum(found.variance_sd[0], 1 / 12)))
        center = told(found.mean[0], float((found.mean_sd[0] ** 2).sum()))
        return n, np.clip(desk.coins.normal(center, spread, (CLOUD, d)), -1.0, 1.0)
    bins = np.minimum(((values + 1) / 2 * n_bins).astype(np.intp), n_bins - 1)
    bars = np.zeros((len(values), d * n_bins))
    np.put_along_axis(bars, bins + n_bins * np.arange(d), 1.0, axis=1)
    found_bars = desk.sums("shape of each column", bars, everyone, 1, length=length, share=0.9 * share)[0]
    noise = desk.curator.sd(length, 0.9 * share)
    heights = np.where(found_bars > 2 * noise, found_bars, 0.0).reshape(d, n_bins)
    heights[heights.sum(axis=1) == 0] = 1.0
    shape = (1 - UNSEEN) * heights / heights.sum(axis=1, keepdims=True) + UNSEEN / n_bins
    drawn = [desk.coins.choice(n_bins, CLOUD, p=bar) for bar in shape]
    return n, (np.stack(drawn, axis=1) + desk.coins.uniform(size=(CLOUD, d))) / n_bins * 2 - 1


def _layout(k: int, cloud: Floats, coins: np.random.Generator) -> Floats:
    """Return centers (k, d) of a cloud of made-up rows: a function of answers and of coins alone."""
    laid = KMeans(k, n_init=1, max_iter=20, random_state=int(coins.integers(2**31 - 1))).fit(cloud)
    return np.asarray(laid.cluster_centers_, np.float64)


def _steps(blur: Any) -> int:
    """Return the most steps for which noise moves a center by less than ``BLUR`` of the cloud, within 2 and 6."""
    return max([FEWEST, *(steps for steps in range(FEWEST, MOST + 1) if blur(steps) <= BLUR)])


def _step(
    rows: Floats, centers: Floats, weight: Floats, radius: float, desk: Desk, *, share: float, last: bool
) -> tuple[Floats, Floats, float]:
    """Return centers (k, d) moved to their rows, rows of each (k,), and the radius for the next step."""
    k, order = len(centers), 1 if desk.pure else 2
    belongs = nearest(rows, centers)
    apart = (rows - centers[belongs]) * weight
    norm = np.maximum(np.linalg.norm(apart, ord=order, axis=1, keepdims=True), 1e-300)
    apart *= np.minimum(1.0, radius / norm) * (1 - 1e-9)  # held back so that no rounding makes a row longer
    one = radius * (0.25 if desk.pure else 0.5)
    length = radius + one if desk.pure else math.hypot(radius, one)
    asked = np.concatenate([np.full((len(rows), 1), one), apart], axis=1)
    part = share if last else (1 - RADIUS) * share
    sums = desk.sums("centers", asked, belongs, k, length=length, share=part)
    counts, sd = sums[:, 0] / one, desk.curator.sd(length, part) / one
    found = counts > 3 * sd
    moved = centers.copy()
    for center in np.flatnonzero(found):
        noise = (sd * one / counts[center] / weight) ** 2
        moved[center] += told(sums[center, 1:] / counts[center] / weight, float(noise.sum()))
    if last:
        return moved, np.maximum(counts, 0.0), radius
    far = np.minimum(norm, radius) ** 2 / radius
    total = desk.sums("distance", far, np.zeros(len(rows), np.intp), 1, length=radius, share=RADIUS * share)
    mean = float(np.sqrt(np.clip(total[0, 0] / max(counts.sum(), 1.0) * radius, (0.02 * radius) ** 2, radius**2)))
    between = euclidean_distances(moved * weight)
    np.fill_diagonal(between, np.inf)
    hidden = 3 * sd * between.min(axis=1) ** 2  # squared distance that rows below the noise would add without a center
    worth = ~found & (hidden < SPLIT * counts.sum() / k * mean**2)
    for empty in np.flatnonzero(worth):  # begins again beside the fullest
        crowded = int(np.argmax(counts))
        way = desk.coins.normal(size=len(weight)) / weight
        moved[empty] = moved[crowded] + way * (mean / np.linalg.norm(way * weight, ord=order))
        counts[crowded] /= 2
    return moved, np.maximum(counts, 0.0), min(radius, 2 * mean)
