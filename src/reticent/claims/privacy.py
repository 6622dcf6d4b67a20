"""E11: differential privacy of the released model, counted again from what its training did, beside what attacks show.

An epsilon is proven by arithmetic on events, never by an audit; but an audit can refute it. So the claimed epsilon is
worked out anew from the events in the evidence, and set beside the lower bound that the attacks give.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from reticent.claims.answer import Answer, Evidence
from reticent.mechanisms.promise import A_HAIR, charged, with_own
from reticent.target.target import privacy_of
from reticent.views.frontier_in_words import epsilon as said
from reticent.views.text import refuted, shown_by_attacks

Dict = Mapping[str, Any]

_MOST = 2  # columns that a statement names
_SOURCE = "the events of its training, counted again"


def differential_privacy(evidence: Evidence) -> Answer:
    """E11: the claimed epsilon with all that it covers, and the lower bound of the audit beside it."""
    target, goal = evidence.audit["target"], evidence.goal or {}
    claim = privacy_of(target["defenses"])
    if claim is None:
        asked = f"; the goal asks for epsilon at most {goal['epsilon']:g}" if goal.get("epsilon") is not None else ""
        return Answer("missing", f"the model was not trained with differential privacy{asked}")
    reason = _void(claim, target, goal) or _refuted(evidence.audit)
    statement = f"{claim['statement']}{_choice(claim)}{_before(claim, target)}; {_covered(claim['spending'])}"
    if reason is not None:
        return Answer("failed", f"{reason}. Claimed was {statement}", _SOURCE)
    statement += _beside(evidence.audit.get("epsilon_bounds"))
    if claim.get("by_rule") is False:
        return Answer(
            "missing",
            f"its training alone would be {statement}. But it was chosen by audits, which read the members without "
            f"noise, and no epsilon covers that: name an epsilon in the goal, which settles the choice beforehand",
            _SOURCE,
        )
    if not claim.get("trained_here"):
        return Answer("declared", statement, "the model's own record of its training, which was not seen here")
    return Answer("proven", statement, _SOURCE)


def _void(claim: Dict, target: Dict, goal: Dict) -> str | None:
    """Return why the claim does not hold, or not what the goal asks for, before any attack is looked at."""
    if claim["no_guarantee"] is not None:
        return f"NO EPSILON HOLDS: {claim['no_guarantee']}"
    alone = charged([claim["event"]], claim["delta"])
    if claim["epsilon"] is None or alone > claim["epsilon"] * A_HAIR:
        return f"THE CLAIMED EPSILON IS WRONG: what the training did costs epsilon {said(alone)}"
    if claim["delta"] * target["members"] >= 1:
        return (
            f"delta {claim['delta']:g} is at least one in {target['members']:,} members: to publish one of them as "
            f"they are would keep to it"
        )
    if goal.get("epsilon") is None:
        return None
    total = charged(_ledger(claim, target), goal["delta"])
    if total > goal["epsilon"] * A_HAIR:
        return (
            f"the goal is epsilon at most {goal['epsilon']:g} at delta {goal['delta']:g}, and {said(total)} was spent"
        )
    return None


def _refuted(audit: Dict) -> str | None:
    bounds = audit.get("epsilon_bounds")
    if bounds is None or not refuted(bounds):
        return None
    return (
        f"THE CLAIMED EPSILON IS WRONG: attacks show at least {bounds['fails']:.3g} (99.9 % confidence, for all "
        f"attacks and all {bounds['audits']} audited claims of the run together)"
    )


def _ledger(claim: Dict, target: Dict) -> Sequence[Dict]:
    return with_own(target.get("releases") or [], claim["event"])


def _choice(claim: Dict) -> str:
    settled = claim.get("by_rule") and claim.get("trained_here")  # how a model that was handed in was chosen, who knows
    return "; settled by the goal before anything was measured" if settled else ""


def _before(claim: Dict, target: Dict) -> str:
    if len(ledger := _ledger(claim, target)) == 1:
        return ""
    total = said(charged(ledger, claim["delta"]))
    return f"; with {len(ledger) - 1} earlier releases about these people epsilon {total} in all"


def _covered(spending: Sequence[Dict]) -> str:
    """Return what the budget went to and what was known for nothing; the same of many columns in one."""
    paid: dict[str, list[Dict]] = {}
    free: dict[str, list[Dict]] = {}
    for row in spending:
        (paid if row["share"] > 0 else free).setdefault(str(row["what"]).partition(" of ")[0], []).append(row)
    charges = [
        f"{what} {100 * row['share']:.3g} %"
        for kind, rows in paid.items()
        for what, row in _merged(kind, rows, {"share": sum(row["share"] for row in rows)})
    ]
    known = [what for kind, rows in free.items() for what, _ in _merged(kind, rows, {})]
    words = f"charged: {', '.join(charges)}" if charges else "what was charged is not said"
    return words + (f"; not charged: {' / '.join(known)}" if known else "")


def _merged(kind: str, rows: Sequence[Dict], together: Dict) -> list[tuple[str, Dict]]:
    if len(rows) <= _MOST:
        return [(str(row["what"]), row) for row in rows]
    return [(f"{kind} of {len(rows)} columns", together)]


def _beside(bounds: Dict | None) -> str:
    if bounds is None:
        return "; no attack says how large epsilon is at least"
    shown = shown_by_attacks(bounds)
    if bounds["warns"] > bounds["claimed"]:
        return f". WARNING: {shown}, above what is claimed; chance does that in one audit of twenty. Look into it"
    return f"; {shown}"
