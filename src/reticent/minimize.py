"""minimize: a model and a table -> a Minimization: what to ask of a person, and how often the answer stays the same.

A minimizer is fitted to the model on one part of the rows, and stops by another part, which chose nothing. All that is
reported was counted on that part: how much detail is not asked for, how often the answer stays the same, also for the
smallest groups, and what becomes of the accuracy. The agreements of the trade-off each have a minimizer of their own.

>>> from reticent import datasets
>>> from sklearn.linear_model import LogisticRegression
>>> table = datasets.load("breast-cancer").table[["mean radius", "mean texture", "mean smoothness", "diagnosis"]]
>>> model = LogisticRegression(max_iter=5_000).fit(table.drop(columns="diagnosis"), table["diagnosis"])
>>> found = minimize(model, table, label="diagnosis", agreement=0.95, others=())
>>> found.agreement.n, found.agreement.low >= 0.95
(285, True)
"""

import time
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import narwhals as nw
import numpy as np
import numpy.typing as npt

from reticent import _progress, _validate
from reticent.attacks.result import versions
from reticent.backends.sklearn import SklearnModel
from reticent.coding.classes import open_table
from reticent.coding.codebook import people_of
from reticent.coding.columns import Column, Table, positions, read
from reticent.coding.kinds import kinds
from reticent.defenses.data.minimize import Minimizer
from reticent.defenses.data.minimize.as_defense import Labels, around
from reticent.defenses.data.minimize.asked import agree
from reticent.errors import ModelError, ParameterError, TableError
from reticent.stats import kept
from reticent.stats.estimate import Estimate
from reticent.stats.kept import Accuracy, Group
from reticent.target.model import Model
from reticent.views import page, page_minimize, report_minimize

OTHERS = (0.90, 0.95, 0.98, 0.99)

Array = npt.NDArray[Any]


@dataclass(frozen=True, kw_only=True)
class Point:
    """One agreement of the trade-off, with what it leaves unasked; ``reason`` says why it could not be had."""

    asked: float
    ncp: float | None = None
    agreement: Estimate | None = None
    not_needed: int = 0
    reason: str = ""

    def to_dict(self) -> dict[str, Any]:
        """Return plain values."""
        agreement = None if self.agreement is None else self.agreement.to_dict()
        return {**vars(self), "agreement": agreement}


@dataclass(frozen=True, eq=False, kw_only=True)
class Minimization:
    """What came of minimizing a model's questions.

    Attributes
    ----------
    minimizer
        The fitted :class:`~reticent.defenses.Minimizer`.
    columns, other_columns
        What the model is given, and what else the table holds.
    by_answer, by_group
        How often the answer stays the same among the people of each answer, and of each value of the column ``groups``.
    accuracy
        Before and after, where a label was named.
    others
        What other agreements leave unasked.
    """

    minimizer: Minimizer
    native: Any = field(repr=False)
    name: str
    columns: tuple[Hashable, ...]
    other_columns: tuple[Hashable, ...]
    rows: int
    people: int
    person: Hashable | None
    label: Hashable | None
    groups: Hashable | None
    by_answer: tuple[Group, ...]
    by_group: tuple[Group, ...]
    accuracy: Accuracy | None
    others: tuple[Point, ...]
    seed: int = 0
    seconds: dict[str, float] = field(default_factory=dict)

    @property
    def agreement(self) -> Estimate:
        """The share of rows that chose nothing whose answer stays the same, with its one-sided lower bound."""
        found: Estimate = self.minimizer.agreement_
        return found

    @property
    def ncp(self) -> float:
        """The share of detail that is not asked for, 0 to 1, on the rows that chose nothing."""
        return float(self.minimizer.ncp_)

    @property
    def needs(self) -> tuple[Any, ...]:
        """What is needed of each column."""
        return tuple(self.minimizer.needs_)

    @property
    def form(self) -> Any:
        """What to ask of a person, in plain words and in order. It shows values of the table: keep it in the house."""
        return self.minimizer.collection_form()

    @property
    def model(self) -> Any:
        """The model behind the minimizer: a drop-in that takes rows as the model did, to save, load and call."""
        return around(self.native, self.minimizer)

    def minimized(self, table: Any) -> Any:
        """Return a table as the model needs it: other columns stay as they are; the same kind as it came."""
        return self.minimizer.place(table)

    @property
    def sentence(self) -> str:
        """What came of it, in a sentence that claims no more than was measured."""
        return report_minimize.sentence(self.to_dict())

    def to_dict(self, *, external: bool = False) -> dict[str, Any]:
        """Return plain values for JSON; with ``external`` no value and no group of people of the table is in it."""
        needs = [_plain(need) for need in self.needs]
        result = {
            "schema": "reticent/minimization/1",
            "external": external,
            "name": self.name,
            "rows": self.rows,
            "people": self.people,
            "person": None if self.person is None else str(self.person),
            "label": None if self.label is None else str(self.label),
            "columns": [str(name) for name in self.columns],
            "other_columns": [str(name) for name in self.other_columns],
            "asked": float(self.minimizer.agreement),
            "tolerance": self.minimizer.tolerance_,
            "agreement": self.agreement.to_dict(),
            "judged": self.minimizer.n_judged_,
            "independent": float(self.minimizer.n_independent_),
            "ncp": self.ncp,
            "needs": [{**need, "pieces": []} for need in needs] if external else needs,
            "form": None if external else self.form.to_dict(),
            "groups": None if self.groups is None else str(self.groups),
            "by_answer": _groups(self.by_answer, "answer", external),
            "by_group": _groups(self.by_group, "group", external),
            "accuracy": None if self.accuracy is None else self.accuracy.to_dict(),
            "others": [point.to_dict() for point in self.others],
            "seed": self.seed,
            "versions": versions(),
            "timings": self.seconds,
        }
        result["not_tested"] = report_minimize.not_tested(result)
        return {**result, "sentence": report_minimize.sentence(result)}

    def to_html(self, path: str | Path, *, external: bool = False) -> Path:
        """Write the report as one self-contained page; return its path."""
        return page.write(path, page_minimize.document(self.to_dict(external=external)))

    def __str__(self) -> str:
        return report_minimize.words(self.to_dict())

    def _repr_html_(self) -> str:
        return page_minimize.fragment(self.to_dict())


