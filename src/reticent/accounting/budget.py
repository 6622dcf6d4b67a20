"""The ledger: everything that touched the data, and what of the budget it took.

A budget that counts the training alone is the usual way to a false epsilon. Bounds and domains, the search for
hyper-parameters and the choice among private candidates read the data too. Each is charged, or entered as done on
public data: then it costs nothing, and the entry names the reason and who gave it. Of what no entry speaks,
:attr:`Budget.unsaid` does.

>>> from reticent.accounting.adjacency import ADD_REMOVE_ROW
>>> from reticent.accounting.events import Event, Gaussian
>>> ledger = Budget(epsilon=1.0, delta=1e-5, adjacency=ADD_REMOVE_ROW)
>>> ledger = ledger.public("bin edges", because="the codebook of 1994 lists them", said_by="A. Auditor")
>>> ledger = ledger.charged(Event("training", (Gaussian(5.0),), adjacency=ADD_REMOVE_ROW))
>>> ledger.charged(Event("again", (Gaussian(5.0),), adjacency=ADD_REMOVE_ROW))
Traceback (most recent call last):
    ...
reticent.errors.BudgetError: expected to keep to epsilon=1 at delta=1e-05, but the ledger comes to 1.061. Without
'again' it is 0.726, left 0.274: add noise, or raise the budget and say so
>>> round(ledger.spent(), 3)
0.726
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any

from reticent import _validate
from reticent.accounting.accountants import PLD, RDP, Basic, Concentrated, GaussianDP, accountant_for
from reticent.accounting.adjacency import Adjacency, same
from reticent.accounting.events import Event, compose
from reticent.errors import BudgetError, ParameterError

SCHEMA = "reticent/budget/1"
_ROUNDING = 1e-9  # three times 0.1 is a little more than 0.3
_LARGEST_DELTA = 0.1


class Stage(StrEnum):
    """When the data were touched."""

    BOUNDS = "bounds and domains"
    SEARCH = "search for hyper-parameters"
    CHOICE = "choice among candidates"
    RELEASE = "release"


@dataclass(frozen=True, kw_only=True)
class Entry:
    """One line of the ledger: an event, or what touched public data only, with the reason and who gave it."""

    stage: Stage
    event: Event
    public_because: str | None = None
    said_by: str | None = None

    def __post_init__(self) -> None:
        if (self.public_because is None) != (self.said_by is None) or "" in (self.public_because, self.said_by):
            raise ParameterError(
                f"expected the reason why {self.event.what!r} touched public data only, and who says so; "
                f"got public_because={self.public_because!r}, said_by={self.said_by!r}"
            )
        nothing = not self.event.counts() and self.event.unbounded is None
        if (self.public_because is None) == nothing:
            raise ParameterError(
                f"expected {self.event.what!r} to list its mechanisms, or to be public with a reason; "
                f"got {len(self.event.parts)} mechanisms and public_because={self.public_because!r}"
            )

    def __setstate__(self, held: Mapping[str, Any]) -> None:
        # A file of skops holds a word for the stage: what is read again is a Stage once more.
        for name, value in {**held, "stage": Stage(held["stage"])}.items():
            object.__setattr__(self, name, value)
        self.__post_init__()

    def to_dict(self) -> dict[str, Any]:
        """Return what :meth:`from_dict` reads."""
        return {
            "stage": self.stage.value,
            "event": self.event.to_dict(),
            "public_because": self.public_because,
            "said_by": self.said_by,
        }

    @classmethod
    def from_dict(cls, held: Mapping[str, Any]) -> "Entry":
        """Read what :meth:`to_dict` gave."""
        _validate.one_of([*map(str, Stage)], stage=held["stage"])
        return cls(
            stage=Stage(held["stage"]),
            event=Event.from_dict(held["event"]),
            public_because=held["public_because"],
            said_by=held["said_by"],
        )


@dataclass(frozen=True, kw_only=True)
class Budget:
    """How much may be learned about anybody, and what has been. No ledger exists that is over its budget.

    All entries are composed at once by the tightest accountant that counts them all. What that proves depends on who
    chose the noise. Where all is Gaussian over all rows, or where epsilons or rhos simply add up, the budget is a
    *filter*: it holds also where the noise of a later release was chosen in the light of earlier answers (Smith and
    Thakurta 2022, arXiv:2210.17520; Whitehouse et al. 2023, arXiv:2203.05481), and ``composed_by`` says so. Under
    privacy loss distributions, every release may look at all answers before it, but how much noise each adds, how often
    and at what sampling rate, must have been fixed before the first.

    Parameters
    ----------
    epsilon, delta
        The whole budget.
    adjacency
        Between which tables it holds; events under another are refused.
    entries
        What has happened, in order.

    Raises
    ------
    BudgetError
        If the entries come to more than the budget.
    """

    epsilon: float
    delta: float
    adjacency: Adjacency
    entries: tuple[Entry, ...] = ()
    _spent: float = field(init=False, repr=False, compare=False, default=0.0)

    def __post_init__(self) -> None:
        _validate.positive(epsilon=self.epsilon)
        if not math.isfinite(self.epsilon):
            raise ParameterError(f"expected a finite epsilon, got epsilon={self.epsilon!r}: it would allow anything")
        if not 0 <= self.delta < _LARGEST_DELTA:
            raise ParameterError(
                f"expected 0 <= delta < {_LARGEST_DELTA:g}, got delta={self.delta!r}: with that probability nothing "
                f"is promised at all"
            )
        object.__setattr__(self, "entries", tuple(self.entries))
        same([self.adjacency, *(entry.event.adjacency for entry in self.entries)])
        spent = accountant_for(self.event).epsilon(self.event, self.delta)
        if spent > self.epsilon * (1 + _ROUNDING):
            raise BudgetError(
                f"expected to keep to epsilon={self.epsilon:g} at delta={self.delta:g}, but the ledger comes to "
                f"{_up(spent)}{f', since {self.event.unbounded}' if self.event.unbounded else ''}"
            )
        object.__setattr__(self, "_spent", spent)

    def __setstate__(self, held: Mapping[str, Any]) -> None:
        # What a file says was spent is not believed: it is counted again.
        for name in ("epsilon", "delta", "adjacency", "entries"):
            object.__setattr__(self, name, held[name])
        self.__post_init__()

    @property
    def event(self) -> Event:
        """All that was charged, as one event; one without mechanisms where nothing was."""
        nothing = Event("nothing", (), adjacency=self.adjacency)
        return compose([entry.event for entry in self.entries] or [nothing])

    def charged(self, event: Event, stage: Stage = Stage.RELEASE) -> "Budget":
        """Return the ledger with one more entry.

        Raises
        ------
        BudgetError
            If the event does not fit into what is left, or has no guarantee; nothing is then charged.
        ParameterError
            If it was counted under another adjacency, or lists no mechanism.
        """
        entry = Entry(stage=stage, event=event)
        try:
            return replace(self, entries=(*self.entries, entry))
        except BudgetError as error:
            raise BudgetError(
                f"{error}. Without {event.what!r} it is {_up(self.spent())}, left {_down(self.left)}: "
                "add noise, or raise the budget and say so"
            ) from None

    def public(self, what: str, *, because: str, said_by: str, stage: Stage = Stage.BOUNDS) -> "Budget":
        """Return the ledger with an entry that costs nothing, since it touched public data only."""
        event = Event(what, (), adjacency=self.adjacency)
        entry = Entry(stage=stage, event=event, public_because=because, said_by=said_by)
        return replace(self, entries=(*self.entries, entry))

    def spent(self) -> float:
        """Return the epsilon of all entries together, at the budget's delta."""
        return self._spent

    @property
    def left(self) -> float:
        """Epsilon less what is spent, which is about what pure DP may still cost.

        Gaussian noise often affords more: calibrate ``lambda noise: compose([budget.event, make(noise)])`` to the whole
        budget.
        """
        return max(0.0, self.epsilon - self.spent())

    @property
    def unsaid(self) -> tuple[Stage, ...]:
        """The stages of which no entry speaks."""
        return tuple(stage for stage in Stage if stage not in {entry.stage for entry in self.entries})

    @property
    def composed_by(self) -> str:
        """How the entries were composed, and what must have been fixed in advance for it to hold."""
        if GaussianDP().refuses(self.event) is None:
            return "Gaussian DP, exact; holds also where later noise was chosen in the light of earlier answers"
        if Basic().refuses(self.event) is None and Basic().epsilon(self.event, self.delta) <= self.spent():
            return "basic composition; holds also where later noise was chosen in the light of earlier answers"
        if PLD().refuses(self.event) is not None and Concentrated().refuses(self.event) is None:
            return "zero-concentrated DP; holds also where later noise was chosen in the light of earlier answers"
        name = PLD.name if PLD().refuses(self.event) is None else RDP.name
        return f"{name}; holds where all noise was fixed before the first answer"

    def to_dict(self) -> dict[str, Any]:
        """Return what :meth:`from_dict` reads, with what is spent and left beside it."""
        return {
            "schema": SCHEMA,
            "epsilon": self.epsilon,
            "delta": self.delta,
            "adjacency": self.adjacency.to_dict(),
            "entries": [entry.to_dict() for entry in self.entries],
            "spent": self.spent(),
            "left": self.left,
            "composed_by": self.composed_by,
            "unsaid": [stage.value for stage in self.unsaid],
        }

    @classmethod
    def from_dict(cls, held: Mapping[str, Any]) -> "Budget":
        """Read what :meth:`to_dict` gave. What is spent is counted again, not believed."""
        if held.get("schema") != SCHEMA:
            raise ParameterError(f"expected a budget of schema {SCHEMA}, got {held.get('schema')!r}")
        return cls(
            epsilon=held["epsilon"],
            delta=held["delta"],
            adjacency=Adjacency.from_dict(held["adjacency"]),
            entries=tuple(Entry.from_dict(entry) for entry in held["entries"]),
        )

    def __str__(self) -> str:
        rows = [("stage", "what", "epsilon alone"), *(self._row(entry) for entry in self.entries)]
        wide = [max(len(row[i]) for row in rows) for i in range(2)]
        table = [f"{stage:<{wide[0]}}  {what:<{wide[1]}}  {cost}" for stage, what, cost in rows]
        return "\n".join(
            [
                f"Privacy budget: epsilon {self.epsilon:g} at delta {self.delta:g}; neighbors: {self.adjacency}",
                *table,
                f"together {_up(self.spent())}, left {_down(self.left)} ({self.composed_by})",
                *([f"not said: {', '.join(self.unsaid)}"] if self.unsaid else []),
            ]
        )

    def _row(self, entry: Entry) -> tuple[str, str, str]:
        if entry.public_because is not None:
            return entry.stage, entry.event.what, f"none: {entry.public_because} (says {entry.said_by})"
        return entry.stage, entry.event.what, _up(accountant_for(entry.event).epsilon(entry.event, self.delta))


def _up(epsilon: float) -> str:
    return f"{math.ceil(round(epsilon * 1000, 6)) / 1000:.3f}" if epsilon < math.inf else "infinity"


def _down(epsilon: float) -> str:
    return f"{math.floor(epsilon * 1000) / 1000:.3f}"
