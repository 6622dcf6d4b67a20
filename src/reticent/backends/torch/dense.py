"""Chains of linear maps, many times over: one batched product a layer, gradients by hand into memory kept for them.

What ``autograd`` and ``vmap`` would do beside the products (graphs, dispatch, fresh memory for every result) costs as
much again as the products where models are small. The loss stays the caller's (:mod:`reticent.backends.torch.pull`).
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from reticent._optional import optional
from reticent.backends.torch.chain import Forget, Linear, Link
from reticent.backends.torch.dropout import generators, masks
from reticent.backends.torch.flat import Flat
from reticent.backends.torch.pull import Pull, pull_of


@dataclass(frozen=True, eq=False)
class _Maps:
    """One layer's weights (k, d, h), biases (k, 1, h) or None, and where their gradients go."""

    weight: Any
    bias: Any | None
    weight_gradient: Any
    bias_gradient: Any | None


class Dense:
    """K chains of one kind and one step's gradients for all of them."""

    def __init__(
        self,
        modules: Sequence[Any],
        make: Callable[[Any], Any],
        loss: Callable[[Any, Any], Any],
        links: Sequence[Link],
        seeds: Sequence[int],
    ) -> None:
        self._layers = [link for link in links if isinstance(link, Linear)]
        # Inputs first: both products with a weight then read memory in its order.
        self.flat = Flat(modules, make, turned=[f"{layer.name}.weight" for layer in self._layers])
        self._links, self._loss, self._forget = links, loss, generators(seeds)
        self._everyone = self._maps(slice(None))
        self._room: dict[tuple[Any, ...], Any] = {}
        self._pull: Pull | None = None

    def _maps(self, who: slice) -> dict[str, _Maps]:
        values, gradients = self.flat.values, self.flat.gradients
        return {
            layer.name: _Maps(
                values[f"{layer.name}.weight"][who],
                values[f"{layer.name}.bias"][who][:, None] if layer.bias else None,
                gradients[f"{layer.name}.weight"][who],
                gradients[f"{layer.name}.bias"][who] if layer.bias else None,
            )
            for layer in self._layers
        }

    def gradients(self, x: Any, y: Any, who: slice) -> None:
        """Write the gradients of some models: rows (k, B, ...), classes (k, B)."""
        torch = optional("torch", extra="torch")
        maps = self._everyone if who == slice(None) else self._maps(who)
        with torch.no_grad():
            outputs, kept = self._forward(torch, x.flatten(2), maps, who)
            self._pull = self._pull or pull_of(self._loss, outputs)
            self._backward(torch, self._pull(outputs, y), maps, kept)

    def _forward(self, torch: Any, x: Any, maps: dict[str, _Maps], who: slice) -> tuple[Any, list[Any]]:
        """Return the outputs, shape (k, B, C), and what each link needs on the way back."""
        kept: list[Any] = []
        own = False  # whether the numbers lie in memory that nobody looks at again
        for link in self._links:
            if isinstance(link, Linear):
                kept.append(x)
                layer = maps[link.name]
                room = self._out(torch, link, (x.shape[0], x.shape[1], layer.weight.shape[2]), x)
                if layer.bias is None:
                    x = torch.bmm(x, layer.weight, out=room)
                else:
                    x = torch.baddbmm(layer.bias, x, layer.weight, out=room)
                own = True
            elif isinstance(link, Forget):
                kept.append(masks(link.p, tuple(x.shape[1:]), self._forget[who], x) if link.p else None)
                x = x * kept[-1] if link.p else x
                own = False
            elif link.relu:
                x = x.relu_() if own else x.relu()
                kept.append(x)
                own = False
            else:
                with torch.enable_grad():
                    leaf = x.detach().requires_grad_()
                    made = link.function(leaf)
                kept.append((leaf, made))
                x, own = made.detach(), False
        return x, kept

    def _backward(self, torch: Any, pull: Any, maps: dict[str, _Maps], kept: list[Any]) -> None:
        for link, given in zip(reversed(self._links), reversed(kept), strict=True):
            if isinstance(link, Linear):
                layer = maps[link.name]
                # Slices of contiguous tensors are contiguous: products and sums are written where they belong.
                torch.bmm(given.mT, pull, out=layer.weight_gradient)
                if layer.bias is not None:
                    torch.sum(pull, 1, out=layer.bias_gradient)
                if link is self._layers[0]:
                    return
                pull = torch.bmm(pull, layer.weight.mT, out=self._out(torch, (link, "back"), tuple(given.shape), pull))
            elif isinstance(link, Forget):
                pull = pull * given if link.p else pull
            elif link.relu:
                pull = torch.ops.aten.threshold_backward(pull, given, 0)
            else:
                leaf, made = given
                [pull] = torch.autograd.grad(made, [leaf], pull)

    def _out(self, torch: Any, name: Any, shape: tuple[int, ...], like: Any) -> Any:
        if (name, shape) not in self._room:
            self._room[name, shape] = torch.empty(shape, dtype=like.dtype, device=like.device)
        return self._room[name, shape]

    def hand_back(self) -> None:
        """Write the parameters into the modules that they came from."""
        self.flat.hand_back()
