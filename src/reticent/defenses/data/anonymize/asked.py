"""Turn what is asked of each class into rules about a table's sensitive columns.

>>> import pandas as pd
>>> from reticent.coding.columns import open_frame
>>> ill = open_frame(pd.DataFrame({"ill": ["flu", "cold", "flu"]}))
>>> ask(ill, [0], l=2, t=None, alpha=None, presence=None).codes.tolist()
[[1], [0], [1]]
"""

from collections.abc import Sequence

import numpy as np

from reticent.coding.codebook import Codebook
from reticent.coding.codes import Ints, add
from reticent.coding.columns import Column, Source, read
from reticent.defenses.data.anonymize.guarantees import Diversity, Rules, Secret

_FINEST = 256  # secrets told apart in the order of an amount; more of them are taken together


def ask(
    table: Source,
    secret: Sequence[int],
    *,
    l: Diversity | None,  # noqa: E741 - the field's name
    t: float | None,
    alpha: float | None,
    presence: tuple[float, float] | None,
    counts: Ints | None = None,
) -> Rules:
    """Return what each class has to satisfy besides k; ``counts`` says how many rows each row stands for, shape (n,).

    Raises
    ------
    ParameterError
        Where not even the whole table satisfies it.
    """
    columns = [read(table, j) for j in secret]
    secrets = [_secret(one, counts) for one in columns]
    rules = Rules.of(secrets, l=l, t=t, alpha=alpha, presence=presence, counts=counts)
    if not columns:
        return Rules(table=rules.table, base=rules.base, codes=np.empty((len(table), 0), int))
    if t is None or not any(_is_fine(one) for one in columns):
        return rules
    parts = [Rules.of(secrets, l=l, alpha=alpha, presence=presence, counts=counts)]
    for one, plain in zip(columns, secrets, strict=True):
        near, least = _by_rank(one, t) if _is_fine(one) else (plain, t)
        parts.append(Rules.of([near], t=least, counts=counts))
    return _together(parts)


def _is_fine(column: Column) -> bool:
    """Whether a column is an amount with more values than are told apart."""
    return bool(column.is_number or column.order) and len(column.different) > _FINEST


def _by_rank(column: Column, t: float) -> tuple[Secret, float]:
    """Return an amount with ``size`` neighboring values taken together, and how close these have to be for ``t``.

    A value lies at most ``size`` ranks per group, and ``size - 1`` within it, from where it is moved to, so that what
    is moved between groups bounds what is moved between values.
    """
    book = Codebook.of(column)
    codes, n_codes, placed = book.encode(column), len(book.axis.places), book.axis.n_placed
    size = -(-placed // _FINEST)
    last = (placed - 1) // size
    codes = np.where(codes < placed, codes // size, codes - placed + last + 1)
    n_groups = last + 1 + n_codes - placed
    least = (t * (n_codes - 1) - (size - 1)) / (size * (n_groups - 1))
    return Secret(name=column.name, codes=codes, n_codes=n_groups, ordered=True), min(1.0, max(0.0, least))


def _together(parts: Sequence[Rules]) -> Rules:
    """Return all rules of the parts, each with sensitive values of its own."""
    tables, at = [], 0
    for part in parts:
        tables.append(part.table + np.array([0, 0, 0, at, at]))
        at += len(part.base)
    starts = np.cumsum([0, *(len(part.base) for part in parts)])
    codes = [part.codes + start for part, start in zip(parts, starts, strict=False)]
    return Rules(
        table=np.concatenate(tables), base=np.concatenate([part.base for part in parts]), codes=np.column_stack(codes)
    )


def _secret(column: Column, counts: Ints | None) -> Secret:
    """Return a sensitive column as codes; of amounts, neighbors are taken together beyond 256 different ones."""
    book = Codebook.of(column)
    codes, n_codes = book.encode(column), len(book.axis.places)
    if book.axis.ordered and book.axis.n_placed > _FINEST:
        count = add(codes, None if counts is None else counts.astype(float), n_codes)[: book.axis.n_placed]
        group = ((np.cumsum(count) - 1) * _FINEST // max(1, int(count.sum()))).astype(np.intp)
        group = np.unique(group, return_inverse=True)[1]
        missing = np.arange(n_codes - book.axis.n_placed) + group[-1] + 1
        codes, n_codes = np.append(group, missing)[codes], int(group[-1]) + 1 + len(missing)
    return Secret(name=column.name, codes=codes, n_codes=n_codes, ordered=book.axis.ordered)
