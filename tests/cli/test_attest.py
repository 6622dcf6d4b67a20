"""reticent attest: the case beside its audits, for those inside and for those outside."""

import json
import re
import shutil

import pytest
from sklearn.naive_bayes import GaussianNB


def read(path):
    return json.loads(path.read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def _results(_made, desk_at, tmp_path_factory):
    out = tmp_path_factory.mktemp("results")
    assert desk_at(_made).verb("protect", defenses="coarsen", sensitive="diagnosis", out=out).code == 0
    return out


@pytest.fixture
def protected(desk, _results):
    shutil.copytree(_results, desk.folder / "out")
    return desk


def states(case):
    return {claim["id"]: claim["state"] for claim in case["claims"]}


def test_a_case_of_before_and_after(protected):
    said = protected.run("attest", "out", "--out", "case/case.html")
    assert said.code == 0, said.err
    assert sorted(path.name for path in (protected.folder / "case").iterdir()) == ["case.html", "case.json"]
    case = read(protected.folder / "case" / "case.json")
    assert case["schema"] == "reticent/case/1" and case["after"]["half"] == "sealed"
    assert case["goal"] == {"tpr": 0.3, "fpr": 0.05, "accuracy_drop": None}
    assert states(case)["C7"] == "missing" and len(case["claims"]) == 12
    assert said.out.startswith("Not tested:")  # above any verdict
    assert all(len(line) <= 100 for line in said.out.splitlines()), said.out
    assert re.search(r"^MISSING +C7 ", said.out, re.MULTILINE)


def test_a_case_of_an_audit_alone(desk):
    assert desk.verb("audit", attacks="gap,population").code == 0
    assert desk.run("attest", "out", "--out", "case.html").code == 0
    case = read(desk.folder / "case.json")
    assert case["after"] is None and case["goal"] is None


def test_for_outside_nothing_speaks_of_single_people(protected):
    """Neither digests nor positions nor small groups, in the page as little as in the numbers."""
    before = read(protected.folder / "out" / "audit.json")
    secrets = [person["digest"] for person in before["exposed"]]
    assert secrets and before["subgroups"]
    assert protected.run("attest", "out", "--out", "inside.html").code == 0
    assert protected.run("attest", "out", "--out", "outside.html", "--external").code == 0
    inside, outside = ((protected.folder / f"{name}.json").read_text() for name in ("inside", "outside"))
    assert any(secret in inside for secret in secrets)
    page = (protected.folder / "outside.html").read_text()
    for secret in secrets:
        assert secret not in outside and secret not in page
    case = read(protected.folder / "outside.json")
    assert case["external"] is True
    for audit in (case["before"], case["after"]):
        assert audit["external"] is True and not {"exposed", "subgroups"} & set(audit)

    def keys(value):
        if isinstance(value, dict):
            yield from value
            value = list(value.values())
        if isinstance(value, list):
            for one in value:
                yield from keys(one)

    assert not {"digest", "row", "rows", "risk", "group"} & set(keys(case))
    assert (protected.folder / "out" / "row.key").read_text() not in outside + page


def test_declarations_carry_a_name(protected):
    argv = ["attest", "out", "--out", "case.html", "--declare", "C7=they would be shamed", "--by", " Ada Meyer "]
    said = protected.run(*argv, "--declare", "E7=0.5")
    assert said.code == 0, said.err
    case = read(protected.folder / "case.json")
    claims = {claim["id"]: claim for claim in case["claims"]}
    assert claims["C7"]["state"] == "declared" and claims["C7"]["statement"] == "they would be shamed"
    assert "said by Ada Meyer" in claims["C7"]["evidence"]
    assert claims["E7"]["state"] == "measured" and "Ada Meyer" in (protected.folder / "case.html").read_text()


def test_an_audit_and_a_frontier_of_different_models_make_no_case(protected, fit):
    fit("model2.skops", GaussianNB())
    assert protected.verb("audit", "model2.skops", attacks="gap").code == 0
    before = protected.snapshot()
    said = protected.run("attest", "out", "--out", "case.html")
    assert said.code == 10 and "different models" in said.err and protected.snapshot() == before
