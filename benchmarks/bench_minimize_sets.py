"""Promise: agreement is met in 95 of 100 seeds, with categories and missing values, on six data sets.

For each set one model is trained, and each seed draws 2,000 others of its people to fit to. What is counted is the
agreement on people who were in neither: with thousands of them it is the true one but for a few tenths of a point. A
seed is met where that agreement is not below the one asked for, which is .90, .95 or .98 in turn. IBM's toolkit is not
beside it: with categorical columns it fails.

    RETICENT_DATA=... python benchmarks/bench_minimize_sets.py [seeds]
"""

import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from harness import Cpu, bar, middle, write
from sklearn.ensemble import RandomForestClassifier
from threadpoolctl import threadpool_limits

from reticent.defenses import Minimizer
from reticent.stats.rates import rate

SEEDS, ROWS, TRAIN, FRESH = 100, 2000, 4000, 10_000
TARGETS = (0.90, 0.95, 0.98)
MET = 0.95
Set = Callable[[], tuple[pd.DataFrame, "np.ndarray[Any, Any]"]]


def read(path: str, label: str, *drop: str) -> tuple[pd.DataFrame, np.ndarray]:
    """Return the features of a data set in ``RETICENT_DATA``, and the label."""
    frame = pd.read_parquet(Path(os.environ["RETICENT_DATA"]) / path).drop(columns=[*drop])
    return frame.drop(columns=label), frame[label].to_numpy()


def acs() -> tuple[pd.DataFrame, np.ndarray]:
    """Return the grown-ups of the ACS excerpt with an income, and whether it is above the median."""
    frame = pd.read_parquet(Path(os.environ["RETICENT_DATA"]) / "acs_national2019" / "national2019.parquet")
    frame = frame[frame["PINCP"].notna() & (frame["AGEP"] >= 18)].reset_index(drop=True)
    drop = ["PINCP", "PINCP_DECILE", "INDP", "PWGTP", "WGTP", "POVPIP"]
    return frame.drop(columns=drop), (frame["PINCP"] > frame["PINCP"].median()).to_numpy()


SETS: dict[str, Set] = {
    "Adult": lambda: read("adult/train.parquet", "income", "fnlwgt", "education"),
    "Nursery": lambda: read("nursery/nursery.parquet", "class"),
    "credit default": lambda: read("credit_default_taiwan/credit_default.parquet", "default_payment_next_month", "ID"),
    "give me some credit": lambda: read("give_me_some_credit/cs_training.parquet", "SeriousDlqin2yrs"),
    "Lending Club": lambda: read("lending_club/loan_data.parquet", "not.fully.paid"),
    "ACS": acs,
}


def codes(x: pd.DataFrame) -> "np.ndarray[Any, Any]":
    """Return a table as numbers, words by the place that they have among all words of the column."""
    return np.column_stack([column.cat.codes if is_word(column) else column for _, column in x.items()])


def is_word(column: "pd.Series[Any]") -> bool:
    """Whether a column holds categories."""
    return isinstance(column.dtype, pd.CategoricalDtype)


def trained(x: pd.DataFrame, y: np.ndarray) -> Callable[[pd.DataFrame], "np.ndarray[Any, Any]"]:
    """Return a forest's answers to rows of all columns; it takes missing values."""
    forest = RandomForestClassifier(10, min_samples_leaf=5, class_weight="balanced", random_state=0).fit(codes(x), y)
    return lambda rows: np.asarray(forest.predict(codes(rows)))


def one_set(name: str, seeds: int) -> list[list[str]]:
    """Return the lines of one set: all seeds, then by target."""
    x, y = SETS[name]()
    words = [column for column, kind in x.dtypes.items() if kind.kind not in "iuf"]
    x = x.astype(dict.fromkeys(words, "category"))
    order = np.random.default_rng(6).permutation(len(x))
    people, rest = order[:TRAIN], order[TRAIN:]
    model = trained(x.iloc[people], y[people])
    truth = pd.Series(model(x.iloc[rest]), rest)
    columns = f"{x.shape[1]} ({len(words)} of words)"
    found = []
    for seed in range(seeds):
        target = TARGETS[seed % len(TARGETS)]
        drawn = np.random.default_rng([seed, 8]).permutation(rest)
        fit, fresh = drawn[:ROWS], drawn[ROWS:][:FRESH]
        with Cpu() as spent:
            minimizer = Minimizer(model, target, random_state=seed).fit(x.iloc[fit])
        same = model(minimizer.transform(x.iloc[fresh])) == truth.loc[fresh].to_numpy()
        unneeded = sum(need.kind == "not needed" for need in minimizer.needs_)
        found.append((target, float(same.mean()), minimizer.ncp_, unneeded, spent.seconds))
    print(name, seeds, f"met {np.mean([agreed >= target for target, agreed, *_ in found]):.3f}", flush=True)
    rows = []
    for which in (None, *TARGETS) if seeds >= len(TARGETS) else (None,):
        some = [one for one in found if which in (None, one[0])]
        met = [agreed >= target for target, agreed, *_ in some]
        share = rate(met)
        text = f"{sum(met)} of {len(met)} ({share.low:.2f} to {share.high:.2f})"
        rows.append(
            [
                name,
                columns if which is None else "",
                "all" if which is None else f"{which:.2f}",
                text,
                bar(float(np.mean(met)), MET) if which is None else "",
                "" if which is None else middle([agreed for _, agreed, *_ in some]),
                "" if which is None else middle([ncp for _, _, ncp, *_ in some]),
                "" if which is None else f"{np.median([count for *_, count, _ in some]):.0f}",
                f"{np.median([seconds for *_, seconds in some]):.2f}",
            ]
        )
    return rows


def main(seeds: int) -> None:
    rows = [row for name in SETS for row in one_set(name, seeds)]
    write(
        "minimize_sets",
        "Is the agreement met? Six data sets, with categories and missing values",
        [
            *("set", "columns", "agreement asked", "seeds that met it", f"≥ {100 * MET:.0f} %"),
            *("agreement, unseen people", "NCP", "columns not needed", "fit, CPU s"),
        ],
        rows,
        [
            f"{seeds} seeds a set, the three targets in turn; each fitted to {ROWS:,} people, of whom half judge. The "
            f"model, a forest of 10 trees on {TRAIN:,} others, is one for all seeds of a set.",
            f"Unseen people: up to {FRESH:,} who neither trained the model nor were fitted to. In brackets the exact "
            "95 % interval of the share of seeds. Medians and ranges over seeds.",
        ],
    )


if __name__ == "__main__":
    with threadpool_limits(1):
        main(int(sys.argv[1]) if len(sys.argv) > 1 else SEEDS)
