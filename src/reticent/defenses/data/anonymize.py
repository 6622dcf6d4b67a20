"""Replace quasi-identifiers so that each combination of them is shared by at least k people.

The attacker knows a person's quasi-identifiers (age, home, occupation) and looks for the one row that fits; success is
to single the person out. Rows are put into classes of at least k people, and each class is released under one
representative. The classes follow what a model knows about the rows, so that a model retrained on the result still
learns it. After Goldsteen et al. 2021 (arXiv:2007.13086).

k holds on the named columns of the fitted table, and on nothing else: the other columns pass through as they are, the
representatives are values that really occur, and no differential privacy follows from it. A class may hold one label
only, which then gives the label away.

>>> import pandas as pd
>>> table = pd.DataFrame({"age": [30, 31, 33, 60, 61, 64], "town": list("AAABBB"), "income": range(6)})
>>> anonymizer = Anonymizer(k=3, quasi_identifiers=["age", "town"])
>>> anonymizer.fit_transform(table)["age"].tolist()
[31, 31, 31, 61, 61, 61]
>>> anonymizer.rules()
['age 30 to 33, town A: 3 people', 'age 60 to 64, town B: 3 people']
>>> smallest_class(table, ["age", "town"]), anonymizer.smallest_class_
(1, 3)
"""

from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from numbers import Integral
from typing import Any, Self, TypeAlias

import narwhals as nw
import numpy as np
import numpy.typing as npt
import pandas as pd
from sklearn.base import BaseEstimator, OneToOneFeatureMixin, TransformerMixin
from sklearn.utils.validation import check_array, check_is_fitted, validate_data

from reticent._validate import at_least
from reticent.defenses.data.partition import Axis, Bools, Floats, Ints, Partition, distinct, grow, loss, representatives
from reticent.errors import ParameterError, TableError

Table: TypeAlias = "nw.DataFrame[Any] | npt.NDArray[Any]"


