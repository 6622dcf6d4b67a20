"""What the kept columns still tell of a dropped one: leaving a column out does not take its information away."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from sklearn.ensemble import HistGradientBoostingClassifier

from reticent import _seeds
from reticent.coding.codes import Bools
from reticent.coding.columns import Column
from reticent.coding.kinds import kinds
from reticent.coding.traits import trait_of
from reticent.necessity.jury import Jury
from reticent.necessity.sides import apart
from reticent.necessity.trials import Floats, Ints
from reticent.stats import roc
from reticent.stats.association import coarse, folds, told
from reticent.stats.estimate import Estimate, untestable
from reticent.target.table import numbers

_MOST = 10_000  # open rows that are looked at
_LEAST = 20  # rows on each side of the question
_NAMED = 50  # rows, with fewer of which a value might be a person's own: a report must not tell it
_ALONE = 64  # values of a column by itself
_ASKED = 5  # values of the dropped one


@dataclass(frozen=True, kw_only=True)
class Remains:
    """What is still told of a dropped column.

    Attributes
    ----------
    column, question
        The column, and what is asked about it: whether it is its commonest value, or above its middle.
    auc
        How well all kept columns together tell (0.5: as a coin), by boosted trees, on rows that taught nothing.
    by
        The kept column that tells most by itself; empty where none tells anything.
    told
        Share of the uncertainty about the dropped column (entropy) that this one takes away.
    """

    column: str
    question: str
    auc: Estimate
    by: str
    told: Estimate

    def to_dict(self) -> dict[str, Any]:
        """Return plain values."""
        return {**vars(self), "auc": self.auc.to_dict(), "told": self.told.to_dict()}


def of(jury: Jury, kept: Sequence[str], dropped: Sequence[str]) -> tuple[Remains, ...]:
    """Return what the kept columns tell of each dropped one, on open rows."""
    trials, halves = jury.trials, jury.sides
    rows = halves.open
    if len(rows) > _MOST:
        rows = np.sort(_seeds.generator(trials.seed, "remains").permutation(rows)[:_MOST])
    learn, ask = apart(halves.whose[rows], 0.5, trials.seed, "remains")
    table = trials.table.take(rows)
    whose = np.unique(halves.whose[rows], return_inverse=True)[1]
    known = numbers(table, kept)
    codes = [_codes(trials.column(name), _ALONE)[rows] for name in kept]
    fold = folds(len(rows), trials.seed, whose)
    tasks = []
    for name in dropped:
        column = trials.column(name)
        question, yes = _asked(column)
        tasks.append((name, question, yes[rows], np.unique(_codes(column, _ASKED)[rows], return_inverse=True)[1]))
    found = jury.bench.spread(_auc, ((yes, known, learn, ask, trials.seed) for _, _, yes, _ in tasks))
    result = []
    for (name, question, _, y), auc in zip(tasks, found, strict=True):
        by, share = _best(y, codes, kept, fold, whose)
        result.append(Remains(column=name, question=question, auc=auc, by=by, told=share))
    return tuple(result)


def _auc(yes: Any, known: Floats, learn: Ints, ask: Ints, seed: int) -> Estimate:
    if min(yes[learn].sum(), (~yes[learn]).sum(), yes[ask].sum(), (~yes[ask]).sum()) < _LEAST:
        return untestable("too few rows have another value", level=0.95, n=len(ask))
    model = HistGradientBoostingClassifier(
        learning_rate=0.2, max_iter=25, max_leaf_nodes=15, early_stopping=False, random_state=seed
    )
    scores = model.fit(known[learn], yes[learn]).predict_proba(known[ask])[:, 1]
    return roc.auc(scores[yes[ask]], scores[~yes[ask]])


def _best(y: Ints, codes: Sequence[Ints], kept: Sequence[str], fold: Ints, whose: Ints) -> tuple[str, Estimate]:
    """Return the kept column that tells most of ``y``, its limits as wide as it takes for all of them together."""
    if int(y.max(initial=0)) == 0:
        return "", untestable("it has one value", level=0.95, n=len(y))
    level = 1 - 0.05 / len(kept)
    answers = [told(x, y, fold, whose, level=level) for x in codes]
    best = int(np.argmax([one.value for one in answers]))
    one = answers[best]
    share = Estimate(
        value=one.value, low=one.low, high=one.high, level=0.95, method=f"five-fold, {len(kept)} together", n=len(y)
    )
    return (kept[best] if one.low > 0 else ""), share


def _codes(column: Column, most: int) -> Ints:
    trait = trait_of(column)
    return coarse(trait.codes, trait.size, trait.n_placed, most)


def _asked(column: Column) -> tuple[str, Bools]:
    """Return a question of yes or no about a column, and its answer for each row."""
    if column.is_number and column.different.dtype.kind in "iuf" and len(column.different) > 2:
        values = column.different[column.of].astype(float)
        middle = float(np.median(values[column.of >= 0]))
        return f"above {middle:g}", (column.of >= 0) & (values > middle)
    name, rows = kinds(column)[0]
    return f"is {name}" if rows.sum() >= _NAMED else "is its commonest value", rows
