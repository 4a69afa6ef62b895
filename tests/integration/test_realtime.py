"""`/v1/realtime` against a real edge and bus: let in, spoken with, resumed, failures survived."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from typing import Any

import pytest
from aiohttp.test_utils import TestServer

from edge.app import build, edge_of
from edge.protocols.realtime.items import MOST_ITEM_CHARS
from runtime.bus.connection import Bus
from runtime.settings import Settings
from schemas.events import AnswerHeard, AnyEvent, SessionResumed, TurnTaken
from tests.aura_process import SIMULATED, AuraProcess
from tests.edge_in_process import serving
from tests.realtime_caller import BEARER, buzz, realtime, session_of, silence
from tests.session_log import end_of, log_of

SLOW = {
    **SIMULATED,
    "AURA_SIM_STT_MS": "400",
    "AURA_SIM_LLM_FIRST_MS": "400",
    "AURA_SIM_LLM_TOKEN_MS": "30",
    "AURA_SIM_TTS_MS": "400",
    "AURA_SPECULATE": "false",
    "AURA_STT_PARTIAL_INTERVAL_MS": "0",
    "AURA_RECONNECTS_PER_MINUTE": "1000",
    "AURA_REDACT": '{"swordfish": "[masked]"}',
}


@pytest.fixture(scope="module")
def slow(tmp_path_factory: pytest.TempPathFactory) -> Iterator[AuraProcess]:
    process = AuraProcess(tmp_path_factory.mktemp("realtime"), env=SLOW)
    try:
        yield process.wait_until_ready()
    finally:
        process.stop()


def post(
    url: str, body: Any, headers: dict[str, str], path: str = "client_secrets"
) -> tuple[int, dict[str, Any]]:
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    request = urllib.request.Request(  # noqa: S310  # ours
        f"{url}/v1/realtime/{path}", data, headers, method="POST"
    )
    try:
        with urllib.request.urlopen(request, timeout=10) as answer:  # noqa: S310  # ours
            return answer.status, json.load(answer)
    except urllib.error.HTTPError as error:
        return error.code, json.load(error)


async def test_a_question_is_spoken_and_answered(simulated: AuraProcess) -> None:
    async with realtime(simulated.url) as caller:
        await caller.speak(buzz(900) + silence(1500))
        await caller.until("response.done")
        (answer,) = caller.answers
        assert answer["status"] == "completed"
        assert len(caller.audio(answer)) == 48 * 2000
        assert not caller.told("error")


async def test_two_typed_messages_are_answered_with_the_history(
    slow: AuraProcess,
) -> None:
    async with realtime(slow.url) as caller:
        await caller.until("session.created")
        for number in (1, 2):
            await caller.type(f"Question {number}, swordfish.")
            await caller.until("response.done", number)
        content = [{"type": "output_text", "text": "You said swordfish."}]
        item = {"type": "message", "role": "assistant", "content": content}
        await caller.send({"type": "conversation.item.create", "item": item})
        await caller.type("Question 3.")
        await caller.until("response.done", 3)
        session = session_of(caller)
    taken = [e for e in await log_of(slow, session) if isinstance(e, TurnTaken)]
    asked = [one.text for one in taken[-1].messages if one.role == "user"]
    assert asked == ["Question 1, [masked].", "Question 2, [masked].", "Question 3."]
    assert "You said [masked]." in [one.text for one in taken[-1].messages]


async def test_long_messages_are_refused_or_shortened_and_the_session_goes_on(
    slow: AuraProcess,
) -> None:
    long: dict[str, Any] = {"type": "message", "role": "user"}
    long["content"] = [{"type": "input_text", "text": "\u8a9e" * MOST_ITEM_CHARS}]
    async with realtime(slow.url) as caller:
        await caller.until("session.created")
        for number in range(1, 12):  # more than a megabyte
            await caller.send({"type": "conversation.item.create", "item": long})
            await caller.until("conversation.item.done", number)
        await caller.send({"type": "response.create", "response": {"input": [long] * 11}})
        told = (await caller.until("error"))["error"]
        assert (told["code"], told["param"]) == ("invalid_value", "response.input")
        await caller.type("Goodbye.")
        response = (await caller.until("response.done"))["response"]
        assert response["status"] == "completed"
        session = session_of(caller)
    taken = [e for e in await log_of(slow, session) if isinstance(e, TurnTaken)]
    assert [len(one.text) for one in taken[-1].messages] == [MOST_ITEM_CHARS] * 2 + [8]


async def test_a_text_response_has_no_voice_on_the_bus(simulated: AuraProcess) -> None:
    async with realtime(simulated.url) as caller:
        await caller.until("session.created")
        session = {"type": "realtime", "output_modalities": ["text"]}
        await caller.send({"type": "session.update", "session": session})
        await caller.type("Hello.")
        await caller.until("response.done")
        assert caller.told("response.output_text.done")[0]["text"].startswith("Sure")
        name = session_of(caller)
    kinds = {type(event).__name__ for event in await log_of(simulated, name, end_of)}
    assert "ResponseSentence" in kinds
    assert "SpeechReady" not in kinds


async def test_the_model_calls_a_tool_of_the_client_and_goes_on(simulated: AuraProcess) -> None:
    tool = {"type": "function", "name": "add", "description": "Add.", "parameters": {}}
    async with realtime(simulated.url) as caller:
        await caller.until("session.created")
        session = {"type": "realtime", "output_modalities": ["text"], "tools": [tool]}
        await caller.send({"type": "session.update", "session": session})
        await caller.type('CALL:add{"a":1} please')
        call = await caller.until("response.function_call_arguments.done")
        assert (call["name"], json.loads(call["arguments"])) == ("add", {"a": 1})
        await caller.until("response.done")
        output = {"type": "function_call_output", "call_id": call["call_id"], "output": "#two"}
        await caller.send({"type": "conversation.item.create", "item": output})
        await caller.send({"type": "response.create"})
        await caller.until("response.done", 2)
        assert "#two" in caller.told("response.output_text.done")[0]["text"]
        assert not caller.told("error")


# ---------------------------------------------------------------- who may come in


async def test_the_key_may_come_in_a_subprotocol(simulated: AuraProcess) -> None:
    offered = ("realtime", "openai-insecure-api-key.demo_token")
    async with realtime(simulated.url, headers={}, subprotocols=offered) as caller:
        await caller.until("session.created")
        assert caller.ws.subprotocol == "realtime"


@pytest.mark.parametrize("headers", [{}, {"Authorization": "Bearer wrong"}])
async def test_nobody_comes_in_without_a_key(
    simulated: AuraProcess, headers: dict[str, str]
) -> None:
    async with realtime(simulated.url, headers=headers) as caller:
        await asyncio.wait_for(caller.ws.wait_closed(), 10)
        assert caller.ws.close_code == 1008
        assert not caller.told("session.created")


async def test_a_client_of_the_beta_is_told_why_it_cannot_come_in(simulated: AuraProcess) -> None:
    headers = {**BEARER, "OpenAI-Beta": "realtime=v1"}
    async with realtime(simulated.url, headers=headers) as caller:
        error = await caller.until("error")
        assert error["error"]["code"] == "beta_api_shape_disabled"
        await asyncio.wait_for(caller.ws.wait_closed(), 10)


async def test_a_client_secret_opens_the_session_that_it_carries(simulated: AuraProcess) -> None:
    session = {"type": "realtime", "instructions": "Be brief.", "output_modalities": ["text"]}
    body = {"expires_after": {"anchor": "created_at", "seconds": 60}, "session": session}
    status, made = await asyncio.to_thread(post, simulated.url, body, BEARER)
    assert status == 200
    assert made["value"].startswith("ek_")
    assert made["session"]["instructions"] == "Be brief."
    key = f"openai-insecure-api-key.{made['value']}"
    async with realtime(simulated.url, headers={}, subprotocols=("realtime", key)) as caller:
        created = await caller.until("session.created")
        assert created["session"]["instructions"] == "Be brief."
        await caller.type("Hello.")
        await caller.until("response.output_text.done")
    # a secret makes no other secret
    headers = {"Authorization": f"Bearer {made['value']}"}
    assert (await asyncio.to_thread(post, simulated.url, {}, headers))[0] == 401


@pytest.mark.parametrize(
    ("body", "headers", "status", "code"),
    [
        ({}, {}, 401, "invalid_api_key"),
        ({}, {"Authorization": "Bearer ek_a.b.c"}, 401, "invalid_api_key"),
        (b"{", BEARER, 400, "invalid_json"),
        (b"\xff", BEARER, 400, "invalid_json"),
        ({"expires_after": {"seconds": 1}}, BEARER, 400, "invalid_value"),
        ({"session": {"type": "song"}}, BEARER, 400, "invalid_value"),
        ({"session": {"instructions": "x" * 9000}}, BEARER, 400, "invalid_value"),
        (b"x" * 200_000, BEARER, 400, "invalid_value"),
    ],
)
async def test_a_secret_that_cannot_be_made_is_refused_in_openais_form(
    simulated: AuraProcess, body: Any, headers: dict[str, str], status: int, code: str
) -> None:
    found, told = await asyncio.to_thread(post, simulated.url, body, headers)
    assert (found, told["error"]["code"]) == (status, code)


async def test_without_the_extra_a_call_over_webrtc_is_told_what_to_install(
    settings: Settings, bus: Bus, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "aiortc", None)
    async with (
        asyncio.TaskGroup() as sessions,
        TestServer(build(edge_of(settings, bus, "edge", sessions, 10))) as server,
    ):
        url = str(server.make_url("")).rstrip("/")
        offer = (b"v=0", {**BEARER, "Content-Type": "application/sdp"}, "calls")
        status, told = await asyncio.to_thread(post, url, *offer)
    assert (status, told["error"]["code"]) == (501, "webrtc_unavailable")
    assert "aura-voice[webrtc]" in told["error"]["message"]


@pytest.mark.parametrize("served", [True, False])
async def test_only_an_edge_that_serves_realtime_has_webrtc(bus: Bus, served: bool) -> None:
    pytest.importorskip("aiortc", reason="NOT TESTED HERE: the extra `webrtc` is not installed")
    dialects = "realtime" if served else "continuous"
    async with serving(bus, dialects=dialects) as (edge, _):
        assert (edge.webrtc is not None) is served


# ---------------------------------------------------------------- resume, and what dies


def was_heard(events: list[AnyEvent]) -> bool:
    """Tell whether an answer was heard to its end, so that nobody is told the rest of it again."""
    return any(isinstance(one, AnswerHeard) and one.complete for one in events)


def asked(events: list[AnyEvent]) -> list[str]:
    """Return what the user has said, as the model is told in the newest turn."""
    *_, taken = (one for one in events if isinstance(one, TurnTaken))
    return [one.text for one in taken.messages if one.role == "user"]


async def test_a_session_goes_on_over_another_connection(simulated: AuraProcess) -> None:
    async with realtime(simulated.url) as caller:
        await caller.until("session.created")
        await caller.type("My name is Ada.")
        await caller.until("response.done")
        session = session_of(caller)
        await log_of(simulated, session, was_heard)
    async with realtime(simulated.url, f"model=m&session={session}") as caller:
        created = await caller.until("session.created")
        assert created["session"]["id"] == session
        await caller.type("What is my name?")
        await caller.until("response.done")
    events = await log_of(simulated, session)
    assert any(isinstance(event, SessionResumed) for event in events)
    assert asked(events) == ["My name is Ada.", "What is my name?"]


@pytest.mark.parametrize("stage", ["stt", "llm", "tts"])
async def test_a_session_survives_a_killed_worker(slow: AuraProcess, stage: str) -> None:
    async with realtime(slow.url) as caller:
        speaking = asyncio.create_task(caller.speak(buzz(900) + silence(15_000)))
        await caller.until("input_audio_buffer.speech_started")
        if stage == "llm":
            await caller.until("response.created")
        if stage == "tts":
            await caller.until("response.output_audio.delta")
        os.kill(slow.children()[f"worker {stage}"], signal.SIGKILL)
        await caller.until("response.done", seconds=30)
        speaking.cancel()
        (answer,) = caller.answers
        assert answer["status"] == "completed"
        assert not caller.told("error")


async def test_a_session_goes_on_after_its_edge_was_killed(slow: AuraProcess) -> None:
    async with realtime(slow.url) as caller:
        await caller.until("session.created")
        await caller.type("My name is Ada.")
        await caller.until("response.done")
        session = session_of(caller)
        await log_of(slow, session, was_heard)
        os.kill(slow.children()["edge"], signal.SIGKILL)
        await asyncio.wait_for(caller.ws.wait_closed(), 10)
    await slow.until_healthy()
    async with realtime(slow.url, f"session={session}") as caller:
        await caller.until("session.created")
        await caller.type("What is my name?")
        await caller.until("response.done")
    assert asked(await log_of(slow, session)) == ["My name is Ada.", "What is my name?"]
