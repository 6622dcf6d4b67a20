"""What is to be reached: nobody should need to know which technique reaches it.

>>> goal = Goal.parse("tpr<=0.03@fpr=0.01,accuracy_drop<=0.01")
>>> goal.tpr, goal.fpr, goal.accuracy_drop
(0.03, 0.01, 0.01)
>>> print(Goal(tpr=0.03, fpr=0.01))
at most 3 % of members recognized while 1 % of others are
>>> print(Goal(epsilon=1))
differential privacy with epsilon at most 1 (delta 1e-05)
"""

import re
from dataclasses import asdict, dataclass
from typing import Any

from reticent import _validate
from reticent.errors import ParameterError

DELTA = 1e-5  # of a goal that names an epsilon alone
_FINEST = 1e-8  # noise of finite numbers keeps no smaller delta
_NUMBER = r"([+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)"
_RATE = re.compile(rf"tpr\s*(<=|<|>|>=)\s*{_NUMBER}\s*@\s*fpr\s*=\s*{_NUMBER}")
_DROP = re.compile(rf"accuracy_drop\s*<=\s*{_NUMBER}")
_EPSILON = re.compile(rf"epsilon\s*<=\s*{_NUMBER}(?:\s*@\s*delta\s*=\s*{_NUMBER})?")


@dataclass(frozen=True)
class Goal:
    """An upper limit on what an attacker may achieve, and on what it may cost.

    Parameters
    ----------
    tpr, fpr
        No attack may recognize more than the share ``tpr`` of the members at the false-positive rate ``fpr``; the
        upper confidence limit must meet it, not the estimate. Where no ``tpr`` is given, ``fpr`` only says at which
        rate reports are read.
    accuracy_drop
        Largest loss of accuracy on non-members that is accepted, 0.01 for one point; None for any.
    epsilon, delta
        The model must be trained with differential privacy of at most this epsilon at this delta: everything that its
        training asked of the members counts, and everything that was asked of them before. ``delta`` is 1e-5 where
        only an epsilon is given.
    """

    tpr: float | None = None
    fpr: float = 0.01
    accuracy_drop: float | None = None
    epsilon: float | None = None
    delta: float | None = None

    def __post_init__(self) -> None:
        _validate.probability(fpr=self.fpr)
        if self.tpr is None and self.epsilon is None:
            raise ParameterError(
                "expected a goal with tpr= (what attackers may recognize) or epsilon= (differential privacy), got "
                "neither: any model would meet it"
            )
        if self.tpr is not None:
            _validate.probability(tpr=self.tpr)
            if self.tpr <= self.fpr:
                raise ParameterError(
                    f"expected tpr > fpr, got tpr={self.tpr}, fpr={self.fpr}: a blind guess already reaches tpr = fpr"
                )
        if self.accuracy_drop is not None:
            _validate.at_least(0, accuracy_drop=self.accuracy_drop)
        if self.epsilon is None:
            if self.delta is not None:
                raise ParameterError(f"expected delta beside an epsilon, got delta={self.delta} alone; name epsilon=")
            return
        _validate.positive(epsilon=self.epsilon)
        if self.delta is None:
            object.__setattr__(self, "delta", DELTA)
        _validate.probability(delta=self.delta)  # type: ignore[arg-type]  # set above
        _validate.at_least(_FINEST, delta=self.delta)  # type: ignore[arg-type]

    @classmethod
    def parse(cls, text: str) -> "Goal":
        """Read ``"tpr<=0.03@fpr=0.01"``, ``"epsilon<=1@delta=1e-5"``, ``"accuracy_drop<=0.01"``, joined by commas."""
        found: dict[str, float] = {}
        for part in text.split(","):
            limits = _limits(part.strip())
            if limits is None or limits.keys() & found.keys():
                raise _not_understood(text)
            found |= limits
        if not {"tpr", "epsilon"} & found.keys():
            raise _not_understood(text)
        return cls(**found)

    @property
    def rate(self) -> float:
        """What attackers may recognize at most, for what speaks of nothing else.

        Raises
        ------
        ParameterError
            If the goal names none.
        """
        if self.tpr is None:
            raise ParameterError(f"expected a goal with a rate, such as 'tpr<=0.03@fpr=0.01', got one of {self}")
        return self.tpr

    def to_dict(self) -> dict[str, Any]:
        """Return plain values; epsilon and delta only where the goal names them, as they are younger than the rest."""
        plain = asdict(self)
        return plain if self.epsilon is not None else {k: v for k, v in plain.items() if k not in ("epsilon", "delta")}

    def __str__(self) -> str:
        said = []
        if self.tpr is not None:
            said.append(f"at most {100 * self.tpr:g} % of members recognized while {100 * self.fpr:g} % of others are")
        if self.epsilon is not None:
            said.append(f"differential privacy with epsilon at most {self.epsilon:g} (delta {self.delta:g})")
        if self.accuracy_drop is not None:
            said.append(f"accuracy at most {100 * self.accuracy_drop:g} points lower")
        return ", ".join(said)


def _not_understood(text: str) -> ParameterError:
    return ParameterError(
        f"expected a rate such as 'tpr<=0.03@fpr=0.01' or an epsilon such as 'epsilon<=1@delta=1e-5' or both, and "
        f"'accuracy_drop<=0.01' where wanted, each once and parted by commas; got {text!r}"
    )


def _limits(part: str) -> dict[str, float] | None:
    """Read one part of a goal, or return None where it is none."""
    if found := _DROP.fullmatch(part):
        return {"accuracy_drop": float(found[1])}
    if found := _EPSILON.fullmatch(part):
        return {"epsilon": float(found[1])} | ({} if found[2] is None else {"delta": float(found[2])})
    if (found := _RATE.fullmatch(part)) and found[1] in ("<=", "<"):
        return {"tpr": float(found[2]), "fpr": float(found[3])}
    return None


def parse_rate(text: str, *, signs: tuple[str, ...]) -> tuple[float, float]:
    """Read ``"tpr<=0.03@fpr=0.01"`` with one of these signs into (tpr, fpr)."""
    found = _RATE.fullmatch(text.strip())
    if found is None or found[1] not in signs:
        raise ParameterError(f"expected something like 'tpr{signs[0]}0.03@fpr=0.01', got {text!r}")
    return float(found[2]), float(found[3])
