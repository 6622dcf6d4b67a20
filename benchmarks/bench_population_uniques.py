"""Population uniques beside the truth: real tables are taken for populations, and random parts of them for the tables.

Zayatz's estimate, which takes the sample's class sizes for the population's, stands beside ours. Needs
``RETICENT_DATA``.
"""

import os
from pathlib import Path

import numpy as np
import pandas as pd
from harness import write

from reticent.stats.superpopulation import population_uniques

DATA = Path(os.environ["RETICENT_DATA"])
ADULT = [
    *("age", "workclass", "education-num", "marital-status", "occupation"),
    *("relationship", "race", "sex", "hours-per-week", "native-country"),
]
PEOPLE = {  # file -> sets of quasi-identifiers
    "adult/train.parquet": [
        ADULT,
        ["age", "sex", "race", "native-country", "education-num"],
        ["age", "sex", "occupation"],
    ],
    "credit_default_taiwan/credit_default.parquet": [
        ["AGE", "SEX", "EDUCATION", "MARRIAGE"],
        ["AGE", "SEX", "EDUCATION", "MARRIAGE", "LIMIT_BAL"],
    ],
    "acs_national2019/national2019.parquet": [
        ["PUMA", "AGEP", "SEX"],
        ["AGEP", "SEX", "RAC1P", "HISP", "MSP", "NOC", "NPF", "HOUSING_TYPE"],
    ],
    "give_me_some_credit/cs_training.parquet": [
        ["age", "NumberOfDependents", "MonthlyIncome"],
        ["age", "NumberOfDependents"],
    ],
    "compas/compas_two_years.parquet": [["age", "sex", "race"], ["age", "sex", "race", "priors_count"]],
}
SHARES, DRAWS = (0.01, 0.05, 0.1, 0.3, 0.5, 0.8), 5


def beside_the_truth() -> list[list[str]]:
    found: dict[float, list[tuple[float, float, bool, float]]] = {share: [] for share in SHARES}
    for file, sets in PEOPLE.items():
        table = pd.read_parquet(DATA / file)
        for known in sets:
            whose = table.groupby(known, dropna=False, sort=False).ngroup().to_numpy()
            whole = np.bincount(whose)
            for share in SHARES:
                for draw in range(DRAWS):
                    rows = np.random.default_rng(draw).permutation(len(whose))[: int(share * len(whose))]
                    held = np.bincount(whose[rows], minlength=len(whole))
                    truth = float(((held == 1) & (whole == 1)).sum() / len(rows))
                    guess = population_uniques(held[held > 0], len(whose))
                    zayatz = (held == 1).sum() ** 2 / (held * (1 - share) ** np.maximum(held - 1, 0)).sum() / len(rows)
                    found[share].append(
                        (
                            abs(guess.value - truth),
                            abs(zayatz - truth),
                            guess.low <= truth <= guess.high,
                            guess.high - guess.low,
                        )
                    )
    rows = []
    for share, all_of in found.items():
        error, other, inside, width = (np.array(column, float) for column in zip(*all_of, strict=True))
        told = ~np.isnan(error)
        errors = [f"{100 * np.mean(one[told]):.2f}" for one in (error, other)]
        limits = [f"{100 * np.mean(inside[told]):.0f} %", f"{100 * np.median(width[told]):.1f}"]
        rows.append([f"{100 * share:g} %", f"{told.sum()} of {len(told)}", *errors, *limits])
    return rows


def main() -> None:
    count = sum(map(len, PEOPLE.values()))
    write(
        "population_uniques",
        "Population uniques beside the truth",
        [
            "part of the population",
            "told",
            "mean error, points",
            "Zayatz's, points",
            "limits hold the truth",
            "median width, points",
        ],
        beside_the_truth(),
        [
            f"Share of the table's people who are alone in the population; {count} sets of columns of {len(PEOPLE)} "
            f"real tables (Adult, credit default, ACS, Give Me Some Credit, COMPAS), {DRAWS} random parts each",
            "The extra error of small parts (below 1 / (1 + log n) of the population) was set on these same tables, "
            "and nothing else was",
        ],
    )


if __name__ == "__main__":
    main()
