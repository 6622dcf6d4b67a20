"""Grow and walk a tree over codes: the compiled loops below :mod:`~reticent.defenses.data.anonymize.partition`.

One node after the other, from the top: find the best allowed cut, part the rows, go on. The cut that gains most at once
may leave sides that no cut fits any more: of 2.9 k people one class remains where two would have had room. So where few
people are left, some cuts are followed to the end, and the one whose classes keep most is taken.

numba compiles this on first use (some seconds) and keeps the result. All arrays here are plain, so that the meaning
stands in `partition` and the arithmetic here.
"""

import numpy as np

from reticent.defenses.data.anonymize.cuts import GREEDY, TRIM, cuts, worth
from reticent.defenses.data.anonymize.holding import compiled, inner
from reticent.defenses.data.anonymize.sums import NUMBER, ORDERED, SAME, WEIGHT, found_and_space

# Columns of the nodes. An attribute says what stands there.
COLUMN, LEFT, RIGHT, UP_TO, HEAVIER, LISTED_FROM, LISTED_TO, HIDDEN = range(8)
_AHEAD = 3  # below so many times k people there is only one cut to make: nothing to look ahead for
_PENALTY = 0.3  # gain per person who loses a class: of the penalties tried, the one that found the better cuts


@compiled
def grow_tree(rows, axes, wishes, reach):
    """Return a tree: its nodes (n_nodes, 8), what they list (n_listed, 2), and the node where each row ends (n,).

    Nodes of up to ``reach`` people are looked ahead from. See `cuts` for the other arguments.
    """
    n = len(rows.codes)
    found, space = found_and_space(rows, axes, wishes)
    inner = found_and_space(rows, axes, wishes)[0]
    which, moved, at_node = np.arange(n), np.empty(n, np.int64), np.empty(n, np.int64)
    nodes, listed, n_nodes, n_listed = np.full((64, 8), -1), np.empty((64, 2), np.int64), 1, np.int64(0)
    nodes[0, HEAVIER:] = 0
    stack = [(0, 0, n)]
    while len(stack) > 0:
        node, start, stop = stack.pop()
        f = -1
        if nodes[node, HIDDEN] == 0:
            f, people = cuts(which, start, stop, rows, axes, wishes, GREEDY, found, space)
            if f >= 0 and _AHEAD * wishes.k <= people <= reach:
                f = _look_ahead(which, start, stop, rows, axes, wishes, found, inner, space, moved)
        if f < 0:
            for i in range(start, stop):
                at_node[which[i]] = node
            continue
        middle = _part(which, start, stop, rows.codes, f, axes.offset[f], found.is_left, moved)
        right_rows = 0.0
        for i in range(middle, stop):
            right_rows += rows.amounts[which[i], NUMBER]
        if n_nodes + 2 > len(nodes):
            nodes = _longer(nodes)
        while n_listed + found.n_codes[f] > len(listed):
            listed = _longer(listed)
        nodes[n_nodes : n_nodes + 2] = -1
        nodes[n_nodes : n_nodes + 2, HEAVIER:] = 0
        if found.what[f] == TRIM:
            nodes[n_nodes if found.left[f] < right_rows else n_nodes + 1, HIDDEN] = 1
        nodes[node, COLUMN], nodes[node, LEFT], nodes[node, RIGHT] = f, n_nodes, n_nodes + 1
        nodes[node, HEAVIER], nodes[node, LISTED_FROM] = found.left[f] >= right_rows, n_listed
        nodes[node, UP_TO], n_listed = _describe(f, axes, found, listed, n_listed)
        nodes[node, LISTED_TO] = n_listed
        stack.append((n_nodes + 1, middle, stop))
        stack.append((n_nodes, start, middle))
        n_nodes += 2
    return nodes[:n_nodes], listed[:n_listed], at_node


@inner
def _look_ahead(which, start, stop, rows, axes, wishes, found, inner, space, moved):
    """Return the column of the cut that, followed to the end, keeps most; what is found says which cut.

    Followed are, for each column, the cut that gains most, and the one that gains most after a penalty for its waste.
    """
    best, column, kept_left = -np.inf, -1, 0.0
    begin = np.int64(0)  # typed: for a literal all below would be compiled once more
    kept_side = np.empty(len(space.spot), np.bool_)
    copy, followed = np.empty(stop - start, np.int64), np.full(len(found.gain), -1)
    for penalty in (0.0, _PENALTY):
        cuts(which, start, stop, rows, axes, wishes, penalty, found, space)
        slack = SAME * space.whole[WEIGHT]
        for f in range(len(found.gain)):
            if found.gain[f] == -np.inf or found.which[f] == followed[f]:
                continue
            followed[f] = found.which[f]
            for i in range(start, stop):
                copy[i - start] = which[i]
            at = axes.offset[f]
            middle = _part(copy, begin, len(copy), rows.codes, f, at, found.is_left, moved)
            total = _to_the_end(copy, begin, middle, rows, axes, wishes, inner, space, moved)
            total += _to_the_end(copy, middle, len(copy), rows, axes, wishes, inner, space, moved)
            if total > best + slack:
                best, column, kept_left = total, f, found.left[f]
                for a in range(found.n_codes[f]):
                    kept_side[a] = found.is_left[at + found.code[at + a]]
    found.left[column] = kept_left
    for a in range(found.n_codes[column]):
        at = axes.offset[column]
        found.is_left[at + found.code[at + a]] = kept_side[a]
    return column


