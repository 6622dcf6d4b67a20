"""Promise: a forest's members are found with a fortieth of the work of sacroml's LiRA, and more of them.

Adult, 5,000 members and 5,000 non-members, scikit-learn's default forest of 100 trees. CPU seconds of one thread from
the fitted forest to a score for each row. sacroml trains its shadow forests anew for each number of them; the scores of
its other modes on the same shadow forests cost it nothing here, and the best of them is quoted.

    python benchmarks/bench_forests.py
"""

import sys
import time
from collections import defaultdict

import numpy as np
from harness import Cpu, People, bar, middle, peer, people, rates, write
from sklearn.ensemble import RandomForestClassifier
from threadpoolctl import threadpool_limits

from reticent import Access, describe
from reticent.attacks.membership.blind import baseline
from reticent.attacks.membership.forest import ForestPool
from reticent.attacks.membership.lira import Lira
from reticent.attacks.workbench import Workbench
from reticent.target.target import Target

TARGETS, OF_PEERS = 10, 3
PEERS = {
    "online, N = 64": ("online-carlini", 64),
    "offline, N = 32": ("offline", 32),
    "default, N = 100": ("offline", 100),
}
LARGE = 16_000  # members; as many non-members
Figures = dict[str, list[dict[str, float]]]


def forest(pool: People, member: np.ndarray, seed: int) -> Target:
    """Return a described default forest; members stand before non-members in its population."""
    model = RandomForestClassifier(random_state=seed).fit(pool.x[member], pool.y[member])
    inside, outside = ((pool.x[side], pool.y[side]) for side in (member, ~member))
    return describe(model, members=inside, nonmembers=outside, access=Access.SCORES, key=b"bench")


def ours(pool: People, seed: int, figures: Figures, *, reference: bool) -> None:
    """Attack one target with the trees, and with whole shadow forests too where asked for reference."""
    for title, attack in (("Reticent", ForestPool()), ("Reticent's LiRA, 32 x 100 trees", Lira())):
        if title == "Reticent" or reference:
            target, bench = forest(pool, pool.member(seed), seed), Workbench(n_jobs=1)
            baseline(target, seed, bench)  # the blind attacker is no part of this one, and sacroml has none
            with Cpu() as spent:
                found = attack.run(target, seed, bench)
            figures[title].append({**rates(found.scores, target.population.is_member), "CPU s": spent.seconds})
            print(seed, title, figures[title][-1], flush=True)


def theirs(pool: People, seed: int, figures: Figures) -> None:
    """Attack one target with sacroml, in each number of shadow forests and in each of its modes."""
    member = pool.member(seed)
    for title, (mode, count) in PEERS.items():
        found = peer("sacro_lira", mode, str(count), x=pool.x, y=pool.y, member=member, seed=np.array(seed))
        seconds = {"CPU s": float(found.pop("seconds"))}
        figures[f"sacroml {title}"].append({**rates(found.pop("scores"), member), **seconds})
        for other, scores in found.items():
            figures[f"any of N = {count}: {other}"].append({**rates(scores, member), **seconds})
        print(seed, title, figures[f"sacroml {title}"][-1], flush=True)


def first_verdict() -> str:
    """Return how long an attack on 16,000 + 16,000 people takes on two cores, workers started anew."""
    pool = people("adult", 2 * LARGE)
    target = forest(pool, pool.member(0), 0)
    began = time.perf_counter()
    found = ForestPool().run(target, 0, Workbench(n_jobs=2))
    seconds = time.perf_counter() - began
    with Cpu() as spent:
        ForestPool().run(target, 0, Workbench(n_jobs=1))
    quality = ", ".join(
        f"{name} {value:.3f}" for name, value in rates(found.scores, target.population.is_member).items()
    )
    return (
        f"{len(target.population):,} people, two workers started anew, with the blind attacker: {seconds:.1f} s of "
        f"wall ({quality}); {spent.seconds:.1f} CPU s in one process"
    )


def main(of_peers: int) -> None:
    pool, figures = people("adult"), defaultdict(list)
    for seed in range(TARGETS):
        ours(pool, seed, figures, reference=seed < of_peers)
    for seed in range(of_peers):
        theirs(pool, seed, figures)

    def median(title: str, name: str) -> float:
        return float(np.median([one[name] for one in figures[title]]))

    modes = [title for title in figures if title.startswith("any of")]
    names = ("AUC", "TPR@1%", "TPR@0.1%")
    rows = []
    for title in ("Reticent", "Reticent's LiRA, 32 x 100 trees", *(f"sacroml {one}" for one in PEERS)):
        of_one = figures[title]
        rows.append([title, str(len(of_one)), *(middle([one[name] for one in of_one]) for name in (*names, "CPU s"))])
    best = {name: max(modes, key=lambda title: median(title, name)) for name in names}
    notes = [f"best {name} of sacroml's modes: {median(best[name], name):.4f} ({best[name]})" for name in names]
    for title, wanted in (("online, N = 64", 40), ("offline, N = 32", 25), ("default, N = 100", 40)):
        ratio = median(f"sacroml {title}", "CPU s") / median("Reticent", "CPU s")
        notes.append(f"CPU of sacroml {title} / ours: {ratio:.1f}, bar {wanted}: {bar(ratio, wanted)}")
    for name, wanted in (("TPR@1%", 1.2), ("TPR@0.1%", 3.0)):
        ratio = median("Reticent", name) / max(median(best[name], name), 1e-9)
        notes.append(f"{name}, ours / sacroml's best mode: {ratio:.2f}, bar {wanted}: {bar(ratio, wanted)}")
    notes.append(
        f"Medians and ranges over the targets; sacroml and our LiRA on the first {of_peers}, for they are slow"
    )
    notes.append(first_verdict())
    write("forests", "Forests: who was in training", ["attack", "targets", *names, "CPU s"], rows, notes)


if __name__ == "__main__":
    with threadpool_limits(1):
        main(int(sys.argv[1]) if len(sys.argv) > 1 else OF_PEERS)
