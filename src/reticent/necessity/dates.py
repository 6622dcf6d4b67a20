"""Dates of rows, and how far back from the newest one may look.

>>> import pandas as pd
>>> days = read("seen", pd.Series(["2024-01-31", "2024-05-01", "2024-11-30", "2024-12-31"]))
>>> [(cut.words, str(cut.since)) for cut in cutoffs(days, newest=days.max())]
[('9 months', '2024-03-31'), ('6 months', '2024-06-30')]
"""

from collections.abc import Iterator
from dataclasses import dataclass
from numbers import Number
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from reticent.errors import TableError

Days = npt.NDArray[np.datetime64]

MONTHS = (120, 84, 60, 48, 36, 24, 18, 12, 9, 6, 3, 2, 1)
WEEKS = (8, 6, 4, 3, 2, 1)
YEARS = (10, 7, 5, 4, 3, 2, 1)
_LAST_YEAR = 2200  # after which no row is from: such a date stands for "open", or for nothing
_SHORT = 93  # days, below which weeks are asked for


@dataclass(frozen=True, kw_only=True)
class Cut:
    """A rule: only rows of the last so many months, that is since a day.

    No row that it leaves out is newer than its words say.
    """

    words: str
    since: np.datetime64


def read(name: str, values: Any) -> Days:
    """Return a column of dates as days, shape (n,).

    Raises
    ------
    TableError
        If it holds numbers, words that are no dates, or nothing in some rows.
    """
    column = pd.Series(values)
    what = "dates, or words such as 2024-05-31"
    found = column.dropna()
    example = ", ".join(repr(one) for one in found.head(3).tolist())
    if (
        pd.api.types.is_bool_dtype(column)
        or pd.api.types.is_numeric_dtype(column)
        or (column.dtype == object and any(isinstance(one, Number) for one in found))
    ):
        raise TableError(
            f"expected {what} in the column {name!r}, got numbers ({example}). Convert them first, with "
            f"pandas.to_datetime and its unit or format, so that it is sure what they count"
        )
    if missing := int(column.isna().sum()):
        raise TableError(
            f"expected a date in every row, {missing:,} of {len(column):,} are missing in the column {name!r}. "
            f"Leave these rows out: nobody can tell how old they are"
        )
    if pd.api.types.is_datetime64_any_dtype(column):
        dates = column
    else:
        text = column.astype(str).str.strip()
        dates = pd.to_datetime(text, errors="coerce", format="ISO8601", utc=True)
        if bad := int(dates.isna().sum()):
            wrong = text[dates.isna()].iloc[0]
            raise TableError(
                f"expected {what} in the column {name!r}, but {bad:,} of {len(text):,} are none, such as {wrong!r}. "
                f"Convert them with pandas.to_datetime, or name another column"
            )
    if getattr(dates.dt, "tz", None) is not None:
        dates = dates.dt.tz_convert("UTC").dt.tz_localize(None)
    days = dates.to_numpy().astype("datetime64[D]")
    far = days > np.datetime64(f"{_LAST_YEAR}-12-31")
    if far.any():
        raise TableError(
            f"expected days on which rows came to be in the column {name!r}, got {days.max()}: {int(far.sum()):,} of "
            f"{len(days):,} are after {_LAST_YEAR}, and stand for something else. Leave these rows out, or date them"
        )
    if (days == days[0]).all():
        raise TableError(
            f"expected several days in the column {name!r}, got {days[0]} alone: there is no older or newer"
        )
    return np.asarray(days)


def cutoffs(days: Days, newest: np.datetime64) -> list[Cut]:
    """Return rules from the longest to the shortest, each of which leaves out some of these days.

    Of rules that keep the same days only the longest is there.

    >>> [(cut.words, str(cut.since)) for cut in cutoffs(read("year", ["2019", "2021", "2023"]), np.datetime64("2023"))]
    [('4 years', '2020-01-01'), ('2 years', '2022-01-01')]
    """
    found, kept = list[Cut](), len(days)
    for cut in _spans(days, newest):
        left = int((days >= cut.since).sum())
        if left < kept:
            found.append(cut)
            kept = left
    return found


def _spans(days: Days, newest: np.datetime64) -> Iterator[Cut]:
    """Yield rules for these days: in weeks, in months, or where dates say no more in whole months or years."""
    month, length = newest.astype("datetime64[M]"), _length(days)
    if length:
        for count in MONTHS if length == 1 else YEARS:
            since = (month - (count * length - length)).astype("datetime64[D]")
            yield Cut(words=_said(count, "month" if length == 1 else "year"), since=since)
        return
    last, short = pd.Timestamp(newest), int((newest - days.min()).astype(int)) < _SHORT
    for count in WEEKS if short else MONTHS:
        back = pd.DateOffset(weeks=count) if short else pd.DateOffset(months=count)
        since = np.datetime64((last - back).date(), "D")
        yield Cut(words=_said(count, "week" if short else "month"), since=since)


def _length(days: Days) -> int:
    """Return how many months a date stands for: 1 or 12 where all are the first or last of a month, or of one; else 0.

    Such a row may be from any day of its month or year, so that a rule in days would leave out newer ones than it says.
    """
    months = days.astype("datetime64[M]")
    first = days == months.astype("datetime64[D]")
    last = days + 1 == (months + 1).astype("datetime64[D]")
    if not (first.all() or last.all()):
        return 0
    return 12 if len(np.unique(months.astype(int) % 12)) == 1 else 1


def _said(count: int, unit: str) -> str:
    if unit == "month" and count > 24 and count % 12 == 0:
        count, unit = count // 12, "year"
    return f"{count} {unit}{'s' if count > 1 else ''}"
