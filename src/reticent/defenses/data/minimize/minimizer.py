"""Ask of a person only what the model's answer needs: ranges and groups in place of values, and of the rest nothing.

A fitted model was given all columns, as precise as they came. At most people's rows it would say the same had it known
less. Here each row is replaced by a generalized one, and that is given to the model: the columns that matter for this
person as far as they matter, and for all else a value of somebody like it. After Goldsteen et al. 2021
(arXiv:2008.04113), who choose and report on the same rows; here the rows that report chose nothing.

What is shown is that the answers stay, for people like those in the table. That nothing else can be inferred from what
is still asked does not follow, nor does it say anything of what the model gives away.

>>> import numpy as np, pandas as pd
>>> random = np.random.default_rng(0)
>>> people = pd.DataFrame({"age": random.integers(18, 90, 2000), "town": random.choice(["A", "B", "C"], 2000)})
>>> minimizer = Minimizer(lambda rows: rows["age"] >= 65, agreement=0.95).fit(people)
>>> print(minimizer.collection_form())
What to ask of a person, so that the model's answer stays the same for at least 95 % of people:
1. age? (asked of 100 %)
   up to 63: nothing else (63 %)
   64 or more: nothing else (37 %)
   missing: as up to 63
Not needed of anyone: town.
>>> round(minimizer.ncp_, 2), minimizer.agreement_.low > 0.95
(0.77, True)
"""

from collections.abc import Hashable, Sequence
from typing import Any, Self

import numpy as np
from sklearn.utils.validation import check_is_fitted

from reticent import _validate
from reticent._seeds import generator
from reticent.coding.codebook import Codebook
from reticent.coding.codes import Ints
from reticent.coding.columns import Table, open_frame, positions, read
from reticent.coding.engine import open_lazy, rewritten
from reticent.defenses.data.minimize import admission
from reticent.defenses.data.minimize.as_defense import AsDefense
from reticent.defenses.data.minimize.asked import Asked
from reticent.defenses.data.minimize.cells import Cells
from reticent.defenses.data.minimize.form import Form, form_of
from reticent.defenses.data.minimize.judged import last_shown, shown
from reticent.defenses.data.minimize.ladder import everything, ladder
from reticent.defenses.data.minimize.mapping import mapped
from reticent.defenses.data.minimize.needs import Need, needs_of
from reticent.defenses.data.minimize.thin import thinned
from reticent.defenses.data.minimize.trial import agreeing
from reticent.defenses.data.transformer import TableTransformer
from reticent.errors import TableError
from reticent.stats.estimate import Estimate


