"""The curator: the only one who sees the rows. Whoever trains asks the curator, and gets sums with Gaussian noise.

All that an estimator knows about people has to pass through :meth:`Curator.gaussian`, so that its cost is the sum of
what was asked there: mu-Gaussian differential privacy, where the squares of mu add up (Dong, Roth and Su 2019,
arXiv:1905.02383). The bounds that the rows of one person keep to are the caller's promise; the tests of the room
``reality`` try to break it with rows found by search.

Sums are kept on a grid: the caller rounds what a row adds to multiples of ``grid``, so that the sum is exact in any
order, and the noise is rounded to the same grid. Nothing then depends on how floating-point numbers happen to round
(Mironov 2012, doi:10.1145/2382196.2382264; Casacuberta et al. 2022, arXiv:2207.10635).

>>> from reticent.mechanisms.noise import Seeded
>>> curator = Curator(mu=1.0, noise=Seeded(0))
>>> counts = curator.gaussian("people", np.array([40.0, 2.0]), sensitivity=1.0, share=0.25)
>>> counts.tolist(), curator.answers[0].sd, curator.left
([43.0, 4.0], 2.0, 0.75)
"""

from dataclasses import dataclass, field

import numpy as np

from reticent import _validate
from reticent.errors import BudgetError
from reticent.mechanisms.noise import Floats, Noise

_ROUNDING = 1e-9  # shares that were divided add up again but for this


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What was asked, and what it cost: ``share`` of the budget, noise of standard deviation ``sd`` on each number."""

    what: str
    share: float
    sensitivity: float
    sd: float
    numbers: int


@dataclass(kw_only=True)
class Curator:
    """Answers until the budget is spent.

    Parameters
    ----------
    mu
        The whole budget, as Gaussian differential privacy.
    noise
        Where the noise comes from.
    reach
        By how much more than one row a neighboring table may differ: the most rows of one person, twice as many where
        neighbors replace people and do not only add or remove them.
    """

    mu: float
    noise: Noise
    reach: float = 1.0
    answers: list[Answer] = field(default_factory=list)

    def __post_init__(self) -> None:
        _validate.positive(mu=self.mu)
        _validate.at_least(1, reach=self.reach)

    @property
    def left(self) -> float:
        """The share of the budget that is left, 0 to 1."""
        return 1.0 - sum(answer.share for answer in self.answers)

    def sd(self, sensitivity: float, share: float) -> float:
        """Return the standard deviation of the noise that such a question would get."""
        return float(sensitivity * self.reach / (self.mu * np.sqrt(share)))

    def gaussian(self, what: str, exact: Floats, *, sensitivity: float, share: float, grid: float = 1.0) -> Floats:
        """Return ``exact`` with noise, of the same shape.

        Parameters
        ----------
        what
            What is asked, for the list of what the budget was spent on.
        exact
            Sums over rows, each a multiple of ``grid``.
        sensitivity
            The largest Euclidean length of what one row adds to ``exact``.
        share
            The part of the budget (of mu squared) that is spent on it.

        Raises
        ------
        BudgetError
            If less than ``share`` is left; nothing was then read.
        """
        if share > self.left + _ROUNDING:
            raise BudgetError(f"expected to spend at most {self.left:.3g} of the budget, asked to spend {share:.3g}")
        sd = self.sd(sensitivity, share)
        self.answers.append(
            Answer(what=what, share=share, sensitivity=sensitivity * self.reach, sd=sd, numbers=int(np.size(exact)))
        )
        drawn = self.noise.normal(np.shape(exact))
        return np.asarray(exact + grid * np.rint(sd / grid * drawn), np.float64)
