"""protect: a Target and a Goal -> a Frontier: every candidate with what it reveals and what it costs.

Each candidate is audited by shadow models that were trained *with* it. What is chosen is chosen on the open half of
the rows; what is reported, for every candidate, is read on the sealed half, which chose nothing.
"""

import math
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from reticent import _progress
from reticent.attacks.attack import Attack
from reticent.attacks.canaries import Canaries
from reticent.attacks.choice import COSTLY, telling
from reticent.attacks.result import FPRS, versions
from reticent.attacks.workbench import Workbench
from reticent.audit import Audit, audit
from reticent.defenses.data.anonymize.anonymizer import anonymizations
from reticent.defenses.data.minimize.candidates import minimizations
from reticent.defenses.defense import Defense, Family
from reticent.defenses.output.coarsen import coarsenings
from reticent.defenses.training.dp.candidates import chosen_by_rule, private, why_not
from reticent.defenses.training.regularize import regularizations
from reticent.errors import ParameterError
from reticent.mechanisms.promise import A_HAIR, charged, settled, with_own
from reticent.stats.estimate import Estimate
from reticent.stats.rates import paired_difference, rate
from reticent.target.goal import Goal
from reticent.target.population import Half
from reticent.target.target import Target, privacy_of
from reticent.views import draw, frontier_in_words, page, text
from reticent.views import external as views_external

FAMILIES: dict[str, Family] = {
    "regularize": regularizations,
    "coarsen": coarsenings,
    "k-anonymize": anonymizations,
    "minimize": minimizations,
    "dp": private,
}


@dataclass(frozen=True, eq=False, kw_only=True)
class Point:
    """One candidate: the protected target, its adaptive audit, its utility.

    Attributes
    ----------
    audit, utility, utility_change
        Read on the sealed half: the accuracy on non-members, and how far it is from the unprotected model's on the same
        rows.
    selection, selection_utility
        The same on the open half: what the choice was made by.
    """

    defense: Defense | None
    target: Target
    audit: Audit
    selection: Audit
    utility: Estimate
    utility_change: Estimate
    selection_utility: Estimate
    selection_change: Estimate
    losses: npt.NDArray[np.float64] = field(repr=False)

    @property
    def brier(self) -> float:
        """Mean squared error of the probabilities on the open half's non-members, 0 to 2: what coarser scores cost."""
        return float(self.losses.mean())

    @property
    def title(self) -> str:
        """What pictures and tables call it."""
        return "as it is" if self.defense is None else self.defense.title

    @property
    def model(self) -> Any:
        """The protected model: a drop-in object of the same framework, to save, load and call."""
        return self.target.model.native

    @property
    def privacy(self) -> Mapping[str, Any] | None:
        """What differential privacy claims of this model, or None."""
        return privacy_of(self.target.defenses)

    def charged(self, delta: float) -> float:
        """Return the epsilon of all that was spent on these people, this model's training with it."""
        if self.privacy is None:
            return math.inf
        return charged(with_own(self.target.releases, self.privacy["event"]), delta)

    def private(self, goal: Goal) -> bool:
        """Whether what was charged meets the goal's epsilon, where it names one."""
        return goal.epsilon is None or goal.delta is None or self.charged(goal.delta) <= goal.epsilon * A_HAIR

    def meets(self, goal: Goal, half: Half = Half.OPEN) -> bool:
        """Whether the upper confidence limits meet the goal on one half; what was not tested meets nothing.

        An epsilon is met by what was charged; on the sealed half no audit may speak against it.
        """
        found, change = (
            (self.selection, self.selection_change) if half is Half.OPEN else (self.audit, self.utility_change)
        )
        if not self.private(goal) or (goal.epsilon is not None and half is Half.SEALED and found.refuted):
            return False
        cheap = goal.accuracy_drop is None or change.low >= -goal.accuracy_drop
        return cheap and (goal.tpr is None or found.meets(goal.tpr, goal.fpr))


