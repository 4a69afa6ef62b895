"""The operator's console over the whole of Aura with simulated engines."""

from __future__ import annotations

import io
import time
import wave
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
import pytest

from runtime.bus.connection import connect
from runtime.sessions.file import unpack
from runtime.settings import load
from schemas import events as ev
from tests.aura_process import SIMULATED, AuraProcess
from tests.caller import DEMO, VOICE_MS, Caller, buzz, calling, silence
from tests.console import address_of, looking
from tests.integration.accessibility import axe, faults
from tests.integration.console_requests import get, post
from tests.talk_page import browser, needs_browser, until

__all__ = ["axe"]
HOSTILE = "<script>alert(1)</script><img src=x onerror=alert(1)>\x1b[31m\u202e"


@pytest.fixture(scope="module")
def aura(tmp_path_factory: pytest.TempPathFactory) -> Iterator[AuraProcess]:
    env = {
        **SIMULATED,
        "AURA_CONSOLE": "true",
        "AURA_CONSOLE_PORT": "0",
        "AURA_RECORD_AUDIO": "always",
        "AURA_API_REQUESTS_PER_MINUTE": "20",
    }
    process = AuraProcess(tmp_path_factory.mktemp("console"), env=env)
    try:
        yield process.wait_until_ready()
    finally:
        assert process.stop() == 0


@pytest.fixture(scope="module")
def url(aura: AuraProcess) -> str:
    return address_of(aura)


@pytest.fixture
async def http() -> AsyncIterator[aiohttp.ClientSession]:
    jar = aiohttp.CookieJar(unsafe=True)  # of an address, such as 127.0.0.1
    async with aiohttp.ClientSession(cookie_jar=jar) as session:
        yield session


@asynccontextmanager
async def held(aura: AuraProcess) -> AsyncIterator[tuple[Caller, str]]:
    async with calling(aura.url, f"{DEMO}&greeting=0&audio=chunks&record=1") as caller:
        yield caller, (await caller.until("session"))["session"]


async def test_a_call_is_seen_commanded_and_afterwards_drawn_heard_and_taken_along(
    aura: AuraProcess, url: str, http: aiohttp.ClientSession
) -> None:
    async with looking(http, url) as page, held(aura) as (caller, session):
        one = await page.until(lambda: page.call(session))
        assert (one["tenant"], one["state"]) == ("demo", "idle")
        assert one["user"].startswith("demo")
        assert {row["role"] for row in page.state["workers"]} >= {"edge", "stt", "llm", "tts"}
        assert [row["stage"] for row in page.state["stages"]] == ["stt", "llm", "tool", "tts"]

        await page.socket.send_json({"watch": session})
        await page.until(lambda: "session.started" in page.names())
        await caller.speak(buzz(VOICE_MS) + silence(1500))
        await caller.until("ai_audio_chunk")
        await page.until(lambda: "response.sentence" in page.names())
        said = await page.until(lambda: (page.call(session) or {}).get("caller"))
        assert said
        assert any(row[3] == session and row[4] == "turn.committed" for row in page.rows)

        status, done = await post(http, f"{url}/api/live/{session}/say", '{"text": "We close."}')
        assert (status, done["call"]["session"]) == (200, session)
        received = await page.until(
            lambda: [one for one in page.events if one["name"] == "control.received"]
        )
        assert received[0]["data"]["by"] == "console"
        status, _ = await post(http, f"{url}/api/live/{session}/end")
        assert status == 200
        await page.until(lambda: page.call(session) is None)
        hour = await page.until(
            lambda: (page.state["hour"]["turns"] or None) and page.state["hour"]
        )
        assert hour["wait_ms"]["p50"] > 0
        assert hour["dots"][0][2] == session

    status, told = await get(http, f"{url}/api/calls/{session}")
    assert status == 200
    assert told["row"]["ended"] == "end_call"
    assert {"caller", "stt", "llm", "tts", "client"} <= {span[2] for span in told["spans"]}
    assert told["peaks"]["caller"]
    status, found = await get(http, f"{url}/api/calls", params={"id": session[-8:]})
    assert [one["session"] for one in found["calls"]] == [session]

    sound = f"{url}/api/calls/{session}/sound.wav"
    async with http.get(sound) as answer:
        whole = await answer.read()
    with wave.open(io.BytesIO(whole)) as file:
        assert (file.getnchannels(), file.getframerate()) == (2, 16000)
    async with http.get(sound, headers={"Range": "bytes=44-143"}) as answer:
        assert answer.status == 206
        assert await answer.read() == whole[44:144]
    async with http.get(f"{url}/api/calls/{session}/export.aura") as answer:
        assert unpack(await answer.read()).session == session

    status, verdict = await get(http, f"{url}/api/calls/{session}/decide")
    assert (status, verdict["differences"]) == (200, [])
    status, both = await get(http, f"{url}/api/calls/{session}/with/{session}")
    assert {pair["later_ms"] for pair in both["turns"]} <= {0, None}
    assert "We close." not in aura.said()


