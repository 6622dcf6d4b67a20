"""The role of each column: what it is decides who may be singled out by it and what must not be inferred."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from reticent import _validate
from reticent.errors import TableError


@dataclass(frozen=True, kw_only=True)
class Schema:
    """Roles of the columns of a table.

    A column may have several roles (a label may also be sensitive). Identifiers and groups are never shown to the
    model: an identifier names a person, a group names who belongs together (a household, the rows of one person).

    What is publicly known of the columns may be declared beside, as a codebook says it: ``bounds`` of numbers,
    ``domains`` of values, columns in which values may be ``missing``. Differential privacy wants it declared: to read
    it from the rows would tell of them.
    """

    columns: tuple[str, ...]
    label: str
    quasi_identifiers: tuple[str, ...] = ()
    sensitive: tuple[str, ...] = ()
    identifiers: tuple[str, ...] = ()
    groups: str | None = None
    bounds: Mapping[str, tuple[float, float]] = field(default_factory=dict)
    domains: Mapping[str, Sequence[Any]] = field(default_factory=dict)
    missing: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        for role, names in (
            ("label", (self.label,)),
            ("quasi_identifiers", self.quasi_identifiers),
            ("sensitive", self.sensitive),
            ("identifiers", self.identifiers),
            ("groups", () if self.groups is None else (self.groups,)),
            ("bounds", tuple(self.bounds)),
            ("domains", tuple(self.domains)),
            ("missing", self.missing),
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
        """Return plain values; of the codebook what was declared, as it is younger than the rest."""
        codebook = {name: getattr(self, name) for name in ("bounds", "domains", "missing")}
        plain = {name: value for name, value in asdict(self).items() if name not in codebook}
        return plain | {name: _plain(value) for name, value in codebook.items() if value}


def _plain(declared: Any) -> Any:
    """Return values as JSON holds them."""
    if isinstance(declared, Mapping):
        return {name: _plain(values) for name, values in declared.items()}
    if isinstance(declared, list | tuple):
        return [_plain(value) for value in declared]
    value = declared.item() if hasattr(declared, "item") else declared
    return value if value is None or isinstance(value, bool | int | float | str) else str(value)
