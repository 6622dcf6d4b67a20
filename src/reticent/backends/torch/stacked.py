"""Any module, many times over: ``torch.func.vmap`` calls one template with the parameters and buffers of K models."""

from collections.abc import Callable, Sequence
from typing import Any

from reticent._optional import optional
from reticent.backends.torch.alone import truth
from reticent.backends.torch.dropout import Dropouts, generators
from reticent.backends.torch.flat import Flat


class Stacked:
    """K modules of one kind and one step's gradients for all of them."""

    def __init__(
        self,
        modules: Sequence[Any],
        make: Callable[[Any], Any],
        loss: Callable[[Any, Any], Any],
        template: Any,
        seeds: Sequence[int],
    ) -> None:
        torch = optional("torch", extra="torch")
        self._modules, self._loss, self._template = modules, loss, template.train()
        self.flat = Flat(modules, make)
        self._buffers = {
            name: torch.stack([module.get_buffer(name) for module in modules]) for name, _ in template.named_buffers()
        }
        self._still = {  # never stepped, hence the same from the first epoch to the last
            name: torch.stack([module.get_parameter(name).detach() for module in modules])
            for name, _ in template.named_parameters()
            if name not in self.flat.values
        }
        self._dropouts, self._forget = Dropouts(template), generators(seeds)
        self._leaves = self._leaves_of(slice(None))
        self._each = torch.func.vmap(self._one)

    def _leaves_of(self, who: slice) -> dict[str, Any]:
        return {name: value[who].detach().requires_grad_() for name, value in self.flat.values.items()}

    def _one(self, parameters: Any, buffers: Any, x: Any, y: Any, masks: Any) -> Any:
        self._dropouts.use(masks)
        functional_call = optional("torch.func", extra="torch").functional_call
        outputs = functional_call(self._template, (parameters, buffers), (x,))
        return self._loss(outputs, truth(outputs, y))

    def gradients(self, x: Any, y: Any, who: slice) -> None:
        """Write the gradients of some models: rows (k, B, ...), classes (k, B)."""
        torch = optional("torch", extra="torch")
        leaves = self._leaves if who == slice(None) else self._leaves_of(who)
        others = {name: value[who] for name, value in {**self._buffers, **self._still}.items()}
        with self._dropouts.asleep():
            masks = self._dropouts.draw(x[0], self._forget[who])
            losses = self._each(leaves, others, x, y, masks)
        found = torch.autograd.grad(losses.sum(), list(leaves.values()))
        for name, gradient in zip(leaves, found, strict=True):
            self.flat.gradients[name][who].copy_(gradient)

    def hand_back(self) -> None:
        """Write parameters and buffers into the modules that they came from."""
        self.flat.hand_back()
        for name, stacked in self._buffers.items():
            for module, value in zip(self._modules, stacked, strict=True):
                module.get_buffer(name).copy_(value)
