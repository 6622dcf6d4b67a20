"""Promise: closed-form LiRA finds as many members of linear models as 128 real shadow models, for a 25th of their work.

The peer is the lean loop: scikit-learn's quickest solver on these data (for two classes Newton-Cholesky, too), each
shadow model started from the fit of the whole pool, and our own LiRA on their log-odds with the shrinkage that finds
most members of these very targets; the time of choosing is not counted. Targets are trained from nothing to a tenth of
the tolerance, ten of them, and forty where a pool is so small that ten cannot tell a point from none. CPU seconds are
those of all that comes before a target can be read: the fits, or the closed form; reading takes both as long.

    RETICENT_DATA=... python benchmarks/bench_linear.py
"""

import os
from pathlib import Path

import harness
import numpy as np
from harness import Cpu, People
from scipy import stats
from sklearn.linear_model import LogisticRegression
from threadpoolctl import threadpool_limits

from reticent.attacks.influence import linear_moments
from reticent.attacks.membership.lira import lira_scores

SHADOWS, PRIORS = 128, (4.0, 16.0, 64.0)
RATIO, POINTS = 25.0, -0.01


def fashion(size: int) -> People:
    """Pictures of clothes through 32 random 6 x 6 filters, rectified and averaged over quarters: 128 fixed features."""
    with np.load(Path(os.environ["RETICENT_DATA"]) / "fashion_mnist" / "fashion_mnist.npz", allow_pickle=False) as held:
        rng = np.random.default_rng(0)
        rows = rng.permutation(len(held["y_train"]))[:size]
        pictures, y = held["x_train"][rows].astype(np.float32) / 255, held["y_train"][rows].astype(np.intp)
    patches = np.lib.stride_tricks.sliding_window_view(pictures, (6, 6), axis=(1, 2))[:, ::3, ::3].reshape(size, 64, 36)
    filters = rng.normal(size=(36, 32)).astype(np.float32)
    seen = np.maximum(patches @ (filters - filters.mean(axis=0)), 0).reshape(size, 2, 4, 2, 4, 32)
    x = seen.mean(axis=(2, 4)).reshape(size, -1)
    return People("fashion", (x - x.mean(axis=0)) / x.std(axis=0), y)


def part(whole: People, size: int) -> People:
    return People(whole.name, whole.x[:size], whole.y[:size])


def log_odds(model: LogisticRegression, people: People) -> np.ndarray:
    """Return the log-odds of the truth, shape (n,), from the model's margins: nothing is lost to rounding."""
    scores = model.decision_function(people.x).astype(np.float64)
    if scores.ndim == 1:
        return np.where(people.y == 1, scores, -scores)
    own = np.arange(len(people.y)), people.y
    truth = scores[own]
    scores[own] = -np.inf
    return truth - np.logaddexp.reduce(scores, axis=1)


