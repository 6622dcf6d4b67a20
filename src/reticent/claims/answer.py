"""What a checker reads, and what it answers.

States: *proven* (counted or calculated exactly), *measured* (with an interval), *declared* (somebody said so, who and
when), *missing* (nobody said or measured it), *failed* (the evidence speaks against it), *stale* (the evidence is older
than what it speaks of).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

Dict = Mapping[str, Any]


@dataclass(frozen=True, kw_only=True)
class Evidence:
    """What the checkers read.

    Attributes
    ----------
    audit
        The dict of the audit of the model to be released.
    before
        The dict of the audit before a defense, or the same one.
    goal
        The dict of the goal, or None.
    declared
        Claim id -> {"statement", "who", "when"}.
    """

    audit: Dict
    before: Dict
    goal: Dict | None
    declared: Mapping[str, Dict]


@dataclass(frozen=True)
class Answer:
    """State, statement and evidence of one claim."""

    state: str
    statement: str
    evidence: str = ""
