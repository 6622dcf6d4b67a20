"""The folder that a run writes into: checked before the work begins, written whole or not at all."""

import json
import os
import secrets
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from reticent.attacks.workbench import Workbench
from reticent.errors import InputError, OutputError
from reticent.views import page

KEPT = "unfinished"
_KEY = "row.key"


def prepare(folder: Path) -> Path:
    """Make the folder, or say why it cannot be written, before anything long is started."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        probe = folder / f".probe-{secrets.token_hex(4)}"
        probe.touch()
        probe.unlink()
    except OSError as error:
        raise OutputError(f"cannot write into {folder}: {error.strerror or error}. Choose another --out") from error
    return folder


def workbench(folder: Path, jobs: int | None) -> Workbench:
    """Return a bench that keeps finished shadow models in the folder, so that an interrupted run goes on."""
    return Workbench(n_jobs=jobs, folder=folder / KEPT)


def row_key(folder: Path) -> bytes:
    """Return the folder's secret for digests of rows, made at the first use and readable by its owner alone."""
    path = folder / _KEY
    if path.exists():
        return bytes.fromhex(path.read_text(encoding="ascii").strip())
    key = secrets.token_bytes(32)
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="ascii") as file:
        file.write(key.hex())
    return key


def write_json(path: Path, result: Mapping[str, Any]) -> Path:
    """Write a result's dict."""
    return page.write(path, json.dumps(result, indent=1, allow_nan=False, ensure_ascii=False) + "\n")


def read_json(path: Path) -> dict[str, Any]:
    """Read a result's dict.

    Raises
    ------
    InputError
        If the file is missing or no JSON.
    """
    try:
        result: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise InputError(
            f"expected {path.name} in {path.parent}; run 'reticent audit ... --out {path.parent}' first"
        ) from error
    except (json.JSONDecodeError, UnicodeDecodeError, OSError) as error:
        raise InputError(f"cannot read {path}: {error}. Was it written by reticent?") from error
    return result
