"""The curator pays for each answer, refuses what is not paid for, and keeps sums on their grid."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from reticent.errors import BudgetError, ParameterError
from reticent.mechanisms.curator import Curator, cells
from reticent.mechanisms.noise import OperatingSystem, Seeded


class Counting:
    """Noise that counts how often it is asked."""

    no_guarantee = None
    coins = np.random.default_rng(0)

    def __init__(self) -> None:
        self.times = 0

    def normal(self, shape: tuple[int, ...]) -> np.ndarray:
        self.times += 1
        return np.ones(shape)


def test_what_is_not_left_is_refused_before_anything_is_drawn() -> None:
    noise = Counting()
    curator = Curator(mu=1.0, noise=noise)
    curator.gaussian("a", np.zeros(1), sensitivity=1.0, share=0.7)
    with pytest.raises(BudgetError, match=r"at most 0\.3"):
        curator.gaussian("b", np.zeros(1), sensitivity=1.0, share=0.4)
    assert noise.times == 1 and len(curator.answers) == 1
    curator.gaussian("c", np.zeros(1), sensitivity=1.0, share=curator.left)
    assert curator.left == pytest.approx(0.0, abs=1e-12)


@given(st.floats(0.01, 10), st.floats(0.1, 100), st.floats(0.001, 1), st.integers(1, 5))
def test_the_noise_is_what_the_share_buys(mu: float, sensitivity: float, share: float, reach: int) -> None:
    curator = Curator(mu=mu, noise=Counting(), reach=float(reach))
    bought = sensitivity * reach / (mu * np.sqrt(share))
    answer = curator.gaussian("a", np.zeros(2), sensitivity=sensitivity, share=share, grid=1e-7 * bought)
    assert answer == pytest.approx([bought, bought], rel=1e-6)
    assert curator.answers[0].sd == pytest.approx(bought)
    assert (curator.answers[0].sensitivity / curator.answers[0].sd) ** 2 == pytest.approx(share * mu**2)


def test_answers_lie_on_the_grid_and_are_of_the_right_size() -> None:
    curator = Curator(mu=1.0, noise=OperatingSystem())
    exact = np.arange(12.0).reshape(3, 4) * 2.0**-10
    answer = curator.gaussian("a", exact, sensitivity=1.0, share=0.5, grid=2.0**-10)
    assert answer.shape == exact.shape
    assert (answer * 2**10 == np.rint(answer * 2**10)).all()
    assert curator.answers[0].numbers == 12


def test_the_same_seed_gives_the_same_answer() -> None:
    one, other = (Curator(mu=1.0, noise=Seeded(5)) for _ in range(2))
    ask = {"sensitivity": 1.0, "share": 0.5}
    assert (one.gaussian("a", np.zeros(9), **ask) == other.gaussian("a", np.zeros(9), **ask)).all()


def test_fine_cells_are_all_as_likely() -> None:
    # A cell that few drawn values fall into comes up too often or too seldom. Where noise is drawn as a sum, the last
    # bits of an answer are those of a uniform number: by chi-square over 64 neighbors, and so are its middle ones.
    drawn = cells(OperatingSystem(), 2.0**38, (200_000,)).astype(np.int64)
    for shift in (0, 8, 14, 20):
        counts = np.bincount((drawn >> shift) & 63, minlength=64)
        assert stats.chisquare(counts).pvalue > 1e-7, shift
    assert abs(drawn.std() / 2.0**38 - 1) < 5.5 / np.sqrt(2 * 200_000)
    assert stats.kstest(drawn / 2.0**38, "norm").pvalue > 1e-7


def test_a_fine_cell_is_filled_by_more_than_the_bits_of_one_number() -> None:
    class Lattice:
        no_guarantee, coins = None, np.random.default_rng(0)

        def __init__(self) -> None:
            self.times = 0

        def normal(self, shape: tuple[int, ...]) -> np.ndarray:
            self.times += 1
            return np.full(shape, 0.75)

    coarse, fine = Lattice(), Lattice()
    cells(coarse, 2.0**20, (3,))
    cells(fine, 2.0**30, (3,))
    assert (coarse.times, fine.times) == (1, 2)


def test_a_budget_too_small_for_floats_is_refused_before_anything_is_drawn() -> None:
    noise = Counting()
    curator = Curator(mu=1e-9, noise=noise)
    with pytest.raises(ParameterError, match="larger epsilon"):
        curator.gaussian("a", np.zeros(1), sensitivity=1.0, share=0.5, grid=2.0**-28)
    assert noise.times == 0 and curator.answers == []


@pytest.mark.parametrize("wrong", [{"mu": 0.0}, {"mu": -1.0}, {"reach": 0.5}])
def test_a_budget_that_is_none_is_refused(wrong: dict[str, float]) -> None:
    with pytest.raises(ParameterError, match=next(iter(wrong))):
        Curator(**{"mu": 1.0, "noise": Seeded(0), **wrong})  # type: ignore[arg-type]
