"""States that differ in one bit differ; equal ones do not."""

import copy

import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.tree import DecisionTreeClassifier

from reticent.reality.same import first_difference

DIFFER = {
    "sign of zero": (0.0, -0.0),
    "last bit": (1.0, 1.0 + 2**-52),
    "type": (1, 1.0),
    "width": (np.zeros(2, np.float32), np.zeros(2)),
    "shape": (np.zeros((2, 1)), np.zeros((1, 2))),
    "deep": ({"a": [1, (2, {"b": np.array([1.0])})]}, {"a": [1, (2, {"b": np.array([2.0])})]}),
    "names": ({"a": 1}, {"b": 1}),
    "length": ([1], [1, 1]),
    "objects": (np.array(["a", None], object), np.array(["a", "b"], object)),
    "frames": (pd.DataFrame({"a": [1]}), pd.DataFrame({"a": [2]})),
    "generators": (np.random.default_rng(0), np.random.default_rng(1)),
    "estimators": (LogisticRegression(C=1.0), LogisticRegression(C=2.0)),
    "sets": ({1, 2}, {1, 3}),
}


@pytest.mark.parametrize("kind", DIFFER)
def test_differences_are_found(kind):
    assert first_difference(*DIFFER[kind]) is not None


@pytest.mark.parametrize("kind", DIFFER)
def test_a_state_is_the_same_as_its_copy(kind):
    one = DIFFER[kind][0]
    assert first_difference(one, copy.deepcopy(one)) is None


def test_fitted_trees_are_compared_by_their_nodes():
    x, y = np.arange(8.0)[:, None], np.arange(8) % 2
    tree = DecisionTreeClassifier(random_state=0).fit(x, y)
    assert first_difference(tree, DecisionTreeClassifier(random_state=0).fit(x, y)) is None
    assert first_difference(tree, DecisionTreeClassifier(random_state=0).fit(x, 1 - y)) is not None


def test_a_state_that_contains_itself_ends():
    one, two = [1], [1]
    one.append(one)
    two.append(two)
    assert first_difference(one, two) is None
    assert first_difference(float("nan"), float("nan")) is None
