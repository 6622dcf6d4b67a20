"""Hierarchies that users bring: Lyon lies in the Rhône, the Rhône in France.

A column with a hierarchy is generalized along it only: what is released for a class is the smallest group that holds
all its values.

>>> above = {"Lyon": ["France"], "Nice": ["France"], "Bonn": ["Germany"]}
>>> towns = Hierarchy.of("town", above, ["Bonn", "Lyon", "Nice"])
>>> towns.values, towns.tree.tolist()
(('Lyon', 'Nice', 'Bonn'), [[0, 1, 2], [0, 0, 1], [0, 0, 0]])
>>> towns.smallest(0, 1), towns.smallest(1, 2)
('France', '*')
"""

import itertools
from collections.abc import Collection, Hashable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from reticent.coding.codes import Ints
from reticent.errors import ParameterError


@dataclass(frozen=True, kw_only=True, eq=False)
class Hierarchy:
    """The groups above the values of one column.

    Parameters
    ----------
    values : tuple
        The values that occur, those of one group side by side: their place is their code.
    tree : ndarray of shape (n_levels, n_values)
        The group of each, from the values themselves to the one group that holds all.
    labels : tuple of n_levels tuples
        What the group of each is called.
    """

    values: tuple[Hashable, ...]
    tree: Ints
    labels: tuple[tuple[str, ...], ...]

    @classmethod
    def of(
        cls, column: Hashable, given: Mapping[Hashable, Sequence[Hashable]], occurring: Collection[Hashable]
    ) -> "Hierarchy":
        """Read the groups above each value, the finest first, as many for each value.

        Raises
        ------
        ParameterError
            If it is no such mapping, a value that occurs is missing, values have different numbers of groups, or a
            group lies in two.
        """
        if not isinstance(given, Mapping) or any(isinstance(groups, str) for groups in given.values()):
            raise ParameterError(
                f"expected the hierarchy of column {column!r} to map each value to a list of the groups above it, as "
                f"{{'Lyon': ['Rhône', 'France']}}, got {given!r:.80}"
            )
        missing = [value for value in occurring if value not in given]
        if missing:
            raise ParameterError(
                f"expected the hierarchy of column {column!r} to hold all its values, {missing[:5]} are missing. Add a "
                "line for each"
            )
        depths = {len(given[value]) for value in occurring}
        if len(depths) > 1:
            raise ParameterError(
                f"expected the hierarchy of column {column!r} to name as many groups for each value, got "
                f"{sorted(depths)}"
            )
        depth = depths.pop() if depths else 0
        above = {value: [str(group) for group in given[value]] for value in occurring}
        # Groups are numbered as they come from the top, so that the order of the given lines decides, not the alphabet.
        order = {value: rank for rank, value in enumerate(value for value in given if value in above)}
        first: dict[tuple[int, str], int] = {}
        for value in sorted(above, key=order.__getitem__):
            for level in range(depth):
                first.setdefault((level, above[value][level]), order[value])
        ranked = sorted(above, key=lambda v: [*(first[i, above[v][i]] for i in reversed(range(depth))), order[v]])
        labels = [tuple(str(value) for value in ranked)]
        labels += [tuple(above[value][level] for value in ranked) for level in range(depth)]
        if len(set(labels[-1])) > 1:
            labels.append(("*",) * len(ranked))
        tree = np.stack([_runs(level) for level in labels]) if ranked else np.zeros((1, 0), np.intp)
        for finer, coarser in itertools.pairwise(labels[1:]):
            parents = pd.Series(coarser).groupby(list(finer)).nunique()
            if (parents > 1).any():
                raise ParameterError(
                    f"expected each group in the hierarchy of column {column!r} to lie in one group above it; "
                    f"{parents.idxmax()!r} lies in several"
                )
        return cls(values=tuple(ranked), tree=tree, labels=tuple(labels))

    def smallest(self, first: int, last: int) -> str:
        """Return the name of the smallest group that holds all values from one code to another."""
        level = int(np.argmax(self.tree[:, first] == self.tree[:, last]))
        return self.labels[level][first]


def _runs(labels: Sequence[str]) -> Ints:
    """Number the labels as they come; those of one group stand side by side."""
    return np.asarray(pd.factorize(np.array(labels, object))[0], np.intp)
