"""A small private training that is right, and the ways to get it wrong."""

from dataclasses import dataclass

import numpy as np
import pytest
from scipy import special


@dataclass
class Linear:
    """What the reference training gives back."""

    weights: np.ndarray
    n: float


@dataclass(frozen=True)
class NoisyLogistic:
    """Full-batch logistic regression: a count, then noisy sums of clipped gradients on a grid."""

    steps: int = 5
    clip: float = 1.0  # of a row's gradient
    promised: float = 1.0
    peek: bool = False  # at the number of rows
    charge_count: bool = True
    grid: float = 2.0**-20

    def __call__(self, x, y, curator):
        x = np.nan_to_num(np.asarray(x, float), nan=0.0, posinf=0.0, neginf=0.0)
        x = np.clip(x, -1, 1)
        share = 0.9 / self.steps if self.charge_count else 1.0 / self.steps
        n = curator.gaussian("rows", np.array(float(len(x))), sensitivity=1.0, share=0.1)
        n = float(len(x)) if self.peek else max(float(n), 1.0)
        weights = np.zeros(x.shape[1])
        for step in range(self.steps):
            slope = x * (special.expit(x @ weights) - y)[:, None]
            norms = np.linalg.norm(slope, axis=1, keepdims=True)
            slope *= np.minimum(1, self.clip / np.maximum(norms, 1e-300))
            cells = np.trunc(slope / self.grid) * self.grid  # towards zero: no longer than it was
            noisy = curator.gaussian(
                f"gradient {step}", cells.sum(axis=0), sensitivity=self.promised, share=share, grid=self.grid
            )
            weights = weights - noisy / n
        return Linear(weights, n)


@pytest.fixture(scope="session")
def logistic():
    """``logistic(**changes)``: the reference training, right unless it is changed."""
    return NoisyLogistic


@pytest.fixture(scope="session")
def rows():
    """Forty rows of three numbers and a label."""
    rng = np.random.default_rng(0)
    x = rng.normal(size=(40, 3))
    return x, (x[:, 0] + rng.normal(size=40) > 0).astype(float)
