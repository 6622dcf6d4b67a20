"""Find every array inside an object, without running any of its code: attributes, containers, trees, sparse matrices.

A model keeps training rows in arrays. Class names tell only of the classes that one knows; arrays tell of all.
"""

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

_DEPTH = 40


def walk(root: Any) -> Iterator[tuple[str, npt.NDArray[Any]]]:
    """Yield (path, array) for every numeric array that can be reached from ``root``.

    >>> from sklearn.neighbors import KNeighborsClassifier
    >>> model = KNeighborsClassifier(1, algorithm="kd_tree").fit([[1.0, 2.0], [3.0, 4.0]], [0, 1])
    >>> sorted({path for path, array in walk(model) if array.shape == (2, 2)})
    ['_tree.data']
    """
    seen: set[int] = set()
    kept: list[Any] = []  # so that no id is given twice while walking
    stack: list[tuple[str, Any, int]] = [("", root, 0)]
    while stack:
        path, value, depth = stack.pop()
        if id(value) in seen or depth > _DEPTH:
            continue
        seen.add(id(value))
        kept.append(value)
        array = _as_array(value)
        if array is not None and array.dtype.kind in "fiub":
            yield path, array
        elif array is not None and array.dtype.kind == "O":
            stack.extend((f"{path}[{i}]", item, depth + 1) for i, item in enumerate(array.ravel().tolist()))
        else:
            stack.extend((name, inner, depth + 1) for name, inner in _inside(path, value))


def _as_array(value: Any) -> npt.NDArray[Any] | None:
    if isinstance(value, np.ndarray):
        if value.dtype.names:  # the nodes of a tree: a record array, one plain array a field
            return np.column_stack(
                [np.asarray(value[n], dtype=np.float64).reshape(len(value), -1) for n in _flat(value)]
            )
        return value
    if isinstance(value, pd.DataFrame | pd.Series | pd.Index):
        return value.to_numpy()
    if isinstance(value, memoryview):
        return np.asarray(value)
    if isinstance(value, list | tuple) and len(value) > 1 and all(isinstance(item, int | float) for item in value):
        return np.asarray(value, dtype=np.float64)
    return None


def _flat(value: npt.NDArray[Any]) -> list[str]:
    return [name for name in value.dtype.names or () if value[name].dtype.kind in "fiub"]


def _inside(path: str, value: Any) -> Iterator[tuple[str, Any]]:
    if isinstance(value, str | bytes | int | float | complex | type) or value is None or callable_code(value):
        return
    if isinstance(value, Mapping):
        yield from ((f"{path}[{key!r}]", item) for key, item in value.items())
        return
    if isinstance(value, list | tuple | set | frozenset):
        yield from ((f"{path}[{i}]", item) for i, item in enumerate(value))
        return
    dot = f"{path}." if path else ""
    if hasattr(value, "tocsr") and hasattr(value, "shape"):
        yield path, value.toarray()
        return
    attributes = dict(getattr(value, "__dict__", {}))
    for kind in type(value).__mro__:
        for name in _slots(kind):
            if name not in attributes and not name.startswith("__") and hasattr(value, name):
                attributes[name] = getattr(value, name)
    if not getattr(value, "__dict__", None) and hasattr(value, "__getstate__"):
        state = _state(value)  # extension types (kd-trees, trees) show their arrays only here
        attributes.update({"data" if i == 0 else f"state{i}": item for i, item in enumerate(state)})
    yield from ((f"{dot}{name}", item) for name, item in attributes.items())


def callable_code(value: Any) -> bool:
    """Whether a value is code: a function, a method, a module."""
    return type(value).__name__ in {"function", "builtin_function_or_method", "method", "module", "method_descriptor"}


def _slots(kind: type) -> tuple[str, ...]:
    slots = kind.__dict__.get("__slots__", ())
    return (slots,) if isinstance(slots, str) else tuple(slots)


def _state(value: Any) -> list[Any]:
    try:
        state = value.__getstate__()
    except Exception:  # not every extension type can show itself; what cannot be read cannot be saved either
        return []
    if isinstance(state, Mapping):
        return list(state.values())
    return list(state) if isinstance(state, tuple | list) else []
