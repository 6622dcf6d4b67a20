"""Models of one recipe on fewer columns or fewer rows, and what they answer where the others answer too.

>>> import pandas as pd
>>> from sklearn.tree import DecisionTreeClassifier
>>> people = pd.DataFrame({"age": [20, 30, 40, 50] * 5, "town": [1, 2] * 10, "ill": [0, 0, 1, 1] * 5})
>>> recipe = sklearn.CloneRecipe(DecisionTreeClassifier(), ("age", "town"))
>>> trials = Trials(table=FrameTable(people, "ill"), features=("age", "town"), recipe=recipe, classes=np.arange(2))
>>> rows = np.arange(20)
>>> [answer(trials, Trial(rows, rows, columns)).wrong.mean().item() for columns in (("age",), ("town",))]
[0.0, 0.5]
"""

from dataclasses import dataclass, field, replace
from typing import Any

import narwhals as nw
import numpy as np
import numpy.typing as npt

from reticent import _seeds
from reticent.backends import sklearn
from reticent.backends.estimators import seeded
from reticent.coding.classes import open_table
from reticent.coding.columns import Column, read
from reticent.errors import ModelError, RecipeError, TableError
from reticent.target.table import ArrayTable, FrameTable

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.intp]

FARTHEST = 5.0  # times the label's spread: what a regression's error counts at most, so that its losses have a bound

# Rows on which a column's importance is looked at: it chooses candidates, which are then tried.
_SHUFFLED, _SHUFFLED_CELLS = 1_000, 20_000_000


@dataclass(frozen=True, eq=False, kw_only=True)
class Trials:
    """A table, and how models are trained on parts of it.

    Attributes
    ----------
    table, features
        All rows, and the columns that a model may be given.
    recipe
        Trains a model: a recipe of the backends, or a :class:`Regression`.
    classes
        Labels that occur; None where numbers are predicted.
    spread
        Mean distance of the open rows' label from its median: in its unit errors of a regression are told, which are
        clipped at :data:`FARTHEST`. 1 for classes.
    held
        Whether columns that are left out stay in the table with one value, since the recipe asks for them by name.
    constant
        For each feature a row that holds its commonest value.
    seed
        Every model is trained with it, so that what differs is the columns and rows.
    name
        What the recipe is called.
    """

    table: FrameTable | ArrayTable
    features: tuple[str, ...]
    recipe: Any
    classes: npt.NDArray[Any] | None
    spread: float = 1.0
    held: bool = False
    constant: dict[str, int] = field(default_factory=dict)
    seed: int = 0
    name: str = "model"

    def __len__(self) -> int:
        return len(self.table)

    @property
    def metric(self) -> str:
        """What is lost: accuracy, or for numbers "absolute error"."""
        return "absolute error" if self.classes is None else "accuracy"

    @property
    def bound(self) -> float | None:
        """What the loss of a single row cannot exceed; None where answers are right or wrong."""
        return FARTHEST if self.classes is None else None

    def column(self, name: str) -> Column:
        """Return a column of all rows, for counting."""
        j = self.table.columns.index(name)
        if isinstance(self.table, ArrayTable):
            return read(self.table.x, j)
        return read(open_table(self.table.native), j)


@dataclass(frozen=True, eq=False)
class Trial:
    """A model to be trained on some rows and columns, and asked about others; ``draw`` tells repetitions apart.

    With ``shuffled`` it is asked again for each column while this one's values are shuffled among the rows.
    """

    rows: Ints
    asked: Ints
    columns: tuple[str, ...]
    draw: int = 0
    shuffled: bool = False


@dataclass(frozen=True, eq=False)
class Answer:
    """How far a model is off.

    Attributes
    ----------
    wrong : ndarray of shape (n,)
        1 where the label is not the true one; of a regression the distance, in units of the label's spread, clipped.
    soft : ndarray of shape (n,)
        Squared error of probabilities (or numbers), which moves before a label does: for choosing, not for claims.
    importance
        How much ``soft`` rises in the mean while a column is shuffled.
    """

    wrong: Floats
    soft: Floats
    importance: dict[str, float] = field(default_factory=dict)


def spread(labels: npt.NDArray[Any]) -> float:
    """Return the mean distance of a regression's labels from their median.

    Raises
    ------
    TableError
        If they are no numbers, not finite, or all the same.
    """
    try:
        numbers = labels.astype(np.float64)
    except (TypeError, ValueError) as error:
        raise TableError(f"expected numbers as the label of a regressor, got {labels[:3].tolist()}") from error
    found = float(np.abs(numbers - np.median(numbers)).mean())
    if not (np.isfinite(found) and found > 0):
        raise TableError(
            "expected a label with two or more values, got one that is the same, or not finite, everywhere"
        )
    return found


@dataclass(frozen=True, eq=False)
class Regression:
    """Train a regressor: an unfitted copy on other rows."""

    estimator: Any

    def __call__(self, x: Any, y: npt.NDArray[Any], seed: int) -> Any:
        try:
            return seeded(self.estimator, seed).fit(x, y)
        except Exception as error:  # LightGBM and CatBoost have errors of their own
            raise RecipeError(f"training another {type(self.estimator).__name__} failed: {error}") from error


