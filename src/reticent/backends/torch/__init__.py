"""PyTorch: classifiers that are modules, and recipes that train a hundred of them in the time of a few.

>>> import numpy as np
>>> import torch
>>> from reticent.target.table import ArrayTable
>>> recipe = TorchRecipe(
...     module=lambda: torch.nn.Sequential(torch.nn.Linear(4, 16), torch.nn.ReLU(), torch.nn.Linear(16, 2)),
...     optimizer=lambda parameters: torch.optim.Adam(parameters, lr=0.01),
...     loss=torch.nn.functional.cross_entropy,
...     epochs=5,
...     batch_size=32,
... )
>>> x = np.random.default_rng(0).normal(size=(200, 4)).astype(np.float32)
>>> model = recipe(ArrayTable(x, x[:, 0] > 0), seed=0)
>>> bool((model.labels(x) == (x[:, 0] > 0)).mean() > 0.8)
True
"""

from reticent.backends.torch.model import TorchModel, is_module
from reticent.backends.torch.recipe import TorchRecipe

__all__ = ["TorchModel", "TorchRecipe", "is_module"]
