"""The curator over OpenDP: it never spends more than it has, and says what it spent."""

import numpy as np
import pytest

from reticent.accounting.events import ZCDP, PureDP
from reticent.errors import BudgetError, ParameterError
from reticent.mechanisms.exact import rho_of
from reticent.mechanisms.exact_curator import ExactCurator, quieter

ZEROS = np.zeros(4000)


@pytest.mark.parametrize("delta", [0.0, 1e-5])
@pytest.mark.parametrize("seed", [None, 3])
@pytest.mark.parametrize("grid", [1.0, 2.0**-20])
def test_noise_has_the_standard_deviation_that_is_told(delta, seed, grid):
    """False alarms: 20 % of a standard deviation over 4,000 draws, more than 9 standard errors."""
    curator = ExactCurator(epsilon=1.0, delta=delta, seed=seed)
    ask = getattr(curator, curator.kind)
    noisy = ask("zeros", ZEROS, sensitivity=5.0, share=0.25, grid=grid)
    assert np.std(noisy) == pytest.approx(curator.sd(5.0, 0.25), rel=0.2)
    assert curator.answers[0].sd == pytest.approx(curator.sd(5.0, 0.25), rel=1e-6)


def test_the_event_is_what_was_spent():
    pure, concentrated = ExactCurator(epsilon=2.0), ExactCurator(epsilon=1.0, delta=1e-5)
    pure.laplace("a", ZEROS[:3], sensitivity=1.0, share=0.25)
    pure.laplace("b", ZEROS[:3], sensitivity=1.0, share=0.5)
    concentrated.gaussian("a", ZEROS[:3], sensitivity=1.0, share=0.5)
    assert pure.event("x").parts == (PureDP(1.5),)
    assert concentrated.event("x").parts == (ZCDP(0.5 * rho_of(1.0, 1e-5)),)
    assert pure.alone(0.75) == 1.5
    assert 0.6 < concentrated.alone(0.5) < 0.75
    assert pure.event("x").no_guarantee is None


@pytest.mark.parametrize("delta", [0.0, 1e-5])
def test_no_more_than_there_is(delta):
    curator = ExactCurator(epsilon=1.0, delta=delta)
    ask = getattr(curator, curator.kind)
    ask("most", ZEROS[:2], sensitivity=1.0, share=0.9)
    with pytest.raises(BudgetError, match="spend at most"):
        ask("too much", ZEROS[:2], sensitivity=1.0, share=0.2)
    other = curator.laplace if delta else curator.gaussian
    with pytest.raises(BudgetError, match="one kind of noise"):
        other("else", ZEROS[:2], sensitivity=1.0, share=0.05)
    assert curator.left == pytest.approx(0.1)


def test_a_seed_repeats_the_noise_and_takes_the_guarantee():
    first, again, other = (
        ExactCurator(epsilon=1.0, seed=seed).laplace("a", ZEROS, sensitivity=1.0, share=0.5) for seed in (0, 0, 1)
    )
    assert (first == again).all()
    assert (first != other).any()
    assert "seed" in ExactCurator(epsilon=1.0, seed=0).event("x").no_guarantee


def test_two_questions_of_a_seed_do_not_share_their_noise():
    curator = ExactCurator(epsilon=1.0, seed=0)
    first, second = (curator.laplace("a", ZEROS, sensitivity=1.0, share=0.5) for _ in range(2))
    assert (first != second).any()


def test_a_sensitivity_that_is_not_whole_is_rounded_up():
    curator = ExactCurator(epsilon=1.0)
    curator.laplace("a", ZEROS[:2], sensitivity=1.5, share=0.5)
    assert curator.answers[0].sd == pytest.approx(np.sqrt(2) * 2 / 0.5)
    curator.laplace("b", ZEROS[:2], sensitivity=2.0, share=0.5)
    assert curator.answers[1].sd == pytest.approx(np.sqrt(2) * 2 / 0.5)


@pytest.mark.parametrize("given", [{"epsilon": 0}, {"epsilon": 1.0, "delta": 1.0}, {"epsilon": 1.0, "delta": -0.1}])
def test_budgets_that_are_none(given):
    with pytest.raises(ParameterError):
        ExactCurator(**given)


@pytest.mark.parametrize("d", [1, 5, 20, 100])
def test_the_quieter_noise_is_the_quieter_one(d):
    kind = quieter(1.0, 1e-5, manhattan=d, euclidean=d**0.5)
    sds = {
        "laplace": ExactCurator(epsilon=1.0).sd(d, 1.0),
        "gaussian": ExactCurator(epsilon=1.0, delta=1e-5).sd(d**0.5, 1.0),
    }
    assert sds[kind] == min(sds.values())
    assert quieter(1.0, 0.0, manhattan=d, euclidean=d**0.5) == "laplace"
