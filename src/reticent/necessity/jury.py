"""The jury: sealed rows that compare models with the one on everything, and the finding that all answers share."""

import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Generator, Iterable
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from reticent import _progress
from reticent.attacks.result import versions
from reticent.attacks.workbench import Workbench
from reticent.necessity.sentences import always
from reticent.necessity.sides import Ints, Sides
from reticent.necessity.trials import FARTHEST, Answer, Floats, Trial, Trials, answer, spread
from reticent.stats.estimate import Estimate
from reticent.stats.noninferiority import no_loss, over_draws
from reticent.views import page, page_needed


@dataclass(frozen=True, eq=False, kw_only=True)
class Jury:
    """Sealed rows, and what they ask: does a model lose less than a margin against the one on everything?"""

    trials: Trials
    sides: Sides
    margin: float
    level: float
    bench: Workbench
    began: float = field(default_factory=time.perf_counter)

    @cached_property
    def full(self) -> Answer:
        """How far the model on all open rows and all columns is off, on the sealed rows."""
        [found] = self.bench.spread(answer, [(self.trials, self.trial(self.sides.open))])
        return found

    def trial(self, rows: Ints, columns: tuple[str, ...] | None = None, draw: int = 0) -> Trial:
        """Return the trial of a model on these rows and columns (all by default) before this jury."""
        return Trial(rows, self.sides.sealed, self.trials.features if columns is None else columns, draw)

    def hear(self, trials: Iterable[Trial], total: int, title: str) -> Generator[Answer]:
        """Yield what the models of these trials answer, in order, trained side by side."""
        spread = self.bench.spread(answer, ((self.trials, one) for one in trials))
        yield from _progress.track(spread, total=total, title=title)

    def loss(self, wrong: Floats, level: float | None = None) -> Estimate:
        """Return what a model loses that is wrong so far by row."""
        return self.told(wrong - self.full.wrong, level=level)

    def told(self, changes: Floats, level: float | None = None) -> Estimate:
        """Return the mean of what is lost on each sealed row, by one model or, of shape (draws, n), by another one."""
        level = level or self.level
        return over_draws(np.atleast_2d(changes), people=self.sides.judges, level=level, bound=self.trials.bound)

    def fulls(self, draws: int) -> Floats:
        """Return where models on everything are wrong, each with the seed of another draw; shape (draws, n).

        What a model owes to its seed is then in both sides of a comparison. A recipe without chance is trained twice.
        """
        rows = self.sides.open
        answers = self.hear((self.trial(rows, draw=1 + draw) for draw in range(draws)), draws, "models from all people")
        found: list[Floats] = []
        for one in answers:
            found.append(one.wrong)
            if len(found) > 1 and np.array_equal(found[0], found[1]):
                found = [one.wrong] * draws
                break
        answers.close()
        return np.array(found)

    def none(self) -> Estimate:
        """Return the loss of the model on everything."""
        return no_loss(len(self.sides.sealed), self.level)

    @cached_property
    def constant(self) -> float | None:
        """How often the open rows' commonest answer is right, where it too is shown to lose less than the margin."""
        if self.trials.classes is None:
            return None
        labels = self.trials.table.labels()
        values, counts = np.unique(labels[self.sides.open], return_counts=True)
        wrong = (labels[self.sides.sealed] != values[counts.argmax()]).astype(np.float64)
        return float(1 - wrong.mean()) if self.loss(wrong).high < self.margin else None

    @property
    def caveats(self) -> tuple[str, ...]:
        """What these rows and this measure leave open, whatever is asked."""
        if self.trials.classes is not None:
            return self.sides.caveats
        clipped = f"how far errors lie beyond {FARTHEST:g} spreads of the label: each counts as {FARTHEST:g}"
        return (clipped, *self.sides.caveats)

    def facts(self) -> dict[str, Any]:
        """Return what all findings say, by the names of :class:`Needed`."""
        trials, sides = self.trials, self.sides
        return {
            "label": trials.table.label,
            "model": trials.name,
            "metric": trials.metric,
            "margin": self.margin,
            "level": self.level,
            "error": self.told(self.full.wrong),
            "constant": self.constant,
            "rows": len(trials),
            "open_rows": len(sides.open),
            "sealed_rows": len(sides.sealed),
            "sealed_people": sides.people,
            "seed": trials.seed,
            "seconds": round(time.perf_counter() - self.began, 3),
        }


def summoned(trials: Trials, sides: Sides, margin: float, level: float, bench: Workbench) -> Jury:
    """Return the jury; errors of a regression are told in units that the open rows alone say."""
    if trials.classes is None:
        trials = replace(trials, spread=spread(trials.table.labels()[sides.open]))
    return Jury(trials=trials, sides=sides, margin=margin, level=level, bench=bench)


@dataclass(frozen=True, eq=False, kw_only=True)
class Needed(ABC):
    """What a purpose needs, as far as it was shown.

    Attributes
    ----------
    label, model
        What is predicted, and by what kind of model.
    metric, margin, level
        What is lost ("accuracy", or "absolute error" in units of the label's mean distance from its median, of which an
        error counts as 5 at most), how much of it is accepted, and the confidence of the claim.
    loss
        Of the smallest that is shown to suffice against everything; exactly 0 where that is everything.
    error
        Of the model on everything.
    constant
        How often one and the same answer to all is right, where this is shown to do as well; None otherwise.
    rows, open_rows, sealed_rows, sealed_people
        All rows; those that taught and chose; those that judged, and whose they are.
    not_tested
        What these figures do not speak of.
    """

    kind: ClassVar[str]
    words: ClassVar[Callable[[dict[str, Any]], str]]

    label: str
    model: str
    metric: str
    margin: float
    level: float
    loss: Estimate
    error: Estimate
    constant: float | None
    rows: int
    open_rows: int
    sealed_rows: int
    sealed_people: int
    not_tested: tuple[str, ...]
    seed: int
    seconds: float

    @property
    @abstractmethod
    def _finding(self) -> str:
        """What was found, in words."""

    @property
    def sentence(self) -> str:
        """The finding in one sentence, and what it is worth where everybody may be given the same answer."""
        least = 1 - self.error.value - self.loss.value - self.margin  # as well as the model that is claimed to do
        if self.constant is None or self.constant < least:
            return self._finding
        return f"{self._finding}; {always(self.constant)}"

    @abstractmethod
    def _own(self) -> dict[str, Any]:
        """Return what this kind of finding says beyond the others, as plain values."""

    def to_dict(self) -> dict[str, Any]:
        """Return plain values for JSON; nothing in it speaks of single rows."""
        plain = ("label", "model", "metric", "margin", "level", "rows", "open_rows", "sealed_rows", "sealed_people")
        return {
            "schema": f"reticent/needed-{self.kind}/1",
            **{name: getattr(self, name) for name in plain},
            "loss": self.loss.to_dict(),
            "error": self.error.to_dict(),
            "constant": self.constant,
            **self._own(),
            "not_tested": list(self.not_tested),
            "seed": self.seed,
            "versions": versions(),
            "timings": {f"needed_{self.kind}": self.seconds},
            "sentence": self.sentence,
        }

    def to_html(self, path: str | Path) -> Path:
        """Write the finding as one self-contained page; return its path."""
        return page.write(path, page_needed.document(self.to_dict()))

    def _repr_html_(self) -> str:
        return page_needed.fragment(self.to_dict())

    def __str__(self) -> str:
        return type(self).words(self.to_dict())
