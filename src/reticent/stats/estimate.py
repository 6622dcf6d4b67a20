"""A number is never alone: it comes with its interval, its level, how it was made and from how many."""

import math
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, kw_only=True)
class Estimate:
    """A value with a confidence interval.

    Where the data are too few to say anything, ``untested`` holds the reason, ``value`` is NaN and the interval is
    everything that the quantity could be: an untested number can therefore never pass for a small one.

    >>> print(Estimate(value=0.371, low=0.352, high=0.39, level=0.95, method="Clopper-Pearson", n=2663))
    0.371 (0.352 to 0.390)
    """

    value: float
    low: float
    high: float
    level: float
    method: str
    n: int
    untested: str = ""

    @property
    def tested(self) -> bool:
        """Whether the data sufficed to say something."""
        return not self.untested

    def to_dict(self) -> dict[str, Any]:
        """Return plain values; NaN and infinity become None so that the JSON is standard."""
        return {
            "value": None if math.isnan(self.value) else self.value,
            "low": self.low,
            "high": None if math.isinf(self.high) else self.high,
            "level": self.level,
            "method": self.method,
            "n": self.n,
            "untested": self.untested,
        }

    @classmethod
    def from_dict(cls, fields: dict[str, Any]) -> "Estimate":
        """Read back what :meth:`to_dict` gave."""
        absent = {"value": math.nan, "high": math.inf}
        return cls(**{**fields, **{name: other for name, other in absent.items() if fields[name] is None}})

    def __str__(self) -> str:
        return self.untested or f"{self.value:.3f} ({self.low:.3f} to {self.high:.3f})"


def untestable(reason: str, *, level: float, n: int, high: float = 1.0) -> Estimate:
    """Return the estimate of a rate about which these data say nothing."""
    return Estimate(value=math.nan, low=0.0, high=high, level=level, method="none", n=n, untested=reason)
