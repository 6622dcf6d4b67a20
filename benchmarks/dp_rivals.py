"""The peers of ``bench_dp_utility.py`` on one split, at all epsilons and with several settings at each.

Opacus gets our features, that is the bins that our estimator bought from the same rows, and the budget that was left
after they were paid. DP-EBM buys bins of its own.
"""

import functools
import time
from dataclasses import dataclass
from typing import Any

import numpy as np
from dp_scores import Score
from dp_sets import DELTA, EPSILONS, DpSet, Part
from harness import peer
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score

from reticent.accounting.adjacency import ADD_REMOVE_ROW
from reticent.accounting.calibrate import calibrate
from reticent.accounting.events import Event, Gaussian, PoissonSampledGaussian
from reticent.accounting.gaussian import mu_of
from reticent.defenses.training.dp.coded import code

# Learning rate, epochs, batch, clipping norm: the best of nine to fifteen on three splits of Adult, picked by Opacus'
# own results on bins that cost nothing.
OPACUS = {epsilon: [(8, 20, 4096, 1), (8, 60, 4096, 1), (4, 60, 4096, 2)] for epsilon in EPSILONS}
OPACUS[0.5] = [(8, 20, 4096, 1), (8, 60, 4096, 1), (4, 60, 4096, 1)]
OPACUS[0.1] = [(2, 10, 1024, 1), (2, 20, 4096, 1), (4, 20, 4096, 1)]
EBM = [(0.01, 300), (0.1, 100), (0.3, 100), (0.3, 300), (1, 100)]  # learning rate, rounds; the first is its default


@dataclass(frozen=True)
class Coded:
    """The features of our estimator at one epsilon, and the share of the budget that their bins took."""

    train: np.ndarray
    test: np.ndarray
    share: float


def coded(model: Any, train: Part, test: Part) -> Coded:
    """Return the features of a fitted estimator of ours, each column as long as a one, as one-hot features are."""
    encoding = model._model.encoding
    long = np.sqrt(len(encoding.blocks))
    rows = (encoding.rows(code(model._open(part.rows, reset=False)[0], model._declared)) for part in (train, test))
    both = ((long * row).astype(np.float32) for row in rows)
    return Coded(*both, sum(row.share for row in model.spending_ if "edges" in row.what))


@functools.cache
def noise_of(epsilon: float, share: float, passes: int, batches: int) -> float:
    """Return the noise multiplier of DP-SGD when ``share`` of the budget went to bins; both are counted together."""
    bins = (Gaussian(1 / (mu_of(epsilon, DELTA) * np.sqrt(share))),) if share > 0 else ()

    def training(noise: float) -> Event:
        steps = PoissonSampledGaussian(noise, 1 / batches, passes * batches)
        return Event("training", (*bins, steps), adjacency=ADD_REMOVE_ROW)

    return calibrate(training, epsilon, DELTA, precision=1e-3)


def opacus(data: DpSet, seed: int, train: Part, test: Part, features: dict[float, Coded]) -> list[Score]:
    """Return the scores of private logistic regressions on our features."""
    names, settings, arrays = [], [], {}
    for number, (epsilon, known) in enumerate(features.items()):
        arrays |= {f"train{number}": known.train, f"test{number}": known.test}
        for rate, epochs, batch, clip in OPACUS[epsilon]:
            batches = -(-len(train.label) // batch)
            noise = noise_of(epsilon, round(known.share, 4), epochs, batches)
            settings.append([number, noise, rate, epochs, batch, clip])
            names.append((epsilon, f"lr {rate}, {epochs} epochs of {batch}, clip {clip}"))
    found = peer(
        "dp_opacus", environment=".venv-opacus", settings=np.array(settings), **_answers(data, train, test), **arrays
    )
    return _scores(data, seed, "Opacus", names, found)


def without_privacy(data: DpSet, seed: int, train: Part, test: Part, known: Coded) -> Score:
    """Return the score of a logistic regression on our features, fitted until it converges."""
    began = time.process_time()
    model = LogisticRegression(max_iter=1000).fit(known.train, train.label == data.positive)
    seconds = time.process_time() - began
    score = model.decision_function(known.test)
    truth = test.label == data.positive
    right, auc = float(np.mean((score > 0) == truth)), float(roc_auc_score(truth, score))
    return Score(data.name, seed, np.inf, "no privacy", "", right, auc, seconds)


def ebm(data: DpSet, seed: int, train: Part, test: Part) -> list[Score]:
    """Return the scores of private explainable boosting machines on the columns as they are."""
    settings = [(epsilon, *setting) for epsilon in EPSILONS for setting in EBM]
    columns = {
        f"{part}{j}": np.asarray(rows[name], dtype=float if name in data.bounds else str)
        for part, rows in (("train", train.rows), ("test", test.rows))
        for j, name in enumerate(data.frame)
    }
    bounds = np.array([data.bounds.get(name, (np.nan, np.nan)) for name in data.frame])
    found = peer(
        "dp_ebm",
        environment=".venv-ebm",
        settings=np.array(settings),
        bounds=bounds,
        delta=DELTA,
        **_answers(data, train, test),
        **columns,
    )
    names = [(epsilon, f"lr {rate}, {rounds} rounds") for epsilon, rate, rounds in settings]
    return _scores(data, seed, "DP-EBM", names, found)


def _answers(data: DpSet, train: Part, test: Part) -> dict[str, np.ndarray]:
    return {"y": (train.label == data.positive).astype(int), "y_test": (test.label == data.positive).astype(int)}


def _scores(
    data: DpSet, seed: int, who: str, names: list[tuple[float, str]], found: dict[str, np.ndarray]
) -> list[Score]:
    columns = zip(names, found["accuracy"], found["auc"], found["seconds"], strict=True)
    return [
        Score(data.name, seed, epsilon, who, setting, float(accuracy), float(auc), float(seconds))
        for (epsilon, setting), accuracy, auc, seconds in columns
    ]
