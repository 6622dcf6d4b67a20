"""Models trained on a changed table: each row was another one in training, and an attacker may ask about that one."""

from typing import Any, Protocol, runtime_checkable


@runtime_checkable
class Released(Protocol):
    """A recipe that trains on a changed table, and knows where in it any row belongs."""

    def asked_as_released(self, target: Any) -> Any:
        """Return the same target, asked about each row as it would stand in the changed table of each model."""
