"""Write what each class is released as into a table, in the table's own kind; all else stays as it is.

>>> import pandas as pd
>>> from reticent.coding.columns import open_frame
>>> table = open_frame(pd.DataFrame({"age": [30, 31, 60], "town": ["A", "A", "B"]}))
>>> write(table, {0: pd.Series([31, 60])}, np.array([0, 0, 1]))["age"].tolist()
[31, 31, 60]
"""

from collections.abc import Mapping, Sequence
from typing import Any

import narwhals as nw
import numpy as np
import numpy.typing as npt
import pandas as pd

from reticent.coding.codes import Cells, Ints, distinct
from reticent.coding.columns import Source, Table, as_series, take
from reticent.coding.engine import Tuples, mapped
from reticent.defenses.data.anonymize.bundles import Bundle
from reticent.defenses.data.anonymize.classify import Classes

Values = Mapping[int, Any]  # position of a column -> what each class is released as, a native series of (n_classes,)


def values_of(table: Source, where: Sequence[int], bundles: Sequence[Bundle], found: Classes, released: Ints) -> Values:
    """Return what each class is released as, in the table's types: values of the table itself.

    Parameters
    ----------
    where : sequence of q int
        Positions of the quasi-identifiers.
    found : Classes
        The distinct rows of the table.
    released : ndarray of shape (n_classes, n_bundles)
        The codes of each class.
    """
    made, some = {}, found.released
    donors = np.zeros(len(found.rows), np.intp)
    donors[found.of[::-1]] = np.arange(len(found.of))[::-1]  # the first row of the table that is like it
    rows, donors = found.rows[some], donors[some]
    for b, one in enumerate(bundles):
        for c, i in enumerate(one.where):
            wanted = one.held[released[:, b], c]
            held = one.held[rows[:, b], c]
            donor = np.zeros(int(held.max()) + 1, np.intp)
            donor[held] = donors
            made[where[i]] = take(table, where[i], donor[wanted])
    return made


def words_of(where: Sequence[int], bundles: Sequence[Bundle], codes: Ints, classes: Ints) -> Values:
    """Return what each class spans in words, a "*" for all of a column; shapes (n, n_bundles), (n,).

    A column that holds one value keeps it: nothing is hidden in it.
    """
    n_classes = int(classes.max()) + 1
    made: dict[int, Any] = {}
    for b, one in enumerate(bundles):
        for c, (i, book) in enumerate(zip(one.where, one.books, strict=True)):
            cells = Cells.find(classes, one.held[codes[:, b], c], n_classes, len(book.axis.places))
            spans = np.split(cells.code, cells.stop[:-1])
            whole = str(book.known[0]) if len(book.known) == len(book.axis.places) == 1 else "*"
            made[where[i]] = np.array([book.words(span) or whole for span in spans], object)
    return made


def lines_of(bundles: Sequence[Bundle], codes: Ints, classes: Ints, sizes: Ints) -> list[str]:
    """Return one line for each class: what it holds, and how many people; shapes (n, n_bundles), (n,), (n_classes,)."""
    parts: list[list[str]] = [[] for _ in sizes]
    for b, one in enumerate(bundles):
        cells = Cells.find(classes, codes[:, b], len(sizes), len(one.axis.places))
        for c, held in enumerate(np.split(cells.code, cells.stop[:-1])):
            if said := one.describe(held):
                parts[c].append(said)
    counts = [f"{n} people" if n != 1 else "1 person" for n in sizes]
    return [f"{', '.join(part) or 'all'}: {count}" for part, count in zip(parts, counts, strict=True)]


def write(table: Table | Tuples, values: Values, classes: Ints) -> Any:
    """Return the table, in its own kind, with the columns in ``values`` as released for the class of each row, (n,)."""
    if isinstance(table, Tuples):
        made = [_as_column(given, table.head, j) for j, given in values.items()]
        alike = not any(_is_words(given) for given in values.values())
        return mapped(table, classes, nw.from_dict({one.name: one for one in made}), like=alike)
    if isinstance(table, nw.DataFrame):
        fresh = [_as_column(given, table, j)[classes] for j, given in values.items()]
        return table.with_columns(*fresh).to_native()
    arrays = [(j, np.asarray(given)[classes]) for j, given in values.items()]
    out: npt.NDArray[Any] = table.astype(np.result_type(table, *(array for _, array in arrays)), copy=True)
    for j, array in arrays:
        out[:, j] = array
    return out


def _as_column(given: Any, table: "nw.DataFrame[Any]", j: int) -> "nw.Series[Any]":
    if _is_words(given):
        return nw.new_series(table.columns[j], given.tolist(), dtype=nw.String, backend=table.implementation)
    return as_series(given, table, j)


def _is_words(given: Any) -> bool:
    """Whether this is what classes span, and no value of the table."""
    return isinstance(given, np.ndarray) and given.dtype.kind == "O"


def combinations(words: Values) -> Ints:
    """Return which combination of words each class has, numbered from 0, shape (n_classes,)."""
    codes = [pd.factorize(np.asarray(given, object), use_na_sentinel=False)[0] for given in words.values()]
    return distinct(np.column_stack(codes), [int(part.max()) + 1 for part in codes])[1]
