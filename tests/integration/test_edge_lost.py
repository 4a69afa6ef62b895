"""A line is cut, or an edge is killed, in the middle of an answer; its caller goes on elsewhere."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterator
from typing import Any

import psutil
import pytest

from schemas.events import TurnTaken
from tests.aura_process import SIMULATED, AuraProcess
from tests.caller import VOICE_MS, Caller, buzz, calling, pcm_of, silence
from tests.realtime_caller import realtime
from tests.session_log import end_of, log_of

PATH = "/ws/voice/continuous?token=demo_token&greeting=0&audio=chunks"
LONG = {
    **SIMULATED,
    "AURA_SIM_STT_MS": "400",
    "AURA_SIM_LLM_TOKENS": "60",
    "AURA_SIM_TTS_AUDIO_MS": "1500",
    "AURA_RECONNECTS_PER_MINUTE": "60",
}


@pytest.fixture(scope="module")
def aura(tmp_path_factory: pytest.TempPathFactory) -> Iterator[AuraProcess]:
    process = AuraProcess(tmp_path_factory.mktemp("edges"), "--edges", "2", env=LONG)
    try:
        yield process.wait_until_ready()
    finally:
        assert process.stop() == 0


def edge_on(aura: AuraProcess, port: int) -> psutil.Process:
    """Return the edge that listens on *port*."""
    for child in (psutil.Process(pid) for _, pid in aura.processes()):
        if any(one.laddr.port == port for one in child.net_connections("tcp")):
            return child
    raise AssertionError(f"nobody listens on {port}")


def words(caller: Caller) -> str:
    return "".join(chunk["text"] for chunk in caller.told("ai_audio_chunk"))


async def ask(caller: Caller) -> None:
    await caller.speak(buzz(VOICE_MS) + silence(700))


async def answered(caller: Caller) -> str:
    """Ask the first question; return the session when its answer is being spoken."""
    session: str = (await caller.until("session"))["session"]
    await ask(caller)
    await caller.until("ai_audio_chunk")
    return session


async def test_a_caller_who_comes_back_before_the_old_line_is_known_to_be_dead(
    aura: AuraProcess,
) -> None:
    """The old connection says no more, and the answer is spoken to its end on the new one."""
    other = f"http://127.0.0.1:{aura.port + 1}"
    async with calling(aura.url, PATH) as caller:
        session = await answered(caller)
        async with calling(other, f"{PATH}&session={session}") as again:
            done = await again.until("ai_complete", seconds=20)
            await asyncio.wait_for(caller.ws.wait_closed(), 5)
            assert caller.ws.close_code == 1000
            assert "another connection" in (caller.ws.close_reason or "")
            assert not caller.told("ai_complete")
            assert done["full_response"].endswith(words(again).strip())
            await ask(again)
            await again.until("ai_complete", 2, seconds=12)
            assert not again.told("error")


async def test_what_the_old_connection_decided_on_a_stalled_bus_is_known_on_the_new_one(
    aura: AuraProcess,
) -> None:
    """The end of speech and the commit wait for the bus while the caller comes back."""
    other = f"http://127.0.0.1:{aura.port + 1}"
    (bus,) = (psutil.Process(pid) for name, pid in aura.processes() if name == "nats-server")
    async with calling(aura.url, PATH) as caller:
        session: str = (await caller.until("session"))["session"]
        await caller.speak(buzz(VOICE_MS))
        await log_of(aura, session, lambda log: any(isinstance(one, TurnTaken) for one in log))
        bus.suspend()
        try:
            await caller.speak(silence(1500))
            async with calling(other, f"{PATH}&session={session}") as again:
                await asyncio.sleep(0.5)
                bus.resume()
                await again.until("ai_complete", seconds=20)
                assert not again.told("error")
        finally:
            bus.resume()


@pytest.mark.parametrize("heard_s", [0.0, 2.2])
async def test_the_rest_of_the_answer_is_spoken_by_the_other_edge(
    aura: AuraProcess, heard_s: float
) -> None:
    other = f"http://127.0.0.1:{aura.port + 1}"
    async with calling(aura.url, PATH) as caller:
        session = await answered(caller)
        await asyncio.sleep(heard_s)
        edge_on(aura, aura.port).kill()
        await asyncio.wait_for(caller.ws.wait_closed(), 5)
        before = words(caller)
    async with calling(other, f"{PATH}&session={session}") as again:
        assert (await again.until("session"))["resumed"] is True
        done = await again.until("ai_complete", seconds=12)
        rest = words(again)
        assert done["full_response"].endswith(rest.strip())
        first = done["full_response"].removesuffix(rest.strip()).strip()
        assert before.strip().startswith(first), "what was not heard before is spoken now"
        assert not again.told("error")
        assert not again.told("user_transcript")
        await ask(again)
        await again.until("ai_complete", 2, seconds=12)
        assert len(again.told("user_transcript")) == 1
    await aura.until_healthy()


SENTENCE_MS = 1500


def sound_ms(caller: Caller) -> int:
    messages = caller.told("ai_audio_chunk") + caller.told("ai_audio")
    return sum(len(pcm_of(one)) for one in messages) // 32


async def test_a_line_that_is_cut_is_gone_on_with_where_the_ear_stopped(
    aura: AuraProcess,
) -> None:
    """Four callers at once: each takes its time."""
    async with asyncio.TaskGroup() as callers:
        for delivery in ("chunks", "sentences"):
            for heard_s in (0.3, 2.2):
                callers.create_task(cut_and_gone_on_with(aura, heard_s, delivery))


async def cut_and_gone_on_with(aura: AuraProcess, heard_s: float, delivery: str) -> None:
    path = PATH.replace("chunks", delivery)
    kind = "ai_audio_chunk" if delivery == "chunks" else "ai_audio"
    async with calling(aura.url, path) as caller:
        session: str = (await caller.until("session"))["session"]
        await ask(caller)
        await caller.until(kind)
        await asyncio.sleep(heard_s)
        caller.ws.transport.abort()
        await asyncio.wait_for(caller.ws.wait_closed(), 5)
        sent_ms = sound_ms(caller)
    await log_of(aura, session, end_of)
    other = f"http://127.0.0.1:{aura.port + 1}"
    async with calling(other, f"{path}&session={session}") as again:
        goes_on = await again.until("session")
        assert goes_on["resumed"] is True
        done = await again.until("ai_complete", seconds=15)
        full = done["full_response"]
        rest = " ".join(one["text"].strip() for one in again.told(kind) if one["text"])
        assert f"{goes_on['heard']} {rest}".strip() == full, "each word once"
        total_ms = SENTENCE_MS * len(re.findall(r"[.!?](?= |$)", full))
        heard_ms = total_ms - sound_ms(again)
        ahead_ms = 240 if delivery == "chunks" else SENTENCE_MS
        assert sent_ms - ahead_ms - 100 <= heard_ms <= sent_ms + 1
        assert heard_ms == pytest.approx(heard_s * 1000, abs=400)
        assert not again.told("error")
        await ask(again)
        await again.until("ai_complete", 2, seconds=15)


async def test_who_said_goodbye_in_mid_answer_hears_nothing_of_it_again(aura: AuraProcess) -> None:
    async with calling(aura.url, PATH) as caller:
        session = await answered(caller)
        await caller.send({"type": "end_call"})
        await asyncio.wait_for(caller.ws.wait_closed(), 5)
    async with calling(aura.url, f"{PATH}&session={session}") as again:
        begins = await again.until("session")
        assert (begins["resumed"], begins["session"] == session) == (False, False)
        await asyncio.sleep(1.5)
        assert not again.told("ai_audio_chunk")


async def test_who_comes_back_while_the_bus_is_away_is_asked_to_try_again(
    aura: AuraProcess,
) -> None:
    """A new session instead would lose what was said."""
    async with calling(aura.url, PATH) as caller:
        session = await answered(caller)
        await caller.until("ai_complete", seconds=12)
    server = psutil.Process(aura.children()["nats-server"])
    server.suspend()
    try:
        async with calling(aura.url, f"{PATH}&session={session}") as again:
            assert (await again.until("error", seconds=20))["code"] == "BUS_AWAY"
            await asyncio.wait_for(again.ws.wait_closed(), 5)
            assert again.ws.close_code == 1013
    finally:
        server.resume()
    async with asyncio.timeout(20):
        while (told := await first_word(aura, session))["type"] == "error":
            assert told["code"] == "BUS_AWAY"
            await asyncio.sleep(0.5)
    assert told["resumed"] is True


async def first_word(aura: AuraProcess, session: str) -> dict[str, Any]:
    """Return what a caller who comes back to *session* is told first."""
    async with calling(aura.url, f"{PATH}&session={session}") as again:
        while not again.messages:
            await asyncio.sleep(0.01)
        return again.messages[0]


async def test_committed_audio_whose_words_come_after_the_line_was_cut_is_answered(
    aura: AuraProcess,
) -> None:
    async with realtime(aura.url) as caller:
        session = (await caller.until("session.created"))["session"]["id"]
        by_client = {"type": "realtime", "audio": {"input": {"turn_detection": None}}}
        await caller.send({"type": "session.update", "session": by_client})
        await caller.until("session.updated")
        await caller.speak(buzz(900))
        await caller.send({"type": "input_audio_buffer.commit"})
        await caller.until("input_audio_buffer.committed")
        caller.ws.transport.abort()
    async with realtime(f"http://127.0.0.1:{aura.port + 1}", f"session={session}") as again:
        await again.until("response.output_audio.delta")
        assert not again.told("error")
