"""reticent anonymize on real files: the table alone, and the whole way with a model; bad input writes nothing."""

import json
from pathlib import Path

import pandas as pd
import pytest

from reticent.backends.files import read_model
from reticent.coding.classes import smallest_class

KNOWN = ["mean radius", "mean texture"]
ALONE = ["anonymization.html", "anonymization.json", "released.parquet", "row.key", "rules.txt"]
WHOLE = sorted([*ALONE, "after.json", "audit.json", "model.skops"])


def argv(table="members.parquet", *more, **options):
    given = {"quasi_identifiers": ",".join(KNOWN), "k": 10, "out": "out", "jobs": 1, **options}
    named = [
        word
        for name, value in given.items()
        if value is not None
        for word in (f"--{name.replace('_', '-')}", str(value))
    ]
    return ["anonymize", table, *named, *more]


def with_model(**options):
    given = {"model": "model.skops", "nonmembers": "nonmembers.parquet", "label": "diagnosis", "access": "scores"}
    return argv(
        **{**given, "ks": 20, "splits": 2, "techniques": "mondrian", "audited": 10, "attacks": "gap", **options}
    )


def written(desk, folder="out"):
    return sorted(path.name for path in (desk.folder / folder).iterdir())


def read(desk, name):
    return json.loads((desk.folder / "out" / name).read_text(encoding="utf-8"))


def flat(text):
    return " ".join(text.split())


def test_a_table_alone(desk, tables):
    before = (desk.folder / "members.parquet").read_bytes()
    said = desk.run(*argv(label="diagnosis"))
    assert (said.code, said.err) == (0, ""), said.err
    assert written(desk) == ALONE and (desk.folder / "members.parquet").read_bytes() == before
    made, found = pd.read_parquet(desk.folder / "out" / "released.parquet"), read(desk, "anonymization.json")
    assert smallest_class(made, KNOWN) == found["table"]["after"]["k"] >= 10 > found["table"]["before"]["k"]
    rest = [name for name in made if name not in KNOWN]
    pd.testing.assert_frame_equal(made[rest], tables[0][rest].reset_index(drop=True))
    assert list(made) == list(tables[0]) and (made.dtypes == tables[0].dtypes).all()
    assert found["schema"] == "reticent/release/1" and flat(found["sentence"]) in flat(said.out)
    assert "no model was handed in" in flat(said.out) and all(len(line) <= 100 for line in said.out.splitlines())
    rules = (desk.folder / "out" / "rules.txt").read_text().splitlines()
    assert rules[0].startswith("Internal") and len(rules) == 2 + found["table"]["after"]["classes"]


@pytest.mark.parametrize("suffix", ["csv", "feather"])
def test_the_table_comes_back_in_the_format_in_which_it_came(desk, tables, suffix):
    write = {
        "csv": lambda path: tables[0].to_csv(path, index=False),
        "feather": tables[0].reset_index(drop=True).to_feather,
    }
    write[suffix](desk.folder / f"people.{suffix}")
    assert desk.run(*argv(f"people.{suffix}")).code == 0
    reader = {"csv": pd.read_csv, "feather": pd.read_feather}[suffix]
    made = reader(desk.folder / "out" / f"released.{suffix}")
    assert list(made) == list(tables[0]) and smallest_class(made, KNOWN) >= 10


