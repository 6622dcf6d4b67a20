"""reticent needed: three questions on one model and one table, a page for each, and a gate."""

import json

import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import LogisticRegression

from reticent.backends.files import write_model
from reticent.cli import needed
from reticent.necessity.columns import needed_columns
from reticent.necessity.people import needed_people

COMMON = ("model.skops", "people.parquet", "--label", "ill", "--jobs", "1", "--margin", "0.05")


@pytest.fixture
def clinic(desk):
    """A desk with a table in which two columns tell the label and three tell nothing, and a model of it."""
    rng = np.random.default_rng(0)
    n = 1_500
    table = pd.DataFrame(
        {
            "age": rng.normal(50, 10, n).round(1),
            "pressure": rng.normal(120, 15, n).round(1),
            "shoe": rng.normal(40, 3, n).round(1),
            "height": rng.normal(170, 10, n).round(1),
            "female": rng.integers(0, 2, n),
        }
    )
    table["ill"] = (table["age"] - 50) / 10 + (table["pressure"] - 120) / 15 + rng.normal(0, 0.3, n) > 0
    model = LogisticRegression(max_iter=1000).fit(table.drop(columns="ill"), table["ill"])
    write_model(model, desk.folder / "model.skops")
    table = table.assign(
        who=[f"p{k}" for k in range(n)],
        seen=pd.date_range("2020-01-01", periods=n, freq="D").strftime("%Y-%m-%d"),
    )
    table.drop(columns=["who", "seen"]).to_parquet(desk.folder / "people.parquet")
    table.to_parquet(desk.folder / "dated.parquet")
    return desk


def test_it_prints_what_the_function_finds_and_writes_nothing(clinic):
    before = clinic.snapshot()
    said = clinic.run("needed", "columns", *COMMON, "--protected", "female")
    table = pd.read_parquet(clinic.folder / "people.parquet")
    found = needed_columns(LogisticRegression(max_iter=1000), table, 0.05, label="ill", protected=["female"], n_jobs=1)
    assert (said.code, said.err) == (0, "") and said.out == f"{found}\n"
    assert set(found.kept) == {"age", "pressure"}
    assert clinic.snapshot() == before


@pytest.mark.parametrize(
    ("question", "more", "schema", "told"),
    [
        ("columns", (), "reticent/needed-columns/1", "Column by column"),
        ("people", (), "reticent/needed-people/1", "What more people bring"),
        ("history", ("--date", "seen"), "reticent/needed-history/1", "How far back"),
    ],
)
def test_each_question_writes_its_page_and_the_same_as_json(clinic, question, more, schema, told):
    table = "dated.parquet" if question == "history" else "people.parquet"
    words = ("model.skops", table, *COMMON[2:])
    said = clinic.run("needed", question, *words, *more, "--seed", "3", "--out", "report")
    assert said.code == 0, said.err
    assert said.out.endswith(f"\nReport: report/needed-{question}.html\n")
    names = sorted(path.name for path in (clinic.folder / "report").iterdir())
    assert names == [f"needed-{question}.html", f"needed-{question}.json"]
    result = json.loads((clinic.folder / "report" / f"needed-{question}.json").read_text(encoding="utf-8"))
    assert (result["schema"], result["seed"], result["margin"]) == (schema, 3, 0.05)
    assert told in (clinic.folder / "report" / f"needed-{question}.html").read_text(encoding="utf-8")


@pytest.mark.slow
def test_reports_of_several_questions_stand_beside_each_other(clinic):
    clinic.run("needed", "columns", *COMMON, "--out", "report")
    first = (clinic.folder / "report" / "needed-columns.json").read_bytes()
    assert clinic.run("needed", "people", *COMMON, "--out", "report").code == 0
    assert (clinic.folder / "report" / "needed-columns.json").read_bytes() == first
    assert len(list((clinic.folder / "report").iterdir())) == 4


