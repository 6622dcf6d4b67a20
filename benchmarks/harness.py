"""What the benchmarks share: the same people, CPU seconds, peers in an environment of their own, one table of results.

Ten targets are ten random halves of one pool of 10,000 people, so that shadow models can be shared where an attack
allows it. Peers run in ``.venv-peers``, or in another environment where they ask for old packages (``make peers``),
read the same arrays from a file and time themselves, without their imports.
"""

import os
import subprocess
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from reticent.stats import roc

HERE = Path(__file__).parent
RESULTS = HERE / "results"
POOL = 10_000


@dataclass(frozen=True)
class People:
    """Rows as numbers, shape (n, d), labels 0..C-1, shape (n,); the first n/2 of ``order(seed)`` are members."""

    name: str
    x: npt.NDArray[np.float32]
    y: npt.NDArray[np.intp]

    def member(self, seed: int) -> npt.NDArray[np.bool_]:
        """Return who is a member of target number ``seed``, shape (n,): a random half."""
        n = len(self.y)
        return np.random.default_rng([seed, 7]).permutation(n) < n // 2


def people(name: str, size: int = POOL) -> People:
    """Return a pool of at most ``size`` rows of a data set in ``RETICENT_DATA``: adult, credit, location."""
    folder = Path(os.environ["RETICENT_DATA"])
    if name == "location":
        held = np.load(folder / "location30" / "location30.npz", allow_pickle=False)
        x, y = held["x"].astype(np.float32), np.unique(held["y"], return_inverse=True)[1]
    else:
        path, label = {
            "adult": ("adult/train.parquet", "income"),
            "credit": ("credit_default_taiwan/credit_default.parquet", "default_payment_next_month"),
        }[name]
        frame = pd.read_parquet(folder / path).drop(columns="ID", errors="ignore").drop_duplicates()
        coded = pd.get_dummies(frame.drop(columns=label)).to_numpy(np.float64)
        x = ((coded - coded.mean(axis=0)) / np.maximum(coded.std(axis=0), 1e-9)).astype(np.float32)
        y = np.unique(frame[label], return_inverse=True)[1]
    rows = np.random.default_rng(0).permutation(len(x))[: min(size, len(x) // 2 * 2)]
    return People(name, np.ascontiguousarray(x[rows]), y[rows])


@dataclass
class Cpu:
    """``with Cpu() as spent: ...; spent.seconds``: CPU seconds of this process and of its finished children."""

    seconds: float = 0.0
    _began: float = field(default=0.0, repr=False)

    @staticmethod
    def _now() -> float:
        used = os.times()
        return used.user + used.system + used.children_user + used.children_system

    def __enter__(self) -> "Cpu":
        self._began = self._now()
        return self

    def __exit__(self, *_: object) -> None:
        self.seconds = self._now() - self._began


def peer(script: str, *arguments: str, environment: str = ".venv-peers", **arrays: Any) -> dict[str, npt.NDArray[Any]]:
    """Run ``benchmarks/peers/<script>.py`` in an environment of the peers: arrays in, arrays and seconds out."""
    python = HERE.parent / environment / "bin" / "python"
    if not python.exists():
        raise SystemExit("the peers are not installed: make peers")
    with tempfile.TemporaryDirectory() as folder:
        given, made = Path(folder) / "in.npz", Path(folder) / "out.npz"
        np.savez(given, **arrays)
        command = [str(python), str(HERE / "peers" / f"{script}.py"), str(given), str(made), *arguments]
        variables = {**os.environ, "OMP_NUM_THREADS": "1", "PYTHONWARNINGS": "ignore"}
        done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=folder, env=variables)
        if done.returncode:
            raise RuntimeError(f"{script} failed:\n{done.stderr[-3000:]}")
        with np.load(made, allow_pickle=False) as held:
            return {name: held[name] for name in held.files}


def rates(scores: npt.NDArray[np.float64], member: npt.NDArray[np.bool_]) -> dict[str, float]:
    """Return AUC and the true-positive rates at 1 % and 0.1 % false positives (NaN where too few can test it)."""
    inside, outside = scores[member], scores[~member]
    found = {"AUC": roc.auc(inside, outside).value}
    return found | {f"TPR@{100 * f:g}%": roc.tpr_at(inside, outside, fpr=f).value for f in (0.01, 0.001)}


def middle(values: Sequence[float], digits: int = 3) -> str:
    """Return the median and the range, ``0.314 (0.290..0.340)``."""
    low, mid, high = np.nanmin(values), np.nanmedian(values), np.nanmax(values)
    return f"{mid:.{digits}f} ({low:.{digits}f}..{high:.{digits}f})"


def write(name: str, title: str, head: Sequence[str], rows: Sequence[Sequence[str]], notes: Sequence[str] = ()) -> None:
    """Print a Markdown table with notes below it, and keep it in ``benchmarks/results/<name>.md``."""
    lines = [f"# {title}", "", "| " + " | ".join(head) + " |", "|" + " --- |" * len(head)]
    lines += ["| " + " | ".join(row) + " |" for row in rows]
    lines += ["", *(f"- {note}" for note in notes), f"- Command: `python benchmarks/bench_{name}.py`", ""]
    text = "\n".join(lines)
    print(text)
    RESULTS.mkdir(exist_ok=True)
    (RESULTS / f"{name}.md").write_text(text, encoding="utf-8")


def bar(reached: float, wanted: float, *, at_most: bool = False) -> str:
    """Return "met" or "MISSED" for a figure and its bar."""
    return "met" if (reached <= wanted if at_most else reached >= wanted) else "MISSED"
