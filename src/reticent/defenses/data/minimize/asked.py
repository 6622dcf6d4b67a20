"""Ask a model about rows of codes: each distinct row once, and never with a value that no row of the table has.

A model can be asked as often as one likes, so far more rows are asked about than there are people. The rows that are
made up here lie between real ones: some columns of a row are taken from another that is like it.

>>> import pandas as pd
>>> from reticent.coding.columns import open_frame
>>> table = open_frame(pd.DataFrame({"age": [60, 31, 30], "town": ["A", "B", "A"]}))
>>> asked = Asked(lambda rows: rows["age"] > 40, table, [0, 1])
>>> asked(np.array([[2, 1], [0, 0], [2, 1]])).tolist(), asked.n_asked
([1, 0, 1], 2)
"""

from collections.abc import Callable, Sequence
from typing import Any

import narwhals as nw
import numpy as np
import numpy.typing as npt
import pandas as pd
from sklearn.base import is_regressor

from reticent.coding.codebook import Codebook
from reticent.coding.codes import Axis, Bools, Floats, Ints, distinct
from reticent.coding.columns import Table, read, take
from reticent.defenses.data.anonymize.guidance import is_amount
from reticent.errors import ModelError

Answers = npt.NDArray[Any]  # (n,): whole numbers that stand for labels, or amounts

_DRAWN = 16  # rows among which the one that is most alike is taken
_TAKEN = 0.3  # the share of columns that come from it


class Asked:
    """A model, and the rows that it is asked with.

    Parameters
    ----------
    model
        Anything with ``predict``, or a function of rows.
    table : frame or array of shape (n, n_columns)
        Whose values are used.
    where : sequence of q int
        The columns that the model takes, in its order.
    """

    def __init__(self, model: Any, table: Table, where: Sequence[int]) -> None:
        columns = [read(table, j) for j in where]
        self.books = [Codebook.of(column) for column in columns]
        self.codes = np.column_stack([book.encode(column) for book, column in zip(self.books, columns, strict=True)])
        self.axes = [book.axis for book in self.books]
        self.n_asked = 0
        # Labels can be numbers; where neither says what they are, the first answers do.
        self.is_amount: bool | None = False if hasattr(model, "classes_") else None
        self._ask: Callable[[Any], Any] = model.predict if hasattr(model, "predict") else model
        self._is_regressor = hasattr(model, "__sklearn_tags__") and bool(is_regressor(model))
        self._labels: dict[Any, int] = {}
        self._table, self._where = table, list(where)
        self._behind = []  # the value behind each code, from the first row of the table that has it
        for j, code, axis in zip(where, self.codes.T, self.axes, strict=True):
            donor = np.zeros(len(axis.places), np.intp)
            donor[code[::-1]] = np.arange(len(code))[::-1]
            self._behind.append(take(table, j, donor))

    def __call__(self, codes: Ints) -> Answers:
        """Return the model's answer to each row of codes, shape (n, q) -> (n,)."""
        first, of = distinct(codes, [len(axis.places) for axis in self.axes])
        return self.about(self.rows(codes[first]))[of]

    def rows(self, codes: Ints) -> Any:
        """Return rows of codes as the model is asked with them, in the table's own kind."""
        if isinstance(self._table, np.ndarray):
            return np.column_stack(self.values(codes))
        head = self._table[:1, self._where]
        if head.implementation.is_pandas():
            return self._frame(codes, head.to_native().columns)
        made = zip(head.columns, self.values(codes), strict=True)  # Arrow's series have no names
        fresh = (nw.from_native(one, series_only=True).alias(name) for name, one in made)
        return head[np.zeros(len(codes), np.intp)].with_columns(*fresh).to_native()

    def _frame(self, codes: Ints, head: Any) -> pd.DataFrame:
        """Return rows of codes as a pandas frame; numbers of one type at once, which is what takes the time."""
        kinds = {one.dtype for one in self._behind}
        if len(kinds) == 1 and isinstance(kind := kinds.pop(), np.dtype) and kind.kind in "iufb":
            made = np.empty((len(codes), len(head)), kind, order="F")
            for j, (one, code) in enumerate(zip(self._behind, codes.T, strict=True)):
                made[:, j] = one.to_numpy()[code]
            return pd.DataFrame(made, columns=head)
        held = {j: one.array.take(code) for j, (one, code) in enumerate(zip(self._behind, codes.T, strict=True))}
        return pd.DataFrame(held).set_axis(head, axis=1)

    def values(self, codes: Ints) -> list[Any]:
        """Return the values behind codes, shape (n, q), as q native columns of n values."""
        if isinstance(self._table, np.ndarray):
            return [one[code] for one, code in zip(self._behind, codes.T, strict=True)]
        series = (nw.from_native(one, series_only=True) for one in self._behind)
        return [one[code].to_native() for one, code in zip(series, codes.T, strict=True)]

    def about(self, rows: Any) -> Answers:
        """Return the model's answer to each row of a table that holds its columns only.

        Raises
        ------
        ModelError
            If it fails, or does not give one answer a row.
        """
        frame = nw.from_native(rows, eager_only=True, pass_through=True)
        is_arrow = isinstance(frame, nw.DataFrame) and frame.implementation.is_pyarrow()
        try:
            said = np.asarray(self._ask(frame.to_pandas() if is_arrow else rows))  # no model takes an Arrow table
        except Exception as error:  # the caller's code may raise anything
            raise ModelError(f"the model does not accept the table: {type(error).__name__}: {error}") from error
        said = said[:, 0] if said.shape == (len(rows), 1) else said
        if said.shape != (len(rows),):
            raise ModelError(
                f"expected one answer for each of {len(rows)} rows, got answers of shape {said.shape}; minimize a "
                "model of one target, or a function that gives its label"
            )
        self.n_asked += len(rows)
        if self.is_amount is None:
            self.is_amount = self._is_regressor or is_amount(said)
        if self.is_amount:
            amounts = np.asarray(said, float)
            if not np.isfinite(amounts).all():
                raise ModelError("expected finite answers, got missing or infinite ones; leave such rows out")
            return amounts
        numbers, different = pd.factorize(said, use_na_sentinel=False)
        return np.array([self._labels.setdefault(one, len(self._labels)) for one in different.tolist()])[numbers]


