import numpy as np
import pandas as pd
import pytest

from reticent.coding.codebook import Codebook, people_of
from reticent.coding.columns import open_frame, read
from reticent.errors import TableError


def column(values, **how):
    return read(open_frame(pd.DataFrame({"x": pd.Series(values, **how)})), 0)


def test_a_number_takes_the_code_of_the_nearest_and_the_lower_of_two():
    book = Codebook.of(column([10.0, 20.0, 40.0]))
    new = column([-5.0, 14.9, 15.0, 15.1, 30.1, 99.0, np.nan])
    assert book.encode(new).tolist() == [0, 0, 0, 1, 2, 2, -1]
    assert book.outside(new) == 2


def test_each_kind_of_nothing_has_a_code_of_its_own_behind_the_values():
    whole = read(np.array([[2.0], [np.nan], [1.0]]), 0)
    book = Codebook.of(whole)
    assert book.encode(whole).tolist() == [1, 2, 0]
    assert (book.axis.n_placed, book.nan, book.null) == (2, True, False)
    words = column(["b", None, "a"])
    assert Codebook.of(words).encode(words).tolist() == [1, 2, 0]
    assert Codebook.of(words).encode(column(["c", "a", None])).tolist() == [-1, 0, 2]


def test_infinite_numbers_stand_at_the_ends_of_the_finite():
    book = Codebook.of(column([np.inf, 1.0, -np.inf, 3.0]))
    assert book.axis.places.tolist() == [1, 1, 3, 3]


@pytest.mark.parametrize("kind", ["i1", "u8", "f2", "f4", "g", ">i4", ">f8", "M8[D]", "M8[ns]", "m8[s]"])
def test_numbers_of_every_type_and_byte_order_are_coded_by_rank(kind):
    values = np.array([7, 3, 7, 5]).astype(kind)
    book = Codebook.of(read(values[:, None], 0))
    assert book.known.dtype.kind == values.dtype.kind
    assert book.encode(read(values[:, None], 0)).tolist() == [2, 0, 2, 1]


def test_large_neighbors_stay_apart():
    values = column([2**62, 2**62 + 1, None], dtype="Int64")
    assert Codebook.of(values).encode(values).tolist() == [0, 1, 2]


def test_a_column_without_any_value_fits_whatever_was_fitted():
    for fitted in (column([1, 2]), column(pd.to_datetime(["2020-01-01"])), column(["a"])):
        book = Codebook.of(fitted)
        for empty in (column([None], dtype=object), column([pd.NaT]), column([np.nan])):
            assert book.encode(empty).tolist() == [-1]
            assert book.outside(empty) == 0


def test_dates_and_numbers_are_not_taken_for_each_other():
    dates, numbers = column(pd.to_datetime(["2020-01-01"])), column([1.0])
    for fitted, other in ((dates, numbers), (numbers, dates), (numbers, column(["a"]))):
        with pytest.raises(TableError, match="column 'x' to hold"):
            Codebook.of(fitted).encode(other)


def test_codes_are_told_in_words():
    book = Codebook.of(column(["b", "a", "c", None]))
    told = [book.describe(np.array(codes)) for codes in ([0], [0, 2], [1, 3], [3], [0, 1, 2], [0, 1, 2, 3])]
    assert told == ["x a", "x in {a, c}", "x b or missing", "x missing", "x in {a, b, c}", ""]


def test_people_without_a_name_are_one():
    table = open_frame(pd.DataFrame({"who": ["eve", None, "ann", None, "eve"]}))
    assert people_of(table, 0).tolist() == [2, 0, 1, 0, 2]
