"""Progress of long work: a bar on a terminal or in a notebook, nothing where output is piped.

>>> in_words(4.2), in_words(75), in_words(600), in_words(5000), in_words(40 * 3600)
('4 s', '75 s', '10 min', '1 h 25 min', '40 h')
"""

import sys
from collections.abc import Iterable, Iterator
from typing import TypeVar

from tqdm.auto import tqdm

from reticent._optional import loaded

T = TypeVar("T")

_WORTH_SAYING = 5.0  # seconds; what is over sooner needs no announcement


def watched() -> bool:
    """Whether a person is looking: a terminal, or a notebook."""
    return sys.stderr.isatty() or loaded("ipykernel") is not None


def track(work: Iterable[T], *, total: int, title: str) -> Iterator[T]:
    """Yield from ``work`` and show how far it is."""
    with tqdm(work, total=total, desc=title, leave=False, disable=not watched(), dynamic_ncols=True) as bar:
        yield from bar


def forecast(what: str, seconds: float) -> None:
    """Say how long a run will take, if it will take long enough to matter."""
    if seconds > _WORTH_SAYING and watched():
        tqdm.write(f"About {in_words(seconds)} to go: {what}", file=sys.stderr)


def in_words(seconds: float) -> str:
    """Return a time as people say it, no more exact than a forecast can be."""
    if seconds < 10:
        return f"{max(seconds, 1):.0f} s"
    if seconds < 90:
        return f"{5 * round(seconds / 5)} s"
    minutes = round(seconds / 60)
    if minutes < 60:
        return f"{minutes} min"
    minutes = 5 * round(seconds / 300)
    if minutes < 600:
        return f"{minutes // 60} h {minutes % 60} min" if minutes % 60 else f"{minutes // 60} h"
    return f"{round(seconds / 3600)} h"
