"""Checks by keyword, so that a message names the argument that the caller wrote.

>>> positive(k=-1)
Traceback (most recent call last):
    ...
reticent.errors.ParameterError: expected k > 0, got k=-1
"""

from collections.abc import Collection, Sequence
from difflib import get_close_matches

from reticent.errors import ParameterError


def _single(argument: dict[str, object]) -> tuple[str, object]:
    [(name, value)] = argument.items()
    return name, value


def positive(**argument: float) -> None:
    """Refuse a number that is not above zero."""
    name, value = _single(dict(argument))
    if not (isinstance(value, int | float) and value > 0):
        raise ParameterError(f"expected {name} > 0, got {name}={value!r}")


def at_least(minimum: float, /, **argument: float) -> None:
    """Refuse a number below ``minimum``."""
    name, value = _single(dict(argument))
    if not (isinstance(value, int | float) and value >= minimum):
        raise ParameterError(f"expected {name} >= {minimum}, got {name}={value!r}")


def probability(**argument: float) -> None:
    """Refuse a number outside the open interval (0, 1)."""
    name, value = _single(dict(argument))
    if not (isinstance(value, int | float) and 0 < value < 1):
        raise ParameterError(f"expected 0 < {name} < 1, got {name}={value!r}")


def one_of(choices: Collection[str], /, **argument: str) -> None:
    """Refuse a word that is not among ``choices``."""
    name, value = _single(dict(argument))
    if value not in choices:
        raise ParameterError(f"expected {name} to be one of {', '.join(sorted(choices))}; got {name}={value!r}")


def listed(names: Sequence[str], like: str = "", most: int = 8) -> str:
    """Return names for a message, those ``like`` the one that was asked for first, and how many more there are.

    >>> listed(["age", "town", "income"], like="incom", most=2)
    'income, age and 1 more'
    """
    close = get_close_matches(like, names, n=3) if like else []
    ordered = [*close, *(name for name in names if name not in close)]
    more = len(ordered) - most
    return ", ".join(ordered[:most]) + (f" and {more} more" if more > 0 else "")
