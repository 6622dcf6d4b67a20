"""Adjacency is written down, read back, and never mixed."""

import json

import pytest

from reticent.accounting.adjacency import ADD_REMOVE_ROW, Adjacency, Change, Unit, same
from reticent.errors import ParameterError


@pytest.mark.parametrize("change", list(Change), ids=str)
@pytest.mark.parametrize("unit", list(Unit), ids=str)
def test_there_and_back(change, unit):
    one = Adjacency(change, unit)
    assert Adjacency.from_dict(json.loads(json.dumps(one.to_dict()))) == one
    assert str(one) == f"{change} one {unit}"


@pytest.mark.parametrize(
    "held", [{}, {"change": "replace"}, {"change": "swap", "unit": "row"}, {"change": "replace", "unit": 1}]
)
def test_what_is_no_adjacency_is_refused(held):
    with pytest.raises(ParameterError, match="expected an adjacency"):
        Adjacency.from_dict(held)


def test_words_are_no_adjacency():
    with pytest.raises(ParameterError, match="Change and a Unit"):
        Adjacency("add or remove", Unit.ROW)
    with pytest.raises(ParameterError, match="Change and a Unit"):
        Adjacency(Change.REPLACE, "row")


def test_same():
    assert same([ADD_REMOVE_ROW, ADD_REMOVE_ROW]) == ADD_REMOVE_ROW
    with pytest.raises(ParameterError, match="got none"):
        same([])
    for other in (Adjacency(Change.REPLACE, Unit.ROW), Adjacency(Change.ADD_REMOVE, Unit.PERSON)):
        with pytest.raises(ParameterError, match=r"add or remove one row; .* one (row|person)"):
            same([ADD_REMOVE_ROW, other])
