"""Columns that say one thing move together: one-hot columns of one category, a grade and its number.

Generalized apart, the one would give the other away, or a row would come out with two categories at once. A bundle has
one code for all its columns; a column that stands alone is a bundle of itself.

>>> import pandas as pd
>>> from reticent.coding.columns import open_frame, read
>>> table = open_frame(pd.DataFrame({"grade": ["A", "B", "A", "C"], "number": [1, 2, 1, 3], "age": [30, 31, 30, 30]}))
>>> bundles = bundle([read(table, j) for j in range(3)], {})
>>> [[book.name for book in one.books] for one in bundles]
[['number', 'grade'], ['age']]
>>> bundles[0].names, bundles[0].held.tolist()
('number (with grade)', [[0, 0], [1, 1], [2, 2]])
"""

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from reticent.coding.codebook import Codebook
from reticent.coding.codes import Axis, Ints, compact
from reticent.coding.columns import Column
from reticent.errors import ParameterError

_FEWEST_HOT = 3  # of two columns of which one is always 1, each already tells the other: they are derived


@dataclass(frozen=True, kw_only=True, eq=False)
class Bundle:
    """Columns with one code between them.

    Parameters
    ----------
    where : tuple of int
        The place of each among the quasi-identifiers.
    books : tuple of Codebook
        Their codebooks; where one leads, it is the first.
    hot : ndarray of shape (n_columns,) or None
        For one-hot columns, the code of "yes" in each; None where the first column leads and the others follow it.
    axis : Axis
        What the codes of the bundle mean to a partition.
    held : ndarray of shape (n_codes, n_columns)
        The code of each column behind each code of the bundle.
    """

    where: tuple[int, ...]
    books: tuple[Codebook, ...]
    hot: Ints | None
    axis: Axis
    held: Ints

    @property
    def names(self) -> str:
        """What a message calls it."""
        first, *others = (str(book.name) for book in self.books)
        return f"{first} (with {', '.join(others)})" if others else first

    def encode(self, columns: Sequence[Column]) -> Ints:
        """Return the code of each row, shape (n,), from all quasi-identifiers; -1 for what was not fitted."""
        if self.hot is None:
            return self.books[0].encode(columns[self.where[0]])
        yes = np.stack([book.encode(columns[j]) for book, j in zip(self.books, self.where, strict=True)], axis=1)
        is_hot = yes == self.hot
        return np.where(is_hot.sum(axis=1) == 1, is_hot.argmax(axis=1), -1)

    def describe(self, codes: Ints) -> str:
        """Return ascending codes of the bundle in words, as :meth:`Codebook.describe` does."""
        if self.hot is None:
            return self.books[0].describe(codes)
        if len(codes) == len(self.books):
            return ""
        return " or ".join(str(self.books[code].name) for code in codes)


def bundle(
    columns: Sequence[Column],
    above: Mapping[Hashable, Mapping[Hashable, Sequence[Hashable]]],
    counts: Ints | None = None,
) -> list[Bundle]:
    """Fit codebooks and put columns together that say the same of the fitted rows.

    Parameters
    ----------
    columns : sequence of q Column
        The quasi-identifiers.
    above : mapping
        The hierarchies of columns, by name.
    counts : ndarray of shape (n,), optional
        How many rows each row stands for.

    Raises
    ------
    ParameterError
        For a hierarchy of no quasi-identifier, which would be of no effect.
    """
    names = [column.name for column in columns]
    if unknown := [name for name in above if name not in names]:
        raise ParameterError(f"expected hierarchies of quasi-identifiers, which are {names}; got one of {unknown}")
    books = [Codebook.of(column, above.get(column.name)) for column in columns]
    codes = [book.encode(column) for book, column in zip(books, columns, strict=True)]
    n_rows = len(columns[0].of) if counts is None else int(counts.sum())
    hot = _one_hot(books, codes)
    taken = {j for group in hot for j in group}
    bundles = {group[0]: _hot_bundle(group, books) for group in hot}
    for j in range(len(books)):
        if j in taken:
            continue
        same = [i for i in range(j + 1, len(books)) if i not in taken and _is_derived(j, i, books, codes, n_rows)]
        taken.update(same)
        # A column with a hierarchy or an order leads: along it the others can be generalized too.
        lead = min([j, *same], key=lambda i: (books[i].hierarchy is None, not books[i].axis.ordered))
        where = (lead, *sorted({j, *same} - {lead}))
        held = np.zeros((len(books[lead].axis.places), len(where)), np.intp)
        for c, i in enumerate(where):
            held[codes[lead], c] = codes[i]
        bundles[j] = Bundle(
            where=where, books=tuple(books[i] for i in where), hot=None, axis=books[lead].axis, held=held
        )
    return [bundles[j] for j in sorted(bundles)]


def _is_derived(a: int, b: int, books: Sequence[Codebook], codes: Sequence[Ints], n_rows: int) -> bool:
    """Whether each value of the one goes with one value of the other."""
    size = len(books[a].axis.places)
    if size < 2 or size != len(books[b].axis.places) or size == n_rows:
        return False
    return len(compact(codes[a] * size + codes[b], size * size)[0]) == size


def _one_hot(books: Sequence[Codebook], codes: Sequence[Ints]) -> list[list[int]]:
    """Find runs of columns of zeros and ones of which exactly one is 1 in each row, in the order of the table."""
    groups: list[list[int]] = []
    run: list[int] = []
    sums = np.zeros(0, np.intp)
    for j, (book, code) in enumerate(zip(books, codes, strict=True)):
        if not _is_flag(book):
            run = []
            continue
        sums = sums + code if run else code.copy()
        run.append(j)
        while sums.max() > 1:
            sums = sums - codes[run.pop(0)]
        if len(run) >= _FEWEST_HOT and sums.min() == 1:
            groups.append(run)
            run = []
    return groups


def _is_flag(book: Codebook) -> bool:
    """Whether a column holds 0 and 1, or False and True, and nothing else."""
    plain = book.hierarchy is None and book.known.dtype.kind in "iufO"
    return plain and len(book.axis.places) == 2 and book.known.tolist() == [0, 1]


def _hot_bundle(group: list[int], books: Sequence[Codebook]) -> Bundle:
    size = len(group)
    return Bundle(
        where=tuple(group),
        books=tuple(books[j] for j in group),
        hot=np.ones(size, np.intp),
        axis=Axis(places=np.full(size, np.nan), ordered=False),
        held=np.eye(size, dtype=np.intp),
    )
