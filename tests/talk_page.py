"""The talk page in a real Chromium: a microphone fed from a file, an ear at the speaker."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from playwright.async_api import Page, async_playwright

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
needs_browser = pytest.mark.skipif(
    CHROMIUM is None,
    reason="NOT TESTED HERE: the talk page needs Chromium (apt-get install chromium)",
)

EAR = """
window.ear = {rate: 0, blocks: [], interruptions: [], states: []};
document.addEventListener("DOMContentLoaded", () => {
  const state = document.getElementById("state"), note = () => ear.states.push(state.textContent);
  if (state) new MutationObserver(note).observe(state, {childList: true});
});
const connect = AudioNode.prototype.connect;
AudioNode.prototype.connect = function (to, ...rest) {
  if (to instanceof AudioDestinationNode && !ear.rate) {
    ear.rate = this.context.sampleRate;
    ear.context = this.context;
    const tap = this.context.createScriptProcessor(1024, 1, 1);
    tap.onaudioprocess = ({inputBuffer, playbackTime}) =>
      ear.blocks.push([playbackTime, Float32Array.from(inputBuffer.getChannelData(0))]);
    connect.call(this, tap);
    connect.call(tap, to);
    window.tap = tap;
  }
  return connect.call(this, to, ...rest);
};
const Socket = WebSocket;
window.WebSocket = class extends Socket {
  constructor(...all) {
    super(...all);
    window.socket = this;
    this.addEventListener("message", ({data}) => {
      if (typeof data === "string" && JSON.parse(data).type === "ai_interrupted")
        ear.interruptions.push(ear.context.currentTime);
    });
  }
};
"""
"""Hears what goes to the loudspeaker, and notes interruptions, by the clock of the audio.

It also notes the states that are shown: one may be over before a test looks.
"""


@asynccontextmanager
async def browser(
    microphone: Path | None = None, *, allowed: bool = True, again: bool = False, rules: str = ""
) -> AsyncIterator[Any]:
    """Yield a Chromium whose microphone plays a WAV once, or *again* and again.

    Without one it beeps. *rules* tell it where hosts are.
    """
    args = [
        "--no-sandbox",
        "--use-fake-device-for-media-stream",
        "--autoplay-policy=no-user-gesture-required",
        "--disable-gpu",  # it would be imitated, which costs more
    ]
    if allowed:
        args.append("--use-fake-ui-for-media-stream")
    if rules:
        args += [f"--host-resolver-rules={rules}", "--no-proxy-server"]
    if microphone:
        once = "" if again else "%noloop"
        args.append(f"--use-file-for-fake-audio-capture={microphone}{once}")
    async with async_playwright() as playwright:
        chromium = await playwright.chromium.launch(executable_path=CHROMIUM, args=args)
        try:
            yield chromium
        finally:
            await chromium.close()


async def opened(chromium: Any, url: str, **options: Any) -> tuple[Page, list[str]]:
    """Open the talk page at *url*; return it, and what it complains of."""
    wrong: list[str] = []
    context = await chromium.new_context(**options)
    page = await context.new_page()
    page.on("pageerror", lambda error: wrong.append(str(error)))
    page.on("console", lambda said: wrong.append(said.text) if said.type == "error" else None)
    page.on("request", lambda sent: None if sent.url.startswith(url) else wrong.append(sent.url))
    await page.add_init_script(EAR)
    await page.goto(f"{url}/")
    ready = "document.getElementById('place')?.textContent.includes(':')"
    await until(page, f"{ready} || document.getElementById('start').hidden")
    return page, wrong


async def until(page: Page, what: str, seconds: float = 30) -> None:
    """Wait until the JavaScript *what* is true; the page's policy forbids Playwright's own wait."""
    try:
        async with asyncio.timeout(seconds):
            while not await page.evaluate(f"Boolean({what})"):
                await asyncio.sleep(0.05)
    except TimeoutError:
        shown = await page.inner_text("body")
        raise AssertionError(f"never true: {what}\n{shown}") from None


def words(who: str) -> str:
    """Return the JavaScript of all words that *who* (`you`, `agent`) is shown to have said."""
    return f"[...document.querySelectorAll('#words .{who} .what')].map((one) => one.textContent)"


async def heard(page: Page) -> tuple[int, np.ndarray[Any, np.dtype[np.float32]]]:
    """Return the rate in Hz and the samples that went to the loudspeaker."""
    rate = await page.evaluate("ear.rate")
    blocks = await page.evaluate("ear.blocks.map(([, block]) => Array.from(block))")
    return int(rate), np.concatenate([np.asarray(one, np.float32) for one in blocks])


async def call(page: Page) -> None:
    await page.click("#start")
    await until(page, "ear.states.includes('Speaking')")


async def say(page: Page, text: str) -> None:
    await page.fill("#typed", text)
    await page.press("#typed", "Enter")
