"""The page in docs/clients.md that embeds a call, as somebody would copy it."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from aiohttp import web

from tests.aura_process import AuraProcess
from tests.talk_page import browser, needs_browser, until

CLIENTS = Path(__file__).parents[2] / "docs" / "clients.md"
SERVER = "https://voice.example"
SHOWN = "document.querySelector('aura-call').shadowRoot.textContent"


@pytest.fixture
async def elsewhere(simulated: AuraProcess) -> AsyncIterator[str]:
    """A web server of somebody else, with the documented page."""
    text = CLIENTS.read_text(encoding="utf-8")
    found = re.search(r"```html\n(.*?)```", text, re.DOTALL)
    assert found
    html = found[1].replace(SERVER, simulated.url).replace("TOKEN", "demo_token")

    async def page(_: web.Request) -> web.Response:
        return web.Response(text=html, content_type="text/html")

    app = web.Application()
    app.router.add_get("/", page)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    try:
        yield f"http://127.0.0.1:{runner.addresses[0][1]}/"
    finally:
        await runner.cleanup()


@needs_browser
async def test_what_went_wrong_stays_to_be_read_while_the_call_goes_on(elsewhere: str) -> None:
    async with browser(allowed=False) as chromium:
        page = await chromium.new_page()
        await page.goto(elsewhere)
        await page.get_by_role("button", name="Ask by voice").click()
        await until(page, f'{SHOWN}.includes("I\'m AURA")')
        await page.get_by_role("alert").get_by_text("not allowed").wait_for()


@needs_browser
async def test_ten_lines_embed_a_call(elsewhere: str) -> None:
    async with browser() as chromium:
        page, wrong = await chromium.new_page(), []
        page.on("console", lambda said: wrong.append(said.text) if said.type == "error" else None)
        page.on("pageerror", lambda error: wrong.append(str(error)))
        await page.goto(elsewhere)
        await page.get_by_role("button", name="Ask by voice").click()
        await until(page, f'{SHOWN}.includes("I\'m AURA")')
        await page.get_by_role("button", name="Mute").click()
        await page.get_by_role("button", name="Unmute").wait_for()
        await page.get_by_role("button", name="Hang up").click()
        await page.get_by_role("button", name="Ask by voice").wait_for()
        assert [line for line in wrong if "favicon" not in line and "404" not in line] == []
