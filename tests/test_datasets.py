"""Real tables: as many rows as published, roles that exist, halves that share no row."""

import os
from urllib.error import URLError

import numpy as np
import pandas as pd
import pytest

from reticent import datasets
from reticent.errors import MissingPackageError, ParameterError, TableError

HERE = ["fair", "breast-cancer"]
ON_DISK = {
    "adult": (48842, 15),
    "nursery": (12960, 9),
    "compas": (6172, 9),
    "credit-default": (30000, 24),
    "give-me-some-credit": (150000, 11),
    "lending-club": (9578, 14),
    "acs": (22670, 20),
    "warfarin": (5528, 14),
}
needs_data = pytest.mark.skipif("RETICENT_DATA" not in os.environ, reason="RETICENT_DATA names no folder with the data")


def check_roles(data):
    assert set(data.quasi_identifiers) | set(data.sensitive) | {data.label} <= set(data.table.columns)
    assert data.table[data.label].notna().all() and data.table[data.label].nunique() > 1
    assert data.table.index.equals(pd.RangeIndex(len(data.table)))
    assert data.about and "\n" not in data.about


@pytest.mark.parametrize("name", HERE)
def test_tables_that_come_with_packages(name):
    check_roles(datasets.load(name))


@needs_data
@pytest.mark.parametrize("name", ON_DISK)
def test_tables_on_disk(name):
    data = datasets.load(name)
    assert data.name == name and data.table.shape == ON_DISK[name]
    check_roles(data)


def test_every_name_is_tested():
    assert {*HERE, *ON_DISK} == set(datasets.DATASETS)


def test_fair_holds_distinct_answers_only():
    table = datasets.fair().table
    assert len(table) == 5327 and set(table["affair"]) == {0, 1} and "affairs" not in table


def test_breast_cancer_counts():
    assert datasets.breast_cancer().table["diagnosis"].sum() == 212  # malignant, as published


@needs_data
def test_parts_of_adult():
    parts = {part: datasets.adult(part) for part in ("train", "test", "both")}
    assert [len(data.table) for data in parts.values()] == [32561, 16281, 48842]
    assert set(parts["both"].table["income"]) == {"<=50K", ">50K"}


@needs_data
def test_location30():
    x, y = datasets.location30()
    assert x.shape == (5010, 446) and set(np.unique(x)) == {0, 1} and set(np.unique(y)) == set(range(1, 31))


def test_errors_say_what_to_do(monkeypatch, tmp_path):
    with pytest.raises(ParameterError, match="fair, breast-cancer, adult"):
        datasets.load("titanic")
    with pytest.raises(ParameterError, match="train, test, both"):
        datasets.adult("half")
    monkeypatch.delenv("RETICENT_DATA", raising=False)
    with pytest.raises(TableError, match="RETICENT_DATA"):
        datasets.nursery()
    with pytest.raises(TableError, match="RETICENT_DATA"):
        datasets.location30()
    monkeypatch.setenv("RETICENT_DATA", str(tmp_path))
    with pytest.raises(TableError, match=r"nursery\.parquet"):
        datasets.nursery()


def test_adult_without_folder_and_network(monkeypatch):
    def no_network(*args, **options):
        raise ConnectionRefusedError("no route")

    monkeypatch.delenv("RETICENT_DATA", raising=False)
    monkeypatch.setattr(datasets, "fetch_openml", no_network)
    with pytest.raises(TableError, match=r"network.*RETICENT_DATA"):
        datasets.adult()
    with pytest.raises(TableError, match="both"):
        datasets.adult("train")


def test_adult_without_a_network_asks_scikit_learn_as_it_wants_to_be_asked(monkeypatch, tmp_path):
    def no_network(*args, **options):
        raise URLError("no route")

    monkeypatch.delenv("RETICENT_DATA", raising=False)
    monkeypatch.setenv("SCIKIT_LEARN_DATA", str(tmp_path))
    monkeypatch.setattr("sklearn.datasets._openml.urlopen", no_network)
    with pytest.raises(TableError, match="no route"):
        datasets.adult()


def test_adult_from_openml_looks_like_adult_from_disk(monkeypatch):
    class Answer:
        frame = pd.DataFrame(
            {
                "age": [25, 38],
                "workclass": pd.Categorical(["Private", None]),
                "class": pd.Categorical(["<=50K", ">50K"]),
            }
        )

    monkeypatch.delenv("RETICENT_DATA", raising=False)
    monkeypatch.setattr(datasets, "fetch_openml", lambda *args, **options: Answer)
    table = datasets.adult().table
    assert table.to_dict("list") == {"age": [25, 38], "workclass": ["Private", "?"], "income": ["<=50K", ">50K"]}


def test_fair_without_statsmodels(monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "statsmodels.datasets.fair", None)
    with pytest.raises(MissingPackageError, match=r"reticent\[demo\]"):
        datasets.fair()


@pytest.mark.parametrize("seed", range(5))
def test_halves_are_halves_and_share_no_row(seed):
    random = np.random.default_rng(seed)
    table = pd.DataFrame({"a": random.integers(0, 40, 301), "b": [None, "x", "y"] * 100 + ["x"], "y": 1})
    data = datasets.Dataset("made", table, "y", (), (), "made up")
    members, nonmembers = datasets.split(data, seed)
    assert not set(members.fillna("").itertuples(index=False)) & set(nonmembers.fillna("").itertuples(index=False))
    both = pd.concat([members, nonmembers]).fillna("")
    assert sorted(both.itertuples(index=False)) == sorted(table.fillna("").itertuples(index=False))
    assert abs(len(members) - len(nonmembers)) <= table.groupby(["a", "b"], dropna=False).size().max() * 2


def test_halves_depend_on_the_seed_alone():
    data = datasets.breast_cancer()
    first, again, other = (datasets.split(data, seed)[0] for seed in (0, 0, 1))
    pd.testing.assert_frame_equal(first, again)
    assert not first.equals(other)
    assert 0.25 < first["diagnosis"].mean() < 0.5  # 0.37 in all; the halves are drawn at random
