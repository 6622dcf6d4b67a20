"""Grow and walk a tree over codes: the compiled loops below :mod:`~reticent.defenses.data.anonymize.partition`.

One node after the other, from the top: count what each code of each column holds, look at all cuts, take the best one
that is allowed, part the rows, go on. numba compiles it once (some seconds) and keeps the result beside this file or in
its own cache. All arrays here are plain, so that the meaning stands in `partition` and the arithmetic here.
"""

from typing import Any

import numba
import numpy as np

# Gains per row closer than this are equal, and the first column and cut wins: rounding, and with it the order of the
# rows, must not decide.
_EQUAL = 1e-10
NONE, ORDERED, CATEGORICAL, TREE = -1, 0, 1, 2  # kinds of columns
DISTINCT, ENTROPY, RECURSIVE, SHARE, EQUAL, ALONG, PRESENCE = range(7)  # kinds of rules


def _compiled(function: Any) -> Any:
    return numba.njit(cache=True, nogil=True)(function)


@_compiled
def _width(kind, base, size, placed, first, last, count, scaled, tree, share):
    """Return the share of a column that a group of codes spans, as `Axis.width` does."""
    if count <= 1:
        return 0.0
    if kind == CATEGORICAL:
        return count / size
    if first >= placed or last >= placed:
        return 1.0
    if kind == ORDERED:
        return abs(scaled[base + last] - scaled[base + first])
    for level in range(len(tree)):
        if tree[level, base + first] == tree[level, base + last]:
            return share[level, base + first]
    return 1.0


@_compiled
def holds(rules, base, counts, members, others, scratch):
    """Say whether a class with these counts of sensitive values satisfies all rules.

    ``rules``, shape (n_rules, 5): kind, two parameters, and the columns of ``counts``, shape (L,), from and to. ``base``
    are the shares in the whole table; ``members`` and ``others`` how many rows are of the table and of the population.
    """
    for r in range(len(rules)):
        kind, a, b = int(rules[r, 0]), rules[r, 1], rules[r, 2]
        start, stop = int(rules[r, 3]), int(rules[r, 4])
        if kind == PRESENCE:
            share = members / others if others > members else 1.0
            if members > 0 and (share < a - 1e-12 or share > b + 1e-12):
                return False
            continue
        total, top, found, entropy, apart, run, turned = 0.0, 0.0, 0, 0.0, 0.0, 0.0, 0.0
        for c in range(start, stop):
            total += counts[c]
        if total == 0:
            continue
        for c in range(start, stop):
            share = counts[c] / total
            top = max(top, share)
            if share > 0:
                found += 1
                entropy -= share * np.log(share)
            apart += abs(share - base[c])
            run += share - base[c]
            turned += abs(run)
        if kind == DISTINCT and found < a:
            return False
        if kind == ENTROPY and entropy < np.log(a) - 1e-12:
            return False
        if kind == SHARE and top > a + 1e-12:
            return False
        if kind == EQUAL and apart / 2 > a + 1e-12:
            return False
        if kind == ALONG and stop - start > 1 and turned / (stop - start - 1) > a + 1e-12:
            return False
        if kind == RECURSIVE:
            for c in range(start, stop):
                scratch[c] = counts[c]
            scratch[start:stop].sort()
            tail = 0.0
            for c in range(start, stop - int(b) + 1):
                tail += scratch[c]
            if scratch[stop - 1] >= a * tail:
                return False
    return True


@_compiled
def _far(a, b):  # the squared length, over the weight
    total = 0.0
    for c in range(len(a)):
        total += a[c] * a[c]
    return total / b if b > 0 else 0.0


@_compiled
def _rest(a, b, w):
    total = 0.0
    for c in range(len(a)):
        total += (a[c] - b[c]) ** 2
    return total / w if w > 0 else 0.0


