"""Write what is asked into a table, in the table's own kind: values where they are asked, representatives elsewhere.

>>> import pandas as pd
>>> from reticent.coding.columns import open_frame
>>> table = open_frame(pd.DataFrame({"age": [30, 31, 60], "town": ["A", "A", "B"]}))
>>> raw = np.array([[False, True], [True, True]])
>>> mapped(table, [0, 1], [pd.Series([35, 60]), pd.Series(["A", "B"])], raw, np.array([0, 0, 1]))["age"].tolist()
[35, 35, 60]
"""

from collections.abc import Sequence
from typing import Any

import narwhals as nw
import numpy as np
import pandas as pd

from reticent.coding.codes import Bools, Ints
from reticent.coding.columns import Table, as_series


def mapped(table: Table, where: Sequence[int], values: Sequence[Any], raw: Bools, cell: Ints) -> Any:
    """Return the table with the columns at these q positions as they are asked of each row.

    Parameters
    ----------
    values : sequence of q native series of shape (n_cells,)
        The representative of each cell.
    raw : ndarray of shape (n_cells, q)
        Where the value itself is asked.
    cell : ndarray of shape (n,)
        The cell of each row.
    """
    kept = raw[cell]
    if isinstance(table, np.ndarray):
        instead = [np.asarray(value)[cell] for value in values]
        out = table.astype(np.result_type(table, *instead), copy=True)
        for i, j in enumerate(where):
            out[~kept[:, i], j] = instead[i][~kept[:, i]]
        return out
    fresh = []
    for i, j in enumerate(where):
        if kept[:, i].all():
            continue
        given = as_series(values[i], table, j)
        if not kept[:, i].any():
            fresh.append(given[cell])
            continue
        both = _below(table[:, j], given)
        fresh.append(both[np.where(kept[:, i], np.arange(len(cell)), len(cell) + cell)])
    return table.with_columns(*fresh).to_native()


def _below(own: "nw.Series[Any]", given: "nw.Series[Any]") -> "nw.Series[Any]":
    """Return one series with the given values after its own, and no value changed."""
    native, other = own.to_native(), given.to_native()
    if isinstance(native, pd.Series) and isinstance(native.dtype, pd.CategoricalDtype):
        known = native.cat.categories  # which of them a new table knows must not make words of them
        every = known.append(other.cat.categories.difference(known, sort=False))
        own, given = (nw.from_native(one.cat.set_categories(every), series_only=True) for one in (native, other))
    elif own.dtype != given.dtype:
        wide = nw.Float64 if own.dtype.is_numeric() and given.dtype.is_numeric() else nw.String
        own, given = own.cast(wide), given.cast(wide)
    return nw.concat([own.to_frame(), given.to_frame()], how="vertical")[:, 0]
