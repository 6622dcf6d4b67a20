"""The folder that a run writes into: looked at before the work begins, written whole or not at all."""

import errno
import json
import os
import secrets
import shutil
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pandas as pd

from reticent.attacks.workbench import Workbench
from reticent.backends.files import write_model
from reticent.errors import AccessError, InputError, MissingPackageError, OutputError, RecipeError, ReticentError
from reticent.views import page

FORMATS = (".parquet", ".pq", ".csv", ".feather", ".arrow")  # of tables, by their suffix

_KEPT = "unfinished"
_KEY = "row.key"
_KEY_BYTES = 32

# What the caller can put right by handing in something else; all others may come from the machine and pass.
_BAD_INPUT = (InputError, AccessError, RecipeError, MissingPackageError)


def look(folder: Path) -> bytes:
    """Check that a run may write into ``folder``, which need not exist yet; return its secret for digests of rows.

    Nothing is changed on disk: the folder and a new secret are made when the run begins.

    Raises
    ------
    OutputError
        If it cannot be written into.
    InputError
        If the secret that lies there is none.
    """
    there = next(one for one in (folder, *folder.absolute().parents) if one.exists() or one.is_symlink())
    if not there.is_dir():
        raise OutputError(f"expected to write into the folder {folder}, but {there} is no folder. Choose another --out")
    if not os.access(there, os.W_OK | os.X_OK):
        raise OutputError(f"expected to write into {folder}, but may not write in {there}. Choose another --out")
    path = folder / _KEY
    if not path.exists():
        return secrets.token_bytes(_KEY_BYTES)
    try:
        key = bytes.fromhex(path.read_text(encoding="ascii").strip())
    except (ValueError, OSError):
        key = b""
    if len(key) != _KEY_BYTES:
        raise InputError(f"expected {2 * _KEY_BYTES} hexadecimal digits in {path}. Delete it, and a new one is made")
    return key


@contextmanager
def begin(folder: Path, key: bytes, jobs: int | None) -> Iterator[Workbench]:
    """Make the folder, and give a bench that keeps finished shadow models there until the run is done.

    A run that fails for what was handed in leaves no trace. One that is interrupted or cannot write leaves what it has
    finished, so that the same command goes on from there.

    Raises
    ------
    OutputError
        If the folder cannot be made or written into.
    """
    bench = Workbench(n_jobs=jobs, folder=folder / _KEPT)
    with _empty_folders_removed(folder):
        is_new = _make(folder, key)
        try:
            yield bench
            bench.clear()
        except _BAD_INPUT:
            bench.discard()
            raise
        finally:
            with suppress(OSError):
                (folder / _KEPT).rmdir()
            if is_new and [one.name for one in folder.iterdir()] == [_KEY]:
                (folder / _KEY).unlink()


def _make(folder: Path, key: bytes) -> bool:
    """Make the folder and its key; return whether the key is new."""
    path = folder / _KEY
    try:
        (folder / _KEPT).mkdir(parents=True, exist_ok=True)  # at once: whether it can be written shows only by writing
        if path.exists():
            return False
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="ascii") as file:
            try:
                file.write(key.hex())
                file.flush()
            except OSError:
                path.unlink()
                raise
    except OSError as error:
        raise _cannot_write(folder, error) from error
    return True


@contextmanager
def results(folder: Path, names: Sequence[str]) -> Iterator[Path]:
    """Give a folder for results; once all are written, they take the place of what an earlier run left by these names.

    Raises
    ------
    OutputError
        If one cannot be written. Then the earlier ones still stand, all of them.
    """
    stage = folder / _KEPT / "results"
    with _empty_folders_removed(stage):
        try:
            shutil.rmtree(stage, ignore_errors=True)
            stage.mkdir(parents=True)
            yield stage
            for name in names:
                if (stage / name).exists():
                    (stage / name).replace(folder / name)
                else:
                    (folder / name).unlink(missing_ok=True)
        except ReticentError:
            raise
        except OSError as error:
            raise _cannot_write(folder, error) from error
        finally:
            shutil.rmtree(stage, ignore_errors=True)


@contextmanager
def _empty_folders_removed(folder: Path) -> Iterator[None]:
    """Remove the folders on the way to ``folder`` that did not exist before and are empty after."""
    new = [one for one in (folder, *folder.parents) if not one.exists()]
    try:
        yield
    finally:
        for one in new:
            with suppress(OSError):  # not empty, or never made
                one.rmdir()


def _cannot_write(folder: Path, error: OSError) -> OutputError:
    full = error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
    way_out = "Make room there" if full else "Choose another --out"
    return OutputError(f"cannot write into {folder}: {error.strerror or error}. {way_out}")


def kept(folder: Path | None) -> str:
    """Say what an unfinished run has left in the folder and what it is good for; empty where it left nothing."""
    if folder is None:  # of a verb that need not write
        return ""
    finished = Workbench(folder=folder / _KEPT).finished
    if not finished:
        return ""
    models = "1 finished shadow model is" if finished == 1 else f"{finished} finished shadow models are"
    return f"{models} kept in {folder / _KEPT}. Run the same command again to go on from there"


def write_json(path: Path, result: Mapping[str, Any]) -> Path:
    """Write a result's dict."""
    return page.write(path, json.dumps(result, indent=1, allow_nan=False, ensure_ascii=False) + "\n")


def read_json(path: Path, schema: str) -> dict[str, Any]:
    """Read a result's dict of this schema.

    Raises
    ------
    InputError
        If the file is missing, or holds something else.
    """
    try:
        result: Any = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise InputError(
            f"expected {path.name} in {path.parent}, there is none. Run 'reticent audit ... --out {path.parent}' first"
        ) from error
    except (ValueError, OSError) as error:
        raise InputError(f"cannot read {path}: {error}. Was it written by reticent?") from error
    found = result.get("schema") if isinstance(result, dict) else None
    if found != schema:
        raise InputError(f"expected {schema} in {path}, got {found}. Write it again with this version of reticent")
    return dict(result)


def write_table(table: pd.DataFrame, path: Path) -> None:
    """Write a table in the format in which one of this name would be read, without its index.

    Raises
    ------
    OutputError
        If the format cannot hold it.
    """
    try:
        with path.open("wb") as file:
            if path.suffix == ".csv":
                table.to_csv(file, index=False)
            elif path.suffix in (".feather", ".arrow"):
                table.to_feather(file)
            else:
                table.to_parquet(file, index=False, engine="pyarrow")
    except (ValueError, TypeError) as error:  # Arrow's, for columns of mixed types
        raise OutputError(f"cannot write {path.name}: {error}. Choose another format, such as .csv") from error


def write_drop_in(model: Any, stage: Path, folder: Path) -> str:
    """Write a model into the stage of a folder where its kind can be written; return what to say of it."""
    try:
        write_model(model, stage / "model.skops")
    except OutputError as error:
        if isinstance(error.__cause__, OSError):  # the disk; the others are the model's own
            raise
        return f"No model file: {error}"
    return f"Model: {folder / 'model.skops'}"


def show(text: object = "") -> None:
    """Print a result; whoever reads through a pipe and has seen enough stops nothing."""
    try:
        print(text, flush=True)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except OSError as error:
        raise OutputError(f"cannot print: {error.strerror or error}; what was written to files is whole") from error


def tell(text: str) -> None:
    """Say on the terminal what is no result."""
    print(text, file=sys.stderr, flush=True)
