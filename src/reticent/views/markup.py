"""Markup that cannot be forged: every text is escaped unless a builder of this file made it.

A report shows names that strangers chose (models, columns, groups, error messages). What is not `Safe` is text, and
text never becomes an element, an attribute or a change of the reading direction.

>>> tag("p", "1 < 2", class_="note")
'<p class="note">1 &lt; 2</p>'
>>> tag("p", tag("b", "<script>"))
'<p><b>&lt;script&gt;</b></p>'
"""

import html
import re
from collections.abc import Iterable, Mapping
from typing import TypeAlias

# Characters that XML forbids, and those that turn the direction of what follows: a name must not rewrite its sentence.
_UNFIT = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff\ufffe\uffff]")
_VOID = frozenset({"meta", "br", "hr", "col"})


class Safe(str):
    """Markup made by `tag` or `trusted`; everything else is text."""

    __slots__ = ()


Child: TypeAlias = str | float | Iterable["Child"] | None


def text(words: object) -> Safe:
    """Return words escaped for any place in a document."""
    return Safe(html.escape(_UNFIT.sub("\ufffd", str(words)), quote=True))


def trusted(markup: str) -> Safe:
    """Take over markup that comes with the package (a style sheet): never anything that was handed in."""
    return Safe(markup)


def join(*children: Child) -> Safe:
    """Return children one after the other: `Safe` as it is, None as nothing, the rest escaped."""
    return Safe("".join(_render(child) for child in children))


def tag(name: str, /, *children: Child, **attributes: object) -> Safe:
    """Return one element.

    Parameters
    ----------
    children
        Text, numbers, elements or lists of them; None is left out.
    attributes
        ``class_`` becomes ``class`` and ``stroke_width`` becomes ``stroke-width``; None is left out.
    """
    given = "".join(
        f' {key.rstrip("_").replace("_", "-")}="{text(_number(value))}"'
        for key, value in attributes.items()
        if value is not None
    )
    return Safe(f"<{name}{given}>") if name in _VOID else Safe(f"<{name}{given}>{join(*children)}</{name}>")


def _render(child: Child) -> str:
    if child is None:
        return ""
    if isinstance(child, Safe):
        return child
    if isinstance(child, str | int | float):
        return text(_number(child))
    if isinstance(child, Mapping):
        raise TypeError(f"expected text or elements, got a mapping with {', '.join(map(str, child))}: put it in words")
    return "".join(_render(one) for one in child)


def _number(value: object) -> object:
    # Coordinates to a tenth of a pixel: shorter files, and the same file on every machine.
    return f"{value:.1f}".removesuffix(".0") if isinstance(value, float) else value
