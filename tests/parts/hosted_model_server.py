"""A server of a hosted model on a real socket, and what it sends."""

import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import aclosing, asynccontextmanager
from typing import Any

from aiohttp import web

from workers.engines.llm.openai_compatible import HostedModel
from workers.engines.protocols import Prompt

KEY = "sk-very-secret"
ASK = Prompt("You are Aura.", (("user", "What did I whisper?"),), seed=7)
Answer = Callable[[web.Request], Awaitable[web.StreamResponse]]


@asynccontextmanager
async def serving(
    answer: Answer, suffix: str = "/v1", path: str = "/v1", **more: Any
) -> AsyncIterator[HostedModel]:
    app = web.Application()
    app.router.add_post(f"{path}/chat/completions", answer)
    runner = web.AppRunner(app, shutdown_timeout=0.1, handler_cancellation=True)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    port = runner.addresses[0][1]
    settings: dict[str, Any] = {"model": "m1", "api_key": KEY, "read_s": 2.0, "retries": 0} | more
    model = HostedModel(base_url=f"http://127.0.0.1:{port}{suffix}", **settings)
    try:
        yield model
    finally:
        await model.close()
        await runner.cleanup()


def chunk(text: str | None, usage: dict[str, int] | None = None) -> bytes:
    choices = [] if text is None else [{"index": 0, "delta": {"content": text}}]
    body = {"id": "x", "object": "chat.completion.chunk", "created": 1, "model": "m1"}
    return b"data: " + json.dumps({**body, "choices": choices, "usage": usage}).encode() + b"\n\n"


async def streamed(request: web.Request, *chunks: bytes) -> web.StreamResponse:
    response = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
    await response.prepare(request)
    for each in chunks:
        await response.write(each)
    return response


async def said(model: HostedModel, prompt: Prompt = ASK) -> list[object]:
    async with aclosing(model.stream(prompt)) as tokens:
        return [token async for token in tokens]


def refusing(status: int) -> Answer:
    async def answer(request: web.Request) -> web.StreamResponse:
        echo = {"error": {"message": f"no: {await request.text()} {KEY}"}}
        return web.json_response(echo, status=status)

    return answer
