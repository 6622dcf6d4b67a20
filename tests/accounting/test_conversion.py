"""Our events as dp-accounting's: what its own accountants make of them is what ours say."""

import math

import pytest

from reticent.accounting.accountants import PLD, RDP, Concentrated, GaussianDP
from reticent.accounting.adjacency import ADD_REMOVE_ROW, Adjacency, Change, Unit
from reticent.accounting.conversion import dp_event, loss
from reticent.accounting.events import (
    ZCDP,
    ApproximateDP,
    Event,
    Gaussian,
    Laplace,
    NonPrivate,
    PoissonSampledGaussian,
    PureDP,
    Selection,
)
from reticent.errors import ParameterError

pytest.importorskip("dp_accounting", reason="dp-accounting is not installed")
from dp_accounting import rdp
from dp_accounting.pld import pld_privacy_accountant as pld


def event(*parts, **more):
    return Event("something", parts, **{"adjacency": ADD_REMOVE_ROW, **more})


MIXED = event(Gaussian(9.0, 20), PoissonSampledGaussian(2.0, 0.02, 50), Laplace(3.0))


def test_their_privacy_losses_are_ours():
    theirs = pld.PLDAccountant().compose(dp_event(MIXED))
    assert PLD().epsilon(MIXED, 1e-5) == pytest.approx(theirs.get_epsilon(1e-5), rel=1e-3)
    assert PLD().delta(MIXED, 0.5) == pytest.approx(theirs.get_delta(0.5), rel=1e-3)


def test_their_renyi_is_ours():
    mixed = event(*MIXED.parts, PureDP(0.1), ZCDP(0.02), Selection(event(Gaussian(8.0)), 3))
    assert RDP().epsilon(mixed, 1e-5) == rdp.RdpAccountant().compose(dp_event(mixed)).get_epsilon(1e-5)


@pytest.mark.parametrize("unit", list(Unit), ids=str)
def test_noise_is_over_the_sensitivity_under_the_events_own_neighbors(unit):
    """So the same multiplier costs the same, whatever the neighbors: nobody doubles twice."""
    added = event(Gaussian(3.0), Laplace(2.0))
    replaced = event(Gaussian(3.0), Laplace(2.0), adjacency=Adjacency(Change.REPLACE, unit))
    assert PLD().epsilon(added, 1e-5) == PLD().epsilon(replaced, 1e-5)
    assert RDP().epsilon(added, 1e-5) == RDP().epsilon(replaced, 1e-5)


def test_what_has_no_guarantee_stays_without():
    for lost in (event(Gaussian(3.0), no_guarantee="a seed"), event(Gaussian(3.0), NonPrivate("read"))):
        assert rdp.RdpAccountant().compose(dp_event(lost)).get_epsilon(1e-5) == math.inf


def test_what_has_no_counterpart_is_refused():
    with pytest.raises(ParameterError, match="ApproximateDP"):
        dp_event(event(ApproximateDP(1.0, 1e-6)))
    with pytest.raises(ParameterError, match="privacy loss distribution, got ZCDP"):
        loss(event(ZCDP(0.1)))
    with pytest.raises(ParameterError, match="somebody read it"):
        loss(event(NonPrivate("somebody read it")))
    with pytest.raises(ParameterError, match="a seed"):
        loss(event(Gaussian(1.0), no_guarantee="a seed"))


def test_a_seed_inside_a_choice_is_not_forgotten():
    chosen = event(Selection(event(Gaussian(10.0), no_guarantee="a seed"), 2))
    told = rdp.RdpAccountant().compose(dp_event(chosen))
    assert told.get_epsilon(1e-5) == math.inf
    assert GaussianDP().mu(chosen) == Concentrated().rho(chosen) == math.inf
