"""Canaries with coins: a lower bound on epsilon from one training, for whoever claims that a training is private.

The auditor chooses canaries (copies of people with a plainly wrong label) and tosses a coin for each; those with heads
go into one training of the target's recipe, together with a half of its people. Success means to read off the model
which coins fell heads: more often right than an (epsilon, delta)-private training allows, and the claim is false
(Steinke, Nasr and Jagielski 2023, arXiv:2305.08846; the bound is :func:`reticent.stats.one_run.one_run`).

>>> import numpy as np
>>> from reticent.stats.one_run import one_run
>>> coins = np.arange(100) % 2 == 0
>>> print(round(one_run(coins + 0.0, coins).value, 2))  # a training that tells every coin
3.11
"""

from dataclasses import replace

import numpy as np
import numpy.typing as npt

from reticent import _seeds, _validate
from reticent.attacks.canaries import copies_of, recipe_of
from reticent.attacks.signals import confidence, smoothed_logit
from reticent.attacks.workbench import Workbench
from reticent.stats.estimate import Estimate
from reticent.stats.one_run import one_run
from reticent.target import splits
from reticent.target.model import Recipe
from reticent.target.table import Table
from reticent.target.target import Target

_TRIALS = 100.0  # of the logit: a forest of one mind is not infinitely sure
_REFERENCES = 4


def canary_audit(
    target: Target,
    canaries: int = 100,
    *,
    delta: float = 0.0,
    seed: int = 0,
    level: float = 0.95,
    bench: Workbench | None = None,
) -> Estimate:
    """Return a lower bound on the epsilon of the target's recipe, from one training with a coin for each canary.

    The signal is how sure the model is of a canary's wrong label, beyond what models are that met none of the canaries:
    those know nothing of the coins, and so cost nothing. The bound speaks of neighbors that differ by one row.

    Parameters
    ----------
    canaries
        How many: 100 prove an epsilon of 2 to 3 at best, 1,000 one of 4 to 5.
    delta
        Of the claim that is held against the bound.
    """
    _validate.at_least(1, canaries=canaries)
    recipe, people, bench = recipe_of(target), target.population, bench or Workbench()
    [inside] = splits.halves(people.unit, len(people) // 2, 1, _seeds.integer(seed, "canary audit", "half"))
    rng = _seeds.generator(seed, "canary audit")
    copies, table = copies_of(target, np.flatnonzero(~inside), canaries, rng)
    coins = rng.random(canaries) < 0.5
    base, planted = people.table.take(np.flatnonzero(inside)), table.take(copies)
    with_coins = base.join(planted.take(np.flatnonzero(coins)))
    asked = replace(target, population=replace(people, table=planted))
    seeds = [_seeds.integer(seed, "canary audit", "model", index) for index in range(_REFERENCES + 1)]
    tasks = [(recipe, with_coins if index == 0 else base, asked, one) for index, one in enumerate(seeds)]
    own, *references = bench.spread(_signal, tasks)
    return one_run(own - np.mean(references, axis=0), coins, delta=delta, level=level, seed=seed)


def _signal(recipe: Recipe, table: Table, asked: Target, seed: int) -> npt.NDArray[np.float64]:
    model = recipe(table, seed)
    known = replace(asked, model=model)
    return smoothed_logit(confidence(known.answers(model), known.truth), _TRIALS)
