"""What differential privacy claims of a model, in plain values: the dict that a report shows and a case checks.

>>> from reticent.accounting.adjacency import ADD_REMOVE_ROW
>>> from reticent.accounting.events import Event, Gaussian
>>> trained = Event("training", (Gaussian(28.9, count=60),), adjacency=ADD_REMOVE_ROW)
>>> claim = promise(trained, 1e-5)
>>> print(claim["statement"])
epsilon 1 at delta 1e-05 for each row (neighbors: add or remove one row), by Gaussian DP
>>> print(round(charged([trained.to_dict(), trained.to_dict()], 1e-5), 3))
1.465
"""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from reticent.accounting.accountants import accountant_for
from reticent.accounting.events import Event, compose
from reticent.target.target import DIFFERENTIAL_PRIVACY, Target, privacy_of

A_HAIR = 1 + 1e-9  # by which a counted epsilon may exceed the one that was asked for: it is rounded up


def promise(
    event: Event, delta: float, spending: Iterable[Mapping[str, Any]] = (), *, trained_here: bool = False
) -> dict[str, Any]:
    """Return what a training claims that did what ``event`` says.

    Parameters
    ----------
    spending
        What the budget went to, and what was known for nothing: rows with ``what`` and ``share``.
    trained_here
        Whether the training was run by whoever claims it; a model that was handed in only says so itself.
    """
    accountant = accountant_for(event)
    epsilon = accountant.epsilon(event, delta)
    return {
        "kind": DIFFERENTIAL_PRIVACY,
        "epsilon": epsilon if math.isfinite(epsilon) else None,
        "delta": delta,
        "adjacency": event.adjacency.to_dict(),
        "accountant": accountant.name,
        "event": event.to_dict(),
        "spending": [dict(row) for row in spending],
        "no_guarantee": event.unbounded,
        "trained_here": trained_here,
        "statement": (
            f"no differential privacy: {event.unbounded}"
            if event.unbounded is not None
            else f"epsilon {_up(epsilon)} at delta {delta:g} for each {event.adjacency.unit.value} "
            f"(neighbors: {event.adjacency}), by {accountant.name}"
        ),
    }


def charged(releases: Sequence[Mapping[str, Any]], delta: float) -> float:
    """Return the epsilon of all events of a ledger together; infinite where one of them has none.

    Raises
    ------
    ParameterError
        If their neighbors differ, which no arithmetic adds up.
    """
    if not releases:
        return 0.0
    together = compose(Event.from_dict(event) for event in releases)
    return accountant_for(together).epsilon(together, delta)


def spent_by(fitted: Any) -> tuple[dict[str, Any], ...]:
    """Return the events that a fitted estimator adds to a ledger: its own, and those of a budget that it was handed."""
    budget, own = getattr(fitted, "budget_", None), fitted.event_.to_dict()
    entries = [] if budget is None else [one.event.to_dict() for one in budget.entries if one.public_because is None]
    return with_own(entries, own)


def with_own(releases: Iterable[Mapping[str, Any]], own: Mapping[str, Any]) -> tuple[dict[str, Any], ...]:
    """Return a ledger that holds a training's own event, whatever it said before."""
    listed = tuple(dict(one) for one in releases)
    return listed if dict(own) in listed else (*listed, dict(own))


def settled(target: Target, *, by_rule: bool, audits: int) -> Target:
    """Return a target whose claim says how it came to be chosen, and among how many claims that were audited.

    A target that claims nothing is returned as it is.
    """
    claim = privacy_of(target.defenses)
    if claim is None:
        return target
    # What audits once chose stays chosen by audits, whatever a later goal says.
    noted = {**claim, "by_rule": by_rule and claim.get("by_rule") is not False, "audits": audits}
    return replace(
        target, defenses=tuple({**one, "claim": noted} if one["claim"] is claim else one for one in target.defenses)
    )


def _up(epsilon: float) -> str:
    """Return an epsilon with three digits, never below it but for a hair.

    >>> _up(1.0000000001), _up(0.99999), _up(1.0012)
    ('1', '1', '1.01')
    """
    digits = 2 - math.floor(math.log10(epsilon)) if epsilon > 0 else 0
    return f"{math.ceil(epsilon * 10.0**digits - 1e-6) / 10.0**digits:g}"
