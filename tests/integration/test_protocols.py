"""Both protocols over the whole of Aura, with simulated engines: every stage, real sockets."""

from __future__ import annotations

import asyncio
import base64
import json
import re

import pytest
import websockets

from tests.aura_process import AuraProcess
from tests.caller import DEMO, VOICE_MS, buzz, calling, pcm_of, silence, wav

QUIET = "/ws/voice/continuous?token=demo_token&greeting=0"


async def test_a_call_of_the_continuous_protocol(simulated: AuraProcess) -> None:
    async with calling(simulated.url, DEMO) as caller:
        greeting = await caller.until("greeting")
        assert greeting["text"] == "Hello! I'm AURA, your AI assistant. How can I help you today?"
        assert len(pcm_of(greeting)) == 2000 * 32
        await caller.speak(silence(2200) + buzz(VOICE_MS) + silence(1500))
        transcript = await caller.until("user_transcript")
        assert transcript["text"] == "Hello, how are you today?"
        assert 0 < transcript["confidence"] <= 1
        audio = await caller.until("ai_audio")
        assert pcm_of(audio)
        done = await caller.until("ai_complete")
        assert set(done) == {"type", "full_response", "model_used", "response_time", "cost"}
        assert done["full_response"] == audio["text"]
        assert done["cost"] == 0
        assert 0 < done["response_time"] < 5
        await caller.send({"type": "ping", "timestamp": "2024-01-01T12:00:00Z"})
        assert (await caller.until("pong"))["timestamp"] == "2024-01-01T12:00:00Z"
        await caller.send({"type": "end_call"})
        await asyncio.wait_for(caller.ws.wait_closed(), 5)
        assert caller.ws.close_code == 1000


async def test_a_stream_of_chunks_says_when_it_is_complete(simulated: AuraProcess) -> None:
    async with calling(simulated.url, f"{QUIET}&audio=chunks") as caller:
        await caller.speak(buzz(VOICE_MS) + silence(1200))
        await caller.until("ai_complete")
        chunks = caller.told("ai_audio_chunk")
        assert [c["is_complete"] for c in chunks] == [False] * (len(chunks) - 1) + [True]
        assert sum(len(pcm_of(c)) for c in chunks) == 2000 * 32
        assert "".join(c["text"] for c in chunks) == caller.told("ai_complete")[0]["full_response"]


async def test_speaking_over_the_answer_interrupts_it(simulated: AuraProcess) -> None:
    async with calling(simulated.url, QUIET) as caller:
        await caller.speak(buzz(VOICE_MS) + silence(600))
        await caller.until("ai_audio")
        await caller.speak(buzz(1000))
        interrupted = await caller.until("ai_interrupted")
        assert interrupted["message"] == "AI stopped speaking due to user interruption"
        await caller.speak(silence(1200))
        await caller.until("user_transcript", 2)


async def test_a_conversation_of_the_json_protocol(simulated: AuraProcess) -> None:
    async with calling(simulated.url, "/ws") as caller:
        opened = await caller.until("connection_established")
        assert re.fullmatch(r"conn_\d+", opened["connection_id"])
        assert opened["message"] == "Connected to Conversational AI"
        await caller.send({"type": "start_conversation"})
        started = await caller.until("conversation_started")
        assert re.fullmatch(rf"session_{opened['connection_id']}_\d{{10,}}", started["session_id"])
        assert started["message"] == "Ready to listen"
        await caller.speak(buzz(VOICE_MS) + silence(1200), 100, as_json=True)
        response = await caller.until("ai_response")
        assert set(response) == {"type", "text", "audio_data"}
        assert len(pcm_of(response)) == 2000 * 32
        transcripts = caller.told("transcript")
        assert all(set(t) == {"type", "text", "is_final", "turn_detected"} for t in transcripts)
        assert [t["turn_detected"] for t in transcripts if t["is_final"]] == [True]
        await caller.send({"type": "end_conversation"})
        ended = await caller.until("conversation_ended")
        assert ended["message"] == "Conversation ended"
        await caller.send({"type": "start_conversation"})
        assert await caller.until("conversation_started", 2) != started


async def test_a_whole_recording_in_one_message_is_answered(simulated: AuraProcess) -> None:
    async with calling(simulated.url, "/ws") as caller:
        await caller.send({"type": "start_conversation"})
        audio = base64.b64encode(wav(buzz(VOICE_MS))).decode()
        await caller.send({"type": "audio_chunk", "audio_data": audio})
        await caller.until("ai_response")


