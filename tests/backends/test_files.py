"""Models are read without believing them: what would run code is refused, what is read answers as it was written."""

import bz2
import gzip
import io
import lzma
import pickle
import sys
import warnings
import zipfile
import zlib
from pathlib import Path

import joblib
import numpy as np
import pandas as pd
import pytest
import skops.io
from sklearn.calibration import CalibratedClassifierCV
from sklearn.compose import ColumnTransformer
from sklearn.datasets import load_breast_cancer, load_iris
from sklearn.ensemble import (
    AdaBoostClassifier,
    BaggingClassifier,
    GradientBoostingClassifier,
    HistGradientBoostingClassifier,
    RandomForestClassifier,
    StackingClassifier,
)
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV
from sklearn.naive_bayes import GaussianNB
from sklearn.neighbors import KNeighborsClassifier
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler
from sklearn.svm import SVC
from sklearn.tree import DecisionTreeClassifier

from reticent.backends import files, trusted
from reticent.backends.bounds import check_trees
from reticent.backends.pickles import holds_pickle
from reticent.errors import ModelError, OutputError, ParameterError, UntrustedModelError

IRIS = load_iris(return_X_y=True)


class Bomb:
    """An object whose pickle leaves a file behind when it is read."""

    def __init__(self, marker):
        self.marker = marker

    def __reduce__(self):
        return Path.touch, (self.marker,)


def zipped(name, content):
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr(name, content)
    return file.getvalue()


def joblib_bytes(bomb, **options):
    file = io.BytesIO()
    joblib.dump({"weights": np.zeros(5), "bomb": bomb}, file, **options)
    return file.getvalue()


DISGUISES = {
    **{f"pickle protocol {n}": (lambda bomb, n=n: pickle.dumps(bomb, protocol=n)) for n in range(6)},
    "after other data": lambda bomb: pickle.dumps([list(range(50_000)), bomb], protocol=0),
    "joblib": joblib_bytes,
    "joblib zlib": lambda bomb: joblib_bytes(bomb, compress=("zlib", 3)),
    "joblib gzip": lambda bomb: joblib_bytes(bomb, compress=("gzip", 3)),
    "joblib bz2": lambda bomb: joblib_bytes(bomb, compress=("bz2", 3)),
    "joblib xz": lambda bomb: joblib_bytes(bomb, compress=("xz", 1)),
    "joblib lzma": lambda bomb: joblib_bytes(bomb, compress=("lzma", 1)),
    "gzip": lambda bomb: gzip.compress(pickle.dumps(bomb)),
    "zlib": lambda bomb: zlib.compress(pickle.dumps(bomb)),
    "bz2": lambda bomb: bz2.compress(pickle.dumps(bomb)),
    "xz": lambda bomb: lzma.compress(pickle.dumps(bomb)),
    "PyTorch archive": lambda bomb: zipped("archive/data.pkl", pickle.dumps(bomb)),
    "archive under another name": lambda bomb: zipped("weights", pickle.dumps(bomb)),
}


@pytest.mark.parametrize("suffix", [".pkl", ".joblib", ".pt", ".skops", ".onnx", ".model", ""])
@pytest.mark.parametrize("disguise", DISGUISES)
def test_a_pickle_is_never_read_whatever_its_dress(disguise, suffix, tmp_path):
    marker = tmp_path / "it ran"
    path = tmp_path / f"model{suffix}"
    path.write_bytes(DISGUISES[disguise](Bomb(marker)))
    with pytest.raises(UntrustedModelError, match=r"skops\.io\.dump"):
        files.read_model(path, trust=["pathlib2"])
    assert not marker.exists()


def test_the_harmful_pickles_would_do_harm(tmp_path):
    marker = tmp_path / "it ran"
    pickle.loads(pickle.dumps(Bomb(marker)))
    assert marker.exists()


def test_arrays_with_pickles_inside_skops_are_not_read(tmp_path):
    marker = tmp_path / "it ran"
    good = skops.io.dumps(GaussianNB().fit(*IRIS))
    file = io.BytesIO()
    np.save(file, np.array([Bomb(marker)], dtype=object), allow_pickle=True)
    with zipfile.ZipFile(io.BytesIO(good)) as archive, zipfile.ZipFile(tmp_path / "m.skops", "w") as changed:
        for name in archive.namelist():
            changed.writestr(name, file.getvalue() if name.endswith(".npy") else archive.read(name))
    with pytest.raises(ModelError):
        files.read_model(tmp_path / "m.skops")
    assert not marker.exists()


