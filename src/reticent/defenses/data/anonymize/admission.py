"""What an anonymizer is asked to do, checked against the table before any work: each refusal says what would work."""

import warnings
from collections.abc import Hashable, Sequence
from numbers import Integral
from typing import Any

import narwhals as nw
import numpy as np

from reticent.coding.codebook import people_of
from reticent.coding.codes import Ints, compact
from reticent.coding.columns import Column, Source, Table, positions, read
from reticent.errors import ParameterError, TableError

_MANY = 50  # rows: in fewer, words may all differ by chance
_HARDLY_REPEATS = 0.95


def check_k(k: Any) -> int:
    """Return k as an int.

    Raises
    ------
    ParameterError
        Where it is no whole number of at least 2.
    """
    if not isinstance(k, Integral) or isinstance(k, bool):
        raise ParameterError(f"expected k to be a whole number of people, got k={k!r}")
    if k < 2:
        raise ParameterError(
            f"expected k of at least 2 people, got k={k}: with k=1 each may stand alone. Use k=2 or more"
        )
    return int(k)


def check_suppression(share: Any, k: int, n_rows: int, *, able: bool) -> float:
    """Return the share of rows that may be suppressed.

    Raises
    ------
    ParameterError
        Where it is no share, where ``able`` says that nothing can be suppressed, or where it allows for fewer than k
        rows, which could not be released together.
    """
    if isinstance(share, bool) or not isinstance(share, int | float) or not 0 <= share < 1:
        raise ParameterError(f"expected suppression to be a share of rows from 0 to below 1, got suppression={share!r}")
    if share and not able:
        raise ParameterError(
            "expected suppression=0 with a person column, a population or another technique than 'guided'; only rows "
            "that are a person each can be suppressed, by the guided technique"
        )
    if 0 < share < k / n_rows:
        least = np.ceil(10_000 * k / n_rows) / 10_000
        raise ParameterError(
            f"expected suppression to allow for k={k} rows, which are then released together; suppression={share:g} of "
            f"{n_rows} rows allows for {int(share * n_rows)}. At least suppression={least:g} would work, or 0"
        )
    return float(share)


def find_columns(
    table: Table,
    quasi_identifiers: Sequence[Hashable] | None,
    person: Hashable | None,
    sensitive: Sequence[Hashable],
    beside: Sequence[Hashable] = (),
) -> tuple[list[int], list[int], list[int]]:
    """Return where the quasi-identifiers, the person column (or none) and the sensitive columns stand.

    Columns ``beside`` them, labels in the table, are quasi-identifiers only where they are named as such.

    Raises
    ------
    ParameterError
        For a column that the table does not have, or one in two roles.
    """
    whose = positions(table, [] if person is None else [person])
    if isinstance(sensitive, str):
        raise ParameterError(f"expected a list of sensitive columns, got the single name {sensitive!r}")
    secret = positions(table, list(sensitive))
    where = positions(table, quasi_identifiers, [*whose, *secret, *positions(table, beside)])
    if not where or set(whose) & set(where):
        raise ParameterError(
            f"expected at least one quasi-identifier and a person column beside them, got "
            f"quasi_identifiers={quasi_identifiers!r}, person={person!r}"
        )
    if both := sorted(set(secret) & set(where)):
        names = table.columns if isinstance(table, nw.DataFrame) else range(table.shape[1])
        raise ParameterError(
            f"expected sensitive columns that are no quasi-identifiers, got {[names[j] for j in both]} in both roles: "
            "what an attacker knows already cannot be kept from him"
        )
    return where, whose, secret


def check_columns(columns: Sequence[Column], n: int) -> None:
    """Check that columns can be quasi-identifiers of ``n`` rows.

    Raises
    ------
    ParameterError
        For a column that names people: words of which hardly any repeats, or numbers counted through.
    TableError
        For a column without any value.
    """
    for column in columns:
        if n and not len(column.different) and not column.nan.any():
            raise TableError(
                f"expected values in the quasi-identifier {column.name!r}, got {n} missing ones; leave it out"
            )
        if n <= _MANY or len(column.different) < _HARDLY_REPEATS * n:
            continue
        check_counted(column, len(column.different), n)
        if not column.is_number and column.order is None:
            raise _names_people(column.name, len(column.different), n)


def check_counted(column: Column, n_different: int, n: int) -> None:
    """Check that numbers, of which so many differ in ``n`` rows, are not counted through.

    Raises
    ------
    ParameterError
        Where they are.
    """
    ends = column.different if column.spans is None else column.spans
    if ends.dtype.kind in "iu" and n_different == n and int(ends.max()) - int(ends.min()) == n - 1:
        raise _names_people(column.name, n_different, n)


