"""What axe finds on a page that some people could not use."""

from __future__ import annotations

import shutil
import subprocess

import pytest
from playwright.async_api import Page

AXE = "axe-core@4"


@pytest.fixture(scope="session")
def axe(tmp_path_factory: pytest.TempPathFactory) -> str:
    place, npm = tmp_path_factory.mktemp("axe"), shutil.which("npm")
    if npm is None:
        pytest.skip("NOT TESTED HERE: axe-core needs npm (apt-get install npm)")
    install = [npm, "install", "--no-audit", "--no-fund", "--ignore-scripts", AXE]
    (place / "package.json").write_text("{}", encoding="utf-8")
    done = subprocess.run(
        install, cwd=place, capture_output=True, text=True, timeout=110, check=False
    )
    if done.returncode:
        pytest.skip(f"NOT TESTED HERE: npm cannot install: {done.stderr.splitlines()[-1:]}")
    return (place / "node_modules" / "axe-core" / "axe.min.js").read_text(encoding="utf-8")


async def faults(page: Page, axe: str) -> list[str]:
    await page.evaluate(axe)
    found = await page.evaluate("axe.run()")
    return [
        f"{one['impact']} {one['id']}: {[node['html'][:120] for node in one['nodes']]}"
        for one in found["violations"]
        if one["impact"] in ("serious", "critical", "moderate")
    ]
