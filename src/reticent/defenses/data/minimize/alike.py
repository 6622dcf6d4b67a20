"""Rows that are equal: one person told several times, or several people who happen to be alike?

A table that was put together from others, or drawn with replacement, holds copies. What was found on a row holds for
its copies too, so they may not judge it, and ten copies that agree are one row that agrees. Where a table has a few
columns of a few values, though, people are alike by chance, and each of them counts.

>>> import pandas as pd
>>> from reticent.coding.columns import open_frame
>>> random = np.random.default_rng(0)
>>> people = pd.DataFrame({"height": random.normal(size=50), "town": random.choice(["A", "B"], 50)})
>>> copied = units_of(open_frame(pd.concat([people] * 4)), np.random.default_rng(0))
>>> len(np.unique(copied))
50
>>> alike = units_of(open_frame(pd.concat([people[["town"]]] * 4)), np.random.default_rng(0))
>>> len(np.unique(alike))
200
"""

import numpy as np

from reticent.coding.codebook import Codebook
from reticent.coding.codes import Ints, distinct
from reticent.coding.columns import Table, read
from reticent.errors import TableError

_FEW = 0.1  # different rows, as a share of all, up to which rows are people who happen to be alike
_VERY_FEW = 10  # or so many
_BY_CHANCE = (0.75, 2.0)  # as many different rows as by chance, at least; as many that repeat, at most
_TELLING = 0.5  # a column with so many values, as a share of all different rows, tells rows apart nearly alone


def units_of(table: Table, random: np.random.Generator) -> Ints:
    """Return the unit of each row, numbered from 0, shape (n,): equal rows are one, unless they are alike by chance.

    They are where there are few different rows, or where columns that are shuffled one by one give about as many.
    """
    n, codes = len(table), []
    for j in range(table.shape[1]):
        try:
            column = read(table, j)
        except TableError:  # of lists, say: without it more rows are equal, which errs on the safe side
            continue
        codes.append(1 + Codebook.of(column).encode(column))
    sizes = [int(code.max(initial=0)) + 1 for code in codes]
    first, unit = distinct(np.column_stack(codes) if codes else np.zeros((n, 0), np.intp), sizes)
    different = len(first)
    if different <= max(_FEW * n, _VERY_FEW):
        return np.arange(n)
    if different == n or max(sizes) > _TELLING * different:
        return unit
    by_chance = len(distinct(np.column_stack([random.permutation(code) for code in codes]), sizes)[0])
    most_of, twice = _BY_CHANCE
    alike = different >= most_of * by_chance and n - different <= twice * (n - by_chance)
    return np.arange(n) if alike else unit
