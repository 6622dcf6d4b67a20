"""What the benchmarks of anonymization share: tables, models trained on what is released, k and NCP counted apart.

Nothing here is taken from the code that is measured: classes are found by a group-by of the released table that keeps
missing values, and the loss of detail is read off the original values in each of them.
"""

import os
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd
from harness import peer
from sklearn.ensemble import RandomForestClassifier
from sklearn.exceptions import ConvergenceWarning
from sklearn.neural_network import MLPClassifier
from sklearn.tree import DecisionTreeClassifier

QUASI = {
    "adult": [
        *("age", "workclass", "education-num", "marital-status", "occupation", "relationship", "race", "sex"),
        *("hours-per-week", "native-country"),
    ],
    "nursery": ["parents", "has_nurs", "form", "children", "housing", "finance", "social", "health"],
}
ARX = ["sex", "age", "race", "marital-status", "education", "native-country", "workclass", "occupation"]
Learner = DecisionTreeClassifier | RandomForestClassifier | MLPClassifier


@dataclass(frozen=True)
class Sample:
    """A table of features with the label of each row as 0..C-1, and the columns that an attacker may know."""

    name: str
    frame: pd.DataFrame
    label: npt.NDArray[np.intp]
    quasi: Sequence[str]


def raw_adult(*parts: str) -> pd.DataFrame:
    """Return the complete rows of parts of Adult, in ``RETICENT_DATA``, with all columns."""
    folder = Path(os.environ["RETICENT_DATA"]) / "adult"
    frame = pd.concat([pd.read_parquet(folder / f"{part}.parquet") for part in parts], ignore_index=True)
    return frame[(frame != "?").all(axis=1)].reset_index(drop=True)


def sample(name: str) -> Sample:
    """Return Adult, 45,222 complete rows of 12 features, or Nursery, 12,960 rows of 8 features."""
    if name == "adult":
        frame = raw_adult("train", "test").drop(columns=["fnlwgt", "education"])  # education-num says the same
        label = frame.pop("income")
    else:
        frame = pd.read_parquet(Path(os.environ["RETICENT_DATA"]) / "nursery" / "nursery.parquet")
        label = frame.pop("class")
    return Sample(name, frame, np.unique(label, return_inverse=True)[1], QUASI[name])


def encoder(frame: pd.DataFrame) -> Callable[[pd.DataFrame], npt.NDArray[np.float32]]:
    """Return the one encoding of all tables like this one: categories one-hot, numbers over their spread in it."""
    kinds = {name: np.unique(column) for name, column in frame.items() if column.dtype.kind not in "iuf"}
    numbers = [name for name in frame if name not in kinds]
    center, spread = frame[numbers].mean().to_numpy(), frame[numbers].std().to_numpy()

    def encode(table: pd.DataFrame) -> npt.NDArray[np.float32]:
        hot = [table[name].to_numpy()[:, None] == values for name, values in kinds.items()]
        return np.hstack([(table[numbers].to_numpy(float) - center) / spread, *hot]).astype(np.float32)

    return encode


def learners(seed: int) -> dict[str, Learner]:
    """Return the three models that are trained anew on each released table."""
    return {
        "DT": DecisionTreeClassifier(min_samples_leaf=20, random_state=seed),
        "RF": RandomForestClassifier(30, random_state=seed),
        "NN": MLPClassifier((32,), max_iter=20, batch_size=128, random_state=seed),
    }


def accuracies(
    x: npt.NDArray[np.float32],
    y: npt.NDArray[np.intp],
    tests: dict[str, npt.NDArray[np.float32]],
    truth: npt.NDArray[np.intp],
    seed: int,
) -> dict[str, dict[str, float]]:
    """Train each learner on one table and return its accuracy on each form of the test rows: {test: {learner: ...}}."""
    found: dict[str, dict[str, float]] = {name: {} for name in tests}
    for learner, model in learners(seed).items():
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ConvergenceWarning)  # the network trains for a fixed time
            model.fit(x, y)
        for name, test in tests.items():
            found[name][learner] = float((model.predict(test) == truth).mean())
    return found


def classes(released: pd.DataFrame, quasi: Sequence[str]) -> npt.NDArray[np.intp]:
    """Return the class of each released row, shape (n,), by a group-by in which missing values count."""
    numbers: npt.NDArray[np.intp] = released.groupby(list(quasi), dropna=False).ngroup().to_numpy()
    return numbers


def ncp(original: pd.DataFrame, of: npt.NDArray[np.intp], quasi: Sequence[str]) -> float:
    """Return the normalized certainty penalty of the tight box of the original values in each class.

    A number counts the range of its class over the whole range; a category the share of all categories that occur in
    its class, and nothing where only one does. Mean over rows and columns.
    """
    total, size = 0.0, np.bincount(of)
    for name in quasi:
        column = original[name]
        groups = column.groupby(of)
        if column.dtype.kind in "iuf":
            wide = (groups.max() - groups.min()).to_numpy() / (column.max() - column.min())
        else:
            found = groups.nunique().to_numpy()
            wide = found * (found > 1) / column.nunique()
        total += float(wide @ size)
    return total / (len(original) * len(quasi))


def nearest(rows: pd.DataFrame, released: pd.DataFrame, quasi: Sequence[str]) -> pd.DataFrame:
    """Return the rows with their quasi-identifiers replaced by those of the nearest released combination.

    Distance: the sum over columns of the difference over the range for numbers, and of 1 for another category.
    """
    offers = released[list(quasi)].drop_duplicates()
    distance = np.zeros((len(rows), len(offers)), np.float32)
    for name in quasi:
        here, there = rows[name].to_numpy()[:, None], offers[name].to_numpy()[None, :]
        if rows[name].dtype.kind in "iuf":
            spread = float(max(here.max(), there.max()) - min(here.min(), there.min()))
            distance += np.abs(here - there).astype(np.float32) / spread
        else:
            distance += here != there
    mapped = rows.copy()
    mapped[list(quasi)] = offers.iloc[distance.argmin(axis=1)].to_numpy()
    return mapped.astype(rows.dtypes.to_dict())


def toolkit(
    train: pd.DataFrame,
    quasi: Sequence[str],
    hard: npt.NDArray[np.intp],
    ks: Sequence[int],
    *modes: str,
    repeats: int = 1,
) -> tuple[dict[tuple[str, int], pd.DataFrame], dict[str, float]]:
    """Return the tables of IBM's toolkit by mode and k, and its CPU seconds and peak memory. Categories go as codes."""
    kinds = {name: np.unique(train[name]) for name in train if train[name].dtype.kind not in "iuf"}
    values = [np.searchsorted(kinds[name], train[name]) if name in kinds else train[name] for name in train]
    found = peer(
        "ibm_anonymize",
        *modes,
        environment=".venv-ibm",
        values=np.column_stack(values).astype(float),
        categorical=np.array([name in kinds for name in train]),
        quasi=np.array([name in quasi for name in train]),
        labels=hard,
        ks=np.array(ks),
        repeats=repeats,
    )
    made = {}
    for mode in modes:
        for k in ks:
            back = pd.DataFrame(found.pop(f"{mode}_{k}"), columns=train.columns)
            for name, values_of in kinds.items():
                back[name] = values_of[back[name].astype(int)]
            made[mode, k] = back.astype(train.dtypes.to_dict())
    return made, {name: float(value) for name, value in found.items()}