@dataclass(frozen=True, eq=False, kw_only=True)
class Frontier:
    """All candidates, and the one that was chosen.

    ``best`` is the candidate of the highest accuracy among those whose upper confidence limit meets the goal on the
    open half (of equally accurate ones the least exposed), or None where none does; ``confirmed`` says whether the
    sealed half agrees. Where the goal names an epsilon, ``best`` is the private candidate of the largest epsilon that
    the goal allows, or None: :mod:`reticent.defenses.training.dp.candidates` says why no other may take its place.
    """

    goal: Goal
    points: tuple[Point, ...]
    best: Point | None
    not_tried: tuple[str, ...]
    seed: int
    seconds: dict[str, float] = field(default_factory=dict)

    @property
    def confirmed(self) -> bool:
        """Whether the chosen point meets the goal on the rows that did not choose it."""
        return self.best is not None and self.best.meets(self.goal, Half.SEALED)

    @property
    def before(self) -> Point:
        """The target as it was handed in."""
        return self.points[0]

    @property
    def sentence(self) -> str:
        """What came of it, in a sentence that claims no more than was measured."""
        return frontier_in_words.sentence(
            self.goal.to_dict(),
            str(self.goal),
            [self._point(point) for point in self.points],
            None if self.best is None else self._point(self.best),
            confirmed=self.confirmed,
        )

    def to_dict(self, *, external: bool = False) -> dict[str, Any]:
        """Return plain values for JSON."""
        return {
            "schema": "reticent/frontier/1",
            "external": external,
            "target": views_external.target(self.before.target.to_dict()) if external else self.before.target.to_dict(),
            "goal": self.goal.to_dict(),
            "goal_sentence": str(self.goal),
            "points": [{"index": index, **self._point(point)} for index, point in enumerate(self.points)],
            "chosen": None if self.best is None else self.points.index(self.best),
            "confirmed": self.confirmed,
            "sentence": self.sentence,
            "not_tried": list(self.not_tried),
            "seed": self.seed,
            "versions": versions(),
            "timings": self.seconds,
        }

    def _point(self, point: Point) -> dict[str, Any]:
        said = point.target.defenses[-1] if point.defense is not None else {}
        return {
            "name": "as it is" if point.defense is None else point.defense.name,
            "title": point.title,
            "moment": said.get("moment", "none"),
            "parameters": said.get("parameters", {}),
            "claim": said.get("claim"),
            "privacy": self._privacy(point),
            "access": point.target.access.words,
            "state": point.audit.state,
            "exposure": point.audit.exposure(self.goal.fpr).to_dict(),
            "exposure_of_this_model": point.audit.tpr_at(self.goal.fpr).to_dict(),
            "auc": point.audit.auc().to_dict(),
            "utility": point.utility.to_dict(),
            "utility_change": point.utility_change.to_dict(),
            "brier": point.brier,
            "adaptive": point.selection.adaptive,
            "over_models": point.audit.over_models(self.goal.fpr),
            "selection": {
                "exposure": point.selection.exposure(self.goal.fpr).to_dict(),
                "utility": point.selection_utility.to_dict(),
            },
            "meets_on_open_half": point.meets(self.goal),
            "chosen": point is self.best,
            "not_tested": point.audit.not_tested,
        }

    def _privacy(self, point: Point) -> dict[str, Any] | None:
        if (claim := point.privacy) is None:
            return None
        delta = claim["delta"] if self.goal.delta is None else self.goal.delta
        spent = {"alone": charged([claim["event"]], delta), "charged": point.charged(delta)}
        return {
            "delta": delta,
            **{name: epsilon if math.isfinite(epsilon) else None for name, epsilon in spent.items()},
            "by_rule": bool(claim.get("by_rule")),
            "bounds": point.audit.epsilon_bounds,
            "refuted": point.audit.refuted,
        }

    def to_html(self, path: str | Path, *, external: bool = False) -> Path:
        """Write the frontier as one self-contained page; return its path."""
        return page.write(path, page.frontier(self.to_dict(external=external)))

    def plot(self, ax: Any = None) -> Any:
        """Draw exposure against accuracy with matplotlib; return the axes."""
        return draw.frontier(self.to_dict(), ax=ax)

    def __str__(self) -> str:
        return text.frontier(self.to_dict())

    def _repr_html_(self) -> str:
        return page.fragment(self.to_dict())


