"""How to train another network of the same kind on other rows."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, fields, replace
from typing import Any, Self

import numpy as np
import numpy.typing as npt
from sklearn.base import clone

from reticent import _validate
from reticent._optional import optional
from reticent.backends.torch import alone, names, rows
from reticent.backends.torch.many import Many
from reticent.backends.torch.model import TorchModel
from reticent.errors import ModelError, ParameterError, RecipeError, ReticentError
from reticent.target.model import Model
from reticent.target.table import Table
from reticent.target.target import class_positions

_DECAYS = (1e-3, 1e-2, 1e-1)


@dataclass(frozen=True, eq=False, kw_only=True)
class TorchRecipe:
    """A module, an optimizer and a loss, trained for some epochs on shuffled batches.

    What needs more (early stopping, augmentation, clipped gradients) is a function ``(rows, seed) -> module``.

    Parameters
    ----------
    module
        ``() -> nn.Module``, with new random weights each time: one output for each class, or one for two classes.
    optimizer
        ``parameters -> torch.optim.Optimizer``.
    loss
        ``(outputs, truth) -> scalar``, a mean over the batch. The truth is the class of each row, shape (B,), or 0.0
        and 1.0 in the outputs' shape where the module has one output.
    epochs
        How often each row is seen.
    batch_size
        Rows in a step; they are shuffled each epoch, and the last batch of an epoch is as short as it comes.
    drop_last
        Leave out a last batch that is not full, as a ``DataLoader`` may.
    prepare
        A transformer with scikit-learn's API, fitted anew on the rows of each model; None where rows are numbers.
    schedule
        ``optimizer -> learning-rate scheduler``, stepped after each epoch.
    weight_decay
        The optimizer's, in place of what it says itself; None to leave it.
    device
        Where to train: "cpu", "cuda".
    classes, features
        The labels in the order of the outputs, and the columns of a table; :func:`~reticent.describe.describe` fills
        them in.
    """

    module: Callable[[], Any]
    optimizer: Callable[[Any], Any]
    loss: Callable[[Any, Any], Any]
    epochs: int
    batch_size: int
    drop_last: bool = False
    prepare: Any | None = None
    schedule: Callable[[Any], Any] | None = None
    weight_decay: float | None = None
    device: str = "cpu"
    classes: npt.NDArray[Any] | None = None
    features: tuple[str, ...] | None = None

    def __post_init__(self) -> None:
        _validate.at_least(1, epochs=self.epochs)
        _validate.at_least(1, batch_size=self.batch_size)
        if self.weight_decay is not None:
            _validate.at_least(0, weight_decay=self.weight_decay)

    def bound(self, model: Model, features: tuple[str, ...]) -> Self:
        """Return the recipe for the target that ``model`` is, whose columns these are.

        Raises
        ------
        ModelError
            If the recipe prepares rows and the model does not.
        """
        if self.prepare is not None and getattr(model, "prepare", None) is None:
            raise ModelError(
                f"expected a model whose rows are prepared as the recipe prepares them, got a module alone. Hand in "
                f"TorchModel(module, classes, prepare=the {type(self.prepare).__name__} that was fitted for it)"
            )
        return replace(self, classes=model.classes, features=features)

    def told(self, model: TorchModel, table: Table) -> TorchModel:
        """Return a target's model that says in the report how it was trained, and how its shadow models are."""
        many = self.family.chunk(table)
        reason = None if many == 1 else self.family.obstacle(table)
        how = (
            f"{many} together" if many > 1 and reason is None else f"one after the other{f': {reason}' * bool(reason)}"
        )
        return replace(model, training={**self.words, "shadow models": how})

    def __call__(self, table: Table, seed: int) -> TorchModel:
        with self.blamed(len(table)), alone.seeded(seed):
            module = self.new(seed)
            x, prepare = self.prepared(table)
            alone.train(self, module, rows.tensor(x, module, self.device), self.truth(table), seed)
        return self.fitted(module, prepare, table)

    @property
    def family(self) -> Many:
        return Many(self)

    @property
    def fingerprint(self) -> str | None:
        return names.lasting("torch recipe", *(_plain(getattr(self, one.name)) for one in fields(self)))

    def capacities(self) -> list[dict[str, Any]]:
        optimizer = self.optimizer_of(self.new(0).parameters())
        own = optimizer.defaults.get("weight_decay")
        decays = [] if own is None else [one for one in _DECAYS if one > max(own, self.weight_decay or 0)]
        fewer = [self.epochs // part for part in (2, 4) if self.epochs >= 2 * part]
        return [*({"weight_decay": one} for one in decays), *({"epochs": one} for one in fewer)]

    def with_parameters(self, parameters: Mapping[str, Any]) -> Self:
        try:
            return replace(self, **parameters)
        except TypeError as error:
            known = ", ".join(one.name for one in fields(self))
            raise ParameterError(
                f"expected parameters of a torch recipe ({known}), got {', '.join(parameters)}"
            ) from error

    # what training asks

    def new(self, seed: int) -> Any:
        """Return a new module whose weights are drawn from this seed."""
        with alone.seeded(seed):
            return self.module().to(self.device)

    def optimizer_of(self, parameters: Any) -> Any:
        """Return the caller's optimizer of these parameters, with this recipe's weight decay."""
        optimizer = self.optimizer(list(parameters))
        if self.weight_decay is not None:
            for group in optimizer.param_groups:
                group["weight_decay"] = self.weight_decay
        return optimizer

    def prepared(self, table: Table) -> tuple[npt.NDArray[Any], Any | None]:
        """Return a table's rows as numbers, (n, ...), and the transformer that was fitted on them, if there is one."""
        x = table.features(self._columns(table))
        if self.prepare is None:
            return rows.numbers(x), None
        prepare = clone(self.prepare).fit(x, table.labels())
        return rows.numbers(x, prepare), prepare

    def _columns(self, table: Table) -> tuple[str, ...]:
        label = getattr(table, "label", None)
        return self.features or tuple(name for name in table.columns if name != label)

    def truth(self, table: Table) -> Any:
        """Return the class of each row as a tensor of positions, shape (n,)."""
        torch = optional("torch", extra="torch")
        return torch.tensor(class_positions(table.labels(), self.labels(table)), device=self.device)

    def labels(self, table: Table) -> npt.NDArray[Any]:
        """Return the labels in the order of the outputs: those of the target, or all that the table has, sorted."""
        return self.classes if self.classes is not None else np.unique(table.labels())

    def fitted(self, module: Any, prepare: Any | None, table: Table) -> TorchModel:
        """Return what an attacker meets once a module is trained."""
        return TorchModel(module.eval(), self.labels(table), prepare, self.features, self.words)

    @property
    def words(self) -> dict[str, str]:
        """How models are trained, for the report."""
        optimizer = self.optimizer_of(self.new(0).parameters())
        group = optimizer.param_groups[0]
        said = [f"{name} {group[name]:g}" for name in ("lr", "momentum", "weight_decay") if group.get(name)]
        return {
            "optimizer": f"{type(optimizer).__name__} ({', '.join(said)})",
            "loss": getattr(self.loss, "__name__", type(self.loss).__name__),
            "epochs": str(self.epochs),
            "batch size": str(self.batch_size),
        }

    @contextmanager
    def blamed(self, n: int) -> Iterator[None]:
        """Say of whatever goes wrong inside that the recipe failed on ``n`` rows."""
        try:
            yield
        except ReticentError:
            raise
        except Exception as error:  # the caller's code may raise anything
            raise RecipeError(
                f"the torch recipe failed on {n:,} rows: {type(error).__name__}: {error}. Does the module take such "
                f"rows, and has it one output for each class?"
            ) from error


def _plain(value: Any) -> Any:
    return value.tolist() if isinstance(value, np.ndarray) else value
