"""Modules answer as models do; many trained together become what each becomes alone; what cannot be batched says so."""

import importlib
import pickle
import subprocess
import sys
from dataclasses import replace
from functools import partial

import numpy as np
import pandas as pd
import polars as pl
import pytest
from sklearn.compose import make_column_transformer
from sklearn.preprocessing import OneHotEncoder, StandardScaler

torch = pytest.importorskip("torch", reason="torch is not installed")

from torch import nn  # noqa: E402
from torch.nn import functional as F  # noqa: E402

from reticent.backends.torch import TorchModel, TorchRecipe, chain, rows, together  # noqa: E402
from reticent.backends.torch.dense import Dense  # noqa: E402
from reticent.backends.torch.pull import by_row, constant_targets, pull_of  # noqa: E402
from reticent.backends.torch.stacked import Stacked  # noqa: E402
from reticent.errors import MissingPackageError, ModelError, ParameterError, RecipeError  # noqa: E402
from reticent.target.family.network import Network  # noqa: E402
from reticent.target.model import Model  # noqa: E402
from reticent.target.table import ArrayTable, FrameTable  # noqa: E402

RNG = np.random.default_rng(0)
X = RNG.normal(size=(400, 8)).astype(np.float32)
Y = np.array(["a", "b", "c"])[(X[:, 0] > 0).astype(int) + (X[:, 1] + RNG.normal(size=400) > 0)]
TABLE = ArrayTable(X, Y)
IMAGES = ArrayTable(RNG.normal(size=(400, 1, 6, 6)).astype(np.float32), Y)
BINARY = ArrayTable(X, (X[:, 0] > 0).astype(int))
CLASSES = np.array(["a", "b", "c"])


def net():
    return nn.Sequential(nn.Linear(8, 16), nn.ReLU(), nn.Linear(16, 3))


def adam(parameters):
    return torch.optim.Adam(parameters, lr=0.01)


def sgd(parameters):
    return torch.optim.SGD(parameters, lr=0.1, momentum=0.9, nesterov=True, weight_decay=1e-3)


def decayed(parameters):
    """Biases are spared, which only their shape tells."""
    return torch.optim.AdamW(
        [
            {"params": [one for one in parameters if one.ndim > 1], "weight_decay": 0.3},
            {"params": [one for one in parameters if one.ndim == 1], "weight_decay": 0.0, "lr": 0.02},
        ],
        lr=0.01,
    )


def made(module=net, optimizer=adam, loss=F.cross_entropy, **changes):
    given = {"epochs": 4, "batch_size": 32, "classes": CLASSES, **changes}
    return TorchRecipe(module=module, optimizer=optimizer, loss=loss, **given)


class Block(nn.Module):
    """Layers as attributes, functions in ``forward``."""

    def __init__(self):
        super().__init__()
        self.first, self.second = nn.Linear(8, 16), nn.Linear(16, 3)

    def forward(self, x):
        return self.second(torch.tanh(F.relu(self.first(x))))


class Residual(nn.Module):
    def __init__(self):
        super().__init__()
        self.inner, self.norm, self.last = nn.Linear(8, 8), nn.LayerNorm(8), nn.Linear(8, 3)

    def forward(self, x):
        return self.last(self.norm(x + F.relu(self.inner(x))))


class Choosy(nn.Module):
    """Looks at the numbers to know what to do."""

    def __init__(self):
        super().__init__()
        self.last = nn.Linear(8, 3)

    def forward(self, x):
        made = self.last(x)
        return 2 * made if made.sum() > 0 else made


class Noisy(Choosy):
    """Draws random numbers that nobody knows of."""

    def forward(self, x):
        return F.dropout(self.last(x), training=self.training)


class Secret(Choosy):
    """Draws random numbers that not even torch knows of."""

    def forward(self, x):
        return self.last(x) * (float(np.random.default_rng().random()) if self.training else 1)


class Doubled(torch.autograd.Function):
    """A function of the caller's own."""

    @staticmethod
    def forward(ctx, x):
        return x * 2

    @staticmethod
    def backward(ctx, pull):
        return pull * 2


class Custom(Choosy):
    def forward(self, x):
        return Doubled.apply(self.last(x))


