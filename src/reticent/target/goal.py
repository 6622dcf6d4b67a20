"""What is to be reached: nobody should need to know which technique reaches it.

>>> Goal.parse("tpr<=0.03@fpr=0.01,accuracy_drop<=0.01")
Goal(tpr=0.03, fpr=0.01, accuracy_drop=0.01)
>>> print(Goal(tpr=0.03, fpr=0.01))
at most 3 % of members recognized while 1 % of others are
"""

import re
from dataclasses import asdict, dataclass
from typing import Any

from reticent import _validate
from reticent.errors import ParameterError

_NUMBER = r"([+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)"
_RATE = re.compile(rf"tpr\s*(<=|<|>|>=)\s*{_NUMBER}\s*@\s*fpr\s*=\s*{_NUMBER}")
_DROP = re.compile(rf"accuracy_drop\s*<=\s*{_NUMBER}")


@dataclass(frozen=True)
class Goal:
    """An upper limit on what an attacker may achieve, and on what it may cost.

    Parameters
    ----------
    tpr, fpr
        No attack may recognize more than the share ``tpr`` of the members at the false-positive rate ``fpr``; the
        upper confidence limit must meet it, not the estimate.
    accuracy_drop
        Largest loss of accuracy on non-members that is accepted, 0.01 for one point; None for any.
    """

    tpr: float
    fpr: float = 0.01
    accuracy_drop: float | None = None

    def __post_init__(self) -> None:
        _validate.probability(tpr=self.tpr)
        _validate.probability(fpr=self.fpr)
        if self.accuracy_drop is not None:
            _validate.at_least(0, accuracy_drop=self.accuracy_drop)
        if self.tpr <= self.fpr:
            raise ParameterError(
                f"expected tpr > fpr, got tpr={self.tpr}, fpr={self.fpr}: a blind guess already reaches tpr = fpr"
            )

    @classmethod
    def parse(cls, text: str) -> "Goal":
        """Read ``"tpr<=0.03@fpr=0.01"``, with ``",accuracy_drop<=0.01"`` if wanted."""
        rates, drops = [], []
        for part in text.split(","):
            if found := _DROP.fullmatch(part.strip()):
                drops.append(float(found[1]))
            else:
                rates.append(part)
        if len(rates) != 1 or len(drops) > 1:
            raise ParameterError(
                f"expected a rate and at most one drop, such as 'tpr<=0.03@fpr=0.01,accuracy_drop<=0.01'; got {text!r}"
            )
        tpr, fpr = parse_rate(rates[0], signs=("<=", "<"))
        return cls(tpr=tpr, fpr=fpr, accuracy_drop=drops[0] if drops else None)

    def to_dict(self) -> dict[str, Any]:
        """Return plain values."""
        return asdict(self)

    def __str__(self) -> str:
        cost = "" if self.accuracy_drop is None else f", accuracy at most {100 * self.accuracy_drop:g} points lower"
        return f"at most {100 * self.tpr:g} % of members recognized while {100 * self.fpr:g} % of others are{cost}"


def parse_rate(text: str, *, signs: tuple[str, ...]) -> tuple[float, float]:
    """Read ``"tpr<=0.03@fpr=0.01"`` with one of these signs into (tpr, fpr)."""
    found = _RATE.fullmatch(text.strip())
    if found is None or found[1] not in signs:
        raise ParameterError(f"expected something like 'tpr{signs[0]}0.03@fpr=0.01', got {text!r}")
    return float(found[2]), float(found[3])
