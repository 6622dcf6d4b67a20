"""Noise is normal to the far tail, reaches every value of a fine grid, and comes from the operating system."""

import os

import numpy as np
import pytest
from scipy import special, stats

from reticent.mechanisms.noise import OperatingSystem, Seeded

N = 200_000


def test_it_is_normal_in_the_middle() -> None:
    drawn = OperatingSystem().normal((N,))
    assert stats.kstest(drawn, "norm").pvalue > 1e-7
    assert abs(drawn.mean()) < 5.5 / np.sqrt(N)
    assert abs((drawn**2).mean() - 1) < 5.5 * np.sqrt(2 / N)


def test_it_is_normal_in_the_tail(monkeypatch: pytest.MonkeyPatch) -> None:
    # Only the tail's numbers are looked at: words with so many leading zeros that they lie beyond 4 deviations.
    words = np.random.default_rng(0).integers(0, 2**64, (2, N), np.uint64)
    words[0] >>= np.uint64(15)
    monkeypatch.setattr(os, "urandom", lambda size: words.tobytes()[:size])
    drawn = np.abs(OperatingSystem().normal((N,)))
    bound = float(-special.ndtri(2.0**-16))
    assert drawn.min() >= bound - 1e-9
    uniform = special.ndtr(-drawn) / 2.0**-16
    assert stats.kstest(uniform, "uniform").pvalue > 1e-7


def test_no_value_of_a_fine_grid_is_out_of_reach(monkeypatch: pytest.MonkeyPatch) -> None:
    # Far out the numbers have to lie as close as near the middle: an answer that only one table can give tells it.
    grid = 1e-9
    for deep in (1, 20, 40, 51):
        first = np.uint64(2) ** np.uint64(64 - deep) - np.uint64(1)
        inside = (np.uint64(1) << np.uint64(63)) + (np.arange(64, dtype=np.uint64) << np.uint64(12))
        words = np.concatenate([np.full(64, first, np.uint64), inside])
        monkeypatch.setattr(os, "urandom", lambda size, words=words: words.tobytes())
        drawn = np.sort(OperatingSystem().normal((64,)))
        assert np.diff(drawn).max() < grid / 1000, deep


def test_the_operating_system_is_asked_each_time(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[int] = []
    real = os.urandom

    def urandom(size: int) -> bytes:
        asked.append(size)
        return real(size)

    monkeypatch.setattr(os, "urandom", urandom)
    one, other = OperatingSystem().normal((3, 4)), OperatingSystem().normal((3, 4))
    assert len(asked) == 2 and min(asked) >= 12 * 8
    assert (one != other).all()


def test_a_seed_gives_the_same_noise_and_no_guarantee() -> None:
    assert (Seeded(3).normal((5,)) == Seeded(3).normal((5,))).all()
    assert (Seeded(3).normal((5,)) != Seeded(4).normal((5,))).all()
    assert Seeded(3).no_guarantee and OperatingSystem().no_guarantee is None
    assert Seeded(3).coins.random() == Seeded(3).coins.random()
