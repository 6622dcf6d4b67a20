"""Promise: 100 million rows and ten quasi-identifiers on two cores in less than 4 GB, in time that grows with the rows.

Adult's rows, drawn with replacement, age and hours moved by up to 5 and 10, are written to Parquet by DuckDB and
deleted afterwards. Each size is anonymized to Parquet in a process of its own, labels in the table, k=100: counted by
DuckDB, classes made here, written by DuckDB. Seconds are those of both cores together, by the clock of the process, so
that other work on the machine does not count, beside those that passed. Memory is the peak of the process, in which
DuckDB has two threads and a limit of its own, and puts aside what does not fit into it.

Dask anonymizes the same table to Parquet on one worker process and on two, of one thread each, and counts the seconds
that passed; the fastest of some runs, as they take turns.

    RETICENT_DATA=... python benchmarks/bench_engines.py [largest number of rows, in millions]
"""

import json
import resource
import subprocess
import sys
import tempfile
import time
import warnings
from pathlib import Path
from typing import Any

import numpy as np
from anonymized import QUASI, sample
from harness import bar, write

from reticent._optional import optional
from reticent.defenses import Anonymizer

SIZES = (1, 10, 100)  # million rows
LIMIT = "1500MB"  # of DuckDB; the rest of the memory is ours
K, GB = 100, 2**30
OF_DASK, PARTS, REPEATS = 10, 16, 2


def database(folder: Path) -> Any:
    """Open DuckDB on two cores, in bounded memory."""
    con = optional("duckdb", extra="engines").connect()
    for setting in ("threads=2", f"memory_limit='{LIMIT}'", f"temp_directory='{folder}'"):
        con.execute(f"SET {setting}")
    con.execute("SET preserve_insertion_order=false")
    return con


def make(folder: Path, millions: int) -> Path:
    """Write so many rows drawn from Adult, with their labels; return the file."""
    base, path = sample("adult"), folder / f"{millions}.parquet"
    adult = base.frame.assign(income=base.label, place=np.arange(len(base.frame)))
    same = ", ".join(f'"{name}"' for name in adult.columns if name not in ("age", "hours-per-week", "place"))
    con = database(folder)
    con.register("adult", adult)
    con.execute(
        f"""
        COPY (
            SELECT greatest(17, least(90, age + older)) AS age,
                   greatest(1, least(99, "hours-per-week" + longer)) AS "hours-per-week", {same}
            FROM (
                SELECT (hash(i) % {len(adult)})::BIGINT AS place, (hash(i + 7000000000) % 11)::BIGINT - 5 AS older,
                       (hash(i + 9000000000) % 21)::BIGINT - 10 AS longer
                FROM range({millions * 1_000_000}) AS drawn(i)
            ) JOIN adult USING (place)
        ) TO '{path}' (FORMAT parquet)
        """
    )
    con.close()
    return path


def on_duckdb(table: str) -> None:
    """Anonymize a file to another in this process; print seconds, peak and what came out."""
    path = Path(table)
    con = database(path.parent)
    con.execute(f"CREATE TEMP TABLE few AS SELECT * FROM read_parquet('{path}') LIMIT 1000")
    Anonymizer(K, QUASI["adult"]).fit(con.table("few"), "income")  # compiles
    began, spent = time.perf_counter(), time.process_time()
    anonymizer = Anonymizer(K, QUASI["adult"])
    out = path.with_suffix(".out.parquet")
    anonymizer.fit_transform(con.read_parquet(str(path)), "income").write_parquet(str(out))
    seconds, passed = time.process_time() - spent, time.perf_counter() - began
    peak = 1024 * resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    by = ", ".join(f'"{name}"' for name in QUASI["adult"])
    counted = f"SELECT min(n), sum(n) FROM (SELECT count(*) AS n FROM read_parquet('{out}') GROUP BY {by})"
    k, rows = con.sql(counted).fetchall()[0]
    found = {"seconds": seconds, "passed": passed, "peak": peak, "k": int(k), "rows": int(rows)}
    print(json.dumps({**found, "distinct": len(anonymizer.suppressed_), "classes": anonymizer.n_classes_}))


