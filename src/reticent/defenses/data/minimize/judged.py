"""Stop at the last step at which rows that chose nothing still show what is asked.

Fixed-sequence testing: steps are tested in an order that the rows at hand had no part in, and the first one that fails
ends it. The chance of stopping at a step that falls short is then at most that of a single test, 2.5 %, however many
there are: to get there, the first of the steps that fall short has to pass (Maurer, Hothorn and Lehmacher 1995).

Copies of a row agree or differ together. All of them count in the share; in its bound only as many rows as they are
worth, which need not be a whole number.

>>> shown(990, 1000).low > 0.98, shown(985, 1000).low > 0.98
(True, False)
>>> shown(990, 1000, worth=250).low > 0.98, shown(990, 1000, worth=250).value
(False, 0.99)
>>> round(most_that_can_be_shown(100), 4), fewest_that_can_show(0.98)
(0.9705, 149)
>>> last_shown([1000, 995, 985, 990], 1000, 0.98)  # the fourth is not looked at
2
"""

from collections.abc import Iterable

import numpy as np
from scipy import special

from reticent.stats.estimate import Estimate

LEVEL = 0.95  # of the bound that is reported
STRICT = 0.975  # of the bound that a step has to pass: of 100 uses that come out unluckily, 95 still meet the target


def shown(agreed: int, judged: int, worth: float | None = None) -> Estimate:
    """Return the share of rows that agreed, with its one-sided lower confidence bound.

    ``worth`` says how many independent rows the judged ones are worth; by default each is one.
    """
    few = worth is not None and worth < judged
    method = f"Clopper-Pearson, one-sided, of {worth:,.1f} independent rows" if few else "Clopper-Pearson, one-sided"
    low = _low(agreed / judged, judged if worth is None else worth, LEVEL)
    return Estimate(value=agreed / judged, low=low, high=1.0, level=LEVEL, method=method, n=judged)


def _low(share: float, rows: float, level: float) -> float:
    """Return the lower bound of Clopper and Pearson, for any number of rows."""
    return float(special.betaincinv(share * rows, (1 - share) * rows + 1, 1 - level)) if share > 0 else 0.0


def most_that_can_be_shown(worth: float) -> float:
    """Return the lower bound where all rows agree: no target above it can be met."""
    return _low(1.0, worth, LEVEL) if worth else 0.0


def fewest_that_can_show(target: float) -> int:
    """Return how many rows are needed to show a target where all of them agree."""
    return int(np.ceil(np.log(1 - LEVEL) / np.log(target)))


def last_shown(agreed: Iterable[int], judged: int, target: float, worth: float | None = None) -> int:
    """Return how many steps are shown to reach the target before the first that is not.

    ``agreed`` says of each step how many of the judged rows agree; it is not read beyond the first that fails.
    """
    n = 0
    for one in agreed:
        if _low(one / judged, judged if worth is None else worth, STRICT) < target:
            break
        n += 1
    return n