def minimize(
    model: Any,
    table: Any,
    *,
    label: Hashable | None = None,
    columns: Sequence[Hashable] | None = None,
    agreement: float = 0.98,
    tolerance: float | None = None,
    person: Hashable | None = None,
    groups: Hashable | None = None,
    others: Sequence[float] = OTHERS,
    name: str | None = None,
    seed: int = 0,
) -> Minimization:
    """Find out how little of each person a model's answer needs.

    Parameters
    ----------
    model
        A fitted classifier or regressor, a whole pipeline, or any function that gives an answer for each row. It is
        asked, and never trained again.
    table
        People like those of whom the questions will be asked: a pandas or polars frame or an Arrow table, with the
        columns that the model takes as it takes them. No label is needed.
    label
        The column that the model predicts, where it is there: it chooses nothing, and shows whether answers are right.
    columns
        What the model is given; by default the columns that it was fitted on or, where it does not remember any, all
        but ``label``, ``person`` and ``groups``.
    agreement
        The share of answers that has to stay the same, which a lower confidence bound on rows that chose nothing has to
        reach.
    tolerance
        By how much two amounts may differ and count as the same; by default a tenth of the answers' standard deviation.
    person
        The column that says whose row it is, where a person has several.
    groups
        A column, among the model's or not, by whose values agreement is told too.
    others
        Other agreements, for the trade-off.
    name
        What the report calls the model.
    seed
        Same seed, same numbers.

    Raises
    ------
    ParameterError
        If an agreement cannot be shown with so few people, with the best that can; for arguments out of range.
    TableError, ModelError
        If a column is not there, or the model takes others.
    """
    for one in (agreement, *others):
        _validate.probability(agreement=one)
    opened = _opened(table)
    known: list[Hashable] = list(opened.columns if isinstance(opened, nw.DataFrame) else range(opened.shape[1]))
    beside = {"label": label, "person": person, "groups": groups}
    for role, column in beside.items():
        if column is not None:
            _check_column(known, column, role)
    taken, answers = _taken(model, known, columns, beside), _answering(model)
    given = _columns(opened, [*taken, *([] if person is None or person in taken else [person])])
    seconds: dict[str, float] = {}

    def fitted(share: float) -> Minimizer:
        began = time.perf_counter()
        made = Minimizer(answers, share, tolerance=tolerance, person=person, random_state=seed).fit(given)
        seconds[f"{100 * share:.4g} %"] = round(time.perf_counter() - began, 3)
        made.set_params(model=None)
        return made

    minimizer = fitted(agreement)
    judged = opened[minimizer.judged_]
    rows = _columns(judged, taken)
    said, after = np.asarray(answers(rows)), np.asarray(answers(minimizer.place(rows)))
    amounts = minimizer.tolerance_ is not None
    same = agree(said, after, minimizer.tolerance_)
    track = _progress.track(list(others), total=len(others), title="other agreements")
    points = [_point(fitted, one, minimizer) for one in track]
    return Minimization(
        minimizer=minimizer,
        native=model,
        name=name or _named(model),
        columns=tuple(taken),
        other_columns=tuple(one for one in known if one not in (*taken, *beside.values())),
        rows=len(opened),
        people=_count(opened, person),
        person=person,
        label=label,
        groups=groups,
        by_answer=() if amounts else tuple(kept.by_group(kinds(read(said[:, None], 0)), same)),
        by_group=() if groups is None else tuple(kept.by_group(kinds(_column(judged, groups)), same)),
        accuracy=None if label is None else _accuracy(_column(judged, label), said, after, amounts=amounts),
        others=tuple(points),
        seed=seed,
        seconds=seconds,
    )


