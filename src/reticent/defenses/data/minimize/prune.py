"""Prune a tree whose nodes have several options each, for every price of detail at once: pure dynamic programming.

Each node may be used as it is, by one of its options, or be cut into its two children. What a pruned tree is worth is
the agreement it keeps plus a price times the detail that it leaves open; both add up over its cells.

>>> best = prune(np.array([1, -1, -1]), np.array([2, -1, -1]), np.array([[0.6], [0.5], [0.5]]),
...     np.array([[1.0], [0.1], [0.2]]), np.array([0.1, 1.0]))
>>> best.tolist()  # cut at a low price, one cell at a high one
[[-1, 0], [0, -2], [0, -2]]
"""

import numpy as np

from reticent.coding.codes import Floats, Ints

CUT, UNUSED = -1, -2
_SAME = 1e-12


def prune(left: Ints, right: Ints, agreement: Floats, detail: Floats, prices: Floats) -> Ints:
    """Return what each node does at each price, shape (n_nodes, n_prices): an option, `CUT` or `UNUSED`.

    Parameters
    ----------
    left, right : ndarray of shape (n_nodes,)
        The children, which stand behind their parent; -1 at a leaf.
    agreement, detail : ndarray of shape (n_nodes, n_options)
        What each option of a node keeps of the agreement, and what it leaves open, as shares of all rows; minus
        infinity for the agreement of an option that a node does not have.
    prices : ndarray of shape (n_prices,)
        Of two that are worth as much the more open one is taken.
    """
    n = len(left)
    value, done = np.empty((n, len(prices))), np.empty((n, len(prices)), np.intp)
    for node in reversed(range(n)):
        worth = agreement[node][:, None] + detail[node][:, None] * prices
        done[node] = worth.argmax(axis=0)
        value[node] = worth.max(axis=0)
        if left[node] >= 0:
            below = value[left[node]] + value[right[node]]
            cut = below > value[node] + _SAME
            done[node][cut], value[node][cut] = CUT, below[cut]
    for node in range(n):
        if left[node] >= 0:
            for child in (left[node], right[node]):
                done[child][done[node] != CUT] = UNUSED
    return done
