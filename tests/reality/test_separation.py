"""Rules that tell models apart: found on some, right on others."""

import numpy as np
import pytest
from sklearn.linear_model import LinearRegression, LogisticRegression

from reticent.errors import ModelError
from reticent.reality.separation import _scale, _squeezed, aligned, best_rule, numbers_of, separation

X, Y = np.arange(12.0).reshape(6, 2), np.arange(6) % 2


def test_a_model_is_read_by_its_answers_and_its_inside():
    model = LogisticRegression().fit(X, Y)
    found = numbers_of(model, X[:2])
    logits = model.decision_function(X[:2])
    assert found[1:5] == pytest.approx(np.column_stack([-logits, logits]).ravel(), abs=1e-6)
    assert all((np.abs(found - weight) < 1e-12).any() for weight in model.coef_.ravel())
    amounts = numbers_of(LinearRegression().fit(X, Y), X[:2])
    assert np.isfinite(amounts).all()
    with pytest.raises(ModelError, match="predicts"):
        numbers_of(object(), X)


def test_models_of_different_size_are_rows_of_one_length():
    assert aligned([np.arange(3.0), np.arange(5.0)]).shape == (2, 3)


def test_a_combination_tells_more_than_each_number_alone():
    rng = np.random.default_rng(0)

    def models(n, shift):
        common = rng.normal(0, 10, n)
        return np.column_stack([common, common + shift + rng.normal(0, 0.3, n), rng.normal(size=n)])

    rule = best_rule(models(200, 0), models(200, 1), delta=0, level=0.95)
    tpr, fpr = rule.says(models(2000, 1)).mean(), rule.says(models(2000, 0)).mean()
    assert tpr - fpr > 0.25  # of each number alone: 0.04 at most
    assert (rule.weights != 0).sum() > 1


def test_models_that_are_alike_are_not_told_apart():
    rng = np.random.default_rng(0)
    rule = best_rule(rng.normal(size=(100, 5)), rng.normal(size=(100, 5)), delta=0, level=0.95)
    new = rng.normal(size=(4000, 5)), rng.normal(size=(4000, 5))
    assert abs(rule.says(new[0]).mean() - rule.says(new[1]).mean()) < 0.05
    assert separation(*new) < 0.1 < separation(new[0], new[1] + 1)
    assert separation(np.zeros((3, 2)), np.ones((3, 2))) > 1e5


def test_a_number_that_never_moved_before_is_far_and_no_error():
    still, moved = np.zeros((40, 2)), np.zeros((40, 2))
    moved[:, 0] = 1.0
    squeezed = _squeezed(moved, *_scale(still))
    assert np.isfinite(squeezed).all() and (squeezed[:, 0] > 600).all() and (squeezed[:, 1] == 0).all()
