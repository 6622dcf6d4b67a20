"""Accuracy on repeated splits: people stay on one side, all ways of training see the same splits, work is kept."""

from dataclasses import replace

import numpy as np
import pytest
from sklearn.tree import DecisionTreeClassifier

from reticent import _utility
from reticent.attacks.workbench import Workbench
from reticent.defenses import Anonymizer
from reticent.errors import RecipeError


@pytest.fixture(scope="module")
def bench():
    return Workbench(n_jobs=1)


def test_a_split_parts_the_members_and_nobody_else(target):
    train, test = _utility.split(target, 0, 0)
    people = target.population
    assert sorted([*train, *test]) == np.flatnonzero(people.is_member).tolist()
    assert len(test) == pytest.approx(_utility.TESTED * people.is_member.sum(), abs=2)


@pytest.mark.parametrize("number", range(5))
def test_people_of_one_unit_stay_on_one_side(target_of, number):
    target = target_of("repeated")
    train, test = _utility.split(target, number, 0)
    assert not set(target.population.unit[train]) & set(target.population.unit[test])


def test_splits_differ_and_follow_the_seed(target):
    first, second, other = (_utility.split(target, *which)[1].tolist() for which in ((0, 0), (1, 0), (0, 1)))
    assert first not in (second, other) and first == _utility.split(target, 0, 0)[1].tolist()


@pytest.mark.parametrize("kind", ["pandas", "polars", "arrays"])
def test_accuracies_are_those_of_a_plain_loop(target_of, kind, bench):
    target = target_of(kind)
    coarse = Anonymizer(k=20).apply(target)
    found = _utility.accuracies([target, coarse], 3, 0, bench)
    assert found.shape == (2, 3)
    for number in range(3):
        train, test = _utility.split(target, number, 0)
        for one, way in zip(found[:, number], (target, coarse), strict=True):
            seed = _utility._seeds.integer(0, "utility", number)
            model = way.train(train, seed).native
            rows = target.population.table.take(test)
            said = model.predict(rows.features(target.features))
            assert one == np.mean(said == rows.labels())


def test_the_same_with_more_workers(target, bench):
    alone, together = (_utility.accuracies([target], 2, 0, one) for one in (bench, Workbench(n_jobs=2)))
    np.testing.assert_array_equal(alone, together)


def test_the_commonest_label(target):
    labels = target.population.table.labels()
    for number, found in enumerate(_utility.majority(target, 2, 0)):
        train, test = _utility.split(target, number, 0)
        commonest = max(sorted(set(labels)), key=lambda label: sum(labels[train] == label))
        assert found == np.mean(labels[test] == commonest)


def test_finished_work_is_kept_and_taken_up_again(target, tmp_path, monkeypatch):
    folder = tmp_path / "kept"
    found = _utility.accuracies([target], 2, 0, Workbench(n_jobs=1, folder=folder))
    assert len(list(folder.glob("*.npy"))) == 1
    monkeypatch.setattr(_utility, "_accuracy", None)  # whoever trains now fails
    np.testing.assert_array_equal(_utility.accuracies([target], 2, 0, Workbench(n_jobs=1, folder=folder)), found)
    for changed in ({"count": 3, "seed": 0}, {"count": 2, "seed": 1}):
        with pytest.raises(TypeError):
            _utility.accuracies([target], changed["count"], changed["seed"], Workbench(n_jobs=1, folder=folder))


def test_another_recipe_takes_nothing_of_it(target_of, tmp_path):
    bench = Workbench(n_jobs=1, folder=tmp_path)
    deep = _utility.accuracies([target_of()], 2, 0, bench)
    flat = _utility.accuracies([target_of(classifier=DecisionTreeClassifier(max_depth=1, random_state=0))], 2, 0, bench)
    assert not np.array_equal(deep, flat)


class _Fails:
    fingerprint = None

    def __init__(self, inner):
        self.inner = inner

    def __call__(self, table, seed):
        if len(table) % 2:
            raise RecipeError("an odd number of rows")
        return self.inner(table, seed)


def test_a_part_that_cannot_be_trained_on_is_no_number(target, bench):
    failing = replace(target, recipe=_Fails(target.recipe))
    sizes = [len(_utility.split(target, number, 0)[0]) for number in range(4)]
    found = _utility.accuracies([failing], 4, 0, bench)[0]
    assert np.isnan(found).tolist() == [size % 2 == 1 for size in sizes]
