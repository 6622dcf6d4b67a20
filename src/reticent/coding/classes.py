"""Put rows into classes: two rows are of one class where they agree in all columns that somebody knows.

>>> import pandas as pd
>>> table = pd.DataFrame({"age": [30, 31, 30], "town": ["A", "B", "A"]})
>>> smallest_class(table), smallest_class(table, ["town"]), smallest_class(table, [])
(1, 1, 3)
"""

from collections.abc import Hashable, Sequence
from typing import Any

import numpy as np
from sklearn.utils.validation import check_array

from reticent.coding.codebook import Codebook, people_of
from reticent.coding.codes import Ints, count_people, distinct
from reticent.coding.columns import Table, open_frame, positions, read


def open_table(table: Any) -> Table:
    """Return a table of any kind as a narwhals frame or an array of shape (n, n_columns); it may have no rows."""
    frame = open_frame(table)
    if frame is not None:
        return frame
    array: Table = check_array(table, dtype=None, ensure_all_finite=False, ensure_min_samples=0)
    return array


def classes_of(table: Table, where: Sequence[int]) -> Ints:
    """Return the class of each row, numbered from 0, shape (n,): rows that agree in the columns at these positions."""
    columns = [read(table, j) for j in where]
    codes = [Codebook.of(column).encode(column) for column in columns]
    stacked = np.column_stack(codes) if codes else np.zeros((len(table), 0), np.intp)
    return distinct(stacked, [int(part.max(initial=0)) + 1 for part in codes])[1]


def smallest_class(table: Any, columns: Sequence[Hashable] | None = None, people: Hashable | None = None) -> int:
    """Return the k of a table as it stands: the fewest people who share one combination of the columns' values.

    Parameters
    ----------
    table : pandas or polars frame, pyarrow table, or array of shape (n, n_columns)
        Missing values are values of their own: rows with them are counted as the others are.
    columns : sequence of column names or positions, optional
        By default all (but ``people``).
    people : column name or position, optional
        Whose row it is; by default each row is a person.

    Returns
    -------
    int
        0 for a table without rows.
    """
    opened = open_table(table)
    person = positions(opened, [] if people is None else [people])
    if not len(opened):
        return 0
    classes = classes_of(opened, positions(opened, columns, person))
    return int(count_people(classes, people_of(opened, person[0]) if person else None).min())
