"""Telephone calls as Twilio announces and streams them: `streamdouble` is the other end.

It checks every frame by Twilio's documents. Without it (it is in the group `dev`) they are skipped.
"""

from __future__ import annotations

import asyncio
import base64
import json
import subprocess
import threading
from collections.abc import Iterator
from http.server import ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
import websockets

from benchmarks.soak import hostile
from edge.door.twilio.calls import signature
from edge.protocols.client_protocol import MOST_BYTES_WITHOUT_TOKEN
from runtime.audio.dtmf import tones
from runtime.audio.g711 import encode
from schemas import events as ev
from tests.aura_process import COMMAND, SIMULATED, AuraProcess
from tests.integration.twilio_calls import (
    ACCOUNT_SECRET,
    FORM,
    PUBLIC,
    Network,
    announce,
    call,
    config,
    media_url,
    of,
    stored,
    token_of,
)

streamdouble = pytest.importorskip(
    "streamdouble", reason="streamdouble plays Twilio: pip install streamdouble"
)
from streamdouble import api, scenario  # noqa: E402  # it may be missing
from streamdouble.chaos import Impairments  # noqa: E402  # after importorskip
from streamdouble.session import SessionConfig  # noqa: E402  # after importorskip


@pytest.fixture(scope="module")
def aura(tmp_path_factory: pytest.TempPathFactory) -> Iterator[AuraProcess]:
    network = ThreadingHTTPServer(("127.0.0.1", 0), Network)
    threading.Thread(target=network.serve_forever, daemon=True).start()
    started = AuraProcess(
        tmp_path_factory.mktemp("twilio"),
        env={
            **SIMULATED,
            "AURA_LLM_ENGINE": "tests.phone_model:PhoneModel",
            "AURA_TWILIO_AUTH_TOKEN": ACCOUNT_SECRET,
            "AURA_PUBLIC_URL": PUBLIC,
            "AURA_JOINS_PER_MINUTE_PER_IP": "100000",
            "AURA_RECONNECTS_PER_MINUTE": "1000",  # all calls have one CallSid
            "AURA_GREETING": "Hello there.",
            "AURA_TWILIO_ACCOUNT_SID": "AC42",
            "AURA_TWILIO_API_URL": f"http://127.0.0.1:{network.server_port}",
            "AURA_TWILIO_TRANSFER_TO": "+14155550100",
        },
    )
    try:
        yield started.wait_until_ready()
    finally:
        started.stop()
        network.shutdown()
        network.server_close()


async def test_a_call_is_answered_and_every_frame_is_as_twilio_wants_it(
    aura: AuraProcess, tmp_path: Path
) -> None:
    # the greeting lasts for two seconds, and so does the answer
    report = await call(aura, tmp_path, {"wait": 3}, "voice", {"wait": 4})
    assert report.violations == []
    assert report.result.unknown_events == report.result.warnings == []
    assert 30_000 < len(report.audio_received) < 34_000
    assert report.result.clears_received == 0
    events = await stored(aura)
    (started,) = of(ev.SessionStarted, events)
    assert (started.protocol, started.tenant, started.user) == (
        "twilio",
        "default",
        FORM["CallSid"],
    )
    assert of(ev.TurnCommitted, events)[0].text == "Hello, how are you today?"
    heard = of(ev.AnswerHeard, events)
    assert [(one.turn, one.complete) for one in heard] == [(0, True), (1, True)]
    assert of(ev.SessionEnded, events)[0].reason == "end_call"


async def test_a_caller_who_interrupts_clears_what_was_not_heard(
    aura: AuraProcess, tmp_path: Path
) -> None:
    steps = ({"wait_for": "audio"}, {"wait": 0.4}, "voice", {"expect": "clear"}, {"wait": 1})
    report = await call(aura, tmp_path, *steps, "hangup")
    assert report.violations == []
    assert report.result.clears_received >= 1
    assert report.result.failed_expectations == []
    greeting = of(ev.AnswerHeard, await stored(aura))[0]
    assert (greeting.turn, greeting.complete) == (0, False)
    assert 300 < greeting.played_ms < 1990


async def test_keys_reach_the_language_model(aura: AuraProcess, tmp_path: Path) -> None:
    steps = ({"wait": 2.5}, {"dtmf": "4"}, {"dtmf": "2"}, {"dtmf": "#"}, {"wait": 3})
    report = await call(aura, tmp_path, *steps, "hangup")
    assert report.violations == []
    events = await stored(aura)
    assert "".join(one.keys for one in of(ev.KeysPressed, events)) == "42#"
    assert of(ev.TurnTaken, events)[-1].messages[-1].text == "[keys pressed: 42#]"


