"""Bad input is refused by name, with the nearest thing that would work."""

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.tree import DecisionTreeClassifier

from reticent.defenses.data.anonymize import Anonymizer
from reticent.errors import ParameterError, TableError

N = 120


def people():
    random = np.random.default_rng(0)
    return pd.DataFrame(
        {
            "age": random.integers(18, 80, N),
            "town": random.choice(["A", "B", "C"], N),
            "ill": random.choice(["flu", "cold"], N),
            "who": [f"person {i}" for i in range(N)],
        }
    )


def refusal(error, words, *, table=None, y=None, fit=None, **asked):
    asked = {"k": 5, "quasi_identifiers": ["age", "town"]} | asked
    with pytest.raises(error, match=words):
        Anonymizer(**asked).fit(people() if table is None else table, y, **(fit or {}))


@pytest.mark.parametrize(
    ("k", "words"),
    [
        (1, "at least 2 people, got k=1.*Use k=2 or more"),
        (0, "Use k=2"),
        (-3, "got k=-3"),
        (2.0, r"whole number of people, got k=2\.0"),
        (True, "got k=True"),
        ("5", "got k='5'"),
        (None, "got k=None"),
    ],
)
def test_k_is_a_whole_number_of_people(k, words):
    refusal(ParameterError, words, k=k)


def test_k_of_numpy_is_a_whole_number():
    assert Anonymizer(np.int64(5), ["age"]).fit(people()).smallest_class_ >= 5


def test_a_table_of_fewer_than_k_people_says_which_k_would_work():
    refusal(TableError, f"at least k={N + 1} people, got {N}.*k={N} would work", k=N + 1)
    assert Anonymizer(N, ["age"]).fit(people()).n_classes_ == 1
    refusal(TableError, "got 3 .*k=3 would work", person="who", table=people().assign(who=np.arange(N) % 3))
    refusal(TableError, "got 1 .*no generalization can reach it$", table=people()[:1])
    refusal(TableError, "got 0 ", table=people()[:0])


def test_columns_are_those_of_the_table():
    refusal(ParameterError, r"got \['aeg'\]; the table has \['age', 'town', 'ill', 'who'\]", quasi_identifiers=["aeg"])
    refusal(ParameterError, r"got \['weight'\]", sensitive=["weight"])
    refusal(ParameterError, r"got \['whom'\]", person="whom")
    refusal(ParameterError, r"write \['age'\]", quasi_identifiers="age")
    refusal(ParameterError, "expected a list of sensitive columns, got the single name 'ill'", sensitive="ill")
    refusal(ParameterError, r"got \[7\]", table=np.zeros((9, 2)), quasi_identifiers=[7])


def test_a_column_has_one_role():
    refusal(ParameterError, r"no quasi-identifiers, got \['town'\] in both roles", sensitive=["town"])
    refusal(ParameterError, "a person column beside them", person="age")
    refusal(ParameterError, "at least one quasi-identifier", quasi_identifiers=[])


def test_by_default_all_but_persons_and_secrets_are_quasi_identifiers():
    table = people()
    released = Anonymizer(5, person="who", sensitive=["ill"]).fit_transform(table)
    assert released[["who", "ill"]].equals(table[["who", "ill"]])
    assert released.groupby(["age", "town"]).size().min() >= 5


def test_what_names_a_person_is_no_quasi_identifier():
    refusal(ParameterError, f"'who' names a person in nearly each of {N} rows.*leave it out", quasi_identifiers=["who"])
    counted = people().assign(number=np.random.default_rng(0).permutation(N) + 1000)
    refusal(ParameterError, "'number' names a person", table=counted, quasi_identifiers=["age", "number"])
    amounts = people().assign(weight=np.random.default_rng(0).normal(size=N))
    assert Anonymizer(5, ["weight"]).fit(amounts).smallest_class_ >= 5  # all different, but no name


@pytest.mark.parametrize("values", [None, np.nan, pd.NaT, pd.NA])
def test_a_column_without_values_is_left_out(values):
    refusal(
        TableError,
        f"values in the quasi-identifier 'empty', got {N} missing ones; leave it out",
        table=people().assign(empty=values),
        quasi_identifiers=["age", "empty"],
    )


