"""forecast: a Target and a Goal -> a Forecast: how many records would be enough for attackers to gain so little.

Models of the target's own recipe are trained on parts of its people and attacked there with shadow models of the same
size, as the audit attacks the target. The gains at these sizes give a power law, and the power law the number of
records at which the goal would be reached (Tobaben et al. 2025, arXiv:2402.06674; :mod:`reticent.stats.power_law`).
"""

import math
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy import stats

from reticent import _progress, _seeds
from reticent.attacks.attack import Attack, obstacle
from reticent.attacks.membership.lira import Lira
from reticent.attacks.result import Replicas, versions
from reticent.attacks.shadow import needed
from reticent.attacks.workbench import Workbench
from reticent.errors import ParameterError, RecipeError
from reticent.stats import power_law
from reticent.stats.estimate import Estimate, untestable
from reticent.stats.power_law import PowerLaw
from reticent.stats.roc import nonmembers_needed
from reticent.stats.several import BLOCKS, tpr_over_models
from reticent.target import splits
from reticent.target.goal import Goal
from reticent.target.population import MIN_ROWS
from reticent.target.target import Target
from reticent.views import page, report_forecast

SIZES = (0.25, 0.5, 1.0)

_TIMES = 100  # nobody will collect so many times the records that there are
_MOST = 10_000_000  # records per class
_CURVE_POINTS = 60


@dataclass(frozen=True, eq=False, kw_only=True)
class Measured:
    """What attackers reach at one size.

    Attributes
    ----------
    members, per_class
        Rows that each model learned from, and the mean number of them in a class.
    parts, models
        Disjoint parts of the people that were looked at, and models that were attacked, over all parts.
    tpr
        Mean true-positive rate at the goal's false-positive rate.
    """

    members: int
    per_class: float
    parts: int
    models: int
    tpr: Estimate


@dataclass(frozen=True, eq=False, kw_only=True)
class Forecast:
    """How many records would be enough.

    Attributes
    ----------
    state
        One of "cannot be tested", "not distinguishable" (attackers gain nothing that could be told from zero),
        "already met", "impracticable", "forecast".
    reason
        Why it cannot be tested; empty otherwise.
    now
        What attackers reach on models of the target's own size.
    per_class
        Records per class at which the goal would be reached, as a mean over models.
    sizes
        What was measured, the smallest first.
    law
        The power law behind it, and ``slope``, the slope that the measurements have without the prior.
    left_out
        Sizes that could not be measured, and why.
    """

    target: Target
    goal: Goal
    state: str
    reason: str = ""
    now: Estimate
    per_class: Estimate
    sizes: tuple[Measured, ...] = ()
    law: PowerLaw | None = None
    slope: Estimate | None = None
    left_out: tuple[str, ...] = ()
    attack: str = ""
    seed: int = 0
    seconds: float = 0.0

    @property
    def records(self) -> Estimate:
        """Records in all: those per class, times the number of classes."""
        one, classes = self.per_class, len(self.target.model.classes)
        return replace(one, value=one.value * classes, low=one.low * classes, high=one.high * classes)

    def to_dict(self) -> dict[str, Any]:
        """Return plain values for JSON; nothing in it speaks of single rows."""
        people, classes = self.target.population, len(self.target.model.classes)
        members = int(people.is_member.sum())
        result = {
            "schema": "reticent/forecast/1",
            "target": self.target.to_dict(),
            "goal": self.goal.to_dict(),
            "goal_sentence": str(self.goal),
            "state": self.state,
            "reason": self.reason,
            "have": {"members": members, "classes": classes, "per_class": members / classes},
            "limit": _limit(members / classes),
            "now": self.now.to_dict(),
            "needed": {"per_class": self.per_class.to_dict(), "records": self.records.to_dict()},
            "sizes": [{**one.__dict__, "tpr": one.tpr.to_dict()} for one in self.sizes],
            "slope": None if self.law is None else self.law.slope().to_dict(),
            "slope_without_prior": None if self.slope is None else self.slope.to_dict(),
            "prior": {"mean": power_law.THEORY, "sd": power_law.PRIOR_SD},
            "misfit": None if self.law is None else self.law.misfit,
            "curve": list(self._curve()),
            "left_out": list(self.left_out),
            "attack": self.attack,
            "seed": self.seed,
            "versions": versions(),
            "timings": {"forecast": self.seconds},
        }
        return {**result, "sentence": report_forecast.sentence(result)}

    def _curve(self) -> Iterator[dict[str, float]]:
        """Yield the fitted rate with its limits from the smallest size to beyond the one that is needed."""
        if self.law is None:
            return
        first, have = self.sizes[0].per_class, self.sizes[-1].per_class
        far = [one for one in (self.per_class.high, self.per_class.value, 2 * have) if math.isfinite(one)]
        for size in np.geomspace(first / 1.2, max(min(1.5 * far[0], _limit(have)), 2 * have), _CURVE_POINTS):
            gain = self.law.gain(float(size))
            rates = {part: min(getattr(gain, part) + self.goal.fpr, 1.0) for part in ("value", "low", "high")}
            yield {"per_class": float(size), **rates}

    def to_html(self, path: str | Path) -> Path:
        """Write the forecast as one self-contained page; return its path."""
        return page.write(path, page.forecast(self.to_dict()))

    def plot(self, ax: Any = None) -> Any:
        """Draw measurements, law and goal on log-log axes with matplotlib; return the axes."""
        return report_forecast.plot(self.to_dict(), ax=ax)

    def __str__(self) -> str:
        return report_forecast.words(self.to_dict())


