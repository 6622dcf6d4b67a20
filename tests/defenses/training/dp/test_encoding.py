"""No row is longer than one, whatever it holds; neighbors among bins are alike; numbers lie on the grid."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reticent.defenses.training.dp.coded import Category, Coded, Number
from reticent.defenses.training.dp.encoding import GRID, Bins, Encoding, Ones, Place, encoding_of

N = 64


def coded(seed: int, *, missing: bool) -> Coded:
    rng = np.random.default_rng(seed)
    lost = rng.random(N) < 0.3 if missing else None
    number = Number(name="x", values=rng.normal(0, 100, N), missing=lost, bounds=(-50.0, 50.0), edges=None)
    category = Category(name="c", codes=rng.integers(0, 400, N), size=400)
    return Coded(features=(number, category, number), n_rows=N)


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 2**31), st.booleans(), st.integers(0, 60), st.booleans())
def test_no_row_is_longer_than_one_and_all_lie_on_the_grid(seed: int, missing: bool, n_edges: int, bins: bool) -> None:
    table = coded(seed, missing=missing)
    of = np.sort(np.random.default_rng(seed).uniform(-60, 60, n_edges)) if bins else (-50.0, 50.0)
    rows = encoding_of(table.features, [of, None, (-50.0, 50.0)]).rows(table)
    assert (np.linalg.norm(rows, axis=1) <= 1).all()
    assert (rows / GRID == np.rint(rows / GRID)).all()


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 2**31), st.booleans(), st.integers(1, 60))
def test_the_fourth_powers_keep_to_their_bound(seed: int, missing: bool, n_edges: int) -> None:
    table = coded(seed, missing=missing)
    of = np.sort(np.random.default_rng(seed).uniform(-60, 60, n_edges))
    for ranges in ([of, None, of], [(-50.0, 50.0), None, (-1.0, 1.0)]):
        encoding = encoding_of(table.features, ranges)
        assert ((encoding.rows(table) ** 4).sum(axis=1) <= encoding.fourth + 1e-12).all()


def test_the_bound_on_fourth_powers_is_reached() -> None:
    encoding = Encoding(blocks=(Ones(width=2), Ones(width=3)), constant=0.0)
    table = Coded(features=tuple(Category(name=i, codes=np.array([1]), size=2) for i in range(2)), n_rows=1)
    assert (encoding.rows(table) ** 4).sum() == pytest.approx(encoding.fourth, rel=1e-3)


def test_bins_are_like_their_neighbors_and_missing_is_like_nothing() -> None:
    block = Bins(edges=np.arange(20.0), missing=True, most=64)
    alike = block.table @ block.table.T
    assert np.diag(alike) == pytest.approx(np.ones(22))
    assert (np.diff(alike[0, :21]) < 0).all()
    assert alike[21, :21].tolist() == [0.0] * 21


def test_a_cut_table_keeps_the_largest_components() -> None:
    whole, cut = (Bins(edges=np.arange(60.0), missing=False, most=most).table for most in (64, 20))
    assert cut.shape == (61, 20)
    assert np.abs(cut @ cut.T - whole @ whole.T).max() < 0.08


def test_a_missing_number_has_no_place() -> None:
    number = Number(name="x", values=np.array([5.0, 0.0]), missing=np.array([False, True]), bounds=None, edges=None)
    assert Place(low=0.0, high=10.0, missing=True).of(number).tolist() == [[0.0, 0.0], [0.0, 1.0]]


def test_a_code_knows_its_place_without_the_rows() -> None:
    few, many = (Category(name="c", codes=np.array(codes), size=5000) for codes in ([7], [7, 4999, 0]))
    block = Ones(width=256)
    assert (block.of(few)[0] == block.of(many)[0]).all()
