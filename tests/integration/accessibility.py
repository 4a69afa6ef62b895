"""What axe finds on a page that some people could not use."""

from __future__ import annotations

import fcntl
import os
import shutil
import subprocess
from pathlib import Path

import pytest
from playwright.async_api import Page

AXE = "axe-core@4"


@pytest.fixture(scope="session")
def axe(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The program's text; one of several workers of pytest installs it for all."""
    base, npm = tmp_path_factory.getbasetemp(), shutil.which("npm")
    if npm is None:
        pytest.skip("NOT TESTED HERE: axe-core needs npm (apt-get install npm)")
    place = (base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / "axe"
    place.mkdir(exist_ok=True)
    script = place / "node_modules" / "axe-core" / "axe.min.js"
    with (place / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not script.exists():
            _install(npm, place)
    return script.read_text(encoding="utf-8")


def _install(npm: str, place: Path) -> None:
    install = [npm, "install", "--no-audit", "--no-fund", "--ignore-scripts", AXE]
    (place / "package.json").write_text("{}", encoding="utf-8")
    done = subprocess.run(
        install, cwd=place, capture_output=True, text=True, timeout=110, check=False
    )
    if done.returncode:
        pytest.skip(f"NOT TESTED HERE: npm cannot install: {done.stderr.splitlines()[-1:]}")


async def faults(page: Page, axe: str) -> list[str]:
    await page.evaluate(axe)
    found = await page.evaluate("axe.run({resultTypes: ['violations'], selectors: false})")
    return [
        f"{one['impact']} {one['id']}: {[node['html'][:120] for node in one['nodes']]}"
        for one in found["violations"]
        if one["impact"] in ("serious", "critical", "moderate")
    ]
