"""Guesses about columns, by their values and by their names."""

import numpy as np
import pandas as pd
import pytest

from reticent.coding.columns import open_frame, read
from reticent.coding.roles import role_of, sounds_known
from reticent.coding.traits import trait_of


def guess(values, name="x"):
    one = trait_of(read(open_frame(pd.DataFrame({name: values})), 0))
    alone = int((np.bincount(one.codes) == 1).sum())
    return role_of(one, alone, len(values))


@pytest.mark.parametrize(
    ("values", "role"),
    [
        ([f"Ada {i}" for i in range(200)], "identifier"),
        ([f"Ada {i}" for i in range(20)], "candidate"),  # in so few rows words may all differ by chance
        (np.arange(5000, 5200), "identifier"),
        (np.arange(200) // 2 * 7, "candidate"),
        (np.append(np.arange(199), 0), "fine measurement"),
        (np.random.default_rng(0).random(200), "fine measurement"),
        (np.round(np.random.default_rng(0).random(200), 1), "candidate"),
        (pd.date_range("1950-01-01", periods=200, freq="91D"), "candidate"),
        (["same"] * 200, "constant"),
        ([None] * 200, "constant"),
        (list("ab") * 100, "candidate"),
    ],
)
def test_the_role_follows_from_the_values(values, role):
    found, reason = guess(values)
    assert found == role
    assert bool(reason) == (role != "candidate")


@pytest.mark.parametrize(
    "name", ["age", "AGE", "dateOfBirth", "zip-code", "native_country", "Hours per week", "maritalStatus"]
)
def test_names_that_sound_known(name):
    assert sounds_known(trait_of(read(open_frame(pd.DataFrame({name: [1, 2]})), 0)))


@pytest.mark.parametrize("name", ["page", "balance", "usage", "x1", "stage", "agency", "ship"])
def test_names_that_do_not(name):
    assert not sounds_known(trait_of(read(open_frame(pd.DataFrame({name: [1, 2]})), 0)))
