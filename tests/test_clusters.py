"""An audit on a real cluster of several worker processes gives the very numbers of one on a single machine."""

import importlib
import json
import os
import time

import joblib
import pytest
from sklearn.tree import DecisionTreeClassifier

from reticent.attacks.membership.lira import Lira
from reticent.attacks.workbench import Workbench
from reticent.audit import audit
from reticent.describe import describe
from reticent.target.access import Access

WORKERS = 2
ATTACKS = ["blind", "gap", "population", Lira(shadows=8)]

pytestmark = pytest.mark.slow


def where(seconds):
    """Wait a moment, so that no worker can do everything alone; return the process."""
    time.sleep(seconds)
    return os.getpid()


def processes():
    """Return the processes in which an audit's work is done."""
    return set(Workbench().spread(where, [(0.2,)] * (4 * WORKERS)))


@pytest.fixture(scope="module")
def table(given):
    """Numbers alone: pandas, polars and arrays are told apart by other tests."""
    members, others = given("arrays")["members"], given("arrays")["nonmembers"]
    model = DecisionTreeClassifier(min_samples_leaf=2, random_state=0).fit(*members)
    return describe(model, members=members, nonmembers=others, access=Access.SCORES, key=b"secret")


def numbers(target):
    """Return everything that an audit says, but for how long it took."""
    result = audit(target, ATTACKS).to_dict()
    del result["timings"]
    return json.dumps(result, allow_nan=False)


@pytest.fixture(scope="module")
def alone(table):
    with joblib.parallel_config(n_jobs=1):
        return numbers(table)


@pytest.fixture
def ray_cluster():
    ray = pytest.importorskip("ray")
    ray.init(
        num_cpus=WORKERS,
        include_dashboard=False,
        object_store_memory=100 * 1024**2,
        configure_logging=False,
        log_to_driver=False,
        _node_ip_address="127.0.0.1",
    )
    importlib.import_module("ray.util.joblib").register_ray()
    yield
    ray.shutdown()


@pytest.fixture
def dask_cluster():
    distributed = pytest.importorskip("distributed")
    with (
        distributed.LocalCluster(
            n_workers=WORKERS, threads_per_worker=1, processes=True, host="127.0.0.1", dashboard_address=None
        ) as cluster,
        distributed.Client(cluster),
    ):
        yield


def test_on_ray(ray_cluster, table, alone):
    with joblib.parallel_config(backend="ray"):
        seen = processes()
        found = numbers(table)
    assert os.getpid() not in seen and len(seen) == WORKERS
    assert found == alone


def test_on_dask(dask_cluster, table, alone):
    with joblib.parallel_config(backend="dask"):
        seen = processes()
        found = numbers(table)
    assert os.getpid() not in seen and len(seen) == WORKERS
    assert found == alone