def test_a_technique_does_what_it_can():
    refusal(ParameterError, "one of .*guided.*; got technique='magic'", technique="magic")
    refusal(ParameterError, "one of .*ranges.*; got release='all'", release="all")
    for technique in ("mondrian", "hilbert", "r+tree", "mdav"):
        words = f"expected technique='guided' with .*, got technique='{technique.replace('+', '[+]')}'"
        refusal(ParameterError, words, technique=technique, person="who")
        refusal(ParameterError, words, technique=technique, sensitive=["ill"], l=2)
        refusal(ParameterError, "technique than 'guided'", technique=technique, suppression=0.1)
        assert Anonymizer(5, ["age"], technique=technique, sensitive=["ill"]).fit(people()).smallest_class_ >= 5


def test_presence_and_population_come_together():
    both = "presence=.* and fit.*population=table.* together"
    refusal(ParameterError, both, presence=(0, 0.5))
    refusal(ParameterError, both, fit={"population": people()})
    refusal(
        ParameterError, "presence without person='who'", presence=(0, 0.5), person="who", fit={"population": people()}
    )


@pytest.mark.parametrize(
    ("y", "words"),
    [
        (np.zeros(N - 1), rf"shape \({N},\)"),
        (np.full(N, np.nan), "without missing"),
        (np.full((N, 2), np.nan), "finite|missing"),
        (np.zeros((N, 2, 2)), "shape"),
        pytest.param(
            ["yes", None] * (N // 2),
            "without missing",
        ),
    ],
)
def test_what_is_to_stay_predictable_fits_to_the_table(y, words):
    refusal(TableError, words, y=y)


@pytest.mark.parametrize("weights", [-np.ones(N), np.ones(N - 1), np.full(N, np.nan), np.zeros(N), np.ones((N, 2))])
def test_weights_are_weights(weights):
    refusal(ValueError, "(?i)weight", fit={"weights": weights})


def test_a_model_needs_labels_and_its_columns():
    refusal(ParameterError, "expected y, .*beside model=; got none", model=LogisticRegression())
    other = DecisionTreeClassifier().fit(pd.DataFrame({"height": [1, 2]}), [0, 1])
    refusal(ParameterError, r"got \['height'\]", model=other, y=people().ill)


@pytest.mark.parametrize("detail", [-1, np.nan, -np.inf])
def test_detail_is_a_weight(detail):
    refusal(ParameterError, "detail >= 0", detail=detail)


# ------------------------------------------------------------------------------------------ columns that pass through


def test_a_column_that_passes_through_and_tells_another_is_warned_of():
    table = people().assign(code=lambda t: t.town.map({"A": 7, "B": 8, "C": 9}))
    with pytest.warns(UserWarning, match="'code' tells 'town'"):
        Anonymizer(5, ["age", "town"]).fit(table)


@pytest.mark.parametrize(
    "table",
    [
        people().assign(notes=[[1, 2]] * N),
        people().assign(notes=[{"a": 1}] * N),
        people().assign(notes=[np.ones(2)] * N),
        pl.from_pandas(people()).with_columns(notes=pl.lit([1, 2])),
        pl.from_pandas(people()).with_columns(notes=pl.struct("age", "town")),
        pl.from_pandas(people()).with_columns(notes=pl.Series([[1, 2]] * N, dtype=pl.Array(pl.Int64, 2))),
        pa.Table.from_pandas(people()).append_column("notes", pa.array([[1]] * N)),
        pa.Table.from_pandas(people()).append_column("notes", pa.array([{"a": 1}] * N)),
    ],
    ids=["list", "dict", "array", "polars list", "struct", "polars array", "arrow list", "arrow struct"],
)
def test_columns_of_anything_pass_through_but_are_no_quasi_identifiers(table):
    released = Anonymizer(5, ["age", "town"]).fit_transform(table)
    assert list(map(str, released["notes"])) == list(map(str, table["notes"]))


@pytest.mark.parametrize("values", [[[1, 2]] * N, [{"a": 1}] * N])
def test_columns_of_anything_are_no_quasi_identifiers(values):
    refusal(
        TableError, "column 'notes' to hold plain", table=people().assign(notes=values), quasi_identifiers=["notes"]
    )
