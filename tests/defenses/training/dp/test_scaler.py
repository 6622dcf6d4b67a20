"""The scaler is scikit-learn's, but for the noise."""

import numpy as np
import pytest
from sklearn.preprocessing import StandardScaler

from reticent.defenses import DPStandardScaler

X = np.random.default_rng(0).normal([40.0, 0.3], [10.0, 0.05], (3000, 2))
BOUNDS = ([0, 0], [100, 1])


@pytest.mark.parametrize("delta", [0.0, 1e-5])
def test_with_little_noise_it_is_scikit_learns(delta):
    ours, theirs = DPStandardScaler(epsilon=1e4, delta=delta, bounds=BOUNDS).fit(X), StandardScaler().fit(X)
    np.testing.assert_allclose(ours.mean_, theirs.mean_, rtol=1e-3)
    np.testing.assert_allclose(ours.scale_, theirs.scale_, rtol=1e-2)
    assert abs(ours.n_samples_seen_ - 3000) <= 3
    np.testing.assert_allclose(ours.inverse_transform(ours.transform(X)), X)


@pytest.mark.parametrize(("with_mean", "with_std"), [(True, False), (False, True), (False, False)])
def test_each_half_alone(with_mean, with_std):
    ours = DPStandardScaler(epsilon=100.0, bounds=BOUNDS, with_mean=with_mean, with_std=with_std).fit(X)
    moved = ours.transform(X)
    expected = (X - (ours.mean_ if with_mean else 0)) / (ours.scale_ if with_std else 1)
    np.testing.assert_allclose(moved, expected)
    np.testing.assert_allclose(ours.inverse_transform(moved), X)


def test_where_noise_hides_them_moments_are_supposed():
    scaler = DPStandardScaler(epsilon=1e-6, bounds=([0, -4], [100, 4])).fit(X)
    assert (np.abs(scaler.mean_ - [50, 0]) <= [50, 4]).all()
    assert (scaler.scale_ >= 0.0999 * np.array([100, 8])).all()


def test_bought_bounds_serve():
    scaler = DPStandardScaler(epsilon=5.0).fit(X)
    assert np.abs(scaler.mean_ - [40, 0.3])[0] < 5
    assert {row.what for row in scaler.spending_ if row.share} == {"bounds", "rows", "means and variances"}
