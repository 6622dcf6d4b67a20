"""How much noise an epsilon costs: our accountants against Renyi DP, and against Opacus's own.

Training on Adult's 26,048 rows (four fifths of the file) at epsilon = 1, delta = 1e-5, by Poisson-sampled batches of
four sizes and by full batches. Renyi DP is that of dp-accounting with its own orders; most published epsilons were
calibrated with it.

    python benchmarks/bench_noise.py
"""

import logging
import math

import numpy as np
from harness import HERE, Cpu, bar, middle, peer, write
from scipy import stats
from threadpoolctl import threadpool_limits

from reticent.accounting.accountants import PLD, RDP, GaussianDP
from reticent.accounting.adjacency import ADD_REMOVE_ROW
from reticent.accounting.calibrate import calibrate
from reticent.accounting.events import Event, Gaussian, Part, PoissonSampledGaussian

ROWS, EPSILON, DELTA = 26_048, 1.0, 1e-5
LEAST = 6.0  # percent less noise than by Renyi DP
SETTINGS = [(256, 10), (1_024, 20), (2_048, 30), (4_096, 40), (ROWS, 60)]  # rows a batch, epochs
SHUFFLED = [(1.0, 100), (0.5, 1_000), (0.4, 1_000)]  # noise, batches of one pass
PEERS = ".venv-opacus"
PRECISION = 2e-4


def event(noise: float, rate: float, steps: int) -> Event:
    part: Part = Gaussian(noise, steps) if rate == 1 else PoissonSampledGaussian(noise, rate, steps)
    return Event("training", (part,), adjacency=ADD_REMOVE_ROW)


def shuffled(noise: float, steps: int) -> float:
    """Return an epsilon that one shuffled pass of ``steps`` batches exceeds, worked out on rows made to show it.

    All others push every batch down by one, one row pushes its own batch up by one, or is left out of it. The attacker
    looks at the highest of the noisy batches (Chua et al. 2024, arXiv:2403.17673); any threshold on it is a test, and
    what a test tells apart no smaller epsilon allows.
    """
    threshold = np.linspace(-2, 2 + 12 * noise, 200_001)
    others = (steps - 1) * stats.norm.logcdf(threshold / noise)
    found, missed = (-np.expm1(stats.norm.logcdf((threshold - up) / noise) + others) for up in (2, 1))
    with np.errstate(divide="ignore", invalid="ignore"):
        return float(np.nanmax(np.log((found - DELTA) / missed)))


def main() -> None:
    rates = [batch / ROWS for batch, _ in SETTINGS]
    steps = [int(epochs / rate) for rate, (_, epochs) in zip(rates, SETTINGS, strict=True)]
    theirs = {}
    if (HERE.parent / PEERS / "bin" / "python").exists():
        theirs = peer("opacus_noise", environment=PEERS, rate=rates, steps=steps, epsilon=EPSILON, delta=DELTA)
    rows, saved, seconds = [], [], []
    for i, (batch, epochs) in enumerate(SETTINGS):
        rate, count = rates[i], steps[i]

        def make(noise: float, rate: float = rate, count: int = count) -> Event:
            return event(noise, rate, count)

        with Cpu() as spent:
            ours = calibrate(make, EPSILON, DELTA, PLD(), precision=PRECISION)
        renyi = calibrate(make, EPSILON, DELTA, RDP(), precision=PRECISION)
        seconds.append(spent.seconds)
        saved.append(100 * (1 - ours / renyi))
        exact = f"{calibrate(make, EPSILON, DELTA, GaussianDP(), precision=PRECISION):.3f}" if rate == 1 else "-"
        others = [f"{theirs[name][i]:.3f}" if theirs else "not installed" for name in ("rdp", "prv")]
        size = "all rows" if rate == 1 else f"{batch:,} rows"
        row = [f"{size}, {epochs} epochs ({count:,} steps)", f"{ours:.3f}", exact, f"{renyi:.3f}", *others]
        rows.append([*row, f"{saved[-1]:.1f} %", bar(saved[-1], LEAST)])
        print(*row, f"{saved[-1]:.2f} %", f"{spent.seconds:.1f} CPU s", sep=" | ", flush=True)
    notes = [
        f"Noise multipliers at epsilon = {EPSILON:g}, delta = {DELTA:g}, {ROWS:,} rows; neighbors: {ADD_REMOVE_ROW}. "
        f"Bar: at least {LEAST:g} % below Renyi DP in each. Calibrated to {100 * PRECISION:g} %, on the side that "
        "keeps to epsilon.",
        f"Ours: {middle(seconds, 1)} CPU s a calibration. Full batches are exact in closed form, at once.",
        "Less noise for the same epsilon comes from the accounting alone: the training is the same.",
    ]
    for noise, count in SHUFFLED:
        claimed = PLD(interval=1e-3).epsilon(event(noise, 1 / count, count), DELTA)
        shown = math.floor(100 * shuffled(noise, count)) / 100
        notes.append(
            f"Sampling: one pass in {count:,} batches at noise {noise:g} is epsilon = {claimed:.2f} where batches are "
            f"Poisson samples, and above {shown:.2f} where rows are shuffled (one row zeroed out)."
        )
    if theirs:
        notes.append(
            f"Opacus 1.6.0, to 0.001 of epsilon, PRV at the precision that it comes with: "
            f"{middle(list(theirs['prv_seconds']), 1)} CPU s a calibration."
        )
    write(
        "noise",
        "Noise for an epsilon",
        ["training", "ours (PLD)", "exact", "Renyi DP", "Opacus RDP", "Opacus PRV", "less noise than Renyi DP", ""],
        rows,
        notes,
    )


if __name__ == "__main__":
    logging.getLogger("absl").setLevel(logging.ERROR)  # it names every order that Renyi DP leaves out
    with threadpool_limits(1):
        main()
