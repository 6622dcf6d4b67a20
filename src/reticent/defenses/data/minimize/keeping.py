"""Keep a fitted minimizer in a file, and take back only what cannot lead outside of itself.

A file of a model holds arrays, words and numbers, and no type of a frame library. The tree of a minimizer is walked by
compiled code that follows its indices without looking, so it is looked through before anybody walks it.

>>> import pandas as pd
>>> sizes = pd.Series(pd.Categorical(["S", None], categories=["S", "M"]))
>>> given_back(kept(sizes)).equals(sizes), given_back(kept({"rows": (pd.Series([2.5, 3.0]),)}))["rows"][0].tolist()
(True, [2.5, 3.0])
"""

from dataclasses import fields, is_dataclass
from typing import Any

import narwhals as nw
import numpy as np
import pandas as pd

from reticent.coding.codebook import Codebook
from reticent.coding.codes import Axis
from reticent.coding.hierarchy import Hierarchy
from reticent.defenses.data.anonymize.partition import Partition
from reticent.defenses.data.minimize.cells import Cells, Nodes
from reticent.defenses.data.minimize.form import Choice, Form, Question
from reticent.defenses.data.minimize.needs import Need
from reticent.errors import ModelError
from reticent.stats.estimate import Estimate

_TYPES = {one.__name__: one for one in (Axis, Cells, Choice, Codebook, Estimate, Form, Hierarchy, Need, Question)}
_OF = "of type"


def kept(value: Any) -> Any:
    """Return a part of a fitted minimizer in the form in which a file takes it."""
    if isinstance(value, Nodes):
        return {_OF: "Nodes", "tree": kept(value.tree)}  # the rest follows from the tree
    if is_dataclass(value) and not isinstance(value, type):
        return {_OF: type(value).__name__, **{one.name: kept(getattr(value, one.name)) for one in fields(value)}}
    if isinstance(value, dict):
        return {name: kept(one) for name, one in value.items()}
    if isinstance(value, list | tuple):
        return {_OF: type(value).__name__, "items": [kept(one) for one in value]}
    series = nw.from_native(value, series_only=True, pass_through=True)
    return value if series is value else _of_series(series)


def given_back(value: Any) -> Any:
    """Return what was kept; an array where a series of another library than pandas was.

    Raises
    ------
    ModelError
        For a tree that leads outside of itself.
    """
    if not isinstance(value, dict):
        return value
    kind = value.get(_OF)
    parts = {name: given_back(one) for name, one in value.items() if name != _OF}
    if kind in ("list", "tuple"):
        items = [given_back(one) for one in value["items"]]
        return items if kind == "list" else tuple(items)
    if kind == "Series":
        return _series(parts)
    if kind == "Partition":
        return _checked(Partition(**parts))
    if kind == "Nodes":
        return Nodes.of(parts["tree"])
    return parts if kind is None else _TYPES[str(kind)](**parts)


def _of_series(series: "nw.Series[Any]") -> Any:
    """Return values: of pandas, whose types a table's schema does not tell all of, with their type."""
    values = series.to_native()
    if not isinstance(values, pd.Series):
        plain = series.to_numpy()
        is_date = plain.dtype.kind in "mM"  # which has a missing value of its own
        return (
            plain if is_date or (plain.dtype.kind in "biuf" and not series.null_count()) else _array(series.to_list())
        )
    if isinstance(values.dtype, pd.CategoricalDtype):
        categories, ordered = _array(values.cat.categories.tolist()), bool(values.cat.ordered)
        return {_OF: "Series", "codes": values.cat.codes.to_numpy(), "categories": categories, "ordered": ordered}
    if isinstance(values.dtype, np.dtype) and values.dtype.kind != "O":
        return {_OF: "Series", "values": values.to_numpy(), "dtype": str(values.dtype)}
    plain = _array([None if pd.isna(one) else one for one in values.tolist()])
    return {_OF: "Series", "values": plain, "dtype": str(values.dtype)}


def _series(parts: dict[str, Any]) -> Any:
    if "codes" in parts:
        return pd.Series(pd.Categorical.from_codes(parts["codes"], parts["categories"], ordered=parts["ordered"]))
    return pd.Series(parts["values"], dtype=parts["dtype"])


def _array(values: list[Any]) -> Any:
    """Return a list as an array: of numbers where they are, else of objects."""
    made = np.array(values)
    if made.dtype.kind not in "biufmM":
        made = np.empty(len(values), object)
        made[:] = values
    return made


def _checked(tree: Partition) -> Partition:
    n, nodes = len(tree.column), np.arange(len(tree.column))
    each = (tree.left, tree.right, tree.up_to, tree.heavier, tree.listed_from, tree.listed_to, tree.class_of)
    whole = (tree.column, *each, tree.listed_code, tree.listed_left)
    inner = np.asarray(tree.column) >= 0
    inside = (
        n > 0
        and all(isinstance(one, np.ndarray) and one.ndim == 1 and one.dtype.kind in "iub" for one in whole)
        and all(len(one) == n for one in each)
        and len(tree.listed_left) == len(tree.listed_code)
        and bool((tree.column < len(tree.axes)).all())
        and all(bool(((side[inner] > nodes[inner]) & (side[inner] < n)).all()) for side in (tree.left, tree.right))
        and bool((tree.listed_from >= 0).all() and (tree.listed_from <= tree.listed_to).all())
        and bool((tree.listed_to <= len(tree.listed_code)).all())
        and np.array_equal(np.sort(tree.class_of[~inner]), np.arange(n - int(inner.sum())))
    )
    if not inside:
        raise ModelError(
            "the model holds a minimizer that points outside of itself: the file is damaged, or was made to crash "
            "whoever uses it. Get it again from where the model was trained"
        )
    return tree
