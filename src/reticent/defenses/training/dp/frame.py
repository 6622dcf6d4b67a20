"""What the private estimators share: parameters that are checked, a table that is coded, a curator that is paid.

The order is the promise. All that can be refused is refused first; then the curator gets the budget; then the method
learns from the curator's answers. A fitted estimator holds what was declared, the names and types of the columns, and
what follows from the answers. Not even the number of rows is kept.

Two things are read beside the answers, and both only decide whether there is a fit at all: whether a table breaks what
was declared (a missing value, a label that is no class), and whether it is empty. Whoever fits is told; a fitted model
that is given away says nothing of it but that there was a fit.

>>> from reticent.defenses import DPClassifier
>>> X = np.random.default_rng(0).uniform(size=(4000, 2))
>>> model = DPClassifier(epsilon=1.0, bounds=(0, 1), classes=[False, True]).fit(X, X[:, 0] > 0.5)
>>> model.score(X, X[:, 0] > 0.5) > 0.9, round(sum(row.share for row in model.spending_), 9) <= 1
(True, True)
"""

import math
import warnings
from collections.abc import Collection, Hashable, Iterable, Mapping
from numbers import Integral, Real
from typing import Any, Self

import narwhals as nw
import numpy as np
import numpy.typing as npt
import pandas as pd
from sklearn.base import BaseEstimator
from sklearn.utils import check_random_state
from sklearn.utils.validation import check_is_fitted, column_or_1d, validate_data

from reticent import _validate
from reticent.accounting.accountants import accountant_for
from reticent.accounting.adjacency import ADD_REMOVE_ROW, Adjacency, Change, Unit
from reticent.accounting.budget import Budget
from reticent.accounting.events import Event, Gaussian
from reticent.accounting.gaussian import mu_of
from reticent.coding.codes import Floats
from reticent.coding.columns import Column, Table, open_frame, positions
from reticent.defenses.training.dp.coded import Coded, code
from reticent.defenses.training.dp.declared import Declared, declare
from reticent.defenses.training.dp.person import few_of_each, people_in
from reticent.defenses.training.dp.spending import Spending, event_of, spent
from reticent.errors import NoGuaranteeWarning, ParameterError, PrivacyWarning, TableError
from reticent.mechanisms.curator import Curator
from reticent.mechanisms.noise import Noise, OperatingSystem, Seeded
from reticent.mechanisms.rehearsal import is_rehearsal

_LARGEST = 30.0  # noise that ends at 8.3 standard deviations keeps delta up to an epsilon of 38
_A_HAIR = 1e-9  # shares of a budget add up to one but for their rounding; so much of mu is held back
_HELD_BACK = 1e-10  # of delta: words are finite, which may add 1.1e-16 a number, for 900,000 numbers
_FINEST = 1e-8
_ONE_PERSON = Adjacency(Change.ADD_REMOVE, Unit.PERSON)


