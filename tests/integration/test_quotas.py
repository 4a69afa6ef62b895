"""Nobody evicts the log or the recordings of others: bounds that end a call, told to its client."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from runtime.bus.connection import connect
from runtime.settings import load
from schemas import events as ev
from schemas import subjects
from tests.aura_process import SIMULATED, AuraProcess
from tests.caller import DEMO, Caller, buzz, calling, silence
from tests.session_log import end_of, log_of

START = {"type": "start_conversation", "record": True}


def started(folder: Path, **settings: str) -> Iterator[AuraProcess]:
    aura = AuraProcess(folder, env={**SIMULATED, "DEBUG": "true", **settings})
    try:
        yield aura.wait_until_ready()
    finally:
        aura.stop()


@pytest.fixture(scope="module")
def narrow(tmp_path_factory: pytest.TempPathFactory) -> Iterator[AuraProcess]:
    """An Aura in which a session may store little."""
    limits = {"AURA_LOG_KB_PER_MINUTE": "100", "AURA_CONTROL_MESSAGES_PER_SECOND": "1000"}
    limits["AURA_MAX_CONNECTIONS_PER_IP"] = "5"  # an address has 200 a minute
    yield from started(tmp_path_factory.mktemp("narrow"), **limits, AURA_RECORDED_MB_PER_TENANT="1")


@pytest.fixture(scope="module")
def masking(tmp_path_factory: pytest.TempPathFactory) -> Iterator[AuraProcess]:
    rules = '{"swordfish": "[masked]"}'
    yield from started(tmp_path_factory.mktemp("masking"), AURA_REDACT=rules)


async def recorded(of: AuraProcess) -> int:
    async with await connect(load(nats_url=of.nats_url, _env_file=None), "test") as bus:
        info = await bus.api(f"STREAM.INFO.{subjects.RECORDING_STREAM}")
    return int(info["state"]["messages"])


async def flood(caller: Caller) -> None:
    """Type long lines until the server closes."""
    text = json.dumps({"type": "text", "text": "word " * 380})
    async with asyncio.timeout(60):
        while caller.close_code is None and not caller.told("error"):
            await caller.ws.send(text)
            await asyncio.sleep(0.01)
        await caller.ws.wait_closed()


async def test_a_stranger_cannot_ask_to_be_recorded(simulated: AuraProcess) -> None:
    before = await recorded(simulated)
    async with calling(simulated.url, "/ws") as caller:
        await caller.send(START)
        told = await caller.until("error")
        assert (told["code"], told["details"]) == (
            "NOT_RECORDED",
            "only a caller with a token may ask",
        )
        session = (await caller.until("conversation_started"))["session_id"]
        await caller.speak(buzz(900) + silence(1500), 100, as_json=True)
        await caller.until("ai_response")
        await caller.send({"type": "end_conversation"})
        await caller.until("conversation_ended")
    assert await recorded(simulated) == before
    told_events = await log_of(simulated, session)
    assert not [one for one in told_events if isinstance(one, ev.RecordingConsented)]
    assert isinstance(told_events[0], ev.SessionStarted)
    assert told_events[0].config.record_audio is False


async def test_no_sound_is_kept_where_words_are_masked(masking: AuraProcess) -> None:
    async with calling(masking.url, f"{DEMO}&greeting=0&record=1") as caller:
        told = await caller.until("error")
        assert told["code"] == "NOT_RECORDED"
        assert "AURA_REDACT" in told["details"]
        await caller.send({"type": "text", "text": "The password is swordfish."})
        assert (await caller.until("user_transcript"))["text"] == "The password is [masked]."
        await caller.speak(silence(1000))
    assert await recorded(masking) == 0


async def test_a_tenant_keeps_so_much_sound_and_its_call_goes_on_without(
    narrow: AuraProcess,
) -> None:
    async with calling(narrow.url, f"{DEMO}&greeting=0&record=1") as caller:
        session = (await caller.until("session"))["session"]
        sound = silence(100) + buzz(900) + silence(29_000)
        for at in range(0, len(sound), 32_000):  # 1 MB: half a minute, five times as fast as spoken
            await caller.ws.send(sound[at : at + 32_000])
            await asyncio.sleep(0.2)
        speaking = asyncio.create_task(caller.speak(buzz(900) + silence(20_000)))
        told = await caller.until("error")
        speaking.cancel()
        assert (told["code"], caller.close_code) == ("NOT_RECORDED", None)
        assert "AURA_RECORDED_MB_PER_TENANT" in told["details"]
    async with calling(narrow.url, f"{DEMO}&greeting=0&record=1") as caller:
        another = (await caller.until("session"))["session"]
        assert "AURA_RECORDED_MB_PER_TENANT" in (await caller.until("error"))["details"]
    assert not [
        one for one in await log_of(narrow, another) if isinstance(one, ev.RecordingConsented)
    ]
    found = await log_of(narrow, session, end_of)
    assert [one.by for one in found if isinstance(one, ev.RecordingConsented)] == ["caller"]
    (ended,) = [one for one in found if isinstance(one, ev.RecordingEnded)]
    assert ended.reason == told["details"]
    async with await connect(load(nats_url=narrow.nats_url, _env_file=None), "test") as bus:
        info = await bus.api(f"STREAM.INFO.{subjects.RECORDING_STREAM}")
    assert 1_000_000 <= info["state"]["bytes"] <= 1_500_000


async def test_a_session_that_stores_too_much_is_ended_with_a_reason_and_all_is_stored(
    narrow: AuraProcess,
) -> None:
    async with calling(narrow.url, "/ws") as caller:
        await caller.send({"type": "start_conversation"})
        session = (await caller.until("conversation_started"))["session_id"]
        await flood(caller)
        told: dict[str, Any] = caller.told("error")[-1]
        assert told["code"] == "QUOTA_EXCEEDED"
        assert "AURA_LOG_KB_PER_MINUTE" in told["details"]
        assert caller.ws.close_code == 1008
        assert "AURA_LOG_KB_PER_MINUTE" in (caller.ws.close_reason or "")
    found = await log_of(narrow, session, end_of)
    assert isinstance(found[-1], ev.SessionEnded | ev.InputsDelivered)
    assert [one.reason for one in found if isinstance(one, ev.SessionEnded)] == ["failed"]
    committed = {one.turn for one in found if isinstance(one, ev.TurnCommitted)}
    assert len(committed) == len(caller.told("transcript"))


async def test_then_its_address_has_to_wait_and_is_told_how_long(narrow: AuraProcess) -> None:
    for _ in range(4):
        async with calling(narrow.url, "/ws") as caller:
            await caller.send({"type": "start_conversation"})
            await flood(caller)
            told = caller.told("error")[0]
        if not caller.told("conversation_started"):
            break
    assert told["code"] == "QUOTA_EXCEEDED"
    assert "of this address" in told["details"]
    assert "try again in" in told["details"]
