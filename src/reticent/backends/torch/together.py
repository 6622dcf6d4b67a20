"""Train K models at once, each on its own rows in its own order: steps of equal shape are taken by all together."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from reticent._optional import optional
from reticent.backends.torch import chain
from reticent.backends.torch.alone import Loop, steps
from reticent.backends.torch.dense import Dense
from reticent.backends.torch.stacked import Stacked


@dataclass(frozen=True, eq=False, kw_only=True)
class Crowd:
    """K modules of one kind, the rows of x that each learns from (its own tensor of positions) and its seed."""

    modules: Sequence[Any]
    rows: Sequence[Any]
    seeds: Sequence[int]
    template: Any  # one more of the kind, to be called with the others' parameters

    def some(self, which: Sequence[int]) -> "Crowd":
        """Return a crowd of these."""
        modules, rows, seeds = ([of[k] for k in which] for of in (self.modules, self.rows, self.seeds))
        return Crowd(modules=modules, rows=rows, seeds=seeds, template=self.template)


def train(loop: Loop, crowd: Crowd, x: Any, y: Any) -> None:
    """Train the modules of a crowd in place, on rows ``x``, shape (N, ...), with classes ``y``, shape (N,).

    Models whose epochs have as many steps go together. In the last step of an epoch they may differ by a few rows;
    each then takes it with its own, so that no row is left out, weighted or repeated.
    """
    count = [steps(loop, len(one)) for one in crowd.rows]
    for many in sorted(set(count)):
        _train(loop, crowd.some([k for k, one in enumerate(count) if one == many]), many, x, y)


def stacked(loop: Loop, crowd: Crowd, x: Any) -> Dense | Stacked:
    """Return what computes the gradients of all models at once, by hand where the modules are chains."""
    links = chain.read(crowd.template.train(), tuple(x.shape[1:]))
    if links is None:
        return Stacked(crowd.modules, loop.optimizer_of, loop.loss, crowd.template, crowd.seeds)
    return Dense(crowd.modules, loop.optimizer_of, loop.loss, links, crowd.seeds)


def _train(loop: Loop, crowd: Crowd, many: int, x: Any, y: Any) -> None:
    torch = optional("torch", extra="torch")
    stack = stacked(loop, crowd, x)
    optimizer = stack.flat.optimizer
    schedule = None if loop.schedule is None else loop.schedule(optimizer)
    step = optimizer.step
    draws = [torch.Generator().manual_seed(seed) for seed in crowd.seeds]
    size = loop.batch_size
    end = min(many * size, max(map(len, crowd.rows)))
    even = all(len(one) >= end for one in crowd.rows)
    common = end if even else (many - 1) * size  # rows of each model's order that all take in step
    room = torch.empty((len(draws) * min(size, end), *x.shape[1:]), dtype=x.dtype, device=x.device)
    for _ in range(loop.epochs):
        orders = [one[torch.randperm(len(one), generator=draw)] for one, draw in zip(crowd.rows, draws, strict=True)]
        block = torch.stack([order[:common] for order in orders]).to(x.device)
        for batch in block.split(size, dim=1) if common else ():
            who, shape = batch.flatten(), batch.shape
            given = torch.index_select(x, 0, who, out=room[: len(who)]).view(*shape, *x.shape[1:])
            stack.gradients(given, torch.index_select(y, 0, who).view(shape), slice(None))
            step()
        if not even:
            for k, order in enumerate(orders):
                batch = order[None, common : common + size].to(x.device)
                stack.gradients(x[batch], y[batch], slice(k, k + 1))
            step()
        if schedule is not None:
            schedule.step()
    stack.hand_back()
