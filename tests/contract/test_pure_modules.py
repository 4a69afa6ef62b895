"""A module that says in its docstring that it is pure is held to it by import-linter."""

import ast
import re
import tomllib
from collections.abc import Iterator

from tests.sources import ROOT, python_files

FOLDERS = ("aura", "deploy", "edge", "runtime", "schemas", "workers")
SAYS_SO = re.compile(r"\bPure[.:;]|\bpure(?: state machine|:)")
CONTRACT = "What decides knows no clock, no loop, no socket and no bus"


def listed() -> set[str]:
    """Return the modules and packages of the contract."""
    text = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    contracts = tomllib.loads(text)["tool"]["importlinter"]["contracts"]
    (found,) = (set(one["source_modules"]) for one in contracts if one["name"] == CONTRACT)
    return found


def pure() -> Iterator[str]:
    """Yield the modules whose docstring says so."""
    for path in python_files(FOLDERS):
        docstring = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or ""
        if SAYS_SO.search(docstring):
            yield ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")


def test_every_module_that_calls_itself_pure_is_in_the_contract() -> None:
    held = listed()
    forgotten = {
        module
        for module in pure()
        if not any(module == one or module.startswith(f"{one}.") for one in held)
    }
    assert not forgotten
