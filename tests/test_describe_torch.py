"""describe takes a module as it takes any classifier, and binds a recipe to the target's classes and columns."""

import numpy as np
import pandas as pd
import pytest
from sklearn.preprocessing import StandardScaler

torch = pytest.importorskip("torch", reason="torch is not installed")

from reticent.audit import audit  # noqa: E402
from reticent.backends.torch import TorchModel, TorchRecipe  # noqa: E402
from reticent.describe import describe  # noqa: E402
from reticent.errors import ModelError, RecipeError  # noqa: E402
from reticent.target.access import Access  # noqa: E402

COLUMNS = ["age", "income", "weight"]


def rows(seed, n=100):
    rng = np.random.default_rng(seed)
    frame = pd.DataFrame(rng.normal(size=(n, 3)).astype(np.float32), columns=COLUMNS)
    return frame.assign(y=np.where(frame["age"] + rng.normal(size=n) > 0, "ill", "well"))


def net(columns=2):
    return torch.nn.Sequential(torch.nn.Linear(3, 8), torch.nn.ReLU(), torch.nn.Linear(8, columns))


def recipe(**changes):
    given = {"module": net, "optimizer": torch.optim.Adam, "loss": torch.nn.functional.cross_entropy}
    return TorchRecipe(**{**given, "epochs": 2, "batch_size": 32, **changes})


def described(model, **changes):
    return describe(model, **{"members": rows(0), "nonmembers": rows(1), "access": Access.SCORES, **changes})


def test_a_module_is_a_model_on_frames_and_on_arrays():
    module = net()
    on_frames = described(module)
    assert on_frames.model.native is module and on_frames.recipe is None and on_frames.name == "Sequential"
    assert on_frames.model.classes.tolist() == ["ill", "well"] and on_frames.features == tuple(COLUMNS)
    arrays = {name: (rows(seed)[COLUMNS].to_numpy(), rows(seed)["y"].to_numpy()) for seed, name in enumerate(SIDES)}
    np.testing.assert_array_equal(described(module, **arrays).scores, on_frames.scores)
    turned = described(module, classes=["well", "ill"])
    np.testing.assert_array_equal(turned.scores, on_frames.scores)
    assert (turned.truth == 1 - on_frames.truth).all()


SIDES = ("members", "nonmembers")


def test_one_output_is_enough_for_two_classes():
    target = described(net(1))
    assert target.scores.shape == (200, 2)


def test_a_recipe_learns_of_classes_and_columns():
    target = described(net(), recipe=recipe(), classes=["well", "ill"])
    assert target.recipe.classes.tolist() == ["well", "ill"] and target.recipe.features == tuple(COLUMNS)
    ill = np.flatnonzero(target.population.table.labels() == "ill")
    assert target.train(ill, 0).classes.tolist() == ["well", "ill"], "whatever its rows are"
    said = target.to_dict()["model"]["parameters"]
    assert said["shadow models"].endswith("together") and said["epochs"] == "2"


def test_any_module_and_recipe_may_stand_for_each_other():
    scaler = StandardScaler().fit(rows(0)[COLUMNS])
    model = TorchModel(net(), np.array(["ill", "well"]), prepare=scaler)
    target = described(model, recipe=recipe(prepare=StandardScaler()))
    assert target.model.prepare is scaler and "StandardScaler" in target.model.describe()["parameters"]["prepare"]
    assert target.train(np.arange(60), 0).prepare is not scaler


@pytest.mark.parametrize(
    ("changes", "error", "message"),
    [
        ({"recipe": recipe(prepare=StandardScaler())}, ModelError, r"TorchModel\(module, classes, prepare="),
        ({"recipe": recipe(module=lambda: torch.nn.Linear(7, 2))}, RecipeError, "the torch recipe failed on 200 rows"),
        (
            {"members": rows(0).assign(town="Ulm"), "nonmembers": rows(1).assign(town="Ulm")},
            ModelError,
            "Pass prepare=",
        ),
        ({"classes": ["ill", "well", "dead"]}, ModelError, "one column for each of the classes"),
    ],
)
def test_what_does_not_fit_is_said_before_anything_is_trained(changes, error, message):
    with pytest.raises(error, match=message):
        described(net(), **changes)


def test_rows_that_a_module_keeps_are_found():
    module = net()
    module.memory = torch.tensor(rows(0)[COLUMNS].to_numpy()[:20])
    inside = net()
    with torch.no_grad():
        module.features = [inside[0](module.memory)]  # what its first layer makes of them
    target = described(module, access=Access.PARAMETERS)
    found = audit(target, attacks=["stored"], seed=0)["stored"]
    assert found.rows_found == 20 and found.chance.value == 0
    assert "memory (the table): 20" in found.reading()["where"]


def test_embeddings_that_a_module_keeps_are_found():
    module = net()
    with torch.no_grad():
        module.register_buffer("bank", module[0](torch.tensor(rows(0)[COLUMNS].to_numpy()[:15])))
    found = audit(described(module, access=Access.PARAMETERS), attacks=["stored"], seed=0)["stored"]
    assert found.rows_found == 15 and "bank (after 0): 15" in found.reading()["where"]
