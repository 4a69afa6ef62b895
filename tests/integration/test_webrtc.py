"""`/v1/realtime/calls` against a real edge and bus, and aiortc at the other end."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Iterator
from typing import Any

import aiohttp
import pytest

from schemas import events as ev
from tests.aura_process import SIMULATED, AuraProcess
from tests.caller import buzz
from tests.realtime_caller import BEARER
from tests.session_log import end_of, log_of

pytest.importorskip("aiortc", reason="NOT TESTED HERE: the extra `webrtc` is not installed")

from tests.webrtc_caller import calling  # it needs aiortc


@pytest.fixture(scope="module")
def aura(tmp_path_factory: pytest.TempPathFactory) -> Iterator[AuraProcess]:
    process = AuraProcess(
        tmp_path_factory.mktemp("webrtc"),
        env={
            **SIMULATED,
            "AURA_JOINS_PER_MINUTE_PER_IP": "100000",
            "AURA_API_REQUESTS_PER_MINUTE": "100000",
            "AURA_MAX_CONNECTIONS_PER_IP": "4",
            "AURA_SIM_TTS_AUDIO_MS": "1500",
            "AURA_ALLOWED_ORIGINS": "https://shop.example",
        },
    )
    try:
        yield process.wait_until_ready()
    finally:
        process.stop()


async def asked(
    aura: AuraProcess, path: str, data: Any = b"", headers: dict[str, str] | None = None
) -> tuple[int, Any, Any]:
    sent = {**BEARER, "Content-Type": "application/sdp"} if headers is None else headers
    async with (
        aiohttp.ClientSession() as http,
        http.post(f"{aura.url}{path}", data=data, headers=sent) as answer,
    ):
        told = await answer.read()
        return answer.status, json.loads(told) if told else None, answer.headers


async def test_a_question_is_spoken_answered_and_heard(aura: AuraProcess) -> None:
    session = {"type": "realtime", "instructions": "Be brief."}
    async with calling(aura.url, session=session) as caller:
        created = await caller.until("session.created")
        assert created["session"]["instructions"] == "Be brief."
        assert caller.location == f"/v1/realtime/calls/{created['session']['id']}"
        caller.say(buzz(900))
        await caller.until("output_audio_buffer.stopped")
        kinds = [message["type"] for message in caller.messages]
        assert "response.output_audio.delta" not in kinds
        assert kinds.index("output_audio_buffer.started") < kinds.index("response.done")
        assert kinds.index("response.done") < kinds.index("output_audio_buffer.stopped")
        (response,) = caller.answers
        assert response["status"] == "completed"
        for when in ("started", "stopped"):
            (told,) = caller.told(f"output_audio_buffer.{when}")
            assert told["response_id"] == response["id"]
        assert caller.told("response.output_audio_transcript.done")[0]["transcript"]
        assert not caller.told("error")
        assert caller.loud_ms() == pytest.approx(1500, abs=60)


async def test_an_interruption_silences_the_track_and_what_was_heard_is_the_history(
    aura: AuraProcess,
) -> None:
    async with calling(aura.url) as caller:
        created = await caller.until("session.created")
        asked_s = time.monotonic()
        await caller.type("Tell me a long story.")
        await caller.until("output_audio_buffer.started")
        await asyncio.sleep(0.6)
        await caller.send({"type": "response.cancel"})
        await caller.send({"type": "output_audio_buffer.clear"})
        cleared = await caller.until("output_audio_buffer.cleared")
        cleared_s = caller.at[caller.messages.index(cleared)]
        cut = await caller.until("conversation.item.truncated")
        await asyncio.sleep(0.4)
        assert caller.loud_ms(since_s=cleared_s) < 300
        assert cut["audio_end_ms"] == pytest.approx(caller.loud_ms(), abs=300)
        assert cut["audio_end_ms"] < (cleared_s - asked_s) * 1000 + 300
        lost_ms = cut["audio_end_ms"] - caller.loud_ms()  # a busy machine is late to play
        assert -80 <= lost_ms <= 250
        assert caller.answers[0]["status"] == "cancelled"
        assert not caller.told("error")
    events = await log_of(aura, created["session"]["id"])
    (heard,) = [e for e in events if isinstance(e, ev.AnswerHeard)]
    assert 0 < len(heard.text.split()) < 19
    assert not heard.complete


async def test_the_caller_speaks_over_the_answer_and_it_stops(aura: AuraProcess) -> None:
    async with calling(aura.url) as caller:
        await caller.until("session.created")
        await caller.type("Tell me a long story.")
        await caller.until("output_audio_buffer.started")
        caller.say(buzz(1200))
        await caller.until("output_audio_buffer.cleared")
        speech = caller.told("input_audio_buffer.speech_started")
        assert len(speech) == 1
        assert caller.answers[0]["status_details"]["reason"] == "turn_detected"


async def test_a_call_is_hung_up_by_its_path_and_by_its_client(
    aura: AuraProcess,
) -> None:
    async with calling(aura.url) as caller:
        created = await caller.until("session.created")
        path = f"{caller.location}/hangup"
        assert (await asked(aura, path, headers={}))[0] == 401
        assert (await asked(aura, "/v1/realtime/calls/s_none/hangup"))[0] == 404
        assert (await asked(aura, path))[0] == 200
        await asyncio.wait_for(caller.closed.wait(), 10)
    async with calling(aura.url) as caller:
        left = await caller.until("session.created")
    reasons = []
    for told in (created, left):
        ended = end_of(await log_of(aura, told["session"]["id"], end_of))
        reasons.append(ended.reason if ended else "")
    assert reasons == ["end_call", "caller_left"]


async def test_a_session_goes_on_over_another_call(aura: AuraProcess) -> None:
    async with calling(aura.url) as caller:
        created = await caller.until("session.created")
        await caller.type("My name is Ada.")
        await caller.until("output_audio_buffer.stopped")
    session = created["session"]["id"]
    await log_of(aura, session, end_of)
    async with calling(aura.url, query=f"session={session}") as caller:
        again = await caller.until("session.created")
        assert again["session"]["id"] == session
        assert caller.location.endswith(session)
        await caller.type("What is my name?")
        await caller.until("response.done")
    taken = [e for e in await log_of(aura, session) if isinstance(e, ev.TurnTaken)]
    assert taken[-1].messages[0].text == "My name is Ada."


FORMED = {**BEARER, "Content-Type": "multipart/form-data; boundary=x"}
OFFERED = {**BEARER, "Content-Type": "application/sdp"}


@pytest.mark.parametrize(
    ("body", "headers", "status", "code"),
    [
        (b"v=0", {"Content-Type": "application/sdp"}, 401, "invalid_api_key"),
        (b"v=0", {**OFFERED, "Authorization": "Bearer x"}, 401, "invalid_api_key"),
        (b"hello", OFFERED, 400, "invalid_offer"),
        (b"\xff", OFFERED, 400, "invalid_value"),
        (b"x" * 300_000, OFFERED, 413, "invalid_value"),
        (b"--x\r\nA\x01: b\r\n\r\n\r\n--x--", FORMED, 400, "invalid_value"),
        (b"--x--\r\n", FORMED, 400, "invalid_offer"),
        (b"{}", {**BEARER, "Content-Type": "application/json"}, 415, "invalid_value"),
        (b"v=0", {**OFFERED, "Origin": "https://evil.example"}, 403, "origin_not_allowed"),
    ],
)
async def test_a_call_that_cannot_be_is_refused_in_openais_form(
    aura: AuraProcess, body: bytes, headers: dict[str, str], status: int, code: str
) -> None:
    found, told, _ = await asked(aura, "/v1/realtime/calls", body, headers)
    assert (found, told["error"]["code"]) == (status, code)


async def test_a_session_that_cannot_be_is_refused_before_the_call(aura: AuraProcess) -> None:
    async with calling(aura.url, session={"type": "song"}) as caller:
        assert caller.status == 400
        assert json.loads(caller.answer)["error"]["code"] == "invalid_value"


async def test_a_page_of_an_allowed_origin_may_call_and_read_where_its_call_is(
    aura: AuraProcess,
) -> None:
    headers = {
        "Origin": "https://shop.example",
        "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Headers": "authorization,content-type",
    }
    async with (
        aiohttp.ClientSession() as http,
        http.options(f"{aura.url}/v1/realtime/calls", headers=headers) as answer,
    ):
        assert answer.status == 204
        assert answer.headers["Access-Control-Allow-Origin"] == "https://shop.example"
        assert answer.headers["Access-Control-Allow-Headers"] == "authorization,content-type"
    async with calling(aura.url, headers={**BEARER, "Origin": "https://shop.example"}) as caller:
        assert caller.status == 201
        await caller.until("session.created")


async def test_the_calls_of_one_address_are_limited_and_places_come_back(
    aura: AuraProcess,
) -> None:
    async with calling(aura.url), calling(aura.url), calling(aura.url), calling(aura.url) as last:
        await last.until("session.created")
        async with calling(aura.url) as refused:
            assert refused.status == 429
    for _ in range(100):
        async with calling(aura.url) as caller:
            if caller.status == 201:
                await caller.until("session.created")
                return
        await asyncio.sleep(0.1)
    raise AssertionError("the places of calls that ended are not free")


async def test_what_a_hostile_client_sends_over_the_channel_is_an_error_and_ends_nothing(
    aura: AuraProcess,
) -> None:
    async with calling(aura.url) as caller:
        await caller.until("session.created")
        await caller.send("{")
        caller.channel.send(b"\x00\x01")
        await caller.send({"type": "input_audio_buffer.append", "audio": "AAAA"})
        await caller.send({"type": "no.such.event", "event_id": "mine"})
        error = await caller.until("error", 3)
        assert error["error"]["event_id"] == "mine"
        await caller.type("Are you there?")
        await caller.until("response.done")
