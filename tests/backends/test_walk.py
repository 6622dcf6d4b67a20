"""The walk finds training rows wherever a model keeps them, finds none where none are kept, and never stumbles."""

import time
from collections import namedtuple

import numpy as np
import pandas as pd
import polars as pl
import pytest
from scipy import sparse
from sklearn.datasets import load_breast_cancer
from sklearn.ensemble import BaggingClassifier, GradientBoostingClassifier, RandomForestClassifier
from sklearn.gaussian_process import GaussianProcessClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.multiclass import OneVsRestClassifier
from sklearn.naive_bayes import GaussianNB
from sklearn.neighbors import KNeighborsClassifier
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC
from sklearn.utils import all_estimators

from reticent.backends import walk as module
from reticent.backends.sklearn import SklearnModel
from reticent.backends.walk import walk

X, Y = load_breast_cancer(return_X_y=True)
X, Y = X[:200, :6], Y[:200]


def kept(model, rows):
    """Return which rows lie in the model in one of its own representations, shape (n,)."""
    found = np.zeros(len(rows), dtype=bool)
    for _, seen in SklearnModel(model).representations(rows):
        for _, array in walk(model):
            if array.ndim == 2 and array.shape[1] == seen.shape[1]:
                found |= (np.abs(array[None] - seen[:, None]).max(axis=2) < 1e-9).any(axis=1)
    return found


@pytest.mark.parametrize("algorithm", ["brute", "kd_tree", "ball_tree"])
def test_neighbors_keep_every_row(algorithm):
    assert kept(KNeighborsClassifier(algorithm=algorithm).fit(X, Y), X).all()
    assert kept(make_pipeline(StandardScaler(), KNeighborsClassifier(algorithm=algorithm)).fit(X, Y), X).all()
    assert kept(BaggingClassifier(KNeighborsClassifier(algorithm=algorithm), 3, bootstrap=False).fit(X, Y), X).all()


@pytest.mark.parametrize("wrap", [lambda model: model, OneVsRestClassifier], ids=["alone", "wrapped"])
def test_support_vectors_are_rows(wrap):
    model = SVC().fit(X, Y)
    vectors = np.isin(np.arange(len(X)), model.support_)
    np.testing.assert_array_equal(kept(wrap(SVC()).fit(X, Y), X), vectors)
    pipeline = make_pipeline(StandardScaler(), wrap(SVC())).fit(X, Y)
    assert 0 < kept(pipeline, X).sum() < len(X)


def test_sparse_support_vectors_are_rows():
    assert kept(SVC(kernel="linear").fit(sparse.csr_matrix(X), Y), X).sum() > 0


def test_gaussian_processes_keep_every_row():
    assert kept(GaussianProcessClassifier(optimizer=None).fit(X, Y), X).all()


@pytest.mark.parametrize(
    "model",
    [
        RandomForestClassifier(10, random_state=0),
        GradientBoostingClassifier(n_estimators=10),
        LogisticRegression(),
        GaussianNB(),
        MLPClassifier((6,), solver="lbfgs", max_iter=5000, random_state=0),
    ],
)
def test_models_that_keep_no_rows(model):
    scaled = make_pipeline(StandardScaler(), model).fit(X, Y)
    assert not kept(scaled, X).any()


class Keeper:
    """A model of somebody's own that keeps its rows in one way or another."""

    def __init__(self, **rows):
        self.__dict__.update(rows)


Pair = namedtuple("Pair", ["rows", "labels"])
WAYS = {
    "array": lambda x: x,
    "single precision": lambda x: x.astype(np.float32).astype(np.float64),
    "objects": lambda x: x.astype(object),
    "lists": lambda x: x.tolist(),
    "tuples": lambda x: tuple(map(tuple, x.tolist())),
    "list of arrays": lambda x: [x[:100], x[100:]],
    "list of rows": list,
    "pandas": pd.DataFrame,
    "pandas with texts": lambda x: pd.DataFrame(x).assign(town="Ulm"),
    "polars": pl.DataFrame,
    "sparse": sparse.csr_matrix,
    "named": lambda x: Pair(x, None),
    "object in an object": lambda x: Keeper(inner=Keeper(deeper={"rows": (x, None)})),
    "masked": np.ma.masked_array,
    "memory": memoryview,
    "records": lambda x: np.rec.fromarrays(x.T),
}


@pytest.mark.parametrize("way", WAYS)
def test_rows_are_found_however_they_are_kept(way):
    found = [array for _, array in walk(Keeper(rows=WAYS[way](X))) if array.ndim == 2 and array.shape[1] == X.shape[1]]
    np.testing.assert_allclose(np.unique(np.vstack(found), axis=0), np.unique(X, axis=0), rtol=1e-6)  # in any order


def test_a_circle_ends():
    one, other = Keeper(), Keeper(rows=X)
    one.other, other.one = other, one
    assert sum(array is X for _, array in walk([one, other])) == 1


@pytest.mark.parametrize(
    "odd",
    [
        np.array(3.0),
        np.array(None),
        np.empty((0, 3)),
        np.zeros(0, dtype=[("a", float)]),
        np.zeros(3, dtype=[("a", "U3")]),
        np.zeros((), dtype=[("a", float)]),
        np.array(["a"], dtype=object),
        np.array(["2020-01-01"], dtype="datetime64[D]"),
        [10**400, 1],
        [[1, 2], [3]],
        [[], []],
        pd.Series(["a", None]),
        pd.DataFrame({"a": [1, None]}, dtype="Int64"),
        pd.Categorical(["a", "b"]),
        pl.Series(["a"]),
        print,
        np,
        range(3),
        b"bytes",
        np.random.default_rng(0),
    ],
    ids=lambda odd: type(odd).__name__,  # repr may hold an address, which differs from one process to the next
)
def test_nothing_odd_makes_it_stumble(odd):
    for _, array in walk(Keeper(odd=odd, more=[odd, odd])):
        assert isinstance(array, np.ndarray) and array.dtype.kind in "fiub"


def test_a_sparse_matrix_too_wide_to_be_written_out(monkeypatch):
    monkeypatch.setattr(module, "_MAX_CELLS", 10)
    assert all(array.size < X.size or array.ndim == 1 for _, array in walk(sparse.csr_matrix(X)))


ALL = dict(all_estimators(type_filter="classifier") + all_estimators(type_filter="transformer"))
del ALL["DictionaryLearning"]  # seven seconds of fitting


@pytest.mark.parametrize("name", ALL)
@pytest.mark.filterwarnings("ignore")  # estimators fitted with their defaults warn of this and that; not our subject
def test_every_estimator_is_walked(name):
    try:
        model = ALL[name]().fit(np.abs(X[:60]), Y[:60])
    except Exception:
        pytest.skip("not for a table of positive numbers and two classes, or made of other estimators")
    began = time.perf_counter()
    list(walk(model))
    assert time.perf_counter() - began < 2


@pytest.mark.parametrize("package", ["lightgbm", "xgboost", "catboost"])
def test_boosters_are_walked(package):
    library = pytest.importorskip(package)
    model = {
        "lightgbm": lambda: library.LGBMClassifier(n_estimators=3, verbose=-1, n_jobs=1),
        "xgboost": lambda: library.XGBClassifier(n_estimators=3, n_jobs=1),
        "catboost": lambda: library.CatBoostClassifier(iterations=3, verbose=0, allow_writing_files=False),
    }[package]()
    model.fit(pd.DataFrame(X), Y)
    assert not kept(model, pd.DataFrame(X)).any()
