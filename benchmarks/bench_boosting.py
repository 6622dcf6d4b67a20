"""Promise: the members of boosted trees are found with a tenth of the work of 64 shadow models, and no fewer of them.

Adult, 5,000 members and 5,000 non-members, ten targets, 100 rounds of LightGBM, XGBoost and scikit-learn's histogram
boosting, as their defaults have it. The other side is the fastest loop of 64 shadow models that each library allows:
rows binned once where it can, one call to train, one to predict, and nothing else. Its shadow models serve all ten
targets; its CPU seconds are those of one full loop. They are read twice: by LiRA as published (each row's own two
variances) and by Reticent's own LiRA (smoothed and shrunk, its setting chosen on the shadow models).

    python benchmarks/bench_boosting.py
"""

import sys
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import lightgbm
import numpy as np
import numpy.typing as npt
import xgboost
from harness import Cpu, People, bar, middle, people, rates, write
from scipy import special, stats
from sklearn.ensemble import HistGradientBoostingClassifier
from threadpoolctl import threadpool_limits

from reticent import Access, describe
from reticent.attacks.membership.blind import baseline
from reticent.attacks.membership.boosting import LeafArithmetic
from reticent.attacks.membership.lira import best_setting, lira_scores
from reticent.attacks.signals import smoothed_logit
from reticent.attacks.workbench import Workbench
from reticent.target import splits

TARGETS, SHADOWS, ROUNDS = 10, 64, 100
PUBLISHED, TUNED = "64 shadows, LiRA as published", "64 shadows, Reticent's LiRA"
OURS, MORE = "leaf arithmetic, 4 fits", "leaf arithmetic, 8 fits"
Array = npt.NDArray[np.float64]


def light_loop(pool: People, halves: npt.NDArray[np.bool_]) -> list[Array]:
    """Return each shadow's raw scores, rows binned once."""
    setting = {"objective": "binary", "num_threads": 1, "verbose": -1}
    data = lightgbm.Dataset(pool.x, pool.y, params=setting, free_raw_data=False).construct()
    made = (lightgbm.train(setting, data.subset(np.flatnonzero(half)), ROUNDS) for half in halves)
    return [model.predict(pool.x, raw_score=True, num_threads=1) for model in made]


def extreme_loop(pool: People, halves: npt.NDArray[np.bool_]) -> list[Array]:
    """Return each shadow's raw scores, bins found once."""
    whole = xgboost.QuantileDMatrix(pool.x, pool.y, nthread=1)
    setting = {"objective": "binary:logistic", "nthread": 1}
    parts = (xgboost.QuantileDMatrix(pool.x[half], pool.y[half], ref=whole, nthread=1) for half in halves)
    return [xgboost.train(setting, part, ROUNDS).predict(whole, output_margin=True) for part in parts]


def histogram_loop(pool: People, halves: npt.NDArray[np.bool_]) -> list[Array]:
    """Return each shadow's raw scores; rows that are binned already are refused here."""
    models = (HistGradientBoostingClassifier().fit(pool.x[half], pool.y[half]) for half in halves)
    return [model.decision_function(pool.x) for model in models]


@dataclass(frozen=True)
class Library:
    """A library: its default classifier from a seed, and the fastest loop of shadow models that it allows."""

    name: str
    model: Callable[[int], Any]
    loop: Callable[[People, npt.NDArray[np.bool_]], list[Array]]


LIBRARIES = (
    Library("LightGBM", lambda s: lightgbm.LGBMClassifier(random_state=s, n_jobs=1, verbose=-1), light_loop),
    Library("XGBoost", lambda s: xgboost.XGBClassifier(random_state=s, n_jobs=1), extreme_loop),
    Library("scikit-learn", lambda s: HistGradientBoostingClassifier(random_state=s), histogram_loop),
)


