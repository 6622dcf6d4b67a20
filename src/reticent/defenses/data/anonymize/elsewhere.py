"""A table that is not in memory, counted on its engine, with what is to stay predictable of each distinct row.

>>> import polars as pl
>>> from reticent.coding.lookup import open_lazy
>>> people = open_lazy(pl.LazyFrame({"age": [30, 30, 31], "ill": ["no", "yes", "no"]}))
>>> counted, follow = gather(people, [0], y="ill")
>>> counted.counts.tolist(), follow.tolist()
([2, 1], [[0.5, 0.5], [1.0, 0.0]])
"""

import warnings
from collections.abc import Hashable, Sequence
from typing import Any

import narwhals as nw

from reticent.coding.codes import Floats
from reticent.coding.columns import positions, read
from reticent.coding.dictionary import Dictionary
from reticent.coding.engine import RANGES, Tuples, count
from reticent.coding.lookup import Lazy, asking, engine_of, header
from reticent.defenses.data.anonymize.admission import check_counted, twins
from reticent.errors import ParameterError, TableError

_LABELS = 50  # different ones: of numbers, more are amounts
_MOST_LABELS = 1_000
_LOOKED_AT = 10_000  # rows


def refuse(frame: Lazy, *, model: Any, weights: Any, population: Any) -> None:
    """Refuse what needs rows in memory.

    Raises
    ------
    ParameterError
        With what to do.
    """
    reasons = {
        "model": (model, "it is trained and asked on rows; name the columns of its probabilities as y instead"),
        "weights": (weights, "leave them out, or read the table into memory"),
        "population": (population, "leave it out together with presence, or read both tables into memory"),
    }
    for name, (given, instead) in reasons.items():
        if given is not None:
            raise ParameterError(
                f"expected no {name} with a table on an engine ({engine_of(frame)}), which comes into memory as counts "
                f"only; {instead}"
            )


def targets(y: Any) -> list[str]:
    """Return the columns in which stands what is to stay predictable.

    Raises
    ------
    ParameterError
        For anything but names.
    """
    names: list[Any] = [y] if isinstance(y, str) else list(y) if isinstance(y, list | tuple) else []
    if not all(isinstance(name, str) for name in names) or (y is not None and not names):
        raise ParameterError(
            f"expected y to name the column of the labels, or the columns of a model's probabilities, as the table is "
            f"not in memory; got {type(y).__name__}"
        )
    return names


def gather(
    frame: Lazy,
    where: Sequence[int],
    beside: Sequence[int] = (),
    y: Any = None,
    head: "nw.DataFrame[Any] | None" = None,
) -> tuple[Tuples, Floats | None]:
    """Return the distinct rows of these columns, and what is to stay predictable of each as a mean, shape (t, C).

    Labels, amounts and probabilities become numbers as in
    :func:`~reticent.defenses.data.anonymize.guidance.guidance`. Numbers with very many values are cut into ranges, but
    not in the columns ``beside``. The ``head`` is the table without its rows, where it is known.

    Raises
    ------
    ParameterError, TableError
        For columns that the table lacks, missing labels, and an engine that cannot do it.
    """
    names, head = targets(y), header(frame) if head is None else head
    positions(head, names)
    sums, shift, scale = list[nw.Expr](), 0.0, 1.0
    if len(names) > 1:
        _complete(frame, names)
        sums = [nw.col(name) for name in names]
    elif names:
        sums, shift, scale = _single(frame, names[0])
    found = count(frame, [*where, *beside], sums, cut=where, head=head)
    for name, n_numbers in found.ranges.items():
        one = next(one.column for one in found.held.values() if one.column.name == name)
        check_counted(one, n_numbers, found.n_rows)
    if found.ranges:
        said = ", ".join(f"{name!r} ({n:,})" for name, n in found.ranges.items())
        warnings.warn(
            f"numbers with many different values were cut into at most {max(RANGES):,} ranges on the engine, before "
            f"classes were made: {said}; round them before where that is not wanted",
            UserWarning,
            stacklevel=5,
        )
    return found, (found.sums / found.counts[:, None] - shift) / scale if names else None


def _single(frame: Lazy, name: str) -> tuple[list["nw.Expr"], float, float]:
    """Return what is added up for labels or amounts in one column, and the mean and spread to be taken off."""
    kind = frame.collect_schema()[name]
    with asking(frame, f"read column {name!r}"):
        grouped = frame.select(name).group_by(name).agg(nw.len().alias("rows"))
        few = len(grouped.head(_LABELS + 1).collect()) <= _LABELS
        amount = kind.is_numeric() and not few
        if kind.is_float() and not amount:
            fraction = (nw.col(name) != nw.col(name).round(0)).cast(nw.Int64).sum().alias("fraction")
            amount = bool(frame.select(fraction).collect()["fraction"][0])
    if amount:
        _complete(frame, [name])
        with asking(frame, f"add up column {name!r}"):
            mean = float(frame.select(nw.col(name).mean().alias("mean")).collect()["mean"][0])
            off = ((nw.col(name) - mean) * (nw.col(name) - mean)).mean().alias("square")
            spread = float(frame.select(off).collect()["square"][0]) ** 0.5
        return [nw.col(name)], mean, spread or 1.0
    held = Dictionary.of(frame, name, most=_MOST_LABELS)
    if held.column.nan.any() or held.column.null.any():
        raise TableError("expected y without missing labels; leave such rows out or give scores")
    plain = nw.col(name).cast(nw.String) if isinstance(kind, nw.Categorical | nw.Enum) else nw.col(name)
    found = held.values.to_list()
    found = sorted(found, key=lambda label: (type(label).__name__, str(label)))
    return [(plain == nw.lit(label)).cast(nw.Float64) for label in found], 0.0, 1.0


def _complete(frame: Lazy, names: Sequence[str]) -> None:
    """Check that numbers are all there and finite."""
    schema = frame.collect_schema()
    if words := [name for name in names if not schema[name].is_numeric()]:
        raise TableError(
            f"expected numbers in the columns that y names, got words in {words}; name one column of labels instead"
        )
    with asking(frame, f"read the columns {list(names)}"):
        odd = [(~nw.col(name).is_finite() | nw.col(name).is_null()).cast(nw.Int64).sum().alias(name) for name in names]
        found = frame.with_columns(nw.col(*names).cast(nw.Float64)).select(*odd).collect()
    if any(found[name][0] for name in names):
        raise TableError("expected y without missing or infinite values; leave such rows out or give scores")


def twins_of(counted: Tuples, where: Sequence[int], but: Sequence[int]) -> list[tuple[Hashable, Hashable]]:
    """Return the columns that tell one of the quasi-identifiers, each with it, as :func:`admission.twins` does.

    Candidates are those of the first rows; whether they do is counted on the engine.
    """
    frame = counted.frame.select(*counted.head.columns)
    with asking(frame, "read its first rows"):
        some = frame.head(_LOOKED_AT).collect()
    found = []
    for other, name in twins(some, [read(some, j) for j in where], but):
        with asking(frame, f"group by {name!r} and {other!r}"):
            pairs = frame.group_by(str(name), str(other)).agg(nw.len().alias("rows"))
            sizes = [
                len(part.collect())
                for part in (pairs, pairs.select(str(name)).unique(), pairs.select(str(other)).unique())
            ]
        if len(set(sizes)) == 1:
            found.append((other, name))
    return found
