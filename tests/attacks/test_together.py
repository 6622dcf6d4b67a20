"""Shadow networks are trained together, each as the recipe would train it; audits of networks find what they leak."""

from dataclasses import dataclass, field, replace

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="torch is not installed")

from torch import nn  # noqa: E402
from torch.nn import functional as F  # noqa: E402

from reticent import _seeds  # noqa: E402
from reticent.attacks.membership.lira import Lira  # noqa: E402
from reticent.attacks.shadow import shadows  # noqa: E402
from reticent.attacks.workbench import Workbench  # noqa: E402
from reticent.audit import audit  # noqa: E402
from reticent.backends.torch import TorchRecipe  # noqa: E402
from reticent.backends.torch.many import Many  # noqa: E402
from reticent.describe import describe  # noqa: E402
from reticent.target.access import Access  # noqa: E402
from reticent.target.table import ArrayTable  # noqa: E402

N = 320  # on a side


def drawn(seed, shape=(12,)):
    """People whose label follows from their first number, and from nothing for every fourth of them."""
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(N, *shape)).astype(np.float32)
    first = x.reshape(N, -1)[:, 0]
    return x, np.where(rng.random(N) < 0.75, first > 0, rng.random(N) < 0.5).astype(int)


def net():
    return nn.Sequential(nn.Linear(12, 64), nn.ReLU(), nn.Linear(64, 2))


class Choosy(nn.Module):
    """Looks at the numbers to know what to do: nothing that can be batched."""

    def __init__(self):
        super().__init__()
        self.inner = net()

    def forward(self, x):
        made = self.inner(x)
        return made if made.isfinite().all() else made * 0


def convolution():
    return nn.Sequential(nn.Conv2d(1, 8, 3), nn.ReLU(), nn.Flatten(), nn.Linear(8 * 36, 2))


def adam(parameters):
    return torch.optim.Adam(parameters, lr=0.01)


def recipe_of(module=net, epochs=30, **changes):
    given = {"optimizer": adam, "loss": F.cross_entropy, "batch_size": 32, **changes}
    return TorchRecipe(module=module, epochs=epochs, **given)


def target_of(module=net, members=None, shape=(12,), trained_on=None, **changes):
    members = drawn(0, shape) if members is None else members
    recipe = recipe_of(module, **changes)
    x, y = members if trained_on is None else trained_on
    fitted = recipe(ArrayTable(x, y), 7).native
    return describe(fitted, members=members, nonmembers=drawn(1, shape), access=Access.SCORES, recipe=recipe)


@pytest.fixture(scope="module")
def target():
    return target_of()


@dataclass(frozen=True)
class Watched(Many):
    """Says which seeds were trained together."""

    calls: list = field(default_factory=list)

    def chunk(self, table):
        return 4

    def train(self, table, rows, seeds):
        self.calls.append(list(seeds))
        return super().train(table, rows, seeds)


@dataclass(frozen=True)
class Followed:
    """A recipe whose family is watched."""

    inner: object
    family: object

    def __call__(self, table, seed):
        raise AssertionError("these are trained together")

    @property
    def fingerprint(self):
        return self.inner.fingerprint


@pytest.fixture
def watched(target):
    return replace(target, recipe=Followed(target.recipe, Watched(target.recipe)))


def seeds(*numbers):
    return [_seeds.integer(0, "shadow", number) for number in numbers]


def test_each_shadow_is_the_recipe_on_its_rows(target):
    found = shadows(target, 8, 3, Workbench(n_jobs=1))
    for s in range(8):
        alone = target.train(np.flatnonzero(found.membership[s]), _seeds.integer(3, "shadow", s))
        np.testing.assert_allclose(found.scores[s], target.answers(alone), atol=1e-4)


def test_chunks_follow_from_the_numbers_of_the_shadows(watched, tmp_path):
    calls = watched.recipe.family.calls
    bench = Workbench(n_jobs=1, folder=tmp_path)
    first = shadows(watched, 10, 0, bench)
    assert calls == [seeds(0, 1, 2, 3), seeds(4, 5, 6, 7), seeds(8, 9)]
    calls.clear()
    again = shadows(watched, 10, 0, Workbench(n_jobs=1, folder=tmp_path))
    assert calls == [] and (again.scores == first.scores).all()
    names = sorted(tmp_path.glob("*.npy"), key=lambda path: path.stat().st_mtime_ns)
    for lost in (names[1], names[6]):
        lost.unlink()
    again = shadows(watched, 10, 0, Workbench(n_jobs=1, folder=tmp_path))
    assert sorted(calls) == sorted([seeds(1), seeds(6)])
    np.testing.assert_allclose(again.scores, first.scores, atol=1e-4)
    calls.clear()
    more = shadows(watched, 13, 0, bench)
    assert calls == [seeds(10, 11), seeds(12)]
    np.testing.assert_array_equal(more.scores[:10], first.scores)
    np.testing.assert_allclose(more.scores, shadows(watched, 13, 0, Workbench(n_jobs=1)).scores, atol=1e-4)


@pytest.mark.slow
def test_workers_change_nothing(target):
    one, two = (shadows(target, 20, 0, Workbench(n_jobs=jobs)).scores for jobs in (1, 2))
    np.testing.assert_array_equal(one, two)


def test_what_cannot_be_batched_is_trained_one_after_the_other_and_says_so():
    target = target_of(Choosy, epochs=3)
    assert "one after the other: the module cannot be batched" in target.model.describe()["parameters"]["shadow models"]
    with pytest.warns(UserWarning, match=r"one after the other, which takes longer: .*data-dependent") as caught:
        found = shadows(target, 8, 0, Workbench(n_jobs=1))
    assert len(caught) == 1
    alone = target.train(np.flatnonzero(found.membership[5]), _seeds.integer(0, "shadow", 5))
    np.testing.assert_allclose(found.scores[5], target.answers(alone), atol=1e-7)


def test_the_report_says_how_shadows_are_trained(target):
    said = target.to_dict()["model"]["parameters"]
    assert said["optimizer"] == "Adam (lr 0.01)" and said["loss"] == "cross_entropy" and said["epochs"] == "30"
    assert said["shadow models"] == f"{target.recipe.family.chunk(target.population.table)} together"


@pytest.mark.slow
def test_an_audit_finds_what_a_network_knows_by_heart(target):
    found = audit(target, attacks=["population", "lira"], seed=0)
    assert not found.withheld
    # 320 against 320 without any knowledge: a standard error of 0.023 around 0.5; 0.62 lies five of them away.
    assert found["lira"].auc().value > max(0.62, found["population"].auc().value - 0.02)
    assert found.fidelity["deviations"] < 3


@pytest.mark.slow
def test_an_audit_of_a_model_of_other_people_finds_nothing():
    target = target_of(trained_on=drawn(5))
    found = audit(target, attacks=["population", "lira"], seed=0, shadow_mismatch="withhold")
    assert "trained on other rows" in found.withheld[0]
    for finding in found.findings:
        assert abs(finding.auc().value - 0.5) < 5 * 0.0229, "beyond by chance once in a million"  # two-sided 5.7e-7


@pytest.mark.slow
def test_a_network_on_images_is_audited():
    target = target_of(convolution, shape=(1, 8, 8), epochs=20)
    assert target.model.describe()["parameters"]["shadow models"] == "one after the other"
    found = audit(target, attacks=[Lira(shadows=16)], seed=0)
    assert found["lira"].auc().value > 0.62