class Anonymizer(OneToOneFeatureMixin, TransformerMixin, BaseEstimator):  # type: ignore[misc]
    """Release quasi-identifiers in classes of at least ``k`` people.

    Parameters
    ----------
    k : int
        How many people share each combination of released values.
    quasi_identifiers : sequence of column names, or of positions for an array, optional
        The columns that an attacker may know. By default all columns (but ``person``).
    detail : float
        What the detail of the values weighs against the guidance: the weight of the normalized certainty penalty (NCP)
        beside Gini impurity. Without guidance it has no effect.
    person : column name or position, optional
        The column that says whose row it is, where one person has several rows; k then counts people. Rows in which it
        is missing count as one person. By default each row is a person.

    Attributes
    ----------
    n_classes_ : int
        Distinct combinations of released values.
    smallest_class_ : int
        People in the smallest class of the fitted table, counted after all is done; at least ``k``.
    ncp_ : float
        Information lost in the quasi-identifiers, 0 (none) to 1 (all).
    partition_ : Partition
        The tree that puts rows into classes.
    unseen_ : dict
        Per column, how many values of the table last transformed lie outside what was fitted: other categories,
        numbers beyond the range, missing values where there was none. Such rows get a class of the fitted table.

    Notes
    -----
    ``transform`` puts new rows into the classes of the fitted table. That k holds in another table does not follow.
    """

    partition_: Partition
    n_classes_: int
    smallest_class_: int
    ncp_: float
    unseen_: dict[Hashable, int]
    _positions: list[int]
    _books: list["_Codebook"]
    _released: Ints  # codes of shape (n_leaves, q)
    _donors: list[Any]  # per quasi-identifier the values behind the codes, in the type of the fitted table
    _members: Ints  # people per class
    _held: list[Ints]  # per quasi-identifier, class * n_codes + code of all that occurs

    def __init__(
        self,
        k: int = 10,
        quasi_identifiers: Sequence[Hashable] | None = None,
        *,
        detail: float = 0.02,
        person: Hashable | None = None,
    ) -> None:
        self.k = k
        self.quasi_identifiers = quasi_identifiers
        self.detail = detail
        self.person = person

    def fit(self, X: Any, y: Any = None) -> Self:
        """Grow the classes.

        Parameters
        ----------
        X : pandas or polars frame, pyarrow table, or array of shape (n, n_columns)
            The table, with its quasi-identifiers. Missing values are values of their own and are never imputed.
        y : array of shape (n,) or (n, C), optional
            What is to stay predictable: labels, amounts (fractions, or more than 50 different numbers), or the soft
            labels of a model, ``model.predict_proba(X)``; those of held-out folds tell less of the training labels.
            Without it only detail counts.

        Raises
        ------
        ParameterError
            For k below 1, a negative detail, a column that the table does not have.
        TableError
            If the table holds fewer than ``k`` people, or ``y`` does not fit to it.
        """
        if not isinstance(self.k, Integral):
            raise ParameterError(f"expected k to be a whole number of people, got k={self.k!r}")
        at_least(1, k=int(self.k))
        at_least(0, detail=float(self.detail))
        table = self._open(X, reset=True)
        n_rows, person = len(table), _positions(table, [] if self.person is None else [self.person])
        self._positions = _positions(table, self.quasi_identifiers, person)
        if not self._positions or set(person) & set(self._positions):
            raise ParameterError(
                f"expected at least one quasi-identifier and a person column beside them, got "
                f"quasi_identifiers={self.quasi_identifiers!r}, person={self.person!r}"
            )
        columns = [_read(table, j) for j in self._positions]
        self._books = [_Codebook.of(column) for column in columns]
        codes = np.column_stack([book.encode(column) for book, column in zip(self._books, columns, strict=True)])
        people = _people(table, person[0]) if person else None
        n_people = n_rows if people is None else len(np.unique(people))
        if n_people < self.k:
            raise TableError(
                f"expected a table of at least k={self.k} people, got {n_people} (n_samples={n_rows}); lower k, as no "
                "generalization can reach it"
            )
        axes = [book.axis for book in self._books]
        self.partition_ = grow(
            codes, axes, int(self.k), labels=_guidance(y, n_rows), people=people, detail=float(self.detail)
        )
        # Two classes differ in all codes of some column, and a representative is one of its class's codes, so no two
        # classes are released under the same combination. It is counted all the same, on what is released.
        classes = self.partition_.route(codes)
        self._released = representatives(codes, classes, axes)
        sizes = [len(axis.places) for axis in axes]
        self._members = _count_people(distinct(self._released[classes], sizes)[1], people)
        self.n_classes_ = len(self._members)
        self.smallest_class_ = int(self._members.min())
        if self.smallest_class_ < self.k:
            raise TableError(f"the smallest class came out at {self.smallest_class_} people; this is a bug, report it")
        self.ncp_ = loss(codes, classes, axes)
        self._held = [np.unique(classes * size + part) for part, size in zip(codes.T, sizes, strict=True)]
        firsts = [np.unique(part, return_index=True)[1] for part in codes.T]
        self._donors = [_take(table, j, first) for j, first in zip(self._positions, firsts, strict=True)]
        self.unseen_ = {}
        return self

    def transform(self, X: Any) -> Any:
        """Return the table with each row's quasi-identifiers replaced by its class's; the same kind as it came.

        Other columns, the index, the order of columns and of categories, and the types are as in the fitted table.
        """
        check_is_fitted(self)
        table = self._open(X, reset=False)
        codes, self.unseen_ = np.empty((len(table), len(self._positions)), np.intp), {}
        for i, (j, book) in enumerate(zip(self._positions, self._books, strict=True)):
            column = _read(table, j)
            codes[:, i] = book.encode(column)
            if count := int((codes[:, i] < 0).sum()) + book.outside(column):
                self.unseen_[column.name] = count
        chosen = self._released[self.partition_.route(codes)]
        donors = zip(self._positions, self._donors, chosen.T, strict=True)
        if isinstance(table, nw.DataFrame):
            fresh = [_as_series(donor, table, j)[code] for j, donor, code in donors]
            return table.with_columns(*fresh).to_native()
        arrays = [(j, np.asarray(donor)[code]) for j, donor, code in donors]
        out = table.astype(np.result_type(table, *(values for _, values in arrays)), copy=True)
        for j, values in arrays:
            out[:, j] = values
        return out

    def rules(self) -> list[str]:
        """Return one line per class: the values that it holds, and how many people; columns that it spans are left out.

        The lines show values of the fitted table and belong into the internal report.
        """
        check_is_fitted(self)
        parts: list[list[str]] = [[] for _ in range(self.n_classes_)]
        for book, held in zip(self._books, self._held, strict=True):
            owner, code = np.divmod(held, len(book.axis.places))
            edges = np.searchsorted(owner, np.arange(self.n_classes_ + 1))
            for c in range(self.n_classes_):
                if text := book.describe(code[edges[c] : edges[c + 1]]):
                    parts[c].append(text)
        counts = [f"{n} people" if n != 1 else "1 person" for n in self._members]
        return [f"{', '.join(part) or 'all'}: {count}" for part, count in zip(parts, counts, strict=True)]

    def _open(self, X: Any, *, reset: bool) -> Table:
        frame = _frame(X)
        if frame is not None:
            validate_data(self, X, reset=reset, skip_check_array=True)
            return frame
        array: npt.NDArray[Any] = validate_data(self, X, reset=reset, dtype=None, ensure_all_finite=False)
        return array

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        tags.input_tags.categorical = True
        tags.input_tags.string = True
        return tags