@pytest.mark.parametrize(
    "content", [b"", b"age,ill\n31,0\n", b"\x08\x08\x12\x07skl2onnx", b"PK\x03\x04broken", b"...."]
)
def test_what_is_no_pickle_is_not_called_one(content):
    assert not holds_pickle(content)


def mixed_table():
    table = load_breast_cancer(as_frame=True).frame.iloc[:250, :4].copy()
    table["town"] = np.where(table.iloc[:, 0] > 14, "Ulm", "Ems")
    table.iloc[::9, 1] = np.nan
    return table


def mixed_pipeline(model):
    numbers = make_pipeline(SimpleImputer(), StandardScaler())
    return make_pipeline(
        ColumnTransformer(
            [("n", numbers, slice(0, 4)), ("c", OneHotEncoder(handle_unknown="ignore"), ["town"])], sparse_threshold=0
        ),
        model,
    )


ESTIMATORS = {
    "forest": RandomForestClassifier(5, random_state=0),
    "tree": DecisionTreeClassifier(random_state=0),
    "boosting": GradientBoostingClassifier(n_estimators=5, random_state=0),
    "histogram boosting": HistGradientBoostingClassifier(max_iter=5),
    "logistic": make_pipeline(StandardScaler(), LogisticRegression()),
    "calibrated svc": CalibratedClassifierCV(SVC(), cv=2),
    "neighbors kd": KNeighborsClassifier(algorithm="kd_tree"),
    "neighbors ball": KNeighborsClassifier(algorithm="ball_tree"),
    "neighbors brute": KNeighborsClassifier(algorithm="brute"),
    "mlp": MLPClassifier((5,), solver="lbfgs", max_iter=5000, random_state=0),
    "bayes": GaussianNB(),
    "bagging": BaggingClassifier(n_estimators=3, max_features=0.5, random_state=0),
    "ada": AdaBoostClassifier(n_estimators=3, random_state=0),
    "stacking": StackingClassifier([("nb", GaussianNB()), ("tree", DecisionTreeClassifier(random_state=0))]),
    "search": GridSearchCV(LogisticRegression(max_iter=1000), {"C": [0.1, 1]}, cv=2),
}


@pytest.mark.parametrize("name", ESTIMATORS)
def test_a_written_model_answers_as_before(name, tmp_path):
    model = ESTIMATORS[name].fit(*IRIS)
    path = files.write_model(model, tmp_path / "model.skops")
    again = files.read_model(str(path))
    np.testing.assert_array_equal(again.predict_proba(IRIS[0]), model.predict_proba(IRIS[0]))
    assert [one.name for one in tmp_path.iterdir()] == ["model.skops"]


def test_a_written_pipeline_answers_as_before(tmp_path):
    table = mixed_table()
    y = np.where(load_breast_cancer().target[:250] == 1, "well", "ill")
    model = mixed_pipeline(RandomForestClassifier(5, random_state=0)).fit(table, y)
    again = files.read_model(files.write_model(model, tmp_path / "model.skops"))
    np.testing.assert_array_equal(again.predict_proba(table), model.predict_proba(table))


@pytest.mark.parametrize("package", ["lightgbm", "xgboost", "catboost"])
def test_boosters_answer_as_before(package, tmp_path):
    library = pytest.importorskip(package)
    model = {
        "lightgbm": lambda: library.LGBMClassifier(n_estimators=3, verbose=-1, n_jobs=1),
        "xgboost": lambda: library.XGBClassifier(n_estimators=3, n_jobs=1),
        "catboost": lambda: library.CatBoostClassifier(
            iterations=3, verbose=0, thread_count=1, allow_writing_files=False
        ),
    }[package]()
    table = pd.DataFrame(IRIS[0], columns=list("abcd"))
    model.fit(table, IRIS[1])
    again = files.read_model(files.write_model(model, tmp_path / "model.skops"))
    np.testing.assert_array_equal(again.predict_proba(table), model.predict_proba(table))


def test_histogram_boosting_with_categories(tmp_path):
    table = mixed_table()
    table["town"] = table["town"].astype("category")
    model = HistGradientBoostingClassifier(max_iter=3, categorical_features="from_dtype")
    model.fit(table, load_breast_cancer().target[:250])
    again = files.read_model(files.write_model(model, tmp_path / "model.skops"))
    np.testing.assert_array_equal(again.predict_proba(table), model.predict_proba(table))


