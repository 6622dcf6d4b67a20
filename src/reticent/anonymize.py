"""anonymize: a Target and a k -> an Anonymization: what k costs in accuracy, and what attackers still reach.

The members' table is anonymized and the target's recipe trained on it. Accuracy against k is measured on repeated
splits of the members, the same for every technique: each trains on the anonymized part and is asked about raw rows that
it never saw. Exposure against k is measured by audits whose shadow models were trained through all of it. Nothing is
chosen by these numbers: the k is the caller's.
"""

import time
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from sklearn.base import clone

from reticent import _progress, _utility, _validate
from reticent.attacks.attack import Attack
from reticent.attacks.choice import COSTLY, telling
from reticent.attacks.membership.released import ReleasedLira
from reticent.attacks.result import FPRS, versions
from reticent.attacks.workbench import Workbench
from reticent.audit import Audit, audit
from reticent.defenses.data.anonymize import Anonymizer
from reticent.defenses.data.anonymize.classify import TECHNIQUES as EVERY
from reticent.defenses.data.released import frame, public, rules
from reticent.defenses.defense import Defense, admit
from reticent.errors import ParameterError
from reticent.risk import Risk, risk
from reticent.stats.estimate import Estimate, untestable
from reticent.stats.resampled import over_splits
from reticent.target.recipe import TableRecipe
from reticent.target.table import Table
from reticent.target.target import Target
from reticent.views import curves, page, page_anonymize, report_anonymize
from reticent.views import external as views_external

KS = (10, 50, 100, 500)
OURS = "guided"
TECHNIQUES = (OURS, "mondrian", "hilbert", "r+tree")

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False, kw_only=True)
class Point:
    """One technique at one k.

    Attributes
    ----------
    accuracy, change
        On rows held out of the members, raw, as a mean over the splits; and how far it is from the model that was
        trained on the same rows as they are.
    table, risk
        The members' table as it came out, and what can be counted on it.
    target
        The protected target.
    audit
        What attackers reach on it, by shadow models trained in the same way; None where that was not measured.
    """

    technique: str
    k: int
    accuracy: Estimate
    change: Estimate
    table: Table
    risk: Risk
    target: Target
    audit: Audit | None = None


@dataclass(frozen=True, eq=False, kw_only=True)
class Anonymization:
    """What came of anonymizing a target's table.

    Attributes
    ----------
    points
        Each technique at each k, ours first.
    original, majority
        Accuracy on the same splits of models trained on the rows as they are, and of the commonest label alone.
    before, risk
        The audit of the target as it was handed in, and what can be counted on its members' table.
    not_measured
        What was left out of the curves, and why.
    """

    target: Target
    k: int
    fpr: float
    points: tuple[Point, ...]
    original: Estimate
    majority: Estimate
    before: Audit
    risk: Risk
    not_measured: tuple[str, ...] = ()
    seed: int = 0
    seconds: dict[str, float] = field(default_factory=dict)

    @property
    def chosen(self) -> Point:
        """Our technique at the k that was asked for."""
        return next(point for point in self.points if (point.technique, point.k) == (OURS, self.k))

    @property
    def after(self) -> Audit:
        """The audit of the model that was trained on the anonymized table."""
        found = self.chosen.audit
        assert found is not None  # anonymize() always measures it there
        return found

    @property
    def protected(self) -> Target:
        """The target with that model, to be audited, protected or anonymized further."""
        return self.chosen.target

    @property
    def model(self) -> Any:
        """That model: a drop-in object of the same framework, to save, load and call."""
        return self.protected.model.native

    @property
    def table(self) -> Any:
        """The anonymized table that it learned from, in the kind of the members' table.

        Identifiers are left out, and so is the column of groups: it would tie together rows of different classes.
        """
        return public(self.chosen.table, self.target.schema)

    def rules(self) -> list[str]:
        """Return the generalizations, one line a class; they show values of the members and belong into the house."""
        members, schema = self.target.population.members, self.target.schema
        before, after = (frame(table, schema) for table in (members, self.chosen.table))
        return rules(before, after, _known(self.target), person=schema.groups)

    @property
    def sentence(self) -> str:
        """What came of it, in a sentence that claims no more than was measured."""
        return report_anonymize.sentence(self.to_dict())

    def to_dict(self, *, external: bool = False) -> dict[str, Any]:
        """Return plain values for JSON; single people and single classes are not in it, but for the classes' names."""
        said = self.target.to_dict()
        result = {
            "schema": "reticent/anonymization/1",
            "external": external,
            "target": views_external.target(said) if external else said,
            "k": self.k,
            "fpr": self.fpr,
            "quasi_identifiers": _known(self.target),
            "defense": self.protected.defenses[-1],
            "original": self.original.to_dict(),
            "majority": self.majority.to_dict(),
            "points": [self._point(point) for point in self.points],
            "table": {"before": self.risk.to_dict(), "after": self.chosen.risk.to_dict()},
            "before": _summary(self.before, self.fpr),
            "after": _summary(self.after, self.fpr),
            "not_tested": {**self.before.not_tested, **self.after.not_tested},
            "not_measured": list(self.not_measured),
            "seed": self.seed,
            "versions": versions(),
            "timings": self.seconds,
        }
        return {**result, "sentence": report_anonymize.sentence(result)}

    def _point(self, point: Point) -> dict[str, Any]:
        return {
            "technique": point.technique,
            "k": point.k,
            "chosen": point is self.chosen,
            "accuracy": point.accuracy.to_dict(),
            "change": point.change.to_dict(),
            "exposure": None if point.audit is None else point.audit.exposure(self.fpr).to_dict(),
            "ncp": point.risk.ncp,
            "classes": point.risk.n_classes,
            "smallest_class": point.risk.k,
            "people_in_classes_of_one_label": point.risk.sensitive[0].one_value / point.risk.sizes.total,
        }

    def to_html(self, path: str | Path, *, external: bool = False) -> Path:
        """Write the report as one self-contained page; return its path."""
        return page.write(path, page_anonymize.anonymization(self.to_dict(external=external)))

    def plot(self, pair: Any = None) -> Any:
        """Draw accuracy and exposure against k with matplotlib on a pair of axes; return them."""
        return curves.plot(self.to_dict(), pair)

    def __str__(self) -> str:
        return report_anonymize.words(self.to_dict())

    def _repr_html_(self) -> str:
        return page_anonymize.fragment(self.to_dict())


