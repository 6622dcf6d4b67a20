"""Canaries beside the questions of one real training: what its own curator, its own noise and its own shares are worth.

Behind each question, m canaries are put on coordinates of their own, each in or out by a coin, each as long as what a
row may add there (or as what the worst neighbor found by search does add). The noise is the same in all directions, so
a canary is as exposed as such a person is. The model never meets them. Whoever knows the noise to be Gaussian reads
its size, over the whole training, off the scores of the canaries (:func:`reticent.stats.two_worlds.mu_of_scores`);
with 20,000 canaries a noise that is too small by a factor of sqrt(2) is found nearly always. The bound that assumes
nothing of the noise stands beside it; it is weaker.

The same numbers tell whether the noise is what it says (:mod:`reticent.reality.noise`), and a second training tells
whether it comes again.

>>> from reticent.mechanisms.curator import Curator
>>> from reticent.mechanisms.noise import OperatingSystem
>>> from reticent.reality.transcript import with_curators
>>> def fit(x, y, curator):
...     return curator.gaussian("rows", np.array(float(len(x))), sensitivity=1.0, share=1.0)
>>> right = with_curators(fit, lambda: Curator(mu=0.5, noise=OperatingSystem()))
>>> found = canary_audit(right, np.zeros(3), np.zeros(3), level=1 - 1e-9)
>>> found.holds, 0.4 < found.gaussian.value < 0.6
(True, True)
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from reticent import _validate
from reticent.accounting.gaussian import epsilon_of
from reticent.errors import ParameterError
from reticent.mechanisms.curator import Curator
from reticent.mechanisms.noise import Floats
from reticent.reality.noise import NoiseCheck, check_answers
from reticent.reality.transcript import Opened, Question, Recorder
from reticent.stats.estimate import Estimate
from reticent.stats.one_run import one_run
from reticent.stats.two_worlds import mu_of_scores

CANARIES = 20_000
_PARTS = 2  # tests that share the error: the bound and the noise


@dataclass(kw_only=True)
class Planting(Recorder):
    """A curator that adds canaries to each question before it hands it on, and takes them out of the answer."""

    coins: npt.NDArray[np.bool_]
    lengths: Sequence[float] | None  # of a canary, over the noise, by question; as long as a row may be where None
    scores: Floats = field(init=False)

    def __post_init__(self) -> None:
        super().__post_init__()
        self.scores = np.zeros(len(self.coins))

    def gaussian(self, what: str, exact: Floats, *, sensitivity: float, share: float, grid: float = 1.0) -> Floats:
        """Answer as ``own`` does; what it said of the canaries goes to their scores."""
        sd = self.sd(sensitivity, share)
        if self.lengths is None:
            length = sensitivity * self.reach
        else:
            length = sd * self.lengths[len(self.heard)] if len(self.heard) < len(self.lengths) else 0.0
        length = grid * math.floor(length / grid * (1 + 1e-12))
        planted = np.concatenate([np.ravel(np.asarray(exact, np.float64)), length * self.coins])
        answer = self.own.gaussian(what, planted, sensitivity=sensitivity, share=share, grid=grid)
        model, canaries = answer[: -len(self.coins)], answer[-len(self.coins) :]
        self.scores += canaries * length / sd**2 if sd > 0 else canaries * length
        self.heard.append(
            Question(
                what=what,
                exact=planted,
                answer=np.array(answer),
                sensitivity=sensitivity,
                share=share,
                grid=grid,
                sd=sd,
            )
        )
        return model.reshape(np.shape(exact))


@dataclass(frozen=True, kw_only=True)
class CanaryAudit:
    """What the canaries of one training tell.

    Attributes
    ----------
    gaussian
        A lower bound on mu of the whole training, for Gaussian noise.
    general
        A lower bound on epsilon, whatever the noise is.
    budget
        The mu that the training's curator said it would spend.
    delta
        Of both epsilons.
    noise
        Whether the noise is what the curator says.
    again
        Whether a second training on the same rows drew the same noise.
    """

    gaussian: Estimate
    general: Estimate
    budget: float
    delta: float
    noise: NoiseCheck
    again: bool

    @property
    def epsilon(self) -> float:
        """The lower bound on epsilon that follows from ``gaussian``."""
        return math.inf if math.isinf(self.gaussian.low) else epsilon_of(self.gaussian.low, self.delta)

    @property
    def claimed(self) -> float:
        """The epsilon that the curator's budget stands for."""
        return epsilon_of(self.budget, self.delta)

    @property
    def holds(self) -> bool:
        """Whether nothing was found; correct code is found with a chance of ``1 - level`` at most."""
        within = self.gaussian.low <= self.budget and self.general.low <= self.claimed
        return within and self.noise.holds and not self.again

    def __str__(self) -> str:
        said = f"claimed epsilon {self.claimed:.3g}, shown at least {self.epsilon:.3g} ({self.gaussian.n:,} canaries)"
        return "\n".join(
            [said, *(["the same noise came twice: its seed is known"] if self.again else []), str(self.noise)]
        )


def canary_audit(
    fit: Opened,
    x: Any,
    y: Any,
    *,
    canaries: int = CANARIES,
    lengths: Sequence[float] | None = None,
    delta: float = 1e-5,
    level: float = 0.999,
    seed: int | None = None,
) -> CanaryAudit:
    """Train twice with canaries beside each question; return what they tell.

    Parameters
    ----------
    fit
        A training and its own curator: :func:`~reticent.reality.transcript.opened` makes it of an estimator.
    lengths
        ``lengths`` of a :class:`~reticent.reality.sensitivity.Sensitivity`: canaries like the worst neighbor found.
        By default they are as long as a row is promised to be at most.
    level
        One minus the chance at which correct code is found wrong, all tests together.
    seed
        Of the coins; from the operating system where None.

    Raises
    ------
    ParameterError
        If the training asks nothing.
    """
    _validate.at_least(4, canaries=canaries)
    _validate.probability(level=level)
    coins = np.random.default_rng(seed).random(canaries) < 0.5
    met: list[Planting] = []

    def plant(own: Curator) -> Curator:
        met.append(Planting.before(own, coins=coins, lengths=lengths))
        return met[-1]

    for _ in range(2):
        fit(x, y, plant)
    first, second = met[0], met[1]
    if not first.heard:
        raise ParameterError("expected a training that asks its curator, but it asked nothing")
    each = 1 - (1 - level) / _PARTS
    half = 1 - (1 - each) / 2  # of the two bounds
    return CanaryAudit(
        gaussian=mu_of_scores(first.scores, coins, level=half),
        general=one_run(first.scores, coins, delta=delta, level=half),
        budget=first.own.mu,
        delta=delta,
        noise=check_answers(first.heard, level=1 - each),
        again=_same_noise(first.heard, second.heard),
    )


def _same_noise(first: Sequence[Question], second: Sequence[Question]) -> bool:
    """Return whether the canaries' part of the first answers carries the same noise both times."""
    a, b = first[0], second[0]
    return a.exact.shape == b.exact.shape and bool(np.array_equal(a.answer - a.exact, b.answer - b.exact))
