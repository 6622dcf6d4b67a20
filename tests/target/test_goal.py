"""A goal is read as it is written, and nothing in it is passed over."""

import math

import pytest

from reticent.errors import ParameterError
from reticent.target.goal import Goal, parse_rate


@pytest.mark.parametrize(
    ("text", "goal"),
    [
        ("tpr<=0.03@fpr=0.01", Goal(0.03)),
        ("tpr<0.03@fpr=0.01", Goal(0.03)),
        (" tpr <= 3e-2 @ fpr = 1E-3 ", Goal(0.03, 0.001)),
        ("tpr<=.5@fpr=0.1,accuracy_drop<=0.01", Goal(0.5, 0.1, 0.01)),
        ("accuracy_drop <= 0, tpr<=0.03@fpr=0.01", Goal(0.03, 0.01, 0.0)),
        ("epsilon<=1", Goal(epsilon=1.0, delta=1e-5)),
        ("epsilon <= 0.5 @ delta = 1e-7", Goal(epsilon=0.5, delta=1e-7)),
        ("epsilon<=1@delta=1e-5,tpr<=0.03@fpr=0.01", Goal(0.03, 0.01, epsilon=1.0)),
        ("accuracy_drop<=.02,epsilon<=8", Goal(accuracy_drop=0.02, epsilon=8.0)),
    ],
)
def test_is_read(text, goal):
    assert Goal.parse(text) == goal


@pytest.mark.parametrize(
    "text",
    [
        "",
        "tpr<=0.03",
        "tpr>=0.03@fpr=0.01",
        "tpr<=0.03@fpr=0.01,",
        "auc<=0.6,tpr<=0.03@fpr=0.01",
        "accuracy-drop<=0.01,tpr<=0.03@fpr=0.01",
        "tpr<=0.03@fpr=0.01,tpr<=0.5@fpr=0.1",
        "tpr<=0.03@fpr=0.01,accuracy_drop<=0.1,accuracy_drop<=0.2",
        "tpr<=1e@fpr=0.01",
        "tpr<=0.0.3@fpr=0.01",
        "tpr<=0.03@fpr=0.01,accuracy_drop<=e",
        "tpr<=nan@fpr=0.01",
        "accuracy_drop<=0.01",
        "epsilon<1",
        "epsilon<=1,epsilon<=2",
        "epsilon<=1@delta",
        "epsilon<=1,delta=1e-5",
        "epsilon>=1",
    ],
)
def test_what_is_not_understood_is_refused(text):
    with pytest.raises(ParameterError, match=r"tpr<=0\.03@fpr=0\.01"):
        Goal.parse(text)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"tpr": 0.0}, "0 < tpr < 1, got tpr=0.0"),
        ({"tpr": 1.0}, "0 < tpr < 1"),
        ({"tpr": math.nan}, "0 < tpr < 1"),
        ({"tpr": 0.5, "fpr": 0.0}, "0 < fpr < 1"),
        ({"tpr": 0.01, "fpr": 0.01}, "blind guess"),
        ({"tpr": 0.005, "fpr": 0.01}, "blind guess"),
        ({"tpr": 0.5, "accuracy_drop": -0.1}, "accuracy_drop >= 0"),
        ({"tpr": 0.5, "accuracy_drop": math.nan}, "accuracy_drop >= 0"),
        ({}, r"tpr= .* or epsilon= .*, got neither"),
        ({"accuracy_drop": 0.1}, "got neither"),
        ({"epsilon": 0.0}, "epsilon > 0"),
        ({"epsilon": math.nan}, "epsilon > 0"),
        ({"epsilon": 1.0, "delta": 0.0}, "0 < delta < 1"),
        ({"epsilon": 1.0, "delta": 1.0}, "0 < delta < 1"),
        ({"tpr": 0.5, "delta": 1e-5}, "delta beside an epsilon"),
        ({"epsilon": 1.0, "fpr": 0.0}, "0 < fpr < 1"),
    ],
)
def test_what_cannot_be_reached_is_refused(arguments, message):
    with pytest.raises(ParameterError, match=message):
        Goal(**arguments)


def test_says_itself():
    goal = Goal(0.03, 0.001, 0.015)
    assert str(goal) == (
        "at most 3 % of members recognized while 0.1 % of others are, accuracy at most 1.5 points lower"
    )
    assert goal.to_dict() == {"tpr": 0.03, "fpr": 0.001, "accuracy_drop": 0.015}
    assert Goal(**goal.to_dict()) == goal


def test_an_epsilon_says_itself_and_old_readers_find_what_they_know():
    goal = Goal(0.03, epsilon=1)
    assert str(goal) == (
        "at most 3 % of members recognized while 1 % of others are, differential privacy with epsilon at most 1 "
        "(delta 1e-05)"
    )
    assert str(Goal(epsilon=0.5, delta=1e-6)) == "differential privacy with epsilon at most 0.5 (delta 1e-06)"
    assert goal.to_dict() == {"tpr": 0.03, "fpr": 0.01, "accuracy_drop": None, "epsilon": 1, "delta": 1e-5}
    assert set(Goal(0.03).to_dict()) == {"tpr", "fpr", "accuracy_drop"}
    for one in (goal, Goal(epsilon=2, delta=1e-7, accuracy_drop=0.01)):
        assert Goal(**one.to_dict()) == one


def test_what_speaks_of_a_rate_alone_asks_for_one():
    assert Goal(0.03).rate == 0.03
    with pytest.raises(ParameterError, match=r"tpr<=0\.03@fpr=0\.01', got one of differential privacy"):
        _ = Goal(epsilon=1).rate


def test_gates_are_read_with_their_own_signs():
    assert parse_rate("tpr>0.03@fpr=0.01", signs=(">", ">=")) == (0.03, 0.01)
    with pytest.raises(ParameterError, match=r"tpr>0\.03"):
        parse_rate("tpr<0.03@fpr=0.01", signs=(">", ">="))
