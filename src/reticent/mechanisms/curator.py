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
from reticent.errors import BudgetError, ParameterError
from reticent.mechanisms.noise import Floats, Noise

_EVEN = 2.0**24  # cells in a standard deviation up to which the values of a float hit all of them alike
_FINEST = 2.0**46  # beyond it, sums and noise together have more cells than floats
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
        ParameterError
            If the budget is so small that its noise does not fit on the grid.
        """
        if share > self.left + _ROUNDING:
            raise BudgetError(f"expected to spend at most {self.left:.3g} of the budget, asked to spend {share:.3g}")
        sd = self.sd(sensitivity, share)
        if sd > _FINEST * grid:
            raise ParameterError(
                f"expected a budget that asks for less noise than floats can hold on this grid, got mu={self.mu:.3g} "
                f"for a standard deviation of {sd:.3g}; ask for a larger epsilon"
            )
        self.answers.append(
            Answer(what=what, share=share, sensitivity=sensitivity * self.reach, sd=sd, numbers=int(np.size(exact)))
        )
        return np.asarray(exact + grid * cells(self.noise, sd / grid, np.shape(exact)), np.float64)


def cells(noise: Noise, sd: float, shape: tuple[int, ...]) -> Floats:
    """Return normal noise of ``sd`` cells in whole cells, each cell as likely as it should be.

    A drawn number has 53 bits. Where cells are so fine that few of its values fall into each, some come up more often
    than their neighbors, and thousands of answers together would tell tables apart by it. Then a sum is drawn:
    wide noise on a lattice, and noise four steps of it wide that fills it: of the lattice a ripple of 1e-137 is left.
    """
    if sd <= _EVEN:
        return np.rint(sd * noise.normal(shape))
    step = 2.0 ** np.ceil(np.log2(sd / _EVEN))
    wide = np.sqrt((sd / step) ** 2 - 16.0)
    return np.asarray(step * np.rint(wide * noise.normal(shape)) + np.rint(4 * step * noise.normal(shape)))
