"""The pages that `aura show --html` and `aura report` write, in a real browser.

The browser is optional: without Chromium these are skipped, and say so.
"""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Literal

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Page, ViewportSize, async_playwright

from aura.cli.reporting.page import page as report_page
from aura.cli.reporting.queries import figures
from aura.cli.session.session_page import page as session_page
from benchmarks.recordings import buzz
from runtime.prices import PRICES
from runtime.sessions.listing import folded
from runtime.sessions.timeline import moments
from tests.integration.accessibility import axe, faults
from tests.unit.runtime.story import T0, long_story, story
from workers.analytics import warehouse

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
__all__ = ["axe"]
OWN = ("file:", "blob:null/")
"""The page itself, and what it makes of its own data."""
pytestmark = [
    pytest.mark.skipif(CHROMIUM is None, reason="no Chromium is installed"),
    pytest.mark.asyncio(loop_scope="module"),  # one Chromium for all
]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def chromium() -> AsyncIterator[Browser]:
    async with async_playwright() as playwright:
        args = ["--no-sandbox", "--disable-gpu"]  # drawn without it, which costs less here
        found = await playwright.chromium.launch(executable_path=CHROMIUM, args=args)
        try:
            yield found
        finally:
            await found.close()


@asynccontextmanager
async def browsing(chromium: Browser, *, bypass_csp: bool) -> AsyncIterator[tuple[Page, list[str]]]:
    """Yield a page of its own context, and what it complains of."""
    wrong: list[str] = []
    size: ViewportSize = {"width": 1300, "height": 900}
    page = await chromium.new_page(viewport=size, bypass_csp=bypass_csp)
    page.on("pageerror", lambda error: wrong.append(str(error)))
    page.on("console", lambda said: wrong.append(said.text) if said.type == "error" else None)
    page.on("request", lambda r: None if r.url.startswith(OWN) else wrong.append(r.url))
    try:
        yield page, wrong
    finally:
        await page.close()


@pytest_asyncio.fixture(loop_scope="module")
async def browser_page(chromium: Browser) -> AsyncIterator[tuple[Page, list[str]]]:
    """A page in which Playwright may wait for what it evaluates."""
    async with browsing(chromium, bypass_csp=True) as found:
        yield found


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
    shown = await page.locator("#name").inner_text()
    assert shown in await page.locator("#list div.on").inner_text()
    await page.locator("#list div", has_text="transcript.final").first.click()
    assert "What is the capital of France?" in await page.locator("#event").inner_text()

    async def marks() -> int:
        return await page.locator("#picture circle.mark").count()

    before = await marks()
    await page.locator("#picture").hover(position={"x": 700, "y": 250})
    for _ in range(6):
        await page.mouse.wheel(0, -300)
    await page.wait_for_function(f"document.querySelectorAll('circle.mark').length < {before}")
    await page.locator("#picture").dblclick(position={"x": 700, "y": 340})
    assert await marks() == before
    await page.get_by_role("button", name="turn 2:").click()
    assert 0 < await marks() < before
    assert wrong == []


INJECTED = """() => {
  const script = document.createElement("script");
  script.textContent = "window.ran = true";
  document.body.append(script);
  return window.ran;
}"""


async def test_no_script_runs_but_its_own(chromium: Browser, tmp_path: Path) -> None:
    told = story()
    row = folded(told)
    assert row is not None
    async with browsing(chromium, bypass_csp=False) as (page, wrong):
        await opened(page, tmp_path / "s.html", session_page(row, moments(told)))
        await page.locator("#picture circle.mark").first.wait_for()
        assert wrong == []
        assert await page.evaluate(INJECTED) is None


OVERLAPPING = """() => {
  const labels = [...document.querySelectorAll("#picture .label")];
  const boxes = labels.map((one) => [one.textContent, one.getBoundingClientRect()]);
  const side = (a, b) => a.left < b.right - 1 && b.left < a.right - 1;
  const meet = (a, b) => side(a, b) && a.top < b.bottom - 2 && b.top < a.bottom - 2;
  return boxes.flatMap(([said, a], k) =>
    boxes.slice(k + 1).filter(([, b]) => meet(a, b)).map(([other]) => [said, other]));
}"""
PRESSED = """(key) => document.getElementById("picture").dispatchEvent(
  new KeyboardEvent("keydown", { key }))"""


async def test_no_label_stands_on_another_whatever_is_looked_at(
    browser_page: tuple[Page, list[str]], tmp_path: Path
) -> None:
    page, wrong = browser_page
    told = long_story(12)
    row = folded(told)
    assert row is not None
    await opened(page, tmp_path / "s.html", session_page(row, moments(told)))
    for width in (1300, 420):
        await page.set_viewport_size({"width": width, "height": 900})
        await page.click("#all")
        for _ in range(14):
            assert await page.evaluate(OVERLAPPING) == []
            await page.evaluate(PRESSED, "+")
        assert await page.locator(".label").count() >= 1
    assert wrong == []


