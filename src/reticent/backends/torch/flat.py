"""The parameters of K models in one row of memory, and an optimizer that steps all of them at once.

An optimizer that treats every number by itself does not care whose number it is: one call for all models gives each
what a call of its own would. Those that look at several numbers together (norms, line searches, matrices) do care.
"""

import inspect
from collections.abc import Callable, Collection, Sequence
from typing import Any

from reticent._optional import optional

_ELEMENTWISE = ("SGD", "Adam", "AdamW", "Adamax", "NAdam", "RAdam", "RMSprop", "Adagrad", "Adadelta", "Rprop", "ASGD")
_FUSED = ("SGD", "Adam", "AdamW", "Adagrad")  # in one pass over memory, with the same arithmetic


class Flat:
    """K models' parameters by name, as views (K, ...) of one tensor for each group of the optimizer.

    Attributes
    ----------
    values, gradients
        Views of the parameters and of their gradients, name -> (K, ...); those ``turned`` have their two axes swapped.
    optimizer
        The caller's, over all of them.
    """

    def __init__(self, modules: Sequence[Any], make: Callable[[Any], Any], turned: Collection[str] = ()) -> None:
        torch = optional("torch", extra="torch")
        self._modules, self._turned = modules, turned
        self.values: dict[str, Any] = {}
        self.gradients: dict[str, Any] = {}
        template = make(modules[0].parameters())
        names = {id(one): name for name, one in modules[0].named_parameters()}
        groups = []
        for group in template.param_groups:
            members = [names[id(one)] for one in group["params"] if one.requires_grad]
            if not members:
                continue
            row = torch.cat([self._of(name).reshape(-1) for name in members]).requires_grad_()
            row.grad = torch.zeros_like(row)
            self._cut(members, row)
            groups.append({**group, **_in_one_pass(template, group), "params": [row]})
        known = inspect.signature(type(template).__init__).parameters
        settings = {name: value for name, value in template.defaults.items() if name in known}
        self.optimizer = type(template)(groups, **{**settings, **_in_one_pass(template, settings)})

    def _of(self, name: str) -> Any:
        torch = optional("torch", extra="torch")
        stacked = torch.stack([module.get_parameter(name).detach() for module in self._modules])
        return stacked.mT if name in self._turned else stacked

    def _cut(self, names: Sequence[str], row: Any) -> None:
        start = 0
        for name in names:
            shape = self._of(name).shape
            stop = start + shape.numel()
            self.values[name] = row.detach()[start:stop].view(shape)
            self.gradients[name] = row.grad[start:stop].view(shape)
            start = stop

    def hand_back(self) -> None:
        """Write the parameters into the modules that they came from."""
        torch = optional("torch", extra="torch")
        with torch.no_grad():
            for name, stacked in self.values.items():
                for module, value in zip(self._modules, stacked, strict=True):
                    module.get_parameter(name).copy_(value.mT if name in self._turned else value)


def obstacle(optimizer: Any, module: Any) -> str | None:
    """Return why an optimizer cannot step many models at once, or None."""
    kind = type(optimizer)
    torch = optional("torch", extra="torch")
    if kind.__name__ not in _ELEMENTWISE or kind is not getattr(torch.optim, kind.__name__, None):
        return f"the optimizer {kind.__name__} may look at several numbers together"
    if optimizer._optimizer_step_pre_hooks or optimizer._optimizer_step_post_hooks:
        return "the optimizer has hooks"
    if any(one._backward_hooks or one._post_accumulate_grad_hooks for one in module.parameters()):
        return "parameters have hooks"
    known = {id(one) for one in module.parameters()}
    if any(id(one) not in known for group in optimizer.param_groups for one in group["params"]):
        return "the optimizer steps tensors that are not the module's"
    return None


def _in_one_pass(optimizer: Any, group: Any) -> dict[str, bool]:
    plain = type(optimizer).__name__ in _FUSED and "fused" in optimizer.defaults
    unset = group.get("fused") is None and group.get("foreach") is None and not group.get("differentiable")
    return {"fused": True} if plain and unset else {}
