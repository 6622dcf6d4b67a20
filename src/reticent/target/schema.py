"""The role of each column: what it is decides who may be singled out by it and what must not be inferred."""

from dataclasses import asdict, dataclass
from typing import Any

from reticent import _validate
from reticent.errors import TableError


@dataclass(frozen=True, kw_only=True)
class Schema:
    """Roles of the columns of a table.

    A column may have several roles (a label may also be sensitive). Identifiers and groups are never shown to the
    model: an identifier names a person, a group names who belongs together (a household, the rows of one person).
    """

    columns: tuple[str, ...]
    label: str
    quasi_identifiers: tuple[str, ...] = ()
    sensitive: tuple[str, ...] = ()
    identifiers: tuple[str, ...] = ()
    groups: str | None = None

    def __post_init__(self) -> None:
        for role, names in (
            ("label", (self.label,)),
            ("quasi_identifiers", self.quasi_identifiers),
            ("sensitive", self.sensitive),
            ("identifiers", self.identifiers),
            ("groups", () if self.groups is None else (self.groups,)),
        ):
            for name in names:
                if name not in self.columns:
                    raise TableError(
                        f"expected a column {name!r} ({role}); the table has {_validate.listed(self.columns, name)}. "
                        f"Name an existing column or add it to both tables"
                    )

    @property
    def features(self) -> tuple[str, ...]:
        """The columns that a model may see, in the order of the table."""
        hidden = {self.label, self.groups, *self.identifiers}
        return tuple(name for name in self.columns if name not in hidden)

    def to_dict(self) -> dict[str, Any]:
        """Return plain values."""
        return asdict(self)