def anonymize(
    target: Target,
    k: int = 50,
    *,
    anonymizer: Anonymizer | None = None,
    ks: Sequence[int] = KS,
    techniques: Sequence[str] = TECHNIQUES,
    audited: Sequence[int] | None = None,
    splits: int = 10,
    attacks: str | Sequence[str | Attack] | None = None,
    fpr: float = FPRS[0],
    before: Audit | None = None,
    seed: int = 0,
    n_jobs: int | None = None,
    bench: Workbench | None = None,
) -> Anonymization:
    """Anonymize a target's table to ``k``, train again, and measure what it costs and what attackers still reach.

    It takes ``splits`` models of the recipe for each technique at each k, and one set of shadow models for the target
    as it is and for each k of ``audited``.

    Parameters
    ----------
    k
        How many people share each combination of the target's quasi-identifiers in the released table.
    anonymizer
        What else has to hold (l, t, a share that may be suppressed, hierarchies) and what guides: a copy of it gets
        each k, and its columns are those of the target's roles. The other techniques hold k alone.
    ks
        At which other k to measure, for the curves. Those that these people are too few for are left out.
    techniques
        What ours, which is always there, is compared with: "mondrian", "hilbert", "r+tree", "mdav".
    audited
        At which of these k our technique is attacked, besides ``k`` itself; None for all.
    splits
        How often the members are parted anew, into three quarters to train on and one to be asked about; 2 or more.
    attacks
        As in :func:`reticent.audit`; None for all that tell more, but for those that take a set of models of their own.
    fpr
        The false-positive rate at which exposure is read.
    before
        An audit of the same target with the same seed, whose shadow models are then used again.
    seed
        Same seed, same numbers, whatever the number of workers.
    n_jobs
        Worker processes; None for all cores or for what ``joblib.parallel_config`` says.
    bench
        Shared work and a folder for resuming; mostly left to the command line.

    Raises
    ------
    AccessError
        If the target has no recipe, no quasi-identifiers, or too few people for ``k``.
    ParameterError
        If a technique, a k or a number of splits is none.
    """
    bench = bench or (before.bench if before is not None else Workbench(n_jobs=n_jobs))
    every = _every_k(k, ks, techniques, splits)
    admit(_defense(OURS, k, anonymizer), target)
    began, seconds = time.perf_counter(), {}
    able, not_measured = {}, []
    for technique, one in product(dict.fromkeys((OURS, *techniques)), every):
        defense = _defense(technique, one, anonymizer)
        if (reason := _obstacle(target, technique, defense)) is None:
            able[technique, one] = defense
        else:
            not_measured.append(f"{defense.title}: {reason}")
    points = []
    for (technique, one), defense in _progress.track(able.items(), total=len(able), title="anonymized tables"):
        points.append(_applied(target, technique, one, defense, seed))
    seconds["anonymized tables"] = time.perf_counter() - began

    began, fprs = time.perf_counter(), tuple(dict.fromkeys((*FPRS, fpr)))
    looked_at = {k, *(every if audited is None else audited)}
    bench.rounds = max(bench.rounds, 1 + 2 * len(looked_at))  # raw rows and released ones
    # First, since it also finds out whether the model was trained on these people.
    before = before or audit(target, _attacks(target, attacks), seed=seed, fprs=fprs, bench=bench)
    seconds["audit before"] = time.perf_counter() - began

    began = time.perf_counter()
    right = _utility.accuracies([target, *(point.target for point in points)], splits, seed, bench)
    original, points = right[0], [_measured(point, own, right[0]) for point, own in zip(points, right[1:], strict=True)]
    seconds["retrained models"] = time.perf_counter() - began

    began = time.perf_counter()
    for i, point in _progress.track(list(enumerate(points)), total=len(points), title="audits"):
        if point.technique == OURS and point.k in looked_at:
            names = _attacks(point.target, attacks)
            found = audit(point.target, names, seed=seed, fprs=fprs, shadow_mismatch="withhold", bench=bench)
            points[i] = replace(point, audit=found)
    seconds["audits after"] = time.perf_counter() - began
    return Anonymization(
        target=target,
        k=k,
        fpr=fpr,
        points=tuple(points),
        original=over_splits(original, tested=_utility.TESTED),
        majority=over_splits(_utility.majority(target, splits, seed), tested=_utility.TESTED),
        before=before,
        risk=_risk(target, target.population.members),
        not_measured=tuple(not_measured),
        seed=seed,
        seconds={name: round(passed, 3) for name, passed in seconds.items()},
    )


