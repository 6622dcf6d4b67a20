"""The ledger counts everything, refuses what exceeds, and is counted again whenever it is read."""

import copy
import json
import math
from dataclasses import replace

import pytest
import skops.io
from hypothesis import given, settings
from hypothesis import strategies as st

from reticent.accounting import conversion
from reticent.accounting.accountants import accountant_for
from reticent.accounting.adjacency import ADD_REMOVE_ROW, Adjacency, Change, Unit
from reticent.accounting.budget import Budget, Entry, Stage
from reticent.accounting.calibrate import calibrate
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
    compose,
)
from reticent.accounting.gaussian import epsilon_of, mu_of
from reticent.errors import BudgetError, MissingPackageError, ParameterError

DELTA = 1e-5
PERSON = Adjacency(Change.ADD_REMOVE, Unit.PERSON)


def event(*parts, what="something", adjacency=ADD_REMOVE_ROW, **more):
    return Event(what, parts, adjacency=adjacency, **more)


def budget(epsilon=1.0, delta=DELTA, **more):
    return Budget(epsilon=epsilon, delta=delta, adjacency=ADD_REMOVE_ROW, **more)


def test_an_empty_ledger_has_all_of_it_left():
    empty = budget()
    assert (empty.spent(), empty.left, empty.event.parts) == (0.0, 1.0, ())
    assert empty.unsaid == tuple(Stage)


def test_charging_makes_a_new_ledger():
    before = budget()
    after = before.charged(event(Gaussian(10.0)), Stage.BOUNDS).charged(event(Gaussian(10.0, 3)))
    assert before.entries == () and [entry.stage for entry in after.entries] == [Stage.BOUNDS, Stage.RELEASE]
    assert after.spent() == epsilon_of(0.2, DELTA) and after.left == 1 - after.spent()
    assert after.unsaid == (Stage.SEARCH, Stage.CHOICE)


def test_what_exceeds_is_refused_and_the_rest_is_named():
    ledger = budget().charged(event(Gaussian(5.0)))
    with pytest.raises(
        BudgetError, match=r"epsilon=1 at delta=1e-05.*comes to 1\.061.*'again' it is 0\.726, left 0\.274"
    ):
        ledger.charged(event(Gaussian(5.0), what="again"))
    with pytest.raises(BudgetError, match=r"comes to infinity, since a seed\. Without 'seeded' it is 0\.726"):
        ledger.charged(event(Gaussian(500.0), what="seeded", no_guarantee="a seed"))
    with pytest.raises(BudgetError, match="bounds were read"):
        ledger.charged(event(NonPrivate("bounds were read from the data")))
    assert ledger.charged(event(Gaussian(50.0))).spent() > ledger.spent(), "what fits still fits"


def test_no_ledger_exists_that_is_over_its_budget():
    ledger = budget(3.0).charged(event(Gaussian(2.0)))
    with pytest.raises(BudgetError, match="expected to keep to epsilon=1 "):
        replace(ledger, epsilon=1.0)
    with pytest.raises(BudgetError, match="delta=0"):
        replace(ledger, delta=0.0)
    held = ledger.to_dict()
    held["epsilon"], held["spent"] = 1.0, 0.1
    with pytest.raises(BudgetError, match="expected to keep to epsilon=1 "):
        Budget.from_dict(held)


def test_neighbors_are_never_mixed():
    for bad in (event(Gaussian(10.0), adjacency=PERSON), event(PureDP(0.1), adjacency=PERSON)):
        with pytest.raises(ParameterError, match="one adjacency"):
            budget().charged(bad)
    with pytest.raises(ParameterError, match="one adjacency"):
        replace(budget().charged(event(Gaussian(10.0))), adjacency=PERSON)


def test_public_data_cost_nothing_and_somebody_says_so():
    ledger = budget().public("edges", because="the codebook lists them", said_by="A. Auditor")
    ledger = ledger.public("depth", because="chosen on the census", said_by="A. Auditor", stage=Stage.SEARCH)
    assert ledger.spent() == 0 and ledger.unsaid == (Stage.CHOICE, Stage.RELEASE)
    text = str(ledger)
    assert "none: the codebook lists them (says A. Auditor)" in text and "not said: choice among candidates" in text


@pytest.mark.parametrize(
    ("parts", "because", "who"),
    [((), None, None), ((), "public", None), ((), None, "me"), ((), "", "me"), ((PureDP(1.0),), "public", "me")],
    ids=["no mechanism", "nobody says so", "no reason", "empty reason", "public and charged"],
)
def test_what_costs_nothing_needs_a_reason(parts, because, who):
    with pytest.raises(ParameterError, match="'something'"):
        Entry(stage=Stage.BOUNDS, event=event(*parts), public_because=because, said_by=who)


def test_a_choice_is_charged_for_every_candidate():
    pytest.importorskip("dp_accounting", reason="dp-accounting is not installed")
    one = event(Gaussian(20.0))
    ledger = budget().charged(event(Selection(one, 5)), Stage.CHOICE)
    assert ledger.spent() == pytest.approx(epsilon_of(5**0.5 / 20, DELTA), rel=1e-9)
    with pytest.raises(BudgetError):
        ledger.charged(event(Selection(one, 5)), Stage.CHOICE).charged(event(Selection(one, 20)))


def test_pure_epsilons_add_up_to_the_whole():
    pytest.importorskip("dp_accounting", reason="dp-accounting is not installed")
    ledger = budget(0.3, 0.0)
    for _ in range(3):
        ledger = ledger.charged(event(PureDP(0.1)))
    assert ledger.left == 0 and "basic composition" in ledger.composed_by
    with pytest.raises(BudgetError):
        ledger.charged(event(PureDP(1e-3)))


