"""Tables of people in files: Parquet, CSV, Feather. None of these formats can hold code, and none is read as if it did.

>>> import tempfile
>>> from pathlib import Path
>>> with tempfile.TemporaryDirectory() as folder:
...     path = Path(folder) / "people.csv"
...     _ = path.write_text("age,ill\\n31,0\\n54,1\\n")
...     read_table_file(path).shape
(2, 2)
"""

from collections.abc import Callable, Mapping
from pathlib import Path

import pandas as pd

from reticent.errors import TableError


def _parquet(path: Path) -> pd.DataFrame:
    with path.open("rb") as file:  # a path could be taken for an address on the network; an open file cannot
        return pd.read_parquet(file, engine="pyarrow")


def _feather(path: Path) -> pd.DataFrame:
    with path.open("rb") as file:
        return pd.read_feather(file)


def _csv(path: Path) -> pd.DataFrame:
    with path.open("rb") as file:  # low_memory guesses a column's type piece by piece, differently each time
        return pd.read_csv(file, low_memory=False)


_READERS: Mapping[str, Callable[[Path], pd.DataFrame]] = {
    ".parquet": _parquet,
    ".pq": _parquet,
    ".csv": _csv,
    ".feather": _feather,
    ".arrow": _feather,
}


def read_table_file(path: str | Path) -> pd.DataFrame:
    """Read a table of people; its suffix says how.

    Parameters
    ----------
    path
        A file that ends in .parquet, .pq, .csv (separated by commas, names in the first line), .feather or .arrow.

    Raises
    ------
    TableError
        If there is no such file, its suffix is another, its content cannot be read, or it holds no rows.
    """
    path = Path(path)
    suffix = path.suffix.lower()
    if not path.is_file():
        kind = "a folder" if path.is_dir() else "no such file"
        raise TableError(f"expected a table at {path}: {kind}. Name a file in Parquet, CSV or Feather")
    if suffix not in _READERS:
        raise TableError(
            f"expected a table that ends in {', '.join(_READERS)}; got {path.name!r}. "
            f"Write it with pandas: table.to_parquet({path.with_suffix('.parquet').name!r})"
        )
    try:
        table = _READERS[suffix](path)
    except (
        ValueError,
        OSError,
        KeyError,
        TypeError,
        NotImplementedError,
    ) as error:  # Arrow's are these
        reason = str(error).strip().partition("\n")[0]
        raise TableError(
            f"expected a table in {suffix.removeprefix('.')} at {path}: {reason}. Is it whole, is its suffix right?"
        ) from error
    if not table.columns.is_unique:
        twice = ", ".join(sorted({str(name) for name in table.columns[table.columns.duplicated()]}))
        raise TableError(f"expected columns with different names in {path}, found twice: {twice}. Rename them")
    if table.empty:
        raise TableError(f"expected rows and columns in {path}, got {len(table):,} rows, {table.shape[1]} columns")
    if suffix == ".csv" and table.shape[1] == 1 and any(mark in str(table.columns[0]) for mark in ";\t|"):
        raise TableError(f"expected {path} to be separated by commas, its first line is {table.columns[0]!r}")
    return table.reset_index(drop=True)  # an index that pandas kept in the file is no column: order tells rows apart