def forecast(
    target: Target,
    goal: Goal | str,
    *,
    sizes: Sequence[float] = SIZES,
    attack: Attack | None = None,
    seed: int = 0,
    n_jobs: int | None = None,
    bench: Workbench | None = None,
) -> Forecast:
    """Forecast how many records would be enough to reach a goal.

    It speaks of models that are trained in this way on people like these, as a mean over such models.

    Parameters
    ----------
    goal
        The rate to be reached, such as ``"tpr<=0.03@fpr=0.01"`` or ``Goal(tpr=0.03)``; accuracy is no part of it.
    sizes
        Shares of the members, two or more, the largest 1: models are trained on so many. A share of 1/4 makes four
        parts of the people, so each size costs about as much as one audit.
    attack
        One that attacks many models of a recipe; None for LiRA as the audit runs it. Few shadow models miss small gains
        sooner than large ones and make the fall look steeper than it is to a stronger attacker: for a forecast far
        ahead take more, such as ``Lira(shadows=128)``.
    seed
        Same seed, same numbers, whatever the number of workers.
    n_jobs
        Worker processes; None for all cores or for what ``joblib.parallel_config`` says.
    bench
        Shared work: after an audit on the same bench, what it has trained is not trained again.

    Raises
    ------
    ParameterError
        If the goal names more than a rate, or the sizes are no such shares.
    """
    goal = Goal.parse(goal) if isinstance(goal, str) else goal
    if goal.accuracy_drop is not None or goal.epsilon is not None:
        raise ParameterError(
            "expected a goal without accuracy_drop or epsilon: a forecast speaks of what attackers reach alone"
        )
    shares = _shares(sizes)
    began, bench = time.perf_counter(), bench or Workbench(n_jobs=n_jobs)
    attack = attack or Lira()
    parts, left_out = _attacked(target, goal, shares, attack=attack, seed=seed, bench=bench)
    if not parts or max(parts) < 1:
        reason = left_out[-1]
        nothing = untestable(reason, level=0.95, n=0)
        found = Forecast(
            target=target,
            goal=goal,
            state="cannot be tested",
            reason=reason,
            now=nothing,
            per_class=replace(nothing, high=math.inf),
        )
    else:
        found = _judged(target, goal, parts)
    seconds = round(time.perf_counter() - began, 3)
    return replace(found, left_out=tuple(left_out), attack=attack.name, seed=seed, seconds=seconds)


def _shares(sizes: Sequence[float]) -> list[float]:
    shares = sorted({float(size) for size in sizes})
    if len(shares) < 2 or shares[0] <= 0 or shares[-1] != 1:
        raise ParameterError(f"expected two or more sizes between 0 and 1, the largest 1; got {list(sizes)}")
    return shares