def measured(library: Library, pool: People) -> dict[str, list[dict[str, float]]]:
    """Return what each attack reaches on each target of one library."""
    halves, sign = splits.halves(np.arange(len(pool.y)), len(pool.y) // 2, SHADOWS, 0), 2 * pool.y - 1
    with Cpu() as loop:
        shadows = sign * np.stack(library.loop(pool, halves))
    with Cpu() as tuning:
        rounds = np.arange(len(halves)) // 2  # pairs of complements
        trials, prior = best_setting(special.expit(shadows), halves, rounds)
    print(f"{library.name}: {SHADOWS} shadows in {loop.seconds:.2f} s; trials {trials:g}, prior {prior:g}", flush=True)
    figures = defaultdict(list)
    for seed in range(TARGETS):
        member = pool.member(seed)
        model = library.model(seed).fit(pool.x[member], pool.y[member])
        inside, outside = ((pool.x[side], pool.y[side]) for side in (member, ~member))
        target = describe(model, members=inside, nonmembers=outside, access=Access.SCORES, key=b"bench")
        share = np.empty(len(member))  # members stand before non-members in the target's population
        share[np.argsort(~member, kind="stable")] = target.scores[np.arange(len(member)), target.truth]

        def add(name: str, scores: Array, member: npt.NDArray[np.bool_], seconds: float) -> None:
            figures[name].append({**rates(scores, member), "CPU s": seconds})

        plain = np.log(share / (1 - share))
        add(PUBLISHED, lira_scores(plain, shadows, halves, prior=1e-9), member, loop.seconds)
        smooth = smoothed_logit(special.expit(shadows), trials)
        tuned = lira_scores(smoothed_logit(share, trials), smooth, halves, prior=prior)
        add(TUNED, tuned, member, loop.seconds + tuning.seconds)
        bench = Workbench(n_jobs=1)
        baseline(target, seed, bench)  # the blind attacker is no part of either side
        for name, fits in ((OURS, 4), (MORE, 8)):
            with Cpu() as spent:
                found = LeafArithmetic(fits=fits).run(target, seed, bench)
            add(name, found.scores, target.population.is_member, spent.seconds)
        print(seed, {name: f"{100 * of_one[-1]['TPR@1%']:.2f}" for name, of_one in figures.items()}, flush=True)
    return figures


def difference(figures: dict[str, list[dict[str, float]]], ours: str, theirs: str) -> tuple[float, float, float]:
    """Return the mean paired difference of TPR@1 % over the targets in points, with a Student interval."""
    pairs = zip(figures[ours], figures[theirs], strict=True)
    gain = np.array([100 * (one["TPR@1%"] - other["TPR@1%"]) for one, other in pairs])
    half = float(stats.t.ppf(0.975, len(gain) - 1) * gain.std(ddof=1) / np.sqrt(len(gain)))
    return float(gain.mean()), float(gain.mean()) - half, float(gain.mean()) + half


def main(wanted: list[str]) -> None:
    pool, rows, notes = people("adult"), [], []
    for library in LIBRARIES:
        if wanted and library.name not in wanted:
            continue
        figures = measured(library, pool)
        for attack, of_one in figures.items():
            columns = [middle([one[name] for one in of_one]) for name in ("AUC", "TPR@1%", "TPR@0.1%", "CPU s")]
            rows.append([library.name, attack, *columns])
        for ours in (OURS, MORE):
            loop = np.median([one["CPU s"] for one in figures[PUBLISHED]])
            ratio = float(loop / np.median([one["CPU s"] for one in figures[ours]]))
            held = [difference(figures, ours, theirs) for theirs in (PUBLISHED, TUNED)]
            said = [
                f"{gain:+.2f} points ({low:+.2f}..{high:+.2f}) to {name}, not below: {bar(gain, 0)}"
                for (gain, low, high), name in zip(held, ("LiRA as published", "Reticent's LiRA"), strict=True)
            ]
            notes.append(
                f"{library.name}, {ours}: {ratio:.1f} x less CPU, bar 10: {bar(ratio, 10)}; mean paired difference of "
                f"TPR@1% {'; '.join(said)}"
            )
    notes.append("Medians and ranges over ten targets; differences with 95 % Student intervals over them")
    head = ["library", "attack", "AUC", "TPR@1%", "TPR@0.1%", "CPU s"]
    write("boosting", "Boosted trees: who was in training", head, rows, notes)


if __name__ == "__main__":
    with threadpool_limits(1):
        main(sys.argv[1:])
