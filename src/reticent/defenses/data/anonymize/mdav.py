"""MDAV microaggregation: gather the k rows nearest to the outermost row, again and again.

Maximum distance to average vector (Domingo-Ferrer and Mateo-Sanz, TKDE 2002; generic form by Domingo-Ferrer and Torra,
DMKD 2005): while at least 3 k rows are left, the row farthest from their center and the row farthest from that one each
gather the k rows nearest to them; what is left becomes one or two classes. Distances are mixed: squared differences of
numbers scaled to [0, 1], and 0 or 1 for categories and for what is missing. The center is the mean, or the most
frequent category.

Equal rows stay together, so that a class may hold more than k. Each class costs a pass over all that is left: time
grows with n² q / k, n counting distinct rows.

>>> import numpy as np
>>> ages = Axis(places=np.array([30.0, 31.0, 33.0, 60.0, 61.0]), ordered=True)
>>> codes = np.array([[0], [1], [2], [3], [4]])
>>> mdav(codes, [ages], k=2).route(codes)
array([1, 1, 1, 0, 0])
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from reticent.coding.codes import Axis, Cells, Floats, Ints, add, distinct


@dataclass(frozen=True, kw_only=True, eq=False)
class Points:
    """Rows as what distances are measured between; one line per column.

    Parameters
    ----------
    numbers : ndarray of shape (q_ordered, n)
        Scaled to [0, 1]; NaN for what has no place.
    kinds : ndarray of shape (q_kinds, n)
        Codes of categories; in a column of numbers of which some are missing 0, or which missing value it is.
    """

    numbers: Floats
    kinds: Ints

    @classmethod
    def of(cls, codes: Ints, axes: Sequence[Axis]) -> "Points":
        """Place rows of codes, shape (n, q); -1, a code that was never seen, is like no other."""
        numbers, kinds = [np.empty((0, len(codes)))], [np.empty((0, len(codes)), np.intp)]
        for axis, code in zip(axes, codes.T, strict=True):
            if axis.ordered:
                numbers.append(np.where(code < 0, np.nan, axis.scaled[code])[None])
            if axis.n_placed < len(axis.places):
                kinds.append(np.where((code >= 0) & (code < axis.n_placed), 0, code)[None])
        return cls(numbers=np.concatenate(numbers), kinds=np.concatenate(kinds))

    def take(self, rows: Ints) -> "Points":
        """Keep some rows, by their numbers."""
        return Points(numbers=self.numbers[:, rows], kinds=self.kinds[:, rows])

    def away(self, point: "Points") -> Floats:
        """Return the mixed distance of each row to one point, shape (n,)."""
        total = np.zeros(self.numbers.shape[1])
        for number, here in zip(self.numbers, point.numbers[:, 0], strict=True):
            gap = (number - here) ** 2
            gap[np.isnan(gap)] = 0.0  # what is missing counts as a kind
            total += gap
        for kind, own in zip(self.kinds, point.kinds[:, 0], strict=True):
            total += kind != own
        return total

    def centers(self, classes: Ints, weight: Floats) -> "Points":
        """Return the center of each class, weighted; classes are counted from 0, shape (n,)."""
        n_classes = int(classes.max()) + 1
        numbers, kinds = np.empty((len(self.numbers), n_classes)), np.empty((len(self.kinds), n_classes), np.intp)
        for j, number in enumerate(self.numbers):
            sums = add(classes, np.nan_to_num(number) * weight, n_classes)
            held = add(classes, np.where(np.isnan(number), 0.0, weight), n_classes)
            numbers[j] = np.where(held > 0, sums / np.maximum(held, 1.0), np.nan)
        for j, kind in enumerate(self.kinds):
            cells = Cells.find(classes, kind, n_classes, int(kind.max()) + 1)
            # Of several writes to one place numpy keeps the last: here the heaviest and, of those, the lowest code.
            order = np.lexsort((-cells.code, add(cells.of, weight), cells.node))
            kinds[j, cells.node[order]] = cells.code[order]
        return Points(numbers=numbers, kinds=kinds)


class Middle:
    """The center of rows that become fewer: what they add up to, so that nothing is added up twice."""

    def __init__(self, points: Points, weight: Floats) -> None:
        self._sums, self._held = np.zeros((2, len(points.numbers)))
        self._counts = [np.zeros(int(kind.max()) + 1) for kind in points.kinds]
        self._change(points, weight)

    def without(self, points: Points, weight: Floats) -> None:
        """Leave rows out."""
        self._change(points, -weight)

    def point(self) -> Points:
        """Return where it is now."""
        numbers = np.where(self._held > 0, self._sums / np.maximum(self._held, 1.0), np.nan)
        kinds = np.array([count.argmax() for count in self._counts], np.intp)
        return Points(numbers=numbers[:, None], kinds=kinds[:, None])

    def _change(self, points: Points, weight: Floats) -> None:
        self._sums += np.nan_to_num(points.numbers) @ weight
        self._held += ~np.isnan(points.numbers) @ weight
        for count, kind in zip(self._counts, points.kinds, strict=True):
            np.add.at(count, kind, weight)


@dataclass(frozen=True, kw_only=True, eq=False)
class Clusters:
    """Rows and the class of each; other rows go to the class with the nearest center.

    Parameters
    ----------
    axes : tuple of q Axis
        The columns, in the order of the codes.
    codes : ndarray of shape (n, q)
        The distinct rows.
    classes : ndarray of shape (n,)
        The class of each, counted from 0.
    centers : Points
        The center of each class.
    """

    axes: tuple[Axis, ...]
    codes: Ints
    classes: Ints
    centers: Points

    @property
    def n_classes(self) -> int:
        """The number of clusters."""
        return int(self.classes.max()) + 1

    def route(self, codes: Ints) -> Ints:
        """Return the class of each row of ``codes``, shape (n, q) -> (n,); a code of -1 was never seen."""
        both = np.concatenate([self.codes, codes])
        first, of = distinct(both + 1, [len(axis.places) + 1 for axis in self.axes])
        classes = np.full(len(first), -1)
        classes[of[: len(self.codes)]] = self.classes
        new = np.flatnonzero(classes < 0)
        points = Points.of(both[first[new]], self.axes)
        nearest, closest = np.zeros(len(new), np.intp), np.full(len(new), np.inf)
        for c in range(self.n_classes if len(new) else 0):
            away = points.away(self.centers.take(np.array([c])))
            nearer = away < closest
            nearest[nearer], closest[nearer] = c, away[nearer]
        classes[new] = nearest
        return classes[of[len(self.codes) :]]


def mdav(codes: Ints, axes: Sequence[Axis], k: int, weights: Floats | None = None) -> Clusters:
    """Return classes of at least ``k`` rows, or one class of all where they are fewer than 2 k.

    Parameters
    ----------
    codes : ndarray of shape (n, q)
        Codes from 0, one column per axis.
    axes : sequence of q Axis
        What the codes mean.
    k : int
        Rows in each class.
    weights : ndarray of shape (n,), optional
        How many rows each row stands for, whole numbers; one by default.
    """
    first, of = distinct(codes, [len(axis.places) for axis in axes])
    codes, weight = codes[first], add(of, weights)
    every = Points.of(codes, axes)
    classes = np.full(len(codes), -1)
    left, points, middle = np.arange(len(codes)), every, Middle(every, weight)  # who has no class yet
    outermost = None
    while weight[left].sum() >= 2 * k:
        start = int(points.away(middle.point() if outermost is None else outermost).argmax())
        around = points.take(np.array([start]))
        away = points.away(around)
        near = np.argpartition(away, k)[: k + 1] if len(away) > k else np.arange(len(away))
        near = near[np.lexsort((near, away[near]))]
        near = near[: int(np.searchsorted(np.cumsum(weight[left[near]]), k)) + 1]
        is_left = np.ones(len(left), bool)
        is_left[near] = False
        if weight[left[is_left]].sum() < k:
            break  # only where rows are heavy: too few would be left for a class of their own
        classes[left[near]] = classes.max() + 1
        middle.without(points.take(near), weight[left[near]])
        left, points = left[is_left], points.take(np.flatnonzero(is_left))
        outermost = around if outermost is None else None  # every other class begins opposite to the one before
    classes[left] = classes.max() + 1
    return Clusters(axes=tuple(axes), codes=codes, classes=classes, centers=every.centers(classes, weight))