def protect(
    target: Target,
    goal: Goal,
    *,
    defenses: Sequence[str | Defense] | None = None,
    before: Audit | None = None,
    attacks: str | Sequence[str | Attack] | None = None,
    seed: int = 0,
    n_jobs: int | None = None,
    bench: Workbench | None = None,
) -> Frontier:
    """Try every defense that suits the target, audit each adaptively, and choose by the goal.

    Parameters
    ----------
    defenses
        Names of families from ``FAMILIES`` or defenses of your own; None for all that may reach the goal: "dp" alone
        where it names an epsilon, all others where it does not.
    before
        An audit of the same target with the same seed, whose shadow models are then used again.
    attacks
        As in :func:`reticent.audit`; None for all that tell more about a candidate, without the planted canaries.
    """
    bench = bench or (before.bench if before is not None else Workbench(n_jobs=n_jobs))
    candidates, not_tried = _candidates(target, defenses, goal)
    claims = sum(defense.name == "dp" for defense in candidates)
    ruled = chosen_by_rule(candidates, goal, target)
    if _private_already(target, goal):  # nothing has to be done
        target, ruled = settled(target, by_rule=True, audits=claims + 1), None
    bench.rounds = max(bench.rounds, _rounds(candidates))
    began = time.perf_counter()
    seconds: dict[str, float] = {}
    points: list[Point] = []
    fprs = tuple(dict.fromkeys((*FPRS, goal.fpr)))
    work: list[Defense | None] = [None, *candidates]
    for defense in _progress.track(work, total=len(work), title="candidates"):
        started = time.perf_counter()
        protected = target
        if defense is not None:
            protected = settled(defense.apply(target, seed), by_rule=defense is ruled, audits=claims)
        found = _audited(protected, goal, attacks, seed=seed, fprs=fprs, bench=bench)
        points.append(_measure(defense, protected, found, points[0].target if points else protected))
        seconds[points[-1].title] = round(time.perf_counter() - started, 3)
    seconds["all"] = round(time.perf_counter() - began, 3)
    best = _choose(points, goal)
    return Frontier(goal=goal, points=tuple(points), best=best, not_tried=tuple(not_tried), seed=seed, seconds=seconds)


def _private_already(target: Target, goal: Goal) -> bool:
    if goal.epsilon is None or goal.delta is None or privacy_of(target.defenses) is None:
        return False
    return charged(target.releases, goal.delta) <= goal.epsilon * A_HAIR


def _audited(protected: Target, goal: Goal, attacks: str | Sequence[str | Attack] | None, **settings: Any) -> Audit:
    """Audit a candidate; costly attackers come only where the others leave the goal within reach."""
    if attacks is not None:
        return audit(protected, attacks, shadow_mismatch="withhold", **settings)
    every = [name for name in telling(protected) if name != Canaries.name]
    first = audit(protected, [name for name in every if name not in COSTLY], shadow_mismatch="withhold", **settings)
    if COSTLY.isdisjoint(every) or (goal.tpr is not None and not first.on(Half.OPEN).meets(goal.tpr, goal.fpr)):
        return first
    return audit(protected, every, shadow_mismatch="withhold", **settings)


def rounds(target: Target, goal: Goal, defenses: Sequence[str | Defense] | None = None) -> int:
    """Return how many sets of shadow models it takes: one for the target, one for each candidate trained anew."""
    return _rounds(_candidates(target, defenses, goal)[0])


def _rounds(candidates: Sequence[Defense]) -> int:
    return 1 + sum(defense.moment != "output" for defense in candidates)


