"""Lasting names: the same text for the same function, class or loss in another process, or None where nobody can know.

A finished shadow model is taken up again by the name of its recipe, so a name that two recipes share would be a false
result; no name at all only costs time.
"""

import functools
import hashlib
import inspect
from pathlib import Path
from typing import Any

import joblib

from reticent._optional import optional

_PLAIN = (str, bytes, int, float, complex, bool, type(None))


def lasting(*things: Any) -> str | None:
    """Return one name for all of these together, or None if any of them has none."""
    names = [_name(thing) for thing in things]
    return None if None in names else hashlib.sha256(repr(names).encode()).hexdigest()


def _name(thing: Any) -> str | None:
    if isinstance(thing, _PLAIN):
        return repr(thing)
    if isinstance(thing, tuple | list | dict | functools.partial):
        inner = lasting(*_pieces(thing))
        return None if inner is None else f"{type(thing).__name__} {inner}"
    if inspect.isfunction(thing):
        return _function(thing)
    if isinstance(thing, type):
        return _source(thing)
    return _object(thing)


def _pieces(thing: Any) -> tuple[Any, ...]:
    if isinstance(thing, functools.partial):
        return thing.func, thing.args, thing.keywords
    return tuple(thing.items()) if isinstance(thing, dict) else tuple(thing)


def _object(thing: Any) -> str | None:
    """Name a module with its state, or an estimator with its parameters."""
    torch = optional("torch", extra="torch")
    if isinstance(thing, torch.nn.Module):
        state = {name: value.detach().cpu().numpy() for name, value in thing.state_dict().items()}
        return lasting(type(thing), str(thing), joblib.hash(state), _scalars(thing))
    if not hasattr(thing, "get_params"):
        return None
    try:
        return f"{type(thing).__qualname__} {joblib.hash(thing, hash_name='sha1')}"
    except Exception:  # a parameter that cannot be written down has no lasting name
        return None


def _scalars(module: Any) -> tuple[Any, ...]:
    kept = sorted((name, value) for name, value in vars(module).items() if isinstance(value, _PLAIN))
    return tuple(kept)


def _function(function: Any) -> str | None:
    """Name a function by its file, its place there, and the values around it as they are now."""
    if function.__closure__ or (source := _source(function)) is None:
        return None  # what it holds may be anything
    code = function.__code__
    known = {name: function.__globals__[name] for name in sorted(_names(code)) if name in function.__globals__}
    around = [(name, _around(value, function.__module__)) for name, value in known.items()]
    constants = [one for one in code.co_consts if isinstance(one, _PLAIN)]
    inner = lasting(constants, function.__defaults__, function.__kwdefaults__, *around)
    return None if inner is None else f"{source} {list(code.co_positions())} {inner}"


def _around(value: Any, module: str) -> Any:
    """Return what of a global value a name has to tell: functions and classes beside it are in its file already."""
    if isinstance(value, (*_PLAIN, tuple, list, dict)):
        return value
    elsewhere = (inspect.isfunction(value) or isinstance(value, type)) and value.__module__ != module
    return _source(value) or "" if elsewhere else ""


def _names(code: Any) -> set[str]:
    inner = [one for one in code.co_consts if inspect.iscode(one)]
    return set(code.co_names).union(*(_names(one) for one in inner))


def _source(thing: Any) -> str | None:
    """Return the qualified name of a function or class and a digest of the whole file that it stands in."""
    try:
        content = Path(inspect.getsourcefile(thing) or "").read_bytes()
    except (OSError, TypeError):
        module = (getattr(thing, "__module__", None) or "").partition(".")[0]
        version = getattr(optional("torch", extra="torch"), "__version__", "") if module == "torch" else None
        return None if version is None else f"{thing.__qualname__} {version}"
    return f"{thing.__module__}.{thing.__qualname__} {hashlib.sha256(content).hexdigest()}"
