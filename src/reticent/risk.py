"""risk: a table -> a Risk: how well people can be found in it, and what is learned about them without finding them.

Everything is counted on the table in hand. One number is estimated, and comes with its interval: how many people would
be alone in the whole population.

>>> import pandas as pd
>>> table = pd.DataFrame({"age": [30, 30, 30, 41, 41], "town": ["A", "A", "A", "B", "B"], "ill": [0, 1, 1, 1, 1]})
>>> found = risk(table, ["age", "town"], sensitive=["ill"])
>>> found.k, found.sizes.mean_risk, found.sensitive[0].one_value
(2, 0.4, 2)
"""

from collections.abc import Collection, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import narwhals as nw
import numpy as np
import numpy.typing as npt

from reticent import _validate
from reticent.attacks.result import versions
from reticent.coding.classes import open_table
from reticent.coding.codebook import people_of
from reticent.coding.coded import Coded, below, join
from reticent.coding.columns import Source, Table, positions, read
from reticent.coding.engine import Tuples, count
from reticent.coding.lookup import Lazy, header, open_lazy
from reticent.coding.whole import crowds, different_in_each_row
from reticent.errors import ParameterError, TableError
from reticent.stats.disclosure import THRESHOLDS, Counts, Sizes, people_in, smallest_of
from reticent.stats.estimate import Estimate, untestable
from reticent.stats.superpopulation import population_uniques
from reticent.views import page, page_risk, report_risk, risk_in_words

Ints = npt.NDArray[np.intp]


@dataclass(frozen=True, kw_only=True)
class Sensitive:
    """What the classes give away about one sensitive column.

    Attributes
    ----------
    values
        How many different values the column has.
    l, entropy_l, c
        Distinct and entropy l-diversity, and the c above which the table is recursively (c, 2)-diverse.
    t, ordered_t
        How far a class's values lie from the table's, with equal distances between values, and with those of their
        order; None where they have none, or where some are missing.
    alpha
        The largest share of a class that has one value.
    one_value
        People in classes in which all have the same value.
    """

    name: Hashable
    values: int
    l: int  # noqa: E741  # the field's own name
    entropy_l: float
    c: float
    t: float
    ordered_t: float | None
    alpha: float
    one_value: int


@dataclass(frozen=True, kw_only=True, eq=False)
class Risk:
    """How well people can be found in a table.

    Attributes
    ----------
    rows, columns
        Of the table.
    quasi_identifiers, named
        By what people may be known, and whether the caller said so: otherwise all columns were taken.
    person
        The column that says whose row it is; None where each row is a person.
    sizes, every
        People by the size of their class: on the quasi-identifiers, and if every column were one.
    population, outside
        The same people by the size of their class in the population, None where none was given; and how many of them
        are fewer there than in the table.
    population_size, uniques
        People in the population, and the share of the table's people who are alone there.
    ncp
        The normalized certainty penalty against the original table, 0 to 1; None without it.
    notes
        What the reader should know about the columns.
    """

    rows: int
    columns: tuple[Hashable, ...]
    quasi_identifiers: tuple[Hashable, ...]
    named: bool
    person: Hashable | None
    n_classes: int
    sizes: Sizes
    every: Sizes
    sensitive: tuple[Sensitive, ...]
    population: Sizes | None
    outside: int
    population_size: int | None
    uniques: Estimate
    ncp: float | None
    notes: tuple[str, ...]

    @property
    def k(self) -> int:
        """The fewest people who share one combination of the quasi-identifiers; 0 for a table without rows."""
        return self.sizes.k

    @property
    def alone(self) -> int:
        """The people who share their combination with nobody in the table."""
        return self.sizes.alone

    def to_dict(self) -> dict[str, Any]:
        """Return plain values for JSON; nothing in it speaks of single people."""
        result = {
            "schema": "reticent/risk/1",
            "external": True,
            "table": {
                "rows": self.rows,
                "people": self.sizes.total,
                "person": None if self.person is None else str(self.person),
                "columns": [str(name) for name in self.columns],
            },
            "quasi_identifiers": [str(name) for name in self.quasi_identifiers],
            "named": self.named,
            "k": self.k,
            "classes": self.n_classes,
            "alone": self.alone,
            "risk": _risks(self.sizes),
            "sensitive": [
                {**one.__dict__, "name": str(one.name), "c": one.c if np.isfinite(one.c) else None}
                for one in self.sensitive
            ],
            "every": {"k": self.every.k, "alone": self.every.alone, "columns": self._others},
            "population": {
                "size": self.population_size,
                "uniques": self.uniques.to_dict(),
                "risk": None if self.population is None else {**_risks(self.population), "outside": self.outside},
            },
            "ncp": self.ncp,
            "notes": list(self.notes),
            "versions": versions(),
        }
        result["not_tested"] = risk_in_words.not_tested(result)
        return {**result, "sentence": risk_in_words.sentence(result)}

    @property
    def _others(self) -> int:
        return len(self.columns) - (self.person is not None)

    def to_html(self, path: str | Path) -> Path:
        """Write the report as one self-contained page; return its path."""
        return page.write(path, page_risk.document(self.to_dict()))

    def plot(self, ax: Any = None) -> Any:
        """Draw people by the size of their class with matplotlib; return the axes."""
        return report_risk.plot(self.to_dict(), ax=ax)

    def __str__(self) -> str:
        return risk_in_words.words(self.to_dict())

    def _repr_html_(self) -> str:
        return page_risk.fragment(self.to_dict())