def forgetful():
    layers = (nn.Linear(8, 16), nn.Tanh(), nn.Dropout(0.3), nn.Linear(16, 16), nn.ReLU(), nn.Dropout(0.2))
    return nn.Sequential(*layers, nn.Linear(16, 3))


def normed():
    return nn.Sequential(nn.Linear(8, 16), nn.BatchNorm1d(16), nn.Dropout(0.2), nn.GELU(), nn.Linear(16, 3))


def convolution():
    return nn.Sequential(nn.Conv2d(1, 4, 3), nn.BatchNorm2d(4), nn.ReLU(), nn.Flatten(), nn.Linear(64, 3))


def flattened():
    return nn.Sequential(nn.Flatten(), nn.Linear(36, 8), nn.SiLU(), nn.Linear(8, 3, bias=False))


def tied():
    layer = nn.Linear(8, 8)
    return nn.Sequential(layer, nn.ReLU(), layer, nn.ReLU(), nn.Linear(8, 3))


def frozen():
    module = net()
    module[0].weight.requires_grad_(False)
    return module


def one_column():
    return nn.Sequential(nn.Linear(8, 16), nn.ReLU(), nn.Linear(16, 1))


def positions(labels):
    return np.searchsorted(np.unique(labels), labels)


# models


@pytest.fixture(scope="module")
def model():
    return made()(TABLE, 1)


def test_fulfils_the_protocol(model):
    assert isinstance(model, Model) and model.has_scores and model.unreadable is None
    scores = model.scores(X)
    assert scores.shape == (400, 3) and scores.dtype == np.float64
    np.testing.assert_allclose(scores.sum(axis=1), 1, atol=1e-12)
    np.testing.assert_array_equal(model.labels(X), scores.argmax(axis=1))
    assert (CLASSES[model.labels(X)] == Y).mean() > 0.6
    with torch.no_grad():
        np.testing.assert_allclose(scores, torch.softmax(model.native(torch.tensor(X)), 1), atol=1e-6)
    described = model.describe()
    assert described["class"] == "Sequential" and described["parameters"]["weights"] == "195"
    assert all(isinstance(value, str) for value in described["parameters"].values())
    np.testing.assert_array_equal(pickle.loads(pickle.dumps(model)).scores(X), scores)


def test_answers_are_those_of_eval_mode_and_the_mode_is_left_as_it_was():
    module = forgetful().train()
    module[2].eval()
    model = TorchModel(module, CLASSES)
    np.testing.assert_array_equal(model.scores(X), model.scores(X))
    assert module.training and not module[2].training and module[5].training
    assert all(one.grad is None for one in module.parameters())


def test_answers_come_in_batches_of_bounded_size(model, monkeypatch):
    whole, seen = model.scores(X), []
    hook = model.native.register_forward_hook(lambda module, given, made: seen.append(len(made)))
    monkeypatch.setattr(rows, "_CELLS", 8 * 150)
    parts = model.scores(X)
    hook.remove()
    assert seen == [150, 150, 100]
    np.testing.assert_allclose(parts, whole, atol=1e-6)


@pytest.mark.parametrize("kind", [pd.DataFrame, lambda x: pl.DataFrame(x, schema=[f"c{i}" for i in range(8)])])
def test_frames_of_numbers_are_rows(kind, model):
    np.testing.assert_allclose(model.scores(kind(X)), model.scores(X), atol=1e-7)


def test_one_column_says_it_of_the_second_class():
    module = one_column()
    raw = module(torch.tensor(X)).detach().numpy()[:, 0].astype(float)
    expected = np.column_stack([1 / (1 + np.exp(raw)), 1 / (1 + np.exp(-raw))])
    for one in (module, nn.Sequential(module, nn.Flatten(0)), nn.Sequential(module, nn.Sigmoid())):
        np.testing.assert_allclose(TorchModel(one, np.array([0, 1])).scores(X), expected, atol=1e-6)


@pytest.mark.parametrize("last", [nn.Softmax(1), nn.LogSoftmax(1)])
def test_probabilities_are_not_squashed_again(last, model):
    np.testing.assert_allclose(
        TorchModel(nn.Sequential(model.native, last), CLASSES).scores(X), model.scores(X), atol=1e-6
    )


