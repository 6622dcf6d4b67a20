"""Rows near people and between people stay rows of the caller's kind, with values that the columns hold."""

import numpy as np
import pandas as pd
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from polars.testing import assert_frame_equal

from reticent.attacks.queries import Pool
from reticent.target.table import ArrayTable, FrameTable

ROWS = 400


def mixed():
    """Every kind of column that a table may hold, with values missing where that can be."""
    rng = np.random.default_rng(0)
    some = rng.random(ROWS) < 0.1
    return pd.DataFrame(
        {
            "age": rng.integers(18, 80, ROWS),
            "town": rng.choice(np.array(["Bonn", "Ems", None], dtype=object), ROWS),
            "kind": pd.Categorical(rng.choice(["x", "y"], ROWS), categories=["y", "x", "z"]),
            "income": np.where(some, np.nan, rng.normal(size=ROWS)),
            "rooms": pd.array(np.where(some, None, rng.integers(1, 9, ROWS)), dtype="Int64"),
            "owner": rng.random(ROWS) < 0.5,
            "fee": np.where(rng.random(ROWS) < 0.3, 2.5, 0.0),
            "one": 1.5,
            "since": pd.Timestamp("2020-01-01") + pd.to_timedelta(rng.integers(0, 900, ROWS), unit="D"),
            "weight": rng.normal(70, 9, ROWS).astype(np.float32),
            "gray": rng.integers(0, 256, ROWS).astype(np.uint8),
            "none": np.full(ROWS, np.nan),
            "y": 0,
        }
    )


NAMES = tuple(mixed().columns[:-1])
ALL = np.arange(ROWS)


def frames():
    return {"pandas": mixed(), "polars": pl.from_pandas(mixed())}


@pytest.fixture(scope="module", params=["pandas", "polars"])
def frame(request):
    return frames()[request.param]


@pytest.fixture(scope="module")
def pool(frame):
    return Pool.read(FrameTable(frame, "y"), NAMES)


def same(left, right):
    (pd.testing.assert_frame_equal if isinstance(left, pd.DataFrame) else assert_frame_equal)(left, right)


def plain(frame):
    return frame.to_pandas() if isinstance(frame, pl.DataFrame) else frame


def test_there_and_back_changes_nothing(frame, pool):
    rows = np.array([3, 3, 0, ROWS - 1, 17])
    expected = frame[list(NAMES)].iloc[rows].reset_index(drop=True) if isinstance(frame, pd.DataFrame) else None
    same(pool.decode(pool.encode(rows)), frame.select(NAMES)[rows] if expected is None else expected)
    same(pool.decode(pool.encode(ALL)), frame[list(NAMES)] if expected is not None else frame.select(NAMES))


@pytest.mark.parametrize("dtype", [np.float32, np.float64, np.uint8, np.int64, bool, object])
def test_arrays_of_any_shape_and_type_go_there_and_back(dtype):
    x = np.random.default_rng(1).random((60, 3, 4))
    x = x > 0.5 if dtype is bool else (x * 5).astype(dtype)
    pool = Pool.read(ArrayTable(x, np.zeros(60)), [])
    back = pool.decode(pool.encode(np.arange(60)))
    assert back.dtype == x.dtype and back.shape == x.shape
    np.testing.assert_array_equal(back, x)
    noisy = pool.decode(pool.noisy(pool.encode(np.arange(60)), 0.5, np.random.default_rng(2)))
    assert noisy.dtype == x.dtype and not np.array_equal(noisy, x)


def test_pandas_and_polars_are_asked_the_same():
    noisy = {}
    for kind, frame in frames().items():
        pool = Pool.read(FrameTable(frame, "y"), NAMES)
        noisy[kind] = plain(pool.decode(pool.noisy(pool.encode(ALL), 0.4, np.random.default_rng(0))))
    for name in NAMES:
        left, right = (side[name].astype("string").fillna("") for side in noisy.values())
        if pd.api.types.is_numeric_dtype(noisy["pandas"][name]):
            left, right = (pd.to_numeric(side[name]).astype(float) for side in noisy.values())
        np.testing.assert_array_equal(left.to_numpy(), right.to_numpy(), err_msg=name)


def test_noise_has_the_strength_that_it_says(pool):
    values = pool.encode(np.tile(ALL, 100))
    noisy = pool.noisy(values, 0.1, np.random.default_rng(0))
    income, weight, town, fee = (NAMES.index(name) for name in ("income", "weight", "town", "fee"))
    assert np.nanstd(noisy[:, income] - values[:, income]) == pytest.approx(0.1 * pool.spread[income], rel=0.05)
    assert pool.spread[weight] == pytest.approx(9, rel=0.15)  # of a normal column: its standard deviation
    for j in (town, fee):  # redrawn with probability 1 - exp(-0.1), and some draws give the same value
        shares = np.unique(values[:, j], return_counts=True)[1] / len(values)
        expected = -np.expm1(-0.1) * (1 - (shares**2).sum())
        assert (noisy[:, j] != values[:, j]).mean() == pytest.approx(expected, rel=0.1)


