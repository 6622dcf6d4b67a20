"""At most so many rows of each person take part: which of them is left to chance, and does not depend on anybody else.

>>> from reticent.coding.columns import open_frame, read
>>> names = open_frame(pd.DataFrame({"name": ["Ada", "Ada", "Bob", "Ada"]}))
>>> few_of_each(people_in(names, 0), 2, np.random.default_rng(0)).tolist()
[False, True, True, True]
"""

import numpy as np
import pandas as pd

from reticent.coding.codes import Bools
from reticent.coding.columns import Column, Table, read
from reticent.errors import TableError

_STEP = np.uint64(0x9E3779B97F4A7C15)  # odd, so that ranks stay apart


def people_in(table: Table, j: int) -> Column:
    """Return the column at position ``j``, of which no value may be missing."""
    column = read(table, j)
    if missing := int((column.null | column.nan).sum()):
        raise TableError(
            f"expected a person in each row, {missing:,} of {len(table):,} are missing in column {column.name!r}; "
            "leave these rows out or number them"
        )
    return column


def few_of_each(people: Column, most: int, coins: np.random.Generator) -> Bools:
    """Return which of n rows take part, at most ``most`` of each person.

    A row draws its number from one secret of the coins, its person's name, and its rank among the person's own rows;
    the lowest take part. So everybody else's rows are the same with this person and without.
    """
    secret = np.uint64(coins.integers(2**63))
    names = pd.util.hash_array(np.array([str(name) for name in people.different.tolist()], object), categorize=False)
    rank = pd.Series(people.of).groupby(people.of).cumcount().to_numpy().astype(np.uint64)
    drawn = pd.util.hash_array((names ^ secret)[people.of] + rank * _STEP)
    return np.asarray(pd.Series(drawn).groupby(people.of).rank(method="first") <= most, bool)
