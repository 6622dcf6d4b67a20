"""Choose how a table is anonymized: by retraining on part of it, and asking about rows that were left out.

No guidance and no weight of detail is best on every table, and at some k plain Mondrian is not worse than any of them.
So each setting is tried where it matters: a part of the table is anonymized under it, copies of the user's models are
trained on what would be released, and answer the rows that were left out, raw. The first setting is the one to keep; it
is given up only where another leads it by two standard errors, so that a table on which all are alike is not decided
by luck. The error counts the rows, and how the lead differs from fold to fold (Nadeau and Bengio 2003,
doi:10.1023/A:1024068626366): a few large classes may lie well for a whole part of a table. Settings that have fallen
far behind are not tried any further. Only rows of the table that is to be anonymized take part, so that a test on
other rows confirms the choice instead of repeating it.

>>> from sklearn.tree import DecisionTreeClassifier
>>> X = np.arange(120.0)[:, None]
>>> y = (X[:, 0] % 40 < 20).astype(int)
>>> def halves(setting, rows, guidance):  # one setting keeps the numbers, the other blurs them
...     return X[rows] if setting.technique == "guided" else X[rows] // 60
>>> both = Setting(technique="mondrian"), Setting()
>>> chosen, trials = choose(halves, [DecisionTreeClassifier()], X, y, candidates=both)
>>> str(chosen), [round(trial.score, 2) for trial in trials]
('guided by out-of-fold, detail 0.06', [0.51, 0.94])
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from sklearn.base import is_regressor

from reticent import _validate
from reticent._seeds import integer
from reticent.backends.estimators import seeded
from reticent.coding.codes import Floats, Ints, add
from reticent.defenses.data.anonymize.guidance import KINDS, deal, guide, rows_of
from reticent.errors import ParameterError


@dataclass(frozen=True, kw_only=True)
class Setting:
    """How classes are made: by a technique, and for "guided" by what it follows.

    Parameters
    ----------
    technique : str
        "guided", or the name of a technique that follows nothing but the columns.
    guidance : str
        What is to stay predictable: "soft", "out-of-fold", "labels" or "none".
    detail : float
        What the detail of the values weighs against the guidance.
    """

    technique: str = "guided"
    guidance: str = "out-of-fold"
    detail: float = 0.06

    def __post_init__(self) -> None:
        _validate.one_of(KINDS, guidance=self.guidance)
        _validate.at_least(0, detail=self.detail)

    def __str__(self) -> str:
        if self.technique != "guided":
            return self.technique
        return (
            "guided by detail alone"
            if self.guidance == "none"
            else f"guided by {self.guidance}, detail {self.detail:g}"
        )


@dataclass(frozen=True, kw_only=True)
class Trial:
    """How one setting did on the rows that were left out.

    Parameters
    ----------
    setting : Setting
        What was tried.
    score : float
        Mean over models of the share of right answers, or of the share of variance explained (R²).
    lead : float
        How far it lies ahead of the first setting on the same rows; negative where it lies behind.
    error : float
        Standard error of ``lead``, from the differences of people and of folds; of people alone after one fold.
    leads : tuple of float
        The lead in each fold in which it was tried; not in all of them where it fell far behind.
    """

    setting: Setting
    score: float
    lead: float
    error: float
    leads: tuple[float, ...]

    @property
    def is_clear(self) -> bool:
        """Whether the lead is more than luck."""
        return self.lead > _CLEARLY * self.error


CANDIDATES = (
    Setting(),
    Setting(detail=0.005),
    Setting(detail=0.2),
    Setting(guidance="soft"),
    Setting(guidance="none"),
    Setting(technique="mondrian"),
    Setting(technique="r+tree"),
)

_CLEARLY, _FAR = 2.0, 3.0  # standard errors of a lead


def choose(
    anonymize: Callable[[Setting, Ints, Floats | None], Any],
    models: Sequence[Any],
    X: Any,
    y: Any,
    *,
    candidates: Sequence[Setting] = CANDIDATES,
    n_folds: int = 3,
    people: Ints | None = None,
    seed: int = 0,
) -> tuple[Setting, tuple[Trial, ...]]:
    """Return the setting to take and how each one did, in the order of ``candidates``.

    At most ``n_folds * len(candidates)`` tables are anonymized, and as many copies of each model trained, besides four
    in each fold for soft and out-of-fold guidance.

    Parameters
    ----------
    anonymize : callable
        Takes a setting, the numbers of some rows of ``X`` and the guidance for them, shape (n_rows, C) or None; returns
        those rows as they would be released, in the kind of ``X``. It takes k as it is: on fewer rows the task is a
        little harder than the one that is chosen for.
    models : sequence of classifiers or regressors in scikit-learn's manner
        Whose needs count, all alike. Copies of them are trained; fitted or not makes no difference.
    X : frame or array of n rows
        The table to be anonymized.
    y : array of shape (n,)
        Labels or amounts.
    candidates : sequence of Setting
        What to try; the first is kept unless the lead of another :attr:`~Trial.is_clear`.
    people : ndarray of shape (n,), optional
        Whose row it is, from 0: no person's rows are torn apart, and errors count people.

    Raises
    ------
    ParameterError
        Without models, or where the candidates are none or not all different.
    """
    if not models:
        raise ParameterError("expected at least one model to choose for, got none; without a model take Setting()")
    if not candidates or len(set(candidates)) < len(candidates):
        raise ParameterError(f"expected different candidates, at least one, got {[str(one) for one in candidates]}")
    y = np.asarray(y)
    fold = deal(y, n_folds, seed=seed, people=people)
    spread = float(np.var(y)) or 1.0 if any(map(is_regressor, models)) else 1.0
    points = np.full((len(candidates), len(y)), np.nan)  # per row, mean over models; missing where not tried
    going = list(range(len(candidates)))
    for f in range(n_folds):
        rest, held = np.flatnonzero(fold != f), np.flatnonzero(fold == f)
        train, asked, owner = rows_of(X, rest), rows_of(X, held), None if people is None else people[rest]
        guides = _guides({candidates[c].guidance for c in going}, models, train, y[rest], people=owner, seed=seed)
        for c in going:
            released = anonymize(candidates[c], rest, guides[candidates[c].guidance])
            copies = [seeded(model, integer(seed, "choice")).fit(released, y[rest]) for model in models]
            points[c, held] = np.mean([_points(copy, asked, y[held], spread) for copy in copies], axis=0)
        gone = _far_behind(points, going, fold, people)
        going = [c for c in going if c == 0 or c not in gone]  # the first is what all are measured by
    trials = []
    for setting, row in zip(candidates, points, strict=True):
        lead, error, leads = _lead(row, points[0], fold, people)
        trials.append(Trial(setting=setting, score=float(np.nanmean(row)), lead=lead, error=error, leads=leads))
    clear = [trial for trial in trials if trial.is_clear and len(trial.leads) == n_folds]
    return max(clear, key=lambda trial: trial.lead, default=trials[0]).setting, tuple(trials)


def _guides(
    kinds: set[str], models: Sequence[Any], X: Any, y: Any, *, people: Ints | None, seed: int
) -> dict[str, Floats | None]:
    """Return the guidance of each kind for the rows of a part of the table, made from these rows alone."""
    fitted = [seeded(model, integer(seed, "soft")).fit(X, y) for model in models] if "soft" in kinds else []
    return {kind: guide(kind, fitted if kind == "soft" else models, X, y, seed=seed, people=people) for kind in kinds}


def _points(model: Any, X: Any, y: Any, spread: float) -> Floats:
    """Return one point for each row that the model answers rightly, shape (n,).

    For amounts, the point less the squared error as a share of the variance: the mean is R².
    """
    said = np.asarray(model.predict(X))
    if is_regressor(model):
        return np.asarray(1 - (said.reshape(y.shape) - y) ** 2 / spread, dtype=float)
    return np.asarray(said == y, dtype=float)


def _far_behind(points: Floats, going: Sequence[int], fold: Ints, people: Ints | None) -> list[int]:
    """Return which of the settings trail the leading one by far, on the rows that all of them have answered."""
    leader = max(going, key=lambda c: float(np.nanmean(points[c])))
    leads = {c: _lead(points[c], points[leader], fold, people) for c in going}
    return [c for c, (lead, error, _) in leads.items() if lead < -_FAR * error]


def _lead(one: Floats, other: Floats, fold: Ints, people: Ints | None) -> tuple[float, float, tuple[float, ...]]:
    """Return the mean difference on the rows that both have answered, its standard error, and the mean in each fold."""
    both = ~np.isnan(one) & ~np.isnan(other)
    apart, where = one[both] - other[both], fold[both]
    lead = float(apart.mean())
    leads = tuple(float(apart[where == f].mean()) for f in np.unique(where))
    off = apart - lead if people is None else add(np.unique(people[both], return_inverse=True)[1], apart - lead)
    variance = np.sum(off**2) / both.sum() ** 2
    if len(leads) > 1:  # folds share most of what they were trained on, so their mean varies more than 1 / n tells
        variance += (1 / len(leads) + 1 / fold.max()) * np.var(leads, ddof=1)
    return lead, float(np.sqrt(variance)), leads