def test_saturated_outputs_are_still_told_apart():
    module = nn.Linear(1, 1, bias=False)
    nn.init.constant_(module.weight, 1.0)
    scores = TorchModel(module, np.array([0, 1])).scores(np.array([[20.0], [40.0], [200.0]]))
    assert scores[0, 0] > scores[1, 0] > scores[2, 0] > 0


@pytest.mark.parametrize(
    ("module", "x", "message"),
    [
        (nn.Linear(8, 4), X, r"one column for each of the classes \['a', 'b', 'c'\].*\(400, 4\)"),
        (nn.Linear(8, 1), X, r"one column for each"),
        (nn.Linear(5, 3), X, r"does not accept rows of shape \(8,\).*trained on"),
        (nn.LSTM(8, 3), X, "expected the module LSTM to give one tensor, got tuple"),
        (nn.Linear(1, 3), np.array([["x"], ["y"]]), "expected numbers.*Pass prepare="),
        (nn.Linear(1, 3), np.array([[1.0], [np.nan]]), "got 1 that are missing.*Pass prepare="),
    ],
)
def test_what_a_module_cannot_say_is_named(module, x, message):
    with pytest.raises(ModelError, match=message):
        TorchModel(module, CLASSES).scores(x)


def test_whole_numbers_stay_whole_for_embeddings():
    words = nn.Sequential(nn.Embedding(5, 4), nn.Flatten(), nn.Linear(8, 3))
    given = np.array([[0, 4], [3, 1]])
    assert TorchModel(words, CLASSES).scores(given).shape == (2, 3)
    assert TorchModel(nn.Linear(2, 3), CLASSES).scores(given.astype(np.uint8)).shape == (2, 3)
    assert TorchModel(nn.Linear(2, 3).double(), CLASSES).scores(given).shape == (2, 3)


def test_every_array_is_walked_registered_or_not(model):
    module = normed()
    module.memory = torch.tensor(X[:5])
    module.seen = {"rows": [X[:3]]}
    module.short = nn.Parameter(torch.ones(2, 2, dtype=torch.bfloat16))
    module.cells = torch.eye(3).to_sparse()
    module.register_buffer("bank", torch.eye(3).to_sparse())
    found = dict(TorchModel(module, CLASSES, prepare=StandardScaler().fit(X)).arrays())
    assert found["0.weight"].shape == (16, 8) and found["1.running_mean"].shape == (16,)
    assert found["short"].dtype == np.float32 and found["bank"].shape == (3, 3)
    np.testing.assert_array_equal(found["memory"], X[:5])
    np.testing.assert_array_equal(found["seen['rows'][0]"], X[:3])
    assert found["prepare.mean_"].shape == (8,)


def test_representations_are_what_leaves_each_part(model):
    steps = dict(model.representations(X))
    assert list(steps) == ["the table", "after 0", "after 1"]
    np.testing.assert_array_equal(steps["the table"], X)
    np.testing.assert_allclose(steps["after 1"], np.maximum(steps["after 0"], 0), atol=1e-7)
    images = made(convolution)(IMAGES, 0)
    assert dict(images.representations(IMAGES.x))["after 0"].shape == (400, 64)
    assert not any(part._forward_hooks for part in images.native.modules())


# recipes


def by_loader(recipe, table, seed):
    """The same training, as peers write it: a DataLoader that is told the order."""
    torch.manual_seed(seed)
    module, order = recipe.module(), torch.Generator().manual_seed(seed)
    optimizer = recipe.optimizer(list(module.parameters()))
    held = torch.utils.data.TensorDataset(torch.tensor(table.x), torch.tensor(positions(table.y)))
    for _ in range(recipe.epochs):
        sampler = torch.randperm(len(held), generator=order).tolist()
        loader = torch.utils.data.DataLoader(held, recipe.batch_size, sampler=sampler, drop_last=recipe.drop_last)
        for x, y in loader:
            optimizer.zero_grad()
            recipe.loss(module(x), y).backward()
            optimizer.step()
    return module.eval()(torch.tensor(table.x)).detach().numpy()


