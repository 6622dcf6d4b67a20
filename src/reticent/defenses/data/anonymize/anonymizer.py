"""Replace quasi-identifiers so that each combination of them is shared by at least k people.

The attacker knows a person's quasi-identifiers (age, home, occupation) and looks for the one row that fits; success is
to single the person out. Rows are put into classes of at least k people, and each class is released under one
combination. The classes follow what a model knows about the rows, so that a model retrained on the result still learns
it. After Goldsteen et al. 2021 (arXiv:2007.13086).

k holds on the named columns of the fitted table, and on nothing else: the other columns pass through as they are, what
is released are values that really occur, and no differential privacy follows from it. A class may hold one label only,
which then gives the label away: ask for ``l`` or ``t`` where that matters.

>>> import pandas as pd
>>> from reticent.coding.classes import smallest_class
>>> table = pd.DataFrame({"age": [30, 31, 33, 60, 61, 64], "town": list("AAABBB"), "income": range(6)})
>>> anonymizer = Anonymizer(k=3, quasi_identifiers=["age", "town"])
>>> anonymizer.fit_transform(table)["age"].tolist()
[31, 31, 31, 61, 61, 61]
>>> anonymizer.rules()
['age 30 to 33, town A: 3 people', 'age 60 to 64, town B: 3 people']
>>> smallest_class(table, ["age", "town"]), anonymizer.smallest_class_
(1, 3)
"""

import warnings
from collections.abc import Hashable, Mapping, Sequence
from typing import Any, Self

import narwhals as nw
import numpy as np
from sklearn.utils.validation import _check_sample_weight, check_is_fitted

from reticent import _validate
from reticent.coding.codes import Bools, Ints, count_people, distinct
from reticent.coding.columns import Table, open_frame, positions, read
from reticent.coding.engine import Tuples, count
from reticent.coding.lookup import Lazy, header, open_lazy
from reticent.defenses.data.anonymize import admission
from reticent.defenses.data.anonymize.as_defense import AsDefense
from reticent.defenses.data.anonymize.asked import ask
from reticent.defenses.data.anonymize.bundles import Bundle, bundle
from reticent.defenses.data.anonymize.choice import Setting, Trial
from reticent.defenses.data.anonymize.classify import TECHNIQUES, Classes, Grouping
from reticent.defenses.data.anonymize.crowd import crowd
from reticent.defenses.data.anonymize.elsewhere import gather, refuse, targets, twins_of
from reticent.defenses.data.anonymize.guarantees import Diversity
from reticent.defenses.data.anonymize.guidance import guidance
from reticent.defenses.data.anonymize.release import loss, medoids, representing
from reticent.defenses.data.anonymize.settle import Work, settle
from reticent.defenses.data.anonymize.writing import Values, combinations, lines_of, values_of, words_of, write
from reticent.defenses.data.transformer import TableTransformer
from reticent.errors import TableError
from reticent.target.target import Target

CANDIDATES = (2, 20, 200, 1000)
RELEASES = ("representative", "medoid", "ranges")


