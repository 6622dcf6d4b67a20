"""Join columns into classes: each column as codes, all codes of a row as one number.

>>> import pandas as pd
>>> from reticent.coding.columns import open_frame, read
>>> table = open_frame(pd.DataFrame({"age": [30, 31, 30], "town": ["A", "B", "A"]}))
>>> join([Coded.of(read(table, j)) for j in range(2)], 3).tolist()
[0, 1, 0]
"""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import pandas as pd

from reticent.coding.codebook import Codebook
from reticent.coding.codes import Axis, Ints
from reticent.coding.columns import Column

_ONE_KIND = str.maketrans("iuf", "fff")  # numbers of any type are compared as numbers


@dataclass(frozen=True, kw_only=True, eq=False)
class Coded:
    """A column as codes, which stand for its values in no certain order: enough to tell rows apart.

    Parameters
    ----------
    column : Column
        What is coded.
    codes : ndarray of shape (n,)
        The value of each row, from 0 to ``size - 1``; missing values are values of their own.
    """

    column: Column
    codes: Ints
    size: int

    @classmethod
    def of(cls, column: Column) -> "Coded":
        """Code a column by its own values."""
        codes, size = column.of, len(column.different)
        for absent in (column.nan, column.null):
            if absent.any():
                codes = np.where(absent, size, codes)
                size += 1
        return cls(column=column, codes=codes, size=size)

    def take(self, rows: Ints) -> "Coded":
        """Return some rows; then not every code need occur."""
        return Coded(column=self.column, codes=self.codes[rows], size=self.size)

    def ranked(self) -> tuple[Ints, Axis]:
        """Return the codes in the order of the values, shape (n,), and what they mean."""
        book = Codebook.of(self.column)
        return book.encode(self.column), book.axis


def join(columns: Iterable[Coded], n: int, within: Ints | None = None) -> Ints:
    """Return the class of each of n rows, numbered from 0 as they are met: one for each combination of codes.

    With ``within``, classes from 0 of shape (n,), these are split.
    """
    key = np.zeros(n, np.int64) if within is None else within.astype(np.int64)
    bound = int(key.max(initial=0)) + 1
    for column in columns:
        if bound * column.size > 2**62:  # the packed key would overflow: number anew what really occurs
            key = pd.factorize(key)[0].astype(np.int64)
            bound = n
        key *= column.size
        key += column.codes
        bound *= column.size
    return np.asarray(pd.factorize(key)[0], np.intp)


def below(column: Column, other: Column) -> Column:
    """Return one column with the values of the other after its own."""
    values = [column.different, other.different]
    if len({part.dtype.kind.translate(_ONE_KIND) for part in values}) > 1:  # dates and words agree in nothing
        values = [part.astype(object) for part in values]
    place, different = pd.factorize(np.concatenate(values))
    m = len(column.different)
    return Column(
        name=column.name,
        different=different,
        of=np.concatenate([np.append(place[:m], -1)[column.of], np.append(place[m:], -1)[other.of]]),
        nan=np.concatenate([column.nan, other.nan]),
        null=np.concatenate([column.null, other.null]),
    )
