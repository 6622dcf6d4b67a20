"""Canaries beside the questions of a reference training; on real estimators they are in test_estimators."""

import numpy as np
import pytest

from reticent.errors import ParameterError
from reticent.mechanisms.curator import Curator
from reticent.mechanisms.noise import Seeded
from reticent.reality.canaries import canary_audit
from reticent.reality.transcript import with_curators

SEEDS = iter(range(10_000))


def fresh(mu=0.3, **more):
    """Curators whose noise is their own each time, and the same in each run of the tests."""
    return lambda: Curator(mu=mu, noise=Seeded(next(SEEDS)), **more)


def counts(x, y, curator):
    for share in (0.25, 0.75):
        curator.gaussian("count", np.array([float(len(x))]), sensitivity=2.0, share=share, grid=2.0**-10)
    return curator.answers


def test_finds_the_budget_of_right_code():
    found = canary_audit(with_curators(counts, fresh()), np.zeros(3), np.zeros(3), seed=0)
    assert found.holds, str(found)
    assert found.gaussian.value == pytest.approx(0.3, abs=0.05) and found.general.low <= found.claimed
    assert found.noise.draws == 2 * 20_001


def test_a_person_reaches_as_far_as_the_curator_says():
    found = canary_audit(with_curators(counts, fresh(reach=3.0)), np.zeros(3), np.zeros(3), seed=0)
    assert found.gaussian.value == pytest.approx(0.3, abs=0.05)


@pytest.mark.parametrize("times", [2**0.5, 3.0])
def test_finds_a_row_that_adds_more_than_promised(times):
    due = [0.3 * share**0.5 for share in (0.25, 0.75)]
    audit = with_curators(counts, fresh())
    assert canary_audit(audit, np.zeros(3), np.zeros(3), seed=1, lengths=due).holds
    found = canary_audit(audit, np.zeros(3), np.zeros(3), seed=1, lengths=[times * one for one in due])
    assert found.gaussian.low > found.budget and not found.holds


def test_a_bound_for_any_noise_stands_beside_it():
    quiet = with_curators(counts, fresh(mu=8.0))
    found = canary_audit(quiet, np.zeros(3), np.zeros(3), canaries=2000, delta=1e-9, seed=0)
    assert 2 < found.general.low <= found.claimed


def test_finds_the_same_noise_twice():
    found = canary_audit(with_curators(counts, lambda: Curator(mu=0.3, noise=Seeded(0))), np.zeros(3), np.zeros(3))
    assert found.again and not found.holds and "seed is known" in str(found)


def test_refuses_what_asks_nothing():
    with pytest.raises(ParameterError, match="asked nothing"):
        canary_audit(with_curators(lambda x, y, curator: None, fresh()), np.zeros(3), np.zeros(3))
