"""What one may know of a person: a column, or several columns that say the same.

Two columns of which each tells the other (education and its number) are one trait, and so are columns of zeros and ones
that add up to one in each row (a one-hot group): whoever knows a part of it knows more than that part.

>>> import pandas as pd
>>> from reticent.coding.columns import open_frame
>>> table = pd.DataFrame({"town": [*"ABCABC"], "town number": [1, 2, 3, 1, 2, 3], "old": [0, 1, 1, 0, 0, 0]})
>>> table["young"] = 1 - table["old"]
>>> [(trait.title, trait.size) for trait in traits_of(open_frame(table), range(4))]
[('town = town number', 3), ('old = young', 2)]
"""

import re
from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import takewhile

import numpy as np

from reticent.coding.codes import Bools, Ints
from reticent.coding.columns import Column, Table, read

_DATE = re.compile(r"\d{4}-\d\d?-\d\d?|\d\d?[./]\d\d?[./]\d{2,4}")
_LOOKED_AT = 100


@dataclass(frozen=True, kw_only=True, eq=False)
class Trait:
    """One or several columns as codes.

    Parameters
    ----------
    columns : tuple of str, or int for an array
        Those that say it.
    kind : str
        "whole numbers", "numbers", "dates", "words", "yes or no", or "one-hot" for a group of zeros and ones.
    codes : ndarray of shape (n,)
        The value of each row, from 0 to ``size - 1``; missing values are values of their own.
    n_placed : int
        How many codes follow the order of numbers and dates: those below.
    """

    columns: tuple[Hashable, ...]
    kind: str
    codes: Ints
    size: int
    n_placed: int

    @property
    def title(self) -> str:
        """What it is called."""
        names = [f"column {name}" if isinstance(name, int) else str(name) for name in self.columns]
        if self.kind != "one-hot" or len(names) < 3:
            return " = ".join(names)
        n_alike = sum(1 for _ in takewhile(lambda letters: len(set(letters)) == 1, zip(*names, strict=False)))
        begin = names[0][:n_alike]
        return f"{begin}* ({len(names)} columns)" if begin else f"{names[0]} … {names[-1]} ({len(names)} columns)"


def traits_of(table: Table, where: Iterable[int]) -> list[Trait]:
    """Return the traits that the columns at these positions make, in the order of their first columns.

    Raises
    ------
    TableError
        If a column holds values that cannot be told apart, such as lists.
    """
    single = [trait_of(read(table, j)) for j in where]
    return _one_to_one(_one_hot(single))


def trait_of(column: Column) -> Trait:
    """Return the trait that a column makes by itself."""
    different, n_known, kind = column.different, len(column.different), _kind(column)
    rank = np.arange(n_known)
    if kind == "yes or no":
        rank = different.astype(np.intp)
    elif column.is_number:
        rank[np.argsort(different, kind="stable")] = np.arange(n_known)
    elif column.order:
        place = {value: at for at, value in enumerate(column.order)}
        rank[np.argsort([place[value] for value in different])] = np.arange(n_known)
    codes = np.append(rank, n_known)[column.of]
    has_nan = bool(column.nan.any())
    if column.null.any():
        codes[column.null] = n_known + has_nan
    return Trait(
        columns=(column.name,),
        kind=kind,
        codes=codes,
        size=n_known + has_nan + bool(column.null.any()),
        n_placed=n_known if column.is_number or column.order else 0,
    )


def _kind(column: Column) -> str:
    different = column.different
    if len(different) == 2 and set(different.tolist()) == {0, 1}:
        return "yes or no"
    if different.dtype.kind in "mM":
        return "dates"
    if column.is_number:
        numbers = different[np.isfinite(different)]
        return "whole numbers" if (numbers == np.round(numbers)).all() else "numbers"
    some = different[:_LOOKED_AT]
    return "dates" if len(some) and all(_DATE.match(str(value)) for value in some) else "words"


def _one_hot(traits: Sequence[Trait]) -> list[Trait]:
    """Put columns of zeros and ones together where each row has exactly one 1 among them."""
    flags = {k: flag for k, trait in enumerate(traits) if (flag := _flag(trait)) is not None}
    taken: dict[int, list[int]] = {}
    free = list(flags)
    while free:
        first, *others = free
        group, union = [first], flags[first].copy()
        for k in others:
            if union.all():
                break
            if not (union & flags[k]).any():
                group.append(k)
                union |= flags[k]
        if union.all() and len(group) > 1:
            taken[first] = group
            free = [k for k in free if k not in group]
        else:
            free = others
    inside = {k for group in taken.values() for k in group[1:]}
    return [_joined(traits, flags, taken[k]) if k in taken else t for k, t in enumerate(traits) if k not in inside]


def _flag(trait: Trait) -> Bools | None:
    """Return where a column is 1, None where it holds anything but zeros and ones."""
    return trait.codes == 1 if trait.kind == "yes or no" and trait.size == 2 else None


def _joined(traits: Sequence[Trait], flags: dict[int, Bools], group: Sequence[int]) -> Trait:
    codes = np.zeros(len(traits[0].codes), np.intp)
    for at, k in enumerate(group):
        codes[flags[k]] = at
    columns = tuple(name for k in group for name in traits[k].columns)
    return Trait(columns=columns, kind="one-hot", codes=codes, size=len(group), n_placed=0)


def _one_to_one(traits: Sequence[Trait]) -> list[Trait]:
    """Put columns together of which each tells the other, unless nearly all values differ: then that means nothing."""
    kept: list[Trait] = []
    alike: dict[bytes, list[int]] = {}  # only columns whose values occur equally often can be one to one
    for trait in traits:
        places = alike.setdefault(np.sort(np.bincount(trait.codes, minlength=trait.size)).tobytes(), [])
        at = next((at for at in places if _same(trait, kept[at])), None)
        if at is None:
            places.append(len(kept))
            kept.append(trait)
        else:
            kept[at] = replace(kept[at], columns=(*kept[at].columns, *trait.columns))
    return kept


def _same(one: Trait, other: Trait) -> bool:
    if not 1 < one.size <= len(one.codes) / 2:
        return False
    twin = np.zeros(one.size, np.intp)
    twin[one.codes] = other.codes
    return bool((twin[one.codes] == other.codes).all() and len(np.unique(twin)) == one.size)