@pytest.mark.parametrize("drop_last", [False, True])
@pytest.mark.parametrize("module", [net, Residual, normed], ids=["net", "residual", "normed"])
def test_one_model_is_what_a_data_loader_trains(module, drop_last):
    recipe = made(partial(_without_dropout, module), sgd, drop_last=drop_last)
    np.testing.assert_allclose(recipe(TABLE, 5).outputs(X), by_loader(recipe, TABLE, 5), atol=1e-6)


def _without_dropout(module):
    whole = module()
    for part in whole.modules():
        if isinstance(part, nn.Dropout):
            part.p = 0.0
    return whole


def test_recipes_train_by_seed_on_the_rows_they_are_given():
    recipe, half = made(forgetful), TABLE.take(np.arange(200))
    before = torch.random.get_rng_state()
    first, again, other = (recipe(TABLE, seed).scores(X) for seed in (1, 1, 2))
    assert (torch.random.get_rng_state() == before).all(), "the caller's random numbers are the caller's"
    np.testing.assert_array_equal(first, again)
    assert np.abs(first - other).max() > 0.01 < np.abs(recipe(half, 1).scores(X) - first).max()


def test_a_row_without_its_class_does_not_move_the_columns():
    known = TABLE.take(np.flatnonzero(Y != "a"))
    assert made()(known, 0).classes.tolist() == ["a", "b", "c"]
    alone = made(lambda: nn.Linear(8, 2), classes=None)(known, 0)
    assert alone.classes.tolist() == ["b", "c"]


ROWS = [RNG.permutation(400)[:size] for size in (200, 200, 202, 192, 226, 200)]  # of 6, 7 and 8 steps
SEEDS = [11, 12, 13, 14, 15, 16]
CASES = {
    "net": (made(), TABLE, Dense),
    "class": (made(Block), TABLE, Dense),
    "dropout": (made(forgetful), TABLE, Dense),
    "flattened": (made(flattened), IMAGES, Dense),
    "one column": (
        made(one_column, loss=F.binary_cross_entropy_with_logits, classes=np.array([0, 1])),
        BINARY,
        Dense,
    ),
    "class weights": (made(loss=nn.CrossEntropyLoss(weight=torch.tensor([1.0, 5.0, 0.2]))), TABLE, Dense),
    "smoothed labels": (made(loss=partial(F.cross_entropy, label_smoothing=0.2)), TABLE, Dense),
    "groups": (made(optimizer=decayed), TABLE, Dense),
    "weight decay": (made(weight_decay=0.1), TABLE, Dense),
    "schedule": (made(schedule=partial(torch.optim.lr_scheduler.StepLR, step_size=1, gamma=0.5)), TABLE, Dense),
    "full batches": (made(drop_last=True), TABLE, Dense),
    "large batches": (made(batch_size=1000), TABLE, Dense),
    "prepared": (made(prepare=StandardScaler()), TABLE, Dense),
    "residual": (made(Residual), TABLE, Stacked),
    "frozen": (made(frozen), TABLE, Stacked),
    "tied": (made(tied), TABLE, Stacked),
    "normed": (made(normed, sgd), TABLE, Stacked),
    "images": (made(convolution, sgd), IMAGES, Stacked),
    "residual groups": (
        made(Residual, decayed, schedule=partial(torch.optim.lr_scheduler.ExponentialLR, gamma=0.7)),
        TABLE,
        Stacked,
    ),
}


def _of_kind(name, parameters):
    return getattr(torch.optim, name)(parameters, lr=0.01)


CASES |= {
    name: (made(optimizer=partial(_of_kind, name)), TABLE, Dense)
    for name in ("SGD", "AdamW", "Adamax", "NAdam", "RAdam", "RMSprop", "Adagrad", "Adadelta", "Rprop", "ASGD")
}


