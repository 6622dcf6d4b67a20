"""A number travels with its interval, and an untested one never passes for a small one."""

import json
import math

import pytest

from reticent.stats.estimate import Estimate, untestable

TESTED = Estimate(value=0.25, low=0.2, high=0.3, level=0.95, method="exact", n=40)
OPEN = Estimate(value=1.5, low=1.5, high=math.inf, level=0.95, method="split", n=40)
UNTESTED = untestable("too few people", level=0.9, n=3)


@pytest.mark.parametrize("estimate", [TESTED, OPEN, UNTESTED])
def test_goes_through_json_and_comes_back(estimate):
    plain = json.loads(json.dumps(estimate.to_dict(), allow_nan=False))
    assert str(Estimate.from_dict(plain)) == str(estimate)
    assert Estimate.from_dict(plain).to_dict() == estimate.to_dict()
    assert Estimate.from_dict(plain).high == estimate.high


def test_untested_is_everything_it_could_be():
    assert not UNTESTED.tested and TESTED.tested
    assert math.isnan(UNTESTED.value) and (UNTESTED.low, UNTESTED.high) == (0, 1)
    assert not UNTESTED.value <= 0.5  # no comparison with it is true
    assert UNTESTED.to_dict()["value"] is None
    assert str(UNTESTED) == "too few people"
    assert untestable("why", level=0.95, n=0, high=math.inf).to_dict()["high"] is None


def test_is_said_with_its_interval():
    assert str(TESTED) == "0.250 (0.200 to 0.300)"