def test_what_names_a_person_is_left_out_and_people_are_counted(desk, tables):
    n = len(tables[0])
    tables[0].assign(name=[f"P{i}" for i in range(n)], person=[i // 2 for i in range(n)]).to_parquet(
        desk.folder / "named.parquet"
    )
    assert desk.run(*argv("named.parquet", identifiers="name", person="person")).code == 0
    made, found = pd.read_parquet(desk.folder / "out" / "released.parquet"), read(desk, "anonymization.json")
    assert list(made) == list(tables[0])
    assert found["table"]["after"]["table"] | {"columns": 0} == {
        "rows": n,
        "people": (n + 1) // 2,
        "person": "person",
        "columns": 0,
    }


def test_more_than_k(desk):
    said = desk.run(*argv(l=2, sensitive="diagnosis"))
    assert said.code == 0, said.err
    [label] = read(desk, "anonymization.json")["table"]["after"]["sensitive"]
    assert label["name"] == "diagnosis" and label["l"] == 2 and label["one_value"] == 0


def test_ranges(desk):
    assert desk.run(*argv(release="ranges")).code == 0
    made = pd.read_parquet(desk.folder / "out" / "released.parquet")
    assert made["mean radius"].map(type).eq(str).all() and smallest_class(made, KNOWN) >= 10


def test_hierarchies(desk, tables):
    (
        tables[0].assign(town=["Lyon", "Nice", "Bonn", "Ulm"] * (len(tables[0]) // 4) + ["Ulm"] * (len(tables[0]) % 4))
    ).to_parquet(desk.folder / "towns.parquet")
    groups = {"town": {"Lyon": ["France"], "Nice": ["France"], "Bonn": ["Germany"], "Ulm": ["Germany"]}}
    (desk.folder / "towns.json").write_text(json.dumps(groups))
    options = {"quasi_identifiers": "town,mean radius", "hierarchies": "towns.json", "k": 30, "release": "ranges"}
    assert desk.run(*argv("towns.parquet", **options)).code == 0
    made = pd.read_parquet(desk.folder / "out" / "released.parquet")
    assert set(made["town"]) <= {*groups["town"], "France", "Germany", "*"}


def test_the_whole_way_with_a_model(desk, tables):
    said = desk.run(*with_model())
    assert (said.code, [line for line in said.err.splitlines() if "Warning" not in line]) == (0, []), said.err
    assert written(desk) == WHOLE
    found = read(desk, "anonymization.json")
    assert [(point["technique"], point["k"]) for point in found["points"]] == [
        *(("guided", 10), ("guided", 20)),
        *(("mondrian", 10), ("mondrian", 20)),
    ]
    made = pd.read_parquet(desk.folder / "out" / "released.parquet")
    assert smallest_class(made, KNOWN) == found["table"]["after"]["k"] >= 10
    model = read_model(desk.folder / "out" / "model.skops")
    assert (model.predict(tables[1].drop(columns="diagnosis")) == tables[1]["diagnosis"]).mean() > 0.8
    assert flat(found["sentence"]) in flat(said.out) and "Model: out/model.skops" in said.out
    assert read(desk, "after.json")["target"]["defenses"] and not read(desk, "audit.json")["target"]["defenses"]
    page = (desk.folder / "out" / "anonymization.html").read_text()
    assert "Accuracy against k" in page


def test_the_model_that_comes_out_goes_in_again(desk):
    assert desk.run(*with_model(ks=10)).code == 0
    said = desk.verb("audit", "out/model.skops", out="again", attacks="gap")
    assert said.code == 0, said.err


@pytest.mark.parametrize(
    ("code", "words", "options"),
    [
        (11, "'mean radios' in the table; it has mean radius,", {"quasi_identifiers": "mean radios"}),
        (11, "'ill'", {"label": "ill"}),
        (15, "expected k", {"k": 1}),
        (11, "at least k=1000 people", {"k": 1000}),
        (15, "expected --model beside --splits", {"splits": 3}),
        (15, "expected --nonmembers, --label, --access beside --model", {"model": "model.skops"}),
        (15, "beside --person", {"person": "mean radius"}),
        (15, "beside --identifiers", {"identifiers": "mean radius"}),
        (15, "sensitive columns beside l=2", {"l": 2}),
        (10, "expected JSON in", {"hierarchies": "model.skops"}),
        (15, "expected --techniques to be some of", {"techniques": "datafly", "model": "model.skops"}),
        (15, "models learn from values", {"release": "ranges", "model": "model.skops"}),
    ],
)
def test_bad_input_writes_nothing(desk, code, words, options):
    if "model" in options and "expected --nonmembers" not in words:
        options = {"nonmembers": "nonmembers.parquet", "label": "diagnosis", "access": "scores", **options}
    before = desk.snapshot()
    said = desk.run(*argv(**{"out": "new/folder", **options}))
    assert said.code == code and words in said.err, (said.code, said.err)
    assert len(said.err.splitlines()) == 1 and desk.snapshot() == before


def test_a_table_is_never_written_over(desk):
    (desk.folder / "released.parquet").write_bytes((desk.folder / "members.parquet").read_bytes())
    before = desk.snapshot()
    said = desk.run(*argv("released.parquet", out="."))
    assert said.code == 15 and "would be written over it" in said.err
    assert desk.snapshot() == before


def test_no_table_no_model(desk):
    said = desk.run(*argv("absent.csv"))
    assert said.code == 11 and "no such file" in said.err
    assert not Path(desk.folder / "out").exists()
