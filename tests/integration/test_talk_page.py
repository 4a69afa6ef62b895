"""The talk page in a real browser, over the whole of Aura with simulated engines."""

from __future__ import annotations

import asyncio
import os
import re
import signal
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from runtime.audio.conversion import write_wav
from tests.aura_process import SIMULATED, AuraProcess
from tests.caller import buzz, silence
from tests.integration.accessibility import axe, faults
from tests.talk_page import browser, call, needs_browser, opened, say, until, words

__all__ = ["axe"]
pytestmark = [needs_browser, pytest.mark.asyncio(loop_scope="module")]  # one Chromium for most
TALKATIVE = {
    **SIMULATED,
    "AURA_SIM_LLM_TOKENS": "60",
    "AURA_SIM_TTS_AUDIO_MS": "1500",
    "AURA_OVERLOAD_WAIT_MS": "60000",
    "AURA_TOOLS": "discover",
    "AURA_CALLER_VOICES": "amy",
    "AURA_STT_MODEL": "base",
}
AGENTS = {
    "host": "description: Answers for Da Luigi\ngreeting: Da Luigi, good evening!\n"
    "language: de\nturns: {eagerness: low}\ncallers: {may_set: [voice]}\n",
    "secret": "callers: {may_choose: false}\n",
}


@pytest.fixture(scope="module")
def aura(tmp_path_factory: pytest.TempPathFactory) -> Iterator[AuraProcess]:
    folder = tmp_path_factory.mktemp("talk")
    (folder / "agents").mkdir()
    for name, text in AGENTS.items():
        (folder / "agents" / f"{name}.yaml").write_text(text, encoding="utf-8")
    process = AuraProcess(folder, "--agents", str(folder / "agents"), env=TALKATIVE)
    try:
        yield process.wait_until_ready()
    finally:
        process.stop()