@_compiled
def _direction(m, weight, labels, all_weight, all_labels, direction, away, place):
    """Order categories along the direction in which their mean labels differ most, by power iteration."""
    n_labels = labels.shape[1]
    spread = np.zeros(n_labels)
    for a in range(m):
        for c in range(n_labels):
            mean = labels[a, c] / weight[a] if weight[a] > 0 else all_labels[c] / all_weight
            away[a, c] = mean - all_labels[c] / all_weight
            spread[c] += weight[a] * away[a, c] ** 2
    top = spread.max()
    first = 0
    while spread[first] < (1 - _EQUAL) * top:
        first += 1
    for c in range(n_labels):
        direction[c] = 1.0 if c == first else 0.0
    for _ in range(3 if n_labels > 2 else 0):
        turned = np.zeros(n_labels)
        for a in range(m):
            along = 0.0
            for c in range(n_labels):
                along += away[a, c] * direction[c]
            for c in range(n_labels):
                turned[c] += weight[a] * along * away[a, c]
        length = max(np.sqrt((turned**2).sum()), 1e-300)
        for c in range(n_labels):
            direction[c] = turned[c] / length
    for a in range(m):
        along = 0.0
        for c in range(n_labels):
            along += away[a, c] * direction[c]
        place[a] = np.round(along, 12)


@_compiled
def _count_along(m, order, number, rows, start, stop, person, codes, f, rank, spot, up, down):
    """Count people up to each code of an order, and people beyond it; one with rows on both sides counts on both."""
    up[:m] = 0.0
    down[:m] = 0.0
    if len(person) == 0:
        for a in range(m):
            up[a] = down[a] = number[order[a]]
    else:
        for a in range(m):
            spot[order[a]] = a
        i = start
        while i < stop:
            who = person[rows[i]]
            first, last = m, -1
            while i < stop and person[rows[i]] == who:
                here = spot[rank[codes[rows[i], f]]]
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


@_compiled
def _count_alone(m, number, rows, start, stop, person, codes, f, rank, spot, up, down):
    """Count people with each code, and people with another."""
    total = 0.0
    for a in range(m):
        up[a] = down[a] = number[a]
        total += number[a]
    if len(person) > 0:
        up[:m] = 0.0
        down[:m] = 0.0
        spot[:m] = -1
        total = 0.0
        i = start
        while i < stop:
            who = person[rows[i]]
            first, alone = rank[codes[rows[i], f]], True
            while i < stop and person[rows[i]] == who:
                here = rank[codes[rows[i], f]]
                alone = alone and here == first
                if spot[here] != who:
                    spot[here] = who
                    up[here] += 1.0
                i += 1
            total += 1.0
            if alone:
                down[first] += 1.0
    for a in range(m):
        down[a] = total - down[a]


@_compiled
def _longer(array):
    longer = np.zeros(2 * len(array), array.dtype)
    longer[: len(array)] = array
    return longer


