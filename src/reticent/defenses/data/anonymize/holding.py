"""Say whether a class satisfies what is asked of it besides k: the compiled check below the search for cuts.

What the rules mean stands in :mod:`~reticent.defenses.data.anonymize.guarantees`; here is their arithmetic.

>>> import numpy as np
>>> two_different = np.array([[DISTINCT, 2.0, 0.0, 0.0, 3.0]])
>>> shares, scratch = np.array([0.5, 0.3, 0.2]), np.empty(3)
>>> [holds(two_different, shares, np.array(counts), 4.0, 0.0, scratch) for counts in ([4.0, 0.0, 0.0], [3.0, 0.0, 1.0])]
[False, True]
"""

from typing import Any

import numba
import numpy as np

DISTINCT, ENTROPY, RECURSIVE, SHARE, EQUAL, ALONG, PRESENCE = range(7)  # kinds of rules
_ROUNDING = 1e-12  # a share that is exactly at its limit holds


def compiled(function: Any) -> Any:
    """Compile on first use, and keep the result beside the file or, where that is not allowed, in numba's own cache."""
    return numba.njit(cache=True, nogil=True, error_model="numpy")(function)


def inner(function: Any) -> Any:
    """Compile for calls from compiled code only: without the way in from Python, which takes longest to compile."""
    return numba.njit(nogil=True, error_model="numpy", no_cpython_wrapper=True, no_cfunc_wrapper=True)(function)


def inlined(function: Any) -> Any:
    """Compile as a part of what calls it: the tuples of arrays would take longer to hand over than to work on."""
    return numba.njit(
        nogil=True, error_model="numpy", forceinline=True, no_cpython_wrapper=True, no_cfunc_wrapper=True
    )(function)


@compiled
def holds(rules, base, counts, members, others, scratch):
    """Say whether a class with these counts of sensitive values satisfies all rules.

    ``rules``, shape (n_rules, 5): kind, two parameters, and the values of ``counts``, shape (L,), from and to. ``base``
    are the shares in the whole table; ``members`` and ``others`` how many are of the table and of the population.
    """
    for r in range(len(rules)):
        kind, a, b, start, stop = int(rules[r, 0]), rules[r, 1], rules[r, 2], int(rules[r, 3]), int(rules[r, 4])
        if kind == PRESENCE:
            share = members / others if others > members else 1.0
            if members > 0 and (share < a - _ROUNDING or share > b + _ROUNDING):
                return False
            continue
        total = 0.0
        for c in range(start, stop):
            total += counts[c]
        if total == 0:  # nobody whose secret could be learned
            continue
        if kind == RECURSIVE:
            if not _is_recursive(counts, start, stop, a, b, total, scratch):
                return False
            continue
        top, found, entropy, apart, run, turned = 0.0, 0.0, 0.0, 0.0, 0.0, 0.0
        for c in range(start, stop):
            share = counts[c] / total
            top = max(top, share)
            if share > 0:
                found += 1.0
                entropy -= share * np.log(share)
            apart += abs(share - base[c])
            run += share - base[c]
            turned += abs(run)
        if (
            (kind == DISTINCT and found < a)
            or (kind == ENTROPY and entropy < np.log(a) - _ROUNDING)
            or (kind == SHARE and top > a + _ROUNDING)
            or (kind == EQUAL and apart / 2 > a + _ROUNDING)
            or (kind == ALONG and turned / max(1, stop - start - 1) > a + _ROUNDING)
        ):
            return False
    return True


@compiled
def _is_recursive(counts, start, stop, c, l, total, scratch):  # noqa: E741 - the name in the literature
    """Say whether the most frequent value is rarer than c times all from the l-th most frequent on together."""
    for i in range(start, stop):
        scratch[i] = counts[i]
    most, tail = 0.0, total
    for _ in range(int(l) - 1):
        at = start
        for i in range(start, stop):
            if scratch[i] > scratch[at]:
                at = i
        most = max(most, scratch[at])
        tail -= scratch[at]
        scratch[at] = 0.0
    return most < c * tail
