"""Find the classes of a table: under the setting that was asked for, or under the one that does best for the models."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from sklearn.base import clone

from reticent.coding.codes import Axis, Floats, Ints
from reticent.coding.columns import open_frame, positions
from reticent.defenses.data.anonymize.bundles import Bundle
from reticent.defenses.data.anonymize.choice import CANDIDATES, Setting, Trial, choose
from reticent.defenses.data.anonymize.classify import Classes, classify, suppressing
from reticent.defenses.data.anonymize.guarantees import Rules
from reticent.defenses.data.anonymize.guidance import guide, rows_of
from reticent.defenses.data.anonymize.release import representing
from reticent.defenses.data.anonymize.writing import values_of, write
from reticent.errors import ParameterError


@dataclass(frozen=True, kw_only=True, eq=False)
class Work:
    """A table as codes, and what its classes have to satisfy.

    Parameters
    ----------
    codes : ndarray of shape (n, n_bundles)
    bundles : tuple of Bundle
    k : int
    weights, people, counts : ndarray of shape (n,), optional
        These and ``others``, ``reach`` as :func:`~reticent.defenses.data.anonymize.partition.grow` takes them.
    rules : Rules
    others : ndarray of shape (m, n_bundles), optional
    suppression : float
    reach : int, optional
    """

    codes: Ints
    bundles: tuple[Bundle, ...]
    k: int
    weights: Floats | None
    people: Ints | None
    counts: Ints | None
    rules: Rules
    others: Ints | None
    suppression: float
    reach: int | None

    @property
    def axes(self) -> tuple[Axis, ...]:
        """What the codes mean."""
        return tuple(one.axis for one in self.bundles)

    @property
    def is_plain(self) -> bool:
        """Whether rows and k are all that is to be counted, so that any technique will do."""
        return self.people is None and self.others is None and not len(self.rules.table) and not self.suppression

    def take(self, rows: Ints) -> "Work":
        """Return the same task on some rows."""
        return replace(
            self,
            codes=self.codes[rows],
            weights=None if self.weights is None else self.weights[rows],
            people=None if self.people is None else np.unique(self.people[rows], return_inverse=True)[1],
            counts=None if self.counts is None else self.counts[rows],
            rules=replace(self.rules, codes=self.rules.codes[rows]),
        )

    def classes(self, setting: Setting, follow: Floats | None) -> Classes:
        """Return the classes under a setting; ``follow`` is the guidance, shape (n, C)."""
        if setting.technique != "guided":
            return classify(setting.technique, self.codes, self.axes, self.k, self.counts)
        how: dict[str, Any] = {"labels": follow, "weights": self.weights, "detail": setting.detail}
        how["counts"] = self.counts
        if self.suppression:
            return suppressing(self.suppression, self.codes, self.axes, self.k, rules=self.rules, **how)
        how |= {"people": self.people, "others": self.others, "reach": self.reach}
        return classify("guided", self.codes, self.axes, self.k, rules=self.rules, **how)


def settle(
    work: Work, where: Sequence[int], models: Sequence[Any], X: Any, y: Any, *, detail: float | None, seed: int
) -> tuple[Setting, tuple[Trial, ...], Classes]:
    """Return the setting that serves the models, the trials that chose it, and the classes of the table under it.

    Parameters
    ----------
    where : sequence of q int
        Positions of the quasi-identifiers in ``X``.
    detail : float, optional
        Where it is given nothing is chosen.
    """
    if y is None:
        raise ParameterError("expected y, the labels or amounts that the model is trained on, beside model=; got none")
    known, y = _known(X, models), np.asarray(y)
    setting, trials = Setting(), tuple[Trial, ...]()
    if detail is not None:
        setting = Setting(detail=detail)
    else:
        candidates = [one for one in CANDIDATES if work.is_plain or one.technique == "guided"]

        def released(setting: Setting, rows: Ints, follow: Floats | None) -> Any:
            part = work.take(rows)
            found = part.classes(setting, follow)
            return _only(_released(part, found, setting.technique, rows_of(X, rows), where), known)

        setting, trials = choose(
            released, models, _only(X, known), y, candidates=candidates, people=work.people, seed=seed
        )
    follow = None
    if setting.technique == "guided" and setting.guidance != "none":
        # Soft answers come from copies trained on this table, out-of-fold ones from copies that did not see the row.
        fitted = models
        if setting.guidance == "soft":
            fitted = [clone(model).fit(_only(X, known), y) for model in models]
        follow = guide(setting.guidance, fitted, _only(X, known), y, people=work.people, seed=seed)
    return setting, trials, work.classes(setting, follow)


def _released(work: Work, found: Classes, technique: str, X: Any, where: Sequence[int]) -> Any:
    """Return a table as it would be released in these classes."""
    table = open_frame(X)
    opened = X if table is None else table
    chosen = representing(technique)(found.rows, found.classes, work.axes, found.counts)
    values = values_of(opened, where, work.bundles, found, chosen)
    return write(opened, values, found.classes[found.of])


def _known(X: Any, models: Sequence[Any]) -> list[Any] | None:
    """Return the columns that fitted models were trained on, None for all."""
    table = open_frame(X)
    names = next((list(model.feature_names_in_) for model in models if hasattr(model, "feature_names_in_")), None)
    if table is None or names is None:
        return None
    positions(table, names)  # refuses those that the table does not have
    return names


def _only(X: Any, names: Sequence[Any] | None) -> Any:
    table = open_frame(X)
    return X if names is None or table is None else table.select(list(names)).to_native()
