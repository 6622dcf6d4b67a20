"""Whether two fitted models are the same in every bit, and where not.

>>> import numpy as np
>>> first_difference({"a": np.zeros(2)}, {"a": np.array([0.0, -0.0])})
"['a']: values"
>>> first_difference([1.0, {"b": (2, "x")}], [1.0, {"b": (2, "x")}]) is None
True
"""

import dataclasses
import struct
from collections.abc import Mapping, Sequence, Set
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

_DEEPEST = 60  # of parts within parts: deeper ones do not occur in fitted models


def first_difference(first: Any, second: Any) -> str | None:
    """Return where two fitted states differ for the first time, or None where no bit differs."""
    return _differs(first, second, "", frozenset(), 0)


def _differs(a: Any, b: Any, where: str, above: frozenset[int], depth: int) -> str | None:  # noqa: PLR0911
    if a is b or id(a) in above or depth > _DEEPEST:
        return None
    if type(a) is not type(b):
        return f"{where or 'it'}: {type(a).__name__} and {type(b).__name__}"
    above = above | {id(a)}
    if isinstance(a, float | np.floating):
        return None if struct.pack("d", a) == struct.pack("d", b) else f"{where}: {a!r} and {b!r}"
    if isinstance(a, np.ndarray):
        return _arrays(a, b, where, above, depth)
    if isinstance(a, pd.DataFrame | pd.Series | pd.Index):
        return None if a.equals(b) else f"{where}: values"
    if isinstance(a, np.random.Generator):
        return None if a.bit_generator.state == b.bit_generator.state else f"{where}: state of the generator"
    children = _parts(a), _parts(b)
    if children[0] is None:
        return None if _equal(a, b) else f"{where}: {_short(a)} and {_short(b)}"
    return _each(*children, where, above, depth)


def _arrays(a: npt.NDArray[Any], b: npt.NDArray[Any], where: str, above: frozenset[int], depth: int) -> str | None:
    if a.dtype != b.dtype or a.shape != b.shape:
        return f"{where}: {a.dtype}{list(a.shape)} and {b.dtype}{list(b.shape)}"
    if a.dtype == object:
        return _each(dict(enumerate(a.flat)), dict(enumerate(b.flat)), where, above, depth)
    return None if a.tobytes() == b.tobytes() else f"{where}: values"


def _each(a: Any, b: Any, where: str, above: frozenset[int], depth: int) -> str | None:
    if list(a) != list(b):
        return f"{where}: {_short(list(a))} and {_short(list(b))}"
    for name in a:
        if (found := _differs(a[name], b[name], f"{where}[{name!r}]", above, depth + 1)) is not None:
            return found
    return None


def _parts(one: Any) -> Mapping[Any, Any] | None:  # noqa: PLR0911
    """Return the parts of a container or an object by name, or None of a plain value."""
    if isinstance(one, Mapping):
        return one
    if isinstance(one, str | bytes):
        return None
    if isinstance(one, Set):
        return dict.fromkeys(sorted(one, key=repr))
    if isinstance(one, Sequence):
        return dict(enumerate(one))
    if dataclasses.is_dataclass(one):
        return {field.name: getattr(one, field.name, None) for field in dataclasses.fields(one)}
    if hasattr(one, "__dict__") and not callable(one):
        return dict(vars(one))
    if hasattr(one, "__getstate__") and type(one).__module__.startswith("sklearn."):  # compiled trees
        state = one.__getstate__()
        return dict(state) if isinstance(state, Mapping) else None
    return None


def _equal(a: Any, b: Any) -> bool:
    try:
        return bool(a == b) or repr(a) == repr(b)  # NaT, NA and their kin do not equal themselves
    except (TypeError, ValueError):
        return False


def _short(one: Any) -> str:
    said = repr(one)
    return said if len(said) <= 60 else said[:57] + "..."
