"""suggest: a table -> a Suggestion: which columns single people out, alone and together, and which tell of others.

What an attacker knows does not stand in a table. This looks at the data alone, counts everything on all rows, and says
who would be singled out if a column were known. Which columns are known is for people to decide.

>>> import pandas as pd
>>> table = pd.DataFrame({"age": [30, 30, 40, 40], "town": list("ABAA"), "ill": [0, 1, 0, 1]})
>>> suggest_quasi_identifiers(table, label="ill").share("age", "town")
0.5
"""

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import narwhals as nw

from reticent import _validate
from reticent.attacks.result import versions
from reticent.coding.classes import open_table
from reticent.coding.columns import Table, positions, read
from reticent.coding.roles import Role, role_of, sounds_known
from reticent.coding.traits import Trait, trait_of, traits_of
from reticent.errors import ParameterError, TableError
from reticent.stats import proxies
from reticent.stats.proxies import Proxy
from reticent.stats.together import Sets, Together
from reticent.stats.uniqueness import Crowd, Ints, anonymity
from reticent.views import page, page_suggest, report_suggest

TARGETS = (0.5, 0.95)


@dataclass(frozen=True, kw_only=True)
class Known:
    """One column, or several that say the same, if it were all that is known.

    Attributes
    ----------
    columns, title, kind
        What it is; :class:`reticent.coding.traits.Trait` tells more.
    values
        How many different values occur; missing is one.
    alone, share
        People whose value nobody else has, and their share.
    sharing
        How many people share a value, as a mean over rows: the anonymity set.
    bits
        What the value tells, of the log2(people) bits that single out anybody.
    gain
        Share of people singled out by it in addition, as a mean over sets of others; None where it was not put
        together with others.
    role, reason
        A guess from the data, or as declared.
    hint
        Whether its name sounds like something that others often know. A hint, and no more.
    """

    columns: tuple[Hashable, ...]
    title: str
    kind: str
    values: int
    alone: int
    share: float
    sharing: float
    bits: float
    gain: float | None
    role: Role
    reason: str
    hint: bool


@dataclass(frozen=True, eq=False, kw_only=True)
class Suggestion:
    """Which columns single people out. All shares are counted on this table, not estimated.

    Attributes
    ----------
    rows, people
        How many.
    known
        Each column alone, those that add most first.
    together
        The best sets of each size.
    complete
        The size up to which these are the best of all sets; beyond it, of those that grew from the best smaller ones.
    growth
        Columns added one by one to the best set, until nobody new is found; and the same with those columns only
        whose names sound known (``growth_by_hint``).
    everything
        All columns but the identifiers: what somebody with another copy of the table knows.
    proxies
        What each column tells of the sensitive ones.
    not_tested
        What was left out, and why.
    traits, whose
        What :meth:`share` counts with: every trait, and whose row it is (None where each row is a person).
    """

    rows: int
    people: int
    known: tuple[Known, ...]
    together: tuple[Together, ...]
    complete: int
    growth: tuple[Together, ...]
    growth_by_hint: tuple[Together, ...]
    everything: Together
    proxies: tuple[Proxy, ...]
    not_tested: tuple[str, ...]
    seed: int
    traits: tuple[Trait, ...]
    whose: Ints | None

    @property
    def candidates(self) -> tuple[Hashable, ...]:
        """The columns that were put together, those that add most first: by the data alone, or as declared known."""
        return tuple(name for one in self.known if one.gain is not None for name in one.columns)

    @property
    def hinted(self) -> tuple[Hashable, ...]:
        """Those of the candidates whose names sound like something that others often know."""
        return tuple(name for one in self.known if one.gain is not None and one.hint for name in one.columns)

    def share(self, *columns: Hashable) -> float:
        """Return the share of people whom these columns single out; of several that say the same, any stands for all.

        Raises
        ------
        ParameterError
            If one is no column that was looked at.
        """
        of = {name: trait for trait in self.traits for name in trait.columns}
        if unknown := [name for name in columns if name not in of]:
            raise ParameterError(f"expected columns among {list(of)}, got {unknown}")
        crowd = Crowd.of(self.rows, self.whose)
        for trait in {id(of[name]): of[name] for name in columns}.values():
            crowd = crowd.know(trait.codes, trait.size)
        return crowd.n_found / self.people

    def smallest(self, share: float) -> Together | None:
        """Return the smallest set found that singles out this share of people; None where none was found."""
        reached = [one for one in (*self.together, *self.growth) if one.share >= share]
        return min(reached, key=lambda one: (len(one.titles), -one.alone), default=None)

    def to_dict(self) -> dict[str, Any]:
        """Return plain values for JSON: counts and names of columns, no values of people."""
        result = {
            "schema": "reticent/suggestion/1",
            "rows": self.rows,
            "people": self.people,
            "known": [{**vars(one), "columns": [str(name) for name in one.columns]} for one in self.known],
            "together": [one.to_dict() for one in self.together],
            "complete": self.complete,
            "growth": [one.to_dict() for one in self.growth],
            "growth_by_hint": [one.to_dict() for one in self.growth_by_hint],
            "everything": self.everything.to_dict(),
            "smallest": [
                {"target": target, "set": None if (found := self.smallest(target)) is None else found.to_dict()}
                for target in TARGETS
            ],
            "candidates": [str(name) for name in self.candidates],
            "hinted": [str(name) for name in self.hinted],
            "proxies": [one.to_dict() for one in self.proxies],
            "not_tested": list(self.not_tested),
            "seed": self.seed,
            "versions": versions(),
        }
        return {**result, "sentence": report_suggest.sentence(result)}

    def to_html(self, path: str | Path) -> Path:
        """Write the suggestion as one self-contained page; return its path."""
        return page.write(path, page_suggest.document(self.to_dict()))

    def plot(self, ax: Any = None) -> Any:
        """Draw columns known against people singled out with matplotlib; return the axes."""
        return report_suggest.plot(self.to_dict(), ax=ax)

    def _repr_html_(self) -> str:
        return page_suggest.fragment(self.to_dict())

    def __str__(self) -> str:
        return report_suggest.words(self.to_dict())


