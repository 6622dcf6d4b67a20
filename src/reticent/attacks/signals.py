"""From a model's answers to one number per row: how sure it is of the truth.

>>> import numpy as np
>>> float(smoothed_logit(np.array([1.0]), 100)[0].round(3))  # a forest of 100 trees that are all of one mind
5.303
"""

from typing import Any

import numpy as np
import numpy.typing as npt


def confidence(scores: npt.NDArray[Any], truth: npt.NDArray[np.intp]) -> npt.NDArray[np.float64]:
    """Return the probability given to the true class: (..., n, C) and (n,) -> (..., n)."""
    return np.take_along_axis(scores, np.broadcast_to(truth[:, None], (*scores.shape[:-1], 1)), axis=-1)[..., 0].astype(
        np.float64
    )


def smoothed_logit(probability: npt.NDArray[np.float64], trials: float) -> npt.NDArray[np.float64]:
    """Return log-odds of a probability read as the share of ``trials``, half a trial added to either side.

    A forest's probability is exactly 1 for many rows; its plain logit is infinite, and whatever caps it decides the
    tail of the ROC curve. Half a trial on either side is the least that a share of so many trials can be unsure.
    """
    return np.log((probability * trials + 0.5) / ((1 - probability) * trials + 0.5))
