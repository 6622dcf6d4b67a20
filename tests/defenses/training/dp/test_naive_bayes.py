"""Naive Bayes is scikit-learn's, but for the noise and for what is done against it."""

import numpy as np
import pytest
from sklearn.datasets import load_breast_cancer
from sklearn.naive_bayes import GaussianNB

from reticent.defenses import DPGaussianNB
from reticent.errors import ParameterError

rng = np.random.default_rng(0)
Y = rng.choice(["no", "yes"], p=[0.7, 0.3], size=4000)
X = rng.normal(np.where(Y == "yes", 1.0, -0.5)[:, None], [1.0, 0.6], (4000, 2))
GIVEN = {"bounds": (-6, 6), "classes": ["yes", "no"]}


@pytest.mark.parametrize("delta", [0.0, 1e-5])
def test_with_little_noise_it_is_scikit_learns(delta):
    ours, theirs = DPGaussianNB(epsilon=1e4, delta=delta, **GIVEN).fit(X, Y), GaussianNB().fit(X, Y)
    assert ours.classes_.tolist() == ["no", "yes"]
    np.testing.assert_allclose(ours.theta_, theirs.theta_, atol=0.02)
    np.testing.assert_allclose(ours.var_, theirs.var_, rtol=0.05)
    np.testing.assert_allclose(ours.class_prior_, theirs.class_prior_, atol=1e-3)
    np.testing.assert_allclose(ours.predict_proba(X), theirs.predict_proba(X), atol=0.02)
    assert (ours.predict(X) == theirs.predict(X)).mean() > 0.99


def test_declared_priors_are_taken():
    model = DPGaussianNB(epsilon=10.0, priors=[0.9, 0.1], **GIVEN).fit(X, Y)
    assert model.class_prior_.tolist() == [0.9, 0.1]


@pytest.mark.parametrize("priors", [[1.0], [0.5, 0.6], [1.5, -0.5]], ids=str)
def test_priors_that_are_none(priors):
    with pytest.raises(ParameterError, match="priors"):
        DPGaussianNB(priors=priors, **GIVEN).fit(X, Y)


def test_labels_that_were_read_are_told():
    said = [row.what for row in DPGaussianNB(bounds=(-6, 6)).fit(X, Y).spending_]
    assert any("taken from y as public" in what for what in said)


def test_a_declared_class_without_rows_does_no_harm():
    model = DPGaussianNB(bounds=(-6, 6), classes=["no", "yes", "never"]).fit(X, Y)
    assert (model.predict(X) == Y).mean() > 0.85
    np.testing.assert_allclose(model.predict_proba(X).sum(axis=1), 1.0)


def test_small_tables_are_learned_at_epsilon_one():
    """Eight fits: their mean lies near .81 with a standard error of .016, and the larger class has .63 of the rows."""
    cells, kind = load_breast_cancer(return_X_y=True)
    top = 2.0 ** np.ceil(np.log2(cells.max(axis=0)))
    fits = [DPGaussianNB(bounds=(np.zeros(30), top), classes=[0, 1]).fit(cells, kind) for _ in range(8)]
    assert np.mean([(model.predict(cells) == kind).mean() for model in fits]) > 0.7
