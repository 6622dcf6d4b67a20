"""A transformer of tables: what comes in is checked in scikit-learn's manner, and stays of the kind that it came in."""

from typing import Any

import numpy.typing as npt
from sklearn.base import OneToOneFeatureMixin, TransformerMixin
from sklearn.utils.validation import validate_data

from reticent.coding.columns import Table, open_frame


class TableTransformer(OneToOneFeatureMixin, TransformerMixin):  # type: ignore[misc]
    """Takes frames and arrays with words, categories and missing values."""

    def _open(self, X: Any, *, reset: bool) -> Table:
        frame = open_frame(X)
        if frame is not None:
            validate_data(self, X, reset=reset, skip_check_array=True)
            return frame
        array: npt.NDArray[Any] = validate_data(self, X, reset=reset, dtype=None, ensure_all_finite=False)
        return array

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        tags.input_tags.categorical = True
        tags.input_tags.string = True
        return tags