def test_unlike_mechanisms_are_composed_at_once():
    pytest.importorskip("dp_accounting", reason="dp-accounting is not installed")
    ledger = budget(2.0).charged(event(Gaussian(5.0))).charged(event(PureDP(0.3))).charged(event(Laplace(5.0)))
    alone = [accountant_for(entry.event).epsilon(entry.event, DELTA) for entry in ledger.entries]
    assert max(alone) < ledger.spent() < sum(alone)
    assert ledger.composed_by.startswith("privacy loss distributions") and "fixed before" in ledger.composed_by
    renyi = budget(3.0).charged(event(ZCDP(0.02))).charged(event(PureDP(0.1)))
    assert renyi.composed_by.startswith("zero-concentrated DP; holds also")
    sampled = renyi.charged(event(PoissonSampledGaussian(9.0, 0.01, 9)))
    assert sampled.composed_by.startswith("Renyi DP; holds where all noise was fixed")
    with pytest.raises(ParameterError, match="one accountant counts"):
        renyi.charged(event(ApproximateDP(0.1, 1e-7)))


@settings(max_examples=25, deadline=None)
@given(st.lists(st.floats(0.05, 0.6), min_size=1, max_size=8))
def test_gaussian_answers_fill_the_budget_exactly(sizes):
    """Whatever the noise of earlier ones, in whatever order: the squares of mu add up to that of the budget."""
    ledger, square, whole = budget(), 0.0, mu_of(1.0, DELTA) ** 2
    for mu in sizes:
        if square + mu * mu <= whole * (1 - 1e-9):
            ledger, square = ledger.charged(event(Gaussian(1 / mu))), square + mu * mu
        elif square + mu * mu > whole * (1 + 1e-6):
            with pytest.raises(BudgetError):
                ledger.charged(event(Gaussian(1 / mu)))
    assert ledger.spent() == pytest.approx(epsilon_of(square**0.5, DELTA))
    rest = calibrate(lambda noise: compose([ledger.event, event(Gaussian(noise))]), 1.0, DELTA)
    assert ledger.charged(event(Gaussian(rest))).left == pytest.approx(0.0, abs=1e-3)


def test_json_and_back():
    ledger = budget().public("edges", because="a codebook", said_by="B").charged(event(Gaussian(9.0)), Stage.SEARCH)
    held = json.loads(json.dumps(ledger.to_dict(), allow_nan=False))
    assert Budget.from_dict(held) == ledger and Budget.from_dict(held).spent() == ledger.spent()
    assert held["schema"] == "reticent/budget/1" and held["spent"] == ledger.spent() and held["left"] == ledger.left
    assert held["unsaid"] == ["choice among candidates", "release"]
    with pytest.raises(ParameterError, match="reticent/budget/1"):
        Budget.from_dict({**held, "schema": "reticent/budget/2"})
    held["entries"][0]["stage"] = "a party"
    with pytest.raises(ParameterError, match="a party"):
        Budget.from_dict(held)


def test_a_model_file_carries_the_ledger_and_is_not_believed():
    ledger = budget().public("edges", because="a codebook", said_by="B").charged(event(Gaussian(9.0)), Stage.SEARCH)
    written = skops.io.dumps(ledger)
    read = skops.io.loads(written, trusted=skops.io.get_untrusted_types(data=written))
    for one in (read, copy.deepcopy(ledger)):
        assert one == ledger and one.to_dict() == ledger.to_dict() and str(one) == str(ledger)
        assert one.adjacency.change is Change.ADD_REMOVE and one.adjacency.unit is Unit.ROW
    cheated = copy.copy(ledger)
    cheated.__setstate__({**vars(ledger), "_spent": 0.0})
    assert cheated.spent() == ledger.spent()
    with pytest.raises(BudgetError):
        cheated.__setstate__({**vars(ledger), "epsilon": 0.1})


def test_the_table_rounds_up_what_is_spent_and_down_what_is_left():
    ledger = budget(0.7263).charged(event(Gaussian(5.0), what="training"))
    assert 0.7254 < ledger.spent() < 0.726
    lines = str(ledger).splitlines()
    assert lines[0] == "Privacy budget: epsilon 0.7263 at delta 1e-05; neighbors: add or remove one row"
    assert lines[2].split() == ["release", "training", "0.726"]
    assert lines[3].startswith("together 0.726, left 0.000 (Gaussian DP, exact; holds also where later noise")


def test_gaussian_ledgers_need_no_other_package(monkeypatch):
    def missing(name, *, extra):
        raise MissingPackageError(f"{name} needs reticent[{extra}]")

    monkeypatch.setattr(conversion, "optional", missing)
    ledger = budget().charged(event(Gaussian(10.0))).charged(event(Gaussian(10.0)))
    with pytest.raises(MissingPackageError):
        ledger.charged(event(PureDP(0.1)))


@pytest.mark.parametrize("epsilon", [0.0, -1.0, math.nan])
def test_a_budget_without_epsilon_is_refused(epsilon):
    with pytest.raises(ParameterError, match="epsilon > 0"):
        budget(epsilon)


@pytest.mark.parametrize("delta", [-0.1, 0.5, 1.0, math.nan])
def test_a_delta_that_promises_nothing_is_refused(delta):
    with pytest.raises(ParameterError, match=r"0 <= delta < 0\.1"):
        budget(1.0, delta)


def test_an_endless_epsilon_and_a_choice_among_nothing_are_refused():
    with pytest.raises(ParameterError, match="allow anything"):
        budget(math.inf)
    with pytest.raises(ParameterError, match="list its mechanisms"):
        budget().charged(event(Selection(event(), 5), what="trained on everybody"))