@inner
def _to_the_end(which, start, stop, rows, axes, wishes, inner, space, moved):
    """Return what the classes keep when these rows are grown by the best cut each time; puts them into that order."""
    stack, total = [(start, stop)], 0.0
    while len(stack) > 0:
        start, stop = stack.pop()
        f, _ = cuts(which, start, stop, rows, axes, wishes, GREEDY, inner, space)
        if f < 0:
            total += worth(which, start, stop, rows, axes, wishes, space)
            continue
        middle = _part(which, start, stop, rows.codes, f, axes.offset[f], inner.is_left, moved)
        stack.append((start, middle))
        stack.append((middle, stop))
    return total


@inner
def _part(which, start, stop, codes, f, at, is_left, moved):
    """Put the rows that go left first, both sides in their order; return where the others begin."""
    here, gone = start, 0
    for i in range(start, stop):
        j = which[i]
        if is_left[at + codes[j, f]]:
            which[here] = j
            here += 1
        else:
            moved[gone] = j
            gone += 1
    for i in range(gone):
        which[here + i] = moved[i]
    return here


@inner
def _describe(f, axes, found, listed, n_listed):
    """Return the code up to which an ordered column goes left, half way between the sides; list all other codes."""
    at, below, above = axes.offset[f], -1, 2 * axes.placed[f]
    for a in range(found.n_codes[f]):
        b = found.code[at + a]
        if axes.kind[f] != ORDERED or b >= axes.placed[f]:
            listed[n_listed, 0], listed[n_listed, 1] = b, found.is_left[at + b]
            n_listed += 1
        elif found.is_left[at + b]:
            below = max(below, b)
        else:
            above = min(above, b)
    return -1 if below < 0 else (below + above) // 2, n_listed


@inner
def _longer(array):
    longer = np.empty((2 * len(array), array.shape[1]), array.dtype)
    longer[: len(array)] = array
    return longer


@compiled
def walk_tree(
    codes, column, left, right, up_to, heavier, listed_from, listed_to, listed_code, listed_left, placed, kind
):
    """Return the node in which each row of codes, shape (n, q), ends; a code of -1 was never met. Shape (n,)."""
    at = np.zeros(len(codes), np.int64)
    for i in range(len(codes)):
        node = 0
        while column[node] >= 0:
            f = column[node]
            code = codes[i, f]
            if kind[f] == ORDERED and 0 <= code < placed[f]:
                goes_left = code <= up_to[node]
            else:
                goes_left = heavier[node]
                low, high = listed_from[node], listed_to[node]
                while low < high:  # the codes of a node are listed ascending
                    middle = (low + high) // 2
                    if listed_code[middle] < code:
                        low = middle + 1
                    else:
                        high = middle
                if low < listed_to[node] and listed_code[low] == code:
                    goes_left = listed_left[low]
            node = left[node] if goes_left else right[node]
        at[i] = node
    return at


@compiled
def number_leaves(left, right, is_leaf):
    """Number the leaves from left to right, so that neighbors are alike; -1 for all other nodes. Shape (n_nodes,)."""
    numbers, count = np.full(len(left), -1), 0
    stack = [0]
    while len(stack) > 0:
        node = stack.pop()
        if is_leaf[node]:
            numbers[node] = count
            count += 1
        elif left[node] >= 0:
            stack.append(right[node])
            stack.append(left[node])
    return numbers


@compiled
def carry(start, stop, code, count, due):
    """Choose a code for each class, from its cells (see `Cells`), so that shares stay. Shape (n_classes,).

    ``due``, shape (n_codes,), is how many rows of each code are overdue.
    """
    chosen = np.zeros(len(start), np.int64)
    for c in range(len(start)):
        total, best = 0.0, -np.inf
        for a in range(start[c], stop[c]):
            due[code[a]] += count[a]
            total += count[a]
        for a in range(start[c], stop[c]):
            if due[code[a]] > best + SAME:
                best, chosen[c] = due[code[a]], code[a]
        due[chosen[c]] -= total
    return chosen