def answer(trials: Trials, trial: Trial) -> Answer:
    """Train one model and ask it."""
    seed = _seeds.integer(trials.seed, "trial", trial.draw)
    names, table = trial.columns, trials.table
    if trials.held:
        names = trials.features
        for name in set(names) - set(trial.columns):
            table = _with_values(table, name, np.full(len(table), trials.constant[name], np.intp))
    model = _trained(trials, table.take(trial.rows), names, seed)
    asked = table.take(trial.asked)
    wrong, soft = _errors(trials, model, asked, names)
    importance = {}
    if trial.shuffled:
        most = min(_SHUFFLED, _SHUFFLED_CELLS // len(trial.columns) ** 2)
        some = _seeds.generator(trials.seed, "shuffle", trial.draw).permutation(len(trial.asked))[:most]
        drawn = asked.take(some)
        mixed = _shuffled(_given(drawn, names), names, trial.columns)
        truth = np.tile(drawn.labels(), len(trial.columns))
        after = _soft(trials, model, mixed, truth).reshape(len(trial.columns), -1).mean(axis=1)
        importance = dict(zip(trial.columns, (after - soft[some].mean()).tolist(), strict=True))
    return Answer(wrong, soft, importance)


def _shuffled(x: Any, names: tuple[str, ...], columns: tuple[str, ...]) -> Any:
    """Return the rows of ``x`` again for each column, this one's values each taken from the row before.

    The rows stand in a random order; all in one table, since a model is asked many rows at once faster than few often.
    """
    every = np.tile(np.arange(len(x)), (len(columns), 1))

    def moved(k: int) -> Ints:
        rows = every.copy()
        rows[k] = np.roll(rows[k], 1)
        return rows.ravel()

    if isinstance(x, np.ndarray):
        mixed = x[every.ravel()]
        for k, name in enumerate(columns):
            mixed[:, names.index(name)] = x[moved(k), names.index(name)]
        return mixed
    frame = nw.from_native(x, eager_only=True)
    return frame[every.ravel()].with_columns(*(frame[name][moved(k)] for k, name in enumerate(columns))).to_native()


def _trained(trials: Trials, table: FrameTable | ArrayTable, names: tuple[str, ...], seed: int) -> Any:
    if isinstance(trials.recipe, Regression):
        return trials.recipe(_given(table, names), table.labels().astype(np.float64), seed)
    if isinstance(trials.recipe, sklearn.CloneRecipe):
        if isinstance(table, ArrayTable):
            return replace(trials.recipe, features=names)(replace(table, x=_given(table, names)), seed)
        return replace(trials.recipe, features=names)(table, seed)
    if isinstance(table, FrameTable):
        gone = set(trials.features) - set(names)
        table = replace(table, native=table.features([name for name in table.columns if name not in gone]))
    return trials.recipe(table, seed)


def _errors(
    trials: Trials, model: Any, asked: FrameTable | ArrayTable, names: tuple[str, ...]
) -> tuple[Floats, Floats]:
    """Return what an :class:`Answer` says of each row."""
    x, truth = _given(asked, names), asked.labels()
    soft = _soft(trials, model, x, truth)
    if trials.classes is None:
        return np.sqrt(soft), soft
    said = np.asarray(model.classes)[model.labels(x)]
    return (said != truth).astype(np.float64), soft


def _soft(trials: Trials, model: Any, x: Any, truth: npt.NDArray[Any]) -> Floats:
    if trials.classes is None:
        off = (np.asarray(model.predict(x), np.float64).ravel() - truth.astype(np.float64)) / trials.spread
        if not np.isfinite(off).all():
            raise ModelError(f"expected finite predictions, {int((~np.isfinite(off)).sum()):,} are not")
        return np.asarray(np.clip(off, -FARTHEST, FARTHEST) ** 2)
    classes = np.asarray(model.classes)
    scores = model.scores(x) if model.has_scores else np.eye(len(classes))[model.labels(x)]
    true = truth[:, None] == classes[None, :]
    return np.asarray(((scores - true) ** 2).sum(axis=1) + ~true.any(axis=1))  # some rows may lack a class


def _given(table: FrameTable | ArrayTable, names: tuple[str, ...]) -> Any:
    """Return what a model is given: these columns, in the caller's kind."""
    if isinstance(table, ArrayTable):
        return table.x[:, [table.columns.index(name) for name in names]]
    return table.features(names)


def _with_values(table: Any, name: str, rows: Ints) -> Any:
    """Return the table with one column's values taken from other rows."""
    if isinstance(table, ArrayTable):
        x, j = table.x.copy(), table.columns.index(name)
        x[:, j] = x[rows, j]
        return replace(table, x=x)
    column = nw.from_native(table.features([name]), eager_only=True)[rows]
    return table.with_features(column.to_native(), [name])
