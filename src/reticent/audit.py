"""audit: a Target and attacks -> an Audit: what the model reveals, with intervals, baseline and controls."""

import time
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Self

from reticent import _progress
from reticent.attacks.attack import Attack
from reticent.attacks.choice import chosen, left_out, possible, whole_models
from reticent.attacks.claimed import epsilon_bounds
from reticent.attacks.exposure import most_exposed, subgroups
from reticent.attacks.fidelity import fidelity
from reticent.attacks.membership.blind import baseline
from reticent.attacks.result import FPRS, Finding, versions
from reticent.attacks.shadow import shadows
from reticent.attacks.stored import StoredFinding
from reticent.attacks.validity import mismatches, split_problems, strangers
from reticent.attacks.workbench import Workbench
from reticent.errors import AccessError
from reticent.stats.estimate import Estimate, untestable
from reticent.stats.rates import rate
from reticent.target.population import Half
from reticent.target.target import Target, privacy_of
from reticent.views import draw, page, text
from reticent.views import external as views_external


@dataclass(frozen=True, eq=False, kw_only=True)
class Audit:
    """What the attacks found on one target, read on all rows or on one half.

    Attributes
    ----------
    findings
        One for each attack that ran.
    not_tested
        What was not tested, and why: attack -> reason.
    withheld
        Why no verdict can be given; empty where one can.
    fidelity
        How the target's accuracy and confidence compare with its shadow models'; empty where none were trained.
    """

    target: Target
    findings: tuple[Finding, ...]
    not_tested: dict[str, str]
    withheld: tuple[str, ...]
    fidelity: dict[str, Any]
    seed: int
    fprs: tuple[float, ...] = FPRS
    seconds: dict[str, float] = field(default_factory=dict)
    half: Half = Half.ALL
    bench: Workbench = field(default_factory=Workbench, repr=False)

    def on(self, half: Half) -> Self:
        """Return the same audit read on one half of the rows."""
        return replace(self, half=half, findings=tuple(finding.on(half) for finding in self.findings))

    @property
    def against_model(self) -> tuple[Finding, ...]:
        """The findings of attacks that look at the model."""
        return tuple(finding for finding in self.findings if finding.against_model)

    def __getitem__(self, name: str) -> Finding:
        for finding in self.findings:
            if finding.name == name:
                return finding
        raise KeyError(name)

    def tpr_at(self, fpr: float, *, level: float = 0.95) -> Estimate:
        """Return the strongest attack's true-positive rate, with bounds that hold for all attacks together."""
        return self._strongest([f.tpr_at(fpr, level=self._each(level)) for f in self.against_model], level)

    def exposure(self, fpr: float, *, level: float = 0.95) -> Estimate:
        """Return what the strongest attack achieves on models trained in this way, this one among them.

        A mean over many models where an attack has trained some and people suffice for each of them, this one model's
        rate where not; bounds hold for all attacks together. It says what to expect of the recipe; :meth:`tpr_at` says
        what was seen on this one model.
        """
        return self._strongest([_expected(one, fpr, self._each(level)) for one in self.against_model], level)

    def over_models(self, fpr: float) -> bool:
        """Whether :meth:`exposure` speaks of more than this one model."""
        return any((found := one.tpr_over_models(fpr)) is not None and found.tested for one in self.against_model)

    def meets(self, tpr: float, fpr: float) -> bool:
        """Whether the upper limit of the exposure is at most ``tpr`` and this one model does not speak against it.

        What was withheld, could not be tested, or was not attacked with shadow models meets nothing: the weaker attacks
        miss most of what there is.
        """
        expected = self.exposure(fpr)
        judged = self.adaptive and not self.withheld and expected.tested
        # The largest of several uncertain rates of one model lies above the truth: its lower limit has to speak.
        own = max((one.tpr_at(fpr).low for one in self.against_model), default=0.0)
        return judged and not self.keeps_rows and expected.high <= tpr and own <= tpr

    @property
    def keeps_rows(self) -> bool:
        """Whether more training rows lie in the model than chance explains: no rate makes up for that."""
        return any(isinstance(finding, StoredFinding) and finding.beyond_chance for finding in self.findings)

    @property
    def adaptive(self) -> bool:
        """Whether an attack has trained models by the target's own recipe, and enough to see that they are like it."""
        return bool(self.fidelity) and any(finding.replicas is not None for finding in self.against_model)

    def auc(self, *, level: float = 0.95) -> Estimate:
        """Return the strongest attack's area under the ROC curve, with bounds that hold for all attacks together."""
        return self._strongest([f.auc(level=self._each(level)) for f in self.against_model], level)

    @property
    def epsilon_bounds(self) -> dict[str, Any] | None:
        """Lower bounds on epsilon beside the one that is claimed, in plain values; None where none is claimed.

        See :func:`reticent.attacks.claimed.epsilon_bounds`.
        """
        claim = privacy_of(self.target.defenses)
        return None if claim is None or self.withheld else epsilon_bounds(self.target, self.against_model, claim)

    @property
    def refuted(self) -> bool:
        """Whether these attacks win more often than the claimed epsilon allows, at 99.9 % confidence."""
        return text.refuted(self.epsilon_bounds)

    def _each(self, level: float) -> float:
        return 1 - (1 - level) / max(len(self.against_model), 1)

    def _strongest(self, found: list[Estimate], level: float) -> Estimate:
        tested = [estimate for estimate in found if estimate.tested]
        if not tested:
            reason = found[0].untested if found else "not tested: no attack on the model was possible"
            return untestable(reason, level=level, n=found[0].n if found else 0)
        return Estimate(
            value=max(estimate.value for estimate in tested),
            low=max(estimate.low for estimate in tested),
            high=max(estimate.high for estimate in tested),
            level=level,
            method=f"strongest of {len(tested)}, Bonferroni",
            n=min(estimate.n for estimate in tested),
        )

    @property
    def state(self) -> str:
        """One of "not tested", "withheld", "exposed", "nothing found"."""
        if not self.against_model:
            return "not tested"
        if self.withheld:
            return "withheld"
        each = [finding.auc(level=self._each(0.95)) for finding in self.against_model]
        # An attack that is wrong more often than a guess knows as much as one that is right: it need only be turned.
        told = any(area.tested and (area.low > 0.5 or area.high < 0.5) for area in each)
        exposed = (
            told
            or self.keeps_rows
            or any(
                rate.tested and rate.low > fpr for fpr in self.fprs for rate in (self.tpr_at(fpr), self.exposure(fpr))
            )
        )
        return "exposed" if exposed else "nothing found"

    @property
    def verdict(self) -> str:
        """The strongest sentence that the measurement allows, and no stronger one."""
        return text.verdict(self._summary())

    def _summary(self) -> dict[str, Any]:
        return {
            "state": self.state,
            "withheld": list(self.withheld),
            "strongest": {
                "auc": self.auc().to_dict(),
                "tpr": [{"fpr": fpr, "estimate": self.tpr_at(fpr).to_dict()} for fpr in self.fprs],
                "exposure": [{"fpr": fpr, "estimate": self.exposure(fpr).to_dict()} for fpr in self.fprs],
                "attacks": [finding.name for finding in self.against_model],
            },
            "adaptive": self.adaptive,
            "keeps_rows": self.keeps_rows,
            "epsilon_bounds": self.epsilon_bounds,
            "access": self.target.access.words,
            "half": self.half.value,
        }

    def to_dict(self, *, external: bool = False) -> dict[str, Any]:
        """Return plain values for JSON.

        With ``external`` nothing is said about single rows or small groups: what is left may leave the house.
        """
        summary = self._summary()
        result = {
            "schema": "reticent/audit/1",
            "external": False,
            "target": self.target.to_dict(),
            **summary,
            "verdict": text.verdict(summary),
            "findings": [finding.to_dict(self.fprs) for finding in self.findings],
            "fidelity": self.fidelity,
            "accuracy": {
                "members": _accuracy(self.target, self.half, members=True).to_dict(),
                "others": _accuracy(self.target, self.half, members=False).to_dict(),
            },
            "exposed": most_exposed(self.target, self.findings, self.half),
            "subgroups": subgroups(self.target, self.findings, self.half),
            "not_tested": self.not_tested,
            "seed": self.seed,
            "versions": versions(),
            "timings": self.seconds,
        }
        return views_external.audit(result) if external else result

    def to_html(self, path: str | Path, *, external: bool = False) -> Path:
        """Write the report as one self-contained page; return its path."""
        return page.write(path, page.audit(self.to_dict(external=external)))

    def plot(self, ax: Any = None) -> Any:
        """Draw all ROC curves on log-log axes with matplotlib; return the axes."""
        curves = {finding.title: finding.curve() for finding in self.findings}
        return draw.roc({title: (fpr.tolist(), tpr.tolist()) for title, (fpr, tpr) in curves.items()}, ax=ax)

    def __str__(self) -> str:
        return text.audit(self.to_dict())

    def _repr_html_(self) -> str:
        return page.fragment(self.to_dict())