def test_noise_keeps_what_columns_are(pool, frame):
    noisy = plain(pool.decode(pool.noisy(pool.encode(ALL), 1.0, np.random.default_rng(3))))
    raw = plain(frame)
    for name in ("age", "rooms", "gray", "income", "weight"):
        numbers = pd.to_numeric(noisy[name])
        np.testing.assert_array_equal(numbers.isna(), raw[name].isna())  # missing stays missing
        assert numbers.min() >= raw[name].min() and numbers.max() <= raw[name].max()
        assert (numbers != raw[name]).mean() > 0.5
    assert (pd.to_numeric(noisy["rooms"]).dropna() % 1 == 0).all()
    for name in ("town", "kind", "owner", "fee", "since"):
        known = set(raw[name].dropna())
        assert set(noisy[name].dropna()) <= known and (noisy[name].astype(str) != raw[name].astype(str)).any()
    assert (noisy["one"] == 1.5).all() and noisy["none"].isna().all()


def test_the_way_begins_at_one_row_and_ends_at_the_other(pool):
    rng = np.random.default_rng(0)
    start, end = pool.encode(ALL), pool.encode(rng.permutation(ROWS))
    order = rng.uniform(0.01, 0.99, start.shape)
    np.testing.assert_array_equal(pool.between(start, end, 0.0, order), start)
    np.testing.assert_array_equal(pool.between(start, end, 1.0, order), end)
    shares = [pool.distance(start, pool.between(start, end, share, order)) for share in (0.0, 0.3, 0.6, 1.0)]
    assert (np.diff(shares, axis=0) >= -1e-9).all() and (shares[0] == 0).all()


def test_distance_is_counted_by_hand():
    frame = pd.DataFrame({"a": [0.0, 3.0, np.nan, 1.0], "b": ["x", "y", None, "x"], "c": [7.0, 7.0, 7.0, 7.0]})
    pool = Pool.read(FrameTable(frame.assign(y=0), "y"), ("a", "b", "c"))
    pool.spread[0] = 2.0
    values = pool.encode(np.arange(4))
    from_first = pool.distance(values[[0, 0, 0, 0]], values)
    np.testing.assert_allclose(from_first, [0, np.sqrt(1.5**2 + 1), np.sqrt(2), 0.5])
    assert pool.distance(values[[2]], values[[2]]).tolist() == [0]  # missing on both sides is the same
    known = values[[0, 1, 3]]
    naive = np.array([[pool.distance(left[None], right[None])[0] for right in known] for left in known])
    np.testing.assert_allclose(pool.distances(known, known), naive)


def test_inputs_are_left_alone(frame):
    before = frame.copy() if isinstance(frame, pd.DataFrame) else frame.clone()
    pool = Pool.read(FrameTable(frame, "y"), NAMES)
    values = pool.encode(ALL)
    kept = values.copy()
    pool.decode(pool.noisy(values, 1.0, np.random.default_rng(0)))
    pool.between(values, values[::-1], 0.5)
    np.testing.assert_array_equal(values, kept)
    same(frame, before)


@settings(max_examples=60, deadline=None)
@given(
    hnp.arrays(
        np.float64,
        hnp.array_shapes(min_dims=2, max_dims=2, min_side=1, max_side=6),
        elements=st.one_of(st.just(np.nan), st.floats(-1e6, 1e6), st.integers(-3, 3).map(float)),
    ),
    st.floats(0.01, 5),
)
def test_any_numbers_stay_in_the_range_of_their_column(x, strength):
    pool = Pool.read(ArrayTable(x, np.zeros(len(x))), [])
    values = pool.encode(np.arange(len(x)))
    np.testing.assert_array_equal(values, x)
    for made in (
        pool.noisy(values, strength, np.random.default_rng(0)),
        pool.between(values, values[::-1], 0.4, np.random.default_rng(0).random(x.shape)),
    ):
        moved = ~pool.switched
        np.testing.assert_array_equal(np.isnan(made[:, moved]) <= (np.isnan(x) | np.isnan(x[::-1]))[:, moved], True)
        for j in range(x.shape[1]):
            known, new = x[~np.isnan(x[:, j]), j], made[~np.isnan(made[:, j]), j]
            if len(new):
                span = 1e-9 * max(1.0, np.abs(known).max())
                assert new.min() >= known.min() - span and new.max() <= known.max() + span
            if pool.switched[j]:
                assert set(new) <= set(known)
            elif pool.whole[j]:
                assert (new == np.rint(new)).all()
    assert np.isfinite(pool.distance(values, values[::-1])).all()
