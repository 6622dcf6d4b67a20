"""reticent suggest: a table in, what it says on the terminal, and a page where that is wanted."""

import argparse
import json

import numpy as np
import pandas as pd
import pytest

from reticent.cli import suggest
from reticent.errors import OutputError, ParameterError, TableError


@pytest.fixture
def people(tmp_path):
    """A table in a file, with a column that names people and one that a job tells of."""
    rng = np.random.default_rng(0)
    origin = rng.choice(["here", "there"], 300)
    table = pd.DataFrame(
        {
            "who": [f"p{k}" for k in range(300)],
            "age": rng.integers(20, 80, 300),
            "job": np.where(rng.random(300) < 0.9, origin, "elsewhere"),
            "origin": origin,
            "ill": rng.integers(0, 2, 300),
        }
    )
    path = tmp_path / "people.csv"
    table.to_csv(path, index=False)
    return path


def run(*words):
    parser = argparse.ArgumentParser()
    suggest.arguments(parser)
    return suggest.run(parser.parse_args([str(word) for word in words]))


def test_it_prints_and_writes_nothing(people, capsys):
    before = sorted(people.parent.iterdir())
    assert run(people, "--sensitive", "origin", "--label", "ill") == 0
    said = capsys.readouterr().out
    assert "Of 300 people" in said and "identifier" in said and "tells of origin" in said
    assert sorted(people.parent.iterdir()) == before


def test_it_writes_a_page_and_the_same_as_json(people, capsys):
    out = people.parent / "new" / "out"
    assert run(people, "--sensitive", "origin", "--label", "ill", "--identifiers", "who", "--out", out) == 0
    result = json.loads((out / "suggest.json").read_text(encoding="utf-8"))
    assert result["schema"] == "reticent/suggestion/1" and result["candidates"][0] == "age"
    assert result["sentence"].split()[1] in (out / "suggest.html").read_text(encoding="utf-8")
    assert sorted(path.name for path in out.iterdir()) == ["suggest.html", "suggest.json"]
    assert f"Report: {out / 'suggest.html'}" in capsys.readouterr().out


def test_every_option_reaches_the_work(people, tmp_path):
    out = tmp_path / "out"
    run(people, "--known", "age,job", "--together", "1", "--person", "who", "--seed", "7", "--out", out)
    result = json.loads((out / "suggest.json").read_text(encoding="utf-8"))
    assert set(result["candidates"]) == {"age", "job"} and result["complete"] == 1 and result["seed"] == 7
    assert {len(one["titles"]) for one in result["together"]} == {1}
    assert "who" not in {one["title"] for one in result["known"]}


@pytest.mark.parametrize(
    ("words", "error"),
    [
        (["--sensitive", "nobody"], ParameterError),
        (["--label", "ill", "--sensitive", "ill"], ParameterError),
        (["--together", "0"], ParameterError),
        (["--seed", "-1"], ParameterError),
        (["--known", ","], ParameterError),
    ],
)
def test_wrong_arguments_change_nothing_on_disk(people, words, error):
    before = sorted(people.parent.rglob("*"))
    with pytest.raises(error):
        run(people, *words, "--out", people.parent / "out")
    assert sorted(people.parent.rglob("*")) == before


def test_files_that_are_none_are_refused(people):
    with pytest.raises(TableError):
        run(people.parent / "missing.csv")
    with pytest.raises(OutputError):
        run(people, "--out", people)
