"""Find the best cut of each column for the rows of one node: the compiled search below the growing of the tree.

A cut parts the codes of one column in two. Ordered columns are cut at a threshold, with the codes that have no place on
either end, and so are trees, along their leaves; categories along the order in which the labels speak for them. Both
trees and categories are also cut between one code and all others. A cut is allowed where at least k people stand on
either side and all rules hold there, and the one that keeps most of the labels and of the detail wins.
"""

import numpy as np

from reticent.defenses.data.anonymize.holding import holds, inlined, inner
from reticent.defenses.data.anonymize.sums import (
    CATEGORICAL,
    LABELS,
    NUMBER,
    ORDERED,
    SAME,
    WEIGHT,
    add_up,
    add_up_by_code,
    count_alone,
    count_along,
    list_codes,
    set_order,
)

NOTHING, TRIM, CUT = range(3)  # what a search found; a cut is taken before any trim
GREEDY = -1.0


@inner
def cuts(which, start, stop, rows, axes, wishes, penalty, found, space):
    """Find the best cuts of the rows ``which[start:stop]``; return the best column, -1 for none, and how many people.

    With a ``penalty`` of 0 or more, for each person who loses a class by the cut (see `waste`), the best of each column
    is found; with `GREEDY` only what is better than in all columns before. Trims, cuts that leave fewer than k people
    on one side, to be suppressed, are looked for as long as there is no real cut.
    """
    k, size, n_persons = wishes.k, stop - start, len(rows.person)
    people = add_up(which, start, stop, rows, space)
    found.gain[:] = -np.inf
    # One person may stand on both sides of a cut.
    may_cut = people >= 2 * k or (n_persons > 0 and people >= k and size >= 2 * k)
    may_trim = wishes.price < np.inf and n_persons == 0 and people > k
    if size < 2 or not (may_cut or may_trim):
        return -1, people
    add_up_by_code(which, start, stop, rows, axes.offset, space)
    column, best, what = -1, -np.inf, np.int64(NOTHING)  # typed: a literal would be compiled once more
    for f in range(rows.codes.shape[1]):
        n_codes = list_codes(which, start, stop, rows, axes.offset, f, found, space)
        at = axes.offset[f]
        if penalty >= 0:
            best, what = -np.inf, np.int64(NOTHING)
        if n_codes > 1:
            first, last = found.code[at], found.code[at + n_codes - 1]
            before = _worth(space.whole, rows.n_labels, wishes.detail, _width(axes, f, first, last, n_codes))
            how = (f, people, before, may_trim, penalty)
            here, what_here = _cut_along(which, start, stop, rows, axes, wishes, how, best, what, found, space)
            if axes.kind[f] != ORDERED and n_codes > 2:
                here, what_here = _cut_off(which, start, stop, rows, axes, wishes, how, here, what_here, found, space)
            if found.gain[f] > -np.inf:
                column, best, what = f, here, what_here
        for a in range(at, at + n_codes):
            space.held[at + found.code[a]] = 0.0
            space.secrets[at + found.code[a]] = 0.0
    return column, people


@inlined
def _cut_along(which, start, stop, rows, axes, wishes, how, best, what, found, space):
    """Try all thresholds along an order; return the best gain and what it is of, or what was the best before."""
    f, people, before, may_trim, penalty = how
    slack = SAME * space.whole[WEIGHT]
    at, m, n_placed = axes.offset[f], found.n_codes[f], axes.placed[f]
    order, left, whole, k, code = space.order, space.left, space.whole, wishes.k, found.code[at:]
    # What has no place stands behind the others, then before them.
    n_orders = 2 if axes.kind[f] != CATEGORICAL and code[m - 1] >= n_placed and code[0] < n_placed else 1
    for turn in range(n_orders):
        set_order(axes.kind[f], n_placed, turn, at, m, code, rows.n_labels, space)
        count_along(which, start, stop, rows, f, at, m, space)
        left[:] = 0.0
        space.left_secrets[:] = 0.0
        for a in range(m - 1):
            for c in range(len(left)):
                left[c] += space.held[at + order[a], c]
            for c in range(len(wishes.base)):
                space.left_secrets[c] += space.secrets[at + order[a], c]
            up, down = space.up[a], space.down[a]
            trims = up < k or down < k
            if trims and (not may_trim or what == CUT or (up < k and down < k) or min(up, down) <= 0):
                continue
            wide = _width(axes, f, order[0], order[a], a + 1)
            wide_right = _width(axes, f, order[a + 1], order[m - 1], m - a - 1)
            if trims:
                gain, lost = _gain_of_trim(left, whole, rows, wishes, up, down, wide, wide_right, before), 0.0
                better = gain > wishes.price and gain > best
            else:
                gain = _gain(left, whole, rows.n_labels, wishes.detail, wide, wide_right, before)
                lost = penalty * waste(people, up, down, k) if penalty > 0 else 0.0
                better = what != CUT or gain - lost > best + slack
            if better and _may_stand(up, down, left, space.left_secrets, wishes, space):
                best, what = gain - lost, TRIM if trims else CUT
                found.gain[f], found.what[f] = gain, what
                found.left[f], found.which[f] = left[NUMBER], turn * m + a
                for c in range(m):
                    found.is_left[at + order[c]] = c <= a
    return best, what


