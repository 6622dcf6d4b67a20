"""ONNX models answer as the models they were exported from, tell their classes, and show what lies inside."""

import pickle

import numpy as np
import pandas as pd
import polars as pl
import pytest
from sklearn.compose import ColumnTransformer
from sklearn.datasets import load_breast_cancer, load_iris
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.naive_bayes import GaussianNB
from sklearn.neighbors import KNeighborsClassifier
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import Binarizer, OneHotEncoder, StandardScaler
from sklearn.svm import SVC

from reticent.audit import audit
from reticent.backends import files
from reticent.backends import onnx as backend
from reticent.describe import describe
from reticent.errors import MissingPackageError, ModelError
from reticent.target.access import Access
from reticent.target.model import Model

pytest.importorskip("onnxruntime", reason="onnxruntime is not installed")
skl2onnx = pytest.importorskip("skl2onnx", reason="skl2onnx is not installed: nothing to read")
onnx = pytest.importorskip("onnx", reason="onnx is not installed")

X, Y = load_iris(return_X_y=True)
X = X.astype(np.float32)
NAMES = np.array(["setosa", "versicolor", "virginica"])[Y]


def exported(model, sample, **options):
    return skl2onnx.to_onnx(model, sample, options={id(last(model)): options} if options else None).SerializeToString()


def last(model):
    return model.steps[-1][1] if hasattr(model, "steps") else model


MODELS = {
    "logistic": LogisticRegression(max_iter=1000),
    "forest": RandomForestClassifier(5, max_depth=3, random_state=0),
    "bayes": GaussianNB(),
    "network": MLPClassifier((5,), solver="lbfgs", max_iter=5000, random_state=0),
    "pipeline": make_pipeline(StandardScaler(), LogisticRegression()),
}


@pytest.mark.parametrize("zipmap", [True, False])
@pytest.mark.parametrize("labels", [Y, Y + 7, NAMES], ids=["0..2", "7..9", "names"])
@pytest.mark.parametrize("name", MODELS)
def test_answers_are_those_of_the_exported_model(name, labels, zipmap):
    model = MODELS[name].fit(X, labels)
    read = backend.read_model(exported(model, X[:1], zipmap=zipmap))
    assert isinstance(read, Model) and read.has_scores
    assert read.classes.tolist() == model.classes_.tolist()
    np.testing.assert_allclose(read.scores(X), model.predict_proba(X), atol=1e-4)
    np.testing.assert_array_equal(read.classes[read.labels(X)], model.predict(X))
    assert read.scores(X).dtype == np.float64


@pytest.fixture(scope="module")
def people():
    table = load_breast_cancer(as_frame=True).frame.iloc[:, :3].astype(np.float32)
    table["town"] = np.where(table.iloc[:, 0] > 14, "Ulm", "Ems")
    table["rooms"] = np.arange(len(table)) % 3
    return table


@pytest.fixture(scope="module")
def whole(people):
    columns = ColumnTransformer(
        [
            ("n", StandardScaler(), list(people.columns[:3])),
            ("c", OneHotEncoder(), ["town"]),
            ("r", OneHotEncoder(), ["rooms"]),
        ]
    )
    return make_pipeline(columns, LogisticRegression()).fit(people, load_breast_cancer().target)


@pytest.mark.parametrize("kind", [pd.DataFrame, pl.DataFrame])
def test_one_input_a_column_in_any_order(people, whole, kind):
    read = backend.read_model(exported(whole, people[:1]))
    table = people[people.columns[::-1]].assign(unused=1)
    asked = pl.from_pandas(table) if kind is pl.DataFrame else table
    np.testing.assert_allclose(read.scores(asked), whole.predict_proba(people), atol=1e-4)
    assert read.classes.tolist() == [0, 1]


def test_tables_that_do_not_fit(people, whole):
    read = backend.read_model(exported(whole, people[:1]))
    for wrong, match in [
        (people.drop(columns="town"), "town"),
        (people.assign(town=None), "missing values in 'town'"),
        (people.assign(rooms=people["rooms"] + 0.5), "whole numbers"),
        (people.assign(**{"mean radius": "wide"}), "numbers"),
        (people.to_numpy(), "a frame"),
    ]:
        with pytest.raises(ModelError, match=match):
            read.scores(wrong)
    with pytest.raises(ModelError, match="4 columns"):
        backend.read_model(exported(GaussianNB().fit(X, Y), X[:1])).scores(X[:, :2])


def plain_model(rows, **outputs):
    """Return an ONNX model as a network is exported: softmax of the rows, no labels, no classes."""
    helper, kind = onnx.helper, onnx.TensorProto.FLOAT
    node = helper.make_node(outputs.get("operator", "Softmax"), ["x"], ["y"])
    graph = helper.make_graph(
        [node],
        "plain",
        [helper.make_tensor_value_info("x", kind, [rows, 4])],
        [helper.make_tensor_value_info("y", kind, [rows, 4])],
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8).SerializeToString()


