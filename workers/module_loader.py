"""Modules of the operator's own, found by name in this folder or among the installed ones."""

import importlib
import sys
from pathlib import Path
from types import ModuleType


class ModuleNotLoadedError(Exception):
    """A module or an attribute of it cannot be had; the message says why."""


def loaded(module_name: str) -> ModuleType:
    """Return the module, imported.

    Raises:
        ModuleNotLoadedError: there is none of that name, or it cannot be imported.
    """
    here = str(Path.cwd())
    if here not in sys.path:
        sys.path.insert(0, here)
    try:
        return importlib.import_module(module_name)
    except ModuleNotFoundError as error:
        missing = error.name or module_name
        if module_name == missing or module_name.startswith(f"{missing}."):
            raise ModuleNotLoadedError(
                f"there is no module {module_name!r} here or in the environment: run the command "
                "in the folder that holds it, or set PYTHONPATH"
            ) from error
        raise ModuleNotLoadedError(
            f"{module_name} needs {missing}, which is not installed"
        ) from error
    except (ImportError, ValueError) as error:  # ValueError: a name that none can have
        raise ModuleNotLoadedError(f"{module_name} cannot be imported: {error}") from error
