"""Noise: is the label of this very row right although the model does not know its surroundings?

The attacker sees labels alone, and asks again about noisy copies of each row. Success means that labels around a row
tell whether it was learned from (Choquette-Choo et al. 2021, arXiv:2007.14321). They read a label that survives much
noise as a sign of membership; on tables that mostly finds easy rows. Here the surroundings say how often a model that
never met the row would be right about it: a model that has a row by heart with probability a is right with
a + (1 - a) p in place of p, so a right label is the stronger evidence the smaller p is, and a wrong one is none.

With a recipe there is a stronger reading: :mod:`reticent.attacks.membership.noise_lira`.

>>> import numpy as np
>>> noise_scores(right=np.array([1, 1, 0]), share=np.array([1.0, 0.2, 0.2]), copies=48).round(2).tolist()
[1.02, 4.72, 0.0]
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt

from reticent import _seeds, _validate
from reticent.attacks.attack import admit
from reticent.attacks.membership.blind import baseline
from reticent.attacks.queries import Pool, first_alike
from reticent.attacks.result import Finding
from reticent.attacks.workbench import Workbench
from reticent.errors import AccessError, ModelError
from reticent.target.access import Access
from reticent.target.model import Model
from reticent.target.target import Target, class_positions

Array = npt.NDArray[np.float64]
Single = npt.NDArray[np.float32]


def noise_scores(right: npt.NDArray[Any], share: Array, copies: int) -> Array:
    """Return right / p, how much likelier a right label is for a model that has the row by heart, shape (n,).

    Parameters
    ----------
    right
        Whether the label of the row itself is right, shape (n,).
    share
        Share of noisy copies whose label is right, shape (n,); p is this share with one right and one wrong copy added.
    copies
        How many copies of each row there were.
    """
    return np.asarray(right * (copies + 2) / (share * copies + 1))


def shares_right(model: Model, target: Target, strengths: Sequence[float], copies: int, seed: int) -> Single:
    """Return the share of right labels for each row itself and for its noisy copies, shape (1 + L, n), L strengths.

    The copies depend on the seed and the table alone, so that all models are asked the same. Each strength is one call
    of the model for as many rows as memory allows.
    """
    pool = Pool.read(target.population.table, target.features)
    columns = class_positions(model.classes, target.model.classes)  # a shadow may not have met every class
    shares = np.empty((1 + len(strengths), len(pool)), np.float32)
    shares[0] = columns[model.labels(pool.features)] == target.truth
    step = max(1, pool.rows_at_once // copies)
    for start in range(0, len(pool), step):
        rows = np.arange(start, min(start + step, len(pool)))
        truth, plain = np.tile(target.truth[rows], copies), np.tile(pool.encode(rows), (copies, 1))
        for number, strength in enumerate(strengths):
            rng = _seeds.generator(seed, "noise", number, start)
            labels = columns[model.labels(pool.decode(pool.noisy(plain, strength, rng)))]
            shares[1 + number, rows] = (labels == truth).reshape(copies, -1).mean(axis=0)
    return shares[:, first_alike(target.population.table, (*target.features, target.schema.label))]


def shares_of_target(target: Target, strengths: Sequence[float], copies: int, seed: int) -> Single:
    """Return :func:`shares_right` for the target itself; a model that refuses noisy rows cannot be attacked so."""
    try:
        return shares_right(target.model, target, strengths, copies, seed)
    except ModelError as error:
        raise AccessError(
            f"asks about rows near the people, and the model does not answer for them: {error}"
        ) from error


@dataclass(frozen=True, kw_only=True)
class Noise:
    """A right label against what noisy copies say: ``copies`` of each row at each of the ``strengths``, in spreads."""

    strengths: tuple[float, ...] = (0.2, 0.4, 0.8)
    copies: int = 16

    name: ClassVar[str] = "noise"
    title: ClassVar[str] = "Noise around each row (labels only)"
    needs: ClassVar[Access] = Access.LABELS
    needs_recipe: ClassVar[bool] = False
    needs_family: ClassVar[type[Any] | None] = None

    def __post_init__(self) -> None:
        check(self.strengths, self.copies)

    def run(self, target: Target, seed: int = 0, bench: Workbench | None = None) -> Finding:
        """Ask the target about each row and about its noisy copies."""
        admit(self, target)
        people = target.population
        shares = shares_of_target(target, self.strengths, self.copies, seed)
        around = shares[1:].mean(axis=0, dtype=np.float64)
        return Finding(
            name=self.name,
            title=self.title,
            needs=self.needs,
            scores=noise_scores(shares[0], around, self.copies * len(self.strengths)),
            is_member=people.is_member,
            sealed=people.sealed,
            baseline=baseline(target, seed, bench or Workbench()),
            facts={
                "queries per row": float(1 + self.copies * len(self.strengths)),
                **{
                    f"right labels at noise of {strength:g} spreads": f"{100 * share.mean():.1f} %"
                    for strength, share in zip((0.0, *self.strengths), shares, strict=True)
                },
            },
            parameters=asdict(self),
            seed=seed,
        )


def check(strengths: tuple[float, ...], copies: int) -> None:
    """Refuse settings that ask nothing."""
    _validate.at_least(1, copies=copies)
    _validate.at_least(1, strengths=len(strengths))
    for strength in strengths:
        _validate.positive(strengths=strength)
