"""What the private versions of scikit-learn's classics share: columns of numbers between bounds, and one curator.

All that can be refused is refused first. Then a method asks the curator for sums over rows, and what it keeps follows
from the answers alone; not even the number of rows is read. Bounds are declared, or bought with a fifth of the budget.

The noise is OpenDP's. With ``delta=0`` it is Laplace noise and the promise is a pure epsilon; else Gaussian noise, or
Laplace noise where that is the smaller one.
"""

import math
import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from numbers import Integral, Real
from typing import Any, Self

import numpy as np
import numpy.typing as npt
from sklearn.base import BaseEstimator
from sklearn.utils import check_random_state
from sklearn.utils.validation import validate_data

from reticent import _validate
from reticent.accounting.events import Event
from reticent.coding.codes import Floats
from reticent.defenses.training.dp.declared import finite_pair
from reticent.defenses.training.dp.ranges import range_of
from reticent.defenses.training.dp.spending import Spending, merged
from reticent.errors import NoGuaranteeWarning, ParameterError, PrivacyWarning, TableError
from reticent.mechanisms.exact_curator import ExactCurator, quieter
from reticent.mechanisms.rehearsal import is_rehearsal

GRID = 2.0**-20  # what a row adds is rounded toward zero to this, so it never adds more than it is charged for
BOUGHT = 0.2  # of the budget, for bounds that are not declared


class PrivateColumns(BaseEstimator):  # type: ignore[misc]
    """Parameters, checks and the curator; a subclass says in :meth:`_learn` what it asks."""

    epsilon: float
    delta: float
    bounds: Any
    random_state: Any
    n_features_in_: int
    event_: Event
    spending_: Spending
    epsilon_: float
    delta_: float

    def fit(self, X: Any, y: Any = None) -> Self:
        """Learn from people's rows, within the budget.

        Parameters
        ----------
        X : array-like of shape (n, d)
            Numbers. Values outside the bounds count as lying at them.
        y : array-like of shape (n,), optional
            The labels, where the estimator learns any.

        Raises
        ------
        ParameterError
            For an argument outside its range.
        TableError
            For labels that are not among the declared ones.
        """
        self._check_parameters()
        d = self._open(X, reset=True).shape[1]
        self._check_width(d)
        manhattan, euclidean = self._lengths(d)
        kind = quieter(float(self.epsilon), float(self.delta), manhattan=manhattan, euclidean=euclidean)
        delta = 0.0 if kind == "laplace" else float(self.delta)
        curator = ExactCurator(epsilon=float(self.epsilon), delta=delta, seed=self._seed())
        self._fit(X, y, curator)
        self.epsilon_, self.delta_ = math.inf if curator.no_guarantee else curator.epsilon, curator.delta
        self.event_ = curator.event(f"{type(self).__name__}, fitted")
        self.spending_ = merged(curator.answers, curator.alone, free=self._stated())
        return self

    def _fit(self, X: Any, y: Any, curator: Any) -> Self:
        """Learn through this curator and from nothing else: what a test of the claim asks with a curator of its own."""
        table = self._open(X, reset=True)
        groups = self._groups(y, len(table))
        ends = declared_ends(self.bounds, self._names(), table.shape[1])
        if self.delta * len(table) >= 1:
            warnings.warn(
                f"delta={self.delta:g} is at least one in the number of rows: a mechanism that publishes somebody's "
                "row as it is would keep to it. Ask for a delta far below that",
                PrivacyWarning,
                stacklevel=3,
            )
        self._learn(table, groups, Desk(curator, *ends))
        return self

    def _learn(self, table: Floats, groups: npt.NDArray[np.intp], desk: "Desk") -> None:
        """Set the fitted attributes from the desk's answers; ``groups`` are the rows' labels as codes."""
        raise NotImplementedError

    def _lengths(self, d: int) -> tuple[float, float]:
        """Return the most that a row adds to the main question about d columns: in sum, and as a Euclidean length."""
        return float(d), math.sqrt(d)

    def _groups(self, y: Any, n: int) -> npt.NDArray[np.intp]:
        """Return the group of each row; without labels all are one."""
        return np.zeros(n, np.intp)

    def _stated(self) -> list[str]:
        """Return what was known for nothing, in words."""
        names = self._names()
        low, high = declared_ends(self.bounds, names, len(names))
        return [f"bounds of {names[j]}: declared, {low[j]:g} to {high[j]:g}" for j in np.flatnonzero(~np.isnan(low))]

    def _open(self, X: Any, *, reset: bool) -> Floats:
        try:
            return np.asarray(validate_data(self, X, reset=reset, dtype=np.float64), np.float64)
        except ValueError as error:
            if "could not convert" not in str(error):
                raise
            raise TableError(  # its message would show somebody's value
                f"expected columns of numbers, got words; {type(self).__name__} takes numbers alone. Leave these "
                "columns out, or make each value of a codebook a column of zeros and ones"
            ) from None

    def _names(self) -> list[Any]:
        return [*getattr(self, "feature_names_in_", range(self.n_features_in_))]

    def _check_parameters(self) -> None:
        _number(epsilon=self.epsilon)
        if not 0 <= _number(least=0.0, delta=self.delta) < 1:
            raise ParameterError(f"expected 0 <= delta < 1, got delta={self.delta!r}")

    def _check_width(self, d: int) -> None:
        """Refuse parameters that do not go with d columns, before anything is asked."""
        declared_ends(self.bounds, self._names(), d)

    def _seed(self) -> int | None:
        if self.random_state is None:
            return None
        given = self.random_state
        seed = int(given) if isinstance(given, Integral) else int(check_random_state(given).randint(2**31 - 1))
        if not is_rehearsal():
            warnings.warn(
                f"random_state={given!r}: this fit promises nothing, its noise was drawn from a seed, and who knows "
                "the seed can take it away. Leave random_state out to draw OpenDP's noise from the operating system",
                NoGuaranteeWarning,
                stacklevel=3,
            )
        return seed


