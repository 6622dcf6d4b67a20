"""From collecting all to collecting nothing, step by step: the ways of asking that are the best at some agreement.

Several trees are grown, at several prices of detail, and each is pruned at many; of all that remain, those stay that
nothing else is ahead of in both agreement and detail. All of it is measured on rows that choose, so it is an order in
which to test, and nothing to report.

>>> import pandas as pd
>>> from reticent.coding.columns import open_frame
>>> table = open_frame(pd.DataFrame({"age": [20, 30, 60, 90] * 50, "town": list("ABAB") * 50}))
>>> asked = Asked(lambda rows: rows["age"] > 40, table, [0, 1])
>>> steps = ladder(asked, asked(asked.codes), None, np.random.default_rng(0), target=0.9)
>>> [(round(step.agreement, 1), round(step.detail, 2)) for step in steps]
[(1.0, 0.5), (1.0, 0.65), (1.0, 0.75), (0.5, 1.0)]
"""

from dataclasses import dataclass

import numpy as np

from reticent.coding.codes import Bools, Floats, Ints
from reticent.defenses.data.anonymize.release import representatives
from reticent.defenses.data.minimize.asked import Answers, Asked, agree, between, guide_of
from reticent.defenses.data.minimize.cells import Cells, Nodes
from reticent.defenses.data.minimize.growth import grow_frugal
from reticent.defenses.data.minimize.options import Options, Said, find
from reticent.defenses.data.minimize.prune import prune

MADE_UP = (5000, 2500)  # rows asked about beside those of people, to grow a tree and to prune it: at most
A_ROW = (20, 10)  # and for each of people's rows, but not below
AT_LEAST = (1500, 750)
GROWN_AT = (0.0, 0.1, 0.3)
PRUNED_AT = np.geomspace(0.005, 4, 120)
TRIED = (500, 2000)  # rows on which single columns are left out, and then several
SPENT = 0.25  # the share of what the target leaves that may be spent on it
_PARTS = np.array([1, 2, 4, 8, 12, 16, 20, 24, 28, 32]) / 32  # of the first step
_LEAF = 10  # people for whom a node is cut off
_LEAVES = 300


@dataclass(frozen=True, kw_only=True, eq=False)
class Step:
    """A way of asking, with what it loses and gains on the rows that chose it.

    Parameters
    ----------
    cells : Cells
    lost, gained : ndarray of shape (n_cells,)
        The people whose answer changes, and the detail that is left open, as shares of all.
    """

    cells: Cells
    lost: Floats
    gained: Floats

    @property
    def agreement(self) -> float:
        """The share of people whose answer stays."""
        return 1.0 - float(self.lost.sum())

    @property
    def detail(self) -> float:
        """The share of detail that is left open."""
        return float(self.gained.sum())


def ladder(
    asked: Asked, answers: Answers, tolerance: float | None, random: np.random.Generator, *, target: float
) -> list[Step]:
    """Return the steps from the least detail left open to the most.

    Parameters
    ----------
    answers : ndarray of shape (n,)
        The model's answers to the people's rows, ``asked.codes``.
    target : float
        The agreement that is wanted in the end: of what it leaves, a part is spent on columns that nobody is asked for.
    """
    drawn, said = [], []
    for most, each, least in zip(MADE_UP, A_ROW, AT_LEAST, strict=True):  # no tree is pruned by rows that it grew on
        n = min(most, max(least, each * len(asked.codes)))
        more = between(asked.codes, asked.axes, n, random)
        drawn.append(np.concatenate([asked.codes, more]))
        said.append(np.concatenate([answers, asked(more)]))
    some = random.choice(len(drawn[0]), min(TRIED[1], len(drawn[0])), replace=False)
    middle = representatives(asked.codes, np.zeros(len(asked.codes), np.intp), asked.axes)[0]
    gone = needless(asked, drawn[0][some], said[0][some], middle, tolerance, slack=SPENT * (1 - target))
    needed = ~np.isin(np.arange(len(middle)), gone)
    bare = [np.where(needed, codes, middle) for codes in drawn]
    sound = agree(asked(bare[1]), said[1], tolerance)
    rows = Said(codes=bare[1], answers=said[1], sound=sound, needed=needed)
    k = int(np.ceil(len(drawn[0]) * max(_LEAF / len(asked.codes), 1 / _LEAVES)))
    steps: list[Step] = []
    for price in GROWN_AT:
        tree = grow_frugal(bare[0], asked.axes, guide_of(said[0], tolerance), price=price, k=k)
        nodes = Nodes.of(tree)
        options = find(asked, nodes, rows, tolerance)
        done = prune(tree.left, tree.right, options.agreement, options.detail, PRUNED_AT)
        steps += [_step(nodes, options, one) for one in np.unique(done, axis=1).T]
    steps = ahead(steps)
    return [*finer(steps[0], gone, len(bare[1])), *steps] if steps else []