def smallest_class(table: Any, columns: Sequence[Hashable] | None = None, people: Hashable | None = None) -> int:
    """Return the k of a table as it stands: the fewest people who share one combination of the columns' values.

    Parameters
    ----------
    table : pandas or polars frame, pyarrow table, or array of shape (n, n_columns)
        Missing values are values of their own: rows with them are counted as the others are.
    columns : sequence of column names or positions, optional
        By default all (but ``people``).
    people : column name or position, optional
        Whose row it is; by default each row is a person.

    Returns
    -------
    int
        0 for a table without rows.
    """
    frame: Table | None = _frame(table)
    if frame is None:
        frame = check_array(table, dtype=None, ensure_all_finite=False, ensure_min_samples=0)
    person = _positions(frame, [] if people is None else [people])
    if not len(frame):
        return 0
    books = []
    for j in _positions(frame, columns, person):
        column = _read(frame, j)
        books.append(_Codebook.of(column).encode(column))
    _, classes = distinct(np.column_stack(books), [int(codes.max()) + 1 for codes in books])
    return int(_count_people(classes, _people(frame, person[0]) if person else None).min())


@dataclass(frozen=True, kw_only=True, eq=False)
class _Column:
    """One column as arrays: numbers (or dates) in their own type, anything else as objects."""

    name: Hashable
    values: npt.NDArray[Any]
    null: Bools
    order: tuple[Any, ...] | None = None

    @property
    def is_number(self) -> bool:
        return self.values.dtype.kind in "iufmM"

    @property
    def nan(self) -> Bools:
        """Where a number is "not a number", which polars and Arrow tell apart from a missing one."""
        return ~self.null & np.isnan(self.values) if self.values.dtype.kind == "f" else np.zeros(len(self.null), bool)


