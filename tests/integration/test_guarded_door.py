"""Who may come in where strangers reach the door: with a token, or as the operator says."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.aura_process import SIMULATED, AuraProcess
from tests.caller import VOICE_MS, buzz, silence
from tests.integration.stranger_calls import JOINS, QUIET, SECRET, calling, refused, token

STRANGERS_JOINS = 4


@pytest.fixture(scope="module")
def guarded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[AuraProcess]:
    """One that strangers reach."""
    process = AuraProcess(
        tmp_path_factory.mktemp("guarded"),
        env={
            **SIMULATED,
            "DEBUG": "false",
            "AURA_JWT_SECRET": SECRET,
            "AURA_JOINS_PER_MINUTE_PER_IP": str(JOINS),
        },
    )
    try:
        yield process.wait_until_ready()
    finally:
        assert process.stop() == 0


@pytest.mark.parametrize("query", ["", "?token=wrong", "?token=demo_token"])
async def test_ws_asks_for_a_token_and_says_so(guarded: AuraProcess, query: str) -> None:
    async with calling(guarded, f"/ws{query}", "127.0.6.1") as caller:
        error = await caller.until("error")
        assert (error["message"], error["code"]) == ("Invalid Token", "INVALID_TOKEN")
        assert "Authorization: Bearer" in error["details"]
        assert "?token=" in error["details"]
        await asyncio.wait_for(caller.ws.wait_closed(), 5)
        assert (caller.ws.close_code, caller.ws.close_reason) == (1008, "Invalid Token")
        assert not caller.told("connection_established")


async def test_ws_with_a_token_is_the_protocol_of_its_document(guarded: AuraProcess) -> None:
    bearer = {"Authorization": f"Bearer {token('ada')}"}
    for path, headers in (("/ws", bearer), (f"/ws?token={token('ada')}", {})):
        async with calling(guarded, path, "127.0.6.2", **headers) as caller:
            await caller.until("connection_established")
            await caller.send({"type": "start_conversation"})
            await caller.until("conversation_started")
            await caller.speak(buzz(VOICE_MS) + silence(1200), 100, as_json=True)
            await caller.until("ai_response")


async def test_a_user_has_one_call_over_both_doors(guarded: AuraProcess) -> None:
    path = f"/ws/voice/continuous?greeting=0&token={token('bob')}"
    async with calling(guarded, path, "127.0.6.3") as live:
        await live.until("session")
        async with calling(guarded, f"/ws?token={token('bob')}", "127.0.6.3") as json_:
            await json_.until("connection_established")
            await json_.send({"type": "start_conversation"})
            error = await json_.until("error")
            assert (error["code"], error["details"]) == (
                "SESSION_LIMIT",
                "the limit of 1 of this user is reached",
            )


async def test_tokens_cannot_be_guessed_fast(guarded: AuraProcess) -> None:
    wrong = "/ws/voice/continuous?token=wrong"
    for _ in range(JOINS // 2):
        async with calling(guarded, wrong, "127.0.6.4") as caller:
            await asyncio.wait_for(caller.ws.wait_closed(), 5)
            assert caller.ws.close_code == 1008
    assert await refused(guarded, wrong, "127.0.6.4") == 429
    assert await refused(guarded, f"/ws?token={token('cy')}", "127.0.6.5") == 101


async def test_a_protocol_that_is_not_served_is_not_there(tmp_path: Path) -> None:
    env = {**SIMULATED, "AURA_DIALECTS": "continuous", "DEBUG": "false", "AURA_WS_AUTH": "open"}
    aura = AuraProcess(tmp_path, env=env)
    try:
        aura.wait_until_ready()
        assert await refused(aura, "/ws", "127.0.0.1") == 404
        assert await refused(aura, QUIET, "127.0.0.1") == 101
    finally:
        assert aura.stop() == 0


async def begun(aura: AuraProcess, address: str) -> str:
    """Begin a conversation on /ws; return why that is refused, empty: it is not."""
    async with calling(aura, "/ws", address) as caller:
        await caller.send({"type": "start_conversation"})
        async with asyncio.timeout(20):
            while not (errors := caller.told("error")) and not caller.told("conversation_started"):
                await asyncio.sleep(0.01)
        return str(errors[0]["details"]) if errors else ""


async def test_ws_is_open_with_debug_off_where_the_operator_says_so(tmp_path: Path) -> None:
    env = {
        **SIMULATED,
        "DEBUG": "false",
        "AURA_WS_AUTH": "open",
        "HOST": "0.0.0.0",
        "AURA_JWT_SECRET": SECRET,
        "AURA_JOINS_PER_MINUTE_WITHOUT_TOKEN": str(STRANGERS_JOINS),
    }
    aura = AuraProcess(tmp_path, env=env)
    try:
        aura.wait_until_ready()
        async with calling(aura, "/ws", "127.0.0.1") as caller:
            await caller.until("connection_established")
        warned = [json.loads(line) for line in aura.said().splitlines() if '"open_door"' in line]
        assert [line["why"] for line in warned] == ["AURA_WS_AUTH is open"]
        refused_as = [await begun(aura, f"127.0.6.{number}") for number in range(10, 20)]
        assert not any(refused_as[: STRANGERS_JOINS // 2])
        told = f"{STRANGERS_JOINS} sessions a minute of callers without a token"
        assert told in refused_as[-1]
        path = f"/ws/voice/continuous?greeting=0&token={token('eve')}"
        async with calling(aura, path, "127.0.6.20") as caller:
            await caller.until("session")
    finally:
        assert aura.stop() == 0
