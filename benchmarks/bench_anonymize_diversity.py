"""Promise: two labels in each class cost at most 0.3 points of accuracy, at k = 10, 50 and 100.

Adult with its income as the sensitive column. On each split the training part is released with and without ``l=2``,
guided by a forest's soft labels; a tree, a forest and a small network are trained anew on each table and tested on the
raw rows of the test part, and on the same rows mapped. Ten splits, paired; intervals by Nadeau and Bengio. l is counted
by a group-by of its own.

    RETICENT_DATA=... python benchmarks/bench_anonymize_diversity.py [splits]
"""

import sys
from collections import defaultdict

import numpy as np
from anonymized import accuracies, classes, encoder, ncp, sample
from harness import bar, write
from sklearn.ensemble import RandomForestClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer
from threadpoolctl import threadpool_limits

from reticent.defenses import Anonymizer
from reticent.stats.resampled import over_splits

SPLITS, KS, TESTED, MOST = 10, (10, 50, 100), 1 / 3, 0.3


def main() -> None:
    splits = int(sys.argv[1]) if len(sys.argv) > 1 else SPLITS
    table = sample("adult")
    figures: dict[tuple[int, int], list[dict[str, float]]] = defaultdict(list)
    for seed in range(splits):
        order = np.random.default_rng([seed, 4]).permutation(len(table.label))
        parted = round(len(order) * (1 - TESTED))
        train, test = (table.frame.iloc[part].reset_index(drop=True) for part in (order[:parted], order[parted:]))
        y, truth, encode = table.label[order[:parted]], table.label[order[parted:]], encoder(table.frame)
        forest = RandomForestClassifier(100, min_samples_leaf=2, random_state=seed)
        soft = make_pipeline(FunctionTransformer(encode), forest).fit(train, y).predict_proba(train)
        secret = train.assign(secret=y)
        for k in KS:
            for l in (1, 2):  # noqa: E741 - the field's name
                anonymizer = Anonymizer(k, list(table.quasi), l=l, sensitive=["secret"])
                released = anonymizer.fit_transform(secret, soft).drop(columns="secret")
                of = classes(released, table.quasi)
                if min(len(set(y[of == c])) for c in range(of.max() + 1)) < l or np.bincount(of).min() < k:
                    raise RuntimeError(f"k={k}, l={l} does not hold")
                mapped = anonymizer.transform(test.assign(secret=0)).drop(columns="secret")
                tests = {"raw": encode(test), "mapped": encode(mapped)}
                found = accuracies(encode(released), y, tests, truth, seed)
                means = {name: float(np.mean(list(each.values()))) for name, each in found.items()}
                one_label = np.array([len(set(y[of == c])) for c in range(of.max() + 1)])[of] == 1
                detail = {"ncp": ncp(train, of, table.quasi), "one label": float(one_label.mean())}
                figures[k, l].append(means | detail)
                print(seed, k, l, {name: round(value, 4) for name, value in (means | detail).items()}, flush=True)
    rows = []
    for k in KS:
        plain, diverse = (
            {what: np.array([one[what] for one in figures[k, least]]) for what in figures[k, least][0]}
            for least in (1, 2)
        )
        costs = [
            over_splits(100 * (plain[what] - diverse[what]), tested=TESTED, within=(-100, 100))
            for what in ("raw", "mapped")
        ]
        shown = [
            f"{cost.value:+.2f} ({cost.low:+.2f} to {cost.high:+.2f}): {bar(cost.value, MOST, at_most=True)}"
            for cost in costs
        ]
        detail = [f"{part['ncp'].mean():.3f}" for part in (plain, diverse)]
        rows.append([str(k), *shown, *detail, f"{100 * plain['one label'].mean():.1f} %"])
    head = [
        "k",
        "points lost, raw",
        "points lost, mapped",
        "NCP, l = 1",
        "NCP, l = 2",
        "rows in one-label classes, l = 1",
    ]
    notes = [
        f"Adult, {splits} paired splits, mean of three models; at most {MOST} points; with l = 2 no class has one label"
    ]
    write("anonymize_diversity", "What l = 2 costs in accuracy", head, rows, notes)


if __name__ == "__main__":
    with threadpool_limits(1):
        main()