def _candidates(
    target: Target, defenses: Sequence[str | Defense] | None, goal: Goal
) -> tuple[list[Defense], list[str]]:
    found: list[Defense] = []
    not_tried: list[str] = []
    wanted, unsuited = (defenses, []) if defenses is not None else _suited(goal)
    for one in wanted:
        if not isinstance(one, str):
            if (reason := one.obstacle(target)) is not None:
                not_tried.append(f"{one.title}: {reason}")
            else:
                found.append(one)
            continue
        if one not in FAMILIES:
            raise ParameterError(f"expected a defense among {', '.join(FAMILIES)}; got {one!r}")
        offered = private(target, goal) if one == "dp" else FAMILIES[one](target)
        found.extend(offered)
        if not offered:
            not_tried.append(f"{one}: {_why_none(one, target)}")
    return found, [*not_tried, *unsuited]


def _suited(goal: Goal) -> tuple[Sequence[str | Defense], list[str]]:
    """Return the families that may reach a goal, and why the others do not."""
    if goal.epsilon is not None:
        return ["dp"], [f"{name}: it proves no epsilon" for name in FAMILIES if name != "dp"]
    reason = "the goal names no epsilon, which has to settle the choice before anything is measured"
    return [name for name in FAMILIES if name != "dp"], [f"dp: {reason}"]


def _why_none(family: str, target: Target) -> str:
    if family == "dp":
        return why_not(target)
    if target.recipe is None and family not in ("coarsen", "minimize"):
        return "the model must be trained again, and no recipe says how"
    return {
        "regularize": "its recipe has no capacity parameter that is known here",
        "coarsen": "who is given labels alone or holds the parameters is not stopped by coarser scores",
        "k-anonymize": "no column that the model takes is named as a quasi-identifier",
        "minimize": "who holds the parameters is not stopped by it, and few members or pictures leave nothing to show",
    }[family]


def _measure(defense: Defense | None, protected: Target, found: Audit, unprotected: Target) -> Point:
    right = {half: protected.accuracy(half) for half in (Half.OPEN, Half.SEALED)}
    was = {half: unprotected.accuracy(half) for half in (Half.OPEN, Half.SEALED)}
    return Point(
        defense=defense,
        target=protected,
        audit=found.on(Half.SEALED),
        selection=found.on(Half.OPEN),
        utility=rate(right[Half.SEALED]),
        utility_change=paired_difference(right[Half.SEALED], was[Half.SEALED]),
        selection_utility=rate(right[Half.OPEN]),
        selection_change=paired_difference(right[Half.OPEN], was[Half.OPEN]),
        losses=_brier_losses(protected),
    )


def _brier_losses(target: Target) -> npt.NDArray[np.float64]:
    rows: npt.NDArray[np.bool_] = ~target.population.is_member & ~target.population.sealed
    truth = np.eye(len(target.model.classes))[target.truth[rows]]
    losses: npt.NDArray[np.float64] = ((target.scores[rows] - truth) ** 2).sum(axis=1)
    return losses


def _choose(points: Sequence[Point], goal: Goal) -> Point | None:
    """Return the most accurate point that meets the goal on the open half; of equals the least exposed.

    Where the goal names an epsilon, the point was settled before anything was measured, and not even whether there is
    one may hang on what was: the rest of the goal is reported.

    Equal are points whose accuracy and Brier score these rows cannot tell from the leader's: to take the one that
    happens to lie ahead would be to choose by noise, and its exposure would be the price.
    """
    if goal.epsilon is not None:
        return next((one for one in points if (one.privacy or {}).get("by_rule") and one.private(goal)), None)
    meeting = [point for point in points if point.meets(goal)]
    if not meeting:
        return None
    leader = max(meeting, key=lambda point: (point.selection_utility.value, -point.brier))
    equals = [point for point in meeting if _as_useful(point, leader)]
    return min(equals, key=lambda point: point.selection.exposure(goal.fpr).high)


def _as_useful(point: Point, leader: Point) -> bool:
    right, best = point.target.accuracy(Half.OPEN), leader.target.accuracy(Half.OPEN)
    blurred = paired_difference(point.losses, leader.losses)
    return point is leader or (paired_difference(right, best).high >= 0 and blurred.low <= 0)