@dataclass(frozen=True, kw_only=True, eq=False)
class _Codebook:
    """The values of one fitted column by code: those that occur, then not-a-number, then missing."""

    name: Hashable
    known: npt.NDArray[Any]
    nan: bool
    null: bool
    axis: Axis

    @classmethod
    def of(cls, column: _Column) -> "_Codebook":
        nan = column.nan
        present = column.values[~column.null & ~nan]
        if column.is_number:
            known = np.unique(present)
            places = _as_float(known)
            finite = places[np.isfinite(places)]
            places = np.clip(places, finite.min(), finite.max()) if len(finite) else np.zeros(len(known))
        else:
            try:
                found = list(pd.unique(present))
            except TypeError as error:
                raise TableError(f"expected column {column.name!r} to hold plain values, got {error}") from error
            rank = {value: float(i) for i, value in enumerate(column.order or ())}
            found.sort(key=lambda value: (rank.get(value, 0.0), type(value).__name__, str(value)))
            known = np.empty(len(found), object)
            known[:] = found
            places = np.array([rank.get(value, np.nan) for value in found], float)
        has_nan, has_null = bool(nan.any()), bool(column.null.any())
        axis = Axis(
            places=np.concatenate([places, np.full(has_nan + has_null, np.nan)]),
            ordered=bool(column.is_number or column.order),
        )
        return cls(name=column.name, known=known, nan=has_nan, null=has_null, axis=axis)

    def encode(self, column: _Column) -> Ints:
        """Return the code of each value, -1 for what was not fitted; a number counts as the nearest known one."""
        codes = np.full(len(column.null), -1)
        nan = column.nan
        plain = ~column.null & ~nan
        values = column.values[plain]
        if self.known.dtype.kind == "O" or not len(self.known):
            codes[plain] = pd.Index(self.known, dtype=object).get_indexer(pd.Index(values.astype(object), dtype=object))
        elif len(values):
            values = self._alike(values)
            above = np.searchsorted(self.known, values).clip(0, len(self.known) - 1)
            below = (above - 1).clip(0)
            with np.errstate(over="ignore", invalid="ignore"):
                value, low, high = (_as_float(part) for part in (values, self.known[below], self.known[above]))
                nearer_below = value - low <= high - value
            codes[plain] = np.where(nearer_below & (self.known[above] != values), below, above)
        codes[nan] = len(self.known) if self.nan else -1
        codes[column.null] = len(self.known) + self.nan if self.null else -1
        return codes

    def outside(self, column: _Column) -> int:
        """Count the numbers beyond the fitted range."""
        if self.known.dtype.kind == "O" or not len(self.known):
            return 0
        values = self._alike(column.values[~column.null & ~column.nan])
        return int(((values < self.known[0]) | (values > self.known[-1])).sum())

    def _alike(self, values: npt.NDArray[Any]) -> npt.NDArray[Any]:
        """Return values of another table in the unit of the known ones; numbers do not become dates."""
        date = self.known.dtype.kind if self.known.dtype.kind in "mM" else ""
        if len(values) and (
            values.dtype.kind == "O" or date != (values.dtype.kind if values.dtype.kind in "mM" else "")
        ):
            raise TableError(
                f"expected column {self.name!r} to hold {self.known.dtype}, as in the fitted table; got "
                f"{values.dtype}; convert it first"
            )
        return values.astype(self.known.dtype) if date else values

    def describe(self, codes: Ints) -> str:
        """Return ascending codes in words; nothing where they are all that there is, or span it."""
        n_missing = len(self.axis.places) - len(self.known)
        values = self.known[codes[codes < len(self.known)]]
        whole = len(values) == len(self.known)
        if self.axis.ordered and len(values):
            whole = bool(values[0] == self.known[0] and values[-1] == self.known[-1])
            text = f"{values[0]}" if len(values) == 1 else f"{values[0]} to {values[-1]}"
        else:
            text = f"{values[0]}" if len(values) == 1 else f"in {{{', '.join(map(str, values))}}}"
        missing = int((codes >= len(self.known)).sum())
        if whole and missing == n_missing:
            return ""
        if missing:
            text = f"{text} or missing" if len(values) else "missing"
        return f"{self.name} {text}"


def _frame(table: Any) -> "nw.DataFrame[Any] | None":
    """Return a table as a narwhals frame, None where it is an array or something like it."""
    try:
        frame = nw.from_native(table, pass_through=True)
        if isinstance(frame, nw.LazyFrame):
            raise TableError(f"expected a table in memory, got {type(table).__name__}; collect it first")
        return frame if isinstance(frame, nw.DataFrame) and frame.columns is not None else None
    except nw.exceptions.DuplicateError as error:
        raise TableError(f"expected columns of different names, got {error}") from error


def _as_float(values: npt.NDArray[Any]) -> Floats:
    return (values.astype("int64") if values.dtype.kind in "mM" else values).astype(float)


