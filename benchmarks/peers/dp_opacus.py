"""Opacus 1.6.0: logistic regression by DP-SGD, as its engine makes it private, in its fastest mode (ghost clipping).

Reads matrices train0 (n, d), test0 (m, d), train1, ...; y (n,) and y_test (m,) in {0, 1}; and settings (K, 6), those of
one matrix together: its number, noise multiplier, learning rate, epochs, batch, and the norm that the gradient of a
person is clipped to. Writes accuracy, auc and CPU seconds, (K,).

The engine's own Poisson sampler says who is in a batch; the batch is then taken in one step instead of row by row, as
its loader would, which changes the time and nothing else.
"""

import sys
import time

import numpy as np
import torch
from opacus import PrivacyEngine
from sklearn.metrics import roc_auc_score
from torch import nn
from torch.utils.data import DataLoader, TensorDataset


def fit(x: torch.Tensor, y: torch.Tensor, setting: np.ndarray) -> nn.Module:
    """Return a private logistic regression."""
    _, noise, rate, epochs, batch, clip = setting.tolist()
    module = nn.Linear(x.shape[1], 1)
    nn.init.zeros_(module.weight)
    nn.init.zeros_(module.bias)
    module, optimizer, criterion, loader = PrivacyEngine().make_private(
        module=module,
        optimizer=torch.optim.SGD(module.parameters(), lr=rate),
        criterion=nn.BCEWithLogitsLoss(),
        data_loader=DataLoader(TensorDataset(x, y), batch_size=int(batch)),
        noise_multiplier=noise,
        max_grad_norm=clip,
        grad_sample_mode="ghost",
    )
    for _ in range(int(epochs)):
        for rows in loader.batch_sampler:
            optimizer.zero_grad()
            chosen = torch.tensor(rows, dtype=torch.int64)
            criterion(module(x[chosen])[:, 0], y[chosen]).backward()
            optimizer.step()
    return module


def main(given: str, made: str) -> None:
    torch.set_num_threads(1)
    found: dict[str, list[float]] = {"accuracy": [], "auc": [], "seconds": []}
    with np.load(given, allow_pickle=False) as held:
        y, y_test, settings = torch.from_numpy(held["y"].astype(np.float32)), held["y_test"], held["settings"]
        number = -1
        for setting in settings:
            if int(setting[0]) != number:
                number = int(setting[0])
                x, x_test = (torch.from_numpy(held[f"{part}{number}"]) for part in ("train", "test"))
            began = time.process_time()
            module = fit(x, y, setting)
            found["seconds"].append(time.process_time() - began)
            with torch.no_grad():
                score = (x_test @ module._module.weight[0] + module._module.bias).numpy()
            found["accuracy"].append(float(np.mean((score > 0) == y_test)))
            found["auc"].append(float(roc_auc_score(y_test, score)))
    np.savez(made, **{name: np.array(values) for name, values in found.items()})


if __name__ == "__main__":
    main(*sys.argv[1:])
