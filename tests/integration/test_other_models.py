"""What another language model would have said: a recorded call driven through it."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from contextlib import suppress
from threading import Thread
from typing import Any, NamedTuple

import pytest
from aiohttp import web

from tests.aura_process import SIMULATED, AuraProcess
from tests.caller import DEMO, calling
from tests.integration.recorded_calls import a_call, typed

ANSWERED = {"response.sentence", "response.completed"}
Json = dict[str, Any]
ANSWERS = {"small": "The small model is at your service.", "big": "A big model answers better."}


def delta(**fields: Any) -> bytes:
    choice = {"index": 0, "delta": fields}
    return b"data: " + json.dumps({"choices": [choice]}).encode() + b"\n\n"


ODD: dict[str, tuple[bytes, ...]] = {
    "thoughts": (*(delta(content=one) for one in ("<thi", "nk>Hm.\nSo. </th", "ink>", "Blue.")),),
    "reasons": (*[delta(reasoning_content="Hm. ")] * 3, delta(content="Green.")),
    "parts": (delta(content=[{"type": "text", "text": "Red."}, {"type": "thinking"}]),),
    "events": (b"retry: 1\n\n", b"data:\n\n", b"event: message\n" + delta(content="Pink.")),
    "markup": (delta(content="2+2=4 &amp; <b>that</b> is it."),),
    "inside": (delta(content="Hm. "), delta(content="So.</think>"), delta(content="Grey.")),
    "kimi": (
        *(delta(content=one) for one in ("One moment. <|tool_calls_sec", "tion_begin|>", "<|tool")),
        delta(content="_call_begin|>functions.look:0<|tool_call_argument_begin|>{}<|tool_call"),
        delta(content="_end|><|tool_calls_section_end|>"),
    ),
    "harmony": (
        delta(content="<|channel|>analysis<|message|>They greet. So do I.<|e"),
        *(delta(content=one) for one in ("nd|><|start|>assistant<|channel|>final<|mess", "age|>")),
        delta(content="Black.<|return|>"),
    ),
    "unasked": (delta(content="[TOOL_CALLS]look[ARGS]{}"),),
    "tools": (delta(tool_calls=[{"index": 0, "function": {"name": "look"}}]),),
}
"""What the server streams where the caller says such a word."""
BROKEN = b'data: {"error": {"message": "overloaded", "code": 502}}\n\n'


class ModelServer:
    """An OpenAI-compatible server with two models, each with an answer of its own.

    It takes no history that a chat template refuses, and no `stream_options`.
    """

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = Thread(target=self._loop.run_forever, daemon=True)
        self.url = ""

    def start(self) -> None:
        self._thread.start()
        asyncio.run_coroutine_threadsafe(self._listen(), self._loop).result(10)

    def stop(self) -> None:
        asyncio.run_coroutine_threadsafe(self._runner.cleanup(), self._loop).result(10)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)
        self._loop.close()

    async def _listen(self) -> None:
        app = web.Application()
        app.router.add_get("/v1/models", self._models)
        app.router.add_post("/v1/chat/completions", self._answer)
        self._runner = web.AppRunner(app, shutdown_timeout=0.1)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", 0).start()
        self.url = f"http://127.0.0.1:{self._runner.addresses[0][1]}/v1"

    async def _models(self, request: web.Request) -> web.StreamResponse:
        del request
        return web.json_response({"object": "list", "data": [{"id": one} for one in ANSWERS]})

    async def _answer(self, request: web.Request) -> web.StreamResponse:
        asked = await request.json()
        model = asked["model"]
        if model not in ANSWERS:
            return web.json_response({"error": {"message": "no such model"}}, status=404)
        turns = [one["role"] for one in asked["messages"] if one["role"] != "system"]
        if turns != (["user", "assistant"] * len(turns))[: len(turns)]:
            return web.json_response({"error": {"message": "roles must alternate"}}, status=400)
        if "stream_options" in asked:
            return web.json_response({"detail": "stream_options: not permitted"}, status=422)
        if odd := self._odd(asked["messages"]):
            return await self._streamed(request, *odd)
        response = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
        await response.prepare(request)
        with suppress(ConnectionError):  # a guess was taken back
            for word in ANSWERS[model].split(" "):
                choice = {"index": 0, "delta": {"content": f"{word} "}}
                body = {"id": "x", "object": "chat.completion.chunk", "created": 1, "model": model}
                line = json.dumps({**body, "choices": [choice]})
                await response.write(f"data: {line}\n\n".encode())
            await response.write(b"data: [DONE]\n\n")
        return response

    def _odd(self, messages: list[Json]) -> tuple[bytes, ...]:
        """Return the stream that the caller's last words ask for."""
        asked = [one["content"] for one in messages if one["role"] == "user"]
        if len(asked) > 1 and "breaks" in asked[-2] and "cut off" in asked[-1]:
            return (delta(content=" And on."),)
        if "breaks" in asked[-1]:
            return (delta(content="It is "), delta(content="white. "), delta(content="A"), BROKEN)
        return next((stream for word, stream in ODD.items() if word in asked[-1]), ())

    async def _streamed(self, request: web.Request, *pieces: bytes) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
        await response.prepare(request)
        with suppress(ConnectionError):
            for piece in pieces:
                await response.write(piece)
        return response


