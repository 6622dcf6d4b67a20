"""A curator whose noise is OpenDP's: epsilon-DP with Laplace noise, or zCDP with Gaussian noise, until it is spent.

It is asked as :class:`~reticent.mechanisms.curator.Curator` is. Its epsilon is OpenDP's claim: the noise of each answer
has the smallest scale for which OpenDP's map allows that answer's share. Discrete Gaussian noise is charged as zCDP,
since Gaussian differential privacy is not proven for it; that takes about 8 % more noise.

With a seed the same scales are drawn by NumPy, so that a run can be had again, and nothing is guaranteed any more.

>>> curator = ExactCurator(epsilon=1.0, seed=0)
>>> curator.laplace("people", np.array([40.0, 2.0]), sensitivity=1.0, share=0.5).shape, curator.answers[0].sd
((2,), 2.8284271247461903)
>>> curator.event("two towns").parts, curator.event("two towns").no_guarantee
((PureDP(epsilon=0.5),), 'its noise was drawn from a seed, and who knows the seed can take it away')
"""

from dataclasses import dataclass, field
from functools import cached_property
from typing import Literal

import numpy as np

from reticent import _seeds, _validate
from reticent.accounting.adjacency import ADD_REMOVE_ROW
from reticent.accounting.events import ZCDP, Event, PureDP
from reticent.errors import BudgetError
from reticent.mechanisms import exact as opendp
from reticent.mechanisms.curator import Answer
from reticent.mechanisms.noise import Floats, Seeded

Kind = Literal["laplace", "gaussian"]
_ROUNDING = 1e-9  # shares that were divided add up again but for this
_SLACK = 1.0 + 1e-9  # for a sensitivity that floating point has rounded; whole ones are what they are


@dataclass(kw_only=True)
class ExactCurator:
    """Answers until the budget is spent.

    Parameters
    ----------
    epsilon
        The whole budget, for a row that is added or removed.
    delta
        0 for Laplace noise, else Gaussian.
    seed
        None for OpenDP's noise, from the operating system.
    """

    epsilon: float
    delta: float = 0.0
    seed: int | None = None
    answers: list[Answer] = field(default_factory=list)

    def __post_init__(self) -> None:
        _validate.positive(epsilon=self.epsilon)
        if self.delta != 0:
            _validate.probability(delta=self.delta)

    @property
    def left(self) -> float:
        """The share of the budget that is left, 0 to 1."""
        return 1.0 - sum(answer.share for answer in self.answers)

    @cached_property
    def coins(self) -> np.random.Generator:
        """For choices that do not touch the rows, such as where a search begins."""
        return np.random.default_rng() if self.seed is None else Seeded(self.seed).coins

    @cached_property
    def whole(self) -> float:
        """The whole budget in the unit in which shares add up: epsilon with Laplace noise, rho with Gaussian."""
        return opendp.rho_of(self.epsilon, self.delta) if self.delta else self.epsilon

    @property
    def kind(self) -> Kind:
        """Which noise this budget pays for."""
        return "gaussian" if self.delta else "laplace"

    @property
    def no_guarantee(self) -> str | None:
        """Why what is made of the answers proves nothing, or None."""
        return None if self.seed is None else Seeded(self.seed).no_guarantee

    def sd(self, sensitivity: float, share: float) -> float:
        """Return the standard deviation of the noise that such a question would get."""
        cost = self.whole * share
        return float(sensitivity * (1.0 / np.sqrt(2.0 * cost) if self.delta else np.sqrt(2.0) / cost))

    def alone(self, share: float) -> float:
        """Return the epsilon that this share of the budget would be alone, at the delta of the whole."""
        return opendp.epsilon_of(self.whole * share, self.delta) if self.delta else self.epsilon * share

    def laplace(self, what: str, exact: Floats, *, sensitivity: float, share: float, grid: float = 1.0) -> Floats:
        """Return ``exact``, multiples of ``grid``, with Laplace noise; a row adds at most ``sensitivity`` in all."""
        return self._answer("laplace", what, exact, sensitivity=sensitivity, share=share, grid=grid)

    def gaussian(self, what: str, exact: Floats, *, sensitivity: float, share: float, grid: float = 1.0) -> Floats:
        """Return ``exact``, multiples of ``grid``, with Gaussian noise; a row adds at most ``sensitivity`` in length.

        Raises
        ------
        BudgetError
            If less than ``share`` is left, or the budget is one of the other noise; nothing was then read.
        """
        return self._answer("gaussian", what, exact, sensitivity=sensitivity, share=share, grid=grid)

    def event(self, what: str) -> Event:
        """Return what was answered so far, as one event."""
        spent = self.whole * sum(answer.share for answer in self.answers)
        parts = (ZCDP(spent) if self.delta else PureDP(spent),) if spent else ()
        return Event(what, parts, adjacency=ADD_REMOVE_ROW, no_guarantee=self.no_guarantee)

    def _answer(self, kind: Kind, what: str, exact: Floats, *, sensitivity: float, share: float, grid: float) -> Floats:
        if kind != self.kind:
            raise BudgetError(f"expected one kind of noise for one budget, delta={self.delta:g}; asked for {kind}")
        if share > self.left + _ROUNDING:
            raise BudgetError(f"expected to spend at most {self.left:.3g} of the budget, asked to spend {share:.3g}")
        units = np.rint(np.asarray(exact, np.float64) / grid).astype(np.int64)
        reach, cost = _units(sensitivity / grid), self.whole * share
        if self.seed is None:
            noisy, scale = (
                opendp.gaussian(units, sensitivity=reach, rho=cost)
                if kind == "gaussian"
                else opendp.laplace(units, sensitivity=reach, epsilon=cost)
            )
        else:
            scale = reach / np.sqrt(2.0 * cost) if kind == "gaussian" else reach / cost
            generator = _seeds.generator(self.seed, "private noise", len(self.answers))
            drawn = generator.normal(size=units.shape) if kind == "gaussian" else generator.laplace(size=units.shape)
            noisy = units + np.rint(scale * drawn).astype(np.int64)
        sd = float(scale * grid * (1.0 if kind == "gaussian" else np.sqrt(2.0)))
        self.answers.append(Answer(what=what, share=share, sensitivity=sensitivity, sd=sd, numbers=int(np.size(units))))
        return np.asarray(noisy * grid, np.float64)


def _units(sensitivity: float) -> int:
    return int(sensitivity) if sensitivity == int(sensitivity) else int(np.ceil(sensitivity * _SLACK))


def quieter(epsilon: float, delta: float, *, manhattan: float, euclidean: float) -> Kind:
    """Return the noise of the smaller standard deviation for sums to which a row adds at most that much, by both norms.

    Without delta it is Laplace noise. With few numbers Laplace noise may be the smaller one all the same, and then the
    guarantee is the stronger one, without delta.

    >>> quieter(1.0, 1e-5, manhattan=2, euclidean=2**0.5), quieter(1.0, 1e-5, manhattan=60, euclidean=60**0.5)
    ('laplace', 'gaussian')
    """
    if not delta:
        return "laplace"
    gaussian = euclidean / np.sqrt(2.0 * opendp.rho_of(epsilon, delta))
    return "laplace" if np.sqrt(2.0) * manhattan / epsilon <= gaussian else "gaussian"
