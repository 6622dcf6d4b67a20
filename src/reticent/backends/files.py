"""Models in files and in modules: read without believing them.

A pickle is a program that runs when it is read, whatever it claims to hold, and so are joblib's files and PyTorch's
``.pt``: they are recognized by their content, whatever their name, and refused. Read are skops (only types that
:mod:`~reticent.backends.trusted` lists, or that lie in packages the caller named) and ONNX (numbers and operators).
An import such as ``package.module:model`` runs the caller's own code, as Python does.
"""

import importlib
import io
import re
import sys
import tempfile
import zipfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import skops.io

from reticent.backends import onnx, trusted
from reticent.backends.bounds import check_trees
from reticent.backends.pickles import holds_pickle
from reticent.errors import ModelError, OutputError, UntrustedModelError

_SPEC = re.compile(r"(?P<module>[A-Za-z_]\w*(\.[A-Za-z_]\w*)*):(?P<name>[A-Za-z_]\w*(\.[A-Za-z_]\w*)*)")
_PICKLES = (".pkl", ".pickle", ".p", ".joblib", ".jl", ".dill", ".cloudpickle", ".sav", ".pt", ".pth", ".ckpt")
_MAX_UNPACKED = 4 * 2**30  # bytes; a compressed file that unpacks to more fills the memory before it can be looked at


def read_model(source: str | Path, *, trust: Sequence[str] = ()) -> Any:
    """Read a model: the framework's own object from skops or an import, an ``OnnxModel`` from ONNX.

    Parameters
    ----------
    source
        A file ``.skops`` or ``.onnx``, or ``package.module:name``, imported with the current folder on the path.
    trust
        Packages or modules whose types may be built too. Named by the caller, never by the file.

    Raises
    ------
    UntrustedModelError
        If reading would run code: a pickle in any dress, or a type that is not trusted.
    ModelError
        If there is no such file, module or name, or the file is damaged or of another kind.
    ParameterError
        If ``trust`` names what no model needs.
    MissingPackageError
        If an ONNX file is to be read without onnxruntime.
    """
    trusted.check_packages(trust)
    path = Path(source)
    if not path.is_file():
        if _SPEC.fullmatch(str(source)):
            return _import(str(source), "model")
        raise ModelError(
            f"expected a model at {source}: {'a folder' if path.is_dir() else 'no such file'}. "
            f"Name a .skops or .onnx file, or an import such as package.module:model"
        )
    try:
        content = path.read_bytes()  # once: what is checked and what is built are the same bytes
    except OSError as error:
        raise ModelError(f"expected a readable model at {path}: {error.strerror}. Check its permissions") from error
    if (inside := holds_pickle(content)) or path.suffix.lower() in _PICKLES:
        raise UntrustedModelError(
            f"{path} {'is' if inside else 'by its name is'} a pickle (as pickle, joblib and torch.save write them): "
            f"reading it would run whatever code lies in it, so it is not read. Where the model was trained, write it "
            f"with skops.io.dump(model, 'model.skops'), or export it to ONNX"
        )
    if path.suffix.lower() == ".skops" or content.startswith(b"PK"):
        return _read_skops(content, str(path), tuple(trust))
    if path.suffix.lower() == ".onnx":
        return onnx.read_model(content)
    raise ModelError(
        f"expected a model in skops or ONNX; {path.name} ends in {path.suffix or 'nothing'}. "
        f"Where it was trained, write it with skops.io.dump(model, 'model.skops'), or export it to ONNX"
    )


def write_model(model: Any, path: str | Path) -> Path:
    """Write a model as skops, all of it or nothing, and make sure that it can be read again.

    Raises
    ------
    OutputError
        If it cannot be written there, is of a kind that skops cannot hold, or would not be read again.
    """
    path = Path(path)
    if path.suffix.lower() != ".skops":
        raise OutputError(f"expected a path that ends in .skops, got {path.name!r}")
    if not hasattr(model, "get_params"):  # an ONNX session would end the process when it is asked for its state
        raise OutputError(f"{type(model).__name__} is no estimator with scikit-learn's API, which skops could hold")
    try:
        content = skops.io.dumps(model)
    except Exception as error:  # skops asks the model's own code for its state, which may raise anything
        raise OutputError(
            f"the model {type(model).__name__} cannot be written as skops: {error}. Export it to ONNX"
        ) from error
    try:
        _read_skops(content, str(path), _packages(content))
    except (UntrustedModelError, ModelError) as error:
        raise OutputError(f"the model {type(model).__name__} was not written, it could not be read: {error}") from error
    part: Path | None = None
    try:
        with tempfile.NamedTemporaryFile(dir=path.parent, suffix=".part", delete=False) as file:
            part = Path(file.name)
            file.write(content)
        part.chmod(0o644)  # a temporary file is readable by its owner only
        part.replace(path)
    except OSError as error:
        if part is not None:
            part.unlink(missing_ok=True)
        raise OutputError(f"cannot write {path}: {error.strerror}. Name a folder that exists and is yours") from error
    return path


