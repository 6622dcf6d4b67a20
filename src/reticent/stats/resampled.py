"""Repeated splits: what a way of training reaches, when one table is parted anew many times into training and test.

The results of such splits hang together, since each part shares rows with the parts of the other splits: to take them
for independent makes intervals far too narrow. Nadeau and Bengio (2003, doi:10.1023/A:1024068626366) widen the variance
of the mean from 1/J to 1/J + (rows tested / rows trained on), whatever the number J of splits.

>>> mean = over_splits([0.84, 0.86, 0.85, 0.83, 0.87], tested=0.25)
>>> print(mean)
0.850 (0.818 to 0.882)
>>> print(over_splits([0.85], tested=0.25))
one split has no spread
"""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import numpy.typing as npt
from scipy import stats

from reticent.stats.estimate import Estimate, untestable


def over_splits(
    values: Sequence[float] | npt.NDArray[np.float64],
    *,
    tested: float,
    level: float = 0.95,
    within: tuple[float, float] = (0.0, 1.0),
) -> Estimate:
    """Return the mean over J splits with the corrected resampled Student interval.

    Parameters
    ----------
    values
        Shape (J,): a result on the test part of each split, or the difference of two results on the same part.
    tested
        Share of the rows in the test part, between 0 and 1.
    within
        The least and the largest value that the result could have: those of a share by default.
    """
    each = np.asarray(values, dtype=float)
    count = each.size
    if count < 2:
        return replace(untestable("one split has no spread", level=level, n=count), low=within[0], high=within[1])
    value = float(each.mean())
    spread = float(each.var(ddof=1)) * (1 / count + tested / (1 - tested))
    half = float(stats.t.ppf((1 + level) / 2, count - 1)) * spread**0.5
    low, high = max(value - half, within[0]), min(value + half, within[1])
    method = f"mean of {count} splits, Nadeau and Bengio"
    return Estimate(value=value, low=low, high=high, level=level, method=method, n=count)
