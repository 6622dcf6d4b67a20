"""reticent risk: prints, writes all or nothing, and is a gate."""

import json

import numpy as np
import pandas as pd
import pytest

from reticent.cli import risk
from reticent.risk import risk as count


@pytest.fixture
def towns(desk):
    """A desk with a table of people, the same one coarser, and the population that both are from."""
    rng = np.random.default_rng(0)
    n = 3_000
    everybody = pd.DataFrame(
        {
            "age": rng.integers(20, 90, n),
            "town": rng.choice(["Bonn", "Ems", "Ulm"], n),
            "sex": rng.choice(["f", "m"], n),
            "ill": rng.choice(["no", "yes"], n, p=[0.9, 0.1]),
        }
    )
    people = everybody.head(800)
    everybody.to_parquet(desk.folder / "everybody.parquet")
    people.to_csv(desk.folder / "people.csv", index=False)
    people.assign(age=(people["age"] >= 55) * 55).to_parquet(desk.folder / "coarse.parquet")
    return desk


def test_prints_what_the_verb_finds_and_writes_nothing(towns):
    before = towns.snapshot()
    said = towns.run("risk", "people.csv", "--quasi-identifiers", "age,town,sex", "--sensitive", "ill")
    wanted = count(pd.read_csv(towns.folder / "people.csv"), ["age", "town", "sex"], sensitive=["ill"])
    assert (said.code, said.err, said.out) == (0, "", f"{wanted}\n")
    assert towns.snapshot() == before


def test_writes_page_and_numbers_with_all_that_it_can_compare(towns):
    said = towns.run(
        *("risk", "coarse.parquet", "--quasi-identifiers", "age,town,sex", "--sensitive", "ill"),
        *("--original", "people.csv", "--population-size", "3000", "--out", "report"),
    )
    assert (said.code, said.err) == (0, "") and said.out.endswith("\nReport: report/risk.html\n")
    result = json.loads((towns.folder / "report" / "risk.json").read_text(encoding="utf-8"))
    assert result["schema"] == "reticent/risk/1" and result["ncp"] > 0.1 and result["population"]["size"] == 3_000
    assert sorted(path.name for path in (towns.folder / "report").iterdir()) == ["risk.html", "risk.json"]
    page = (towns.folder / "report" / "risk.html").read_text(encoding="utf-8")
    assert "Who can be found" in page and "What is learned without finding the row" in page


def test_looks_in_a_population(towns):
    said = towns.run("risk", "people.csv", "--quasi-identifiers", "age,town,sex", "--population", "everybody.parquet")
    assert said.code == 0 and "Among the 3,000 people of the population that was given" in said.out


def test_suggests_columns_where_none_were_named(towns):
    said = towns.run("risk", "people.csv", "--sensitive", "ill")
    assert said.code == 0
    out = " ".join(said.out.split())
    assert "none was named as a quasi-identifier" in out
    assert "Which of these columns may others know?" in out and "age" in out.rpartition("A suggestion")[2]
    assert "Which of these" not in towns.run("risk", "people.csv", "--quasi-identifiers", "age").out


@pytest.mark.parametrize(
    ("table", "rule", "failed"),
    [
        ("people.csv", "k<2", True),
        ("coarse.parquet", "k<2", False),
        ("coarse.parquet", "k < 1000", True),
        ("coarse.parquet", "l<2", False),
        ("coarse.parquet", "l<=2", True),
        ("coarse.parquet", "t>0.9", False),
        ("people.csv", "t>=0.5", True),
        ("people.csv", "alone>0", True),
        ("coarse.parquet", "alone>0", False),
        ("people.csv", "risk>0.05", True),
        ("coarse.parquet", "risk>0.05", False),
    ],
)
def test_the_gate(towns, table, rule, failed):
    said = towns.run("risk", table, "--quasi-identifiers", "age,town,sex", "--sensitive", "ill", "--fail-if", rule)
    assert said.code == (risk.GATE_FAILED if failed else 0)
    assert said.out.splitlines()[-1].startswith(
        f"Gate {'FAILED' if failed else 'passed'} ({rule}): {rule.split('<')[0].split('>')[0].strip()} = "
    )


@pytest.mark.parametrize(
    ("words", "code", "told"),
    [
        (["missing.csv"], 11, "no such file"),
        (["people.csv", "--quasi-identifiers", "age,height"], 15, "['height']; the table has"),
        (["people.csv", "--quasi-identifiers", "age", "--person", "age"], 15, "not person too"),
        (["people.csv", "--fail-if", "k>10"], 15, "expected --fail-if such as 'k<10'"),
        (["people.csv", "--fail-if", "k<ten"], 15, "expected --fail-if such as 'k<10'"),
        (["people.csv", "--fail-if", "l<2"], 15, "expected --sensitive beside --fail-if 'l<2'"),
        (["people.csv", "--population-size", "20"], 15, "size >= 800"),
        (["people.csv", "--original", "everybody.parquet"], 11, "row for row, of 800 rows; got 3,000"),
        (["people.csv", "--population", "everybody.parquet", "--population-size", "9000"], 15, "got both"),
    ],
)
def test_bad_input_is_one_line_and_leaves_no_trace(towns, words, code, told):
    before = towns.snapshot()
    said = towns.run("risk", *words, "--out", "report")
    assert said.code == code and told in said.err and len(said.err.splitlines()) == 1, said.err
    assert towns.snapshot() == before


def test_an_earlier_report_stands_until_the_new_one_is_whole(towns, monkeypatch):
    first = towns.run("risk", "people.csv", "--quasi-identifiers", "age", "--out", "report")
    before = towns.snapshot()

    def full(*args, **kwargs):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(risk.page_risk, "document", full)
    said = towns.run("risk", "people.csv", "--quasi-identifiers", "town", "--out", "report")
    assert (first.code, said.code) == (0, 31) and "Make room there" in said.err
    assert towns.snapshot() == before


def test_a_refusal_without_a_folder_is_one_line_too(towns):
    said = towns.run("risk", "missing.csv")
    assert said.code == 11 and len(said.err.splitlines()) == 1
    said = towns.run("risk", "people.csv", "--population-size", "20")
    assert said.code == 15 and "got --population-size 20" in said.err
