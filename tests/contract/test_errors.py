"""The drawing of a package's errors names each of them, below its base."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
DRAWINGS = {
    "aura": "aura/__init__.py",
    "deploy": "deploy/__init__.py",
    "edge/door": "edge/door/__init__.py",
    "edge/protocols": "edge/protocols/__init__.py",
    "runtime/agents": "runtime/agents/__init__.py",
    "runtime/audio": "runtime/audio/__init__.py",
    "runtime/bus": "runtime/bus/errors.py",
    "runtime/sessions": "runtime/sessions/__init__.py",
    "workers/analytics": "workers/analytics/__init__.py",
    "workers/engines": "workers/engines/errors.py",
    "workers/tools": "workers/tools/__init__.py",
}
"""Packages, and the modules whose docstrings draw their errors."""
OF_TESTS = {"ContractError"}
"""Failures of the engines' contract tests."""


def drawn(text: str) -> Iterator[tuple[str, str]]:
    """Yield the errors of a drawing and their bases."""
    above: list[str] = []
    for line in text.splitlines():
        if root := re.match(r"([A-Z]\w+)(?: {2,}|$)", line):
            above = [root[1]]
        elif branch := re.match(r"((?:[│ ]   )*)(?:├── |└── )([A-Z]\w+) ", line):
            above = [*above[: len(branch[1]) // 4 + 1], branch[2]]
            yield branch[2], above[-2]


def declared(package: str) -> Iterator[tuple[str, str]]:
    """Yield the errors that *package* declares below another error, and their bases."""
    for path in (ROOT / package).rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            match node:
                case ast.ClassDef(name=name, bases=[ast.Name(id=base), *_]):
                    if base.endswith(("Error", "Exception")) and name not in OF_TESTS:
                        yield name, base


@pytest.mark.parametrize("package", DRAWINGS)
def test_a_drawing_has_all_errors_of_its_package(package: str) -> None:
    text = (ROOT / DRAWINGS[package]).read_text(encoding="utf-8")
    tree = set(drawn(ast.get_docstring(ast.parse(text)) or ""))
    real = set(declared(package))
    outermost = {name for name, base in real if base == "Exception" and (name, base) not in tree}
    assert tree == {(name, base) for name, base in real if name not in outermost}
    assert outermost <= {base for _, base in tree}, "each is the root of its own drawing"
