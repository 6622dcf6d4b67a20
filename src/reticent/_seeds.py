"""One seed, many independent generators: each use names its own path, so that order and worker count do not matter.

>>> int(generator(0, "shadow", 3).integers(1000)) == int(generator(0, "shadow", 3).integers(1000))
True
>>> integer(0, "shadow", 3) == integer(0, "shadow", 4)
False
"""

import hashlib

import numpy as np


def _sequence(seed: int, path: tuple[str | int, ...]) -> np.random.SeedSequence:
    words = hashlib.sha256("/".join(map(str, path)).encode()).digest()[:16]
    return np.random.SeedSequence([seed, *np.frombuffer(words, dtype=np.uint32).tolist()])


def generator(seed: int, *path: str | int) -> np.random.Generator:
    """Return the generator that belongs to this seed and this path of names."""
    return np.random.default_rng(_sequence(seed, path))


def integer(seed: int, *path: str | int) -> int:
    """Return a 31-bit integer for libraries that take a ``random_state``."""
    return int(_sequence(seed, path).generate_state(1)[0] >> 1)
