"""Promise: at equal k, models retrained on our tables are never less accurate than on those of the classic techniques.

Six tables, k from 10 to 1000, against Mondrian, the Hilbert curve and the R+ tree, which are the project's own, each
written from its paper and checked against a slow twin; all release the median or most frequent value of each class and
column. Every split draws new training rows and test rows; a random forest guides our classes, and how it does is chosen
on parts of the training rows. A decision tree, a random forest and a network are then trained on each released table
and asked about the same test rows, raw and mapped into the table's classes. What counts is the mean accuracy of the
three; differences are paired by split.

    RETICENT_DATA=... python benchmarks/bench_anonymize_sets.py [SET ...] [--splits 10] [--k 10 100] [--detail 0.2]

The table is kept only where it is whole: all sets, at least ten splits, every k, and no detail given. With a detail
nothing is chosen, and what the forest predicts out of fold guides.
"""

import argparse
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import anonymized
import harness
import numpy as np
import numpy.typing as npt
import pandas as pd
from anonymized import Sample
from joblib import Parallel, delayed
from scipy import stats
from sklearn.compose import make_column_selector, make_column_transformer
from sklearn.ensemble import RandomForestClassifier
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import OneHotEncoder
from threadpoolctl import threadpool_limits

from reticent.defenses import Anonymizer

KS, SPLITS, TRAIN, TEST = (10, 100, 1000), 10, 8000, 4000
PEERS = ("mondrian", "hilbert", "r+tree")
# The columns that an attacker may know, the label, and the features; None for all that are left.
TABLES: dict[str, tuple[str, list[str], str, list[str]]] = {
    "credit": (
        "credit_default_taiwan/credit_default",
        ["LIMIT_BAL", "SEX", "EDUCATION", "MARRIAGE", "AGE", "PAY_0"],
        "default_payment_next_month",
        ["ID"],
    ),
    "lending": (
        "lending_club/loan_data",
        ["purpose", "log.annual.inc", "fico", "days.with.cr.line", "dti", "revol.util", "inq.last.6mths"],
        "credit.policy",
        ["not.fully.paid"],
    ),
    "acs": (
        "acs_national2019/national2019",
        ["PUMA", "AGEP", "SEX", "RAC1P", "HISP", "MSP", "NOC", "NPF", "HOUSING_TYPE"],
        "PINCP",
        ["PINCP_DECILE", "POVPIP", "DENSITY", "INDP", "PWGTP", "WGTP"],
    ),
    "compas": (
        "compas/compas_two_years",
        ["age", "sex", "race", "c_charge_degree", "priors_count"],
        "two_year_recid",
        [],
    ),
}
CATEGORIES = ["SEX", "EDUCATION", "MARRIAGE", "RAC1P", "HISP", "HOUSING_TYPE", "OWN_RENT", "DEYE", "DEAR"]
SETS = ("adult", "nursery", *TABLES)


def sample(name: str) -> Sample:
    """Return one of the six tables; numbers that only name something become words."""
    if name not in TABLES:
        return anonymized.sample(name)
    path, quasi, target, dropped = TABLES[name]
    frame = pd.read_parquet(Path(os.environ["RETICENT_DATA"]) / f"{path}.parquet").dropna(subset=target)
    if name == "compas":
        usual = frame["days_b_screening_arrest"].abs().le(30) & frame["is_recid"].ne(-1) & frame["score_text"].ne("N/A")
        frame = frame.loc[usual, [*quasi, "juv_fel_count", "juv_misd_count", "juv_other_count", target]]
    label = frame.pop(target)
    if name == "acs":
        label = label > label.median()
    frame = frame.drop(columns=dropped).reset_index(drop=True)
    words = {column: frame[column].astype(str) for column in CATEGORIES if column in frame}
    return Sample(name, frame.assign(**words), np.unique(label, return_inverse=True)[1], quasi)


def guide(seed: int) -> Pipeline:
    """Return the model whose needs guide our classes, for frames."""
    words = OneHotEncoder(handle_unknown="ignore", sparse_output=False)
    encode = make_column_transformer((words, make_column_selector(dtype_exclude="number")), remainder="passthrough")
    return make_pipeline(encode, RandomForestClassifier(20, min_samples_leaf=2, random_state=seed))


