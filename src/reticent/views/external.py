"""What may leave the house: a result's dict without what speaks of single people or small groups."""

from collections.abc import Mapping
from typing import Any


def audit(result: Mapping[str, Any]) -> dict[str, Any]:
    """Return an audit's dict without what speaks of single people or small groups.

    Names are people too: a class may belong to one person, and a path inside a model may end in a name.
    """
    kept = {name: value for name, value in result.items() if name not in ("exposed", "subgroups")}
    findings = [
        {**one, "by_group": {}, "facts": {name: fact for name, fact in one["facts"].items() if name != "where"}}
        for one in result["findings"]
    ]
    return {**kept, "external": True, "findings": findings, "target": target(result["target"])}


def target(target: Mapping[str, Any]) -> dict[str, Any]:
    """Return a target's dict without the names of its classes."""
    return {**target, "classes": [f"class {number}" for number in range(1, len(target["classes"]) + 1)]}
