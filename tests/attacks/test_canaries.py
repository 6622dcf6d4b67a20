"""What is planted is what was asked for, in tables of every kind; and the control finds it in a forest."""

import numpy as np
import pytest
from sklearn.dummy import DummyClassifier
from sklearn.ensemble import RandomForestClassifier
from sklearn.neighbors import KNeighborsClassifier

from reticent.attacks.canaries import Canaries, plant, wrong_labels
from reticent.attacks.coins import canary_audit
from reticent.attacks.membership.lira import Lira
from reticent.attacks.membership.population import PopulationThreshold
from reticent.attacks.result import Finding
from reticent.attacks.workbench import Workbench
from reticent.errors import AccessError, ParameterError, RecipeError, TableError
from reticent.stats import roc
from reticent.stats.one_run import lower_bound
from reticent.target.access import Access

KINDS = ("pandas", "polars", "arrays", "classes", "repeated")


@pytest.fixture
def bench():
    return Workbench(n_jobs=1)


def finding_of(planted, scores):
    people = planted.target.population
    return Finding(
        name="made up",
        title="",
        needs=Access.NOTHING,
        scores=scores,
        is_member=people.is_member,
        sealed=people.sealed,
        baseline=None,
    )


@pytest.mark.parametrize("kind", KINDS)
def test_people_are_all_there_and_copies_are_told_from_them(target_of, kind):
    target = target_of(kind)
    planted, before = plant(target, 20, 0), target.population
    people = planted.target.population
    assert len(people) == len(before) + 40 == len(people.table)
    assert (planted.canary.sum(), planted.control.sum()) == (20, 20)
    assert people.is_member[planted.canary].all() and not people.is_member[planted.control].any()
    original = planted.original >= 0
    assert sorted(planted.original[original]) == list(range(len(before)))
    assert not original[planted.canary | planted.control].any()
    for name in target.schema.columns:
        np.testing.assert_array_equal(
            people.table.column(name)[original], before.table.column(name)[planted.original[original]]
        )
    assert abs(int((people.is_member & original).sum()) - len(before) // 2) <= 2
    # Rows that belong together stay together, and a copy belongs to nobody.
    assert len(np.unique(people.unit[~original])) == 40
    assert not set(people.unit[~original]) & set(people.unit[original])
    ties = np.unique(np.column_stack([people.unit[original], before.unit[planted.original[original]]]), axis=0)
    assert len(ties) == len(np.unique(people.unit[original])) == len(np.unique(before.unit))
    for unit in np.unique(people.unit):
        assert len(set(people.is_member[people.unit == unit])) == 1
    assert 0.15 < people.sealed[planted.canary].mean() < 0.85


@pytest.mark.parametrize("kind", KINDS)
def test_a_copy_has_its_originals_features_and_another_label(target_of, kind):
    target = target_of(kind)
    planted = plant(target, 10, 1)
    people = planted.target.population
    table, features = people.table, target.features
    rows = list(zip(*(table.column(name).tolist() for name in features), strict=True))
    labels = table.labels().tolist()
    outside = {row: label for row, label, stays in zip(rows, labels, ~people.is_member, strict=True) if stays}
    whole = list(zip(rows, labels, strict=True))
    for i in np.flatnonzero(planted.canary | planted.control):
        others = [whole[j] for j in np.flatnonzero(planted.original >= 0)]
        assert rows[i] in outside  # the original stays out, so that canary and control are alike
        assert whole[i] not in others
        assert labels[i] in set(target.model.classes.tolist())


def test_model_is_the_recipes_on_these_members(target_of):
    target = target_of("arrays", model=KNeighborsClassifier(1).fit(*target_of("arrays").population.members.native))
    planted = plant(target, 10, 0)
    right = planted.target.labels == planted.target.truth
    assert right[planted.target.population.is_member].all()
    assert right[planted.control].mean() < 0.5


def test_labels_are_wrong_and_each_as_likely():
    rng = np.random.default_rng(0)
    truth = rng.integers(0, 4, 30_000)
    found = wrong_labels(truth, np.arange(4), rng)
    assert (found != truth).all()
    shares = np.array([[(found[truth == i] == j).mean() for j in range(4) if j != i] for i in range(4)])
    np.testing.assert_allclose(shares, 1 / 3, atol=0.03)


def test_same_seed_same_canaries(target):
    one, two, other = (plant(target, 10, seed) for seed in (5, 5, 6))
    np.testing.assert_array_equal(one.target.scores, two.target.scores)
    assert not np.array_equal(one.original, other.original)


def test_reads_a_finding_by_strangers_alone(target):
    planted = plant(target, 20, 0)
    people = planted.target.population
    scores = np.random.default_rng(0).normal(size=len(people))
    scores[planted.control] = 100  # wild controls may not lift the threshold that they are held against
    scores[np.flatnonzero(planted.canary)[:19]] = 50
    found, wrong = planted.found(finding_of(planted, scores))
    assert (found.value, wrong.value) == (0.95, 1.0)
    assert found.low == pytest.approx(0.7513, abs=1e-4)
    area = planted.null(finding_of(planted, scores), target.population.is_member)
    assert area.low < 0.5 < area.high and area.level == 0.999
    back = planted.scores(finding_of(planted, planted.original.astype(float)))
    np.testing.assert_array_equal(back, np.arange(len(target.population)))


def test_control_in_a_forest(target_of, bench):
    given = target_of("arrays").population.members.native
    target = target_of("arrays", model=RandomForestClassifier(30, random_state=0).fit(*given))
    found = Canaries(attack=Lira(shadows=16)).run(target, 0, bench)
    assert not found.against_model
    assert found.facts["attack"] == Lira.title
    assert found.facts["canaries found at 1 % false alarms"].value >= 0.8
    assert found.facts["matched copies left out, wrongly named"].value <= 0.1
    assert found.null.low < 0.5 < found.null.high
    np.testing.assert_array_equal(found.is_member, target.population.is_member)
    assert found.null.value == pytest.approx(found.auc().value)
    assert Canaries(attack=Lira(shadows=16)).run(target, 0, Workbench(n_jobs=1)).to_dict() == found.to_dict()


def test_a_model_that_learns_nothing_hides_its_canaries(target_of, bench):
    given = target_of("arrays").population.members.native
    target = target_of("arrays", model=DummyClassifier().fit(*given))
    found = Canaries(attack=PopulationThreshold()).run(target, 0, bench)
    assert found.facts["canaries found at 1 % false alarms"].value <= 0.05


def test_refuses_what_it_cannot_plant(target, target_of, given, bench):
    with pytest.raises(ParameterError, match="count"):
        Canaries(count=0)
    with pytest.raises(TableError, match="fewer canaries"):
        plant(target, 1_000, 0)
    bought = target_of(model=given()["model"].predict_proba)
    with pytest.raises(AccessError, match="no recipe"):
        Canaries().run(bought, 0, bench)
    for refused in (lambda: plant(bought, 5, 0), lambda: canary_audit(bought, 5, bench=bench)):
        with pytest.raises(RecipeError, match="recipe"):
            refused()


def test_one_training_bounds_epsilon_of_a_model_that_keeps_its_rows(target_of, bench):
    target = target_of("arrays", model=KNeighborsClassifier(1).fit(*target_of("arrays").population.members.native))
    found = canary_audit(target, 100, seed=0, bench=bench)
    assert 0.5 < found.value <= lower_bound(100, 100, 100, delta=0)
    assert found.n == 100 and found.low == found.value
    assert canary_audit(target, 100, seed=0, bench=Workbench(n_jobs=1)) == found
    assert canary_audit(target, 100, seed=0, delta=0.01, bench=bench).value < found.value


def test_one_training_proves_nothing_of_a_model_that_learns_nothing(target_of, bench):
    target = target_of("arrays", model=DummyClassifier().fit(*target_of("arrays").population.members.native))
    assert sorted(canary_audit(target, 60, seed=seed, bench=bench).value for seed in range(5))[-2] == 0  # 1 in 20 errs


def test_canaries_of_the_ground_are_no_better_than_the_rest(target):
    """Before anything is trained on them, canaries and controls are alike: the target itself cannot tell them apart."""
    planted = [plant(target, 40, seed) for seed in range(5)]
    areas = []
    for one in planted:
        table = one.target.population.table
        sure = target.model.scores(table.features(target.features))[np.arange(len(table)), one.target.truth]
        areas.append(roc.auc(sure[one.canary], sure[one.control]).value)
    assert abs(np.mean(areas) - 0.5) < 0.12
