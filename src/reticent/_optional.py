"""The one door to optional packages: nothing else may import them.

>>> optional("json", extra="demo").dumps([1])
'[1]'
"""

import importlib
import sys
from types import ModuleType
from typing import Any

from reticent.errors import MissingPackageError


def optional(module: str, *, extra: str) -> Any:
    """Import ``module`` or say which extra brings it."""
    try:
        return importlib.import_module(module)
    except ImportError as error:
        raise MissingPackageError(
            f"this needs the package {module.partition('.')[0]!r}, which is not installed; "
            f"install it with: pip install 'reticent[{extra}]'"
        ) from error


def loaded(module: str) -> ModuleType | None:
    """Return ``module`` if somebody has imported it already, else None: an object of it cannot exist before."""
    return sys.modules.get(module)
