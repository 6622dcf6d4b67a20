import re

import numpy as np
import pandas as pd
import polars as pl
import pytest

from reticent.coding.columns import open_frame
from reticent.defenses.training.dp.declared import Categories, Numbers, declare, finite_pair
from reticent.errors import ParameterError, TableError

PEOPLE = pd.DataFrame({"age": [30, 61], "wage": [1.5, 2.0], "town": ["Bonn", "Ulm"], "smokes": [True, False]})
TOWNS = {"town": ["Bonn", "Ulm"]}


def declared(table=PEOPLE, **said):
    return {column.name: column for column in declare(open_frame(table), **{"domains": TOWNS, **said})}


def test_each_column_is_what_its_type_and_the_codebook_say():
    found = declared(bounds={"age": (0, 120)})
    assert found["age"] == Numbers(name="age", bounds=(0.0, 120.0), edges=None, missing=False)
    assert found["wage"] == Numbers(name="wage", bounds=None, edges=None, missing=False)
    assert found["town"] == Categories(name="town", values=("Bonn", "Ulm"), other=True, missing=False)
    assert found["smokes"] == Categories(name="smokes", values=(False, True), other=False, missing=False)
    assert list(found) == list(PEOPLE)


def test_one_pair_holds_for_all_columns_of_numbers():
    found = declared(bounds=(0, 9))
    assert found["age"].bounds == found["wage"].bounds == (0.0, 9.0)


def test_numbers_with_a_domain_are_codes():
    assert declared(domains={**TOWNS, "age": np.array([30, 61])})["age"].values == (30, 61)


@pytest.mark.parametrize("empty", [None, float("nan"), pd.NA], ids=["none", "nan", "na"])
def test_none_in_a_domain_says_that_values_may_be_missing(empty):
    assert (
        declared(domains={"town": ["Bonn", empty]})["town"]
        == declared(domains={"town": ["Bonn"]}, missing=["town"])["town"]
    )


def test_missing_everywhere():
    assert all(column.missing for column in declared(missing=True).values())


def test_a_domain_keeps_its_order_and_each_value_once():
    assert declared(domains={"town": ["Ulm", "Bonn", "Ulm"]})["town"].values == ("Ulm", "Bonn")


def test_no_value_of_the_table_matters():
    other = pd.DataFrame({"age": [-5, 10**6], "wage": [np.nan, np.inf], "town": ["X", None], "smokes": [True, True]})
    assert declared() == declared(other)


def test_what_was_stated_is_said():
    found = declared(bounds={"age": (0, 120)}, edges={"age": [18, 65], "wage": [1.0]}, missing=["wage", "town"])
    assert [column.stated for column in found.values()] == [
        "bounds of age: declared, 0 to 120; edges of age: declared, 2",
        "edges of wage: declared, 1; missing values of wage: declared",
        "domain of town: declared, 2 values, or missing",
        "domain of smokes: by its type, 2 values",
    ]
    assert declared()["wage"].stated is None


@pytest.mark.parametrize(
    "words",
    [
        pd.Series(["Bonn", "Ulm"], dtype="category"),
        pd.Series(["Bonn", "Ulm"], dtype=object),
        pd.Series([1, 2], dtype=object),
        pd.Series(pd.to_datetime(["2020-01-01", "2020-01-02"])),
    ],
    ids=["category", "object", "numbers as objects", "dates"],
)
def test_what_holds_no_numbers_needs_a_domain(words):
    with pytest.raises(TableError, match=re.escape("declared domain in column 'town'")):
        declared(PEOPLE.assign(town=words), domains=None)


def test_an_enum_of_polars_needs_one_too():
    with pytest.raises(TableError, match="'town'"):
        declared(pl.DataFrame({"town": ["a"]}, schema={"town": pl.Enum(["a", "b"])}), domains=None)


REFUSED = {
    "unknown column": ({"bounds": {"agee": (0, 1)}}, "agee; it has age"),
    "unknown domain": ({"domains": {**TOWNS, "street": ["a"]}}, "domains of columns of the table"),
    "unknown missing": ({"missing": ["street"]}, "missing of columns of the table"),
    "bounds of words": ({"bounds": {"town": (0, 1)}}, "bounds of columns of numbers, got bounds of town"),
    "bounds and domain": ({"bounds": {"age": (0, 1)}, "domains": {**TOWNS, "age": [1]}}, "got bounds of age"),
    "edges of flags": ({"edges": {"smokes": [0.5]}}, "edges of columns of numbers"),
    "empty range": ({"bounds": {"age": (1, 1)}}, r"bounds\['age'\] = \(low, high\), both finite and low < high"),
    "range that overflows": ({"bounds": {"age": (0, 1e308)}}, "less than 1e307 apart"),
    "endless range": ({"bounds": (0, float("inf"))}, "both finite"),
    "three ends": ({"bounds": {"age": (0, 1, 2)}}, "as a pair"),
    "no numbers": ({"bounds": ("a", "b")}, "as a pair"),
    "edges that fall": ({"edges": {"age": [2, 1]}}, "ascending"),
    "no edges": ({"edges": {"age": []}}, "at least one"),
    "edges of letters": ({"edges": {"age": ["a"]}}, "as numbers"),
    "one edge bare": ({"edges": {"age": 3}}, "as numbers"),
    "a word as domain": ({"domains": {"town": "Bonn"}}, "list of values"),
    "an empty domain": ({"domains": {"town": [None]}}, "at least one value"),
    "lists in a domain": ({"domains": {"town": [["Bonn"]]}}, "plain values"),
    "a list of domains": ({"domains": [["Bonn"]]}, "dict by column"),
    "one name": ({"missing": "age"}, "list of columns or True"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_a_declaration_that_is_none_is_refused_by_name(case):
    said, message = REFUSED[case]
    with pytest.raises(ParameterError, match=message):
        declared(**said)


def test_a_pair_is_two_finite_numbers():
    assert finite_pair("x", np.array([1, 2])) == (1.0, 2.0)
    for bad in (None, 3, (2, 1), (0, np.nan)):
        with pytest.raises(ParameterError, match="expected x"):
            finite_pair("x", bad)
