"""How many rows there are, with discrete Laplace noise.

>>> said = count(["blue", "red", "blue"], epsilon=1.0)
>>> said.event.parts, said.interval[1] - said.interval[0]
((PureDP(epsilon=1.0),), 6.0)
"""

from collections.abc import Iterable
from typing import Any

import narwhals as nw

from reticent.accounting.events import PureDP
from reticent.mechanisms.exact import laplace_reach, laplace_scale, opendp
from reticent.mechanisms.release import LEVEL, Release, event, finite


def count(values: Iterable[Any], *, epsilon: float) -> Release:
    """Return the number of rows, a whole number that may be below zero.

    Noise comes from the generator of the operating system and cannot be seeded. To count the rows that meet a
    condition, hand in those rows.

    Parameters
    ----------
    values
        Rows of any kind, also none.
    epsilon
        What it may cost, for a row that is added or removed.

    Raises
    ------
    ParameterError
        If epsilon is not a number above zero; nothing was then read.
    """
    epsilon = finite(epsilon=epsilon)
    dp, scale = opendp(), laplace_scale(1, epsilon)
    rows = dp.vector_domain(dp.atom_domain(T=dp.i32)), dp.symmetric_distance()
    ask = dp.t.make_count(*rows, TO=dp.i64) >> dp.m.make_laplace(
        dp.atom_domain(T=dp.i64), dp.absolute_distance(T=dp.i64), scale
    )
    frame = nw.from_native(values, pass_through=True)
    n = len(frame) if isinstance(frame, nw.DataFrame | nw.Series) else sum(1 for _ in values)
    value = float(ask([1] * n))
    reach = laplace_reach(scale, LEVEL)
    return Release(
        what="count",
        value=value,
        event=event("count", PureDP(ask.map(1))),
        interval=(value - reach, value + reach),
    )
