"""Accountants: what an event costs. Each counts what it understands, and refuses the rest rather than guess.

=====================  ========================================================================================
:class:`GaussianDP`    full-batch Gaussian answers, exact, in closed form; needs no other package
:class:`Basic`         mechanisms with an epsilon of their own: epsilons and deltas add up; needs no other package
:class:`Concentrated`  zCDP, and what implies it: rhos add up; needs no other package
:class:`PLD`           all but zCDP, by privacy loss distributions: tight, rounded up to a grid
:class:`RDP`           all but (epsilon, delta), by Renyi divergences: looser; to compare with, and for samples
                       beside zCDP
=====================  ========================================================================================

All give upper bounds. The epsilon of an event without a guarantee is infinite.

>>> from reticent.accounting.adjacency import ADD_REMOVE_ROW
>>> from reticent.accounting.events import Event, Gaussian
>>> trained = Event("training", (Gaussian(28.9, count=60),), adjacency=ADD_REMOVE_ROW)
>>> round(accountant_for(trained).epsilon(trained, 1e-5), 2), round(PLD().epsilon(trained, 1e-5), 2)
(1.0, 1.0)
>>> round(RDP().epsilon(trained, 1e-5), 2)
1.09
"""

import math
import warnings
from abc import ABC, abstractmethod
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, ClassVar

from reticent import _validate
from reticent._optional import optional
from reticent.accounting import concentrated, gaussian
from reticent.accounting.conversion import INTERVAL, dp_event, loss
from reticent.accounting.events import (
    ZCDP,
    ApproximateDP,
    Event,
    Gaussian,
    Laplace,
    Part,
    PoissonSampledGaussian,
    PureDP,
)
from reticent.errors import ParameterError


class Accountant(ABC):
    """Tells what an event costs: an upper bound on epsilon at a delta, or on delta at an epsilon."""

    name: ClassVar[str]
    counts: ClassVar[tuple[type[Part], ...]]

    def refuses(self, event: Event) -> str | None:
        """Return why this accountant cannot count the event, or None."""
        strange = dict.fromkeys(part.kind for part in event.counts() if not isinstance(part, self.counts))
        return f"{self.name} cannot count {', '.join(strange)}" if strange else None

    def epsilon(self, event: Event, delta: float) -> float:
        """Return an epsilon at which the event is (epsilon, delta)-DP; infinite where nothing bounds it.

        Raises
        ------
        ParameterError
            If the accountant refuses the event, or unless ``0 <= delta < 1``.
        """
        if not 0 <= delta < 1:
            raise ParameterError(f"expected 0 <= delta < 1, got delta={delta!r}")
        if event.unbounded is not None:
            return math.inf
        self._check(event)
        return self._epsilon(event, delta) if event.parts else 0.0

    def delta(self, event: Event, epsilon: float) -> float:
        """Return a delta at which the event is (epsilon, delta)-DP; 1 where nothing bounds it.

        Raises
        ------
        ParameterError
            If the accountant refuses the event, or unless ``epsilon >= 0``.
        """
        _validate.at_least(0, epsilon=epsilon)
        if event.unbounded is not None:
            return 1.0
        self._check(event)
        return self._delta(event, epsilon) if event.parts else 0.0

    def _check(self, event: Event) -> None:
        reason = self.refuses(event)
        if reason is not None:
            raise ParameterError(f"expected what {self.name} counts, got {event.what!r}: {reason}. Use accountant_for")

    @abstractmethod
    def _epsilon(self, event: Event, delta: float) -> float: ...

    @abstractmethod
    def _delta(self, event: Event, epsilon: float) -> float: ...


@dataclass(frozen=True)
class GaussianDP(Accountant):
    """Exact, for Gaussian answers in which all rows take part."""

    name: ClassVar[str] = "Gaussian DP"
    counts: ClassVar[tuple[type[Part], ...]] = (Gaussian,)

    def mu(self, event: Event) -> float:
        """Return the event's mu: one Gaussian answer with noise multiplier 1/mu tells as much."""
        if event.unbounded is not None:
            return math.inf
        self._check(event)
        squares = (n / part.noise_multiplier**2 for part, n in event.counts().items() if isinstance(part, Gaussian))
        return math.sqrt(math.fsum(squares))

    def _epsilon(self, event: Event, delta: float) -> float:
        return gaussian.epsilon_of(self.mu(event), delta)

    def _delta(self, event: Event, epsilon: float) -> float:
        return gaussian.delta_of(self.mu(event), epsilon)


@dataclass(frozen=True)
class Basic(Accountant):
    """Basic composition: epsilons and deltas add up, also where later ones were chosen by earlier answers."""

    name: ClassVar[str] = "basic composition"
    counts: ClassVar[tuple[type[Part], ...]] = (PureDP, ApproximateDP, Laplace)

    def _epsilon(self, event: Event, delta: float) -> float:
        epsilon, least = self._sums(event)
        return epsilon if delta >= least else math.inf

    def _delta(self, event: Event, epsilon: float) -> float:
        whole, least = self._sums(event)
        if epsilon >= whole:
            return min(1.0, least)
        # No mechanism with these sums is worse than randomized response (Kairouz, Oh and Viswanath 2015).
        return least + max(0.0, 1 - least) * -math.expm1(epsilon - whole) / (1 + math.exp(-whole))

    @staticmethod
    def _sums(event: Event) -> tuple[float, float]:
        epsilons, deltas = [], []
        for part, times in event.counts().items():
            if isinstance(part, Laplace):
                epsilons.append(times / part.noise_multiplier)
            elif isinstance(part, PureDP | ApproximateDP):
                epsilons.append(times * part.epsilon)
                deltas.append(times * part.delta if isinstance(part, ApproximateDP) else 0.0)
        return math.fsum(epsilons), math.fsum(deltas)