async def test_refusals_of_the_door_are_counted(
    aura: AuraProcess, url: str, http: aiohttp.ClientSession
) -> None:
    async with looking(http, url) as page:
        await page.until(lambda: page.state["bus"] == "here")
        answers = [(await get(http, f"{aura.url}/"))[0] for _ in range(25)]
        refused = answers.count(429)
        assert refused
        await page.until(lambda: page.state["refused"].get("requests") == refused)


async def test_what_cannot_be_is_said_in_words(url: str, http: aiohttp.ClientSession) -> None:
    for path, status, code in (
        ("calls/s_none", 404, "UNKNOWN_CALL"),
        ("calls/a.b", 404, "UNKNOWN_CALL"),
        ("calls/s_none/sound.wav", 404, "NO_SOUND"),
        ("calls/s_none/export.aura", 404, "UNKNOWN_CALL"),
        ("calls/s_none/with/s_none", 404, "UNKNOWN_CALL"),
        ("calls?only=all", 400, "BAD_REQUEST"),
        ("agents/none", 404, "UNKNOWN_AGENT"),
        ("nothing", 404, "REFUSED"),
    ):
        found = await get(http, f"{url}/api/{path}")
        assert (found[0], found[1]["code"]) == (status, code), path
        assert found[1]["error"]
    live = f"{url}/api/live/s_none"
    assert (await post(http, f"{live}/say", '{"text": "x"}'))[0] == 404
    for body in ("{}", "[", '{"text": ""}', '{"text": "x", "loud": true}', "[" * 9000):
        assert (await post(http, f"{live}/say", body))[0] == 400, body[:20]
    assert (await post(http, f"{live}/say", "x" * 70_000))[0] == 413
    async with http.ws_connect(f"{url}/api/live") as socket:
        await socket.send_str('{"watch": "*"}')
        async for _ in socket:
            pass
        assert socket.close_code == 1008


async def test_only_its_own_page_on_its_own_host_is_answered(
    url: str, http: aiohttp.ClientSession
) -> None:
    async with http.get(url) as answer:
        policy = answer.headers["Content-Security-Policy"]
        assert "default-src 'none'" in policy
        assert "unsafe" not in policy
        text = await answer.text()
    assert "://" not in text
    assert (await get(http, f"{url}/api/calls", headers={"Host": "rebound.example"}))[0] == 403
    fetched = await get(http, f"{url}/api/calls", headers={"Sec-Fetch-Site": "cross-site"})
    assert fetched[0] == 403
    where = f"{url}/api/live/s_1/end"
    assert (await post(http, where, Origin="http://evil.example"))[0] == 403
    assert (await post(http, where, **{"Sec-Fetch-Site": "cross-site"}))[0] == 403
    assert (await post(http, where, Origin=url))[0] == 404
    with pytest.raises(aiohttp.WSServerHandshakeError, match="403"):
        await http.ws_connect(f"{url}/api/live", origin="http://evil.example")


