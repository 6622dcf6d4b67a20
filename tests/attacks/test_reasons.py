"""Reasons name what was planted, on tables of any shape, and nothing else."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from reticent.attacks import reasons as module
from reticent.attacks.reasons import NEIGHBORS, reasons


@pytest.fixture
def people():
    rng = np.random.default_rng(0)
    rows = rng.normal(size=(1_000, 4)) * [1, 100, 0.01, 1]
    return rows, (rows[:, 0] > 0).astype(int)


def said(rows, truth, row):
    [found] = reasons(rows, truth, np.array([row]))
    return " ".join(found)


def test_an_ordinary_person_has_no_reason(people):
    rows, truth = people
    rows[7], truth[7] = [1, 0, 0, 0], 1
    assert said(rows, truth, 7) == ""


@pytest.mark.parametrize("column", range(4))
def test_an_outlier_in_any_column_whatever_its_unit(people, column):
    rows, truth = people
    rows[5] = 0
    rows[5, column] = 12 * rows[:, column].std()
    assert "unlike anyone else" in said(rows, truth, 5)


def test_about_one_person_in_a_hundred_is_an_outlier(people):
    found = reasons(*people, np.arange(1_000))
    assert 5 <= sum("unlike anyone else" in " ".join(one) for one in found) <= 20


def test_rare_class(people):
    rows, truth = people
    truth[:20] = 2
    assert "rare class: 2 % of people" in said(rows, truth, 3)
    assert "rare" not in said(rows, truth, 100)


def test_duplicates_and_near_duplicates(people):
    rows, truth = people
    rows[10:13] = rows[10]
    rows[21] = rows[20] * (1 + 1e-9)
    assert "there 3 times" in said(rows, truth, 11)
    assert "nearly" not in said(rows, truth, 11)
    assert "nearly the same as 1 others" in said(rows, truth, 20)


def test_a_label_unlike_its_neighbors(people):
    rows, truth = people
    sure = int(np.argsort(rows[:, 0])[-200])
    truth[sure] = 0
    assert f"labeled unlike 5 of its {NEIGHBORS} nearest" in said(rows, truth, sure)


def test_chunks_and_samples_change_nothing_for_equal_rows(people, monkeypatch):
    rows, truth = people
    rows[990:] = rows[990]
    monkeypatch.setattr(module, "_CHUNK", 7)
    monkeypatch.setattr(module, "_SAMPLE", 50)
    assert "there 10 times" in said(rows, truth, 995)


def test_missing_values_and_constant_columns_are_no_distance(people):
    rows, truth = people
    rows[:, 2], rows[3, 1], rows[:, 3] = 7.0, np.nan, np.nan
    assert np.isfinite(rows[:, 0]).all()
    assert "unlike" not in said(rows, truth, int(np.argmin(np.abs(rows[:, 0]))))


@given(
    hnp.arrays(
        float, st.tuples(st.integers(1, 12), st.integers(1, 3)), elements=st.floats(-5, 5).map(lambda x: round(x, 6))
    )
)
def test_any_small_table_is_answered(rows):
    truth = np.arange(len(rows)) % 2
    found = reasons(rows, truth, np.arange(len(rows)))
    assert len(found) == len(rows)
    assert reasons(rows, truth, np.array([], dtype=int)) == []
    if len(rows) > NEIGHBORS:
        for i, one in enumerate(found):
            times = int((rows == rows[i]).all(axis=1).sum())
            assert (f"there {times} times with the same features" in one) == (times > 1)
