"""Bring a small table in memory to the engine of a larger one, so that the two can be joined there.

narwhals opens lazy tables of many engines, but has no way to lay a table from memory beside one of them, in its
session and with its types. Here is what that takes: DuckDB, Spark, Dask, and polars.

>>> import polars as pl
>>> people = nw.from_native(pl.LazyFrame({"age": [30, 31]}))
>>> ages = nw.from_native(pl.DataFrame({"age": [31], "code": [7]}))
>>> people.join(beside(people, ages), on="age", how="left").collect()["code"].to_list()
[None, 7]
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, TypeAlias

import narwhals as nw

from reticent._optional import optional
from reticent.errors import InputError, TableError

Lazy: TypeAlias = "nw.LazyFrame[Any]"


def open_lazy(table: Any) -> "Lazy | None":
    """Return a table that is not in memory as a narwhals frame, None for all others."""
    frame = nw.from_native(table, pass_through=True)
    return frame if isinstance(frame, nw.LazyFrame) else None


def engine_of(frame: Lazy) -> str:
    """Return what a message calls the engine of a lazy table."""
    return str(frame.implementation.name).lower().replace("pyspark", "spark")


@contextmanager
def asking(frame: Lazy, what: str) -> Iterator[None]:
    """Say which engine could not do what, where it fails.

    Raises
    ------
    TableError
        Where the engine fails, for want of an operation, or of memory.
    """
    try:
        yield
    except InputError:
        raise
    except Exception as error:
        raise TableError(
            f"expected an engine that can {what}, {engine_of(frame)} could not ({error!s:.300}); "
            "read the table into memory, or through another engine: DuckDB, Dask, Spark or polars"
        ) from error


def header(frame: Lazy) -> "nw.DataFrame[Any]":
    """Return the table without its rows, in memory: its columns and their types."""
    with asking(frame, "read a table"):
        return frame.head(0).collect()


def beside(frame: Lazy, table: "nw.DataFrame[Any]", *, like: bool = False) -> Lazy:
    """Return a table in memory as one on the engine of ``frame``.

    With ``like``, columns get the types of those of the frame with the same names.
    """
    kind = frame.implementation
    make = next((made for known, made in _WAYS.items() if kind is known), None)
    if make is None:
        raise TableError(
            f"expected an engine that takes a table from memory (DuckDB, Dask, Spark, polars), not {engine_of(frame)}; "
            "write the table to Parquet and read it through one of these"
        )
    with asking(frame, "take a table from memory"):
        made: Lazy = nw.from_native(make(frame.to_native(), table, like)).lazy()
    return made


def in_parts(frame: Lazy, work: Callable[..., Lazy], *tables: "nw.DataFrame[Any]") -> Lazy:
    """Return ``work(frame, *tables)`` for work that treats each row by itself.

    Dask does it in its workers, part by part: to plan many joins takes it longer than to make them. Rows keep their
    places and their index there.
    """
    if not frame.implementation.is_dask():
        return work(frame, *tables)
    native, later = frame.to_native(), optional("dask", extra="engines").delayed

    def run(part: Any, *given: Any) -> Any:
        beside = (nw.from_native(table, eager_only=True) for table in given)
        return work(nw.from_native(part).lazy(), *beside).collect().to_native().set_axis(part.index)

    plain = [table.to_native() for table in tables]
    meta = run(native._meta, *(table[:0] for table in plain))
    parts = native.map_partitions(run, *(later(table, traverse=False) for table in plain), meta=meta)
    done: Lazy = nw.from_native(parts)
    return done


def _to_polars(native: Any, table: "nw.DataFrame[Any]", like: bool) -> Any:
    made = table.to_polars().lazy()
    types = native.collect_schema() if like else {}
    return made.cast({name: types[name] for name in table.columns if name in types})


def _to_duckdb(native: Any, table: "nw.DataFrame[Any]", like: bool) -> Any:
    reticent_rows_in_memory = table.to_arrow()  # found by its name, after tables of that name
    types = dict(zip(native.columns, native.types, strict=True)) if like else {}
    quoted = {name: '"' + name.replace('"', '""') + '"' for name in table.columns}
    columns = [
        f"CAST({quote} AS {types[name]}) AS {quote}" if name in types else quote for name, quote in quoted.items()
    ]
    assert reticent_rows_in_memory is not None
    return native.query("reticent_beside", f"SELECT {', '.join(columns)} FROM reticent_rows_in_memory")


def _to_spark(native: Any, table: "nw.DataFrame[Any]", like: bool) -> Any:
    made = native.sparkSession.createDataFrame(table.to_arrow())
    types = {field.name: field.dataType for field in native.schema} if like else {}
    for name in table.columns:
        if name in types:
            made = made.withColumn(name, made[name].cast(types[name]))
    return made


def _to_pandas(native: Any, table: "nw.DataFrame[Any]", like: bool) -> Any:
    held = table.to_pandas()
    for name, kind in native.dtypes.items() if like else ():
        if name not in held or (kind.kind in "iu" and held[name].isna().any()):
            continue  # Dask expects whole numbers where it has read the schema only, and some may be missing
        unknown = list(getattr(kind, "categories", ())) == ["__UNKNOWN_CATEGORIES__"]
        held[name] = held[name].astype("category" if unknown else kind)
    return held


_WAYS: dict[nw.Implementation, Callable[[Any, "nw.DataFrame[Any]", bool], Any]] = {
    nw.Implementation.POLARS: _to_polars,
    nw.Implementation.DUCKDB: _to_duckdb,
    nw.Implementation.PYSPARK: _to_spark,
    nw.Implementation.PANDAS: _to_pandas,  # a part of a Dask frame
}
