"""Say in words which values a question leaves open: ranges that meet without a gap, and groups of categories.

A cut lies half way between two values that occur, as new values are told apart there, too.

>>> import pandas as pd
>>> from reticent.coding.columns import open_frame, read
>>> table = open_frame(pd.DataFrame({"age": [20, 31, 60, 90], "town": list("ABCD")}))
>>> age, town = (Codebook.of(read(table, j)) for j in range(2))
>>> [piece(age, np.array(mask, bool)) for mask in ([1, 0, 0, 0], [0, 1, 1, 0], [0, 0, 0, 1])]
['up to 25', '26 to 75', '76 or more']
>>> piece(town, np.array([0, 1, 1, 0], bool)), piece(town, np.array([1, 0, 1, 1], bool))
('B or C', 'anything but B')
"""

from collections.abc import Sequence
from typing import Any

import numpy as np

from reticent.coding.codebook import Codebook
from reticent.coding.codes import Bools

_NAMED = 6


def piece(book: Codebook, mask: Bools) -> str:
    """Return in words which codes of a column are left, shape (n_codes,)."""
    n_known = len(book.known)
    held = np.flatnonzero(mask[:n_known])
    missing = bool(mask[n_known:].any())
    if not len(held):
        return "missing"
    ordered = book.axis.ordered
    text = _range(book, int(held[0]), int(held[-1])) if ordered else _group(book.known.tolist(), mask[:n_known])
    return f"{text} or missing" if missing else text


def _range(book: Codebook, first: int, last: int) -> str:
    known = book.known
    low, high = first > 0, last < len(known) - 1
    if known.dtype.kind == "O":  # ordered categories
        return f"{known[first]}" if first == last else f"{known[first]} to {known[last]}"
    if not low and not high:
        return "any value"
    if _are_whole(known):  # exact, however large
        start = (int(known[first - 1]) + int(known[first])) // 2 + 1 if low else None
        stop = (int(known[last]) + int(known[last + 1])) // 2 if high else None
        if start is None:
            return f"up to {said(stop)}"
        if stop is None:
            return f"{said(start)} or more"
        return said(start) if start == stop else f"{said(start)} to {said(stop)}"
    word = "after" if known.dtype.kind == "M" else "above"
    parts = [f"{word} {cut(known[first - 1], known[first])}"] if low else []
    parts += [f"up to {cut(known[last], known[last + 1])}"] if high else []
    return ", ".join(parts)


def cut(below: Any, above: Any) -> str:
    """Return in words what lies half way between two numbers or dates, as short as still lies between them.

    >>> cut(0.5, 1.0), cut(1000004.49, 1000004.52), cut(np.datetime64("2020-01-01"), np.datetime64("2020-01-03"))
    ('0.75', '1,000,004.5', '2020-01-02')
    """
    if isinstance(below, np.datetime64):
        middle = below + (above - below) // 2
        units = [unit for unit in ("s", "ms", "us", "ns") if below <= middle.astype(f"datetime64[{unit}]") < above]
        return said(middle.astype(f"datetime64[{units[0]}]") if units else below)
    if isinstance(below, np.timedelta64):
        return str(below + (above - below) // 2)
    low, high = float(below), float(above)
    middle = np.nextafter(high, 0) if np.isinf(high) else low / 2 + high / 2
    short = [digits for digits in range(6, 18) if low <= float(f"{middle:.{digits}g}") < high]
    return _number(middle, short[0]) if short else _number(low, 17)


def _are_whole(known: Any) -> bool:
    return known.dtype.kind in "iu" or bool(
        known.dtype.kind == "f" and np.isfinite(known).all() and (known == np.round(known)).all()
    )


def _group(known: Sequence[Any], mask: Bools) -> str:
    inside = [said(value) for value, is_in in zip(known, mask, strict=True) if is_in]
    outside = [said(value) for value, is_in in zip(known, mask, strict=True) if not is_in]
    if not outside:
        return "any value"
    if len(outside) < len(inside):
        return f"anything but {listed(outside)}"
    return listed(inside)


def listed(names: Sequence[str], word: str = "or", most: int = _NAMED) -> str:
    """Return names in a row, of many only the first.

    >>> listed(["A", "B", "C"]), listed(list("ABCDEFGH"))
    ('A, B or C', 'A, B, C, D, E, F or 2 others')
    """
    shown, more = list(names[:most]), len(names) - most
    if more > 0:
        return f"{', '.join(shown)} {word} {more} other{'s' * (more > 1)}"
    return f" {word} ".join([*([", ".join(shown[:-1])] if shown[1:] else []), shown[-1]]) if shown else ""


def said(value: Any) -> str:
    """Return a value as people write it.

    >>> said(99999), said(0.30000000000000004), said(2019), said(True)
    ('99,999', '0.3', '2019', 'True')
    """
    if isinstance(value, bool | np.bool_ | str):
        return str(value)
    if isinstance(value, np.datetime64):
        day, _, time = str(value).partition("T")
        return f"{day} {time}" if time.strip("0:.") else day
    if isinstance(value, int | np.integer):
        return f"{int(value):,}" if abs(int(value)) >= 10_000 else str(int(value))
    if isinstance(value, float | np.floating):
        return _number(float(value), 6)
    return str(value)


def _number(value: float, digits: int) -> str:
    """Return a number with so many digits that count; long ones in groups of three."""
    value = float(f"{value:.{digits}g}")
    size = abs(value)
    if not 1e4 <= size < 1e15:
        return f"{value:.{digits}g}"
    text = f"{value:,.{max(0, digits - len(str(int(size))))}f}"
    return text.rstrip("0").rstrip(".") if "." in text else text
