"""Bins are bought: few where noise is loud, many where it is not, and never outside the bounds."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reticent.defenses.training.dp.edges import bought, grid, joined
from reticent.mechanisms.curator import Curator
from reticent.mechanisms.noise import Seeded

AMOUNTS = np.concatenate([np.zeros(18_000), np.random.default_rng(0).lognormal(8, 1, 2_000).clip(0, 99_000)])


def edges_of(values: np.ndarray, mu: float, bounds: tuple[float, float] = (0.0, 100_000.0)) -> np.ndarray:
    return bought([values], [bounds], Curator(mu=mu, noise=Seeded(1)), share=0.1, people=float(len(values)))[0]


@settings(max_examples=100, deadline=None)
@given(st.floats(-1e9, 1e9), st.floats(1e-6, 1e9), st.integers(16, 256))
def test_a_grid_ascends_inside_its_bounds(low: float, width: float, n_cells: int) -> None:
    edges = grid(low, low + width, n_cells)
    assert (np.diff(edges) > 0).all()
    assert ((edges > low) & (edges < low + width)).all()


def test_a_grid_is_finest_near_zero() -> None:
    edges = grid(-10.0, 10.0, 128)
    widths = np.diff(edges)
    assert len(edges) == pytest.approx(128, abs=64)
    assert widths[np.searchsorted(edges, 0.0)] < 1e-3
    assert widths[-1] > 0.05


def test_louder_noise_leaves_fewer_bins() -> None:
    n_bins = [len(edges_of(AMOUNTS, mu)) for mu in (0.02, 0.2, 2.0)]
    assert n_bins == sorted(n_bins)
    assert n_bins[0] < 5
    assert n_bins[2] > 15


def test_a_heavy_zero_stands_alone_and_the_tail_is_cut() -> None:
    edges = edges_of(AMOUNTS, 2.0)
    bins = np.searchsorted(edges, AMOUNTS, side="right")
    assert (bins[:18_000] == bins[0]).all()
    assert (bins[18_000:] > bins[0]).mean() > 0.99
    assert np.bincount(bins[18_000:]).max() < 500


def test_every_bin_holds_what_it_needs_where_there_is_no_noise() -> None:
    counts = np.random.default_rng(3).integers(0, 40, 200).astype(float)
    kept = joined(counts, 100.0, 0.0)
    sums = [part.sum() for part in np.split(counts, np.array(kept) + 1)]
    assert sum(sums) == counts.sum()
    assert min(sums[:-1]) >= 25 and sums[-1] >= 50


def test_the_price_is_the_share() -> None:
    curator = Curator(mu=1.0, noise=Seeded(0))
    bought([AMOUNTS, AMOUNTS], [(0.0, 1e5), (0.0, 1e6)], curator, share=0.25, people=20_000.0)
    [answer] = curator.answers
    assert (answer.share, answer.sensitivity) == (0.25, pytest.approx(np.sqrt(2)))
