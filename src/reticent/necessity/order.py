"""In which order columns may go: found on the open rows alone, by leaving out and training again.

Shuffling a column tells quickly who is a candidate, but of two columns that say the same it finds both dispensable. So
each candidate is left out and the model trained again; then the shuffles are asked anew, and the twin has become
important. What counts is the squared error of the probabilities, which moves before labels do.
"""

from dataclasses import dataclass

import numpy as np

from reticent import _progress
from reticent.attacks.workbench import Workbench
from reticent.necessity.sides import Ints, apart
from reticent.necessity.trials import Answer, Trial, Trials, answer

ASKED = 0.25  # share of the open rows that ask

_CANDIDATES = 3  # columns that are tried at each step
_MANY = 40  # columns, above which a tenth of them goes at once
_HOPELESS = 3.0  # standard errors above the margin, from which no smaller set is looked at


@dataclass(frozen=True, eq=False, kw_only=True)
class Step:
    """Columns that go together, those that stay, and what that cost on the open rows."""

    dropped: tuple[str, ...]
    kept: tuple[str, ...]
    cost: float


def elimination(trials: Trials, whose: Ints, rows: Ints, margin: float, bench: Workbench) -> list[Step]:
    """Return the steps from all columns to few, each dropping what the model misses least.

    Parameters
    ----------
    whose, rows
        Whose each row of the table is, and the open rows.
    margin
        Where a set is clearly worse than this on the open rows, the way ends: nothing below could be shown.
    """
    learn, ask = (rows[part] for part in apart(whose[rows], ASKED, trials.seed, "order"))
    kept = trials.features

    def tried(ways: list[tuple[str, ...]]) -> list[Answer]:
        tasks = [(trials, Trial(learn, ask, columns, shuffled=True)) for columns in ways]
        return list(bench.spread(answer, tasks))

    [full] = tried([kept])
    now, steps = full, []
    for _ in _progress.track(range(len(kept) - 1), total=len(kept) - 1, title="columns left out"):
        ranked = sorted(kept, key=lambda name: now.importance[name])
        groups = _groups(ranked)
        ways = [tuple(name for name in kept if name not in gone) for gone in groups]
        answers = tried(ways)
        best = int(np.argmin([one.soft.mean() for one in answers]))
        now, kept = answers[best], ways[best]
        change = now.wrong - full.wrong
        steps.append(Step(dropped=groups[best], kept=kept, cost=float(change.mean())))
        if change.mean() - _HOPELESS * change.std() / np.sqrt(len(change)) > margin or len(kept) == 1:
            break
    return steps


def _groups(ranked: list[str]) -> list[tuple[str, ...]]:
    """Return what may go next, of columns in the order of their importance."""
    if len(ranked) > _MANY:
        return [tuple(ranked[: len(ranked) // 10])]
    return [(name,) for name in ranked[: min(_CANDIDATES, len(ranked))]]
