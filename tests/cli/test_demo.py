"""reticent demo: the whole way in one command."""

import json
from functools import partial

from sklearn.ensemble import RandomForestClassifier

from reticent.cli import demo

FILES = [
    "after.json",
    "audit.json",
    "case.json",
    "frontier.html",
    "frontier.json",
    "index.html",
    "model.skops",
    "row.key",
]


def test_the_whole_way_on_patients(desk, monkeypatch):
    monkeypatch.setattr(demo, "RandomForestClassifier", partial(RandomForestClassifier, 8))  # for the test's speed
    said = desk.run("demo", "--data", "breast-cancer", "--out", "demo", "--jobs", "1")
    assert (said.code, said.err) == (0, ""), said.err
    assert sorted(path.name for path in (desk.folder / "demo").iterdir()) == FILES
    results = {name: json.loads((desk.folder / "demo" / f"{name}.json").read_text()) for name in ("audit", "case")}
    page = (desk.folder / "demo" / "index.html").read_text()
    assert results["audit"]["target"]["name"] == "random forest on breast-cancer" in page
    assert results["case"]["before"]["verdict"] in said.out.replace("\n", " ")
    assert "The page: demo/index.html" in said.out
    assert all(len(line) <= 100 for line in said.out.splitlines()), said.out
    assert desk.run("attest", "demo", "--out", "case.html").code == 0  # the folder is one like protect's
