"""The attacker without the model: never asks it, finds tables that differ, and nothing in tables that do not."""

from dataclasses import replace

import numpy as np
import pytest

from reticent.attacks.membership import blind
from reticent.attacks.membership.blind import Blind, baseline, blind_scores
from reticent.attacks.workbench import Workbench
from reticent.stats import roc


class Mute:
    """A model that must not be asked."""

    def __getattr__(self, name):
        raise AssertionError(f"somebody asked the model for {name}")


def test_never_asks_the_model(target):
    found = Blind().run(replace(target, model=Mute()), 0, Workbench(n_jobs=1))
    assert not found.against_model
    np.testing.assert_array_equal(found.scores, found.baseline)


def test_finds_tables_that_differ_and_nothing_else():
    rng = np.random.default_rng(0)
    rows, is_member = rng.normal(size=(600, 3)), np.arange(600) < 300
    same = blind_scores(rows, is_member, np.arange(600), 0)
    area = roc.auc(same[is_member], same[~is_member])
    assert area.low < 0.5 < area.high
    rows[is_member, 1] += 1.5
    rows[rng.random((600, 3)) < 0.1] = np.nan
    differ = blind_scores(rows, is_member, np.arange(600), 0)
    assert roc.auc(differ[is_member], differ[~is_member]).low > 0.7
    assert ((differ > 0) & (differ < 1)).all()


def test_rows_of_one_unit_fall_in_one_fold():
    """Each person four times, each side's persons as noise: learning a twin by heart would find all of them."""
    rng = np.random.default_rng(1)
    people = rng.normal(size=(150, 3))
    rows, unit = np.repeat(people, 4, axis=0), np.repeat(np.arange(150), 4)
    is_member = unit < 75
    honest = blind_scores(rows, is_member, unit, 0)
    assert 0.35 < roc.auc(honest[is_member], honest[~is_member]).value < 0.65
    torn = blind_scores(rows, is_member, np.arange(600), 0)
    assert roc.auc(torn[is_member], torn[~is_member]).value > 0.9


def test_seed_decides():
    rng = np.random.default_rng(2)
    rows, is_member = rng.normal(size=(200, 2)), np.arange(200) < 100
    first, again, other = (blind_scores(rows, is_member, np.arange(200), seed) for seed in (0, 0, 1))
    np.testing.assert_array_equal(first, again)
    assert (first != other).any()


def test_is_worked_out_once_for_all_attacks(target):
    bench = Workbench(n_jobs=1)
    first = baseline(target, 0, bench)
    assert baseline(replace(target, model=Mute()), 0, bench) is first
    assert baseline(target, 1, bench) is not first


@pytest.mark.parametrize("kind", ["classes", "arrays"])
def test_sees_what_the_model_sees_and_the_label(kind, target_of):
    """A label that only members have is found, though the features say nothing."""
    target = target_of(kind)
    people = target.population
    table = people.table
    labels = np.where(people.is_member, table.labels()[0], table.labels())
    changed = replace(table, y=labels) if kind == "arrays" else replace(table, native=table.native.assign(y=labels))
    told = replace(target, population=replace(people, table=changed))
    scores = baseline(told, 0, Workbench(n_jobs=1))
    assert roc.auc(scores[people.is_member], scores[~people.is_member]).low > 0.6


def test_a_unit_may_be_larger_than_a_fold():
    rows, is_member = np.random.default_rng(0).normal(size=(600, 3)), np.arange(600) < 300
    unit = np.where(np.arange(600) % 300 < 292, 1000 * is_member, np.arange(600))  # of 300 rows, 292 are one unit
    scores = blind_scores(rows, is_member, unit, 0)
    assert ((scores > 0) & (scores < 1)).all()


def test_learns_from_no_more_rows_than_it_needs(monkeypatch):
    rng = np.random.default_rng(0)
    rows, is_member = rng.normal(size=(3000, 3)), np.arange(3000) < 1500
    rows[is_member] += 1
    whole = blind_scores(rows, is_member, np.arange(3000), 0)
    monkeypatch.setattr(blind, "_MOST_ROWS", 600)
    part = blind_scores(rows, is_member, np.arange(3000), 0)
    for found in (whole, part):
        assert roc.auc(found[is_member], found[~is_member]).low > 0.8
    assert (whole != part).any()
