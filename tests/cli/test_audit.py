"""reticent audit on real files: what is written, what is said, and what each option does."""

import json
import re
import shutil
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import skops.io
from sklearn.compose import make_column_transformer
from sklearn.ensemble import RandomForestClassifier
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler
from sklearn.svm import SVC

from reticent.backends.files import write_model

EXAMPLES = Path(__file__).parents[2] / "examples"
FILES = ["audit.html", "audit.json", "row.key"]


def strict(path):
    """Read standard JSON: NaN and Infinity are Python's own and no other reader's."""

    def refuse(word):
        raise AssertionError(f"{word} is no JSON")

    return json.loads(path.read_text(encoding="utf-8"), parse_constant=refuse)


def flat(text):
    """Without line breaks: sentences are wrapped for the terminal."""
    return " ".join(text.split())


def written(folder):
    return sorted(path.name for path in folder.iterdir())


def found(result):
    return [finding["name"] for finding in result["findings"]]


def test_a_newcomers_first_audit(desk):
    said = desk.command(*desk.argv("audit", jobs=None))
    assert (said.code, said.err) == (0, ""), said.err  # no bar where nobody watches
    out = desk.folder / "out"
    assert written(out) == FILES
    result = strict(out / "audit.json")
    assert result["schema"] == "reticent/audit/1" and result["target"]["name"] == "model.skops"
    assert found(result) == ["blind", "gap", "population", "lira", "rmia", "linear", "canaries"]
    assert (result["target"]["members"], result["target"]["nonmembers"]) == (285, 284)
    assert flat(result["verdict"]) in flat(said.out)
    assert said.out.rstrip().endswith("Report: out/audit.html")
    assert all(len(line) <= 80 for line in said.out.splitlines()), said.out
    page = (out / "audit.html").read_text(encoding="utf-8")
    assert not re.search(r"<script|<link|<iframe|@import|\b(src|href)\s*=\s*[\"']?(https?:)?//", page)
    assert (out / "row.key").stat().st_mode & 0o077 == 0  # the secret is its owner's


def test_tables_come_in_three_formats(desk, tables):
    tables[0].to_csv(desk.folder / "members.csv", index=False)
    tables[1].to_feather(desk.folder / "nonmembers.feather")
    assert desk.verb("audit", members="members.csv", nonmembers="nonmembers.feather", attacks="gap").code == 0
    assert desk.verb("audit", attacks="gap", out="parquet").code == 0
    mixed, parquet = (strict(desk.folder / name / "audit.json") for name in ("out", "parquet"))
    assert mixed["findings"] == parquet["findings"]


@pytest.mark.parametrize(
    ("access", "ran", "untested"),
    [
        ("labels", ["gap", "lira", "rmia", "noise", "noise-lira", "boundary", "canaries"], ["population", "stored"]),
        ("scores", ["gap", "population", "lira", "rmia", "linear", "canaries"], ["stored"]),
        (" Parameters ", ["gap", "population", "lira", "rmia", "linear", "stored", "canaries"], []),
    ],
)
def test_access_says_which_attacks_are_possible(desk, access, ran, untested):
    said = desk.verb("audit", access=access)
    assert said.code == 0, said.err
    result = strict(desk.folder / "out" / "audit.json")
    assert found(result) == ["blind", *ran]
    assert set(untested) <= set(result["not_tested"])
    for name in untested:
        assert flat(result["not_tested"][name]) in flat(said.out)


def test_only_the_attacks_named(desk):
    assert desk.verb("audit", attacks="gap, population,gap").code == 0
    result = strict(desk.folder / "out" / "audit.json")
    assert found(result) == ["gap", "population"]
    assert result["not_tested"]["lira"].endswith("not asked for")


def test_an_audit_without_an_attack_says_so(desk):
    said = desk.verb("audit", access="labels", attacks="stored,population")
    assert said.code == 0 and "Not tested: no attack on the model was possible" in said.out


