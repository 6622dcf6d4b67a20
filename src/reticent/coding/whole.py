"""Ask about whole rows of a lazy table: counted on its engine, of which histograms and names alone come into memory.

>>> import polars as pl
>>> people = open_lazy(pl.LazyFrame({"age": [30, 30, 31], "case": ["a", "a", "c"]}))
>>> crowds(people, ["age", "case"])[0].tolist(), different_in_each_row(people, ["age", "case"])
([1, 2], [])
"""

from collections.abc import Sequence

import narwhals as nw
import numpy as np

from reticent.coding.codes import Ints
from reticent.coding.lookup import Lazy, asking, open_lazy

__all__ = ["crowds", "different_in_each_row", "open_lazy"]

_LOOKED_AT = 1_000  # rows


def crowds(frame: Lazy, names: Sequence[str]) -> tuple[Ints, Ints]:
    """Return by how many rows combinations of these columns are shared, and how many combinations are, (m,), (m,)."""
    if not names:
        with asking(frame, "count its rows"):
            rows = frame.select(nw.len().alias("rows")).collect()["rows"].to_numpy()
        return rows.astype(np.intp), np.ones(1, np.intp)
    size, often = "reticent rows", "reticent often"
    with asking(frame, f"group by all of its {len(names)} columns"):
        shared = frame.select(*names).group_by(*names).agg(nw.len().alias(size))
        found = shared.select(size).group_by(size).agg(nw.len().alias(often)).sort(size).collect()
    return found[size].to_numpy().astype(np.intp), found[often].to_numpy().astype(np.intp)


def different_in_each_row(frame: Lazy, names: Sequence[str]) -> list[str]:
    """Return the columns of words and whole numbers that hold another value in each row, as what names a person does.

    Those that repeat a value within the first rows are not looked at any further.
    """
    schema = frame.collect_schema()
    words = nw.String | nw.Categorical | nw.Enum
    likely = [name for name in names if schema[name].is_integer() or isinstance(schema[name], words)]
    with asking(frame, "read its first rows"):
        some = frame.select(*likely).head(_LOOKED_AT).collect() if likely else None
    likely = [name for name in likely if some is not None and 1 < len(some) == some[name].n_unique()]
    found = []
    for name in likely:
        with asking(frame, f"group by column {name!r}"):
            groups = frame.select(name).group_by(name).agg(nw.len().alias("reticent rows"))
            most = groups.select(nw.col("reticent rows").max(), nw.col(name).is_null().any().alias("null")).collect()
        if most["reticent rows"][0] == 1 and not most["null"][0]:
            found.append(name)
    return found
