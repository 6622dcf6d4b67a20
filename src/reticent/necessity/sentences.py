"""The sentences of what is needed: made here, from the numbers, for all pages and texts.

>>> points(0.01), points(0.005), points(0.015)
('1 point', '0.5 points', '1.5 points')
>>> joined(["race", "sex", "age"])
'race, sex and age'
"""

from collections.abc import Sequence

from reticent.necessity.trials import FARTHEST


def points(margin: float, metric: str = "accuracy") -> str:
    """Return a margin in words: in points of accuracy, or in percent of a number's spread."""
    count = f"{100 * margin:.4g}"
    if metric != "accuracy":
        return f"{count} % of the spread"
    return f"{count} point" if count == "1" else f"{count} points"


def joined(names: Sequence[str]) -> str:
    """Return names as people list them."""
    if len(names) < 2:
        return "".join(names)
    return f"{', '.join(names[:-1])} and {names[-1]}"


def sure(level: float, margin: float, metric: str) -> str:
    """Return the claim that was shown."""
    clipped = "" if metric == "accuracy" else f", where an error above {FARTHEST:g} spreads counts as {FARTHEST:g}"
    return f"{100 * level:g} % sure that the loss is under {points(margin, metric)}{clipped}"


def always(right: float) -> str:
    """Return what a model is to be held against that tells all people the same.

    >>> always(0.9944)
    'a constant answer is right for 99.4 % too'
    """
    return f"a constant answer is right for {100 * right:.1f} % too"
