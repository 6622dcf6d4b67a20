"""Shadow models: models of the same recipe whose training rows are known, because we chose them.

Each is trained on a random part of the pool (members and non-members together) that is as large as the target's own
training table, through the whole recipe on raw rows. Rows that are equal or of one group go in or stay out together.
For every row of the pool the audit then has answers of models that learned from it and of models that did not.
"""

import hashlib
import warnings
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import chain, groupby
from typing import Any

import numpy as np
import numpy.typing as npt

from reticent import _progress, _seeds
from reticent.attacks.workbench import Workbench
from reticent.errors import ModelError, RecipeError
from reticent.target import splits
from reticent.target.family.network import Network
from reticent.target.model import Model
from reticent.target.recipe import OutputRecipe
from reticent.target.table import digests
from reticent.target.target import Target, class_positions

MIN_COUNT = 4


@dataclass(frozen=True, eq=False)
class Shadows:
    """Answers of S shadow models about the n rows of the pool.

    Attributes
    ----------
    scores
        Shape (S, n, C), what an attacker with the target's access reads off each shadow.
    membership
        Shape (S, n): whether the row was in the shadow's training part.
    """

    scores: npt.NDArray[np.float32]
    membership: npt.NDArray[np.bool_]

    @property
    def counts(self) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.intp]]:
        """How many shadows learned from each row and how many did not, two arrays of shape (n,)."""
        inside = self.membership.sum(axis=0)
        return inside, len(self.membership) - inside

    def accuracy(self, truth: npt.NDArray[np.intp]) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
        """Return each shadow's accuracy on its own training rows and on the others, two arrays of shape (S,)."""
        right = self.scores.argmax(axis=2) == truth
        inside, outside = self.membership, ~self.membership
        return (right & inside).sum(axis=1) / inside.sum(axis=1), (right & outside).sum(axis=1) / outside.sum(axis=1)


def shadows(target: Target, count: int, seed: int, bench: Workbench, *, fewest: int = MIN_COUNT) -> Shadows:
    """Train ``count`` shadow models of ``target``, or take them from the bench, where those of a longer run count too.

    Raises
    ------
    RecipeError
        If the target has no recipe, or if some row would be in or out of fewer than ``fewest`` shadows.
    """
    recipe = target.recipe
    if recipe is None:
        raise RecipeError("shadow models need a recipe: pass recipe=, a function (rows, seed) -> fitted model")
    if isinstance(recipe, OutputRecipe):  # the same models answer, only less is said
        raw = shadows(recipe.undefended(target), count, seed, bench, fewest=fewest)
        return Shadows(recipe.output(raw.scores).astype(np.float32), raw.membership)
    population = target.population
    membership = splits.halves(population.unit, int(population.is_member.sum()), count, seed)
    inside = membership.sum(axis=0)
    least = int(min(inside.min(), (count - inside).min()))
    if least < fewest:
        raise RecipeError(
            f"expected every row in at least {fewest} shadow models and out of as many, got {least} with {count} "
            f"shadow models and {int(population.is_member.sum()):,} of {len(population):,} rows in each. "
            f"Use more shadow models, or hand in more non-members"
        )

    def at_least(known: Shadows | None) -> Shadows:
        have = 0 if known is None else len(known.scores)
        if known is not None and have >= count:
            return known
        more = _train_all(target, membership, have, seed, bench)
        return Shadows(more if known is None else np.concatenate([known.scores, more]), membership)

    trained = bench.update(("shadows", recipe.fingerprint or recipe, target.access, seed, population), at_least)
    return Shadows(trained.scores[:count], trained.membership[:count])


def needed(target: Target) -> int:
    """Return how many shadow models it takes for every row to be in four of them and out of four."""
    people = target.population
    return MIN_COUNT * splits.round_of(int(people.is_member.sum()) / len(people), len(people))[1]


