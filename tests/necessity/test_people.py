"""How many people are needed: whole persons, sizes that were shown, and exposure beside them."""

import json

import numpy as np
import pandas as pd
import pytest
from sklearn.dummy import DummyClassifier
from sklearn.linear_model import LinearRegression
from sklearn.tree import DecisionTreeClassifier

from reticent import needed_people
from reticent.errors import ParameterError, TableError
from reticent.necessity.people import drawn
from reticent.necessity.prepare import prepare

TREE = DecisionTreeClassifier(max_depth=4, random_state=0)
QUICK = {"label": "ill", "margin": 0.05, "n_jobs": 1}


@pytest.fixture(scope="module")
def found(numbers):
    return needed_people(TREE, numbers, **QUICK)


def test_fewer_people_are_shown_to_suffice(found):
    assert 50 <= found.enough < 500 < found.people == found.open_rows == 1050
    shown = [one.people for one in found.sizes if one.shown]
    assert shown[-1] == found.enough
    assert [one.shown for one in found.sizes] == sorted((one.shown for one in found.sizes), reverse=True)
    assert all(one.loss.high < 0.05 for one in found.sizes if one.shown)
    assert found.loss == next(one.loss for one in found.sizes if one.people == found.enough)
    assert found.sentence == f"{found.enough} of 1,050 people suffice; 95 % sure that the loss is under 5 points"


def test_what_is_said_is_plain_and_complete(found, tmp_path):
    result = found.to_dict()
    assert json.loads(json.dumps(result, allow_nan=False)) == result
    assert result["schema"] == "reticent/needed-people/1"
    assert result["exposure"] is None and "it takes a goal" in result["not_tested"][0]
    assert "suffice" in found.to_html(tmp_path / "people.html").read_text(encoding="utf-8")
    assert "suffice" in found._repr_html_() and "suffice" in str(found)


def test_the_law_is_fitted_to_open_rows_alone(found):
    sizes = [size for size, _ in found.planned]
    assert sizes == sorted(sizes) and sizes[-1] < found.people
    errors = [error for _, error in found.planned]
    assert errors[0] > errors[-1]


def test_same_seed_same_answer(found, numbers, without_times):
    again = needed_people(TREE, numbers, **QUICK).to_dict()
    other = needed_people(TREE, numbers, **QUICK, seed=1).to_dict()
    assert without_times(again) == without_times(found.to_dict()) != without_times(other)


@pytest.mark.slow
def test_the_number_of_workers_changes_nothing(found, numbers, without_times):
    two = needed_people(TREE, numbers, **{**QUICK, "n_jobs": 2}).to_dict()
    assert without_times(two) == without_times(found.to_dict())


def test_persons_are_drawn_whole():
    rng = np.random.default_rng(0)
    n = 900
    table = pd.DataFrame({"x": rng.normal(size=n), "who": rng.integers(0, 300, n)})
    table["y"] = (table["x"] + rng.normal(size=n) > 0).astype(int)
    trials = prepare(TREE, table, label="y", hidden=("who",))
    whose = table["who"].to_numpy()
    rows = drawn(trials, whose, np.arange(n), 40, 3)
    chosen = set(whose[rows])
    assert len(chosen) == 40
    assert len(rows) == table["who"].isin(chosen).sum()
    assert not np.array_equal(rows, drawn(trials, whose, np.arange(n), 40, 4))
    found = needed_people(TREE, table, 0.1, label="y", person="who", n_jobs=1)
    assert found.people < 300
    assert found.sizes[0].rows == pytest.approx(found.sizes[0].people * 3, rel=0.15)


def test_a_rare_class_is_among_those_who_are_drawn():
    table = pd.DataFrame({"x": np.arange(1000), "y": (np.arange(1000) == 500).astype(int)})
    trials = prepare(TREE, table, label="y")
    for draw in range(5):
        rows = drawn(trials, np.arange(1000), np.arange(1000), 50, draw)
        assert 500 in rows and len(rows) <= 51


def test_a_model_that_learns_nothing_needs_few(numbers):
    found = needed_people(DummyClassifier(strategy="constant", constant="yes"), numbers, **QUICK)
    assert found.enough < 100
    assert found.loss.value == 0 < found.loss.high


def test_where_all_are_needed_it_says_so():
    """A recipe whose models are right only with all rows."""
    rng = np.random.default_rng(0)
    table = pd.DataFrame({"x": rng.normal(size=1000)})
    table["y"] = (table["x"] > 0).astype(int)

    def recipe(rows, seed):
        sign = 1 if len(rows) == 700 else -1
        return lambda x: (sign * x["x"].to_numpy() > 0).astype(float)

    found = needed_people(recipe, table, 0.05, label="y", n_jobs=1)
    assert found.enough == found.people == 700
    assert (found.loss.value, found.loss.high) == (0, 0)
    assert found.sentence == "all 700 people: no smaller number is shown to lose under 5 points"
    assert len(found.sizes) == 2  # no more is looked at than the picture needs


@pytest.mark.slow
def test_exposure_stands_beside_it(numbers):
    deep = DecisionTreeClassifier(min_samples_leaf=2, random_state=0)
    unlike = numbers.assign(weight=np.random.default_rng(0).normal(size=len(numbers)))
    found = needed_people(deep, unlike, 0.08, label="ill", goal="tpr<=0.1@fpr=0.05", n_jobs=1)
    assert found.exposure is not None
    assert found.exposure["have"]["members"] == found.open_rows
    assert [one["members"] for one in found.exposure["sizes"]] == sorted(
        one["members"] for one in found.exposure["sizes"]
    )
    assert "takes a goal" not in "".join(found.not_tested)
    assert "false alarms" in str(found)


def test_exposure_that_is_not_to_be_had_says_why():
    rng = np.random.default_rng(0)
    x = rng.normal(size=600)
    table = pd.DataFrame({"x": x, "y": x + rng.normal(size=600)})
    found = needed_people(LinearRegression(), table, 0.1, label="y", goal="tpr<=0.1@fpr=0.05", n_jobs=1)
    assert found.exposure is None and "regressors" in found.not_tested[0]


@pytest.mark.parametrize(
    ("change", "error", "said"),
    [
        ({"margin": -0.1}, ParameterError, "0 < margin < 1"),
        ({"draws": 3}, ParameterError, "draws >= 10"),
        ({"goal": "tpr<0.1"}, ParameterError, "tpr<=0.03@fpr=0.01"),
        ({"goal": "tpr<=0.1@fpr=0.05,accuracy_drop<=0.1"}, ParameterError, "goal without accuracy_drop"),
        ({"label": "no"}, TableError, "expected a label column 'no'"),
        ({"person": "no"}, TableError, "expected a column 'no'"),
    ],
)
def test_bad_arguments_are_refused_by_name(numbers, change, error, said):
    with pytest.raises(error, match=said):
        needed_people(TREE, numbers, **{**QUICK, **change})


def test_a_person_that_is_missing_is_refused_by_name_and_count(numbers):
    who = [None if k < 3 else f"p{k}" for k in range(len(numbers))]
    with pytest.raises(TableError, match="3 of 1,500 are missing in the column 'who'"):
        needed_people(TREE, numbers.assign(who=who), **QUICK, person="who")
