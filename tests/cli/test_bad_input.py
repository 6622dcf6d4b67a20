"""Bad input: one line that says what was expected, what came and what to do; the right exit code; nothing written."""

import pickle
import sys

import joblib
import numpy as np
import pytest
import skops.io
from sklearn.compose import make_column_transformer
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder

from reticent.backends.files import write_model

FEW = ["mean radius", "diagnosis"]


def refused(desk, said, before, code, *words):
    """Check everything that holds for every refusal."""
    assert said.code == code, (said.code, said.err)
    lines = said.err.splitlines()
    assert len(lines) == 1 and lines[0].startswith("reticent"), said.err
    assert "Traceback" not in said.err and said.out == ""
    for word in words:
        assert word in lines[0], said.err
    assert desk.snapshot() == before, "something was written"


def check(desk, code, *words, verb="audit", model="model.skops", **options):
    before = desk.snapshot()
    options.setdefault("out", "new/folder")
    refused(desk, desk.verb(verb, model, **options), before, code, *words)


# ---- tables


def test_no_label_column(desk):
    check(desk, 11, "expected a label column 'diagnose' in members", "it has diagnosis,", "Name", label="diagnose")


def test_a_label_of_one_class(desk, tables):
    tables[0].assign(diagnosis=1).to_parquet(desk.folder / "one.parquet")
    check(desk, 11, "at least two classes", "got [1]", "right label column", members="one.parquet")


def test_missing_labels(desk, tables):
    tables[0]["diagnosis"] = tables[0]["diagnosis"].astype(float).where(np.arange(len(tables[0])) > 2)
    tables[0].to_parquet(desk.folder / "holes.parquet")
    check(desk, 11, "expected a label in every row of members, 3 are missing", members="holes.parquet")


def test_labels_that_the_model_does_not_know(desk, tables):
    (tables[1].assign(diagnosis=tables[1]["diagnosis"] + 5)).to_parquet(desk.folder / "new.parquet")
    check(desk, 11, "among the model's classes [0, 1], found", nonmembers="new.parquet")


def test_missing_values_that_the_model_cannot_take(desk, tables):
    tables[0].loc[3, "mean radius"] = np.nan
    tables[0].to_parquet(desk.folder / "nan.parquet")
    check(desk, 12, "does not accept the table", "contains NaN. Hand in", "Pipeline", members="nan.parquet")


@pytest.fixture
def towns(desk, tables):
    """Write tables with a column of towns, and a model that knows those of the members alone."""

    def write(members, nonmembers):
        for name, table, town in zip(("members", "nonmembers"), tables, (members, nonmembers), strict=True):
            table.assign(town=town(len(table)))[[*FEW, "town"]].to_parquet(desk.folder / f"{name}.parquet")
        encode = make_column_transformer((OneHotEncoder(handle_unknown="error"), ["town"]), remainder="passthrough")
        rows = tables[0].assign(town=members(len(tables[0])))
        model = make_pipeline(encode, LogisticRegression(max_iter=1000)).fit(
            rows[["mean radius", "town"]], rows["diagnosis"]
        )
        write_model(model, desk.folder / "towns.skops")

    return write


def test_a_category_unseen_in_training(desk, towns):
    towns(lambda n: np.where(np.arange(n) % 2, "A", "B"), lambda n: np.where(np.arange(n) % 2, "A", "C"))
    check(desk, 12, "does not accept the table", "unknown categories ['C']", model="towns.skops")


def test_a_category_that_only_some_shadow_models_see(desk, towns):
    towns(lambda n: np.where(np.arange(n) == 0, "Z", "A"), lambda n: np.full(n, "A"))
    check(desk, 21, "model trained on other rows", "unknown categories ['Z']", model="towns.skops")


def test_no_nonmembers(desk, tables):
    check(desk, 2, "required: --nonmembers", nonmembers=None)
    tables[1][:0].to_parquet(desk.folder / "empty.parquet")
    tables[1][:0].to_csv(desk.folder / "empty.csv", index=False)
    (desk.folder / "void.csv").touch()
    for name in ("empty.parquet", "empty.csv", "void.csv"):
        check(desk, 11, "expected", name, nonmembers=name)
    check(desk, 11, "at least 50 non-members", "285 of 285", "Hand in people", nonmembers="members.parquet")


