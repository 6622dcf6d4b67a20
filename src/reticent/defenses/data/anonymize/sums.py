"""What the codes of a node hold: amounts and people of each code, and the order in which codes are cut.

The compiled room below the search of :mod:`~reticent.defenses.data.anonymize.cuts`. Arrays travel in the tuples below.
What follows works on them in place and makes none, since it runs for every node.
"""

from typing import NamedTuple

import numpy as np

from reticent.coding.codes import Bools, Floats, Ints
from reticent.defenses.data.anonymize.holding import inlined, inner

# Gains per row closer than this are equal, and the first column and cut wins: rounding, and with it the order of the
# rows, must not decide.
SAME = 1e-10
ORDERED, CATEGORICAL, TREE = range(3)  # kinds of columns
NUMBER, WEIGHT, LABELS = range(3)  # columns of amounts


class Rows(NamedTuple):
    """Distinct rows; rows of one person stand together."""

    codes: Ints  # (n, q)
    amounts: Floats  # (n, 2 + C (+ 1)): how many rows each stands for, weight, labels by weight (, of the population)
    person: Ints  # (n,); (0,) where each row is a person of its own
    secret: Ints  # (n, S): which of the L sensitive values a row has
    n_labels: int  # C


class Wishes(NamedTuple):
    """What is asked of each side of a cut, and what a cut is worth."""

    k: float
    detail: float
    price: float  # what each suppressed row has to gain
    rules: Floats  # (n_rules, 5), see `holds`
    base: Floats  # (L,)


class Found(NamedTuple):
    """The codes that occur in a node and the best cut of each column; those of a column begin at its offset."""

    code: Ints  # (total,): ascending
    n_codes: Ints  # (q,)
    is_left: Bools  # (total,): where each of the codes goes; by code, not by its place in the list
    gain: Floats  # (q,): without the penalty; -inf where there is no cut
    left: Floats  # (q,): how many rows go left
    what: Ints  # (q,): a cut or a trim
    which: Ints  # (q,): a number for the cut, the same for the same cut of the same rows


class Space(NamedTuple):
    """Room to work in: sums of the node at hand."""

    held: Floats  # (total, A): the amounts of each code; zero between two searches
    secrets: Floats  # (total, L): how many rows of each code have each sensitive value; zero between two searches
    whole: Floats  # (A,)
    left: Floats  # (A,)
    whole_secrets: Floats  # (L,)
    left_secrets: Floats  # (L,)
    right_secrets: Floats  # (L,)
    scratch: Floats  # (L,)
    order: Ints  # (widest,): the codes that occur, in the order in which they are cut
    spare: Ints  # (widest,)
    spot: Ints  # (widest,)
    up: Floats  # (widest,)
    down: Floats  # (widest,)
    place: Floats  # (widest,)
    away: Floats  # (widest, C)
    direction: Floats  # (C,)
    turned: Floats  # (C,)


@inner
def found_and_space(rows, axes, wishes):
    """Return room for what is found and for the search."""
    q, total, n_labels = rows.codes.shape[1], axes.offset[-1], rows.n_labels
    n_amounts, n_secrets, widest = rows.amounts.shape[1], len(wishes.base), 1
    for f in range(q):
        widest = max(widest, axes.offset[f + 1] - axes.offset[f])
    found = Found(
        np.empty(total, np.int64), np.empty(q, np.int64), np.empty(total, np.bool_),
        np.empty(q), np.empty(q), np.empty(q, np.int64), np.empty(q, np.int64),
    )  # fmt: skip
    return found, Space(
        np.zeros((total, n_amounts)), np.zeros((total, n_secrets)), np.empty(n_amounts), np.empty(n_amounts),
        np.empty(n_secrets), np.empty(n_secrets), np.empty(n_secrets), np.empty(n_secrets),
        np.empty(widest, np.int64), np.empty(widest, np.int64), np.empty(widest, np.int64),
        np.empty(widest), np.empty(widest), np.empty(widest), np.empty((widest, n_labels)), np.empty(n_labels),
        np.empty(n_labels),
    )  # fmt: skip


@inlined
def add_up(which, start, stop, rows, space):
    """Add up the amounts and the secrets of all rows; return how many people they belong to."""
    whole, amounts, person, people = space.whole, rows.amounts, rows.person, 0.0
    whole[:] = 0.0
    space.whole_secrets[:] = 0.0
    for i in range(start, stop):
        j = which[i]
        for c in range(len(whole)):
            whole[c] += amounts[j, c]
        for c in range(rows.secret.shape[1]):
            space.whole_secrets[rows.secret[j, c]] += amounts[j, NUMBER]
        if len(person) > 0 and (i == start or person[j] != person[which[i - 1]]):
            people += 1.0
    return people if len(person) > 0 else whole[NUMBER]


@inlined
def add_up_by_code(which, start, stop, rows, offset, space):
    """Add up the amounts and the secrets of the rows with each code; all columns at once fetch each row only once."""
    held, amounts = space.held, rows.amounts
    for i in range(start, stop):
        j = which[i]
        for f in range(rows.codes.shape[1]):
            cell = offset[f] + rows.codes[j, f]
            for c in range(amounts.shape[1]):
                held[cell, c] += amounts[j, c]
            for c in range(rows.secret.shape[1]):
                space.secrets[cell, rows.secret[j, c]] += amounts[j, NUMBER]