def suggest_quasi_identifiers(
    table: Any,
    *,
    sensitive: Sequence[Hashable] = (),
    label: Hashable | None = None,
    person: Hashable | None = None,
    identifiers: Sequence[Hashable] = (),
    known: Sequence[Hashable] | None = None,
    max_together: int = 3,
    seed: int = 0,
) -> Suggestion:
    """Look which columns single people out, alone and together, and which tell of the sensitive ones.

    Parameters
    ----------
    table : pandas or polars frame, pyarrow table, or array of shape (n, n_columns)
        One row for each person, or several with ``person``. Missing values are values of their own.
    sensitive
        Columns that nobody should learn. They are counted alone, are not put together with others, and their proxies
        are looked for. A column that others know too (sex, origin) belongs to ``known`` rather than here.
    label
        What a model predicts: not put together with others either.
    person
        Whose row it is; people, not rows, are counted.
    identifiers
        Columns that name a person. Others that look like it are said to.
    known
        Columns that others may know: only these are put together. By default all that the data do not speak against.
    max_together
        Up to this size all sets are counted where that takes seconds; beyond it, columns are added one by one.
    seed
        Draws the fifths in which proxies are tested, and the people where there are more than 50,000.

    Raises
    ------
    ParameterError
        If a column is not in the table, or has two roles.
    TableError
        If there are fewer than two people, or no columns.
    """
    _validate.at_least(1, max_together=max_together)
    opened = open_table(table)
    declared = _declared(
        opened,
        {
            "sensitive": sensitive,
            "label": [] if label is None else [label],
            "person": [] if person is None else [person],
            "identifier": identifiers,
            "known": known or [],
        },
    )
    whose = trait_of(read(opened, declared["person"][0])).codes if declared["person"] else None
    people = len(opened) if whose is None else int(whose.max(initial=-1)) + 1
    if people < 2:
        raise TableError(f"expected a table of two or more people, got {people}")
    traits, roles = _with_roles(opened, declared)
    if not traits:
        raise TableError("expected a table with columns other than the person's")
    single = [Crowd.of(len(opened), whose).alone_with(one.codes, one.size) for one in traits]
    guessed = [
        (role, "as declared") if role else role_of(one, number, people)
        for one, role, number in zip(traits, roles, single, strict=True)
    ]
    pool = [k for k, (role, _) in enumerate(guessed) if role == ("candidate" if known is None else "known")]
    sets = Sets.count([(traits[k].title, traits[k].codes, traits[k].size) for k in pool], max_together, whose)
    gain = dict(zip(pool, sets.gains, strict=True))
    each = []
    for k, (one, number, (role, reason)) in enumerate(zip(traits, single, guessed, strict=True)):
        sharing, bits = anonymity(one.codes, one.size, whose)
        each.append(
            Known(
                columns=one.columns,
                title=one.title,
                kind=one.kind,
                values=one.size,
                alone=number,
                share=number / people,
                sharing=sharing,
                bits=bits,
                gain=gain.get(k),
                role=role,
                reason=reason,
                hint=sounds_known(one),
            )
        )
    hinted = [place for place, k in enumerate(pool) if each[k].hint]
    informative = [one for one, k in zip(traits, each, strict=True) if k.role not in ("identifier", "constant")]
    asked = [one for one, k in zip(traits, each, strict=True) if k.role == "sensitive"]
    told, reasons = _proxies(informative, asked, whose, seed)
    return Suggestion(
        rows=len(opened),
        people=people,
        known=tuple(sorted(each, key=lambda one: (one.gain is None, -(one.gain or 0.0), -one.share, -one.bits))),
        together=sets.best(),
        complete=sets.complete,
        growth=sets.grown(range(len(pool))),
        growth_by_hint=sets.grown(hinted) if known is None and 1 < len(hinted) < len(pool) else (),
        everything=Sets.count([(one.title, one.codes, one.size) for one in informative], 0, whose).whole(),
        proxies=told,
        not_tested=reasons,
        seed=seed,
        traits=tuple(traits),
        whose=whose,
    )


