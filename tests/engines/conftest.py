"""The same people on every engine: in memory, on polars and DuckDB, on a Dask cluster, on a Spark cluster.

Clusters are started once, when a test first asks for them, on the loopback interface, and stopped by themselves.
"""

import os
import re
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

WORKERS = 2
ROWS = 1_200


class Engine(NamedTuple):
    """How a table comes to an engine, and back into memory."""

    name: str
    open: Callable[[pa.Table], Any]
    rows: Callable[[Any], pa.Table]


@pytest.fixture(scope="session")
def people():
    """Numbers, words, dates, yes and no; with missing values, and numbers that are none."""
    rng = np.random.default_rng(7)
    missing = rng.random((2, ROWS)) < 0.08
    age, ill = rng.integers(18, 60, ROWS), rng.choice(["cold", "flu", "pox"], ROWS)
    likely = np.round(1 / (1 + np.exp((45 - age) / 8)), 3)
    return pa.table(
        {
            "row": np.arange(ROWS),
            "age": pa.array(age, mask=missing[0]),
            "town": pa.array(rng.choice(["Bonn", "Ems", "Ulm", "Wien"], ROWS), mask=missing[1]),
            "weight": pa.array(rng.choice([-0.0, 0.0, 55.5, 60.25, np.nan], ROWS), from_pandas=False),
            "born": pa.array(rng.integers(0, 30, ROWS) * 86_400_000_000).cast(pa.timestamp("us")),
            "married": rng.random(ROWS) < 0.5,
            "ill": ill,
            "home": rng.integers(0, ROWS // 2, ROWS),
            "label": np.where(rng.random(ROWS) < likely, "yes", "no"),
            "no": 1 - likely,
            "yes": likely,
        }
    )


@pytest.fixture(scope="session")
def on_polars():
    pl = pytest.importorskip("polars")
    return Engine("polars", lambda table: pl.from_arrow(table).lazy(), lambda lazy: lazy.collect().to_arrow())


@pytest.fixture(scope="session")
def on_duckdb(tmp_path_factory):
    """DuckDB over Parquet, on two threads."""
    con = pytest.importorskip("duckdb").connect(config={"threads": WORKERS})
    folder = tmp_path_factory.mktemp("duckdb")

    def read(table):
        path = folder / f"{len(list(folder.iterdir()))}.parquet"
        pq.write_table(table, path, row_group_size=300)
        return con.read_parquet(str(path))

    yield Engine("duckdb", read, lambda relation: relation.to_arrow_table())
    con.close()


@pytest.fixture(scope="session")
def on_dask(tmp_path_factory):
    """A cluster of worker processes of one thread each, which read Parquet."""
    distributed, frames = pytest.importorskip("distributed"), pytest.importorskip("dask.dataframe")
    folder = tmp_path_factory.mktemp("dask")

    def read(table):
        path = folder / f"{len(list(folder.iterdir()))}"
        path.mkdir()
        for part in range(WORKERS):
            pq.write_table(table.take(np.arange(part, len(table), WORKERS)), path / f"{part}.parquet")
        return frames.read_parquet(path)

    with (
        distributed.LocalCluster(
            n_workers=WORKERS, threads_per_worker=1, processes=True, host="127.0.0.1", dashboard_address="127.0.0.1:0"
        ) as cluster,
        distributed.Client(cluster) as client,
    ):
        client.wait_for_workers(WORKERS)
        yield Engine("dask", read, lambda frame: pa.Table.from_pandas(frame.compute(), preserve_index=False))


def _java() -> str:
    """Return where a Java lies that Spark can use; skip the test where there is none."""
    homes = [os.environ.get("JAVA_HOME", ""), *map(str, sorted(Path("/usr/lib/jvm").glob("java-17*")))]
    for program in [*(str(Path(home) / "bin" / "java") for home in homes if home), shutil.which("java")]:
        if program is None or not Path(program).exists():
            continue
        said = subprocess.run([program, "-version"], capture_output=True, text=True, check=False).stderr
        version = re.search(r'version "(\d+)', said)
        if version and int(version[1]) >= 17:
            return str(Path(program).resolve().parent.parent)
    pytest.skip("no Java 17 or later: set JAVA_HOME, or put java on the PATH")


@pytest.fixture(scope="session")
def on_spark(tmp_path_factory):
    """A cluster of worker processes, from what pip installs; tiny plans are not worth compiling."""
    sql = pytest.importorskip("pyspark.sql")
    folder = tmp_path_factory.mktemp("spark")
    here = {"JAVA_HOME": _java(), "SPARK_LOCAL_IP": "127.0.0.1", "SPARK_LOCAL_HOSTNAME": "127.0.0.1"}
    with pytest.MonkeyPatch.context() as patch:
        for name, value in {**here, "SPARK_LOCAL_DIRS": str(folder), "SPARK_WORKER_DIR": str(folder)}.items():
            patch.setenv(name, value)
        builder = sql.SparkSession.builder.master(f"local-cluster[{WORKERS},1,1024]")
        for name, value in {
            "driver.host": "127.0.0.1",
            "driver.bindAddress": "127.0.0.1",
            "ui.enabled": "false",
            "sql.adaptive.enabled": "false",
            "sql.codegen.factoryMode": "NO_CODEGEN",
            "sql.codegen.wholeStage": "false",
            "sql.session.timeZone": "UTC",
            "sql.shuffle.partitions": str(WORKERS),
            "sql.warehouse.dir": str(folder),
        }.items():
            builder = builder.config(f"spark.{name}", value)
        session = builder.getOrCreate()
        session.sparkContext.setLogLevel("OFF")
        yield Engine("spark", session.createDataFrame, lambda frame: frame.toArrow())
        session.stop()


@pytest.fixture(params=["polars", "duckdb", pytest.param("dask", marks=pytest.mark.slow)])
def engine(request):
    """Each engine that does not need Java."""
    return request.getfixturevalue(f"on_{request.param}")
