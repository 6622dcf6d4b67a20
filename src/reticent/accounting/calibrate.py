"""From an epsilon to the noise that pays for it.

>>> from reticent.accounting.adjacency import ADD_REMOVE_ROW
>>> from reticent.accounting.events import Event, Gaussian
>>> def sixty_steps(noise: float) -> Event:
...     return Event("training", (Gaussian(noise, count=60),), adjacency=ADD_REMOVE_ROW)
>>> round(calibrate(sixty_steps, epsilon=1.0, delta=1e-5), 2)
28.9
"""

import itertools
import math
from collections.abc import Callable

from reticent import _validate
from reticent.accounting.accountants import Accountant, accountant_for
from reticent.accounting.events import Event
from reticent.errors import ParameterError

_MOST = 1e9  # noise beyond which nothing is left to learn
_STRIDE = 1e3
_HALVED = 4  # every so many steps the bracket is halved, whatever the costs say


def calibrate(
    make: Callable[[float], Event],
    epsilon: float,
    delta: float,
    accountant: Accountant | None = None,
    *,
    precision: float = 1e-4,
) -> float:
    """Return the least noise at which ``make(noise)`` is (epsilon, delta)-DP, or up to ``precision`` of it more.

    Parameters
    ----------
    make
        Gives the event of a noise; more noise must not cost more.
    epsilon, delta
        What the event may cost.
    accountant
        Who counts; by default the tightest for the event.
    precision
        Relative width at which the search ends, always on the side that keeps to the budget.

    Raises
    ------
    ParameterError
        If no amount of noise keeps to the budget, since a part of the event costs more than it by itself.
    """
    _validate.positive(epsilon=epsilon)
    _validate.probability(delta=delta)
    _validate.probability(precision=precision)

    def cost(noise: float) -> float:
        event = make(noise)
        return (accountant or accountant_for(event)).epsilon(event, delta)

    low, too_much = 0.0, math.inf
    high, enough = math.inf, 0.0
    noise = 1.0
    for tried in itertools.count():
        spent = cost(noise)
        beyond = spent > epsilon
        if beyond:
            low, too_much = noise, spent
        else:
            high, enough = noise, spent
        if high <= max(low * (1 + precision), 1 / _MOST):
            break
        if high == math.inf:
            noise = low * min(max(2.0, too_much / epsilon), _STRIDE)
        elif low == 0:
            noise = high / 2
        elif tried % _HALVED == 0 or enough == 0 or too_much == math.inf:
            noise = math.sqrt(low * high)
        else:
            # Costs fall almost as a power of the noise. Aiming a little beyond the edge, by turns on either side,
            # closes the bracket; now and then it is halved, where costs fall otherwise.
            share = math.log(too_much / epsilon) / math.log(too_much / enough)
            aim = low * (high / low) ** share * (1 + precision / 3) ** (1 if beyond else -1)
            noise = min(max(aim, low * (1 + precision / 3)), high / (1 + precision / 3))
        if noise > _MOST:
            event = make(low)
            raise ParameterError(
                f"expected an event that costs at most epsilon={epsilon:g} at delta={delta:g} with enough noise; "
                f"{event.what!r} costs more at noise {low:g}: {event.unbounded or 'some part of it takes no noise'}"
            )
    return high
