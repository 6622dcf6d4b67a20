"""Read a module as a chain of linear maps and elementwise functions, whatever class it is of, or find that it is none.

``torch.fx`` follows one row of symbols through the module's own ``forward``, so that a ``Sequential`` and a class with
layers as attributes read alike.
"""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from typing import Any

from reticent._optional import optional


@dataclass(frozen=True)
class Linear:
    """A linear map, by the name of its module."""

    name: str
    bias: bool


@dataclass(frozen=True)
class Elementwise:
    """A function of each number by itself."""

    function: Callable[[Any], Any]
    relu: bool = False


@dataclass(frozen=True)
class Forget:
    """Dropout."""

    p: float


Link = Linear | Elementwise | Forget


def read(module: Any, shape: tuple[int, ...]) -> list[Link] | None:
    """Return the chain that ``module`` is for rows of this shape, or None."""
    if any(part._forward_hooks or part._forward_pre_hooks for part in module.modules()) or list(module.buffers()):
        return None
    try:
        nodes = list(optional("torch.fx", extra="torch").symbolic_trace(module).graph.nodes)
    except Exception:  # whatever a forward does that cannot be followed: it is no chain
        return None
    _, *between, last = nodes
    in_a_row = all(
        node.args and node.args[0] is before and len(node.all_input_nodes) == 1 for before, node in pairwise(nodes)
    )
    if not in_a_row or [node.op for node in nodes].count("placeholder") != 1 or last.args != (nodes[-2],):
        return None
    parts = dict(module.named_modules())
    while between and _flattens(between[0], parts):
        del between[0]
        shape = (math.prod(shape),)
    links = [_link(node, parts) for node in between if not _flattens(node, parts)]
    known = [link for link in links if link is not None]
    return (
        known if len(known) == len(links) and len(shape) == 1 and _every_weight_once(known, module, shape[0]) else None
    )


def _every_weight_once(links: list[Link], module: Any, width: int) -> bool:
    layers = [link for link in links if isinstance(link, Linear)]
    used = [f"{layer.name}.{one}" for layer in layers for one in ("weight", "bias")[: 1 + layer.bias]]
    whole = {name for name, one in module.named_parameters(remove_duplicate=False) if one.requires_grad}
    all_learn = len(list(module.parameters())) == len(whole)
    return all_learn and sorted(used) == sorted(whole) and module.get_submodule(layers[0].name).in_features == width


def _link(node: Any, parts: Mapping[str, Any]) -> Link | None:
    functions, modules = _known()
    if node.op == "call_module":
        part = parts[node.target]
        if type(part).__name__ == "Linear" and type(part) is modules["Linear"]:
            return Linear(node.target, part.bias is not None)
        if type(part) is modules["Dropout"]:
            return Forget(part.p)
        if type(part) is modules["ReLU"]:
            return Elementwise(functions["relu"], relu=True)
        plain = type(part) in modules["elementwise"] and not getattr(part, "inplace", False)
        return Elementwise(part) if plain else None
    name = node.target if isinstance(node.target, str) else getattr(node.target, "__name__", "")
    ours = node.op == "call_method" or getattr(node.target, "__module__", "").partition(".")[0] in {"torch", ""}
    named = name in functions and len(node.args) == 1 and set(node.kwargs) <= {"inplace"}
    return Elementwise(functions[name], relu=name == "relu") if ours and named else None


def _flattens(node: Any, parts: Mapping[str, Any]) -> bool:
    _, modules = _known()
    if node.op == "call_module":
        part = parts[node.target]
        return type(part) is modules["Flatten"] and (part.start_dim, part.end_dim) == (1, -1)
    called = node.target if isinstance(node.target, str) else getattr(node.target, "__name__", "")
    return called == "flatten" and (*node.args[1:], *node.kwargs.values()) == (1,)


@cache
def _known() -> tuple[dict[str, Callable[[Any], Any]], dict[str, Any]]:
    torch = optional("torch", extra="torch")
    nn = torch.nn
    functions = {name: getattr(torch, name) for name in ("relu", "tanh", "sigmoid")}
    elementwise = {
        *(nn.LeakyReLU, nn.ELU, nn.CELU, nn.SELU, nn.GELU, nn.SiLU, nn.Mish, nn.Tanh, nn.Sigmoid, nn.LogSigmoid),
        *(nn.Softplus, nn.Softsign, nn.Hardtanh, nn.ReLU6, nn.Hardswish, nn.Identity),
    }
    return functions, {
        **{"Linear": nn.Linear, "Dropout": nn.Dropout, "ReLU": nn.ReLU, "Flatten": nn.Flatten},
        "elementwise": elementwise,
    }