def _every_k(k: int, ks: Sequence[int], techniques: Sequence[str], splits: int) -> list[int]:
    """Return all k to measure, ascending."""
    for one in (k, *ks):
        _validate.at_least(2, k=one)
    for technique in techniques:
        _validate.one_of(tuple(EVERY), technique=technique)
    _validate.at_least(2, splits=splits)
    return sorted({k, *ks})


def _known(target: Target) -> list[str]:
    """Return the quasi-identifiers that the model is given: what it is not given, it cannot learn from."""
    return [name for name in target.schema.quasi_identifiers if name in target.features]


def _defense(technique: str, k: int, like: Anonymizer | None) -> Defense:
    made = clone(like) if like is not None and technique == OURS else Anonymizer()
    defense: Defense = made.set_params(k=k, technique=technique, quasi_identifiers=None, person=None)
    return defense  # the roles of columns are the target's


def _obstacle(target: Target, technique: str, defense: Defense) -> str | None:
    if technique != OURS and target.schema.groups is not None:
        return f"it counts rows, and here k counts {target.schema.groups}"
    return defense.obstacle(target)


def _applied(target: Target, technique: str, k: int, defense: Defense, seed: int) -> Point:
    """Return a point about whose accuracy nothing is known yet."""
    protected, members = defense.apply(target, seed), target.population.members
    if not isinstance(protected.recipe, TableRecipe):
        raise ParameterError(f"expected a defense that changes the training table, got {defense.name!r}")
    table = protected.recipe.change(members, seed).table
    nothing = untestable("not measured yet", level=0.95, n=0)
    return Point(
        technique=technique,
        k=k,
        accuracy=nothing,
        change=nothing,
        table=table,
        risk=_risk(target, table, members),
        target=protected,
    )


def _risk(target: Target, table: Table, original: Table | None = None) -> Risk:
    """Count on a table of members; what the label and the sensitive columns give away, the label first."""
    schema, known = target.schema, _known(target)
    secret = [name for name in dict.fromkeys((schema.label, *schema.sensitive)) if name not in known]
    before = None if original is None else frame(original, schema)
    return risk(frame(table, schema), known, sensitive=secret, person=schema.groups, original=before)


def _measured(point: Point, right: Floats, original: Floats) -> Point:
    """Return the point with its accuracy on the splits, and how far it is from the original's on the same ones."""
    if np.isnan(right).any():
        reason = f"on {np.isnan(right).sum()} of {len(right)} splits no model could be trained"
        nothing = untestable(reason, level=0.95, n=len(right))
        return replace(point, accuracy=nothing, change=replace(nothing, low=-1.0))
    change = over_splits(right - original, tested=_utility.TESTED, within=(-1.0, 1.0))
    return replace(point, accuracy=over_splits(right, tested=_utility.TESTED), change=change)


def _attacks(target: Target, attacks: str | Sequence[str | Attack] | None) -> str | Sequence[str | Attack]:
    # The attack on released rows stays: it is the one that knows what was done.
    left_out = COSTLY - {ReleasedLira.name}
    return [name for name in telling(target) if name not in left_out] if attacks is None else attacks


def _summary(found: Audit, fpr: float) -> dict[str, Any]:
    said = found.to_dict(external=True)
    return {
        "state": said["state"],
        "verdict": said["verdict"],
        "exposure": found.exposure(fpr).to_dict(),
        "exposure_of_this_model": found.tpr_at(fpr).to_dict(),
        "over_models": found.over_models(fpr),
        "auc": said["strongest"]["auc"],
        "attacks": said["strongest"]["attacks"],
        "accuracy": said["accuracy"],
    }
