"""Promise: a first verdict on a forest of Adult's size within ten seconds, the full report within a minute.

Wall time on two cores, from the described target to the written page; two sizes, since "Adult's size" is read in two
ways: the 10,000 people of the other benchmarks, and nearly all of Adult's training table.

    python benchmarks/bench_first_verdict.py
"""

import tempfile
import time
from pathlib import Path

import harness
from sklearn.ensemble import RandomForestClassifier

from reticent import Access, audit, describe

FIRST, FULL = 10.0, 60.0


def main() -> None:
    rows = []
    for size in (10_000, 32_000):
        pool = harness.people("adult", size)
        member = pool.member(0)
        model = RandomForestClassifier(random_state=0, n_jobs=2).fit(pool.x[member], pool.y[member])
        target = describe(
            model,
            members=(pool.x[member], pool.y[member]),
            nonmembers=(pool.x[~member], pool.y[~member]),
            label="income",
            access=Access.SCORES,
        )
        row = [f"{member.sum():,} + {(~member).sum():,}"]
        for attacks, limit in (("quick", FIRST), (None, FULL)):
            with tempfile.TemporaryDirectory() as folder:
                began = time.perf_counter()
                found = audit(target, attacks, n_jobs=2)
                found.to_html(Path(folder) / "audit.html")
                seconds = time.perf_counter() - began
            strongest = found.tpr_at(0.01)
            row += [f"{seconds:.1f} s ({harness.bar(seconds, limit, at_most=True)})", f"{100 * strongest.value:.1f} %"]
            print(f"{row[0]} {attacks or 'full'}: {seconds:.1f} s, strongest {strongest}", flush=True)
        rows.append(row)
    harness.write(
        "first_verdict",
        "Time to a first verdict and to a full report, random forest of 100 trees, two cores",
        ["members + others", "first verdict (bar 10 s)", "TPR@1%", "full report (bar 60 s)", "TPR@1%"],
        rows,
        ["The first verdict is `audit(target, 'quick')`; it meets no goal, since no whole model was trained."],
    )


if __name__ == "__main__":
    main()