def test_roles_of_columns(desk, tables):
    for name, table in zip(("members", "nonmembers"), tables, strict=True):
        table["household"] = np.arange(len(table)) // 2 + (0 if name == "members" else 140)
        table["name"] = [f"{name} {i}" for i in range(len(table))]
        table.to_parquet(desk.folder / f"{name}.parquet")
    said = desk.verb(
        "audit",
        attacks="gap,population",
        quasi_identifiers="mean radius, mean texture",
        sensitive="diagnosis",
        identifiers="name",
        groups="household",
    )
    assert said.code == 0, said.err
    result = strict(desk.folder / "out" / "audit.json")
    assert result["target"]["schema"]["quasi_identifiers"] == ["mean radius", "mean texture"]
    assert {group["column"] for group in result["subgroups"]} == {"diagnosis", "mean radius", "mean texture"}
    assert result["target"]["shared_rows"] == 6  # the others of three households of which members come too
    assert "6 others were left out" in said.out
    assert result["target"]["units"] < 285


def test_rows_that_both_tables_hold(desk, tables):
    pd.concat([tables[0][:40], tables[1][40:]]).to_parquet(desk.folder / "nonmembers.parquet")
    said = desk.verb("audit", attacks="gap")
    assert said.code == 0 and "40 others were left out" in said.out
    said = desk.verb("audit", attacks="gap", shared_rows="error")
    assert said.code == 11 and "found 40" in said.err and "--shared-rows drop" in said.err


def test_a_recipe_of_ones_own(desk):
    """Named as a new user would, from the folder in which it lies."""
    files = {name: desk.folder / f"{name}.parquet" for name in ("members", "nonmembers")}
    argv = desk.argv("audit", desk.folder / "model.skops", recipe="recipe:train", out=desk.folder / "out", **files)
    said = desk.command(*argv, cwd=EXAMPLES, env={"PYTHONDONTWRITEBYTECODE": "1"})
    assert said.code == 0, said.err
    assert "lira" in found(strict(desk.folder / "out" / "audit.json"))


@pytest.fixture
def onnx(desk, fit):
    convert = pytest.importorskip("skl2onnx")
    pytest.importorskip("onnxruntime")
    model = make_pipeline(StandardScaler(), LogisticRegression(C=1000, max_iter=5_000))
    model = fit("again.skops", model)
    kind = convert.common.data_types.FloatTensorType([None, 10])
    content = convert.convert_sklearn(model, initial_types=[("rows", kind)]).SerializeToString()
    (desk.folder / "model.onnx").write_bytes(content)
    shutil.copy(EXAMPLES / "recipe.py", desk.folder)
    return desk


def test_onnx_without_a_recipe_says_what_was_not_tested(onnx):
    said = onnx.verb("audit", "model.onnx")
    assert said.code == 0, said.err
    result = strict(onnx.folder / "out" / "audit.json")
    assert found(result) == ["blind", "gap", "population", "reference"]
    assert "recipe" in result["not_tested"]["lira"] and "LiRA" in said.out.partition("Not tested:")[2]


def test_onnx_with_a_recipe_is_attacked_with_shadow_models(onnx):
    said = onnx.verb("audit", "model.onnx", recipe="recipe:train")
    assert said.code == 0, said.err
    assert "lira" in found(strict(onnx.folder / "out" / "audit.json"))


@pytest.mark.slow
def test_a_model_by_import_path_and_two_workers(desk):
    """A class of the caller's own is imported again by the workers, which start in the same folder."""
    (desk.folder / "ours.py").write_text(
        "import pandas as pd\n"
        "from sklearn.base import BaseEstimator, TransformerMixin\n"
        "from sklearn.linear_model import LogisticRegression\n"
        "from sklearn.pipeline import make_pipeline\n"
        "class Thousandth(TransformerMixin, BaseEstimator):\n"
        "    def fit(self, X, y=None):\n"
        "        return self\n"
        "    def transform(self, X):\n"
        "        return X / 1000\n"
        "rows = pd.read_parquet('members.parquet')\n"
        "model = make_pipeline(Thousandth(), LogisticRegression()).fit(rows.drop(columns='diagnosis'), "
        "rows['diagnosis'])\n"
    )
    said = desk.command(*desk.argv("audit", "ours:model", jobs="2"))
    assert said.code == 0, said.err
    result = strict(desk.folder / "out" / "audit.json")
    assert result["target"]["name"] == "ours:model" and "lira" in found(result)