class Minimizer(TableTransformer, AsDefense):
    """Collect of each person only what a model's answer needs.

    Parameters
    ----------
    model
        The fitted model: anything with ``predict``, a classifier, regressor or pipeline, or a function that gives its
        answers to rows. It is asked about many rows that nobody has.
    agreement : float
        The share of people whose answer is to stay what it is, above 0 and below 1.
    tolerance : float, optional
        By how much two answers of a regressor may differ and still be the same. By default a tenth of the standard
        deviation of its answers.
    person : column name or position, optional
        The column that says whose row it is, where one person has several rows; it is not given to the model.
    random_state : int
        Seed of the split into rows that choose and rows that judge, and of the rows that are made up.

    Attributes
    ----------
    ncp_ : float
        The share of detail that is not collected, 0 (all is) to 1 (nothing is), over the columns of the rows that chose
        nothing: the share of the column's range, or of its categories, that is left open for the person.
    agreement_ : Estimate
        The share of the rows that chose nothing whose answer stays; ``low`` is its one-sided lower confidence bound at
        95 %, which is at least ``agreement``.
    n_judged_ : int
        How many rows these are: where ``person`` is named, one a person.
    n_independent_ : float
        How many independent rows they are worth in the bound: fewer where some are equal.
    judged_ : ndarray of shape (m,)
        Where they stand in the fitted table.
    needs_ : tuple of Need
        What is needed of each column, and of how many people.
    tolerance_ : float or None
        For a regressor, by how much two answers may differ.
    unseen_ : dict
        Per column that a question is about, how many values of the table last handed in lie outside those that chose:
        other categories, numbers beyond the range, missing values where there was none.

    Notes
    -----
    One half of the people chooses, the other judges. Rows that are equal in all columns of the table stand on one side,
    and copies do not count as independent rows, unless columns have so few values that people are alike by chance; hand
    in what tells people apart, or name ``person``.

    Columns that can be the same for everyone go first, as long as no more than a quarter of the answers change that
    may; trees are grown for the others. To be taken, a way of asking has to pass at 97.5 %, so that the target is
    missed in fewer than one of twenty uses.

    A fitted minimizer holds values of the table: of numbers and dates that a question is about the two beside each cut
    and the ends of the range, of categories those that occur, the representative of each cell, and the words of the
    form. Of all other values it keeps none.

    Where the table holds rows that the model was trained on, agreement is that on such rows: a model that knows them by
    heart answers them in a manner of its own. Better hand in people whom it has not met; no label is needed.
    """

    ncp_: float
    agreement_: Estimate
    n_judged_: int
    judged_: Ints
    needs_: tuple[Need, ...]
    tolerance_: float | None
    unseen_: dict[Hashable, int]
    _positions: list[int]
    _names: list[Hashable]
    _books: list[Codebook]
    _cells: Cells
    _values: list[Any]
    _form: Form

    def __init__(
        self,
        model: Any = None,
        agreement: float = 0.98,
        *,
        tolerance: float | None = None,
        person: Hashable | None = None,
        random_state: int = 0,
    ) -> None:
        self.model = model
        self.agreement = agreement
        self.tolerance = tolerance
        self.person = person
        self.random_state = random_state

    def fit(self, X: Any, y: Any = None) -> Self:
        """Find what has to be asked.

        Parameters
        ----------
        X : pandas or polars frame, pyarrow table, or array of shape (n, n_columns)
            People like those who will be asked. Columns that a model does not know by name are left alone.
        y : ignored

        Raises
        ------
        ParameterError
            For an agreement outside (0, 1), an unknown column, something that is no model.
        TableError
            Where there are too few people to show such an agreement, with the best that can be shown; for a missing
            person.
        ModelError
            Where the model does not take the table, or does not give one answer a row.
        """
        _validate.probability(agreement=self.agreement)
        if self.tolerance is not None:
            _validate.at_least(0, tolerance=self.tolerance)
        admission.check_model(self.model)
        table = self._open(X, reset=True)
        whose = positions(table, [] if self.person is None else [self.person])
        self._positions = admission.inputs(self.model, table, whose)
        random = generator(self.random_state, "minimize")
        dealt = admission.deal(table, whose, self.agreement, random)
        judge = dealt.judge
        asked = Asked(self.model, table[dealt.fit], self._positions)
        answers = asked(asked.codes)
        self.tolerance_ = None
        if asked.is_amount:
            self.tolerance_ = float(answers.std() / 10 if self.tolerance is None else self.tolerance)
        steps = [everything(asked), *ladder(asked, answers, self.tolerance_, random, target=self.agreement)]
        self._books, self._names = asked.books, [book.name for book in asked.books]
        judged = table[judge]
        codes = self._encode(table, self._positions)[judge]
        counts = agreeing(asked, steps, judged, self._positions, codes=codes, tolerance=self.tolerance_)
        # The first step asks for everything: its answers stay, and nothing has to be shown.
        chosen = last_shown(counts[1:].tolist(), len(judge), self.agreement, dealt.worth)
        self._keep(asked, steps[chosen].cells, codes)
        self.agreement_ = shown(int(counts[chosen]), len(judge), dealt.worth)
        self.n_judged_, self.n_independent_, self.judged_ = len(judge), dealt.worth, judge
        return self

    def transform(self, X: Any) -> Any:
        """Return the table with each row's inputs as they are asked; the same kind, with the same columns and types.

        A table on an engine (DuckDB, Dask, Spark, polars' lazy frames) stays there: its distinct rows come into memory,
        and what is asked of them is written by a join. ``unseen_`` then counts distinct rows.
        """
        check_is_fitted(self)
        if (lazy := open_lazy(X)) is not None:
            names = lazy.collect_schema().names()
            if missing := [name for name in self._names if name not in names]:
                raise TableError(f"expected the columns {missing}, which were fitted; the table has {names}")
            return rewritten(lazy, [str(name) for name in self._names], self.place)
        return self._asked_of(self._open(X, reset=False), self._positions)

    def place(self, X: Any) -> Any:
        """Return the same for a frame that holds the model's columns but may lack others, or an array."""
        check_is_fitted(self)
        frame = open_frame(X)
        if frame is None:
            return self._asked_of(np.asarray(X), self._positions)
        return self._asked_of(frame, positions(frame, self._names))

    def collection_form(self) -> Form:
        """Return what to ask of a person, in the order in which it is asked; print it to read it.

        It shows values at which the table was cut, and shares of its people.
        """
        check_is_fitted(self)
        return self._form

    def _keep(self, asked: Asked, cells: Cells, codes: Ints) -> None:
        self._values = asked.values(cells.representative)
        cell = cells.route(codes)
        self.needs_ = needs_of(cells, self._books, cell)
        self.ncp_ = float(np.mean([need.ncp for need in self.needs_]))
        self._form = form_of(cells, self._books, cell, self.needs_, self.agreement)
        self._cells, self._books = thinned(cells, self._books)
        asked_about = {book.name for book in self._books if len(book.axis.places)}
        self.unseen_ = {name: count for name, count in self.unseen_.items() if name in asked_about}

    def _asked_of(self, table: Table, where: Sequence[int]) -> Any:
        codes = self._encode(table, where)
        return mapped(table, where, self._values, self._cells.raw, self._cells.route(codes))

    def _encode(self, table: Table, where: Sequence[int]) -> Ints:
        """Return the rows as codes, shape (n, q), and keep count of what was never seen."""
        columns = [read(table, j) for j in where]
        codes = np.column_stack([book.encode(column) for book, column in zip(self._books, columns, strict=True)])
        self.unseen_ = {}
        for book, column, code in zip(self._books, columns, codes.T, strict=True):
            if not len(book.axis.places):  # no question is about it
                continue
            if count := int((code < 0).sum()) + book.outside(column):
                self.unseen_[column.name] = count
        return codes
