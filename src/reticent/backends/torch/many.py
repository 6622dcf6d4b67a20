"""What networks offer beside training one: many of them together, where each becomes what it would have alone."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from reticent._optional import optional
from reticent.backends.torch import alone, flat, rows, together
from reticent.backends.torch.model import TorchModel, asked
from reticent.target.table import Table

_FEWEST, _MOST = 8, 32
_CACHE = 1 << 22  # bytes: the parameters of models trained together, their gradients and the optimizer's two averages
_MEMORY = 1 << 30  # bytes of copies that models trained together may need beside the rows themselves
_TRIED = 40  # rows


@dataclass(frozen=True, eq=False)
class Many:
    """Models of a recipe, trained together."""

    recipe: Any

    def chunk(self, table: Table) -> int:
        """Return how many models to train together, 1 where it gains nothing.

        Convolutions keep a processor as busy for one model as for many; a graphics card is not filled by one.
        """
        module = self.recipe.new(0)
        nn = optional("torch.nn", extra="torch")
        convolutions = any(isinstance(part, nn.modules.conv._ConvNd) for part in module.modules())
        if convolutions and self.recipe.device == "cpu":
            return 1
        weights = sum(one.numel() for one in module.parameters())
        copies = 0 if self.recipe.prepare is None else 8 * len(table) * len(table.columns)
        fitting = min(max(_CACHE // (16 * weights), _FEWEST), _MOST)
        return int(max(1, min(fitting, _MEMORY // (copies + 24 * weights + 24 * len(table)))))

    def obstacle(self, table: Table) -> str | None:
        """Return why models of such rows have to be trained one after the other, or None.

        It is tried: two models that see a few rows for two epochs, together and alone, must give the same answers.
        """
        template = self.recipe.new(0)
        if (reason := flat.obstacle(self.recipe.optimizer_of(template.parameters()), template)) is not None:
            return reason
        with self.recipe.blamed(len(table)):
            few = np.arange(min(_TRIED, len(table)))
            x = rows.tensor(self.recipe.prepared(table)[0][few], template, self.recipe.device)
            y = self.recipe.truth(table)[: len(few)]
            size = min(self.recipe.batch_size, 16)
            short = replace(self.recipe, optimizer=_calm, weight_decay=None, schedule=None, epochs=2, batch_size=size)
            chosen, seeds = [_index(few[:30]), _index(few[-29:])], [1, 2]
            before = [_outputs(self.recipe.new(seed), x) for seed in seeds]
            own = [self.recipe.new(seed) for seed in seeds]
            for module, some, seed in zip(own, chosen, seeds, strict=True):
                with alone.seeded(seed):
                    alone.train(short, module, x[some], y[some], seed)
        both = [self.recipe.new(seed) for seed in seeds]
        try:
            with alone.seeded(3):
                crowd = together.Crowd(modules=both, rows=chosen, seeds=seeds, template=template)
                together.train(short, crowd, x, y)
        except Exception as error:  # whatever torch, or the module itself, finds no batched form of
            return f"the module cannot be batched ({_sentence(error)})"
        for start, one, other in zip(before, own, both, strict=True):
            expected = _outputs(one, x)
            moved = np.abs(expected - start).max()
            if not np.abs(_outputs(other, x) - expected).max() <= 0.02 * moved + 1e-5 * (1 + np.abs(expected).max()):
                return "the module gives other answers when it is trained beside others (does it draw random numbers?)"
        return None

    def train(self, table: Table, chosen: Sequence[npt.NDArray[np.intp]], seeds: Sequence[int]) -> list[TorchModel]:
        """Train one model on each set of rows, together."""
        recipe, template = self.recipe, self.recipe.new(0)
        modules = [recipe.new(seed) for seed in seeds]
        with recipe.blamed(len(chosen[0])), alone.seeded(seeds[0]):
            if recipe.prepare is None:
                x, fitted = recipe.prepared(table)[0], [None] * len(seeds)
                own = [_index(some) for some in chosen]
            else:  # each model's rows as the transformer has them that was fitted on these rows alone
                parts = [recipe.prepared(table.take(some)) for some in chosen]
                x, fitted = np.concatenate([part for part, _ in parts]), [one for _, one in parts]
                ends = np.cumsum([len(some) for some in chosen])
                own = [_index(np.arange(end - len(some), end)) for end, some in zip(ends, chosen, strict=True)]
            y = recipe.truth(table)
            if recipe.prepare is not None:
                y = y[np.concatenate(chosen)]
            crowd = together.Crowd(modules=modules, rows=own, seeds=seeds, template=template)
            together.train(recipe, crowd, rows.tensor(x, template, recipe.device), y)
        return [recipe.fitted(module, one, table) for module, one in zip(modules, fitted, strict=True)]


def _calm(parameters: Any) -> Any:
    """Return an optimizer that makes no steps out of rounding, as Adam does where a gradient should be zero."""
    return optional("torch", extra="torch").optim.Adam(parameters, lr=0.01, eps=1e-3)


def _index(some: npt.NDArray[np.intp]) -> Any:
    return optional("torch", extra="torch").tensor(some)


def _outputs(module: Any, x: Any) -> npt.NDArray[np.float64]:
    with asked(module):
        answers: npt.NDArray[np.float64] = module(x).double().cpu().numpy()
    return answers


def _sentence(error: Exception) -> str:
    first = re.split(r"[.\n]\s", f"{error} ", maxsplit=1)[0].strip()
    return f"{type(error).__name__}: {first[:160]}"
