"""More callers than a slow stage can answer: the late ones are refused, the others answered."""

from __future__ import annotations

import asyncio
import json
import urllib.error
import urllib.request
from collections.abc import Iterator

import pytest

from tests.aura_process import SIMULATED, AuraProcess
from tests.caller import VOICE_MS, Caller, buzz, calling, silence

QUIET = "/ws/voice/continuous?token=demo_token&greeting=0"
ONE_SLOW_SLOT = {
    **SIMULATED,
    "AURA_LLM_SLOTS": "1",
    "AURA_SIM_LLM_FIRST_MS": "2000",
    "AURA_SIM_LLM_TOKEN_MS": "1",
    "AURA_SIM_TTS_AUDIO_MS": "200",
    "AURA_SPECULATE": "false",
    "AURA_OVERLOAD_CALM_S": "2",
}


@pytest.fixture
def aura(tmp_path: pytest.TempPathFactory) -> Iterator[AuraProcess]:
    process = AuraProcess(tmp_path, env=ONE_SLOW_SLOT)  # type: ignore[arg-type]  # a path
    try:
        yield process.wait_until_ready()
    finally:
        assert process.stop() == 0


async def converse(aura: AuraProcess, turns: int = 1) -> Caller:
    """Call, and ask until *turns* answers came or the call was refused."""
    async with calling(aura.url, QUIET) as caller:
        for turn in range(turns):
            try:
                await caller.speak(buzz(VOICE_MS) + silence(800))
            except Exception:  # noqa: BLE001  # refused: seen by its close code
                break
            speaking = asyncio.create_task(caller.speak(silence(15_000)))
            while len(caller.told("ai_complete")) <= turn and caller.ws.close_code is None:
                await asyncio.sleep(0.05)
            speaking.cancel()
            await asyncio.gather(speaking, return_exceptions=True)
        await asyncio.sleep(0.1)
        return caller


def upgrade(aura: AuraProcess) -> tuple[int, str, dict[str, str]]:
    """Ask for `/ws` as a browser does; return status, Retry-After and body."""
    headers = {
        "Connection": "Upgrade",
        "Upgrade": "websocket",
        "Sec-WebSocket-Version": "13",
        "Sec-WebSocket-Key": "MDEyMzQ1Njc4OWFiY2RlZg==",
    }
    request = urllib.request.Request(f"{aura.url}/ws", headers=headers)  # noqa: S310  # ours
    try:
        with urllib.request.urlopen(request, timeout=5) as answer:  # noqa: S310  # ours
            return answer.status, "", {}
    except urllib.error.HTTPError as refused:
        return refused.code, refused.headers.get("Retry-After", ""), json.load(refused)


async def test_the_late_ones_are_refused_and_the_running_ones_answered(aura: AuraProcess) -> None:
    running = [asyncio.create_task(converse(aura, turns=2)) for _ in range(4)]
    async with asyncio.timeout(15):
        while "new_calls_refused" not in aura.said():
            await asyncio.sleep(0.05)
    status, retry_after, body = await asyncio.to_thread(upgrade, aura)
    assert (status, retry_after) == (503, "2")
    assert body == {"error": "Service unavailable: all busy"}

    late = await converse(aura)
    assert late.close_code == 1013
    (error,) = late.told("error")
    assert error["code"] == "OVERLOADED"
    assert error["details"] == "the llm stage is busy: try again in 2 s"
    assert not late.told("ai_complete")

    for caller in await asyncio.gather(*running):
        assert not caller.told("error")
        assert len(caller.told("ai_complete")) == 2

    async with asyncio.timeout(10):
        while "new_calls_welcome" not in aura.said():
            await asyncio.sleep(0.05)
    again = await converse(aura)
    assert len(again.told("ai_complete")) == 1
