"""Events are what happened: they come back from JSON as they were, and never mix neighbors."""

import json
import math
from dataclasses import FrozenInstanceError

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reticent.accounting.adjacency import ADD_REMOVE_ROW, Adjacency, Change, Unit
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
from reticent.errors import ParameterError

REPLACE_ROW = Adjacency(Change.REPLACE, Unit.ROW)
SIZE = st.floats(1e-3, 1e3)
TIMES = st.integers(1, 50)
PART = st.one_of(
    st.builds(Gaussian, SIZE, TIMES),
    st.builds(PoissonSampledGaussian, SIZE, st.floats(1e-3, 1), TIMES),
    st.builds(Laplace, SIZE),
    st.builds(PureDP, SIZE),
    st.builds(ApproximateDP, SIZE, st.floats(1e-9, 0.5)),
    st.builds(ZCDP, SIZE),
    st.builds(NonPrivate, st.text(min_size=1, max_size=9)),
)
LISTED = st.lists(PART, max_size=4).map(tuple)


def event(*parts, adjacency=ADD_REMOVE_ROW, **more):
    return Event("something", parts, adjacency=adjacency, **more)


NESTED = st.recursive(
    LISTED,
    lambda inner: st.builds(lambda parts, times, more: (Selection(event(*parts), times), *more), inner, TIMES, LISTED),
    max_leaves=3,
)


def listed(one):
    """Every mechanism that ran, one by one: the slow twin of ``counts``."""
    for part in one.parts:
        if isinstance(part, Selection):
            for _ in range(part.times):
                yield from listed(part.base)
        elif isinstance(part, Gaussian):
            yield from (Gaussian(part.noise_multiplier) for _ in range(part.count))
        elif isinstance(part, PoissonSampledGaussian):
            once = PoissonSampledGaussian(part.noise_multiplier, part.sampling_rate, 1)
            yield from (once for _ in range(part.steps))
        else:
            yield part


@settings(max_examples=60, deadline=None)
@given(NESTED, st.one_of(st.none(), st.text(max_size=5)))
def test_json_and_back(parts, lost):
    one = event(*parts, no_guarantee=lost)
    assert Event.from_dict(json.loads(json.dumps(one.to_dict(), allow_nan=False))) == one


@settings(max_examples=40, deadline=None)
@given(LISTED, LISTED, st.integers(1, 3))
def test_counts_are_what_ran(first, second, times):
    one = event(*first, Selection(event(*second, Selection(event(*first), 2)), times))
    slow = list(listed(one))
    assert one.counts() == {part: slow.count(part) for part in slow}


def test_composition_keeps_all_parts_and_words():
    one = compose([event(PureDP(1.0)), Event("more", (Gaussian(2.0), PureDP(1.0)), adjacency=ADD_REMOVE_ROW)])
    assert one == Event("something; more", (PureDP(1.0), Gaussian(2.0), PureDP(1.0)), adjacency=ADD_REMOVE_ROW)
    assert one.counts() == {PureDP(1.0): 2, Gaussian(2.0): 1} and one.unbounded is None
    assert compose([one], what="all").what == "all"


def test_neighbors_are_never_mixed():
    with pytest.raises(ParameterError, match="one adjacency"):
        compose([event(PureDP(1.0)), event(PureDP(1.0), adjacency=REPLACE_ROW)])
    with pytest.raises(ParameterError, match="one adjacency"):
        event(Selection(event(PureDP(1.0), adjacency=REPLACE_ROW), 3))
    with pytest.raises(ParameterError, match="got none"):
        compose([])


def test_poisson_sampling_adds_or_removes():
    with pytest.raises(ParameterError, match="Poisson sampling under 'add or remove'"):
        event(PoissonSampledGaussian(1.0, 0.1, 10), adjacency=REPLACE_ROW)
    person = Adjacency(Change.ADD_REMOVE, Unit.PERSON)
    assert event(PoissonSampledGaussian(1.0, 0.1, 10), adjacency=person).counts()


def test_what_takes_the_guarantee_takes_it_from_the_whole():
    fine, seeded, bare = event(PureDP(1.0)), event(no_guarantee="a seed"), event(NonPrivate("bounds were read"))
    assert fine.unbounded is None and event().unbounded is None
    assert compose([fine, seeded]).unbounded == "a seed"
    assert compose([seeded, fine, seeded, event(no_guarantee="a leak")]).no_guarantee == "a seed; a leak"
    assert compose([fine, bare]).unbounded == "bounds were read"
    for base in (seeded, bare):
        assert event(PureDP(1.0), Selection(base, 2)).unbounded == base.unbounded


BAD = {
    "no noise": lambda: Gaussian(0.0),
    "endless noise": lambda: Gaussian(math.inf),
    "noise is NaN": lambda: Gaussian(math.nan),
    "count 0": lambda: Gaussian(1.0, 0),
    "count 1.5": lambda: Gaussian(1.0, 1.5),
    "count True": lambda: Gaussian(1.0, True),
    "rate 0": lambda: PoissonSampledGaussian(1.0, 0.0, 1),
    "rate above 1": lambda: PoissonSampledGaussian(1.0, 1.1, 1),
    "rate NaN": lambda: PoissonSampledGaussian(1.0, math.nan, 1),
    "steps 0": lambda: PoissonSampledGaussian(1.0, 0.5, 0),
    "sampled without noise": lambda: PoissonSampledGaussian(-1.0, 0.5, 1),
    "Laplace without noise": lambda: Laplace(0.0),
    "epsilon 0": lambda: PureDP(0.0),
    "epsilon infinite": lambda: PureDP(math.inf),
    "delta 1": lambda: ApproximateDP(1.0, 1.0),
    "delta 0": lambda: ApproximateDP(1.0, 0.0),
    "epsilon below 0": lambda: ApproximateDP(-1.0, 0.1),
    "epsilon and delta infinite": lambda: ApproximateDP(math.inf, 0.1),
    "rho 0": lambda: ZCDP(0.0),
    "no reason": lambda: NonPrivate(""),
    "selected from none": lambda: Selection(event(), 0),
    "no part": lambda: event("Gaussian"),
    "words for neighbors": lambda: event(adjacency="add or remove one row"),
    "another schema": lambda: Event.from_dict({**event().to_dict(), "schema": "reticent/event/0"}),
    "another part": lambda: Event.from_dict({**event().to_dict(), "parts": [{"kind": "exponential"}]}),
    "another field": lambda: Event.from_dict({**event().to_dict(), "parts": [{"kind": "zCDP", "mu": 1.0}]}),
    "bad number read": lambda: Event.from_dict({**event().to_dict(), "parts": [{"kind": "zCDP", "rho": -1.0}]}),
}


@pytest.mark.parametrize("bad", BAD.values(), ids=BAD)
def test_bad_input_is_refused_by_name(bad):
    with pytest.raises(ParameterError, match="expected"):
        bad()


def test_events_are_frozen():
    with pytest.raises(FrozenInstanceError):
        event().what = "else"
    assert hash(event(PureDP(1.0))) == hash(event(PureDP(1.0)))