def _names_people(name: Hashable, n_different: int, n: int) -> ParameterError:
    return ParameterError(
        f"expected quasi-identifiers that people share, but {name!r} names a person in nearly each of {n} rows "
        f"({n_different} different values); drop it or pseudonymize it, and leave it out"
    )


def check_technique(technique: str, *, plain: bool) -> None:
    """Check that a technique can do what is asked; ``plain`` says that nothing is but k, counted in rows.

    Raises
    ------
    ParameterError
        Where it cannot.
    """
    if technique != "guided" and not plain:
        raise ParameterError(
            f"expected technique='guided' with person, l, t, alpha, presence, suppression, weights or model, got "
            f"technique={technique!r}, which counts rows and knows k alone"
        )


def check_population(presence: tuple[float, float] | None, population: Any, person: Hashable | None) -> None:
    """Check that both a population and what is asked of it are given, or neither.

    Raises
    ------
    ParameterError
        Where one is missing, or a person may have several rows, so that shares of rows are none of people.
    """
    if presence is not None and person is not None:
        raise ParameterError(f"expected presence without person={person!r}: it compares rows, each a person of its own")
    if (presence is None) != (population is None):
        raise ParameterError(
            "expected presence=(low, high) and fit(..., population=table) together, got one of them: the share of a "
            "population that the table holds is known only where both are given"
        )


def check_presence(presence: tuple[float, float], n_members: int, n_sharing: int) -> None:
    """Check that the whole table can be hidden so well among those of the population who share its combinations.

    Raises
    ------
    ParameterError
        Where it cannot, or a least share is asked for, which cannot be shown for people who are not counted upon.
    """
    if presence[0] > 0:
        raise ParameterError(
            f"expected presence=(0, largest share), got {presence}: no least share can be shown, since people between "
            "those of the table are not counted"
        )
    share = n_members / max(n_members, n_sharing)
    if share > presence[1]:
        raise ParameterError(
            f"expected each class to be able to satisfy presence={presence}, but {n_members} rows of the table stand "
            f"among {n_sharing} rows of the population that share a combination with them. At least presence=(0, "
            f"{np.ceil(1000 * share) / 1000:g}) would work"
        )


def twins(table: Table, columns: Sequence[Column], but: Sequence[int]) -> list[tuple[Hashable, Hashable]]:
    """Return the columns that tell one of the quasi-identifiers, each with it: values go one to one.

    Those ``but`` whom it looks stand at these positions: the quasi-identifiers themselves, and the column that says
    whose row it is, which names people and is not for release.
    """
    beside = positions(table, None, but)
    every = [(one, _codes(one)) for one in (_told_apart(table, j) for j in beside) if one is not None]
    found = []
    for column in columns if every else ():
        codes, size = _codes(column)
        if not 2 < size < len(codes) / 2:  # two flags are alike by chance, and nearly unique values always
            continue
        for other, (theirs, n_theirs) in every:
            if n_theirs == size and len(compact(codes * size + theirs, size * size)[0]) == size:
                found.append((other.name, column.name))
    return found


def warn_of(twins: Sequence[tuple[Hashable, Hashable]]) -> None:
    """Warn of columns that pass through and say the same as a quasi-identifier."""
    if twins:
        said = "; ".join(f"{name!r} tells {other!r}" for name, other in twins)
        warnings.warn(
            f"columns that pass through as they are undo the generalization of quasi-identifiers: {said}. Name "
            "them among the quasi-identifiers or leave them out",
            UserWarning,
            stacklevel=4,
        )


def _told_apart(table: Table, j: int) -> Column | None:
    """Read a column that nobody asked for; None for lists and the like, which tell no other column."""
    if isinstance(table, nw.DataFrame) and table[:, j].dtype.is_nested():
        return None
    try:
        return read(table, j)
    except TableError:
        return None


def _codes(column: Column) -> tuple[Ints, int]:
    """Return numbers that tell the values of a column apart, missing ones among them, and how many there are."""
    missing = column.null | column.nan
    return np.where(missing, len(column.different), column.of), len(column.different) + bool(missing.any())


def count_everyone(table: Source, whose: Sequence[int], k: int, n: int) -> Ints | None:
    """Return whose row each of ``n`` rows is, shape (n,), or None where each is a person of its own.

    Raises
    ------
    TableError
        If the table holds fewer than ``k`` people.
    """
    people = people_of(table, whose[0]) if whose else None
    n_people = n if people is None else len(np.unique(people))
    if n_people < k:
        raise TableError(
            f"expected a table of at least k={k} people, got {n_people} (n_samples={n}); lower k, as no "
            f"generalization can reach it{f': k={n_people} would work' if n_people > 1 else ''}"
        )
    return people
