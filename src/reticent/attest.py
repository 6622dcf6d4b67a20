"""attest: audits and declared facts -> a Case: every claim with its state, its statement and its evidence."""

import datetime
import hashlib
import json
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import Any

from reticent.attacks.result import versions
from reticent.audit import Audit
from reticent.claims.answer import Answer, Evidence
from reticent.claims.checkers import CHECKERS, DECLARABLE
from reticent.errors import ParameterError
from reticent.target.goal import Goal
from reticent.views import external as views_external
from reticent.views import page, text

Dict = Mapping[str, Any]


@dataclass(frozen=True, kw_only=True)
class Claim:
    """One duty and how it is answered; states are never added up."""

    id: str
    title: str
    duty: str
    kind: str
    answer: Answer

    def to_dict(self) -> dict[str, Any]:
        """Return plain values."""
        return {
            "id": self.id,
            "requirement": self.id,
            "title": self.title,
            "duty": self.duty,
            "kind": self.kind,
            "state": self.answer.state,
            "statement": self.answer.statement,
            "evidence": self.answer.evidence,
        }


@dataclass(frozen=True, kw_only=True)
class Case:
    """The set of claims with the audits that they rest on. Unsigned for now.

    Attributes
    ----------
    claims
        In the catalogue's order.
    before, after
        Dicts of the audits; ``after`` is None where nothing was changed.
    goal
        Dict of the goal, or None.
    """

    claims: tuple[Claim, ...]
    before: Dict
    after: Dict | None
    goal: Dict | None

    @property
    def released(self) -> Dict:
        """The dict of the audit of the model that is to be released."""
        return self.before if self.after is None else self.after

    @property
    def not_tested(self) -> list[str]:
        """What no attack looked at: to be read before any verdict."""
        return [str(reason) for reason in self.released["not_tested"].values()]

    @property
    def sentence(self) -> str:
        """The verdict before and after, claiming no more than was measured."""
        void = self["E11"].answer.state == "failed" and not text.refuted(self.released.get("epsilon_bounds"))
        return f"The claim of differential privacy does not hold (E11). {self._verdicts}" if void else self._verdicts

    @property
    def _verdicts(self) -> str:
        if self.after is None:
            return str(self.before["verdict"])
        done = ", then ".join(one["title"] for one in self.after["target"]["defenses"]) or "no defense"
        rows = "" if self.after["half"] == "all" else f" (read on the {self.after['half']} half, which chose nothing)"
        return f"Before: {self.before['verdict']} After ({done}): {self.after['verdict']}{rows}"

    def __getitem__(self, claim: str) -> Claim:
        for one in self.claims:
            if one.id == claim:
                return one
        raise KeyError(claim)

    def to_dict(self, *, external: bool = False) -> dict[str, Any]:
        """Return plain values for JSON; with ``external`` nothing is said about single people or small groups."""
        audits = {"before": self.before, "after": self.after}
        shown = {
            name: audit if audit is None or not external else views_external.audit(audit)
            for name, audit in audits.items()
        }
        return {
            "schema": "reticent/case/1",
            "external": external,
            "target": (shown["after"] or shown["before"] or {})["target"],
            "sentence": self.sentence,
            "not_tested": self.not_tested,
            "claims": [claim.to_dict() for claim in self.claims],
            "goal": self.goal,
            **shown,
            "digests": {name: digest(audit) for name, audit in shown.items() if audit is not None},
            "signed": False,
            "seed": self.released["seed"],
            "versions": versions(),
        }

    def to_html(self, path: str | Path, *, external: bool = False) -> Path:
        """Write the case as one self-contained page; return its path."""
        return page.write(path, page.case(self.to_dict(external=external)))

    def __str__(self) -> str:
        return text.case(self.to_dict())

    def _repr_html_(self) -> str:
        return page.fragment(self.to_dict())


def attest(
    before: Audit | Dict,
    after: Audit | Dict | None = None,
    *,
    goal: Goal | None = None,
    declared: Mapping[str, str] | None = None,
    by: str = "",
    on: datetime.date | None = None,
) -> Case:
    """Answer every claim of the catalogue from audits (or from their saved dicts) and from what a person declares.

    Parameters
    ----------
    before, after
        Audits of the model as it was and as it is to be released.
    goal
        What the release has to meet; without one, claims are judged against a guess.
    declared
        Claim id -> statement, for what only a person can say (``C7``) or decide (``E7``: the accuracy needed, as a
        number such as 0.65).
    by, on
        Who declares, and when; a declaration without a name is refused.

    Raises
    ------
    ParameterError
        For a claim that the catalogue does not have, or a declaration that nobody signs.
    """
    said = dict(declared or {})
    if said and not by:
        raise ParameterError("expected by=, the name of who declares: a declaration that nobody makes is none")
    for claim in said:
        if claim not in DECLARABLE:
            raise ParameterError(
                f"expected a claim that a person can declare, {' or '.join(DECLARABLE)}; got {claim!r}. The others are "
                f"measured or proven"
            )
    when = (on or datetime.date.today()).isoformat()
    first, last = _dict(before), None if after is None else _dict(after)
    evidence = Evidence(
        audit=first if last is None else last,
        before=first,
        goal=None if goal is None else goal.to_dict(),
        declared={claim: {"statement": words, "who": by, "when": when} for claim, words in said.items()},
    )
    claims = tuple(
        Claim(
            id=row["id"], title=row["title"], duty=row["duty"], kind=row["kind"], answer=CHECKERS[row["id"]](evidence)
        )
        for row in catalogue()
    )
    return Case(claims=claims, before=first, after=last, goal=evidence.goal)


def catalogue() -> list[dict[str, str]]:
    """Return the rows of the claims catalogue."""
    read = resources.files("reticent.claims").joinpath("catalogue.toml").read_text(encoding="utf-8")
    rows: list[dict[str, str]] = tomllib.loads(read)["claim"]
    return rows


def digest(result: Dict) -> str:
    """Return the SHA-256 of a result's dict, its timings left out: the same numbers have the same digest."""
    kept = {name: value for name, value in result.items() if name != "timings"}
    return hashlib.sha256(json.dumps(kept, sort_keys=True, allow_nan=False).encode()).hexdigest()


def _dict(audit: Audit | Dict) -> Dict:
    found = audit.to_dict() if isinstance(audit, Audit) else audit
    if found.get("schema") != "reticent/audit/1":
        raise ParameterError(f"expected an audit of schema reticent/audit/1, got {found.get('schema')!r}")
    return found
