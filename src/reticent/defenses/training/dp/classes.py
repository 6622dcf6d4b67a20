"""Labels as codes: declared ones cost nothing, and those that occur in ``y`` can only be taken as public.

>>> classes, codes = class_codes(["no", "yes", "no"], ["yes", "no"], 3)
>>> classes.tolist(), codes.tolist(), said_of_classes(classes, declared=True)
(['no', 'yes'], [0, 1, 0], 'classes: declared, no, yes')
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from sklearn.utils.multiclass import check_classification_targets

from reticent import _validate
from reticent.defenses.training.dp.frame import one_column
from reticent.errors import ParameterError, TableError


def class_codes(y: Any, classes: Sequence[Any] | None, n: int) -> tuple[npt.NDArray[Any], npt.NDArray[np.intp]]:
    """Return the labels in ascending order, and which of them each of the n rows has, shape (n,).

    Raises
    ------
    ParameterError
        If fewer than two labels are declared.
    TableError
        If ``y`` is no column of n labels, or has one that is not declared, or fewer than two classes.
    """
    labels = one_column(y)
    check_classification_targets(labels)
    if len(labels) != n:
        raise TableError(f"expected one label a row, got {n:,} rows and {len(labels):,} labels")
    found: npt.NDArray[Any] = np.unique(np.asarray(labels if classes is None else classes))
    if len(found) < 2 and classes is not None:
        raise ParameterError(f"expected at least two different labels in classes=, got {classes!r}")
    if len(found) < 2:
        raise TableError(
            f"expected labels of at least two classes, got {len(found)} class; say with classes= which labels there are"
        )
    codes = pd.Index(found).get_indexer(pd.Index(labels)).astype(np.intp)
    if (codes < 0).any():
        strange = sorted({str(label) for label in labels[codes < 0].tolist()})
        raise TableError(
            f"expected labels among classes={found.tolist()}, got {_validate.listed(strange)}; declare them too, or "
            "leave these rows out"
        )
    return found, codes


def said_of_classes(classes: npt.NDArray[Any], *, declared: bool) -> str:
    """Return in words what was known of the labels, for the table of what the budget went to."""
    shown = _validate.listed([str(label) for label in classes.tolist()])
    if declared:
        return f"classes: declared, {shown}"
    return f"classes: taken from y as public: {shown}; declare classes= to say so yourself"
