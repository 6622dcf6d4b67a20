"""The risk of a table beside pycanon, and at a million rows.

Adult's 32,561 training rows come raw with ten quasi-identifiers, and with four and two coarse ones, where the values
are not trivial. A million rows are Adult's drawn with replacement, ages and hours moved by up to three years and hours.

Needs ``RETICENT_DATA``, and pycanon in ``.venv-pycanon`` (benchmarks/peers/requirements-pycanon.txt).
"""

import os
import time
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from harness import bar, middle, peer, write

from reticent.risk import Risk, risk

DATA = Path(os.environ["RETICENT_DATA"])
KNOWN = [
    *("age", "workclass", "education-num", "marital-status", "occupation"),
    *("relationship", "race", "sex", "hours-per-week", "native-country"),
]
COARSE, FEW = ["decade", "marital-status", "race", "sex"], ["race", "sex"]
REPEATS = 7


def adult() -> pd.DataFrame:
    table = pd.read_parquet(DATA / "adult" / "train.parquet")
    return table.assign(decade=table["age"] // 10)


def million() -> pd.DataFrame:
    rng, table = np.random.default_rng(0), adult().drop(columns="decade")
    big = table.iloc[rng.integers(0, len(table), 1_000_000)].reset_index(drop=True)
    for name in ("age", "hours-per-week"):
        big[name] += rng.integers(-3, 4, len(big))
    return big


def timed(table: pd.DataFrame, known: list[str], secret: list[str]) -> tuple[Risk, list[float]]:
    seconds = []
    for _ in range(REPEATS):
        began = time.process_time()
        found = risk(table, known, sensitive=secret)
        seconds.append(time.process_time() - began)
    return found, seconds


def beside_pycanon() -> list[list[str]]:
    rows = []
    for said, known, secret in (
        ("raw, 10 QIs", KNOWN, ["income"]),
        ("coarse, 4 QIs", COARSE, ["income", "capital-gain"]),
        ("coarse, 2 QIs", FEW, ["income", "occupation", "capital-gain"]),
    ):
        table = adult()[[*known, *secret]]
        arrays = {f"q{k}": table[name].to_numpy() for k, name in enumerate(known)}
        arrays |= {f"s{k}": table[name].to_numpy() for k, name in enumerate(secret)}
        arrays = {name: one.astype(str) if one.dtype.kind == "O" else one for name, one in arrays.items()}
        theirs = peer("pycanon_risk", environment=".venv-pycanon", **arrays)
        ours, seconds = timed(table, known, secret)
        mine: dict[str, list[Any]] = {
            "l": [one.l for one in ours.sensitive],
            "entropy_l": [int(one.entropy_l + 1e-9) for one in ours.sensitive],  # pycanon cuts it to a whole number
            "alpha": [one.alpha for one in ours.sensitive],
            "t": [one.t if one.ordered_t is None else one.ordered_t for one in ours.sensitive],
        }
        equal = ours.k == theirs["k"] and all(np.allclose(mine[name], theirs[name], atol=1e-9) for name in mine)
        values = f"k {ours.k}; " + "; ".join(
            f"{one.name}: l {one.l}, t {t:.4f}" for one, t in zip(ours.sensitive, mine["t"], strict=True)
        )
        spent = float(np.median(seconds))
        times = float(theirs["seconds"]) / spent
        row = [f"Adult, {len(table):,} rows, {said}", values, "all equal" if equal else "DIFFERENT"]
        rows.append([*row, f"{float(theirs['seconds']):.1f}", middle(seconds), f"{times:,.0f}x"])
    return rows


def at_a_million() -> list[list[str]]:
    big, rows = million(), []
    coded = big.astype(dict.fromkeys(big.select_dtypes("str"), "category"))
    for said, table in (("strings", big), ("categories", coded)):
        for columns in ([*KNOWN, "income"], list(big)):
            found, seconds = timed(table[columns], KNOWN, ["income"])
            what = f"1,000,000 rows, 10 QIs, 1 sensitive of {len(columns)} columns, {said}"
            rows.append(
                [
                    what,
                    f"k {found.k}, alone {found.alone:,}",
                    "",
                    "",
                    middle(seconds),
                    bar(float(np.median(seconds)), 0.5, at_most=True),
                ]
            )
    return rows


def main() -> None:
    notes = [
        f"CPU seconds of one thread, from a frame in memory; ours: median (least..most) of {REPEATS} runs of `risk()`, "
        f"which also counts the line on every column; the bar is judged by the median",
        "pycanon: k, l, entropy l, alpha and t, once, and not at a million rows. All five are compared; t with equal "
        "distances for words and by order for numbers, as pycanon takes it. Its recursive (c, l) is left out: it sets "
        "the rarest value of a class against the others, where the definition sets the commonest",
    ]
    write(
        "risk",
        "The risk of a table",
        ["table", "found", "beside pycanon", "pycanon, CPU s", "ours, CPU s", "faster; bar < 0.5 s"],
        [*beside_pycanon(), *at_a_million()],
        notes,
    )


if __name__ == "__main__":
    main()