@_compiled
def grow_tree(
    codes, count, mass, labels, person, secret, others, offset, placed, kind, scaled, tree, share,
    k, detail, rules, base, price,
):  # fmt: skip
    """Return a tree, node by node, which nodes are suppressed, and where each row ends.

    See `Partition` for the arrays, `partition.grow` for the meaning of the arguments.

    Shapes: codes (n, q); count, mass, others (n,); labels (n, C); person (n,) or (0,), then rows of one person stand
    together; secret (n, S): which of the L sensitive values a row has; offset (q + 1,): where the codes of a column begin in scaled (total,), tree and share
    (levels, total); placed, kind (q,).
    """
    n, q = codes.shape
    n_labels, n_secret, total = labels.shape[1], len(base), offset[q]
    # What each code holds in the node at hand: rows, mass, labels.
    held = np.zeros((total, 3 + n_labels))
    held_secret = np.zeros((total, n_secret))
    # The same for the codes that occur, of one column, in the order at hand.
    widest = 1
    for f in range(q):
        widest = max(widest, offset[f + 1] - offset[f])
    code, order = np.empty(widest, np.int64), np.empty(widest, np.int64)
    number, weight, other = np.empty(widest), np.empty(widest), np.empty(widest)
    label, hidden = np.empty((widest, n_labels)), np.empty((widest, n_secret))
    up, down = np.empty(widest), np.empty(widest)
    rank, spot = np.empty(widest, np.int64), np.empty(widest, np.int64)
    place, away, direction = np.empty(widest), np.empty((widest, n_labels)), np.empty(n_labels)
    all_labels, left_labels = np.empty(n_labels), np.empty(n_labels)
    all_secret, left_secret, right_secret = np.empty(n_secret), np.empty(n_secret), np.empty(n_secret)
    scratch = np.empty(n_secret)
    side, best_side, best_code = np.zeros(widest, np.bool_), np.zeros(widest, np.bool_), np.empty(widest, np.int64)

    room = 64
    column, left, right, up_to = np.full(room, -1), np.full(room, -1), np.full(room, -1), np.full(room, -1)
    heavier, listed_from, listed_to = np.zeros(room, np.bool_), np.zeros(room, np.int64), np.zeros(room, np.int64)
    is_hidden = np.zeros(room, np.bool_)  # the leaves whose rows are suppressed
    listed_code, listed_left, n_listed = np.empty(room, np.int64), np.empty(room, np.bool_), 0
    n_nodes = 1

    rows, moved, at_node = np.arange(n), np.empty(n, np.int64), np.zeros(n, np.int64)
    stack = [(0, 0, n)]
    while len(stack) > 0:
        node, start, stop = stack.pop()
        size = stop - start
        persons = len(person) > 0
        all_number, all_weight, all_other = 0.0, 0.0, 0.0
        all_labels[:] = 0.0
        all_secret[:] = 0.0
        for i in range(start, stop):
            j = rows[i]
            if persons:
                all_number += 1.0 if i == start or person[j] != person[rows[i - 1]] else 0.0
            else:
                all_number += count[j]
            all_weight += mass[j]
            all_other += others[j]
            for c in range(n_labels):
                all_labels[c] += labels[j, c]
            for c in range(secret.shape[1]):
                all_secret[secret[j, c]] += count[j]
        may_cut = all_number >= 2 * k or (persons and all_number >= k and size >= 2 * k)  # one may stand on both sides
        may_trim = price < np.inf and not persons and all_number > k
        if size < 2 or not (may_cut or may_trim):
            continue
        # ---- what each code of each column holds; rows outside, so that each is fetched once
        for i in range(start, stop):
            j = rows[i]
            for f in range(q):
                if offset[f + 1] - offset[f] > 4 * size + 64:
                    continue
                cell = offset[f] + codes[j, f]
                held[cell, 0] += count[j]
                held[cell, 1] += mass[j]
                held[cell, 2] += others[j]
                for c in range(n_labels):
                    held[cell, 3 + c] += labels[j, c]
                for c in range(secret.shape[1]):
                    held_secret[cell, secret[j, c]] += count[j]
        slack = _EQUAL * all_weight
        best, best_column, best_m = -np.inf, -1, 0
        trimmed = False
        for f in range(q):
            at, n_codes, n_placed = offset[f], offset[f + 1] - offset[f], placed[f]
            m = 0
            if n_codes <= 4 * size + 64:
                for b in range(n_codes):
                    cell = at + b
                    if held[cell, 0] > 0 or held[cell, 2] > 0:
                        code[m] = b
                        number[m], weight[m], other[m] = held[cell, 0], held[cell, 1], held[cell, 2]
                        rank[b] = m
                        held[cell, 0] = held[cell, 1] = held[cell, 2] = 0.0
                        for c in range(n_labels):
                            label[m, c] = held[cell, 3 + c]
                            held[cell, 3 + c] = 0.0
                        for c in range(n_secret):
                            hidden[m, c] = held_secret[cell, c]
                            held_secret[cell, c] = 0.0
                        m += 1
            else:  # far more codes than rows: sort what is there
                here = np.empty(size, np.int64)
                for i in range(size):
                    here[i] = codes[rows[start + i], f]
                by_code = np.argsort(here, kind="mergesort")
                for a in range(size):
                    j = rows[start + by_code[a]]
                    b = here[by_code[a]]
                    if m == 0 or code[m - 1] != b:
                        code[m] = b
                        rank[b] = m
                        number[m] = weight[m] = other[m] = 0.0
                        label[m] = 0.0
                        hidden[m] = 0.0
                        m += 1
                    number[m - 1] += count[j]
                    weight[m - 1] += mass[j]
                    other[m - 1] += others[j]
                    for c in range(n_labels):
                        label[m - 1, c] += labels[j, c]
                    for c in range(secret.shape[1]):
                        hidden[m - 1, secret[j, c]] += count[j]
            if m < 2:
                continue
            whole = _far(all_labels, all_weight) - detail * all_weight * _width(
                kind[f], at, n_codes, n_placed, code[0], code[m - 1], m, scaled, tree, share
            )
            # ---- along an order: by place, or by what the labels say; what has no place stands behind, then before
            n_orders = 2 if kind[f] != CATEGORICAL and code[m - 1] >= n_placed and code[0] < n_placed else 1
            for turn in range(n_orders):
                for a in range(m):
                    order[a] = a
                if turn == 1:
                    n_here = 0
                    while code[n_here] < n_placed:
                        n_here += 1
                    for a in range(m):
                        order[a] = (a + n_here) % m
                if kind[f] == CATEGORICAL and n_labels > 0 and all_weight > 0:
                    _direction(m, weight, label, all_weight, all_labels, direction, away, place)
                    order[:m] = np.argsort(place[:m], kind="mergesort")
                _count_along(m, order, number, rows, start, stop, person, codes, f, rank, spot, up, down)
                left_weight, left_other = 0.0, 0.0
                left_labels[:] = 0.0
                left_secret[:] = 0.0
                for a in range(m - 1):
                    b = order[a]
                    left_weight += weight[b]
                    left_other += other[b]
                    for c in range(n_labels):
                        left_labels[c] += label[b, c]
                    for c in range(n_secret):
                        left_secret[c] += hidden[b, c]
                    fits = up[a] >= k and down[a] >= k
                    trims = may_trim and not fits and (trimmed or best_column < 0)
                    trims = trims and (up[a] >= k or down[a] >= k) and min(up[a], down[a]) > 0
                    if not fits and not trims:
                        continue
                    right_weight = all_weight - left_weight
                    wide = _width(kind[f], at, n_codes, n_placed, code[order[0]], code[b], a + 1, scaled, tree, share)
                    wide_right = _width(
                        kind[f], at, n_codes, n_placed, code[order[a + 1]], code[order[m - 1]], m - a - 1,
                        scaled, tree, share,
                    )  # fmt: skip
                    if trims:
                        gone = min(up[a], down[a])
                        if up[a] < k:
                            kept = _rest(all_labels, left_labels, right_weight) - detail * right_weight * wide_right
                        else:
                            kept = _far(left_labels, left_weight) - detail * left_weight * wide
                        gain = (kept - whole - detail * q * (all_weight - max(left_weight, right_weight))) / gone
                        if gain <= price or (trimmed and gain <= best):
                            continue
                    else:
                        gain = _far(left_labels, left_weight) + _rest(all_labels, left_labels, right_weight) - whole
                        gain -= detail * (left_weight * wide + right_weight * wide_right)
                        if not trimmed and best_column >= 0 and gain <= best + slack:
                            continue
                    if len(rules) > 0:
                        for c in range(n_secret):
                            right_secret[c] = all_secret[c] - left_secret[c]
                        if not (trims and up[a] < k) and not holds(
                            rules, base, left_secret, up[a], left_other, scratch
                        ):
                            continue
                        if not (trims and down[a] < k) and not holds(
                            rules, base, right_secret, down[a], all_other - left_other, scratch
                        ):
                            continue
                    best, best_column, best_m, trimmed = gain, f, m, trims
                    for c in range(m):
                        best_code[c] = code[c]
                        best_side[order[c]] = c <= a
            # ---- one against the rest: a heavy category by itself loses nothing at all
            if kind[f] != ORDERED and m > 2:
                _count_alone(m, number, rows, start, stop, person, codes, f, rank, spot, up, down)
                for b in range(m):
                    if up[b] < k or down[b] < k:
                        continue
                    rest_weight = all_weight - weight[b]
                    low, high = (1 if b == 0 else 0), (m - 2 if b == m - 1 else m - 1)
                    wide_right = _width(
                        kind[f], at, n_codes, n_placed, code[low], code[high], m - 1, scaled, tree, share
                    )
                    gain = _far(label[b], weight[b]) + _rest(all_labels, label[b], rest_weight) - whole
                    gain -= detail * rest_weight * wide_right
                    if not trimmed and best_column >= 0 and gain <= best + slack:
                        continue
                    if len(rules) > 0:
                        for c in range(n_secret):
                            right_secret[c] = all_secret[c] - hidden[b, c]
                        if not holds(rules, base, hidden[b], up[b], other[b], scratch):
                            continue
                        if not holds(rules, base, right_secret, down[b], all_other - other[b], scratch):
                            continue
                    best, best_column, best_m, trimmed = gain, f, m, False
                    for c in range(m):
                        best_code[c] = code[c]
                        best_side[c] = c == b
        if best_column < 0:
            continue
        # ---- part the rows
        f, n_placed = best_column, placed[best_column]
        for a in range(best_m):
            side[best_code[a]] = best_side[a]
        balance, here, away_n = 0.0, start, 0
        left_number, right_number = 0.0, 0.0
        for i in range(start, stop):
            j = rows[i]
            if side[codes[j, f]]:
                rows[here] = j
                here += 1
                balance += count[j]
                left_number += count[j]
            else:
                moved[away_n] = j
                away_n += 1
                balance -= count[j]
                right_number += count[j]
        for i in range(away_n):
            rows[here + i] = moved[i]
        if n_nodes + 2 > len(column):
            column, left, right, up_to = _longer(column), _longer(left), _longer(right), _longer(up_to)
            listed_from, listed_to = _longer(listed_from), _longer(listed_to)
            heavier, is_hidden = _longer(heavier), _longer(is_hidden)
        column[node], left[node], right[node] = f, n_nodes, n_nodes + 1
        column[n_nodes] = column[n_nodes + 1] = -1
        heavier[node] = balance >= 0
        listed_from[node] = n_listed
        below, above = -1, 2 * n_placed
        for a in range(best_m):
            b = best_code[a]
            if b < n_placed and kind[f] == ORDERED:
                if best_side[a]:
                    below = max(below, b)
                else:
                    above = min(above, b)
            else:
                if n_listed == len(listed_code):
                    listed_code, listed_left = _longer(listed_code), _longer(listed_left)
                listed_code[n_listed], listed_left[n_listed] = b, best_side[a]
                n_listed += 1
        listed_to[node] = n_listed
        up_to[node] = -1 if below < 0 else (below + above) // 2
        for i in range(start, stop):
            at_node[rows[i]] = n_nodes if i < here else n_nodes + 1
        if trimmed:
            is_hidden[n_nodes if left_number < right_number else n_nodes + 1] = True
        if not (trimmed and left_number >= right_number):
            stack.append((n_nodes + 1, here, stop))
        if not (trimmed and left_number < right_number):
            stack.append((n_nodes, start, here))
        n_nodes += 2
    return (
        column[:n_nodes], left[:n_nodes], right[:n_nodes], up_to[:n_nodes], heavier[:n_nodes],
        listed_from[:n_nodes], listed_to[:n_nodes], listed_code[:n_listed], listed_left[:n_listed],
        is_hidden[:n_nodes], at_node,
    )  # fmt: skip


@_compiled
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
