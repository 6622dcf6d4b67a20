"""Promise: where labels alone are granted, noise finds more than ART's boundary attack, for a fraction of its CPU.

Adult, 5,000 members and 5,000 others. Ours on all rows; ART's HopSkipJump on as many as it can afford, and ours beside
it on the same rows. Attacks with shadow models are read on their 16 shadow models, each attacked by those of the other
rounds; the others on as many targets as are asked for.

    RETICENT_DATA=... python benchmarks/bench_labels.py [targets, 10]
"""

import sys

import numpy as np
from harness import Cpu, bar, middle, peer, people, rates, write
from sklearn.ensemble import RandomForestClassifier
from sklearn.neural_network import MLPClassifier
from threadpoolctl import threadpool_limits

from reticent import Access, describe
from reticent.attacks.membership.boundary import Boundary
from reticent.attacks.membership.gap import Gap
from reticent.attacks.membership.lira import Lira, scores_of_shadows
from reticent.attacks.membership.noise import Noise
from reticent.attacks.membership.noise_lira import NoiseLira
from reticent.attacks.shadow import shadows
from reticent.attacks.signals import confidence, smoothed_logit
from reticent.attacks.workbench import Workbench

SHADOWS = 16
FOREST, NETWORK = "forest", "mlp"
AFFORDED = {FOREST: 40, NETWORK: 400}  # rows of each target that ART's search is run on
HEAD = ("target", "attack", "models", "AUC", "TPR@1%", "TPR@0.1%", "CPU s", "ms a row")


def fitted(kind, seed, x, y):
    model = {
        FOREST: RandomForestClassifier(random_state=seed),
        NETWORK: MLPClassifier((64,), max_iter=30, random_state=seed),
    }[kind]
    return model.fit(x, y)


def described(kind, pool, seed):
    member = pool.member(seed)
    inside, outside = ((pool.x[rows], pool.y[rows]) for rows in (member, ~member))
    return describe(fitted(kind, seed, *inside), members=inside, nonmembers=outside, access=Access.LABELS)


def ours(target, attack, bench):
    """Scores of all rows, and the CPU seconds, without the blind baseline that all findings carry."""
    Gap().run(target, 0, bench)
    with Cpu() as spent:
        found = attack.run(target, 0, bench)
    return found, spent.seconds


def collected(table, name, scores, member, seconds):
    table.setdefault(name, []).append({**rates(scores, member), "seconds": seconds, "rows": len(scores)})


def single(kind, pool, targets, table):
    """Attacks without shadow models, ours and ART's, on targets of their own."""
    for seed in range(targets):
        member = pool.member(seed)
        rng = np.random.default_rng(seed)
        half = AFFORDED[kind] // 2
        some = np.concatenate([rng.choice(np.flatnonzero(s), half, replace=False) for s in (member, ~member)])
        target, bench = described(kind, pool, seed), Workbench(n_jobs=1)
        folk = target.population
        place = np.full(len(pool.y), -1)  # members come first in a population, and equal rows were left out
        order = np.concatenate([np.flatnonzero(member), np.flatnonzero(~member)])
        place[order[folk.row + np.where(folk.is_member, 0, int(member.sum()))]] = np.arange(len(folk))
        some = some[place[some] >= 0]
        for attack in (Gap(), Noise(), Boundary()):
            found, seconds = ours(target, attack, bench)
            collected(table, attack.name, found.scores, folk.is_member, seconds)
            if attack.name == "boundary":
                collected(table, "boundary on ART's rows", found.scores[place[some]], member[some], seconds)
                table["boundary on ART's rows"][-1]["rows"] = len(folk)
        told = peer("art_labels", kind, x=pool.x, y=pool.y, member=member, some=some, seed=seed)
        collected(table, "ART rule-based", told["rule"], member, float(told["rule_seconds"]))
        collected(table, "ART boundary (HopSkipJump)", told["distance"], member[some], float(told["seconds"]))
        print(kind, seed, {name: round(rows[-1]["AUC"], 3) for name, rows in table.items()}, flush=True)


