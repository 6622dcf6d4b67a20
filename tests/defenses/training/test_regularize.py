"""Less room to remember: the same estimator with one parameter changed, trained on the same people."""

import numpy as np
import pytest

from reticent.defenses.training.regularize import Regularize, regularizations
from reticent.errors import ParameterError

LEAF = "decisiontreeclassifier__min_samples_leaf"


def test_is_the_estimator_with_that_parameter_on_the_members(target, given, tree):
    after = Regularize(parameters={LEAF: 30}).apply(target, 5)
    members = given()["members"]
    parameters = {LEAF: 30, "decisiontreeclassifier__random_state": 5}
    expected = tree().set_params(**parameters).fit(members.drop(columns="y"), members["y"])
    x = target.population.table.features(target.features)
    np.testing.assert_array_equal(after.scores, expected.predict_proba(x))
    assert after.model.native.get_params()[LEAF] == 30 and target.model.native.get_params()[LEAF] == 2
    assert after.recipe.estimator.get_params()[LEAF] == 30


def test_remembers_less(target):
    mild, strong = (Regularize(parameters={LEAF: leaf}).apply(target) for leaf in (5, 80))
    gaps = [one.accuracy(members=True).mean() - one.accuracy().mean() for one in (target, mild, strong)]
    assert gaps[0] > gaps[1] > gaps[2]


def test_candidates_are_the_capacities_mildest_first(target):
    offered = regularizations(target)
    assert [dict(one.parameters) for one in offered] == [{LEAF: leaf} for leaf in (5, 20, 50, 100, 200)]
    assert offered[0].title == "min_samples_leaf = 5"
    again = regularizations(offered[2].apply(target))
    assert [one.parameters[LEAF] for one in again] == [100, 200]  # what is smoothed already is only smoothed more


def test_a_parameter_that_the_estimator_does_not_have_is_refused(target):
    with pytest.raises(ParameterError, match="does not take these parameters"):
        Regularize(parameters={"decisiontreeclassifier__nothing": 1}).apply(target)


def test_says_all_its_parameters():
    both = Regularize(parameters={LEAF: 5, "decisiontreeclassifier__max_depth": 3})
    assert both.title == "min_samples_leaf = 5, max_depth = 3"