def _risks(sizes: Sizes) -> dict[str, Any]:
    return {
        "highest": sizes.highest_risk,
        "mean": sizes.mean_risk,
        "thresholds": [
            {"risk": level, "size": size, "people": sizes.below(size), "share": sizes.share_below(size)}
            for level, size in THRESHOLDS.items()
        ],
        "sizes": [[int(size), int(people)] for size, people in zip(sizes.size, sizes.people, strict=True)],
    }


def risk(
    table: Any,
    quasi_identifiers: Sequence[Hashable] | None = None,
    *,
    sensitive: Sequence[Hashable] = (),
    person: Hashable | None = None,
    original: Any = None,
    population: Any = None,
    population_size: int | None = None,
) -> Risk:
    """Count how well people can be found in a table as it stands.

    Parameters
    ----------
    table : pandas or polars frame, pyarrow table, array of shape (n, n_columns), or lazy table
        A lazy table (DuckDB, Dask, Spark, polars) is counted where it lies, and so may be ``population``. Missing
        values are values of their own: rows with them are counted as the others are.
    quasi_identifiers
        Columns (positions in an array) that somebody outside may know of a person; None for all that are not sensitive.
    sensitive
        Columns that must not be learned of anyone.
    person
        The column that says whose row it is, so that people are counted; None where each row is a person.
    original
        The table before it was made coarser, row for row, for the detail that it has lost.
    population
        A table of all people among whom one may look, each once, those of ``table`` among them, coded in the same way.
    population_size
        How many there are, where no such table is at hand. ``table`` is then taken for a random sample of them.

    Raises
    ------
    ParameterError
        For unknown columns, one column in two roles, or a population smaller than the table.
    TableError
        For a table that cannot be read, or an original of another length.
    """
    lazy = open_lazy(table)
    if lazy is not None and original is not None:
        raise ParameterError(
            "expected no original beside a table on an engine, whose rows have no order; read both into memory"
        )
    head = open_table(table) if lazy is None else header(lazy)
    names: tuple[Hashable, ...] = tuple(head.columns if hasattr(head, "columns") else range(head.shape[1]))
    secret = positions(head, sensitive)
    owner = positions(head, [] if person is None else [person])
    where = positions(head, quasi_identifiers, [*secret, *owner])
    _check_roles(names, where, secret, owner)
    opened = (
        head
        if lazy is None
        else count(lazy, [*where, *secret, *owner], head=head if isinstance(head, nw.DataFrame) else None)
    )
    counts, n = (opened.counts, opened.n_rows) if isinstance(opened, Tuples) else (None, len(opened))
    needed = [*where, *secret] if isinstance(opened, Tuples) else [j for j in range(len(names)) if j not in owner]
    coded = {j: Coded.of(read(opened, j)) for j in needed}
    people = people_of(opened, owner[0]) if owner else None
    classes = join([coded[j] for j in where], len(opened))
    heads = people_in(classes, people, counts)
    sizes = Sizes.of(smallest_of(heads[classes], people), None if owner else counts)
    if population_size is not None:
        if population is not None:
            raise ParameterError("expected population or population_size, got both; leave population_size out")
        _validate.at_least(sizes.total, population_size=population_size)
    among, outside, n_among = (
        (None, 0, None) if population is None else _among(opened, population, coded, where, people)
    )
    if lazy is None:
        every = _every(classes, heads, [coded[j] for j in coded if j not in where], people)
        notes = [names[j] for j, column in coded.items() if _differs(column, n)]
    else:
        every = _every_there(lazy, [j for j in range(len(names)) if j not in owner], owner)
        notes = [*different_in_each_row(lazy, [str(names[j]) for j in range(len(names)) if j not in owner])]
    return Risk(
        rows=n,
        columns=names,
        quasi_identifiers=tuple(names[j] for j in where),
        named=quasi_identifiers is not None,
        person=person,
        n_classes=len(heads),
        sizes=sizes,
        every=every,
        sensitive=tuple(_judge(names[j], classes, coded[j], people, counts) for j in secret if n),
        population=among,
        outside=outside,
        population_size=population_size if population is None else n_among,
        uniques=_uniques(sizes, heads, among, population_size),
        ncp=None if original is None else _loss(classes, open_table(original), [names[j] for j in where]),
        notes=tuple(_notes(notes, {names[j] for j in where}, head)),
    )


