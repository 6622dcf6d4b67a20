"""The kinds of people that a column makes: its values, or the quarters of its numbers, and those of whom it is missing.

>>> import pandas as pd
>>> from reticent.coding.columns import open_frame, read
>>> table = open_frame(pd.DataFrame({"town": ["A", "B", "A", None]}))
>>> [(name, of.tolist()) for name, of in kinds(read(table, 0))]
[('A', [True, False, True, False]), ('B', [False, True, False, False]), ('missing', [False, False, False, True])]
"""

from itertools import pairwise

import numpy as np

from reticent.coding.codes import Bools
from reticent.coding.columns import Column

MOST = 12


def kinds(column: Column, most: int = MOST) -> list[tuple[str, Bools]]:
    """Return the kinds that a column makes of n rows, each with its rows, shape (n,); the most frequent first.

    A number of more than ``most`` values makes quarters; of other columns the rarer values are one kind together.
    """
    of, names = column.of, [str(one) for one in column.different.tolist()]
    if column.is_number and len(names) > most:
        cuts = np.unique(np.quantile(column.different[of[of >= 0]], [0, 0.25, 0.5, 0.75, 1], method="nearest"))
        of = np.where(of < 0, -1, np.searchsorted(cuts[1:-1], column.different, side="right")[of])
        names = [f"{low} to {high}" for low, high in pairwise(cuts.tolist())]
    counts = np.bincount(of[of >= 0], minlength=len(names))
    order = np.argsort(-counts, kind="stable")
    found = [(names[i], of == i) for i in order[:most] if counts[i]]
    if rest := [i for i in order[most:] if counts[i]]:
        found.append((f"{len(rest)} other values", np.isin(of, rest)))
    return [*found, *([("missing", of < 0)] if (of < 0).any() else [])]
