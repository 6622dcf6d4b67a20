"""The gap in accuracy, overall and in groups large enough to be compared."""

import numpy as np
import pytest

from reticent.attacks.membership.gap import Gap
from reticent.attacks.workbench import Workbench
from reticent.stats.rates import difference, rate
from reticent.target.population import Half


@pytest.fixture(scope="module")
def finding(target_of):
    target = target_of(sensitive=("town", "age"))
    return target, Gap().run(target, 0, Workbench(n_jobs=1))


def test_scores_are_right_answers(finding):
    target, found = finding
    predicted = target.model.native.predict(target.population.table.features(target.features))
    np.testing.assert_array_equal(found.scores, predicted == target.population.table.labels())


def test_facts_are_counted(finding):
    target, found = finding
    right, member = found.scores, target.population.is_member
    assert found.reading()["accuracy on members"] == rate(right[member])
    assert found.reading()["accuracy on others"] == rate(right[~member])
    assert found.reading()["gap"] == difference(right[member], right[~member])
    assert found.reading()["members per feature"] == 320 / 4
    assert found.reading()["gap"].low > 0.1


def test_a_half_is_read_on_its_rows(finding):
    target, found = finding
    sealed = found.on(Half.SEALED)
    rows, member = target.population.sealed, target.population.is_member
    assert sealed.reading()["gap"] == difference(found.scores[rows & member], found.scores[rows & ~member])
    assert sealed.reading()["members per feature"] == 320 / 4
    yes = rows & (target.population.table.labels() == "yes")
    told = sealed.by_group()["gap where y = yes"]
    assert told.value == found.scores[yes & member].mean() - found.scores[yes & ~member].mean()
    assert sealed.to_dict()["by_group"]["gap where y = yes"] == told.to_dict()


def test_groups_are_label_and_sensitive_values_that_are_large_enough(finding):
    target, found = finding
    groups = {name.removeprefix("gap where ") for name in found.by_group()}
    table = target.population.table
    assert groups == {"y = no", "y = yes", *(f"town = {town}" for town in ("Bonn", "Ems", "Ulm", "Wien"))}
    rows = table.column("town") == "Ulm"
    member = target.population.is_member
    ulm = found.by_group()["gap where town = Ulm"]
    assert ulm.value == found.scores[rows & member].mean() - found.scores[rows & ~member].mean()
    assert ulm.level == pytest.approx(1 - 0.05 / 6)  # six intervals that hold together


def test_small_groups_are_not_compared(target_of, given):
    def rare(side):
        table = given()[side].copy()
        table.loc[:28, "town"] = "Rom"
        return table

    target = target_of(sensitive=("town",), members=rare("members"), nonmembers=rare("nonmembers"))
    groups = Gap().run(target, 0, Workbench(n_jobs=1)).by_group()
    assert "gap where town = Rom" not in groups and "gap where town = Ulm" in groups
