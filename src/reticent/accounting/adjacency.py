"""Between which two tables a guarantee holds: what one step between neighbors changes, and whose rows it changes.

An epsilon means nothing without it. Under replacement a sum moves twice as far as under addition or removal, and a
guarantee for a row says nothing about a person with twenty rows. So adjacency is a type, and nothing that was counted
under one is ever added to what was counted under another.

>>> str(ADD_REMOVE_ROW), ADD_REMOVE_ROW == Adjacency(Change.REPLACE, Unit.ROW), len(Change) * len(Unit)
('add or remove one row', False, 6)
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from reticent.errors import ParameterError


class Change(StrEnum):
    """What one step between two neighboring tables does."""

    ADD_REMOVE = "add or remove"
    REPLACE = "replace"


class Unit(StrEnum):
    """Whose rows one step changes: all of them at once."""

    ROW = "row"
    PERSON = "person"
    HOUSEHOLD = "household"


@dataclass(frozen=True)
class Adjacency:
    """Two tables are neighbors where one ``change`` of one ``unit`` turns one into the other."""

    change: Change
    unit: Unit

    def __post_init__(self) -> None:
        if not isinstance(self.change, Change) or not isinstance(self.unit, Unit):
            raise ParameterError(
                "expected a Change and a Unit, such as Adjacency(Change.ADD_REMOVE, Unit.ROW); "
                f"got {self.change!r} and {self.unit!r}"
            )

    def __setstate__(self, held: Mapping[str, Any]) -> None:
        # A file of skops holds a word for each of the two: what is read again is a Change and a Unit once more.
        object.__setattr__(self, "change", Change(held["change"]))
        object.__setattr__(self, "unit", Unit(held["unit"]))

    def __str__(self) -> str:
        return f"{self.change} one {self.unit}"

    def to_dict(self) -> dict[str, str]:
        """Return what :meth:`from_dict` reads."""
        return {"change": self.change.value, "unit": self.unit.value}

    @classmethod
    def from_dict(cls, held: Mapping[str, Any]) -> "Adjacency":
        """Read what :meth:`to_dict` gave."""
        try:
            return cls(Change(held["change"]), Unit(held["unit"]))
        except (KeyError, ValueError, TypeError) as error:
            raise ParameterError(
                f"expected an adjacency of change {[*map(str, Change)]} and unit {[*map(str, Unit)]}; got {held!r}"
            ) from error


ADD_REMOVE_ROW = Adjacency(Change.ADD_REMOVE, Unit.ROW)


def same(adjacencies: Iterable[Adjacency]) -> Adjacency:
    """Return the adjacency that all share.

    Raises
    ------
    ParameterError
        If there is none, or more than one.
    """
    found = list(dict.fromkeys(adjacencies))
    if len(found) != 1:
        raise ParameterError(
            f"expected events of one adjacency, got {'; '.join(map(str, found)) or 'none'}. What holds for one kind of "
            "neighbors does not add up with what holds for another: state all sensitivities for the same change and "
            "the same unit"
        )
    return found[0]
