"""What happened to people's data, apart from what it costs.

An event lists the mechanisms that answered, each with its parameters. It holds no epsilon of its own: accountants work
that out, so a better accountant makes every event that was ever written down cheaper, and none has to be believed.

A noise multiplier is the standard deviation of the noise (for Laplace noise, its scale) over the sensitivity **under
the event's own adjacency**. Where neighbors replace a row, a sum of clipped rows has twice the sensitivity that it has
where they add or remove one: whoever makes the event counts that factor, and nothing here counts it again.

>>> from reticent.accounting.adjacency import ADD_REMOVE_ROW
>>> trained = Event("training", (Gaussian(20.0, count=100),), adjacency=ADD_REMOVE_ROW)
>>> both = compose([trained, Event("how many rows", (PureDP(0.1),), adjacency=ADD_REMOVE_ROW)])
>>> both.what, both.counts()[Gaussian(20.0)]
('training; how many rows', 100)
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar, TypeAlias, cast

from reticent import _validate
from reticent.accounting.adjacency import Adjacency, Change, same
from reticent.errors import ParameterError

SCHEMA = "reticent/event/1"


def _whole(**argument: int) -> None:
    [(name, value)] = argument.items()
    if isinstance(value, bool) or not isinstance(value, int) or value < 1:
        raise ParameterError(f"expected {name} to be a whole number of at least 1, got {name}={value!r}")


def _finite(**argument: float) -> None:
    _validate.positive(**argument)
    [(name, value)] = argument.items()
    if value == float("inf"):
        raise ParameterError(f"expected {name} to be finite, got {name}={value!r}")


@dataclass(frozen=True)
class Gaussian:
    """``count`` answers with Gaussian noise, all rows taking part in each."""

    kind: ClassVar[str] = "Gaussian"
    noise_multiplier: float
    count: int = 1

    def __post_init__(self) -> None:
        _finite(noise_multiplier=self.noise_multiplier)
        _whole(count=self.count)


@dataclass(frozen=True)
class PoissonSampledGaussian:
    """``steps`` answers with Gaussian noise, each over a fresh sample that every unit enters by a coin of its own.

    A shuffled pass over batches is *not* this: its epsilon is many times larger, and nothing here may stand for it.
    """

    kind: ClassVar[str] = "Poisson-sampled Gaussian"
    noise_multiplier: float
    sampling_rate: float
    steps: int

    def __post_init__(self) -> None:
        _finite(noise_multiplier=self.noise_multiplier)
        if not 0 < self.sampling_rate <= 1:
            raise ParameterError(f"expected 0 < sampling_rate <= 1, got sampling_rate={self.sampling_rate!r}")
        _whole(steps=self.steps)


@dataclass(frozen=True)
class Laplace:
    """One answer with Laplace noise, its scale over the sensitivity."""

    kind: ClassVar[str] = "Laplace"
    noise_multiplier: float

    def __post_init__(self) -> None:
        _finite(noise_multiplier=self.noise_multiplier)


@dataclass(frozen=True)
class PureDP:
    """A mechanism of which only its epsilon is known."""

    kind: ClassVar[str] = "pure DP"
    epsilon: float

    def __post_init__(self) -> None:
        _finite(epsilon=self.epsilon)


@dataclass(frozen=True)
class ApproximateDP:
    """A mechanism of which only its epsilon and delta are known."""

    kind: ClassVar[str] = "approximate DP"
    epsilon: float
    delta: float

    def __post_init__(self) -> None:
        _validate.at_least(0, epsilon=self.epsilon)
        _validate.probability(delta=self.delta)
        if self.epsilon:
            _finite(epsilon=self.epsilon)


@dataclass(frozen=True)
class ZCDP:
    """A mechanism of which only its zero-concentrated rho is known (Bun and Steinke 2016, arXiv:1605.02065)."""

    kind: ClassVar[str] = "zCDP"
    rho: float

    def __post_init__(self) -> None:
        _finite(rho=self.rho)


@dataclass(frozen=True)
class NonPrivate:
    """Something was read from the data without noise: no epsilon holds any more, and this is why."""

    kind: ClassVar[str] = "not private"
    reason: str

    def __post_init__(self) -> None:
        if not self.reason:
            raise ParameterError("expected the reason why nothing protects this, got ''")


@dataclass(frozen=True)
class Selection:
    """The best of ``times`` candidates, told by the members' own results: charged as if all had been released."""

    kind: ClassVar[str] = "selection"
    base: "Event"
    times: int

    def __post_init__(self) -> None:
        _whole(times=self.times)


Part: TypeAlias = Gaussian | PoissonSampledGaussian | Laplace | PureDP | ApproximateDP | ZCDP | NonPrivate | Selection
_KINDS: dict[str, type[Any]] = {
    part.kind: part
    for part in (Gaussian, PoissonSampledGaussian, Laplace, PureDP, ApproximateDP, ZCDP, NonPrivate, Selection)
}