def between(codes: Ints, axes: Sequence[Axis], n: int, random: np.random.Generator) -> Ints:
    """Return n rows near those of a table, shape (m, q) -> (n, q): each a row with some columns of one like it."""
    m, q = codes.shape
    rank = np.empty((m, q))
    for j in range(q):
        shuffled = random.permutation(m)  # so that equal values have no order
        rank[shuffled[np.argsort(codes[shuffled, j], kind="stable")], j] = np.arange(m) / m
    base, drawn = random.integers(m, size=n), random.integers(m, size=(n, _DRAWN))
    apart = np.zeros(drawn.shape)
    for j, axis in enumerate(axes):
        far = np.abs(rank[drawn, j] - rank[base, j][:, None]) if axis.ordered else 0.5
        apart += np.where(codes[drawn, j] == codes[base, j][:, None], 0.0, far)
    mate = drawn[np.arange(n), apart.argmin(axis=1)]
    return np.where(random.random((n, q)) < _TAKEN, codes[mate], codes[base])


def agree(one: Answers, other: Answers, tolerance: float | None) -> Bools:
    """Return where two answers are the same: equal labels, or amounts that differ by at most the tolerance."""
    return np.asarray(one == other if tolerance is None else np.abs(one - other) <= tolerance)


def guide_of(answers: Answers, tolerance: float | None) -> Floats:
    """Return answers as what a tree is to keep apart, shape (n, C): one column a label, or a standardized amount."""
    if tolerance is None:
        return np.eye(int(answers.max()) + 1)[answers]
    amounts: Floats = ((answers - answers.mean()) / (answers.std() or 1.0))[:, None]
    return amounts
