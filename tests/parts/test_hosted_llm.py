"""The hosted model against a real server on a real socket."""

import asyncio
import json
import re
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import aclosing, asynccontextmanager
from dataclasses import replace
from typing import Any

import pytest
from aiohttp import web

from runtime.settings import Settings, env_name
from schemas.tools import ToolFunction
from workers.engines.errors import EngineRefusedError, EngineUnavailableError
from workers.engines.llm.openai_compatible import HostedModel
from workers.engines.protocols import CallInfo, FunctionCall, Prompt, Usage

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


@pytest.mark.parametrize(
    ("status", "kind", "named"),
    [
        (400, EngineRefusedError, "AURA_LLM_MODEL"),
        (401, EngineRefusedError, "AURA_LLM_API_KEY"),
        (404, EngineRefusedError, "AURA_LLM_MODEL"),
        (429, EngineUnavailableError, "429"),
        (500, EngineUnavailableError, "500"),
        (503, EngineUnavailableError, "503"),
    ],
)
async def test_each_status_is_retried_or_refused_and_tells_no_secret(
    status: int, kind: type[Exception], named: str
) -> None:
    async with serving(refusing(status)) as model:
        with pytest.raises(kind, match=named) as caught:
            await said(model)
    assert KEY not in str(caught.value)
    assert "whisper" not in str(caught.value)


@pytest.mark.parametrize("status", [400, 401, 403, 404])
async def test_a_refusal_names_only_settings_that_exist(status: int) -> None:
    async with serving(refusing(status)) as model:
        with pytest.raises(EngineRefusedError) as caught:
            await said(model)
    named = set(re.findall(r"[A-Z]+(?:_[A-Z]+)+", str(caught.value)))
    assert named
    assert named <= {env_name(field) for field in Settings.model_fields}


async def test_a_passing_fault_before_the_first_token_is_tried_again() -> None:
    tries = []

    async def answer(request: web.Request) -> web.StreamResponse:
        tries.append(1)
        if len(tries) == 1:
            return web.json_response({}, status=503, headers={"Retry-After-Ms": "10"})
        return await streamed(request, chunk("ok"), b"data: [DONE]\n\n")

    async with serving(answer, retries=1) as model:
        assert (await said(model))[0] == "ok"


async def test_a_server_that_hangs_is_given_up() -> None:
    async def answer(_request: web.Request) -> web.StreamResponse:
        await asyncio.Event().wait()
        raise AssertionError

    async with serving(answer, read_s=0.2) as model:
        with pytest.raises(EngineUnavailableError, match="in time"):
            await said(model)


async def test_a_stream_that_stalls_is_given_up() -> None:
    async def answer(request: web.Request) -> web.StreamResponse:
        response = await streamed(request, chunk("One"))
        await asyncio.Event().wait()
        return response

    async with serving(answer, read_s=0.2) as model:
        with pytest.raises(EngineUnavailableError):
            await said(model)


async def test_nobody_there_is_worth_a_retry() -> None:
    model = HostedModel(model="m", base_url="http://127.0.0.1:1", retries=0)
    with pytest.raises(EngineUnavailableError, match="AURA_LLM_BASE_URL"):
        await said(model)
    await model.close()


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
        async with asyncio.timeout(2):
            await gone.wait()


async def test_named_events_and_empty_ones_do_not_break_an_answer() -> None:
    async def answer(request: web.Request) -> web.StreamResponse:
        named = b"event: message\n" + chunk("Hel")
        return await streamed(request, b"retry: 3000\n\n", b"data:\n\n", named, chunk("lo."))

    async with serving(answer) as model:
        assert await said(model) == ["Hel", "lo.", Usage(0, 0, "m1")]


async def test_a_web_page_is_no_answer_and_the_setting_is_named() -> None:
    async def answer(_request: web.Request) -> web.StreamResponse:
        return web.Response(text="<html>Welcome</html>", content_type="text/html")

    async with serving(answer) as model:
        with pytest.raises(EngineRefusedError, match="web page: check AURA_LLM_BASE_URL"):
            await said(model)


async def test_a_stream_that_lacks_the_servers_own_end_was_cut() -> None:
    endings = [b"data: [DONE]\n\n", b""]

    async def answer(request: web.Request) -> web.StreamResponse:
        return await streamed(request, chunk("One. And"), endings.pop(0))

    async with serving(answer) as model:
        assert (await said(model))[0] == "One. And"
        with pytest.raises(EngineUnavailableError, match="broke off"):
            await said(model)


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


@pytest.mark.parametrize("event", [b"", b"event: error\n"])
async def test_an_error_in_mid_stream_may_pass(event: bytes) -> None:
    async def answer(request: web.Request) -> web.StreamResponse:
        error = event + b'data: {"error": {"message": "' + KEY.encode() + b'"}}\n\n'
        return await streamed(request, chunk("One. "), error)

    async with serving(answer) as model:
        with pytest.raises(EngineUnavailableError, match="broke off") as caught:
            await said(model)
    assert KEY not in str(caught.value)


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


