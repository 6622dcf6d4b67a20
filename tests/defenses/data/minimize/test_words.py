import datetime as dt

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from reticent.coding.codebook import Codebook
from reticent.coding.columns import open_frame, read
from reticent.defenses.data.minimize.words import cut, listed, piece, said


def book(values):
    return Codebook.of(read(open_frame(pd.DataFrame({"x": values})), 0))


def mask(*held):
    return np.array(held, bool)


@pytest.mark.parametrize(
    ("values", "held", "words"),
    [
        ([20, 31, 60], mask(1, 0, 0), "up to 25"),
        ([20, 31, 60], mask(0, 1, 0), "26 to 45"),
        ([20, 21, 60], mask(0, 0, 1), "41 or more"),
        ([20, 21, 22], mask(0, 1, 0), "21"),
        ([20.0, 21.0, None], mask(0, 1, 1), "21 or more or missing"),
        ([20.0, 21.0, None], mask(0, 0, 1), "missing"),
        ([0.5, 1.0, 4.0], mask(1, 0, 0), "up to 0.75"),
        ([0.5, 1.0, 4.0], mask(0, 1, 0), "above 0.75, up to 2.5"),
        ([0.5, 1.0, 4.0], mask(0, 0, 1), "above 2.5"),
        ([0, 99999, 100000], mask(1, 1, 0), "up to 99,999"),
        (["b", "a", None], mask(0, 1, 0), "b"),
        (["b", "a", None], mask(1, 0, 1), "a or missing"),
        ([*"abcd"], mask(1, 1, 1, 0), "anything but d"),
        ([*"abcd"], mask(1, 1, 1, 1), "any value"),
        ([True, False], mask(0, 1), "True"),
        ([dt.datetime(2020, 1, 1), dt.datetime(2020, 1, 3)], mask(1, 0), "up to 2020-01-02"),
        ([dt.datetime(2020, 1, 1), dt.datetime(2020, 1, 3)], mask(0, 1), "after 2020-01-02"),
        (pd.Categorical(["low", "mid", "high"], ["low", "mid", "high"], ordered=True), mask(0, 1, 1), "mid to high"),
    ],
)
def test_pieces(values, held, words):
    assert piece(book(values), held) == words


@given(st.lists(st.integers(-1000, 1000), min_size=2, max_size=8, unique=True), st.data())
def test_ranges_of_whole_numbers_say_where_new_ones_go(values, data):
    ages = book(values)
    cut = data.draw(st.integers(1, len(values) - 1))
    new = data.draw(st.integers(-1100, 1100))
    low = np.arange(len(values)) < cut
    (code,) = ages.encode(read(open_frame(pd.DataFrame({"x": [new]})), 0))
    top = int(piece(ages, low).removeprefix("up to ").replace(",", ""))
    assert piece(ages, ~low).replace(",", "") == f"{top + 1} or more"
    assert (new <= top) == low[code]


def test_numbers_and_names():
    assert [said(value) for value in (1234, 12345, 1.5, 1e-7, 123456.0, np.int8(3), "x")] == [
        *("1234", "12,345", "1.5", "1e-07", "123,456", "3", "x")
    ]
    assert listed([]) == "" and listed(["a"]) == "a" and listed(["a", "b"], "and") == "a and b"
    assert listed([*"abcdefg"]) == "a, b, c, d, e, f or 1 other"


@given(st.lists(st.floats(-1e18, 1e18) | st.floats(1e6, 1e6 + 1e-3), min_size=2, max_size=2, unique=True))
def test_a_cut_lies_between_the_values_that_it_parts(values):
    below, above = sorted(values)
    text = cut(below, above)
    assert below <= float(text.replace(",", "")) < above


@given(st.integers(2**53, 2**62), st.integers(1, 50))
def test_large_whole_numbers_are_exact(below, more):
    ages = book([below, below + more])
    top = int(piece(ages, mask(1, 0)).removeprefix("up to ").replace(",", ""))
    assert below <= top < below + more
    assert piece(ages, mask(0, 1)).removesuffix(" or more").replace(",", "") == str(top + 1)


def test_no_two_answers_read_alike():
    assert cut(1_000_004.49, 1_000_004.52) == "1,000,004.5"
    assert cut(999_999.0, 1_000_001.0) == "1,000,000" and cut(5.0, np.inf) != "inf"
    noon = np.datetime64("2020-01-01T12:00:00.000")
    assert cut(noon + 100, noon + 300) == "2020-01-01 12:00:00.200"