async def test_only_an_answer_that_was_cut_short_is_red(
    browser_page: tuple[Page, list[str]], tmp_path: Path
) -> None:
    page, _ = browser_page
    told = story()
    row = folded(told)
    assert row is not None
    await opened(page, tmp_path / "s.html", session_page(row, moments(told)))
    red = "#picture rect.span[fill='var(--bad)']"
    assert await page.locator(red).count() == 1
    assert "Madrid," in (await page.locator(red).text_content() or "")
    assert await page.locator("#picture circle.mark[fill='var(--bad)']").count() == 1


async def test_the_waterfall_of_a_turn_is_a_click_away_and_nothing_is_an_empty_half(
    browser_page: tuple[Page, list[str]], tmp_path: Path
) -> None:
    page, wrong = browser_page
    told = story()
    row = folded(told)
    assert row is not None
    await opened(page, tmp_path / "s.html", session_page(row, moments(told)))
    heading = page.locator("#turn h2")
    assert "Turn 2: 562 ms" in await heading.inner_text(), "the slowest comes first"
    await page.locator("#picture rect.wait").first.click(position={"x": 4, "y": 150})
    assert "Turn 1: 561 ms" in await heading.inner_text()
    assert await page.locator("#turn tbody tr").count() == 8
    await page.locator("#list div", has_text="session.started").click()
    assert await page.locator("#turn").is_hidden()
    silent = [told[0], told[-1]]
    nothing = folded(silent)
    assert nothing is not None
    await opened(page, tmp_path / "n.html", session_page(nothing, moments(silent)))
    assert await page.locator("#side").is_hidden()
    wide = "document.getElementById('list').clientWidth > 0.9 * document.body.clientWidth"
    assert await page.evaluate(wide)
    assert wrong == []


async def test_recorded_sound_plays_and_a_cursor_runs_along(
    browser_page: tuple[Page, list[str]], tmp_path: Path
) -> None:
    page, wrong = browser_page
    told = story()
    row = folded(told)
    assert row is not None
    heard = {"caller": bytes(32_000) + buzz(900), "client": bytes(64_000) + buzz(8000)}
    await opened(page, tmp_path / "s.html", session_page(row, moments(told), heard))
    sound, needle = page.locator("#sound"), page.locator("#picture .needle")
    await page.wait_for_function("document.getElementById('sound').readyState > 1")
    assert abs(await sound.evaluate("(one) => one.duration") - 10) < 0.2
    await sound.evaluate("(one) => { one.muted = true; }")
    await page.click("#title")
    await page.keyboard.press(" ")
    await page.wait_for_function("document.getElementById('sound').currentTime > 0.2")
    before = float(await needle.get_attribute("x1") or 0)
    further = f"document.querySelector('.needle').getAttribute('x1') > {before + 5}"
    await page.wait_for_function(further)
    assert await needle.get_attribute("visibility") == "visible"
    await page.keyboard.press(" ")
    assert await sound.evaluate("(one) => one.paused")
    await page.locator("#picture").click(position={"x": 700, "y": 20})
    await page.wait_for_function("document.getElementById('sound').currentTime > 3")
    there = "Math.abs(document.querySelector('.needle').getAttribute('x1') - 700) < 3"
    await page.wait_for_function(there)
    assert wrong == []


async def test_an_hours_call_is_moved_through_without_waiting(
    browser_page: tuple[Page, list[str]], tmp_path: Path
) -> None:
    page, wrong = browser_page
    told = long_story(360)
    row = folded(told)
    assert row is not None
    await opened(page, tmp_path / "s.html", session_page(row, moments(told)))
    assert await page.locator("#list div").count() > 8_000
    drawn = await page.evaluate("""() => {
      const svg = document.getElementById("picture");
      const ms = ["+", "-", "+", "-", "+", "-"].map((key) => {
        const began = performance.now();
        svg.dispatchEvent(new KeyboardEvent("keydown", { key }));
        return performance.now() - began;
      });
      return { ms, nodes: svg.childElementCount };
    }""")
    assert min(drawn["ms"]) < 1500, drawn  # other work delays some; a busy machine took 350
    assert "50:00" in (await page.locator("#picture").text_content() or "")
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


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_session_page_and_report_have_no_accessibility_fault(
    browser_page: tuple[Page, list[str]], tmp_path: Path, axe: str, scheme: Literal["light", "dark"]
) -> None:
    page, wrong = browser_page
    told = long_story(3)
    row = folded(told)
    assert row is not None
    warehouse.write(tmp_path, told, datetime.now(UTC))
    since = datetime.fromtimestamp(T0 / 1000, UTC).replace(tzinfo=None) - timedelta(hours=1)
    with warehouse.database(tmp_path) as db:
        found = figures(db, since, since + timedelta(hours=2), PRICES, "")
    session = session_page(row, moments(told), {"caller": buzz(900)})
    report = report_page(found, title="Aura", now=datetime.now(UTC))
    await page.emulate_media(color_scheme=scheme)
    for width in (390, 1280):
        await page.set_viewport_size({"width": width, "height": 900})
        for name, text in (("s.html", session), ("r.html", report)):
            await opened(page, tmp_path / name, text)
            assert await faults(page, axe) == [], name
            assert await page.evaluate("document.documentElement.scrollWidth") <= width
    assert wrong == []
