"""Stored rows against a search by brute force, and in models that keep rows in one representation or another."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given as hypothesis_given
from hypothesis import settings
from hypothesis import strategies as st
from sklearn.compose import make_column_transformer
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import Binarizer, StandardScaler
from sklearn.svm import SVC

from reticent.attacks.stored import StoredRows, stored_scores
from reticent.attacks.workbench import Workbench
from reticent.errors import AccessError
from reticent.target.access import Access
from reticent.target.population import Half


def brute(rows, array, tolerance=1e-6):
    """A row is found where every value is the same: missing with missing, numbers within single precision."""
    finite = np.where(np.isfinite(rows), rows, 0)
    scale = np.maximum(np.abs(finite).max(axis=0), 1e-12)
    found = np.zeros(len(rows))
    for i, row in enumerate(rows):
        for kept in array:
            same = [
                (np.isnan(a) and np.isnan(b)) or a == b or abs(a - b) < tolerance * unit
                for a, b, unit in zip(row, kept, scale, strict=True)
            ]
            found[i] = max(found[i], float(all(same)))
    return found


VALUES = st.sampled_from([0.0, 1.0, 1.0 + 1e-9, 1.1, -3.0, 1e6, np.nan, np.inf, -np.inf])


@settings(max_examples=150, deadline=None)
@hypothesis_given(
    st.lists(st.tuples(VALUES, VALUES), min_size=1, max_size=8), st.lists(st.tuples(VALUES, VALUES), max_size=8)
)
def test_finds_what_brute_force_finds(rows, kept):
    rows = np.array(rows)
    array = np.array(kept).reshape(-1, 2)
    if array.shape == (2, 2):
        array = np.vstack([array, array[:1]])  # a square could be meant either way
    with np.errstate(all="raise"):
        found, places = stored_scores(rows, [("somewhere", array)])
    np.testing.assert_array_equal(found, brute(rows, array))
    assert places == ({"somewhere": int(found.sum())} if found.any() else {})


def test_rows_may_lie_in_columns_and_single_rows_alone():
    rows = np.arange(12.0).reshape(4, 3)
    inside = [("columns", rows[:2].T), ("row", rows[3]), ("other", np.ones((5, 2))), ("empty", np.empty((0, 3)))]
    found, places = stored_scores(rows, inside)
    assert found.tolist() == [1, 1, 0, 1] and places == {"columns": 2, "row": 1}


def test_single_precision_is_the_same_number_and_another_is_not():
    rows = np.random.default_rng(0).normal(100, 15, (50, 3))
    assert stored_scores(rows, [("a", rows.astype(np.float32))])[0].all()
    assert not stored_scores(rows, [("a", rows + 0.01)])[0].any()


def test_a_column_with_missing_values_still_tells_rows_apart():
    rows = np.array([[1.0, np.nan], [2.0, 5.0], [3.0, 7.0]])
    assert stored_scores(rows, [("a", np.array([[2.0, 9.0], [2.5, 5.0], [1.0, 3.0]]))])[0].tolist() == [0, 0, 0]
    assert stored_scores(rows, [("a", np.array([[1.0, np.nan], [3.0, 7.0], [0, 0]]))])[0].tolist() == [1, 0, 1]


def run(target_of, given, model):
    return StoredRows().run(target_of("arrays", model=model, access=Access.PARAMETERS), 0, Workbench(n_jobs=1))


def test_neighbors_give_away_every_member_and_nobody_else(target_of, given):
    found = run(target_of, given, KNeighborsClassifier().fit(*given("arrays")["members"]))
    assert found.rows_found == 320 and found.chance.value == 0
    np.testing.assert_array_equal(found.scores, found.is_member)
    assert found.reading()["rows found"] == 320 and found.reading()["expected among members by chance"] == 0
    assert "(the table): 320" in found.reading()["where"]
    assert found.on(Half.SEALED).rows_found == 160


def test_rows_are_looked_for_after_every_step(target_of, given):
    x, y = given("arrays")["members"]
    found = run(target_of, given, make_pipeline(StandardScaler(), SVC(random_state=0)).fit(x, y))
    vectors = make_pipeline(StandardScaler(), SVC(random_state=0)).fit(x, y)[-1].support_
    np.testing.assert_array_equal(np.flatnonzero(found.scores), np.sort(vectors))
    assert "after standardscaler" in found.reading()["where"] and found.reading()["rows found"] == len(vectors)


def test_a_model_that_keeps_no_rows_is_walked_and_found_empty(target_of, given):
    found = run(
        target_of, given, make_pipeline(StandardScaler(), LogisticRegression()).fit(*given("arrays")["members"])
    )
    assert found.rows_found == 0 and found.reading()["arrays walked"] > 3
    assert "where" not in found.facts and found.auc().value == 0.5


def test_what_cannot_be_compared_is_said(target_of, given):
    found = StoredRows().run(target_of(access=Access.PARAMETERS), 0, Workbench(n_jobs=1))
    assert "the table (not all numbers)" in found.reading()["not compared"]
    assert found.reading()["rows found"] == 0


def test_matches_of_others_count_as_chance(target_of, given):
    """Rows that are kept so coarsely that everybody has a double give nobody away."""
    coarse = make_pipeline(Binarizer(threshold=50), KNeighborsClassifier()).fit(*given("arrays")["members"])
    found = run(target_of, given, coarse)
    assert found.rows_found == 320 and found.chance.value > 0.99
    assert found.reading()["expected among members by chance"] == pytest.approx(320 * found.chance.value)
    assert found.auc().value < 0.51


@pytest.mark.parametrize("wide", [True, False])
def test_too_wide_a_representation_is_skipped_not_built(wide, target_of, given, monkeypatch):
    def texts(side):
        x, y = given("arrays")[side]
        return pd.DataFrame({"text": [" ".join(f"w{v}" for v in row) for row in x.astype(int)], "y": y})

    members, others = texts("members"), texts("nonmembers")
    model = make_pipeline(make_column_transformer((CountVectorizer(), "text")), KNeighborsClassifier())
    model.fit(members[["text"]], members["y"])
    target = target_of(model=model, members=members, nonmembers=others, quasi_identifiers=(), access=Access.PARAMETERS)
    if wide:
        monkeypatch.setattr("reticent.attacks.stored._MAX_CELLS", 1000)
        with pytest.raises(AccessError, match="too wide"):
            StoredRows().run(target, 0, Workbench(n_jobs=1))
        return
    found = StoredRows().run(target, 0, Workbench(n_jobs=1))
    assert "not all numbers" in found.reading()["not compared"]
    assert found.reading()["rows found"] > 0 and found.beyond_chance
