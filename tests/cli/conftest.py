"""A newcomer's desk: a folder with real tables and model files, and the command, in this process and in its own."""

import contextlib
import io
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest
import skops.io
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from reticent import datasets
from reticent.backends.files import write_model
from reticent.cli.main import main

COMMAND = [sys.executable, "-m", "reticent.cli.main"]
LABEL = "diagnosis"


def patients():
    """Members and non-members with ten of their thirty measurements: enough to be recognized by, quick to learn."""
    halves = datasets.split(datasets.load("breast-cancer"), seed=0)
    return tuple(half[[name for name in half if name.startswith("mean ") or name == LABEL]] for half in halves)


def logistic():
    """A model that remembers a little and is trained in milliseconds."""
    return make_pipeline(StandardScaler(), LogisticRegression(C=1000, max_iter=5_000))


@dataclass(frozen=True)
class Said:
    """What the command said."""

    code: int
    out: str
    err: str


@dataclass(frozen=True)
class Desk:
    """A folder of files, and the command as it is typed there."""

    folder: Path

    def argv(self, verb, model="model.skops", *more, **options):
        """Return arguments: the usual ones, others by keyword, None to leave one out."""
        given = {"members": "members.parquet", "nonmembers": "nonmembers.parquet", "label": LABEL, "access": "scores"}
        given |= {"out": "out", "jobs": "1"}
        if verb == "protect":
            given |= {"goal": "tpr<=0.3@fpr=0.05"}
        given |= options
        named = [
            word
            for name, value in given.items()
            if value is not None
            for word in (f"--{name.replace('_', '-')}", str(value))
        ]
        return [verb, model, *named, *more]

    def run(self, *argv, cwd=None):
        """Run the command in this process."""
        out, err = io.StringIO(), io.StringIO()
        path, modules = list(sys.path), set(sys.modules)
        with contextlib.chdir(cwd or self.folder), contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            try:
                code = main([str(one) for one in argv])
            except SystemExit as stop:  # argparse, on wrong usage and on --help
                code = stop.code
        sys.path[:] = path
        for name in set(sys.modules) - modules:  # the next test has modules of the same names
            if str(self.folder) in (getattr(sys.modules[name], "__file__", None) or ""):
                del sys.modules[name]
        return Said(code, out.getvalue(), err.getvalue())

    def verb(self, *words, cwd=None, **options):
        """Run a verb with the usual arguments in this process."""
        return self.run(*self.argv(*words, **options), cwd=cwd)

    def command(self, *argv, cwd=None, env=None):
        """Run the command in a process of its own."""
        done = subprocess.run(
            [*COMMAND, *(str(one) for one in argv)],
            cwd=cwd or self.folder,
            env={**os.environ, **(env or {})},
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )
        return Said(done.returncode, done.stdout, done.stderr)

    def snapshot(self):
        """Return every file and folder with what lies in it: equal snapshots mean that nothing was written."""
        return {
            str(path.relative_to(self.folder)): path.read_bytes() if path.is_file() else b""
            for path in sorted(self.folder.rglob("*"))
            if "__pycache__" not in path.parts
        }


@pytest.fixture(scope="session")
def _made(tmp_path_factory):
    folder = tmp_path_factory.mktemp("desk")
    members, nonmembers = patients()
    members.to_parquet(folder / "members.parquet")
    nonmembers.to_parquet(folder / "nonmembers.parquet")
    write_model(logistic().fit(members.drop(columns=LABEL), members[LABEL]), folder / "model.skops")
    return folder


@pytest.fixture(scope="session")
def desk_at():
    """``desk_at(folder)``: a desk in a folder of one's own."""
    return Desk


@pytest.fixture
def desk(_made, tmp_path):
    """A desk of one's own with ``members.parquet``, ``nonmembers.parquet`` and ``model.skops``."""
    for path in _made.iterdir():
        (tmp_path / path.name).write_bytes(path.read_bytes())
    return Desk(tmp_path)


@pytest.fixture
def tables(_made):
    """The same members and non-members as frames, to be changed and written again."""
    return patients()


@pytest.fixture
def fit(tables, desk):
    """Fit a model on the members (or on ``rows``) and write it as a file on the desk."""

    def fitted(name, model, rows=None, trusted=True):
        rows = tables[0] if rows is None else rows
        model.fit(rows.drop(columns=LABEL), rows[LABEL])
        if trusted:
            write_model(model, desk.folder / name)
        else:
            skops.io.dump(model, desk.folder / name)
        return model

    return fitted


@pytest.fixture(scope="session")
def without_times():
    """``without_times(result)``: a result's dict but for how long it took."""

    def kept(result):
        if isinstance(result, dict):
            return {name: kept(value) for name, value in result.items() if name != "timings"}
        return [kept(one) for one in result] if isinstance(result, list) else result

    return kept