def _train_all(
    target: Target, membership: npt.NDArray[np.bool_], first: int, seed: int, bench: Workbench
) -> npt.NDArray[np.float32]:
    """Return the answers of the shadows from number ``first`` on, shape (S - first, n, C)."""
    names = [None] * len(membership) if bench.folder is None else _piece_names(target, membership, seed)
    shape = target.scores.shape
    pieces = [None if name is None or index < first else bench.kept(name, shape) for index, name in enumerate(names)]
    missing = [index for index, piece in enumerate(pieces) if piece is None and index >= first]
    many = _together(target) if missing else 1
    # The model itself need not travel to any worker.
    bare = replace(target, model=_Classes(target.model.classes))  # type: ignore[arg-type]
    # Which models share a task follows from their numbers alone, whoever is missing and however many workers there are.
    chunks = [list(some) for _, some in groupby(missing, key=lambda index: index // many)]
    tasks = (
        (bare, [np.flatnonzero(membership[i]) for i in some], [_seeds.integer(seed, "shadow", i) for i in some])
        for some in chunks
    )
    results = chain.from_iterable(bench.spread(_train_one if many == 1 else _train_many, tasks))
    for done, (index, piece) in enumerate(
        zip(missing, _progress.track(results, total=len(missing), title="shadow models"), strict=True)
    ):
        pieces[index] = piece
        if (name := names[index]) is not None:
            bench.keep(name, piece)
        if done == 0:
            bench.foretell(len(missing), len(names), len(chunks[0]))
    return np.stack([piece for piece in pieces[first:] if piece is not None])


@dataclass(frozen=True, eq=False)
class _Classes:
    """All that shadow models have to know of the target's model."""

    classes: npt.NDArray[Any]


def _together(target: Target) -> int:
    """Return how many shadows are trained together."""
    family, table = getattr(target.recipe, "family", None), target.population.table
    if not isinstance(family, Network) or (many := family.chunk(table)) == 1:
        return 1
    if (reason := family.obstacle(table)) is not None:
        warnings.warn(f"shadow models are trained one after the other, which takes longer: {reason}", stacklevel=2)
        return 1
    return many


def _train_one(
    target: Target, rows: Sequence[npt.NDArray[np.intp]], seeds: Sequence[int]
) -> list[npt.NDArray[np.float32]]:
    return [_answers(target, target.train(own, seed)) for own, seed in zip(rows, seeds, strict=True)]


def _train_many(
    target: Target, rows: Sequence[npt.NDArray[np.intp]], seeds: Sequence[int]
) -> list[npt.NDArray[np.float32]]:
    family: Network = target.recipe.family  # type: ignore[union-attr, assignment]
    return [_answers(target, model) for model in family.train(target.population.table, rows, seeds)]


def _answers(target: Target, model: Model) -> npt.NDArray[np.float32]:
    try:
        answers = target.answers(model)
    except ModelError as error:
        raise RecipeError(
            f"a model trained on other rows of these tables does not answer for all of them: {error}"
        ) from error
    if answers.ndim != 2 or not np.isfinite(answers).all() or np.abs(answers.sum(axis=1) - 1).max(initial=0) > 1e-3:
        raise RecipeError(
            "a model trained on other rows of these tables gives answers that are no probabilities: expected finite "
            "numbers that add up to one in each row. Check the recipe"
        )
    return aligned(answers, model, target.model).astype(np.float32)


def aligned(answers: npt.NDArray[np.float64], model: Model, like: Model) -> npt.NDArray[np.float64]:
    """Return answers with the columns of ``like``, shape (n, C): a shadow may not have met every class."""
    if np.array_equal(model.classes, like.classes):
        return answers
    columns = class_positions(model.classes, like.classes)  # nobody promises that classes are sorted
    full = np.zeros((len(answers), len(like.classes)))
    full[:, columns] = answers
    return full


def _piece_names(target: Target, membership: npt.NDArray[np.bool_], seed: int) -> list[str | None]:
    """Return a name for each shadow's piece that says all it depends on, or None where that cannot be known."""
    fingerprint = target.recipe.fingerprint if target.recipe is not None else None
    if fingerprint is None:  # another recipe could hide behind the same name: better to train again
        return [None] * len(membership)
    table = target.population.table
    common = hashlib.sha256(digests(table, table.columns).tobytes())
    common.update(f"{fingerprint} {target.access.words} {target.features} {seed}".encode())
    names: list[str | None] = []
    for index, rows in enumerate(membership):
        content = common.copy()
        content.update(f" {index}".encode() + rows.tobytes())
        names.append(content.hexdigest()[:32])
    return names
