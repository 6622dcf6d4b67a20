"""What is needed of each column: nothing, ranges, groups, or the value itself; and for how many people.

>>> need = Need(column="age", kind="ranges", pieces=("up to 25", "26 or more"), not_asked=0.25, in_pieces=0.75, raw=0.0,
...     ncp=0.6)
>>> print(need)
age: up to 25; 26 or more (75 % of people), not asked of the others
"""

from collections.abc import Hashable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from reticent.coding.codebook import Codebook
from reticent.coding.codes import Ints
from reticent.defenses.data.minimize.cells import Cells
from reticent.defenses.data.minimize.words import piece

KINDS = ("not needed", "ranges", "groups", "raw")
_SHOWN = 6


@dataclass(frozen=True, kw_only=True)
class Need:
    """What is asked of a column.

    Parameters
    ----------
    column : str, or int for an array
    kind : str
        "not needed": of nobody; "ranges" of numbers, dates or ordered categories; "groups" of categories; "raw": of
        some people the value itself.
    pieces : tuple of str
        The ranges or groups that are ever asked for, in words.
    not_asked, in_pieces, raw : float
        Of how many people it is not asked, asked in pieces, or asked as it is, as shares that add up to one.
    ncp : float
        The share of the column's detail that is not collected, 0 to 1.
    """

    column: Hashable
    kind: str
    pieces: tuple[str, ...]
    not_asked: float
    in_pieces: float
    raw: float
    ncp: float

    def to_dict(self) -> dict[str, Any]:
        """Return plain values."""
        return asdict(self) | {"pieces": list(self.pieces)}

    def __str__(self) -> str:
        if self.kind == "not needed":
            return f"{self.column}: not needed"
        parts = []
        if self.pieces:
            more = len(self.pieces) - _SHOWN
            text = "; ".join(self.pieces[:_SHOWN]) + (f" and {more} more" if more > 0 else "")
            parts.append(f"{text} ({percent(self.in_pieces)} of people)")
        if self.raw:
            parts.append(f"as it is ({percent(self.raw)} of people)")
        if self.not_asked:
            parts.append("not asked of the others")
        return f"{self.column}: {', '.join(parts)}"


def percent(share: float) -> str:
    """Return a share in words.

    >>> percent(0.042), percent(0.0004), percent(0.996), percent(0.0), percent(1.0)
    ('4 %', 'under 1 %', 'over 99 %', '0 %', '100 %')
    """
    share = round(share, 9)  # shares of people are added up
    if 0 < share < 0.005:
        return "under 1 %"
    if 0.995 <= share < 1:
        return "over 99 %"
    return f"{100 * share:.0f} %"


def needs_of(cells: Cells, books: Sequence[Codebook], cell: Ints) -> tuple[Need, ...]:
    """Return what is needed of each column, counted on people in these cells, shape (n,)."""
    share = np.bincount(cell, minlength=len(cells.node)) / max(1, len(cell))
    held = [cells.nodes.held(node) for node in cells.node.tolist()]
    made = []
    for f, book in enumerate(books):
        asked = np.array([not masks[f].all() for masks in held]) & ~cells.raw[:, f]
        raw, in_pieces = (float(share[part].sum()) for part in (cells.raw[:, f], asked))
        found = {piece(book, held[c][f]): np.flatnonzero(held[c][f])[0] for c in np.flatnonzero(asked)}
        pieces = tuple(sorted(found, key=lambda text: (int(found[text]), text)))
        kind = "raw" if cells.raw[:, f].any() else "not needed"
        if pieces and kind == "not needed":
            kind = "ranges" if book.axis.ordered else "groups"
        made.append(
            Need(
                column=book.name,
                kind=kind,
                pieces=pieces,
                not_asked=max(0.0, 1.0 - raw - in_pieces),
                in_pieces=in_pieces,
                raw=raw,
                ncp=float(share @ cells.open[:, f]),
            )
        )
    return tuple(made)
