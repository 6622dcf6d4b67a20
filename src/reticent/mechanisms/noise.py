"""Where private noise comes from: the operating system, or a seed that takes the guarantee away.

>>> OperatingSystem().normal((3,)).shape, OperatingSystem().no_guarantee
((3,), None)
>>> Seeded(0).no_guarantee
'its noise was drawn from a seed, and who knows the seed can take it away'
"""

import os
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np
import numpy.typing as npt
from scipy import special

from reticent import _seeds

Floats = npt.NDArray[np.float64]


class Noise(Protocol):
    """A source of normal noise, and of coins that decide nothing about anybody."""

    @property
    def no_guarantee(self) -> str | None:
        """Why what is made with it proves nothing, or None."""

    @property
    def coins(self) -> np.random.Generator:
        """For choices that do not touch the rows, such as which column a random tree asks."""

    def normal(self, shape: tuple[int, ...]) -> Floats:
        """Return independent standard normal numbers."""


@dataclass(frozen=True)
class OperatingSystem:
    """The generator of the operating system, turned into normal numbers by the inverse of their distribution.

    52 bits a number: what lies beyond 8.1 standard deviations is never drawn, which adds less than 1e-15 to delta.
    """

    coins: np.random.Generator = field(default_factory=np.random.default_rng)

    @property
    def no_guarantee(self) -> str | None:
        return None

    def normal(self, shape: tuple[int, ...]) -> Floats:
        words = np.frombuffer(os.urandom(8 * int(np.prod(shape))), np.uint64)
        middle = ((words >> np.uint64(12)).astype(np.float64) + 0.5) * 2.0**-52
        return np.asarray(special.ndtri(middle), np.float64).reshape(shape)


class Seeded:
    """Noise that can be drawn again: for tests, and for models that nobody is given."""

    def __init__(self, seed: int) -> None:
        self._generator = _seeds.generator(seed, "private noise")
        self.coins = _seeds.generator(seed, "coins beside private noise")

    @property
    def no_guarantee(self) -> str | None:
        return "its noise was drawn from a seed, and who knows the seed can take it away"

    def normal(self, shape: tuple[int, ...]) -> Floats:
        return self._generator.standard_normal(shape)
