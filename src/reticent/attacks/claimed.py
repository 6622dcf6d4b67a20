"""What attacks say of an epsilon that is claimed: lower bounds beside it, for all attacks and all claims together.

Differential privacy bounds what the presence of *one* unit does, a row or a person. So each unit is asked about once,
and a row of which there are copies is left out: with three copies of it in training, three epsilons are allowed, and to
count them as one would refute a claim that holds.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from reticent.attacks.result import Finding, Mask
from reticent.stats import roc
from reticent.target.target import Target

WARNS, FAILS = 0.95, 0.999  # a bound above the claim: look into it, and: it does not hold


def epsilon_bounds(target: Target, findings: Sequence[Finding], claim: Mapping[str, Any]) -> dict[str, Any] | None:
    """Return lower bounds on epsilon in plain values, or None where no attack says anything.

    ``warns`` holds for all findings together at 95 %, ``fails`` for all findings of all audited claims of the run
    together at 99.9 %; ``claim`` says how many those are.
    """
    if not findings:
        return None
    rows, audits = alone(target, claim["adjacency"]["unit"]), int(claim.get("audits", 1))
    together = {"warns": (1 - WARNS) / len(findings), "fails": (1 - FAILS) / (len(findings) * audits)}
    return {
        "delta": claim["delta"],
        "claimed": claim["epsilon"],
        "audits": audits,
        **{
            name: max(_bound(finding, rows, claim["delta"], 1 - error) for finding in findings)
            for name, error in together.items()
        },
    }


def alone(target: Target, unit: str) -> Mask:
    """Return which rows stand for one unit each and for no other, shape (n,): of each person one, without copies."""
    people = target.population
    whose = np.arange(len(people))
    if unit != "row" and target.schema.groups is not None:
        whose = np.unique(people.table.column(target.schema.groups).astype(str), return_inverse=True)[1]
    pairs = np.unique(np.column_stack([people.unit, whose]), axis=0)[:, 0]
    single = np.bincount(pairs, minlength=int(people.unit.max()) + 1) == 1
    first = np.zeros(len(people), bool)
    first[np.unique(people.unit, return_index=True)[1]] = True
    return np.asarray(first & single[people.unit])


def _bound(finding: Finding, rows: Mask, delta: float, level: float) -> float:
    sealed, opened = ((finding.scores[m], finding.scores[o]) for m, o in _sides(finding, rows))
    if min(map(len, (*sealed, *opened))) == 0:
        return 0.0
    return roc.epsilon_lower_bound(*sealed, chosen_on=opened, delta=delta, level=level).low


def _sides(finding: Finding, rows: Mask) -> list[tuple[Mask, Mask]]:
    """Return which rows are members and which are not, of the sealed half and of the open one."""
    halves = (rows & finding.sealed, rows & ~finding.sealed)
    return [(half & finding.is_member, half & ~finding.is_member) for half in halves]