def one_split(whole: Sample, seed: int, ks: Sequence[int], detail: float | None) -> list[dict[str, Any]]:
    """Anonymize the training rows of one split in all ways, retrain, and return a record for each table."""
    rows = np.random.default_rng([seed, 11]).permutation(len(whole.label))
    n_train = min(TRAIN, 2 * len(rows) // 3)
    chosen, left_out = rows[:n_train], rows[n_train : n_train + TEST]
    train, test = (whole.frame.iloc[part].reset_index(drop=True) for part in (chosen, left_out))
    y, truth = whole.label[chosen], whole.label[left_out]
    encode, records = anonymized.encoder(train), []
    raw = encode(test)

    def record(technique: str, k: int, table: pd.DataFrame, mapped: npt.NDArray[np.float32]) -> None:
        of = anonymized.classes(table, whole.quasi)
        found = anonymized.accuracies(encode(table), y, {"raw": raw, "mapped": mapped}, truth, seed)
        each = {f"{test} {learner}": value for test, by in found.items() for learner, value in by.items()}
        means = {test: float(np.mean(list(by.values()))) for test, by in found.items()}
        facts = {"k": k, "smallest": int(np.bincount(of).min()), "NCP": anonymized.ncp(train, of, whole.quasi)}
        records.append({"set": whole.name, "seed": seed, "technique": technique, **facts, **means, **each})

    record("none", 0, train, raw)
    for k in ks:
        for technique in ("guided", *PEERS):
            anonymizer = Anonymizer(k, whole.quasi, technique=technique)
            if technique == "guided":
                anonymizer.set_params(model=guide(seed), detail=detail)
            table = anonymizer.fit_transform(train, y)
            record(technique, k, table, encode(anonymizer.transform(test)))
            records[-1]["setting"] = str(anonymizer.setting_)
            if records[-1]["smallest"] < k:
                raise SystemExit(f"{technique} left a class of {records[-1]['smallest']} rows at k={k}")
    print(whole.name, "split", seed, "done", flush=True)
    return records


def compare(ours: pd.Series, theirs: pd.Series) -> tuple[float, float, float]:
    """Return the mean paired difference, its standard error and its lower 95 % limit (Student), in points."""
    difference = 100 * (ours - theirs).to_numpy()
    error = float(difference.std(ddof=1) / np.sqrt(len(difference)))
    mean = float(difference.mean())
    return mean, error, mean - float(stats.t.ppf(0.95, len(difference) - 1)) * error


def table(records: pd.DataFrame, test: str) -> tuple[list[list[str]], list[tuple[float, float, float]]]:
    """Return one line per set and k for one form of the test rows, and all differences."""
    lines, found = [], []
    for (name, k), part in records[records["k"] > 0].groupby(["set", "k"], sort=False):
        by = part.set_index(["technique", "seed"])
        plain = records[(records["set"] == name) & (records["k"] == 0)][test].mean()
        ours = by.loc["guided"]
        line = [str(name), str(k), f"{100 * plain:.2f}", f"{100 * ours[test].mean():.2f}", f"{ours['NCP'].mean():.3f}"]
        for peer in PEERS:
            mean, error, low = compare(ours[test], by.loc[peer, test])
            found.append((mean, error, low))
            line.append(f"{mean:+.2f} ± {error:.2f} (≥ {low:+.2f}); {by.loc[peer, 'NCP'].mean():.3f}")
        lines.append(line)
    return lines, found


def verdicts(found: Sequence[tuple[float, float, float]], test: str) -> str:
    """Say how many lines keep the bars."""
    lines = np.array(found)
    worst, ahead = float((lines[:, 0] + lines[:, 1]).min()), float((lines[:, 0] > 0).mean())
    below = int((lines[:, 0] < -lines[:, 1]).sum())
    sure = int((lines[:, 2] > 0).sum()), int((lines[:, 0] + (lines[:, 0] - lines[:, 2]) < 0).sum())
    return (
        f"{test} test rows: never below -1 standard error: {below} of {len(lines)} lines are, "
        f"{harness.bar(worst, 0.0)}; above 0 on {100 * ahead:.0f} % of lines, {harness.bar(ahead, 0.8)} (80 %). "
        f"Clearly ahead (one-sided 95 %) on {sure[0]} lines, clearly behind on {sure[1]}."
    )


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("sets", nargs="*", metavar="SET", help=", ".join(SETS))
    parser.add_argument("--splits", type=int, default=SPLITS)
    parser.add_argument("--k", type=int, nargs="+", default=list(KS))
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument("--detail", type=float)
    given = parser.parse_args()
    if unknown := set(given.sets) - set(SETS):
        parser.error(f"expected sets among {', '.join(SETS)}; got {', '.join(sorted(unknown))}")
    samples = [sample(name) for name in given.sets or SETS]
    work = [delayed(one_split)(whole, seed, given.k, given.detail) for whole in samples for seed in range(given.splits)]
    records = pd.DataFrame([record for part in Parallel(given.jobs)(work) for record in part])
    head = ["data", "k", "original", "ours", "NCP of ours", *(f"ours less {peer}; its NCP" for peer in PEERS)]
    raw, found = table(records, "raw")
    mapped, found_mapped = table(records, "mapped")
    guided = records["technique"] == "guided"
    chosen = [f"{name}: {count}" for name, count in records.loc[guided, "setting"].value_counts().items()]
    notes = [
        "Accuracy in percent, mean of three models; differences in points ± standard error over splits, with the lower "
        "95 % limit (one-sided Student). First the lines tested on raw rows, then those on mapped rows (*).",
        verdicts(found, "Raw"),
        verdicts(found_mapped, "Mapped"),
        f"{given.splits} splits; in each {TRAIN:,} training and {TEST:,} test rows are drawn anew (two thirds and one "
        "third of a table with fewer). Splits of one table share rows, so their spread understates what other tables "
        "of such people would show.",
        f"Settings of ours that were chosen, of {int(guided.sum())}: {'; '.join(chosen)}.",
    ]
    lines = [*raw, *([f"{line[0]} *", *line[1:]] for line in mapped)]
    title = "Six tables: models retrained on anonymized rows, against the classic techniques"
    if given.sets or given.splits < SPLITS or tuple(given.k) != KS or given.detail is not None:
        print("\n".join(" | ".join(line) for line in [head, *lines]), *notes, sep="\n")
    else:
        harness.write("anonymize_sets", title, head, lines, notes)


if __name__ == "__main__":
    with threadpool_limits(1):
        main()
