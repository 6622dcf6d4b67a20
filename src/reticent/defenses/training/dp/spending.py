"""What a private fit cost: for people as a table, for accountants as an event.

>>> from reticent.accounting.adjacency import ADD_REMOVE_ROW
>>> from reticent.accounting.gaussian import mu_of
>>> from reticent.mechanisms.noise import Seeded
>>> curator = Curator(mu=mu_of(1.0, 1e-5), noise=Seeded(0))
>>> for share in (0.3, 0.3, 0.4):
...     _ = curator.gaussian("edges" if share == 0.4 else "counts", np.zeros(50), sensitivity=1.0, share=share)
>>> print(spent(curator, 1e-5, free=["bounds of age: declared, 0 to 120"]))
share  epsilon alone  noise  numbers  what
-----------------------------------------------------------------------
60 %   0.756          6.81       100  counts
40 %   0.606          5.9         50  edges
0 %    0              none         0  bounds of age: declared, 0 to 120
Shares are of the budget. They add up; what each would be as an epsilon alone does not.
>>> event_of(curator, "training", ADD_REMOVE_ROW).no_guarantee
'its noise was drawn from a seed, and who knows the seed can take it away'
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from html import escape
from typing import Any

import numpy as np

from reticent.accounting.adjacency import Adjacency
from reticent.accounting.events import Event, Gaussian
from reticent.accounting.gaussian import epsilon_of
from reticent.mechanisms.curator import Answer, Curator

_HEAD = ("share", "epsilon alone", "noise", "numbers", "what")
_FOOT = "Shares are of the budget. They add up; what each would be as an epsilon alone does not."


@dataclass(frozen=True, kw_only=True)
class Row:
    """What was learned by one kind of question.

    Parameters
    ----------
    what
        What was asked, or what was known for nothing.
    share
        The part of the budget that it took, 0 to 1.
    epsilon
        What it would cost alone, at the delta of the whole fit.
    noise
        The smallest and the largest standard deviation of the noise; None where nothing was asked.
    numbers
        How many numbers were answered.
    """

    what: str
    share: float = 0.0
    epsilon: float = 0.0
    noise: tuple[float, float] | None = None
    numbers: int = 0

    @property
    def cells(self) -> tuple[str, ...]:
        """The row as it is shown."""
        noise = "none" if self.noise is None else " to ".join(dict.fromkeys(f"{sd:.3g}" for sd in self.noise))
        return f"{100 * self.share:.3g} %", f"{self.epsilon:.3g}", noise, f"{self.numbers:,}", self.what

    def to_dict(self) -> dict[str, Any]:
        """Return the fields as plain values."""
        noise = None if self.noise is None else list(self.noise)
        return {
            "what": self.what,
            "share": self.share,
            "epsilon": self.epsilon,
            "noise": noise,
            "numbers": self.numbers,
        }


@dataclass(frozen=True)
class Spending:
    """All rows, those that cost something first; printed, they are a table."""

    rows: tuple[Row, ...]

    def __iter__(self) -> Iterator[Row]:
        return iter(self.rows)

    def __len__(self) -> int:
        return len(self.rows)

    def __getitem__(self, place: int) -> Row:
        return self.rows[place]

    def to_dict(self) -> list[dict[str, Any]]:
        """Return the rows as plain values."""
        return [row.to_dict() for row in self.rows]

    def __str__(self) -> str:
        table = [_HEAD, *(row.cells for row in self.rows)]
        widths = [max(map(len, column)) for column in zip(*table, strict=True)]
        lines = [
            "  ".join(
                cell.rjust(width) if place == 3 else cell.ljust(width)
                for place, (cell, width) in enumerate(zip(row, widths, strict=True))
            ).rstrip()
            for row in table
        ]
        return "\n".join([lines[0], "-" * max(map(len, lines)), *lines[1:], _FOOT])

    def _repr_html_(self) -> str:
        head = "".join(f"<th>{escape(word)}</th>" for word in _HEAD)
        body = "".join(f"<tr>{''.join(f'<td>{escape(cell)}</td>' for cell in row.cells)}</tr>" for row in self.rows)
        return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table><p>{escape(_FOOT)}</p>"


def spent(curator: Curator, delta: float, *, free: Iterable[str] = ()) -> Spending:
    """Return what the answers of a curator cost, at the delta of the whole fit."""
    return merged(curator.answers, lambda share: epsilon_of(float(curator.mu * np.sqrt(share)), delta), free=free)


def merged(given: Iterable[Answer], alone: Callable[[float], float], *, free: Iterable[str]) -> Spending:
    """Return what answers cost, merged by what was asked, and what was known for nothing.

    ``alone`` says what a share of the budget would be as an epsilon by itself.
    """
    by_what: dict[str, list[Answer]] = {}
    for answer in given:
        by_what.setdefault(answer.what, []).append(answer)
    rows = []
    for what, answers in by_what.items():
        share = sum(answer.share for answer in answers)
        sds = [answer.sd for answer in answers]
        rows.append(
            Row(
                what=what,
                share=share,
                epsilon=alone(share),
                noise=(min(sds), max(sds)),
                numbers=sum(answer.numbers for answer in answers),
            )
        )
    return Spending((*rows, *(Row(what=what) for what in free)))


def event_of(curator: Curator, what: str, adjacency: Adjacency) -> Event:
    """Return what the curator answered as an event; what no row can change costs nothing."""
    multipliers = Counter(answer.sd / answer.sensitivity for answer in curator.answers if answer.sensitivity > 0)
    return Event(
        what,
        tuple(Gaussian(multiplier, count) for multiplier, count in multipliers.items()),
        adjacency=adjacency,
        no_guarantee=curator.noise.no_guarantee,
    )
