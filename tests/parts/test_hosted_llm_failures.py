"""Servers of hosted models that refuse, hang, stall or cut their answer."""

import asyncio
import re

import pytest
from aiohttp import web

from runtime.settings import Settings, env_name
from tests.parts.hosted_model_server import ASK, KEY, chunk, refusing, said, serving, streamed
from workers.engines.errors import EngineRefusedError, EngineUnavailableError, OnlyReasoningError
from workers.engines.llm.openai_compatible import HostedModel
from workers.engines.protocols import Token, Usage


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


async def test_a_web_page_is_no_answer_and_the_setting_is_named() -> None:
    async def answer(_request: web.Request) -> web.StreamResponse:
        return web.Response(text="<html>Welcome</html>", content_type="text/html")

    async with serving(answer) as model:
        with pytest.raises(EngineRefusedError, match="web page: check AURA_LLM_BASE_URL"):
            await said(model)


async def test_thoughts_without_an_answer_are_an_error_after_their_tokens() -> None:
    async def answer(request: web.Request) -> web.StreamResponse:
        thought = b'data: {"choices": [{"index": 0, "delta": {"reasoning_content": "hm"}}]}\n\n'
        end = chunk(None, {"prompt_tokens": 7, "completion_tokens": 40})
        return await streamed(request, thought, end, b"data: [DONE]\n\n")

    tokens: list[Token] = []

    async def take(model: HostedModel) -> None:
        async for token in model.stream(ASK):
            tokens.append(token)  # noqa: PERF401  # what came before the error is kept

    async with serving(answer) as model:
        with pytest.raises(OnlyReasoningError):
            await take(model)
    assert tokens[-1] == Usage(7, 40, "m1")


async def test_a_stream_that_lacks_the_servers_own_end_was_cut() -> None:
    endings = [b"data: [DONE]\n\n", b""]

    async def answer(request: web.Request) -> web.StreamResponse:
        return await streamed(request, chunk("One. And"), endings.pop(0))

    async with serving(answer) as model:
        assert (await said(model))[0] == "One. And"
        with pytest.raises(EngineUnavailableError, match="broke off"):
            await said(model)


@pytest.mark.parametrize("event", [b"", b"event: error\n"])
async def test_an_error_in_mid_stream_may_pass(event: bytes) -> None:
    async def answer(request: web.Request) -> web.StreamResponse:
        error = event + b'data: {"error": {"message": "' + KEY.encode() + b'"}}\n\n'
        return await streamed(request, chunk("One. "), error)

    async with serving(answer) as model:
        with pytest.raises(EngineUnavailableError, match="broke off") as caught:
            await said(model)
    assert KEY not in str(caught.value)


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
