"""Keep of the values of a table only those that tell new ones apart.

To fit, each different value has a code. Once the cells stand, it takes of numbers and dates the two on either side of
each cut, and the ends of the range; of categories all, where a question is about them; of columns that no question is
about, none. Whatever the row, it goes the same way as before.

>>> import pandas as pd
>>> from reticent.coding.columns import open_frame, read
>>> from reticent.defenses.data.minimize.growth import grow_frugal
>>> table = open_frame(pd.DataFrame({"age": [20, 25, 30, 60, 70, 90], "town": list("ABCABC")}))
>>> books = [Codebook.of(read(table, j)) for j in range(2)]
>>> codes = np.column_stack([book.encode(read(table, j)) for j, book in enumerate(books)])
>>> tree = grow_frugal(codes, [book.axis for book in books], np.eye(2)[[0, 0, 0, 1, 1, 1]], price=0.1, k=1)
>>> cells = Cells(nodes=Nodes.of(tree), node=np.array([1, 2]), raw=np.zeros((2, 2), bool), representative=codes[[0, 4]])
>>> cells, books = thinned(cells, books)
>>> [book.known.tolist() for book in books], cells.nodes.open[1:].round(3).tolist(), cells.representative.tolist()
([[20, 30, 60, 90], []], [[0.357, 1.0], [0.643, 1.0]], [[0, -1], [2, -1]])
"""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from reticent.coding.codebook import Codebook
from reticent.coding.codes import Axis, Bools, Ints
from reticent.defenses.data.anonymize.partition import Partition
from reticent.defenses.data.minimize.cells import Cells, Nodes


def thinned(cells: Cells, books: Sequence[Codebook]) -> tuple[Cells, list[Codebook]]:
    """Return cells without the nodes below them, and codebooks without the values that none of them needs."""
    tree = cells.nodes.tree
    node = _above(cells)
    is_cut = ~np.isin(node, cells.node)
    number = np.full(len(tree.column), -1)
    number[node] = np.arange(len(node))
    column = np.where(is_cut, tree.column[node], -1)
    up_to = np.full(len(node), -1)
    made, new = [], []  # the codebooks, and the new code of each old one
    for f, book in enumerate(books):
        mine = column == f
        kept = _needed(book, tree.up_to[node[mine]]) if mine.any() else np.zeros(0, np.intp)
        made.append(_part(book, kept, missing=bool(mine.any())))
        new.append(_renumbered(book, kept, missing=bool(mine.any())))
        up_to[mine] = np.searchsorted(kept, tree.up_to[node[mine]], "right") - 1
    listed_from, listed_to = [], []
    codes: list[int] = []
    sides: list[bool] = []
    for at, f in zip(node.tolist(), column.tolist(), strict=True):
        held = slice(tree.listed_from[at], tree.listed_to[at]) if f >= 0 else slice(0)
        listed_from.append(len(codes))
        codes += new[f][tree.listed_code[held]].tolist()
        sides += tree.listed_left[held].tolist()
        listed_to.append(len(codes))
    class_of = np.full(len(node), -1)
    class_of[~is_cut] = np.arange(int((~is_cut).sum()))
    small = Partition(
        axes=tuple(book.axis for book in made),
        column=column,
        left=np.where(is_cut, number[tree.left[node]], -1),
        right=np.where(is_cut, number[tree.right[node]], -1),
        up_to=up_to,
        heavier=tree.heavier[node],
        listed_from=np.array(listed_from, np.int64),
        listed_to=np.array(listed_to, np.int64),
        listed_code=np.array(codes, np.int64),
        listed_left=np.array(sides, bool),
        class_of=class_of,
    )
    representative = np.column_stack([code[old] for code, old in zip(new, cells.representative.T, strict=True)])
    return Cells(nodes=Nodes.of(small), node=number[cells.node], raw=cells.raw, representative=representative), made


def _above(cells: Cells) -> Ints:
    """Return the cells' nodes and all above them, ascending."""
    parent, at = cells.nodes.parent, np.unique(cells.node)
    found = at
    while len(at := np.unique(parent[at][parent[at] >= 0])):
        found = np.union1d(found, at)
    return found


def _needed(book: Codebook, up_to: Ints) -> Ints:
    """Return which of the known values have to stay, where the column is cut behind these codes."""
    every = np.arange(len(book.known))
    if not _is_number(book):
        return every
    return np.intersect1d(every, np.concatenate([up_to, up_to + 1, every[:1], every[-1:]]))


def _part(book: Codebook, kept: Ints, *, missing: bool) -> Codebook:
    """Return a codebook of some of the known values; ``missing`` says whether it knows missing ones as before."""
    n = len(book.known)
    places = np.concatenate([book.axis.places[kept], book.axis.places[n:] if missing else np.zeros(0)])
    axis = Axis(places=places, ordered=book.axis.ordered)
    return replace(book, known=book.known[kept], nan=missing and book.nan, null=missing and book.null, axis=axis)


def _renumbered(book: Codebook, kept: Ints, *, missing: bool) -> Ints:
    """Return the new code of each old one: that of the nearest value that stays, -1 where none does."""
    n, size = len(book.known), len(book.axis.places)
    new = np.full(size, -1)
    if missing:
        new[n:] = len(kept) + np.arange(size - n)
    if len(kept):
        above = np.searchsorted(kept, np.arange(n)).clip(0, len(kept) - 1)
        below = np.where(kept[above] > np.arange(n), above - 1, above)
        values = (
            book.known.astype(float) if book.known.dtype.kind == "f" else book.axis.places[:n]
        )  # also infinite ones
        with np.errstate(over="ignore", invalid="ignore"):
            is_below: Bools = values - values[kept[below]] <= values[kept[above]] - values
        new[:n] = np.where(is_below, below, above)
    return new


def _is_number(book: Codebook) -> bool:
    return book.axis.ordered and book.known.dtype.kind != "O"