def on_dask(table: str, workers: str) -> None:
    """Anonymize a folder of files on a cluster of so many processes; print the seconds that passed in each run."""
    distributed, frames = optional("distributed", extra="engines"), optional("dask.dataframe", extra="engines")
    passed = []
    where = {"host": "127.0.0.1", "dashboard_address": "127.0.0.1:0", "processes": True}
    with (
        distributed.LocalCluster(n_workers=int(workers), threads_per_worker=1, **where) as cluster,
        distributed.Client(cluster),
    ):
        for repeat in range(2):
            frame = frames.read_parquet(table)
            began = time.perf_counter()
            out = Anonymizer(K, QUASI["adult"]).fit_transform(frame, "income")
            out.to_parquet(f"{table}.{workers}.{repeat}.out")
            passed.append(time.perf_counter() - began)
    print(json.dumps(min(passed)))


def child(*arguments: object) -> Any:
    """Return what this file prints when it is run with these arguments."""
    command = [sys.executable, __file__, *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(done.stderr[-3000:])
    return json.loads(done.stdout.splitlines()[-1])


def main(largest: int) -> None:
    rows, spent, passed = [], [], []
    sizes = [size for size in SIZES if size <= largest]
    for size in sizes:
        with tempfile.TemporaryDirectory() as folder:
            found = child("duckdb", make(Path(folder), size))
        spent.append(found["seconds"])
        passed.append(found["passed"])
        slope = np.log(spent[-1] / spent[0]) / np.log(size / sizes[0]) if size > sizes[0] else np.nan
        verdict = f"{bar(found['peak'] / GB, 4.0, at_most=True)} (< 4 GB)"
        verdict += f", {bar(slope, 1.1, at_most=True)} (growth ≤ 1.1)" if size > sizes[0] else ""
        rows.append(
            [
                *("DuckDB", f"{size:,} million", f"{found['distinct']:,}", f"{found['classes']:,}", f"{found['k']}"),
                *(f"{found['seconds']:.0f} ({found['passed']:.0f})", f"{found['peak'] / GB:.2f}"),
                *("-" if np.isnan(slope) else f"{slope:.2f}", verdict),
            ]
        )
        assert found["rows"] == size * 1_000_000
        print(rows[-1], flush=True)
    with tempfile.TemporaryDirectory() as folder:
        table, taken = Path(folder) / "parts", {1: np.inf, 2: np.inf}
        con, whole = database(Path(folder)), make(Path(folder), OF_DASK)
        table.mkdir()
        for part in range(PARTS):
            picked = f"FROM read_parquet('{whole}', file_row_number = true) WHERE file_row_number % {PARTS} = {part}"
            con.execute(f"COPY (SELECT * EXCLUDE file_row_number {picked}) TO '{table}/{part}.parquet'")
        for _ in range(REPEATS):
            taken = {workers: min(taken[workers], child("dask", table, workers)) for workers in taken}
            print(taken, flush=True)
    faster = taken[1] / taken[2]
    for workers, seconds in taken.items():
        verdict = f"{faster:.2f}x: {bar(faster, 1.6)} (≥ 1.6x)" if workers == 2 else "-"
        rows.append([f"Dask, {workers} worker", f"{OF_DASK:,} million", *"----", f"({seconds:.0f})", "-", "-", verdict])
    write(
        "engines",
        "Out of core: tables that are not in memory",
        [
            *("engine", "rows", "distinct rows", "classes", "k found", "CPU s (s passed)", "peak GB"),
            *("growth", ""),
        ],
        rows,
        [
            f"k={K}, ten quasi-identifiers of 12 columns and the labels; from Parquet to Parquet. k is counted by "
            f"DuckDB on what was written. DuckDB has two threads and a memory of {LIMIT}; compiling is not counted.",
            "Growth: the exponent of CPU seconds in rows from the first size on. Dask: fastest of "
            f"{2 * REPEATS} runs, seconds that passed, each worker a process of one thread, files in {PARTS} parts.",
        ],
    )


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    if len(sys.argv) > 2:
        {"duckdb": on_duckdb, "dask": on_dask}[sys.argv[1]](*sys.argv[2:])
    else:
        main(int(sys.argv[1]) if len(sys.argv) > 1 else SIZES[-1])
