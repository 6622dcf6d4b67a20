"""Fill in the parts of the pages that are made from the code, so that no page says what the code does not.

A page marks such a part with two comments, ``begin: NAME`` and ``end: NAME``; what stands between them is replaced::

    python docs/generate.py                what the code says: commands, claims, attacks, errors, data sets
    python docs/generate.py --examples     and what the examples print (they are run)
    python docs/generate.py --demo DIR     and the figures and the picture of a demo that was written to DIR
    python docs/generate.py --coverage     and the coverage of the intervals, measured by tests/statistics (a minute)

The tests fail where the first is not fresh.
"""

import argparse
import contextlib
import importlib.util
import io
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from scipy import stats

from reticent import datasets, errors
from reticent.attacks.choice import ATTACKS
from reticent.attest import catalogue
from reticent.cli.main import VERBS, parser
from reticent.target.access import Access
from reticent.views.text import percent

DOCS = Path(__file__).parent
ROOT = DOCS.parent
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted(DOCS.glob("*.md"))]

Makers = Mapping[str, Callable[[], str]]

_PART = re.compile(r"(<!-- begin: (?P<name>[\w -]+) -->\n).*?(<!-- end: (?P=name) -->)", re.DOTALL)
_EXAMPLE = re.compile(r"^```python\n(?P<code>.*?)^```\n(?P<said>\n```output\n(?P<output>.*?)^```\n)?", re.DOTALL | re.M)
_WIDTH = "100"


def fill(text: str, makers: Makers) -> str:
    """Return the page with every part that one of ``makers`` makes, made anew."""

    def made(part: re.Match[str]) -> str:
        maker = makers.get(part["name"])
        return part[0] if maker is None else f"{part[1]}\n{maker().strip()}\n\n{part[3]}"

    return _PART.sub(made, text)


def parts(text: str) -> list[str]:
    """Return the names of the parts that a page marks."""
    return [part["name"] for part in _PART.finditer(text)]


def examples(text: str) -> Iterator[tuple[str, str | None]]:
    """Yield each Python example of a page with what it is said to print, or None where nothing is said."""
    for found in _EXAMPLE.finditer(text):
        yield found["code"], found["output"]


def table(head: list[str], rows: list[list[str]]) -> str:
    """Return a Markdown table."""
    lines = [head, ["---"] * len(head), *([cell.replace("|", "\\|") for cell in row] for row in rows)]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def help_of(verb: str | None) -> str:
    """Return what ``reticent [verb] --help`` prints, as a block."""
    before = os.environ.get("COLUMNS")
    os.environ["COLUMNS"] = _WIDTH
    try:
        one = parser()
        if verb is not None:
            one = next(action.choices for action in one._actions if isinstance(action.choices, dict))[verb]
        return f"```text\n{one.format_help().rstrip()}\n```"
    finally:
        os.environ.pop("COLUMNS") if before is None else os.environ.update(COLUMNS=before)


def attacks_table() -> str:
    """Return the attacks with what each needs."""
    rows = [
        [
            f"[`{name}`](#{name})",
            kind.title,
            "nothing" if kind.needs is Access.NOTHING else kind.needs.words,
            "yes" if kind.needs_recipe else "no",
        ]
        for name, kind in ATTACKS.items()
    ]
    return table(["name", "what it is called", "the attacker is given", "trains shadow models"], rows)


def claims_table() -> str:
    """Return the claims that a case answers."""
    rows = [[f"`{row['id']}`", row["kind"], row["title"], row["duty"]] for row in catalogue()]
    return table(["id", "kind", "claim", "the duty behind it"], rows)


def errors_table() -> str:
    """Return the errors with their exit codes."""
    kinds = [kind for kind in vars(errors).values() if isinstance(kind, type) and hasattr(kind, "exit_code")]
    rows = [[str(kind.exit_code), f"`{kind.__name__}`", _first_line(kind)] for kind in kinds]
    return table(["exit code", "error", "when"], rows)


def datasets_table() -> str:
    """Return the tables that the demo can take."""
    return table(["name", "what it is"], [[f"`{name}`", _first_line(one)] for name, one in datasets.DATASETS.items()])


def _first_line(documented: Any) -> str:
    said = (documented.__doc__ or "").partition("\n")[0].removeprefix("Return ").strip().rstrip(".").replace("``", "`")
    return said[:1].upper() + said[1:]


CODE: Makers = {
    "cli": lambda: help_of(None),
    **{f"cli {verb}": (lambda verb=verb: help_of(verb)) for verb in VERBS},
    "attacks": attacks_table,
    "claims": claims_table,
    "errors": errors_table,
    "datasets": datasets_table,
}


def demo_table(folder: Path) -> str:
    """Return the demo's figures: as it is, what was chosen, and the least exposed candidate of each other family."""
    frontier = json.loads((folder / "frontier.json").read_text(encoding="utf-8"))
    points = frontier["points"]
    best = [point for point in points if point["chosen"]]
    families = {point["name"]: point for point in sorted(points, key=lambda point: -point["exposure"]["value"])}
    others = [point for name, point in families.items() if name != "as it is" and name not in {p["name"] for p in best}]
    rows = [
        [
            f"**{point['title']}** (chosen)" if point["chosen"] else point["title"],
            percent(point["exposure"]),
            percent(point["exposure_of_this_model"]),
            percent(point["utility"]),
        ]
        for point in [points[0], *best, *others]
    ]
    rate = f"{100 * frontier['goal']['fpr']:g} %"
    made = frontier["versions"]
    head = ["model", f"members recognized while {rate} of others are", "on this one model", "accuracy on others"]
    return (
        f"{table(head, rows)}\n\n"
        f"The goal was: {frontier['goal_sentence']}. All figures are read on the sealed half: "
        f"{frontier['target']['sealed_members']:,} members and {frontier['target']['sealed_nonmembers']:,} others. "
        f"Seed {frontier['seed']}, Python {made['python'].rpartition('.')[0]}, scikit-learn {made['scikit-learn']}."
    )


