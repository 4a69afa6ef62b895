"""The client documents' own examples, unchanged: Python as a process, JavaScript in Chromium.

The documents stand beside the project, the browser is optional: without them this is skipped.
"""

from __future__ import annotations

import asyncio
import base64
import re
import shutil
import socket
import subprocess
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from runtime.audio.conversion import write_wav
from tests.aura_process import SIMULATED, AuraProcess
from tests.caller import silence

DOCUMENTS = Path(__file__).parents[3] / "shared" / "protocols"
VOICE_API = DOCUMENTS / "aura-voice-websocket-api.md"
CONVERSATION_API = DOCUMENTS / "conversational-ai-api.md"
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
DOCUMENTED_PORT = 8000

Say = Callable[[str], bytes]

pytestmark = [
    pytest.mark.skipif(not VOICE_API.exists(), reason="the client documents are not here"),
    pytest.mark.timeout(120),
]
needs_browser = pytest.mark.skipif(CHROMIUM is None, reason="no Chromium is installed")

PAGE = """<!doctype html><script>
const told = [];
const displayMessage = (who, text) => told.push({who, text});
const playAudio = async (audio) => {
  const element = new Audio('data:audio/wav;base64,' + audio);
  await new Promise((done, failed) => {
    element.onloadedmetadata = done;
    element.onerror = () => failed(element.error);
  });
  told.push({played: element.duration});
};
window.onerror = (what) => told.push({error: String(what)});
window.onunhandledrejection = (what) => told.push({error: String(what.reason)});
</script><script %s>
%s
</script>"""


def example(document: Path, heading: str, language: str) -> str:
    """Return the code block under *heading* of *document*."""
    text = document.read_text(encoding="utf-8")
    under = text[text.index(heading) :]
    found = re.search(rf"```{language}\n(.*?)```", under, re.DOTALL)
    assert found, heading
    return found[1]


@asynccontextmanager
async def browser(html: str, aura: AuraProcess, microphone: Path) -> AsyncIterator[Any]:
    """Yield a page of *html* for which port 8000 is *aura* and the microphone a WAV."""
    from playwright.async_api import async_playwright  # noqa: PLC0415  # where there is a browser

    async def page_itself(_: web.Request) -> web.Response:
        return web.Response(text=html, content_type="text/html")

    app = web.Application()
    app.router.add_get("/", page_itself)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    (_, port) = runner.addresses[0][:2]
    async with async_playwright() as playwright:
        chromium = await playwright.chromium.launch(
            executable_path=CHROMIUM,
            args=[
                "--no-sandbox",
                "--use-fake-ui-for-media-stream",
                "--use-fake-device-for-media-stream",
                f"--use-file-for-fake-audio-capture={microphone}",
                "--autoplay-policy=no-user-gesture-required",
                f"--host-resolver-rules=MAP localhost:{DOCUMENTED_PORT} 127.0.0.1:{aura.port}",
            ],
        )
        try:
            page = await chromium.new_page()
            await page.goto(f"http://127.0.0.1:{port}/")
            yield page
        finally:
            await chromium.close()
            await runner.cleanup()


async def until(page: Any, what: str, seconds: float = 40) -> list[dict[str, Any]]:
    """Wait until the page was told something for which *what* (JavaScript of `one`) is true."""
    try:
        await page.wait_for_function(f"told.some((one) => {what})", timeout=seconds * 1000)
    except Exception as error:
        raise AssertionError(await page.evaluate("told")) from error
    told: list[dict[str, Any]] = await page.evaluate("told")
    return told


@needs_browser
async def test_the_voice_documents_page_has_a_call(
    aura: AuraProcess, say: Say, tmp_path: Path
) -> None:
    """Connection, microphone, messages and cleanup as the document writes them, put together."""
    question = tmp_path / "microphone.wav"
    # it comes again and again: on a slow machine the first time is during the greeting
    spoken = silence(8000) + say("What is the capital of Italy?") + silence(6000)
    question.write_bytes(write_wav(spoken))
    headings = (
        "### **1. Connection Establishment**",
        "### **2. Audio Stream Setup**",
        "### **3. Message Handling**",
        "### **4. Connection Cleanup**",
    )
    script = "\n".join(example(VOICE_API, heading, "javascript") for heading in headings)
    script += "\nwindow.endCall = endCall; window.rate = audioContext.sampleRate;"
    async with browser(PAGE % ('type="module"', script), aura, question) as page:
        told = await until(page, "one.who === 'User'")
        words = next(one["text"] for one in told if one.get("who") == "User")
        assert "capital" in words.lower(), (words, await page.evaluate("window.rate"))
        told = await until(page, "one.played && told.filter((x) => x.who === 'AI').length > 1")
        assert told[0]["text"].startswith("Hello! I'm AURA")
        assert not [one for one in told if "error" in one]
        await page.evaluate("endCall()")
        async with asyncio.timeout(10):
            await aura.until_nobody_calls()


@needs_browser
async def test_the_voice_documents_own_connection_test_passes(
    aura: AuraProcess, tmp_path: Path
) -> None:
    quiet = tmp_path / "microphone.wav"
    quiet.write_bytes(write_wav(silence(5000)))
    headings = ("### **WebSocket Connection Test**", "### **Audio Pipeline Test**")
    script = "\n".join(example(VOICE_API, heading, "javascript") for heading in headings)
    async with browser(PAGE % ("", script), aura, quiet) as page:
        assert await page.evaluate("testWebSocketConnection()") is True
        await page.evaluate("testAudioPipeline()")


@needs_browser
async def test_the_conversation_documents_page_has_a_conversation(
    aura: AuraProcess, say: Say, tmp_path: Path
) -> None:
    quiet = tmp_path / "microphone.wav"
    quiet.write_bytes(write_wav(silence(5000)))
    script = example(CONVERSATION_API, "### JavaScript Client Example", "javascript")
    question = say("What is the capital of Italy?") + silence(1500)
    async with browser(PAGE % ("", script), aura, quiet) as page:
        await page.wait_for_function("ws.readyState === WebSocket.OPEN")
        await asyncio.sleep(0.3)
        heard: list[str] = []
        page.on("console", lambda message: heard.append(message.text))
        size = 32 * 256
        for at in range(0, len(question), size):
            chunk = base64.b64encode(write_wav(question[at : at + size])).decode()
            await page.evaluate("(chunk) => sendAudioChunk(chunk)", chunk)
            await asyncio.sleep(0.25)
        await until(page, "one.played > 0.2")
        assert any("capital" in line for line in heard if line.startswith("Transcript:"))
        assert any(line.startswith("AI Response:") for line in heard)


def test_the_python_example_connects_and_listens(tmp_path: Path) -> None:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", DOCUMENTED_PORT))
        except OSError:
            pytest.skip("port 8000, which the example names, is in use")
    code = example(CONVERSATION_API, "### Python Client Example", "python")
    aura = AuraProcess(tmp_path, env=SIMULATED, port=DOCUMENTED_PORT)
    try:
        aura.wait_until_ready()
        client = subprocess.Popen([sys.executable, "-c", code])
        try:
            aura.wait_for('"event": "session_started"')
            assert client.poll() is None
        finally:
            client.kill()
            client.wait()
        assert "conversation_broken" not in aura.said()
    finally:
        assert aura.stop() == 0