@pytest.fixture(scope="module")
def microphone(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Somebody who speaks once, 6 s after the microphone was opened."""
    file = tmp_path_factory.mktemp("microphone") / "speech.wav"
    file.write_bytes(write_wav(silence(6000) + buzz(900) + silence(20_000)))
    return file


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def shared(microphone: Path) -> AsyncIterator[Any]:
    async with browser(microphone) as found:
        yield found


@pytest_asyncio.fixture(loop_scope="module")
async def chromium(shared: Any) -> AsyncIterator[Any]:
    yield shared
    for context in shared.contexts:
        await context.close()


async def test_a_call_is_seen_as_it_happens_and_hung_up(aura: AuraProcess, chromium: Any) -> None:
    page, wrong = await opened(chromium, aura.url)
    await call(page)
    await until(page, f"{words('you')}.some((one) => one.includes('how are you'))")
    await until(page, f"{words('agent')}.length > 1")
    for lane in ("caller", "stt", "llm", "tts", "client"):
        await until(page, f"document.querySelector('#strip rect.span[fill=\"var(--{lane})\"]')")
    await until(page, "document.querySelectorAll('#steps tr').length > 3")
    assert re.fullmatch(r"\d+ ms", await page.inner_text("#felt"))
    drawn = "document.getElementById('you').getContext('2d').getImageData(0, 0, 240, 56).data"
    assert await page.evaluate(f"{drawn}.some((one) => one > 0)")
    await page.click("#hang-up")
    await until(page, "!document.getElementById('welcome').hidden")
    assert await page.inner_text("#start") == "Talk again"
    assert await page.evaluate("socket.readyState") >= 2
    assert wrong == []


async def test_speaking_over_the_answer_silences_it_at_once(
    aura: AuraProcess, tmp_path: Path
) -> None:
    """An answer lasts 10 s and more; the caller speaks every 6 s."""
    speech = tmp_path / "speech.wav"
    speech.write_bytes(write_wav(silence(6000) + buzz(900)))
    async with browser(speech, again=True) as chromium:
        page, wrong = await opened(chromium, aura.url)
        await call(page)
        await until(page, "document.getElementById('state').textContent === 'Listening'")
        await say(page, "Tell me all about it")
        await until(page, f"{SILENCED_S} !== undefined", 60)
        last_s = await page.evaluate(SILENCED_S)
    assert last_s < 0.4, f"sound went on for {last_s * 1000:.0f} ms"
    assert wrong == []


SILENCED_S = """ear.interruptions.filter((at) => at + 1 < ear.context.currentTime)
  .map((stopped) => {
    const loud = (one) => Math.abs(one) > 0.003;
    const near = ear.blocks.filter(([at, block]) => at < stopped + 0.8 && block.some(loud));
    const [at, block] = near.at(-1);
    return at + block.findLastIndex(loud) / ear.rate - stopped;
  })
  .find((s) => s > -0.8)"""
"""JavaScript of the seconds from an interruption of what was heard to the last sound of it."""


async def test_typing_and_stopping_work_without_a_microphone(
    aura: AuraProcess, chromium: Any
) -> None:
    page, wrong = await opened(chromium, aura.url)
    await page.click("#type-instead")
    await until(page, f"{words('agent')}.length === 1")
    assert await page.is_disabled("#mute")
    await say(page, "Good morning")
    await until(page, f"{words('you')}.includes('Good morning')")
    await until(page, f"{words('agent')}.length === 2")
    await until(page, "document.getElementById('state').textContent === 'Speaking'")
    await page.keyboard.press("Escape")
    await until(page, "document.querySelector('#words .agent.cut')")
    assert wrong == []


async def test_an_agent_and_a_voice_are_chosen_and_what_it_does_not_let_be_set_is_not_asked(
    aura: AuraProcess, chromium: Any
) -> None:
    page, wrong = await opened(chromium, aura.url)
    await until(page, "!document.getElementById('agent-row').hidden")
    assert await page.locator("#chosen-agent option").all_inner_texts() == ["Aura", "host"]
    assert await page.is_visible("#language")
    await page.select_option("#chosen-agent", "host")
    assert await page.inner_text("#about") == "Answers for Da Luigi"
    assert await page.is_hidden("#language")
    assert await page.is_hidden("#eagerness")
    await page.select_option("#voice", "amy")
    await page.click("#type-instead")
    await until(page, f"{words('agent')}[0]?.startsWith('Da Luigi')")
    asked = await page.evaluate("new URL(socket.url).searchParams.toString()")
    assert "agent=host" in asked
    assert "voice=amy" in asked
    assert "language" not in asked
    assert "eagerness" not in asked
    assert await page.is_hidden("#problem")
    assert wrong == []


async def test_a_tool_is_shown_as_it_is_called(aura: AuraProcess, chromium: Any) -> None:
    page, wrong = await opened(chromium, aura.url)
    await page.click("#type-instead")
    await until(page, f"{words('agent')}.length === 1")
    await say(page, "CALL:end_call")
    await until(page, f"/^end_call, \\d+ ms$/.test({words('tool')}[0])")
    await until(page, "document.querySelector('#strip rect.span[fill=\"var(--tool)\"]')")
    await until(page, "document.getElementById('title').textContent === 'The call is over.'", 60)
    assert wrong == []


async def test_muting_sends_silence(aura: AuraProcess, chromium: Any) -> None:
    page, wrong = await opened(chromium, aura.url)
    await page.evaluate("""() => {
      window.loudest = 0;
      const send = WebSocket.prototype.send;
      WebSocket.prototype.send = function (data) {
        const samples = typeof data === "string" ? [] : data;
        for (const one of samples) loudest = Math.max(loudest, Math.abs(one));
        return send.call(this, data);
      };
    }""")
    await call(page)
    await page.locator("#mute").press("m")
    await until(page, "document.getElementById('mute').getAttribute('aria-pressed') === 'true'")
    await page.evaluate("() => { window.loudest = 0; }")
    await asyncio.sleep(7.5)  # the voice has come and gone
    assert await page.evaluate("loudest") == 0
    await page.click("#mute")
    assert await page.inner_text("#mute") == "Mute"
    assert wrong == []


async def test_a_killed_edge_is_survived_with_the_history(tmp_path: Path, chromium: Any) -> None:
    own = AuraProcess(tmp_path, env=SIMULATED)
    try:
        await asyncio.to_thread(own.wait_until_ready)
        page, _ = await opened(chromium, own.url)
        await page.click("#type-instead")
        await until(page, f"{words('agent')}.length === 1")
        session = await page.inner_text("#session")
        os.kill(own.children()["edge"], signal.SIGKILL)
        await until(page, "ear.states.some((one) => one.includes('reconnecting'))")
        await until(page, "document.getElementById('state').textContent === 'Listening'", 40)
        assert await page.inner_text("#session") == session
        await say(page, "Are you still there")
        await until(page, f"{words('agent')}.length === 2")
        assert '"resumed": true' in own.said()
        assert await page.is_hidden("#problem")
    finally:
        own.stop()


async def test_an_answer_that_is_late_because_a_stage_is_missing_is_explained(
    aura: AuraProcess, chromium: Any
) -> None:
    """Two workers stand still; then they go on. Recognition is missed before anybody speaks."""
    page, _ = await opened(chromium, aura.url)
    await page.click("#type-instead")
    await until(page, f"{words('agent')}.length === 1")
    problem = "document.getElementById('problem')"
    children = aura.children()
    model, recogniser = children["worker llm"], children["worker stt"]
    os.kill(recogniser, signal.SIGSTOP)
    try:
        await until(page, f"{problem}.textContent.includes('speech recognition is missing')", 60)
        os.kill(model, signal.SIGSTOP)
        await say(page, "Are you there")
        await until(page, f"{problem}.textContent.includes('the language model are missing')", 60)
    finally:
        os.kill(recogniser, signal.SIGCONT)
        os.kill(model, signal.SIGCONT)
    health = "fetch('/health').then((one) => one.ok)"
    async with asyncio.timeout(60):
        while not await page.evaluate(health):
            await asyncio.sleep(0.2)
    await say(page, "Are you back")
    await until(page, f"{words('agent')}.length >= 2")
    await until(page, f"{problem}.hidden")


async def test_a_refused_token_is_said_and_another_asked_for(
    aura: AuraProcess, chromium: Any
) -> None:
    page, wrong = await opened(chromium, f"{aura.url}")
    await page.goto(f"{aura.url}/talk#token=nobody")
    await page.reload()
    await page.click("#start")
    await until(page, "document.getElementById('problem').textContent.includes('refused')")
    assert await page.is_visible("#token")
    assert await page.is_visible("#start")
    assert wrong == []


async def test_a_microphone_that_is_not_allowed_is_explained_and_the_call_goes_on(
    aura: AuraProcess,
) -> None:
    async with browser(allowed=False) as strict:
        page, wrong = await opened(strict, aura.url, permissions=[])
        await page.click("#start")
        await until(page, "document.getElementById('problem').textContent.includes('not allowed')")
        await until(page, f"{words('agent')}.length === 1")
        await say(page, "Then I type")
        await until(page, f"{words('agent')}.length === 2")
        assert wrong == []


async def test_a_page_without_https_says_why_it_has_no_microphone_and_can_be_typed_into(
    aura: AuraProcess,
) -> None:
    """Chromium is told that `talk.test` is this machine: only its real names are trusted."""
    async with browser(rules="MAP talk.test 127.0.0.1") as chromium:
        page, wrong = await opened(chromium, f"http://talk.test:{aura.port}")
        assert await page.is_hidden("#start")
        assert f"ssh -L {aura.port}:localhost" in await page.inner_text("#microphone-words")
        await page.click("#type-instead")
        await until(page, f"{words('agent')}.length === 1")
        assert "only to https pages" in await page.inner_text("#problem")
        await until(page, "document.getElementById('state').textContent === 'Listening'")
        assert wrong == []


@pytest.mark.parametrize(("scheme", "width"), [("light", 390), ("dark", 1280)])
async def test_everybody_can_use_it(
    aura: AuraProcess, chromium: Any, axe: str, scheme: str, width: int
) -> None:
    """No serious fault before, in and after a call, and nothing to scroll sideways."""
    size = {"width": width, "height": 860}
    page, wrong = await opened(chromium, aura.url, viewport=size, color_scheme=scheme)
    assert await faults(page, axe) == []
    await call(page)
    await say(page, "Good morning")
    await until(page, f"{words('agent')}.length === 2")
    assert await faults(page, axe) == []
    assert await page.evaluate("document.documentElement.scrollWidth") <= width
    await page.click("#hang-up")
    assert await faults(page, axe) == []
    assert wrong == []
