"""reticent audit --dp-claim on files: what is said, what is written, how it ends."""

import json
import sys

import numpy as np
import pandas as pd
import pytest

from reticent.backends.files import write_model
from reticent.cli.claim import parse
from reticent.defenses import DPClassifier
from reticent.errors import ParameterError


@pytest.fixture
def folder(desk_at, tmp_path):
    rng = np.random.default_rng(0)
    rows = pd.DataFrame({"age": rng.uniform(18, 90, 40), "town": rng.choice(["Bonn", "Ulm"], 40)})
    rows["ill"] = np.where(rng.random(40) < 0.5, "no", "yes")
    rows.to_csv(tmp_path / "people.csv", index=False)
    private = DPClassifier(
        bounds={"age": (18, 90)}, domains={"town": ["Bonn", "Ulm"]}, classes=["no", "yes"], delta=1e-3
    )
    write_model(private.fit(rows.drop(columns="ill"), rows["ill"]), tmp_path / "private.skops")
    (tmp_path / "mine.py").write_text(
        "import numpy as np\nfrom sklearn.naive_bayes import GaussianNB\n"
        "def train(rows, seed):\n"
        "    rows = rows.assign(age=rows['age'] + np.random.default_rng(seed).normal(size=len(rows)))\n"
        "    return GaussianNB().fit(rows[['age']], rows['ill'])\n"
    )
    return desk_at(tmp_path)


def claim(desk, *words, **options):
    return desk.run("audit", *words, "--label", "ill", *(w for n, v in options.items() for w in (f"--{n}", str(v))))


def test_a_private_model_is_not_refuted(folder):
    said = claim(
        folder, "private.skops", "people.csv", **{"dp-claim": "epsilon=1,delta=1e-3", "trainings": 100, "out": "out"}
    )
    assert (said.code, said.err) == (0, "")
    assert "is not refuted by" in said.out and "This is no proof." in said.out
    written = json.loads((folder.folder / "out" / "claim.json").read_text(encoding="utf-8"))
    assert written["schema"] == "reticent/claim/1" and written["verdict"] == "not refuted"
    assert all(len(line) <= 100 for line in said.out.splitlines())


def test_a_violated_claim_fails_loudly(folder):
    said = claim(folder, "any", "people.csv", recipe="mine:train", **{"dp-claim": "epsilon=0.1", "trainings": 150})
    assert said.code == 23 and "is violated" in said.out
    assert said.err.startswith("reticent audit: the claim is violated. Do not state this epsilon")
    sys.modules.pop("mine", None)


def test_a_table_may_be_named_as_in_other_audits(folder):
    said = claim(
        folder, "any", members="people.csv", recipe="mine:train", **{"dp-claim": "epsilon=1", "trainings": 100}
    )
    assert said.code in (0, 23) and "epsilon = 1" in said.out


@pytest.mark.parametrize(
    "words", ["eps=1", "epsilon", "epsilon=x", "epsilon=1,noise=laplace", "epsilon=1,neighbors=all", "epsilon=1,delta"]
)
def test_a_claim_that_is_none_is_refused(words):
    with pytest.raises(ParameterError, match="--dp-claim such as"):
        parse(words)


def test_other_audits_still_need_what_they_need(folder):
    assert claim(folder, "private.skops").code == 2
    said = folder.run(
        "audit",
        "private.skops",
        "people.csv",
        "--label",
        "ill",
        "--members",
        "a",
        "--nonmembers",
        "b",
        "--access",
        "scores",
        "--out",
        "out",
    )
    assert said.code == 2 and "goes with --dp-claim" in said.err
    assert claim(folder, "private.skops", **{"dp-claim": "epsilon=1"}).code == 15
