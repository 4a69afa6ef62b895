"""What a hosted model's server is told of the call that a request belongs to."""

from collections.abc import Callable
from typing import Any

import pytest
from aiohttp import web

from tests.parts.hosted_model_server import KEY, chunk, said, serving, streamed
from workers.engines.errors import EngineRefusedError
from workers.engines.llm.openai_compatible import HostedModel
from workers.engines.protocols import CallInfo, Prompt

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
