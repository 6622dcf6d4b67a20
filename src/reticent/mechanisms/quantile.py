"""The value below which a share of the rows lies, chosen among evenly spaced candidates by a noisy maximum.

OpenDP scores every candidate by how far the rows below and above it are from the shares that are asked for, and draws
one by permute-and-flip, that is, the maximum with exponential noise (McKenna and Sheldon 2020, arXiv:2010.12603).
Candidates lie between declared bounds, so they tell nothing about anybody.

>>> said = quantile([0.2] * 500 + [0.8] * 1500, 0.5, epsilon=5.0, bounds=(0.0, 1.0))
>>> round(said.value, 1), said.event.parts
(0.8, (PureDP(epsilon=5.0),))
"""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from reticent import _validate
from reticent.accounting.events import PureDP
from reticent.errors import ParameterError
from reticent.mechanisms.exact import opendp
from reticent.mechanisms.release import Release, event, finite, numbers, pair

CANDIDATES = 5_001  # one more costs no privacy, and the noise grows with the logarithm of their number


def quantile(
    values: npt.ArrayLike,
    q: float | Sequence[float] = 0.5,
    *,
    epsilon: float,
    bounds: tuple[float, float],
    candidates: int = CANDIDATES,
) -> Release:
    """Return the quantile ``q``, or several in ascending order, each for an equal part of ``epsilon``.

    Noise comes from the generator of the operating system and cannot be seeded.

    Parameters
    ----------
    values
        Numbers, shape (n,); what lies outside the bounds counts as lying at them.
    q
        Between 0 and 1: the share of the rows below; the default is the median.
    epsilon
        What it may cost, for a row that is added or removed.
    bounds
        The lowest and highest candidate, known without looking at the data.
    candidates
        How many evenly spaced values can be answered.

    Raises
    ------
    ParameterError, TableError
        For a wrong argument, or a missing value; nothing was then asked.
    """
    epsilon, (low, high) = finite(epsilon=epsilon), pair(bounds=bounds)
    _validate.at_least(2, candidates=candidates)
    asked = _shares(q)
    column = np.clip(numbers(values), low, high).tolist()
    answered = [_ask(column, alpha, epsilon / len(asked), (low, high), candidates) for alpha in asked]
    found = sorted(value for value, _ in answered)
    return Release(
        what="quantile",
        value=found[0] if isinstance(q, int | float) else tuple(found),
        event=event("quantile", *(PureDP(cost) for _, cost in answered)),
        bounds=(low, high),
    )


def inner(values: npt.NDArray[np.float64], *, epsilon: float, limits: tuple[float, float]) -> Release:
    """Return bounds that hold most of the rows, bought within declared ``limits``: from the 1 % to the 99 % quantile.

    Where both fall together, the two candidates around them are taken.
    """
    said = quantile(values, [0.01, 0.99], epsilon=epsilon, bounds=limits)
    assert isinstance(said.value, tuple)
    step = (limits[1] - limits[0]) / (CANDIDATES - 1)
    low, high = said.value
    found = (low, high) if high - low >= step else (max(limits[0], low - step), min(limits[1], high + step))
    found = found if found[0] < found[1] else limits  # a step below what floats tell apart
    return Release(what="bounds", value=found, event=event("bounds", *said.event.parts), bounds=limits)


def _shares(q: float | Sequence[float]) -> list[float]:
    asked = [q] if isinstance(q, int | float) else [*q]
    if not asked or not all(
        isinstance(share, int | float) and not isinstance(share, bool) and 0 <= share <= 1 for share in asked
    ):
        raise ParameterError(f"expected q between 0 and 1, or a list of such, got q={q!r}")
    return sorted(float(share) for share in asked)


def _ask(
    column: list[float], alpha: float, epsilon: float, ends: tuple[float, float], candidates: int
) -> tuple[float, float]:
    """Return the answer and what it cost, by OpenDP's map."""
    dp = opendp()
    rows = dp.vector_domain(dp.atom_domain(T=dp.f64, nan=False)), dp.symmetric_distance()
    scale = dp.binary_search_param(  # it does not depend on the candidates: a short list is quicker to search with
        lambda s: dp.m.make_private_quantile(*rows, dp.max_divergence(), [*ends], alpha, s), d_in=1, d_out=epsilon
    )
    values = np.unique(np.linspace(*ends, candidates)).tolist()
    ask = dp.m.make_private_quantile(*rows, dp.max_divergence(), values, alpha, scale)
    cost = float(ask.map(1))
    if cost > epsilon:
        raise AssertionError(f"OpenDP's map says {cost} for a scale that was searched for {epsilon}")
    return float(ask(column)), cost
