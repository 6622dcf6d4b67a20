"""The same rows come out, whatever engine they lie on, as from a table in memory."""

import os

import numpy as np
import polars as pl
import pyarrow as pa
import pytest

from reticent import risk
from reticent.defenses import Anonymizer, Minimizer
from reticent.errors import ParameterError, TableError

QUASI = ["age", "town", "weight", "born", "married"]

pytestmark = pytest.mark.filterwarnings(
    "ignore:release='medoid'",
    "ignore:unclosed:ResourceWarning",  # sockets of py4j and of Dask's workers, found by whoever collects garbage next
    "ignore:The inplace keyword in DataFrame.reset_index:DeprecationWarning",  # Dask reads Parquet so
    "ignore:Sending large graph:UserWarning",
    "ignore::DeprecationWarning:pyspark",
)


def plain(value):
    """Engines differ in what they call a missing value, and in the type of a number."""
    if value is None or (isinstance(value, float) and np.isnan(value)):
        return None
    if hasattr(value, "isoformat"):
        return value.isoformat()[:19]
    return value if isinstance(value, str) else float(value)


def rows(table):
    """Return all rows by their number, as plain values."""
    table = table.sort_by("row")
    return list(zip(*([plain(value) for value in table[name].to_pylist()] for name in table.column_names), strict=True))


def in_memory(people, y, options, kind=lambda table: table):
    """Return the anonymizer of a table in memory, and the rows that it releases."""
    follow = None if y is None else np.column_stack([people[name].to_numpy(zero_copy_only=False) for name in y])
    follow = follow[:, 0] if y is not None and len(y) == 1 else follow
    anonymizer = Anonymizer(**{"k": 10, "quasi_identifiers": QUASI, **options})
    return anonymizer, anonymizer.fit_transform(kind(people), follow)


TASKS = {
    "detail": (None, {}),
    "labels": (["label"], {}),
    "probabilities": (["no", "yes"], {}),
    "amounts": (["yes"], {"k": 5}),
    "l": (["label"], {"sensitive": ["ill"], "l": 2}),
    "t": (None, {"sensitive": ["ill", "yes"], "t": 0.5}),
    "alpha": (None, {"sensitive": ["ill"], "alpha": 0.6}),
    "households": (None, {"person": "home", "k": 4}),
    "suppression": (["label"], {"suppression": 0.05}),
    "ranges": (None, {"release": "ranges"}),
    "medoid": (None, {"release": "medoid"}),
    "mondrian": (None, {"technique": "mondrian"}),
    "hilbert": (None, {"technique": "hilbert"}),
    "r+tree": (None, {"technique": "r+tree"}),
    "mdav": (None, {"technique": "mdav"}),
}


def agrees(engine, people, task, quasi=QUASI, twice=True):
    """Check that an engine releases what memory does, by one way or both, in the table's own columns."""
    y, options = TASKS[task]
    options = {"quasi_identifiers": quasi, **options}
    known, released = in_memory(people, y, options)
    lazy = engine.open(people)
    anonymizer = Anonymizer(**{"k": 10, "quasi_identifiers": QUASI, **options})
    made = anonymizer.fit_transform(lazy, y[0] if y is not None and len(y) == 1 else y)
    assert type(made) is type(lazy)
    found = engine.rows(made)
    assert found.column_names == people.column_names
    assert rows(found) == rows(released)
    if twice:
        assert rows(engine.rows(anonymizer.transform(lazy))) == rows(found)
    assert anonymizer.unseen_ == {} and anonymizer.ranges_ == {}
    assert (anonymizer.n_classes_, anonymizer.smallest_class_) == (known.n_classes_, known.smallest_class_)
    assert anonymizer.ncp_ == pytest.approx(known.ncp_) and anonymizer.setting_ == known.setting_
    return made, lazy


