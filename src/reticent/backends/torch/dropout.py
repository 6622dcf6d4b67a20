"""Dropout whose masks each model draws from a generator of its own: what it forgets does not depend on its neighbors.

A module's layers are put to sleep and a hook does their work, so that one template can serve many models at once:
inside ``torch.func.vmap`` a layer could not tell whose numbers to draw.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from reticent import _seeds
from reticent._optional import optional


def generators(seeds: Sequence[int]) -> list[Any]:
    """Return a generator for the masks of each model."""
    torch = optional("torch", extra="torch")
    return [torch.Generator().manual_seed(_seeds.integer(seed, "dropout")) for seed in seeds]


def masks(p: float, shape: tuple[int, ...], draws: Sequence[Any], like: Any) -> Any:
    """Return for each generator a mask of this shape, (K, *shape): 0 with probability ``p``, else 1 / (1 - p)."""
    torch = optional("torch", extra="torch")
    drawn = torch.empty((len(draws), *shape))
    for one, draw in zip(drawn, draws, strict=True):
        one.bernoulli_(1 - p, generator=draw)
    return drawn.div_(max(1 - p, 1e-12)).to(like)


class Dropouts:
    """The dropout layers of a module, in the order in which it calls them."""

    def __init__(self, module: Any) -> None:
        nn = optional("torch.nn", extra="torch")
        self._module = module
        self._layers = [part for part in module.modules() if type(part) is nn.Dropout and part.p > 0]
        self._given: Iterator[Any] | None = None
        self._calls: list[tuple[float, tuple[int, ...]]] = []
        self._known: dict[int, list[tuple[float, tuple[int, ...]]]] = {}

    @contextmanager
    def asleep(self) -> Iterator[None]:
        """Let the hooks do the layers' work until the end of the block."""
        hooks = [layer.register_forward_hook(self._hide) for layer in self._layers]
        was = [layer.training for layer in self._layers]
        for layer in self._layers:
            layer.training = False
        try:
            yield
        finally:
            for hook in hooks:
                hook.remove()
            for layer, training in zip(self._layers, was, strict=True):
                layer.training = training

    def draw(self, x: Any, draws: Sequence[Any]) -> list[Any]:
        """Return the masks of one step, one (K, B, ...) a call of a layer; ``x`` is the batch of any one model."""
        if not self._layers:
            return []
        if len(x) not in self._known:
            self._known[len(x)] = self._watch(x)
        return [masks(p, shape, draws, x) for p, shape in self._known[len(x)]]

    def use(self, drawn: Sequence[Any]) -> None:
        """Have the next call of the module hide what these masks say, (B, ...) each."""
        self._given = iter(drawn)

    def _watch(self, x: Any) -> list[tuple[float, tuple[int, ...]]]:
        torch = optional("torch", extra="torch")
        self._given, self._calls = None, []
        training = [part for part in self._module.modules() if part.training]
        self._module.eval()  # so that looking leaves no trace in running means
        with torch.no_grad():
            self._module(x)
        for part in training:
            part.training = True
        return self._calls

    def _hide(self, layer: Any, _: Any, made: Any) -> Any:
        if self._given is None:
            self._calls.append((layer.p, tuple(made.shape)))
            return made
        return made * next(self._given)
