"""Tests of noise: right noise of any kind of grid passes, each planted kind of wrong noise fails by the right test."""

import numpy as np
import pytest
from scipy import stats

from reticent.errors import ParameterError
from reticent.mechanisms.curator import Curator
from reticent.mechanisms.noise import OperatingSystem, Seeded
from reticent.reality.noise import _odd_share, check_answers, check_noise
from reticent.reality.transcript import Recorder

DRAWS = 20_000
HONEST = np.random.default_rng(0).normal(size=DRAWS)
TENTH = DRAWS // 10


def on_a_grid(draws, grid):
    return grid * np.rint(draws / grid)


def test_the_operating_systems_noise_passes():
    assert check_noise(OperatingSystem().normal((100_000,)), level=1e-6).holds


@pytest.mark.parametrize("cells", [0.3, 1.0, 2.5, 2.0**20])
def test_noise_on_any_grid_passes(cells):
    found = check_noise(on_a_grid(cells * HONEST, 1.0), sd=cells, grid=1.0)
    assert found.holds, str(found)


WRONG = {
    "half": (HONEST / 2, "variance"),
    "3 % too small": (0.97 * HONEST, "variance"),
    "3 % too large": (1.03 * HONEST, "variance"),
    "Laplace": (np.random.default_rng(0).laplace(size=DRAWS) / 2**0.5, "distribution"),
    "shifted": (HONEST + 0.05, "distribution"),
    "each twice": (np.repeat(HONEST[: DRAWS // 2], 2), "order"),
    "a tenth again and again": (np.tile(HONEST[:TENTH], 10), "repetition"),
    "float16": (HONEST.astype(np.float16).astype(float), "grain"),
    "float32": (HONEST.astype(np.float32).astype(float), "grain"),
    "none": (np.zeros(DRAWS), "variance"),
}


@pytest.mark.parametrize("kind", WRONG)
def test_wrong_noise_fails(kind):
    draws, test = WRONG[kind]
    assert test in check_noise(draws, level=1e-3).failed


def test_coarse_noise_on_a_fine_grid_fails():
    grid = 2.0**-20
    draws = on_a_grid(HONEST, 2.0**-8)  # eight bits behind the point, sold as twenty
    assert check_noise(draws, grid=grid).failed == ("grain",)
    assert check_noise(on_a_grid(HONEST, grid), grid=grid).holds


def test_one_block_that_comes_again_fails():
    draws = np.concatenate([HONEST[:3000], HONEST[6000:9000], HONEST[:3000]])
    assert "repetition" in check_noise(draws).failed


@pytest.mark.parametrize("cells", [0.2, 0.7, 1.0, 3.0])
def test_how_often_a_rounded_number_is_odd(cells):
    integers = np.arange(-400, 401)
    mass = stats.norm.cdf((integers + 0.5) / cells) - stats.norm.cdf((integers - 0.5) / cells)
    assert _odd_share(cells) == pytest.approx(mass[integers % 2 == 1].sum(), abs=1e-12)


def test_reads_the_noise_out_of_a_transcript():
    curator = Recorder.before(Curator(mu=0.5, noise=Seeded(1)))
    for grid in (1.0, 2.0**-10):
        curator.gaussian("counts", np.arange(500.0), sensitivity=1.0, share=0.5, grid=grid)
    assert check_answers(curator.heard).holds
    louder = [type(one)(**{**vars(one), "sd": 1.5 * one.sd}) for one in curator.heard]
    assert "variance" in check_answers(louder).failed


def test_refuses_too_few_draws():
    with pytest.raises(ParameterError, match="100 draws"):
        check_noise(HONEST[:50])
