"""What a way of training is worth: accuracy on repeated splits of the members, the same splits for all ways.

Each split trains the whole recipe of a target on three quarters of the members and asks the model about the others, raw
as a user would. Rows that are equal or of one person stay on one side. What is compared is compared on equal splits.
"""

import hashlib
import time
from collections.abc import Sequence
from dataclasses import replace

import joblib
import numpy as np
import numpy.typing as npt

from reticent import _progress, _seeds
from reticent.attacks.workbench import Workbench
from reticent.errors import RecipeError, TableError
from reticent.target import splits
from reticent.target.table import digests
from reticent.target.target import Target

TESTED = 0.25  # share of the members in the test part of each split

Floats = npt.NDArray[np.float64]
Rows = npt.NDArray[np.intp]


def split(target: Target, number: int, seed: int) -> tuple[Rows, Rows]:
    """Return the rows of the population that a split trains on, and those that it tests on."""
    people = target.population
    place = splits.places(people.unit, people.is_member, _seeds.generator(seed, "utility", number))
    tested = place > 1 - TESTED
    return np.flatnonzero(people.is_member & ~tested), np.flatnonzero(people.is_member & tested)


def majority(target: Target, count: int, seed: int) -> Floats:
    """Return the accuracy of always saying the training part's commonest label on each of ``count`` splits."""
    labels, right = target.population.table.labels(), np.empty(count)
    for number in range(count):
        train, test = split(target, number, seed)
        kinds, rows = np.unique(labels[train], return_counts=True)
        right[number] = np.mean(labels[test] == kinds[rows.argmax()])
    return right


def accuracies(targets: Sequence[Target], count: int, seed: int, bench: Workbench) -> Floats:
    """Return the accuracy of each target's recipe on each split, shape (len(targets), count).

    The targets have one population. NaN stands where a recipe could not train on the part of a split.
    """
    rows = [split(targets[0], number, seed) for number in range(count)]
    names = [_piece(target, count, seed) for target in targets]
    found = [None if name is None else bench.kept(name, (count,)) for name in names]
    missing = [i for i, one in enumerate(found) if one is None]
    work = (
        # The model itself need not travel to any worker.
        (replace(targets[i], model=None), train, test, _seeds.integer(seed, "utility", number))  # type: ignore[arg-type]
        for i in missing
        for number, (train, test) in enumerate(rows)
    )
    right: list[float] = []
    total, began = count * len(missing), time.perf_counter()
    for one in _progress.track(bench.spread(_accuracy, work), total=total, title="retrained models"):
        right.append(one)
        if len(right) == 1:
            workers = max(1, min(joblib.effective_n_jobs(bench.n_jobs or -1), total))
            left = (time.perf_counter() - began) * (total - 1) / workers
            _progress.forecast(f"{total - 1} models on parts of the table", left)
        if len(right) % count == 0:
            i = missing[len(right) // count - 1]
            found[i] = piece = np.array(right[-count:])
            if (name := names[i]) is not None:
                bench.keep(name, piece)
    return np.array(found)


def _accuracy(target: Target, train: Rows, test: Rows, seed: int) -> float:
    asked = target.population.table.take(test)
    try:
        model = target.train(train, seed)
    except (TableError, RecipeError):
        return float("nan")
    said = model.classes[model.labels(asked.features(target.features))]
    return float(np.mean(said == asked.labels()))


def _piece(target: Target, count: int, seed: int) -> str | None:
    """Return a name that says all that a target's accuracies depend on, or None where that cannot be known."""
    fingerprint = None if target.recipe is None else target.recipe.fingerprint
    if fingerprint is None:
        return None
    people = target.population
    content = hashlib.sha256(digests(people.table, people.table.columns).tobytes())
    content.update(people.unit.tobytes() + people.is_member.tobytes())
    content.update(f"utility {fingerprint} {target.features} {count} {seed}".encode())
    return content.hexdigest()[:32]
