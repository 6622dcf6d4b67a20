"""The house keeps its floors: rooms import only from below, nothing goes in circles, heavy packages stay outside."""

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import reticent

ROOT = Path(reticent.__file__).parent
FLOORS = [
    ["errors", "_seeds"],
    ["_validate", "_optional"],
    ["_progress", "stats", "accounting", "target", "ledger", "coding", "views", "datasets"],
    ["backends", "mechanisms"],
    ["attacks", "custody"],
    ["defenses", "describe", "audit", "forecast", "risk", "suggest", "_utility"],
    ["protect", "anonymize", "minimize", "necessity", "reality", "guard", "claims"],
    ["attest", "serve"],
    ["console", "cli"],
    ["__init__"],
]
FLOOR = {room: number for number, rooms in enumerate(FLOORS) for room in rooms}
HEAVY = {"torch", "matplotlib", "statsmodels", "onnx", "onnxruntime", "lightgbm", "xgboost", "catboost", "polars"} | {
    "dp_accounting",
    "duckdb",
    "opendp",
    "dask",
    "distributed",
    "pyspark",
}
FILES = sorted(ROOT.rglob("*.py"))


def module_of(path: Path) -> str:
    parts = path.relative_to(ROOT.parent).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def imports(path: Path) -> Iterator[str]:
    """Yield every module that a file imports, wherever in the file the import stands."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            for alias in node.names:
                inner = f"{node.module}.{alias.name}"
                yield inner if inner in MODULES else node.module


MODULES = {module_of(path) for path in FILES}
GRAPH = {module_of(path): sorted({name for name in imports(path) if name in MODULES}) for path in FILES}


def room(module: str) -> str:
    parts = module.split(".")
    return parts[1] if len(parts) > 1 else "__init__"


@pytest.mark.parametrize("module", sorted(GRAPH))
def test_imports_only_from_below(module: str) -> None:
    upward = [
        name
        for name in GRAPH[module]
        if room(name) != room(module) and FLOOR[room(name)] >= FLOOR[room(module)] and name != "reticent"
    ]
    assert not upward, f"{module} reaches up or sideways to {upward}"


def test_no_circles_of_any_kind() -> None:
    done: set[str] = set()

    def visit(module: str, path: tuple[str, ...]) -> None:
        assert module not in path, " -> ".join([*path[path.index(module) :], module])
        if module not in done:
            for name in GRAPH[module]:
                if name != "reticent":  # the version number in the face
                    visit(name, (*path, module))
            done.add(module)

    for module in sorted(GRAPH):
        visit(module, ())


@pytest.mark.parametrize("path", FILES, ids=module_of)
def test_optional_packages_come_through_one_door(path: Path) -> None:
    met = {name.split(".")[0] for name in imports(path)} & HEAVY
    assert not met, f"{path.name} imports {met}; use reticent._optional"


@pytest.mark.parametrize("path", FILES, ids=module_of)
def test_files_stay_readable(path: Path) -> None:
    assert len(path.read_text(encoding="utf-8").splitlines()) <= 400, "a noun is missing below this file"


def test_importing_the_face_loads_nothing_heavy() -> None:
    script = f"import reticent, sys; print(sorted({HEAVY!r} & {{m.split('.')[0] for m in sys.modules}}))"
    loaded = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True).stdout.strip()
    # pandas loads polars or pyarrow on its own accord in some versions; we never do.
    assert loaded == "[]"


def test_nothing_unpickles() -> None:
    for path in FILES:
        tree = ast.parse(path.read_text(encoding="utf-8"))
        for node in ast.walk(tree):
            if isinstance(node, ast.Call):
                called = ast.unparse(node.func)
                assert called not in {"pickle.load", "pickle.loads", "joblib.load", "torch.load", "eval", "exec"}, path
                if called == "np.load":
                    assert "allow_pickle=False" in ast.unparse(node), path
