"""Every engine of a call is a server's, and the language model's own one is away."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from aiohttp import web

from runtime.audio.conversion import read_wav, write_wav
from tests.aura_process import SIMULATED, AuraProcess
from tests.caller import DEMO, buzz, calling, silence
from tests.integration.recorded_calls import typed
from tests.local_server import answering

HEARD = "What can you do for me?"
SAID = "I am the model that stands in."


class Servers:
    """Speech and language behind one address, and what they were asked."""

    def __init__(self) -> None:
        self.chats: list[dict[str, Any]] = []
        self.traces: list[str | None] = []
        self.spoken: list[str] = []
        self.heard_ms: list[int] = []

    async def chat(self, request: web.Request) -> web.StreamResponse:
        self.chats.append(asked := await request.json())
        self.traces.append(request.headers.get("traceparent"))
        if asked["model"] == "busy":
            return web.json_response({}, status=503)
        response = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
        await response.prepare(request)
        chunk = {"choices": [{"index": 0, "delta": {"content": SAID}}]}
        await response.write(f"data: {json.dumps(chunk)}\n\ndata: [DONE]\n\n".encode())
        return response

    async def transcriptions(self, request: web.Request) -> web.StreamResponse:
        file = (await request.post())["file"]
        assert isinstance(file, web.FileField)
        self.heard_ms.append(len(read_wav(file.file.read())) // 32)
        return web.json_response({"text": HEARD})

    async def speech(self, request: web.Request) -> web.StreamResponse:
        self.spoken.append((await request.json())["input"])
        tone = np.sin(np.arange(24000) * 2 * np.pi * 300 / 24000) * 9000
        response = web.StreamResponse(headers={"Content-Type": "audio/wav"})
        await response.prepare(request)
        await response.write(write_wav(tone.astype("<i2").tobytes(), 24000))
        return response


@pytest.fixture(scope="module")
def servers() -> Iterator[tuple[Servers, str]]:
    made = Servers()
    routes = {
        "POST /v1/chat/completions": made.chat,
        "POST /v1/audio/transcriptions": made.transcriptions,
        "POST /v1/audio/speech": made.speech,
    }
    with answering(routes) as url:
        yield made, url


@pytest.fixture(scope="module")
def hosted(
    servers: tuple[Servers, str], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[AuraProcess]:
    url = servers[1]
    env = {
        **SIMULATED,
        "AURA_STT_ENGINE": "auto",
        "AURA_STT_BASE_URL": f"{url}/v1",
        "AURA_STT_MODEL": "whisper-1",
        "AURA_LLM_ENGINE": "auto",
        "AURA_LLM_BASE_URL": url,
        "AURA_LLM_MODEL": "busy",
        "AURA_LLM_FALLBACKS": f"{url}/v1|spare",
        "AURA_TTS_ENGINE": "auto",
        "AURA_TTS_BASE_URL": url,
        "AURA_TTS_VOICE": "af_heart",
        "AURA_VAD": "webrtc",
    }
    aura = AuraProcess(tmp_path_factory.mktemp("hosted"), env=env)
    try:
        yield aura.wait_until_ready()
    finally:
        aura.stop()


async def test_a_call_is_held_and_the_record_tells_which_model_answered(
    hosted: AuraProcess, servers: tuple[Servers, str]
) -> None:
    asked, _ = servers
    async with calling(hosted.url, DEMO) as caller:
        session = (await caller.until("greeting"))["session"]
        await caller.send({"type": "text", "text": "Who are you?"})
        assert (await caller.until("ai_complete"))["full_response"] == SAID
        await caller.speak(silence(1500) + buzz(900) + silence(1500))
        assert (await caller.until("ai_complete", 2))["full_response"] == SAID
        await caller.send({"type": "end_call"})
        await caller.ws.wait_closed()

    assert asked.heard_ms
    assert SAID in asked.spoken
    first = asked.chats[0]
    assert first["user"] == first["metadata"]["session"] == session
    assert (first["metadata"]["turn"], first["metadata"]["tenant"]) == ("1", "demo")
    assert all(trace and trace.startswith("00-") for trace in asked.traces)

    told = (await typed(hosted, "replay", session, "--json", "--speed", "1000")).stdout
    events = [json.loads(line) for line in told.splitlines()]
    switched = [one for one in events if one["type"] == "model.switched"]
    assert switched[0]["wanted"] == "openai:busy"
    assert switched[0]["model"] == "openai:spare"
    assert "503" in switched[0]["reason"]
    sentences = [one for one in events if one["type"] == "response.sentence" and one["turn"]]
    assert {one["model"] for one in sentences} == {"openai:spare"}
    words = [one["text"] for one in events if one["type"] == "transcript.final"]
    assert HEARD in words

    shown = (await typed(hosted, "show", session)).stdout
    assert "openai:spare in place of openai:busy" in shown