@pytest.mark.parametrize("status", [200, 404])
async def test_a_caller_who_wants_a_person_is_transferred(
    aura: AuraProcess, tmp_path: Path, status: int
) -> None:
    Network.asked.clear()
    Network.status = status
    report = await call(aura, tmp_path, {"wait": 1}, {"dtmf": "0"}, {"wait": 4})
    assert report.violations == []
    ((path, shown, form),) = Network.asked
    sid = report.result.identity.call_sid
    assert path == f"/2010-04-01/Accounts/AC42/Calls/{sid}.json"
    assert base64.b64decode(shown.removeprefix("Basic ")).decode() == f"AC42:{ACCOUNT_SECRET}"
    assert form == {"Twiml": ["<Response><Dial>+14155550100</Dial></Response>"]}
    pressed = [one.keys for one in of(ev.KeysPressed, await stored(aura))]
    assert pressed == ([] if status == 200 else ["0"])  # nobody can be had: a key like others


AGENT = """
prompt: You answer the telephone.
greeting: Hello.
tools: [send_dtmf]
phones: {desk: "+14155550123"}
"""


async def test_the_model_presses_keys_and_transfers_to_a_telephone_of_its_agent(
    aura: AuraProcess, tmp_path: Path
) -> None:
    (tmp_path / "caller.yaml").write_text(AGENT)
    apply = [*COMMAND, "agents", "apply", str(tmp_path / "caller.yaml")]
    await asyncio.to_thread(subprocess.run, apply, env=aura.env, check=True, timeout=60)
    Network.asked.clear()
    Network.status = 200
    session = SessionConfig(
        custom_parameters={"token": await token_of(aura, "/twilio/voice?agent=caller")},
        max_call_s=30,
    )
    steps: list[Any] = [{"wait": 2.5}, {"dtmf": "8"}, {"wait": 4}, {"dtmf": "7"}, {"wait": 3}]
    script = scenario.parse({"name": "a call", "steps": steps}, base_dir=tmp_path)
    report = await api.run_scenario(media_url(aura), script, config=session)
    assert report.violations == []
    pressed = encode(tones("42#", 8000), "mulaw")
    assert pressed in report.audio_received
    ((_, _, form),) = Network.asked
    assert form == {"Twiml": ["<Response><Dial>+14155550123</Dial></Response>"]}
    called = [one.name for one in of(ev.ToolCalled, await stored(aura))]
    assert called == ["send_dtmf", "transfer"]


async def test_a_bad_line_is_understood(aura: AuraProcess, tmp_path: Path) -> None:
    bad = Impairments(loss=0.05, jitter_ms=60)  # a latency would slow the sound, frame by frame
    steps = ({"wait": 2}, "voice", {"wait": 4})
    report = await call(aura, tmp_path, *steps, "hangup", impairments=bad)
    assert report.violations == []
    assert report.result.frames_dropped > 0
    assert of(ev.TurnCommitted, await stored(aura))


async def test_a_token_lets_in_once(aura: AuraProcess) -> None:
    once = await config(aura)
    quiet = [b"\xff" * 160] * 100
    first = await api.call(media_url(aura), frames=quiet, config=once)
    assert first.spoke
    again = await api.call(media_url(aura), frames=quiet, config=once)
    assert not again.spoke
    assert again.result.closed_early


async def test_hostile_messages_harm_nothing_and_the_call_goes_on(aura: AuraProcess) -> None:
    start = {
        "event": "start",
        "streamSid": "MZ1",
        "start": {
            "callSid": "CA1",
            "mediaFormat": {"encoding": "audio/x-mulaw", "sampleRate": 8000, "channels": 1},
            "customParameters": {"token": "demo_token"},
        },
    }
    marks: list[str] = []
    async with websockets.connect(media_url(aura), max_size=None) as ws:
        await ws.send('{"event": "connected"}')
        await ws.send(json.dumps(start))
        async with asyncio.timeout(20):
            for frame in hostile.for_sockets(seed=8, count=1000):
                if len(frame) < MOST_BYTES_WITHOUT_TOKEN:
                    await ws.send(frame)
            while not marks:  # of the greeting
                told = json.loads(await ws.recv())
                assert told["event"] in {"media", "mark"}
                marks += [told["mark"]["name"]] if told["event"] == "mark" else []
            for name in marks:
                await ws.send(json.dumps({"event": "mark", "mark": {"name": name}}))
            await ws.send('{"event": "stop"}')
            async for _ in ws:
                pass
        assert ws.close_code == 1000
    assert of(ev.SessionEnded, await stored(aura))[0].reason == "end_call"
    assert "Traceback" not in aura.said()


@pytest.mark.parametrize("token", ["", "twilio.", "twilio.a.b.c", "wrong"])
async def test_a_stream_without_a_token_is_sent_away(aura: AuraProcess, token: str) -> None:
    shown = SessionConfig(custom_parameters={"token": token}, response_timeout_s=5)
    report = await api.call(media_url(aura), frames=[b"\xff" * 160] * 50, config=shown)
    assert not report.spoke
    assert report.result.closed_early


def test_nobody_but_twilio_announces_a_call(aura: AuraProcess) -> None:
    other = signature("f" * 32, f"{PUBLIC}/twilio/voice", FORM.items())
    elsewhere = signature(ACCOUNT_SECRET, f"{aura.url}/twilio/voice", FORM.items())
    for wrong in ("x", other, elsewhere):
        status, _, body = announce(aura, sign=wrong)
        assert (status, "token" in body) == (403, False)
    assert announce(aura, path="/twilio/voice?agent=support")[0] == 200
