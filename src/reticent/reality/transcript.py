"""What a training asked the curator, kept word for word; and a curator that gives another table the same answers.

After the answers a private model is a function of the answers alone. So two tables that differ by one person, given
the same answers and the same coins, must lead to the same questions and to the same model in every bit. What differs
between them is only the exact value behind each answer, and by how much it may differ is what the caller promised.

>>> from reticent.mechanisms.noise import Seeded
>>> first = Recorder.before(Curator(mu=1.0, noise=Seeded(0)))
>>> float(first.gaussian("people", np.array(3.0), sensitivity=1.0, share=0.25))
6.0
>>> again = Replayer.before(Curator(mu=1.0, noise=Seeded(0)), script=tuple(first.heard))
>>> float(again.gaussian("people", np.array(4.0), sensitivity=1.0, share=0.25)), float(again.heard[0].exact)
(6.0, 4.0)
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Self

import numpy as np
from sklearn.base import clone

from reticent.errors import ParameterError
from reticent.mechanisms.curator import Curator
from reticent.mechanisms.noise import Floats, Noise

Fit = Callable[[Any, Any, Curator], Any]  # (X, y, curator) -> the fitted model
Opened = Callable[[Any, Any, Callable[[Curator], Curator]], Any]  # (X, y, what is put before its curator) -> the model


@dataclass(frozen=True, kw_only=True, eq=False)
class Question:
    """One question: what its asker promised, the exact value, the answer, and the noise that was said to be in it."""

    what: str
    exact: Floats
    answer: Floats
    sensitivity: float
    share: float
    grid: float
    sd: float

    @property
    def asked(self) -> tuple[str, tuple[int, ...], float, float, float]:
        """What may depend on earlier answers but not on the rows."""
        return self.what, self.exact.shape, float(self.sensitivity), float(self.share), float(self.grid)


@dataclass(kw_only=True)
class Recorder(Curator):
    """A curator before another one: it keeps what was asked and what was said, the exact values too.

    Never for a model that is given to anybody.
    """

    own: Curator
    heard: list[Question] = field(default_factory=list)

    @classmethod
    def before(cls, own: Curator, **more: Any) -> Self:
        """Return one that hands on each question to ``own``."""
        return cls(mu=own.mu, noise=own.noise, reach=own.reach, answers=own.answers, own=own, **more)

    @property
    def left(self) -> float:
        return self.own.left

    def sd(self, sensitivity: float, share: float) -> float:
        """Return what ``own`` returns."""
        return self.own.sd(sensitivity, share)

    def gaussian(self, what: str, exact: Floats, *, sensitivity: float, share: float, grid: float = 1.0) -> Floats:
        """Answer as ``own`` does, and remember it."""
        value = np.array(exact, np.float64)  # the asker may go on adding to its own
        answer = self.own.gaussian(what, exact, sensitivity=sensitivity, share=share, grid=grid)
        answer = self._say(len(self.heard), value, answer)
        self.heard.append(
            Question(
                what=what,
                exact=value,
                answer=np.array(answer),
                sensitivity=sensitivity,
                share=share,
                grid=grid,
                sd=self.own.answers[-1].sd,
            )
        )
        return answer

    def _say(self, number: int, exact: Floats, answer: Floats) -> Floats:
        return answer


@dataclass(kw_only=True)
class Replayer(Recorder):
    """A curator that says what was said to another table, as long as the questions have the same shape.

    Noise is drawn all the same, so that its generators stay in step with those of the first run.
    """

    script: tuple[Question, ...]

    def _say(self, number: int, exact: Floats, answer: Floats) -> Floats:
        if number < len(self.script) and self.script[number].exact.shape == exact.shape:
            return np.array(self.script[number].answer)
        return answer


@dataclass(frozen=True)
class Loud:
    """Noise made larger: the promises must hold whatever the answers were, likely or not."""

    source: Noise
    times: float

    @property
    def no_guarantee(self) -> str | None:
        return self.source.no_guarantee

    @property
    def coins(self) -> np.random.Generator:
        return self.source.coins

    def normal(self, shape: tuple[int, ...]) -> Floats:
        return self.times * self.source.normal(shape)


def opened(estimator: Any) -> Opened:
    """Return how this estimator is fitted with something before the curator that it makes for itself.

    All of ``fit`` is run, not only its end.

    Raises
    ------
    ParameterError
        If ``fit`` never makes a curator: then nothing can be recorded.
    """

    def fit(x: Any, y: Any, wrap: Callable[[Curator], Curator]) -> Any:
        model, met = clone(estimator), []
        inner = model._fit

        def swapped(x: Any, y: Any, own: Curator) -> Any:
            met.append(own)
            return inner(x, y, wrap(own))

        model._fit = swapped
        model.fit(x, y)
        del model._fit
        if not met:
            raise ParameterError(
                f"expected {type(estimator).__name__}.fit to ask a curator through _fit(X, y, curator); it never did"
            )
        return model

    return fit


def through(estimator: Any) -> Fit:
    """Return how this estimator is fitted through a curator that is handed in."""
    fit = opened(estimator)
    return lambda x, y, curator: fit(x, y, lambda own: curator)


def with_curators(fit: Fit, make: Callable[[], Curator]) -> Opened:
    """Return how a training that is handed its curator is opened: each training gets one from ``make``."""
    return lambda x, y, wrap: fit(x, y, wrap(make()))