def test_fewer_than_fifty_rows(desk, tables):
    tables[0][:49].to_parquet(desk.folder / "members49.parquet")
    tables[1][:49].to_parquet(desk.folder / "others49.parquet")
    check(desk, 11, "at least 50 members, got 49", "Hand in more", members="members49.parquet")
    check(desk, 11, "at least 50", "got 49", "Hand in more", nonmembers="others49.parquet")


def test_columns_that_the_model_does_not_take(desk, tables):
    for name, table in zip(("members", "nonmembers"), tables, strict=True):
        table[FEW].to_parquet(desk.folder / f"{name}.parquet")
    check(desk, 12, "columns that members lack", "and 1 more", "Hand in the table")


def test_tables_that_are_no_tables(desk):
    (desk.folder / "garbage.parquet").write_bytes(b"no table" * 99)
    (desk.folder / "table.txt").touch()
    check(desk, 11, "no such file", members="missing.parquet")
    check(desk, 11, "garbage.parquet", "Is it whole", members="garbage.parquet")
    check(desk, 11, "table.txt", "to_parquet", members="table.txt")
    check(desk, 11, "a folder", members=".")


@pytest.mark.parametrize("role", ["quasi_identifiers", "sensitive", "identifiers", "groups"])
def test_a_role_of_no_column(desk, role):
    check(desk, 11, "expected a column 'nobody'", role, **{role: "nobody"})


# ---- models


def test_pickles_are_not_read(desk):
    model = skops.io.load(desk.folder / "model.skops", trusted=[])
    joblib.dump(model, desk.folder / "model.joblib")
    for name in ("model.pkl", "disguised.skops"):
        (desk.folder / name).write_bytes(pickle.dumps(model))
    for name in ("model.joblib", "model.pkl", "disguised.skops"):
        check(desk, 13, "is a pickle", "run whatever code", "skops.io.dump", model=name)


def test_models_that_are_no_classifiers(desk, tables):
    rows, label = tables[0].drop(columns="diagnosis"), tables[0]["diagnosis"]
    skops.io.dump(Ridge().fit(rows, label), desk.folder / "ridge.skops")
    skops.io.dump(LogisticRegression(), desk.folder / "unfitted.skops")
    (desk.folder / "garbage.skops").write_bytes(b"no model" * 99)
    (desk.folder / "model.txt").touch()
    (desk.folder / "things.py").write_text("number = 3\n")
    check(desk, 12, "regress", model="ridge.skops")
    check(desk, 12, "fit", model="unfitted.skops")
    check(desk, 12, "garbage.skops", model="garbage.skops")
    check(desk, 12, "model.txt ends in .txt", model="model.txt")
    check(desk, 12, "no such file", model="missing.skops")
    check(desk, 12, "import nowhere", model="nowhere:model")
    check(desk, 12, "'model' in", "it has number", model="things:model")
    check(desk, 12, "got int", model="things:number")


def test_a_model_of_other_rows_is_the_wrong_file(desk, fit, tables):
    """Found only by training: what was kept on the way is deleted as well."""
    fit("other.skops", RandomForestClassifier(20, random_state=0), rows=tables[1])
    words = ("standard deviations", "Hand in the right file", "--recipe", "--shadow-mismatch withhold")
    check(desk, 14, *words, model="other.skops")


def test_a_wrong_file_leaves_what_another_run_has_kept(desk, fit, tables):
    fit("other.skops", RandomForestClassifier(20, random_state=0), rows=tables[1])
    kept = desk.folder / "out" / "unfinished" / "0123.npy"
    kept.parent.mkdir(parents=True)
    np.save(kept, np.zeros(3))
    (desk.folder / "out" / "row.key").write_text("ab" * 32)
    check_kept = desk.snapshot()
    said = desk.verb("audit", "other.skops")
    assert said.code == 14 and desk.snapshot() == check_kept


