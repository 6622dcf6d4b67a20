"""Find every array inside an object, without running any of its code: attributes, containers, trees, sparse matrices.

A model keeps training rows in arrays. Class names tell only of the classes that one knows; arrays tell of all.
"""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt
import pandas as pd

T = TypeVar("T")

_DEPTH = 40
_MAX_CELLS = 100_000_000  # a sparse matrix with more would not fit into memory once written out
_PLAIN = (str, bytes, int, float, complex, type, type(None))  # holds no array; a table of texts has millions of them


def walk(root: Any) -> Iterator[tuple[str, npt.NDArray[Any]]]:
    """Yield (path, array) for every numeric array that can be reached from ``root``.

    >>> from sklearn.neighbors import KNeighborsClassifier
    >>> model = KNeighborsClassifier(1, algorithm="kd_tree").fit([[1.0, 2.0], [3.0, 4.0]], [0, 1])
    >>> sorted({path for path, array in walk(model) if array.shape == (2, 2)})
    ['_tree.data']
    """
    for path, _, array in _visit(root):
        if array is not None and array.dtype.kind in "fiub":
            yield path, array


def find(root: Any, kind: type[T]) -> list[T]:
    """Return every object of a kind that can be reached from ``root``, itself included."""
    return [value for _, value, _ in _visit(root) if isinstance(value, kind)]


def _visit(root: Any) -> Iterator[tuple[str, Any, npt.NDArray[Any] | None]]:
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
        yield path, value, array
        if array is not None and array.dtype.kind == "O":
            stack.extend((name, item, depth + 1) for name, item in _items(path, array.ravel().tolist()))
        elif array is None:
            stack.extend((name, inner, depth + 1) for name, inner in _inside(path, value))


def _as_array(value: Any) -> npt.NDArray[Any] | None:
    if isinstance(value, np.ndarray):
        if value.dtype.names:  # the nodes of a tree: a record array, one plain array a field
            return _records(value.ravel())
        return _as_numbers(value) if value.dtype.kind == "O" and value.ndim == 2 else value
    if isinstance(value, pd.DataFrame):
        return value.select_dtypes(["number", "bool"]).to_numpy(np.float64, na_value=np.nan)
    if isinstance(value, list | tuple) and len(value) > 1:
        return _from_list(value)
    if isinstance(value, memoryview) or (hasattr(type(value), "__array__") and not isinstance(value, np.generic)):
        with suppress(TypeError, ValueError, RuntimeError, NotImplementedError):  # a tensor elsewhere than in memory
            return np.asarray(value)  # columns of pandas and polars, tensors
    return None


def _records(value: npt.NDArray[Any]) -> npt.NDArray[np.float64]:
    columns = [np.asarray(value[name], dtype=np.float64).reshape(len(value), -1) for name in _flat(value) if len(value)]
    return np.column_stack(columns) if columns else np.empty((0, 0))


def _as_numbers(value: npt.NDArray[Any]) -> npt.NDArray[Any]:
    if value.size and isinstance(value.flat[0], str):
        return value
    try:
        return value.astype(np.float64)
    except (TypeError, ValueError, OverflowError):
        return value


def _from_list(value: list[Any] | tuple[Any, ...]) -> npt.NDArray[np.float64] | None:
    first = value[0]
    if isinstance(first, np.ndarray) and first.ndim == 1 and first.dtype.kind in "fiub":
        together = all(isinstance(row, np.ndarray) and row.shape == first.shape for row in value)
        return (
            np.array(value, dtype=np.float64) if together and all(row.dtype.kind in "fiub" for row in value) else None
        )
    rows = [value] if isinstance(first, int | float) else value
    if not isinstance(rows[0], list | tuple):
        return None
    width = len(rows[0])
    if not all(
        isinstance(row, list | tuple) and len(row) == width and all(isinstance(item, int | float) for item in row)
        for row in rows
    ):
        return None
    try:
        return np.asarray(value, dtype=np.float64)
    except OverflowError:  # whole numbers beyond any float: a seed, no measurement
        return None


def _flat(value: npt.NDArray[Any]) -> list[str]:
    return [name for name in value.dtype.names or () if value[name].dtype.kind in "fiub"]


def _inside(path: str, value: Any) -> Iterator[tuple[str, Any]]:
    if isinstance(value, _PLAIN) or callable_code(value):
        return
    if isinstance(value, Mapping):
        yield from ((f"{path}[{key!r}]", item) for key, item in value.items() if not isinstance(item, _PLAIN))
        return
    if isinstance(value, list | tuple | set | frozenset):
        yield from _items(path, value)
        return
    dot = f"{path}." if path else ""
    if hasattr(value, "tocsr") and hasattr(value, "shape"):
        # Too wide to be written out means too wide to be compared: the attack says so of the rows.
        yield path, value.toarray() if np.prod(value.shape, dtype=np.float64) <= _MAX_CELLS else value.data
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


def _items(path: str, values: Iterable[Any]) -> Iterator[tuple[str, Any]]:
    yield from ((f"{path}[{i}]", item) for i, item in enumerate(values) if not isinstance(item, _PLAIN))


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
