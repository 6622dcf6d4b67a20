"""A run that is interrupted, killed or out of space leaves nothing half-written, and goes on where it stopped."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time

import pytest

from reticent.cli.main import main

KEY = "5e" * 32
SHADOWS = 33  # 32, and the first of them once more with another seed: this training has no luck, one twin shows it
LIRA = {"recipe": "slow:train", "attacks": "gap,lira"}
RECIPE = """
import os, time
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

def train(rows, seed):
    time.sleep(float(os.environ.get("PATIENCE", "0")))
    model = make_pipeline(StandardScaler(), LogisticRegression(C=1000, max_iter=5000))
    model.fit(rows.drop(columns="diagnosis"), rows["diagnosis"])
    with open("trained.log", "a") as log:
        log.write(f"{seed}\\n")
    return model
"""


@pytest.fixture
def slow(desk):
    """A desk with a recipe that takes its time and writes down each training."""
    (desk.folder / "slow.py").write_text(RECIPE)
    (desk.folder / "out").mkdir()
    (desk.folder / "out" / "row.key").write_text(KEY)  # digests of rows can then be compared
    return desk


def trained(desk):
    log = desk.folder / "trained.log"
    return log.read_text().split() if log.exists() else []


def start(desk, jobs, blocks=None, patience=0.08):
    """Start an audit as a terminal does, in a group of its own; no file may grow beyond so many blocks (of 512 B)."""
    argv = [sys.executable, "-m", "reticent.cli.main", *desk.argv("audit", jobs=str(jobs), **LIRA)]
    if blocks is not None:
        argv = ["sh", "-c", f'ulimit -f {blocks} && exec "$@"', "sh", *argv]
    return subprocess.Popen(
        argv,
        cwd=desk.folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
        env={**os.environ, "PATIENCE": str(patience)},
    )


def stop(desk, run, how, models=5):
    """Stop a run (and its workers, as a terminal does) once some models are finished."""
    until = time.monotonic() + 60
    while len(list((desk.folder / "out").glob("unfinished/*.npy"))) < models and time.monotonic() < until:
        assert run.poll() is None, run.communicate()
        time.sleep(0.02)
    os.killpg(run.pid, how)
    return run.communicate(timeout=60)


def numbers(desk):
    """Everything of a result but how long it took."""
    result = json.loads((desk.folder / "out" / "audit.json").read_text())
    return {name: value for name, value in result.items() if name != "timings"}


def left(desk):
    return sorted(str(path.relative_to(desk.folder / "out")) for path in (desk.folder / "out").rglob("*"))


@pytest.fixture(scope="module")
def uninterrupted(tmp_path_factory, _made, desk_at):
    """The numbers of a run that nobody disturbs."""
    folder = tmp_path_factory.mktemp("quick")
    for path in _made.iterdir():
        (folder / path.name).write_bytes(path.read_bytes())
    (folder / "slow.py").write_text(RECIPE)
    (folder / "out").mkdir()
    (folder / "out" / "row.key").write_text(KEY)
    desk = desk_at(folder)
    done = desk.verb("audit", **LIRA)
    assert done.code == 0, done.err
    return numbers(desk)


def check_resumed(desk, uninterrupted, before, kept):
    again = desk.verb("audit", **LIRA)
    assert again.code == 0, again.err
    assert len(trained(desk)) - before == SHADOWS - kept  # what was finished is not trained again
    assert numbers(desk) == uninterrupted
    assert left(desk) == ["audit.html", "audit.json", "row.key"]  # what was kept is deleted after success


@pytest.mark.parametrize("jobs", [1, pytest.param(2, marks=pytest.mark.slow)])
def test_an_interrupted_run_goes_on(slow, uninterrupted, jobs):
    out, err = stop(slow, run := start(slow, jobs), signal.SIGINT)
    assert run.returncode == 130 and out == ""
    kept = [name for name in left(slow) if name.endswith(".npy")]
    assert left(slow) == sorted(["row.key", "unfinished", *kept])  # all of a piece or nothing
    said = f"{len(kept)} finished shadow models are kept in out/unfinished. Run the same command again"
    assert said in err and "Traceback" not in err and len(err.split("\n")) <= 3, err
    assert 5 <= len(kept) < SHADOWS
    check_resumed(slow, uninterrupted, len(trained(slow)), len(kept))


def test_interrupted_before_anything_is_finished(slow):
    before = slow.snapshot()
    run = start(slow, 1, patience=30)
    until = time.monotonic() + 60
    while not (slow.folder / "out" / "unfinished").exists() and time.monotonic() < until:
        time.sleep(0.02)
    time.sleep(0.5)
    os.killpg(run.pid, signal.SIGINT)
    _, err = run.communicate(timeout=60)
    assert run.returncode == 130 and "Nothing was finished" in err
    assert slow.snapshot() == before


def test_a_killed_run_goes_on_past_damaged_pieces(slow, uninterrupted):
    stop(slow, run := start(slow, 1), signal.SIGKILL)
    assert run.returncode == -signal.SIGKILL
    pieces = sorted((slow.folder / "out" / "unfinished").glob("*.npy"))
    pieces[0].write_bytes(pieces[0].read_bytes()[:200])  # cut off
    pieces[1].write_bytes(b"not a piece")
    (slow.folder / "out" / "unfinished" / "tmp123.part").write_bytes(b"half a pie")
    check_resumed(slow, uninterrupted, len(trained(slow)), len(pieces) - 2)


def test_a_disk_that_fills_up_before_the_report(slow, uninterrupted):
    """Files may grow large enough for a piece, but not for a report."""
    run = start(slow, 1, blocks=20, patience=0)
    out, err = run.communicate(timeout=100)
    assert run.returncode == 31 and out == "", err
    assert "audit.json" in err or "cannot write" in err
    assert f"{SHADOWS} finished shadow models are kept" in err and len(err.splitlines()) == 1
    assert {name.partition("/")[0] for name in left(slow)} == {"row.key", "unfinished"}
    check_resumed(slow, uninterrupted, len(trained(slow)), SHADOWS)


def test_a_disk_that_fills_up_at_once(slow):
    before = slow.snapshot()
    run = start(slow, 1, blocks=2, patience=0)
    _, err = run.communicate(timeout=100)
    assert run.returncode == 31 and "cannot keep finished work in out/unfinished" in err, err
    before["trained.log"] = (slow.folder / "trained.log").read_bytes()
    assert slow.snapshot() == before


def test_results_take_the_place_of_earlier_ones_all_or_none(desk, monkeypatch, capsys):
    """The second file cannot be written: the first one does not change either."""
    assert desk.verb("audit", attacks="gap").code == 0
    before = desk.snapshot()
    replace = os.replace
    monkeypatch.chdir(desk.folder)

    def full(source, target, **more):
        if str(target).endswith("audit.html"):
            raise OSError(28, "No space left on device")
        return replace(source, target, **more)

    monkeypatch.setattr(os, "replace", full)
    assert main(desk.argv("audit", attacks="gap,population")) == 31
    assert "No space left on device" in capsys.readouterr().err
    monkeypatch.undo()
    assert desk.snapshot() == before


def test_another_seed_and_another_recipe_take_nothing_from_what_was_kept(slow):
    stop(slow, start(slow, 1), signal.SIGINT)
    (slow.folder / "slow.py").write_text(RECIPE.replace("C=1000", "C=100"))
    already = len(trained(slow))
    assert slow.verb("audit", **LIRA).code == 0
    assert len(trained(slow)) - already == SHADOWS


@pytest.mark.slow
def test_an_interrupted_protection_goes_on_among_its_candidates(slow, desk_at, tmp_path_factory, without_times):
    """Stopped after the 32 models of the target, among those of the first candidate."""
    options = {"recipe": "slow:train", "defenses": "coarsen,k-anonymize", "quasi_identifiers": "mean radius"}
    quiet = tmp_path_factory.mktemp("quiet")
    shutil.copytree(slow.folder, quiet, dirs_exist_ok=True)
    code = desk_at(quiet).verb("protect", **options).code
    assert code in (0, 41)
    argv = [sys.executable, "-m", "reticent.cli.main", *slow.argv("protect", jobs="1", **options)]
    run = subprocess.Popen(
        argv, cwd=slow.folder, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, start_new_session=True
    )
    _, err = stop(slow, run, signal.SIGINT, models=SHADOWS + 5)
    kept = len(list((slow.folder / "out" / "unfinished").glob("*.npy")))
    assert run.returncode == 130 and f"{kept} finished shadow models are kept" in err and kept > SHADOWS
    assert slow.verb("protect", **options).code == code
    names = ["audit.json", "frontier.json", *(["after.json"] if code == 0 else [])]
    for name in names:
        one, other = (json.loads((folder / "out" / name).read_text()) for folder in (slow.folder, quiet))
        assert without_times(one) == without_times(other)
    assert "unfinished" not in left(slow)
