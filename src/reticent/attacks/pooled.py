"""What a forest would say of each row, with and without it: the votes of few trees on few halves, pooled.

A tree that drew a row, one of the same half that did not draw it, and one of another half are all trees of some forest
that learned, or did not learn, from the row. What is kept of them are sums over trees, so that memory does not grow
with their number.

>>> import numpy as np
>>> rng = np.random.default_rng(0)
>>> seen = rng.random((8, 10, 400)) < 0.3
>>> votes = np.where(seen, 1, rng.random((8, 10, 400)) < rng.random(400))
>>> sums = sum(powers(half, own) for half, own in zip(votes, seen))
>>> found = moments_of(sums, trees=100, unseen=np.full(400, 0.4))  # 0.6 of the trees know a row that is in training
>>> float(np.abs(found.mean_in - found.mean_out - 0.6 * (1 - found.mean_out)).max().round(3))
0.0
"""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy import special

from reticent.attacks.leaves import Leaves
from reticent.attacks.moments import Moments

Array = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]

_LIKE_TREES, _LIKE_HALVES = 20, 16  # how many trees, or halves, the pool's common variance counts for
_FLOOR = 1 / 12  # variance that comes of counting in whole votes
_SMOOTHED = 0.6  # how far a row's mean moves from the votes of its trees to those of its leaves
_ROUNDS = 3
_KINDS = 4  # sizes of units: 1, 2, 3 or 4, 5 to 8, more
_OF_ROWS = ("mean_in", "var_in", "mean_out", "var_out", "halves_in", "halves_out", "follows")
# Where the halves move a row's score more than its own membership does, a high score speaks of its neighbors, and of
# theirs: taken for evidence of the row, it would come back to each of them as an echo of itself.
_SHARED = 6


@dataclass(frozen=True, eq=False, kw_only=True)
class ForestMoments(Moments):
    """Moments of a forest's score, sharpened by what the same forest says of each row's neighbors.

    Attributes
    ----------
    halves_in, halves_out
        The part of each variance that is due to who else is in training, shapes (n,).
    follows
        How far the mean of a forest with the row follows that of a forest without it, shape (n,).
    leaves
        Who decides about whom; None to take each row by itself.
    told, everyone
        What a row's neighbors say of it where all are equally likely members, and how many they are, shapes (n,).
    slope, explained
        By how much a row's score moves with its neighbors', and the share of ``halves_out`` that they explain.
    """

    halves_in: Array
    halves_out: Array
    follows: Array
    leaves: Leaves | None = None
    told: Array | float = 0.0
    everyone: Array | float = 0.0
    slope: float = 0.0
    explained: float = 0.0

    def log_ratio(self, signal: Array) -> Array:
        """Return the log likelihood ratio of having been in training: (..., n) -> (..., n)."""
        signals = np.reshape(signal, (-1, np.shape(signal)[-1]))
        return np.reshape([self._of_one(row) for row in signals], np.shape(signal))

    def _of_one(self, signal: Array) -> Array:
        ratio = super().log_ratio(signal)
        if self.leaves is None or not self.explained:
            return ratio
        gain = (self.mean_in - self.mean_out) ** 2
        own = gain / (gain + _SHARED * self.halves_out)
        for _ in range(_ROUNDS):
            member = special.expit(own * ratio)
            agreeing, found = self.leaves.neighbors(np.array([member, 4 * member * (1 - member)]))
            shift = self.slope * shifted(agreeing[0], found[0], self.told)
            known = self.explained * (1 - (found[1] + 0.5) / (self.everyone + 0.5))
            ratio = self.moved(shift, known).log_ratio(signal)
        return ratio

    def moved(self, shift: Array, known: Array) -> Moments:
        """Return the moments once neighbors shift a row's mean and a share of its variance is known."""
        return Moments(
            mean_in=np.clip(self.mean_in + self.follows * shift, 0, 1),
            var_in=self.var_in - known * self.halves_in,
            mean_out=np.clip(self.mean_out + shift, 0, 1),
            var_out=self.var_out - known * self.halves_out,
        )


def shifted(agreeing: Array, found: Array, told: Array | float) -> Array:
    """Return by how much neighbors of this weight move what is said of a row, shape (n,)."""
    return np.asarray((agreeing + 0.5 * told) / (found + 0.5) - told)  # half a neighbor is as all others are