@pytest.mark.parametrize("rows", [None, 1, 7])
def test_a_network_without_labels_needs_classes(rows):
    content = plain_model(rows)
    with pytest.raises(ModelError, match=r"classes=\[\.\.\.\]"):
        backend.read_model(content)
    read = backend.read_model(content, classes=list("abcd"))
    expected = np.exp(X) / np.exp(X).sum(axis=1, keepdims=True)
    np.testing.assert_allclose(read.scores(X), expected, atol=1e-6)
    np.testing.assert_array_equal(read.labels(X), expected.argmax(axis=1))
    with pytest.raises(ModelError, match="one column of probabilities"):
        backend.read_model(content, classes=list("abc")).scores(X)


def test_wrong_classes_are_noticed():
    content = exported(GaussianNB().fit(X, NAMES), X[:1], zipmap=True)
    read = backend.read_model(content, classes=["a", "b", "c"])
    with pytest.raises(ModelError, match="setosa"):
        read.scores(X)
    with pytest.raises(ModelError, match="setosa"):
        read.labels(X)


def rows_found(read, rows):
    """Whether all rows lie in one of the arrays, in one of the representations."""
    for _, seen in read.representations(rows):
        for _, array in read.arrays():
            if array.ndim == 2 and seen.shape[1:] == array.shape[1:]:
                near = np.abs(array[None, :, :] - seen[:, None, :]).max(axis=2).min(axis=1)
                if (near < 1e-5).all():
                    return True
    return False


@pytest.mark.filterwarnings("ignore:Attribute `prob[AB]_` was deprecated")  # skl2onnx 1.20 reads them with sklearn 1.9
def test_rows_that_a_model_keeps_are_found():
    neighbors = KNeighborsClassifier().fit(X, Y)
    assert rows_found(backend.read_model(exported(neighbors, X[:1])), X)
    scaled = make_pipeline(StandardScaler(), KNeighborsClassifier()).fit(X, Y)
    assert rows_found(backend.read_model(exported(scaled, X[:1])), X)
    vectors = make_pipeline(StandardScaler(), SVC()).fit(X, Y)
    assert rows_found(backend.read_model(exported(vectors, X[:1])), X[vectors[-1].support_])
    assert not rows_found(backend.read_model(exported(GaussianNB().fit(X, Y), X[:1])), X)


def test_without_the_package_onnx_nothing_is_claimed_about_the_inside(monkeypatch):
    read = backend.read_model(exported(KNeighborsClassifier().fit(X, Y), X[:1]), classes=[0, 1, 2])
    assert read.unreadable is None
    monkeypatch.setattr(backend, "find_spec", lambda name: None)
    assert "onnx" in read.unreadable
    with pytest.raises(MissingPackageError, match="pip install onnx"):
        list(read.arrays())
    with pytest.raises(ModelError, match="onnx"):
        backend.read_model(exported(GaussianNB().fit(X, Y), X[:1], zipmap=False))


def test_what_is_no_classifier(tmp_path):
    with pytest.raises(ModelError, match="whole"):
        backend.read_model(b"\x08\x08\x12\x07nonsense")
    path = tmp_path / "model.onnx"
    path.write_bytes(exported(GaussianNB().fit(X, Y), X[:1])[:200])
    with pytest.raises(ModelError):
        files.read_model(path)
    with pytest.raises(ModelError):
        backend.read_model(exported(Binarizer().fit(X), X[:1]))


def test_numbers_in_other_files_are_not_fetched(tmp_path, monkeypatch):
    (tmp_path / "secret").write_bytes(np.zeros((4, 3), np.float32).tobytes())
    monkeypatch.chdir(tmp_path)
    model = onnx.load_model_from_string(exported(MODELS["network"].fit(X, Y), X[:1]))
    tensor = model.graph.initializer[0]
    tensor.ClearField("raw_data")
    tensor.ClearField("float_data")
    tensor.data_location = onnx.TensorProto.EXTERNAL
    tensor.external_data.add(key="location", value="secret")
    with pytest.raises(ModelError, match="one file"):
        backend.read_model(model.SerializeToString())


def test_it_travels_to_another_process_and_is_audited(tmp_path):
    table = load_breast_cancer(as_frame=True).frame
    members, others = table[::2], table[1::2]
    model = make_pipeline(StandardScaler(), KNeighborsClassifier()).fit(
        members.drop(columns="target").to_numpy(), members["target"]
    )
    (tmp_path / "model.onnx").write_bytes(exported(model, members.iloc[:1, :-1].to_numpy(np.float32)))
    read = files.read_model(tmp_path / "model.onnx")
    again = pickle.loads(pickle.dumps(read))
    rows = others.drop(columns="target")
    np.testing.assert_array_equal(again.scores(rows), read.scores(rows))
    target = describe(
        read, members=members, nonmembers=others, label="target", access=Access.PARAMETERS | Access.SCORES
    )
    found = audit(target, attacks=["gap", "population", "stored"])
    assert found["stored"].rows_found > 0.9 * len(members)