@inlined
def list_codes(which, start, stop, rows, offset, f, found, space):
    """List the codes of one column that occur, ascending; return how many."""
    at, size, n_codes = offset[f], stop - start, offset[f + 1] - offset[f]
    n, others = 0, rows.amounts.shape[1] - 1  # the last amount, so that rows of the population alone count too
    if n_codes <= 4 * size + 64:
        for b in range(n_codes):
            if space.held[at + b, NUMBER] > 0 or space.held[at + b, others] > 0:
                found.code[at + n] = b
                n += 1
    else:  # far more codes than rows: sort what is there
        for i in range(size):
            space.place[i] = rows.codes[which[start + i], f]
        _sort(space.place, space.order, space.spare, size)
        for a in range(size):
            b = int(space.place[space.order[a]])
            if n == 0 or found.code[at + n - 1] != b:
                found.code[at + n] = b
                n += 1
    found.n_codes[f] = n
    return n


@inlined
def _sort(keys, order, spare, n):
    """Let ``order`` name the first n keys ascending, equal ones as they stand, by merging ever longer runs."""
    for a in range(n):
        order[a] = a
    length = 1
    while length < n:
        for start in range(0, n, 2 * length):
            middle, stop = min(start + length, n), min(start + 2 * length, n)
            i, j = start, middle
            for a in range(start, stop):
                if i < middle and (j >= stop or keys[order[i]] <= keys[order[j]]):
                    spare[a] = order[i]
                    i += 1
                else:
                    spare[a] = order[j]
                    j += 1
        for a in range(n):
            order[a] = spare[a]
        length *= 2


@inlined
def set_order(kind, n_placed, turn, at, m, code, n_labels, space):
    """Order the codes: by place, what has none behind or, at the second turn, before; categories by what labels say."""
    shift = 0
    if turn == 1:
        while code[shift] < n_placed:
            shift += 1
    for a in range(m):
        space.order[a] = code[(a + shift) % m]
    if kind == CATEGORICAL and n_labels > 0 and space.whole[WEIGHT] > 0:
        _place(at, m, code, n_labels, space)
        _sort(space.place, space.order, space.spare, m)
        for a in range(m):
            space.order[a] = code[space.order[a]]


@inlined
def _place(at, m, code, n_labels, space):
    """Place categories along the direction in which their mean labels differ most, by power iteration."""
    held, away, direction, turned, whole = space.held, space.away, space.direction, space.turned, space.whole
    turned[:] = 0.0
    for a in range(m):
        weight = held[at + code[a], WEIGHT]
        for c in range(n_labels):
            middle = whole[LABELS + c] / whole[WEIGHT]
            mean = held[at + code[a], LABELS + c] / weight if weight > 0 else middle
            away[a, c] = mean - middle
            turned[c] += weight * away[a, c] ** 2
    first, top = 0, 0.0
    for c in range(n_labels):
        top = max(top, turned[c])
    while turned[first] < (1 - SAME) * top:  # of equal ones the first
        first += 1
    for c in range(n_labels):
        direction[c] = 1.0 if c == first else 0.0
    for _ in range(3 if n_labels > 2 else 0):
        turned[:] = 0.0
        for a in range(m):
            along = _along(away, a, direction, n_labels)
            for c in range(n_labels):
                turned[c] += held[at + code[a], WEIGHT] * along * away[a, c]
        length = 0.0
        for c in range(n_labels):
            length += turned[c] ** 2
        length = max(np.sqrt(length), 1e-300)
        for c in range(n_labels):
            direction[c] = turned[c] / length
    for a in range(m):
        space.place[a] = np.round(_along(away, a, direction, n_labels), 12)


@inlined
def _along(away, a, direction, n_labels):
    total = 0.0
    for c in range(n_labels):
        total += away[a, c] * direction[c]
    return total


@inlined
def count_along(which, start, stop, rows, f, at, m, space):
    """Count people up to each code of the order, and people beyond it; one with rows on both sides counts on both."""
    up, down, order, person = space.up, space.down, space.order, rows.person
    if len(person) == 0:
        for a in range(m):
            up[a] = down[a] = space.held[at + order[a], NUMBER]
    else:
        for a in range(m):
            space.spot[order[a]] = a
            up[a] = down[a] = 0.0
        i = start
        while i < stop:
            who = person[which[i]]
            first, last = m, -1
            while i < stop and person[which[i]] == who:
                here = space.spot[rows.codes[which[i], f]]
                first, last = min(first, here), max(last, here)
                i += 1
            up[first] += 1.0
            down[last] += 1.0
    total = 0.0
    for a in range(m):
        total += down[a]
    seen, gone = 0.0, 0.0
    for a in range(m):
        seen += up[a]
        gone += down[a]
        up[a], down[a] = seen, total - gone


@inlined
def count_alone(which, start, stop, rows, f, at, code, space):
    """Count people with each code, and people with another."""
    up, down, spot, person, total = space.up, space.down, space.spot, rows.person, 0.0
    for b in code:
        up[b] = down[b] = space.held[at + b, NUMBER]
        total += up[b]
    if len(person) > 0:
        for b in code:
            up[b] = down[b] = 0.0
            spot[b] = -1
        total = 0.0
        i = start
        while i < stop:
            who = person[which[i]]
            first, alone = rows.codes[which[i], f], True
            while i < stop and person[which[i]] == who:
                here = rows.codes[which[i], f]
                alone = alone and here == first
                if spot[here] != who:
                    spot[here] = who
                    up[here] += 1.0
                i += 1
            total += 1.0
            if alone:
                down[first] += 1.0
    for b in code:
        down[b] = total - down[b]