def _attacked(
    target: Target, goal: Goal, shares: Sequence[float], *, attack: Attack, seed: int, bench: Workbench
) -> tuple[dict[float, list[Replicas]], list[str]]:
    """Return the attacked models of each part of each size, and why sizes were left out, the largest size last."""
    if (reason := obstacle(attack, target)) is not None:
        return {}, [f"the attack {attack.name!r} {reason}"]
    people = target.population
    work = [(share, part) for share in shares for part in _parts(target, share, seed)]
    found: dict[float, list[Replicas]] = {}
    left_out: dict[float, str] = {}
    for share, rows in _progress.track(work, total=len(work), title="sizes"):
        if share in left_out:
            continue
        member = people.is_member[rows]
        few = int((~member).sum())
        if few < (wanted := max(nonmembers_needed(goal.fpr), MIN_ROWS)) or member.sum() < MIN_ROWS:
            left_out[share] = (
                f"with {100 * share:g} % of the members a rate of {100 * goal.fpr:g} % cannot be tested: "
                f"{few:,} non-members are left, it needs {wanted:,}"
            )
            continue
        try:
            smaller = target if len(rows) == len(people) else _smaller(target, rows, seed)
            finding = _strong_enough(attack, smaller).run(smaller, seed, bench)
        except RecipeError as error:
            left_out[share] = f"with {100 * share:g} % of the members no models can be trained: {error}"
            continue
        if finding.replicas is None:
            raise ParameterError(f"expected an attack on many models of a recipe, {attack.name!r} looks at one alone")
        found.setdefault(share, []).append(finding.replicas)
    return {share: parts for share, parts in found.items() if share not in left_out}, list(left_out.values())


def _parts(target: Target, share: float, seed: int) -> Iterator[npt.NDArray[np.intp]]:
    """Yield the rows of disjoint parts of the people, each with this share of members and of the others."""
    if share == 1:
        yield np.arange(len(target.population))
        return
    people = target.population
    place = splits.places(people.unit, people.is_member, _seeds.generator(seed, "forecast", str(share)))
    for part in range(int(1 / share + 1e-9)):
        yield np.flatnonzero((part * share <= place) & (place < (part + 1) * share))


def _smaller(target: Target, rows: npt.NDArray[np.intp], seed: int) -> Target:
    """Return a target of the same recipe that learned from the members among these rows."""
    people = target.population
    model = target.train(rows[people.is_member[rows]], _seeds.integer(seed, "forecast", int(rows[0]), len(rows)))
    some = {name: getattr(people, name)[rows] for name in ("is_member", "unit", "sealed", "row")}
    return replace(target, model=model, population=replace(people, table=people.table.take(rows), **some))


def _strong_enough(attack: Attack, target: Target) -> Attack:
    """Return the attack with as many shadow models as uneven sides take."""
    return replace(attack, shadows=max(attack.shadows, needed(target))) if isinstance(attack, Lira) else attack


def _judged(target: Target, goal: Goal, parts: dict[float, list[Replicas]]) -> Forecast:
    """Return the forecast from the attacked models of each size."""
    classes, members = len(target.model.classes), int(target.population.is_member.sum())
    sized = [[(one.scores, one.membership, one.unit) for one in parts[share]] for share in sorted(parts)]
    gain, noise = power_law.gains(sized, fpr=goal.fpr)
    rows = [int(np.median(np.concatenate([m.sum(axis=1) for _, m, _ in part]))) for part in sized]
    measured = tuple(
        Measured(
            members=rows[k],
            per_class=rows[k] / classes,
            parts=len(part),
            models=sum(len(scores) for scores, _, _ in part),
            tpr=_rate(float(gain[k]) + goal.fpr, float(noise[k, k])),
        )
        for k, part in enumerate(sized)
    )
    size = [one.per_class for one in measured]
    own = sized[-1][0]
    now = tpr_over_models(*own, fpr=goal.fpr)
    nothing = untestable("no size can be told", level=0.95, n=len(size), high=math.inf)
    found = Forecast(target=target, goal=goal, state="", now=now, per_class=nothing, sizes=measured)
    if power_law.distinguishable(size, gain, noise):
        law = power_law.fit(size, gain, noise)
        slope = power_law.fit(size, gain, noise, prior_sd=None).slope() if len(size) > 1 else None
        found = replace(found, law=law, slope=slope, per_class=law.size_for(goal.rate - goal.fpr))
    return replace(found, state=_state(found, members / classes))


def _state(found: Forecast, have: float) -> str:
    if found.now.high <= found.goal.rate:
        return "already met"
    if found.law is None:
        return "not distinguishable"
    return "impracticable" if found.per_class.value > _limit(have) else "forecast"


def _limit(have: float) -> float:
    return min(_TIMES * have, _MOST)


def _rate(value: float, variance: float) -> Estimate:
    half = float(stats.t.ppf(0.975, BLOCKS - 1)) * math.sqrt(variance)
    low, high = max(value - half, 0.0), min(value + half, 1.0)
    return Estimate(value=value, low=low, high=high, level=0.95, method="mean of models, jackknife", n=BLOCKS)
