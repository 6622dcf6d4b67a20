"""reticent minimize on real files: what it prints and writes, and bad input that writes nothing."""

import json

import numpy as np
import pandas as pd
import pytest

from reticent.backends.files import read_model

WRITTEN = ["collect.txt", "minimize.html", "minimize.json", "model.skops"]


def argv(*more, table="people.parquet", model="model.skops", **options):
    given = {"agreement": 0.9, "others": "0.8", **options}
    named = [word for name, value in given.items() if value is not None for word in (f"--{name}", str(value))]
    return ["minimize", model, table, *named, *more]


def flat(text):
    return " ".join(text.split())


@pytest.fixture
def people(desk, tables):
    """Members and others in one table, with the side on which each is."""
    both = pd.concat([tables[0].assign(side="in"), tables[1].assign(side="out")], ignore_index=True)
    both.to_parquet(desk.folder / "people.parquet")
    return both


def test_it_prints_and_writes_nothing(desk, people):
    before = desk.snapshot()
    said = desk.run(*argv(label="diagnosis", groups="side"))
    assert (said.code, said.err) == (0, ""), said.err
    out = flat(said.out)
    assert "Of 10 columns that the model takes" in out and "of answers stay the same" in out
    assert "by side: in" in out and "Accuracy: with every value as it is" in out and "Not tested:" in out
    assert all(len(line) <= 100 for line in said.out.splitlines())
    assert desk.snapshot() == before


def test_it_writes_page_numbers_questions_and_model(desk, people):
    said = desk.run(*argv(label="diagnosis", out="new/out"))
    assert said.code == 0, said.err
    out = desk.folder / "new" / "out"
    assert sorted(path.name for path in out.iterdir()) == WRITTEN
    found = json.loads((out / "minimize.json").read_text(encoding="utf-8"))
    assert found["schema"] == "reticent/minimization/1" and found["name"] == "model.skops"
    assert flat(found["sentence"]) in flat(said.out) and found["asked"] == 0.9
    assert [one["asked"] for one in found["others"]] == [0.8]
    questions = (out / "collect.txt").read_text(encoding="utf-8")
    assert questions.startswith("Internal")
    assert questions.count("? (asked of ") == len(found["form"]["questions"]) > 0
    assert "What to ask of a person" in (out / "minimize.html").read_text(encoding="utf-8")
    for line in ("Model: new/out/model.skops", "Questions: new/out/collect.txt", "Report: new/out/minimize.html"):
        assert line in said.out
    raw, made = read_model(desk.folder / "model.skops"), read_model(out / "model.skops")
    x = people[list(raw.feature_names_in_)]
    assert 0.85 < (raw.predict(x) == made.predict(x)).mean() < 1


@pytest.mark.parametrize("suffix", ["parquet", "csv", "feather"])
def test_the_table_as_the_model_needs_it(desk, people, suffix):
    said = desk.run(*argv("--table", f"made/less.{suffix}", out="out"))
    assert said.code == 0, said.err
    read = {"parquet": pd.read_parquet, "csv": pd.read_csv, "feather": pd.read_feather}[suffix]
    less = read(desk.folder / "made" / f"less.{suffix}")
    assert list(less) == list(people) and (less[["diagnosis", "side"]] == people[["diagnosis", "side"]]).all().all()
    raw, made = read_model(desk.folder / "model.skops"), read_model(desk.folder / "out" / "model.skops")
    columns = list(raw.feature_names_in_)
    np.testing.assert_array_equal(raw.predict(less[columns]), made.predict(people[columns]))
    assert sum(less[one].nunique() for one in columns) < sum(people[one].nunique() for one in columns)
    assert f"Table: made/less.{suffix}" in said.out and [one.name for one in (desk.folder / "made").iterdir()] == [
        f"less.{suffix}"
    ]


def test_the_model_that_comes_out_can_be_audited(desk, people):
    assert desk.run(*argv(out="out")).code == 0
    said = desk.verb("audit", "out/model.skops", out="audit", attacks="gap")
    assert said.code == 0, said.err


def test_a_function_has_no_file(desk, people):
    (desk.folder / "mine.py").write_text("def large(rows):\n    return (rows['mean radius'] > 14).to_numpy()\n")
    said = desk.run(*argv(model="mine:large", columns="mean radius,mean texture", out="out"))
    assert said.code == 0, said.err
    assert "No model file: MinimizedFunction is no estimator" in said.out
    assert sorted(path.name for path in (desk.folder / "out").iterdir()) == [
        one for one in WRITTEN if one != "model.skops"
    ]


def test_several_rows_of_one_person(desk, people):
    people.assign(who=np.arange(len(people)) // 2).to_parquet(desk.folder / "twice.parquet")
    said = desk.run(*argv(table="twice.parquet", person="who", others="", agreement=0.85, out="out"))
    assert said.code == 0, said.err
    found = json.loads((desk.folder / "out" / "minimize.json").read_text(encoding="utf-8"))
    assert (found["rows"], found["people"], found["person"]) == (len(people), (len(people) + 1) // 2, "who")
    assert found["others"] == [] and "that chose nothing" in found["sentence"]


@pytest.mark.parametrize(
    ("code", "words", "options"),
    [
        (11, "'diagnosys' (label) in the table; it has diagnosis", {"label": "diagnosys"}),
        (11, "'region' (groups)", {"groups": "region"}),
        (11, "'mean radios' (columns)", {"columns": "mean radios"}),
        (12, "to name what the model was fitted on", {"columns": "mean radius,side"}),
        (12, "takes its own label", {"label": "mean radius"}),
        (15, "0 < agreement < 1", {"agreement": 98}),
        (15, "0 < agreement < 1", {"others": "0.9,2"}),
        (15, "--seed of 0 or more", {"seed": -1}),
        (15, "--columns to name columns", {"columns": ""}),
        (15, "--table to end in .parquet", {"table_to": "less.xlsx"}),
        (15, "would be written over", {"table_to": "./people.parquet"}),
        (31, "no folder", {"out": "people.parquet"}),
        (11, "no such file", {"table": "absent.csv"}),
        (12, "no such file", {"model": "absent.skops"}),
    ],
)
def test_bad_input_writes_nothing(desk, people, code, words, options):
    options = dict(options)
    more = ["--table", options.pop("table_to")] if "table_to" in options else []
    before = desk.snapshot()
    said = desk.run(*argv(**{"out": "new/folder", **options}), *more)
    assert said.code == code and words in said.err, (said.code, said.err)
    assert len(said.err.splitlines()) == 1 and desk.snapshot() == before


def test_an_agreement_that_so_few_cannot_show_names_the_best(desk, people):
    before = desk.snapshot()
    said = desk.run(*argv(agreement=0.999, out="new/folder"))
    assert said.code in (11, 15) and "0.98" in said.err and len(said.err.splitlines()) == 1, said.err
    assert desk.snapshot() == before


def test_a_table_without_the_model_s_columns(desk, people):
    people.drop(columns="mean radius").to_parquet(desk.folder / "less.parquet")
    said = desk.run(*argv(table="less.parquet"))
    assert said.code == 12 and "columns that the table lacks: mean radius" in said.err