def read_function(spec: str) -> Callable[..., Any]:
    """Import a function, such as a recipe, from ``package.module:function``.

    Raises
    ------
    ModelError
        If there is no such module or name, or it cannot be called.
    """
    if not _SPEC.fullmatch(spec):
        raise ModelError(f"expected package.module:function, got {spec!r}")
    found = _import(spec, "function")
    if not callable(found):
        raise ModelError(f"expected {spec} to be a function, got {type(found).__name__}")
    function: Callable[..., Any] = found
    return function


def _import(spec: str, kind: str) -> Any:
    module_name, _, attribute = spec.partition(":")
    _current_folder_on_path()
    try:
        found: Any = importlib.import_module(module_name)
    except Exception as error:  # the caller's module may raise anything
        raise ModelError(
            f"expected to import {module_name} for the {kind} {spec}: {type(error).__name__}: {error}. "
            f"Run where the module lies, or install its package"
        ) from error
    for name in attribute.split("."):
        if not hasattr(found, name):
            known = (
                ", ".join(one for one in vars(found) if not one.startswith("_")) if hasattr(found, "__dict__") else ""
            )
            raise ModelError(
                f"expected {name!r} in {getattr(found, '__file__', None) or module_name}; it has {known or 'no names'}"
            )
        found = getattr(found, name)
    return found


def _current_folder_on_path() -> None:
    # It stays there: worker processes that train shadow models import the same module again.
    here = str(Path.cwd())
    if not {here, ""} & set(sys.path):
        sys.path.insert(0, here)


def _read_skops(content: bytes, name: str, packages: tuple[str, ...]) -> Any:
    _check_archive(content, name)
    if packages:
        _current_folder_on_path()
    try:
        unknown = [one for one in skops.io.get_untrusted_types(data=content) if one not in trusted.TYPES]
        if refused := [one for one in unknown if not trusted.lies_in(one, packages)]:
            modules = sorted({one.rpartition(".")[0] for one in refused})
            raise UntrustedModelError(
                f"{name} holds types that are not trusted: {', '.join(refused)}. If you know this code and it is "
                f"yours to run, say so: {' '.join(f'--trust {module}' for module in modules)}"
            )
        model = skops.io.loads(content, trusted=[*trusted.TYPES, *unknown])
    except UntrustedModelError:
        raise
    except Exception as error:  # a crafted or damaged file makes skops raise nearly anything
        raise ModelError(
            f"expected {name} to hold a whole skops model: {type(error).__name__}: {error}. Is it complete, and "
            f"written with the same versions? Write it again with skops.io.dump(model, 'model.skops')"
        ) from error
    check_trees(model)
    return model


def _check_archive(content: bytes, name: str) -> None:
    again = "Copy it again, or write it again with skops.io.dump(model, 'model.skops')"
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            entries = {entry.filename: entry.file_size for entry in archive.infolist()}
    except (zipfile.BadZipFile, ValueError, EOFError, OverflowError, NotImplementedError) as error:
        raise ModelError(f"expected {name} to be a skops file (a zip archive): {error}. {again}") from error
    if "schema.json" not in entries:
        raise ModelError(f"expected {name} to be a skops file; the archive has no schema.json. {again}")
    if sum(entries.values()) > max(_MAX_UNPACKED, 2 * len(content)):
        raise ModelError(f"{name} would unpack to {sum(entries.values()):,} bytes, which no model needs. {again}")


def _packages(content: bytes) -> tuple[str, ...]:
    # Whoever writes a model runs its code already; here it only matters whether it can be built again at all.
    found = {one.partition(".")[0] for one in skops.io.get_untrusted_types(data=content)}
    return tuple(sorted(found - sys.stdlib_module_names - {"__main__"}))
