import itertools

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from reticent.coding.columns import open_frame
from reticent.defenses.data.minimize.asked import Asked, agree, between
from reticent.defenses.data.minimize.ladder import Step, ahead, everything, ladder, needless
from reticent.defenses.data.minimize.mapping import mapped
from reticent.defenses.data.minimize.options import center
from reticent.defenses.data.minimize.trial import agreeing, inputs_of


def model(rows):
    return np.where(rows["a"] + rows["b"] * (rows["town"] == "B") > 0.5, "yes", "no")


@pytest.fixture(scope="module")
def people():
    random = np.random.default_rng(0)
    columns = {name: random.normal(size=600).round(1) for name in "abc"}
    return open_frame(pd.DataFrame(columns | {"town": random.choice([*"ABC"], 600)}))


@pytest.fixture(scope="module")
def asked(people):
    return Asked(model, people, range(4))


def test_steps_are_tried_as_they_would_be_one_by_one(people, asked):
    random = np.random.default_rng(1)
    steps = [everything(asked), *ladder(asked, asked(asked.codes), None, random, target=0.9)]
    assert len(steps) > 3
    truth = asked.about(inputs_of(people, range(4)))
    slow = []
    for step in steps:
        cells = step.cells
        made = mapped(people, range(4), asked.values(cells.representative), cells.raw, cells.route(asked.codes))
        slow.append(int((asked.about(made) == truth).sum()))
    assert agreeing(asked, steps, people, range(4), codes=asked.codes, tolerance=None).tolist() == slow
    assert slow[0] == 600


def test_steps_go_from_the_most_agreement_to_the_most_detail(asked):
    steps = ladder(asked, asked(asked.codes), None, np.random.default_rng(2), target=0.9)
    assert all(one.agreement >= other.agreement for one, other in itertools.pairwise(steps))
    assert all(one.detail < other.detail for one, other in itertools.pairwise(steps))


def test_what_the_model_never_reads_is_not_needed(asked):
    codes, answers = asked.codes, asked(asked.codes)
    gone = needless(asked, codes, answers, codes[0], None, slack=0.0)
    assert gone.tolist() == [2]
    assert sorted(needless(asked, codes, answers, codes[0], None, slack=1.0)) == [0, 1, 2, 3]


def test_small_steps_lead_to_the_first(asked):
    """Each asks for less of some people and changes nothing for the others, so that it is shown if a later one is."""
    steps = ladder(asked, asked(asked.codes), None, np.random.default_rng(2), target=0.9)
    trees = [id(step.cells.nodes) for step in steps]
    first = next(i for i, tree in enumerate(trees) if tree != trees[0]) - 1
    assert first >= 2
    asked_for = [step.cells.raw[step.cells.route(asked.codes)] for step in steps[: first + 1]]
    assert all((one >= other).all() for one, other in itertools.pairwise(asked_for))
    assert steps[0].detail < 0.3


@given(st.lists(st.tuples(st.integers(0, 5), st.integers(0, 5)), max_size=8), st.data())
def test_only_what_nothing_else_is_ahead_of_stays(points, data):
    steps = [Step(cells=None, lost=np.array([1 - a / 5]), gained=np.array([d / 5])) for a, d in points]
    kept = ahead(steps)
    for step in steps:
        beaten = any(one.agreement >= step.agreement and one.detail >= step.detail for one in kept)
        assert beaten or step.detail == 0
    again = ahead(data.draw(st.permutations(steps)))
    assert [(one.agreement, one.detail) for one in again] == [(one.agreement, one.detail) for one in kept]


@given(st.lists(st.integers(-6, 6), min_size=1, max_size=20), st.integers(0, 4))
def test_the_center_agrees_with_most(amounts, tolerance):
    answers = np.array(amounts) / 2
    one, hits = center(np.arange(len(answers))[:, None], answers, np.ones(len(answers), bool), tolerance / 2)
    near = [int(agree(answers, other, tolerance / 2).sum()) for other in answers]
    assert hits == max(near) == near[one]
    labels = np.array(amounts) + 6
    one, hits = center(np.arange(len(labels))[:, None], labels, np.ones(len(labels), bool), None)
    assert hits == (labels == labels[one]).sum() == np.bincount(labels).max()


def test_a_row_that_does_not_stand_for_itself_stands_for_nobody():
    answers = np.array([0, 0, 0, 1, 1])
    sound = np.array([False, False, False, True, True])
    one, hits = center(np.arange(5)[:, None], answers, sound, None)
    assert answers[one] == 1 and hits == 2


def test_rows_between_are_made_of_values_that_occur(asked):
    made = between(asked.codes, asked.axes, 500, np.random.default_rng(0))
    assert made.shape == (500, 4)
    assert all(np.isin(made[:, j], asked.codes[:, j]).all() for j in range(4))
    new = ~(made[:, None, :] == asked.codes[None]).all(axis=2).any(axis=1)
    assert 0.2 < new.mean() < 0.95


def test_labels_and_amounts_are_told_apart(people):
    amounts = Asked(lambda rows: rows["a"] * 1.5, people, [0])
    amounts(amounts.codes)
    labels = Asked(model, people, range(4))
    labels(labels.codes)
    assert amounts.is_amount and not labels.is_amount
