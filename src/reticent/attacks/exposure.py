"""Who is most exposed: risk by row and by group of people. For internal eyes: it speaks of single persons."""

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import numpy as np

from reticent.attacks.reasons import reasons
from reticent.attacks.result import Finding
from reticent.stats import roc
from reticent.target.population import Half
from reticent.target.table import numbers
from reticent.target.target import Target

_MOST = 10
_MIN_GROUP = 50
_MAX_KINDS = 8


def most_exposed(target: Target, findings: Sequence[Finding], half: Half) -> list[dict[str, Any]]:
    """Return the members at most risk, worst first: position in the members' table, keyed digest, risk, reason."""
    finding = next((f for f in findings if f.risk is not None), None)
    if finding is None or finding.risk is None:
        return []
    risk = finding.risk
    people = target.population
    rows = np.flatnonzero(people.is_member & people.mask(half))
    worst = rows[np.argsort(-risk.value[rows], kind="stable")[:_MOST]]
    why = reasons(numbers(people.table, target.features), target.truth, worst)
    return [
        {
            "row": int(people.row[i]),
            "digest": digest,
            "risk": {"value": float(risk.value[i]), "low": float(risk.low[i]), "high": float(risk.high[i])},
            "meaning": risk.meaning,
            "reason": (
                f"models without this row give its label {100 * risk.confidence_out[i]:.0f} %, "
                f"models with it {100 * risk.confidence_in[i]:.0f} %" + "".join(f"; {one}" for one in said)
            ),
        }
        for i, digest, said in zip(worst, people.digest(worst), why, strict=True)
    ]


def subgroups(target: Target, findings: Sequence[Finding], half: Half) -> list[dict[str, Any]]:
    """Return the strongest ranking's AUC and TPR in each group of people that is large enough.

    Groups are the values of label, sensitive columns and quasi-identifiers (numbers cut at their quartiles). The level
    of each interval is raised so that all of them hold together (Bonferroni).
    """
    ranked = [finding for finding in findings if finding.against_model]
    if not ranked:
        return []
    finding = max(ranked, key=lambda f: f.auc().value)
    people = target.population
    inside = people.mask(half)
    groups = []
    for column in dict.fromkeys((target.schema.label, *target.schema.sensitive, *target.schema.quasi_identifiers)):
        for kind, rows in _kinds(people.table.column(column)):
            member, other = rows & inside & people.is_member, rows & inside & ~people.is_member
            if min(member.sum(), other.sum()) >= _MIN_GROUP:
                groups.append((column, kind, member, other))
    level = 1 - 0.05 / max(len(groups), 1)
    return [
        {
            "column": column,
            "group": kind,
            "attack": finding.name,
            "members": int(member.sum()),
            "others": int(other.sum()),
            "auc": roc.auc(finding.scores[member], finding.scores[other], level=level).to_dict(),
            "tpr": roc.tpr_at(finding.scores[member], finding.scores[other], fpr=0.01, level=level).to_dict(),
        }
        for column, kind, member, other in groups
    ]


def _kinds(values: Any) -> list[tuple[str, Any]]:
    if values.dtype.kind in "fiu" and len(np.unique(values)) > _MAX_KINDS:
        cuts = np.unique(np.nanquantile(values, [0, 0.25, 0.5, 0.75, 1]))
        found = []
        for i, (low, high) in enumerate(pairwise(cuts)):
            upper = values <= high if i == len(cuts) - 2 else values < high
            found.append((f"{low:g} to {high:g}", (values >= low) & upper))
        return found
    words = values.astype(str)
    names, counts = np.unique(words, return_counts=True)
    return [(str(name), words == name) for name in names[np.argsort(-counts)][:_MAX_KINDS]]