@pytest.mark.parametrize("wait", ["30", "Fri, 27 Nov 2099 00:00:00 GMT"])
async def test_a_busy_server_that_wants_a_long_wait_is_told_at_once(wait: str) -> None:
    tries = []

    async def answer(_request: web.Request) -> web.StreamResponse:
        tries.append(1)
        return web.json_response({}, status=429, headers={"Retry-After": wait})

    async with serving(answer, retries=1) as model:
        async with asyncio.timeout(10):
            with pytest.raises(EngineUnavailableError, match=r"busy \(429\)"):
                await said(model)
    assert len(tries) == 1


@pytest.mark.parametrize("path", ["/v1beta/openai", "/api/paas/v4", "/openai/deployments/gpt"])
@pytest.mark.parametrize("slash", ["", "/"])
async def test_a_base_url_with_a_path_is_used_as_it_is(path: str, slash: str) -> None:
    async def answer(request: web.Request) -> web.StreamResponse:
        return await streamed(request, chunk("ok"))

    async with serving(answer, path + slash, path) as model:
        assert (await said(model))[0] == "ok"


CALLER = CallInfo("s_1", "acme", 3, agent="host@12", speculative=True, traceparent="00-ab-cd-01")
TOLD = Prompt("", (("user", "Hi"),), caller=CALLER)


async def test_a_server_is_told_whose_call_it_is_in_texts() -> None:
    seen = []

    async def answer(request: web.Request) -> web.StreamResponse:
        seen.append((await request.json(), request.headers.get("traceparent")))
        return await streamed(request, chunk("ok"))

    async with serving(answer, tells_caller=True) as model:
        await said(model, TOLD)
    async with serving(answer) as model:
        await said(model, TOLD)
    (told, trace), (untold, no_trace) = seen
    assert (told["user"], trace) == ("s_1", "00-ab-cd-01")
    assert told["metadata"] == {
        "session": "s_1",
        "tenant": "acme",
        "turn": "3",
        "agent": "host@12",
        "speculative": "true",
    }
    assert no_trace is None
    assert not {"user", "metadata"} & set(untold)


REFUSALS: list[Callable[[str], Any]] = [
    lambda field: {"error": {"message": f"Unsupported parameter: '{field}'"}},
    lambda field: {"error": {"message": f"Unrecognized request argument supplied: {field}"}},
    lambda field: {"error": {"message": f"property '{field}' is unsupported", "param": None}},
    lambda field: {"error": {"message": "Unknown.", "param": field}},
    lambda field: {"detail": [{"loc": ["body", field], "msg": "Extra inputs are not permitted"}]},
    lambda field: {"message": f"{field}: Extra inputs are not permitted"},
]


@pytest.mark.parametrize("refusal", REFUSALS)
async def test_a_server_that_refuses_to_be_told_is_asked_without(
    refusal: Callable[[str], Any],
) -> None:
    seen = []

    async def answer(request: web.Request) -> web.StreamResponse:
        seen.append(asked := await request.json())
        for field in ("metadata", "user"):
            if field in asked:
                return web.json_response(refusal(field), status=400)
        return await streamed(request, chunk("ok"))

    async with serving(answer, tells_caller=True) as model:
        assert (await said(model, TOLD))[0] == "ok"
        assert (await said(model, TOLD))[0] == "ok"
    assert len(seen) == 4
    assert "user" not in seen[-1]


async def test_a_refusal_that_speaks_of_users_names_no_field() -> None:
    seen = []

    async def answer(request: web.Request) -> web.StreamResponse:
        seen.append(await request.json())
        message = "Conversation roles must alternate user/assistant/user/assistant/..."
        return web.json_response({"error": {"message": message}}, status=400)

    async with serving(answer, tells_caller=True) as model:
        with pytest.raises(EngineRefusedError):
            await said(model, TOLD)
    assert len(seen) == 1


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


async def test_cerebras_keeps_its_own_library(monkeypatch: pytest.MonkeyPatch) -> None:
    seen = []

    async def answer(request: web.Request) -> web.StreamResponse:
        seen.append(await request.json())
        return await streamed(request, chunk("ok"))

    async with serving(answer) as other:
        url = str(other._base_url).removesuffix("/v1")
        monkeypatch.setenv("CEREBRAS_BASE_URL", url)
        model = HostedModel(api_key=KEY, retries=0, tells_caller=True)
        assert model.name == "cerebras:llama-3.3-70b"
        assert (await said(model, TOLD))[0] == "ok"
        await model.close()
    assert seen[0]["model"] == "llama-3.3-70b"
