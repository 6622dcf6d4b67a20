"""Tables of any content: what is asked lies in its cell, answers are those of the cell, and detail is counted right."""

import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reticent.coding.columns import open_frame, read
from reticent.defenses import Minimizer

VALUES = {
    "count": st.integers(0, 6),
    "amount": st.one_of(st.sampled_from([0.0, -0.0, 1.5, math.nan, math.inf]), st.floats(-5, 5, width=16)),
    "word": st.one_of(st.none(), st.sampled_from(["a", "b", "c", "nan", ""])),
    "flag": st.booleans(),
}


@st.composite
def cases(draw):
    names = draw(st.lists(st.sampled_from(sorted(VALUES)), min_size=1, max_size=3, unique=True))
    some = {name: draw(st.lists(VALUES[name], min_size=6, max_size=12)) for name in names}
    random = np.random.default_rng(draw(st.integers(0, 99)))
    table = pd.DataFrame(
        {name: pd.Series(values)[random.integers(len(values), size=80)].tolist() for name, values in some.items()}
    )
    needed = draw(st.lists(st.sampled_from(names), max_size=2, unique=True))
    return table, needed


def model_of(needed):
    def model(rows):
        total = np.zeros(len(rows), int)
        for name in needed:
            total += [len(str(value)) + (value == 1.5) for value in rows[name].tolist()]
        return total % 3

    return model


@pytest.mark.slow
@settings(max_examples=25, deadline=None)
@given(cases(), st.sampled_from([0.5, 0.8, 0.9]))
def test_whatever_the_table(case, target):
    table, needed = case
    table = table.assign(who=range(len(table)))  # equal rows are different people
    minimizer = Minimizer(model_of(needed), target, person="who").fit(table)
    made = minimizer.transform(table)
    assert (made.dtypes == table.dtypes).all()
    cells, books = minimizer._cells, minimizer._books
    before, after = (
        np.column_stack([book.encode(read(open_frame(one), j)) for j, book in enumerate(books)])
        for one in (table, made)
    )
    cell = cells.route(before)
    # What stands in for a value lies in the same cell, or is the value itself.
    for c, node in enumerate(cells.node.tolist()):
        for f, mask in enumerate(cells.nodes.held(node)):
            assert not len(mask) or mask[cells.representative[c, f]]  # no question is about it
            where = cell == c
            assert cells.raw[c, f] or (after[where, f] == cells.representative[c, f]).all()
    # Asked again, a row says the same: its cell does not move.
    assert np.array_equal(cells.route(after), cell)
    again = minimizer.transform(made)
    assert all(again[name].equals(made[name]) for name in made)
    # Detail by a slow twin: person by person, column by column.
    slow = []
    for row in minimizer.judged_:
        masks = cells.nodes.held(int(cells.node[cell[row]]))
        for f, mask in enumerate(masks):
            slow.append(0.0 if cells.raw[cell[row], f] else slow_open(books[f], mask))
    assert minimizer.ncp_ == pytest.approx(np.mean(slow))
    same = model_of(needed)(made) == model_of(needed)(table)
    assert minimizer.agreement_.value == pytest.approx(same[minimizer.judged_].mean())
    assert minimizer.agreement_.low >= target
    if not needed:
        assert minimizer.ncp_ == 1


def slow_open(book, mask):
    """The share of a column that is left open, from where the values stand."""
    if mask.all():
        return 1.0
    if not book.axis.ordered:
        return mask.sum() / len(mask) if mask.sum() > 1 else 0.0
    known = book.axis.places[: len(book.known)].tolist()  # infinite values stand at the ends of the finite ones
    held = [i for i in range(len(known)) if mask[i]]
    if not held:
        return 0.0
    start = known[0] if held[0] == 0 else (known[held[0] - 1] + known[held[0]]) / 2
    stop = known[-1] if held[-1] == len(known) - 1 else (known[held[-1]] + known[held[-1] + 1]) / 2
    return (stop - start) / (known[-1] - known[0])