@pytest.mark.parametrize("kind", ["pandas", "polars"])
@pytest.mark.parametrize("task", ["labels", "households", "suppression"])
def test_frames_in_memory_agree_with_arrow(people, task, kind):
    make = {"pandas": lambda table: table.to_pandas(), "polars": pl.from_arrow}[kind]
    known, released = in_memory(people, *TASKS[task])
    other, same = in_memory(people, *TASKS[task], make)
    same = pa.Table.from_pandas(same, preserve_index=False) if kind == "pandas" else same.to_arrow()
    assert rows(same) == rows(released) and other.n_classes_ == known.n_classes_


@pytest.mark.parametrize("task", TASKS)
def test_polars_releases_what_memory_does(on_polars, people, task):
    made, lazy = agrees(on_polars, people, task)
    assert task == "ranges" or made.collect_schema() == lazy.collect_schema()


@pytest.mark.parametrize("task", TASKS)
def test_duckdb_releases_what_memory_does(on_duckdb, people, task):
    made, lazy = agrees(on_duckdb, people, task)
    assert task == "ranges" or (made.columns, made.types) == (lazy.columns, lazy.types)


@pytest.mark.slow
def test_dask_releases_what_memory_does(on_dask, people):
    made, lazy = agrees(on_dask, people, "labels", ["age", "town", "weight"])
    assert made.compute().dtypes.equals(lazy.compute().dtypes)


@pytest.mark.slow
def test_the_work_is_done_in_the_processes_of_the_cluster(on_dask, people):
    lazy = on_dask.open(people)
    released = Anonymizer(10, ["age", "town"]).fit_transform(lazy)
    seen = released.map_partitions(lambda part: part.assign(row=os.getpid())[["row"]], meta={"row": "int64"}).compute()
    assert os.getpid() not in set(seen["row"])


@pytest.mark.slow
def test_spark_releases_what_memory_does(on_spark, people):
    made, lazy = agrees(on_spark, people, "labels", ["age", "weight"], twice=False)
    assert made.dtypes == lazy.dtypes


RISKS = {
    "identity": {"quasi_identifiers": QUASI},
    "secrets": {"quasi_identifiers": ["town", "married"], "sensitive": ["ill", "age"]},
    "households": {"quasi_identifiers": ["town", "married"], "sensitive": ["ill"], "person": "home"},
    "sampled": {"quasi_identifiers": ["age", "town"], "population_size": 1_000_000},
    "every column": {},
}


def told(found):
    """Return what a risk report says, in numbers that do not depend on the order of rows."""
    result = found.to_dict()
    result["sensitive"] = [
        {name: round(value, 9) if isinstance(value, float) else value for name, value in one.items()}
        for one in result["sensitive"]
    ]
    return result


@pytest.mark.parametrize("asked", RISKS)
def test_risk_is_what_it_is_in_memory(engine, people, asked):
    if engine.name == "dask" and asked != "secrets":
        pytest.skip("the others say nothing more of a cluster")
    assert told(risk(engine.open(people), **RISKS[asked])) == told(risk(people, **RISKS[asked]))


@pytest.mark.slow
def test_risk_on_spark_is_what_it_is_in_memory(on_spark, people):
    asked = {"quasi_identifiers": ["age"], "sensitive": ["ill"]}
    assert told(risk(on_spark.open(people), **asked)) == told(risk(people, **asked))


def test_risk_among_a_population_on_an_engine_or_in_memory(on_duckdb, people):
    whole = pa.concat_tables([people, people.slice(0, 700)])
    known = told(risk(people, ["age", "town"], population=whole))
    for table in (people, on_duckdb.open(people)):
        for population in (whole, on_duckdb.open(whole)):
            assert told(risk(table, ["age", "town"], population=population)) == known


def test_a_column_that_names_people_is_told_of(on_polars, people):
    named = people.append_column("case", pa.array([f"c{i}" for i in range(len(people))]))
    known = risk(named, ["age", "town"]).notes
    assert len(known) == 2 and risk(on_polars.open(named), ["age", "town"]).notes == known