def _opened(table: Any) -> Table:
    """Open a table; no model takes an Arrow table, so it becomes a pandas frame."""
    opened = open_table(table)
    if isinstance(opened, nw.DataFrame) and opened.implementation.is_pyarrow():
        return nw.from_native(opened.to_pandas(), eager_only=True)
    return opened


def _columns(table: Table, names: Sequence[Hashable]) -> Any:
    """Return some columns as the model takes them."""
    where = positions(table, names)
    return table[:, where].to_native() if isinstance(table, nw.DataFrame) else table[:, where]


def _column(table: Table, name: Hashable) -> Column:
    return read(table, positions(table, [name])[0])


def _check_column(known: Sequence[Hashable], name: Hashable, role: str) -> None:
    if name not in known:
        has = _validate.listed([str(one) for one in known], str(name))
        raise TableError(f"expected the column {name!r} ({role}) in the table; it has {has}. Name an existing column")


def _taken(
    model: Any, known: Sequence[Hashable], columns: Sequence[Hashable] | None, beside: dict[str, Hashable | None]
) -> list[Hashable]:
    """Return the columns that the model is given, in its own order.

    Raises
    ------
    TableError
        For a column that the table does not have.
    ModelError
        If the model takes other columns than the table has or ``columns`` names.
    """
    fitted = _features(model)
    for name in columns or ():
        _check_column(known, name, "columns")
    if fitted is None or not isinstance(known[0], str):  # an array has no names
        return [one for one in known if one not in beside.values()] if columns is None else list(columns)
    if missing := [name for name in fitted if name not in known]:
        raise ModelError(
            f"the model was fitted on columns that the table lacks: {_validate.listed(missing)}. Hand in the raw "
            f"columns that it takes, before any preparation that the model repeats"
        )
    if columns is not None and set(columns) != set(fitted):
        raise ModelError(
            f"expected columns to name what the model was fitted on ({_validate.listed(list(fitted))}), got "
            f"{_validate.listed([str(name) for name in columns])}. Leave them out: the model remembers its columns"
        )
    if beside["label"] in fitted:
        raise ModelError(f"the model takes its own label {beside['label']!r} as a column; name another label")
    return list(fitted)


def _features(model: Any) -> tuple[str, ...] | None:
    return model.features if isinstance(model, Model) else SklearnModel(model).features


def _answering(model: Any) -> Any:
    """Return what gives a model's answers: the model itself, or for a classifier its labels."""
    if isinstance(model, Model):
        return Labels(model)
    if hasattr(model, "classes_") and np.ndim(model.classes_) == 1:
        return Labels(SklearnModel(model))
    if not (hasattr(model, "predict") or callable(model)):
        raise ModelError(
            f"expected a fitted model with predict, or a function that answers for rows, got {type(model).__name__}"
        )
    return model.predict if hasattr(model, "predict") else model


def _named(model: Any) -> str:
    if isinstance(model, Model):
        return str(model.describe()["class"])
    return getattr(model, "__name__", type(model).__name__)


def _count(table: Table, person: Hashable | None) -> int:
    if person is None:
        return len(table)
    return int(people_of(table, positions(table, [person])[0]).max(initial=-1)) + 1


def _point(fitted: Callable[[float], Minimizer], asked: float, minimizer: Minimizer) -> Point:
    """Return one agreement of the trade-off; the minimizer at hand need not be fitted again."""
    try:
        found = minimizer if asked == minimizer.agreement else fitted(asked)
    except (TableError, ParameterError) as error:
        return Point(asked=asked, reason=str(error))
    unneeded = sum(need.kind == "not needed" for need in found.needs_)
    return Point(asked=asked, ncp=float(found.ncp_), agreement=found.agreement_, not_needed=unneeded)


def _accuracy(label: Column, said: Array, after: Array, *, amounts: bool) -> Accuracy:
    """Return whether answers are right before and after, on the rows whose label is known."""
    known = label.of >= 0
    return kept.accuracy(label.different[label.of[known]], said[known], after[known], amounts=amounts)


def _groups(groups: Sequence[Group], kind: str, external: bool) -> list[dict[str, Any]]:
    if external and kind == "group":
        return []  # the values of a column stand in their names
    said = [group.to_dict() for group in groups]
    return [{**one, "name": f"{kind} {i}"} for i, one in enumerate(said, 1)] if external else said


def _plain(need: Any) -> dict[str, Any]:
    """Return what is needed of a column, in plain values."""
    shares = {name: float(getattr(need, name)) for name in ("not_asked", "in_pieces", "raw", "ncp")}
    return {"column": str(need.column), "kind": need.kind, "pieces": [str(one) for one in need.pieces], **shares}