def picture(folder: Path, to: Path) -> None:
    """Photograph the top of the demo's page with a Chromium that has no window."""
    browser = next((path for name in ("chromium", "google-chrome") if (path := shutil.which(name))), None)
    if browser is None:
        sys.exit("no chromium found: the picture was left as it is")
    page = (folder / "index.html").resolve().as_uri()
    options = ["--headless=new", "--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-sync"]
    options += ["--hide-scrollbars", "--force-device-scale-factor=1", "--window-size=1000,1290"]
    with tempfile.TemporaryDirectory() as profile:
        command = [browser, *options, f"--user-data-dir={profile}", f"--screenshot={to}", page]
        subprocess.run(command, check=True, capture_output=True, timeout=120)
    from PIL import Image  # noqa: PLC0415  # comes with matplotlib, and is needed for this alone

    with Image.open(to) as image:
        image.convert("RGB").quantize(128).save(to, optimize=True)


def coverage_tables() -> Makers:
    """Return the measured coverage of the intervals, by the simulations of tests/statistics."""
    test: Any = _module(ROOT / "tests" / "statistics" / "test_coverage.py")
    sizes = [(2_000, 2_000, 0.01, 1), (1_000, 300, 0.01, 2), (300, 1_000, 0.01, 2), (3_000, 3_000, 0.001, 2)]
    rows = [
        [
            f"{m:,}",
            f"{n:,}",
            f"{100 * fpr:g} %",
            *(f"{100 * test.covered(s, m, n, fpr, 500, seed):.1f} %" for s in test.SHAPES),
        ]
        for m, n, fpr, seed in sizes
    ]
    mixture = table(["members", "non-members", "FPR", *test.SHAPES], rows)
    return {"coverage": lambda: mixture, "coverage over models": lambda: _over_models(test)}


def _over_models(test: Any) -> str:
    rows = []
    for gap in (0.02, 0.3, 1.0):
        rng = np.random.default_rng(8)
        nobody = rng.normal(size=1_000_000) + rng.normal(0, 0.3, 1_000_000)
        somebody = rng.normal(size=1_000_000) + rng.normal(0, 0.3, 1_000_000) + rng.exponential(gap, 1_000_000)
        truth = float((somebody > np.quantile(nobody, 0.99)).mean())
        people = np.arange(1_300)
        found = [test.tpr_over_models(*test.crossed(rng, 17, 1_300, gap), people, fpr=0.01) for _ in range(300)]
        one = [
            test.roc.tpr_at(scores[0][inside[0]], scores[0][~inside[0]], fpr=0.01)
            for scores, inside in (test.crossed(rng, 2, 1_300, gap) for _ in range(100))
        ]
        inside = np.mean([estimate.low <= truth <= estimate.high for estimate in found])
        wide, alone = (100 * np.mean([estimate.high - estimate.low for estimate in kind]) for kind in (found, one))
        rows.append([f"{100 * truth:.1f} %", f"{100 * inside:.1f} %", f"{wide:.1f} points", f"{alone:.1f} points"])
    return table(["true rate", "coverage", "mean width, 17 models", "mean width, one model"], rows)


def naive_coverage(simulations: int = 2_000) -> float:
    """Return how often Clopper and Pearson's interval at an estimated threshold holds the truth, at 95 %."""
    rng, truth, inside = np.random.default_rng(3), float(stats.norm.sf(stats.norm.isf(0.01) - 2.0)), 0
    for _ in range(simulations):
        members, others = rng.normal(2.0, 1, 2_000), rng.normal(size=2_000)
        low, high = stats.binomtest(int((members > np.sort(others)[-21]).sum()), 2_000).proportion_ci(method="exact")
        inside += low <= truth <= high
    return inside / simulations


def _module(path: Path) -> Any:
    spec = importlib.util.spec_from_file_location(path.stem, path)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def run_examples(text: str, names: dict[str, Any]) -> str:
    """Run a page's examples, all in one set of ``names``, and return the page with what they really print."""

    def ran(found: re.Match[str]) -> str:
        printed = io.StringIO()
        with contextlib.redirect_stdout(printed):
            exec(compile(found["code"], "example", "exec"), names)  # noqa: S102  # our own pages
        block = f"\n```output\n{printed.getvalue().rstrip()}\n```\n" if found["said"] else ""
        return f"```python\n{found['code']}```\n{block}"

    return _EXAMPLE.sub(ran, text)


def main() -> None:
    """Rewrite the pages that are not fresh, and say which."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--demo", type=Path, metavar="DIR")
    options.add_argument("--examples", action="store_true")
    options.add_argument("--coverage", action="store_true")
    asked = options.parse_args()
    makers = dict(CODE)
    if asked.demo:
        makers["demo"] = lambda: demo_table(asked.demo)
        picture(asked.demo, DOCS / "_static" / "report.png")
    if asked.coverage:
        makers |= coverage_tables()
        makers["naive coverage"] = lambda: f"{100 * naive_coverage():.0f} %"
    for page in PAGES:
        text = page.read_text(encoding="utf-8")
        fresh = fill(text, makers)
        if asked.examples and "```output" in fresh:
            with tempfile.TemporaryDirectory() as folder, contextlib.chdir(folder):
                fresh = run_examples(fresh, {"__name__": "example"})
        if fresh != text:
            page.write_text(fresh, encoding="utf-8")
            print(page.relative_to(ROOT))


if __name__ == "__main__":
    main()