def audit(
    target: Target,
    attacks: str | Sequence[str | Attack] | None = None,
    *,
    targets: int = 0,
    seed: int = 0,
    n_jobs: int | None = None,
    fprs: Sequence[float] = FPRS,
    shadow_mismatch: str = "error",
    bench: Workbench | None = None,
) -> Audit:
    """Attack a target in every way that its access allows, or in the ways named.

    Parameters
    ----------
    attacks
        Names from ``ATTACKS`` or attacks with parameters of your own; "quick" for a first look that trains few whole
        models or none; None for all that tell more about this target.
    targets
        How many more models of the recipe the technique of the model's family is tried on, for rates that are means
        over models; where LiRA runs beside it, its shadow models serve.
    seed
        Same seed, same numbers, whatever the number of workers.
    n_jobs
        Worker processes; None for all cores or for what ``joblib.parallel_config`` says.
    fprs
        False-positive rates at which reports state how many members are recognized.
    shadow_mismatch
        What to do with a model that fits its members far worse than its shadows do theirs: "error" (most likely the
        wrong file was handed in) or "withhold" (audit it, give no verdict).
    bench
        Shared work and a folder for resuming; mostly left to the command line.
    """
    bench = bench or Workbench(n_jobs=n_jobs)
    tried = chosen(target, attacks, targets)
    findings, not_tested, seconds = [], {}, {}
    seen: dict[str, Any] = {}
    withheld = split_problems(baseline(target, seed, bench), target)
    mismatched: list[str] = []
    for attack in _progress.track(tried, total=len(tried), title="attacks"):
        began = time.perf_counter()
        if (reason := possible(attack, target)) is not None:
            not_tested[attack.name] = f"{attack.title}: {reason}"
            continue
        if (count := whole_models(attack)) > seen.get("shadows", 0):
            seen = fidelity(target, shadows(target, count, seed, bench, fewest=0))
            mismatched = mismatches(seen, shadow_mismatch)
        try:
            findings.append(attack.run(target, seed, bench))
        except AccessError as error:
            not_tested[attack.name] = f"{attack.title}: {error}"
            continue
        seconds[attack.name] = round(time.perf_counter() - began, 3)
    not_tested = {**left_out(target, attacks, tried), **not_tested}
    return Audit(
        target=target,
        findings=tuple(findings),
        not_tested={**not_tested, **_BEYOND},
        withheld=(*withheld, *(mismatched if seen else strangers(findings))),
        fidelity=seen,
        seed=seed,
        fprs=tuple(fprs),
        seconds=seconds,
        bench=bench,
    )


# What no attack of this version looks at. Said in every report, so that silence is never read as absence.
_BEYOND = {
    "attribute": "Attribute inference (learning a secret about a person): not built yet",
    "reconstruction": "Reconstruction and model inversion: not built yet",
}


def _expected(finding: Finding, fpr: float, level: float) -> Estimate:
    mean = finding.tpr_over_models(fpr, level=level)
    return mean if mean is not None and mean.tested else finding.tpr_at(fpr, level=level)


def _accuracy(target: Target, half: Half, *, members: bool) -> Estimate:
    return rate(target.accuracy(half, members=members))
