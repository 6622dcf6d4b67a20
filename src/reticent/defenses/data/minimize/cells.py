"""The nodes of a tree over codes, and the cells that remain of it: which codes they hold, and what they leave open.

>>> from reticent.coding.codes import Axis
>>> from reticent.defenses.data.minimize.growth import grow_frugal
>>> ages = Axis(places=np.array([0.0, 10.0, 60.0, 100.0]), ordered=True)
>>> nodes = Nodes.of(grow_frugal(np.array([[0], [1], [2], [3]]), [ages], np.eye(2)[[0, 0, 1, 1]], price=0.1, k=2))
>>> nodes.open.tolist()  # the root, up to 35, from 35
[[1.0], [0.35], [0.65]]
"""

from dataclasses import dataclass

import numpy as np

from reticent.coding.codes import Axis, Bools, Floats, Ints
from reticent.defenses.data.anonymize.partition import Partition


@dataclass(frozen=True, kw_only=True, eq=False)
class Nodes:
    """A partition with what is known of each of its nodes.

    Parameters
    ----------
    tree : Partition
        Children stand behind their parents.
    parent : ndarray of shape (n_nodes,)
        -1 for the root.
    open : ndarray of shape (n_nodes, q)
        The share of each column that the cuts above a node leave open.
    """

    tree: Partition
    parent: Ints
    open: Floats

    @classmethod
    def of(cls, tree: Partition) -> "Nodes":
        """Follow the cuts from the root."""
        n, q = len(tree.column), len(tree.axes)
        parent, wide = np.full(n, -1), np.ones((n, q))
        held = {0: [np.ones(len(axis.places), bool) for axis in tree.axes]}
        for node in np.flatnonzero(tree.column >= 0).tolist():
            f, masks, left = int(tree.column[node]), held.pop(node), goes_left(tree, node)
            for child, side in ((int(tree.left[node]), left), (int(tree.right[node]), ~left)):
                parent[child], wide[child] = node, wide[node]
                held[child] = [*masks[:f], masks[f] & side, *masks[f + 1 :]]
                wide[child, f] = share(tree.axes[f], held[child][f])
        return cls(tree=tree, parent=parent, open=wide)

    @property
    def leaves(self) -> Ints:
        """The node of each class of the tree, shape (n_classes,)."""
        leaf = np.flatnonzero(self.tree.class_of >= 0)
        return leaf[np.argsort(self.tree.class_of[leaf])]

    def people(self, codes: Ints) -> tuple[Ints, Ints]:
        """Return all pairs of a row, of shape (n, q), and a node on its way, ordered by node: (m,), (m,)."""
        row, at = np.arange(len(codes)), self.leaves[self.tree.route(codes)]
        rows, nodes = [row], [at]
        while (inner := self.parent[at] >= 0).any():
            row, at = row[inner], self.parent[at[inner]]
            rows.append(row)
            nodes.append(at)
        node = np.concatenate(nodes)
        order = np.argsort(node, kind="stable")
        return np.concatenate(rows)[order], node[order]

    def held(self, node: int) -> list[Bools]:
        """Return which codes of each column belong to a node: q arrays of shape (n_codes,)."""
        masks = [np.ones(len(axis.places), bool) for axis in self.tree.axes]
        while (above := int(self.parent[node])) >= 0:
            left = goes_left(self.tree, above)
            masks[self.tree.column[above]] &= left if self.tree.left[above] == node else ~left
            node = above
        return masks


@dataclass(frozen=True, kw_only=True, eq=False)
class Cells:
    """What is asked of whom: the cells that are left of a tree once it is pruned.

    Parameters
    ----------
    nodes : Nodes
        The whole tree.
    node : ndarray of shape (n_cells,)
        The node that each cell is.
    raw : ndarray of shape (n_cells, q)
        Which columns are asked for as they are.
    representative : ndarray of shape (n_cells, q)
        The codes in place of the others.
    """

    nodes: Nodes
    node: Ints
    raw: Bools
    representative: Ints

    @property
    def open(self) -> Floats:
        """What is left open of each column, shape (n_cells, q)."""
        return np.where(self.raw, 0.0, self.nodes.open[self.node])

    def route(self, codes: Ints) -> Ints:
        """Return the cell of each row, shape (n, q) -> (n,); a code of -1 was never seen."""
        cell = np.full(len(self.nodes.parent), -1)
        cell[self.node] = np.arange(len(self.node))
        at = self.nodes.leaves
        while (below := cell[at] < 0).any():
            at = np.where(below, self.nodes.parent[at], at)
        return cell[at][self.nodes.tree.route(codes)]


def goes_left(tree: Partition, node: int) -> Bools:
    """Return which codes of the column that a node cuts go left, shape (n_codes,)."""
    axis = tree.axes[tree.column[node]]
    left = np.full(len(axis.places), bool(tree.heavier[node]))
    left[: axis.n_placed] = np.arange(axis.n_placed) <= tree.up_to[node]
    listed = slice(tree.listed_from[node], tree.listed_to[node])
    left[tree.listed_code[listed]] = tree.listed_left[listed]
    return left


def edges(axis: Axis) -> Floats:
    """Return where the ranges of the placed codes of an ordered column meet, on [0, 1], shape (n_placed + 1,)."""
    scaled = axis.scaled[: axis.n_placed]
    return np.concatenate([[0.0], (scaled[:-1] + scaled[1:]) / 2, [1.0]])


def share(axis: Axis, mask: Bools) -> float:
    """Return the share of a column that is open where a person's code is one of ``mask``; missing adds nothing."""
    if mask.all():
        return 1.0
    if not axis.ordered:
        return float(mask.mean()) if mask.sum() > 1 else 0.0
    placed = np.flatnonzero(mask[: axis.n_placed])
    return float(edges(axis)[placed[-1] + 1] - edges(axis)[placed[0]]) if len(placed) else 0.0
