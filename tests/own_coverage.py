"""How much of each pure module its own test file runs: `python -m tests.own_coverage`.

The pure modules are those of the import contract PURE. Each test file runs alone in a process of
its own, so lines of a module that only other test files run do not count; lines that run on import
do. `tests/own_coverage.toml` holds the least share of each module, and a module without a line
there is run whole. The run fails if a module is below its share; with `--raise` it writes higher
shares into the table, never lower ones. Further arguments choose modules by the start of their
path.
"""

import contextlib
import io
import multiprocessing
import os
import sys
import tomllib
from collections.abc import Mapping, Sequence
from fnmatch import fnmatch
from pathlib import Path
from typing import Any, NamedTuple

import coverage
import pytest

from tests.own_tests import ELSEWHERE, modules, own_test
from tests.sources import ROOT

PURE = "What decides knows no clock, no loop, no socket and no bus"
"""The name of the import contract that lists the pure modules."""
TABLE = Path(__file__).with_suffix(".toml")
HEAD = """\
# The least share of a pure module's lines that its own test file runs, in percent; a module without
# a line here is run whole. `make coverage` holds it. Shares only rise:
# `python -m tests.own_coverage --raise` writes those that did.
"""
STEP = 5
"""Shares are rounded down to a multiple of this, in percent."""
SLOW = ("integration", "e2e")
"""Kinds of tests that need a server or the engines; they are not run, so their share is 0 %."""
OPTIONS = (
    *("-q", "--hypothesis-seed=0", "-p", "no:cacheprovider", "-p", "no:xdist"),
    *("-W", "ignore::pytest.PytestAssertRewriteWarning"),  # of plugins that are loaded before
)
LOADED_BEFORE = (
    *("coverage", "pytest", "pytest_asyncio.plugin", "pytest_timeout", "_hypothesis_pytestplugin"),
    *("hypothesis.strategies", "numpy", "msgspec", "msgpack", "regex", "nats.js", "structlog"),
    *("pydantic_settings", "prometheus_client", "aiohttp.web"),
)
"""Libraries that are loaded once for all processes. Aura's own modules are not among them: each
process runs the lines of their import anew."""


class Run(NamedTuple):
    """What a module's own test file runs of it."""

    share: float
    """Of the module's lines, in percent."""
    missing: str
    """The lines that it does not run, such as `12-14, 30`."""


def pure_modules() -> list[str]:
    """Return the path of each module of the import contract PURE."""
    text = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    contracts = tomllib.loads(text)["tool"]["importlinter"]["contracts"]
    (listed,) = (one["source_modules"] for one in contracts if one["name"] == PURE)
    paths = [one.replace(".", "/") for one in listed]
    starts = tuple(start for path in paths for start in (f"{path}.py", f"{path}/"))
    return [module for module in modules() if module.startswith(starts)]


def tested_in(module: str) -> Path | None:
    """Return the test file of *module*, under its own or another name; None: it needs none."""
    named = (ROOT / "tests" / test for one, test in ELSEWHERE.items() if fnmatch(module, one))
    return own_test(module) or next(named, None)


def run_alone(test: str, of: Sequence[str], root: Path = ROOT) -> tuple[dict[str, Run], str]:
    """Run the file *test*; return what it runs of each module in *of*, and its output if it fails.

    Nothing of these modules may be loaded in this process before.
    """
    lines = coverage.Coverage(
        data_file=None, config_file=False, include=[str(root / one) for one in of], messages=False
    )
    output = io.StringIO()
    lines.start()
    with contextlib.redirect_stdout(output):
        code = pytest.main([*OPTIONS, str(root / test)])
    lines.stop()
    runs = {}
    for module in of:
        found: Any = lines.analysis2(str(root / module))  # its types name no columns
        _, statements, _, missing, text = found
        runs[module] = Run(100 * (1 - len(missing) / max(1, len(statements))), text)
    return runs, output.getvalue() if code else ""


def _run(job: tuple[str, list[str]]) -> tuple[dict[str, Run], str]:
    return run_alone(*job)


def measure(tests: Mapping[str, Path]) -> dict[str, Run]:
    """Run the test file of each module in *tests*, and return what it runs of the module.

    Raises:
        SystemExit: a test fails.
    """
    jobs: dict[str, list[str]] = {}
    found: dict[str, Run] = {}
    for module, test in tests.items():
        if test.relative_to(ROOT / "tests").parts[0] in SLOW:
            found[module] = Run(0, "all")
        else:
            jobs.setdefault(str(test.relative_to(ROOT)), []).append(module)
    longest_first = sorted(jobs.items(), key=lambda job: job[0].startswith("tests/unit"))
    processes = multiprocessing.get_context("forkserver")
    processes.set_forkserver_preload(list(LOADED_BEFORE))
    with processes.Pool(os.cpu_count(), maxtasksperchild=1) as pool:
        for runs, output in pool.imap_unordered(_run, longest_first):
            if output:
                sys.exit(output)
            found |= runs
    return found


def rounded(share: float) -> int:
    """Return *share*, in percent, rounded down to a multiple of STEP."""
    return int(share / STEP + 1e-9) * STEP


def below(table: Mapping[str, int], found: Mapping[str, Run]) -> list[str]:
    """Return the modules of *found* that are below their share in *table*."""
    return sorted(one for one, run in found.items() if rounded(run.share) < table.get(one, 100))


def raised(table: Mapping[str, int], found: Mapping[str, Run]) -> dict[str, int]:
    """Return *table* with the shares that have risen, without modules that are run whole now."""
    now = {
        one: max(least, rounded(found[one].share)) for one, least in table.items() if one in found
    }
    return {one: share for one, share in {**table, **now}.items() if share < 100}


def written(table: Mapping[str, int]) -> str:
    """Return the text of *table* for the file TABLE."""
    return HEAD + "".join(f'"{module}" = {share}\n' for module, share in sorted(table.items()))


def main(arguments: Sequence[str]) -> None:
    chosen = tuple(one for one in arguments if one != "--raise") or ("",)
    tests = {module: tested_in(module) for module in pure_modules() if module.startswith(chosen)}
    found = measure({module: test for module, test in tests.items() if test})
    table = tomllib.loads(TABLE.read_text(encoding="utf-8"))
    higher = raised(table, found)
    if "--raise" in arguments:
        TABLE.write_text(written(higher), encoding="utf-8")
    elif higher != table:
        _say("The table can rise: python -m tests.own_coverage --raise")
    low = below(table, found)
    for module in low:
        _say(
            f"{module}: its own test file runs {found[module].share:.1f} % of its lines, below "
            f"{table.get(module, 100)} %. Not run: {found[module].missing}. "
            f"To raise it, test them in {_own_file(module).relative_to(ROOT)}."
        )
    whole = sum(run.share == 100 for run in found.values())
    _say(f"{len(found)} pure modules: {whole} run whole by their own test file, {len(low)} too low")
    sys.exit(bool(low))


def _own_file(module: str) -> Path:
    """Return the test file that tests *module*, or should do so."""
    path = Path(module)
    return own_test(module) or ROOT / "tests" / "unit" / path.with_name(f"test_{path.name}")


def _say(text: str) -> None:
    print(text)  # noqa: T201  # it is a command


if __name__ == "__main__":
    main(sys.argv[1:])
