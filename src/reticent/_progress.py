"""Progress of long work: a bar on a terminal or in a notebook, nothing where output is piped."""

import sys
from collections.abc import Iterable, Iterator
from typing import TypeVar

from tqdm.auto import tqdm

from reticent._optional import loaded

T = TypeVar("T")


def watched() -> bool:
    """Whether a person is looking: a terminal, or a notebook."""
    return sys.stderr.isatty() or loaded("ipykernel") is not None


def track(work: Iterable[T], *, total: int, title: str) -> Iterator[T]:
    """Yield from ``work`` and show how far it is."""
    yield from tqdm(work, total=total, desc=title, leave=False, disable=not watched())


def forecast(title: str, seconds: float) -> None:
    """Say how long a run will take, if it will take long enough to matter."""
    if seconds > 5 and watched():
        amount = f"{seconds:.0f} s" if seconds < 90 else f"{seconds / 60:.0f} min"
        tqdm.write(f"{title}: about {amount}", file=sys.stderr)
