"""Scores of private classifiers: ours, a memory for those of the peers, and how they are compared.

A peer has several settings; the one with the best mean over the splits, on their test rows, stands for it. Its users
could not pick like that without paying.
"""

import json
import time
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from dp_sets import DELTA, EPSILONS, DpSet, split
from scipy import stats
from sklearn.metrics import roc_auc_score

from reticent.accounting.gaussian import mu_of
from reticent.defenses import DPClassifier
from reticent.mechanisms.curator import Curator
from reticent.mechanisms.noise import OperatingSystem

Key = tuple[str, float, str, str]  # set, epsilon, who, setting
Table = dict[Key, dict[int, "Score"]]  # the scores by split


@dataclass(frozen=True)
class Score:
    """How one fit did on the test rows of a split."""

    data: str
    split: int
    epsilon: float
    who: str
    setting: str
    accuracy: float
    auc: float
    seconds: float


def remembered(name: str) -> list[Score]:
    """Return all that was kept by a benchmark."""
    if not _memory(name).exists():
        return []
    return [Score(**json.loads(line)) for line in _memory(name).read_text(encoding="utf-8").splitlines()]


def remember(name: str, scores: Iterable[Score]) -> None:
    """Keep scores on disk, one a line."""
    _memory(name).parent.mkdir(exist_ok=True)
    with _memory(name).open("a", encoding="utf-8") as kept:
        kept.writelines(json.dumps(asdict(score)) + "\n" for score in scores)


def ours(data: DpSet, seed: int, epsilon: float, *, who: str = "ours", at: float | None = None) -> tuple[Score, Any]:
    """Return the score of our estimator on a split, and the fitted estimator.

    Bounds and domains are those of the codebook; nothing else is said. ``at`` is what the estimator is told, where that
    is not the epsilon under which the score is listed. More than two classes have no AUC.
    """
    train, test = split(data, seed)
    told = at or epsilon
    known = {"bounds": data.bounds, "domains": data.domains, "classes": data.classes}
    model = DPClassifier(min(told, 30.0), DELTA, **known)  # it promises nothing larger
    began = time.process_time()
    if told > 30.0:
        model._fit(train.rows, train.label, Curator(mu=mu_of(told, DELTA), noise=OperatingSystem()))
    else:
        model.fit(train.rows, train.label)
    seconds = time.process_time() - began
    right, auc = float(np.mean(model.predict(test.rows) == test.label)), np.nan
    if len(data.classes) == 2:
        chance = model.predict_proba(test.rows)[:, model.classes_.tolist().index(data.positive)]
        auc = float(roc_auc_score(test.label == data.positive, chance))
    return Score(data.name, seed, epsilon, who, model.method_, right, auc, seconds), model


def majority(data: DpSet, seed: int) -> list[Score]:
    """Return the scores of the most frequent class."""
    train, test = split(data, seed)
    labels, counts = np.unique(train.label, return_counts=True)
    right = float(np.mean(test.label == labels[np.argmax(counts)]))
    return [Score(data.name, seed, epsilon, "majority", "", right, 0.5, 0.0) for epsilon in EPSILONS]


def interval(points: np.ndarray) -> tuple[float, float]:
    """Return the mean and half the width of its 95 % t interval, shape (splits,) in."""
    if len(points) < 2:
        return float(np.mean(points)), np.inf
    half = stats.t.ppf(0.975, len(points) - 1) * np.std(points, ddof=1) / np.sqrt(len(points))
    return float(np.mean(points)), float(half)


def tabled(scores: list[Score]) -> Table:
    """Return scores by set, epsilon, who and setting; ours is one whatever method it chose."""
    table: Table = defaultdict(dict)
    for score in scores:
        setting = "" if score.who.startswith("ours") else score.setting
        table[score.data, score.epsilon, score.who, setting][score.split] = score
    return table


def best(table: Table, name: str, epsilon: float, who: str, what: str) -> tuple[str, float]:
    """Return the setting of a peer with the best mean, and the mean."""
    means = {
        key[3]: float(np.mean([getattr(score, what) for score in of.values()]))
        for key, of in table.items()
        if key[:3] == (name, epsilon, who)
    }
    return max(means.items(), key=lambda setting: setting[1])


def paired(table: Table, one: Key, other: Key, what: str) -> np.ndarray:
    """Return one minus the other in points, on the splits that both have."""
    a, b = table[one], table[other]
    return 100 * np.array([getattr(a[seed], what) - getattr(b[seed], what) for seed in sorted(a.keys() & b.keys())])


def _memory(name: str) -> Path:
    return Path(__file__).parent / ".cache" / f"{name}.jsonl"
