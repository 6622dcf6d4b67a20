"""Shadow models one after the other, as torch peers train them (a DataLoader) and as a careful hand does (tensors).

Reads x (n, d), y (n,), inside (S, n) of bool; arguments: loop ("loader" or "tight"), epochs, batch size, hidden units.
Writes the logits of each model on all rows (S, n, C) and the seconds that its training and answering took (S,).
"""

import sys
import time

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F
from torch.utils.data import DataLoader, TensorDataset


def by_loader(module, optimizer, x, y, *, epochs, size):
    loader = DataLoader(TensorDataset(x, y), batch_size=size, shuffle=True)
    for _ in range(epochs):
        for rows, truth in loader:
            optimizer.zero_grad()
            F.cross_entropy(module(rows), truth).backward()
            optimizer.step()


def by_hand(module, optimizer, x, y, *, epochs, size):
    for _ in range(epochs):
        for batch in torch.randperm(len(x)).split(size):
            optimizer.zero_grad()
            F.cross_entropy(module(x[batch]), y[batch]).backward()
            optimizer.step()


def main(given, made, *settings):
    loop, epochs, size, hidden = settings
    torch.set_num_threads(1)
    with np.load(given, allow_pickle=False) as held:
        x, y, inside = torch.from_numpy(held["x"]), torch.from_numpy(held["y"]), held["inside"]
    train = {"loader": by_loader, "tight": by_hand}[loop]
    logits, seconds = [], []
    for number, chosen in enumerate([*inside[:1], *inside]):  # the first once more: torch loads parts of itself late
        torch.manual_seed(number)
        mask = torch.from_numpy(chosen)
        began = time.process_time()
        module = nn.Sequential(nn.Linear(x.shape[1], int(hidden)), nn.ReLU(), nn.Linear(int(hidden), int(y.max()) + 1))
        optimizer = torch.optim.Adam(module.parameters(), lr=1e-3)
        train(module, optimizer, x[mask], y[mask], epochs=int(epochs) if logits else 1, size=int(size))
        with torch.no_grad():
            logits.append(module(x).numpy())
        seconds.append(time.process_time() - began)
    np.savez(made, logits=np.stack(logits[1:]), seconds=np.array(seconds[1:]))


if __name__ == "__main__":
    main(*sys.argv[1:])