def test_scores_of_a_model_that_gives_none(desk):
    (desk.folder / "labels.py").write_text("def answer(rows):\n    raise ValueError('no such people')\n")
    check(desk, 12, "no such people", model="labels:answer")


# ---- recipes


@pytest.mark.parametrize(
    ("recipe", "code", "words"),
    [
        ("recipes", 12, ["package.module:function"]),
        ("nowhere:train", 12, ["import nowhere"]),
        ("recipes:number", 12, ["a function", "got int"]),
        ("recipes:fails", 21, ["fails failed", "RuntimeError: no luck"]),
        ("recipes:gives_nothing", 21, ["gives_nothing", "got NoneType"]),
    ],
)
def test_recipes_that_train_nothing(desk, recipe, code, words):
    (desk.folder / "recipes.py").write_text(
        "number = 3\n"
        "def fails(rows, seed):\n"
        "    raise RuntimeError('no\\nluck')\n"
        "def gives_nothing(rows, seed):\n"
        "    pass\n"
    )
    check(desk, code, *words, recipe=recipe)


# ---- arguments


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"access": "everything"}, ["labels, scores, explanations, gradients, parameters", "'everything'"]),
        ({"access": "nothing"}, ["'nothing'"]),
        ({"access": "scores,"}, ["got ''"]),
        ({"attacks": "lira,magic,luck"}, ["--attacks", "blind, gap, population, lira, ", "'magic', 'luck'"]),
        ({"attacks": ","}, ["--attacks", "got none"]),
        ({"seed": "-1"}, ["--seed", "got -1"]),
        ({"jobs": "0"}, ["--jobs", "got 0"]),
        ({"fail_if": "tpr>3%"}, ["'tpr>0.03@fpr=0.01'", "got 'tpr>3%'"]),
        ({"fail_if": "tpr<0.03@fpr=0.01"}, ["'tpr>0.03@fpr=0.01'"]),
        ({"fail_if": "tpr>1.2.3@fpr=0.01"}, ["'tpr>0.03@fpr=0.01'"]),
        ({"fail_if": "tpr>3@fpr=0.01"}, ["0 < tpr < 1"]),
        ({"fail_if": "tpr>0.01@fpr=0.03"}, ["tpr > fpr"]),
        ({"fail_if": ""}, ["'tpr>0.03@fpr=0.01'"]),
        ({"trust": "os"}, ["--trust os"]),
    ],
)
def test_arguments_out_of_range(desk, options, words):
    check(desk, 15, "expected", *words, **options)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"goal": "accuracy"}, ["'tpr<=0.03@fpr=0.01'", "'accuracy'"]),
        ({"goal": "tpr>0.03@fpr=0.01"}, ["'tpr<=0.03@fpr=0.01'"]),
        ({"goal": "tpr<=0.01@fpr=0.01"}, ["tpr > fpr"]),
        ({"goal": "tpr<=0.3@fpr=0.05,accuracy_drop<=-1"}, ["accuracy_drop"]),
        ({"defenses": "regularize,prayer"}, ["--defenses", "regularize, coarsen, k-anonymize", "'prayer'"]),
        ({"attacks": "magic"}, ["--attacks", "'magic'"]),
    ],
)
def test_goals_and_defenses_that_are_none(desk, options, words):
    check(desk, 15, "expected", *words, verb="protect", **options)


@pytest.mark.parametrize(
    ("argv", "words"),
    [
        ([], ["VERB", "reticent --help"]),
        (["praise"], ["invalid choice: 'praise'"]),
        (["audit"], ["required: MODEL, --label", "reticent audit --help"]),
        (["attest", "out"], ["required: --out"]),
        (["demo", "--data", "people"], ["invalid choice: 'people'"]),
        (["demo", "--out", "x", "--loud"], ["unknown: --loud", "reticent demo --help"]),
    ],
)
def test_wrong_usage(desk, argv, words):
    before = desk.snapshot()
    refused(desk, desk.run(*argv), before, 2, *words)


