"""The source files of the project."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

ROOT = Path(__file__).parents[1]


def python_files(folders: Iterable[str]) -> Iterator[Path]:
    """Yield the Python files of *folders*, sorted; an environment such as `.peer-venv` has none."""
    for folder in folders:
        for path in sorted((ROOT / folder).rglob("*.py")):
            if not any(part.startswith(".") for part in path.relative_to(ROOT).parts):
                yield path
