"""The pages that `aura show --html` and `aura report` write, in a real browser.

The browser is optional: without Chromium these are skipped, and say so.
"""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from playwright.async_api import Page, async_playwright

from aura.cli.reporting.page import page as report_page
from aura.cli.reporting.queries import figures
from aura.cli.session_page import page as session_page
from benchmarks.recordings import buzz
from edge.protocols.prices import PRICES
from runtime.sessions.listing import folded
from runtime.sessions.timeline import moments
from tests.unit.runtime.story import T0, story
from workers.analytics import warehouse

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="no Chromium is installed")


@pytest.fixture
async def browser_page() -> AsyncIterator[tuple[Page, list[str]]]:
    """A page of Chromium, and what it complains of."""
    wrong: list[str] = []
    async with async_playwright() as playwright:
        chromium = await playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        page = await chromium.new_page(viewport={"width": 1300, "height": 900})
        page.on("pageerror", lambda error: wrong.append(str(error)))
        page.on("console", lambda said: wrong.append(said.text) if said.type == "error" else None)
        page.on("request", lambda r: None if r.url.startswith("file:") else wrong.append(r.url))
        try:
            yield page, wrong
        finally:
            await chromium.close()


async def opened(page: Page, file: Path, text: str) -> None:
    await asyncio.to_thread(file.write_text, text, encoding="utf-8")
    await page.goto(file.as_uri())


async def test_a_session_is_a_picture_to_zoom_in_and_an_event_is_read_by_a_click(
    browser_page: tuple[Page, list[str]], tmp_path: Path
) -> None:
    page, wrong = browser_page
    told = story()
    row = folded(told)
    assert row is not None
    heard = {"caller": bytes(32_000) + buzz(900), "client": bytes(64_000) + buzz(1500)}
    await opened(page, tmp_path / "s.html", session_page(row, moments(told), heard))

    picture = await page.locator("#picture").text_content() or ""
    lanes = ("Caller", "Turn-taking", "Speech to text", "Language model", "Voice", "Caller hears")
    assert all(lane in picture for lane in lanes)
    assert "561 ms" in picture  # what the caller of the first turn waited
    waves = [await one.get_attribute("d") for one in await page.locator("path.wave").all()]
    assert len(waves) == 2
    assert all(wave and wave.count("M") > 30 for wave in waves)

    await page.locator("#picture circle.mark").nth(3).click()
    shown = await page.locator("#event").inner_text()
    assert shown.splitlines()[0] in await page.locator("#list div.on").inner_text()
    await page.locator("#list div", has_text="transcript.final").first.click()
    assert "What is the capital of France?" in await page.locator("#event").inner_text()

    async def marks() -> int:
        return await page.locator("#picture circle.mark").count()

    before = await marks()
    await page.locator("#picture").hover(position={"x": 700, "y": 250})
    for _ in range(6):
        await page.mouse.wheel(0, -300)
    await page.wait_for_function(f"document.querySelectorAll('circle.mark').length < {before}")
    await page.locator("#picture").dblclick(position={"x": 700, "y": 395})
    assert await marks() == before
    await page.get_by_role("button", name="turn 2:").click()
    assert 0 < await marks() < before
    assert wrong == []


async def test_a_report_is_a_page_with_plots_and_complains_of_nothing(
    browser_page: tuple[Page, list[str]], tmp_path: Path
) -> None:
    page, wrong = browser_page
    warehouse.write(tmp_path, story(), datetime.now(UTC))
    since = datetime.fromtimestamp(T0 / 1000, UTC).replace(tzinfo=None) - timedelta(hours=1)
    with warehouse.database(tmp_path) as db:
        found = figures(db, since, since + timedelta(hours=2), PRICES, "")
    await opened(page, tmp_path / "r.html", report_page(found, title="Aura", now=datetime.now(UTC)))
    assert await page.locator("svg").count() >= 3
    assert wrong == []