def powers(votes: npt.NDArray[Any], seen: Mask) -> Array:
    """Return what has to be summed over halves, shape (16, n).

    Six numbers for the trees of one half that never saw a row, six for those that did: how many, the sum and the sum
    of squares of their votes, square of the sum by number, square of the number, whether there are any. Four for the
    difference between the two: its weight, and the sums of its powers 1, 2 and 0.

    Parameters
    ----------
    votes, seen
        The vote of each tree of a half for each row's true class, and whether it saw the row, shapes (T, n).
    """
    sides = []
    for chosen in (~seen, seen):
        count = chosen.sum(axis=0, dtype=np.float64)
        total = np.where(chosen, votes, 0).sum(axis=0, dtype=np.float64)
        squares = (np.where(chosen, votes, 0).astype(np.float64) ** 2).sum(axis=0)
        sides.append([count, total, squares, total**2 / np.maximum(count, 1), count**2, count > 0])
    (n_out, out, *_), (n_in, inside, *_) = sides
    weight = n_out * n_in / np.maximum(n_out + n_in, 1)
    gain = inside / np.maximum(n_in, 1) - out / np.maximum(n_out, 1)
    return np.array([*sides[0], *sides[1], weight, weight * gain, weight * gain**2, weight > 0], dtype=np.float64)


def moments_of(sums: Array, *, trees: int, unseen: Array) -> ForestMoments:
    """Return the moments of the score of a forest of so many trees, from :func:`powers` summed over halves.

    Parameters
    ----------
    sums
        Shape (16, n).
    trees
        How many trees the target has.
    unseen
        Shape (n,): the share of a forest's trees that do not see a row although the forest learned from it.
    """
    count, total = sums[0], sums[1]
    mean = total / count
    like = mean * (1 - mean) + 1e-3  # a share varies most when it is near one half
    tree_out, half_out = _components(sums[:6], like)
    tree_in, half_in = _components(sums[6:12], like)
    error = half_out * sums[4] / count**2 + tree_out / count
    gain, gain_error = _gain(sums, mean, like, tree_in, half_in)
    follows = (1 - unseen) * np.sqrt(half_in.sum() / half_out.sum()) + unseen
    floor = _FLOOR / trees**2
    both = (1 - unseen) * tree_in + unseen * tree_out + unseen * (1 - unseen) * gain**2
    return ForestMoments(
        mean_in=np.clip(mean + (1 - unseen) * gain, 0, 1),
        var_in=follows**2 * (half_out + error) + (1 - unseen) ** 2 * gain_error + both / trees + floor,
        mean_out=mean,
        var_out=half_out + error + tree_out / trees + floor,
        halves_in=follows**2 * half_out,
        halves_out=half_out,
        follows=follows,
    )


def by_size(sums: Array, alike: npt.NDArray[np.intp], *, trees: int, unseen: float) -> ForestMoments:
    """Return :func:`moments_of` rows by the size of their units, shape (n,).

    A tree that drew another row of a unit counts as one that saw all of it, and gains less from it than a tree that
    drew the row itself: drawn to one gain for all, a row's score would tell the size of its unit.
    """
    kinds = np.minimum(np.ceil(np.log2(alike)), _KINDS).astype(int)
    found = {name: np.empty(len(alike)) for name in _OF_ROWS}
    for kind in np.unique(kinds):
        rows = kinds == kind
        part = moments_of(sums[:, rows], trees=trees, unseen=np.power(unseen, alike[rows], dtype=np.float64))
        for name, whole in found.items():
            whole[rows] = getattr(part, name)
    return ForestMoments(**found)  # type: ignore[arg-type]  # these names are those of arrays alone


def _components(side: Array, like: Array) -> tuple[Array, Array]:
    """Return the variance among trees of one half and that among halves, each shrunk to the pool's, shapes (n,)."""
    count, total, squares, by_half, count_squares, halves = side
    within, freedom = np.maximum(squares - by_half, 0), np.maximum(count - halves, 0)
    common = within.sum() / max(float((freedom * like).sum()), 1e-12)
    tree = (within + _LIKE_TREES * common * like) / (freedom + _LIKE_TREES)
    among = by_half - total**2 / np.maximum(count, 1) - np.maximum(halves - 1, 0) * tree
    raw = among / np.maximum(count - count_squares / np.maximum(count, 1), 1)
    common = max(float(raw.sum() / like.sum()), 1e-6) * like
    noise = tree * np.maximum(halves - 1, 1) / np.maximum(count - count_squares / np.maximum(count, 1), 1)
    prior = _LIKE_HALVES * (1 + noise / common) ** 2  # few trees a half drown what halves differ in
    return tree, np.maximum((halves * raw + prior * common) / (halves + prior), 0.1 * common)


