"""PCA is scikit-learn's, but for the noise and the norm that rows are cut to."""

import numpy as np
import pytest
from sklearn.decomposition import PCA

from reticent.defenses import DPPCA
from reticent.errors import ParameterError

rng = np.random.default_rng(0)
X = rng.normal(size=(5000, 4)) @ np.diag([3.0, 2.0, 0.5, 0.1]) @ np.linalg.qr(rng.normal(size=(4, 4)))[0] + 1.0


@pytest.mark.parametrize("delta", [0.0, 1e-5])
@pytest.mark.parametrize("row_norm", [20.0, None])
def test_with_little_noise_it_is_scikit_learns(delta, row_norm):
    ours = DPPCA(2, epsilon=1e4, delta=delta, bounds=(-20, 20), row_norm=row_norm).fit(X)
    theirs = PCA(2).fit(X)
    assert np.abs((ours.components_ * theirs.components_).sum(axis=1)) == pytest.approx([1, 1], abs=0.01)
    np.testing.assert_allclose(ours.mean_, theirs.mean_, atol=0.02)
    np.testing.assert_allclose(ours.explained_variance_, theirs.explained_variance_, rtol=0.15)
    np.testing.assert_allclose(ours.components_ @ ours.components_.T, np.eye(2), atol=1e-9)


def test_all_components_give_the_rows_back():
    model = DPPCA(epsilon=10.0, bounds=(-20, 20)).fit(X)
    assert model.n_components_ == 4
    np.testing.assert_allclose(model.inverse_transform(model.transform(X)), X, atol=1e-8)
    assert model.explained_variance_ratio_.sum() == pytest.approx(1.0)
    assert model.get_feature_names_out().tolist() == ["dppca0", "dppca1", "dppca2", "dppca3"]


def test_whitened_components_have_variance_one():
    model = DPPCA(2, epsilon=100.0, bounds=(-20, 20), whiten=True).fit(X)
    np.testing.assert_allclose(model.transform(X).std(axis=0), [1, 1], atol=0.15)
    np.testing.assert_allclose(model.inverse_transform(model.transform(X)).mean(axis=0), X.mean(axis=0), atol=0.1)


def test_the_norm_that_is_bought_holds_nearly_all_rows():
    model = DPPCA(2, epsilon=5.0, bounds=(-20, 20)).fit(X)
    norms = np.linalg.norm(X - X.mean(axis=0), axis=1)
    assert (norms <= model.row_norm_).mean() > 0.95
    assert model.row_norm_ < 20
    assert DPPCA(2, bounds=(-20, 20), row_norm=3.0).fit(X).row_norm_ == 3.0


@pytest.mark.parametrize(
    "given", [{"n_components": 5}, {"n_components": 0}, {"n_components": 0.5}, {"row_norm": 0.0}], ids=str
)
def test_wrong_arguments(given):
    with pytest.raises(ParameterError, match=next(iter(given))):
        DPPCA(bounds=(-20, 20), **given).fit(X)
