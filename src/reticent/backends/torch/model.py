"""A module of PyTorch, seen through the protocol of :class:`~reticent.target.model.Model`."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy import special

from reticent._optional import loaded, optional
from reticent.backends.torch import rows
from reticent.backends.walk import walk
from reticent.errors import ModelError

Array = npt.NDArray[Any]


def is_module(thing: Any) -> bool:
    """Whether a thing is a module of PyTorch; torch is never loaded to tell."""
    torch = loaded("torch")
    return torch is not None and isinstance(thing, torch.nn.Module)


@dataclass(frozen=True, eq=False)
class TorchModel:
    """A classifier that is an ``nn.Module``: one column for each class, or one for two classes.

    Parameters
    ----------
    native
        The module. It is asked in eval mode, without gradients, in batches, and left in the mode that it was in.
    classes
        The labels, shape (C,), in the order of the module's columns; of one column, what is high means the second.
    prepare
        A fitted transformer with scikit-learn's API that makes the module's rows of the table's, or None.
    features
        The columns that it takes, where it matters.
    training
        How it was trained, in words, for the report.
    """

    native: Any
    classes: Array
    prepare: Any | None = None
    features: tuple[str, ...] | None = None
    training: Mapping[str, str] = field(default_factory=dict)
    has_scores: bool = True
    unreadable: str | None = None

    def scores(self, x: Any) -> npt.NDArray[np.float64]:
        return probabilities(self.outputs(x), self.native)

    def outputs(self, x: Any) -> npt.NDArray[np.float64]:
        """Return what the module itself says of each row, shape (n, C), or (n, 1) where one column says it all.

        Raises
        ------
        ModelError
            If it does not accept the rows, or its columns are not one for each class.
        """
        with asked(self.native):
            parts = [self._forward(part).double().cpu().numpy() for part in rows.batches(x)]
        made = np.concatenate(parts)
        made = made[:, None] if made.ndim == 1 else made
        if made.ndim != 2 or not (
            made.shape[1] == len(self.classes) or (made.shape[1] == 1 and len(self.classes) == 2)
        ):
            raise ModelError(
                f"expected the module {type(self.native).__name__} to give one column for each of the classes "
                f"{self.classes.tolist()} (or one for two), got answers of shape {made.shape}"
            )
        return made

    def _forward(self, part: Any) -> Any:
        place = next((one.device for one in self.native.parameters()), "cpu")
        given = rows.tensor(rows.numbers(part, self.prepare), self.native, place)
        try:
            made = self.native(given)
        except Exception as error:  # the caller's code may raise anything
            raise ModelError(
                f"the module {type(self.native).__name__} does not accept rows of shape {tuple(given.shape[1:])}: "
                f"{str(error).strip().partition(chr(10))[0]}. Hand in the rows that it was trained on"
            ) from error
        if not hasattr(made, "double"):
            raise ModelError(
                f"expected the module {type(self.native).__name__} to give one tensor, got {type(made).__name__}"
            )
        return made

    def labels(self, x: Any) -> npt.NDArray[np.intp]:
        best: npt.NDArray[np.intp] = self.scores(x).argmax(axis=1)
        return best

    def arrays(self) -> Iterator[tuple[str, Array]]:
        """Walk parameters, buffers and whatever else the module keeps, registered or not."""
        kept = [*self.native.named_parameters(), *self.native.named_buffers()]
        for path, one in kept:
            yield path, _plain(one)
        inside = ("_parameters[", "_buffers[")
        yield from ((path, array) for path, array in walk(self.native) if not any(one in path for one in inside))
        if self.prepare is not None:
            yield from ((f"prepare.{path}", array) for path, array in walk(self.prepare))

    def representations(self, x: Any) -> Iterator[tuple[str, Array]]:
        """Yield the rows, the rows prepared, and what leaves each part of the module but the answer, as (n, d)."""
        given = rows.numbers(x, self.prepare)
        if self.prepare is None:
            yield "the table", _flat(given)
        else:
            raw = np.asarray(x)
            yield "the table", _flat(raw) if raw.dtype.kind in "fiub" else np.empty((len(raw), 0))
            yield "after prepare", _flat(given)
        for name, part in self.native.named_modules():
            if name and not any(part.children()):
                leaving = self._leaving(part, x)
                if leaving.shape[1] > len(self.classes):  # an answer equals a bias wherever all before it are zero
                    yield f"after {name}", leaving

    def _leaving(self, part: Any, x: Any) -> Array:
        seen: list[Array] = []

        def keep(module: Any, given: Any, made: Any) -> None:
            # A part that speaks in another form than rows (states, weights of attention) is not compared.
            seen.append(_plain(made).reshape(len(made), -1) if hasattr(made, "detach") else np.empty((0, 0)))

        hook = part.register_forward_hook(keep)
        try:
            with asked(self.native):
                for stretch in rows.batches(x):
                    self._forward(stretch)
        finally:
            hook.remove()
        whole = len({one.shape[1] for one in seen}) == 1 and sum(map(len, seen)) == len(x)
        return np.concatenate(seen) if whole else np.empty((len(x), 0))

    def describe(self) -> Mapping[str, Any]:
        kinds = " ".join(str(self.native).split())
        parameters = sum(one.numel() for one in self.native.parameters())
        words = {"module": kinds if len(kinds) <= 400 else f"{kinds[:400]} ...", "weights": f"{parameters:,}"}
        if self.prepare is not None:
            words["prepare"] = " ".join(str(self.prepare).split())
        return {"class": type(self.native).__name__, "package": "torch", "parameters": {**words, **self.training}}


def probabilities(outputs: npt.NDArray[np.float64], module: Any) -> npt.NDArray[np.float64]:
    """Return the probability of each class, (n, C) or (n, 1) -> (n, C), in double precision.

    Outputs are logits. Where each row of several columns is not negative and adds up to one they are probabilities
    already; one column is where the module's last part is a sigmoid.
    """
    if outputs.shape[1] == 1:
        torch = optional("torch", extra="torch")
        sigmoid = isinstance(list(module.modules())[-1], torch.nn.Sigmoid)
        high = outputs[:, 0] if sigmoid else special.expit(outputs[:, 0])
        low = 1 - high if sigmoid else special.expit(-outputs[:, 0])
        return np.column_stack([low, high])
    if outputs.min(initial=0) >= 0 and np.abs(outputs.sum(axis=1) - 1).max(initial=0) < 1e-4:
        return np.asarray(outputs / outputs.sum(axis=1, keepdims=True))
    return np.asarray(special.softmax(outputs, axis=1))


@contextmanager
def asked(module: Any) -> Iterator[None]:
    """Put a module into eval mode without gradients, and each of its parts back into its own mode afterwards."""
    torch = optional("torch", extra="torch")
    training = [part for part in module.modules() if part.training]
    module.eval()
    try:
        with torch.no_grad():
            yield
    finally:
        for part in training:
            part.training = True


def _flat(array: Array) -> Array:
    return array.reshape(len(array), -1)


def _plain(one: Any) -> Array:
    """Return a tensor as an array, whatever it is stored as."""
    one = one.detach()
    if one.is_sparse or one.is_quantized:
        one = one.dequantize() if one.is_quantized else one.to_dense()
    kinds = {"bfloat16", "float16"}
    array: Array = (one.float() if str(one.dtype).rpartition(".")[2] in kinds else one).cpu().numpy()
    return array