def _read(table: Table, j: int) -> _Column:
    if not isinstance(table, nw.DataFrame):
        values = table[:, j]
        return _plain(j, values, pd.isna(values) if values.dtype.kind in "OmM" else np.zeros(len(values), bool))
    series = table[:, j]
    null = series.is_null().to_numpy().astype(bool)
    order = tuple(series.dtype.categories) if isinstance(series.dtype, nw.Enum) else None
    if isinstance(series.dtype, nw.Categorical | nw.Enum):
        return _Column(name=series.name, values=series.to_numpy().astype(object), null=null, order=order)
    if series.dtype.is_integer():
        series = series.fill_null(0)  # as floats, large neighbors would become equal
    return _plain(series.name, series.to_numpy(), null)


def _plain(name: Hashable, values: npt.NDArray[Any], null: Bools) -> _Column:
    """Find numbers that stand among objects; leave the rest as it is."""
    if values.dtype.kind == "O" and pd.api.types.infer_dtype(values[~null]) in {"integer", "floating"}:
        numbers = np.array(values[~null].tolist())
        if numbers.dtype.kind in "iuf":
            values = np.zeros(len(null), numbers.dtype)
            values[~null] = numbers
    return _Column(name=name, values=values if values.dtype.kind in "iufmM" else values.astype(object), null=null)


def _positions(table: Table, wanted: Sequence[Hashable] | None, but: Sequence[int] = ()) -> list[int]:
    names: list[Hashable] = list(table.columns if isinstance(table, nw.DataFrame) else range(table.shape[1]))
    if wanted is None:
        return [j for j in range(len(names)) if j not in but]
    if isinstance(wanted, str):
        raise ParameterError(f"expected a list of columns, got the single name {wanted!r}; write [{wanted!r}]")
    absent = [name for name in wanted if name not in names]
    if absent:
        raise ParameterError(f"expected columns of the table, got {absent}; the table has {names}")
    return [names.index(name) for name in dict.fromkeys(wanted)]


def _people(table: Table, j: int) -> Ints:
    """Return whose row it is, counted from 0, shape (n,)."""
    column = _read(table, j)
    return np.unique(_Codebook.of(column).encode(column), return_inverse=True)[1]


def _count_people(classes: Ints, people: Ints | None) -> Ints:
    if people is None:
        return np.bincount(classes)
    first, _ = distinct(np.column_stack([classes, people]), [int(classes.max()) + 1, int(people.max()) + 1])
    return np.bincount(classes[first])


def _guidance(y: Any, n_rows: int) -> Floats | None:
    """Return soft labels of shape (n, C) for labels, numbers (their variance is what counts) or soft labels."""
    if y is None:
        return None
    y = np.asarray(y)
    if y.ndim == 2 and y.shape[1] == 1:
        y = y[:, 0]
    if y.ndim not in {1, 2} or len(y) != n_rows:
        raise TableError(f"expected y of shape ({n_rows},) or ({n_rows}, C), one line per row of X; got {y.shape}")
    if y.dtype.kind == "f" and not np.isfinite(y).all():
        raise TableError("expected y without missing or infinite values; leave such rows out or give scores")
    if y.ndim == 2:
        return np.asarray(y, dtype=float)
    codes, found = pd.factorize(y, use_na_sentinel=False)
    if y.dtype.kind in "iuf" and (len(found) > 50 or (y != np.round(y)).any()):
        return np.asarray((y - y.mean()) / (y.std() or 1.0), dtype=float)[:, None]  # an amount, not a label
    return np.eye(len(found))[codes]


def _take(table: Table, j: int, rows: Ints) -> Any:
    return table[:, j][rows].to_native() if isinstance(table, nw.DataFrame) else table[rows, j]


def _as_series(donor: Any, table: "nw.DataFrame[Any]", j: int) -> "nw.Series[Any]":
    """Return released values, one per code, as a series of the table's own kind."""
    name = table.columns[j]
    series = nw.from_native(donor, series_only=True, pass_through=True)
    if isinstance(series, nw.Series) and series.implementation == table.implementation:
        return series.alias(name)
    values = series.to_list() if isinstance(series, nw.Series) else donor.tolist()
    return nw.new_series(name, values, dtype=table.schema[name], backend=table.implementation)