def test_person_recipe_and_goal_reach_the_work(clinic, monkeypatch):
    given = {}

    def asked(recipe, table, margin, **more):
        given.update(more, recipe=recipe, margin=margin)
        return needed_people(LogisticRegression(max_iter=1000), table, margin, **{**more, "goal": None})

    monkeypatch.setattr(needed, "needed_people", asked)
    (clinic.folder / "mine.py").write_text("def train(rows, seed):\n    raise SystemExit\n", encoding="utf-8")
    rule = "tpr<=0.03@fpr=0.01"
    words = ("model.skops", "dated.parquet", *COMMON[2:], "--person", "who", "--recipe", "mine:train", "--goal", rule)
    said = clinic.run("needed", "people", *words)
    assert given["person"] == "who" and given["goal"] == rule and given["recipe"].__name__ == "train", said.err


@pytest.mark.parametrize(("rule", "failed"), [("unneeded>0", True), ("unneeded>60%", False)])
def test_the_gate_counts_what_was_shown_to_be_superfluous(clinic, rule, failed):
    said = clinic.run("needed", "columns", *COMMON, "--fail-if", rule)
    assert said.code == (needed.GATE_FAILED if failed else 0)
    last = " ".join(said.out.split("Gate ")[-1].split())
    assert last == f"{'FAILED' if failed else 'passed'} ({rule}): 3 of 5 columns were shown to be superfluous."


@pytest.mark.parametrize(
    ("rule", "failed"),
    [("unneeded>2", True), ("unneeded>3", False), ("unneeded>=3", True), ("unneeded > 59.5 %", True)],
)
def test_a_rule_is_read_as_it_stands(rule, failed, capsys):
    code = needed._Gate(rule).judge("columns", {"dropped": ["a", "b", "c"], "columns": [{}] * 5})
    assert code == (needed.GATE_FAILED if failed else 0)
    assert f"({rule.strip()})" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("question", "result", "counted"),
    [
        ("columns", {"dropped": ["a"], "columns": [{}, {}, {}]}, (1, 3)),
        ("people", {"people": 20_000, "enough": 16_000}, (4_000, 20_000)),
        ("history", {"not_needed": 0.25, "open_rows": 1_000}, (250, 1_000)),
    ],
)
def test_each_question_counts_its_own(question, result, counted):
    assert needed._unneeded(question, result) == counted


@pytest.mark.parametrize(
    ("words", "code", "told"),
    [
        (("columns", *COMMON, "--date", "seen"), 15, "expected --date with 'reticent needed history' alone"),
        (("people", *COMMON, "--protected", "age"), 15, "expected --protected with 'reticent needed columns' alone"),
        (
            ("history", *COMMON, "--date", "age", "--goal", "x"),
            15,
            "expected --goal with 'reticent needed people' alone",
        ),
        (("history", *COMMON), 15, "expected --date COLUMN"),
        (("history", *COMMON, "--date", "age"), 11, "expected dates"),
        (("columns", *COMMON, "--fail-if", "k<10"), 15, "expected --fail-if such as 'unneeded>0'"),
        (("columns", *COMMON, "--fail-if", "unneeded<1"), 15, "expected --fail-if such as 'unneeded>0'"),
        (("columns", *COMMON, "--seed", "-1"), 15, "expected --seed of 0 or more"),
        (("columns", *COMMON, "--jobs", "0"), 15, "expected --jobs of 1 or more"),
        (("columns", *COMMON, "--protected", "nobody"), 15, "nobody"),
        (("columns", *COMMON[:-1], "0.0001"), 11, "cannot be shown with so few"),
        (("columns", "missing.skops", *COMMON[1:]), 12, "no such file"),
        (("columns", "model.skops", "missing.parquet", *COMMON[2:]), 11, "no such file"),
    ],
)
def test_bad_input_is_one_line_and_leaves_no_trace(clinic, words, code, told):
    before = clinic.snapshot()
    said = clinic.run("needed", *words, "--out", "report")
    assert said.code == code and told in said.err and len(said.err.splitlines()) == 1, said.err
    assert clinic.snapshot() == before


def test_a_question_that_there_is_not(clinic):
    said = clinic.run("needed", "rows", *COMMON)
    assert said.code == 2 and "columns" in said.err
