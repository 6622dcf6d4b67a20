"""How many rows lie in each of the declared bins, with discrete Laplace noise.

>>> said = histogram([1.0, 2.0, 2.5, 9.0], epsilon=1.0, bins=4, bounds=(0.0, 10.0))
>>> said.edges, len(said.value), said.event.parts
((0.0, 2.5, 5.0, 7.5, 10.0), 4, (PureDP(epsilon=1.0),))
"""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from reticent import _validate
from reticent.accounting.events import PureDP
from reticent.errors import ParameterError
from reticent.mechanisms.exact import laplace_reach, laplace_scale, opendp
from reticent.mechanisms.release import LEVEL, Release, ascending, event, finite, numbers, pair


def histogram(
    values: npt.ArrayLike,
    *,
    epsilon: float,
    bins: int | Sequence[float] = 10,
    bounds: tuple[float, float] | None = None,
) -> Release:
    """Return how many rows lie in each bin; a row lies in one bin, so all of them together cost ``epsilon``.

    A bin holds its left end and not its right one, but for the last, which holds both, as in NumPy. Rows outside all
    bins are not counted. Noise comes from the generator of the operating system and cannot be seeded.

    Parameters
    ----------
    values
        Numbers, shape (n,).
    epsilon
        What it may cost, for a row that is added or removed.
    bins
        How many bins of equal width there are between the ``bounds``, or their edges in ascending order.
    bounds
        The ends of the first and last bin, known without looking at the data.

    Raises
    ------
    ParameterError, TableError
        For a wrong argument, or a missing value; nothing was then asked.
    """
    epsilon, edges = finite(epsilon=epsilon), _edges(bins, bounds)
    column = numbers(values)
    dp, scale = opendp(), laplace_scale(1, epsilon)
    cuts = [*edges[:-1], float(np.nextafter(edges[-1], np.inf))]
    inside = list(range(1, len(edges)))  # bin 0 lies below the first edge
    ask = (
        dp.t.make_find_bin(dp.vector_domain(dp.atom_domain(T=dp.f64, nan=False)), dp.symmetric_distance(), cuts)
        >> dp.t.then_count_by_categories(inside, MO=dp.L1Distance[dp.i64], TOA=dp.i64)
        >> dp.m.then_laplace(scale)
    )
    counts = tuple(float(number) for number in ask(column.tolist())[: len(inside)])
    reach = laplace_reach(scale, 1.0 - (1.0 - LEVEL) / len(inside))
    return Release(
        what="histogram",
        value=counts,
        event=event("histogram", PureDP(ask.map(1))),
        interval=(tuple(n - reach for n in counts), tuple(n + reach for n in counts)),
        edges=edges,
    )


def _edges(bins: int | Sequence[float], bounds: tuple[float, float] | None) -> tuple[float, ...]:
    if isinstance(bins, int | np.integer) and not isinstance(bins, bool):
        _validate.at_least(1, bins=int(bins))
        if bounds is None:
            raise ParameterError(
                "expected bounds=(low, high) with a number of bins, got bounds=None; where people's values lie cannot "
                "be read off them for nothing. Declare the bounds, or the edges themselves: bins=[...]"
            )
        return tuple(np.linspace(*pair(bounds=bounds), int(bins) + 1).tolist())
    if bounds is not None:
        raise ParameterError(f"expected either bins as edges or bounds, got both: bounds={bounds!r}")
    if isinstance(bins, bool | str):
        raise ParameterError(f"expected bins as a whole number or as edges, got {bins!r}")
    return ascending("bins", bins, least=2)
