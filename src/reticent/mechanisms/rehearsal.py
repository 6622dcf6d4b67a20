"""A rehearsal: private models that are trained to be attacked and thrown away, so their noise may come from a seed.

Shadow models have to be the same in each run, and nobody is given them. Inside a rehearsal a seeded fit therefore does
not warn; that it proves nothing stays written in its event.

>>> with rehearsal():
...     is_rehearsal()
True
>>> is_rehearsal()
False
"""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

_REHEARSING = ContextVar("rehearsing", default=False)


@contextmanager
def rehearsal() -> Iterator[None]:
    """Do not warn of seeds in this thread until the block ends; other threads and processes have their own say."""
    token = _REHEARSING.set(True)
    try:
        yield
    finally:
        _REHEARSING.reset(token)


def is_rehearsal() -> bool:
    """Return whether this thread is inside a rehearsal."""
    return _REHEARSING.get()
