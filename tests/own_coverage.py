"""How much of each pure module its own test file runs: `python -m tests.own_coverage`.

It runs the test files of all modules in MEASURED, and counts for each module only the lines that
its own test file ran (`tests/own_tests.py`) or that ran on import. It prints the modules below
THRESHOLD and fails if there are any.
"""

import re
import sys
from collections.abc import Iterator, Sequence
from fnmatch import fnmatch
from pathlib import Path
from typing import Any

import coverage
import pytest

from tests.own_tests import ELSEWHERE, ROOT, modules, own_test

MEASURED = ("edge/core/", "schemas/")
THRESHOLD = 60
"""The least share of a module's lines, in percent."""


class Contexts:
    """A plugin of pytest that tells *measured* which test file runs."""

    def __init__(self, measured: coverage.Coverage) -> None:
        self._measured = measured

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Iterator[None]:
        self._measured.switch_context(str(item.path))
        try:
            return (yield)
        finally:
            self._measured.switch_context("")


def tests_of(chosen: Sequence[str]) -> dict[str, Path]:
    """Return the test file of each module whose path begins with one of *chosen*."""
    found = {}
    for module in modules():
        if module.startswith(tuple(chosen)) and (test := own_test(module) or _elsewhere(module)):
            found[module] = test
    return found


def _elsewhere(module: str) -> Path | None:
    tests = (test for pattern, test in ELSEWHERE.items() if fnmatch(module, pattern))
    return next((ROOT / "tests" / test for test in tests), None)


def shares(tests: dict[str, Path]) -> dict[str, float]:
    """Run *tests*, and return the share of each module's lines that its own test ran, in percent.

    Raises:
        SystemExit: a test fails.
    """
    measured = coverage.Coverage(data_file=None, include=[str(ROOT / one) for one in tests])
    measured.start()
    files = sorted({str(test) for test in tests.values()})
    code = pytest.main(["-q", *files], plugins=[Contexts(measured)])
    measured.stop()
    if code:
        sys.exit(int(code))
    return {module: _share(measured, module, test) for module, test in tests.items()}


def _share(measured: coverage.Coverage, module: str, test: Path) -> float:
    measured.get_data().set_query_contexts([f"^{re.escape(str(test))}$", "^$"])
    found: Any = measured.analysis2(str(ROOT / module))  # its types name no columns
    _, statements, _, missing, _ = found
    return 100 * (1 - len(missing) / max(1, len(statements)))


def main() -> None:
    tests = tests_of(sys.argv[1:] or MEASURED)
    found = shares(tests)
    low = {module: share for module, share in found.items() if share < THRESHOLD}
    for module, share in sorted(low.items(), key=lambda one: one[1]):
        print(f"{share:4.0f} %  {module}  ({tests[module].relative_to(ROOT)})")  # noqa: T201  # it is a command
    whole = sum(share == 100 for share in found.values())
    print(  # noqa: T201  # the same
        f"{len(found)} modules by their own test files: {whole} run whole, "
        f"{len(low)} below {THRESHOLD} %"
    )
    sys.exit(bool(low))


if __name__ == "__main__":
    main()
