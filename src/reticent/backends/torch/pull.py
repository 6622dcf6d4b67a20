"""How a loss pulls at the outputs of many models at once: its gradient, in the cheapest form that is truly its own.

A loss is a function of the caller's and is not read but tried, on made-up outputs, mild and extreme, with frequent and
rare classes. Cross-entropies (plain, smoothed, of one column) turn out to be what they are; a loss of any other form
goes through ``autograd``, for all rows at once if it is a mean over rows, else with every model by itself.
"""

from collections.abc import Callable
from typing import Any

from reticent._optional import optional
from reticent.backends.torch.alone import truth

Loss = Callable[[Any, Any], Any]
Pull = Callable[[Any, Any], Any]  # outputs (k, B, C), classes (k, B) -> the gradients of k losses, (k, B, C)

_MOST_CLASSES = 256
_SCALES = (1.0, 8.0, 0.1)


def pull_of(loss: Loss, like: Any) -> Pull:
    """Return how ``loss`` pulls at outputs such as ``like``, shape (k, B, C)."""
    columns = like.shape[2]
    targets = constant_targets(loss, columns, like)
    if targets is not None:
        return lambda outputs, y: _toward(targets, outputs, y)
    if by_row(loss, columns, like):
        return lambda outputs, y: _through(_all_rows, loss, outputs, y)
    return lambda outputs, y: _through(_each_model, loss, outputs, y)


def constant_targets(loss: Loss, columns: int, like: Any) -> Any | None:
    """Return T, shape (C, C), or (2, 1) for one column, if the gradient of ``loss`` is (p - T[y]) / B, else None.

    p is the softmax of the outputs (the sigmoid of one column): so do cross-entropies pull, T being what they want
    said of each class.
    """
    torch = optional("torch", extra="torch")
    classes = max(columns, 2)
    if columns > _MOST_CLASSES:
        return None
    draw = torch.Generator().manual_seed(0)
    wanted = None
    for rows, scale in zip((3 * classes, 5 * classes, classes + 1), _SCALES, strict=True):
        y = (torch.arange(rows) % classes).to(like.device)
        outputs = (torch.randn((rows, columns), generator=draw) * scale).to(like)
        found = _shares(outputs) - rows * _gradient(loss, outputs, y)
        wanted = found[:classes] if wanted is None else wanted
        if not torch.allclose(wanted[y], found, rtol=0, atol=1e-5):
            return None
    return wanted


def by_row(loss: Loss, columns: int, like: Any) -> bool:
    """Whether a loss is a mean over rows: a weight that is divided by the weights of its own batch is not."""
    torch = optional("torch", extra="torch")
    draw = torch.Generator().manual_seed(0)
    for rare, scale in zip((1.0, 3.0, 6.0), _SCALES, strict=True):
        outputs = (torch.randn((3, 7, columns), generator=draw) * scale).to(like)
        y = (torch.rand((3, 7), generator=draw) ** rare * max(columns, 2)).long().to(like.device)
        each = torch.stack([_gradient(loss, o, t) for o, t in zip(outputs, y, strict=True)]) / 3
        every = _gradient(loss, outputs.flatten(0, 1), y.flatten()).view_as(each)
        if not torch.allclose(each, every, rtol=1e-4, atol=1e-7):
            return False
    return True


def _shares(outputs: Any) -> Any:
    torch = optional("torch", extra="torch")
    return torch.sigmoid(outputs) if outputs.shape[-1] == 1 else torch.softmax(outputs, -1)


def _toward(targets: Any, outputs: Any, y: Any) -> Any:
    return _shares(outputs).sub_(targets[y]).div_(y.shape[1])


def _gradient(loss: Loss, outputs: Any, y: Any) -> Any:
    torch = optional("torch", extra="torch")
    with torch.enable_grad():
        leaf = outputs.detach().requires_grad_()
        [gradient] = torch.autograd.grad(loss(leaf, truth(leaf, y)), [leaf])
    return gradient


def _through(total: Callable[[Loss, Any, Any], Any], loss: Loss, outputs: Any, y: Any) -> Any:
    torch = optional("torch", extra="torch")
    with torch.enable_grad():
        leaf = outputs.detach().requires_grad_()
        [gradient] = torch.autograd.grad(total(loss, leaf, y), [leaf])
    return gradient


def _all_rows(loss: Loss, outputs: Any, y: Any) -> Any:
    every = outputs.flatten(0, 1)
    return loss(every, truth(every, y.flatten())) * len(y)


def _each_model(loss: Loss, outputs: Any, y: Any) -> Any:
    torch = optional("torch", extra="torch")
    return torch.func.vmap(lambda o, t: loss(o, truth(o, t)))(outputs, y).sum()
