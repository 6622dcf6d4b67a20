"""Does it need this model at all? Simpler ones on the kept columns, judged by the same test on the same rows."""

import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from sklearn.base import is_regressor
from sklearn.compose import ColumnTransformer
from sklearn.dummy import DummyClassifier, DummyRegressor
from sklearn.exceptions import ConvergenceWarning
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

from reticent import _seeds
from reticent.backends.estimators import seeded
from reticent.necessity.jury import Jury
from reticent.necessity.sides import Sides
from reticent.necessity.trials import FARTHEST, Floats, Ints
from reticent.stats.estimate import Estimate
from reticent.stats.noninferiority import in_sequence
from reticent.target.table import numbers

_FAR = 1e30  # what is farther, or infinite, no tree here takes
_CATEGORIES = 30  # columns of a category in a linear model; rarer values are one


@dataclass(frozen=True, kw_only=True)
class Simpler:
    """A simpler model.

    Attributes
    ----------
    name
        "constant", "one rule", "shallow tree" or "linear model".
    columns
        Those that it uses.
    loss
        Against the model on all columns.
    shown
        Whether it is shown to lose less than the margin. They are asked in the order of their loss on open rows, until
        the first that is not.
    """

    name: str
    columns: tuple[str, ...]
    loss: Estimate
    shown: bool

    def to_dict(self) -> dict[str, Any]:
        """Return plain values."""
        return {**vars(self), "columns": list(self.columns), "loss": self.loss.to_dict()}


def than(jury: Jury, kept: Sequence[str]) -> tuple[Simpler, ...]:
    """Return the simpler models, the simplest first."""
    trials = jury.trials
    x, y = np.clip(numbers(trials.table, kept), -_FAR, _FAR), trials.table.labels()
    if trials.classes is None:
        y = y.astype(np.float64) / trials.spread
    words = [j for j, name in enumerate(kept) if not trials.column(name).is_number]
    models = _models(words, len(kept), trials.classes is not None)
    seed = _seeds.integer(trials.seed, "simpler")
    tasks = ((model, x, y, jury.sides, seed) for model in models.values())
    answers = list(jury.bench.spread(_asked, tasks))
    order = np.argsort([open_wrong for open_wrong, _, _ in answers], kind="stable")
    told = [jury.loss(wrong) for _, wrong, _ in answers]
    shown = set(order[: in_sequence([told[k] for k in order], jury.margin)].tolist())
    return tuple(
        Simpler(name=name, columns=tuple(kept[j] for j in used), loss=told[k], shown=k in shown)
        for k, (name, (_, _, used)) in enumerate(zip(models, answers, strict=True))
    )


def _models(words: Sequence[int], width: int, classes: bool) -> dict[str, Any]:
    tree = DecisionTreeClassifier if classes else DecisionTreeRegressor
    plain = [j for j in range(width) if j not in set(words)]
    coded = make_pipeline(
        SimpleImputer(strategy="constant", fill_value=-1),
        OneHotEncoder(handle_unknown="infrequent_if_exist", max_categories=_CATEGORIES),
    )
    scaled = make_pipeline(SimpleImputer(strategy="median", keep_empty_features=True), StandardScaler())
    linear = LogisticRegression(max_iter=1000) if classes else Ridge()
    return {
        "constant": DummyClassifier() if classes else DummyRegressor(strategy="median"),
        "one rule": tree(max_depth=1),
        "shallow tree": tree(max_depth=3, min_samples_leaf=5),
        "linear model": make_pipeline(
            ColumnTransformer([("words", coded, list(words)), ("plain", scaled, plain)]), linear
        ),
    }


def _asked(model: Any, x: Floats, y: Any, sides: Sides, seed: int) -> tuple[float, Floats, tuple[int, ...]]:
    """Return how wrong a model is on the open rows, on the sealed ones one by one, and which columns it uses."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)  # a model that nobody has asked for need not be the best
        fresh = seeded(model, seed).fit(x[sides.open], y[sides.open])

    def wrong(rows: Ints) -> Floats:
        said = fresh.predict(x[rows])
        if is_regressor(fresh):
            return np.asarray(np.minimum(np.abs(said - y[rows]), FARTHEST))
        return np.asarray(said != y[rows], np.float64)

    used: tuple[int, ...] = tuple(range(x.shape[1])) if isinstance(fresh, Pipeline) else ()
    if hasattr(fresh, "tree_"):
        used = tuple(np.unique(fresh.tree_.feature[fresh.tree_.feature >= 0]).tolist())
    return float(wrong(sides.open).mean()), wrong(sides.sealed), used