def test_types_of_ones_own_are_built_where_the_caller_says_so(desk, tables, monkeypatch):
    (desk.folder / "their_step.py").write_text(
        "from sklearn.base import BaseEstimator, TransformerMixin\n"
        "class Same(TransformerMixin, BaseEstimator):\n"
        "    def fit(self, X, y=None):\n"
        "        self.fitted_ = True\n"
        "        return self\n"
        "    def transform(self, X):\n"
        "        return X\n"
    )
    monkeypatch.syspath_prepend(desk.folder)
    their_step = __import__("their_step")
    model = make_pipeline(their_step.Same(), StandardScaler(), LogisticRegression(max_iter=1000))
    model.fit(tables[0].drop(columns="diagnosis"), tables[0]["diagnosis"])
    skops.io.dump(model, desk.folder / "their.skops")
    before = desk.snapshot()
    refused = desk.verb("audit", "their.skops")
    assert refused.code == 13 and "--trust their_step" in refused.err and desk.snapshot() == before
    said = desk.command(*desk.argv("audit", "their.skops", trust="their_step"))
    assert said.code == 0, said.err
    monkeypatch.delitem(sys.modules, "their_step")


def test_the_gate_of_a_pipeline(desk, fit):
    passed = desk.verb("audit", fail_if="tpr>0.5@fpr=0.05")
    assert passed.code == 0 and "Gate passed" in passed.out
    fit("forest.skops", RandomForestClassifier(20, random_state=0))
    failed = desk.verb("audit", "forest.skops", fail_if="tpr>=0.06@fpr=0.05")
    assert failed.code == 40 and "Gate FAILED" in failed.out
    assert written(desk.folder / "out") == FILES  # the report stands, whatever the gate says


def test_a_gate_that_cannot_be_tested_fails_and_says_so_before(desk):
    said = desk.verb("audit", fail_if="tpr>0.03@fpr=0.01")
    assert said.code == 40 and "299" in said.err and "Gate FAILED" in said.out
    assert said.err.startswith("Note: 1 % false alarms cannot be tested with 284 non-members")


def test_a_model_that_holds_training_rows(desk, fit):
    fit("svc.skops", make_pipeline(StandardScaler(), SVC()))
    said = desk.verb("audit", "svc.skops", access="parameters", attacks="stored")
    assert said.code == 0 and re.search(r"Training rows found inside the model: [1-9]", said.out)


def test_a_model_of_other_people_may_be_audited_without_a_verdict(desk, fit, tables):
    fit("other.skops", RandomForestClassifier(20, random_state=0), rows=tables[1])
    said = desk.verb("audit", "other.skops", shadow_mismatch="withhold")
    assert said.code == 0 and "No verdict" in said.out


def test_categories_and_missing_values_that_the_pipeline_prepares(desk, tables):
    rng = np.random.default_rng(0)
    for name, table in zip(("members", "nonmembers"), tables, strict=True):
        table["town"] = rng.choice(["A", "B", name], len(table), p=[0.5, 0.48, 0.02])
        table.loc[rng.random(len(table)) < 0.1, "mean radius"] = np.nan
        table[["town", "mean radius", "mean texture", "diagnosis"]].to_parquet(desk.folder / f"{name}.parquet")
    prepare = make_column_transformer(
        (OneHotEncoder(handle_unknown="ignore"), ["town"]), (SimpleImputer(), ["mean radius", "mean texture"])
    )
    model = make_pipeline(prepare, LogisticRegression(max_iter=1000))
    write_model(
        model.fit(tables[0][["town", "mean radius", "mean texture"]], tables[0]["diagnosis"]),
        desk.folder / "towns.skops",
    )
    said = desk.verb("audit", "towns.skops")
    assert said.code == 0, said.err
    assert strict(desk.folder / "out" / "audit.json")["target"]["features"] == ["town", "mean radius", "mean texture"]


def test_a_second_audit_takes_the_place_of_the_first(desk):
    assert desk.verb("audit", attacks="gap").code == 0
    key = (desk.folder / "out" / "row.key").read_text()
    first = strict(desk.folder / "out" / "audit.json")
    assert desk.verb("audit", attacks="gap,population").code == 0
    assert found(strict(desk.folder / "out" / "audit.json")) != found(first)
    assert (desk.folder / "out" / "row.key").read_text() == key and written(desk.folder / "out") == FILES


def test_warnings_of_many_models_are_said_once_and_in_a_line(desk, fit):
    with pytest.warns(match="converge"):
        fit("hasty.skops", LogisticRegression(max_iter=3))
    said = desk.command(*desk.argv("audit", "hasty.skops"))
    assert said.code == 0
    assert [line.partition(":")[0] for line in said.err.splitlines()] == ["ConvergenceWarning"], said.err