def _check_roles(names: Sequence[Hashable], where: Sequence[int], secret: Sequence[int], owner: Sequence[int]) -> None:
    for role, others in (("sensitive", secret), ("person", owner)):
        if twice := [names[j] for j in where if j in others]:
            raise ParameterError(
                f"expected quasi-identifiers that are not {role} too, got {twice}; name each column in one role"
            )
    if twice := [names[j] for j in secret if j in owner]:
        raise ParameterError(f"expected {twice} to be sensitive or to say whose row it is, not both")


def _every(classes: Ints, heads: Ints, others: Sequence[Coded], people: Ints | None) -> Sizes:
    """Return the crowd of classes split by all other columns; who is alone already stays so."""
    held = heads[classes]
    company = np.flatnonzero(held > 1)
    whose = None if people is None else people[company]
    finer = join([column.take(company) for column in others], len(company), classes[company])
    held[company] = people_in(finer, whose)[finer]
    return Sizes.of(smallest_of(held, people))


def _every_there(lazy: Lazy, others: Sequence[int], owner: Sequence[int]) -> Sizes:
    """Return the same for all these columns of a table on an engine; people are told apart in memory."""
    if not owner:
        size, combinations = crowds(lazy, [lazy.collect_schema().names()[j] for j in others])
        return Sizes(size=size, people=size * combinations)
    found = count(lazy, [*others, *owner])
    people = people_of(found, owner[0])
    classes = join([Coded.of(read(found, j)) for j in others], len(found))
    return Sizes.of(smallest_of(people_in(classes, people)[classes], people))