@asynccontextmanager
async def opened(url: str, **options: Any) -> AsyncIterator[tuple[Any, list[str]]]:
    """Yield the console's page in a Chromium, and what it complains of or asks of others."""
    wrong: list[str] = []
    async with browser() as chromium:
        page = await (await chromium.new_context(**options)).new_page()
        page.on("pageerror", lambda error: wrong.append(str(error)))
        page.on("console", lambda said: wrong.append(said.text) if said.type == "error" else None)
        page.on("dialog", lambda dialog: wrong.append(f"dialog {dialog.message}"))
        page.on("request", lambda one: None if one.url.startswith(url) else wrong.append(one.url))
        await page.goto(url)
        await until(page, "document.getElementById('bus').dataset.is === 'here'")
        yield page, wrong


async def store_hostile(aura: AuraProcess) -> None:
    of: ev.Head = {"tenant": "acme", "session": "s_hostile", "at_ms": round(time.time() * 1000)}
    settings = load(data_dir=aura.data, _env_file=None)
    async with await connect(settings, "test") as bus:
        for event in (
            ev.SessionStarted(**of, user=HOSTILE, protocol="continuous", edge="e"),
            ev.TurnCommitted(**of, turn=1, text=HOSTILE, confidence=1.0, speculative=False),
            ev.AnswerHeard(**of, turn=1, text=HOSTILE, complete=True, played_ms=1),
            ev.TroubleTold(**of, stage="tts", reason=HOSTILE),
        ):
            await bus.publish(event)


@needs_browser
async def test_every_part_is_there_for_everybody_and_words_stay_words(
    aura: AuraProcess, url: str, axe: str
) -> None:
    """Overview, a running call, a recorded one, a comparison, calls, agents: by keyboard or eye."""
    await store_hostile(aura)
    async with opened(url) as (page, wrong):

        async def fit(what: str) -> None:
            for scheme, width in (("dark", 390), ("light", 1280)):
                await page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
                await page.set_viewport_size({"width": width, "height": 860})
                assert await faults(page, axe) == [], (what, scheme, width)
                assert await page.evaluate("document.documentElement.scrollWidth") <= width, what

        async def part(address: str, ready: str) -> None:
            await page.goto(f"{url}/#/{address}")
            await until(page, ready)
            await fit(address)

        async with held(aura) as (caller, session):
            await part("", "document.querySelector('.stream').textContent.includes('session.')")
            link = f"document.querySelector('a[href=\"#/call/{session}\"]')"
            await until(page, link)
            await part(f"call/{session}", "document.getElementById('order')")
            await page.fill("#order", "We close soon.")
            await page.press("#order", "Enter")
            said = "[...document.querySelectorAll('#words .agent .what')].map((x) => x.textContent)"
            await until(page, f"{said}.some((one) => one.includes('We close soon.'))")
            await until(page, "document.querySelector('.picture rect.span')")
            await fit("a call that goes on")
            await caller.until("ai_audio_chunk")
            await page.click(".orders .end")
            await page.click(".orders .end")
            await until(page, "document.querySelector('audio')")
        await page.evaluate("document.querySelector('audio').play()")
        await until(page, "document.querySelector('audio').currentTime > 0.2")
        await until(page, "!document.querySelector('.cursor').hidden")
        await fit("a call that plays")
        await part("call/s_hostile", "document.querySelectorAll('#words li').length === 3")
        shown_hostile = HOSTILE.replace("\x1b", r"\u001b").replace("\u202e", r"\u202e")
        assert await page.inner_text("#words .agent .what") == shown_hostile
        await part(f"compare/{session}/s_hostile", "document.querySelectorAll('svg').length === 2")
        await part("calls", "document.querySelectorAll('tbody tr').length > 1")
        await part("agents", "document.querySelector('h2')")
        assert wrong == []
