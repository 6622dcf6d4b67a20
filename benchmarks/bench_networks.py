"""Promise: shadow networks trained together cost a fraction of training loops, at the same power.

Adult, 5,000 members and 5,000 others, a network of one hidden layer (64 units) on batches of 64 with Adam, ten targets
that share 64 shadow models. Ours: ``shadows``, as LiRA calls it, answers included. Peers: the same 64 shadow models,
seed by seed one after the other, by a loop over tensors; four of them by a DataLoader (how torch peers train), whose
seconds are multiplied. All on one thread, in turns, since seconds depend on who else is on the machine.

    RETICENT_DATA=... python benchmarks/bench_networks.py
"""

import os

import harness
import numpy as np
import torch
from threadpoolctl import threadpool_limits
from torch import nn

from reticent import Access, describe
from reticent.attacks.membership.lira import best_setting, lira_scores
from reticent.attacks.shadow import shadows
from reticent.attacks.signals import confidence, smoothed_logit
from reticent.attacks.workbench import Workbench
from reticent.backends.torch import TorchRecipe
from reticent.target.table import ArrayTable

SHADOWS, EPOCHS, BATCH, HIDDEN, TARGETS = 64, 30, 64, 64, 10
SAMPLES = 4  # times that the loops take turns with us
FEWER = (8, 16, 32)


def recipe(columns: int, classes: int) -> TorchRecipe:
    return TorchRecipe(
        module=lambda: nn.Sequential(nn.Linear(columns, HIDDEN), nn.ReLU(), nn.Linear(HIDDEN, classes)),
        optimizer=lambda parameters: torch.optim.Adam(parameters, lr=1e-3),
        loss=nn.functional.cross_entropy,
        epochs=EPOCHS,
        batch_size=BATCH,
    )


def attack(scores: list[np.ndarray], shadow: np.ndarray, inside: np.ndarray, truth: np.ndarray) -> list[np.ndarray]:
    """Return what LiRA says of each target's rows, by these shadow models."""
    shares = confidence(shadow, truth)
    trials, prior = best_setting(shares, inside, np.arange(len(inside)) // 2)  # pairs of complements
    signals = smoothed_logit(shares, trials)
    return [lira_scores(smoothed_logit(confidence(one, truth), trials), signals, inside, prior=prior) for one in scores]


def softmax(logits: np.ndarray) -> np.ndarray:
    shifted = np.exp(logits.astype(np.float64) - logits.max(axis=-1, keepdims=True))
    return shifted / shifted.sum(axis=-1, keepdims=True)


def main() -> None:
    people = harness.people("adult")
    members = [people.member(seed) for seed in range(TARGETS)]
    how = recipe(people.x.shape[1], int(people.y.max()) + 1)
    sides = [(people.x[side], people.y[side]) for side in (members[0], ~members[0])]
    first = how(ArrayTable(*sides[0]), 1000).native
    target = describe(
        first, members=sides[0], nonmembers=sides[1], access=Access.SCORES, recipe=how, shared_rows="drop"
    )
    table = target.population.table  # members first
    order = np.concatenate([np.flatnonzero(members[0]), np.flatnonzero(~members[0])])
    sides = [member[order] for member in members]
    assert (table.x == people.x[order]).all(), "no row was dropped"
    models = [target.train(np.flatnonzero(side), 1000 + seed) for seed, side in enumerate(sides)]
    scores = [model.scores(table.x) for model in models]

    with harness.Cpu() as spent:
        found = shadows(target, SHADOWS, 0, Workbench(n_jobs=1))
    mine, inside = [spent.seconds / SHADOWS], found.membership
    given = {"x": table.x, "y": table.y.astype(np.int64)}
    settings = (str(EPOCHS), str(BATCH), str(HIDDEN))
    tight, loader, logits = [], [], []
    for part in np.array_split(np.arange(SHADOWS), SAMPLES):
        made = harness.peer("torch_loops", "tight", *settings, inside=inside[part], **given)
        logits.append(made["logits"])
        tight += made["seconds"].tolist()
        loader += harness.peer("torch_loops", "loader", *settings, inside=inside[part[:1]], **given)["seconds"].tolist()
        with harness.Cpu() as spent:
            for model in target.recipe.family.train(table, [np.flatnonzero(one) for one in inside[:32]], range(32)):
                model.scores(table.x)
        mine.append(spent.seconds / 32)
        print(
            f"seconds a model: together {mine[-1]:.3f}, tight {tight[-1]:.3f}, DataLoader {loader[-1]:.3f}", flush=True
        )
    # shadows' own run, and runs beside each of the loops'
    seconds = {"ours": mine[0] * SHADOWS, "tight": np.sum(tight), "loader": np.median(loader) * SHADOWS}
    beside = {
        name: float(np.median(one)) / float(np.median(mine)) for name, one in (("loader", loader), ("tight", tight))
    }

    theirs = softmax(np.concatenate(logits))
    power = {}
    for name, answers in (("ours", found.scores), ("tight", theirs), *((f"{n}", found.scores[:n]) for n in FEWER)):
        said = attack(scores, answers, inside[: len(answers)], table.y)
        power[name] = [harness.rates(one, side) for one, side in zip(said, sides, strict=True)]
        print(name, harness.middle([one["TPR@1%"] for one in power[name]]), flush=True)

    def row(title: str, name: str, cost: float, ratio: str) -> list[str]:
        rates = [harness.middle([one[rate] for one in power[name]]) for rate in ("AUC", "TPR@1%", "TPR@0.1%")]
        return [title, f"{cost:.1f}", ratio, *rates]

    difference = [a["TPR@1%"] - b["TPR@1%"] for a, b in zip(power["ours"], power["tight"], strict=True)]
    noise = np.std(difference, ddof=1) / np.sqrt(TARGETS)
    rows = [
        row(f"{SHADOWS} shadows together", "ours", seconds["ours"], "1"),
        row(f"{SHADOWS} shadows, loop over tensors", "tight", seconds["tight"], f"{beside['tight']:.1f}"),
        row(f"{SHADOWS} shadows, DataLoader", "tight", seconds["loader"], f"{beside['loader']:.1f}"),
        *(row(f"{n} shadows together", f"{n}", seconds["ours"] * n / SHADOWS, "") for n in FEWER),
    ]
    notes = [
        f"against a DataLoader loop: {beside['loader']:.1f}x less CPU (bar 15): {harness.bar(beside['loader'], 15)}",
        f"against a loop over tensors: {beside['tight']:.1f}x less CPU (bar 5): {harness.bar(beside['tight'], 5)}",
        f"paired difference of TPR@1% over {TARGETS} targets, ours less the loop's: {np.mean(difference):+.4f}, "
        f"standard error {noise:.4f}; equal power: {harness.bar(np.mean(difference), -2 * noise - 0.001)}",
        f"{SAMPLES} DataLoader models were trained and their median multiplied by {SHADOWS}; they learn as the "
        f"loop over tensors learns, so its rates stand for them",
        "seconds: training and answering for 10,000 rows; ratios: medians of turns that we and the loops took",
        f"load average {os.getloadavg()[0]:.0f} on {os.cpu_count()} cores",
        f"network {people.x.shape[1]}-{HIDDEN}-2, Adam 0.001, {EPOCHS} epochs, batches of {BATCH}",
    ]
    head = ["Shadow models", "CPU s", "times ours", "AUC", "TPR@1%", "TPR@0.1%"]
    harness.write("networks", "Networks: shadows trained together", head, rows, notes)


if __name__ == "__main__":
    with threadpool_limits(1):
        main()