@pytest.mark.parametrize("case", CASES)
def test_together_each_becomes_what_it_becomes_alone(case):
    recipe, table, kind = CASES[case]
    assert isinstance(recipe.family, Network) and recipe.family.obstacle(table) is None
    modules = [recipe.module() for _ in range(2)]
    crowd = together.Crowd(modules=modules, rows=[], seeds=[1, 2], template=recipe.module())
    assert type(together.stacked(recipe, crowd, torch.tensor(table.x))) is kind
    trained = recipe.family.train(table, ROWS, SEEDS)
    for model, own, seed in zip(trained, ROWS, SEEDS, strict=True):
        alone = recipe(table.take(own), seed)
        np.testing.assert_allclose(model.outputs(table.x), alone.outputs(table.x), atol=1e-4)
        if recipe.prepare is not None:
            np.testing.assert_array_equal(model.prepare.mean_, table.x[own].mean(axis=0, dtype=float))
    assert np.abs(trained[0].outputs(table.x) - trained[1].outputs(table.x)).max() > 0.01


def test_a_model_does_not_depend_on_who_is_trained_beside_it():
    recipe = made(forgetful)
    whole, alone = recipe.family.train(TABLE, ROWS, SEEDS), recipe.family.train(TABLE, ROWS[1:2], SEEDS[1:2])
    np.testing.assert_allclose(whole[1].outputs(X), alone[0].outputs(X), atol=1e-6)


@pytest.mark.parametrize(
    ("recipe", "reason"),
    [
        (made(Choosy), "cannot be batched .*data-dependent control flow"),
        (made(Noisy), "cannot be batched .*random"),
        (made(Custom), "cannot be batched"),
        (made(Secret), "gives other answers"),
        (made(optimizer=torch.optim.LBFGS), "LBFGS may look at several numbers together"),
        (made(optimizer=lambda p: type("Mine", (torch.optim.SGD,), {})(p, lr=0.1)), "Mine may look"),
    ],
    ids=["control flow", "random", "function", "secret", "optimizer", "own optimizer"],
)
def test_what_cannot_be_batched_says_why(recipe, reason):
    found = recipe.family.obstacle(TABLE)
    assert found is not None
    with pytest.raises(AssertionError, match=reason):
        raise AssertionError(found)


def test_hooks_of_the_callers_are_not_lost():
    def clipped(parameters):
        optimizer = sgd(parameters)
        optimizer.register_step_pre_hook(lambda *_: nn.utils.clip_grad_norm_(parameters, 1.0))
        return optimizer

    def hooked():
        module = net()
        module[0].weight.register_hook(lambda pull: pull.clamp(-1e-3, 1e-3))
        return module

    assert "hooks" in made(optimizer=clipped).family.obstacle(TABLE)
    assert "hooks" in made(hooked).family.obstacle(TABLE)


def test_as_many_together_as_pays():
    assert made().family.chunk(TABLE) > 1 == made(convolution).family.chunk(IMAGES)
    assert made(convolution, device="meta").family.chunk(IMAGES) > 1, "on anything but a processor"
    wide = replace(made(prepare=StandardScaler()))
    many = ArrayTable(np.broadcast_to(X[:1], (9_000_000, 8)), np.broadcast_to(Y[:1], 9_000_000))
    assert 1 <= wide.family.chunk(many) < wide.family.chunk(TABLE)


@pytest.mark.parametrize(
    ("module", "shape", "links"),
    [
        (net, (8,), 3),
        (Block, (8,), 4),
        (forgetful, (8,), 7),
        (flattened, (1, 6, 6), 3),
        (lambda: nn.Sequential(nn.Sequential(nn.Linear(8, 4), nn.Identity()), nn.Linear(4, 3)), (8,), 3),
        (flattened, (6, 6), 3),
        (net, (2, 8), None),
        (net, (7,), None),
        (Residual, (8,), None),
        (Choosy, (8,), None),
        (Noisy, (8,), None),
        (normed, (8,), None),
        (tied, (8,), None),
        (frozen, (8,), None),
        (lambda: nn.Sequential(nn.Linear(8, 3), nn.Softmax(1)), (8,), None),
        (lambda: nn.Sequential(nn.Linear(8, 3), nn.LeakyReLU(inplace=True)), (8,), None),
        (lambda: nn.utils.parametrizations.weight_norm(nn.Linear(8, 3)), (8,), None),
        (lambda: nn.LSTM(8, 3), (8,), None),
    ],
)
def test_chains_are_told_from_other_modules(module, shape, links):
    found = chain.read(module(), shape)
    assert found is None if links is None else len(found) == links