def with_shadows(kind, pool, table):
    """LiRA on labels and on noise, whose shadow models are the same."""
    target, bench = described(kind, pool, 0), Workbench(n_jobs=1)
    _, seconds = ours(target, Lira(shadows=SHADOWS), bench)
    trained = shadows(target, SHADOWS, 0, bench)
    labels = smoothed_logit(confidence(trained.scores, target.truth), 10)
    rounds = np.arange(SHADOWS) // 2
    for row, inside in zip(
        scores_of_shadows(labels, trained.membership, rounds, prior=4), trained.membership, strict=True
    ):
        collected(table, "LiRA on labels", row, inside, seconds)
    found, seconds = ours(target, NoiseLira(shadows=SHADOWS), bench)
    for row, inside in zip(found.replicas.scores[1:], found.replicas.membership[1:], strict=True):
        collected(table, "noise-lira", row, inside, seconds)
    print(kind, found.parameters, f"{seconds:.1f} CPU s", flush=True)


def main() -> None:
    targets = int(sys.argv[1]) if len(sys.argv) > 1 else 10
    pool, lines, notes = people("adult"), [], []
    for kind in (NETWORK, FOREST):
        table: dict[str, list] = {}
        single(kind, pool, targets, table)
        with_shadows(kind, pool, table)
        for name, rows in table.items():
            each = [1000 * row["seconds"] / row["rows"] for row in rows]
            shown = [middle([row[rate] for row in rows]) for rate in ("AUC", "TPR@1%", "TPR@0.1%")]
            few = rows[0]["rows"] < len(pool.y) // 2 or "ART's rows" in name
            shown[1:] = ["too few rows"] * 2 if few else shown[1:]
            cpu = f"{np.median([row['seconds'] for row in rows]):.1f}"
            lines.append((kind, name, str(len(rows)), *shown, cpu, f"{np.median(each):.2f}"))
        mean = {
            name: {key: float(np.mean([row[key] for row in rows])) for key in rows[0]} for name, rows in table.items()
        }
        cost = {name: row["seconds"] / row["rows"] for name, row in mean.items()}
        art, same = mean["ART boundary (HopSkipJump)"], mean["boundary on ART's rows"]
        cheaper = cost["ART boundary (HopSkipJump)"] / cost["boundary"]
        error = np.sqrt(1 / 6 / (AFFORDED[kind] / 2) / targets)  # of a mean AUC near 0.5
        notes += [
            f"{kind}: boundary takes {cheaper:.0f} times less CPU a row than ART's HopSkipJump; bar 10: "
            f"{bar(cheaper, 10)}",
            f"{kind}: on ART's rows ({AFFORDED[kind]} of each target, standard error {error:.3f}) mean AUC "
            f"{same['AUC']:.3f}, ART's {art['AUC']:.3f}; bar no lower by two errors: "
            f"{bar(same['AUC'], art['AUC'] - 2 * error)}",
            f"{kind}: noise without shadow models finds {mean['noise']['TPR@1%']:.3f} at 1 %, ART's rule "
            f"{mean['ART rule-based']['TPR@1%']:.3f}; bar above: "
            f"{bar(mean['noise']['TPR@1%'], mean['ART rule-based']['TPR@1%'])}",
            f"{kind}: noise-lira finds {mean['noise-lira']['TPR@1%']:.3f} at 1 %, LiRA on plain labels "
            f"{mean['LiRA on labels']['TPR@1%']:.3f}; bar above: "
            f"{bar(mean['noise-lira']['TPR@1%'], mean['LiRA on labels']['TPR@1%'])}",
        ]
    notes += [
        "ART: labels in batches of 4,096; 10 rounds (about 1,200 labels a row) in place of 50 (25,000), which gave the "
        "same order on 100 rows of the first network for five times the CPU; walks that never began count as distance "
        "0, as in ART (22 of those 100)",
        "Training of shadow models is included in CPU s; training of targets and the blind baseline are not",
    ]
    write("labels", "Labels alone: noise and boundary beside ART", HEAD, lines, notes)


if __name__ == "__main__":
    with threadpool_limits(1):
        main()
