"""What each class has to satisfy besides k: how alike its people's secrets may be.

k hides who somebody is; if all k people of a class share one diagnosis, it is told all the same. *l-diversity* asks for
several secrets in each class, *t-closeness* for about the shares that the whole table has, *alpha* bounds the most
frequent one, and *presence* bounds how surely somebody of a known population is in the table at all. All of them hold
for two classes put together where they hold for each, so they can be asked of every cut.

Machanavajjhala et al. 2007 (doi:10.1145/1217299.1217302), Li et al. 2007 (doi:10.1109/ICDE.2007.367856), Wong et al.
2006 (doi:10.1145/1150402.1150499), Nergiz et al. 2007 (doi:10.1145/1247480.1247554).

>>> import numpy as np
>>> ill = Secret(name="ill", codes=np.array([0, 0, 0, 1]), n_codes=2, ordered=False)
>>> Rules.of([ill], l=2, alpha=0.75).table[:, :2].tolist()
[[0.0, 2.0], [3.0, 0.75]]
>>> Rules.of([ill], l=3)
Traceback (most recent call last):
    ...
reticent.errors.ParameterError: expected each class to be able to satisfy l=3, but not even the whole table does: ...
"""

from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from numbers import Integral, Real
from typing import TypeAlias

import numpy as np

from reticent._validate import at_least
from reticent.coding.codes import Floats, Ints, add
from reticent.defenses.data.anonymize import holding
from reticent.errors import ParameterError
from reticent.stats.disclosure import Counts

_ROUNDING = 1e-9


@dataclass(frozen=True)
class Entropy:
    """Entropy l-diversity: the secrets of a class are spread as evenly as ``l`` equally frequent ones, or more so."""

    l: float  # noqa: E741 - the field's name

    def __post_init__(self) -> None:
        at_least(1, l=self.l)


@dataclass(frozen=True)
class Recursive:
    """Recursive (c, l)-diversity: the most frequent secret is rarer than c times all from the l-th on together."""

    c: float
    l: int  # noqa: E741 - the field's name

    def __post_init__(self) -> None:
        _whole("l", self.l, 2)
        at_least(0, c=self.c)


Diversity: TypeAlias = int | Entropy | Recursive


@dataclass(frozen=True, kw_only=True, eq=False)
class Secret:
    """A sensitive column as codes 0..n_codes-1, shape (n,); ``ordered`` where neighbors are alike, as amounts are."""

    name: Hashable
    codes: Ints
    n_codes: int
    ordered: bool


@dataclass(frozen=True, kw_only=True, eq=False)
class Rules:
    """All rules as plain arrays.

    Parameters
    ----------
    table : ndarray of shape (n_rules, 5)
        Kind, two parameters, and the values from and to which it counts.
    base : ndarray of shape (L,)
        How frequent each value of all sensitive columns is in the whole table.
    codes : ndarray of shape (n, n_columns)
        Which of these values each row holds.
    """

    table: Floats
    base: Floats
    codes: Ints

    @classmethod
    def none(cls, n: int) -> "Rules":
        """Return no rule at all, for n rows."""
        return cls(table=np.empty((0, 5)), base=np.empty(0), codes=np.empty((n, 0), np.intp))

    def broken(self, classes: Ints, counts: Ints | None = None) -> bool:
        """Count whether any of the classes, shape (n,), numbered from 0, breaks a rule about sensitive columns."""
        about = [(rule, codes) for rule in self.table for codes in self.codes.T if rule[0] != holding.PRESENCE]
        return any(
            _fails(rule, Counts.of(classes, codes - int(rule[3]), counts=counts))
            for rule, codes in about
            if rule[3] <= codes[0] < rule[4]
        )

    @classmethod
    def of(
        cls,
        secrets: Sequence[Secret],
        *,
        l: Diversity | None = None,  # noqa: E741 - the field's name
        t: float | None = None,
        alpha: float | None = None,
        presence: tuple[float, float] | None = None,
        counts: Ints | None = None,
    ) -> "Rules":
        """Say what each class has to satisfy; ``counts`` says how many rows each row stands for, shape (n,).

        Raises
        ------
        ParameterError
            If a rule needs a sensitive column and none is named, or the whole table does not satisfy it, so that no
            class of it could be sure to.
        """
        asked = {"l": l, "t": t, "alpha": alpha}
        if not secrets and any(one is not None for one in asked.values()):
            named = ", ".join(f"{name}={one}" for name, one in asked.items() if one is not None)
            raise ParameterError(f"expected sensitive columns beside {named}: name what must not be learned of anyone")
        edges = np.concatenate([[0], np.cumsum([one.n_codes for one in secrets], dtype=np.intp)])
        table: list[tuple[float, ...]] = []
        n_rows = [len(one.codes) if counts is None else int(counts.sum()) for one in secrets]
        weights = None if counts is None else counts.astype(float)
        held = [add(one.codes, weights, one.n_codes) for one in secrets]
        base = [one / max(1, n) for one, n in zip(held, n_rows, strict=True)]
        for one, share, start, stop in zip(secrets, base, edges, edges[1:], strict=False):
            if l is not None:
                table.append((*_diversity(one, share, l), start, stop))
            if t is not None:
                if not (isinstance(t, Real) and 0 <= t <= 1):
                    raise ParameterError(f"expected t from 0 (as in the whole table) to 1 (anything goes), got t={t!r}")
                table.append((holding.ALONG if one.ordered else holding.EQUAL, t, 0.0, start, stop))
            if alpha is not None:
                table.append((holding.SHARE, _alpha(one, share, alpha), 0.0, start, stop))
        if presence is not None:
            table.append((holding.PRESENCE, *_presence(presence), 0, 0))
        return cls(
            table=np.array(table, float).reshape(len(table), 5),
            base=np.concatenate([np.empty(0), *base]),
            codes=np.column_stack([one.codes + start for one, start in zip(secrets, edges, strict=False)])
            if secrets
            else np.empty((0, 0), np.intp),
        )