def shadow_models(people: People, c: float, solver: str, count: int = SHADOWS) -> tuple[np.ndarray, np.ndarray]:
    """Return log-odds and membership of halves, shapes (S, n), in pairs of complements; each fit starts warm."""
    n, signals, inside = len(people.y), [], np.zeros((count, len(people.y)), bool)
    model = LogisticRegression(C=c / 2, solver=solver, max_iter=5000, warm_start=True).fit(people.x, people.y)
    start = model.coef_.copy(), model.intercept_.copy()
    model.C = c
    for shadow in range(count):
        order = np.random.default_rng([shadow // 2, 1]).permutation(n)
        inside[shadow, order[: n // 2] if shadow % 2 else order[n // 2 :]] = True
        model.coef_, model.intercept_ = start[0].copy(), start[1].copy()
        signals.append(log_odds(model.fit(people.x[inside[shadow]], people.y[inside[shadow]]), people))
    return np.array(signals), inside


def shown(values: list[float]) -> str:
    return "too few rows" if np.isnan(values).all() else harness.middle(values)


def quickest(people: People, c: float) -> str:
    """Return the solver that takes the least for a few shadow models; Newton's is hopeless with many classes."""
    if people.y.max() > 1:
        return "lbfgs"
    spent = {}
    for solver in ("lbfgs", "newton-cholesky"):
        with Cpu() as taken:
            shadow_models(people, c, solver, count=8)
        spent[solver] = taken.seconds
    return min(spent, key=lambda solver: spent[solver])


def compare(name: str, people: People, c: float) -> list[str]:
    n, solver = len(people.y), quickest(people, c)
    targets = 10 if n > 4000 else 40
    with Cpu() as slow:
        signals, inside = shadow_models(people, c, solver)
    kinds = {"weights": np.ones(n), "unit": np.arange(n), "classes": int(people.y.max()) + 1}
    runs = []
    for _ in range(5):
        with Cpu() as quick:
            moments = linear_moments(people.x, people.y, penalty=1 / c, intercept=True, share=0.5, **kinds)
        runs.append(quick.seconds)
    ours: list[dict[str, float]] = []
    theirs: dict[float, list[dict[str, float]]] = {prior: [] for prior in PRIORS}
    for seed in range(targets):
        member = people.member(seed)
        model = LogisticRegression(C=c, max_iter=5000, tol=1e-5).fit(people.x[member], people.y[member])
        signal = log_odds(model, people)
        ours.append(harness.rates(moments.log_ratio(signal), member))
        for prior in PRIORS:
            theirs[prior].append(harness.rates(lira_scores(signal, signals, inside, prior=prior), member))
        print(name, seed, f"TPR@1% {ours[-1]['TPR@1%']:.4f}, LiRA {theirs[16.0][-1]['TPR@1%']:.4f}", flush=True)
    best = max(PRIORS, key=lambda prior: np.mean([found["TPR@1%"] for found in theirs[prior]]))
    ratio = slow.seconds / float(np.median(runs))
    difference = np.array([a["TPR@1%"] - b["TPR@1%"] for a, b in zip(ours, theirs[best], strict=True)])
    half = float(stats.t.ppf(0.975, targets - 1) * difference.std(ddof=1) / np.sqrt(targets))
    low, high = difference.mean() - half, difference.mean() + half
    columns = [f"{name} (n = {n:,}, d = {people.x.shape[1]}, C = {c:g}; {targets} targets)"]
    for key in ("AUC", "TPR@1%", "TPR@0.1%"):
        columns += [shown([found[key] for found in both]) for both in (ours, theirs[best])]
    columns += [f"{100 * difference.mean():+.2f} ({100 * low:+.2f}..{100 * high:+.2f}), {harness.bar(low, POINTS)}"]
    return [
        *columns,
        f"{np.median(runs):.3f}",
        f"{slow.seconds:.1f} ({solver})",
        f"{ratio:.0f}, {harness.bar(ratio, RATIO)}",
    ]


def main() -> None:
    adult, images = harness.people("adult"), fashion(harness.POOL)
    cases = [
        ("Adult", adult, 1.0),
        ("Adult, small", part(adult, 2000), 1.0),
        ("Adult, overfit", part(adult, 600), 100.0),
        ("Fashion-MNIST, 10 classes", images, 0.1),
        ("Fashion-MNIST, small", part(images, 2000), 1.0),
        ("Location-30, 30 classes", harness.people("location"), 1.0),
    ]
    rows = [compare(*case) for case in cases]
    harness.write(
        "linear",
        "Linear models and heads: closed form against 128 real shadow models",
        [
            *("data", "AUC", "of LiRA", "TPR@1%", "of LiRA", "TPR@0.1%", "of LiRA"),
            *("difference of TPR@1% in points, 95 %", "CPU s", "of LiRA", "ratio"),
        ],
        rows,
        [
            f"Bars: at least {RATIO:.0f} times less CPU; lower bound of the paired difference at least "
            f"{100 * POINTS:.0f} point (Student, over targets).",
            f"LiRA: online, {SHADOWS} shadow models in a lean loop, started warm, shrinkage the best of "
            f"{', '.join(f'{prior:g}' for prior in PRIORS)} on these very targets. Medians and ranges over targets.",
            "Location-30: the Hessian has 13,410 columns and is taken class by class; what a class costs, d³, is no "
            "less for having 84 members in a half, which is why the ratio is low.",
        ],
    )


if __name__ == "__main__":
    with threadpool_limits(1):
        main()
