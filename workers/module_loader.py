"""Loads custom modules by name, from the working directory or installed."""

import importlib
import sys
from pathlib import Path
from types import ModuleType


class ModuleNotLoadedError(Exception):
    """A module or its attribute cannot be loaded; the message says why."""


def load_module(module_name: str) -> ModuleType:
    """Return the module, imported.

    Raises:
        ModuleNotLoadedError: there is no such module, or it cannot be imported.
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
                "in the folder that contains it, or set PYTHONPATH"
            ) from error
        raise ModuleNotLoadedError(
            f"{module_name} needs {missing}, which is not installed"
        ) from error
    except (ImportError, ValueError) as error:  # ValueError: an invalid name
        raise ModuleNotLoadedError(f"{module_name} cannot be imported: {error}") from error