WEIGHTED = nn.CrossEntropyLoss(weight=torch.tensor([1.0, 2.0, 3.0]))
POINTED = nn.BCEWithLogitsLoss(pos_weight=torch.tensor([3.0]))


def worst(outputs, y):
    return F.cross_entropy(outputs, y, reduction="none").max()


def squared(outputs, y):
    return F.cross_entropy(outputs, y) ** 2


@pytest.mark.parametrize(
    ("loss", "columns", "form"),
    [
        (F.cross_entropy, 3, "targets"),
        (F.cross_entropy, 300, "rows"),
        (partial(F.cross_entropy, label_smoothing=0.2), 3, "targets"),
        (F.binary_cross_entropy_with_logits, 1, "targets"),
        (POINTED, 1, "rows"),
        (F.multi_margin_loss, 3, "rows"),
        (nn.CrossEntropyLoss(weight=torch.ones(3)), 3, "targets"),
        (WEIGHTED, 3, "models"),
        (partial(F.cross_entropy, reduction="sum"), 3, "models"),
        (squared, 3, "models"),
        (worst, 3, "models"),
    ],
)
def test_a_loss_pulls_at_each_model_as_it_would_alone(loss, columns, form):
    draw = torch.Generator().manual_seed(3)
    outputs = torch.randn((4, 10, columns), generator=draw) * 3
    y = torch.randint(0, max(columns, 2), (4, 10), generator=draw)
    if constant_targets(loss, columns, outputs) is not None:
        assert form == "targets"
    else:
        assert form == ("rows" if by_row(loss, columns, outputs) else "models")
    pulled = pull_of(loss, outputs)(outputs, y)
    for mine, o, t in zip(pulled, outputs, y, strict=True):
        leaf = o.clone().requires_grad_()
        loss(leaf, t[:, None].float() if columns == 1 else t).backward()
        np.testing.assert_allclose(mine, leaf.grad, atol=1e-6)


def test_frames_are_prepared_anew_for_each_model():
    town = np.where(X[:, 2] > 0, "Ulm", "Ems")
    frame = FrameTable(pd.DataFrame({"age": X[:, 0] * 9 + 40, "town": town, "income": X[:, 1], "y": Y}), "y")
    prepare = make_column_transformer((OneHotEncoder(), ["town"]), remainder=StandardScaler())
    recipe = made(lambda: nn.Sequential(nn.Linear(4, 16), nn.ReLU(), nn.Linear(16, 3)), prepare=prepare)
    recipe = replace(recipe, features=("age", "town", "income"))
    trained = recipe.family.train(frame, ROWS[:3], SEEDS[:3])
    for model, own, seed in zip(trained, ROWS, SEEDS, strict=False):
        alone = recipe(frame.take(own), seed)
        asked = frame.features(recipe.features)
        np.testing.assert_allclose(model.scores(asked), alone.scores(asked), atol=1e-5)
        scaler = model.prepare.named_transformers_["remainder"]
        np.testing.assert_allclose(scaler.mean_[0], frame.column("age")[own].mean())
    assert not hasattr(recipe.prepare, "transformers_"), "the recipe's own is never fitted"
    with pytest.raises(ModelError, match="expected numbers"):
        replace(recipe, prepare=None)(frame, 0)


@pytest.mark.parametrize(
    "recipe",
    [
        made(lambda: nn.Linear(5, 3)),
        made(loss=partial(F.cross_entropy, reduction="none")),
        made(lambda: nn.Linear(8, 2)),
    ],
)
def test_a_recipe_that_fails_says_what_to_do(recipe):
    with pytest.raises(RecipeError, match=r"the torch recipe failed on 400 rows: .*one output for each class\?"):
        recipe(TABLE, 0)


def test_an_epoch_without_a_step_is_refused():
    recipe = made(batch_size=1000, drop_last=True)
    for train in (lambda: recipe(TABLE, 0), lambda: recipe.family.train(TABLE, ROWS, SEEDS)):
        with pytest.raises(RecipeError, match=r"one batch of 1000 rows.*Use smaller batches"):
            train()


