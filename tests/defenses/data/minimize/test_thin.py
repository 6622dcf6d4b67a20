"""What a fitted minimizer keeps of a table's values: each row finds the same way with it as with all of them."""

import pickle

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reticent.coding.codebook import Codebook
from reticent.coding.columns import open_frame, read
from reticent.defenses import Minimizer
from reticent.defenses.data.minimize.cells import Cells, Nodes
from reticent.defenses.data.minimize.growth import grow_frugal
from reticent.defenses.data.minimize.thin import thinned

NEW = pd.DataFrame(
    {
        "count": [*range(-5, 20)],
        "amount": [np.nan, np.inf, -np.inf, *np.linspace(-7, 7, 22)],
        "word": [None, "a", "b", "c", "z"] * 5,
        "grade": pd.Categorical(["low", "mid", "high", None, "low"] * 5, ["low", "mid", "high"], ordered=True),
    }
)


def table_of(seed, n=60):
    random = np.random.default_rng(seed)
    amounts = random.normal(size=n).round(1)
    amounts[random.random(n) < 0.1] = np.nan
    amounts[0] = np.inf if seed % 2 else 0.0
    return pd.DataFrame(
        {
            "count": random.integers(0, 12, n),
            "amount": amounts,
            "word": random.choice(["a", "b", "c", None], n),
            "grade": pd.Categorical(random.choice(["low", "high"], n), ["low", "mid", "high"], ordered=True),
        }
    )


def codes_of(books, frame):
    return np.column_stack([book.encode(read(open_frame(frame), j)) for j, book in enumerate(books)])


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 10_000), st.integers(1, 12))
def test_every_row_goes_the_same_way(seed, k):
    frame, random = table_of(seed), np.random.default_rng(seed)
    books = [Codebook.of(read(open_frame(frame), j)) for j in range(4)]
    codes = codes_of(books, frame)
    tree = grow_frugal(codes, [book.axis for book in books], np.eye(2)[random.integers(0, 2, 60)], price=0.05, k=k)
    nodes = Nodes.of(tree)
    node, todo = [], [0]
    while todo:  # any pruned tree
        at = todo.pop()
        if tree.column[at] < 0 or random.random() < 0.2:
            node.append(at)
        else:
            todo += [int(tree.left[at]), int(tree.right[at])]
    cells = Cells(
        nodes=nodes,
        node=np.array(node),
        raw=random.random((len(node), 4)) < 0.3,
        representative=codes[random.integers(0, 60, len(node))],
    )
    small, fewer = thinned(cells, books)
    for rows in (frame, NEW):
        np.testing.assert_array_equal(small.route(codes_of(fewer, rows)), cells.route(codes_of(books, rows)))
    np.testing.assert_array_equal(small.open, cells.open)
    kept = [len(book.known) > 0 for book in fewer]
    coded = codes_of(fewer, frame)[:, kept]
    for old, new in zip(cells.representative, small.representative, strict=True):
        row = (codes[:, kept] == old[kept]).all(axis=1)
        assert (coded[row] == new[kept]).all()  # under the new codes it is the same value
    cut = set(small.nodes.tree.column.tolist()) - {-1}
    for f, (book, whole) in enumerate(zip(fewer, books, strict=True)):
        cuts = {int(tree.up_to[v]) for v in range(len(tree.column)) if tree.column[v] == f}
        if f not in cut:
            assert not len(book.known) and not len(book.axis.places)
        elif f < 2:
            assert len(book.known) <= 2 * len(cuts) + 2
            numbers = read(open_frame(NEW), f)
            assert book.outside(numbers) == whole.outside(numbers)
        else:
            assert book.known.tolist() == whole.known.tolist()


def old(rows):
    return (np.asarray(rows["age"]) > 50).astype(int)


@pytest.fixture
def people():
    random = np.random.default_rng(0)
    return pd.DataFrame({"age": random.integers(18, 90, 900), "income": random.lognormal(10, 1, 900).round(2)})


def test_a_saved_one_holds_no_value_that_nobody_needs(people):
    people.loc[450, "income"] = 123456789.25
    made = Minimizer(old, 0.95).fit(people).set_params(model=None)
    content = pickle.dumps(made)
    held = [one for one in people["income"] if np.float64(one).tobytes() in content]
    assert len(held) <= len(made._cells.node)  # the representatives
    assert [len(book.known) for book in made._books] <= [12, 0]
    assert made.unseen_ == {}
    made.transform(people.assign(income=-1.0))
    assert made.unseen_ == {}