def _gain(sums: Array, mean: Array, like: Array, tree_in: Array, half_in: Array) -> tuple[Array, Array]:
    """Return how much surer a tree is of a row that it saw, and the variance of that estimate, shapes (n,).

    Two estimates are joined by their precision: over all halves, good where trees know their rows by heart, and within
    each half, good where trees of one half resemble each other. Both are drawn to the gain that rows of such a mean
    have: a share of what is missing to certainty.
    """
    count, total, _, _, count_squares, _ = sums[6:12]
    weight, first, second, pairs = sums[12:]
    spread = max(float((second - first**2 / np.maximum(weight, 1e-12)).sum()), 0.0)
    pair_variance = spread / max(float((np.maximum(pairs - 1, 0) * like).sum()), 1e-12) * like + 1e-6
    known = np.maximum(count, 1)
    over_halves = half_in * np.maximum(count_squares, 1) / known**2 + tree_in / known
    precise = np.array([(count > 0) / over_halves, weight / pair_variance])
    gains = np.array([total / known - mean, first / np.maximum(weight, 1e-12)])
    precision = precise.sum(axis=0)
    raw = (precise * gains).sum(axis=0) / np.maximum(precision, 1e-12)
    missing = 1 - mean
    share = float((precision * raw * missing).sum() / max(float((precision * missing**2).sum()), 1e-12))
    usual = share * missing
    strayed = float((precision * (raw - usual) ** 2 - 1).sum() / max(float((precision * like).sum()), 1e-12))
    prior = 1 / (max(strayed, 0) * like + 1e-6)
    return (precision * raw + prior * usual) / (precision + prior), 1 / (precision + prior)


def with_neighbors(
    found: ForestMoments, leaves: Leaves, halves: list[tuple[Array, Array]], membership: Mask, kept: int
) -> ForestMoments:
    """Return the moments with who decides about whom, and with how much of what halves differ in it explains.

    It is measured on the first halves, whose own trees take no part: how far what known neighbors say goes along with
    what the half's trees say of the rows that it does not hold.

    Parameters
    ----------
    halves
        For each of the first halves (how many trees of the others never saw a row, the sum of their votes), shape
        (2, n), and the same for its own.
    membership
        Which rows each half holds, shape (halves, n).
    kept
        How many of the trees in ``leaves`` belong to each half.
    """
    n, ones = membership.shape[1], np.ones(membership.shape[1])
    inside = membership[: len(halves)].astype(np.float64)
    (all_agreeing, *agreeing), (everyone, *present) = leaves.neighbors(np.vstack([ones, inside]))
    told = (all_agreeing + 0.5 * found.mean_out) / (everyone + 0.5)
    along = moves = strays = 0.0
    for half, (others, own) in enumerate(halves):
        (same, same_in), (every, every_in) = leaves.neighbors(
            np.array([ones, inside[half]]), slice(half * kept, (half + 1) * kept)
        )
        usual = others[1] / others[0]
        without = (all_agreeing - same + 0.5 * usual) / (everyone - every + 0.5)
        rows = ~membership[half]
        move = shifted(agreeing[half] - same_in, present[half] - every_in, without)[rows]
        stray = (own[1] / np.maximum(own[0], 1) - usual)[rows]
        along, moves, strays = along + move @ stray, moves + move @ move, strays + found.halves_out[rows].sum()
    slope, explained = min(along / max(moves, 1e-12), 1.5), min(along**2 / max(moves * strays, 1e-12), 0.95)
    if slope <= 0:
        return found
    calm = found.moved(_SMOOTHED * (told - found.mean_out), np.zeros(n))
    return replace(
        found,
        mean_in=calm.mean_in,
        mean_out=calm.mean_out,
        leaves=leaves,
        told=told,
        everyone=everyone,
        slope=float(slope),
        explained=float(explained),
    )
