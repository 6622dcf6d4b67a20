"""Diffprivlib 0.6.6: its naive Bayes, KMeans, PCA and scaler, and its mean, variance and quantile.

Reads x (n, d) and y (n,); train (s, m) and test (s, t), row numbers of each split; low and high (d,), the declared
bounds; norm, to which PCA cuts rows; epsilons (e,); clusters; components.

Writes for each epsilon and split what was learned, for the caller to judge: answers (e, s, t) of naive Bayes, centers
(e, s, k, d), axes (e, s, c, d) and center (e, s, d) of PCA, NaN where it does
not finish, mean and var (e, s, d) of the scaler, and of the first
column its mean, variance and median, single (e, s, 3).
"""

import signal
import sys

import numpy as np
from diffprivlib import models, tools

PATIENCE = 4


def median(first, epsilon, ends):
    """Return the median, or NaN where the tool raises: with many equal values its probabilities are not numbers."""
    try:
        return tools.quantile(first, 0.5, epsilon=epsilon, bounds=ends)
    except RuntimeError:
        return np.nan


def late(*_):
    raise TimeoutError


def pca(part, components, epsilon, bounds, norm):
    """Return axes and center, or NaN where the tool is not done in ``PATIENCE`` seconds: it draws until one is kept."""
    signal.signal(signal.SIGALRM, late)
    signal.alarm(PATIENCE)
    try:
        fitted = models.PCA(components, epsilon=epsilon, bounds=bounds, data_norm=norm).fit(part)
    except TimeoutError:
        return np.full((components, part.shape[1]), np.nan), np.full(part.shape[1], np.nan)
    finally:
        signal.alarm(0)
    return fitted.components_, fitted.mean_


def main(given: str, made: str) -> None:
    with np.load(given, allow_pickle=False) as held:
        x, y, train, test, low, high, epsilons = (
            held[name] for name in ("x", "y", "train", "test", "low", "high", "epsilons")
        )
        norm, clusters, components = float(held["norm"]), int(held["clusters"]), int(held["components"])
    bounds = (low, high)
    said: dict[str, list[list[np.ndarray]]] = {}
    for epsilon in epsilons.tolist():
        row: dict[str, list[np.ndarray]] = {}
        for rows, others in zip(train, test, strict=True):
            part = x[rows]
            bayes = models.GaussianNB(epsilon=epsilon, bounds=bounds).fit(part.copy(), y[rows])
            row.setdefault("answers", []).append(bayes.predict(x[others]))
            means = models.KMeans(clusters, epsilon=epsilon, bounds=bounds).fit(part.copy())
            row.setdefault("centers", []).append(means.cluster_centers_)
            axes, center = pca(part.copy(), components, epsilon, bounds, norm)  # it centers its table in place
            row.setdefault("axes", []).append(axes)
            row.setdefault("center", []).append(center)
            scaler = models.StandardScaler(epsilon=epsilon, bounds=bounds).fit(part.copy())
            row.setdefault("mean", []).append(scaler.mean_)
            row.setdefault("var", []).append(scaler.var_)
            first, ends = part[:, 0], (low[0], high[0])
            single = [
                tools.mean(first, epsilon=epsilon, bounds=ends),
                tools.var(first, epsilon=epsilon, bounds=ends),
                median(first, epsilon, ends),
            ]
            row.setdefault("single", []).append(np.array(single, float))
        for name, values in row.items():
            said.setdefault(name, []).append(values)
    np.savez(made, **{name: np.array(values) for name, values in said.items()})


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2])
