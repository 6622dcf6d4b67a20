"""The plain training loop: one model, a new order of its rows each epoch, the last short batch as it comes."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Protocol

from reticent._optional import optional
from reticent.backends.torch.dropout import Dropouts, generators
from reticent.errors import RecipeError


class Loop(Protocol):
    """What a training loop has to know."""

    @property
    def loss(self) -> Callable[[Any, Any], Any]:
        """(outputs, truth) -> a scalar tensor."""

    @property
    def epochs(self) -> int:
        """How often each row is seen."""

    @property
    def batch_size(self) -> int:
        """Rows in a step."""

    @property
    def drop_last(self) -> bool:
        """Whether a last batch that is not full is left out."""

    @property
    def schedule(self) -> Callable[[Any], Any] | None:
        """optimizer -> a learning-rate scheduler that is stepped after each epoch."""

    def optimizer_of(self, parameters: Any) -> Any:
        """Return the optimizer of these parameters."""


def train(loop: Loop, module: Any, x: Any, y: Any, seed: int) -> None:
    """Train ``module`` in place on rows ``x``, shape (n, ...), with classes ``y``, shape (n,)."""
    torch = optional("torch", extra="torch")
    optimizer = loop.optimizer_of(module.parameters())
    schedule = None if loop.schedule is None else loop.schedule(optimizer)
    order, forget = torch.Generator().manual_seed(seed), generators([seed])
    module.train()
    dropouts = Dropouts(module)
    end = steps(loop, len(y)) * loop.batch_size
    with dropouts.asleep():
        for _ in range(loop.epochs):
            rows = torch.randperm(len(y), generator=order).to(x.device)[:end]
            for batch in rows.split(loop.batch_size):
                given = x[batch]
                dropouts.use([mask[0] for mask in dropouts.draw(given, forget)])
                optimizer.zero_grad()
                outputs = module(given)
                loop.loss(outputs, truth(outputs, y[batch])).backward()
                optimizer.step()
            if schedule is not None:
                schedule.step()
    module.eval()


def steps(loop: Loop, n: int) -> int:
    """Return how many steps an epoch of ``n`` rows has.

    Raises
    ------
    RecipeError
        If it has none.
    """
    many = n // loop.batch_size if loop.drop_last else -(-n // loop.batch_size)
    if many == 0:
        raise RecipeError(
            f"expected at least one batch of {loop.batch_size} rows, got {n:,} rows: with drop_last nothing would be "
            f"learned. Use smaller batches"
        )
    return many


def truth(outputs: Any, y: Any) -> Any:
    """Return the truth as losses want it: the class of each row, or 0.0 and 1.0 where the module has one column."""
    one_column = outputs.ndim == 1 or outputs.shape[-1] == 1
    return y.to(outputs.dtype).reshape(outputs.shape) if one_column else y


@contextmanager
def seeded(seed: int) -> Iterator[None]:
    """Let torch draw from this seed in the block, and from where it was afterwards."""
    torch = optional("torch", extra="torch")
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        yield
