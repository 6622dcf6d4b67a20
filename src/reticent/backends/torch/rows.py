"""Rows of people as tensors: prepared where the caller says how, in the kind of numbers that the module reckons in."""

from collections.abc import Iterator
from typing import Any

import narwhals as nw
import numpy as np
import numpy.typing as npt

from reticent._optional import optional
from reticent.errors import ModelError

_CELLS = 2_000_000  # in one batch of questions: a few megabytes before the module multiplies them


def numbers(x: Any, prepare: Any | None = None) -> npt.NDArray[Any]:
    """Return rows as an array of numbers of shape (n, ...), prepared where ``prepare`` is a fitted transformer.

    Raises
    ------
    ModelError
        If they are no numbers, or some are missing.
    """
    if prepare is not None:
        try:
            x = prepare.transform(x)
        except Exception as error:  # a transformer of the caller's may raise anything
            raise ModelError(
                f"the transformer {type(prepare).__name__} does not accept the table: {error}. Fit it on the rows that "
                f"the model was trained on, and hand in its columns"
            ) from error
    array = np.asarray(x.toarray() if hasattr(x, "toarray") else x)
    if array.dtype.kind not in "fiub":
        try:
            array = array.astype(np.float32)
        except (ValueError, TypeError) as error:
            raise ModelError(
                f"expected numbers for a network, got {error}. Pass prepare=, a scikit-learn transformer that encodes "
                f"the columns (fitted, for a model; any, for a recipe, which fits it anew)"
            ) from error
    if array.dtype.kind == "f" and not np.isfinite(array).all():
        raise ModelError(
            f"expected finite numbers for a network, got {int((~np.isfinite(array)).sum()):,} that are missing or "
            f"infinite. Pass prepare=, a scikit-learn transformer that fills them in"
        )
    return array


def tensor(array: npt.NDArray[Any], module: Any, device: Any) -> Any:
    """Return a tensor of its own memory: whole numbers stay whole for embeddings, all else is of the module's kind."""
    torch = optional("torch", extra="torch")
    if array.dtype.kind in "iu" and any(
        isinstance(part, torch.nn.Embedding | torch.nn.EmbeddingBag) for part in module.modules()
    ):
        return torch.tensor(array, dtype=torch.int64, device=device)
    kind = next((one.dtype for one in module.parameters() if one.dtype.is_floating_point), torch.float32)
    # A copy: what other processes share is for reading alone, and a module may write.
    return torch.tensor(array, dtype=kind, device=device)


def batches(x: Any) -> Iterator[Any]:
    """Yield stretches of a frame or an array, in order, each of bounded size."""
    array = isinstance(x, np.ndarray)
    frame = x if array else nw.from_native(x, eager_only=True)
    size = max(1, _CELLS // max(int(np.prod(x.shape[1:])), 1))
    for first in range(0, len(frame), size):
        part = frame[first : first + size]
        yield part if array else part.to_native()
