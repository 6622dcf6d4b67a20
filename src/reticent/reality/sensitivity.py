"""Record and replay: what one person can change in a training, question by question, in exact arithmetic.

A table and its neighbor, with one person more or less, are trained with the same answers and the same coins. Then

- both ask the same questions in the same order, with the same promises, and lead to the same model in every bit: what
  differs was read from the rows behind the curator's back;
- behind each answer lie sums on a grid of a power of two, which no order of adding and no rounding tells apart, and
  which differ by no more than was promised;
- the shares add up to no more than one, and the noise is as large as its share demands.

What is left to chance is the noise itself, and :mod:`reticent.reality.noise` tests that.

>>> def fit(x, y, curator):
...     return curator.gaussian("sum", np.rint(x).sum(axis=0), sensitivity=1.0, share=1.0)
>>> table, neighbor = (np.zeros((4, 2)), np.zeros(4)), (np.array([[0, 0], [3.0, 4.0]]), np.zeros(2))
>>> found = replay(fit, table, neighbor)
>>> found.ratio, found.question, found.holds
(5.0, 'sum', False)
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from reticent.mechanisms.curator import Curator
from reticent.mechanisms.noise import Seeded
from reticent.reality.same import first_difference
from reticent.reality.transcript import Fit, Loud, Question, Recorder, Replayer

ROUNDING = 1e-9  # of a promise such as sqrt(3), and of shares that were divided: no epsilon that is printed shows it
_EXACT = 2.0**53  # up to here floating-point numbers count every integer

Pair = tuple[Any, Any]  # (X, y)
Recorded = tuple[Any, tuple[Question, ...]]  # the model, and what was asked on the way


@dataclass(frozen=True, kw_only=True)
class Sensitivity:
    """What changed between tables and their neighbors, given the same answers.

    Attributes
    ----------
    ratios
        By the names of questions: by how much the exact values differed at most, over what was promised.
    row
        Who was added or removed where the largest of them was found.
    mu
        The most that one neighbor's changes are worth together, over all questions, as Gaussian differential privacy
        with the noise that was said to be in the answers.
    budget
        What it may be worth at most.
    lengths
        By how much the exact values of each question differed in the neighbor with that ``mu``, over the noise: the
        privacy of each question alone.
    leaks
        What else broke a promise, in words.
    neighbors, refused, questions
        Neighbors compared, rows that the training would not take, and questions of one training.
    """

    ratios: Mapping[str, float]
    row: str
    mu: float
    budget: float
    lengths: tuple[float, ...]
    leaks: tuple[str, ...]
    neighbors: int
    refused: int
    questions: int

    @property
    def question(self) -> str:
        """The question that broke its promise the most, or came closest to it."""
        return max(self.ratios, key=lambda what: self.ratios[what], default="")

    @property
    def ratio(self) -> float:
        """The largest of ``ratios``."""
        return max(self.ratios.values(), default=0.0)

    @property
    def holds(self) -> bool:
        """Whether nothing was found; which is no proof that there is nothing to be found."""
        kept = self.ratio <= 1 + ROUNDING and self.mu <= self.budget * (1 + ROUNDING)
        return kept and not self.leaks and self.neighbors > 0

    def __str__(self) -> str:
        head = (
            f"{self.neighbors} neighbors, {self.questions} questions: the worst changed {self.question!r} by "
            f"{self.ratio:.4g} of what was promised, and is worth {self.mu / self.budget:.4g} of the budget"
        )
        return "\n".join([head, *(f"  {leak}" for leak in self.leaks)])


def replay(
    fit: Fit,
    table: Pair,
    neighbor: Pair,
    *,
    mu: float = 1.0,
    reach: float = 1.0,
    seed: int = 0,
    loud: float = 1.0,
    row: str = "",
) -> Sensitivity:
    """Train on both tables with the same answers, and compare.

    Parameters
    ----------
    fit
        ``fit(X, y, curator)`` returns the fitted model; :func:`~reticent.reality.transcript.through` makes it of an
        estimator.
    table, neighbor
        Pairs (X, y) that differ by all rows of one person.
    mu, reach
        Of the curator.
    seed, loud
        Of the noise: its seed, and how many times larger than due, since promises hold for unlikely answers too.
    row
        Who was added or removed, for the report.
    """
    first = recorded(fit, table, mu=mu, reach=reach, seed=seed, loud=loud)
    return compare(fit, first, neighbor, mu=mu, reach=reach, seed=seed, loud=loud, row=row)


def recorded(fit: Fit, table: Pair, *, mu: float, reach: float, seed: int, loud: float) -> Recorded:
    """Return the model that was fitted on ``table``, and what was asked on the way."""
    return _heard(fit, table, Recorder.before(_curator(mu, reach, seed, loud)))


def compare(
    fit: Fit, first: Recorded, neighbor: Pair, *, mu: float, reach: float, seed: int, loud: float, row: str = ""
) -> Sensitivity:
    """Train on the neighbor of a table that was recorded, with the same answers, and compare."""
    model, script = first
    curator = Replayer.before(_curator(mu, reach, seed, loud), script=script)
    try:
        other, heard = _heard(fit, neighbor, curator)
        leaks = [*_promises(script, mu, reach), *_order(script, heard)]
    except Exception as error:
        if not curator.heard:  # refused before anything was asked
            raise
        other, heard = model, tuple(curator.heard)
        leaks = [f"the training stopped after question {len(heard)}: {type(error).__name__}"]
    if not leaks and (place := first_difference(model, other)) is not None:
        leaks.append(f"the same answers led to another model, at {place}: something was read silently")
    changed = [_length(a, b) for a, b in zip(script, heard, strict=False) if a.exact.shape == b.exact.shape]
    ratios = dict.fromkeys((one.what for one in script), 0.0)
    for length, one in zip(changed, script, strict=False):
        ratios[one.what] = max(ratios[one.what], _over(length, one.sensitivity * reach))
    lengths = tuple(_over(length, one.sd) for length, one in zip(changed, script, strict=False))
    return Sensitivity(
        ratios=ratios,
        row=row,
        mu=math.hypot(*lengths),
        budget=mu,
        lengths=lengths,
        leaks=tuple(dict.fromkeys(leaks)),
        neighbors=1,
        refused=0,
        questions=len(script),
    )


def _curator(mu: float, reach: float, seed: int, loud: float) -> Curator:
    return Curator(mu=mu, reach=reach, noise=Loud(Seeded(seed), loud))


def _heard(fit: Fit, table: Pair, curator: Recorder) -> Recorded:
    model = fit(*table, curator)
    return model, tuple(curator.heard)


def _order(first: Sequence[Question], second: Sequence[Question]) -> list[str]:
    for number, (a, b) in enumerate(zip(first, second, strict=False), 1):
        if a.asked != b.asked:
            return [f"question {number} depends on the rows: {_said(a)} and {_said(b)}"]
    if len(first) != len(second):
        return [f"the number of questions depends on the rows: {len(first)} and {len(second)}"]
    return []


def _said(one: Question) -> str:
    what, shape, sensitivity, share, grid = one.asked
    return f"{what!r} {list(shape)} (sensitivity {sensitivity!r}, share {share!r}, grid {grid!r})"


def _promises(script: Sequence[Question], mu: float, reach: float) -> list[str]:
    """Return what one training got wrong by itself: grids, shares, the size of the noise."""
    broken = []
    for one in script:
        cells, mantissa = one.exact / one.grid, math.frexp(one.grid)[0]
        if not np.isfinite(one.exact).all():
            broken.append(f"{one.what!r} holds numbers that are none")
        elif mantissa != 0.5 or (cells != np.rint(cells)).any() or (np.abs(one.answer / one.grid) > _EXACT).any():
            broken.append(f"{one.what!r} does not keep to a grid of a power of two: rounding tells the rows apart")
        due = one.sensitivity * reach / (mu * math.sqrt(one.share)) if one.share > 0 else math.inf
        if not one.sd >= due * (1 - ROUNDING):
            broken.append(f"{one.what!r} has noise of {one.sd:.4g} where {due:.4g} is due")
    if (spent := sum(one.share for one in script)) > 1 + ROUNDING:
        broken.append(f"the shares add up to {spent:.4g}")
    return broken


def _length(a: Question, b: Question) -> float:
    """Return the Euclidean length of the difference of two exact values, from integers where they keep to a grid."""
    cells = np.asarray(a.exact / a.grid - b.exact / a.grid, np.float64).ravel()
    if not np.isfinite(cells).all():
        return math.inf
    if (cells == np.rint(cells)).all():
        return math.sqrt(sum(int(cell) ** 2 for cell in cells[cells != 0])) * a.grid
    return float(np.linalg.norm(cells)) * a.grid


def _over(length: float, most: float) -> float:
    if length == 0:
        return 0.0
    return length / most if most > 0 else math.inf