MODULE = """
from sklearn.base import BaseEstimator, ClassifierMixin

class Constant(ClassifierMixin, BaseEstimator):
    def fit(self, X, y):
        self.classes_ = [0, 1]
        return self

model = Constant().fit(None, None)

def recipe(rows, seed):
    return model

def fails(): raise SystemExit
number = 3
"""


@pytest.fixture
def module(tmp_path, monkeypatch):
    name = f"trained_{tmp_path.name.replace('-', '_')}"
    (tmp_path / f"{name}.py").write_text(MODULE)
    (tmp_path / f"{name}_broken.py").write_text("1 / 0")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [*sys.path])
    yield name
    for one in [one for one in sys.modules if one.startswith(name)]:
        del sys.modules[one]


def test_own_types_need_the_callers_word(module, tmp_path):
    model = files.read_model(f"{module}:model")
    path = files.write_model(model, tmp_path / "model.skops")
    with pytest.raises(UntrustedModelError, match=f"{module}.Constant.*--trust {module}"):
        files.read_model(path)
    with pytest.raises(UntrustedModelError):
        files.read_model(path, trust=[module[:-1]])  # the beginning of a name is not its package
    assert type(files.read_model(path, trust=[module])).__name__ == "Constant"


@pytest.mark.parametrize("trust", [["os"], ["builtins"], ["a b"], [""], "sklearn"])
def test_what_cannot_be_trusted(trust, tmp_path):
    with pytest.raises(ParameterError, match="trust"):
        files.read_model(tmp_path / "model.skops", trust=trust)


@pytest.mark.parametrize("function", [print, np.load, eval, warnings.warn])
def test_functions_are_not_trusted(function, tmp_path):
    skops.io.dump({"call": function}, tmp_path / "m.skops")
    with pytest.raises(UntrustedModelError):
        files.read_model(tmp_path / "m.skops")


def test_imports(module):
    assert files.read_model(f"{module}:model").classes_ == [0, 1]
    assert callable(files.read_function(f"{module}:recipe"))
    for wrong, match in [
        (f"{module}:nothing", "'nothing'.*recipe"),
        (f"{module}_broken:model", "ZeroDivisionError"),
        ("no_such_module_of_ours:model", "no_such_module_of_ours"),
    ]:
        with pytest.raises(ModelError, match=match):
            files.read_model(wrong)
    with pytest.raises(ModelError, match="to be a function"):
        files.read_function(f"{module}:number")
    with pytest.raises(ModelError, match=r"package\.module:function"):
        files.read_function("recipe.py")


