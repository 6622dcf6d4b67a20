"""Any function that gives probabilities, and any function that trains a model."""

import hashlib
import inspect
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from reticent.backends import sklearn, torch
from reticent.backends.walk import walk
from reticent.errors import ModelError, RecipeError
from reticent.target.model import Model, Recipe
from reticent.target.table import Table

_PLAIN = (str, bytes, int, float, tuple)


@dataclass(frozen=True, eq=False)
class FunctionModel:
    """A ``predict_proba`` callable, or an object that has such a method and nothing else of scikit-learn's."""

    native: Any
    classes: npt.NDArray[Any]
    features: tuple[str, ...] | None = None
    has_scores: bool = True
    unreadable: str | None = "a function does not show what it holds; hand in the fitted model itself"

    def scores(self, x: Any) -> npt.NDArray[np.float64]:
        ask = self.native.predict_proba if hasattr(self.native, "predict_proba") else self.native
        try:
            answers = np.asarray(ask(x), dtype=np.float64)
        except Exception as error:  # the caller's code may raise anything
            raise ModelError(f"the model does not accept the table: {error}") from error
        if answers.ndim == 1 and len(self.classes) == 2:  # one column says it all for two classes
            answers = np.column_stack([1 - answers, answers])
        if answers.shape != (len(answers), len(self.classes)):
            raise ModelError(
                f"expected probabilities of shape (n, {len(self.classes)}), one column for each of the classes "
                f"{self.classes.tolist()}, got {answers.shape}"
            )
        return answers

    def labels(self, x: Any) -> npt.NDArray[np.intp]:
        best: npt.NDArray[np.intp] = self.scores(x).argmax(axis=1)
        return best

    def arrays(self) -> Iterator[tuple[str, npt.NDArray[Any]]]:
        yield from walk(self.native)

    def representations(self, x: Any) -> Iterator[tuple[str, npt.NDArray[Any]]]:
        yield from ()

    def describe(self) -> Mapping[str, Any]:
        name = getattr(self.native, "__name__", type(self.native).__name__)
        return {"class": name, "package": type(self.native).__module__.split(".")[0], "parameters": {}}


@dataclass(frozen=True, eq=False)
class FunctionRecipe:
    """A function ``(rows, seed) -> fitted model`` of the caller's."""

    function: Callable[[Any, int], Any]
    classes: npt.NDArray[Any]

    def __call__(self, table: Table, seed: int) -> Model:
        try:
            fitted = self.function(table.native, seed)
        except Exception as error:  # the caller's code may raise anything
            raise RecipeError(
                f"the recipe {getattr(self.function, '__name__', 'function')} failed on {len(table):,} rows: "
                f"{type(error).__name__}: {error}"
            ) from error
        if hasattr(fitted, "classes_"):
            return sklearn.read_model(fitted)
        if isinstance(fitted, Model):
            return fitted
        if torch.is_module(fitted):
            return torch.TorchModel(fitted, self.classes)
        if not (callable(fitted) or hasattr(fitted, "predict_proba")):
            raise RecipeError(
                f"expected the recipe {getattr(self.function, '__name__', 'function')} to return a fitted classifier "
                f"or a function that gives probabilities, got {type(fitted).__name__}"
            )
        return FunctionModel(fitted, self.classes)

    @property
    def family(self) -> None:
        return None  # what a function does inside cannot be seen

    @property
    def fingerprint(self) -> str | None:
        function = self.function
        if not inspect.isfunction(function) or function.__closure__ or function.__name__ == "<lambda>":
            return None  # what it holds cannot be known
        try:
            source = Path(inspect.getsourcefile(function) or "").read_text(encoding="utf-8")
        except (OSError, TypeError, UnicodeDecodeError):
            return None
        # The whole file, since a constant beside the function decides as much, and what was set since it was read.
        known = {name: function.__globals__.get(name) for name in function.__code__.co_names}
        plain = sorted((name, repr(value)) for name, value in known.items() if isinstance(value, _PLAIN))
        defaults = (function.__defaults__, function.__kwdefaults__)
        return hashlib.sha256(f"{function.__qualname__} {source} {plain} {defaults}".encode()).hexdigest()

    def capacities(self) -> Sequence[Mapping[str, Any]]:
        return ()

    def with_parameters(self, parameters: Mapping[str, Any]) -> Recipe:
        raise RecipeError("a recipe function has no parameters that could be changed; pass an estimator instead")
