"""The command as such: help, version, errors that nobody foresaw, pipes, terminals."""

import os
import pty
import re
import select
import signal
import subprocess
import sys
import termios
import time
from pathlib import Path

import pytest

from reticent import __version__, _progress
from reticent.cli import audit, main
from reticent.errors import ReticentError

EXAMPLES = Path(__file__).parents[2] / "examples"
VERBS = ["audit", "protect", "anonymize", "minimize", "needed", "risk", "suggest", "attest", "demo"]


def test_help_tells_verbs_and_exit_codes(desk):
    said = desk.command("--help")
    assert (said.code, said.err) == (0, "")
    for word in (*VERBS, "exit codes:", "40 ", "130 "):
        assert word in said.out
    assert all(len(line) <= 80 for line in said.out.splitlines())


@pytest.mark.parametrize("verb", VERBS)
def test_help_of_a_verb(desk, verb, monkeypatch):
    monkeypatch.setenv("COLUMNS", "80")
    said = desk.run(verb, "--help")
    assert (said.code, said.err) == (0, "")
    assert f"usage: reticent {verb}" in said.out and f"example:\n  reticent {verb} " in said.out
    assert all(len(line) <= 86 for line in said.out.splitlines()), said.out


def test_every_exit_code_of_the_tree_is_in_the_help(desk):
    help_text = desk.run("--help").out

    def codes(kind):
        yield kind.exit_code
        for below in kind.__subclasses__():
            yield from codes(below)

    told = set()
    for low, high in re.findall(r"^  (\d+)(?:-(\d+))?  ", help_text, re.MULTILINE):
        told |= set(range(int(low), int(high or low) + 1))
    assert set(codes(ReticentError)) <= told


def test_version(desk):
    said = desk.run("--version")
    assert (said.code, said.out) == (0, f"reticent {__version__}\n")


def test_options_are_not_guessed_from_their_beginnings(desk):
    said = desk.run("attest", "out", "--ou", "case.html")
    assert said.code == 2


def test_what_nobody_foresaw_is_one_line(desk, monkeypatch):
    def broken(*args, **kwargs):
        raise LookupError("the sky\nis falling")

    monkeypatch.setattr(audit, "audit", broken)
    before = desk.snapshot()
    said = desk.verb("audit")
    assert said.code == 1 and len(said.err.splitlines()) == 1
    assert said.err.startswith("reticent audit: unforeseen LookupError: the sky is falling. Run it again with --debug")
    assert desk.snapshot() == before
    said = desk.verb("audit", "model.skops", "--debug")
    assert said.code == 1 and "Traceback" in said.err and "in broken" in said.err


def test_debug_shows_where_a_refusal_comes_from_too(desk):
    said = desk.verb("audit", "missing.skops", "--debug")
    assert said.code == 12 and "Traceback" in said.err and said.err.splitlines()[-1].startswith("reticent audit: ")


@pytest.mark.slow
def test_a_worker_that_dies_is_said_so(desk):
    """As when memory runs out; what was finished is kept."""
    (desk.folder / "dies.py").write_text("import os\ndef train(rows, seed):\n    os._exit(9)\n")
    said = desk.command(*desk.argv("audit", recipe="dies:train", jobs="2"))
    assert said.code == 1 and said.err.splitlines()[-1].startswith("reticent audit: a worker process died")
    assert "--jobs 1" in said.err and "Traceback" not in said.err


@pytest.mark.parametrize(
    ("python", "option"),
    [
        ("pass recipe=, a function", "pass --recipe, a function"),
        ("or shadow_mismatch='withhold'", "or --shadow-mismatch withhold"),
        ("Use access=Access.LABELS, or", "Use --access labels, or"),
        ("fewer workers (n_jobs=1)", "fewer workers (--jobs 1)"),
        ("expected tpr > fpr, got tpr=0.1", "expected tpr > fpr, got tpr=0.1"),
        ("two\n lines", "two lines"),
    ],
)
def test_messages_speak_of_options(python, option):
    assert main._in_options(python) == option


def test_a_reader_who_has_seen_enough_stops_nothing(desk):
    argv = [sys.executable, "-m", "reticent.cli.main", *desk.argv("audit", attacks="gap", fail_if="tpr>0.06@fpr=0.05")]
    run = subprocess.Popen(argv, cwd=desk.folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    run.stdout.close()
    assert run.stderr.read() == ""
    assert run.wait(60) in (0, 40)  # the gate's answer all the same
    assert (desk.folder / "out" / "audit.html").exists()
    run.stderr.close()


def test_a_screen_that_shows_ascii_alone(desk):
    said = desk.command(*desk.argv("audit", attacks="gap"), env={"PYTHONIOENCODING": "ascii"})
    assert said.code == 0, said.err
    assert "?" not in said.out


class Terminal:
    """A terminal of one's own, on which the command runs as the only one."""

    def __init__(self, desk, argv):
        self.screen, side = pty.openpty()
        termios.tcsetwinsize(side, (40, 90))
        argv = [sys.executable, "-m", "reticent.cli.main", *argv]
        self.run = subprocess.Popen(argv, cwd=desk.folder, stdin=side, stdout=side, stderr=side, start_new_session=True)
        os.close(side)
        self.shown = ""

    def __enter__(self):
        return self

    def __exit__(self, *error):
        if self.run.poll() is None:
            os.killpg(self.run.pid, signal.SIGKILL)
            self.run.wait()
        os.close(self.screen)

    def wait_for(self, pattern, seconds=60):
        """Read until the pattern is shown; return all that was shown."""
        until = time.monotonic() + seconds
        while not re.search(pattern, self.shown) and time.monotonic() < until:
            if select.select([self.screen], [], [], 0.2)[0]:
                try:
                    self.shown += os.read(self.screen, 65536).decode(errors="replace")
                except OSError:  # the command has ended
                    break
        assert re.search(pattern, self.shown), self.shown
        return self.shown


def test_a_terminal_shows_a_bar_and_a_forecast_and_takes_an_interrupt(desk):
    """The forecast is said after the first of 32 models, before the other 31."""
    recipe = (EXAMPLES / "recipe.py").read_text()
    (desk.folder / "slow.py").write_text(recipe.replace("    model = ", "    time.sleep(0.3)\n    model = "))
    (desk.folder / "slow.py").write_text("import time\n" + (desk.folder / "slow.py").read_text())
    with Terminal(desk, desk.argv("audit", recipe="slow:train")) as terminal:
        shown = terminal.wait_for(r"shadow models: +[1-9]")
        forecast = re.search(r"About (\d+) s to go: (\d+) shadow models to train", shown)
        assert forecast, shown
        assert int(forecast[2]) == 31 and 5 <= int(forecast[1]) <= 80
        assert not re.search(r"shadow models: +\d\d%", shown[: forecast.start()])
        os.killpg(terminal.run.pid, signal.SIGINT)
        terminal.wait_for(r"interrupted\..* kept in out/unfinished\. Run the same command again")
        assert terminal.run.wait(60) == 130


def test_the_forecast_of_protect_counts_all_that_is_trained_anew(desk, monkeypatch):
    """Three settings of C besides the model as it is make four times 32, the first of which is done."""
    said = []
    monkeypatch.setattr(_progress, "forecast", lambda what, seconds: said.append((what, seconds)))
    assert desk.verb("protect", defenses="regularize,coarsen").code in (0, 41)
    [(what, seconds)] = said  # once, for the whole
    assert what == "127 shadow models to train" and 0.1 < seconds < 60
