"""A target says who is what: roles of columns, true classes, what its attacker reads, whom it gets right."""

from dataclasses import FrozenInstanceError, replace

import numpy as np
import pytest

from reticent.errors import RecipeError, TableError
from reticent.target.access import Access
from reticent.target.population import Half
from reticent.target.schema import Schema
from reticent.target.target import class_positions

COLUMNS = ("name", "age", "town", "home", "y")


def test_features_are_what_a_model_may_see():
    schema = Schema(columns=COLUMNS, label="y", identifiers=("name",), groups="home", quasi_identifiers=("age", "name"))
    assert schema.features == ("age", "town")
    assert Schema(**schema.to_dict()) == schema


@pytest.mark.parametrize(
    "role",
    [
        {"label": "ill"},
        {"label": "y", "quasi_identifiers": ("age", "ill")},
        {"label": "y", "sensitive": ("ill",)},
        {"label": "y", "identifiers": ("ill",)},
        {"label": "y", "groups": "ill"},
    ],
)
def test_a_role_for_no_column_is_refused(role):
    name = next(name for name, value in role.items() if "ill" in ((value,) if isinstance(value, str) else value))
    with pytest.raises(TableError, match=rf"'ill' \({name}\); the table has name, age, town, home, y"):
        Schema(columns=COLUMNS, **role)


def test_positions_follow_the_classes_in_any_order():
    assert class_positions(np.array(["b", "a", "b"]), np.array(["b", "c", "a"])).tolist() == [0, 2, 0]
    assert class_positions(np.array([1.0, 0.0]), np.array([False, True])).tolist() == [1, 0]
    with pytest.raises(TableError, match="'d'"):
        class_positions(np.array(["d"]), np.array(["b", "c", "a"]))


def test_is_frozen(target):
    with pytest.raises(FrozenInstanceError):
        target.access = Access.LABELS


def test_truth_and_labels_are_positions_in_the_classes(target):
    table = target.population.table
    assert target.model.classes[target.truth].tolist() == table.labels().tolist()
    assert (target.model.classes[target.labels] == target.model.native.predict(table.features(target.features))).all()


@pytest.mark.parametrize("access", [Access.NOTHING, Access.LABELS, Access.EXPLANATIONS])
def test_who_is_given_labels_reads_noughts_and_ones(target, access):
    scores = replace(target, access=access).scores
    np.testing.assert_array_equal(scores, np.eye(2)[target.labels])
    assert len(np.unique(target.scores)) > 2


def test_labels_of_a_shadow_that_met_fewer_classes_stay_its_own(target_of):
    target = target_of("classes", access=Access.LABELS)
    rows = np.flatnonzero(target.population.is_member & (target.truth > 0))
    shadow = target.train(rows, 0)
    answers = target.answers(shadow)
    assert answers.shape == (len(target.population), 2)
    np.testing.assert_array_equal(
        answers.argmax(axis=1), shadow.labels(target.population.table.features(target.features))
    )


def test_accuracy_is_counted_on_one_side_of_one_half(target):
    people = target.population
    right = target.labels == target.truth
    for half, rows in ((Half.ALL, slice(None)), (Half.OPEN, ~people.sealed), (Half.SEALED, people.sealed)):
        for members in (True, False):
            expected = [ok for ok, inside in zip(right[rows], people.is_member[rows], strict=True) if inside == members]
            assert target.accuracy(half, members=members).tolist() == expected
    assert target.accuracy(members=True).mean() > target.accuracy().mean() + 0.1


def test_without_a_recipe_it_cannot_be_trained_again(target):
    with pytest.raises(RecipeError, match="Pass recipe="):
        replace(target, recipe=None).train(np.arange(50), 0)
    model = target.train(np.arange(50), 4)
    assert model.native[-1].random_state == 4 and model.native is not target.model.native
