"""A promise in plain values: what it says is what the events cost, and what was chosen is noted where it belongs."""

import json
import math
from dataclasses import dataclass, replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reticent.accounting.adjacency import ADD_REMOVE_ROW, Adjacency, Change, Unit
from reticent.accounting.events import Event, Gaussian
from reticent.accounting.gaussian import mu_of
from reticent.errors import ParameterError
from reticent.mechanisms.promise import _up, charged, promise, settled
from reticent.target.target import privacy_of


def training(epsilon, adjacency=ADD_REMOVE_ROW, **more):
    return Event("training", (Gaussian(1 / mu_of(epsilon, 1e-5)),), adjacency=adjacency, **more)


def test_says_what_the_events_cost_and_is_standard_json():
    claim = promise(training(0.5), 1e-5, [{"what": "all", "share": 1.0}])
    assert json.loads(json.dumps(claim, allow_nan=False)) == claim
    assert claim["epsilon"] == pytest.approx(0.5) and not claim["trained_here"]
    assert Event.from_dict(claim["event"]) == training(0.5)


def test_without_a_guarantee_there_is_no_number():
    claim = promise(training(0.5, no_guarantee="a seed"), 1e-5)
    assert claim["epsilon"] is None and claim["no_guarantee"] == "a seed"
    assert claim["statement"] == "no differential privacy: a seed"
    assert charged([claim["event"]], 1e-5) == math.inf
    assert charged([training(1).to_dict(), claim["event"]], 1e-5) == math.inf


def test_a_ledger_adds_up_in_squares_of_mu_and_never_across_neighbors():
    events = [training(each).to_dict() for each in (0.5, 0.5, 1.0)]
    mu = math.sqrt(2 * mu_of(0.5, 1e-5) ** 2 + mu_of(1.0, 1e-5) ** 2)
    assert mu_of(charged(events, 1e-5), 1e-5) == pytest.approx(mu) and charged([], 1e-5) == 0
    person = Adjacency(Change.ADD_REMOVE, Unit.PERSON)
    with pytest.raises(ParameterError, match="one adjacency"):
        charged([*events, training(1, person).to_dict()], 1e-5)


@given(st.floats(1e-3, 1e3))
def test_digits_are_never_below_the_number(epsilon):
    assert float(_up(epsilon)) >= epsilon * (1 - 1e-5) and float(_up(epsilon)) <= epsilon * 1.011


@dataclass(frozen=True)
class Protected:
    defenses: tuple = ()


def test_the_choice_is_noted_on_the_claim_that_holds():
    claim = promise(training(1), 1e-5)
    private, rounded = {"moment": "training", "claim": claim}, {"moment": "output", "claim": None}
    target = settled(Protected((private, rounded)), by_rule=False, audits=3)
    assert privacy_of(target.defenses) == {**claim, "by_rule": False, "audits": 3}
    assert target.defenses[1] is rounded and "by_rule" not in claim
    voided = Protected((private, {"moment": "input", "claim": None}))
    assert settled(voided, by_rule=True, audits=1) is voided and privacy_of(voided.defenses) is None
    assert replace(voided, defenses=()) == settled(Protected(), by_rule=True, audits=1)
