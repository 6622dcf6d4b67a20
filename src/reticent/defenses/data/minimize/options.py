"""What may be asked of the people of a node: nothing more, or some of their columns as they are.

Where nothing more is asked, all people of the node get the answer that the model gives to one of them, so the share
whose answer stays is known without asking again. Where some columns are asked, the model has to be.

>>> from reticent.coding.codes import Axis
>>> from reticent.coding.columns import open_frame
>>> import pandas as pd
>>> from reticent.defenses.data.minimize.growth import grow_frugal
>>> table = open_frame(pd.DataFrame({"age": [20, 30, 60, 90], "town": list("ABAB")}))
>>> asked = Asked(lambda rows: rows["age"] > 40, table, [0, 1])
>>> tree = grow_frugal(asked.codes, asked.axes, np.eye(2)[[0, 0, 1, 1]], price=0.1, k=4)
>>> rows = Said(codes=asked.codes, answers=asked(asked.codes), sound=np.ones(4, bool), needed=np.ones(2, bool))
>>> found = find(asked, Nodes.of(tree), rows, None)
>>> found.agreement.tolist(), found.detail.tolist()  # nothing, the age, both
([[0.5, 1.0, 1.0]], [[1.0, 0.5, 0.0]])
"""

from dataclasses import dataclass

import numpy as np

from reticent.coding.codes import Bools, Floats, Ints, add
from reticent.defenses.data.minimize.asked import Answers, Asked, agree, guide_of
from reticent.defenses.data.minimize.cells import Nodes

_BETWEEN = 2  # options between nothing and all columns


@dataclass(frozen=True, kw_only=True, eq=False)
class Said:
    """Rows with what the model says of them.

    Parameters
    ----------
    codes : ndarray of shape (n, q)
        In a column that is not needed all rows have one code.
    answers : ndarray of shape (n,)
        Those to the rows as they were.
    sound : ndarray of shape (n,)
        Whether the model still says so where what is not needed is left out: else a row stands for nobody.
    needed : ndarray of shape (q,)
        Which columns are.
    """

    codes: Ints
    answers: Answers
    sound: Bools
    needed: Bools


@dataclass(frozen=True, kw_only=True, eq=False)
class Options:
    """The options of each node: the first asks for nothing more, the last for all needed columns as they are.

    Parameters
    ----------
    raw : ndarray of shape (n_nodes, n_options, q)
        Which columns are asked for as they are.
    representative : ndarray of shape (n_nodes, q)
        The codes in place of the others: those of one row of the node.
    agreement, detail : ndarray of shape (n_nodes, n_options)
        As shares of all rows: whose answer stays, and what is left open.
    size : ndarray of shape (n_nodes,)
        The share of all rows that come by.
    """

    raw: Bools
    representative: Ints
    agreement: Floats
    detail: Floats
    size: Floats


def find(asked: Asked, nodes: Nodes, rows: Said, tolerance: float | None) -> Options:
    """Return the options of each node, measured on these rows."""
    codes, answers, sound, needed = rows.codes, rows.answers, rows.sound, rows.needed
    row, node = nodes.people(codes)
    n_nodes, q = len(nodes.open), int(needed.sum())
    count = np.bincount(node, minlength=n_nodes)
    representative, most = np.zeros(nodes.open.shape, np.intp), np.zeros(n_nodes)
    for v, here in enumerate(np.split(row, np.cumsum(count)[:-1])):
        if len(here):
            one, most[v] = center(codes[here], answers[here], sound[here], tolerance)
            representative[v] = codes[here[one]]
        else:  # a node without people of its own speaks as the one above it
            representative[v] = representative[nodes.parent[v]]
    worth = _explained(nodes, guide_of(answers, tolerance), row, node) / np.maximum(nodes.open, 1e-3)
    rank = np.argsort(np.argsort(np.where(needed, -worth, np.inf), axis=1, kind="stable"), axis=1)
    sizes = np.unique(np.round(np.linspace(0, q, max(0, min(_BETWEEN, q - 1)) + 2)).astype(int))
    raw = np.stack([rank < size for size in sizes], axis=1)
    kept = np.zeros((n_nodes, len(sizes)))
    kept[:, 0] = most
    between = range(1, len(sizes) - 1)
    if between:  # all at once: a model takes long for each question, and little longer for more rows
        made = np.concatenate([np.where(raw[node, o], codes[row], representative[node]) for o in between])
        same = agree(asked(made), np.tile(answers[row], len(between)), tolerance).reshape(len(between), -1)
        for o in between:
            kept[:, o] = add(node, same[o - 1].astype(float), n_nodes)
    if q:
        kept[:, -1] = add(node, sound[row].astype(float), n_nodes)
    detail = np.where(raw, 0.0, nodes.open[:, None, :]).mean(axis=2) * count[:, None]
    n = len(codes)
    return Options(raw=raw, representative=representative, agreement=kept / n, detail=detail / n, size=count / n)


def center(codes: Ints, answers: Answers, sound: Bools, tolerance: float | None) -> tuple[int, int]:
    """Return the row whose answer agrees with most others, and with how many; of several the one amid them.

    Shapes (n, q), (n,) and (n,); a row that is ``sound`` goes before all others.
    """
    some = np.flatnonzero(sound) if sound.any() else np.arange(len(sound))
    if tolerance is None:
        near = np.bincount(answers)[answers[some]]
    else:
        order = np.sort(answers)
        near = np.searchsorted(order, answers[some] + tolerance, "right")
        near -= np.searchsorted(order, answers[some] - tolerance)
    some = some[near == near.max()]
    some = some[answers[some] == answers[some[0]]] if tolerance is None else some
    middle = np.sort(codes[some], axis=0)[(len(some) - 1) // 2]
    return int(some[(codes[some] != middle).sum(axis=1).argmin()]), int(near.max())


def _explained(nodes: Nodes, labels: Floats, row: Ints, node: Ints) -> Floats:
    """Return how much of the answers the cuts of each column explain, in a node and below, shape (n_nodes, q)."""
    sums = add(node, labels[row], len(nodes.open))
    kept = (sums**2).sum(axis=1) / np.maximum(1, np.bincount(node, minlength=len(nodes.open)))
    worth = np.zeros(nodes.open.shape)
    for v in np.flatnonzero(nodes.tree.column >= 0)[::-1]:  # children stand behind their parents
        left, right = nodes.tree.left[v], nodes.tree.right[v]
        worth[v] = worth[left] + worth[right]
        worth[v, nodes.tree.column[v]] += kept[left] + kept[right] - kept[v]
    return worth
