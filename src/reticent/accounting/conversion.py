"""The one place where our events become those of Google's dp-accounting, and its privacy loss distributions.

>>> from reticent.accounting.adjacency import ADD_REMOVE_ROW
>>> from reticent.accounting.events import Event, Gaussian
>>> round(loss(Event("twice", (Gaussian(2.0, 2),), adjacency=ADD_REMOVE_ROW)).get_epsilon_for_delta(1e-5), 2)
2.94
"""

import math
from typing import Any

from reticent._optional import optional
from reticent.accounting.events import (
    ZCDP,
    ApproximateDP,
    Event,
    Gaussian,
    Laplace,
    NonPrivate,
    Part,
    PoissonSampledGaussian,
    PureDP,
)
from reticent.errors import ParameterError

INTERVAL = 1e-4  # the grid of the privacy losses, as in dp-accounting
_CELLS = 2e5  # of one mechanism; where the losses range further, the grid is coarser


def dp_event(event: Event) -> Any:
    """Return the event as a ``dp_accounting.DpEvent``, for Renyi accountants, ours and others.

    Pure epsilon-DP goes in as zCDP with ``rho = epsilon**2 / 2``, which it implies.

    Raises
    ------
    ParameterError
        If a part has no such event.
    """
    theirs = optional("dp_accounting", extra="dp")
    made = [theirs.SelfComposedDpEvent(_dp_event(part, theirs), times) for part, times in event.counts().items()]
    if event.unbounded is not None:
        made.append(theirs.NonPrivateDpEvent())
    return theirs.ComposedDpEvent(made)


def loss(event: Event, interval: float = INTERVAL) -> Any:
    """Return a ``PrivacyLossDistribution`` that is never below that of the event.

    All full-batch Gaussian answers are put together first, exactly, so that the grid adds its rounding only once.

    Raises
    ------
    ParameterError
        If a part has no privacy loss distribution, such as one of which only its rho is known, or nothing bounds it.
    """
    if event.unbounded is not None:
        raise ParameterError(
            f"expected an event with a privacy loss distribution, got {event.what!r}: {event.unbounded}"
        )
    common = optional("dp_accounting.pld.common", extra="dp")
    losses = optional("dp_accounting.pld.privacy_loss_distribution", extra="dp")
    counts = event.counts()
    square = math.fsum(times / part.noise_multiplier**2 for part, times in counts.items() if isinstance(part, Gaussian))
    grid = max(interval, max([_reach(math.sqrt(square)), *map(_range, counts)]) / _CELLS)
    total = losses.identity(value_discretization_interval=grid)
    if square:
        total = total.compose(losses.from_gaussian_mechanism(square**-0.5, value_discretization_interval=grid))
    for part, times in counts.items():
        match part:
            case Gaussian():
                continue
            case PoissonSampledGaussian():
                one = losses.from_gaussian_mechanism(
                    part.noise_multiplier, value_discretization_interval=grid, sampling_prob=part.sampling_rate
                )
            case Laplace():
                one = losses.from_laplace_mechanism(part.noise_multiplier, value_discretization_interval=grid)
            case PureDP():
                one = losses.from_privacy_parameters(
                    common.DifferentialPrivacyParameters(part.epsilon, 0.0), value_discretization_interval=grid
                )
            case ApproximateDP():
                one = losses.from_privacy_parameters(
                    common.DifferentialPrivacyParameters(part.epsilon, part.delta), value_discretization_interval=grid
                )
            case _:
                raise ParameterError(f"expected parts with a privacy loss distribution, got {part!r}")
        total = total.compose(one.self_compose(times) if times > 1 else one)
    return total


def _dp_event(part: Part, theirs: Any) -> Any:
    match part:
        case Gaussian():
            return theirs.GaussianDpEvent(part.noise_multiplier)
        case PoissonSampledGaussian():
            return theirs.PoissonSampledDpEvent(part.sampling_rate, theirs.GaussianDpEvent(part.noise_multiplier))
        case Laplace():
            return theirs.LaplaceDpEvent(part.noise_multiplier)
        case PureDP():
            return theirs.ZCDpEvent(part.epsilon**2 / 2)
        case ZCDP():
            return theirs.ZCDpEvent(part.rho)
        case NonPrivate():
            return theirs.NonPrivateDpEvent()
        case _:
            raise ParameterError(f"expected parts with a DpEvent, got {part!r}")


def _range(part: Part) -> float:
    """Return how far the privacy loss of one mechanism ranges, roughly."""
    match part:
        case PoissonSampledGaussian():
            return _reach(1 / part.noise_multiplier)
        case Laplace():
            return 1 / part.noise_multiplier
        case PureDP() | ApproximateDP():
            return part.epsilon
        case _:
            return 0.0


def _reach(mu: float) -> float:
    return mu * mu / 2 + 10 * mu
