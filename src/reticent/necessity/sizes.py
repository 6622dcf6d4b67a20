"""How many people to try: a power law of the error plans the sizes, and certifies nothing.

>>> law = fit([250, 500, 1000, 2000, 4000], [0.203, 0.174, 0.168, 0.155, 0.149])
>>> round(float(law.error(16_000)), 3)  # measured on Adult: 0.140
0.146
>>> planned(law, 22_792, 0.01)
[20000, 10000, 7100, 5000, 3500, 2400, 1700, 1200, 840, 590]
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import optimize

_FIRST = 0.9  # share of the people that is judged first: little can go wrong there
_FAR, _NEAR = 0.5, 0.7  # from one size to the next, far above the planned one and near it
_ABOVE, _BELOW = 4, 3  # small steps above and below the planned size
_SLOPES = (0.05, 2.0)


@dataclass(frozen=True, kw_only=True)
class ErrorLaw:
    """Error of a model that learned from m people: ``floor + scale * m ** -slope``."""

    floor: float
    scale: float
    slope: float

    def error(self, size: npt.ArrayLike) -> npt.NDArray[np.float64]:
        """Return the error at these sizes."""
        return np.asarray(self.floor + self.scale * np.asarray(size, float) ** -self.slope)


def fit(sizes: Sequence[float], errors: Sequence[float]) -> ErrorLaw:
    """Fit a falling power law with a floor by least squares; one slope after the other, the rest is linear."""
    m, e = np.asarray(sizes, float), np.asarray(errors, float)
    found = []
    for slope in np.geomspace(*_SLOPES, 40):
        design = np.column_stack([np.ones(len(m)), (m / m.min()) ** -slope])
        (floor, scale), residual = optimize.nnls(design, e)
        found.append((residual, floor, scale * m.min() ** slope, slope))
    _, floor, scale, slope = min(found)
    return ErrorLaw(floor=float(floor), scale=float(scale), slope=float(slope))


def planned(law: ErrorLaw, people: int, margin: float, least: int = 50) -> list[int]:
    """Return sizes to be judged, the largest first: from near all, in wide steps and around the law's answer in small.

    There are no gaps that a law could be wrong about: a size that fails ends the sequence, and what was skipped above
    it would be lost.
    """
    excess = float(law.error(people)) + margin - law.floor
    answer = people if excess <= 0 else max((law.scale / excess) ** (1 / law.slope), least)
    size, sizes = _FIRST * people, []
    while size >= least and size >= _NEAR ** (_BELOW + 0.5) * min(answer, _FIRST * people):
        sizes.append(_round(size))
        size = max(size * _FAR, min(size * _NEAR, answer / _NEAR**_ABOVE))
    return list(dict.fromkeys(sizes))


def _round(size: float) -> int:
    """Return a number with two digits that count, rounded down: nobody plans for 15,954 people."""
    unit = 10 ** max(int(np.floor(np.log10(size))) - 1, 0)
    return int(size // unit * unit)
