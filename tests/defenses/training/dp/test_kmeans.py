"""KMeans finds what is there to find, and says nothing about single rows."""

import numpy as np
import pytest

from reticent.defenses import DPKMeans
from reticent.defenses.training.dp.kmeans import nearest
from reticent.errors import ParameterError

rng = np.random.default_rng(0)
CENTERS = np.array([[-3.0, -3.0], [0.0, 3.0], [3.0, -2.0]])
X = np.concatenate([rng.normal(center, 0.4, (2000, 2)) for center in CENTERS])


@pytest.mark.parametrize("delta", [0.0, 1e-5])
def test_clusters_apart_are_found(delta):
    """At worst a center covers two clusters, as Lloyd's steps may end: .58 of the squared distance to one center."""
    alone = ((X - X.mean(axis=0)) ** 2).sum()
    scores = [-DPKMeans(3, epsilon=2.0, delta=delta, bounds=(-5, 5)).fit(X).score(X) / alone for _ in range(4)]
    assert max(scores) < 0.8


def test_a_far_small_group_keeps_a_center():
    wealth = np.concatenate([rng.exponential(500, 20_000).clip(0, 5000), np.full(150, 99_999.0)])[:, None]
    model = DPKMeans(4, epsilon=1.0, bounds=(0, 100_000)).fit(wealth)
    assert model.cluster_centers_.max() > 60_000


def test_answers_agree_with_each_other():
    model = DPKMeans(3, epsilon=2.0, bounds=(-5, 5)).fit(X)
    away = model.transform(X)
    assert (away.argmin(axis=1) == model.predict(X)).mean() > 0.999
    assert model.score(X) == pytest.approx(-(away.min(axis=1) ** 2).sum())
    assert model.cluster_counts_.sum() == pytest.approx(6000, abs=500)
    assert not hasattr(model, "labels_")
    assert not hasattr(model, "inertia_")


def test_centers_stay_within_the_bounds():
    model = DPKMeans(5, epsilon=0.01, bounds=([-5, 0], [5, 1])).fit(np.clip(X, -5, 5))
    assert (model.cluster_centers_ >= [-5, 0]).all()
    assert (model.cluster_centers_ <= [5, 1]).all()


def test_nearest_is_the_nearest():
    rows, centers = rng.normal(size=(50, 3)), rng.normal(size=(4, 3))
    expected = [min(range(4), key=lambda k: sum((row - centers[k]) ** 2)) for row in rows]
    assert nearest(rows, centers).tolist() == expected


@pytest.mark.parametrize("n_clusters", [0, -1, 2.5, "three"])
def test_a_number_of_clusters(n_clusters):
    with pytest.raises(ParameterError, match="n_clusters"):
        DPKMeans(n_clusters, bounds=(-5, 5)).fit(X)