def test_what_was_fitted_in_memory_is_written_on_an_engine_and_the_other_way(on_duckdb, people):
    lazy = on_duckdb.open(people)
    here, there = Anonymizer(10, QUASI).fit(people), Anonymizer(10, QUASI).fit(lazy)
    known = rows(here.transform(people))
    assert rows(on_duckdb.rows(here.transform(lazy))) == rows(there.transform(people)) == known
    some = people.select(["row", *QUASI])
    assert rows(on_duckdb.rows(there.place(on_duckdb.open(some)))) == rows(here.place(some))


def test_questions_are_minimized_on_an_engine(engine, people):
    """Answers that are missing, or numbers that are none, stay what they are where the value itself is asked for."""
    if engine.name == "dask":
        pytest.skip("the others say nothing more of a cluster")
    names = ["age", "town", "weight", "married"]

    def ill(table):
        return (table["age"].fillna(0) > 40) & ((table["town"] == "Ulm") | (table["weight"] > 56))

    minimizer = Minimizer(ill, agreement=0.9).fit(people.select(names))
    assert 0 < minimizer.ncp_ < 1
    beside = people.select([*names, "row"])
    assert rows(engine.rows(minimizer.transform(engine.open(beside)))) == rows(minimizer.place(beside))
    with pytest.raises(TableError, match=r"expected the columns \['town'"):
        minimizer.transform(engine.open(people.select(["row", "age", "weight", "married"])))


def test_rows_of_another_table_find_a_class(engine, people):
    if engine.name == "dask":
        pytest.skip("the others say nothing more of a cluster")
    other = people.set_column(1, "age", pa.array(np.where(np.arange(len(people)) % 3, 7, 40)))
    other = other.set_column(2, "town", pa.array(np.where(np.arange(len(people)) % 5, "Ems", "Rom")))
    here, there = (Anonymizer(10, QUASI).fit(table) for table in (people, engine.open(people)))
    assert rows(engine.rows(there.transform(engine.open(other)))) == rows(here.transform(other))
    assert there.unseen_ == here.unseen_ and here.unseen_["town"] == len(people) / 5


def test_what_needs_rows_in_memory_is_refused(on_polars, people):
    lazy = on_polars.open(people)
    for options, given, name in (
        ({"model": object()}, {"y": "label"}, "model"),
        ({}, {"weights": np.ones(len(people))}, "weights"),
        ({"presence": (0, 0.9)}, {"population": people}, "population"),
    ):
        with pytest.raises(ParameterError, match=rf"expected no {name} with a table on an engine \(polars\)"):
            Anonymizer(10, QUASI, **options).fit(lazy, **given)
    with pytest.raises(ParameterError, match="expected y to name the column of the labels"):
        Anonymizer(10, QUASI).fit(lazy, people["label"].to_numpy(zero_copy_only=False))
    with pytest.raises(ParameterError, match=r"expected columns of the table, got \['grade'\]"):
        Anonymizer(10, QUASI).fit(lazy, "grade")
    with pytest.raises(TableError, match="expected y without missing labels"):
        Anonymizer(10, ["age"]).fit(lazy, "town")
    with pytest.raises(TableError, match="expected numbers in the columns that y names, got words in"):
        Anonymizer(10, ["age"]).fit(lazy, ["label", "yes"])
    with pytest.raises(TableError, match="expected a table of at least k=5000 people, got 1200"):
        Anonymizer(5_000, ["age"]).fit(lazy)
    with pytest.raises(ParameterError, match="'row' names a person in nearly each of 1200 rows"):
        Anonymizer(10, ["row"]).fit(lazy)
    with pytest.raises(ParameterError, match="expected no original beside a table on an engine"):
        risk(lazy, ["age"], original=people)


def test_columns_that_tell_a_quasi_identifier_are_warned_of(on_duckdb, people):
    code = pa.array([None if town is None else len(town) * 7 + ord(town[0]) for town in people["town"].to_pylist()])
    with pytest.warns(UserWarning, match="'code' tells 'town'"):
        Anonymizer(10, ["age", "town"]).fit(on_duckdb.open(people.append_column("code", code)))