class PrivateEstimator(BaseEstimator):  # type: ignore[misc]
    """What :class:`DPClassifier` and :class:`DPRegressor` have in common."""

    epsilon_: float
    delta_: float
    spending_: Spending
    event_: Event
    method_: str
    budget_: Budget
    _declared: tuple[Declared, ...]
    _model: Any

    def __init__(
        self,
        epsilon: float = 1.0,
        delta: float = 1e-5,
        *,
        bounds: Mapping[Any, Any] | tuple[float, float] | None = None,
        domains: Mapping[Any, Iterable[Any]] | None = None,
        edges: Mapping[Any, Iterable[float]] | None = None,
        missing: Collection[Hashable] | bool = False,
        person: Hashable | None = None,
        rows_per_person: int = 1,
        budget: Budget | None = None,
        random_state: Any = None,
    ) -> None:
        self.epsilon = epsilon
        self.delta = delta
        self.bounds = bounds
        self.domains = domains
        self.edges = edges
        self.missing = missing
        self.person = person
        self.rows_per_person = rows_per_person
        self.budget = budget
        self.random_state = random_state

    def fit(self, X: Any, y: Any) -> Self:
        """Learn from people's rows, within the budget.

        Parameters
        ----------
        X : pandas or polars frame, pyarrow table, or array of shape (n, n_columns)
            Features, and the person where one is named.
        y : array or series of shape (n,)
            The target.

        Raises
        ------
        ParameterError
            For an argument outside its range, an unknown column, a declaration that is none.
        TableError
            For what breaks a declaration: missing values, words without a domain, targets outside theirs.
        BudgetError
            Where the ledger handed in as ``budget`` has not enough left; nothing was then read.
        """
        self._check_parameters()
        self.__dict__.pop("budget_", None)  # of an earlier fit
        noise = self._noise()
        mu = mu_of(float(self.epsilon), float(self.delta) - _HELD_BACK) * (1 - _A_HAIR)
        if self.budget is not None:
            whole = (Gaussian(1 / mu),)
            self.budget.charged(Event(self._what, whole, adjacency=self._adjacency, no_guarantee=noise.no_guarantee))
        self._fit(X, y, Curator(mu=mu, noise=noise, reach=float(self.rows_per_person)))
        if self.budget is not None:
            self.budget_ = self.budget.charged(self.event_)
        return self

    def _fit(self, X: Any, y: Any, curator: Curator) -> Self:
        """Learn through this curator and from nothing else: what a test of the claim asks with a curator of its own."""
        column = one_column(y)
        table, people = self._open(X, reset=True)
        if len(column) != len(table):
            raise TableError(f"expected one target a row, got {len(table):,} rows and {len(column):,} targets")
        target = self._target(column)
        declared = declare(table, bounds=self.bounds, domains=self.domains, edges=self.edges, missing=self.missing)
        coded = code(table, declared)
        self._warn_of_delta(len(coded) if people is None else len(people.different))
        if people is not None:
            rows = few_of_each(people, int(self.rows_per_person), curator.noise.coins)
            coded, target = coded.take(rows), target[rows]
        self._declared = declared
        self._model = self._learn(coded, target, curator)
        self.method_ = self._model.method
        self.delta_ = float(self.delta)
        stated = [*(column.stated for column in declared if column.stated), *self._stated()]
        self.spending_ = spent(curator, self.delta_, free=stated)
        self.event_ = event_of(curator, self._what, self._adjacency)
        self.epsilon_ = max(float(self.epsilon), accountant_for(self.event_).epsilon(self.event_, self.delta_))
        return self

    def _target(self, y: npt.NDArray[Any]) -> npt.NDArray[Any]:
        """Return a target of shape (n,) as codes or numbers, or refuse it."""
        raise NotImplementedError

    def _learn(self, coded: Coded, target: npt.NDArray[Any], curator: Curator) -> Any:
        """Return a model that was made of the curator's answers."""
        raise NotImplementedError

    def _stated(self) -> list[str]:
        """Return what was known of the target, in words."""
        raise NotImplementedError

    def _decide(self, X: Any) -> Floats:
        """Return the model's probabilities for a table like the fitted one, shape (n, n_classes)."""
        check_is_fitted(self)
        table, _ = self._open(X, reset=False)
        return np.asarray(self._model.decision(code(table, self._declared)), np.float64)

    def _open(self, X: Any, *, reset: bool) -> tuple[Table, Column | None]:
        """Return the features and, of the table that is fitted, whose row each is."""
        frame = open_frame(X)
        if frame is None:
            # Of a list every value stays what it is: NumPy would make words of everybody's numbers for one row's word.
            array, people = self._without_person(np.array(X, object) if isinstance(X, list | tuple) else X, reset=reset)
            return validate_data(self, array, reset=reset, dtype=None, ensure_all_finite=False), people
        features, people = self._without_person(frame, reset=reset)
        validate_data(self, features.to_native(), reset=reset, skip_check_array=True)
        if 0 in features.shape:
            raise TableError(f"expected rows and columns, got a table of shape {features.shape}")
        return features, people

    def _without_person(self, table: Any, *, reset: bool) -> tuple[Any, Column | None]:
        """Take the person's column out; a table to predict on may lack it."""
        if self.person is None or len(table.shape) != 2 or (not reset and table.shape[1] == self.n_features_in_):
            return table, None
        j = positions(table, [self.person])[0]
        people = people_in(table, j) if reset else None
        if isinstance(table, np.ndarray):
            return np.delete(table, j, axis=1), people
        return table.drop(table.columns[j]), people

    @property
    def _adjacency(self) -> Adjacency:
        return ADD_REMOVE_ROW if self.person is None else _ONE_PERSON

    @property
    def _what(self) -> str:
        return f"{type(self).__name__}, fitted"

    def _noise(self) -> Noise:
        if self.random_state is None:
            return OperatingSystem()
        if isinstance(self.random_state, Integral):
            seed = int(self.random_state)
        else:
            seed = int(check_random_state(self.random_state).randint(2**31 - 1))
        noise = Seeded(seed)
        if not is_rehearsal():
            warnings.warn(
                f"random_state={self.random_state!r}: this fit promises nothing, {noise.no_guarantee}. Leave "
                "random_state out to draw noise from the operating system",
                NoGuaranteeWarning,
                stacklevel=3,
            )
        return noise

    def _warn_of_delta(self, units: int) -> None:
        if self.delta * units >= 1:
            warnings.warn(
                f"delta={self.delta:g} is at least one in the number of people: a mechanism that publishes somebody's "
                "row as it is would keep to it. Ask for a delta that is far smaller",
                PrivacyWarning,
                stacklevel=4,
            )

    def _check_parameters(self) -> None:
        _validate.positive(epsilon=_plain(epsilon=self.epsilon))
        if self.epsilon > _LARGEST:
            raise ParameterError(
                f"expected epsilon <= {_LARGEST:g}, got epsilon={self.epsilon!r}: it would protect nobody, and noise "
                "of finite numbers keeps no such promise"
            )
        if _plain(delta=self.delta) == 0:
            raise ParameterError(
                f"expected 0 < delta < 1, since the noise is Gaussian, got delta={self.delta!r}; a pure epsilon, with "
                "delta=0, is what DPGaussianNB, DPKMeans, DPPCA and DPStandardScaler can promise"
            )
        _validate.probability(delta=self.delta)
        if self.delta < _FINEST:
            raise ParameterError(
                f"expected delta >= {_FINEST:g}, since noise is made of finite numbers; got delta={self.delta!r}"
            )
        rows = self.rows_per_person
        if isinstance(rows, bool) or not isinstance(rows, Integral) or rows < 1:
            raise ParameterError(f"expected rows_per_person as a whole number of at least 1, got {rows!r}")
        if rows > 1 and self.person is None:
            raise ParameterError(
                f"expected person= with rows_per_person={rows}, since it says whose rows are counted; name its column"
            )

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.target_tags.required = True
        tags.input_tags.allow_nan = bool(self.missing)
        tags.input_tags.categorical = tags.input_tags.string = bool(self.domains)
        return tags


def one_column(y: Any) -> npt.NDArray[Any]:
    """Return a target of any kind as an array of shape (n,).

    Raises
    ------
    TableError
        If there is none, or it has missing or infinite values.
    """
    if y is None:
        raise TableError("this estimator requires y to be passed, but the target y is None")
    series = nw.from_native(y, series_only=True, pass_through=True)
    if isinstance(series, nw.Series):
        y = series.to_numpy()
    column: npt.NDArray[Any] = column_or_1d(y, warn=True)
    if column.dtype.kind in "fO" and pd.isna(column).any():
        raise TableError("expected no missing targets: Input y contains NaN. Leave these rows out")
    if column.dtype.kind == "f" and not np.isfinite(column).all():
        raise TableError("expected finite targets: Input y contains infinity. Leave these rows out")
    return column


def _plain(**argument: Any) -> float:
    [(name, value)] = argument.items()
    if isinstance(value, bool) or not isinstance(value, Real) or not math.isfinite(value):
        raise ParameterError(f"expected {name} as a finite number, got {name}={value!r}")
    return float(value)
