"""The walk to the boundary: where it must end is known for models that we can write down."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given as hypothesis_given
from hypothesis import settings
from hypothesis import strategies as st
from sklearn.dummy import DummyClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder
from sklearn.tree import DecisionTreeClassifier

from reticent.attacks.membership.boundary import Boundary, donors, nearest
from reticent.attacks.queries import Pool
from reticent.attacks.workbench import Workbench
from reticent.errors import AccessError, ModelError, ParameterError
from reticent.target.access import Access
from reticent.target.model import Model
from reticent.target.table import ArrayTable, FrameTable

FALSE_ALARM = 1e-6  # of each statistical test below


WORK = Workbench(n_jobs=1)  # one for all tests: the blind baseline of a target is fitted once


def run(target, seed=0, **parameters):
    return Boundary(**parameters).run(target, seed, WORK)


def cloud(rows=300, columns=4, seed=0):
    x = np.random.default_rng(seed).normal(size=(rows, columns))
    return x, Pool.read(ArrayTable(x, np.zeros(rows)), [])


def test_the_plane_is_met_where_it_lies():
    """Of a linear model the distance is known; walks that take changes back come near it from above."""
    x, pool = cloud()
    weights = np.array([1.0, -2.0, 0.0, 0.5])
    scaled = weights * pool.spread
    exact = np.abs(x @ weights) / np.linalg.norm(scaled)
    labels = (x @ weights > 0).astype(int)
    beyond = donors(pool, labels, labels, 4, np.random.default_rng(0))
    ends = pool.encode(beyond.ravel()).reshape(4, *x.shape)

    def crossed(values):
        return (values @ weights > 0) != np.tile(labels == 1, len(values) // len(x))

    near, rough = (
        pool.distance(x, nearest(crossed, pool, x, ends, steps=12, rounds=rounds, rng=np.random.default_rng(1)))
        for rounds in (60, 0)
    )
    assert (near >= exact - 1e-9).all() and (rough >= near - 1e-9).all()
    assert np.median(near / exact) < 1.1 < np.median(rough / exact)
    assert np.corrcoef(near, exact)[0, 1] > 0.95


def test_bisection_is_that_of_one_row_at_a_time():
    """The slow twin walks alone, for each row and each way, and takes nothing back."""
    x, pool = cloud(40, 3)
    labels = (x[:, 0] + np.sin(3 * x[:, 1]) > 0).astype(int)
    beyond = donors(pool, labels, labels, 2, np.random.default_rng(0))
    ends = pool.encode(beyond.ravel()).reshape(2, *x.shape)

    def label(values):
        return values[:, 0] + np.sin(3 * values[:, 1]) > 0

    found = nearest(
        lambda values: label(values) != np.tile(labels == 1, len(values) // 40),
        *(pool, x, ends), steps=9, rounds=0, rng=np.random.default_rng(0),
    )  # fmt: skip
    for row in range(40):
        best = np.inf
        for way in range(2):
            near, far = 0.0, 1.0
            for _ in range(9):
                middle = (near + far) / 2
                point = x[row] + middle * (ends[way, row] - x[row])
                near, far = (near, middle) if label(point[None])[0] != labels[row] else (middle, far)
            point = x[row] + far * (ends[way, row] - x[row])
            best = min(best, float(np.sqrt((((point - x[row]) / pool.spread) ** 2).sum())))
        assert pool.distance(x[[row]], found[[row]])[0] == pytest.approx(best, abs=1e-12)


def test_donors_are_the_nearest_rows_beyond():
    x, pool = cloud(120, 2)
    rng = np.random.default_rng(3)
    labels, truth = rng.integers(0, 3, 120), rng.integers(0, 3, 120)
    found = donors(pool, labels, truth, 3, np.random.default_rng(0))  # fewer rows than candidates: all are looked at
    for row in range(120):
        right = labels[row] == truth[row]
        there = np.flatnonzero(labels != truth[row] if right else labels == truth[row])
        apart = pool.distance(np.repeat(x[[row]], len(there), axis=0), x[there])
        assert set(found[:, row]) == set(there[np.argsort(apart)[:3]])
        assert found[0, row] == there[apart.argmin()]


def test_few_rows_beyond_are_used_again():
    _, pool = cloud(60, 2)
    labels = np.where(np.arange(60) == 5, 1, 0)
    found = donors(pool, labels, np.zeros(60, int), 3, np.random.default_rng(0))
    assert (found[:, labels == 0] == 5).all()
    assert found[:, 5].min() >= 0 and 5 not in found[:, 5]
    assert (donors(pool, np.zeros(60, int), np.zeros(60, int), 3, np.random.default_rng(0)) == -1).all()


@settings(max_examples=30, deadline=None)
@hypothesis_given(st.integers(0, 10**6), st.integers(0, 6), st.integers(0, 8))
def test_what_is_returned_lies_beyond(seed, steps, rounds):
    """Whatever the model, be it a coin for each point, a point that is returned has crossed."""
    rng = np.random.default_rng(seed)
    frame = pd.DataFrame({"a": rng.integers(0, 9, 30), "b": rng.choice(["x", "y", None], 30), "c": rng.normal(size=30)})
    pool = Pool.read(FrameTable(frame.assign(y=0), "y"), ("a", "b", "c"))

    def label(values):
        return (np.abs(np.nan_to_num(values) * [1, 7, 13]).sum(axis=1) * 1e3).astype(int) % 2 == 0

    rows = pool.encode(np.arange(30))
    mine = label(rows)
    if mine.all() or not mine.any():
        return
    beyond = donors(pool, mine.astype(int), mine.astype(int), 2, rng)
    ends = pool.encode(beyond.ravel()).reshape(2, *rows.shape)
    point = nearest(
        lambda values: label(values) != np.tile(mine, len(values) // 30),
        *(pool, rows, ends), steps=steps, rounds=rounds, rng=rng,
    )  # fmt: skip
    assert (label(point) != mine).all()
    assert set(pool.decode(point)["b"].dropna()) <= {"x", "y"} and pool.decode(point)["a"].isin(range(9)).all()


@pytest.fixture(scope="module", params=["pandas", "polars", "arrays", "classes"])
def labels_only(request, target_of):
    return target_of(request.param, access=Access.LABELS)


def test_same_seed_same_numbers_and_wrong_labels_lie_below(labels_only):
    found = run(labels_only, 3)
    np.testing.assert_array_equal(found.scores, run(labels_only, 3).scores)
    assert not np.array_equal(found.scores, run(labels_only, 4).scores)
    np.testing.assert_array_equal(found.scores > 0, labels_only.labels == labels_only.truth)
    assert np.isfinite(found.scores).all() and found.facts["queries per row"] == 49


def test_each_row_is_asked_as_often_as_is_said(target_of, monkeypatch):
    target = target_of("arrays", access=Access.LABELS)
    assert target.labels.shape == (640,)
    asked, plain = [], type(target.model).labels
    monkeypatch.setattr(type(target.model), "labels", lambda self, x: asked.append(len(x)) or plain(self, x))
    found = run(target, walks=2, steps=5, rounds=3)
    assert sum(asked) + 640 == 640 * found.facts["queries per row"] == 640 * 14
    assert len(asked) == 5 + 3  # all rows at once


def test_rows_walk_in_pieces_where_memory_is_short(target_of, monkeypatch):
    monkeypatch.setattr(Pool, "rows_at_once", 250)
    found = run(target_of(access=Access.LABELS), walks=1, steps=4, rounds=3)
    assert np.isfinite(found.scores).all() and found.facts["rows without a boundary in sight"] == 0


def test_one_class_always_predicted_has_no_boundary(target_of, given):
    members = given()["members"]
    model = DummyClassifier(strategy="most_frequent").fit(members.drop(columns="y"), members["y"])
    target = target_of(model=model, access=Access.LABELS)
    found = run(target)
    right = target.labels == target.truth
    np.testing.assert_array_equal(found.scores, np.where(right, 1.0, -1.0))
    assert found.facts["rows without a boundary in sight"] == 640


def test_categories_alone_are_enough(target_of, people):
    def words(seed):
        table = people(320, seed)
        return pd.DataFrame(
            {"town": table["town"], "age": (table["age"] // 2).astype(str), "size": (table["weight"] // 2).astype(str)}
        ).assign(y=table["y"])

    members, others = words(0), words(1)
    model = make_pipeline(OneHotEncoder(handle_unknown="ignore"), DecisionTreeClassifier(random_state=0))
    model.fit(members.drop(columns="y"), members["y"])
    found = run(target_of(model=model, members=members, nonmembers=others, access=Access.LABELS))
    assert found.auc().low > 0.5
    np.testing.assert_allclose(found.scores**2, np.rint(found.scores**2))  # one spread for each value that was switched


def test_a_model_that_learned_from_others_is_not_told(target_of, people, tree):
    stranger = people(320, 99)
    model = tree().fit(stranger.drop(columns="y"), stranger["y"])
    area = run(target_of(model=model, access=Access.LABELS)).auc(level=1 - FALSE_ALARM)
    assert area.low < 0.5 < area.high


def test_a_line_with_one_threshold_is_measured_in_spreads(target_of):
    rng = np.random.default_rng(0)
    x = rng.normal(scale=3.0, size=(600, 1))
    y = (x[:, 0] > 1).astype(int)
    model = LogisticRegression(C=1e6).fit(x[:300], y[:300])
    target = target_of(
        "arrays", model=model, members=(x[:300], y[:300]), nonmembers=(x[300:], y[300:]), access=Access.LABELS
    )
    edge = -model.intercept_[0] / model.coef_[0, 0]
    pool = Pool.read(target.population.table, target.features)
    exact = np.abs(target.population.table.x[:, 0] - edge) / pool.spread[0]
    np.testing.assert_allclose(np.abs(run(target, steps=20).scores), exact, atol=1e-4)


def test_inputs_stay_and_nonsense_is_refused(target_of, monkeypatch):
    target = target_of(access=Access.LABELS)
    before = target.population.table.native.copy()
    run(target)
    pd.testing.assert_frame_equal(target.population.table.native, before)
    for wrong in ({"walks": 0}, {"steps": 0}, {"rounds": -1}):
        with pytest.raises(ParameterError):
            Boundary(**wrong)
    assert isinstance(target.model, Model)

    def refuse(self, values):
        raise ModelError("no such town")

    monkeypatch.setattr(Pool, "decode", refuse)
    with pytest.raises(AccessError, match="no such town"):
        run(target)
