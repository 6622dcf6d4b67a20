"""A fitted minimizer is the same after a file, whatever its table was made of; one that leads outside is refused."""

import copy

import numpy as np
import pandas as pd
import polars as pl
import pytest
import skops.io

from reticent.backends import trusted
from reticent.backends.files import read_model, write_model
from reticent.defenses import Minimizer
from reticent.errors import ModelError, OutputError

ROWS = 600


def people():
    rng = np.random.default_rng(0)
    table = pd.DataFrame(
        {
            "age": rng.integers(18, 90, ROWS),
            "town": rng.choice(["Bonn", "Ems", "Ulm"], ROWS),
            "size": pd.Categorical(rng.choice(["S", "M", "L"], ROWS), categories=["S", "M", "L"]),
            "rank": pd.Categorical(rng.choice(["low", "high"], ROWS), categories=["low", "high"], ordered=True),
            "height": rng.normal(172, 9, ROWS),
            "rooms": pd.array(rng.integers(0, 5, ROWS), dtype="Int64"),
            "since": pd.Timestamp("2020-01-01") + pd.to_timedelta(rng.integers(0, 900, ROWS), unit="D"),
            "smokes": rng.random(ROWS) < 0.5,
        }
    )
    table.loc[::17, "height"], table.loc[::19, "town"], table.loc[::23, "rooms"] = np.nan, None, pd.NA
    return table


def old_or_tall(table):
    old = np.asarray(table["age"]) + 30 * (np.asarray(table["size"].to_list(), object) == "S") > 70
    return old | (np.nan_to_num(np.asarray(table["height"], float)) > 180)


@pytest.fixture(scope="module", params=["pandas", "polars", "arrays"])
def fitted(request):
    table = people()
    if request.param == "arrays":
        table = table[["age", "height", "smokes"]].to_numpy(float)
        return Minimizer(lambda rows: rows[:, 0] > 60, 0.8).fit(table).set_params(model=None), table
    if request.param == "polars":
        table = pl.from_pandas(table)
    return Minimizer(old_or_tall, 0.8).fit(table).set_params(model=None), table


def test_it_comes_out_of_a_file_as_it_went_in(fitted, tmp_path):
    minimizer, table = fitted
    write_model(minimizer, tmp_path / "minimizer.skops")
    read = read_model(tmp_path / "minimizer.skops")
    before, after = minimizer.place(table), read.place(table)
    assert type(before) is type(after) is type(table)
    if isinstance(table, np.ndarray):
        np.testing.assert_array_equal(before, after)
    elif isinstance(table, pd.DataFrame):
        pd.testing.assert_frame_equal(before, after)
        assert (after.dtypes == table.dtypes).all()
    else:
        assert before.equals(after) and before.schema == after.schema == table.schema
    assert (read.needs_, read.agreement_, read.ncp_) == (minimizer.needs_, minimizer.agreement_, minimizer.ncp_)
    assert str(read.collection_form()) == str(minimizer.collection_form())
    assert copy.deepcopy(read).ncp_ == minimizer.ncp_


def test_a_file_names_no_type_but_our_own(fitted):
    content = skops.io.dumps(fitted[0])
    found = skops.io.get_untrusted_types(data=content)
    assert found == ["reticent.defenses.data.minimize.minimizer.Minimizer"] and set(found) <= trusted.TYPES


def test_an_unfitted_one_is_kept_too(tmp_path):
    write_model(Minimizer(agreement=0.9, person="id"), tmp_path / "minimizer.skops")
    read = read_model(tmp_path / "minimizer.skops")
    assert read.get_params() == Minimizer(agreement=0.9, person="id").get_params()


@pytest.mark.parametrize(
    ("part", "value"),
    [
        ("left", 10_000),
        ("right", 0),
        ("column", 99),
        ("listed_to", 10_000_000),
        ("listed_from", -1),
        ("class_of", 7_000),
    ],
)
def test_a_tree_that_leads_outside_is_refused(fitted, part, value, tmp_path):
    """The compiled walk looks at no index: a crafted file would read whatever lies behind the arrays."""
    minimizer = copy.deepcopy(fitted[0])
    tree = minimizer._cells.nodes.tree
    at = 0 if part != "class_of" else int(np.flatnonzero(tree.column < 0)[0])
    getattr(tree, part)[at] = value
    state = minimizer.__getstate__()
    with pytest.raises(ModelError, match="points outside of itself"):
        Minimizer().__setstate__(state)
    with pytest.raises((ModelError, OutputError), match="points outside of itself"):
        write_model(minimizer, tmp_path / "crafted.skops")


def test_a_tree_of_other_lengths_is_refused(fitted):
    minimizer = copy.deepcopy(fitted[0])
    state = minimizer.__getstate__()
    tree = state["_cells"]["nodes"]["tree"]
    tree["up_to"] = tree["up_to"][:-1]
    with pytest.raises(ModelError, match="points outside of itself"):
        Minimizer().__setstate__(state)
