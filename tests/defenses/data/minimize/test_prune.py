import itertools

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from reticent.defenses.data.minimize.prune import CUT, UNUSED, prune


@st.composite
def trees(draw):
    """A small binary tree, children behind their parents, with random options."""
    n_cuts = draw(st.integers(0, 4))
    left, right, leaves = [-1], [-1], [0]
    for _ in range(n_cuts):
        at = leaves.pop(draw(st.integers(0, len(leaves) - 1)))
        left[at], right[at] = len(left), len(left) + 1
        leaves += [len(left), len(left) + 1]
        left, right = [*left, -1, -1], [*right, -1, -1]
    n_options = draw(st.integers(1, 3))
    amount = st.lists(st.integers(0, 20), min_size=n_options, max_size=n_options)
    agreement, detail = ([draw(amount) for _ in left] for _ in range(2))
    return np.array(left), np.array(right), np.array(agreement) / 16, np.array(detail) / 16


def prunings(left, right, n_options, node=0):
    """Yield every pruned tree below a node, as {node: option}."""
    for option in range(n_options):
        yield {node: option}
    if left[node] >= 0:
        sides = [list(prunings(left, right, n_options, child)) for child in (left[node], right[node])]
        for one, other in itertools.product(*sides):
            yield one | other


@settings(max_examples=100, deadline=None)
@given(trees(), st.lists(st.integers(0, 64), min_size=1, max_size=4))
def test_it_finds_the_best_of_all_prunings(tree, prices):
    left, right, agreement, detail = tree
    done = prune(left, right, agreement, detail, np.array(prices) / 16)
    every = list(prunings(left, right, agreement.shape[1]))
    for p, price in enumerate(prices):
        worth = agreement + detail * price / 16
        chosen = {node: option for node, option in enumerate(done[:, p].tolist()) if option >= 0}
        best = max(sum(worth[node, option] for node, option in one.items()) for one in every)
        assert chosen in every
        assert abs(sum(worth[node, option] for node, option in chosen.items()) - best) < 1e-9


@given(trees())
def test_what_lies_below_a_cell_is_unused(tree):
    left, right, agreement, detail = tree
    done = prune(left, right, agreement, detail, np.array([0.5]))[:, 0]
    for node in np.flatnonzero(left >= 0):
        below = done[[left[node], right[node]]]
        assert (below != UNUSED).all() if done[node] == CUT else (below == UNUSED).all()