@inlined
def _cut_off(which, start, stop, rows, axes, wishes, how, best, what, found, space):
    """Try each code against all others; a heavy one by itself loses nothing at all."""
    f, people, before, _, penalty = how
    slack = SAME * space.whole[WEIGHT]
    at, m, whole, k = axes.offset[f], found.n_codes[f], space.whole, wishes.k
    code = found.code[at : at + m]
    count_alone(which, start, stop, rows, f, at, code, space)
    for a in range(m):
        b = code[a]
        up, down, alone = space.up[b], space.down[b], space.held[at + b]
        if up < k or down < k:
            continue
        wide_right = _width(axes, f, code[1 if a == 0 else 0], code[m - 2 if a == m - 1 else m - 1], m - 1)
        gain = _gain(alone, whole, rows.n_labels, wishes.detail, 0.0, wide_right, before)
        lost = penalty * waste(people, up, down, k) if penalty > 0 else 0.0
        better = what != CUT or gain - lost > best + slack
        if better and _may_stand(up, down, alone, space.secrets[at + b], wishes, space):
            best, what = gain - lost, CUT
            found.gain[f], found.what[f] = gain, what
            found.left[f], found.which[f] = alone[NUMBER], 2 * m + a
            for c in range(m):
                found.is_left[at + code[c]] = c == a
    return best, what


@inlined
def waste(people, up, down, k):
    """Return how many people a cut deprives of a class: of 4 k, cut into 2.5 k and 1.5 k, three classes are left."""
    return k * (np.floor(people / k) - np.floor(up / k) - np.floor(down / k))


@inlined
def _width(axes, f, first, last, count):
    """Return the share of a column that a group of codes spans, as `Axis.width` does."""
    at, kind, n_placed = axes.offset[f], axes.kind[f], axes.placed[f]
    if count <= 1:
        return 0.0
    if kind == CATEGORICAL:
        return count / (axes.offset[f + 1] - at)
    if first >= n_placed or last >= n_placed:
        return 1.0
    if kind == ORDERED:
        return abs(axes.scaled[at + last] - axes.scaled[at + first])
    for level in range(len(axes.tree)):
        if axes.tree[level, at + first] == axes.tree[level, at + last]:
            return axes.share[level, at + first]
    return 1.0


@inner
def worth(which, start, stop, rows, axes, wishes, space):
    """Return what the rows keep as one class, in all columns: a cut's gain knows only the one that it cuts."""
    add_up(which, start, stop, rows, space)
    wide = 0.0
    for f in range(rows.codes.shape[1]):
        at, count = axes.offset[f], 0
        first = last = rows.codes[which[start], f]
        for i in range(start, stop):
            b = rows.codes[which[i], f]
            first, last = min(first, b), max(last, b)
            if space.held[at + b, NUMBER] == 0.0:
                space.held[at + b, NUMBER] = 1.0
                count += 1
        for i in range(start, stop):
            space.held[at + rows.codes[which[i], f], NUMBER] = 0.0
        wide += _width(axes, f, first, last, count)
    return _worth(space.whole, rows.n_labels, wishes.detail, wide)


@inlined
def _worth(sums, n_labels, detail, wide):
    """Return how sure the labels are, less the detail that is lost: both add up over classes."""
    total = 0.0
    for c in range(n_labels):
        total += sums[LABELS + c] ** 2
    return (total / sums[WEIGHT] if sums[WEIGHT] > 0 else 0.0) - detail * sums[WEIGHT] * wide


@inlined
def _worth_of_rest(sums, whole, n_labels, detail, wide):
    total, weight = 0.0, whole[WEIGHT] - sums[WEIGHT]
    for c in range(n_labels):
        total += (whole[LABELS + c] - sums[LABELS + c]) ** 2
    return (total / weight if weight > 0 else 0.0) - detail * weight * wide


@inlined
def _gain(left, whole, n_labels, detail, wide, wide_right, before):
    return _worth(left, n_labels, detail, wide) + _worth_of_rest(left, whole, n_labels, detail, wide_right) - before


@inlined
def _gain_of_trim(left, whole, rows, wishes, up, down, wide, wide_right, before):
    """Return what each suppressed row gains; it loses the detail of all columns."""
    if up < wishes.k:
        kept = _worth_of_rest(left, whole, rows.n_labels, wishes.detail, wide_right)
    else:
        kept = _worth(left, rows.n_labels, wishes.detail, wide)
    gone = whole[WEIGHT] - max(left[WEIGHT], whole[WEIGHT] - left[WEIGHT])
    return (kept - before - wishes.detail * rows.codes.shape[1] * gone) / min(up, down)


@inlined
def _may_stand(up, down, left, left_secrets, wishes, space):
    """Say whether the rules hold on each side that is not suppressed; asked last, since it takes longest."""
    if len(wishes.rules) == 0:
        return True
    right_secrets, whole = space.right_secrets, space.whole
    for c in range(len(right_secrets)):
        right_secrets[c] = space.whole_secrets[c] - left_secrets[c]
    rules, base, scratch = wishes.rules, wishes.base, space.scratch
    others = len(whole) - 1  # the last amount is that of the population where a rule asks for it
    if up >= wishes.k and not holds(rules, base, left_secrets, up, left[others], scratch):
        return False
    return down < wishes.k or holds(rules, base, right_secrets, down, whole[others] - left[others], scratch)