class Anonymizer(TableTransformer, AsDefense):
    """Release quasi-identifiers in classes of at least ``k`` people.

    It is a transformer of tables, and a defense: ``protect(target, goal, defenses=[Anonymizer(k=50)])``.

    Parameters
    ----------
    k : int
        How many people share each combination of released values; at least 2.
    quasi_identifiers : sequence of column names, or of positions for an array, optional
        The columns that an attacker may know. By default all columns but ``person`` and ``sensitive``.
    l : int, Entropy or Recursive, optional
        How many different values of each sensitive column every class holds (distinct l-diversity), or one of the
        stricter kinds of :mod:`~reticent.defenses.data.anonymize.guarantees`.
    t : float, optional
        How far the shares of each sensitive column in a class may be from those in the table, 0 to 1: half the sum of
        differences, or for amounts and ordered categories the earth mover's distance along their order.
    alpha : float, optional
        The largest share that one value of a sensitive column may have in a class.
    presence : tuple of two floats, optional
        The largest share of those of a ``population`` (see :meth:`fit`) who may stand in a class that are in the table,
        as ``(0, largest)``. Only people who have a combination that occurs in the table count as hiding others.
    sensitive : sequence of column names or positions
        What must not be learned of anyone; released as it is, and never a quasi-identifier.
    hierarchies : mapping, optional
        For columns that are generalized along groups of yours: column -> value -> the groups above it, finest first.
    suppression : float
        The share of rows that may be given up where they stand in the way of the others: they are released together,
        as one class, wherever they lie; ``suppressed_`` says which. Where no row stands in the way, none is.
    person : column name or position, optional
        The column that says whose row it is, where one person has several rows; k then counts people. Rows in which it
        is missing count as one person. By default each row is a person.
    model : estimator or sequence of estimators, optional
        Whose needs guide the classes. Guidance, detail and technique are then chosen by retraining copies on parts of
        the table (see ``trials_``); with ``detail`` they are not, and what is predicted out of fold guides.
    detail : float, optional
        What the detail of the values weighs against the guidance: the weight of the normalized certainty penalty (NCP)
        beside Gini impurity. By default 0.06, or chosen where there is a ``model``. Without guidance it has no effect.
    technique : str
        "guided", or a classic that knows only k and detail: "mondrian", "hilbert", "r+tree", "mdav".
    release : str
        "representative": the median of numbers, and of the categories of a class the one that keeps the shares of the
        whole table best (with a classic the most frequent one); "medoid": the combination of a real person,
        about whom it then says more; "ranges": what a class spans, in words.
    random_state : int
        Seed of the folds in which a model's guidance is found and chosen.

    Attributes
    ----------
    n_classes_ : int
        Distinct combinations of released values.
    smallest_class_ : int
        People in the smallest class of the fitted table, counted after all is done; at least ``k``.
    ncp_ : float
        Information lost in the quasi-identifiers, 0 (none) to 1 (all).
    grouping_ : Grouping
        What puts rows into classes: a :class:`~reticent.defenses.data.anonymize.partition.Partition` where the
        technique is guided.
    suppressed_ : ndarray of shape (n,)
        Which rows of the fitted table are suppressed; of a lazy table, which of its distinct rows.
    unseen_ : dict
        Per column, how many values of the table last transformed lie outside what was fitted: other categories,
        numbers beyond the range, missing values where there was none. Such rows get a class of the fitted table.
    ranges_ : dict
        Columns of a table on an engine that were cut into ranges, and how many different numbers each held.
    setting_, trials_ : Setting, tuple of Trial
        What guided, and how each setting did that was tried; no trials without a model to choose for.

    Notes
    -----
    ``transform`` puts new rows into the classes of the fitted table. That k holds in another table does not follow. l,
    t, alpha and presence count rows.
    """

    grouping_: Grouping
    n_classes_: int
    smallest_class_: int
    ncp_: float
    suppressed_: Bools
    unseen_: dict[Hashable, int]
    ranges_: dict[str, int]
    setting_: Setting
    trials_: tuple[Trial, ...]
    _positions: list[int]
    _names: list[Hashable]
    _bundles: list[Bundle]
    _values: Values
    _rows: Ints  # distinct rows of the fitted table, (t, n_bundles), and the class of each
    _rows_in: Ints
    _sizes: Ints  # people per class
    _members: Ints  # people per released combination

    def __init__(
        self,
        k: int = 10,
        quasi_identifiers: Sequence[Hashable] | None = None,
        *,
        l: Diversity | None = None,  # noqa: E741 - the field's name
        t: float | None = None,
        alpha: float | None = None,
        presence: tuple[float, float] | None = None,
        sensitive: Sequence[Hashable] = (),
        hierarchies: Mapping[Hashable, Mapping[Hashable, Sequence[Hashable]]] | None = None,
        suppression: float = 0.0,
        person: Hashable | None = None,
        model: Any = None,
        detail: float | None = None,
        technique: str = "guided",
        release: str = "representative",
        random_state: int = 0,
    ) -> None:
        self.k = k
        self.quasi_identifiers = quasi_identifiers
        self.l = l
        self.t = t
        self.alpha = alpha
        self.presence = presence
        self.sensitive = sensitive
        self.hierarchies = hierarchies
        self.suppression = suppression
        self.person = person
        self.model = model
        self.detail = detail
        self.technique = technique
        self.release = release
        self.random_state = random_state

    def fit(self, X: Any, y: Any = None, *, weights: Any = None, population: Any = None) -> Self:
        """Grow the classes.

        Parameters
        ----------
        X : pandas or polars frame, pyarrow table, array of shape (n, n_columns), or lazy table
            The table, with its quasi-identifiers. Missing values are values of their own and are never imputed. A lazy
            table (DuckDB, Dask, Spark, polars) is counted where it lies; ``y`` then names columns of it.
        y : array of shape (n,) or (n, C), optional
            What is to stay predictable: labels, amounts (fractions, or more than 50 different numbers), or the soft
            labels of a model, ``model.predict_proba(X)``; those of held-out folds tell less of the training labels.
            Without it only detail counts. With a ``model`` it must be labels or amounts.
        weights : array of shape (n,), optional
            What each row weighs in guidance and detail; k counts people all the same.
        population : table as ``X``, optional
            The people among whom those of the table are hidden, those of the table included, for ``presence``.

        Raises
        ------
        ParameterError
            For k below 2, an unknown column, and what no class could satisfy; with the nearest that would work.
        TableError
            If the table holds fewer than ``k`` people, a column without values, or ``y`` does not fit to it.
        """
        self._fit(X, y, weights, population)
        return self

    def fit_transform(self, X: Any, y: Any = None, *, weights: Any = None, population: Any = None) -> Any:
        """Fit to a table and return it anonymized; see :meth:`fit` and :meth:`transform`."""
        table, classes = self._fit(X, y, weights, population)
        return write(table, self._values, classes)

    def transform(self, X: Any) -> Any:
        """Return the table with each row's quasi-identifiers replaced by its class's; the same kind as it came.

        Other columns, the index, the order of columns and of categories, and the types are as in the fitted table
        (words in place of values for ``release="ranges"``).
        """
        check_is_fitted(self)
        lazy = open_lazy(X)
        if lazy is not None:
            head = header(lazy)
            self._open(head.to_native(), reset=False)
            return self._released(self._count(lazy, head, self._positions), self._positions)
        return self._released(self._open(X, reset=False), self._positions)

    def place(self, X: Any) -> Any:
        """Return the same for a frame that holds the quasi-identifiers but may lack other columns, or an array."""
        check_is_fitted(self)
        lazy = open_lazy(X)
        if lazy is not None:
            head = header(lazy)
            where = positions(head, self._names)
            return self._released(self._count(lazy, head, where), where)
        frame = open_frame(X)
        if frame is None:
            return self._released(np.asarray(X), self._positions)
        return self._released(frame, positions(frame, self._names))

    def _count(self, lazy: Lazy, head: "nw.DataFrame[Any]", where: Sequence[int]) -> Tuples:
        """Return the distinct rows of a table that is elsewhere, as far as the fitted columns tell them apart."""
        books = {where[i]: book for one in self._bundles for i, book in zip(one.where, one.books, strict=True)}
        return count(lazy, where, books={j: book for j, book in books.items() if len(book.known)}, head=head)

    def _released(self, table: Table | Tuples, where: Sequence[int]) -> Any:
        columns = [read(table, j) for j in where]
        counts = table.counts if isinstance(table, Tuples) else None
        codes = np.column_stack([one.encode(columns) for one in self._bundles])
        self.unseen_ = {}
        for b, one in enumerate(self._bundles):
            for book, i in zip(one.books, one.where, strict=True):
                own = codes[:, b] if len(one.where) == 1 else book.encode(columns[i])
                unknown = int((own < 0).sum() if counts is None else counts[own < 0].sum())
                if unknown := unknown + book.outside(columns[i], counts):
                    self.unseen_[columns[i].name] = unknown
        values = {j: self._values[fitted] for j, fitted in zip(where, self._positions, strict=True)}
        return write(table, values, self.grouping_.route(codes))

    def rules(self) -> list[str]:
        """Return one line per class: the values that it holds, and how many people; columns that it spans are left out.

        The lines show values of the fitted table and belong into the internal report.
        """
        check_is_fitted(self)
        return lines_of(self._bundles, self._rows, self._rows_in, self._sizes)

    def _fit(self, X: Any, y: Any, weights: Any, population: Any) -> tuple[Table | Tuples, Ints]:
        """Fit; return the opened table (of one that is elsewhere, its distinct rows) and the class of each row."""
        k = admission.check_k(self.k)
        _validate.one_of(tuple(TECHNIQUES), technique=self.technique)
        _validate.one_of(RELEASES, release=self.release)
        if self.detail is not None:
            _validate.at_least(0, detail=float(self.detail))
        lazy = open_lazy(X)
        if lazy is not None:
            refuse(lazy, model=self.model, weights=weights, population=population)
        bare = None if lazy is None else header(lazy)
        head = self._open(X if bare is None else bare.to_native(), reset=True)
        beside = () if lazy is None else targets(y)
        self._positions, whose, secret = admission.find_columns(
            head, self.quasi_identifiers, self.person, self.sensitive, beside
        )
        table, follow = (head, None) if lazy is None else gather(lazy, self._positions, [*whose, *secret], y, bare)
        self.ranges_ = table.ranges if isinstance(table, Tuples) else {}
        counts, n_rows = (table.counts, table.n_rows) if isinstance(table, Tuples) else (None, len(table))
        people = admission.count_everyone(table, whose, k, n_rows)
        columns = [read(table, j) for j in self._positions]
        self._names = [column.name for column in columns]
        admission.check_columns(columns, n_rows)
        self._bundles = bundle(columns, self.hierarchies or {}, counts)
        but = [*self._positions, *whose]
        twins = (
            twins_of(table, self._positions, but) if isinstance(table, Tuples) else admission.twins(table, columns, but)
        )
        admission.warn_of(twins)
        rules = ask(table, secret, l=self.l, t=self.t, alpha=self.alpha, presence=self.presence, counts=counts)
        codes = np.stack([one.encode(columns) for one in self._bundles]).T
        able = self.technique == "guided" and people is None and population is None
        work = Work(
            codes=codes,
            bundles=tuple(self._bundles),
            k=k,
            weights=None if weights is None else _check_sample_weight(weights, X, ensure_non_negative=True),
            people=people,
            counts=counts,
            rules=rules,
            others=crowd(population, codes, columns, self._bundles, presence=self.presence, person=self.person),
            suppression=admission.check_suppression(self.suppression, k, n_rows, able=able),
            reach=0 if y is not None and self.model is None else None,  # it takes several times as long
        )
        admission.check_technique(self.technique, plain=work.is_plain and self.model is None and weights is None)
        if self.model is not None and self.technique == "guided":
            models = list(self.model) if isinstance(self.model, Sequence) else [self.model]
            self.setting_, self.trials_, found = settle(
                work, self._positions, models, X, y, detail=self.detail, seed=self.random_state
            )
        else:
            follow = guidance(y, n_rows) if lazy is None else follow
            detail = Setting().detail if self.detail is None else float(self.detail)
            several = len(beside) > 1 or (lazy is None and np.asarray(y).ndim > 1)
            kind = "none" if follow is None else "soft" if several else "labels"
            self.setting_, self.trials_ = Setting(technique=self.technique, guidance=kind, detail=detail), ()
            found = work.classes(self.setting_, follow)
        return table, self._keep(table, work, found)

    def _keep(self, table: Table | Tuples, work: Work, found: Classes) -> Ints:
        """Keep what is released for each class; return the class of each row."""
        some = found.released
        rows, of_rows, counts = found.rows[some], found.classes[some], found.counts[some]
        classes = found.classes[found.of]
        if self.release == "ranges":
            self._values = words_of(self._positions, self._bundles, rows, of_rows)
            combination = combinations(self._values)
        else:
            if self.release == "medoid":
                warnings.warn(
                    "release='medoid' publishes the combination of one real person for each class; 'representative' "
                    "and 'ranges' do not",
                    UserWarning,
                    stacklevel=4,
                )
            pick = medoids if self.release == "medoid" else representing(self.setting_.technique)
            chosen = pick(rows, of_rows, work.axes, counts)
            self._values = values_of(table, self._positions, self._bundles, found, chosen)
            combination = distinct(chosen, [len(axis.places) for axis in work.axes])[1]
        # Two classes of one technique never come out alike, of another they may: it is counted, on what is released.
        self._members = count_people(combination[classes], work.people, work.counts)
        self.grouping_, self._rows, self._rows_in = found.grouping, rows, of_rows
        self._sizes = count_people(classes, work.people, work.counts)
        self.n_classes_ = len(self._members)
        self.smallest_class_ = int(self._members.min())
        if self.smallest_class_ < self.k:
            raise TableError(f"the smallest class came out at {self.smallest_class_} people; this is a bug, report it")
        if work.rules.broken(combination[classes], work.counts):
            raise TableError("a class came out that breaks l, t or alpha; this is a bug, report it")
        self.ncp_ = loss(rows, of_rows, work.axes, counts)
        self.suppressed_ = classes == found.suppressed
        self.unseen_ = {}
        return classes


def anonymizations(target: Target) -> list[Anonymizer]:
    """Return anonymizers from a mild k to a strong one, where the target has quasi-identifiers and people enough."""
    return [one for one in (Anonymizer(k=k) for k in CANDIDATES) if one.obstacle(target) is None]
