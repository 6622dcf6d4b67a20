import datetime as dt

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from reticent.coding.columns import open_frame
from reticent.defenses.training.dp.coded import Category, Number, code
from reticent.defenses.training.dp.declared import declare
from reticent.errors import TableError

KINDS = {
    "pandas": lambda frame: frame,
    "objects": lambda frame: frame.astype({"town": object}),
    "categories": lambda frame: frame.astype({"town": "category"}),
    "nullable": lambda frame: frame.convert_dtypes(),
    "polars": pl.from_pandas,
    "arrow": lambda frame: pa.Table.from_pandas(frame, preserve_index=False),
    "numpy": lambda frame: frame.to_numpy(object),
}
PEOPLE = pd.DataFrame(
    {
        "age": [30, 130, -2, 61],
        "wage": [1.5, None, 0.0, 9.0],
        "town": ["Ulm", None, "Rome", "Bonn"],
        "smokes": [True, False, True, False],
        "rooms": [2, 3, 9, 2],
    }
)
SAID = {
    "bounds": {"age": (0, 120)},
    "domains": {"town": ["Bonn", "Ulm", None], "rooms": [2, 3], "smokes": [False, True]},
    "missing": ["wage"],
}


def opened(table):
    frame = open_frame(table)
    return table if frame is None else frame


def by_place(said):
    place = {name: j for j, name in enumerate(PEOPLE)}
    return {
        argument: {place[name]: held for name, held in named.items()}
        if isinstance(named, dict)
        else [place[name] for name in named]
        for argument, named in said.items()
    }


@pytest.mark.parametrize("kind", KINDS)
def test_tables_of_all_kinds_are_coded_alike(kind):
    table = opened(KINDS[kind](PEOPLE))
    coded = code(table, declare(table, **(by_place(SAID) if kind == "numpy" else SAID)))
    age, wage, town, smokes, rooms = coded.features
    assert len(coded) == 4
    assert age.values.tolist() == [30, 120, 0, 61] and age.missing is None and age.bounds == (0, 120)
    assert wage.values.tolist() == [1.5, 0, 0, 9] and wage.missing.tolist() == [False, True, False, False]
    assert town.codes.tolist() == [1, 3, 2, 0] and town.size == 4
    assert smokes.codes.tolist() == [1, 0, 1, 0]
    assert rooms.codes.tolist() == [0, 1, 2, 0] and rooms.size == 3


def test_flags_have_no_other_code():
    table = opened(PEOPLE[["smokes"]])
    [smokes] = code(table, declare(table)).features
    assert smokes.size == 2
    with pytest.raises(TableError, match="column 'smokes' and its domain to be of one type"):
        code(opened(pd.DataFrame({"smokes": ["maybe"]})), declare(table))


def test_dates_have_a_domain():
    table = opened(pl.DataFrame({"day": [dt.datetime(2020, 1, 1), dt.datetime(2021, 1, 1)]}))
    [day] = code(table, declare(table, domains={"day": [dt.datetime(2021, 1, 1)]})).features
    assert day.codes.tolist() == [1, 0]


def test_what_was_not_declared_is_not_read_off_the_values():
    table = opened(PEOPLE[["age"]])
    [age] = code(table, declare(table)).features
    assert age.bounds is None and age.edges is None and age.values.tolist() == PEOPLE["age"].tolist()


def test_declared_edges_come_along():
    table = opened(PEOPLE[["age"]])
    [age] = code(table, declare(table, edges={"age": [18, 65]})).features
    assert age.edges.tolist() == [18, 65] and age.values.tolist() == PEOPLE["age"].tolist()


def values(frame):
    return pd.DataFrame({"wage": frame})


REFUSED = {
    "nan": (values([1.0, np.nan]), {}, "missing values in column 'wage'.*missing="),
    "null": (pl.DataFrame({"wage": [1, None]}), {}, "missing values in column 'wage'"),
    "nan in polars": (pl.DataFrame({"wage": [1.0, float("nan")]}), {}, "missing values in column 'wage'"),
    "infinite": (values([1.0, -np.inf]), {}, "column 'wage'.*infinity"),
    "infinite in spite of bounds": (values([1.0, np.inf]), {"bounds": (0, 1)}, "column 'wage'.*infinity"),
    "infinite where missing may be": (values([1.0, np.inf]), {"missing": True}, "column 'wage'.*infinity"),
    "no word": (values(["a", None]), {"domains": {"wage": ["a"]}}, r"'wage'.*None in its domain"),
    "no flag": (values(pd.array([True, None], dtype="boolean")), {}, "missing values in column 'wage'"),
    "words among numbers": (np.array([[1.0], ["2"]], object), {}, r"column 0.*domains=\{0"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_was_not_declared_is_refused_by_name(case):
    table, said, message = REFUSED[case]
    with pytest.raises(TableError, match=message):
        code(opened(table), declare(opened(table), **said))


@pytest.mark.parametrize("later", [pd.DataFrame({"age": ["old"]}), np.array([["old"]])], ids=["frame", "array"])
def test_words_where_numbers_were_fitted_are_refused(later):
    fitted = declare(opened(PEOPLE[["age"]]))
    with pytest.raises(TableError, match="expected numbers in column 'age', as when it was fitted"):
        code(opened(later), fitted)


cells = st.one_of(st.none(), st.sampled_from(["a", "b", "c", "", "1"]))
numbers = st.one_of(st.none(), st.floats(-50, 50), st.integers(-50, 50))


def slowly(value, domain):
    """Code one word by hand."""
    if value is None:
        return len(domain) + 1
    return domain.index(value) if value in domain else len(domain)


@given(st.lists(st.tuples(cells, numbers), min_size=1, max_size=12), st.data())
def test_a_row_is_coded_alone(rows, data):
    table = np.array([[*row] for row in rows], object).reshape(len(rows), 2)
    declared = declare(table, domains={0: ["b", "a"]}, bounds={1: (-7, 30)}, missing=True)
    coded = code(table, declared)
    words, amounts = coded.features
    assert isinstance(words, Category) and isinstance(amounts, Number)
    assert words.codes.tolist() == [slowly(word, ["b", "a"]) for word, _ in rows]
    assert amounts.missing.tolist() == [number is None for _, number in rows]
    assert amounts.values.tolist() == [0 if number is None else min(max(number, -7), 30) for _, number in rows]
    some = np.array(data.draw(st.lists(st.integers(0, len(rows) - 1), max_size=5)), np.intp)
    taken, alone = coded.take(some), [code(table[[row]], declared) for row in some]
    assert len(taken) == len(some)
    assert taken.features[0].codes.tolist() == [one.features[0].codes[0] for one in alone]
    assert taken.features[1].values.tolist() == [one.features[1].values[0] for one in alone]


@pytest.mark.parametrize(
    ("rows", "domain"),
    [(["1", "2", "a"], [1, 2]), ([1, 2, 1], ["1", "2", "x"])],
    ids=["words, numbers declared", "numbers, words declared"],
)
def test_a_domain_of_another_type_than_its_column_is_refused(rows, domain):
    """One row's word turns a file's column into words: everybody would become "other" for it."""
    table = open_frame(pd.DataFrame({"c": rows}))
    with pytest.raises(TableError, match="'c' and its domain to be of one type"):
        code(table, declare(table, domains={"c": domain}))