@dataclass(frozen=True)
class Event:
    """What happened, as the mechanisms that it was made of.

    Parameters
    ----------
    what
        What was learned, in words for a ledger.
    parts
        The mechanisms, in any order; none for what touched no person's data.
    adjacency
        Between which tables the parts' sensitivities were worked out.
    no_guarantee
        Why no epsilon holds in spite of the noise, such as a seed that somebody knows; None where one does.
    """

    what: str
    parts: tuple[Part, ...]
    adjacency: Adjacency = field(kw_only=True)
    no_guarantee: str | None = field(default=None, kw_only=True)

    def __post_init__(self) -> None:
        object.__setattr__(self, "parts", tuple(self.parts))
        if not isinstance(self.adjacency, Adjacency):
            raise ParameterError(f"expected an Adjacency, such as ADD_REMOVE_ROW; got {self.adjacency!r}")
        for part in self.parts:
            if not isinstance(part, tuple(_KINDS.values())):
                raise ParameterError(f"expected parts of the kinds {', '.join(_KINDS)}; got {part!r}")
            if isinstance(part, Selection):
                same([self.adjacency, part.base.adjacency])
            if isinstance(part, PoissonSampledGaussian) and self.adjacency.change is not Change.ADD_REMOVE:
                raise ParameterError(
                    f"expected Poisson sampling under 'add or remove', got it under {str(self.adjacency)!r}: replacing "
                    "a row of a Poisson sample is another mechanism. State the event for adding or removing"
                )

    def counts(self) -> dict[Part, int]:
        """Return every mechanism as if it ran once, with how often it ran; selections are charged for each."""
        found: Counter[Part] = Counter()
        for part in self.parts:
            if isinstance(part, Selection):
                for inner, times in part.base.counts().items():
                    found[inner] += part.times * times
            elif isinstance(part, Gaussian):
                found[Gaussian(part.noise_multiplier)] += part.count
            elif isinstance(part, PoissonSampledGaussian):
                found[PoissonSampledGaussian(part.noise_multiplier, part.sampling_rate, 1)] += part.steps
            else:
                found[part] += 1
        return dict(found)

    @property
    def unbounded(self) -> str | None:
        """Why the epsilon of this event is infinite, or None."""
        if self.no_guarantee is not None:
            return self.no_guarantee
        for part in self.parts:
            if isinstance(part, NonPrivate):
                return part.reason
            if isinstance(part, Selection) and part.base.unbounded is not None:
                return part.base.unbounded
        return None

    def to_dict(self) -> dict[str, Any]:
        """Return what :meth:`from_dict` reads."""
        return {
            "schema": SCHEMA,
            "what": self.what,
            "parts": [_part_to_dict(part) for part in self.parts],
            "adjacency": self.adjacency.to_dict(),
            "no_guarantee": self.no_guarantee,
        }

    @classmethod
    def from_dict(cls, held: Mapping[str, Any]) -> "Event":
        """Read what :meth:`to_dict` gave."""
        if held.get("schema") != SCHEMA:
            raise ParameterError(f"expected an event of schema {SCHEMA}, got {held.get('schema')!r}")
        return cls(
            held["what"],
            tuple(_part_from_dict(part) for part in held["parts"]),
            adjacency=Adjacency.from_dict(held["adjacency"]),
            no_guarantee=held["no_guarantee"],
        )


def compose(events: Iterable[Event], *, what: str | None = None) -> Event:
    """Return all events as one; what takes the guarantee of one of them takes that of the whole.

    Raises
    ------
    ParameterError
        If there is no event, or if their adjacencies differ.
    """
    listed = list(events)
    adjacency = same(event.adjacency for event in listed)
    lost = dict.fromkeys(event.no_guarantee for event in listed if event.no_guarantee is not None)
    return Event(
        "; ".join(event.what for event in listed) if what is None else what,
        tuple(part for event in listed for part in event.parts),
        adjacency=adjacency,
        no_guarantee="; ".join(lost) if lost else None,
    )


def _part_to_dict(part: Part) -> dict[str, Any]:
    fields = {name: getattr(part, name) for name in part.__dataclass_fields__ if name != "kind"}
    if isinstance(part, Selection):
        fields["base"] = part.base.to_dict()
    return {"kind": part.kind, **fields}


def _part_from_dict(held: Mapping[str, Any]) -> Part:
    fields = dict(held)
    kind = fields.pop("kind", None)
    if kind not in _KINDS:
        raise ParameterError(f"expected a part of the kinds {', '.join(_KINDS)}; got {kind!r}")
    if kind == Selection.kind:
        fields["base"] = Event.from_dict(fields["base"])
    try:
        return cast(Part, _KINDS[kind](**fields))
    except TypeError as error:
        raise ParameterError(f"expected the fields of a part of kind {kind!r}, got {sorted(fields)}") from error
