"""Files, functions and argument lists stay small enough to be read at once."""

import ast
from collections.abc import Iterator, Sequence

from tests.sources import ROOT, python_files

FOLDERS = ("aura", "benchmarks", "deploy", "edge", "runtime", "schemas", "workers")
MOST_LINES = 300
MOST_FUNCTION_LINES = 40
"""Without the docstring."""
LONGER = {
    "tests/clients/scripts/same_for_all.py": "one program for any server, to be taken along",
    "tests/integration/test_calls.py": "a second file would start two edges again",
}


def files(folders: Sequence[str] = FOLDERS) -> Iterator[tuple[str, str]]:
    """Yield the paths and texts of all sources in *folders*."""
    for path in python_files(folders):
        yield str(path.relative_to(ROOT)), path.read_text(encoding="utf-8")


def lines_of(function: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """Return the lines of *function* without its docstring."""
    docstring = ast.get_docstring(function, clean=False)
    told = docstring.count("\n") + 1 if docstring else 0
    return (function.end_lineno or 0) - function.lineno + 1 - told


def test_no_file_is_longer_than_a_reader_keeps_in_mind() -> None:
    every = files((*FOLDERS, "tests"))
    long = {path for path, text in every if text.count("\n") > MOST_LINES}
    assert long == set(LONGER)


def test_no_function_is_longer_than_a_screen() -> None:
    long = [
        f"{path}:{node.lineno} {node.name} has {lines_of(node)} lines"
        for path, text in files()
        for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and lines_of(node) > MOST_FUNCTION_LINES
    ]
    assert not long