@dataclass(frozen=True)
class Concentrated(Accountant):
    """Zero-concentrated DP: rhos add up, also where later ones were chosen by earlier answers."""

    name: ClassVar[str] = "zero-concentrated DP"
    counts: ClassVar[tuple[type[Part], ...]] = (Gaussian, Laplace, PureDP, ZCDP)

    def rho(self, event: Event) -> float:
        """Return the event's rho. An epsilon counts as ``epsilon**2 / 2``, which it implies."""
        if event.unbounded is not None:
            return math.inf
        self._check(event)
        rhos = []
        for part, times in event.counts().items():
            match part:
                case Gaussian() | Laplace():
                    rhos.append(times / part.noise_multiplier**2 / 2)
                case PureDP():
                    rhos.append(times * part.epsilon**2 / 2)
                case ZCDP():
                    rhos.append(times * part.rho)
        return math.fsum(rhos)

    def _epsilon(self, event: Event, delta: float) -> float:
        return concentrated.epsilon_of(self.rho(event), delta)

    def _delta(self, event: Event, epsilon: float) -> float:
        return concentrated.delta_of(self.rho(event), epsilon)


@dataclass(frozen=True)
class PLD(Accountant):
    """Privacy loss distributions, by dp-accounting: losses are rounded up to multiples of ``interval``."""

    name: ClassVar[str] = "privacy loss distributions"
    counts: ClassVar[tuple[type[Part], ...]] = (Gaussian, PoissonSampledGaussian, Laplace, PureDP, ApproximateDP)
    interval: float = INTERVAL

    def __post_init__(self) -> None:
        _validate.positive(interval=self.interval)

    def _epsilon(self, event: Event, delta: float) -> float:
        return float(loss(event, self.interval).get_epsilon_for_delta(delta))

    def _delta(self, event: Event, epsilon: float) -> float:
        return float(loss(event, self.interval).get_delta_for_epsilon(epsilon))


@dataclass(frozen=True)
class RDP(Accountant):
    """Renyi differential privacy, by dp-accounting with its own orders."""

    name: ClassVar[str] = "Renyi DP"
    counts: ClassVar[tuple[type[Part], ...]] = (Gaussian, PoissonSampledGaussian, Laplace, PureDP, ZCDP)

    def _epsilon(self, event: Event, delta: float) -> float:
        if delta == 0:
            return math.inf
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # overflow at high orders, which are then not chosen
            return float(self._composed(event).get_epsilon(delta))

    def _delta(self, event: Event, epsilon: float) -> float:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return float(self._composed(event).get_delta(epsilon))

    @staticmethod
    def _composed(event: Event) -> Any:
        rdp = optional("dp_accounting.rdp", extra="dp")
        return rdp.RdpAccountant().compose(dp_event(event))


@dataclass(frozen=True)
class Tightest(Accountant):
    """The least that several accountants say, each of which is an upper bound."""

    name: ClassVar[str] = "the tightest of several"
    among: tuple[Accountant, ...]

    def refuses(self, event: Event) -> str | None:
        reasons = [one.refuses(event) for one in self.among]
        return None if None in reasons else "; ".join(filter(None, reasons))

    def _epsilon(self, event: Event, delta: float) -> float:
        return min(one.epsilon(event, delta) for one in self._able(event))

    def _delta(self, event: Event, epsilon: float) -> float:
        return min(one.delta(event, epsilon) for one in self._able(event))

    def _able(self, event: Event) -> Iterable[Accountant]:
        return [one for one in self.among if one.refuses(event) is None]


def accountant_for(event: Event) -> Accountant:
    """Return the tightest accountant that counts the event; one without other packages where none is tighter.

    Raises
    ------
    ParameterError
        If none can count it, such as zCDP beside (epsilon, delta).
    """
    if event.unbounded is not None or GaussianDP().refuses(event) is None:
        return GaussianDP()
    counts = event.counts()
    if sum(counts.values()) == 1 and Basic().refuses(event) is None and not isinstance(next(iter(counts)), Laplace):
        return Basic()
    able: tuple[Accountant, ...] = tuple(one for one in (Basic(), PLD()) if one.refuses(event) is None)
    if not able:
        able = tuple(one for one in (Concentrated(), RDP()) if one.refuses(event) is None)[:1]
    if not able:
        raise ParameterError(
            f"expected an event that one accountant counts, got {event.what!r}: {PLD().refuses(event)}, and "
            f"{RDP().refuses(event)}. State its parts by their noise, or compose by hand what each of them proves"
        )
    return able[0] if len(able) == 1 else Tightest(able)