@dataclass
class Desk:
    """Where an estimator asks: the curator, and the columns' bounds, NaN where they are not declared.

    A curator that only knows Gaussian noise will do too.
    """

    curator: Any
    low: Floats
    high: Floats

    @property
    def pure(self) -> bool:
        """Whether the noise is Laplace noise, so that lengths are sums of absolute values."""
        return getattr(self.curator, "kind", "gaussian") == "laplace"

    @property
    def coins(self) -> np.random.Generator:
        """For choices that do not touch the rows."""
        coins: np.random.Generator = getattr(self.curator, "noise", self.curator).coins
        return coins

    @property
    def ask(self) -> Callable[..., Floats]:
        """Ask as the curator is asked: ``ask(what, exact, sensitivity=, share=, grid=)``."""
        return self.curator.laplace if self.pure else self.curator.gaussian  # type: ignore[no-any-return]

    def sums(
        self, what: str, rows: Floats, groups: npt.NDArray[np.intp], n_groups: int, *, length: float, share: float
    ) -> Floats:
        """Return noisy sums of ``rows`` (n, m) by group, shape (n_groups, m); no row is longer than ``length``."""
        units = np.trunc(rows / GRID).astype(np.int64)
        exact = np.stack([units[groups == group].sum(axis=0) for group in range(n_groups)])
        return self.ask(what, exact * GRID, sensitivity=length, share=share, grid=GRID)

    def bounded(self, table: Floats) -> tuple[Floats, Floats, Floats]:
        """Return the table as -1 to 1 between the bounds, their middle and half their width; buy bounds not declared.

        Shapes (n, d), (d,), (d,).
        """
        low, high = self.low.copy(), self.high.copy()
        open_ = np.flatnonzero(np.isnan(low))
        for column in open_:
            seller: Any = _Ranges(self.ask, self.curator.sd)
            low[column], high[column] = range_of("bounds", table[:, column], seller, share=BOUGHT / len(open_))
        middle, half = (low + high) / 2, np.maximum((high - low) / 2, np.finfo(float).tiny)
        return np.clip((np.clip(table, low, high) - middle) / half, -1.0, 1.0), middle, half

    @property
    def left(self) -> float:
        """The share of the budget that the method itself has: all of it where all bounds are declared."""
        return 1.0 - (BOUGHT if np.isnan(self.low).any() else 0.0)


@dataclass
class _Ranges:
    """A curator as the search for ranges asks it: a row counts once, so its length is 1 by either norm."""

    gaussian: Callable[..., Floats]
    sd: Callable[[float, float], float]


def declared_ends(bounds: Any, names: list[Any], d: int) -> tuple[Floats, Floats]:
    """Return the declared ends of d columns, NaN where there are none.

    ``bounds`` is a pair of numbers for all columns, a pair of d numbers each, or a dict by column.

    >>> declared_ends({"age": (0, 120)}, ["age", "wage"], 2)
    (array([ 0., nan]), array([120.,  nan]))
    """
    low, high = np.full(d, np.nan), np.full(d, np.nan)
    if bounds is None:
        return low, high
    if isinstance(bounds, Mapping):
        if strange := [str(name) for name in bounds if name not in names]:
            raise ParameterError(
                f"expected bounds of columns of the table, got {_validate.listed(strange)}; it has "
                f"{_validate.listed([*map(str, names)], strange[0])}"
            )
        for name, ends in bounds.items():
            low[names.index(name)], high[names.index(name)] = finite_pair(f"bounds[{name!r}]", ends)
        return low, high
    try:
        first, second = (np.asarray(side, np.float64) for side in bounds)
        low[:], high[:] = first, second
    except (TypeError, ValueError) as error:
        raise ParameterError(
            f"expected bounds as a pair (low, high), of numbers or of {d} numbers each, or a dict by column; got "
            f"{bounds!r}"
        ) from error
    for column, ends in enumerate(zip(low.tolist(), high.tolist(), strict=True)):
        finite_pair(f"bounds of column {names[column]}", ends)
    return low, high


def _number(*, least: float = np.finfo(float).tiny, **argument: Any) -> float:
    [(name, value)] = argument.items()
    if isinstance(value, bool) or not isinstance(value, Real) or not math.isfinite(value) or value < least:
        raise ParameterError(f"expected {name} {'>= 0' if least == 0 else '> 0'} and finite, got {name}={value!r}")
    return float(value)
