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
>>> from reticent.coding.classes import smallest_class
>>> smallest_class(table, ["age", "town"]), anonymizer.smallest_class_
(1, 3)
"""

from collections.abc import Hashable, Sequence
from numbers import Integral
from typing import Any, Self

import narwhals as nw
import numpy as np
import numpy.typing as npt
from sklearn.base import BaseEstimator, OneToOneFeatureMixin, TransformerMixin
from sklearn.utils.validation import check_is_fitted, validate_data

from reticent._validate import at_least
from reticent.coding.codebook import Codebook, people_of
from reticent.coding.codes import Ints, compact, count_people, distinct
from reticent.coding.columns import Table, as_series, open_frame, positions, read, take
from reticent.defenses.data.anonymize.partition import Partition, grow, guidance, loss, representatives
from reticent.errors import ParameterError, TableError


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
    _books: list[Codebook]
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
        n_rows, person = len(table), positions(table, [] if self.person is None else [self.person])
        self._positions = positions(table, self.quasi_identifiers, person)
        if not self._positions or set(person) & set(self._positions):
            raise ParameterError(
                f"expected at least one quasi-identifier and a person column beside them, got "
                f"quasi_identifiers={self.quasi_identifiers!r}, person={self.person!r}"
            )
        columns = [read(table, j) for j in self._positions]
        self._books = [Codebook.of(column) for column in columns]
        codes = np.column_stack([book.encode(column) for book, column in zip(self._books, columns, strict=True)])
        people = people_of(table, person[0]) if person else None
        n_people = n_rows if people is None else len(np.unique(people))
        if n_people < self.k:
            raise TableError(
                f"expected a table of at least k={self.k} people, got {n_people} (n_samples={n_rows}); lower k, as no "
                "generalization can reach it"
            )
        axes = [book.axis for book in self._books]
        self.partition_ = grow(
            codes, axes, int(self.k), labels=guidance(y, n_rows), people=people, detail=float(self.detail)
        )
        # Two classes differ in all codes of some column, and a representative is one of its class's codes, so no two
        # classes are released under the same combination. It is counted all the same, on what is released.
        classes = self.partition_.route(codes)
        self._released = representatives(codes, classes, axes)
        sizes = [len(axis.places) for axis in axes]
        self._members = count_people(distinct(self._released, sizes)[1][classes], people)
        self.n_classes_ = len(self._members)
        self.smallest_class_ = int(self._members.min())
        if self.smallest_class_ < self.k:
            raise TableError(f"the smallest class came out at {self.smallest_class_} people; this is a bug, report it")
        self.ncp_ = loss(codes, classes, axes)
        self._held = [
            compact(classes * size + part, self.n_classes_ * size)[0] for part, size in zip(codes.T, sizes, strict=True)
        ]
        firsts = [distinct(part[:, None], [size])[0] for part, size in zip(codes.T, sizes, strict=True)]
        self._donors = [take(table, j, first) for j, first in zip(self._positions, firsts, strict=True)]
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
            column = read(table, j)
            codes[:, i] = book.encode(column)
            if count := int((codes[:, i] < 0).sum()) + book.outside(column):
                self.unseen_[column.name] = count
        chosen = self._released[self.partition_.route(codes)]
        donors = zip(self._positions, self._donors, chosen.T, strict=True)
        if isinstance(table, nw.DataFrame):
            fresh = [as_series(donor, table, j)[code] for j, donor, code in donors]
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
        frame = open_frame(X)
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