def _judge(name: Hashable, classes: Ints, column: Coded, people: Ints | None, rows: Ints | None) -> Sensitive:
    codes, axis = column.ranked()
    counts, ranked = Counts.of(classes, codes, people, rows), axis.ordered and axis.n_placed == column.size
    return Sensitive(
        name=name,
        values=column.size,
        l=counts.distinct,
        entropy_l=counts.entropy,
        c=counts.recursive(),
        t=counts.closeness(),
        ordered_t=counts.ordered_closeness() if ranked else None,
        alpha=counts.alpha,
        one_value=counts.one_value(classes, people, rows),
    )


def _among(
    table: Source, population: Any, coded: Mapping[int, Coded], where: Sequence[int], people: Ints | None
) -> tuple[Sizes, int, int]:
    """Return people by the size of their class in the population, how many are fewer there, and how large it is."""
    lazy = open_lazy(population)
    head = open_table(population) if lazy is None else header(lazy)
    theirs = positions(head, [coded[j].column.name for j in where])
    whole = head if lazy is None else count(lazy, theirs)
    together = [Coded.of(below(coded[i].column, read(whole, j))) for i, j in zip(where, theirs, strict=True)]
    n = len(table)
    classes = join(together, n + len(whole))
    rows, others = (one.counts if isinstance(one, Tuples) else None for one in (table, whole))
    here, n_classes = classes[:n], int(classes.max(initial=-1)) + 1
    there = np.pad(people_in(classes[n:], None, others), (0, n_classes))[:n_classes]
    own = people_in(here, people, rows)[here]
    few = there[here] < own
    outside = int((few if rows is None else rows[few]).sum()) if people is None else len(np.unique(people[few]))
    largest = smallest_of(np.maximum(there[here], own), people)
    n_there = whole.n_rows if isinstance(whole, Tuples) else len(whole)
    return Sizes.of(largest, rows if people is None else None), outside, n_there


def _uniques(sizes: Sizes, heads: Ints, among: Sizes | None, population: int | None) -> Estimate:
    if among is not None:
        share = among.alone / max(among.total, 1)
        return Estimate(value=share, low=share, high=share, level=0.95, method="counted", n=among.total)
    most = sizes.alone / max(sizes.total, 1)
    if population is None:
        reason = "cannot be told: how many people the table was drawn from is not known"
        return untestable(reason, level=0.95, n=sizes.total, high=most)
    if int(heads.sum()) != sizes.total:
        reason = "cannot be told: people have rows in several classes"
        return untestable(reason, level=0.95, n=sizes.total, high=most)
    return population_uniques(heads, population)


def _loss(classes: Ints, original: Table, names: Sequence[Hashable]) -> float:
    """Return the mean width of a row's class in the original's values over rows and columns (Ghinita et al. 2007)."""
    if len(original) != len(classes):
        raise TableError(
            f"expected the original row for row, of {len(classes):,} rows; got {len(original):,}. Leave out of it the "
            f"rows that the table left out"
        )
    total, where = 0.0, positions(original, names)
    for j in where:
        codes, axis = Coded.of(read(original, j)).ranked()
        held = Counts.of(classes, codes)
        widths = axis.width(held.value[held.start], held.value[held.stop - 1], held.stop - held.start)
        total += float(held.total @ widths)
    return total / max(len(classes) * len(where), 1)


def _differs(column: Coded, n: int) -> bool:
    """Whether words or whole numbers are different in each of n rows."""
    known = column.column.different
    return 1 < n == len(known) and known.dtype.kind in "Oiu"


def _notes(found: Sequence[Hashable], known: Collection[Hashable], head: Table) -> Iterable[str]:
    """Say which columns tell each row, and so each person, apart."""
    for name in found:
        column = read(head, positions(head, [name])[0])
        kind = "text" if column.different.dtype.kind == "O" else "whole number"
        by_itself = (
            "by itself it singles out everybody"
            if name in known
            else "it is not among the quasi-identifiers, but decides the line on every column"
        )
        yield (
            f"{name!r} holds another {kind} in each row, as what names a person does; {by_itself}. Leave such "
            f"a column out of what is released"
        )
