"""The hosted model against a real server on a real socket."""

import asyncio
import json
from contextlib import aclosing
from dataclasses import replace
from typing import Any

import pytest
from aiohttp import web

from schemas.tools import ToolFunction
from tests.parts.hosted_model_server import ASK, KEY, chunk, said, serving, streamed
from workers.engines.errors import EngineRefusedError
from workers.engines.protocols import FunctionCall, Prompt, Usage


@pytest.mark.parametrize("suffix", ["", "/", "/v1", "/v1/"])
async def test_an_answer_streams_and_ends_with_what_it_cost(suffix: str) -> None:
    seen = []

    async def answer(request: web.Request) -> web.StreamResponse:
        seen.append((request.headers["Authorization"], await request.json()))
        usage = {"prompt_tokens": 9, "completion_tokens": 2, "total_tokens": 11}
        return await streamed(
            request, chunk("Hel"), chunk("lo."), chunk(None, usage), b"data: [DONE]\n\n"
        )

    async with serving(answer, suffix) as model:
        assert await said(model) == ["Hel", "lo.", Usage(9, 2, "m1")]
    [(authorization, body)] = seen
    assert authorization == f"Bearer {KEY}"
    assert body["messages"][0] == {"role": "system", "content": "You are Aura."}
    assert (body["seed"], body["stream"]) == (7, True)


async def test_calls_of_tools_come_before_what_they_cost_and_a_refusal_is_remembered() -> None:
    seen: list[dict[str, Any]] = []

    def part(**function: str) -> bytes:
        call = {"index": 0, "id": "c1", "function": function}
        delta = {"choices": [{"index": 0, "delta": {"tool_calls": [call]}}]}
        return b"data: " + json.dumps(delta).encode() + b"\n\n"

    async def answer(request: web.Request) -> web.StreamResponse:
        seen.append(await request.json())
        if "tools" in seen[-1] and seen[-1]["model"] == "old":
            return web.json_response({"error": {"message": "does not support tools"}}, status=400)
        parts = (part(name="book", arguments='{"n"'), part(arguments=": 2}"))
        return await streamed(request, chunk("Sure."), *parts, b"data: [DONE]\n\n")

    ask = replace(ASK, tools=(ToolFunction(name="book"),))
    async with serving(answer) as model:
        found = await said(model, ask)
        assert found == ["Sure.", "", "", FunctionCall("book", '{"n": 2}'), Usage(0, 0, "m1")]
        for _ in range(2):
            await said(model, replace(ask, model="old"))
    assert ["tools" in one for one in seen] == [True, True, False, False]


async def test_a_begun_answer_is_continued_and_a_job_may_name_its_model() -> None:
    seen = []

    async def answer(request: web.Request) -> web.StreamResponse:
        seen.append(await request.json())
        return await streamed(request, chunk(" rest."), b"data: [DONE]\n\n")

    async with serving(answer) as model:
        prompt = Prompt("", (("user", "Hi"),), said="The", model="m2")
        assert await said(model, prompt) == [" rest.", Usage(0, 0, "m2")]
    [body] = seen
    assert body["model"] == "m2"
    assert [m["role"] for m in body["messages"]] == ["user", "assistant", "user"]
    assert body["messages"][1]["content"] == "The"


async def test_closing_the_stream_stops_the_server() -> None:
    gone = asyncio.Event()

    async def answer(request: web.Request) -> web.StreamResponse:
        response = await streamed(request, chunk("One"))
        try:
            await asyncio.Event().wait()
        finally:  # the handler is cancelled when its client leaves
            gone.set()
        return response

    async with serving(answer) as model:
        async with aclosing(model.stream(ASK)) as tokens:
            assert await anext(tokens) == "One"
        async with asyncio.timeout(20):
            await gone.wait()


async def test_named_events_and_empty_ones_do_not_break_an_answer() -> None:
    async def answer(request: web.Request) -> web.StreamResponse:
        named = b"event: message\n" + chunk("Hel")
        return await streamed(request, b"retry: 3000\n\n", b"data:\n\n", named, chunk("lo."))

    async with serving(answer) as model:
        assert await said(model) == ["Hel", "lo.", Usage(0, 0, "m1")]


async def test_a_server_that_does_not_stream_is_heard_all_the_same() -> None:
    async def answer(_request: web.Request) -> web.StreamResponse:
        return web.json_response({"choices": [{"message": {"content": "Whole."}}]})

    async with serving(answer) as model:
        assert (await said(model))[0] == "Whole."


async def test_a_server_that_thinks_is_not_silent() -> None:
    async def answer(request: web.Request) -> web.StreamResponse:
        thought = {"choices": [{"index": 0, "delta": {"reasoning_content": "hm"}}]}
        line = b"data: " + json.dumps(thought).encode() + b"\n\n"
        return await streamed(request, line, line, chunk("Hi."))

    async with serving(answer) as model:
        assert await said(model) == ["", "", "Hi.", Usage(0, 0, "m1")]


@pytest.mark.parametrize("status", [400, 422])
async def test_a_field_that_a_server_does_not_know_is_left_out_from_then_on(status: int) -> None:
    seen = []

    async def answer(request: web.Request) -> web.StreamResponse:
        seen.append(asked := await request.json())
        for field in ("stream_options", "max_tokens", "temperature", "seed"):
            if field in asked:
                refusal = {"error": {"message": f"Unsupported parameter: '{field}'"}}
                return web.json_response(refusal, status=status)
        return await streamed(request, chunk("ok"))

    async with serving(answer) as model:
        assert (await said(model))[0] == "ok"
        assert len(seen) == 5
        assert seen[-1]["max_completion_tokens"] == ASK.max_tokens
        assert (await said(model))[0] == "ok"
        assert len(seen) == 6


async def test_a_server_without_a_system_role_is_told_its_text_by_the_caller() -> None:
    seen = []

    async def answer(request: web.Request) -> web.StreamResponse:
        seen.append(asked := await request.json())
        if asked["messages"][0]["role"] == "system":
            return web.json_response({"error": "System role not supported"}, status=400)
        return await streamed(request, chunk("ok"))

    async with serving(answer) as model:
        assert (await said(model))[0] == "ok"
    assert "You are Aura." in seen[-1]["messages"][0]["content"]


@pytest.mark.parametrize("path", ["/v1beta/openai", "/api/paas/v4", "/openai/deployments/gpt"])
@pytest.mark.parametrize("slash", ["", "/"])
async def test_a_base_url_with_a_path_is_used_as_it_is(path: str, slash: str) -> None:
    async def answer(request: web.Request) -> web.StreamResponse:
        return await streamed(request, chunk("ok"))

    async with serving(answer, path + slash, path) as model:
        assert (await said(model))[0] == "ok"


async def test_what_is_to_be_added_is_added_to_each_request_and_refused_once() -> None:
    seen = []

    async def answer(request: web.Request) -> web.StreamResponse:
        seen.append(asked := await request.json())
        if asked.get("temperature") == 9:
            return web.json_response({"error": "temperature is too high"}, status=400)
        return await streamed(request, chunk("ok"))

    async with serving(answer, extra_body={"chat_template_kwargs": {"thinking": False}}) as model:
        await said(model)
    assert seen[0]["chat_template_kwargs"] == {"thinking": False}
    async with serving(answer, extra_body={"temperature": 9}) as model:
        with pytest.raises(EngineRefusedError):
            await said(model)
    assert len(seen) == 3
