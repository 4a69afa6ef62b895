"""A question is spoken by the voice of a running Aura, or the operator reads why not."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from typing import Any

import numpy as np
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from aura.cli.calling.spoken import ITS_RATE_HZ, SPEECH_PATH, speech_url, spoken
from aura.cli.running import CommandError
from schemas.audio import RATE_HZ
from tests.ports import free_ports

Handler = Callable[[web.Request], Coroutine[Any, Any, web.StreamResponse]]


@asynccontextmanager
async def an_edge(handler: Handler) -> AsyncIterator[str]:
    app = web.Application()
    app.router.add_post(SPEECH_PATH, handler)
    async with TestServer(app) as server:
        yield str(server.make_url("")).rstrip("/")


async def failure(answer: Handler) -> str:
    async with an_edge(answer) as url:
        with pytest.raises(CommandError) as raised:
            await spoken("Hello.", url, "token")
    return str(raised.value)


@pytest.mark.parametrize(
    ("url", "found"),
    [
        ("http://localhost:8000", "http://localhost:8000"),
        ("ws://localhost:8000/ws?x=1", "http://localhost:8000"),
        ("wss://voice.example.com", "https://voice.example.com"),
        ("localhost:8000", "http://localhost:8000"),
    ],
)
def test_the_address_follows_from_that_of_the_call(url: str, found: str) -> None:
    assert speech_url(url) == found + SPEECH_PATH


async def test_the_words_are_spoken_at_the_rate_of_a_call() -> None:
    asked: list[Any] = []
    level = np.full(ITS_RATE_HZ // 2, 5000, "<i2").tobytes()

    async def speak(request: web.Request) -> web.Response:
        asked.append((await request.json(), request.headers["Authorization"]))
        return web.Response(body=level + b"\1")  # half a sample

    async with an_edge(speak) as url:
        pcm = await spoken("Hello.", url, "the token")
    samples = np.frombuffer(pcm, "<i2")
    assert samples.size == pytest.approx(RATE_HZ // 2, abs=20)
    assert abs(int(samples[RATE_HZ // 4]) - 5000) < 50
    ((body, token),) = asked
    assert (body["input"], body["response_format"], token) == ("Hello.", "pcm", "Bearer the token")


async def test_a_refused_token_and_a_refused_request_are_told() -> None:
    async def no_token(_: web.Request) -> web.Response:
        return web.Response(status=401)

    async def told(_: web.Request) -> web.Response:
        return web.json_response({"error": {"message": "too long"}}, status=400)

    async def busy(_: web.Request) -> web.Response:
        return web.Response(status=503, headers={"Retry-After": "7"}, text="busy")

    assert "--token" in await failure(no_token)
    assert await failure(told) == "--say: too long (HTTP 400)"
    assert "call again in 7 s" in await failure(busy)


async def test_a_voice_that_stops_in_mid_sentence_is_no_short_sentence() -> None:
    async def stops(request: web.Request) -> web.StreamResponse:
        answer = web.StreamResponse(headers={"Content-Length": "1000"})
        await answer.prepare(request)
        await answer.write(bytes(100))
        assert request.transport
        request.transport.close()
        return answer

    assert "mid-sentence" in await failure(stops)


async def test_where_nobody_answers_the_operator_is_told_how_to_start_one() -> None:
    with pytest.raises(CommandError, match="aura up"):
        await spoken("Hello.", f"http://127.0.0.1:{free_ports()}", "token")