@pytest.mark.parametrize(
    ("frame", "code"),
    [
        ("", "INVALID_JSON"),
        ("{", "INVALID_JSON"),
        ("[]", "INVALID_JSON"),
        ('{"type": 5}', "INVALID_JSON"),
        ("[" * 100_000, "INVALID_JSON"),
        ('{"type": "dance"}', "UNKNOWN_TYPE"),
        ('{"type": "audio_chunk", "audio_data": "AAAA"}', "NO_SESSION"),
        ('{"type": "end_conversation"}', "NO_SESSION"),
    ],
)
async def test_bad_input_is_told_and_the_connection_lives(
    simulated: AuraProcess, frame: str, code: str
) -> None:
    async with calling(simulated.url, "/ws") as caller:
        await caller.ws.send(frame)
        error = await caller.until("error")
        assert error["code"] == code
        await caller.send({"type": "start_conversation"})
        await caller.until("conversation_started")


@pytest.mark.parametrize("token", ["", "wrong", "demo_token2", "a.b.c", "x" * 5000])
async def test_a_stranger_is_sent_away_with_1008(simulated: AuraProcess, token: str) -> None:
    url = simulated.url.replace("http", "ws", 1) + f"/ws/voice/continuous?token={token}"
    async with websockets.connect(url) as ws:
        with pytest.raises(websockets.ConnectionClosed):
            await asyncio.wait_for(ws.recv(), 5)
        assert (ws.close_code, ws.close_reason) == (1008, "Invalid Token")


async def test_the_eleventh_socket_of_an_address_is_refused(simulated: AuraProcess) -> None:
    await simulated.until_nobody_calls()
    url = simulated.url.replace("http", "ws", 1) + "/ws"
    sockets = [await websockets.connect(url) for _ in range(10)]
    try:
        with pytest.raises(websockets.InvalidStatus) as refused:
            await websockets.connect(url)
        assert refused.value.response.status_code == 429
    finally:
        for one in sockets:
            await one.close()


async def test_a_caller_who_was_cut_off_goes_on_with_the_session(simulated: AuraProcess) -> None:
    async with calling(simulated.url, DEMO) as caller:
        session = (await caller.until("greeting"))["session"]
        await caller.speak(silence(2200) + buzz(VOICE_MS) + silence(1500))
        await caller.until("ai_complete")
        await caller.speak(silence(2500))
    async with calling(simulated.url, f"{DEMO}&session={session}") as caller:
        told = await caller.until("session")
        assert told == {"type": "session", "session": session, "resumed": True}
        await caller.speak(buzz(VOICE_MS) + silence(1500))
        await caller.until("ai_complete")
        assert not caller.told("greeting"), "nobody is greeted twice"
        await caller.send({"type": "end_call"})
        await caller.ws.wait_closed()
    async with calling(simulated.url, f"{DEMO}&session={session}") as caller:
        assert (await caller.until("greeting"))["session"] != session, "it was hung up"
    async with calling(simulated.url, f"{DEMO}&session=s_made_up_by_a_stranger") as caller:
        assert (await caller.until("greeting"))["session"].startswith("s_")
        assert caller.told("greeting")[0]["session"] != "s_made_up_by_a_stranger"


async def test_health_and_root_are_as_documented(simulated: AuraProcess) -> None:
    await simulated.until_nobody_calls()
    status, body = simulated.health()
    assert status == 200
    assert body == {
        "status": "healthy",
        "services": {"ai_service": True, "audio_processor": True, "audio_pipeline": True},
        "active_connections": 0,
    }
    async with calling(simulated.url, "/ws") as caller:
        await caller.until("connection_established")
        assert simulated.health()[1]["active_connections"] == 1


async def test_no_token_or_word_is_in_the_log(simulated: AuraProcess) -> None:
    async with calling(simulated.url, QUIET) as caller:
        await caller.speak(buzz(VOICE_MS) + silence(1200))
        done = await caller.until("ai_complete")
    said = simulated.said()
    assert "demo_token" not in said
    assert "how are you today" not in said
    assert done["full_response"] not in said
    assert any(json.loads(line)["event"] == "turn" for line in said.splitlines() if line[:1] == "{")
