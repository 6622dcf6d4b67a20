"""reticent protect on real files: the goal, the fixes, the model that comes out, and what it says when none does."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression

from reticent.backends.files import read_model

EXAMPLES = Path(__file__).parents[2] / "examples"
FILES = [
    "after.json",
    "audit.html",
    "audit.json",
    "frontier.html",
    "frontier.json",
    "model.skops",
    "row.key",
]


def read(desk, name):
    return json.loads((desk.folder / "out" / name).read_text(encoding="utf-8"))


def written(desk):
    return sorted(path.name for path in (desk.folder / "out").iterdir())


def flat(text):
    return " ".join(text.split())


def test_a_goal_that_is_met(desk, tables):
    said = desk.verb("protect", quasi_identifiers="mean radius")
    assert (said.code, said.err) == (0, ""), said.err
    assert written(desk) == FILES
    frontier = read(desk, "frontier.json")
    assert frontier["schema"] == "reticent/frontier/1" and frontier["confirmed"]
    assert {point["moment"] for point in frontier["points"]} == {"none", "training", "output", "data", "input"}
    assert flat(frontier["sentence"]) in flat(said.out) and "Model: out/model.skops" in said.out
    assert all(len(line) <= 100 for line in said.out.splitlines()), said.out
    assert read(desk, "after.json")["half"] == "sealed"
    model = read_model(desk.folder / "out" / "model.skops")
    assert np.mean(model.predict(tables[1].drop(columns="diagnosis")) == tables[1]["diagnosis"]) > 0.8


def test_the_model_that_comes_out_goes_in_again(desk):
    assert desk.verb("protect", defenses="regularize").code == 0
    said = desk.verb("audit", "out/model.skops", out="again")
    assert said.code == 0, said.err
    again = json.loads((desk.folder / "again" / "audit.json").read_text())
    assert "lira" in [finding["name"] for finding in again["findings"]]


def test_a_goal_of_differential_privacy_goes_all_the_way(desk):
    """The bounds come from a codebook; the case finds the epsilon proven; the model that comes out is not seeded."""
    book = {"bounds": {"mean radius": [5, 30]}}
    (desk.folder / "codebook.json").write_text(json.dumps(book))
    said = desk.verb("protect", goal="epsilon<=2", attacks="gap,population", codebook="codebook.json")
    assert (said.code, said.err) == (0, ""), said.err
    frontier = read(desk, "frontier.json")
    assert frontier["goal"] == {"tpr": None, "fpr": 0.01, "accuracy_drop": None, "epsilon": 2.0, "delta": 1e-5}
    assert [point["title"] for point in frontier["points"] if point["chosen"]] == ["epsilon = 2"]
    assert frontier["target"]["schema"]["bounds"] == book["bounds"] and written(desk) == FILES
    assert "with epsilon at most 2 (delta 1e-05)) is met." in flat(said.out)
    assert desk.run("attest", "out", "--out", "case.html").code == 0
    case = json.loads((desk.folder / "case.json").read_text())
    claim = next(claim for claim in case["claims"] if claim["id"] == "E11")
    assert claim["state"] == "proven" and "bounds of mean radius: declared, 5 to 30" in claim["statement"]


@pytest.mark.parametrize(
    "book", ['{"bounds": 1}', '{"edges": {}}', "[1]", "no json"], ids=["kind", "part", "list", "words"]
)
def test_a_codebook_that_is_none_is_refused(desk, book):
    (desk.folder / "codebook.json").write_text(book)
    said = desk.verb("protect", goal="epsilon<=2", codebook="codebook.json")
    assert said.code == 10 and "expected --codebook FILE" in said.err and not (desk.folder / "out").exists()


def test_a_goal_that_nothing_meets(desk):
    """What an earlier run has left of a better goal does not stay beside it."""
    assert desk.verb("protect", defenses="coarsen").code == 0 and written(desk) == FILES
    said = desk.verb("protect", defenses="coarsen", goal="tpr<=0.0501@fpr=0.05,accuracy_drop<=0")
    assert said.code == 41 and "None of" in said.out
    assert written(desk) == [name for name in FILES if name not in ("after.json", "model.skops")]
    assert read(desk, "frontier.json")["chosen"] is None


def test_a_goal_that_so_few_people_cannot_show_is_said_before(desk):
    said = desk.verb("protect", defenses="coarsen", goal="tpr<=0.03@fpr=0.01")
    assert said.code == 41
    assert said.err.startswith("Note: 1 % false alarms cannot be tested with 142 non-members (299 are needed)")
    assert "can be shown to meet the goal" in flat(said.out)


@pytest.fixture
def onnx(desk, fit):
    convert = pytest.importorskip("skl2onnx")
    pytest.importorskip("onnxruntime")
    model = fit("again.skops", LogisticRegression(C=1000, max_iter=5_000, solver="liblinear"))
    kind = convert.common.data_types.FloatTensorType([None, 10])
    content = convert.convert_sklearn(model, initial_types=[("rows", kind)]).SerializeToString()
    (desk.folder / "model.onnx").write_bytes(content)
    shutil.copy(EXAMPLES / "recipe.py", desk.folder)
    return desk


def test_onnx_without_a_recipe_says_why_nothing_is_trained_anew(onnx):
    said = onnx.verb("protect", "model.onnx", quasi_identifiers="mean radius")
    assert said.code in (0, 41), said.err
    not_tried = read(onnx, "frontier.json")["not_tried"]
    assert [reason.partition(":")[0] for reason in not_tried] == ["regularize", "k-anonymize", "dp"]
    for reason in not_tried[:2]:
        assert "no recipe" in reason and flat(reason) in flat(said.out)
    assert {point["moment"] for point in read(onnx, "frontier.json")["points"]} == {"none", "output", "input"}
    if said.code == 0:  # what answers through ONNX is no estimator that could be written
        assert "No model file" in said.out and "model.skops" not in written(onnx)


def test_onnx_with_a_recipe_is_trained_anew(onnx):
    said = onnx.verb(
        "protect", "model.onnx", recipe="recipe:train", defenses="k-anonymize", quasi_identifiers="mean radius"
    )
    assert said.code in (0, 41), said.err
    assert {point["moment"] for point in read(onnx, "frontier.json")["points"]} == {"none", "data"}
    assert ("model.skops" in written(onnx)) == ("No model file" not in said.out)  # none where it is best as it is