def test_missing_damaged_and_foreign_files(tmp_path):
    good = skops.io.dumps(GaussianNB().fit(*IRIS))
    (tmp_path / "short.skops").write_bytes(good[: len(good) // 2])
    (tmp_path / "empty.skops").write_bytes(b"")
    (tmp_path / "other.skops").write_bytes(zipped("hello.txt", b"hello"))
    (tmp_path / "deep.skops").write_bytes(zipped("schema.json", b"[" * 100_000))
    (tmp_path / "model.h5").write_bytes(b"\x89HDF\r\n")
    for name in ["short.skops", "empty.skops", "other.skops", "deep.skops", "model.h5", "none.skops", "none", "."]:
        with pytest.raises(ModelError):
            files.read_model(tmp_path / name)


def test_an_archive_that_would_fill_the_memory(tmp_path, monkeypatch):
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("schema.json", b" " * 5_000_000)
    (tmp_path / "m.skops").write_bytes(file.getvalue())
    monkeypatch.setattr(files, "_MAX_UNPACKED", 1_000_000)
    with pytest.raises(ModelError, match="unpack"):
        files.read_model(tmp_path / "m.skops")


def test_every_byte_that_is_lost_is_noticed_or_harmless(tmp_path):
    good = skops.io.dumps(DecisionTreeClassifier(max_depth=2).fit(*IRIS))
    path = tmp_path / "m.skops"
    random = np.random.default_rng(0)
    for at in random.integers(0, len(good), 60):
        path.write_bytes(good[:at] + bytes([good[at] ^ 255]) + good[at + 1 :])
        try:
            files.read_model(path)
        except (ModelError, UntrustedModelError):
            continue


@pytest.mark.parametrize("field", ["left_child", "right_child", "feature"])
@pytest.mark.parametrize(
    "model", [DecisionTreeClassifier(), RandomForestClassifier(2), BaggingClassifier(n_estimators=2)]
)
def test_trees_that_point_outside_of_themselves(model, field, tmp_path):
    model = model.fit(*IRIS)
    tree = getattr(model, "tree_", None) or model.estimators_[-1].tree_
    state = tree.__getstate__()
    state["nodes"][field][0] = 10_000
    tree.__setstate__(state)
    (tmp_path / "m.skops").write_bytes(skops.io.dumps(model))
    with pytest.raises(ModelError, match="points outside"):
        files.read_model(tmp_path / "m.skops")


@pytest.mark.parametrize("field", ["left", "right", "feature_idx"])
def test_histogram_trees_that_point_outside_of_themselves(field, tmp_path):
    model = HistGradientBoostingClassifier(max_iter=2).fit(*IRIS)
    model._predictors[-1][-1].nodes[field][0] = 10_000
    (tmp_path / "m.skops").write_bytes(skops.io.dumps(model))
    with pytest.raises(ModelError, match="points outside"):
        files.read_model(tmp_path / "m.skops")


def test_a_tree_that_claims_more_nodes_than_it_has(tmp_path):
    model = DecisionTreeClassifier().fit(*IRIS)
    state = model.tree_.__getstate__()
    model.tree_.__setstate__(state | {"node_count": state["node_count"] + 1_000})
    with pytest.raises(ModelError, match="points outside"):
        check_trees(model)


@pytest.mark.parametrize("part", ["order", "start", "count"])
@pytest.mark.parametrize("algorithm", ["kd_tree", "ball_tree"])
def test_neighbors_that_point_outside_of_themselves(algorithm, part, tmp_path):
    model = KNeighborsClassifier(algorithm=algorithm, leaf_size=5).fit(*IRIS)
    state = list(model._tree.__getstate__())
    state[1], state[2] = state[1].copy(), state[2].copy()
    if part == "order":
        state[1][0] = 10_000
    elif part == "start":
        state[2]["idx_end"][-1] = 10_000
    else:
        state[2] = state[2][:-1]
    model._tree.__setstate__(tuple(state))
    (tmp_path / "m.skops").write_bytes(skops.io.dumps(model))
    with pytest.raises(ModelError, match="points outside"):
        files.read_model(tmp_path / "m.skops")


def test_boosting_with_more_trees_a_round_than_classes(tmp_path):
    model = GradientBoostingClassifier(n_estimators=2).fit(*IRIS)
    model.estimators_ = np.hstack([model.estimators_, model.estimators_])
    (tmp_path / "m.skops").write_bytes(skops.io.dumps(model))
    with pytest.raises(ModelError, match="points outside"):
        files.read_model(tmp_path / "m.skops")


def test_a_forest_whose_tree_expects_wider_rows(tmp_path):
    model = RandomForestClassifier(3, random_state=0).fit(*IRIS)
    wide = RandomForestClassifier(3, random_state=0).fit(np.hstack([np.zeros((150, 40)), IRIS[0]]), IRIS[1])
    model.estimators_[2] = wide.estimators_[2]
    (tmp_path / "m.skops").write_bytes(skops.io.dumps(model))
    with pytest.raises(ModelError, match="points outside"):
        files.read_model(tmp_path / "m.skops")


def test_writing_is_all_or_nothing(tmp_path):
    path = tmp_path / "model.skops"
    path.write_bytes(b"before")
    with pytest.raises(OutputError):
        files.write_model({"call": lambda rows: rows}, path)
    assert path.read_bytes() == b"before" and len(list(tmp_path.iterdir())) == 1
    for wrong in [tmp_path / "no" / "such" / "folder.skops", tmp_path / "model.pkl"]:
        with pytest.raises(OutputError):
            files.write_model(GaussianNB(), wrong)
    (tmp_path / "folder.skops").mkdir()
    with pytest.raises(OutputError):
        files.write_model(GaussianNB(), tmp_path / "folder.skops")
    assert sorted(one.name for one in tmp_path.iterdir()) == ["folder.skops", "model.skops"]


def test_trusted_types_exist_where_they_are_said_to_be():
    # A name that no installed version knows would hide a typing error; a few exist in some versions only.
    found = [one for one in trusted.TYPES if _exists(one)]
    assert len(found) >= len(trusted.TYPES) - 2


def _exists(name):
    module, _, attribute = name.rpartition(".")
    try:
        __import__(module)
    except ImportError:
        return False
    return hasattr(sys.modules[module], attribute)