def _step(nodes: Nodes, options: Options, done: Ints) -> Step:
    node = np.flatnonzero(done >= 0)
    option = done[node]
    cells = Cells(nodes=nodes, node=node, raw=options.raw[node, option], representative=options.representative[node])
    return Step(
        cells=cells,
        lost=options.size[node] - options.agreement[node, option],
        gained=options.detail[node, option],
    )


def needless(
    asked: Asked, codes: Ints, answers: Answers, middle: Ints, tolerance: float | None, *, slack: float
) -> Ints:
    """Return the columns that may be the same for everyone, so that at most ``slack`` of the answers change.

    Columns that matter least by themselves go first, as many as can stay away together; they come in this order.
    """
    q = codes.shape[1]

    def changed(gone: Bools, n: int) -> Floats:
        """Return the share of answers that change without these columns, shape (m, q) -> (m,)."""
        made = np.where(gone[:, None, :], middle, codes[:n])
        same = agree(asked(made.reshape(-1, q)), np.tile(answers[:n], len(gone)), tolerance)
        return np.asarray(1.0 - same.reshape(len(gone), -1).mean(axis=1))

    alone = changed(np.eye(q, dtype=bool), TRIED[0])
    order = np.argsort(alone, kind="stable")
    least, most = 0, int((alone <= slack).sum())
    while least < most:  # how many can go: halve, as more of them change more
        half = (least + most + 1) // 2
        fits = changed(np.isin(np.arange(q), order[:half])[None], TRIED[1])[0] <= slack
        least, most = (half, most) if fits else (least, half - 1)
    return order[:least]


def finer(first: Step, gone: Ints, n: int) -> list[Step]:
    """Return small steps from asking for everything to the first one, which was measured on n rows.

    Where few people judge, the first step may fail; then as much of it stays as can be shown. Columns that are not
    needed go first, then the cells that gain most for what they lose.
    """
    cells, q = first.cells, first.cells.raw.shape[1]
    small = []
    for k in sorted({int(np.ceil(len(gone) * part)) for part in _PARTS} - {0}):
        raw = ~np.isin(np.arange(q), gone[:k])[None]
        root = Cells(nodes=cells.nodes, node=np.zeros(1, np.intp), raw=raw, representative=cells.representative[:1])
        small.append(Step(cells=root, lost=np.zeros(1), gained=np.array([k / q])))
    raw = np.broadcast_to(~np.isin(np.arange(q), gone), cells.raw.shape)
    size = first.gained / np.maximum(cells.open.mean(axis=1), 1e-12)
    bare = size * (~raw).mean(axis=1)  # what is gained of each cell without any cut
    more = np.maximum(first.gained - bare, 0.0)
    order = np.argsort((np.maximum(first.lost, 0) + 1 / n) / np.maximum(more, 1e-12), kind="stable")
    upto = np.cumsum(more[order]) / max(float(more.sum()), 1e-12)
    for part in _PARTS[:-1]:
        now = np.isin(np.arange(len(order)), order[: max(1, int((upto <= part).sum()))])
        some = Cells(
            nodes=cells.nodes,
            node=cells.node,
            raw=np.where(now[:, None], cells.raw, raw),
            representative=cells.representative,
        )
        small.append(Step(cells=some, lost=np.where(now, first.lost, 0.0), gained=np.where(now, first.gained, bare)))
    kept: list[Step] = []
    for step in small:
        if (kept[-1].detail if kept else 0.0) + 1e-9 < step.detail < first.detail - 1e-9:
            kept.append(step)
    return kept


def ahead(steps: list[Step]) -> list[Step]:
    """Return those that leave more open than all that agree as well, from the most agreement to the least."""
    kept: list[Step] = []
    for step in sorted(steps, key=lambda one: (-one.agreement, -one.detail)):
        if step.detail > (kept[-1].detail if kept else 0.0):
            kept.append(step)
    return kept


def everything(asked: Asked) -> Step:
    """Return the step before all others: each column as it is, of everyone."""
    q = len(asked.axes)
    alone = grow_frugal(asked.codes, asked.axes, np.zeros((len(asked.codes), 1)), price=0.0, k=len(asked.codes))
    cells = Cells(
        nodes=Nodes.of(alone),
        node=np.zeros(1, np.intp),
        raw=np.ones((1, q), bool),
        representative=asked.codes[:1],
    )
    return Step(cells=cells, lost=np.zeros(1), gained=np.zeros(1))