def test_parameters_check_themselves():
    for wrong in ({"epochs": 0}, {"batch_size": 0}, {"weight_decay": -1.0}):
        with pytest.raises(ParameterError, match=next(iter(wrong))):
            made(**wrong)
    with pytest.raises(ParameterError, match="got depth"):
        made().with_parameters({"depth": 3})
    with pytest.raises(ModelError, match=r"TorchModel\(module, classes, prepare="):
        made(prepare=StandardScaler()).bound(TorchModel(net(), CLASSES), ())


def test_capacities_are_smoother_and_mildest_first():
    assert made(epochs=40).capacities() == [
        *({"weight_decay": value} for value in (1e-3, 1e-2, 1e-1)),
        *({"epochs": value} for value in (20, 10)),
    ]
    assert made(optimizer=sgd, epochs=1).capacities() == [{"weight_decay": 1e-2}, {"weight_decay": 1e-1}]
    assert made(optimizer=torch.optim.Rprop, epochs=2).capacities() == []
    less = made().with_parameters({"weight_decay": 0.5})
    assert less.optimizer_of(net().parameters()).param_groups[0]["weight_decay"] == 0.5
    assert np.abs(less(TABLE, 0).outputs(X)).mean() < np.abs(made()(TABLE, 0).outputs(X)).mean()


# names

MINE = """
import torch
from functools import partial
from sklearn.preprocessing import StandardScaler
from reticent.backends.torch import TorchRecipe
WIDTH = 16
def net():
    return torch.nn.Sequential(torch.nn.Linear(8, WIDTH), torch.nn.ReLU(), torch.nn.Linear(WIDTH, 3))
def recipe(**changes):
    given = {"loss": torch.nn.functional.cross_entropy, "epochs": 4, "batch_size": 32, "prepare": StandardScaler()}
    return TorchRecipe(**{"module": net, "optimizer": partial(torch.optim.Adam, lr=0.01), **given, **changes})
two = [lambda p: torch.optim.SGD(p, lr=0.1), lambda p: torch.optim.SGD(p, lr=0.2)]
"""


@pytest.fixture
def mine(tmp_path, monkeypatch):
    """A module of the caller's, in a file."""
    (tmp_path / "mine_torch.py").write_text(MINE)
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(sys.modules, "mine_torch", raising=False)
    return importlib.import_module("mine_torch")


@pytest.mark.slow
def test_names_are_the_same_in_another_process(mine, tmp_path):
    script = "import sys; sys.path.insert(0, sys.argv[1]); import mine_torch; print(mine_torch.recipe().fingerprint)"
    done = subprocess.run([sys.executable, "-c", script, str(tmp_path)], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == mine.recipe().fingerprint


def test_names_tell_recipes_apart(mine, monkeypatch):
    assert mine.recipe().fingerprint == mine.recipe().fingerprint
    weighted = [nn.CrossEntropyLoss(weight=torch.tensor([1.0, 1.0, w])) for w in (1.0, 2.0)]
    others = [
        *({"epochs": 5}, {"batch_size": 16}, {"drop_last": True}, {"weight_decay": 0.1}, {"prepare": None}),
        *({"prepare": StandardScaler(with_mean=False)}, {"classes": CLASSES}, {"loss": F.multi_margin_loss}),
        *({"loss": loss} for loss in (*weighted, nn.CrossEntropyLoss(label_smoothing=0.1), nn.CrossEntropyLoss())),
        *({"optimizer": one} for one in (partial(torch.optim.Adam, lr=0.02), torch.optim.Adam, *mine.two)),
    ]
    prints = [mine.recipe().fingerprint, *(mine.recipe(**other).fingerprint for other in others)]
    assert None not in prints and len(set(prints)) == len(prints)
    monkeypatch.setattr(mine, "WIDTH", 32)
    assert mine.recipe().fingerprint not in prints


def test_what_cannot_be_known_has_no_name():
    width = 4
    assert made(lambda: nn.Linear(8, width)).fingerprint is None
    assert made(net).fingerprint is not None
    assert made(eval("lambda: None")).fingerprint is None
    assert made(net, loss=TorchModel(net(), CLASSES).scores).fingerprint is None


# without torch


def test_without_torch_it_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "torch", None)
    with pytest.raises(MissingPackageError, match=r"pip install 'reticent\[torch\]'"):
        made()(TABLE, 0)