def _declared(table: Table, roles: Mapping[str, Sequence[Hashable]]) -> dict[str, list[int]]:
    """Return the positions of the columns with each declared role."""
    declared = {role: positions(table, columns) for role, columns in roles.items()}
    everyone = [j for where in declared.values() for j in where]
    if twice := sorted({j for j in everyone if everyone.count(j) > 1}):
        names = ", ".join(str(_names(table)[j]) for j in twice)
        raise ParameterError(f"expected one role for each column, got several for {names}; leave one out")
    return declared


def _with_roles(table: Table, declared: Mapping[str, Sequence[int]]) -> tuple[list[Trait], list[Role | None]]:
    """Return the traits of all columns but the person's, each with its declared role; a trait has one role."""
    roles: list[Role | None] = [None, "sensitive", "label", "identifier", "known"]
    taken = [j for where in declared.values() for j in where]
    found: list[tuple[Trait, Role | None]] = []
    for role in roles:
        where = positions(table, None, taken) if role is None else declared[role]
        found += [(trait, role) for trait in traits_of(table, where)]
    names = _names(table)
    found.sort(key=lambda pair: names.index(pair[0].columns[0]))
    return [trait for trait, _ in found], [role for _, role in found]


def _names(table: Table) -> list[Hashable]:
    return list(table.columns) if isinstance(table, nw.DataFrame) else list(range(table.shape[1]))


def _proxies(
    traits: Sequence[Trait], sensitive: Sequence[Trait], whose: Ints | None, seed: int
) -> tuple[tuple[Proxy, ...], tuple[str, ...]]:
    """Return what traits tell of the sensitive ones, most first, and why some could not be tested."""
    found: list[Proxy] = []
    reasons = [] if sensitive else ["Proxies were not looked for: no column is declared sensitive"]
    coded = {one.title: (one.codes, one.size, one.n_placed) for one in traits}
    for one in sensitive:
        others = {title: other for title, other in coded.items() if title != one.title}
        level = 1 - 0.05 / len(sensitive)
        try:
            found += proxies.ask(one.title, coded[one.title], others, whose, seed=seed, level=level)
        except TableError as error:
            reasons.append(f"Proxies of {one.title} were not looked for: {error}")
    return tuple(found), tuple(reasons)
