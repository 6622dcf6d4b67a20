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
        """For choices that do not touch the rows, such as where a search begins."""

    def normal(self, shape: tuple[int, ...]) -> Floats:
        """Return independent standard normal numbers."""


@dataclass(frozen=True)
class OperatingSystem:
    """The generator of the operating system, turned into normal numbers by the inverse of their distribution.

    Two words a number. One says by how many halvings the tail lies from the middle, the other where it lies there, so
    that far numbers come as finely spaced as near ones: on a fine grid of sums no value may be out of reach, or an
    answer there would tell one table from another (Casacuberta et al. 2022, arXiv:2207.10635). What lies beyond 8.3
    standard deviations is misplaced, which adds less than 1e-15 to delta.
    """

    coins: np.random.Generator = field(default_factory=np.random.default_rng)

    @property
    def no_guarantee(self) -> str | None:
        return None

    def normal(self, shape: tuple[int, ...]) -> Floats:
        half, inside = np.frombuffer(os.urandom(16 * int(np.prod(shape))), np.uint64).reshape(2, -1)
        halvings = 52 - np.frexp((half >> np.uint64(12)).astype(np.float64) + 0.5)[1]
        tail = np.ldexp(1 + (inside >> np.uint64(12)).astype(np.float64) * 2.0**-52, -2 - halvings)
        sign = np.where(inside & np.uint64(1), 1.0, -1.0)
        return np.asarray(sign * special.ndtri(tail), np.float64).reshape(shape)


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