def _fails(rule: Floats, counts: Counts) -> bool:
    """Whether a class does not satisfy a rule about one sensitive column; counted apart from how it was grown."""
    kind, a, b = int(rule[0]), float(rule[1]), int(rule[2])
    if kind == holding.DISTINCT:
        return counts.distinct < a
    if kind == holding.ENTROPY:
        return counts.entropy < a - _ROUNDING
    if kind == holding.RECURSIVE:
        return counts.recursive(b) >= a
    if kind == holding.SHARE:
        return counts.alpha > a + _ROUNDING
    return (counts.closeness() if kind == holding.EQUAL else counts.ordered_closeness()) > a + _ROUNDING


def _diversity(one: Secret, share: Floats, l: Diversity) -> tuple[float, float, float]:  # noqa: E741
    """Return kind and parameters, where the whole table satisfies it: it is the largest class there could be."""
    present = np.sort(share[share > 0])[::-1]
    if isinstance(l, Entropy):
        most = float(np.exp(-(present * np.log(present)).sum()))
        if l.l > most + 1e-12:
            way = f"l=Entropy({np.floor(100 * most) / 100:g})"
            raise _refused(f"l={l}", one, f"is spread as evenly as {most:.3g} equal values", way)
        return holding.ENTROPY, l.l, 0.0
    if isinstance(l, Recursive):
        tail = float(present[l.l - 1 :].sum())
        if present[0] >= l.c * tail:
            way = f"l=Recursive(c={1.01 * present[0] / tail:.3g}, l={l.l})" if tail else f"l={len(present)}"
            raise _refused(f"l={l}", one, f"holds its most frequent value in {100 * present[0]:.1f} % of rows", way)
        return holding.RECURSIVE, l.c, float(l.l)
    _whole("l", l, 1)
    if l > len(present):
        raise _refused(f"l={l}", one, f"has {len(present)} different values", f"l={len(present)}")
    return holding.DISTINCT, float(l), 0.0


def _alpha(one: Secret, share: Floats, alpha: float) -> float:
    if not (isinstance(alpha, Real) and 0 < alpha <= 1):
        raise ParameterError(f"expected alpha above 0 and at most 1, got alpha={alpha!r}")
    if share.max() > alpha + 1e-12:
        top = np.ceil(1000 * share.max()) / 1000
        raise _refused(
            f"alpha={alpha}", one, f"holds one value in {100 * share.max():.1f} % of rows", f"alpha={top:g}", "At least"
        )
    return alpha


def _presence(presence: tuple[float, float]) -> tuple[float, float]:
    if isinstance(presence, Sequence) and len(presence) == 2 and all(isinstance(one, Real) for one in presence):
        low, high = presence
        if 0 <= low < high <= 1:
            return float(low), float(high)
    raise ParameterError(f"expected presence=(low, high) with 0 <= low < high <= 1, got presence={presence!r}")


def _whole(name: str, value: object, least: int) -> None:
    if not isinstance(value, Integral) or isinstance(value, bool) or value < least:
        raise ParameterError(f"expected {name} to be a whole number of at least {least}, got {name}={value!r}")


def _refused(asked: str, one: Secret, has: str, works: str, bound: str = "At most") -> ParameterError:
    return ParameterError(
        f"expected each class to be able to satisfy {asked}, but not even the whole table does: {one.name!r} {has}. "
        f"{bound} {works} would work"
    )