def test_wrong_usage_of_a_long_verb(desk):
    check(desk, 2, "--seed: invalid int value: 'x'", seed="x")
    check(desk, 2, "--shared-rows: invalid choice", shared_rows="keep")
    check(desk, 2, "required: --goal", verb="protect", goal=None)


# ---- where results go


def test_a_file_where_the_folder_should_be(desk):
    (desk.folder / "file").write_text("mine")
    check(desk, 31, "file is no folder", "Choose another --out", out="file")
    check(desk, 31, "file is no folder", out="file/below")
    (desk.folder / "link").symlink_to("nowhere")
    check(desk, 31, "link is no folder", out="link")


def test_a_folder_without_permission_is_found_before_the_model_is_read(desk, monkeypatch):
    (desk.folder / "locked").mkdir()
    monkeypatch.setattr("os.access", lambda path, mode: "locked" not in str(path))  # a superuser may write anywhere
    check(desk, 31, "may not write in", "Choose another --out", out="locked/out", model="missing.skops")


@pytest.mark.skipif(sys.platform != "linux", reason="there is no /proc")
def test_a_folder_that_cannot_be_made_is_found_before_the_long_work(desk):
    check(desk, 31, "cannot write into /proc/report", "Choose another --out", out="/proc/report")


def test_a_key_that_is_none(desk):
    (desk.folder / "out").mkdir()
    (desk.folder / "out" / "row.key").write_text("secret")
    check(desk, 10, "64 hexadecimal digits", "Delete it", out="out")


def test_bad_input_leaves_an_earlier_report_as_it_is(desk):
    assert desk.verb("audit", attacks="gap").code == 0
    check(desk, 11, "no such file", members="missing.parquet", out="out")
    check(desk, 15, "magic", attacks="magic", out="out")


# ---- attest and demo


@pytest.fixture
def audited(desk):
    assert desk.verb("audit", attacks="gap,population").code == 0
    return desk


@pytest.mark.parametrize(
    ("argv", "code", "words"),
    [
        (["attest", "nowhere", "--out", "case.html"], 10, ["audit.json in nowhere", "reticent audit"]),
        (["attest", "out", "--out", "case.json"], 15, [".html", "case.json"]),
        (["attest", "out", "--out", "case"], 15, [".html"]),
        (["attest", "out", "--out", "case.html", "--declare", "C7"], 15, ["CLAIM=TEXT", "'C7'"]),
        (["attest", "out", "--out", "case.html", "--declare", "C7= ", "--by", "Ada"], 15, ["CLAIM=TEXT"]),
        (["attest", "out", "--out", "case.html", "--declare", "Z9=x", "--by", "Ada"], 15, ["C2, C3", "'Z9=x'"]),
        (["attest", "out", "--out", "case.html", "--declare", "C7=grave"], 15, ["--by NAME"]),
        (["attest", "out", "--out", "out/audit.json/case.html"], 31, ["no folder"]),
        (["demo", "--goal", "none", "--out", "new"], 15, ["'none'"]),
        (["demo", "--seed", "-3", "--out", "new"], 15, ["--seed"]),
    ],
)
def test_attest_and_demo(audited, argv, code, words):
    before = audited.snapshot()
    refused(audited, audited.run(*argv), before, code, *words)


@pytest.mark.parametrize("content", ["", "{", "[1]", '{"schema": "other/1"}', "\0"])
def test_files_that_no_audit_has_written(desk, content):
    (desk.folder / "out").mkdir()
    (desk.folder / "out" / "audit.json").write_text(content)
    before = desk.snapshot()
    refused(desk, desk.run("attest", "out", "--out", "case.html"), before, 10, "audit.json")


def test_a_demo_of_data_that_are_not_there(desk, monkeypatch):
    monkeypatch.delenv("RETICENT_DATA", raising=False)
    before = desk.snapshot()
    refused(desk, desk.run("demo", "--data", "compas", "--out", "new"), before, 11, "RETICENT_DATA")
