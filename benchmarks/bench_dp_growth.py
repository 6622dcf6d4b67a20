"""Promise: the time of a private fit grows like the number of people (slope at most 1.1), to a million by 50 columns.

Made-up people, half of the columns numbers with declared bounds, half categories with declared domains, and a label
that depends on some of each. Every size runs in a process of its own, so that its peak memory is its own.

    python benchmarks/bench_dp_growth.py [largest]
"""

import json
import resource
import subprocess
import sys
import time
import warnings

import numpy as np
import pandas as pd
from harness import Cpu, bar, write

LARGEST, SIZES, COLUMNS, VALUES = 1_000_000, 5, 50, 8
SLOPE = 1.1


def peak() -> float:
    """Return the most memory that this process has held, in GiB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20


def people(n: int) -> tuple[pd.DataFrame, np.ndarray]:
    """Return made-up rows and labels."""
    rng = np.random.default_rng(0)
    numbers = {f"number {j}": rng.gamma(2.0, 10.0, n).clip(0, 100) for j in range(COLUMNS // 2)}
    words = np.array([f"value {v}" for v in range(VALUES)], dtype=object)
    codes = {f"category {j}": rng.integers(0, VALUES, n) for j in range(COLUMNS // 2)}
    tendency = numbers["number 0"] / 10 + codes["category 0"] - codes["category 1"] - 2 + rng.logistic(size=n)
    return pd.DataFrame(numbers | {name: words[code] for name, code in codes.items()}), (tendency > 0).astype(int)


def fit(n: int) -> dict[str, float]:
    """Return CPU seconds, wall seconds and memory of one fit in this process."""
    from reticent.defenses import DPClassifier  # noqa: PLC0415  the parent only waits

    x, y = people(n)
    domains = {name: [f"value {v}" for v in range(VALUES)] for name in x if name.startswith("category")}
    bounds = {name: (0, 100) for name in x if name.startswith("number")}
    before, began = peak(), time.perf_counter()
    with Cpu() as spent:
        model = DPClassifier(1.0, 0.1 / LARGEST, bounds=bounds, domains=domains, classes=[0, 1]).fit(x, y)
    wall, after = time.perf_counter() - began, peak()
    told = float(np.mean(model.predict(x[:20_000]) == y[:20_000]))
    return {"n": n, "cpu": spent.seconds, "wall": wall, "before": before, "peak": after, "accuracy": told}


def main() -> None:
    largest = int(sys.argv[1]) if len(sys.argv) > 1 else LARGEST
    found: list[dict[str, float]] = []
    for size in (largest // 2**halvings for halvings in reversed(range(SIZES))):
        command = [sys.executable, __file__, "--fit", str(size)]
        done = subprocess.run(command, capture_output=True, text=True, check=True)
        found.append(json.loads(done.stdout))
        rows = [
            [
                f"{f['n']:,}",
                f"{f['cpu']:.2f}",
                f"{f['wall']:.2f}",
                f"{f['before']:.2f}",
                f"{f['peak']:.2f}",
                f"{f['accuracy']:.3f}",
            ]
            for f in found
        ]
        notes = [
            "Peak memory of the process, GiB, with the made-up table and all imports; before: just before the fit."
        ]
        if len(found) == SIZES:
            sizes, seconds = (np.log([f[what] for f in found]) for what in ("n", "cpu"))
            slope = float(np.polyfit(sizes, seconds, 1)[0])
            last = float((seconds[-1] - seconds[-2]) / np.log(2))
            told = bar(slope, SLOPE, at_most=True)
            notes.append(f"Log-log slope of CPU time {slope:.2f} (last doubling {last:.2f}), bar {SLOPE}: {told}.")
        head = ["people", "CPU s", "wall s", "before, GiB", "peak, GiB", "accuracy"]
        write("dp_growth", f"A private fit of {COLUMNS} columns, epsilon 1", head, rows, notes)


if __name__ == "__main__":
    if sys.argv[1:2] == ["--fit"]:
        warnings.simplefilter("ignore")
        print(json.dumps(fit(int(sys.argv[2]))))
    else:
        main()