@pytest.fixture(scope="module")
def models() -> Iterator[ModelServer]:
    server = ModelServer()
    server.start()
    yield server
    server.stop()


@pytest.fixture(scope="module")
def asking(models: ModelServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[AuraProcess]:
    """An Aura whose language model is `small` of that server."""
    env = {
        **SIMULATED,
        "AURA_LLM_ENGINE": "openai",
        "AURA_LLM_BASE_URL": models.url,
        "AURA_LLM_MODEL": "small",
    }
    aura = AuraProcess(tmp_path_factory.mktemp("asking"), env=env)
    try:
        yield aura.wait_until_ready()
    finally:
        aura.stop()


class Recorded(NamedTuple):
    """Sessions that were held at once, for tests that leave them as they are."""

    by_small: str
    by_simulated: str


@pytest.fixture(scope="module")
def recorded(asking: AuraProcess, simulated: AuraProcess) -> Recorded:
    async def at_once() -> Recorded:
        return Recorded(*await asyncio.gather(a_call(asking), a_call(simulated, turns=0)))

    return asyncio.run(at_once())


@pytest.mark.parametrize(
    ("typed_words", "response"),
    [
        ("thoughts", "Blue."),
        ("reasons", "Green."),
        ("parts", "Red."),
        ("events", "Pink."),
        ("kimi", "One moment."),
        ("harmony", "Black."),
        ("markup", "2+2=4 &amp; <b>that</b> is it."),
        ("breaks", "It is white. And on."),
    ],
)
async def test_a_model_is_understood_however_it_streams(
    asking: AuraProcess, typed_words: str, response: str
) -> None:
    """The greeting comes first, so its history begins with a word of the assistant."""
    async with calling(asking.url, DEMO) as caller:
        await caller.until("greeting")
        await caller.send({"type": "text", "text": typed_words})
        assert (await caller.until("ai_complete"))["full_response"] == response


async def test_a_model_that_begins_inside_a_thought_is_not_heard_thinking_again(
    asking: AuraProcess,
) -> None:
    async with calling(asking.url, DEMO) as caller:
        await caller.until("greeting")
        for turn in (1, 2):
            await caller.send({"type": "text", "text": "inside"})
            told = (await caller.until("ai_complete", turn))["full_response"]
            assert told.endswith("Grey.")
            assert "So." not in told
    assert told == "Grey."


@pytest.mark.parametrize(
    ("typed_words", "why"), [("tools", "called a tool"), ("unasked", "wrote the call of a tool")]
)
async def test_a_model_that_calls_a_tool_is_told_in_a_sentence_and_the_call_goes_on(
    asking: AuraProcess, typed_words: str, why: str
) -> None:
    async with calling(asking.url, DEMO) as caller:
        await caller.until("greeting")
        await caller.send({"type": "text", "text": typed_words})
        told = json.dumps(await caller.until("error"))
        assert why in told
        assert "Error" not in told.replace("_ERROR", "")
        await caller.send({"type": "text", "text": "parts"})
        assert (await caller.until("ai_complete"))["full_response"] == "Red."


async def test_a_recorded_call_is_driven_through_another_model_of_the_same_server(
    asking: AuraProcess, recorded: Recorded
) -> None:
    drive = ("replay", recorded.by_small, "--drive", "--llm-model", "big")
    done, failed = await asyncio.gather(
        typed(asking, *drive, "--json"), typed(asking, *drive, "--fail-on", "same=1")
    )
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    turn = found["turns"][0]
    assert turn["recorded"]["answer"] == ANSWERS["small"]
    assert turn["now"]["answer"] == ANSWERS["big"]
    assert turn["recorded"]["said"] == turn["now"]["said"]
    said = (await typed(asking, "replay", found["replay"], "--json", "--speed", "1000")).stdout
    events = [json.loads(line) for line in said.splitlines()]
    assert {e["model"] for e in events if e["type"] in ANSWERED} == {"big"}
    assert failed.returncode == 1
    assert "same is" in failed.stderr


async def test_a_model_that_the_server_does_not_have_is_said_at_once(
    asking: AuraProcess, recorded: Recorded
) -> None:
    done = await typed(asking, "replay", recorded.by_small, "--drive", "--llm-model", "none")
    assert done.returncode == 1
    assert "404" in done.stderr
    assert "AURA_LLM_MODEL=none" in done.stderr


async def test_a_model_that_no_worker_has_is_said_at_once_with_what_to_do(
    simulated: AuraProcess, recorded: Recorded
) -> None:
    session = recorded.by_simulated
    done = await typed(simulated, "replay", session, "--drive", "--llm-model", "next")
    assert done.returncode == 1
    assert "has the model simulated-language-model alone, not next" in done.stderr
    assert "start one with AURA_LLM_MODEL=next" in done.stderr
    assert done.stderr.count("aura:") == 1


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (("--llm-model", "big"), "--llm-model does nothing without --drive"),
        (("--waits", "1,2,3"), "--waits does nothing without --decide"),
        (("--drive", "--publish"), "choose one"),
        (("--drive", "--fail-on", "werr=1"), "limits are written"),
    ],
)
async def test_an_option_that_would_do_nothing_is_refused(
    simulated: AuraProcess, options: tuple[str, ...], words: str
) -> None:
    done = await typed(simulated, "replay", "whatever", *options)
    assert done.returncode == 1
    assert words in done.stderr
