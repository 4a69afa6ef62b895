"""Workers die, sleep, hang and leave during calls; the caller gets one answer, whole, in order."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from tests.aura_process import COMMAND, SIMULATED, AuraProcess
from tests.caller import VOICE_MS, Caller, buzz, calling, silence

QUIET = "/ws/voice/continuous?token=demo_token&greeting=0&audio=chunks"
SLOW = {
    **SIMULATED,
    "AURA_SIM_STT_MS": "400",
    "AURA_SIM_LLM_FIRST_MS": "400",
    "AURA_SIM_LLM_TOKEN_MS": "30",
    "AURA_SIM_TTS_MS": "400",
    "AURA_SPECULATE": "false",
    "AURA_STT_PARTIAL_INTERVAL_MS": "0",
}


@pytest.fixture(scope="module")
def aura(tmp_path_factory: pytest.TempPathFactory) -> Iterator[AuraProcess]:
    process = AuraProcess(tmp_path_factory.mktemp("failover"), env=SLOW)
    try:
        yield process.wait_until_ready()
    finally:
        assert process.stop() == 0


async def ask(caller: Caller) -> None:
    await caller.speak(buzz(VOICE_MS) + silence(400))


def check_one_answer(caller: Caller) -> None:
    assert not caller.told("error")
    assert len(caller.told("user_transcript")) == 1
    (done,) = caller.told("ai_complete")
    chunks = caller.told("ai_audio_chunk")
    assert "".join(c["text"] for c in chunks) == done["full_response"]
    assert [c["is_complete"] for c in chunks] == [False] * (len(chunks) - 1) + [True]


@pytest.mark.parametrize("signum", [signal.SIGKILL, signal.SIGSTOP])
@pytest.mark.parametrize("stage", ["stt", "llm", "tts"])
async def test_a_worker_lost_in_the_middle_of_its_job(
    aura: AuraProcess, stage: str, signum: signal.Signals
) -> None:
    """Another one (here: the restarted one, or one by its side) finishes the job, once."""
    extra = await _extra_worker(aura, stage) if signum is signal.SIGSTOP else None
    pid = aura.children()[f"worker {stage}"]
    try:
        async with calling(aura.url, QUIET) as caller:
            speaking = asyncio.create_task(caller.speak(buzz(VOICE_MS) + silence(12_000)))
            await _reaches(caller, stage)
            os.kill(pid, signum)
            await caller.until("ai_complete", seconds=14)
            if signum is signal.SIGSTOP:
                os.kill(pid, signal.SIGCONT)
                await asyncio.sleep(1.0)  # what the sleeper says now must change nothing
            speaking.cancel()
            check_one_answer(caller)
    finally:
        if extra:
            extra.terminate()
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGCONT)
            assert await asyncio.wait_for(extra.wait(), 20) == 0
    await aura.until_healthy()


async def test_a_worker_that_leaves_finishes_what_it_has(aura: AuraProcess) -> None:
    extra = await _extra_worker(aura, "llm")
    async with calling(aura.url, QUIET) as caller:
        speaking = asyncio.create_task(caller.speak(buzz(VOICE_MS) + silence(8000)))
        await caller.until("user_transcript")
        extra.terminate()
        await caller.until("ai_complete", seconds=6)
        speaking.cancel()
        check_one_answer(caller)
    assert await extra.wait() == 0


async def test_a_killed_bus_comes_back_and_the_call_goes_on(aura: AuraProcess) -> None:
    async with calling(aura.url, QUIET) as caller:
        os.kill(aura.children()["nats-server"], signal.SIGKILL)
        await asyncio.sleep(1.5)
        await caller.speak(buzz(VOICE_MS) + silence(3000))
        await caller.until("ai_complete", seconds=10)
        check_one_answer(caller)
    await aura.until_healthy()


async def test_an_edge_that_leaves_says_come_back(tmp_path: Path) -> None:
    aura = AuraProcess(tmp_path, env=SIMULATED).wait_until_ready()
    try:
        async with calling(aura.url, QUIET) as caller:
            await caller.speak(buzz(VOICE_MS) + silence(600))
            await caller.until("ai_audio_chunk")
            os.kill(aura.children()["edge"], signal.SIGTERM)
            await asyncio.wait_for(caller.ws.wait_closed(), 12)
            assert caller.ws.close_code == 1012
            assert "reconnect" in (caller.ws.close_reason or "")
            assert caller.told("ai_complete"), "an answer under way is heard to its end"
    finally:
        aura.stop()


async def test_a_poisoned_job_ends_with_an_error_and_the_call_goes_on(tmp_path: Path) -> None:
    """Whatever it does to its worker; three at once, since each takes its time."""
    async with asyncio.TaskGroup() as poisoned:
        for fail in ("raise", "exit", "hang"):
            poisoned.create_task(_poisoned(tmp_path / fail, fail))


async def _poisoned(folder: Path, fail: str) -> None:
    env = {
        **SIMULATED,
        "AURA_SIM_FAIL": fail,
        "AURA_ENGINE_LIMIT_S": "2",
        "AURA_JOB_DEADLINE_S": "9",
        "AURA_GREETING": "This greeting is poison.",
    }
    aura = AuraProcess(folder, env=env)
    try:
        await asyncio.to_thread(aura.wait_until_ready)
        async with calling(aura.url, "/ws/voice/continuous?token=demo_token") as caller:
            error = await caller.until("error", seconds=16)
            assert error["code"] == "TTS_ERROR"
            assert (await caller.until("greeting"))["audio"] == ""
            await aura.until_healthy()
            await caller.speak(buzz(VOICE_MS) + silence(1500))
            await caller.until("ai_complete", seconds=15)
    finally:
        await asyncio.to_thread(aura.stop)


async def _reaches(caller: Caller, stage: str) -> None:
    """Wait until the job of *stage* is under way."""
    if stage == "stt":
        await asyncio.sleep(VOICE_MS / 1000 + 0.3)
        return
    await caller.until("user_transcript")
    await asyncio.sleep(0.2 if stage == "llm" else 1.25)


async def _extra_worker(aura: AuraProcess, stage: str) -> asyncio.subprocess.Process:
    process = await asyncio.create_subprocess_exec(
        *(*COMMAND, "worker", stage),
        env={**aura.env, "NATS_URL": aura.nats_url},
        stdout=asyncio.subprocess.PIPE,
    )
    assert process.stdout
    async with asyncio.timeout(20):
        while b"worker_ready" not in await process.stdout.readline():
            pass
    return process
